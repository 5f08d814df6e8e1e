"""The likelihood of clusters of curves: the dense one, and its differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import block_diag
from scipy.stats import multivariate_normal
from sklearn.gaussian_process.kernels import RBF, Matern

from skgeom.gaussian_process._magma._bound import (
    Design,
    Theta,
    evidence_of_clusters,
    mean_processes,
    negative_bound,
)
from skgeom.gaussian_process._magma._covariances import KERNELS, covariance
from skgeom.gaussian_process._magma._curves import Curves, grid_of

SCIKIT = {
    "rbf": lambda lengths: RBF(lengths),
    "matern12": lambda lengths: Matern(lengths, nu=0.5),
    "matern32": lambda lengths: Matern(lengths, nu=1.5),
    "matern52": lambda lengths: Matern(lengths, nu=2.5),
}


def draw(seed, n_inputs=1, n_curves=6, n=30):
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(-1, 1, (n, n_inputs))
    inputs[3] = inputs[4]
    codes = rng.integers(0, n_curves, n)
    codes[:n_curves] = np.arange(n_curves)
    curves = Curves.of(inputs, rng.standard_normal(n), codes, n_curves)
    logs = [[0.2], rng.uniform(-1, 0, n_inputs), [-0.5], rng.uniform(-2, -1, n_inputs)]
    return curves, np.concatenate([*logs, [-1.5]]), rng


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_are_those_of_scikit_learn(kernel):
    rng = np.random.default_rng(0)
    x, z, lengths = rng.normal(size=(3, 7, 2)), rng.normal(size=(5, 2)), [0.5, 2.0]
    found = covariance(x, z, kernel, 3.0, np.array(lengths)).values
    for one, values in zip(x, found, strict=True):
        assert_allclose(values, 3.0 * SCIKIT[kernel](lengths)(one, z), rtol=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=st.integers(0, 2**31), n_inputs=st.integers(1, 2))
@settings(max_examples=6, deadline=None)
def test_the_gradient_is_that_of_differences(kernel, seed, n_inputs):
    curves, vector, rng = draw(seed, n_inputs)
    design = Design(kernel, KERNELS[seed % 4], grid_of(curves.inputs, 9, rng_of(seed)))
    shares = rng.dirichlet(np.ones(2), 6)
    shares[0] = [1, 0]
    data = curves.stacks(), shares, design
    _, gradient = negative_bound(vector, *data)
    step = 1e-5
    differences = [
        (negative_bound(vector + e, *data)[0] - negative_bound(vector - e, *data)[0])
        / (2 * step)
        for e in step * np.eye(len(vector))
    ]
    size = 1 + np.abs(differences).max()
    assert_allclose(gradient, differences, atol=1e-6 * size, rtol=0)


def rng_of(seed):
    return np.random.RandomState(seed % 2**31)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_bound_of_certain_clusters_is_their_likelihood(kernel):
    curves, vector, _ = draw(0)
    theta = Theta(vector)
    design = Design(kernel, "matern12", grid_of(curves.inputs, 99, rng_of(0)))
    labels = np.array([0, 1, 1, 0, 0, 1])
    value, _ = negative_bound(vector, curves.stacks(), np.eye(2)[labels], design)
    expected = 0.0
    for k in (0, 1):
        rows = [curves.one(i) for i in np.flatnonzero(labels == k)]
        x, y = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        K = theta.mean[0] * SCIKIT[kernel](theta.mean[1])(x)
        own = [theta.task[0] * SCIKIT["matern12"](theta.task[1])(x) for x, _ in rows]
        K += block_diag(*own) + theta.noise * np.eye(len(x))
        expected -= multivariate_normal(cov=K).logpdf(y)
    assert_allclose(value, expected, rtol=1e-4)  # jitter on the grid


def test_a_cluster_without_curves_is_as_before():
    curves, vector, _ = draw(0)
    design = Design("rbf", "rbf", grid_of(curves.inputs, 99, rng_of(0)))
    one = negative_bound(vector, curves.stacks(), np.ones((6, 1)), design)
    shares = np.column_stack([np.ones(6), np.zeros(6)])
    two = negative_bound(vector, curves.stacks(), shares, design)
    assert_allclose(two[0], one[0])
    assert_allclose(two[1], one[1])
    means = mean_processes(curves.stacks(), shares, design, Theta(vector))
    weights, covariances = means.moments
    assert_allclose(weights[1], 0.0)
    assert_allclose(covariances[1], np.eye(len(design.grid)))
    told = evidence_of_clusters(curves.stacks(), means, design, Theta(vector), 6)
    assert (told[:, 0] > told[:, 1]).any() and np.isfinite(told).all()


def test_the_grid_covers_a_line_and_its_dense_parts():
    x = np.concatenate([np.linspace(0, 1, 900), [10.0]])[:, None]
    grid = grid_of(x, 20, rng_of(0)).ravel()
    assert grid[0] == 0 and grid[-1] == 10 and len(grid) == 20
    assert 9 <= np.count_nonzero(grid < 1.01) <= 13
    assert np.diff(grid).max() < 1.5
