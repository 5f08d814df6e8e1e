"""Clusters of curves: against dense Gaussian processes, laws, and bad input."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.gaussian_process.kernels import RBF
from sklearn.metrics import adjusted_rand_score

from skgeom import MagmaClust
from skgeom.plotting import MeanProcessesDisplay


def curves(n_tasks=12, n=6, seed=0, places=15):
    """Two kinds of curves at some of the places of a line; ids that are no numbers."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n)
    line = np.linspace(0, 6, places)
    t = np.concatenate([np.sort(rng.permutation(line)[:n]) for _ in range(n_tasks)])
    y = 5 + np.sin(t) * np.where(task % 2, 2, -2) + 0.4 * rng.normal(size=n_tasks)[task]
    return np.column_stack([10.0 * task, t]), y + 0.1 * rng.normal(size=len(t))


X, Y = curves()
MODEL = MagmaClust(2, task=0, random_state=0).fit(X, Y)
ONE = MagmaClust(1, task=0, random_state=0).fit(X, Y)


def dense(model, rows, targets, queries):
    """Mean and deviation of queries given all rows, with one mean process."""

    def joint(A, B):
        mean = model.mean_variance_ * RBF(model.mean_length_scale_)(A[:, 1:], B[:, 1:])
        own = model.task_variance_ * RBF(model.task_length_scale_)(A[:, 1:], B[:, 1:])
        return mean + own * (A[:, :1] == B[:, 0])

    K = joint(rows, rows) + model.noise_variance_ * np.eye(len(rows))
    crossing = joint(queries, rows)
    mean = model.intercept_ + crossing @ np.linalg.solve(K, targets - model.intercept_)
    left = np.diagonal(joint(queries, queries)) + model.noise_variance_
    left = left - np.einsum("qn,nq->q", crossing, np.linalg.solve(K, crossing.T))
    return mean, np.sqrt(left)


def test_one_cluster_is_a_dense_gaussian_process():
    """Of known tasks, of one that is shown, and of a known one that is shown more."""
    queries = np.array([[0.0, 2.2], [30.0, 5.9], [99.0, 1.0], [0.0, 9.0], [50.0, 0.1]])
    exact = dense(ONE, X, Y, queries)
    found = ONE.predict(queries, return_std=True)
    assert_allclose(found, exact, atol=2e-4)
    more = np.array([[99.0, 0.3], [99.0, 2.0], [0.0, 5.0]])
    seen = np.array([5.5, 7.0, 3.0])
    shown = ONE.condition(more[:2], seen[:2]).condition(more[2:], seen[2:])
    # Mean processes are not told of what is shown: but for them, all is exact.
    for task in (99.0, 0.0):
        some, asked = more[:, 0] == task, queries[queries[:, 0] == task]
        rows = np.concatenate([X, more[some]]), np.concatenate([Y, seen[some]])
        exact = dense(ONE, *rows, asked)
        assert_allclose(shown.predict(asked, return_std=True), exact, atol=2e-4)
    assert_allclose(ONE.predict(queries), found[0], rtol=0)


def test_without_a_task_it_is_one_gaussian_process():
    t, y = X[:, 1:], np.sin(X[:, 1]) + 0.1 * np.cos(99 * X[:, 1])
    model = MagmaClust().fit(t, y)
    assert model.tasks_.tolist() == [0] and model.weights_.tolist() == [1]
    plain = np.column_stack([0 * t, t])
    new = np.column_stack([np.zeros(9), np.linspace(-1, 8, 9)])
    expected = dense(model, plain, y, new)
    assert_allclose(model.predict(new[:, 1:], return_std=True), expected, atol=1e-6)


