"""Gaussian processes: the exact likelihood, rows given near ones, bad input."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import approx_fprime
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

from skgeom import VecchiaGPRegressor
from skgeom.backends import get_backend
from skgeom.gaussian_process._vecchia._forms import Settings

KERNELS = {
    "matern12": lambda length: Matern(length, nu=0.5),
    "matern32": lambda length: Matern(length, nu=1.5),
    "matern52": lambda length: Matern(length, nu=2.5),
    "rbf": RBF,
}


def field(n, d=2, noise=0.1, seed=0):
    """Rows of a smooth function with noise, and the function."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, d))
    f = np.sin(7 * X[:, 0]) + (X**2).sum(axis=1)
    return X, f + noise * rng.standard_normal(n), f


def all_neighbors(X, y, kernel, **options):
    """The form of neighbours, with all rows as neighbours."""
    n = len(X)
    sizes = dict(n_neighbors=n - 1, n_neighbors_predict=n, max_iter=60, tol=1e9)
    return VecchiaGPRegressor(
        kernel, approximation="response", random_state=0, **sizes, **options
    ).fit(X, y)


# ---------------------------------------------------------------------- the likelihood


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=st.integers(0, 2**31), n_targets=st.integers(1, 3))
@settings(max_examples=2)
def test_with_all_neighbors_it_is_the_dense_likelihood(kernel, seed, n_targets):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((40, 3)), rng.standard_normal((40, n_targets))
    model = all_neighbors(X, y, kernel, linear_trend=False)
    theta = rng.uniform(-1, 1, 5)
    value, gradient = model.log_marginal_likelihood(theta, eval_gradient=True)
    covariance = np.exp(theta[0]) * KERNELS[kernel](np.exp(theta[1:-1]))(X)
    covariance += np.exp(theta[-1]) * np.eye(40)
    Z = (y - y.mean(axis=0)) / model.y_scale_
    expected = -0.5 * (Z * np.linalg.solve(covariance, Z)).sum()
    expected -= n_targets / 2 * np.linalg.slogdet(2 * np.pi * covariance)[1]
    expected -= 40 * np.log(model.y_scale_).sum()
    assert_allclose(value, expected, rtol=1e-7)  # 1e-8 of the signal is added
    exact = VecchiaGPRegressor(kernel, linear_trend=False).fit(X, y)
    exact_value, exact_gradient = exact.log_marginal_likelihood(theta, True)
    assert_allclose(value, exact_value, rtol=1e-10)
    assert_allclose(gradient, exact_gradient, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("approximation", ["exact", "response"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_gradients_are_those_of_finite_differences(kernel, approximation):
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((30, 2)), rng.standard_normal(30)
    model = VecchiaGPRegressor(
        kernel, approximation=approximation, n_neighbors=6, random_state=0
    ).fit(X, y, sample_weight=rng.uniform(0.5, 2, 30))
    theta = np.array([0.3, -0.2, 0.4, -1.0])
    # Steps of the lengths are alike: the neighbours stay.
    _, gradient = model.log_marginal_likelihood(theta, eval_gradient=True)
    told = approx_fprime(theta, model.log_marginal_likelihood, 1e-6)
    assert_allclose(gradient, told, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kernel", ["matern12", "matern52"])
def test_the_exact_optimum_is_that_of_scikit_learn(kernel):
    X, y, _ = field(80, noise=0.3)
    model = VecchiaGPRegressor(kernel, linear_trend=False, ard=True).fit(X, y)
    assert model.approximation_ == "exact"
    spread = X.std(axis=0)
    prior = ConstantKernel() * KERNELS[kernel](np.ones(2)) + WhiteKernel()
    peer = GaussianProcessRegressor(prior, normalize_y=True).fit(X / spread, y)
    told = peer.log_marginal_likelihood_value_ - 80 * np.log(y.std())
    assert model.log_marginal_likelihood_value_ >= told - 1e-3 * abs(told)
    assert_allclose(model.log_marginal_likelihood(), told, rtol=1e-3)
    new = X[:9] + 0.01
    mean, std = model.predict(new, return_std=True)
    expected, expected_std = peer.predict(new / spread, return_std=True)
    assert_allclose(mean, expected, atol=0.01)
    assert_allclose(std, expected_std, rtol=0.02)


def test_what_is_told_belongs_together():
    X, y, _ = field(100)
    for shift in (0.0, 1e3):
        model = VecchiaGPRegressor().fit(X * [1, 100], 5 * y + shift)
        assert_allclose(
            model.log_marginal_likelihood(),
            model.log_marginal_likelihood_value_,
            rtol=1e-9,
        )
        assert_allclose(np.exp(model.theta_[1:-1]), model.length_scale_)
        squared = model.y_scale_**2
        assert_allclose(np.exp(model.theta_[0]) * squared, model.signal_variance_)
        assert_allclose(
            np.exp(model.theta_[-1]) * squared, model.noise_variance_, rtol=1e-4
        )
    with pytest.raises(ValueError, match="theta must hold 4"):
        model.log_marginal_likelihood([0.0])


# ------------------------------------------------------------------------- predictions


@pytest.mark.parametrize("kernel", ["matern12", "rbf"])
def test_with_all_neighbors_predictions_are_exact(kernel):
    X, y, _ = field(60, d=3)
    near = all_neighbors(X, y, kernel)
    exact = VecchiaGPRegressor(kernel, max_iter=1, approximation="exact")
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        exact.fit(X, y)
    # The same hyper-parameters for both.
    near, exact = near._process, exact._process
    settings = Settings(exact.kernel, 1, 1, None)
    exact = type(exact).given(exact.table, near.parameters, settings, None)
    new, cpu = np.random.default_rng(1).uniform(size=(7, 3)), get_backend("cpu")
    for one, two in zip(
        near.posterior(new, cpu), exact.posterior(new, cpu), strict=True
    ):
        assert_allclose(one, two, rtol=1e-6)
    one, two = (process.covariance(new, cpu) for process in (near, exact))
    assert_allclose(one, two, atol=1e-7 * np.abs(two).max())


@pytest.mark.parametrize("approximation", ["exact", "response", "latent"])
@pytest.mark.parametrize("n_targets", [None, 2])
def test_covariances_have_the_squared_deviations_on_their_diagonal(
    approximation, n_targets
):
    X, y, f = field(80)
    y = y if n_targets is None else np.stack([y, 3 * f], axis=1)
    model = VecchiaGPRegressor(
        approximation=approximation,
        n_neighbors=10,
        n_neighbors_predict=20,
        random_state=0,
    ).fit(X, y)
    new = np.random.default_rng(1).uniform(size=(6, 2))
    mean, std = model.predict(new, return_std=True)
    again, cov = model.predict(new, return_cov=True)
    assert_array_equal(mean, again)
    assert_allclose(np.einsum("ii...->i...", cov), std**2, rtol=1e-9)
    flat = cov.reshape(6, 6, -1)
    for k in range(flat.shape[2]):
        assert np.linalg.eigvalsh(flat[:, :, k]).min() > 0
    draws = model.sample_y(new, 2000, random_state=0)
    assert draws.shape == (*mean.shape, 2000)
    assert_allclose(draws.mean(axis=-1), mean, atol=0.1 * std.max())
    assert_allclose(draws.std(axis=-1), std, rtol=0.1)
    with pytest.raises(ValueError, match="one of return_std and return_cov"):
        model.predict(new, return_std=True, return_cov=True)


def test_neighbors_find_the_field_and_say_how_well():
    X, y, f = field(2000, noise=0.5)
    model = VecchiaGPRegressor(
        approximation="response", batch_size=800, random_state=0
    ).fit(X[:1500], y[:1500])
    mean, std = model.predict(X[1500:], return_std=True)
    assert np.sqrt(np.mean((mean - f[1500:]) ** 2)) < 0.1
    assert 0.92 < np.mean(np.abs(y[1500:] - mean) < 1.96 * std) < 0.98
    assert_allclose(model.noise_variance_, 0.25, rtol=0.15)


def test_rows_are_predicted_independently_of_each_other():
    X, y, _ = field(500, d=10)
    model = VecchiaGPRegressor(
        approximation="response",
        batch_size=200,
        n_neighbors=8,
        n_neighbors_predict=15,
        random_state=0,
    ).fit(X, y)
    together = model.predict(X[:50], return_std=True)
    for k in (0, 20, 49):
        alone = model.predict(X[k : k + 1], return_std=True)
        for one, two in zip(alone, together, strict=True):
            assert_allclose(one[0], two[k], rtol=1e-12)


def test_predictions_are_continuous():
    """Also where neighbours change, as across a hole."""
    X, y, _ = field(3000, noise=0.5)
    X, y = (part[((X - 0.5) ** 2).sum(axis=1) > 0.04] for part in (X, y))
    model = VecchiaGPRegressor(
        approximation="response",
        batch_size=500,
        n_neighbors=10,
        n_neighbors_predict=30,
        random_state=0,
    ).fit(X, y)
    way = np.stack([np.linspace(0, 1, 4000), np.full(4000, 0.5)], axis=1)
    for k, part in enumerate(model.predict(way, return_std=True)):
        steps = np.abs(np.diff(part))
        # The steepest places get smooth when one looks closer.
        for at in np.argsort(steps)[-3:]:
            part_of_way = np.linspace(0, 1, 400)[:, None]
            close = way[at] + part_of_way * (way[at + 1] - way[at])
            finer = np.abs(np.diff(model.predict(close, return_std=True)[k]))
            assert finer.max() < 0.1 * steps[at]


def test_threads_do_not_change_the_result():
    X, y, _ = field(1200)
    options = dict(batch_size=520, n_neighbors=10, random_state=0)
    one, two = (VecchiaGPRegressor(n_jobs=k, **options).fit(X, y) for k in (1, 2))
    assert_array_equal(one.theta_, two.theta_)
    assert_array_equal(one.predict(X[:40]), two.predict(X[:40]))


def test_a_model_survives_a_pickle():
    X, y, _ = field(100)
    model = VecchiaGPRegressor().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))


# -------------------------------------------------------------------- parameters, laws


@given(seed=st.integers(0, 2**31))
@settings(max_examples=2)
def test_rows_may_come_in_any_order(seed):
    X, y, _ = field(30)
    order = np.random.default_rng(seed).permutation(30)
    one = VecchiaGPRegressor().fit(X, y)
    two = VecchiaGPRegressor().fit(X[order], y[order])
    assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.parametrize("scale", [1e-100, 1e100])
@pytest.mark.parametrize("approximation", ["exact", "response", "latent"])
def test_units_do_not_matter(scale, approximation):
    X, y, _ = field(120)
    options = dict(approximation=approximation, n_neighbors=10, random_state=0)
    one = VecchiaGPRegressor(**options).fit(X, y).predict(X[:9] + 0.02, True)
    other = VecchiaGPRegressor(**options).fit(X * [scale, 1], y * scale)
    two = other.predict((X[:9] + 0.02) * [scale, 1], True)
    for a, b in zip(one, two, strict=True):
        # The latent form's systems are solved to some tolerance.
        atol = 1e-4 * (approximation == "latent")
        assert_allclose(a, b / scale, rtol=1e-3, atol=atol)


def test_one_length_scale_is_of_the_columns_as_they_come():
    X, y, _ = field(150, noise=0.2)
    model = VecchiaGPRegressor(ard=False, linear_trend=False).fit(X * [1, 10], y)
    assert_allclose(model.length_scale_[0], model.length_scale_[1])
    prior = ConstantKernel() * Matern(1.0, nu=2.5) + WhiteKernel()
    peer = GaussianProcessRegressor(prior, normalize_y=True, n_restarts_optimizer=2)
    peer.set_params(random_state=0).fit(X * [1, 10], y)
    told = peer.log_marginal_likelihood_value_ - 150 * np.log(y.std())
    assert model.log_marginal_likelihood_value_ >= told - 1e-3 * abs(told)


@pytest.mark.parametrize("approximation", ["exact", "response", "latent"])
def test_noise_may_be_given(approximation):
    X, y, _ = field(120, noise=0.3)
    options = dict(approximation=approximation, n_neighbors=10, random_state=0)
    model = VecchiaGPRegressor(noise=0.09, **options).fit(X, y)
    assert model.noise_variance_ == 0.09
    y2 = np.stack([y, 10 * y], axis=1)
    both = VecchiaGPRegressor(noise=0.09, **options).fit(X, y2)
    assert_array_equal(both.noise_variance_, [0.09, 0.09])
    exact = VecchiaGPRegressor(noise=0, **options).fit(X[:50], y[:50])
    assert_allclose(exact.predict(X[:50]), y[:50], atol=1e-3)


def test_weights_are_inverse_noise():
    X, _, f = field(240)
    rng = np.random.default_rng(0)
    deviation = np.where(np.arange(240) < 120, 0.05, 1.0)
    y = f + deviation * rng.standard_normal(240)
    weighted = VecchiaGPRegressor().fit(X, y, sample_weight=deviation**-2)
    plain = VecchiaGPRegressor().fit(X, y)
    missed = [np.mean((m.predict(X) - f) ** 2) for m in (weighted, plain)]
    assert missed[0] < 0.3 * missed[1]
    assert_allclose(weighted.noise_variance_, 1.0, rtol=0.3)


def test_far_rows_have_the_trend_and_all_of_the_variance():
    X, y, _ = field(150)
    model = VecchiaGPRegressor().fit(X, y)
    trend = np.array([[1.5, 1.5]]) @ model.coef_ + model.intercept_
    far = np.array([[1.5, 1.5]]) + 0 * X[:1]
    model_far, std = model.predict(np.array([[900.0, 900.0]]), return_std=True)
    assert_allclose(std**2, model.signal_variance_ + model.noise_variance_, rtol=1e-6)
    # A range beyond the rows the trend stays what it is there.
    assert np.abs(model_far - trend) < 2 * np.abs(model.coef_).sum()
    assert np.isfinite(model.predict(far)).all()


def test_progress_is_told(monkeypatch):
    X, y, _ = field(100)
    calls = []

    def progress(self, steps, measure):
        def after(step, value):
            calls.append((step, value))
            return len(calls) >= 3

        after.close = lambda: calls.append("closed")
        return after

    monkeypatch.setattr(VecchiaGPRegressor, "_progress", progress)
    for approximation in ("exact", "response"):
        calls.clear()
        model = VecchiaGPRegressor(approximation=approximation, n_neighbors=5, tol=0)
        model.fit(X, y)
        assert calls[-1] == "closed"
        assert model.n_iter_ == 3


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("approximation", ["exact", "response", "latent"])
class TestBadInput:
    """Every table has an answer that is finite, or an error that says why not."""

    def fit(self, approximation, X, y, **options):
        options = dict(n_neighbors=8, n_neighbors_predict=12, random_state=0) | options
        model = VecchiaGPRegressor(approximation=approximation, **options).fit(X, y)
        for part in model.predict(X, return_std=True):
            assert np.isfinite(part).all()
        told = [v for k, v in vars(model).items() if k.endswith("_")]
        assert all(np.isfinite(v).all() for v in told if not isinstance(v, str))
        return model

    def test_copies_are_one_row(self, approximation):
        X, y, _ = field(60)
        one = self.fit(approximation, X, y)
        two = self.fit(approximation, np.tile(X, (3, 1)), np.tile(y, 3))
        assert_allclose(two.predict(X), one.predict(X), atol=1e-5)
        assert_allclose(two.noise_variance_, 3 * one.noise_variance_, rtol=1e-3)

    def test_duplicates_that_disagree_are_noise(self, approximation):
        X = np.repeat(np.linspace(0, 1, 30)[:, None], 4, axis=0)
        y = np.tile([0.0, 0.9, 1.1, 2.0], 30)
        model = self.fit(approximation, X, y)
        assert_allclose(model.predict(X), 1.0, atol=0.1)
        assert_allclose(model.noise_variance_, y.var(), rtol=0.2)

    def test_constant_columns_count_for_nothing(self, approximation):
        X, y, _ = field(80)
        with_constant = np.column_stack([X[:, 0], np.full(80, 7.0), X[:, 1]])
        model = self.fit(approximation, with_constant, y)
        plain = self.fit(approximation, X, y)
        assert_allclose(model.predict(with_constant), plain.predict(X), rtol=1e-6)
        assert model.coef_[1] == 0
        assert model.length_scale_[1] > 1e30

    def test_all_columns_constant(self, approximation):
        y = np.arange(40.0)
        model = self.fit(approximation, np.ones((40, 3)), y)
        assert_allclose(model.predict(np.ones((1, 3))), y.mean(), rtol=1e-2)

    def test_a_constant_target(self, approximation):
        X, _, _ = field(50)
        model = self.fit(approximation, X, np.full(50, 3.0))
        mean, std = model.predict(X + 1, return_std=True)
        assert_allclose(mean, 3.0)
        assert_array_equal(std, 0.0)
        assert model.signal_variance_ == model.noise_variance_ == 0

    def test_more_columns_than_rows(self, approximation):
        X = np.random.default_rng(0).standard_normal((25, 70))
        model = self.fit(approximation, X, X[:, 0] + X[:, 1])
        assert np.abs(model.predict(3 * X)).max() < 50

    def test_nothing_but_noise(self, approximation):
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((150, 4)), rng.standard_normal(150)
        mean, std = self.fit(approximation, X, y).predict(
            rng.standard_normal((200, 4)), return_std=True
        )
        assert mean.std() < 0.4
        assert_allclose(std, 1.0, atol=0.3)

    def test_no_noise(self, approximation):
        X, _, f = field(120)
        model = self.fit(approximation, X, f)
        assert_allclose(model.predict(X), f, atol=0.02)
        assert model.noise_variance_ < 1e-3

    def test_one_row_far_out(self, approximation):
        """Columns of small spread beside one row, twice the same: least squares
        makes their difference of next to nothing, and much of it elsewhere."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((120, 3))
        X[:, 1:] *= 1e-3
        X[7, 1:] = 40.0
        y = X[:, 0] + 0.1 * rng.standard_normal(120)
        model = self.fit(approximation, X, y)
        new = np.array([[0.3, 40.0, 0.0], [0.3, 1e6, -1e6], [0.3, 0.0, 0.0]])
        assert np.abs(model.predict(new)).max() < 5

    def test_two_rows(self, approximation):
        model = self.fit(approximation, [[0.0], [1.0]], [0.0, 1.0])
        assert 0 <= model.predict([[0.5]])[0] <= 1


@pytest.mark.parametrize(
    ("X", "y", "options", "told"),
    [
        ([[0.0]], [1.0], {}, "minimum of 2"),
        ([[0.0], [np.nan]], [1.0, 2.0], {}, "NaN"),
        ([[0.0], [1.0]], [1.0, np.inf], {}, "y contains infinity"),
        ([[0.0], [1.0]], [1.0, 1e200], {}, "scale it"),
        ([[0.0], [1.0]], None, {}, "requires y"),
        ([[0.0], [1.0]], [1.0, 2.0], {"noise": -1.0}, "noise"),
        ([[0.0], [1.0]], [1.0, 2.0], {"kernel": "matern72"}, "kernel"),
    ],
)
def test_errors_say_what_is_wrong(X, y, options, told):
    with pytest.raises(ValueError, match=told):
        VecchiaGPRegressor(**options).fit(X, y)


def test_weights_of_one_row_are_refused():
    with pytest.raises(ValueError, match="all rows but one"):
        VecchiaGPRegressor().fit([[0.0], [1.0]], [0.0, 1.0], sample_weight=[1, 0])


def test_too_many_rows_for_the_whole_matrix_are_refused():
    X = np.arange(10_001.0)[:, None]
    with pytest.raises(ValueError, match="10001 x 10001"):
        VecchiaGPRegressor(approximation="exact").fit(X, X[:, 0])
