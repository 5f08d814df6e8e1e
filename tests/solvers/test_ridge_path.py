import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.backends import get_backend
from skgeom.solvers import ridge_path


@given(seed=st.integers(0, 2**31 - 1), n=st.integers(2, 8))
def test_errors_are_those_of_leaving_out_one(seed, n):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n))
    K, Y = A @ A.T, rng.standard_normal((n, 2))
    weights = rng.uniform(0.5, 2.0, n)
    alphas = [0.1, 1.0, 10.0]
    found = ridge_path(np, K, Y, weights, alphas)
    for alpha, a, error in zip(alphas, found.duals, found.errors, strict=True):
        assert_allclose((K + alpha * np.diag(1 / weights)) @ a, Y, atol=1e-8)
        missed = 0.0
        for i in range(n):
            rest = np.delete(np.arange(n), i)
            ridge = alpha * np.diag(1 / weights[rest])
            b = np.linalg.solve(K[np.ix_(rest, rest)] + ridge, Y[rest])
            missed += weights[i] * ((K[i, rest] @ b - Y[i]) ** 2).sum()
        assert_allclose(error, missed / weights.sum(), rtol=1e-6)


def test_devices_agree(device):
    backend = get_backend(device)
    rng = np.random.default_rng(0)
    A = rng.standard_normal((30, 10))
    arrays = A @ A.T, rng.standard_normal((30, 3)), rng.uniform(0.5, 2.0, 30)
    here = ridge_path(np, *arrays, [0.1, 1.0])
    there = ridge_path(backend.xp, *map(backend.asarray, arrays), [0.1, 1.0])
    assert_allclose(there.errors, here.errors, rtol=1e-8)
    for one, two in zip(there.duals, here.duals, strict=True):
        assert_allclose(backend.to_numpy(one), two, atol=1e-8)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_noise_asks_for_a_larger_penalty(noise):
    rng = np.random.default_rng(1)
    x = np.linspace(0, 6, 80)
    K = np.exp(-((x[:, None] - x[None]) ** 2))
    y = np.sin(x) + noise * rng.standard_normal(80)
    alphas = np.logspace(-6, 3, 10)
    best = alphas[ridge_path(np, K, y[:, None], np.ones(80), alphas).errors.argmin()]
    assert best < 1e-3 if noise == 0 else best > 0.1
