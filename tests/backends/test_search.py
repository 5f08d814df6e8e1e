"""How the host finds exact neighbours: a tree where that pays, products else."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.backends._numba import _backend

RNG = np.random.default_rng(0)
ALL_WAYS = RNG.normal(size=(3000, 10))
# Three of ten directions, with noise.
SURFACE = ALL_WAYS[:, :3] @ RNG.normal(size=(3, 10)) + 0.01 * ALL_WAYS


@pytest.mark.parametrize("X, tree", [(ALL_WAYS, False), (SURFACE, True)])
def test_a_tree_is_taken_where_it_rules_out_most(X, tree):
    assert _backend._suit_a_tree(X, X, 10) == tree


def test_few_pairs_take_a_tree_and_many_columns_do_not():
    assert _backend._suit_a_tree(ALL_WAYS[:100], ALL_WAYS, 10)
    assert not _backend._suit_a_tree(np.ones((5, 16)), np.ones((5, 16)), 1)


@pytest.mark.parametrize("X", [ALL_WAYS, np.round(ALL_WAYS[:, :6])])
def test_both_ways_find_the_same(X, monkeypatch):
    pytest.importorskip("faiss")
    found = []
    for tree in (True, False):
        monkeypatch.setattr(_backend, "_suit_a_tree", lambda *_, tree=tree: tree)
        found.append(get_backend("cpu").knn(X, X[:500], 10))
    assert_allclose(found[0][0], found[1][0], rtol=1e-14)
    assert_array_equal(found[0][1], found[1][1])
