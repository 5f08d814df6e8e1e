"""Classes by Gaussian process regression: targets, probabilities, bad input."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma, polygamma
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skgeom import VecchiaGPClassifier
from skgeom.backends import get_backend
from skgeom.gaussian_process._vecchia._dirichlet import (
    class_probabilities,
    dirichlet_targets,
)
from skgeom.gaussian_process._vecchia._forms import Settings
from skgeom.gaussian_process._vecchia._processes import ExactProcess

OPTIONS = dict(n_inducing=12, n_neighbors=8, n_neighbors_predict=15, random_state=0)


def three(n=150, seed=0):
    """Rows of three overlapping classes in the plane."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    centers = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    return centers[y] + 0.7 * rng.standard_normal((n, 2)), y


# --------------------------------------------------------------- targets, probabilities


def test_targets_have_the_moments_of_gamma_variables():
    targets, variances = dirichlet_targets(np.array([0, 1, 1]), 2, 0.05)
    alpha = np.array([[1.05, 0.05], [0.05, 1.05], [0.05, 1.05]])
    # Their exponentials have the mean and the variance of gamma variables.
    means = np.exp(targets + variances / 2)
    assert_allclose(means, alpha)
    assert_allclose(means**2 * np.expm1(variances), alpha)
    # The logs roughly so, where the class is the row's.
    assert_allclose(targets[0, 0], digamma(1.05), atol=0.3)
    assert_allclose(variances[0, 0], polygamma(1, 1.05), atol=1.0)


