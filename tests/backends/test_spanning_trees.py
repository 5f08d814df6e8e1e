"""Kernels of spanning trees: what SciPy's sparse graphs find, digit for digit."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from scipy.sparse import csgraph

from skgeom.backends._numba._spanning_trees import (
    shared_weight,
    spanning_tree,
    sums_along,
)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
@pytest.mark.parametrize("ties", [False, True])
def test_the_tree_and_its_paths(n, ties):
    rng = np.random.default_rng(n)
    costs = rng.integers(1, 4, (n, n)) * 1.0 if ties else rng.random((n, n))
    first, second = np.triu_indices(n, 1)
    order = np.argsort(costs[first, second], kind="stable")
    ends = spanning_tree(n, first, second, order)
    expected = csgraph.minimum_spanning_tree(sp.csr_array(np.triu(costs, 1)))
    assert costs[tuple(ends)].sum() == pytest.approx(expected.sum())
    assert ends.shape == (2, n - 1)

    lengths, found = rng.random((n, n)), np.empty((n, n))
    sums_along(ends, lengths, found)
    tree = sp.csr_array((lengths[tuple(ends)], tuple(ends)), shape=(n, n))
    assert_array_equal(found, csgraph.dijkstra(tree, directed=False))


def test_weights_of_shared_points():
    rng = np.random.default_rng(0)
    shares = sp.random_array((50, 6), density=0.4, rng=rng, format="csr")
    weights, found = rng.random(50), np.zeros((6, 6))
    shared_weight(shares.indptr, shares.indices, shares.data, weights, found)
    expected = (shares.T @ sp.diags_array(weights) @ shares).toarray()
    np.testing.assert_allclose(found, expected, rtol=1e-14)
