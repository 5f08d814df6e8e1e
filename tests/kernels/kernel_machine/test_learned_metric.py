"""Metrics from gradients: their formula, what they find, and when they are left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom import KernelRegressor
from skgeom.backends import get_backend
from skgeom.kernels._kernel_machine._kernel_choice import KernelChoice
from skgeom.kernels._kernel_machine._learned_metric import MetricRound, next_metric
from skgeom.kernels._point_values import kernel_slopes
from skgeom.operators import KernelFunction
from skgeom.solvers import average_gradient_outer_product

CPU = get_backend("cpu")
KERNELS = ("rbf", "exponential", "matern32", "matern52")


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=st.integers(0, 2**31 - 1), n_targets=st.integers(1, 3))
def test_gradients_are_those_of_differences(kernel, seed, n_targets):
    rng = np.random.default_rng(seed)
    Z, c = rng.standard_normal((7, 3)), rng.standard_normal((7, n_targets))
    x, k = rng.standard_normal((4, 3)), KernelFunction(kernel, 0.3, CPU)
    squares = ((x[:, None] - Z) ** 2).sum(axis=2)
    slopes = kernel_slopes(np, squares, kernel, 0.3)
    weights = rng.uniform(0.1, 1, 4)
    found = average_gradient_outer_product(np, x, Z, c, slopes, weights)
    gradients = np.empty((4, 3, n_targets))
    for i in range(3):
        step = 1e-5 * np.eye(3)[i]
        gradients[:, i] = (k.values(x + step, Z) - k.values(x - step, Z)) @ c / 2e-5
    expected = np.einsum("n,nit,njt->ij", weights / weights.sum(), gradients, gradients)
    assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["full", "diagonal"])
def test_metrics_have_the_trace_of_none(form):
    rng = np.random.default_rng(0)
    points, dual = rng.standard_normal((30, 4)), rng.standard_normal((30, 1))
    last = MetricRound(
        np.eye(4), KernelChoice("exponential", 0.5, 1.0, 0.0, dual, dual)
    )
    matrix = next_metric(points, np.ones(30), last, form, CPU)
    assert np.trace(matrix @ matrix.T) == pytest.approx(4)
    # Of a function that does not change there is none: the metric stays.
    still = last._replace(choice=last.choice._replace(dual=0 * dual))
    assert_allclose(next_metric(points, np.ones(30), still, form, CPU), np.eye(4))


def test_directions_are_found():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 8))
    direction = np.array([3.0, -4.0, 0, 0, 0, 0, 0, 0]) / 5
    y = np.sin(2 * X @ direction)
    model = KernelRegressor(metric="agop", random_state=0).fit(X, y)
    values, vectors = np.linalg.eigh(model.metric_)
    assert values[-1] > 20 * values[-2]
    assert abs(vectors[:, -1] @ direction) > 0.99
    assert_allclose(model.feature_importances_[:2], [0.36, 0.64], atol=0.05)
    by_columns = KernelRegressor(metric="agop_diagonal", random_state=0).fit(X, y)
    off = by_columns.metric_ - np.diag(np.diagonal(by_columns.metric_))
    assert not off.any()
    new = rng.standard_normal((300, 8))
    truth = np.sin(2 * new @ direction)
    plain = KernelRegressor(random_state=0).fit(X, y).score(new, truth)
    assert model.score(new, truth) > 0.99
    assert plain < by_columns.score(new, truth) < model.score(new, truth)


def test_units_of_columns_do_not_matter():
    rng = np.random.default_rng(1)
    X, scale = rng.uniform(size=(150, 5)), np.array([1e3, 1.0, 1e-4, 10.0, 1e6])
    y = np.sin(6 * X[:, 0]) + X[:, 1] + 0.1 * rng.standard_normal(150)
    options = dict(kernel="rbf", metric="agop_diagonal", random_state=0)
    one = KernelRegressor(**options).fit(X[:100], y[:100])
    two = KernelRegressor(**options).fit(X[:100] * scale, y[:100])
    assert_allclose(two.feature_importances_, one.feature_importances_, atol=1e-8)
    assert_allclose(two.predict(X[100:] * scale), one.predict(X[100:]), atol=1e-6)
    # Distances are what the attribute says.
    M = two.metric_
    gap = (X[0] - X[1]) * scale
    K = np.exp(-two.gamma_ * (gap @ M @ gap))
    there = (two._chart.place(X[[i]] * scale, CPU) for i in (0, 1))
    assert KernelFunction("rbf", two.gamma_, CPU).values(*there)[0, 0] == pytest.approx(
        K
    )


def test_noise_teaches_no_metric():
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((200, 6)), rng.standard_normal(200)
    learned = KernelRegressor(metric="agop", random_state=0).fit(X, y)
    new = rng.standard_normal((500, 6))
    assert np.std(learned.predict(new)) < 0.3
    assert_allclose(learned.feature_importances_.sum(), 1.0)


@pytest.mark.parametrize("solver", ["cg", "nystrom", "falkon"])
def test_every_solver_takes_a_metric(solver):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((300, 5))
    y = np.sin(2 * X[:, 0])
    model = KernelRegressor(
        "rbf", metric="agop_full", solver=solver, n_centers=150, random_state=0
    )
    assert model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.98
