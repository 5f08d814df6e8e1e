"""The house rules that can be checked: who imports whom, and how long a file may be."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "skgeom").rglob("*.py"))

# Packages below the families: plain functions that know no estimator.
BELOW_FAMILIES = {"solvers", "operators", "graph", "geometry", "backends"}
ESTIMATOR_MACHINERY = ("skgeom.base", "sklearn.base", "sklearn.callback")
# The packages that may know an engine: its home, and tools for tests.
KNOW_ENGINES = {"backends", "testing"}
ENGINES = ("numba", "torch")

MAX_LINES = 500


def imported_names(source, package=""):
    """Return every module, or member of one, that a source file imports at any depth.

    `package` is the package of the file, against which relative imports are resolved.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            origin = ".".join(
                [*above, node.module or ""] if node.level else [node.module]
            )
            origin = origin.strip(".")
            names.add(origin)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return names


def forbidden_imports(source, forbidden, package=""):
    """Return the imports of a source file that are one of `forbidden` or inside one."""
    return sorted(
        name
        for name in imported_names(source, package)
        if any(name == module or name.startswith(module + ".") for module in forbidden)
    )


def family(path):
    """Name the sub-package of skgeom that a file belongs to, or the file's own name."""
    return path.relative_to(ROOT / "skgeom").parts[0].removesuffix(".py")


def dotted_package(path):
    return ".".join(path.parent.relative_to(ROOT).parts)


def module_id(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "statement",
    [
        "import sklearn.base",
        "from sklearn.base import BaseEstimator",
        "from sklearn import base",
        "def f():\n    from sklearn.base import clone",
        "import skgeom.base as b",
        "from skgeom import base",
        "from ..base import fit",
        "from .. import base",
    ],
)
def test_the_walk_sees_every_way_to_import(statement):
    assert forbidden_imports(statement, ESTIMATOR_MACHINERY, "skgeom.graph")


@pytest.mark.parametrize(
    "statement",
    ["import sklearn", "from sklearn.neighbors import KDTree", "from . import base"],
)
def test_the_walk_lets_other_imports_pass(statement):
    assert not forbidden_imports(statement, ESTIMATOR_MACHINERY, "skgeom.graph")


def test_the_walk_has_something_to_walk():
    found = {module_id(path) for path in MODULES}
    assert found >= {
        f"skgeom/{name}/__init__.py" for name in ("graph", "backends", "embedding")
    }


@pytest.mark.parametrize(
    "path", [p for p in MODULES if family(p) in BELOW_FAMILIES], ids=module_id
)
def test_nothing_below_a_family_knows_estimators(path):
    source = path.read_text(encoding="utf-8")
    assert not forbidden_imports(source, ESTIMATOR_MACHINERY, dotted_package(path))


@pytest.mark.parametrize(
    "path", [p for p in MODULES if family(p) not in KNOW_ENGINES], ids=module_id
)
def test_only_backends_know_numba_and_torch(path):
    source = path.read_text(encoding="utf-8")
    assert not forbidden_imports(source, ENGINES, dotted_package(path))


def borrowed_private_names(source, package):
    """Return the names with an underscore that come from another package of skgeom.

    Modules with an underscore are open to the house; what has one inside them is not.
    """
    own = ".".join(package.split(".")[:2])
    return sorted(
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("skgeom")
        for alias in node.names
        if alias.name.startswith("_") and not node.module.startswith(own)
    )


def test_the_walk_sees_borrowed_names():
    source = "from skgeom.base import _private\nfrom skgeom.graph._graph import Graph"
    assert borrowed_private_names(source, "skgeom.kernels") == ["skgeom.base._private"]
    own = "from skgeom.kernels._machine import _by_node"
    assert not borrowed_private_names(own, "skgeom.kernels")


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_private_names_stay_at_home(path):
    source = path.read_text(encoding="utf-8")
    assert not borrowed_private_names(source, dotted_package(path))


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_a_file_fits_in_one_reading(path):
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_LINES, f"{n_lines} lines: split it, or find what it repeats"


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_import_contracts():
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    run = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},  # newer ones print a logo
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout
