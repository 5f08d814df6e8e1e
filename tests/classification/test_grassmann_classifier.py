"""Classes as subspaces: gradients, what does not matter, planted ones, odd input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import check_grad
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import GrassmannClassifier
from skgeom.classification._grassmann_classifier import subspace_loss
from skgeom.geometry import grassmann

IRIS, KINDS = load_iris(return_X_y=True)


def planted(seed, n=500, d=12, n_classes=4, k=2):
    """Rows near a subspace for each class, on both sides of zero."""
    rng = np.random.default_rng(seed)
    bases = grassmann.random(n_classes, d, k, random_state=seed)
    y = rng.integers(0, n_classes, n)
    X = np.einsum("ndk,nk->nd", bases[y], rng.normal(size=(n, k)))
    return X + 0.05 * rng.normal(size=X.shape), y, bases


@given(
    seed=st.integers(0, 2**31 - 1),
    shape=st.tuples(st.integers(2, 4), st.integers(2, 6), st.integers(1, 2)),
    alpha=st.sampled_from([0.0, 1e-2]),
)
@settings(max_examples=25)
def test_the_slope_is_that_of_the_loss(seed, shape, alpha):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(9, shape[1]))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    targets = np.eye(shape[0])[:, rng.integers(0, shape[0], 9)]

    def told(flat):
        spans = flat[:-1].reshape(shape)
        return subspace_loss(np, rows, targets, spans, flat[-1], alpha)

    def slope(flat):
        return np.append(told(flat)[1].ravel(), told(flat)[2])

    flat = np.append(rng.normal(size=np.prod(shape)), 0.5)
    size = 1 + np.linalg.norm(slope(flat)) + 1 / np.abs(flat).min()
    assert check_grad(lambda v: float(told(v)[0]), slope, flat) < 1e-4 * size


def test_the_loss_is_its_definition_and_depends_on_spans_alone():
    rng = np.random.default_rng(0)
    rows, spans = rng.normal(size=(8, 5)), rng.normal(size=(3, 5, 2))
    codes = rng.integers(0, 3, 8)
    targets = np.eye(3)[:, codes]
    logits = np.empty((8, 3))
    for c, W in enumerate(spans):
        projector = W @ np.linalg.inv(W.T @ W) @ W.T
        logits[:, c] = 2.0 * np.sqrt(((rows @ projector) ** 2).sum(axis=1))
    log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -log_shares[np.arange(8), codes].mean() + 0.1 * 4 / 2
    found = subspace_loss(np, rows, targets, spans, np.log(2.0), 0.1)[0]
    assert_allclose(found, expected, rtol=1e-9)
    other = subspace_loss(
        np, rows, targets, spans @ rng.normal(size=(2, 2)), np.log(2.0), 0.1
    )
    assert_allclose(other[0], expected, rtol=1e-9)


def test_planted_subspaces_are_found():
    X, y, bases = planted(0)
    model = GrassmannClassifier(2, fit_intercept=False).fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > 0.97
    assert LogisticRegression().fit(X[::2], y[::2]).score(X[1::2], y[1::2]) < 0.5
    # A row and its negative are of a class.
    assert_allclose(model.predict_proba(-X), model.predict_proba(X), atol=1e-12)
    there = grassmann.project(bases / model.deviation_[:, None])
    gaps = grassmann.distance(model.subspaces_[:, None], there[None])
    assert (gaps.argmin(axis=1) == np.arange(4)).all()
    assert (2 * gaps.diagonal() < np.sort(gaps, axis=1)[:, 1]).all()


@pytest.fixture(scope="module")
def fitted():
    return GrassmannClassifier().fit(IRIS, KINDS)


def test_classes_of_iris(fitted):
    assert fitted.score(IRIS, KINDS) > 0.95
    Z = np.hstack([(IRIS - fitted.mean_) / fitted.deviation_, np.full((150, 1), 2.0)])
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    lengths = np.linalg.norm(np.einsum("nd,cdk->nck", Z, fitted.subspaces_), axis=2)
    assert_allclose(fitted.decision_function(IRIS), fitted.scale_ * lengths, atol=1e-6)
    assert_allclose(fitted.predict_proba(IRIS).sum(axis=1), 1.0)
    assert (
        fitted.classes_[fitted.predict_proba(IRIS).argmax(axis=1)]
        == fitted.predict(IRIS)
    ).all()


def test_bases_are_ordered_and_angles_are_those_between_them(fitted):
    S = fitted.subspaces_
    k = S.shape[2]
    assert k == 4
    assert_allclose(np.swapaxes(S, 1, 2) @ S, np.stack([np.eye(k)] * 3), atol=1e-12)
    expected = grassmann.principal_angles(S[0], S[2])
    assert_allclose(fitted.class_angles_[0, 2], expected, atol=1e-7)
    assert_allclose(fitted.class_angles_[1, 1], 0, atol=1e-7)
    Z = np.hstack([(IRIS - fitted.mean_) / fitted.deviation_, np.full((150, 1), 2.0)])
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    for code, basis in enumerate(S):
        sizes = ((Z[KINDS == code] @ basis) ** 2).sum(axis=0)
        assert (np.diff(sizes) <= 1e-9).all()


@given(
    scale=st.sampled_from([1e-100, 1e-3, 1e8, 1e100]),
    shift=st.sampled_from([0.0, 2.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=15)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_units_and_the_order_of_rows_do_not_matter(scale, shift, seed):
    model = GrassmannClassifier(2, max_iter=5)
    expected = model.fit(IRIS, KINDS).decision_function(IRIS)
    order = np.random.default_rng(seed).permutation(150)
    moved = scale * (IRIS * [1, 10, 0.1, 7] + shift)
    model.fit(moved[order], np.array(["a", "b", "c"])[KINDS[order]])
    assert_allclose(model.decision_function(moved), expected, atol=1e-4 * model.scale_)


def test_two_classes_have_one_score():
    few = KINDS < 2
    model = GrassmannClassifier(1).fit(IRIS[few], KINDS[few])
    scores = model.decision_function(IRIS[few])
    assert scores.shape == (100,)
    assert ((scores > 0) == model.predict(IRIS[few])).all()
    shares = model.predict_proba(IRIS[few])[:, 1]
    assert_allclose(shares, 1 / (1 + np.exp(-scores)), atol=1e-12)


def test_odd_input():
    with pytest.raises(ValueError, match="at least two classes; y has one"):
        GrassmannClassifier().fit(IRIS[:50], KINDS[:50])
    with pytest.raises(ValueError, match="NaN"):
        GrassmannClassifier().fit([[np.nan], [1.0]], [0, 1])
    with pytest.warns(ConvergenceWarning, match="max_iter=1 steps"):
        GrassmannClassifier(max_iter=1).fit(IRIS, KINDS)
    # A row a class, a column, and more directions than there are.
    one = GrassmannClassifier(50).fit([[0.0], [1.0]], ["no", "yes"])
    assert one.subspaces_.shape == (2, 2, 1)
    assert one.predict([[0.1], [0.9]]).tolist() == ["no", "yes"]
    flat = np.column_stack([IRIS, np.full(150, 1e9 + 0.1)])
    assert GrassmannClassifier().fit(flat, KINDS).score(flat, KINDS) > 0.95
    zero = GrassmannClassifier(fit_intercept=False).fit(IRIS, KINDS)
    assert_allclose(zero.predict_proba(np.zeros((1, 4))), 1 / 3, atol=1e-9)
    for name, value in (("alpha", 0.0), ("n_components", 0), ("tol", -1.0)):
        with pytest.raises(InvalidParameterError, match=name):
            GrassmannClassifier(**{name: value}).fit(IRIS, KINDS)


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e300])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_any_scale_has_finite_numbers(scale):
    model = GrassmannClassifier(2, max_iter=5).fit(scale * IRIS, KINDS)
    for rows in (scale * IRIS, IRIS, 1e300 * IRIS):
        assert np.isfinite(model.decision_function(rows)).all()
    assert np.isfinite(model.mean_).all()
    assert np.isfinite(model.deviation_).all()
