"""What README and quickstart say is so: links, numbers, and code that runs.

`test_project.py` runs the code of the README.
"""

import ast
import builtins
import re
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import skgeom

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICKSTART = (ROOT / "doc" / "quickstart.rst").read_text(encoding="utf-8")
ROWS = [line for line in README.splitlines() if "benchmarks/results/" in line]
GALLERY = sorted((ROOT / "examples").glob("*/plot_*.py"))
# What every page of the gallery may need: skgeom, what comes with it, and pictures.
ALWAYS_THERE = {"skgeom", "numpy", "scipy", "sklearn", "joblib", "matplotlib"}
# The graphs are those of networkx.
ITS_SUBJECT = {
    "plot_graph_labels": {"networkx"},
    "plot_node_methods": {"networkx"},
}
# Pages of which blocks of code are copied; what they define goes from block to block.
PAGES = sorted((ROOT / "doc").glob("*.rst")) + sorted(
    (ROOT / "doc").glob("user_guide/*.rst")
)
NUMBER = re.compile(r"(?<![\w.])\d*\.?\d+(?![\w.])")


def test_links_of_the_readme_lead_to_files():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    local = [target for target in targets if not target.startswith("http")]
    assert len(local) > 10
    assert [target for target in local if not (ROOT / target).exists()] == []


def test_the_table_has_every_estimator_under_its_family():
    family, found = None, {}
    for line in README.splitlines():
        heading = re.match(r"\| \*\*.+\*\* \| `(skgeom\.\w+)` \|", line)
        if heading:
            family = heading[1]
            assert family not in found.values(), "a family has one place"
        for name in re.findall(r"\[`(\w+)`\]\(doc/", line.split(" | ")[0]):
            assert name not in found
            found[name] = family
    assert found == skgeom._ESTIMATORS


def test_rows_of_the_table_are_short():
    """What a reader sees of them: a link is its text."""
    for row in ROWS:
        seen = re.sub(r"\[([^]]+)\]\((?:[^()]|\([^()]*\))*\)", r"\1", row)
        assert "](" not in seen
        assert len(seen) <= 200, seen


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[3:25])
def test_numbers_of_the_readme_are_measured(row):
    _, _, _, table, ours, others, _ = row.split("|")
    (file,) = re.findall(r"\((benchmarks/results/\w+/\w+\.md)\)", table)
    measured = np.array(
        [
            float(text)
            for text in NUMBER.findall((ROOT / file).read_text(encoding="utf-8"))
        ]
    )
    assert NUMBER.findall(ours)
    for text in NUMBER.findall(ours + others):
        unit = 10.0 ** -len(text.partition(".")[2])
        assert np.abs(measured - float(text)).min() <= unit / 2 + 1e-9, text


def test_the_gallery_is_as_large_as_the_readme_says():
    (said,) = re.findall(r"a gallery of (\d+) examples", README)
    assert len(GALLERY) == int(said)


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_pages_of_the_gallery_do_without_the_extras(path):
    """Other imports stand in a `try`: who lacks them is told, and sees the rest."""
    needed = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            needed |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            needed.add(node.module.partition(".")[0])
    needed -= ITS_SUBJECT.get(path.stem, set())
    assert needed - sys.stdlib_module_names <= ALWAYS_THERE


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_thumbnails_are_of_figures_that_there_are(path):
    text = path.read_text(encoding="utf-8")
    for number in re.findall(r"^# sphinx_gallery_thumbnail_number = (\d)$", text, re.M):
        makers = r"plt\.(subplots|figure)\(|from_embeddings\("
        assert len(re.findall(makers, text)) >= int(number)


def run(blocks):
    """Run blocks of code one after the other; return what they have defined."""
    scope = {}
    with matplotlib.rc_context({"backend": "Agg"}):
        for block in blocks:
            if '"cuda"' not in block:
                exec(compile(block, "page", "exec"), scope)
    plt.close("all")
    return scope


def code_of(page):
    """The blocks of code of a page."""
    found = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", page)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


def test_code_of_the_quickstart_runs_and_scores_what_it_says():
    found = code_of(QUICKSTART)
    assert len(found) > 5
    scope = run(found)
    assert scope["clusters"].optimality_gap_ == pytest.approx(0.009, abs=5e-4)
    assert scope["disk"].score(scope["nodes"]) == pytest.approx(0.99, abs=0.01)
    assert scope["roads"].ids(["Nice", "Paris"]).tolist() == [3, 4]
    assert scope["north"].node_names == ("Lyon", "Paris", "Lille")
    heights = scope["roads"].subgraph(scope["north"].node_names).node_features
    assert heights.ravel().tolist() == [173, 35, 20]
    nice, lyon, paris = scope["warmth"].predict([["Nice"], ["Lyon"], ["Paris"]])
    assert 20 > nice > lyon > paris > 11


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_code_of_a_page_needs_nothing_that_the_page_does_not_define(page):
    """Who copies the blocks of a page, one after the other, has all names."""
    tree = ast.parse("\n".join(code_of(page.read_text(encoding="utf-8"))))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    defined = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(each.asname or each.name).split(".")[0] for each in node.names}
        elif isinstance(node, ast.FunctionDef):
            defined |= {node.name, *(each.arg for each in node.args.args)}
        elif isinstance(node, ast.Lambda):
            defined |= {each.arg for each in node.args.args}
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    assert used <= defined | set(dir(builtins))


def guide(name):
    """Run the code of a page of the user guide; return what it has defined."""
    page = ROOT / "doc" / "user_guide" / f"{name}.rst"
    return run(code_of(page.read_text(encoding="utf-8")))


def test_neighbours_of_a_taxonomy_are_those_that_the_guide_names():
    scope = guide("poincare")
    names = scope["model"].nearest("dog.n.01", 9)[0].tolist()
    assert {name.partition(".")[0] for name in names[:4]} == {
        *("placental", "mammal", "canine", "carnivore")
    }
    assert scope["above"] == set(names[:4])
    others = [name.partition(".")[0] for name in names[4:]]
    assert {"hunting_dog", "hound", "ungulate", "working_dog"} <= set(others)


def test_the_guide_chooses_the_number_of_clusters_that_it_says():
    scope = guide("sdp_clustering")
    assert scope["best"] == 3
    assert scope["silhouettes"][3] == pytest.approx(0.285, abs=5e-4)
    assert scope["fits"][3].optimality_gap_ == pytest.approx(0.009, abs=5e-4)
