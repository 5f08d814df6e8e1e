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
    assert f"version: {skgeom.__version__}\n" in text_of("CITATION.cff")


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
                assert hasattr(module, alias.name), alias.name
