"""Charts: there and back, the published splits, and slips that are told."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skgeom import HyperbolicCoordinates, PoincareEmbedding
from skgeom.geometry import lorentz, poincare, polar
from skgeom.metrics import hyperbolic_distances
from skgeom.metrics.pairwise import hyperbolic_laplacian_kernel

CHARTS = ["poincare", "lorentz", "klein", "tangent"]


def points(n, d, radius, seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.uniform(0, radius, n), rng.standard_normal((n, d))])
    return polar.project(x)


def in_chart(chart, x):
    return getattr(polar, f"to_{chart}")(x)


# -------------------------------------------------------------------------- charts


@pytest.mark.parametrize("there", [*CHARTS, "angle"])
@pytest.mark.parametrize("here", CHARTS)
@given(st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=10)
def test_charts_and_back(here, there, d, seed):
    X = in_chart(here, points(9, d, 6.0, seed))
    model = HyperbolicCoordinates(here, output_space=there).fit(X)
    Z = model.transform(X)
    assert Z.shape[1] == len(model.get_feature_names_out())
    back = model.inverse_transform(Z)
    far = hyperbolic_distances(X, back, input_space=here).diagonal()
    assert far.max() < 1e-5


@given(st.integers(1, 4), st.integers(0, 99))
def test_angles_are_distances_to_planes(d, seed):
    """The nearest point of a plane across an axis, by its definition."""
    x = points(6, d, 3.0, seed)
    ambient = polar.to_lorentz(x)
    found = HyperbolicCoordinates("lorentz").fit_transform(ambient)
    np.testing.assert_allclose(found, np.arctanh(ambient[:, 1:] / ambient[:, :1]))
    flat = np.arcsinh(ambient[:, 1] / np.sqrt(1 + (ambient[:, 2:] ** 2).sum(axis=1)))
    np.testing.assert_allclose(found[:, 0], flat, atol=1e-9)


@given(st.integers(2, 4), st.integers(0, 99))
def test_horospheres_are_limits_of_distances(d, seed):
    x = points(6, d, 3.0, seed)
    model = HyperbolicCoordinates("tangent", output_space="horosphere", n_directions=5)
    found = model.fit_transform(polar.to_tangent(x))
    ideal = polar.to_poincare(x)
    from skgeom.hyperbolic._spherical_codes import spherical_code

    code = spherical_code(5, d)
    far = np.column_stack([np.full(5, 30.0), code])
    expected = polar.distance(x[:, None], far[None]) - 30.0
    np.testing.assert_allclose(found, expected, atol=1e-6)
    square = ((ideal[:, None] - code[None]) ** 2).sum(axis=2)
    gap = 1 - (ideal**2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, np.log(square / gap), atol=1e-9)


def test_radii_survive_far_out():
    x = np.array([[200.0, 0.6, 0.8], [30.0, 1.0, 0.0]])
    found = HyperbolicCoordinates().fit_transform(polar.to_tangent(x))
    np.testing.assert_allclose(found[1], [30.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(found[0], np.arctanh([0.6, 0.8]))
    horospheres = HyperbolicCoordinates(output_space="horosphere", n_directions=4)
    assert np.isfinite(horospheres.fit_transform(polar.to_tangent(x))).all()


# --------------------------------------------------------- hyperbolic decision trees


def published_midpoint(one, other):
    """Angle half-way between two, of Chlenski et al. (2024), section 3.2."""
    if one == other:
        return one
    V = np.sin(2 * other - 2 * one) / (2 * np.sin(one + other) * np.sin(other - one))
    root = np.sqrt(V * V - 1)
    cot = V - root if one + other < np.pi else V + root
    return np.arctan2(1.0, cot)


class SlowAngularTree:
    """Splits by planes through the origin, at angles between time and an axis."""

    def __init__(self, depth, least):
        self.depth, self.least = depth, least

    def fit(self, X, y, depth=0):
        self.majority = np.bincount(y).argmax()
        self.axis = None
        if depth == self.depth or len(np.unique(y)) == 1:
            return self
        best = gini(y) * len(y)
        for axis in range(1, X.shape[1]):
            angles = np.arctan2(X[:, 0], X[:, axis])
            order = np.sort(angles)
            for one, other in itertools.pairwise(order):
                plane = published_midpoint(one, other)
                right = np.sin(plane) * X[:, axis] - np.cos(plane) * X[:, 0] > 0
                if min(right.sum(), (~right).sum()) < self.least:
                    continue
                cost = sum(gini(y[s]) * s.sum() for s in (right, ~right))
                if cost < best - 1e-9:
                    best, self.axis, self.plane = cost, axis, plane
        if self.axis is not None:
            right = self.side(X)
            self.children = [
                SlowAngularTree(self.depth, self.least).fit(X[s], y[s], depth + 1)
                for s in (~right, right)
            ]
        return self

    def side(self, X):
        return np.sin(self.plane) * X[:, self.axis] > np.cos(self.plane) * X[:, 0]

    def predict(self, X):
        if self.axis is None:
            return np.full(len(X), self.majority)
        found, right = np.empty(len(X), int), self.side(X)
        for side, child in zip((~right, right), self.children, strict=True):
            found[side] = child.predict(X[side])
        return found


def gini(y):
    return 1 - ((np.bincount(y) / len(y)) ** 2).sum()


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_on_angles_is_the_hyperbolic_tree(seed):
    """Every prediction, of training rows and of new ones."""
    x = points(220, 3, 4.0, seed)
    rng = np.random.default_rng(seed)
    y = (x[:, 0] * x[:, 1] + rng.normal(size=220) > 0.5).astype(int)
    y += x[:, 2] * x[:, 0] > 1
    X = polar.to_lorentz(x)
    limits = dict(max_depth=3, min_samples_leaf=9)
    model = make_pipeline(
        HyperbolicCoordinates("lorentz"),
        DecisionTreeClassifier(**limits, random_state=0),
    )
    model.fit(X[:140], y[:140])
    oracle = SlowAngularTree(3, 9).fit(X[:140], y[:140])
    np.testing.assert_array_equal(model.predict(X), oracle.predict(X))


def test_a_pipeline_in_a_search():
    X, y = load_wine(return_X_y=True)
    X = X / X.std(axis=0)
    model = make_pipeline(
        PoincareEmbedding(3, max_iter=20, random_state=0),
        HyperbolicCoordinates("poincare"),
        RandomForestClassifier(10, random_state=0),
    ).set_output(transform="pandas")
    search = GridSearchCV(
        model, {"hyperboliccoordinates__output_space": ["angle", "poincare"]}, cv=2
    ).fit(X, y)
    assert search.best_score_ > 0.85
    table = search.best_estimator_[:-1].transform(X)
    assert isinstance(table, pd.DataFrame)
    assert table.columns[0] == f"{search.best_estimator_[1].output_space}0"


# --------------------------------------------------------------------- what is wrong


def test_the_wrong_chart_is_told():
    rows = poincare.random(50, 2, scale=4.0, random_state=0)
    with pytest.warns(UserWarning, match='input_space="poincare"'):
        HyperbolicCoordinates().fit(rows)
    with pytest.raises(ValueError, match="norm of 1 or more"):
        HyperbolicCoordinates("poincare").fit(2 * np.eye(2))
    with pytest.raises(ValueError, match="another time"):
        HyperbolicCoordinates("lorentz").fit(np.ones((3, 3)))
    with pytest.raises(ValueError, match="at least one other"):
        HyperbolicCoordinates("lorentz").fit(np.ones((3, 1)))
    model = HyperbolicCoordinates(output_space="poincare").fit(np.eye(2))
    with pytest.raises(ValueError, match="norm of 1"):
        model.inverse_transform(np.eye(2))
    with pytest.raises(ValueError, match="shape"):
        model.inverse_transform(np.zeros((2, 3)))
    horospheres = HyperbolicCoordinates(output_space="horosphere").fit(np.eye(2))
    assert not hasattr(horospheres, "inverse_transform")


def test_short_vectors_are_no_points_of_a_ball():
    HyperbolicCoordinates().fit(0.5 * np.eye(2))  # no warning
    near = lorentz.random(9, 2, random_state=0).astype(np.float32)
    HyperbolicCoordinates("lorentz").fit(near)


# ------------------------------------------------------------------------ the kernel


@given(st.integers(2, 40), st.integers(1, 5), st.floats(1e-3, 1e2), st.integers(0, 99))
def test_the_kernel_is_positive_definite(n, d, gamma, seed):
    X = polar.to_tangent(points(n, d, 10.0, seed))
    K = hyperbolic_laplacian_kernel(X, gamma=gamma)
    np.testing.assert_allclose(K, K.T)
    assert np.linalg.eigvalsh(K).min() > -1e-12


def test_the_square_would_not_be():
    far = hyperbolic_distances(polar.to_tangent(points(100, 2, 6.0, 0)))
    assert np.linalg.eigvalsh(np.exp(-(far**2) / 4)).min() < -1e-3


@pytest.mark.parametrize("chart", CHARTS)
def test_distances_do_not_depend_on_the_chart(chart):
    x, y = points(20, 3, 5.0, 0), points(7, 3, 5.0, 1)
    found = hyperbolic_distances(
        in_chart(chart, x), in_chart(chart, y), input_space=chart, working_memory=1e-3
    )
    expected = polar.distance(x[:, None], y[None])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    other = in_chart(chart, points(3, 2, 1.0, 0))
    with pytest.raises(ValueError, match="coordinates"):
        hyperbolic_distances(in_chart(chart, x), other, input_space=chart)


def test_a_machine_takes_the_kernel():
    x = polar.to_tangent(points(80, 2, 5.0, 0))
    y = x[:, 0] > 0
    assert SVC(kernel=hyperbolic_laplacian_kernel).fit(x, y).score(x, y) > 0.95
