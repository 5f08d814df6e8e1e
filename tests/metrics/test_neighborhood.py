import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.metrics import pairwise_distances

from skgeom.metrics import continuity, neighborhood_precision, trustworthiness

SCORES = [continuity, neighborhood_precision, trustworthiness]


def ranks(D):
    """Rank the others by (distance, index), from 1; a sample itself has rank n."""
    D = D.copy()
    np.fill_diagonal(D, np.inf)
    return np.argsort(np.argsort(D, axis=1, kind="stable"), axis=1) + 1


def brute_precision(D, P, k):
    return ((ranks(D) <= k) & (ranks(P) <= k)).sum() / (len(D) * k)


def brute_trustworthiness(D, P, k):
    n, true, found = len(D), ranks(D), ranks(P)
    total = 0
    for i in range(n):
        for j in range(n):
            if found[i, j] <= k:
                total += max(0, true[i, j] - k)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * total


def brute_continuity(D, P, k):
    return brute_trustworthiness(P, D, k)


TWINS = {
    continuity: brute_continuity,
    neighborhood_precision: brute_precision,
    trustworthiness: brute_trustworthiness,
}

seeds = st.integers(0, 2**32 - 1)
each_score = pytest.mark.parametrize("score", SCORES, ids=lambda f: f.__name__)


def random_sets(seed, n_samples=40):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, 4))
    return X, X[:, :2] + 0.5 * rng.standard_normal((n_samples, 2))


