"""Weights for targets whose law has shifted, against the true ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn import config_context
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from skgeom import TargetShiftReweighter
from skgeom.sample_selection._target_shift._bin_weights import (
    likelihood_weights,
    quantile_bins,
)


def shifted(seed=0, n=500, d=3, mean=0.8, sd=0.6):
    rng = np.random.default_rng(seed)
    y, y_new = rng.normal(size=n), mean + sd * rng.normal(size=n)
    slopes = 1 + np.arange(d)
    X, X_new = (t[:, None] * slopes + rng.normal(size=(n, d)) for t in (y, y_new))
    return X, y, X_new, y_new


METHODS = ["likelihood", "integral"]


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_near_the_true_ones(method):
    X, y, X_new, y_new = shifted()
    model = TargetShiftReweighter(method, random_state=0).fit(X, y, X_target=X_new)
    true = norm.pdf(y, 0.8, 0.6) / norm.pdf(y)
    true /= true.mean()
    error = np.sqrt(np.mean((model.sample_weight_ - true) ** 2))
    assert error < 0.4 < 0.9 < np.sqrt(np.mean((true - 1) ** 2))
    assert_allclose(model.sample_weight_.mean(), 1)
    assert_array_equal(model.weight(y), model.sample_weight_)
    for power in (1, 2):
        moved = np.average(y**power, weights=model.sample_weight_)
        assert abs(moved - np.mean(y_new**power)) < 0.25
    assert_allclose(model.target_shares_.sum(), 1)
    shares = np.bincount(quantile_bins(y, 12)[0]) / len(y)
    assert_allclose(model.source_shares_, shares)
    assert 1 < model.effective_size_ < len(y)


@pytest.mark.parametrize("method", METHODS)
def test_without_a_shift_weights_are_near_one(method):
    X, y, X_new, _ = shifted(mean=0.0, sd=1.0)
    model = TargetShiftReweighter(method, random_state=0).fit(X, y, X_target=X_new)
    assert np.abs(model.sample_weight_ - 1).mean() < 0.25


def test_two_peaks_are_seen():
    rng = np.random.default_rng(1)
    y = rng.normal(size=800)
    y_new = rng.choice([-1.2, 1.0], 800) + 0.3 * rng.normal(size=800)
    X, X_new = (t[:, None] + 0.3 * rng.normal(size=(800, 4)) for t in (y, y_new))
    model = TargetShiftReweighter().fit(X, y, X_target=X_new)
    at = model.weight([-1.2, 0.0, 1.0])
    assert at[0] > 1.3 and at[1] < 0.5 and at[2] > 1.3


@pytest.mark.parametrize("method", METHODS)
def test_rows_without_a_target_are_of_the_target_sample(method):
    X, y, X_new, _ = shifted(n=200)
    apart = TargetShiftReweighter(method, random_state=0).fit(X, y, X_target=X_new)
    both = np.concatenate([X_new, X]), np.concatenate([np.full(200, np.nan), y])
    together = TargetShiftReweighter(method, random_state=0).fit(*both)
    assert_array_equal(together.sample_weight_[:200], 0)
    assert_allclose(together.sample_weight_[200:], apart.sample_weight_)
    some = np.concatenate([X, X_new[:50]]), np.concatenate([y, np.full(50, np.nan)])
    third = TargetShiftReweighter(method, random_state=0)
    third.fit(*some, X_target=X_new[50:])
    assert_allclose(third.sample_weight_[:200], apart.sample_weight_, rtol=1e-6)


def rounds(P, shares, n_rounds=20_000):
    """Expectation and maximisation, as the paper has it."""
    q = shares.copy()
    for _ in range(n_rounds):
        member = P * (q / shares)
        q = (member / member.sum(axis=1, keepdims=True)).mean(axis=0)
    return q / shares


@given(st.integers(0, 10**6), st.integers(2, 5))
@settings(max_examples=15, deadline=None)
def test_without_penalty_likelihood_is_what_rounds_climb(seed, K):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(K, 5.0))
    P = np.eye(K)[rng.choice(K, 60, p=rng.dirichlet(np.full(K, 3.0)))]
    P = 0.7 * P + 0.3 * rng.dirichlet(np.full(K, 5.0), 60)
    found = likelihood_weights(P, shares, 0.0)
    assert_allclose(shares @ found, 1)
    best = rounds(P, shares, 2000)
    value = [np.log(P @ w).mean() for w in (found, best)]
    assert value[0] > value[1] - 1e-5


def test_a_large_penalty_leaves_a_log_quadratic_curve():
    rng = np.random.default_rng(2)
    P = rng.dirichlet(np.ones(8), 100)
    w = likelihood_weights(P, np.full(8, 1 / 8), 1e6)
    assert_allclose(np.diff(np.log(w), 3), 0, atol=1e-3)


def test_any_classifier_and_the_weights_help_a_regression():
    X, y, X_new, y_new = shifted(3, n=800, d=2)
    X[:, 1] = np.abs(y) + 0.3 * np.random.default_rng(0).normal(size=800)
    X_new[:, 1] = np.abs(y_new) + 0.3 * np.random.default_rng(1).normal(size=800)
    plain = LinearRegression().fit(X, y)
    forest = RandomForestClassifier(50, min_samples_leaf=5, random_state=0)
    for classifier in (None, GaussianNB(), forest):
        model = TargetShiftReweighter(classifier=classifier)
        weights = model.fit(X, y, X_target=X_new).sample_weight_
        weighted = LinearRegression().fit(X, y, sample_weight=weights)
        errors = [np.mean((m.predict(X_new) - y_new) ** 2) for m in (weighted, plain)]
        assert errors[0] < 0.95 * errors[1]
        if classifier is not None:
            assert type(model.classifier_) is type(classifier)
            assert not hasattr(classifier, "classes_")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_scales_do_not_count(method, scale):
    X, y, X_new, _ = shifted(n=150)
    expected = TargetShiftReweighter(method, random_state=0).fit(X, y, X_target=X_new)
    found = TargetShiftReweighter(method, random_state=0).fit(
        X * scale, y * scale, X_target=X_new * scale
    )
    assert_allclose(found.sample_weight_, expected.sample_weight_, rtol=1e-2, atol=1e-2)
    assert_allclose(found.knots_, expected.knots_ * scale)


@pytest.mark.parametrize("method", METHODS)
def test_what_tells_nothing_of_a_shift(method):
    X, y, X_new, _ = shifted(n=60)
    alone = TargetShiftReweighter(method).fit(X, y)
    assert alone.effective_size_ == 60
    assert_array_equal(alone.sample_weight_, 1)
    with pytest.warns(UserWarning, match="equal, or too few"):
        flat = TargetShiftReweighter(method).fit(X, np.ones(60), X_target=X_new)
    assert_array_equal(flat.sample_weight_, 1)
    with pytest.warns(UserWarning, match="equal, or too few"):
        TargetShiftReweighter(method).fit(X[:1], y[:1], X_target=X_new)
    constant = TargetShiftReweighter(method, random_state=0)
    constant.fit(np.ones((60, 2)), y, X_target=np.ones((30, 2)))
    assert_allclose(constant.sample_weight_, 1, atol=0.05)
    few = TargetShiftReweighter(method, n_bins=1000, random_state=0)
    assert len(few.fit(X, y, X_target=X_new[:1]).knots_) == 12
    ties = TargetShiftReweighter(method).fit(X, np.round(y), X_target=X_new)
    assert 2 <= len(ties.knots_) <= len(np.unique(np.round(y)))
    assert_array_equal(ties.knots_, np.round(ties.knots_))
    doubled = TargetShiftReweighter(method, random_state=0).fit(
        np.tile(X, (2, 1)), np.tile(y, 2), X_target=np.tile(X_new, (2, 1))
    )
    assert np.isfinite(doubled.sample_weight_).all()


def test_what_cannot_be_weighed_is_refused():
    X, y, X_new, _ = shifted(n=40)
    model = TargetShiftReweighter()
    with pytest.raises(ValueError, match="features"):
        model.fit(X, y, X_target=X_new[:, :2])
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, y, X_target=np.where(X_new > 0, np.nan, X_new))
    with pytest.raises(ValueError, match="infinity"):
        model.fit(X, np.where(y > 1, np.inf, y), X_target=X_new)
    with pytest.raises(ValueError, match="no labelled row"):
        model.fit(X, np.full(40, np.nan), X_target=X_new)
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(X, y[:9], X_target=X_new)
    for parameters in ({"method": "em"}, {"n_bins": 1}, {"alpha": -1.0}):
        with pytest.raises(ValueError, match=next(iter(parameters))):
            TargetShiftReweighter(**parameters).fit(X, y, X_target=X_new)
    with pytest.raises(ValueError, match="y contains NaN"):
        model.fit(X, y, X_target=X_new).weight([0.0, np.nan])


def test_weights_go_through_a_search_and_its_scores():
    X, y, X_new, _ = shifted(n=200)
    weights = TargetShiftReweighter().fit(X, y, X_target=X_new).sample_weight_
    with config_context(enable_metadata_routing=True):
        model = Ridge().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"alpha": [0.1, 10.0]}, cv=3)
        search.fit(X, y, sample_weight=weights)
    best = Ridge(**search.best_params_).fit(X, y, sample_weight=weights)
    assert_allclose(search.best_estimator_.coef_, best.coef_)


def test_weights_are_continuous_and_constant_outside():
    X, y, X_new, _ = shifted(n=200)
    model = TargetShiftReweighter().fit(X, y, X_target=X_new)
    line = np.linspace(-4, 4, 4001)
    w = model.weight(line)
    assert np.abs(np.diff(w)).max() < 0.05
    assert w[0] == w[line < model.knots_[0]].max() and w[-1] == w[-2]
    assert_allclose(model.weight(model.knots_), model.knot_weights_)
