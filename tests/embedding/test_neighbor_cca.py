"""Codes of neighbours: the eigenproblem, what does not matter, odd input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import eig
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import NeighborCCA
from skgeom.testing import point_clouds

DIGITS, LABELS = load_digits(return_X_y=True)


def normal(seed, n=30, d=4):
    return np.random.default_rng(seed).normal(size=(n, d)) @ np.diag(
        np.arange(1, d + 1)
    )


seeds = st.integers(0, 2**31 - 1)


@given(seeds, st.sampled_from([1e-3, 0.1, 1.0]), st.integers(1, 8))
def test_directions_solve_the_problem_of_the_definition(seed, shrinkage, k):
    """By pairs, one at a time, and a solver for general matrices."""
    X = normal(seed)
    A = X - X.mean(axis=0)
    near = NearestNeighbors(n_neighbors=k + 1).fit(X).kneighbors(X)[1][:, 1:]
    C, M = A.T @ A / len(A), np.zeros((4, 4))
    for i, others in enumerate(near):
        for j in others:
            M += (np.outer(A[i], A[j]) + np.outer(A[j], A[i])) / (2 * k * len(A))
    C += shrinkage * np.trace(C) / 4 * np.eye(4)
    wanted = np.sort(eig(M, C)[0].real)[::-1]
    model = NeighborCCA(4, n_neighbors=k, shrinkage=shrinkage, power=0.0).fit(X)
    assert_allclose(model.correlations_, wanted, atol=1e-9)
    V = model.components_[model.correlations_ > 0]
    w = model.correlations_[model.correlations_ > 0]
    unit = V @ C @ V.T
    assert_allclose(unit, np.eye(len(V)), atol=1e-8)
    assert_allclose(V @ M, w[:, None] * (V @ C), atol=1e-8 * np.abs(C @ V.T).max())
    powered = NeighborCCA(4, n_neighbors=k, shrinkage=shrinkage, power=2.5).fit(X)
    assert_allclose(powered.components_[: len(V)], V * w[:, None] ** 2.5, atol=1e-9)
    assert not powered.components_[len(V) :].any()


@given(seeds, st.sampled_from([1e-100, 1e-3, 1e8, 1e100]))
def test_units_turns_and_the_order_of_rows_do_not_matter(seed, scale):
    X = normal(seed)
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    order = rng.permutation(len(X))
    Z = NeighborCCA(2, n_neighbors=3).fit_transform(X)
    other = NeighborCCA(2, n_neighbors=3).fit_transform((scale * (X @ turn + 3))[order])
    inner = Z @ Z.T
    assert_allclose(other @ other.T, inner[order][:, order], atol=1e-6 * inner.max())


@given(point_clouds())
def test_any_points_have_finite_codes(X):
    model = NeighborCCA(3, n_neighbors=min(5, len(X) - 1)).fit(X)
    Z = model.transform(X)
    assert Z.dtype == X.dtype
    assert Z.shape == (len(X), min(3, X.shape[1]))
    assert np.isfinite(Z).all()
    assert_allclose(model.transform(X[:1]), Z[:1], rtol=1e-5, atol=1e-6)


def test_components_are_the_whole_map():
    model = NeighborCCA(5).fit(DIGITS[:300])
    expected = (DIGITS[300:400] - model.mean_) @ model.components_.T
    assert_allclose(model.transform(DIGITS[300:400]), expected, atol=1e-10)


def test_where_neighbours_are_rows_themselves_components_are_principal():
    """Every row comes twice: M is C, and with shrinkage its axes are those of C."""
    X = np.repeat(normal(0), 2, axis=0)
    model = NeighborCCA(4, n_neighbors=1, shrinkage=0.5).fit(X)
    axes = model.components_ / np.linalg.norm(model.components_, axis=1, keepdims=True)
    assert_allclose(np.abs(axes @ PCA().fit(X).components_.T), np.eye(4), atol=1e-6)


def precision(Z, queries, base):
    """Mean average precision of cosines."""
    Z = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    found = LABELS[base][np.argsort(-Z[queries] @ Z[base].T, axis=1)]
    right = found == LABELS[queries][:, None]
    shares = np.cumsum(right, axis=1) / np.arange(1, len(base) + 1)
    return ((shares * right).sum(axis=1) / right.sum(axis=1)).mean()


def test_digits_are_found_better_than_by_variance():
    order = np.random.default_rng(1).permutation(len(DIGITS))
    queries, base = order[:300], order[300:1200]
    ours, theirs = (
        precision(model.fit(DIGITS[base]).transform(DIGITS), queries, base)
        for model in (NeighborCCA(16), PCA(16))
    )
    assert ours > theirs + 0.04


def test_cosine_neighbours_are_those_of_rows_of_length_one():
    """Among rows that differ by hardly more than their lengths."""
    X = load_wine().data
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    one, two = (
        NeighborCCA(metric=metric, n_neighbors=4).fit(X)
        for metric in ("cosine", "euclidean")
    )
    assert_allclose(one.correlations_, two.correlations_, atol=1e-10)
    X *= np.random.default_rng(0).uniform(0.5, 2, (len(X), 1))
    one.fit(X), two.fit(X)
    assert np.abs(one.correlations_ - two.correlations_).max() > 1e-3


def test_odd_input():
    flat = NeighborCCA(2, n_neighbors=2).fit(np.full((5, 3), 1e9 + 0.1))
    assert not flat.transform(np.ones((2, 3))).any()
    with pytest.raises(ValueError, match="1 sample"):
        NeighborCCA().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match="NaN"):
        NeighborCCA().fit([[1.0, np.nan], [1.0, 2.0]])
    with pytest.warns(UserWarning, match="n_neighbors=10 is more than the 2 other"):
        assert NeighborCCA(7).fit(np.eye(3)).components_.shape == (3, 3)
    for name, value in (("shrinkage", 0.0), ("power", -1.0), ("metric", "cityblock")):
        with pytest.raises(InvalidParameterError, match=name):
            NeighborCCA(**{name: value}).fit(np.eye(30))


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e300])
def test_any_scale_has_finite_numbers(scale):
    X = scale * normal(0)
    model = NeighborCCA(3).fit(X)
    for value in (
        model.components_,
        model.mean_,
        model.transform(X),
        model.transform(X / scale),
    ):
        assert np.isfinite(value).all()
