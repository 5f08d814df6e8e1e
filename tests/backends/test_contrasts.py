"""Rows less what neighbours say, beyond known factors: values and derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import Neighborhoods, _reference, get_backend
from skgeom.backends._kernel_products import VECCHIA_KERNELS
from skgeom.backends._numba import _backend as _numba

sizes = dict(
    n=st.integers(2, 30),
    d=st.integers(1, 5),
    m=st.integers(1, 9),
    n_factors=st.integers(0, 6),
    seed=st.integers(0, 2**31),
)
SIGNAL = 1.7


def draw(n, d, m, n_factors, seed):
    """Rows with duplicates among them, and neighbours before each, some missing."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, d))
    points[n // 2] = points[0]
    neighbors = np.full((n, m), -1)
    for i in range(n):
        k = int(rng.integers(0, min(i, m) + 1))
        neighbors[i, :k] = rng.permutation(i)[:k]
    values = rng.standard_normal((n, n_factors + 2))
    values[:, :n_factors] *= 0.02  # less than noise lets them explain
    rows = rng.permutation(n)[: max(1, n - 2)]
    noise = rng.uniform(0.1, 1, (len(rows), m + 1))
    return Neighborhoods(points, values, n_factors, noise, neighbors[rows], rows)


def on(backend, rows):
    """The same on a device."""
    points, values, n_factors, *others = rows
    points, values = map(backend.asarray, (points, values))
    return Neighborhoods(points, values, n_factors, *map(backend.asarray, others))


@pytest.mark.parametrize("kernel", VECCHIA_KERNELS)
@given(**sizes)
@settings(max_examples=15)
def test_vecchia_contrasts(device, kernel, **size):
    rows, backend = draw(**size), get_backend(device)
    expected = _reference.vecchia_contrasts(rows, kernel, SIGNAL)
    found = backend.vecchia_contrasts(on(backend, rows), kernel, SIGNAL)
    for one, two in zip(found, expected, strict=True):
        assert_allclose(backend.to_numpy(one), two, rtol=0, atol=1e-10)


def of_torch(rows, logs, factors, kernel, by_contrasts, by_variances):
    """A function of contrasts and variances that torch can differentiate."""
    import torch

    signal, noise = SIGNAL * logs[0].exp(), torch.as_tensor(rows.noise) * logs[-1].exp()
    points = torch.as_tensor(rows.points) * torch.exp(-logs[1:-1])
    rest = torch.as_tensor(rows.values[:, rows.n_factors :])
    values, total = torch.cat([factors, rest], dim=1), 0.0
    for i, (row, listed) in enumerate(zip(rows.rows, rows.neighbors, strict=True)):
        of = [*listed[listed >= 0].tolist(), int(row)]
        gaps = points[of][:, None] - points[of][None]
        squares = (gaps**2).sum(dim=2) + 1e-24
        reach = torch.sqrt({"matern32": 3, "matern52": 5}.get(kernel, 1) * squares)
        K = {
            "rbf": torch.exp(-squares / 2),
            "exponential": torch.exp(-reach),
            "matern32": (1 + reach) * torch.exp(-reach),
            "matern52": (1 + reach + reach**2 / 3) * torch.exp(-reach),
        }[kernel]
        k = len(of) - 1
        K = signal * K - factors[of] @ factors[of].T
        K = K + torch.diag(torch.cat([noise[i, :k], noise[i, -1:]]))
        weights = torch.linalg.solve(K[:k, :k], K[:k, k]) if k else K[:0, 0]
        variance = K[k, k] - weights @ K[:k, k]
        contrast = values[of[k]] - weights @ values[of[:k]]
        total = total + contrast @ by_contrasts[i] + variance * by_variances[i]
    return total


@pytest.mark.parametrize("kernel", VECCHIA_KERNELS)
@given(**sizes)
@settings(max_examples=3)
def test_gradients_are_those_of_torch(device, kernel, **size):
    torch = pytest.importorskip("torch")
    rows, backend = draw(**size), get_backend(device)
    rng = np.random.default_rng(1)
    by_contrasts = rng.standard_normal((len(rows.rows), rows.values.shape[1]))
    by_variances = rng.standard_normal(len(rows.rows))
    logs = torch.zeros(rows.points.shape[1] + 2, dtype=torch.float64)
    factors = torch.as_tensor(rows.values[:, : rows.n_factors].copy())
    logs.requires_grad_(), factors.requires_grad_()
    slopes = map(torch.as_tensor, (by_contrasts, by_variances))
    of_torch(rows, logs, factors, kernel, *slopes).backward()
    slopes = map(backend.asarray, (by_contrasts, by_variances))
    found = backend.vecchia_contrasts_gradient(
        on(backend, rows), *slopes, kernel, SIGNAL
    )
    for one, two in zip(found, (logs, factors), strict=True):
        two = np.zeros(two.shape) if two.grad is None else two.grad.numpy()
        one = backend.to_numpy(one)
        assert_allclose(one, two, rtol=0, atol=1e-8 * (1 + np.abs(two).max(initial=0)))


def test_threads_do_not_change_sums(monkeypatch):
    monkeypatch.setattr(_numba, "_SYSTEMS_PER_TASK", 7)
    monkeypatch.setattr(_numba, "_ROWS_PER_COPY", 7)
    rows = draw(30, 3, 8, 5, 0)
    one, two = (get_backend("cpu", n_jobs=k) for k in (1, 2))
    contrasts, variances, _ = one.vecchia_contrasts(rows)
    for a, b in zip(
        one.vecchia_contrasts_gradient(rows, contrasts, variances),
        two.vecchia_contrasts_gradient(rows, contrasts, variances),
        strict=True,
    ):
        assert_array_equal(a, b)


def test_no_rows(device):
    backend = get_backend(device)
    rows = on(backend, draw(9, 2, 3, 2, 0)).of(slice(0, 0))
    contrasts, variances, weights = backend.vecchia_contrasts(rows)
    assert contrasts.shape == (0, 4)
    assert weights.shape == (0, 3)
    for part in backend.vecchia_contrasts_gradient(rows, contrasts, variances):
        assert not np.abs(backend.to_numpy(part)).any()


def test_unknown_kernels_are_refused(device):
    backend = get_backend(device)
    rows = on(backend, draw(9, 2, 3, 2, 0))
    with pytest.raises(ValueError, match="kernel='laplacian' must be one of"):
        backend.vecchia_contrasts(rows, "laplacian")
