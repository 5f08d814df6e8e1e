"""Batches to label: the definitions, by brute force, and what models say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import KernelBatchSelector, KernelRegressor, VecchiaGPRegressor
from skgeom.sample_selection._model_kernel import kernel_of_model

METHODS = ["lcmd", "max_dist", "max_det", "frank_wolfe"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = np.where(np.arange(120) % 11 == 0, X[:, 0], np.nan)


def squares(K):
    return np.diagonal(K)[:, None] + np.diagonal(K) - 2 * K


def lcmd(K, labelled, size):
    """Row by row from the whole matrix."""
    D, centres, chosen = squares(K), list(labelled), []
    for _ in range(size):
        owner = D[:, centres].argmin(axis=1)
        nearest = D[:, centres].min(axis=1)
        nearest[centres] = 0
        sums = [nearest[owner == c].sum() for c in range(len(centres))]
        inside = np.where(owner == np.argmax(sums), nearest, -1)
        chosen.append(int(inside.argmax()))
        centres.append(chosen[-1])
    return chosen


def max_dist(K, labelled, size):
    D, centres, chosen = squares(K), list(labelled), []
    for _ in range(size):
        chosen.append(int(D[:, centres].min(axis=1).argmax()))
        centres.append(chosen[-1])
    return chosen


def conditioned(K, labelled, noise):
    inside = K[np.ix_(labelled, labelled)] + noise * np.eye(len(labelled))
    return K - K[:, labelled] @ np.linalg.solve(inside, K[labelled])


def max_det(K, labelled, size, noise=0.01):
    known, chosen = list(labelled), []
    for _ in range(size):
        variance = np.diagonal(conditioned(K, known, noise)).copy()
        variance[known] = -1
        chosen.append(int(variance.argmax()))
        known.append(chosen[-1])
    return chosen


def frank_wolfe(K, labelled, size, noise=0.01):
    """In the space of features, which a root of the matrix has."""
    pool = np.setdiff1d(np.arange(len(K)), labelled)
    values, vectors = np.linalg.eigh(conditioned(K, labelled, noise))
    F = vectors * np.sqrt(np.maximum(values, 0))
    lengths = np.linalg.norm(F, axis=1)
    wanted, reached, chosen = F[pool].sum(axis=0), np.zeros(len(K)), []
    total = lengths[pool].sum()
    for _ in range(size):
        score = (F @ (wanted - reached)) / lengths
        score[labelled] = score[chosen] = -np.inf
        best = int(score.argmax())
        toward = total * F[best] / lengths[best] - reached
        reached = reached + toward * (toward @ (wanted - reached)) / (toward @ toward)
        chosen.append(best)
    return chosen


@given(
    st.integers(0, 2**32 - 1), st.sampled_from([lcmd, max_dist, max_det, frank_wolfe])
)
@settings(max_examples=40)
def test_batches_are_those_of_the_definition(seed, oracle):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(40, 2))
    labelled = rng.permutation(40)[: rng.integers(1, 9)]
    y = np.full(40, np.nan)
    y[labelled] = 1.0
    K = rbf_kernel(points, gamma=0.4)
    model = KernelBatchSelector(6, method=oracle.__name__, gamma=0.4).fit(points, y)
    expected = oracle(K, np.sort(labelled), 6)
    assert model.sample_indices_.tolist() == expected


@pytest.mark.parametrize("method", METHODS)
def test_kernels_by_name_matrix_function_and_features(method):
    expected = KernelBatchSelector(7, method=method, gamma=0.3).fit(X, Y)
    K = rbf_kernel(X, gamma=0.3)
    values, vectors = np.linalg.eigh(K)
    for kernel, rows in (
        ("precomputed", K),
        (RBF((2 * 0.3) ** -0.5), X),
        ("linear", 1e3 * vectors * np.sqrt(np.maximum(values, 0))),
    ):
        alpha = 1e4 if kernel == "linear" else 0.01
        model = KernelBatchSelector(7, method=method, kernel=kernel, alpha=alpha)
        np.testing.assert_array_equal(
            model.fit(rows, Y).sample_indices_, expected.sample_indices_
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("missing", [np.nan, None])
def test_rows_with_labels_are_not_chosen_again(method, missing):
    y = np.where(np.isnan(Y), missing, "a") if missing is None else Y
    model = KernelBatchSelector(500, method=method, random_state=0).fit(X, y)
    pool = np.flatnonzero(np.isnan(Y))
    np.testing.assert_array_equal(np.sort(model.sample_indices_), pool)
    assert (model.sample_weight_ == 1).all()
    done = KernelBatchSelector(method=method).fit(X, np.zeros(120))
    assert len(done.sample_indices_) == len(done.sample_weight_) == 0


@pytest.mark.parametrize("method", METHODS)
def test_without_labels_a_row_in_the_middle_is_first(method):
    model = KernelBatchSelector(5, method=method, random_state=0).fit(X)
    assert len(set(model.sample_indices_)) == 5
    if method in ("lcmd", "max_dist"):
        K = rbf_kernel(X, gamma=1 / (3 * X.var()))
        assert model.sample_indices_[0] == K.mean(axis=0).argmax()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kernel", ["matern32", "linear", "laplacian"])
def test_devices_choose_the_same(device, method, kernel):
    known = dict(method=method, kernel=kernel, random_state=0)
    found = KernelBatchSelector(6, device=device, **known).fit(X, Y)
    expected = KernelBatchSelector(6, device="cpu", **known).fit(X, Y)
    np.testing.assert_array_equal(found.sample_indices_, expected.sample_indices_)


def test_several_targets():
    y = np.column_stack([Y, np.where(np.arange(120) == 11, np.nan, 1.0)])
    model = KernelBatchSelector(500).fit(X, y)
    assert 11 in model.sample_indices_ and 22 not in model.sample_indices_


MODELS = {
    "machine": KernelRegressor(kernel="rbf", gamma=0.2, alpha=0.1),
    "metric": KernelRegressor(kernel="rbf", metric="agop", random_state=0),
    "vecchia": VecchiaGPRegressor(kernel="matern32"),
    "process": GaussianProcessRegressor(RBF(2.0) + WhiteKernel(0.1), optimizer=None),
    "pipeline": make_pipeline(StandardScaler(), KernelRegressor(kernel="matern52")),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("method", METHODS)
def test_models_say_what_is_similar(name, method):
    known = np.flatnonzero(~np.isnan(Y))
    fitted = clone(MODELS[name]).fit(X[known], Y[known])
    one = KernelBatchSelector(4, method=method, estimator=fitted).fit(X, Y)
    two = KernelBatchSelector(4, method=method, estimator=MODELS[name]).fit(X, Y)
    assert one.estimator_ is fitted and two.estimator_ is not MODELS[name]
    np.testing.assert_array_equal(one.sample_indices_, two.sample_indices_)


def test_the_kernel_of_a_model_is_the_one_that_it_predicts_with():
    known = np.flatnonzero(~np.isnan(Y))
    for name, fitted in (
        (n, clone(m).fit(X[known], Y[known])) for n, m in MODELS.items()
    ):
        told = kernel_of_model(fitted, X)
        if name == "process":
            assert told.noise == pytest.approx(0.1, rel=1e-6)
        if name == "metric":
            apart = X[0] - X[1]
            placed = told.place(X[:2])
            assert ((placed[0] - placed[1]) ** 2).sum() == pytest.approx(
                apart @ fitted.metric_ @ apart
            )
        if name == "vecchia":
            np.testing.assert_allclose(told.place(X), X / fitted.length_scale_)
            expected = fitted.noise_variance_ / fitted.signal_variance_
            assert told.noise == pytest.approx(expected)
        if name == "pipeline":
            np.testing.assert_allclose(told.place(X), fitted[0].transform(X))
            assert told.gamma == fitted[-1].gamma_


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "rows",
    [
        np.full((12, 2), 3.0),
        np.repeat([[0.0, 1.0], [2.0, 3.0]], 6, axis=0),
        np.column_stack([np.full(12, 7.0), np.arange(12.0)]),
        1e100 * np.arange(12.0)[:, None],
        1e-100 * np.arange(12.0)[:, None],
    ],
    ids=["equal rows", "duplicates", "constant column", "huge", "tiny"],
)
@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_rows_that_say_little(rows, method, kernel):
    y = np.where(np.arange(12) < 2, 1.0, np.nan)
    model = KernelBatchSelector(8, method=method, kernel=kernel).fit(rows, y)
    assert len(set(model.sample_indices_)) == 8 and model.sample_indices_.min() >= 2
    assert len(KernelBatchSelector(method=method).fit(rows[:1]).sample_indices_) == 1


@pytest.mark.parametrize(
    "parameters, rows, y, message",
    [
        (dict(kernel="precomputed"), X, Y, "square matrix"),
        (dict(estimator=KernelRegressor()), X, None, "no labels to fit it on"),
        ({}, X, Y[:7], "inconsistent numbers"),
        ({}, np.where(X > 2, np.nan, X), Y, "NaN"),
        ({}, np.where(X > 2, np.inf, X), Y, "infinity"),
        (dict(method="random"), X, Y, "method"),
        (dict(batch_size=0), X, Y, "batch_size"),
    ],
)
def test_bad_input(parameters, rows, y, message):
    with pytest.raises(ValueError, match=message):
        KernelBatchSelector(**parameters).fit(rows, y)
    with pytest.raises(TypeError, match="no kernel that can be read"):
        KernelBatchSelector(estimator=Ridge()).fit(X, Y)
