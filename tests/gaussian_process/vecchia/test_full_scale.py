"""Inducing points with Vecchia's form of what they leave: likelihood and posterior."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom import VecchiaGPRegressor
from skgeom.backends import get_backend
from skgeom.gaussian_process._vecchia._dense import dense_likelihood
from skgeom.gaussian_process._vecchia._forms import Settings
from skgeom.gaussian_process._vecchia._full_scale import FullScaleProcess
from skgeom.gaussian_process._vecchia._full_scale_likelihood import (
    FullScaleLikelihood,
    TrendColumns,
)
from skgeom.gaussian_process._vecchia._inducing import choose_inducing_points
from skgeom.gaussian_process._vecchia._parameters import KERNELS, Parameters
from skgeom.gaussian_process._vecchia._processes import ExactProcess, NeighborProcess
from skgeom.gaussian_process._vecchia._table import Table

OPTIONS = dict(
    approximation="full_scale",
    n_inducing=12,
    n_neighbors=8,
    n_neighbors_predict=12,
    random_state=0,
)


def table(n=40, d=3, n_targets=2, seed=0):
    """Rows in random order with noise each of its own."""
    rng = np.random.default_rng(seed)
    draws = rng.standard_normal((n, d)), rng.standard_normal((n, n_targets))
    return Table(*draws, rng.uniform(0.5, 2, n))


def field(n, d=2, noise=0.1, seed=0):
    """Rows of a smooth function with noise, and the function."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, d))
    f = np.sin(7 * X[:, 0]) + (X**2).sum(axis=1)
    return X, f + noise * rng.standard_normal(n), f


def likelihood(tables, rows, m, kernel, device="cpu", trend=False, n_inducing=6):
    """Of a batch of rows; near is meant in the columns as they are."""
    backend = get_backend(device)
    found = FullScaleLikelihood(tables, rows, m, kernel, trend, backend)
    found.place(np.zeros(tables[0].points.shape[1] + 2), n_inducing)
    return found


@pytest.mark.parametrize("kernel", KERNELS.values())
@given(seed=st.integers(0, 2**31))
@settings(max_examples=3)
def test_with_all_neighbors_it_is_the_dense_likelihood(device, kernel, seed):
    rows = table(seed=seed)
    theta = np.random.default_rng(seed).uniform(-0.5, 0.5, 5)
    value, gradient = likelihood([rows], np.arange(40), 39, kernel, device)(theta)
    expected, slopes = dense_likelihood(theta, *rows, kernel)
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(gradient, slopes, rtol=1e-8, atol=1e-8 * np.abs(slopes).max())


@pytest.mark.parametrize("kernel", KERNELS.values())
def test_gradients_of_a_batch(kernel):
    rows = table(60)
    other = rows._replace(factors=rows.factors[::-1])
    of = likelihood([rows, other], np.arange(20, 50), 6, kernel, trend=True)
    theta = np.array([0.2, -0.3, 0.1, 0.4, -0.7])
    told = [(of(theta + e)[0] - of(theta - e)[0]) / 2e-5 for e in 1e-5 * np.eye(5)]
    assert_allclose(of(theta)[1], told, atol=1e-7 * np.abs(told).max())


