"""Classes by kernel ridge on indicators, and how sure it is of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits, load_iris, make_moons
from sklearn.metrics import log_loss
from sklearn.svm import SVC

from skgeom import KernelClassifier

X, Y = make_moons(300, noise=0.3, random_state=0)
NEW, TRUTH = make_moons(1000, noise=0.3, random_state=1)


@pytest.mark.parametrize("solver", ["cholesky", "cg", "nystrom", "falkon"])
def test_probabilities_are_worth_their_name(solver):
    n_centers = None if solver == "cholesky" else 80
    model = KernelClassifier(solver=solver, n_centers=n_centers, random_state=0)
    model.fit(X, Y)
    found = model.predict_proba(NEW)
    assert_allclose(found.sum(axis=1), 1.0)
    assert model.score(NEW, TRUTH) > SVC(C=10).fit(X, Y).score(NEW, TRUTH) - 0.02
    best = min(
        log_loss(TRUTH, 1 / (1 + np.exp(-f * model.decision_function(NEW))))
        for f in np.geomspace(0.2, 5, 50)
    )
    # What held back or left out rows say is near the best factor for new ones.
    slack = 0.15 if solver == "falkon" else 0.01
    assert log_loss(TRUTH, found) < best + slack
    assert_array_equal(model.predict(NEW), found.argmax(axis=1))
    assert_allclose(
        model.decision_function(NEW), np.log(found[:, 1] / found[:, 0]), atol=1e-6
    )


def test_several_classes_that_are_text():
    iris = load_iris()
    names = iris.target_names[iris.target]
    model = KernelClassifier(random_state=0).fit(iris.data[::2], names[::2])
    assert model.score(iris.data[1::2], names[1::2]) > 0.94
    assert model.decision_function(iris.data[:4]).shape == (4, 3)
    assert 0.9 < model.loo_score_ <= 1.0


def test_the_score_is_accuracy_of_left_out_rows():
    few, y = X[:40], Y[:40]
    options = dict(kernel="rbf", gamma=1.0, alpha=0.1)
    model = KernelClassifier(**options).fit(few, y)
    K = np.exp(-((few[:, None] - few) ** 2).sum(axis=2))
    signs = y - y.mean()
    inverse = np.linalg.inv(K + 0.1 * np.eye(40))
    left_out = signs - inverse @ signs / np.diagonal(inverse) + y.mean()
    assert model.loo_score_ == pytest.approx(np.mean((left_out > 0.5) == y))


def test_a_class_of_one_row_and_weights():
    y = np.zeros(60, dtype=int)
    y[7] = 1
    model = KernelClassifier(random_state=0).fit(X[:60], y)
    assert np.isfinite(model.predict_proba(NEW)).all()
    weights = np.arange(60) % 3
    twice = np.repeat(np.arange(60), weights)
    one = KernelClassifier().fit(X[:60], Y[:60], sample_weight=weights)
    two = KernelClassifier().fit(X[twice], Y[twice])
    assert_allclose(one.predict_proba(NEW), two.predict_proba(NEW), atol=1e-6)


def test_batches_are_as_good_as_all_at_once():
    options = dict(
        kernel="rbf", gamma=1.0, alpha=0.1, solver="nystrom", centers=X[::10]
    )
    whole = KernelClassifier(**options).fit(X, Y)
    model = KernelClassifier(**options)
    for rows in np.array_split(np.arange(len(X)), 3):
        model.partial_fit(X[rows], Y[rows], classes=[0, 1])
    assert_allclose(
        model.decision_function(NEW) / model.sharpness_,
        whole.decision_function(NEW) / whole.sharpness_,
        atol=1e-8,
    )
    with pytest.raises(ValueError, match="are not those before"):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="has the class 7, not one of"):
        model.partial_fit(X[:2], [7, 0])
    with pytest.raises(ValueError, match="needs `classes`"):
        KernelClassifier().partial_fit(X, Y)


def test_a_metric_for_classes():
    """Two columns of twelve tell the moons apart."""
    rng = np.random.default_rng(0)
    noisy, new = (
        np.hstack([rows, rng.standard_normal((len(rows), 10))]) for rows in (X, NEW)
    )
    plain = KernelClassifier(random_state=0).fit(noisy, Y)
    model = KernelClassifier(metric="agop", random_state=0).fit(noisy, Y)
    assert model.feature_importances_[:2].sum() > 0.8
    assert model.score(new, TRUTH) > plain.score(new, TRUTH) + 0.01


def test_digits():
    digits, y = load_digits(return_X_y=True)
    model = KernelClassifier(random_state=0).fit(digits[::3], y[::3])
    assert model.score(digits[1::3], y[1::3]) > 0.97
    assert log_loss(y[1::3], model.predict_proba(digits[1::3])) < 0.1


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        KernelClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="Unknown label type"):
        KernelClassifier().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="y is None"):
        KernelClassifier().fit(X, None)
