"""Labels predicted from others: closed forms against refitting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from skgeom.nodes._held_out import (
    N_FOLDS,
    held_out_fifths,
    leave_one_out,
    means_of_others,
)


def problem(seed, n=12, n_columns=2):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, 5))
    return Z, Z @ Z.T, rng.standard_normal((n, n_columns)), rng.uniform(0.5, 3.0, n)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_leaving_one_out_is_fitting_without_it(seed):
    _, K, y, weights = problem(seed)
    alphas = np.array([0.1, 2.0])
    found = leave_one_out(K, y, weights, alphas)
    for a, alpha in enumerate(alphas):
        for i in range(len(K)):
            rest = np.arange(len(K)) != i
            mean = np.average(y[rest], axis=0, weights=weights[rest])
            model = KernelRidge(alpha=alpha, kernel="precomputed")
            model.fit(K[np.ix_(rest, rest)], y[rest] - mean, weights[rest])
            assert_allclose(found[a, i], model.predict(K[[i]][:, rest])[0], atol=1e-7)


@pytest.mark.parametrize("place", [0, 5, 11])
def test_the_mean_of_others_is_theirs_beside_one_that_outweighs_all(place):
    _, _, y, weights = problem(0)
    weights[place] = 1e20
    found = means_of_others(y, weights)
    for i in range(12):
        rest = np.arange(12) != i
        expected = np.average(y[rest], axis=0, weights=weights[rest])
        assert_allclose(found[i], expected, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_with_a_free_mean_it_is_linear_ridge_with_an_intercept(seed):
    Z, K, y, _ = problem(seed)
    found = leave_one_out(K, y, np.ones(12), np.array([0.7]), free_mean=True)[0]
    for i in range(12):
        rest = np.arange(12) != i
        model = Ridge(0.7).fit(Z[rest], y[rest])
        expected = model.predict(Z[[i]])[0] - y[rest].mean(axis=0)
        assert_allclose(found[i], expected, atol=1e-7)


@pytest.mark.parametrize("n_folds", [1, 3, N_FOLDS])
def test_fifths_are_what_refitting_gives(n_folds):
    _, K, y, weights = problem(0, n=60)
    alphas = np.array([0.3, 5.0])
    places, means, found = held_out_fifths(lambda V: K @ V, y, weights, alphas, n_folds)
    assert len(np.unique(places)) == len(places) == 12 * n_folds
    for i in range(n_folds):
        part = slice(12 * i, 12 * i + 12)
        rest = np.setdiff1d(np.arange(60), places[part])
        mean = np.average(y[rest], axis=0, weights=weights[rest])
        assert_allclose(means[part], np.tile(mean, (12, 1)))
        for a, alpha in enumerate(alphas):
            model = KernelRidge(alpha=alpha, kernel="precomputed")
            model.fit(K[np.ix_(rest, rest)], y[rest] - mean, weights[rest])
            expected = model.predict(K[np.ix_(places[part], rest)])
            assert_allclose(found[a, part], expected, atol=1e-6)
