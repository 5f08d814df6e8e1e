"""The average of machines on neighbours and points."""

import numpy as np
import pytest
from array_api_compat import numpy as xp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits, make_friedman1, make_moons, make_swiss_roll
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV

from skgeom import STKRClassifier, STKRRegressor
from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.kernels._stkr import _average
from skgeom.kernels._stkr._averaged_machines import average_machines, penalty_ratios
from skgeom.kernels._stkr._base_kernel import kernel_of_graph
from skgeom.kernels._stkr._label_kernels import neighbor_grams, point_gram, point_widths
from skgeom.solvers import ridge_path


def roll(n=300, n_labels=20, seed=0):
    X, t = make_swiss_roll(n, noise=0.1, random_state=seed)
    X, t = X / X.std(), (t - t.mean()) / t.std()
    return X, np.where(np.arange(n) < n_labels, t, np.nan), t


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31 - 1), n=st.integers(3, 12))
def test_left_out_labels_are_those_of_fits_without_them(seed, n):
    """With an intercept and weights, against a system with a multiplier."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n))
    K, y, w = A @ A.T, rng.standard_normal((n, 2)), rng.uniform(0.5, 2.0, n)
    found = ridge_path(xp, K, y, w, [0.1, 1.0], fit_intercept=True)
    for i, alpha in enumerate((0.1, 1.0)):
        for left in range(n):
            rest = np.arange(n) != left
            system = np.block(
                [
                    [
                        K[rest][:, rest] + alpha * np.diag(1 / w[rest]),
                        np.ones((n - 1, 1)),
                    ],
                    [np.ones((1, n - 1)), np.zeros((1, 1))],
                ]
            )
            solution = np.linalg.solve(system, np.vstack([y[rest], np.zeros((1, 2))]))
            predicted = K[left, rest] @ solution[:-1] + solution[-1]
            size = np.abs(solution).max() * (1 + np.abs(K).max())
            assert_allclose(
                found.left_out[i][left], y[left] - predicted, atol=1e-9 * size
            )


def test_one_label_is_the_intercept():
    found = ridge_path(
        xp, np.ones((1, 1)), np.full((1, 1), 3.0), np.ones(1), [1.0], fit_intercept=True
    )
    assert_array_equal(found.duals, 0.0)
    assert_array_equal(found.intercepts, 3.0)
    X, y, _ = roll(n_labels=1)
    model = STKRRegressor().fit(X, y)
    assert_allclose(model.predict(X), y[0])


def test_the_kernel_of_neighbours_over_labels_is_that_of_the_spectrum():
    X, _, _ = roll(80)
    graph = Graph.from_points(X, n_neighbors=7, affinity="self_tuning")
    base = kernel_of_graph(graph, "random_walk", get_backend("cpu"))
    values, U = np.linalg.eigh(base.operator.matrix.toarray())
    rows, root = np.array([3, 10, 40]), np.sqrt(base.measure)
    for degree in (1, 2, 3):
        found, _ = neighbor_grams(
            base.operator, rows, base.measure, [50.0], degree, tol=1e-12
        )
        s = (1 - 0.98 * values) ** -float(degree)
        s[-1] = 0.0  # constants
        whole = (U * s) @ U.T / np.outer(root, root)
        assert_allclose(found[50.0], whole[np.ix_(rows, rows)], atol=1e-8)


def test_widths_are_in_units_of_mean_distances():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    pairs = X[:, None] - X[None]
    different = ~np.eye(40, dtype=bool)
    squared = (pairs**2).sum(axis=2)[different].mean()
    city = np.abs(pairs).sum(axis=2)[different].mean()
    widths = point_widths(X)
    assert_allclose(widths[0][1], 0.01 / squared)
    assert_allclose(widths[-1][1], 3.0 / city)
    # In the units of the data, and of rows that are all alike.
    for (_, one), (_, two) in zip(point_widths(1e50 * X), widths, strict=True):
        assert one < two
    assert all(np.isfinite(gamma) for _, gamma in point_widths(np.ones((3, 2))))


def test_the_weight_goes_to_the_kernel_that_predicts():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 60)[:, None]
    noise = rng.standard_normal((60, 60))
    y = np.sin(6 * x)
    grams = {
        ("rbf", 10.0): point_gram(("rbf", 10.0), x, x),
        ("noise", 1.0): noise @ noise.T,
    }

    def loss(predicted):
        return 30 * np.log(((predicted - y) ** 2).mean(axis=(1, 2)))

    found = average_machines({}, grams, y, np.ones(60), loss)
    weights = [candidate.weight for candidate in found.candidates]
    assert_allclose(sum(weights), 1.0)
    assert weights == sorted(weights, reverse=True)
    assert all(candidate.kernel == "rbf" for candidate in found.candidates)
    assert all(np.isnan(candidate.strength) for candidate in found.candidates)
    sum_of_parts = grams["rbf", 10.0] @ found.points["rbf", 10.0] + found.intercept
    assert np.abs(sum_of_parts - y).max() < 0.05


@given(n=st.integers(1, 10**6))
def test_penalties_shrink_with_labels(n):
    ratios = penalty_ratios(n)
    assert (np.diff(ratios) > 0).all()
    assert penalty_ratios(n + 1)[0] <= ratios[0] <= 3e-3
    assert_allclose(ratios[-1], penalty_ratios(1)[-1])


def test_candidates_tell_what_was_averaged():
    X, y, _ = roll()
    model = STKRRegressor().fit(X, y)
    found = model.candidates_
    assert_allclose(found["weight"].sum(), 1.0)
    assert len({len(column) for column in found.values()}) == 1
    share, kernel, strength = (found[name] for name in ("share", "kernel", "strength"))
    assert_array_equal(share == 0, np.isnan(strength))
    assert_array_equal(share == 1, kernel == "")
    assert not hasattr(model, "alpha_")
    again = model.set_params(kernel="nearest_neighbors", alpha=0.1).fit(X, y)
    assert not hasattr(again, "candidates_")
    assert again.alpha_ == 0.1


def test_given_parameters_narrow_the_candidates():
    X, y, _ = roll()
    model = STKRRegressor(strength=100.0, alpha=[0.01, 0.1], gamma=0.5).fit(X, y)
    found = model.candidates_
    assert set(found["strength"][found["share"] > 0]) <= {100.0}
    assert set(found["alpha"]) <= {0.01, 0.1}
    assert set(found["gamma"][found["share"] < 1]) <= {0.5}


@pytest.mark.parametrize(
    "parameters",
    [
        {"spectral_transform": "polynomial"},
        {"solver": "cg"},
        {"normalization": None, "spectral_transform": "top_components"},
    ],
)
def test_other_transforms_and_solvers_take_neighbours_alone(parameters):
    X, y, _ = roll(100)
    model = STKRRegressor(alpha=0.1, strength=10.0, **parameters).fit(X, y)
    same = clone(model).set_params(kernel="nearest_neighbors").fit(X, y)
    assert_allclose(model.transduction_, same.transduction_)
    assert not hasattr(model, "candidates_")


@pytest.mark.parametrize("many", [False, True])
def test_fitted_rows_have_their_values_and_units_do_not_matter(many, monkeypatch):
    if many:
        monkeypatch.setattr(_average, "MOST_LABELS", 10)
    X, y, _ = roll()
    model = STKRRegressor(tol=1e-9).fit(X, y)
    assert_allclose(model.predict(X), model.transduction_)
    assert_allclose(model.predict(X[50:60]), model.transduction_[50:60], atol=1e-8)
    for unit in (1e-60, 1e60):
        scaled = clone(model).fit(unit * X, -unit * y)
        assert_allclose(scaled.predict(unit * X) / -unit, model.predict(X), atol=1e-4)


@pytest.mark.parametrize("Class", [STKRRegressor, STKRClassifier])
def test_many_labels_take_the_best_of_either_kind(Class, monkeypatch):
    monkeypatch.setattr(_average, "MOST_LABELS", 30)
    X, classes = make_moons(200, noise=0.1, random_state=0)
    y = np.where(np.arange(200) < 80, classes, -1)
    if Class is STKRRegressor:
        y = np.where(y >= 0, y.astype(float) + X[:, 0], np.nan)
    model = Class().fit(X, y)
    assert len(model.candidates_["weight"]) == 2
    assert_allclose(model.candidates_["weight"].sum(), 1.0)
    assert_array_equal(np.sort(model.candidates_["share"]), [0.0, 1.0])
    truth = classes if Class is STKRClassifier else classes + X[:, 0]
    assert model.score(X[80:], truth[80:]) > 0.9


def test_points_help_where_the_target_follows_them():
    X, y, t = roll(600, 12)
    default = STKRRegressor().fit(X[:500], y[:500])
    assert default.score(X[500:], t[500:]) > 0.8
    share = default.candidates_["share"] @ default.candidates_["weight"]
    assert share > 0.5


def test_points_do_no_harm_where_the_target_does_not_follow_them():
    X, t = make_friedman1(600, noise=1.0, random_state=0)
    y = np.where(np.arange(600) < 60, t, np.nan)
    default = STKRRegressor().fit(X[:500], y[:500])
    blind = STKRRegressor("nearest_neighbors").fit(X[:500], y[:500])
    ridge = GridSearchCV(
        KernelRidge(kernel="rbf"),
        {"gamma": np.logspace(-2, 1, 4), "alpha": np.logspace(-3, 0, 4)},
    ).fit(X[:60], t[:60] - t[:60].mean())
    error = np.mean((ridge.predict(X[500:]) + t[:60].mean() - t[500:]) ** 2)
    assert np.mean((default.predict(X[500:]) - t[500:]) ** 2) < 1.1 * error
    assert default.score(X[500:], t[500:]) > blind.score(X[500:], t[500:])


def test_one_label_a_class_is_still_spread():
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    labels = np.full(500, -1)
    for digit in range(10):
        labels[np.flatnonzero(y == digit)[0]] = digit
    default, neighbors = (
        (STKRClassifier(kernel).fit(X, labels).transduction_ == y).mean()
        for kernel in ("auto", "nearest_neighbors")
    )
    assert default > neighbors - 0.03
    assert default > 0.75


def test_classes_with_one_label_say_nothing_of_kernels():
    """What one label cannot tell is left to the shape of the points."""
    X, classes = make_moons(80, noise=0.05, random_state=0)
    for n_labels, silent in ((2, True), (30, False)):
        rows = np.concatenate(
            [np.flatnonzero(classes == c)[: n_labels // 2] for c in (0, 1)]
        )
        y = np.full(80, -1)
        y[rows] = classes[rows]
        found = STKRClassifier().fit(X, y).candidates_
        neighbors = found["weight"][found["share"] == 1].sum()
        assert (neighbors > 0.9) == silent


def spiral(offset):
    rng = np.random.default_rng(0)
    angle = np.sort(rng.uniform(0, 4 * np.pi, 400))
    X = np.column_stack([angle * np.cos(angle), angle * np.sin(angle)])
    values = np.where(angle > 6, 1.0, -1.0) + offset
    y = np.full(400, np.nan)
    known = rng.permutation(400)[:12]
    y[known] = values[known]
    return X, y, values


def test_without_an_intercept_what_is_fitted_is_predicted():
    X, y, values = spiral(0.0)
    model = STKRRegressor(fit_intercept=False).fit(X, y)
    assert model.intercept_ == 0.0
    assert model.score(X, values) > 0.5


@pytest.mark.parametrize("Class", [STKRRegressor, STKRClassifier])
def test_the_unit_of_weights_does_not_matter(Class):
    X, classes = make_moons(80, noise=0.1, random_state=0)
    y = np.where(np.arange(80) < 30, classes, -1)
    if Class is STKRRegressor:
        y = np.where(y >= 0, X[:, 0], np.nan)
    answer = "predict" if Class is STKRRegressor else "predict_proba"
    expected = getattr(Class().fit(X, y), answer)(X)
    for unit in (1e-30, 1 / 80, 1e18):
        model = Class().fit(X, y, sample_weight=np.full(80, unit))
        assert_allclose(getattr(model, answer)(X), expected, atol=1e-6)


def test_one_weight_beyond_all_others_leaves_numbers():
    X, y, _ = roll()
    weights = np.ones(len(X))
    weights[0] = 1e20
    predicted = STKRRegressor().fit(X, y, sample_weight=weights).predict(X)
    assert np.abs(predicted).max() < 100


@pytest.mark.parametrize("many", [False, True])
def test_the_order_of_rows_does_not_matter(many, monkeypatch):
    """Values come more than once, so that the order of labels is not theirs alone."""
    if many:
        monkeypatch.setattr(_average, "MOST_LABELS", 10)
    X, y, _ = roll(150, 40)
    y = np.round(y)
    order = np.random.default_rng(1).permutation(150)
    one = STKRRegressor(tol=1e-10).fit(X, y)
    two = STKRRegressor(tol=1e-10).fit(X[order], y[order])
    assert_allclose(two.transduction_, one.transduction_[order], atol=1e-6)


def test_one_label_of_very_many_rows(monkeypatch):
    monkeypatch.setattr(_average, "MOST_LABELS", 0)
    X, y, _ = roll(60, 1)
    model = STKRRegressor().fit(X, y)
    assert_allclose(model.predict(X), y[0])
