"""Every public name has types, an example, and a docstring that says what they say."""

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
import types

import numpy as np
import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate
from sklearn.base import is_classifier
from sklearn.utils import get_tags

import skgeom
from skgeom.testing._discovery import method_modules

# numpydoc's own codes; the ones left out are matters of taste.
ALWAYS = {
    "GL06": "a section that numpydoc does not know",
    "GL07": "sections out of order",
    "GL08": "no docstring",
    "SS01": "no summary",
    "PR01": "parameters not documented",
    "PR02": "parameters documented that do not exist",
    "PR03": "parameters in another order than the signature's",
    "PR04": "a parameter without a type",
    "PR07": "a parameter without a description",
    "RT01": "no Returns section",
    "RT03": "a return value without a description",
    "YD01": "no Yields section",
}
FUNCTION_OR_CLASS = ALWAYS | {"EX01": "no Examples section"}
PROPERTY = {code: ALWAYS[code] for code in ("GL08", "SS01")}

METHOD_KINDS = (types.FunctionType, classmethod, staticmethod)
PROPERTY_KINDS = (property, functools.cached_property)


def public_modules():
    """Return skgeom and its public packages, each of which declares ``__all__``."""
    packages = [
        importlib.import_module(f"skgeom.{info.name}")
        for info in pkgutil.iter_modules(skgeom.__path__)
        if info.ispkg and not info.name.startswith("_")
    ]
    models = [getattr(skgeom.geometry, name) for name in skgeom.geometry.__all__]
    return [skgeom, *packages, *models]


def public_objects():
    """Map the full name of every public function and class to the object."""
    return {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in public_modules()
        for name in module.__all__
        if callable(getattr(module, name))
        and getattr(module, name).__module__.startswith("skgeom")
    }


def objects_of_methods():
    """Map what methods are made of: names without an underscore, in their modules."""
    found = {}
    for name in method_modules():
        for key, value in vars(importlib.import_module(name)).items():
            made_here = getattr(value, "__module__", None) == name
            if made_here and callable(value) and not key.startswith("_"):
                found[f"{name}.{key}"] = value
    return found


def own_members(cls, kinds):
    """Name the public members of a class that skgeom defines, inherited or not."""
    owners = [base for base in cls.__mro__ if base.__module__.startswith("skgeom")]
    return sorted(
        {
            name
            for owner in owners
            for name, member in vars(owner).items()
            if not name.startswith("_") and isinstance(member, kinds)
        }
    )


PUBLIC = public_objects()
INSIDE = {n: o for n, o in objects_of_methods().items() if o not in PUBLIC.values()}
# What methods are made of may say in a sentence what it is. With an example it is
# described in full, and held to all that a public name is.
IN_FULL = {n: o for n, o in INSIDE.items() if ">>>" in (o.__doc__ or "")}
OBJECTS = PUBLIC | IN_FULL
CLASSES = {name: obj for name, obj in OBJECTS.items() if inspect.isclass(obj)}
CALLABLE = {n: o for n, o in OBJECTS.items() if not getattr(o, "_is_protocol", False)}
METHODS = [f"{n}.{m}" for n, c in CLASSES.items() for m in own_members(c, METHOD_KINDS)]
PROPERTIES = [
    f"{n}.{m}" for n, c in CLASSES.items() for m in own_members(c, PROPERTY_KINDS)
]


def documented_otherwise(obj):
    """Name the parameters of a class that need no entry of their own."""
    if getattr(obj, "_is_protocol", False):
        return {"*args", "**kwargs"}  # nobody makes an instance
    if dataclasses.is_dataclass(obj) or hasattr(obj, "_fields"):
        return {entry.name for entry in ClassDoc(obj)["Attributes"]}
    return set()


def complaints(name, codes):
    """Return numpydoc's errors of these codes; ``_private`` parameters are free."""
    found = []
    for code, text in validate(name)["errors"]:
        if code == "PR01":
            missing = set(re.findall(r"'(.+?)'", text))
            missing -= documented_otherwise(OBJECTS.get(name))
            missing = sorted(m for m in missing if not m.startswith("_"))
            if not missing:
                continue
            text = f"parameters {missing} are not documented"
        if code in codes:
            found.append(f"{code}: {text}")
    return found


def test_discovery_finds_what_is_known_to_be_there():
    assert OBJECTS.keys() >= {
        "skgeom.HeatGeodesicEmbedding",
        "skgeom.embedding.HeatGeodesicEmbedding",
        "skgeom.graph.Graph",
        "skgeom.backends.get_backend",
        "skgeom.testing.all_estimators",
    }
    assert {
        "skgeom.embedding.HeatGeodesicEmbedding.fit",
        "skgeom.embedding.HeatGeodesicEmbedding.transform",
    } <= set(METHODS)


