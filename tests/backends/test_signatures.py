"""Signature kernels of pairs of paths: every backend, and the double loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import _reference, get_backend


def draw(n_points, n_others, d, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, n_points, d)) / np.sqrt(n_points)
    Y = rng.standard_normal((4, n_others, d)) / np.sqrt(n_others)
    return X, Y, np.array([0, 2, 1, 1]), np.array([3, 0, 0, 1])


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@given(
    n_points=st.integers(1, 9),
    n_others=st.integers(1, 9),
    d=st.integers(1, 4),
    order=st.integers(0, 2),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=30)
def test_signature_values(device, kernel, n_points, n_others, d, order, seed):
    data = draw(n_points, n_others, d, seed)
    backend = get_backend(device)
    expected, _ = _reference.signature_values(*data, kernel, order)
    mantissas, exponents = map(
        backend.to_numpy,
        backend.signature_values(*map(backend.asarray, data), kernel, order),
    )
    assert (mantissas.shape, exponents.dtype) == ((4,), np.int64)
    found = mantissas * 2.0**exponents
    rtol = 1e-12 if mantissas.dtype == np.float64 else 1e-4
    assert_allclose(found, expected, rtol=rtol, atol=rtol)


def test_values_beyond_the_largest_number(device):
    """Of the logarithm, by exact numbers."""
    backend = get_backend(device)
    x = np.linspace(0, 150.0, 500)[None, :, None]
    data = x, x, np.array([0]), np.array([0])
    mantissa, exponent = backend.signature_values(*map(backend.asarray, data))
    mantissa, exponent = (backend.to_numpy(a)[0] for a in (mantissa, exponent))
    assert exponent > 0
    # The kernel of two straight lines is I_0(2 |x|), some e^300: less than a float64.
    K = [1] * 500
    g = (150 / 499) ** 2
    for _ in range(499):
        row = [1]
        for j in range(499):
            row.append(
                (row[j] + K[j + 1]) * (1 + g / 2 + g * g / 12) - K[j] * (1 - g * g / 12)
            )
        K = row
    found = np.log(np.float64(mantissa)) + np.float64(exponent) * np.log(2)
    assert_allclose(found, np.log(K[-1]), rtol=1e-9 if exponent % 256 == 0 else 1e-5)


def test_large_steps_do_not_overflow():
    x = np.linspace(0, 600.0, 1500)[None, :, None]
    ends = np.array([0])
    mantissa, exponent = get_backend("cpu").signature_values(x, x, ends, ends)
    assert np.isfinite(mantissa[0]) and exponent[0] > 1100


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_threads_change_nothing(n_jobs):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 8, 2)) / 3
    rows, columns = np.divmod(np.arange(900), 30)
    one = get_backend("cpu").signature_values(X, X, rows, columns)
    two = get_backend("cpu", n_jobs=n_jobs).signature_values(X, X, rows, columns)
    for a, b in zip(one, two, strict=True):
        assert_array_equal(a, b)


def test_an_unknown_kernel_is_refused(device):
    backend = get_backend(device)
    data = map(backend.asarray, draw(3, 3, 1, 0))
    with pytest.raises(ValueError, match="kernel='poly' must be"):
        backend.signature_values(*data, "poly")