def test_clusters_are_found_and_new_curves_join_them():
    assert adjusted_rand_score(np.arange(12) % 2, MODEL.labels_) == 1
    up, down = MODEL.labels_[1], MODEL.labels_[0]
    means, std = MODEL.mean_processes([[1.5], [4.7]], return_std=True)
    assert means[up, 0] > 6.5 > 5 > means[up, 1] and means[down, 1] > 6
    assert std.shape == (2, 2) and (std < 1).all()
    new = MODEL.condition([[7.0, 1.0], [7.0, 1.8]], [6.8, 7.1])
    chances = new.predict_cluster_proba([[7.0, 0.0], [8.0, 0.0], [0.0, 0.0]])
    assert chances[0, up] > 0.99
    assert_allclose(chances[1], MODEL.weights_)
    assert_allclose(chances[2], MODEL.responsibilities_[0])
    assert abs(new.predict([[7.0, 4.7]])[0] - means[up, 1]) < 0.5
    # Nothing has been seen of the task 7 by the model itself.
    known = np.ptp(MODEL.predict([[7.0, 4.7], [1e9, 4.7]]))
    assert known == 0
    unseen = MODEL.predict([[7.0, 4.7]], return_std=True)[1]
    assert unseen > 2 * new.predict([[7.0, 4.7]], return_std=True)[1]


@pytest.mark.parametrize("n_clusters", [1, 2])
def test_far_away_it_knows_nothing(n_clusters):
    model = {1: ONE, 2: MODEL}[n_clusters]
    mean, std = model.predict([[0.0, 1e5], [3.5, -1e300]], return_std=True)
    assert_allclose(mean, model.intercept_)
    total = model.mean_variance_ + model.task_variance_ + model.noise_variance_
    assert_allclose(std, np.sqrt(total), rtol=1e-6)


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_units_do_not_matter(size):
    scaled = np.column_stack([X[:, 0], size * X[:, 1]])
    model = MagmaClust(2, task=0, random_state=0).fit(scaled, size * Y)
    mean, std = model.predict(scaled, return_std=True)
    expected = MODEL.predict(X, return_std=True)
    assert_allclose(mean / size, expected[0], rtol=1e-5)
    assert_allclose(std / size, expected[1], rtol=1e-4)
    assert_array_equal(model.labels_, MODEL.labels_)
    assert_allclose(model.task_length_scale_ / size, MODEL.task_length_scale_, 1e-3)


@given(seed=st.integers(0, 2**31))
@settings(max_examples=3, deadline=None)
def test_the_order_of_rows_and_the_names_of_tasks_do_not_matter(seed):
    order = np.random.default_rng(seed).permutation(len(X))
    frame = pd.DataFrame(
        {"when": X[order, 1], "who": [f"{i:04.0f}" for i in X[order, 0]]}
    )
    model = MagmaClust(2, task="who", random_state=0).fit(frame, Y[order])
    assert model.tasks_[:2].tolist() == ["0000", "0010"]
    assert_allclose(model.predict(frame), MODEL.predict(X[order]), rtol=1e-7)
    assert_array_equal(model.labels_, MODEL.labels_)
    rows = frame.to_numpy(dtype=object)
    text = MagmaClust(2, task=1, random_state=0).fit(rows, Y[order])
    assert_allclose(text.predict(rows.tolist()), model.predict(frame))


def test_bands_hold_what_they_say():
    """Curves of the model itself: nineteen of twenty within two deviations."""
    rng = np.random.default_rng(1)
    n_tasks, places = 60, np.linspace(0, 6, 30)
    root = np.linalg.cholesky(RBF(1.0)(places[:, None]) + 1e-8 * np.eye(30))
    means = 3 * root @ rng.normal(size=(30, 2))
    values = means[:, np.arange(n_tasks) % 2] + root @ rng.normal(size=(30, n_tasks))
    values += 0.3 * rng.normal(size=values.shape)
    task, place = np.divmod(np.arange(30 * n_tasks), 30)
    rows, y = np.column_stack([task, places[place]]), values.T.ravel()
    train = (task < 30) & (rng.uniform(size=len(y)) < 0.4)
    context, future = (task >= 30) & (place < 15), (task >= 30) & (place >= 15)
    model = MagmaClust(2, task=0, random_state=0).fit(rows[train], y[train])
    shown = model.condition(rows[context], y[context])
    mean, std = shown.predict(rows[future], return_std=True)
    assert 0.9 < np.mean(np.abs(mean - y[future]) < norm.ppf(0.975) * std) < 0.99
    one = MagmaClust(1, task=0).fit(rows[train], y[train])
    single = one.condition(rows[context], y[context]).predict(rows[future])
    assert np.mean((mean - y[future]) ** 2) < 0.8 * np.mean((single - y[future]) ** 2)