@pytest.mark.parametrize("kernel", KERNELS.values())
def test_gradients_are_those_of_torch(kernel):
    """The whole likelihood, from parameters through the inducing points."""
    torch = pytest.importorskip("torch")
    rows = table(30, n_targets=1)
    of = likelihood([rows], np.arange(10, 30), 4, kernel)
    theta = torch.tensor([0.2, -0.3, 0.1, 0.4, -0.7], dtype=torch.float64)
    theta.requires_grad_()

    def values(A, B):
        A, B = A * torch.exp(-theta[1:-1]), B * torch.exp(-theta[1:-1])
        squares = ((A[:, None] - B[None]) ** 2).sum(dim=2) + 1e-24
        reach = torch.sqrt({"matern32": 3, "matern52": 5}.get(kernel, 1) * squares)
        found = {
            "rbf": torch.exp(-squares / 2),
            "exponential": torch.exp(-reach),
            "matern32": (1 + reach) * torch.exp(-reach),
            "matern52": (1 + reach + reach**2 / 3) * torch.exp(-reach),
        }[kernel]
        return theta[0].exp() * found

    points, y = torch.as_tensor(rows.points), torch.as_tensor(rows.residuals[:, 0])
    noise = (theta[-1].exp() + 1e-8 * theta[0].exp()) * torch.as_tensor(rows.factors)
    Z, eye = torch.as_tensor(of.inducing), torch.eye(6, dtype=torch.float64)
    L = torch.linalg.cholesky(values(Z, Z) + 1e-6 * theta[0].exp() * eye)
    phi = torch.linalg.solve_triangular(L, values(Z, points), upper=False).T
    e, u, v = [], [], []
    for i, listed in zip(of.rows, of.given.neighbors, strict=True):
        c = of.given.used[listed[listed >= 0]].tolist()
        C = values(points[c], points[c]) - phi[c] @ phi[c].T + torch.diag(noise[c])
        k = values(points[c], points[i][None])[:, 0] - phi[c] @ phi[i]
        a = torch.linalg.solve(C, k)
        e.append(phi[i] - a @ phi[c])
        u.append(y[i] - a @ y[c])
        v.append(theta[0].exp() - phi[i] @ phi[i] + noise[i] - a @ k)
    e, u, v = map(torch.stack, (e, u, v))
    share = 30 / 20
    S, t = eye + share * (e / v[:, None]).T @ e, share * (e / v[:, None]).T @ u
    value = torch.log(2 * torch.pi * v).sum() + (u * u / v).sum()
    value = value + (torch.logdet(S) - t @ torch.linalg.solve(S, t)) / share
    (value / 2).backward()
    found, gradient = of(theta.detach().numpy())
    assert_allclose(found, float(value.detach()) / 2, rtol=1e-10)
    expected = theta.grad.numpy()
    assert_allclose(gradient, expected, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("kernel", ["exponential", "matern52"])
def test_with_all_neighbors_predictions_are_exact(kernel, device):
    rows, backend = table(), get_backend(device)
    parameters = Parameters(np.array([0.3, 0.1, 0.5, -0.2, -1.0]))
    options = Settings(kernel, 39, 40, None, 7, False)
    near = FullScaleProcess.given(rows, parameters, options, backend)
    exact = ExactProcess.given(rows, parameters, options, backend)
    new = np.random.default_rng(1).standard_normal((9, 3))
    for one, two in zip(
        near.posterior(new, backend), exact.posterior(new, backend), strict=True
    ):
        assert_allclose(one, two, rtol=1e-8, atol=1e-9)
    one, two = (each.covariance(new, backend) for each in (near, exact))
    assert_allclose(np.diagonal(one), np.diagonal(two), rtol=1e-8)


def test_inducing_points_are_distinct_and_no_more_than_rows():
    backend = get_backend()
    rows = np.repeat(np.arange(5.0), 4)[:, None]
    assert_array_equal(choose_inducing_points(rows, np.ones(1), 9, backend), rows[::4])
    many = np.random.default_rng(0).uniform(size=(500, 2))
    found = choose_inducing_points(many, np.ones(2), 20, backend)
    assert len(np.unique(found, axis=0)) == len(found) == 20
    # Nearer to rows than as many of these.
    squares = [
        ((many[:, None] - Z[None]) ** 2).sum(axis=2).min(axis=1).mean()
        for Z in (found, many[:20])
    ]
    assert squares[0] < 0.8 * squares[1]


def test_a_trend_goes_no_farther_than_a_range():
    trend = TrendColumns.among(np.array([[0.0], [2.0]]))
    columns = trend.of(np.array([[1.0], [9.0], [99.0]]))
    assert_array_equal(columns[1], columns[2])
    assert_allclose(columns[0, 1] / columns[1, 1], 1 / 4)


def test_points_average_over_noise_that_neighbors_cannot():
    rng, backend, n = np.random.default_rng(0), get_backend(), 600
    points = rng.uniform(size=(n + 200, 5))
    parameters = Parameters(np.log([1.0, *[0.7] * 5, 10.0]))
    K = backend.kernel_values(points / 0.7, points / 0.7, "matern52", 0.5)
    f = np.linalg.cholesky(K + 1e-8 * np.eye(len(K))) @ rng.standard_normal(n + 200)
    y = f[:n] + np.sqrt(10) * rng.standard_normal(n)
    rows = Table(points[:n], y[:, None], np.ones(n))
    options = Settings("matern52", 15, 30, None, 100, False)
    missed = []
    for form in (ExactProcess, NeighborProcess, FullScaleProcess):
        process = form.given(rows, parameters, options, backend)
        mean, _ = process.posterior(points[n:], backend)
        missed.append(np.sqrt(np.mean((mean[:, 0] - f[n:]) ** 2)))
    assert missed[2] < 1.02 * missed[0]
    assert missed[1] > 1.2 * missed[0]


def test_rows_are_predicted_independently_and_covariances_belong_to_deviations():
    X, y, _ = field(200, d=3)
    model = VecchiaGPRegressor(**OPTIONS).fit(X, y)
    assert model.approximation_ == "full_scale"
    assert model.inducing_points_.shape == (12, 3)
    assert model.inducing_points_.min() > 0
    mean, std = model.predict(X[:20], return_std=True)
    for k in (0, 19):
        alone = model.predict(X[k : k + 1], return_std=True)
        assert_allclose(alone, [mean[k : k + 1], std[k : k + 1]], rtol=1e-9)
    _, cov = model.predict(X[:20], return_cov=True)
    assert_allclose(np.diagonal(cov), std**2, rtol=1e-7)
    assert np.linalg.eigvalsh(cov).min() > 0


def test_threads_do_not_change_the_result(monkeypatch):
    from skgeom.backends._numba import _backend as _numba

    monkeypatch.setattr(_numba, "_ROWS_PER_COPY", 50)
    X, y, _ = field(300)
    one, two = (VecchiaGPRegressor(n_jobs=k, **OPTIONS).fit(X, y) for k in (1, 2))
    assert_array_equal(one.theta_, two.theta_)
    assert_array_equal(one.predict(X[:40]), two.predict(X[:40]))


def test_it_says_where_it_may_pay():
    backend = get_backend()
    options = Settings("matern52", 10, 30, None, 60, True)

    def may_pay(length, noise, d=3):
        rows = table(400, d=d, n_targets=1)
        parameters = Parameters(np.log([1.0, *[length] * d, noise]))
        return FullScaleProcess.may_pay(rows, parameters, options, backend)

    assert may_pay(3.0, 1.0)  # long, and noisy
    assert not may_pay(3.0, 1.0, d=2)
    assert not may_pay(0.02, 1.0)  # points are too few for it
    assert not may_pay(50.0, 0.1)  # near rows say it all


# --------------------------------------------------------------------------- bad input


def finite(X, y, **options):
    """A fitted model, what it says of the rows, all of it finite."""
    model = VecchiaGPRegressor(**OPTIONS | options).fit(X, y)
    for part in model.predict(X, return_std=True):
        assert np.isfinite(part).all()
    told = [v for k, v in vars(model).items() if k.endswith("_")]
    assert all(np.isfinite(v).all() for v in told if not isinstance(v, str))
    return model


def test_more_inducing_points_than_rows():
    X, y, f = field(60)
    model = finite(X, y, n_inducing=500)
    assert len(model.inducing_points_) == 60
    exact = VecchiaGPRegressor(approximation="exact").fit(X, y)
    missed = [np.sqrt(np.mean((m.predict(X) - f) ** 2)) for m in (model, exact)]
    assert missed[0] < 1.2 * missed[1]


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_units_do_not_matter(scale):
    X, y, _ = field(120)
    one = finite(X, y).predict(X[:9] + 0.02, True)
    two = finite(X * [scale, 1], y * scale).predict((X[:9] + 0.02) * [scale, 1], True)
    for a, b in zip(one, two, strict=True):
        assert_allclose(a, b / scale, rtol=1e-2)


def test_duplicates_that_disagree_are_noise():
    X = np.repeat(np.linspace(0, 1, 30)[:, None], 4, axis=0)
    y = np.tile([0.0, 0.9, 1.1, 2.0], 30)
    model = finite(X, y, n_inducing=100)
    assert len(model.inducing_points_) == 30
    assert_allclose(model.predict(X), 1.0, atol=0.1)
    assert_allclose(model.noise_variance_, y.var(), rtol=0.2)


def test_constant_columns_and_targets():
    X, y, _ = field(80)
    with_constant = np.column_stack([X[:, 0], np.full(80, 7.0), X[:, 1]])
    model = finite(with_constant, y)
    assert_allclose(model.predict(with_constant), finite(X, y).predict(X), rtol=1e-6)
    assert_allclose(model.inducing_points_[:, 1], 7.0)
    same = finite(np.ones((40, 3)), np.arange(40.0))
    assert_allclose(same.predict([[1.0] * 3]), 19.5, rtol=1e-2)
    assert_array_equal(finite(X, np.full(80, 3.0)).predict(X), 3.0)


def test_more_columns_than_rows_and_one_far_out():
    X = np.random.default_rng(0).standard_normal((25, 70))
    assert np.abs(finite(X, X[:, 0] + X[:, 1]).predict(3 * X)).max() < 50
    X, y, _ = field(80)
    X[:, 1] *= 1e-3
    X[7, 1] = 1e6
    assert np.abs(finite(X, y).predict(X) - y).max() < 3


def test_several_targets_weights_and_given_noise():
    X, y, f = field(100)
    model = finite(X, np.stack([y, 3 * f], axis=1))
    assert model.predict(X).shape == (100, 2)
    assert finite(X, y, noise=0.01).noise_variance_ == 0.01
    weights = np.where(np.arange(100) < 50, 1.0, 0.0)
    options = OPTIONS | dict(linear_trend=False)
    one = VecchiaGPRegressor(**options).fit(X, y, sample_weight=weights)
    two = VecchiaGPRegressor(**options).fit(X[:50], y[:50])
    assert_allclose(one.predict(X), two.predict(X), rtol=1e-6)
