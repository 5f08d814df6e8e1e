"""Bars and matrix of a learned metric."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError

from skgeom import KernelRegressor
from skgeom.plotting import LearnedMetricDisplay

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(60, 4)) * [1.0, 100.0, 1.0, 1e-3]
MODEL = KernelRegressor("rbf", metric="agop_diagonal", random_state=0)
MODEL.fit(X, np.sin(6 * X[:, 0]) + 1e3 * X[:, 3])


def test_bars_are_the_importances():
    display = LearnedMetricDisplay.from_estimator(MODEL, name="arm", max_features=3)
    assert display.ax_.get_title() == "arm"
    drawn = [bar.get_width() for bar in display.bars_]
    assert_allclose(drawn, np.sort(MODEL.feature_importances_)[1:])
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names[-1] == f"column {MODEL.feature_importances_.argmax()}"


def test_the_matrix_is_in_units_of_the_spread():
    display = LearnedMetricDisplay.from_estimator(MODEL, kind="matrix")
    shown = np.asarray(display.image_.get_array())
    assert_allclose(
        np.diagonal(shown), np.sort(MODEL.feature_importances_)[::-1], atol=1e-12
    )
    assert_allclose(shown - np.diag(np.diagonal(shown)), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LearnedMetricDisplay(np.ones((2, 3))), "must be square"),
        (lambda: LearnedMetricDisplay(np.eye(2), ["a"]), "must have 2 entries"),
        (lambda: LearnedMetricDisplay(np.eye(2)).plot(kind="pie"), "'columns' or"),
        (lambda: LearnedMetricDisplay(np.eye(2)).plot(max_features=0), "at least 1"),
        (
            lambda: LearnedMetricDisplay.from_estimator(
                KernelRegressor().fit(X, X[:, 0])
            ),
            "has learned no metric",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unfitted_is_an_error():
    with pytest.raises(NotFittedError):
        LearnedMetricDisplay.from_estimator(KernelRegressor())


def test_names_may_come_from_the_table_before_a_pipeline():
    display = LearnedMetricDisplay.from_estimator(MODEL, feature_names=list("abcd"))
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names[-1] == "abcd"[MODEL.feature_importances_.argmax()]
