"""The exact end of a neighbour search: host kernel against array namespace."""

import array_api_strict
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends._refine import refine_neighbors


@given(
    seed=st.integers(0, 10_000),
    n_features=st.integers(1, 9),
    k=st.integers(1, 6),
    dtype=st.sampled_from([np.float32, np.float64]),
    grid=st.booleans(),
)
def test_the_host_kernel_orders_as_the_namespace_does(seed, n_features, k, dtype, grid):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(30, n_features)), rng.normal(size=(8, n_features))
    if grid:  # many equal distances
        X, Y = np.round(X), np.round(Y)
    X, Y = X.astype(dtype), Y.astype(dtype)
    candidates = rng.permuted(np.tile(np.arange(30), (8, 1)), axis=1)[:, : k + 3]
    distances, indices = refine_neighbors(
        np, X, Y, candidates, k, "euclidean", np.float64
    )
    strict = array_api_strict
    peers = refine_neighbors(
        strict,
        *map(strict.asarray, (X, Y, candidates)),
        k,
        "euclidean",
        strict.float64,
    )
    assert_allclose(distances, np.asarray(peers[0]), rtol=1e-14)
    if grid:  # whole numbers are exact, so that ties are
        assert_array_equal(indices, np.asarray(peers[1]))
    found = np.linalg.norm(X[indices].astype(float) - Y[:, None].astype(float), axis=2)
    assert_allclose(found, distances, rtol=1e-14, atol=1e-300)


def test_distances_are_the_same_in_both_directions():
    X = np.random.default_rng(0).normal(size=(40, 7))
    everyone = np.tile(np.arange(40), (40, 1))
    distances, indices = refine_neighbors(
        np, X, X, everyone, 40, "euclidean", np.float64
    )
    matrix = np.empty((40, 40))
    np.put_along_axis(matrix, indices, distances, axis=1)
    assert_array_equal(matrix, matrix.T)
    assert_array_equal(indices[:, 0], np.arange(40))
