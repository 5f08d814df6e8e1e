"""What the files around the package say of each other, and the first steps."""

import ast
import importlib
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

import skgeom

ROOT = Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
# Hidden files and folders are not in the sdist.
needs_clone = pytest.mark.skipif(
    not (ROOT / ".github").exists(), reason="not in a clone of the repository"
)


def text_of(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def tool(name):
    """Load a script of tools/ without running it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_steps_of_the_readme_run():
    tools = tool("run_blocks")
    blocks = tools.python_blocks(text_of("README.md"))
    assert blocks
    namespace = {}
    for block in blocks:
        value = tools.run(block, namespace)
        promised = re.search(r"^[^#\n]*# (0\.\d+)", block.splitlines()[-1])
        if promised:
            assert f"{value:.2f}" == promised[1]


def test_blocks_run_one_after_the_other():
    tools = tool("run_blocks")
    page = "```python\nx = 2\n```\ntext\n```sh\nls\n```\n```python\nx + 1  # 3\n```\n"
    first, second = tools.python_blocks(page)
    namespace = {}
    assert tools.run(first, namespace) is None
    assert tools.run(second, namespace) == 3


def test_oldest_versions_are_those_of_the_dependencies():
    found = tool("oldest_versions").oldest_versions(PYPROJECT)
    assert all(re.fullmatch(r"[a-z-]+==[\d.]+", version) for version in found)
    names = {re.match("[a-z-]+", each)[0] for each in PROJECT["dependencies"]}
    assert names <= {version.partition("==")[0] for version in found}


def test_the_citation_is_of_this_version():
    assert f"\nversion: {skgeom.__version__}\n" in text_of("CITATION.cff")


def test_the_changelog_ends_with_this_version():
    """Or with a section for what comes after it."""
    text = text_of("CHANGELOG.md")
    number, date = re.search(r"^## \[(\d.+)\] - (.+)$", text, re.MULTILINE).groups()
    assert skgeom.__version__ in (number, f"{number}.dev0")
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", date)
    assert text.index("## [Unreleased]\n") < text.index(f"## [{number}]")


def test_the_changelog_names_every_estimator():
    named = set(re.findall(r"`(\w+)`", text_of("CHANGELOG.md")))
    assert set(skgeom._ESTIMATORS) - named == set()


def classes():
    return {name: getattr(skgeom, name) for name in skgeom._ESTIMATORS}


def test_papers_of_the_citation_are_those_of_docstrings_and_readme():
    """`python tools/make_citation.py` writes them."""
    text = text_of("CITATION.cff")
    assert text == tool("make_citation").citation(text, classes(), text_of("README.md"))
    named = set(re.findall(r"\w+", " ".join(re.findall(r"notes: \"(.+)\"", text))))
    assert named == set(skgeom._ESTIMATORS)
    for _, links in tool("make_citation").rows_of(text_of("README.md")):
        for *_, url in links:
            assert url.removeprefix("https://doi.org/") in text


def test_links_without_a_paper_and_papers_told_in_two_ways_are_found():
    papers = tool("make_citation")

    class One:
        """One.

        References
        ----------
        .. [1] Ada and Bo, "A title", ICML 2001, section 3.
        """

    class Two:
        """Two.

        References
        ----------
        .. [1] Bo and Ada, "A title", ICML 2001.
        """

    row = "| [`One`](doc/one.rst) | a method, [Ada and Bo {}](https://doi.org/1/2) | |"
    (paper,) = papers.references({"One": One}, row.format(2001))
    assert paper["url"] == "https://doi.org/1/2"
    assert (paper["conference"], paper["authors"]) == ("ICML", ["Ada", "Bo"])
    with pytest.raises(ValueError, match="One cites 0 of Ada and Bo 2002"):
        papers.references({"One": One}, row.format(2002))
    with pytest.raises(ValueError, match="Two cites 'a title' otherwise"):
        papers.references({"One": One, "Two": Two}, "")


# What the citation file format 1.2.0 asks of a file and of its references.
CITED = re.compile(
    r"""  - type: (article|book|conference-paper|generic)
    title: "[^"]+"
    authors:
