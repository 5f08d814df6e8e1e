"""What the documentation is built with: links, tables, the map, formulas."""

import ast
import importlib.util
import re
import sys
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


@pytest.fixture(scope="module", autouse=True)
def extensions():
    """Make the extensions of the site importable, as `doc/conf.py` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "doc" / "_ext"))
        yield
    for name in ("catalogue", "mathml", "method_pages", "benchmark_tables"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def tables():
    return importlib.import_module("benchmark_tables")


@pytest.fixture(scope="module")
def catalogue():
    return importlib.import_module("catalogue")


def text_with_formulas():
    """Yield pages, docstrings and examples, as (file, text)."""
    for page in sorted((ROOT / "doc").rglob("*.rst")):
        if not {"gallery", "generated"} & set(page.relative_to(ROOT).parts):
            yield page, page.read_text(encoding="utf-8")
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    for module in sorted((ROOT / "skgeom").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                yield module, ast.get_docstring(node) or ""
    for script in sorted((ROOT / "examples").rglob("*.py")):
        yield script, re.sub(r"(?m)^# ?", "", script.read_text(encoding="utf-8"))


def formulas():
    """Yield all formulas, as (file, LaTeX, display)."""
    block = re.compile(r"^( *)\.\. math::(.*\n(?:\1 +.*\n|[ \t]*\n)*)", re.MULTILINE)
    for path, text in text_with_formulas():
        for latex in re.findall(r":math:`([^`]+)`", text):
            yield path, latex, "inline"
        shown = [latex for _, latex in block.findall(text + "\n")]
        assert len(shown) == text.count(".. math::"), path
        for latex in shown:
            yield path, latex, "block"


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


def test_nothing_is_loaded_from_elsewhere(tmp_path, capsys):
    check = load(ROOT / "tools" / "check_links.py")
    script = '<script src="https://example.org/a.js"></script>'
    style = '<link rel="stylesheet" href="//example.org/a.css">'
    write(tmp_path, index=script + style + '<img src="data:image/png;base64,AA==">')
    with pytest.raises(SystemExit, match="2 broken links"):
        check.main(tmp_path)
    assert "a.js" in capsys.readouterr().err


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


def test_every_formula_becomes_mathml():
    formula = importlib.import_module("mathml").formula
    found = list(formulas())
    assert len(found) > 500
    for path, latex, display in found:
        made = formula(latex, display)
        assert made.startswith("<math"), path
        assert "\\" not in made, (path, latex)


@pytest.mark.parametrize(
    "latex", [r"\nosuchcommand x", r"a &= b \\ c &= d", r"\frac{1", r"\text{a\b}"]
)
def test_formulas_that_are_not_understood_are_errors(latex):
    with pytest.raises(ValueError, match="in "):
        importlib.import_module("mathml").formula(latex)


def test_functions_and_limits_are_set_as_in_print():
    formula = importlib.import_module("mathml").formula
    assert "munder" in formula(r"\max_x f(x)", "block")
    assert "munder" not in formula(r"\max_x f(x)")
    assert formula(r"2 \log x").count("mspace") == 2
    assert formula(r"\log(x)").count("mspace") == 0


def test_the_map_leads_to_every_estimator(catalogue):
    methods = [method for q in catalogue.QUESTIONS for method in q["methods"]]
    names = {name for method in methods for name in method["take"]}
    functions = {name for name in names if "." in name}
    assert names - functions == set(skgeom._ESTIMATORS)
    for name in functions:
        package, _, function = name.rpartition(".")
        assert function in importlib.import_module(f"skgeom.{package}").__all__
    wishes = [method["want"] for method in methods]
    assert len(set(wishes)) == len(wishes)
    ids = [question["id"] for question in catalogue.QUESTIONS]
    assert len(set(ids)) == len(ids)


def test_the_map_and_the_guide_have_the_same_pages(catalogue):
    there = {page.stem for page in (ROOT / "doc" / "user_guide").glob("*.rst")}
    of_all = {"index", "networks", "scale", "devices"}
    led_to = [page for q in catalogue.QUESTIONS for page in catalogue.pages_of(q)]
    assert sorted(led_to) == sorted(there - of_all) == sorted(catalogue.PAGES)
    index = (ROOT / "doc" / "user_guide" / "index.rst").read_text(encoding="utf-8")
    for page in of_all - {"index"}:
        assert f"\n   {page}\n" in index


def test_the_map_and_the_readme_have_one_page_for_an_estimator(catalogue):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    guides = dict(re.findall(r"^\| \[`(\w+)`\]\(doc/user_guide/(\w+)", readme, re.M))
    for question in catalogue.QUESTIONS:
        for method in question["methods"]:
            for name in set(method["take"]) & set(guides):
                pages = {guides[name], "full_scale_gp"}
                assert method["page"] in pages, name


def test_questions_are_shown_by_pictures_of_the_gallery(catalogue, tmp_path):
    pages = importlib.import_module("method_pages")
    for question in catalogue.QUESTIONS:
        assert (ROOT / "examples" / f"{question['example']}.py").exists()
    assert pages.picture_of(tmp_path, "graphs/plot_a") is None
    images = tmp_path / "gallery" / "graphs" / "images"
    (images / "thumb").mkdir(parents=True)
    (images / "sphx_glr_plot_a_001.png").touch()
    (images / "thumb" / "sphx_glr_plot_a_thumb.png").touch()
    assert pages.picture_of(tmp_path, "graphs/plot_a").name.endswith("_thumb.png")


def test_neighbours_in_kind_are_named_on_each_page(catalogue):
    pages = importlib.import_module("method_pages")
    source = ["Title\n=====\n\nReferences\n----------\n\n.. [1] A.\n"]
    pages.add_neighbours(None, "user_guide/poincare", source)
    before, _, after = source[0].partition("References\n----------")
    assert ":doc:`/user_guide/tree_embedding`" in before and ".. [1] A." in after
    assert ":doc:`/user_guide/poincare`" not in source[0]
    for page in catalogue.PAGES:
        assert "question-" in "".join(catalogue.see_also(page))


def test_every_example_has_a_section_with_a_title():
    conf = load(ROOT / "doc" / "conf.py")
    sections = {
        (ROOT / "doc" / name).resolve()
        for name in conf.sphinx_gallery_conf["subsection_order"]
    }
    assert {p.parent for p in (ROOT / "examples").glob("*/plot_*.py")} == sections
    assert all((section / "GALLERY_HEADER.rst").exists() for section in sections)
