"""Maps between spaces: exact where there is one, the best by what is left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, LeaveOneOut, cross_val_predict

from skgeom import AnchorAlignment
from skgeom.embedding._anchors._maps import PENALTIES, ridge_map


def rotation(d, rng):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


@given(st.integers(1, 6), st.integers(0, 99), st.floats(0.1, 9))
@settings(max_examples=30)
def test_rotations_are_found_and_turned_back(d, seed, scale):
    rng = np.random.default_rng(seed)
    X, Z = rng.normal(size=(d + 2, d)), rng.normal(size=(5, d))
    Q, shift = rotation(d, rng), rng.normal(size=d)
    model = AnchorAlignment("orthogonal").fit(X, scale * X @ Q + shift)
    there = model.transform(Z)
    np.testing.assert_allclose(there, scale * Z @ Q + shift, atol=1e-7)
    np.testing.assert_allclose(model.inverse_transform(there), Z, atol=1e-7)
    np.testing.assert_allclose(model.coef_, scale * Q.T, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, shift, atol=1e-7)


@given(st.integers(3, 20), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=20)
def test_orthogonal_maps_are_those_of_procrustes(n, d, k, seed):
    """Those of SciPy, of as many columns, once both are padded by zeros."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, d)), rng.normal(size=(n, k))
    A, B = (
        np.pad(a - a.mean(axis=0), [(0, 0), (0, max(d, k) - a.shape[1])])
        for a in (X, Y)
    )
    Q, total = orthogonal_procrustes(A, B)
    expected = A @ Q * total / (A**2).sum() + np.pad(Y.mean(axis=0), (0, max(d, k) - k))
    found = AnchorAlignment("orthogonal").fit(X, Y).transform(X)
    np.testing.assert_allclose(found, expected[:, :k], atol=1e-8)


@pytest.mark.parametrize("shape", [(30, 4, 3), (9, 20, 3), (12, 5, 1)])
def test_ridge_is_that_of_scikit_learn(shape):
    n, d, k = shape
    rng = np.random.default_rng(0)
    X, Y, Z = rng.normal(size=(n, d)), rng.normal(size=(n, k)), rng.normal(size=(5, d))
    unit = ((X - X.mean(axis=0)) ** 2).sum() / d
    model = AnchorAlignment(alpha=0.3).fit(X, Y)
    expected = Ridge(alpha=0.3 * unit).fit(X, Y)
    np.testing.assert_allclose(model.transform(Z), expected.predict(Z).reshape(5, k))
    np.testing.assert_allclose(model.coef_, expected.coef_.reshape(k, d))
    assert model.alpha_ == 0.3


@pytest.mark.parametrize("shape", [(15, 4, 3), (9, 20, 2)])
def test_the_penalty_is_the_best_by_anchors_left_out(shape):
    """By fitting without each of them, one after the other."""
    n, d, k = shape
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, d))
    Y = X @ rng.normal(size=(d, k)) + 2 * rng.normal(size=(n, k))
    unit = ((X - X.mean(axis=0)) ** 2).sum() / d
    errors = []
    for alpha in PENALTIES:
        told = cross_val_predict(Ridge(alpha * unit), X, Y, cv=LeaveOneOut())
        errors.append(((told - Y) ** 2).mean())
    assert ridge_map(X, Y).alpha == pytest.approx(PENALTIES[np.argmin(errors)])


def test_a_way_back_that_does_not_blow_up():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 8)) * 0.3 ** np.arange(8)
    Y = X @ rng.normal(size=(8, 8)) + 0.05 * rng.normal(size=(60, 8))
    model = AnchorAlignment().fit(X[:40], Y[:40])
    back = model.inverse_transform(Y[40:])
    inverse = (Y[40:] - model.intercept_) @ np.linalg.inv(model.coef_).T
    wrong = [((rows - X[40:]) ** 2).sum() for rows in (back, inverse)]
    assert wrong[0] < 0.5 * wrong[1]


def test_a_search_compares_methods():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 10))
    Y = 2 * X @ rotation(10, rng) + 0.3 * rng.normal(size=(12, 10))
    search = GridSearchCV(AnchorAlignment(), {"method": ["ridge", "orthogonal"]}, cv=3)
    assert search.fit(X, Y).best_params_ == {"method": "orthogonal"}
    table = clone(search.best_estimator_).set_output(transform="pandas")
    assert list(table.fit(X, Y).transform(X).columns)[-1] == "anchoralignment9"


def test_one_target_may_be_a_vector():
    X = np.arange(8.0)[:, None]
    model = AnchorAlignment().fit(X, 2 * X[:, 0] + 1)
    np.testing.assert_allclose(model.predict(X), 2 * X[:, 0] + 1, atol=1e-3)
    assert model.transform(X).shape == (8, 1)
    assert model.score(X, 2 * X[:, 0] + 1) > 0.9999


@pytest.mark.parametrize("method", ["ridge", "orthogonal"])
@pytest.mark.parametrize("scales", [(1e-200, 1e100), (1e150, 1e-100), (1e200, 1e200)])
def test_units_do_not_matter(method, scales):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    expected = AnchorAlignment(method).fit(X, Y).transform(X)
    model = AnchorAlignment(method).fit(scales[0] * X, scales[1] * Y)
    found = model.transform(scales[0] * X) / scales[1]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.isfinite(model.coef_).all() and np.isfinite(model.intercept_).all()


@pytest.mark.parametrize("method", ["ridge", "orthogonal"])
def test_anchors_that_tell_nothing(method):
    for X, Y in [
        (np.ones((4, 3)), np.arange(8.0).reshape(4, 2)),
        (np.arange(12.0).reshape(4, 3), np.ones((4, 2))),
        (np.ones((1, 3)), np.ones((1, 2))),
    ]:
        model = AnchorAlignment(method).fit(X, Y)
        np.testing.assert_allclose(model.transform(X), [Y.mean(axis=0)] * len(X))
        assert np.isfinite(model.inverse_transform(Y)).all()


def test_what_is_refused():
    X = np.arange(12.0).reshape(6, 2)
    for y, settings_, told in [
        (X[:4], {}, "inconsistent numbers"),
        (None, {}, "y"),
        (np.full((6, 1), np.inf), {}, "y contains infinity"),
        (X, dict(alpha=0.0), "alpha"),
        (X, dict(method="cca"), "method"),
    ]:
        with pytest.raises(ValueError, match=told):
            AnchorAlignment(**settings_).fit(X, y)
    with pytest.raises(ValueError, match="must have shape"):
        AnchorAlignment().fit(X, X).inverse_transform(np.ones((2, 3)))