# ------------------------------------------------------------------ degenerate input


def test_tasks_of_one_observation():
    rows = np.column_stack([np.arange(30), np.linspace(0, 6, 30)])
    y = np.where(np.arange(30) % 2, 2.0, -2.0) + 0.1 * np.sin(9 * rows[:, 1])
    model = MagmaClust(2, task=0, random_state=0).fit(rows, y)
    assert adjusted_rand_score(y > 0, model.labels_) == 1
    mean, std = model.predict([[0, 3.0], [99, 3.0]], return_std=True)
    assert abs(mean[0] + 2) < 0.5 and 1 < std[1] < 3
    assert_allclose(model.responsibilities_.sum(axis=1), 1.0)


def test_clusters_that_stay_empty_are_warned_of():
    task, t = np.divmod(np.arange(60), 6)
    y = np.cos(t)
    rows = np.column_stack([task, t])
    with pytest.warns(ConvergenceWarning, match="3 of 4 clusters are left without"):
        model = MagmaClust(4, task=0, random_state=0).fit(rows, y)
    assert model.weights_.min() < 0.01 and np.isfinite(model.lower_bound_)
    assert_allclose(model.predict(rows), y, atol=0.1)
    assert np.isfinite(model.mean_processes([[0.5]], return_std=True)).all()


def test_equal_times():
    """Copies within a task, and tasks that are all seen at one time."""
    task = np.repeat(np.arange(6), 5)
    y = 1.0 * (task % 2) + 0.1 * np.sin(np.arange(30))
    rows = np.column_stack([task, np.full(30, 2.0)])
    model = MagmaClust(2, task=0, random_state=0).fit(rows, y)
    assert_allclose(model.predict(rows), y, atol=0.3)
    assert model.mean_length_scale_ == 0


@pytest.mark.parametrize("value", [0.0, 7.0, 1e100])
def test_constant_curves(value):
    task, t = np.divmod(np.arange(20), 5)
    rows = np.column_stack([task, t])
    with pytest.warns(ConvergenceWarning, match="without tasks"):
        model = MagmaClust(2, task=0).fit(rows, np.full(20, value))
    mean, std = model.predict([[0, 1.5], [9, 99.0]], return_std=True)
    assert_allclose(mean, value)
    assert_array_equal(std, 0.0)
    assert model.lower_bound_ == 0 and model.noise_variance_ == 0


def test_several_inputs():
    rng = np.random.default_rng(0)
    task, place = np.repeat(np.arange(10), 8), rng.uniform(-1, 1, (80, 2))
    y = np.where(task % 2, 1, -1) * place[:, 0] * place[:, 1] + 0.5 * place[:, 1]
    rows = np.column_stack([place[:, 0], task, place[:, 1]])
    model = MagmaClust(2, task=1, random_state=0, n_grid=30)
    model.fit(rows, y)
    assert model.task_length_scale_.shape == (2,)
    assert np.corrcoef(model.predict(rows), y)[0, 1] > 0.95
    with pytest.raises(ValueError, match="2 inputs cannot be drawn"):
        MeanProcessesDisplay.from_estimator(model)


def test_learning_that_is_cut_short_is_told():
    with pytest.warns(ConvergenceWarning, match="max_iter=1 turns"):
        MagmaClust(2, task=0, max_iter=1, tol=0.0, random_state=0).fit(X, Y)


