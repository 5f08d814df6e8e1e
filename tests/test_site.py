"""What the documentation is built with: links, tables of results, the decision map."""

import importlib.util
from pathlib import Path

import pytest

import skgeom

ROOT = Path(__file__).parents[1]
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*/*.md"))


def load(path):
    """Import a script that is no part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables():
    return load(ROOT / "doc" / "_ext" / "benchmark_tables.py")


def write(folder, **pages):
    for name, body in pages.items():
        (folder / f"{name}.html").write_text(f"<html><body>{body}</body></html>")


def test_broken_links_are_found(tmp_path, capsys):
    check = load(ROOT / "tools" / "check_links.py")
    write(
        tmp_path,
        index='<a href="other.html#there">a</a><a href="https://example.org">b</a>',
        other='<h1 id="there">c</h1><a href="index.html">d</a>',
    )
    assert check.main(tmp_path) is None
    write(
        tmp_path,
        broken='<a href="none.html">a</a><a href="other.html#none">b</a>'
        '<img src="none.png">',
    )
    with pytest.raises(SystemExit, match="3 broken links"):
        check.main(tmp_path)
    assert "broken.html: other.html#none" in capsys.readouterr().err


def test_no_pages_are_no_success(tmp_path):
    check = load(ROOT / "tools" / "check_links.py")
    with pytest.raises(SystemExit, match="no pages"):
        check.main(tmp_path)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_tables_of_results_are_read_whole(path, tables):
    title, header, rows, notes = tables.read(path)
    text = path.read_text(encoding="utf-8")
    assert f"# {title}" in text
    assert len(rows) == sum(line.startswith("|") for line in text.splitlines()) - 2
    assert {len(row) for row in rows} == {len(header)}
    assert notes
    words = " ".join(notes).split()
    assert [word for word in words if word not in text] == []


def test_each_table_is_on_one_page(tables):
    pages = list((ROOT / "doc" / "benchmarks").glob("*.rst"))
    shown = []
    for page in pages:
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith(".. benchmark-tables::"):
                shown += line.partition("::")[2].split() or [None]
    assert sorted(filter(None, shown)) == sorted(tables.FAMILIES)
    assert shown.count(None) == 1


def test_the_map_leads_to_every_estimator():
    drawn = load(ROOT / "doc" / "_ext" / "decision_map.py")
    leaves = [leaf for answers in drawn.MAP.values() for leaf in answers]
    assert {name for _, name, page in leaves if page} == set(skgeom._ESTIMATORS)
    for _, _, page in leaves:
        assert page is None or (ROOT / "doc" / "user_guide" / f"{page}.rst").exists()
    picture = drawn.draw(lambda page: f"{page}.html")
    assert picture.count("<a href") == sum(page is not None for *_, page in leaves)


def test_every_example_has_a_section_with_a_title():
    conf = load(ROOT / "doc" / "conf.py")
    sections = {
        (ROOT / "doc" / name).resolve()
        for name in conf.sphinx_gallery_conf["subsection_order"]
    }
    assert {p.parent for p in (ROOT / "examples").glob("*/plot_*.py")} == sections
    assert all((section / "GALLERY_HEADER.rst").exists() for section in sections)