@pytest.mark.parametrize("module", public_modules(), ids=lambda module: module.__name__)
def test_all_lists_what_exists_once(module):
    assert module.__doc__
    assert module.__all__
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_functions_and_classes(name):
    assert OBJECTS[name].__doc__, "no docstring"
    assert not complaints(name, FUNCTION_OR_CLASS)
    assert ">>>" in OBJECTS[name].__doc__, "the example has no code that doctest runs"


@pytest.mark.parametrize("name", sorted(INSIDE.keys() - IN_FULL.keys()))
def test_steps_of_methods_say_what_they_are(name):
    assert INSIDE[name].__doc__
    assert not complaints(name, PROPERTY)


def test_no_description_of_a_method_is_lost():
    """So many functions were public before methods had folders of their own."""
    assert len(IN_FULL) >= 52
    described = {name.rpartition(".")[0] for name in IN_FULL}
    folders = {m.rpartition(".")[0] for m in method_modules() if m.count(".") > 2}
    assert folders <= {name.rpartition(".")[0] for name in described}


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    assert not complaints(name, ALWAYS)


@pytest.mark.parametrize("name", PROPERTIES)
def test_properties(name):
    assert not complaints(name, PROPERTY)


def signature_of(name):
    """Signature of a public function, method or class, by its full name."""
    owner, _, member = name.rpartition(".")
    if owner in CLASSES:
        return inspect.signature(inspect.unwrap(getattr(CLASSES[owner], member)))
    return inspect.signature(OBJECTS[name])


def unannotated(name):
    """Name the parameters that have no type, and "return" if that has none."""
    if issubclass(CLASSES.get(name, object), Exception):
        return []  # the signature is Python's own
    signature = signature_of(name)
    missing = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty
        and parameter.name not in ("self", "cls")
    ]
    if name not in CLASSES and signature.return_annotation is signature.empty:
        missing.append("return")
    return missing


@pytest.mark.parametrize("name", sorted({*CALLABLE, *METHODS}))
def test_signatures_have_types(name):
    assert not unannotated(name)


@pytest.mark.parametrize("name", sorted(skgeom._ESTIMATORS))
def test_types_allow_none_and_callables_where_validation_does(name):
    estimator = getattr(skgeom, name)
    for parameter in inspect.signature(estimator).parameters.values():
        valid = estimator._parameter_constraints[parameter.name]
        kind = str(parameter.annotation)
        assert ("None" in kind) == (None in valid or "random_state" in valid), parameter
        assert ("Callable" in kind) == (callable in valid), parameter


# What families say alike of parameters that they share: type, and how it begins.
SHARED_BLOCKS = {
    "affinity": ("str, default=", "What X holds when `graph` is None."),
    "device": (
        '{"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"',
        'Where the work happens: numba on the CPU or torch. "auto" follows X.',
    ),
    "graph": (
        "Graph, default=None",
        "A known graph. X is then a column of node ids or names, shape (n_samples, 1)",
    ),
    "n_jobs": (
        "int, default=None",
        "Threads on the host; None is 1 unless in a `joblib.parallel_config` context. "
        "The result does not depend on it.",
    ),
    "random_state": ("int, RandomState instance or None, default=None", ""),
}


@pytest.mark.parametrize("name", sorted(skgeom._ESTIMATORS))
def test_shared_parameters_are_described_alike(name):
    estimator = getattr(skgeom, name)
    kept = {p.name: p for p in docstring_of(f"skgeom.{name}")["Parameters"]}
    shared = SHARED_BLOCKS.keys() & inspect.signature(estimator).parameters
    if "graph" not in kept:
        shared -= {"affinity"}  # then it is of points, and the method's own
    assert "device" in shared
    for parameter in shared:
        kind, begins = SHARED_BLOCKS[parameter]
        assert kept[parameter].type.startswith(kind), parameter
        assert " ".join(kept[parameter].desc).startswith(begins), parameter


ARRAY = re.compile(r"array|ndarray|csr_array|sparse matrix")
INTEGERS = re.compile(r"(back_)?(indices|indptr|labels|edges)_?")
LISTS = ("Parameters", "Attributes", "Returns", "Yields")


