"""The probability of clusters, each point left out of its own."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from scipy.stats import multivariate_normal

from skgeom.cluster._sdp._posterior import (
    _moments,
    leave_one_out_memberships,
    predictive_memberships,
    predictive_mixture,
)


def centred(X):
    return X - X.mean(axis=0)


def by_definition(points, labels, n_clusters):
    """Point by point: take it away, and evaluate the predictive density at it."""
    n, p = points.shape
    sizes = np.bincount(labels, minlength=n_clusters)
    parts = [points[labels == k] for k in range(n_clusters)]
    centers = np.array([x.mean(axis=0) if len(x) else np.zeros(p) for x in parts])
    scatters = [((x - c) ** 2).sum() for x, c in zip(parts, centers, strict=True)]
    common = sum(scatters) / (p * (n - n_clusters))
    variances = (np.array(scatters) / p + common) / np.maximum(sizes, 1)
    between = (sizes * (centers**2).sum(axis=1)).sum()
    between -= p * ((1 - sizes / n) * variances).sum()
    prior = max(between / (p * max(n - (sizes**2).sum() / n, 1)), 1e-9 * common)
    logs = np.empty((n, n_clusters))
    for i in range(n):
        others, clusters = np.delete(points, i, axis=0), np.delete(labels, i)
        for k in range(n_clusters):
            members = others[clusters == k]
            size, mean = len(members), others.mean(axis=0)
            center = members.mean(axis=0) if size else mean
            scatter = ((members - center) ** 2).sum()
            variance = (scatter / p + common) / max(size, 1)
            weight = size * prior / (size * prior + variance)
            logs[i, k] = np.log(size + 1) + multivariate_normal.logpdf(
                points[i],
                mean + weight * (center - mean),
                (variance + (1 - weight) * prior) * np.eye(p),
            )
    return softmax(logs, axis=1)


@given(
    n=st.integers(12, 24),
    p=st.integers(2, 6),
    n_clusters=st.integers(1, 4),
    seed=st.integers(0, 999),
)
@settings(max_examples=30)
def test_one_step_is_the_predictive_density(n, p, n_clusters, seed):
    rng = np.random.default_rng(seed)
    # Most in one cluster, so that others are empty, or of one point.
    labels = np.maximum(rng.integers(-8, n_clusters, n), 0)
    X = centred(3 * np.eye(4, p)[labels] + rng.standard_normal((n, p)))
    found = predictive_memberships(X, np.eye(n_clusters)[labels], p)
    # Sums of squares less sums of squares: a few digits are lost.
    assert_allclose(found, by_definition(X, labels, n_clusters), atol=1e-8)


@given(n=st.integers(2, 7), seed=st.integers(0, 999))
def test_squared_sums_are_their_expectations(n, seed):
    rng = np.random.default_rng(seed)
    X, r = rng.standard_normal((n, 3)), rng.random(n)
    shares = np.column_stack([r, 1 - r])
    own = (X * X).sum(axis=1, keepdims=True)
    norms = _moments(X, shares, own, shares * (1 - shares) * own)[2]
    expected = np.zeros(2)
    for z in itertools.product((0, 1), repeat=n):
        z = np.array(z)
        probability = np.where(z == 0, r, 1 - r).prod()
        for k in range(2):
            expected[k] += probability * (X[z == k].sum(axis=0) ** 2).sum()
    assert_allclose(norms, expected)


@given(seed=st.integers(0, 999), scale=st.sampled_from([1e-20, 1e-3, 1e6, 1e20]))
@settings(max_examples=20)
def test_turning_and_scaling_change_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    y = np.arange(30) % 3
    X = centred(4 * np.eye(3, 50)[y] + rng.standard_normal((30, 50)))
    left, sizes, _ = np.linalg.svd(X, full_matrices=False)
    expected = leave_one_out_memberships(X, y, 3, 50)
    found = leave_one_out_memberships(scale * left * sizes, y, 3, 50)
    assert_allclose(found, expected, atol=1e-6)


def test_memberships_agree_with_themselves(mixture):
    X, y = mixture(150, 60, 5, 4.0)
    shares = leave_one_out_memberships(centred(X), y, 5, 60)
    assert_allclose(shares.sum(axis=1), 1.0)
    assert shares.max(axis=1).min() < 0.9  # there is doubt
    assert_allclose(predictive_memberships(centred(X), shares, 60), shares, atol=2e-3)


@pytest.mark.parametrize("p", [2000, 5000])
def test_no_cluster_swallows_the_others(mixture, agreement, p):
    """Without the expected squares of sums one of them ended with all points."""
    X, y = mixture(200, p, 4, 5.5 * (p / 2000) ** 0.25)
    shares = leave_one_out_memberships(centred(X), y, 4, p)
    assert agreement(shares.argmax(axis=1), y) > 0.9


def test_probabilities_are_frequencies(mixture, agreement):
    """Of points that seem to be 90 % sure, one in ten is wrong."""
    expected, wrong = 0.0, 0.0
    for seed in range(5):
        X, y = mixture(300, 600, 6, 4.4, seed)
        shares = leave_one_out_memberships(centred(X), y, 6, 600)
        expected += 1 - shares.max(axis=1).mean()
        wrong += 1 - agreement(shares.argmax(axis=1), y)
    assert wrong > 0.1
    assert 0.6 < expected / wrong < 1.6


def test_the_mixture_for_new_points_shrinks_and_widens(mixture):
    X, y = mixture(80, 400, 4, 5.0)
    X += 3.0
    mixture_of, variances = predictive_mixture(X, np.eye(4)[y])
    assert_allclose(variances, 1.0, atol=0.1)
    # 20 points a cluster, 400 directions of noise of variance 1 / 20, 25 of signal.
    truth = 25 / 400
    weight = truth / (truth + 1 / 20)
    means = np.stack([X[y == k].mean(axis=0) for k in range(4)])
    shrunk = X.mean(axis=0) + weight * (means - X.mean(axis=0))
    assert_allclose(mixture_of.means, shrunk, atol=0.2)
    assert_allclose(mixture_of.covariances, variances + weight / 20, rtol=0.01)
    assert_allclose(np.exp(mixture_of.log_weights), 1 / 4)


@pytest.mark.parametrize(
    "X, labels, n_clusters",
    [
        (np.zeros((1, 3)), [0], 1),
        (np.zeros((6, 3)), [0, 0, 0, 1, 1, 1], 2),
        (np.arange(6.0)[:, None] - 2.5, range(6), 6),
        (np.repeat([[-1.0, 0.0], [1.0, 0.0]], 5, axis=0), [0] * 5 + [1] * 5, 2),
        (np.repeat([[-1.0, 0.0], [1.0, 0.0]], 5, axis=0), [0] * 5 + [1] * 5, 3),
        (centred(np.eye(12)[0][:, None] * 1e8), [1] + [0] * 11, 2),
    ],
    ids=["one row", "equal rows", "all alone", "duplicates", "empty", "outlier"],
)
def test_degenerate_input(X, labels, n_clusters):
    labels = np.array(labels)
    shares = leave_one_out_memberships(X, labels, n_clusters, X.shape[1])
    assert_allclose(shares.sum(axis=1), 1.0)
    mixture_of, variances = predictive_mixture(X, shares)
    assert np.isfinite(mixture_of.means).all()
    assert variances.min() > 0
    if len(X) == 10:
        assert_array_equal(shares.argmax(axis=1), labels)
