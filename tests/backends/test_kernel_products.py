"""Products with the kernel matrix of points, on every device."""

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import POINT_KERNELS, _reference, get_backend
from skgeom.backends._numba import _backend as _numba
from skgeom.testing import point_clouds


@settings(max_examples=40)
@given(
    X=point_clouds(scales=(1.0,)),
    kernel=st.sampled_from(POINT_KERNELS),
    gamma=st.sampled_from([1e-2, 1.0, 30.0]),
    seed=st.integers(0, 2**31 - 1),
)
def test_kernel_matvec(device, X, kernel, gamma, seed):
    backend = get_backend(device)
    V = np.random.default_rng(seed).standard_normal((len(X), 3)).astype(X.dtype)
    # Expanded squares are wrong by rounding of the largest square; Matérn's kernel has
    # their root.
    error = gamma * np.finfo(X.dtype).eps * 100 * (1 + abs(X).max()) ** 2 * X.shape[1]
    error = error if kernel in ("rbf", "laplacian") else np.sqrt(error)
    points = backend.asarray(X)
    others = backend.asarray(X[::2] + X.dtype.type(0.1))
    for Z in (others, points):
        found = backend.kernel_matvec(Z, points, backend.asarray(V), kernel, gamma)
        found = backend.to_numpy(found)
        assert found.dtype == X.dtype
        wide = (backend.to_numpy(Z), X, V)
        wide = (part.astype(np.float64) for part in wide)
        expected = _reference.kernel_matvec(*wide, kernel, gamma)
        bound = (error + 1e-6 * (X.itemsize == 4)) * 3
        assert_allclose(found, expected, atol=bound * len(X))
        values = backend.to_numpy(backend.kernel_values(Z, points, kernel, gamma))
        assert values.dtype == X.dtype
        wide = backend.to_numpy(Z).astype(np.float64), X.astype(np.float64)
        expected = _reference.kernel_values(*wide, kernel, gamma)
        assert_allclose(values, expected, atol=bound)


@pytest.mark.parametrize("kernel", POINT_KERNELS)
@pytest.mark.parametrize("n_columns", [1, 6, 30])
@pytest.mark.parametrize("twins", [True, False])
def test_kernel_matvec_in_tiles(device, kernel, n_columns, twins, monkeypatch):
    backend, rng = get_backend(device), np.random.default_rng(0)
    X, V = rng.standard_normal((50, 2)), rng.standard_normal((50, n_columns))
    Z = X if twins else rng.standard_normal((29, 2))
    points = backend.asarray(X)
    parts = points if twins else backend.asarray(Z), points, backend.asarray(V)
    monkeypatch.setattr(_numba, "_KERNEL_BYTES", 5000)
    with sklearn.config_context(working_memory=2**-5):
        found = backend.to_numpy(backend.kernel_matvec(*parts, kernel, 0.3))
    expected = _reference.kernel_matvec(Z, X, V, kernel, 0.3)
    assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", [(0, 5, 2), (5, 0, 2), (5, 5, 0)])
def test_kernel_matvec_of_nothing_is_zero(device, shape):
    backend = get_backend(device)
    n, m, n_columns = shape
    parts = np.ones((n, 3)), np.ones((m, 3)), np.ones((m, n_columns))
    found = backend.kernel_matvec(*map(backend.asarray, parts))
    assert found.shape == (n, n_columns)
    if m == 0:
        assert not backend.to_numpy(found).any()


def test_kernel_matvec_does_not_depend_on_threads():
    """BLAS has one in each case: its sums are those of as many as it has."""
    rng = np.random.default_rng(0)
    X, V = rng.standard_normal((3000, 7)), rng.standard_normal((3000, 3))
    for Z in (X, X[:1700]):
        one, two = (
            get_backend("cpu", n_jobs=n).kernel_matvec(Z, X, V) for n in (None, 2)
        )
        assert_array_equal(one, two)


def test_kernel_matvec_names_what_it_does_not_know(device):
    backend = get_backend(device)
    X = backend.asarray(np.ones((2, 1)))
    with pytest.raises(ValueError, match="kernel='cosine'"):
        backend.kernel_matvec(X, X, X, "cosine")
    with pytest.raises(ValueError, match="gamma"):
        backend.kernel_matvec(X, X, X, "rbf", 0.0)
