"""What `from_estimator` takes, of all displays: the same in the same order."""

import inspect
import itertools

import pytest

from skgeom import plotting

DISPLAYS = {
    name: cls
    for name in plotting.__all__
    if hasattr(cls := getattr(plotting, name), "from_estimator")
}


def parameters(name):
    return inspect.signature(DISPLAYS[name].from_estimator).parameters


def test_all_displays_are_compared():
    assert len(DISPLAYS) == 7


@pytest.mark.parametrize("pair", itertools.combinations(DISPLAYS, 2), ids="-".join)
def test_shared_parameters_agree(pair):
    one, two = map(parameters, pair)
    shared = [name for name in one if name in two]
    assert shared == [name for name in two if name in one]
    assert shared[0] == "estimator"
    for name in shared[1:]:
        for what in ("kind", "default", "annotation"):
            assert getattr(one[name], what) == getattr(two[name], what), (name, what)


@pytest.mark.parametrize("name", DISPLAYS)
def test_order_is_that_of_scikit_learn(name):
    """Estimator, X and y by position; the rest by name, its title first."""
    found = parameters(name)
    positional = [p.name for p in found.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == ["estimator", "X", "y"][: len(positional)]
    by_name = [p.name for p in found.values() if p.kind is p.KEYWORD_ONLY]
    assert by_name[0] == "name"
    assert "ax" in by_name


def test_displays_of_rows_share_all_that_says_what_is_drawn():
    shared = ["estimator", "X", "y", "name", "value_name"]
    for name in ("EmbeddingDisplay", "PoincareDiskDisplay"):
        assert list(parameters(name))[:5] == shared
