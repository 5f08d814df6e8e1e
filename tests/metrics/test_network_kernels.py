"""Kernels of wide networks: beside random networks, and at infinite depth."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_moons
from sklearn.neighbors import KNeighborsClassifier

from skgeom.metrics.pairwise import nngp_kernel, ntk_kernel

RNG = np.random.default_rng(0)
X, Z = RNG.standard_normal((5, 3)), RNG.standard_normal((4, 3))


@pytest.mark.parametrize("n_layers", [1, 3])
def test_random_networks_have_this_covariance(n_layers):
    """A network of width 1,000, and the product of gradients by all of its weights."""
    rng, width = np.random.default_rng(1), 1000
    covariance, tangent = 0.0, 0.0
    for _ in range(30):
        h = X @ rng.normal(0, np.sqrt(2.0 / 3), (3, width))
        h = h + rng.normal(0, 0.1**0.5, width)
        theta = 2.0 / 3 * X @ X.T + 0.1
        for layer in range(n_layers):
            a = np.maximum(h, 0)
            last = layer == n_layers - 1
            W = rng.normal(0, np.sqrt(2.0 / width), (width, 1 if last else width))
            slope = 2.0 * ((h > 0).astype(float) @ (h > 0).T.astype(float)) / width
            theta = theta * slope + 2.0 * a @ a.T / width + 0.1
            h = a @ W + rng.normal(0, 0.1**0.5, W.shape[1])
        covariance = covariance + (2.0 * a @ a.T / width + 0.1) / 30
        tangent = tangent + theta / 30
    assert_allclose(nngp_kernel(X, n_layers=n_layers), covariance, rtol=0.04, atol=0.02)
    assert_allclose(ntk_kernel(X, n_layers=n_layers), tangent, rtol=0.04, atol=0.02)


@pytest.mark.parametrize("kernel", [nngp_kernel, ntk_kernel])
def test_they_are_kernels(kernel):
    K = kernel(np.vstack([X, Z]))
    assert_allclose(K, K.T)
    assert np.linalg.eigvalsh(K)[0] > -1e-9
    assert_allclose(kernel(X, Z), K[:5, 5:], atol=1e-7)
    # Without biases, kernels of the angle times lengths.
    free = dict(bias_variance=0.0)
    assert_allclose(kernel(2 * X, 3 * Z, **free), 6 * kernel(X, Z, **free))
    assert_allclose(kernel(np.zeros((1, 3)), X, **free), 0.0, atol=1e-12)
    assert kernel(X.astype(np.float32)).dtype == np.float32


def test_deep_ones_forget_the_rows():
    """At infinite depth covariances of all pairs are alike; sizes stay."""
    K = nngp_kernel(X, n_layers=2000, bias_variance=0.0)
    size = np.sqrt(np.diagonal(K))
    assert_allclose(K / np.outer(size, size), 1.0, atol=1e-2)
    assert_allclose(np.diagonal(K), 2 / 3 * (X**2).sum(axis=1), rtol=1e-6)
    # Tangent kernels grow by a term a layer for a row and itself, a quarter between.
    T = ntk_kernel(X, n_layers=2000, bias_variance=0.0)
    T = T / np.outer(size, size)
    assert_allclose(np.diagonal(T), 2001.0, rtol=1e-6)
    assert_allclose(T[0, 1:] / 2001, 0.25, atol=0.02)


def test_deep_narrow_angles_are_nearest_neighbours():
    """Of rows on a sphere, high powers of the kernel vote as the nearest row does."""
    rows, y = make_moons(200, noise=0.05, random_state=0)
    rows = np.column_stack([rows, np.ones(200)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    nearest = KNeighborsClassifier(1).fit(rows[:100], y[:100]).predict(rows[100:])
    free = dict(bias_variance=0.0, n_layers=1, weight_variance=2.0)
    vote = (nngp_kernel(rows[100:], rows[:100], **free) * 3 / 2) ** 20_000
    found = vote @ (2 * y[:100] - 1) > 0
    assert np.mean(found == nearest) > 0.98


def test_bad_input():
    with pytest.raises(ValueError, match="n_layers"):
        nngp_kernel(X, n_layers=0)
    with pytest.raises(ValueError, match="weight_variance"):
        ntk_kernel(X, weight_variance=0.0)
    with pytest.raises(ValueError, match="dimension"):
        ntk_kernel(X, X[:, :2])
