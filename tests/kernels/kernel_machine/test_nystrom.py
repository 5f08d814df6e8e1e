"""Features of centres, and the whole system: beside dense algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.kernels._kernel_machine import _full_system
from skgeom.kernels._kernel_machine._full_system import cells_of, solve_full_system
from skgeom.kernels._kernel_machine._nystrom import (
    NystromFeatures,
    independent_rows,
    inverse_root,
)
from skgeom.operators import KernelFunction
from skgeom.testing import point_clouds

CPU = get_backend("cpu")


@given(cloud=point_clouds(scales=(1.0,)))
def test_features_of_all_rows_are_the_kernel(cloud):
    cloud = cloud.astype(np.float64)
    kernel = KernelFunction("rbf", 0.5, CPU)
    features = NystromFeatures(kernel, cloud, CPU).of(cloud)
    assert_allclose(features @ features.T, kernel.values(cloud, cloud), atol=1e-6)


def test_equal_rows_are_dropped():
    K = np.array([[2.0, 2.0, 1.0], [2.0, 2.0, 1.0], [1.0, 1.0, 2.0]])
    chosen, factor = independent_rows(K)
    assert len(chosen) == 2
    assert_allclose(factor @ factor.T, K[np.ix_(chosen, chosen)])
    chosen, factor = independent_rows(np.zeros((3, 3)))
    assert_array_equal(chosen, [0])


@given(seed=st.integers(0, 2**31 - 1), n=st.integers(1, 9))
def test_roots_of_inverses(seed, n):
    A = np.random.default_rng(seed).standard_normal((n, n))
    gram = A @ A.T
    half = inverse_root(gram, 0.5)
    assert_allclose(half @ half.T @ (gram + 0.5 * np.eye(n)), np.eye(n), atol=1e-7)
    # Rounding below zero is no direction.
    half = inverse_root(-1e-9 * np.eye(n), 1e-12)
    assert_allclose(half @ half.T, 1e12 * np.eye(n))


@given(seed=st.integers(0, 2**31 - 1), size=st.integers(1, 9), n=st.integers(1, 60))
def test_cells_have_every_row_once(seed, size, n):
    points = np.random.default_rng(seed).standard_normal((n, 2)).round(1)
    cells = cells_of(points, size)
    assert max(map(len, cells)) <= size
    assert_array_equal(np.sort(np.concatenate(cells)), np.arange(n))


@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize("max_bytes", [0, 10**7])
def test_the_whole_system_is_solved(device, placed, max_bytes):
    backend, rng = get_backend(device), np.random.default_rng(0)
    X, y = rng.standard_normal((200, 3)), rng.standard_normal((200, 2))
    weights = rng.uniform(0.5, 2.0, 200)
    kernel = KernelFunction("rbf", 0.3, backend)
    points = backend.asarray(X)
    features = NystromFeatures(kernel, points[:40], backend)
    found = solve_full_system(
        kernel,
        points,
        features,
        features.chosen if placed else None,
        y,
        weights,
        0.5,
        backend,
        tol=1e-6,
        max_iter=100,
        max_bytes=max_bytes,
    )
    K = KernelFunction("rbf", 0.3, CPU).values(X, X)
    exact = np.linalg.solve(K + 0.5 * np.diag(1 / weights), y)
    assert found.residual <= 1e-6
    assert_allclose(found.coefficients, exact, atol=1e-4)
    phi = backend.to_numpy(features.of(points))
    assert_allclose(found.gram, phi.T @ (weights[:, None] * phi), atol=1e-8)
    assert_allclose(found.moments, phi.T @ (weights[:, None] * y), atol=1e-8)


def test_sums_of_a_flat_kernel_keep_what_a_small_penalty_needs():
    """Kernels of all rows are nearly equal: the sums lie within the penalty."""
    X = np.random.default_rng(0).uniform(size=(3000, 10))
    features = NystromFeatures(KernelFunction("rbf", 0.01, CPU), X[:800], CPU)
    values = _full_system._Blocks(features.kernel, X, features.centers, 0)
    gram = _full_system._whitened_gram(values, features, np.ones((3000, 1)), CPU)
    rows = features.of(X)
    assert np.abs(gram - rows.T @ rows).max() < 1e-8
