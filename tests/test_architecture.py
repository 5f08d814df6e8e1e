"""The house rules that can be checked: where a line lives, and who imports whom."""

import ast
import functools
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skgeom
from skgeom.testing import all_estimators

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "skgeom").rglob("*.py"))

FAMILIES = {family.rpartition(".")[2] for family in skgeom._ESTIMATORS.values()}
# Packages below the families: plain functions that know no estimator.
BELOW_FAMILIES = {"solvers", "networks", "operators", "graph", "geometry", "backends"}
ESTIMATOR_MACHINERY = ("skgeom.base", "sklearn.base", "sklearn.callback")
# Who may know an engine: its homes, and tools for tests.
KNOWN_BY = {
    "numba": {"backends", "testing"},
    "torch": {"backends", "networks", "testing"},
    "skorch": {"networks"},
}

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


def estimator_files():
    """Files with a class that a public estimator is or inherits from."""
    classes = {base for _, Class in all_estimators() for base in Class.__mro__}
    return {Path(inspect.getsourcefile(c)) for c in classes if of_skgeom(c)}


def of_skgeom(cls):
    return cls.__module__.startswith("skgeom.")


# Families' modules but for those: what methods are made of.
PLAIN = [p for p in MODULES if family(p) in FAMILIES and p not in estimator_files()]


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if family(p) in BELOW_FAMILIES] + PLAIN,
    ids=module_id,
)
def test_nothing_but_estimators_knows_estimators(path):
    """Below the families, and in the folder of a method."""
    source = path.read_text(encoding="utf-8")
    assert not forbidden_imports(source, ESTIMATOR_MACHINERY, dotted_package(path))


def test_estimators_are_where_they_are_looked_for():
    """In a module of their family or one folder deeper, with their base."""
    files = estimator_files()
    assert len(files) > len(set(skgeom._ESTIMATORS.values()))
    for path in files:
        place = path.relative_to(ROOT / "skgeom").parts
        assert place[0] in {*FAMILIES, "base"}
        assert len(place) <= 3


# --------------------------------------------------- one method, one folder; no circles


@functools.cache
def module_imports():
    """Map each module of skgeom to the modules of skgeom that it imports, anywhere."""
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in MODULES}
    names = {name.removesuffix(".__init__"): p for name, p in names.items()}
    found = {}
    for name, path in names.items():
        source = path.read_text(encoding="utf-8")
        imported = imported_names(source, dotted_package(path)) & names.keys()
        # A member that is imported makes its package a name, too, which is no import
        # of the package's other members.
        found[name] = {n for n in imported if n != name and not covers(n, imported)}
    return found


def covers(name, imported):
    return any(other.startswith(name + ".") for other in imported)


def circles(graph):
    """Return the sets of modules that import each other, the longest first."""
    order, seen = [], set()

    def visit(node, edges, out):
        stack = [(node, iter(edges[node]))]
        seen.add(node)
        while stack:
            _, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                out.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(edges[following])))

    for node in graph:
        if node not in seen:
            visit(node, graph, order)
    back = {node: set() for node in graph}
    for node, imported in graph.items():
        for other in imported:
            back[other].add(node)
    seen.clear()
    found = []
    for node in reversed(order):
        if node not in seen:
            part = []
            visit(node, back, part)
            found.append(part)
    return sorted((part for part in found if len(part) > 1), key=len, reverse=True)


def test_circles_are_seen():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert [set(part) for part in circles(graph)] == [{"b", "c"}]


def test_no_modules_import_each_other():
    """Not even late, in a function."""
    assert not circles(module_imports())


def folder_of(name):
    """The folder of a method that a module lives in, "skgeom.<family>._<method>"."""
    parts = name.split(".")
    private = len(parts) > 3 and parts[1] in FAMILIES and parts[2].startswith("_")
    return ".".join(parts[:3]) if private else None


def test_a_folder_is_one_methods_own():
    """Its modules are imported by each other, by the family and by plotting alone."""
    folders = {folder_of(name) for name in module_imports()} - {None}
    assert len(folders) >= 5
    for name, imported in module_imports().items():
        at_home = {folder_of(name), None}
        if name.split(".")[1:2] == ["plotting"] or name.count(".") == 1:
            continue
        assert {folder_of(other) for other in imported} <= at_home, name


# Names of the shared floors that one family uses, or none, and why they are there.
ONE_FAMILY = {
    "solvers.classical_mds": "users call it; HyperbolicMDS starts from it next",
    "solvers.metric_mds": "users call it; HyperbolicMDS needs its weights next",
    "solvers.smacof": "users call it; a step of metric_mds by itself",
    "solvers.principal_axes": "layouts of any family are turned by it next",
    "solvers.orthogonal_matching_pursuit": "users call it; codes of a SparseDictionary",
    "operators.heat_kernel": "users call it",
}


def uses(path):
    """Map each top-level name of a module to the names that its definition mentions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        mentioned = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom):
                mentioned |= {alias.name for alias in inner.names}
        for name in {getattr(node, "name", None)} - {None}:
            found[name] = mentioned
    return found


def families_that_use(name):
    """Families that use a name of a shared floor, by others of the floors, too."""
    using, todo, seen = set(), {name}, set()
    while todo:
        wanted = todo.pop()
        seen.add(wanted)
        for path in MODULES:
            if path.name == "__init__.py":
                continue
            if family(path) in FAMILIES:
                if any(n.endswith(f".{wanted}") for n in imports_of(path)):
                    using.add(family(path))
            elif family(path) in ("solvers", "operators"):
                todo |= {n for n, used in uses_of(path).items() if wanted in used}
        todo -= seen
    return using


uses_of = functools.cache(uses)


@functools.cache
def imports_of(path):
    return imported_names(path.read_text(encoding="utf-8"), dotted_package(path))


def test_what_one_family_uses_lives_there():
    """Solvers and operators are shared; what is not has a reason to be there."""
    alone = {
        f"{floor}.{name}"
        for floor in ("solvers", "operators")
        for name in importlib.import_module(f"skgeom.{floor}").__all__
        if len(families_that_use(name)) < 2
    }
    assert alone == set(ONE_FAMILY)
    assert len(ONE_FAMILY) <= 10


# ------------------------------------------------------------------- engines and names


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_only_backends_and_networks_know_engines(path):
    """numba belongs to backends, torch to them and to networks, skorch to networks."""
    foreign = [name for name, homes in KNOWN_BY.items() if family(path) not in homes]
    source = path.read_text(encoding="utf-8")
    assert not forbidden_imports(source, foreign, dotted_package(path))


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
