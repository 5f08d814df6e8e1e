"""Directions that are found again, by any link, and targets of every kind."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from skgeom import SufficientSubspace
from skgeom.backends import get_backend
from skgeom.datasets import make_index_model
from skgeom.embedding._sufficient_subspace import _gradients
from skgeom.embedding._sufficient_subspace._gradients import gradient_matrix
from skgeom.embedding._sufficient_subspace._stein import stein_matrix
from skgeom.embedding._sufficient_subspace._targets import target_columns
from skgeom.embedding._sufficient_subspace._whitening import whiten
from skgeom.solvers import classical_mds


def subspace_error(one, other):
    """From 0, the same, to 1, orthogonal; rows span the subspaces."""
    P, Q = (np.linalg.qr(M.T)[0] for M in (one, other))
    return np.linalg.norm(P @ P.T - Q @ Q.T) / np.sqrt(2 * len(one))


@pytest.mark.parametrize("link", ["monotone", "even", "mixed"])
@pytest.mark.parametrize("rows", ["gaussian", "uniform"])
def test_directions_are_found_whatever_the_link(link, rows):
    X, y, B = make_index_model(400, n_features=10, link=link, rows=rows, random_state=3)
    model = SufficientSubspace(3).fit(X, y)
    assert subspace_error(model.components_, B) < 0.1
    assert model.eigenvalues_[2] > 10 * model.eigenvalues_[3]
    assert model.method_ == "gradient"
    plain = SufficientSubspace(3, shrinkage=0.0).fit(X, y)
    assert subspace_error(plain.components_, B) < 0.1
    Z = plain.transform(X)
    assert_allclose(Z.T @ Z / 400, np.eye(3), atol=1e-10)


def test_moments_find_directions_of_gaussian_rows():
    X, y, B = make_index_model(6000, n_features=8, link="mixed", random_state=0)
    auto = SufficientSubspace(3).fit(X, y)
    assert auto.method_ == "stein"
    assert subspace_error(auto.components_, B) < 0.08
    X, y, B = make_index_model(6000, n_features=8, link="even", random_state=0)
    errors = [
        subspace_error(
            SufficientSubspace(3, method="stein", order=order).fit(X, y).components_, B
        )
        for order in (1, 2, "both")
    ]
    # An even function has no mean slope.
    assert errors[0] > 0.5 > 0.1 > max(errors[1:])


def test_a_mixture_tells_moments_of_modes():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4))
    X[:, 0] += 6 * rng.integers(0, 2, 3000)
    y = X[:, 1] ** 2 + 0.1 * rng.normal(size=3000)
    y += np.sin(2 * X[:, 0])  # has a curvature that modes hide
    found = {
        density: SufficientSubspace(
            2, method="stein", density=density, random_state=0
        ).fit(X, y)
        for density in ("gaussian", "mixture")
    }
    errors = {
        name: subspace_error(model.components_, np.eye(4)[:2])
        for name, model in found.items()
    }
    assert errors["mixture"] < 0.3 < errors["gaussian"]


def test_moments_are_those_of_the_definition():
    rng = np.random.RandomState(0)
    Z, y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    first, second = np.zeros((3, 3)), np.zeros((3, 3))
    for q in range(2):
        b = sum(y[i, q] * Z[i] for i in range(50)) / 50
        H = sum(y[i, q] * (np.outer(Z[i], Z[i]) - np.eye(3)) for i in range(50)) / 50
        first += np.outer(b, b)
        second += H @ H
    first -= 2 / 50 * np.eye(3)
    second -= 2 * 4 / 50 * np.eye(3)
    for order, expected in ((1, first), (2, second), ("both", first + second / 2)):
        assert_allclose(stein_matrix(Z, y, order, "gaussian", rng), expected)


def test_gradients_are_those_of_differences():
    """One round, by kernel ridge regression and finite differences."""
    rng = np.random.RandomState(1)
    Z, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    squares = ((Z[:, None] - Z) ** 2).sum(axis=2)
    width = np.median(squares[np.triu_indices(40, 1)])
    dual = np.linalg.solve(np.exp(-squares / width) + 0.1 * np.eye(40), y)

    def f(rows):
        return np.exp(-((rows[:, None] - Z) ** 2).sum(axis=2) / width) @ dual

    step = 1e-5
    J = np.stack(
        [(f(Z + step * e) - f(Z - step * e)) / (2 * step) for e in np.eye(3)], axis=1
    )
    expected = np.einsum("niq,njq->ij", J, J) / 40
    found = gradient_matrix(Z, y, 0.1, 1, 9, rng, get_backend("cpu"))
    assert_allclose(found, expected, rtol=1e-6)


def test_as_many_centres_as_rows_are_the_whole_system(monkeypatch):
    rng = np.random.RandomState(1)
    Z, y = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))
    whole = gradient_matrix(Z, y, 0.1, 3, 60, rng, get_backend("cpu"))
    monkeypatch.setattr(_gradients, "MOST_ROWS", 30)
    found = gradient_matrix(Z, y, 0.1, 3, 60, rng, get_backend("cpu"))
    assert_allclose(found, whole, rtol=1e-4, atol=1e-5 * np.trace(whole))
    few = gradient_matrix(
        Z, y, 0.1, 3, 30, np.random.RandomState(0), get_backend("cpu")
    )
    assert not np.allclose(few, whole, rtol=1e-3)


def test_many_rows_by_few_centres(monkeypatch):
    monkeypatch.setattr(_gradients, "MOST_ROWS", 500)
    X, y, B = make_index_model(1500, n_features=8, link="even", random_state=0)
    model = SufficientSubspace(3, method="gradient", n_centers=200, random_state=0).fit(
        X, y
    )
    assert subspace_error(model.components_, B) < 0.1
    again = SufficientSubspace(3, method="gradient", n_centers=200, random_state=0).fit(
        X, y
    )
    np.testing.assert_array_equal(model.components_, again.components_)


@given(seed=st.integers(0, 99), scale=st.sampled_from([1e-100, 1e-5, 1e5, 1e100]))
@settings(max_examples=10, deadline=None)
def test_units_of_columns_and_targets_do_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3))
    y = X[:, :1] ** 2 + X[:, 1:2] + 0.1 * rng.normal(size=(40, 1))
    units, shift = np.array([scale, 1.0, 1 / scale]), np.array([0.0, 3.0, 0.0])
    one = SufficientSubspace(2).fit(X, y)
    two = SufficientSubspace(2).fit(X * units + shift, 5 * scale * y)
    assert_allclose(two.components_ * units, one.components_, atol=1e-6)
    assert_allclose(two.eigenvalues_, one.eigenvalues_, atol=1e-8)
    order = rng.permutation(40)
    three = SufficientSubspace(2).fit(X[order], y[order])
    assert_allclose(three.components_, one.components_, atol=1e-6)


def test_rotations_of_whitened_rows_rotate_the_directions():
    X, y, _ = make_index_model(300, n_features=5, rows="uniform", random_state=1)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    one = SufficientSubspace(2, shrinkage=0.0).fit(X, y)
    two = SufficientSubspace(2, shrinkage=0.0).fit(X @ turn, y)
    assert_allclose(two.eigenvalues_, one.eigenvalues_, rtol=1e-6, atol=1e-9)
    assert_allclose(np.abs(two.components_), np.abs(one.components_ @ turn), atol=1e-6)


def test_classes_are_columns():
    X, y = load_iris(return_X_y=True)
    names = np.array(["a", "b", "c"])[y]
    model = SufficientSubspace(2).fit(X, names)
    assert model.classes_.tolist() == ["a", "b", "c"]
    onehot = SufficientSubspace(2).fit(X, np.eye(3)[y])
    assert_allclose(model.components_, onehot.components_)
    assert_allclose(SufficientSubspace(2).fit(X, y).components_, onehot.components_)
    numbers = SufficientSubspace(2, target_type="numbers").fit(X, y)
    assert not hasattr(numbers, "classes_")
    assert not np.allclose(numbers.components_, onehot.components_)
    floats = SufficientSubspace(2).fit(X, y.astype(float))
    assert_allclose(floats.components_, numbers.components_)
    forced = SufficientSubspace(2, target_type="classes").fit(X, y.astype(float))
    assert_allclose(forced.components_, onehot.components_)


def test_what_auto_takes_for_classes():
    rows = np.ones((60, 1))
    for y in (np.arange(60) % 20, np.arange(60) < 5, np.array(["u", "v"] * 30)):
        assert target_columns(y, rows, "auto")[1] is not None
        objects = target_columns(y.astype(object), rows, "auto")[1]
        assert (objects is not None) == isinstance(y[0], str)
    for y in (np.arange(60), np.arange(60) / 7, np.eye(60, 3, dtype=int)):
        assert target_columns(y, rows, "auto")[1] is None


def test_outliers_of_a_target_are_brought_near():
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    y[7] = 1e6
    columns, _ = target_columns(y, np.ones((300, 1)), "numbers")
    assert np.abs(columns).max() < 18
    assert_allclose(columns.mean(axis=0), 0, atol=1e-12)
    assert_allclose(columns.std(axis=0), 1)
    assert (np.diff(columns[np.argsort(y), 0]) >= 0).all()


def test_targets_on_a_sphere_by_coordinates_of_distances():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    angle = np.stack([X[:, 0] ** 2, X[:, 1]], axis=1) / 2
    points = np.stack(
        [
            np.sin(angle[:, 0]) * np.cos(angle[:, 1]),
            np.sin(angle[:, 0]) * np.sin(angle[:, 1]),
            np.cos(angle[:, 0]),
        ],
        axis=1,
    )
    distances = np.arccos(np.clip(points @ points.T, -1, 1))
    y = classical_mds(np, distances, 3)
    model = SufficientSubspace(2).fit(X, y)
    assert subspace_error(model.components_, np.eye(6)[:2]) < 0.15


def test_whitening():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4)) + 3
    Z, found = whiten(X, 0.0)
    assert_allclose(Z, (X - found.mean) @ found.matrix, atol=1e-12)
    assert_allclose(Z.T @ Z / 50, np.eye(4), atol=1e-12)
    flat = np.column_stack([X, X[:, :1] + X[:, 1:2], np.full(50, 1e9)])
    Z, found = whiten(flat, 0.0)
    assert Z.shape == (50, 4) and not found.matrix[-1].any()
    assert_allclose(Z.T @ Z / 50, np.eye(4), atol=1e-8)
    shrunk, _ = whiten(flat, None)
    assert shrunk.shape == (50, 5) and np.isfinite(shrunk).all()


@pytest.mark.parametrize("method", ["gradient", "stein"])
def test_rows_of_which_little_is_known(method):
    rng = np.random.default_rng(0)
    y = rng.normal(size=20)
    wide = rng.normal(size=(20, 60))
    for X in (
        wide,
        wide[:, [0, 0, 1]],
        wide[:, :2] * [1, 0],
        np.repeat(wide[:2], 10, 0),
    ):
        for shrinkage in ("auto", 0.0, 1.0):
            model = SufficientSubspace(3, method=method, shrinkage=shrinkage).fit(X, y)
            k = min(3, X.shape[1])
            assert model.components_.shape == (k, X.shape[1])
            assert model.eigenvalues_.shape == (X.shape[1],)
            assert np.isfinite(model.components_).all()
            assert np.isfinite(model.transform(X)).all()
    two = SufficientSubspace(1, method=method).fit(wide[:2], y[:2])
    assert np.isfinite(two.components_).all()


def test_constant_targets_or_rows_are_told():
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1, 5, 1]
    X[:, 2] = X[:, 1] + 0.1 * X[:, 2]
    with pytest.warns(UserWarning, match="y is constant"):
        model = SufficientSubspace(1).fit(X, np.full(30, 1e9 + 0.1))
    assert model.method_ == "pca" and not model.eigenvalues_.any()
    assert abs(model.components_[0, 0] * X[:, 0].std()) < 0.2
    with pytest.warns(UserWarning, match="all columns of X are"):
        model = SufficientSubspace(2).fit(np.ones((30, 3)), X[:, 0])
    assert not model.components_.any()


def test_more_components_than_columns_are_all_of_them():
    X, y, _ = make_index_model(50, n_features=3, n_components=2, random_state=0)
    model = SufficientSubspace(9).fit(X, y)
    assert model.components_.shape == (3, 3)
    assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-8)
    assert model.get_feature_names_out().tolist() == [
        f"sufficientsubspace{i}" for i in range(3)
    ]


def test_the_way_back_is_to_rows_of_the_same_coordinates():
    X, y, _ = make_index_model(90, n_features=5, random_state=0)
    model = SufficientSubspace(2).fit(X, y)
    Z = model.transform(X)
    back = model.inverse_transform(Z)
    assert_allclose(model.transform(back), Z, atol=1e-9)
    assert (((back - model.mean_) ** 2).sum(1) <= ((X - model.mean_) ** 2).sum(1)).all()
    with pytest.raises(ValueError, match="X has 5 columns, but there are 2 directions"):
        model.inverse_transform(X)


def test_it_helps_a_learner_and_is_tuned():
    X, y, _ = make_index_model(300, link="even", n_targets=1, random_state=0)
    y = y.ravel()
    pipeline = make_pipeline(SufficientSubspace(3), KNeighborsRegressor(5))
    search = GridSearchCV(pipeline, {"sufficientsubspace__n_components": [1, 3]}, cv=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(X, y)
    alone = KNeighborsRegressor(5).fit(X[:200], y[:200]).score(X[200:], y[200:])
    assert search.best_score_ > alone + 0.2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(method="ols"), "'method' parameter"),
        (dict(order=3), "'order' parameter"),
        (dict(density="kernel"), "'density' parameter"),
        (dict(shrinkage=1.5), "'shrinkage' parameter"),
        (dict(alpha=0), "'alpha' parameter"),
        (dict(n_rounds=0), "'n_rounds' parameter"),
        (dict(target_type="text"), "'target_type' parameter"),
    ],
)
def test_wrong_parameters_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        SufficientSubspace(**wrong).fit(np.eye(4), np.arange(4.0))


def test_wrong_targets_are_named():
    X = np.eye(4)
    model = SufficientSubspace()
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.fit(X, None)
    with pytest.raises(ValueError, match="y contains NaN"):
        model.fit(X, [1.0, np.nan, 2, 3])
    with pytest.raises(ValueError, match="y contains infinity"):
        model.fit(X, [1.0, np.inf, 2, 3])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        model.fit(X, [1.0, 2])
    with pytest.raises(ValueError, match="y contains NaN"):
        SufficientSubspace(target_type="classes").fit(X, [1.0, np.nan, 2, 3])
    with pytest.raises(ValueError, match="minimum of 2"):
        model.fit(X[:1], [1.0])
