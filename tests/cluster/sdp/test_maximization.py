"""Expectation-maximisation by products, and what rows that are left out say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

from skgeom.cluster._sdp import _maximization
from skgeom.cluster._sdp._likely import most_likely_mixture
from skgeom.cluster._sdp._maximization import (
    Fit,
    Products,
    clearly_positive,
    climb,
    left_out,
)
from skgeom.cluster._sdp._mixture import Mixture, fit_mixture, lent_points

kinds = pytest.mark.parametrize("kind", ["spherical", "diag", "tied", "full"])


def some(n=60, p=3, n_clusters=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ rng.standard_normal((p, p))
    shares = rng.dirichlet(np.ones(n_clusters), n)
    return X - X.mean(axis=0), shares


@kinds
@pytest.mark.parametrize("wide", [False, True])
def test_products_are_the_mixture(monkeypatch, kind, wide):
    if wide:  # as if there were too many columns
        monkeypatch.setattr(_maximization, "_MAX_ENTRIES", 0)
    X, shares = some()
    products = Products(X, kind)
    found, expected = products.estimate(shares, True), fit_mixture(X, shares, kind)
    for one, other in zip(found[1:], expected[1:], strict=True):
        assert_allclose(one, other, rtol=1e-8, atol=1e-12)
    densities = expected.log_densities(X)
    assert_allclose(products.log_densities(found), densities.T, rtol=1e-7)
    fit = Fit.of(products, expected)
    assert_allclose(fit.likelihood, logsumexp(densities, axis=1).sum())
    assert_allclose(fit.shares.sum(axis=1), 1.0)
    assert_array_equal(fit.labels, densities.argmax(axis=1))


@kinds
def test_without_help_they_are_those_of_scikit_learn(kind):
    X, shares = some(200)
    model = GaussianMixture(3, covariance_type=kind, reg_covar=1e-9)
    model._initialize(X, shares)
    found = Products(X, kind).estimate(shares, False)
    assert_allclose(found.covariances, model.covariances_, rtol=1e-5)
    assert_allclose(np.exp(found.log_weights), model.weights_)
    assert_allclose(found.means, model.means_)


@kinds
def test_climbing_raises_the_likelihood(kind):
    X, shares = some(200)
    products, values = Products(X, kind), []
    for n_iter in range(1, 6):
        values.append(climb(products, shares, False, n_iter, 0.0).likelihood)
    assert (np.diff(values) > 0).all()


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
@pytest.mark.parametrize("prior", [False, True])
def test_left_out_is_as_if_the_row_were_not_there(kind, prior):
    X, shares = some(30)
    p = X.shape[1]
    products = Products(X, kind)
    found = left_out(products, climb(products, shares, prior, 1, 0.0))
    fit = Fit.of(products, products.estimate(shares, prior), prior)
    shares = fit.shares
    fit = Fit(products.estimate(shares, prior), shares, 0.0, prior)
    found = left_out(products, fit)
    common = _common(X, shares, kind)
    lent = lent_points(kind, p) if prior else 0.0
    for i in range(0, 30, 7):
        rest, r = np.delete(X, i, axis=0), np.delete(shares, i, axis=0)
        sizes = r.sum(axis=0)
        means = (r.T @ rest) / sizes[:, None]
        scatter = _scatter(rest, r, means, kind)
        degrees = (np.maximum(sizes - 1, 0) + lent) if prior else sizes
        shape = (-1, *[1] * (scatter.ndim - 1))
        covariances = (scatter + lent * common) / degrees.reshape(shape)
        mixture = Mixture(kind, np.log(sizes / 29), means, covariances)
        expected = logsumexp(mixture.log_densities(X[i : i + 1]))
        # The floor of variances, and nothing else, is not in the formula.
        assert_allclose(found[i], expected, rtol=1e-4)


def _scatter(X, shares, means, kind):
    centred = X - means[:, None]
    if kind == "full":
        return np.einsum("ik,kij,kil->kjl", shares, centred, centred)
    squares = np.einsum("ik,kij->kj", shares, centred**2)
    return squares.mean(axis=1) if kind == "spherical" else squares


def _common(X, shares, kind):
    sizes = shares.sum(axis=0)
    means = (shares.T @ X) / sizes[:, None]
    return _scatter(X, shares, means, kind).sum(axis=0) / (len(X) - len(sizes))


def test_a_row_without_which_nothing_is_left():
    X = np.array([[-1.0], [1.0], [50.0]])
    shares = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    products = Products(X, "full")
    fit = Fit(products.estimate(shares, False), shares, 0.0, False)
    assert left_out(products, fit)[2] < -100


def test_better_is_more_than_chance_and_more_than_nothing():
    noise = np.random.default_rng(0).standard_normal(1000)
    noise -= noise.mean()
    assert clearly_positive(noise + 0.1)
    assert not clearly_positive(noise + 0.02)  # less than an error
    assert not clearly_positive(1e-3 * noise + 0.005)
    assert not clearly_positive(-noise - 0.1)
    assert clearly_positive(np.append(noise, np.inf))
    assert not clearly_positive(np.append(noise, -np.inf))


@kinds
@pytest.mark.parametrize("seed", range(2))
def test_as_likely_as_the_mixture_of_scikit_learn(kind, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, 300)
    X = 2 * rng.standard_normal((4, 2))[y] + rng.standard_normal((300, 2))
    X -= X.mean(axis=0)
    theirs = GaussianMixture(4, covariance_type=kind, n_init=10, random_state=seed)
    starts = [rng.integers(0, 4, 300)]
    fit, _ = most_likely_mixture(
        X, X, starts, 4, kind, np.random.RandomState(0), seed, n_init=1, backend=None
    )
    assert fit.likelihood / 300 >= theirs.fit(X).score(X)
