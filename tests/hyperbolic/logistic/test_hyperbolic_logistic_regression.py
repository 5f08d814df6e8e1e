"""Planes of hyperbolic space: gradients at any radius, limits, and charts agree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skgeom import HyperbolicLogisticRegression
from skgeom.geometry import polar
from skgeom.hyperbolic._logistic._planes import (
    hinge_loss,
    log_loss,
    plane_gradient,
    plane_scores,
    rows_of,
)


def points(n, d, radius, seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.uniform(0, radius, n), rng.standard_normal((n, d))])
    return polar.project(x)


@pytest.mark.parametrize("inside", [False, True])
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=30)
def test_scores_are_those_of_the_definition(inside, d, k, seed):
    rng = np.random.default_rng(seed)
    x, Z, a = points(8, d, 5.0, seed), rng.normal(size=(k, d)), rng.normal(size=k)
    ambient, size = polar.to_lorentz(x), np.linalg.norm(Z, axis=1)
    inner = ambient[:, 1:] @ (Z / size[:, None]).T * np.cosh(a)
    inner -= ambient[:, :1] * np.sinh(a)
    expected = np.arcsinh(size * inner) if inside else size * np.arcsinh(inner)
    found = plane_scores(np, rows_of(np, x), Z, a, inside=inside)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("loss", [log_loss, hinge_loss])
@pytest.mark.parametrize("radius", [0.1, 5.0, 30.0])
@given(st.integers(1, 4), st.sampled_from([1, 3]), st.integers(0, 99))
@settings(max_examples=15)
def test_gradients_are_slopes(loss, radius, d, k, seed):
    rng = np.random.default_rng(seed)
    rows, inside = rows_of(np, points(12, d, radius, seed)), loss is hinge_loss
    targets = np.eye(max(k, 2))[rng.integers(0, max(k, 2), 12)][:, -k:]
    Z, a = rng.normal(size=(k, d)) + 0.1, rng.normal(size=k)

    def value(Z, a):
        return loss(np, plane_scores(np, rows, Z, a, inside=inside)[0], targets)[0]

    scores, parts = plane_scores(np, rows, Z, a, inside=inside)
    slopes = loss(np, scores, targets)[1]
    by_Z, by_a = plane_gradient(np, rows, a, parts, slopes, inside=inside)
    move, shift, step = rng.normal(size=(k, d)), rng.normal(size=k), 1e-6
    ahead, behind = (value(Z + s * step * move, a + s * step * shift) for s in (1, -1))
    expected = (ahead - behind) / (2 * step)
    found = (by_Z * move).sum() + (by_a * shift).sum()
    size = np.abs(by_Z).sum() + np.abs(by_a).sum() + abs(ahead)
    assert found == pytest.approx(expected, abs=1e-4 * size)


def test_near_the_origin_it_is_ordinary():
    """In the limit of no curvature planes are flat."""
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    flat = LogisticRegression(C=1e5, tol=1e-8, max_iter=5000).fit(X, y == 1)
    curved = HyperbolicLogisticRegression(C=1e5 * 1e6, tol=1e-9, max_iter=5000)
    curved.fit(1e-3 * X, y == 1)
    ours, theirs = curved.predict_proba(1e-3 * X), flat.predict_proba(X)
    np.testing.assert_allclose(ours, theirs, atol=5e-3)


@pytest.mark.parametrize("loss", ["log", "squared_hinge"])
@pytest.mark.parametrize("radius", [0.5, 5.0, 30.0])
def test_classes_behind_planes_are_found(radius, loss):
    x = points(300, 2, radius, 1)
    y = np.digitize(np.arctan2(x[:, 2], x[:, 1]), [-1.0, 1.0])
    model = HyperbolicLogisticRegression(100.0, loss=loss).fit(
        polar.to_tangent(x[:200]), y[:200]
    )
    assert model.score(polar.to_tangent(x[200:]), y[200:]) > 0.85
    assert np.isfinite(model.decision_function(polar.to_tangent(x))).all()
    assert hasattr(model, "predict_proba") == (loss == "log")


@pytest.mark.parametrize("chart", ["poincare", "lorentz", "klein"])
def test_the_chart_does_not_matter(chart):
    x = points(120, 3, 3.0, 2)
    y = x[:, 1] * x[:, 0] > 0.2
    told = HyperbolicLogisticRegression().fit(polar.to_tangent(x), y)
    rows = getattr(polar, f"to_{chart}")(x)
    other = HyperbolicLogisticRegression(input_space=chart).fit(rows, y)
    np.testing.assert_allclose(other.coef_, told.coef_, rtol=1e-3, atol=1e-3)
    found = other.decision_function(rows)
    np.testing.assert_allclose(
        found, told.decision_function(polar.to_tangent(x)), rtol=1e-2, atol=1e-2
    )


def test_the_objective_is_what_the_page_says():
    x = points(80, 2, 4.0, 3)
    y = x[:, 1] > 0.2
    model = HyperbolicLogisticRegression(2.0).fit(polar.to_tangent(x), y)
    chosen = model.predict_proba(polar.to_tangent(x))[np.arange(80), y.astype(int)]
    expected = (model.coef_**2).sum() / 2 - 2.0 * np.log(chosen).sum()
    assert model.objective_ == pytest.approx(expected)
    # No plane nearby is better.
    rng = np.random.default_rng(0)
    for _ in range(20):
        Z = model.coef_ + 1e-2 * rng.normal(size=model.coef_.shape)
        a = model.offset_ + 1e-2 * rng.normal(size=1)
        scores = plane_scores(np, rows_of(np, x), Z, a, inside=False)[0]
        loss = log_loss(np, scores, y[:, None].astype(float))[0]
        assert (Z**2).sum() / 2 + 2.0 * loss >= model.objective_ - 1e-6


def test_what_is_told():
    x = points(50, 2, 9.0, 0)
    y = x[:, 1] > 0
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        HyperbolicLogisticRegression(max_iter=2).fit(polar.to_tangent(x), y)
    with pytest.warns(UserWarning, match='input_space="poincare"'):
        HyperbolicLogisticRegression().fit(polar.to_poincare(x), y)
    with pytest.raises(ValueError, match="two classes"):
        HyperbolicLogisticRegression().fit(polar.to_tangent(x), np.ones(50))
    with pytest.raises(ValueError, match="norm of 1"):
        HyperbolicLogisticRegression(input_space="klein").fit(x[:, 1:] * 2, y)
