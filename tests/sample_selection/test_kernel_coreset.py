"""Coresets: the discrepancy is what the definition says, and nothing lowers it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.gaussian_process.kernels import RBF
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import KernelCoreset, KernelRegressor
from skgeom.sample_selection._herding import nonnegative_minimum, simplex_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3)) * [1, 2, 0.5]
K = rbf_kernel(X, gamma=0.3)


def discrepancy(rows, weights, K=K, mean=None, constant=None):
    mean = K.mean(axis=0) if mean is None else mean
    constant = K.mean() if constant is None else constant
    inside = weights @ K[np.ix_(rows, rows)] @ weights
    return np.sqrt(max(inside - 2 * weights @ mean[rows] + constant, 0.0))


@pytest.mark.parametrize("weights", ["equal", "optimal", "simplex"])
def test_the_discrepancy_is_that_of_the_definition(weights):
    model = KernelCoreset(20, gamma=0.3, weights=weights).fit(X)
    shares = model.sample_weight_ / 20
    expected = discrepancy(model.sample_indices_, shares)
    assert model.mmd_ == pytest.approx(expected, abs=1e-7)
    assert model.gamma_ == pytest.approx(0.3)


def test_no_exchange_of_one_row_is_better():
    model = KernelCoreset(8, gamma=0.3, max_iter=100).fit(X)
    shares = np.full(8, 1 / 8)
    for place in range(8):
        for row in np.setdiff1d(np.arange(len(X)), model.sample_indices_):
            others = model.sample_indices_.copy()
            others[place] = row
            assert discrepancy(others, shares) >= model.mmd_ - 1e-9


def test_weights_and_passes_lower_the_discrepancy():
    found = {
        (weights, passes): KernelCoreset(
            20, gamma=0.3, weights=weights, max_iter=passes
        )
        .fit(X)
        .mmd_
        for weights in ("equal", "simplex", "optimal")
        for passes in (0, 10)
    }
    assert found["equal", 10] < 0.9 * found["equal", 0]
    assert found["optimal", 10] <= found["simplex", 10] < found["equal", 10]
    random = [
        discrepancy(np.random.default_rng(s).permutation(300)[:20], np.full(20, 0.05))
        for s in range(9)
    ]
    assert found["equal", 10] < 0.3 * np.median(random)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
@settings(max_examples=25)
def test_weights_of_the_simplex_are_the_least(seed, n):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    gram, mean = rbf_kernel(points), rbf_kernel(points, rng.normal(size=(9, 2))).mean(1)
    found = simplex_weights(gram, mean)
    assert (found >= 0).all() and found.sum() == pytest.approx(1)

    def loss(w):
        return w @ gram @ w - 2 * w @ mean

    other = minimize(
        loss,
        np.full(n, 1 / n),
        method="SLSQP",
        bounds=[(0, 1)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
    )
    assert loss(found) <= other.fun + 1e-6


def test_a_form_that_is_nearly_singular_has_its_least_value_too():
    points = np.random.default_rng(0).normal(size=(80, 2))
    H = rbf_kernel(points, gamma=0.2) + 1e-10 * np.eye(80)
    b = H.mean(axis=1) - 0.3
    w = nonnegative_minimum(H, b)
    slope = H @ w - b
    assert (w >= 0).all() and slope.min() > -1e-7 and abs(w @ slope) < 1e-7


def test_kernels_by_name_matrix_and_function_choose_the_same():
    by_name = KernelCoreset(15, gamma=0.3).fit(X)
    by_matrix = KernelCoreset(15, kernel="precomputed").fit(K)
    by_function = KernelCoreset(15, kernel=RBF((2 * 0.3) ** -0.5)).fit(X)
    for other in (by_matrix, by_function):
        np.testing.assert_array_equal(other.sample_indices_, by_name.sample_indices_)
        assert other.mmd_ == pytest.approx(by_name.mmd_, abs=1e-8)
    assert by_matrix.gamma_ is None


@pytest.mark.parametrize("kernel", ["laplacian", "exponential", "matern32", "matern52"])
def test_other_kernels(kernel):
    model = KernelCoreset(15, kernel=kernel).fit(X)
    start = KernelCoreset(15, kernel=kernel, max_iter=0).fit(X)
    assert model.mmd_ <= start.mmd_ and len(set(model.sample_indices_)) == 15


def test_a_target_is_what_rows_and_weights_stand_for():
    target = np.random.default_rng(1).normal(size=(400, 3)) * [0.5, 1, 0.25] + [1, 0, 0]
    model = KernelCoreset(25, gamma=0.3, target=target).fit(X)
    centre = X[model.sample_indices_].mean(axis=0)
    assert np.abs(centre - target.mean(axis=0)).max() < 0.2
    mean = rbf_kernel(X, target, gamma=0.3).mean(axis=1)
    constant = rbf_kernel(target, gamma=0.3).mean()
    expected = discrepancy(
        model.sample_indices_, np.full(25, 1 / 25), mean=mean, constant=constant
    )
    assert model.mmd_ == pytest.approx(expected, abs=1e-7)
    # All rows, by weights.
    matched = KernelCoreset(1.0, gamma=0.3, target=target, weights="simplex").fit(X)
    assert len(matched.sample_indices_) == 300
    assert matched.sample_weight_.mean() == pytest.approx(1)
    shifted = np.average(X, axis=0, weights=matched.sample_weight_)
    assert np.abs(shifted - target.mean(axis=0)).max() < 0.1
    given = KernelCoreset(25, kernel="precomputed", target=rbf_kernel(target, X, 0.3))
    np.testing.assert_array_equal(given.fit(K).sample_indices_, model.sample_indices_)
    assert given.mmd_ is None


def test_candidates_are_some_rows_and_means_are_of_all():
    model = KernelCoreset(10, gamma=0.3, n_candidates=60, random_state=0).fit(X)
    assert model.mmd_ is None
    found = discrepancy(model.sample_indices_, np.full(10, 0.1))
    best = KernelCoreset(10, gamma=0.3).fit(X).mmd_
    assert best <= found < 3 * best
    again = KernelCoreset(10, gamma=0.3, n_candidates=60, random_state=0).fit(X)
    np.testing.assert_array_equal(again.sample_indices_, model.sample_indices_)


def test_sums_in_single_precision_are_as_good(monkeypatch):
    from skgeom.sample_selection import _kernel_columns

    expected = KernelCoreset(10, gamma=0.3).fit(X)
    monkeypatch.setattr(_kernel_columns, "_MOST_DOUBLE", 1)
    monkeypatch.setattr(_kernel_columns, "_SUMMED_ROWS", 64)
    assert KernelCoreset(10, gamma=0.3).fit(X).mmd_ == pytest.approx(
        expected.mmd_, rel=0.02
    )


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_order_of_rows_does_not_matter(seed):
    order = np.random.default_rng(seed).permutation(len(X))
    one, two = KernelCoreset(9).fit(X), KernelCoreset(9).fit(X[order])
    assert one.mmd_ == pytest.approx(two.mmd_, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
@pytest.mark.parametrize("weights", ["equal", "simplex"])
def test_scales(scale, weights):
    found = KernelCoreset(12, weights=weights).fit(scale * X)
    expected = KernelCoreset(12, weights=weights).fit(X)
    np.testing.assert_array_equal(found.sample_indices_, expected.sample_indices_)
    assert found.mmd_ == pytest.approx(expected.mmd_, abs=1e-7)
    assert np.isfinite(found.gamma_)


@pytest.mark.parametrize("weights", ["equal", "optimal", "simplex"])
@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((9, 2)),
        np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0),
        np.column_stack([np.full(9, 7.0), np.arange(9.0)]),
        np.ones((1, 1)),
    ],
    ids=["equal rows", "duplicates", "constant column", "one row"],
)
def test_rows_that_say_little(rows, weights):
    model = KernelCoreset(0.5, weights=weights).fit(rows)
    assert len(set(model.sample_indices_)) == max(1, round(0.5 * len(rows)))
    assert np.isfinite(model.sample_weight_).all() and model.mmd_ >= 0


def test_sizes():
    assert len(KernelCoreset().fit(X).sample_indices_) == 18
    assert len(KernelCoreset(0.1).fit(X).sample_indices_) == 30
    with pytest.warns(UserWarning, match="n_samples=301 of 300 rows: all of them"):
        model = KernelCoreset(301).fit(X)
    np.testing.assert_array_equal(model.sample_indices_, np.arange(300))
    assert model.mmd_ == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(
    "parameters, rows, message",
    [
        (dict(kernel="precomputed"), X, "square matrix"),
        (dict(target=X[:, :2]), X, "features"),
        (dict(target=[[np.nan, 0, 0]]), X, "NaN"),
        (dict(kernel="gaussian"), X, "kernel"),
        (dict(n_samples=0), X, "n_samples"),
        (dict(n_samples=1.5), X, "n_samples"),
        (dict(weights="positive"), X, "weights"),
        (dict(gamma=-1.0), X, "gamma"),
        ({}, np.where(X > 3, np.nan, X), "NaN"),
        ({}, np.where(X > 3, np.inf, X), "infinity"),
    ],
)
def test_bad_input(parameters, rows, message):
    with pytest.raises(ValueError, match=message):
        KernelCoreset(**parameters).fit(rows)


def test_rows_in_their_place():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"]).set_index(np.arange(300) + 7)
    y = np.arange(300)
    model = KernelCoreset(12)
    rows, labels = model.fit_resample(frame, y)
    assert list(rows.columns) == ["a", "b", "c"] == list(model.feature_names_in_)
    np.testing.assert_array_equal(labels, model.sample_indices_)
    np.testing.assert_array_equal(rows.index, labels + 7)
    small, none = KernelCoreset(12, kernel="precomputed").fit_resample(K)
    assert small.shape == (12, 12) and none is None


def test_centres_of_a_machine_inside_a_search():
    y = np.sin(X[:, 0]) + X[:, 1]
    machine = KernelRegressor(kernel="rbf", centers=KernelCoreset(20), alpha=0.01)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), machine),
        {"kernelregressor__centers__n_samples": [5, 40]},
        cv=3,
    ).fit(X, y)
    assert search.best_params_["kernelregressor__centers__n_samples"] == 40
    model = search.best_estimator_[-1]
    rows = StandardScaler().fit_transform(X)
    expected = rows[KernelCoreset(40).fit(rows).sample_indices_]
    assert set(map(tuple, model.centers_)) <= set(map(tuple, expected))
