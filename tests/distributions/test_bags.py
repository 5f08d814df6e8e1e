"""Tables of bags: there and back, and slips that are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skgeom.distributions import pack_bags, unpack_bags

shapes = st.lists(st.integers(1, 6), min_size=1, max_size=6)


@given(sizes=shapes, n_dims=st.integers(1, 3), extra=st.integers(0, 2))
def test_there_and_back(sizes, n_dims, extra):
    rng = np.random.default_rng(len(sizes))
    bags = [rng.normal(size=(n, n_dims)) for n in sizes]
    X = pack_bags(bags, n_points=max(sizes) + extra)
    assert X.shape == (len(sizes), (max(sizes) + extra) * n_dims)
    for bag, back in zip(bags, unpack_bags(X, n_dims), strict=True):
        np.testing.assert_array_equal(bag, back)
    # The same from a long table, in any order of the bags.
    groups = np.repeat(np.arange(len(sizes)), sizes)
    order = rng.permutation(len(groups))
    long = pack_bags(np.concatenate(bags)[order], groups[order])
    for bag, back in zip(bags, unpack_bags(long, n_dims), strict=True):
        assert {tuple(p) for p in bag} == {tuple(p) for p in back}


def test_matrices_are_upper_triangles_and_floats_keep_their_width():
    S = np.array([[[2.0, 1.0], [1.0, 3.0]]], dtype=np.float32)
    X = pack_bags([S, np.concatenate([S, S])])
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X[0], [2, 1, 3, np.nan, np.nan, np.nan])
    assert pack_bags([[1, 2], [3]]).dtype == np.float64


@pytest.mark.parametrize(
    ("bags", "options", "message"),
    [
        ([[1.0], []], {}, "Bag 1 has no points"),
        ([], {}, "no bags"),
        ([[[1.0, 2.0]], [[1.0]]], {}, "bag 0 have 2 coordinates, and those of bag 1"),
        ([[1.0, 2.0]], {"n_points": 1}, "Bag 0 has 2 points, and n_points=1"),
        ([1.0, 2.0], {"groups": [0]}, "one entry for each of the 2 points"),
        ([np.zeros((1, 2, 3))], {}, r"bag 0 must have shape \(n_points, n_dims\)"),
    ],
)
def test_slips_are_told(bags, options, message):
    with pytest.raises(ValueError, match=message):
        pack_bags(bags, **options)


def test_rows_that_are_no_bags():
    with pytest.raises(ValueError, match="3 columns, which are no whole number"):
        unpack_bags([[1.0, 2.0, 3.0]], 2)
    with pytest.raises(ValueError, match="row 1 has a point of which some"):
        unpack_bags([[1.0, 2.0], [np.nan, 2.0]], 2)
    with pytest.raises(ValueError, match="rows and columns"):
        unpack_bags([1.0, 2.0])
