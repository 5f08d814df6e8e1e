"""Every public name has types, an example, and a docstring that says what they say."""

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
import types

import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

import skgeom

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
    }


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


OBJECTS = public_objects()
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