def docstring_of(name):
    """The parsed docstring of a public function, method or class."""
    owner, _, member = name.rpartition(".")
    if owner in CLASSES:
        return FunctionDoc(inspect.unwrap(getattr(CLASSES[owner], member)))
    if name in CLASSES:
        return ClassDoc(CLASSES[name])
    return FunctionDoc(OBJECTS[name])


def vague_arrays(entries):
    """Name the arrays that are described without a shape, or indices without "int"."""
    found = []
    for entry in entries:
        # A return value without a name has its type where the name would be.
        name, kind = (entry.name, entry.type) if entry.type else ("", entry.name)
        if not ARRAY.match(kind):
            continue
        if not re.search(r"\b(shape|length)\b", " ".join([kind, *entry.desc])):
            found.append(f"{name or kind}: no shape")
        elif INTEGERS.fullmatch(name.split(",")[-1].strip()) and "int" not in kind:
            found.append(f"{name}: no integer type")
    return found


@pytest.mark.parametrize("name", sorted({*OBJECTS, *METHODS}))
def test_arrays_have_shapes(name):
    doc = docstring_of(name)
    parts = [part for part in LISTS if part in doc]
    assert not vague_arrays([entry for part in parts for entry in doc[part]])


@functools.cache
def functions_of(module):
    """Map "function" and "Class.method" to the syntax trees of a module."""
    found = {}
    for node in ast.parse(inspect.getsource(importlib.import_module(module))).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            found.update({f"{node.name}.{m.name}": m for m in methods})
    return found


def raised_by(function, cls=None, seen=None):
    """Name the errors that a function raises itself or in private helpers.

    Helpers are those of its module and, of a method, those of its class.
    """
    seen = set() if seen is None else seen
    if function in seen:
        return set()
    seen.add(function)
    module, _, name = function.partition(":")
    errors = set()
    for node in ast.walk(functions_of(module)[name]):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            errors.add(re.sub(r"^np\.", "numpy.", ast.unparse(node.exc.func)))
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.startswith("_") and called in functions_of(module):
            errors |= raised_by(f"{module}:{called}", cls, seen)
        elif called == "self._validated":
            continue  # as scikit-learn's own validation, the same for all estimators
        elif cls and called.startswith(("self._", "cls._")):
            helper = inspect.getattr_static(cls, called.partition(".")[2], None)
            helper = inspect.unwrap(getattr(helper, "__func__", helper))
            if getattr(helper, "__module__", "").startswith("skgeom"):
                place = f"{helper.__module__}:{helper.__qualname__}"
                errors |= raised_by(place, cls, seen)
    return errors


def undocumented_errors(name):
    """Name the errors that a public name raises and does not mention."""
    owner, _, member = name.rpartition(".")
    cls = CLASSES.get(owner) or CLASSES.get(name)
    if owner in CLASSES:
        raising = inspect.unwrap(getattr(cls, member))
        raising = getattr(raising, "__func__", raising)
    elif cls is None:
        raising = inspect.unwrap(OBJECTS[name])
    else:
        raising = cls.__init__ if "__init__" in vars(cls) else None
    place = raising and f"{raising.__module__}:{raising.__qualname__}"
    if place is None or place.split(":")[1] not in functions_of(place.split(":")[0]):
        return set()
    mentioned = {entry.type or entry.name for entry in docstring_of(name)["Raises"]}
    if "ValueError" in mentioned:
        mentioned.add("InvalidParameterError")  # which is one
    return raised_by(place, cls) - mentioned - {"AttributeError", "NotImplementedError"}


@pytest.mark.parametrize("name", sorted({*CALLABLE, *METHODS}))
def test_errors_are_documented(name):
    assert not undocumented_errors(name)