(      - family-names: "[^"]+"
)+    year: (18|19|20)\d\d
(    (conference|publisher):
      name: "[^"]+"
|    (journal|volume|doi): "[^"]+"
|    url: https?://\S+
)*    notes: "[^"]+"
"""
)


def test_the_citation_has_the_structure_of_its_format():
    head, _, papers = text_of("CITATION.cff").partition("references:\n")
    keys = re.findall(r"^([a-z-]+):", head, re.MULTILINE)
    assert len(keys) == len(set(keys))
    assert {"cff-version", "message", "title", "authors", "version"} <= set(keys)
    assert re.search(r"^date-released: 20\d\d-\d\d-\d\d$", head, re.MULTILINE)
    parts = papers.split("  - type: ")[1:]
    assert len(parts) > 90
    assert [p for p in parts if not CITED.fullmatch("  - type: " + p)] == []
    dois = re.findall(r"    doi: \"(.+)\"", papers)
    assert all(re.fullmatch(r"10\.\d{4,9}/\S+", doi) for doi in dois)


def test_the_demonstration_has_every_family_but_that_of_networks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    demo = importlib.import_module("demo")
    families = {home.partition(".")[2] for home in skgeom._ESTIMATORS.values()}
    assert set(demo.SECTIONS) == families - {"functional"} | {"metrics"}


def test_the_demonstration_ends_with_a_table(monkeypatch, tmp_path, capsys):
    """By its quickest section; `make demo` runs all."""
    import matplotlib.pyplot as plt

    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    demo = importlib.import_module("demo")
    monkeypatch.setattr("sys.argv", ["demo.py", "--out", str(tmp_path), "covariance"])
    with plt.rc_context({"backend": "Agg"}):
        demo.main()
    assert (tmp_path / "covariance.png").exists()
    table = (tmp_path / "results.csv").read_text(encoding="utf-8").splitlines()
    assert table[0].startswith("family,data,measure,skgeom,score,seconds,else,")
    row = table[1].rsplit(",", 6)
    assert float(row[1]) < 0.5 * float(row[4])
    assert "MultiFidelityCovariance" in capsys.readouterr().out


@needs_clone
def test_hooks_have_the_versions_of_the_constraints():
    pinned = set(text_of("constraints.txt").splitlines())
    used = re.findall(r"dependencies: \[(.+)\]", text_of(".pre-commit-config.yaml"))
    ours = {each for each in used if not each.startswith("pre-commit-hooks")}
    assert len(ours) == 2
    assert ours <= pinned


@needs_clone
def test_workflows_run_on_every_python_that_is_promised():
    promised = re.findall(r":: Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    matrix = re.search(r"python: \[(.*)\]", text_of(".github", "workflows", "ci.yml"))
    assert re.findall(r'"(3\.\d+)"', matrix[1]) == promised


def scripts():
    return sorted((ROOT / "benchmarks").rglob("*.py"))


def test_every_estimator_has_a_place_in_the_tables_of_the_suite():
    tree = ast.parse(text_of("benchmarks", "suite", "_cases.py"))
    (cases,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CASES"
    )
    assert {key.value for key in cases.keys} == set(skgeom._ESTIMATORS)


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.stem)
def test_benchmarks_import_what_exists(path):
    """They run as modules from the root; their peers are not installed here."""
    siblings = {script.stem for script in scripts()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        root, *rest = node.module.split(".")
        assert root not in siblings, f"{root} is found from its own folder alone"
        if root == "benchmarks":
            source = ROOT.joinpath(root, *rest).with_suffix(".py")
            tree = ast.parse(source.read_text(encoding="utf-8"))
            made = {getattr(item, "name", None) for item in tree.body}
            made |= {
                name.id
                for item in tree.body
                if isinstance(item, ast.Assign)
                for target in item.targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name)
            }
            assert {alias.name for alias in node.names} <= made
        elif root == "skgeom":
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
