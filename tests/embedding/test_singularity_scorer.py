"""Rows where data are no manifold, whatever the density."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from skgeom.embedding import SingularityScorer
from skgeom.graph import local_frames, nearest_neighbors, quadratic_residuals

LINE = np.linspace(-1, 1, 301)[:, None]
CROSS = np.concatenate([LINE * [1, 0, 1], LINE * [0, 1, 1]])


def scorer(**options):
    return SingularityScorer(**{"n_neighbors": 30, "random_state": 0} | options)


@settings(max_examples=10)
@given(st.integers(0, 100), st.floats(-40, 40), st.floats(-3, 3))
def test_scores_do_not_change_with_place_turn_and_unit(seed, exponent, shift):
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    moved = (CROSS @ turn + shift) * 10.0**exponent
    before = scorer().fit(CROSS).score_samples(CROSS)
    after = scorer().fit(moved).score_samples(moved)
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_crossing_is_found_where_it_is_and_where_it_is_thinnest():
    """Density rises away from the crossing: rows near it are the most alone."""
    rng = np.random.default_rng(0)
    far = rng.choice([-1, 1], 1500) * np.sqrt(rng.uniform(size=1500))
    on_first = rng.random(1500) < 0.8
    X = np.where(on_first[:, None], far[:, None] * [1, 0], far[:, None] * [0, 1])
    X = X @ np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    X = X + 0.005 * rng.normal(size=X.shape)
    near, away = np.abs(far) < 0.03, (np.abs(far) > 0.3) & (np.abs(far) < 0.9)
    scores = SingularityScorer(random_state=0).fit(X).score_samples(X)
    truth = np.repeat([0, 1], [near.sum(), away.sum()])
    assert roc_auc_score(truth, np.r_[scores[near], scores[away]]) > 0.99
    alone = nearest_neighbors(X, n_neighbors=50)[0][:, -1]
    assert roc_auc_score(truth, -np.r_[alone[near], alone[away]]) > 0.9  # misled


@pytest.mark.parametrize("n_features", [3, 40])
def test_a_smooth_sheet_has_no_singular_rows(n_features):
    rng = np.random.default_rng(1)
    u = rng.uniform(-1, 1, size=(600, 2))
    X = np.column_stack([u, u[:, 0] * u[:, 1]])
    X = X @ np.linalg.qr(rng.normal(size=(n_features, 3)))[0].T
    model = scorer(n_neighbors=40).fit(X)
    assert model.n_dims_ == 2
    scores = model.score_samples(X)
    assert scores.min() > -1e-3
    rng.shuffle(X)
    noisy = X + 0.01 * rng.normal(size=X.shape)
    assert scorer(n_neighbors=40).fit(noisy).noise_ == pytest.approx(
        0.01 * np.sqrt(n_features - 2), rel=0.15
    )


def test_frames_are_those_of_weighted_principal_components():
    rng = np.random.default_rng(2)
    for shape in ((50, 4), (50, 30)):
        X, indices = rng.normal(size=shape), rng.integers(50, size=(3, 20))
        weights = rng.uniform(size=(3, 20))
        frames = local_frames(X, indices, weights, 2)
        for i in range(3):
            w = weights[i] / weights[i].sum()
            mean = w @ X[indices[i]]
            P = np.sqrt(w)[:, None] * (X[indices[i]] - mean)
            _, s, Vt = np.linalg.svd(P, full_matrices=False)
            np.testing.assert_allclose(frames.centers[i], mean, atol=1e-12)
            np.testing.assert_allclose(frames.variances[i], s[:2] ** 2, rtol=1e-9)
            np.testing.assert_allclose(frames.total[i], (s**2).sum(), rtol=1e-9)
            cosines = np.linalg.svd(frames.axes[i] @ Vt[:2].T, compute_uv=False)
            np.testing.assert_allclose(cosines, 1, atol=1e-9)


def test_residuals_estimate_the_noise_without_bias():
    rng = np.random.default_rng(3)
    u = rng.uniform(-1, 1, size=(400, 60, 2))
    z = u[:, :, :1] - u[:, :, 1:] ** 2 + 0.1 * rng.normal(size=(400, 60, 1))
    X = np.concatenate([u, z], axis=2).reshape(-1, 3)
    indices, weights = np.arange(24_000).reshape(400, 60), np.ones((400, 60))
    # The plane of the first two columns, so that noise is all in the third.
    frames = local_frames(X * [1, 1, 0], indices, weights, 2)
    found = quadratic_residuals(X, indices, weights, frames).mean()
    assert found == pytest.approx(0.01, rel=0.03)


def test_rows_are_scored_alone_and_training_rows_as_in_fit():
    model = scorer(contamination=0.05).fit(CROSS)
    scores = model.score_samples(CROSS)
    np.testing.assert_allclose(model.score_samples(CROSS[7:8]), scores[7:8], atol=1e-12)
    np.testing.assert_allclose(model.decision_function(CROSS), scores - model.offset_)
    assert np.mean(model.predict(CROSS) == -1) == pytest.approx(0.05, abs=0.005)
    assert np.abs(CROSS[scores < model.offset_]).max() < 0.25


def test_far_rows_and_odd_data_have_finite_scores():
    model = scorer().fit(CROSS)
    assert np.isfinite(model.score_samples([[1e6, 0, 0], [-1e100, 1e100, 0]])).all()
    for X in (
        np.zeros((50, 3)),
        np.repeat([[0.0, 1.0], [1.0, 0.0]], 40, axis=0),
        np.arange(2.0)[:, None],
        np.c_[np.arange(40.0), np.zeros(40)] * 1e100,
        np.r_[np.zeros((39, 2)), [[1e-100, 0]]],
        np.eye(5),
    ):
        model = scorer().fit(X)
        assert np.isfinite(model.score_samples(X)).all()
        assert (model.predict(X) == 1).all()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="minimum of 2"):
        SingularityScorer().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match="NaN"):
        SingularityScorer().fit([[np.nan], [1.0]])
    with pytest.raises(ValueError, match="n_dims"):
        SingularityScorer(0).fit(CROSS)
