"""Adaptive bases: what a target depends on is shown, whatever the units and grid."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skgeom import AdaptiveBasisClassifier, AdaptiveBasisRegressor
from skgeom.functional._adaptive_basis._bases import directions, grid_weights

pytest.importorskip("torch", reason="torch is not installed")

RNG = np.random.default_rng(0)
T = np.linspace(0, 1, 31)
WAVES = np.sqrt(2) * np.cos(np.arange(1, 7)[:, None] * np.pi * T)
C = RNG.uniform(-2, 2, (400, 6))
X = C @ WAVES
Y = C[:, 3] ** 2 + 0.3 * C[:, 1]
QUICK = dict(max_iter=4, random_state=0)


@pytest.fixture(scope="module")
def model():
    return AdaptiveBasisRegressor(3, max_iter=250, random_state=0).fit(X, Y)


def mean(f, g):
    """Integral of a product, by the trapezoidal rule."""
    return (f * g) @ grid_weights(T)


def test_a_square_that_no_linear_method_sees_is_learned(model):
    fresh = np.random.default_rng(1).uniform(-2, 2, (200, 6))
    wanted = fresh[:, 3] ** 2 + 0.3 * fresh[:, 1]
    assert model.score(fresh @ WAVES, wanted) > 0.97


def test_the_functions_that_matter_are_shown_first(model):
    """Two of the three, whatever was learned: the square's, then the slope's."""
    assert abs(mean(model.basis_[0], WAVES[3])) > 0.97
    assert abs(mean(model.basis_[1], WAVES[1])) > 0.8
    assert model.importances_[0] > 0.8 > 0.1 > model.importances_[2]


def test_functions_are_orthonormal_and_scores_are_integrals(model):
    gram = (model.basis_ * grid_weights(T)) @ model.basis_.T
    np.testing.assert_allclose(gram, np.eye(3), atol=1e-9)
    expected = (X - X.mean(axis=0)) * grid_weights(T) @ model.basis_.T
    np.testing.assert_allclose(model.transform(X), expected, atol=1e-9)
    np.testing.assert_allclose(model.importances_.sum(), 1.0)
    assert (np.diff(model.importances_) <= 0).all()


def test_a_prediction_depends_on_scores_alone(model):
    """Two curves of the same scores, and of all else different."""
    free = RNG.normal(size=(5, len(T)))
    scores = free * grid_weights(T) @ model.basis_.T
    moved = X[:5] + 9 * (free - scores @ model.basis_)
    np.testing.assert_allclose(model.transform(moved), model.transform(X[:5]))
    np.testing.assert_allclose(model.predict(moved), model.predict(X[:5]), atol=1e-7)


@given(
    st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**31 - 1)
)
def test_directions_do_not_depend_on_the_bases_of_a_span(d, k, n_outputs, seed):
    """Of a function of integrals, told by other integrals of the same span."""
    rng = np.random.RandomState(seed)
    weights = grid_weights(np.sort(rng.uniform(size=d)) + np.arange(d))
    bases, rows = rng.standard_normal((d, k)), rng.standard_normal((40, d))
    mix = np.linalg.qr(rng.standard_normal((k, k)))[0] * rng.uniform(0.5, 2, k)
    plane = rng.standard_normal((k, n_outputs))

    def head(scores):
        return np.tanh(scores @ plane)

    one = directions(bases, weights, rows, head)
    other = directions(
        bases @ mix, weights, rows, lambda s: head(s @ np.linalg.inv(mix))
    )
    size = min(d, k)
    assert one.basis.shape == (size, d)
    np.testing.assert_allclose(other.importances, one.importances, atol=1e-5)
    slopes = [f.basis.T * f.importances @ f.basis for f in (one, other)]
    np.testing.assert_allclose(*slopes, atol=1e-4 * max(np.abs(slopes[0]).max(), 1))
    gram = (one.basis * weights) @ one.basis.T
    np.testing.assert_allclose(gram, np.eye(size), atol=1e-7)
    # Scores on these are all that scores on the bases need.
    scores = (rows * weights) @ one.basis.T
    np.testing.assert_allclose(scores @ one.mixing, (rows * weights) @ bases, atol=1e-8)


def test_an_uneven_grid_is_known():
    """The same functions on other points give nearly the same predictions."""
    grid = np.sort(RNG.uniform(0, 1, 60))
    waves = np.sqrt(2) * np.cos(np.arange(1, 7)[:, None] * np.pi * grid)
    model = AdaptiveBasisRegressor(2, grid=grid, max_iter=250, random_state=0)
    model.fit(C @ waves, C[:, 2])
    assert model.score(C @ waves, C[:, 2]) > 0.97
    # What a curve has of other functions is free, what the target is made of is not.
    found = np.corrcoef(model.transform(C @ waves)[:, 0], C[:, 2])[0, 1]
    assert abs(found) > 0.98


@pytest.mark.parametrize(
    "grid", [T[::-1], T[:-1], np.r_[T[:-1], np.nan], np.zeros(31), [[1.0]], ["a"] * 31]
)
def test_a_grid_that_is_none_is_refused(grid):
    with pytest.raises(ValueError, match=r"grid|convert"):
        AdaptiveBasisRegressor(grid=grid).fit(X, Y)


@settings(max_examples=6)
@given(st.sampled_from([1e-100, 1e-2, 1e100]), st.sampled_from([1e-100, 3.0, 1e100]))
def test_units_do_not_matter(size, unit):
    plain = AdaptiveBasisRegressor(**QUICK).fit(X, Y).predict(X)
    other = AdaptiveBasisRegressor(**QUICK).fit(size * X, unit * Y).predict(size * X)
    np.testing.assert_allclose(other / unit, plain, atol=1e-3)


def test_several_targets_are_learned_together():
    both = np.stack([Y, C[:, 0]], axis=1)
    model = AdaptiveBasisRegressor(4, max_iter=250, random_state=0).fit(X, both)
    assert model.predict(X).shape == both.shape
    assert model.score(X, both) > 0.9


def test_classes():
    y = np.array(["low", "mid", "high"])[np.digitize(C[:, 3], [-0.7, 0.7])]
    model = AdaptiveBasisClassifier(2, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.95
    assert abs(mean(model.basis_[0], WAVES[3])) > 0.95
    chances = model.predict_proba(X)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    np.testing.assert_array_equal(
        model.classes_[chances.argmax(axis=1)], model.predict(X)
    )
    np.testing.assert_allclose(
        np.log(chances[:, 0] / chances[:, 1]),
        model.decision_function(X)[:, 0] - model.decision_function(X)[:, 1],
        atol=1e-6,
    )


def test_odds_of_two_classes():
    y = C[:, 3] > 0
    model = AdaptiveBasisClassifier(**QUICK).fit(X, y)
    odds = model.decision_function(X)
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), model.predict_proba(X)[:, 1])


def test_classes_that_come_later_have_to_be_named():
    y = (C[:, 3] > 0).astype(int)
    step = AdaptiveBasisClassifier(random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    assert step.predict_proba(X).shape == (400, 3)
    before = step.predict_proba(X)
    with pytest.raises(ValueError, match="y holds the class 7, which is none of those"):
        step.partial_fit(X, y + 7)
    np.testing.assert_array_equal(step.predict_proba(X), before)
    for _ in range(20):
        step.partial_fit(X, y)
    assert len(step.loss_curve_) == 21
    assert step.loss_curve_[-1] < step.loss_curve_[0]


def test_epochs_one_by_one_and_a_warm_start():
    step = AdaptiveBasisRegressor(learning_rate=0.02, random_state=0)
    for _ in range(25):
        step.partial_fit(X, Y)
    assert step.loss_curve_[-1] < 0.7 * step.loss_curve_[0]
    copy = pickle.loads(pickle.dumps(step))
    np.testing.assert_array_equal(
        copy.partial_fit(X, Y).predict(X), step.partial_fit(X, Y).predict(X)
    )
    step.set_params(warm_start=True, max_iter=3).fit(X, Y)
    assert len(step.loss_curve_) == 3
    assert step.loss_curve_[0] < 0.8 * copy.loss_curve_[0]
    with pytest.raises(ValueError, match="warm_start"):
        step.fit(X, np.stack([Y, Y], axis=1))


@pytest.mark.parametrize(
    ("X_", "y"),
    [
        (np.ones((1, 4)), [3.0]),
        (np.ones((6, 3)), np.arange(6.0)),
        (np.arange(5.0)[:, None], np.arange(5.0)),
        (X[:9], np.full(9, 2.5)),
        (np.repeat(X[:2], 3, axis=0), [0.0, 1, 2, 3, 4, 5]),
        (1e300 * X[:9], 1e300 * Y[:9]),
    ],
    ids=["one row", "constant", "one point", "one target", "duplicates", "huge"],
)
def test_odd_tables(X_, y):
    model = AdaptiveBasisRegressor(batch_size=500, **QUICK).fit(X_, y)
    assert np.isfinite(model.predict(X_)).all()
    assert np.isfinite(model.transform(X_)).all()
    assert np.isfinite(model.basis_).all()
    if len(np.unique(y)) == 1:
        np.testing.assert_allclose(model.predict(X_), y, rtol=1)
    classes = np.arange(len(y)) % 2
    told = AdaptiveBasisClassifier(**QUICK).fit(X_, classes).predict_proba(X_)
    np.testing.assert_allclose(told.sum(axis=1), 1)


def test_bad_targets_are_named():
    for y, message in (
        (None, "requires y to be passed"),
        (Y[:-1], "inconsistent numbers of samples"),
        (np.where(Y > 1, np.nan, Y), "y contains NaN"),
    ):
        for Class in (AdaptiveBasisRegressor, AdaptiveBasisClassifier):
            with pytest.raises(ValueError, match=message):
                Class().fit(X, y)
    with pytest.raises(ValueError, match="y contains NaN"):
        AdaptiveBasisRegressor().fit(X[:2], np.array([1.0, None], dtype=object))
    with pytest.raises(ValueError, match="Unknown label type"):
        AdaptiveBasisClassifier().fit(X, Y)


def test_a_rate_that_is_too_large_is_told():
    model = AdaptiveBasisRegressor(learning_rate=1e6, max_iter=30, random_state=0)
    with pytest.warns(ConvergenceWarning, match="AdaptiveBasisRegressor: in"):
        model.fit(X, Y)
    assert np.isfinite(model.predict(X)).all()


def test_single_precision_stays_single():
    model = clone(AdaptiveBasisRegressor(**QUICK)).fit(X.astype(np.float32), Y)
    assert model.basis_.dtype == model.predict(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(
        model.predict(X.astype(np.float32)), model.predict(X), rtol=1e-5, atol=1e-5
    )
