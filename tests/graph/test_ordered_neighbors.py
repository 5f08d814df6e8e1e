"""Nearest neighbours among the rows before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skgeom.backends import get_backend
from skgeom.graph import ordered_neighbors


@given(
    n=st.integers(1, 90),
    d=st.integers(1, 12),
    k=st.integers(1, 9),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=30)
def test_they_are_the_nearest_of_those_before(device, n, d, k, seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (n, d)).astype(float)  # many ties
    rows = np.sort(rng.permutation(n)[: 1 + n // 2])
    found = ordered_neighbors(X, k, rows=rows, backend=get_backend(device))
    for row, near in zip(rows, found, strict=True):
        squares = ((X[:row] - X[row]) ** 2).sum(axis=1)
        expected = np.full(k, -1)
        order = np.argsort(squares, kind="stable")[:k]
        expected[: len(order)] = order
        assert_array_equal(near, expected)


def test_there_is_at_least_one():
    with pytest.raises(ValueError, match="n_neighbors=0 must be at least 1"):
        ordered_neighbors(np.ones((3, 1)), 0)
