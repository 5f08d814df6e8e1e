"""Gaussian rows given their neighbours: every backend, and the exact likelihood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import _reference, get_backend
from skgeom.backends._kernel_products import VECCHIA_KERNELS
from skgeom.backends._numba import _backend as _numba

sizes = dict(
    n=st.integers(2, 30),
    d=st.integers(1, 5),
    m=st.integers(1, 9),
    n_targets=st.integers(1, 3),
    seed=st.integers(0, 2**31),
)


def draw(n, d, m, n_targets, seed):
    """Rows with duplicates among them, and neighbours before each, some missing."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, d))
    points[n // 2] = points[0]
    neighbors = np.full((n, m), -1)
    for i in range(n):
        k = int(rng.integers(0, min(i, m) + 1))
        neighbors[i, :k] = rng.permutation(i)[:k]
    targets, noise = rng.standard_normal((n, n_targets)), rng.uniform(0.05, 1, n)
    rows = rng.permutation(n)[: max(1, n - 2)]
    return points, targets, noise, neighbors[rows], rows


@pytest.mark.parametrize("kernel", VECCHIA_KERNELS)
@given(**sizes)
@settings(max_examples=25)
def test_vecchia_likelihood(device, kernel, **size):
    data = draw(**size)
    backend = get_backend(device)
    expected = _reference.vecchia_likelihood(*data, kernel, 1.7)
    found = backend.vecchia_likelihood(*map(backend.asarray, data), kernel, 1.7)
    for one, two in zip(found, expected, strict=True):
        one = backend.to_numpy(one)
        assert np.shape(one) == np.shape(two)
        assert_allclose(one, two, rtol=0, atol=1e-9 * (1 + np.abs(two).max()))


@pytest.mark.parametrize("kernel", VECCHIA_KERNELS)
@given(**sizes)
@settings(max_examples=25)
def test_kriging_weights(device, kernel, **size):
    points, _, noise, neighbors, rows = draw(**size)
    backend = get_backend(device)
    queries = points[rows] + np.random.default_rng(0).uniform(0, 1, points[rows].shape)
    data = points, queries, noise[neighbors], neighbors
    expected = _reference.kriging_weights(*data, kernel, 1.7)
    found = backend.kriging_weights(*map(backend.asarray, data), kernel, 1.7)
    for one, two in zip(found, expected, strict=True):
        assert_allclose(backend.to_numpy(one), two, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kernel", VECCHIA_KERNELS)
def test_with_all_rows_before_it_is_the_joint_likelihood(device, kernel):
    rng = np.random.default_rng(0)
    n, backend = 25, get_backend(device)
    points, targets = rng.standard_normal((n, 2)), rng.standard_normal((n, 1))
    noise = rng.uniform(0.1, 1, n)
    neighbors = np.where(np.tri(n, n - 1, -1) > 0, np.arange(n - 1), -1)
    data = points, targets, noise, neighbors, np.arange(n)
    found = backend.vecchia_likelihood(*map(backend.asarray, data), kernel)
    value, gradient, fisher = map(backend.to_numpy, found)
    K, derivatives = _reference._covariances(points, noise, kernel, 1.0)
    inverse = np.linalg.inv(K)
    expected = targets[:, 0] @ inverse @ targets[:, 0]
    expected = (expected + np.linalg.slogdet(2 * np.pi * K)[1]) / 2
    assert_allclose(value, expected, rtol=1e-8)
    scaled = inverse @ derivatives
    exact = np.einsum("pij,qji", scaled, scaled) / 2
    assert_allclose(fisher, exact, rtol=0, atol=1e-6 * np.abs(exact).max())

    def at(log):
        moved = points / np.exp(log[1:-1]), targets, noise * np.exp(log[-1])
        moved = map(backend.asarray, (*moved, neighbors, np.arange(n)))
        found = backend.vecchia_likelihood(*moved, kernel, float(np.exp(log[0])))
        return float(found[0])

    told = [(at(1e-5 * e) - at(-1e-5 * e)) / 2e-5 for e in np.eye(4)]
    assert_allclose(gradient, told, rtol=0, atol=1e-6 * np.abs(told).max())


@given(**sizes)
@settings(max_examples=25)
def test_neighbor_solve(device, **size):
    *_, neighbors, rows = draw(**size)
    neighbors = neighbors[np.argsort(rows)]
    neighbors[neighbors >= np.arange(len(rows))[:, None]] = -1
    neighbors = -np.sort(-neighbors, axis=1)  # none after all others
    rng = np.random.default_rng(0)
    weights, B = (
        rng.uniform(-1, 1, neighbors.shape),
        rng.standard_normal((len(rows), 3)),
    )
    backend = get_backend(device)
    data = backend.asarray(neighbors), backend.asarray(weights)
    factor, dense = (
        of.neighbor_factor(*parts)
        for of, parts in ((backend, data), (_reference, (neighbors, weights)))
    )
    for columns in (1, 3):
        for transposed in (False, True):
            there = backend.asarray(B[:, :columns])
            found = backend.neighbor_solve(factor, there, transposed)
            expected = _reference.neighbor_solve(dense, B[:, :columns], transposed)
            scale = 1 + np.abs(expected).max()
            assert_allclose(
                backend.to_numpy(found), expected, rtol=0, atol=1e-9 * scale
            )
            assert_array_equal(backend.to_numpy(there), B[:, :columns])


def test_threads_do_not_change_solutions():
    rng = np.random.default_rng(0)
    neighbors = np.where(np.tri(200, 5, -1) > 0, rng.integers(0, 200, (200, 5)), -1)
    neighbors[neighbors >= np.arange(200)[:, None]] = -1
    neighbors = -np.sort(-neighbors, axis=1)
    weights, B = rng.uniform(-0.3, 0.3, (200, 5)), rng.standard_normal((200, 40))
    found = []
    for k in (1, 2):
        backend = get_backend("cpu", n_jobs=k)
        factor = backend.neighbor_factor(neighbors, weights)
        for dtype in (np.float64, np.float32):
            solved = backend.neighbor_solve(factor, B.astype(dtype), transposed=True)
            assert solved.dtype == dtype
            found.append(solved)
    assert_array_equal(found[0], found[2])
    assert_array_equal(found[1], found[3])


def test_threads_do_not_change_sums(monkeypatch):
    monkeypatch.setattr(_numba, "_SYSTEMS_PER_TASK", 7)
    data = draw(30, 3, 8, 2, 0)
    one, two = (get_backend("cpu", n_jobs=k).vecchia_likelihood(*data) for k in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert_array_equal(a, b)


def test_no_rows(device):
    backend = get_backend(device)
    points, targets, noise, neighbors, rows = map(backend.asarray, draw(9, 2, 3, 1, 0))
    found = backend.vecchia_likelihood(points, targets, noise, neighbors[:0], rows[:0])
    assert not any(np.abs(backend.to_numpy(backend.xp.asarray(f))).any() for f in found)
    weights, _ = backend.kriging_weights(
        points, points[:0], targets[:0, [0] * 3], neighbors[:0]
    )
    assert weights.shape == (0, 3)


def test_unknown_kernels_are_refused(device):
    backend = get_backend(device)
    data = [*map(backend.asarray, draw(9, 2, 3, 1, 0))]
    with pytest.raises(ValueError, match="kernel='laplacian' must be one of"):
        backend.vecchia_likelihood(*data, "laplacian")
