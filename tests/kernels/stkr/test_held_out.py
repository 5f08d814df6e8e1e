"""Labels that a fit has not seen, against fits without them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_moons

from skgeom import STKRClassifier, STKRRegressor
from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.kernels._stkr import _choice
from skgeom.kernels._stkr._base_kernel import kernel_of_graph
from skgeom.kernels._stkr._choice import label_folds
from skgeom.kernels._stkr._held_out import held_out_values
from skgeom.kernels._stkr._spectral_ridge import primal_ridge
from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian


def moons(n=200):
    X, classes = make_moons(n, noise=0.1, random_state=0)
    graph = Graph.from_points(X, n_neighbors=7, affinity="self_tuning")
    return graph, classes, np.sin(2 * X[:, 0]) + X[:, 1]


@pytest.mark.parametrize("degree", [1, 2])
def test_a_path_is_the_fits_that_it_stands_for(device, degree):
    graph, _, values = moons()
    S = kernel_of_graph(graph, "symmetric", get_backend(device)).operator
    backend, rows = S.backend, np.arange(0, 200, 2)
    y = np.stack([values, values**2], axis=1)[rows]
    targets, weights = (
        backend.asarray(part, backend.float64) for part in (y, np.linspace(1, 2, 100))
    )
    alphas, folds = np.logspace(1, -3, 9), np.arange(100) % 4
    transform = InverseLaplacian(0.99, degree)
    found = held_out_values(
        S,
        transform,
        rows,
        targets,
        weights,
        alphas,
        np.where(folds < 3, folds, -1),
        tol=1e-8,
        max_iter=5000,
    )
    assert_array_equal(found[:, folds == 3], 0.0)
    shown = np.flatnonzero(folds != 1)
    for i, alpha in enumerate(alphas):
        fit = primal_ridge(
            S,
            transform,
            rows[shown],
            targets[shown],
            weights[shown],
            alpha,
            tol=1e-10,
            max_iter=5000,
        )
        expected = backend.to_numpy(fit.values)[rows[folds == 1]]
        # Solutions between those that were computed are combined of them.
        assert_allclose(found[i, folds == 1], expected, atol=2e-2 * abs(y).max())
        if i in (0, 8):
            assert_allclose(found[i, folds == 1], expected, atol=1e-3)


@given(n=st.integers(1, 1200), n_classes=st.integers(1, 6), n_targets=st.integers(1, 6))
def test_every_fold_has_its_share_of_each_class(n, n_classes, n_targets):
    classes = np.random.default_rng(n).integers(0, n_classes, n)
    folds = label_folds(classes, n_targets)
    period = 4 if (folds < 0).any() else folds.max() + 1
    for fold in range(folds.max() + 1):
        for one in np.unique(classes):
            inside = folds[classes == one] == fold
            assert abs(inside.sum() - len(inside) / period) < 1.0


def test_noise_asks_for_more_than_a_smooth_target():
    graph, _, values = moons(400)
    rows = np.arange(0, 400, 2)[:, None]
    noise = np.random.default_rng(0).standard_normal(200)
    grid = np.logspace(-3, 2, 6)
    smooth, rough = (
        STKRRegressor(graph=graph, strength=1e3, alpha=grid).fit(rows, y)
        for y in (values[::2], values[::2] + noise)
    )
    assert smooth.alpha_ < rough.alpha_
    assert {smooth.alpha_, rough.alpha_} <= set(grid)


@pytest.mark.parametrize("Class", [STKRRegressor, STKRClassifier])
def test_a_default_on_a_graph_is_near_the_best_of_its_grid(Class):
    graph, classes, values = moons(400)
    y = classes if Class is STKRClassifier else values
    known = np.random.default_rng(0).permutation(400)
    train, test = known[:100, None], known[100:, None]
    default = Class(graph=graph).fit(train, y[train[:, 0]])
    assert default.strength_ in Class._default_strengths
    assert default.alpha_ in Class._default_alphas
    scores = [
        Class(graph=graph, strength=strength, alpha=alpha)
        .fit(train, y[train[:, 0]])
        .score(test, y[test[:, 0]])
        for strength in (3.0, 100.0, 1e4)
        for alpha in (1e-2, 1.0)
    ]
    assert default.score(test, y[test[:, 0]]) > max(scores) - 0.03


def test_many_labels_are_judged_by_a_part_of_them(monkeypatch):
    graph, classes, _ = moons(200)
    monkeypatch.setattr(_choice, "_VERY_FEW", 5)
    monkeypatch.setattr(_choice, "_FEW_ENTRIES", 5)
    monkeypatch.setattr(_choice, "_MANY", 20)
    rows = np.arange(0, 200, 4)
    model = STKRClassifier(graph=graph).fit(rows[:, None], classes[rows])
    assert model.score(np.arange(200)[:, None], classes) > 0.9


def test_an_indefinite_kernel_gets_a_penalty_that_it_allows():
    X = np.random.default_rng(0).standard_normal((60, 2))
    y = np.where(np.arange(60) < 30, X[:, 0], np.nan)

    def near(A, B):
        squares = ((A[:, None] - B[None]) ** 2).sum(axis=2)
        return np.where(squares < 1.0, 1.0 - squares, 0.0)

    model = STKRRegressor(near).fit(X, y)
    assert np.isfinite(model.transduction_).all()
