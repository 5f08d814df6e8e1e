"""Rows and their feet: what is left of noise, what is far, odd data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from skgeom.backends import get_backend
from skgeom.embedding import ManifoldProjection
from skgeom.embedding._manifold_projection._feet import Surface, find_feet


def torus(seed, n, n_features, noise):
    """Rows near a torus, and a function that tells their distance from it."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 2 * np.pi, (2, n))
    X = np.column_stack(
        [(2 + np.cos(b)) * np.cos(a), (2 + np.cos(b)) * np.sin(a), np.sin(b)]
    )
    # The same turn whatever the seed.
    turn = np.random.default_rng(9).normal(size=(n_features, 3))
    turn = np.linalg.qr(turn)[0]

    def off(rows):
        Y = rows @ turn
        normal = (rows**2).sum(axis=1) - (Y**2).sum(axis=1)
        ring = np.hypot(np.hypot(Y[:, 0], Y[:, 1]) - 2, Y[:, 2]) - 1
        return np.sqrt(ring**2 + np.maximum(normal, 0))

    return X @ turn.T + noise * rng.normal(size=(n, n_features)), off


def circle(n, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    t = rng.uniform(0, 2 * np.pi, n)
    return np.stack([np.cos(t), np.sin(t)], 1) + noise * rng.normal(size=(n, 2))


@pytest.mark.parametrize("n_features", [3, 12])
def test_noise_goes_from_new_rows_and_feet_are_their_own(n_features):
    X, off = torus(0, 800, n_features, 0.05)
    new, _ = torus(1, 200, n_features, 0.05)
    model = ManifoldProjection().fit(X)
    assert (model.n_dims_, model.order_) == (2, 2)
    feet = model.transform(new)
    before, after = (np.sqrt(np.mean(off(rows) ** 2)) for rows in (new, feet))
    assert after < 0.5 * before
    assert model.noise_ == pytest.approx(0.05 * np.sqrt(n_features - 2), rel=0.2)
    again = np.linalg.norm(model.transform(feet) - feet, axis=1)
    assert np.median(again) < 1e-6 * before
    assert again.max() < 0.1 * before


def test_outliers_near_the_surface_are_found():
    X, off = torus(0, 800, 3, 0.02)
    new, _ = torus(1, 200, 3, 0.02)
    clean, _ = torus(2, 200, 3, 0.0)
    way = np.random.default_rng(0).normal(size=(200, 3))
    outliers = clean + 0.4 * way / np.linalg.norm(way, axis=1, keepdims=True)
    outliers = outliers[off(outliers) > 0.1]
    truth = np.repeat([0, 1], [200, len(outliers)])
    rows = np.vstack([new, outliers])
    model = ManifoldProjection(contamination="auto").fit(X)
    assert roc_auc_score(truth, -model.score_samples(rows)) > 0.99
    assert np.mean(model.predict(new) == -1) < 0.05
    assert np.mean(model.predict(outliers) == -1) > 0.8
    density = LocalOutlierFactor(novelty=True).fit(X).score_samples(rows)
    assert roc_auc_score(truth, -density) < 0.85


@pytest.mark.parametrize("order", [1, 2])
def test_feet_on_a_circle_are_where_geometry_says(order):
    X = circle(2000)
    model = ManifoldProjection(1, n_neighbors=20, order=order).fit(X)
    rows = np.array([[0.9, 0.0], [0.0, 1.2], [-0.8, -0.8]])
    nearest = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(model.transform(rows), nearest, atol=2e-3)
    scores = np.linalg.norm(rows - nearest, axis=1)
    np.testing.assert_allclose(-model.score_samples(rows), scores, atol=2e-3)


def test_planes_and_parabolas_are_left_as_they_are():
    u = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    flat = np.column_stack([u, u @ [0.5, 0.2]])
    inner = (np.abs(u) < 0.5).all(axis=1)
    model = ManifoldProjection(2, n_neighbors=20, order=1).fit(flat)
    np.testing.assert_allclose(model.transform(flat[inner]), flat[inner], atol=1e-9)
    above = flat[inner] + 0.1 * np.array([-0.5, -0.2, 1.0])
    np.testing.assert_allclose(model.transform(above), flat[inner], atol=1e-6)
    bowl = np.column_stack([u, 0.1 * (u**2).sum(axis=1)])
    model = ManifoldProjection(2, n_neighbors=30, order=2).fit(bowl)
    np.testing.assert_allclose(model.transform(bowl[inner]), bowl[inner], atol=1e-3)


def test_beyond_the_edge_the_foot_is_at_the_edge():
    t = np.linspace(0, 1, 400)[:, None]
    model = ManifoldProjection(1, n_neighbors=20).fit(t * [1, 0.0])
    feet = model.transform([[2.0, 0.0], [-1e3, 5.0], [1e120, -1e120]])
    np.testing.assert_allclose(feet, [[1, 0], [0, 0], [1, 0]], atol=0.05)
    assert np.isfinite(model.score_samples([[1e120, -1e120]])).all()


@settings(max_examples=5)
@given(st.integers(0, 100), st.floats(-40, 40), st.floats(-3, 3))
def test_feet_move_with_the_rows(seed, exponent, shift):
    X = circle(150, seed, 0.05) * [1, 0.6]
    angle = np.random.default_rng(seed).uniform(0, 6)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    unit = 10.0**exponent
    one = ManifoldProjection(1, n_neighbors=30, order=2).fit(X)
    moved = (X @ turn + shift) * unit
    two = ManifoldProjection(1, n_neighbors=30, order=2).fit(moved)
    settled = np.linalg.norm(one.transform(one.transform(X)) - one.transform(X), axis=1)
    rows = settled < 1e-6
    assert rows.mean() > 0.9
    expected = (one.transform(X) @ turn + shift) * unit
    difference = np.abs(two.transform(moved) - expected)[rows] / unit
    assert np.quantile(difference, 0.9) < 1e-4


def test_a_row_that_is_left_out_is_no_neighbour():
    X = circle(60)
    surface = Surface(X, 1, 8, 1)
    rows = np.arange(5)
    options = {"max_iter": 3, "tol": 0.0, "backend": get_backend("cpu")}
    found, _ = find_feet(surface, X[rows], left_out=rows, **options)
    for row in rows:
        others = surface._replace(points=np.delete(X, row, axis=0))
        expected, _ = find_feet(others, X[row : row + 1], **options)
        np.testing.assert_allclose(found[row], expected[0], atol=1e-9)


def test_thresholds():
    X = circle(300, noise=0.05)
    model = ManifoldProjection(contamination=0.1).fit(X)
    assert np.mean(model.predict(X) == -1) == pytest.approx(0.1, abs=0.01)
    scores = model.score_samples(X)
    np.testing.assert_allclose(model.decision_function(X), scores - model.offset_)
    np.testing.assert_allclose(model.score_samples(X[3:4]), scores[3:4])
    np.testing.assert_array_equal(model.fit_transform(X), model.transform(X))


def test_large_noise_takes_large_neighbourhoods():
    """Small ones lie within the noise: feet are near rows, and no better."""
    X = circle(400, 0, 0.2)
    assert ManifoldProjection(1).fit(X).n_neighbors_ >= 60
    off = [
        np.abs(np.linalg.norm(model.fit_transform(X), axis=1) - 1).mean()
        for model in (ManifoldProjection(1), ManifoldProjection(1, n_neighbors=15))
    ]
    assert off[0] < 0.6 * off[1]


def test_odd_data_have_finite_feet():
    line = np.arange(60.0)[:, None]
    for X in (
        np.zeros((50, 3)),
        np.ones((1, 2)),
        np.repeat([[0.0, 1.0], [1.0, 0.0]], 60, axis=0),
        np.arange(2.0)[:, None],
        line,
        np.c_[line, 0 * line] * 1e100,
        np.c_[line, line**2] * 1e-100,
        np.r_[circle(40), circle(40) + 1e9],
        np.eye(5),
        np.random.default_rng(0).normal(size=(8, 30)),
    ):
        model = ManifoldProjection().fit(X)
        far = np.full((1, X.shape[1]), -1e120)
        for rows in (X, far):
            assert np.isfinite(model.transform(rows)).all()
            assert np.isfinite(model.score_samples(rows)).all()
        model = ManifoldProjection(9, n_neighbors=1000, order=2).fit(X)
        assert np.isfinite(model.transform(X)).all()


def test_constant_rows_are_their_own_feet():
    model = ManifoldProjection(contamination="auto").fit(np.full((20, 3), 7.0))
    np.testing.assert_array_equal(model.transform(np.full((2, 3), 7.0)), 7)
    np.testing.assert_allclose(model.transform([[7.0, 8.0, 7.0]]), 7)
    assert model.predict([[7.0, 8.0, 7.0], [7, 7, 7]]).tolist() == [-1, 1]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="NaN"):
        ManifoldProjection().fit([[np.nan], [1.0]])
    for name, value in (("n_dims", 0), ("n_neighbors", 1), ("order", 3)):
        with pytest.raises(ValueError, match=name):
            ManifoldProjection(**{name: value}).fit(np.eye(3))