@pytest.mark.parametrize(
    ("parameters", "rows", "targets", "message"),
    [
        (dict(task="t"), X, Y, "task='t' names no column of X; X is no data"),
        (dict(task=2), X, Y, "task=2 is no column of X, which has 2"),
        (dict(task=0), X[:, :1], Y, "a column of inputs beside"),
        (dict(task=0, n_clusters=13), X, Y, "n_clusters=13 is more than the 12 tasks"),
        (dict(task=-1), X, Y, "'task' parameter"),
        (dict(kernel_mean="linear"), X, Y, "'kernel_mean' parameter"),
        (dict(n_grid=1), X, Y, "'n_grid' parameter"),
        (dict(task=0), np.where(X == 0, np.nan, X), Y, "contains NaN"),
        (dict(task=0), np.where(X == 0, np.inf, X), Y, "contains inf"),
        (dict(task=0), X, np.where(Y == Y[0], np.nan, Y), "y contains NaN"),
        (dict(task=0), X, 1e200 * Y, "scale it to at most"),
        (dict(task=0), X, Y[1:], "inconsistent numbers"),
        (dict(task=0), X, None, "requires y to be passed"),
        (dict(task=0), X[:, [0, 1, 1]].astype(object)[:0], Y[:0], "0 sample"),
        (dict(task=0), [["a", 1.0], [2, 3.0]], [0.0, 1.0], "mixes text and numbers"),
        (
            dict(task=0),
            np.array([["a", 1.0], [None, 3.0]]),
            [0.0, 1.0],
            "names no task",
        ),
        (dict(task=0), np.zeros((5001, 2)), np.zeros(5001), "Task 0.0 has 5001 rows"),
    ],
)
def test_bad_input(parameters, rows, targets, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MagmaClust(**parameters).fit(rows, targets)


def test_bad_queries():
    with pytest.raises(ValueError, match="3 features"):
        MODEL.predict(X[:, [0, 1, 1]])
    with pytest.raises(ValueError, match="inputs has 2 columns, and X had 1"):
        MODEL.mean_processes(X)
    with pytest.raises(ValueError, match="y contains NaN"):
        MODEL.condition(X[:1], [np.nan])
    with pytest.raises(NotFittedError):
        MagmaClust().condition(X, Y)


def test_pickles_and_leaves_alone_what_it_was_given():
    rows = X.copy()
    model = MagmaClust(2, task=0, random_state=0).fit(rows, Y)
    shown = model.condition(rows[:2], Y[:2])
    rows[:] = 0
    for one in (model, shown):
        again = pickle.loads(pickle.dumps(one))
        assert_array_equal(again.predict(X), one.predict(X))
    assert_array_equal(model.predict(X), MODEL.predict(X))


# ------------------------------------------------------------------------ the picture


def test_the_picture_has_a_line_and_a_band_for_each_cluster():
    display = MeanProcessesDisplay.from_estimator(MODEL, name="two kinds")
    assert display.ax_.get_title() == "two kinds"
    assert len(display.lines_) == len(display.bands_) == 2
    assert len(display.ax_.lines) == 2 + 12
    x, y = display.lines_[0].get_data()
    assert_allclose(MODEL.mean_processes(x[:, None])[0], y)
    behind = display.curves[0]
    assert_allclose(behind[0], np.sort(X[:6, 1]))
    few = display.plot(max_curves=3)
    assert len(few.ax_.lines) == 2 + 3
    bare = MeanProcessesDisplay.from_estimator(MODEL, with_curves=False)
    assert len(bare.ax_.lines) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MeanProcessesDisplay([0, 1], [[0, 1]], [[0]]), "must be of shape"),
        (lambda: MeanProcessesDisplay([0], [[0]], [[0]], [1, 2]), "weights must be"),
        (
            lambda: MeanProcessesDisplay([0], [[0]], [[0]]).plot(max_curves=-1),
            "at least 0",
        ),
    ],
)
def test_pictures_of_what_does_not_fit(make, message):
    with pytest.raises(ValueError, match=message):
        make()
