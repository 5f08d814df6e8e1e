"""Similarities to anchors: what they do not notice, and what they are made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import (
    cosine_similarity,
    euclidean_distances,
    laplacian_kernel,
)
from sklearn.pipeline import make_pipeline

from skgeom import RelativeRepresentation
from skgeom.embedding._anchors._similarities import whitening

NAMED = ["whitened", "cosine", "distance"]


def rotation(d, rng):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


# -------------------------------------------------------------------------- laws


@pytest.mark.parametrize("similarity", NAMED)
@given(st.integers(1, 6), st.integers(2, 30), st.integers(0, 99))
@settings(max_examples=15)
def test_moving_turning_and_scaling_change_nothing(similarity, d, m, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, d))
    other = 3.7 * X @ rotation(d, rng) + rng.normal(size=d)
    found = [
        RelativeRepresentation(anchors=np.arange(m), similarity=similarity)
        .fit(rows)
        .transform(rows)
        for rows in (X, other)
    ]
    np.testing.assert_allclose(found[1], found[0], atol=1e-8 if m < 2 * d else 1e-11)


def test_with_many_anchors_linear_maps_change_nothing():
    """Nor do they for cosines alone."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1100, 4))
    other = X @ (rotation(4, rng) * [1.0, 2.0, 4.0, 8.0])
    gaps = {}
    for similarity in ("whitened", "cosine"):
        model = RelativeRepresentation(anchors=np.arange(1000), similarity=similarity)
        one, two = (model.fit(rows).transform(rows[1000:]) for rows in (X, other))
        gaps[similarity] = np.abs(one - two).mean()
    assert gaps["whitened"] < 0.03 < 0.2 < gaps["cosine"]


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=30)
def test_whitening_is_by_the_covariance_of_ledoit_and_wolf(n, d, seed):
    """Against the inverse of the whole matrix, for fewer and for more anchors."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n + 1, d)) * np.arange(1, d + 1)
    A -= A.mean(axis=0)
    S, shrinkage = ledoit_wolf(A, assume_centered=True)
    if shrinkage < 1e-6:
        return  # where nothing is shrunk a singular matrix has no inverse
    V, shares = whitening(A)
    Z = rng.normal(size=(5, d))
    along = Z @ V
    mapped = np.hstack([along * shares, Z - along @ V.T])
    expected = Z @ np.linalg.inv(S) @ Z.T
    found = mapped @ mapped.T
    np.testing.assert_allclose(found / found[0, 0], expected / expected[0, 0])


def test_each_similarity_is_what_the_page_says():
    rng = np.random.default_rng(1)
    X, Z = rng.normal(size=(30, 3)), rng.normal(size=(7, 3))
    A = X[:10]

    def told(**settings_):
        model = RelativeRepresentation(anchors=np.arange(10), **settings_)
        return model.fit(X).transform(Z)

    np.testing.assert_allclose(
        told(similarity="cosine", center=False), cosine_similarity(Z, A)
    )
    mean = A.mean(axis=0)
    np.testing.assert_allclose(
        told(similarity="cosine"), cosine_similarity(Z - mean, A - mean)
    )
    usual = np.median(euclidean_distances(A)[np.triu_indices(10, 1)])
    np.testing.assert_allclose(
        told(similarity="distance"), euclidean_distances(Z, A) / usual
    )
    own = told(similarity=lambda x, a: laplacian_kernel(x, a, 0.3), center=False)
    np.testing.assert_allclose(own, laplacian_kernel(Z, A, 0.3))
    both = told(similarity=["cosine", "distance"])
    np.testing.assert_allclose(both[:, :10], told(similarity="cosine"))
    np.testing.assert_allclose(both[:, 10:], told(similarity="distance"))


# ----------------------------------------------------------------------- anchors


@pytest.mark.parametrize("anchors", ["random", "farthest", "k-means++"])
def test_anchors_are_rows(anchors):
    X = load_digits().data[:200]
    model = RelativeRepresentation(15, anchors=anchors, random_state=0).fit(X)
    assert len(set(model.anchor_indices_)) == 15
    np.testing.assert_array_equal(model.anchors_, X[model.anchor_indices_])
    again = RelativeRepresentation(15, anchors=anchors, random_state=0).fit(X)
    np.testing.assert_array_equal(again.anchors_, model.anchors_)
    few = RelativeRepresentation(15, anchors=anchors, random_state=0).fit(X[:9])
    np.testing.assert_array_equal(few.anchor_indices_, np.arange(9))
    assert few.get_feature_names_out()[-1] == "relativerepresentation8"
    # Anchors by themselves are as good as their numbers.
    given_ = RelativeRepresentation(anchors=model.anchors_).fit(X)
    assert given_.anchor_indices_ is None
    np.testing.assert_allclose(given_.transform(X), model.transform(X))


def test_farthest_anchors_are_far_apart():
    X = np.repeat(np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]]), 20, axis=0)
    X += 0.1 * np.random.default_rng(0).normal(size=X.shape)
    model = RelativeRepresentation(3, anchors="farthest").fit(X)
    assert sorted(model.anchor_indices_ // 20) == [0, 1, 2]


# --------------------------------------------------------------------------- use


def test_what_is_learned_in_one_space_works_in_another():
    """Random features of digits, two draws: a classifier of one reads the other."""
    X, y = load_digits(return_X_y=True)
    one, other = (
        np.maximum(X / 16 @ np.random.default_rng(seed).normal(size=(64, 300)), 0)
        for seed in (0, 1)
    )
    told = {}
    for similarity in ("whitened", "cosine"):
        first = RelativeRepresentation(similarity=similarity, random_state=0)
        model = make_pipeline(first, RidgeClassifier(alpha=0.1))
        model.fit(one[:900], y[:900])
        second = RelativeRepresentation(
            anchors=first.anchor_indices_, similarity=similarity
        ).fit(other[:900])
        told[similarity] = model[-1].score(second.transform(other[900:]), y[900:])
    absolute = RidgeClassifier().fit(one[:900], y[:900])
    assert absolute.score(other[900:], y[900:]) < 0.35
    assert told["whitened"] > 0.85
    assert told["whitened"] > told["cosine"] + 0.05
    assert model.score(one[900:], y[900:]) > 0.9


# --------------------------------------------------------------------- bad input


@pytest.mark.parametrize("similarity", NAMED)
@pytest.mark.parametrize("scale", [1e-200, 1e-100, 1.0, 1e100, 1e200])
def test_units_do_not_matter(similarity, scale):
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = RelativeRepresentation(9, similarity=similarity, random_state=0)
    expected = model.fit_transform(X)
    np.testing.assert_allclose(model.fit_transform(scale * X), expected, atol=1e-9)


@pytest.mark.parametrize("similarity", NAMED)
def test_rows_that_tell_nothing(similarity):
    """Equal ones, one alone, the mean of the anchors, constant columns."""
    for X in (np.ones((5, 3)), np.ones((1, 2)), np.zeros((4, 1))):
        found = RelativeRepresentation(similarity=similarity).fit_transform(X)
        np.testing.assert_allclose(found, 0, atol=1e-12)
    X = np.column_stack([np.arange(6.0), np.ones(6)])
    model = RelativeRepresentation(similarity=similarity).fit(X)
    assert np.isfinite(model.transform(X)).all()
    at_mean = model.transform(model.mean_[None])
    assert np.isfinite(at_mean).all()
    if similarity != "distance":
        assert (at_mean == 0).all()


def test_what_is_refused():
    X = np.arange(12.0).reshape(6, 2) ** 2
    for settings_, told in [
        (dict(anchors=[0, 6]), "anchors must be numbers of rows"),
        (dict(anchors=[-1]), "anchors must be numbers of rows"),
        (dict(anchors=[]), "anchors must be numbers of rows"),
        (dict(anchors=[0.5, 1.0]), "anchors must be numbers of rows"),
        (dict(anchors=np.ones((2, 3))), "3 columns"),
        (dict(anchors=np.full((2, 2), np.nan)), "NaN"),
        (dict(similarity=["cosine", "l2"]), "similarity holds 'l2'"),
        (dict(similarity=[]), "similarity must not be empty"),
        (dict(similarity="l2"), "similarity"),
        (dict(n_anchors=0), "n_anchors"),
        (dict(similarity=lambda x, a: np.ones(3)), "similarity must return"),
        (dict(similarity=lambda x, a: x @ a.T * np.nan), "similarity must return"),
    ]:
        with pytest.raises(ValueError, match=told):
            RelativeRepresentation(**settings_).fit(X).transform(X)