# What is not from a paper: records, plain operations, and what we found ourselves.
NO_SOURCE = {
    "feature_selection._levels": "Levels blocks_of column_levels",
    "distributions": "pack_bags unpack_bags",
    "distributions._bags": "as_matrices as_points check_histograms",
    "graph": "Attachment Graph KnownRows by_node canonical_csr equal_rows local_scale "
    "nearest_neighbors neighbor_overlap neighbors_from_graph noise_hides_shape "
    "prune_shortcuts robust_graph smooth_locally train_test_split_edges "
    "transitive_closure",
    "metrics": "DistancePreservation neighborhood_precision",
    "nodes": "GraphKernel GraphKernelOperator",
    "operators": "KernelOperator SparseKernel",
    "solvers": "LinearSolution largest_eigenpairs leading_eigenpairs principal_axes",
    "cluster._sdp._admm": "RelaxedClustering",
    "embedding._centred": "Frame frame_of placed",
    "gaussian_process._magma._curves": "grid_of",
    "embedding._neighborhoods": "fading_weights",
    "gaussian_process._vecchia._cells": "cells_of",
    "gaussian_process._units": "refuse_large spreads",
    "gaussian_process._vecchia._table": "read_table",
    "nodes._graph_gp._labels": "read_labels",
    "cluster._sdp._exchange": "partition_value",
    "embedding._sufficient_subspace._targets": "target_columns",
    "hyperbolic._drawn": "drawn_to_nodes",
    "hyperbolic._sarkar": "TreeLayout",
    "hyperbolic._rooted_tree": "RootedTree",
    "hyperbolic._poincare._links": "every_other without_loops",
    "hyperbolic._poincare._nearest": "named nearest_nodes read_nodes",
    "hyperbolic._poincare._tree_layout": "hierarchy_tree",
    "kernels._operators": "DenseKernel PointKernel extreme_eigenvalues",
    "nodes._kernel_learning": "learn_modulation",
}
NO_SOURCE = {f"skgeom.{m}.{n}" for m, names in NO_SOURCE.items() for n in names.split()}
METHOD_PACKAGES = ("graph", "metrics", "operators", "solvers", "geometry")
FAMILIES = {family.partition(".")[2] for family in skgeom._ESTIMATORS.values()}
FROM_PAPERS = {n for n in OBJECTS if n.split(".")[1] in (*METHOD_PACKAGES, *FAMILIES)}
FROM_PAPERS -= {f"{f}.{e}" for e, f in skgeom._ESTIMATORS.items()}  # see below


def test_what_has_no_source_exists():
    assert NO_SOURCE <= FROM_PAPERS


@pytest.mark.parametrize("name", sorted(FROM_PAPERS - NO_SOURCE))
def test_methods_name_their_source(name):
    """A year, in the docstring or in that of the module."""
    module = importlib.import_module(inspect.unwrap(OBJECTS[name]).__module__)
    assert re.search(r"\b(19|20)\d\d\b", OBJECTS[name].__doc__ + module.__doc__)


@pytest.mark.parametrize("name", sorted(skgeom._ESTIMATORS))
def test_estimators_have_references(name):
    references = "\n".join(docstring_of(f"skgeom.{name}")["References"])
    assert re.search(r"\b(19|20)\d\d\b", references)


@pytest.mark.parametrize("name", sorted({*OBJECTS, *METHODS}))
def test_citations_have_entries_and_entries_are_cited(name):
    text = inspect.getdoc(OBJECTS[name]) if name in OBJECTS else str(docstring_of(name))
    entries = re.findall(r"^\.\. \[(\d+)\]", text, flags=re.MULTILINE)
    assert set(re.findall(r"\[(\d+)\]_", text)) == set(entries)


def fitted(name):
    """A small fitted instance; classes are words, so that integers are indices."""
    X = np.random.default_rng(0).normal(size=(40, 3))
    estimator = getattr(skgeom, name)()
    if "max_iter" in estimator.get_params():
        estimator.set_params(max_iter=50)
    y = np.where(X[:, 0] > 0, "yes", "no") if is_classifier(estimator) else X[:, 0]
    positive = get_tags(estimator).input_tags.positive_only
    return estimator.fit(np.abs(X) if positive else X, y)


@pytest.mark.parametrize("name", sorted(skgeom._ESTIMATORS))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fitted_attributes_are_documented(name):
    estimator = fitted(name)
    documented = {
        attribute.strip(): entry.type
        for entry in docstring_of(f"skgeom.{name}")["Attributes"]
        for attribute in entry.name.split(",")
    }
    found = {k: v for k, v in vars(estimator).items() if re.match(r"[^_].*_$", k)}
    assert found.keys() <= documented.keys()
    for attribute, value in found.items():
        if isinstance(value, np.ndarray):
            integers = value.dtype.kind in "iu"
            assert ("int" in documented[attribute]) == integers, attribute


def _undocumented(x):
    return x


def _half_documented(x, y):
    """Add two numbers.

    Parameters
    ----------
    x : float
        The first.
    z : float
        Of no function's.
    """
    return x + y


@pytest.mark.parametrize(
    "function, expected",
    [
        (_undocumented, {"GL08"}),
        (_half_documented, {"PR01", "PR02", "RT01", "EX01"}),
    ],
)
def test_the_check_bites(function, expected, monkeypatch):
    monkeypatch.setattr(skgeom, "probe", function, raising=False)
    found = {text[:4] for text in complaints("skgeom.probe", FUNCTION_OR_CLASS)}
    assert found == expected