@given(seed=st.integers(0, 2**31), k=st.integers(2, 4))
@settings(max_examples=5)
def test_probabilities_are_mean_shares(seed, k):
    rng = np.random.default_rng(seed)
    means, variances = 2 * rng.standard_normal((3, k)), rng.uniform(0, 3, (3, k))
    found = class_probabilities(means, variances)
    draws = means + np.sqrt(variances) * rng.standard_normal((20_000, 3, k))
    shares = np.exp(draws - draws.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    assert_allclose(found, shares.mean(axis=0), atol=0.015)
    assert_allclose(found.sum(axis=1), 1.0)


def test_probabilities_of_extremes_are_numbers():
    for k in (2, 3):
        means = np.array([[800.0] + [-800.0] * (k - 1), [0.0] * k])
        found = class_probabilities(means, np.array([[0.0] * k, [1e12] * k]))
        assert_allclose(found[0, 0], 1.0)
        assert np.isfinite(found).all()
        assert found.min() >= 0


# ---------------------------------------------------------------------------- estimator


def test_two_classes_that_overlap():
    X, y = make_moons(300, noise=0.3, random_state=0)
    model = VecchiaGPClassifier().fit(X[:200], y[:200])
    assert model.approximation_ == "exact"
    told = model.predict_proba(X[200:])
    assert log_loss(y[200:], told) < 0.3
    # What it was chosen by is what it is for other rows.
    assert_allclose(model.log_loss_, log_loss(y[200:], told), atol=0.1)
    assert_array_equal(model.predict(X[200:]), told.argmax(axis=1))


def test_losses_of_rows_left_out_are_those_of_models_without_them():
    X, y = three(40)
    model = VecchiaGPClassifier(alpha_epsilon=0.01).fit(X, y)
    classes, k, backend = model._process, 7, get_backend()
    options = Settings("matern52", 30, 150, None, 200, False)
    others = [
        ExactProcess.given(
            process.table.of(np.arange(40) != k), process.parameters, options, backend
        )
        for process in classes.processes
    ]
    row = classes.processes[0].table.points[k : k + 1]
    expected = classes._replace(processes=others).probabilities(row, backend)
    assert_allclose(classes.left_out()[k], expected[0], rtol=1e-5)


def test_epsilon_is_the_one_of_the_least_loss():
    X, y = three()
    model = VecchiaGPClassifier().fit(X, y)
    losses = {}
    for epsilon in (0.001, 0.003, 0.01, 0.03, 0.1):
        fixed = VecchiaGPClassifier(alpha_epsilon=epsilon).fit(X, y)
        assert fixed.alpha_epsilon_ == epsilon
        assert np.isnan(fixed.log_loss_)
        told = fixed._process.left_out()
        codes = np.array([t.residuals[:, 0] for t in _tables(fixed)]).argmax(axis=0)
        losses[epsilon] = log_loss(codes, told)
    assert model.alpha_epsilon_ == min(losses, key=losses.get)
    assert_allclose(model.log_loss_, min(losses.values()), rtol=1e-2)


def _tables(model):
    return [process.table for process in model._process.processes]


@pytest.mark.parametrize("ard", [False, True])
def test_the_forms_agree(ard):
    X, y = three(180)
    options = dict(alpha_epsilon=0.01, ard=ard, random_state=0)
    exact = VecchiaGPClassifier(approximation="exact", **options).fit(X, y)
    near = VecchiaGPClassifier(
        approximation="full_scale", n_inducing=60, n_neighbors=30, **options
    ).fit(X, y)
    new = X + 0.05
    assert_allclose(near.predict_proba(new), exact.predict_proba(new), atol=0.03)


def test_rows_are_told_independently_and_by_threads_alike():
    X, y = three(200)
    options = OPTIONS | dict(approximation="full_scale", alpha_epsilon=0.01)
    one, two = (VecchiaGPClassifier(n_jobs=k, **options).fit(X, y) for k in (1, 2))
    assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    assert_allclose(one.predict_proba(X)[7:8], one.predict_proba(X[7:8]), rtol=1e-9)
    again = pickle.loads(pickle.dumps(one))
    assert_array_equal(one.predict_proba(X), again.predict_proba(X))


def test_far_rows_are_uncertain():
    X, y = three()
    told = VecchiaGPClassifier().fit(X, y).predict_proba([[1e6, -1e6]])
    assert_allclose(told, 1 / 3, atol=0.02)


def test_irrelevant_columns_have_long_scales():
    X, y = three(240)
    X = np.column_stack([X, np.random.default_rng(1).standard_normal((240, 2))])
    model = VecchiaGPClassifier(ard=True).fit(X, y)
    assert model.length_scale_[2:].min() > model.length_scale_[:2].max()


def test_progress_is_told(monkeypatch):
    X, y = three(60)
    calls = []

    def progress(self, steps, measure):
        def after(step, value):
            calls.append(step)
            return step >= 2

        after.close = lambda: calls.append("closed")
        return after

    monkeypatch.setattr(VecchiaGPClassifier, "_progress", progress)
    for approximation in ("exact", "full_scale"):
        calls.clear()
        options = OPTIONS | dict(approximation=approximation, tol=0)
        VecchiaGPClassifier(alpha_epsilon=0.01, **options).fit(X, y)
        assert calls[0] == 1
        assert calls[-1] == "closed"


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("approximation", ["exact", "full_scale"])
class TestBadInput:
    """Every table has an answer of probabilities, or an error that says why not."""

    def fit(self, approximation, X, y):
        model = VecchiaGPClassifier(approximation=approximation, **OPTIONS).fit(X, y)
        told = model.predict_proba(X)
        assert np.isfinite(told).all()
        assert told.min() >= 0
        assert_allclose(told.sum(axis=1), 1.0)
        return model

    def test_one_class_is_refused(self, approximation):
        with pytest.raises(ValueError, match="at least two classes; y has one class"):
            self.fit(approximation, np.eye(4), ["a"] * 4)

    def test_text(self, approximation):
        X, y = three(60)
        names = np.array(["ham", "eggs", "spam"])
        model = self.fit(approximation, X, names[y])
        assert_array_equal(model.classes_, ["eggs", "ham", "spam"])
        assert np.mean(model.predict(X) == names[y]) > 0.8

    def test_classes_of_one_row(self, approximation):
        X, y = three(60)
        y[:2] = 3, 4
        model = self.fit(approximation, X, y)
        assert len(model.classes_) == 5

    def test_two_rows(self, approximation):
        model = self.fit(approximation, np.array([[0.0], [1.0]]), [0, 1])
        assert_array_equal(model.predict([[0.0], [1.0]]), [0, 1])

    def test_rows_of_both_classes(self, approximation):
        X = np.repeat(np.linspace(0, 1, 20)[:, None], 4, axis=0)
        told = self.fit(approximation, X, np.tile([0, 1, 1, 1], 20)).predict_proba(X)
        # Copies are one row of their sum: a third of the noise, not three rows.
        assert_allclose(told[:, 1], 0.7, atol=0.15)

    def test_constant_columns(self, approximation):
        X, y = three(60)
        more = np.column_stack([X, np.full(60, 7.0)])
        one, two = self.fit(approximation, X, y), self.fit(approximation, more, y)
        assert_allclose(one.predict_proba(X), two.predict_proba(more), rtol=1e-6)
        assert two.length_scale_[2] > 1e30
        same = self.fit(approximation, np.ones((40, 2)), np.arange(40) % 4 == 0)
        assert_allclose(same.predict_proba([[1.0, 1.0]])[0, 1], 0.25, atol=0.15)

    @pytest.mark.parametrize("scale", [1e-100, 1e100])
    def test_scales(self, approximation, scale):
        X, y = three(60)
        one, two = self.fit(approximation, X, y), self.fit(approximation, X * scale, y)
        assert_allclose(one.predict_proba(X), two.predict_proba(X * scale), atol=1e-4)

    def test_steps_that_do_not_suffice(self, approximation):
        X, y = three(60)
        options = OPTIONS | dict(approximation=approximation, max_iter=1, tol=0)
        with pytest.warns(ConvergenceWarning, match="max_iter=1"):
            VecchiaGPClassifier(alpha_epsilon=0.1, **options).fit(X, y)

    def test_columns_of_another_table(self, approximation):
        X, y = three(60)
        with pytest.raises(ValueError, match="features"):
            self.fit(approximation, X, y).predict(X[:, :1])


@pytest.mark.parametrize("options", [dict(alpha_epsilon=0.0), dict(n_inducing=0)])
def test_parameters_out_of_range(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        VecchiaGPClassifier(**options).fit(*three(30))


def test_numbers_are_no_classes():
    with pytest.raises(ValueError, match="Unknown label type"):
        VecchiaGPClassifier().fit(np.eye(3), [0.1, 0.7, 0.3])