@each_score
@given(seed=seeds, n_samples=st.integers(3, 25), data=st.data())
@settings(max_examples=25)
def test_brute_force(score, seed, n_samples, data):
    k = data.draw(st.integers(1, (n_samples - 1) // 2))
    X, Y = random_sets(seed, n_samples)
    D = cdist(X, X)
    expected = TWINS[score](D, cdist(Y, Y), k)
    assert_allclose(score(X, Y, n_neighbors=k), expected, rtol=0, atol=1e-12)
    precomputed = score(D, Y, n_neighbors=k, metric="precomputed")
    assert_allclose(precomputed, expected, rtol=0, atol=1e-12)


@each_score
@given(seed=seeds, n_samples=st.integers(3, 25), data=st.data())
@settings(max_examples=40)
def test_ties_go_to_the_lowest_index(score, seed, n_samples, data):
    k = data.draw(st.integers(1, (n_samples - 1) // 2))
    rng = np.random.default_rng(seed)
    # Few distinct places: duplicates, equal distances, exact in floating point.
    X = rng.integers(0, 4, (n_samples, 2)).astype(float)
    Y = rng.integers(0, 3, (n_samples, 1)).astype(float)
    D = cdist(X, X)
    expected = TWINS[score](D, cdist(Y, Y), k)
    assert_allclose(score(X, Y, n_neighbors=k), expected, rtol=0, atol=1e-12)
    precomputed = score(D, Y, n_neighbors=k, metric="precomputed")
    assert_allclose(precomputed, expected, rtol=0, atol=1e-12)


@each_score
def test_ties_in_many_features(score):
    # Beyond 15 features distances come from a matrix product, exact for integers.
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (60, 20)).astype(float)
    Y = rng.integers(0, 5, (60, 2)).astype(float)
    expected = TWINS[score](cdist(X, X), cdist(Y, Y), 7)
    assert_allclose(score(X, Y, n_neighbors=7), expected, rtol=0, atol=1e-12)


def test_a_place_that_only_ties_is_contested_by_hand():
    # From the middle, both ends are equally far: index 0 is its neighbour.
    X = np.array([[-1.0], [0.0], [1.0], [5.0]])
    Y = np.array([[-1.0], [0.0], [0.5], [5.0]])
    # True neighbours: 1, 0, 1, 2; in the embedding: 1, 2, 1, 2.
    assert neighborhood_precision(X, Y, n_neighbors=1) == 0.75
    assert neighborhood_precision(X[::-1], Y[::-1], n_neighbors=1) == 1.0


@pytest.mark.parametrize("n_features", [3, 30])
@pytest.mark.parametrize("n_neighbors", [1, 5, 40])
def test_agrees_with_scikit_learn(n_features, n_neighbors):
    rng = np.random.default_rng(n_features)
    X = rng.standard_normal((150, n_features))
    Y = X[:, :2] + rng.standard_normal((150, 2))
    expected = sklearn_trustworthiness(X, Y, n_neighbors=n_neighbors)
    result = trustworthiness(X, Y, n_neighbors=n_neighbors)
    assert_allclose(result, expected, rtol=0, atol=1e-12)
    swapped = sklearn_trustworthiness(Y, X, n_neighbors=n_neighbors)
    result = continuity(X, Y, n_neighbors=n_neighbors)
    assert_allclose(result, swapped, rtol=0, atol=1e-12)


@each_score
@pytest.mark.parametrize(
    "metric",
    [
        "manhattan",
        "cosine",
        "seuclidean",
        "minkowski",
        "l2",
        lambda x, y: np.abs(x - y).max(),
    ],
)
def test_metrics(score, metric):
    X, Y = random_sets(5)
    D = pairwise_distances(X, metric=metric)
    expected = score(D, Y, n_neighbors=4, metric="precomputed")
    assert score(X, Y, n_neighbors=4, metric=metric) == expected
    blocks = score(X, Y, n_neighbors=4, metric=metric, working_memory=0.01)
    assert blocks == expected


@each_score
@given(seed=seeds, scale=st.sampled_from([1e-3, 7.0, 1e3]))
@settings(max_examples=15)
def test_rigid_motion_and_scale_do_not_matter(score, seed, scale):
    X, Y = random_sets(seed)
    moved = scale * (Y @ ortho_group.rvs(2, random_state=seed) + [3.0, -1.0])
    assert score(X, moved, n_neighbors=6) == score(X, Y, n_neighbors=6)


@each_score
@given(seed=seeds)
@settings(max_examples=15)
def test_order_of_samples_does_not_matter(score, seed):
    X, Y = random_sets(seed)
    order = np.random.default_rng(seed).permutation(len(X))
    assert score(X[order], Y[order], n_neighbors=6) == score(X, Y, n_neighbors=6)


@each_score
@given(seed=seeds, n_neighbors=st.integers(1, 9))
@settings(max_examples=15)
def test_bounds(score, seed, n_neighbors):
    rng = np.random.default_rng(seed)
    X, Y = rng.random((20, 2)), rng.random((20, 2))
    result = score(X, Y, n_neighbors=n_neighbors)
    assert isinstance(result, float)
    assert 0 <= result < 1
    assert score(X, 3 * X, n_neighbors=n_neighbors) == 1.0


@pytest.mark.parametrize("score", [continuity, trustworthiness])
def test_the_worst_embedding_scores_zero(score):
    # The nearest in one space are the farthest in the other.
    Y = np.random.default_rng(0).random((11, 2))
    reversed_distances = 2 - cdist(Y, Y)
    for k in range(1, 6):
        worst = score(reversed_distances, Y, n_neighbors=k, metric="precomputed")
        assert_allclose(worst, 0, atol=1e-15)


def test_random_embedding_has_the_precision_of_chance():
    rng = np.random.default_rng(0)
    X, Y = rng.random((1000, 2)), rng.random((1000, 2))
    precision = neighborhood_precision(X, Y, n_neighbors=50)
    assert_allclose(precision, 50 / 999, rtol=0.05)


@each_score
def test_constants(score):
    X, _ = random_sets(0, 12)
    point = np.ones((12, 2))
    expected = TWINS[score](cdist(X, X), np.zeros((12, 12)), 3)
    assert_allclose(score(X, point, n_neighbors=3), expected, rtol=0, atol=1e-12)
    assert score(point, point, n_neighbors=3) == 1.0


def test_the_largest_neighborhood_holds_all():
    X, Y = random_sets(0, 12)
    assert neighborhood_precision(X, Y, n_neighbors=11) == 1.0
    assert neighborhood_precision(X[:2], Y[:2], n_neighbors=1) == 1.0


@each_score
def test_input_is_left_alone(score):
    X, Y = random_sets(1)
    D = cdist(X, X)
    expected = score(D, Y, n_neighbors=5, metric="precomputed")
    for change in (np.asfortranarray, np.ndarray.tolist, lambda A: A):
        given_D, given_Y = change(D.copy()), change(Y.copy())
        result = score(given_D, given_Y, n_neighbors=5, metric="precomputed")
        assert result == expected
        assert np.array_equal(given_D, D) and np.array_equal(given_Y, Y)
    # What is on the diagonal does not matter.
    np.fill_diagonal(D, 7.0)
    assert score(D, Y, n_neighbors=5, metric="precomputed") == expected


@each_score
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_array, sp.csr_matrix])
def test_sparse(score, metric, container):
    X, Y = random_sets(2)
    sparse = score(container(X), Y, n_neighbors=5, metric=metric)
    assert sparse == score(X, Y, n_neighbors=5, metric=metric)


@each_score
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "precomputed"])
def test_blocks_bound_memory_and_do_not_change_the_score(score, metric):
    rng = np.random.default_rng(0)
    n_samples = 1500
    X = rng.standard_normal((n_samples, 3))
    Y = X[:, :2] + 0.3 * rng.standard_normal((n_samples, 2))
    X[:300] = X[0]  # ties go another way through the code, which is bounded too
    X = cdist(X, X) if metric == "precomputed" else X
    whole = score(X, Y, metric=metric, working_memory=1000)
    tracemalloc.start()
    try:
        blocked = score(X, Y, metric=metric, working_memory=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert blocked == whole
    # The n x n distances take 18 MB, and validation makes masks of 2.25 MB.
    assert peak < 4e6


@each_score
@pytest.mark.parametrize(
    "changes, message",
    [
        ({"n_neighbors": 10}, r"n_neighbors \(10\) should be less than n_samples"),
        ({"n_neighbors": 0}, "The 'n_neighbors' parameter"),
        ({"X": np.ones((9, 2))}, "inconsistent numbers of samples"),
        ({"X": np.full((10, 2), np.nan)}, "Input X contains NaN"),
        ({"X_embedded": np.full((10, 2), np.inf)}, "Input X_embedded contains inf"),
        ({"metric": "precomputed"}, "X must be square"),
        (
            {"metric": "precomputed", "X": -np.ones((10, 10))},
            "Negative values in data passed to X",
        ),
        (
            {"metric": "precomputed", "X": np.full((10, 10), np.inf)},
            "Input X contains infinity",
        ),
        ({"metric": "as the crow flies"}, "The 'metric' parameter"),
        ({"working_memory": -1.0}, "The 'working_memory' parameter"),
    ],
)
def test_errors_name_the_parameter(score, changes, message):
    X = np.arange(20.0).reshape(10, 2)
    arguments = {"X": X, "X_embedded": X, "n_neighbors": 3} | changes
    with pytest.raises(ValueError, match=message):
        score(**arguments)


@pytest.mark.parametrize("score", [continuity, trustworthiness])
def test_ranks_need_twice_as_many_samples_as_neighbors(score):
    X = np.arange(10.0)[:, None]
    with pytest.raises(ValueError, match=r"n_neighbors \(5\).* n_samples / 2 \(5.0\)"):
        score(X, X, n_neighbors=5)
    assert score(X, X, n_neighbors=4) == 1.0
