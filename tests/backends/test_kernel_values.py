"""The exponential of the kernels' tiles, seen through them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends._numba._kernel_values import (
    exponential_values,
    gaussian_values,
    laplacian_values,
    matern32_values,
    matern52_values,
)


def exponentials(x):
    """exp(x) as the Gaussian kernel computes it, of points on a line of products."""
    values = np.array([x])
    gaussian_values(values, np.zeros(1), np.zeros(len(x)))
    return values[0]


def test_exponential_is_as_exact_as_that_of_the_library():
    x = -np.concatenate([np.linspace(0, 708, 100_003), np.geomspace(1e-300, 700, 999)])
    assert_allclose(exponentials(x), np.exp(x), rtol=8e-16)


def test_exponential_at_the_ends():
    found = exponentials(np.array([0.0, -0.0, 1e-9, np.nan, -709.0, -1e300, -np.inf]))
    assert_array_equal(found[:3], 1.0)  # rounding does not make a kernel exceed one
    assert np.isnan(found[3])
    assert_array_equal(found[4:], 0.0)  # so that rows far from all are seen to be


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_keep_their_type(dtype):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((5, 3)), rng.standard_normal((9, 3))
    X, Y = X.astype(dtype), Y.astype(dtype)
    gaps = X.astype(float)[:, None] - Y.astype(float)
    far = np.sqrt((gaps**2).sum(axis=2))
    halves = (X * X).sum(axis=1) / 2, (Y * Y).sum(axis=1) / 2
    decay = np.exp(-far)
    for fill, wanted in (
        (gaussian_values, np.exp(-(far**2) / 2)),
        (exponential_values, decay),
        (matern32_values, (1 + far) * decay),
        (matern52_values, (1 + far + far**2 / 3) * decay),
    ):
        values = X @ Y.T
        fill(values, *halves)
        assert values.dtype == dtype
        assert_allclose(values, wanted, rtol=20 * np.finfo(dtype).eps)
    values = np.full((5, 9), np.nan, dtype=dtype)
    laplacian_values(X, np.ascontiguousarray(Y.T), values)
    wanted = np.exp(-abs(gaps).sum(axis=2))
    assert_allclose(values, wanted, rtol=20 * np.finfo(dtype).eps)
