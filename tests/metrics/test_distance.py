import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group, pearsonr, spearmanr

from skgeom.metrics import DistancePreservation, distance_preservation


def brute_force(T, P, columns=None):
    """Score one row after the other, as the definition reads."""
    n_samples, n_columns = T.shape
    columns = np.arange(n_columns) if columns is None else columns
    pearson, spearman = [], []
    kept = np.ones(T.shape, dtype=bool)
    for i in range(n_samples):
        kept[i] = columns != i
        t, p = T[i, kept[i]], P[i, kept[i]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SciPy warns of constant rows
            pearson.append(np.nan_to_num(pearsonr(t, p).statistic))
            spearman.append(np.nan_to_num(spearmanr(t, p).statistic))
    t, p = T[kept], P[kept]
    scale = (t @ p) / (p @ p)
    stress = np.linalg.norm(scale * p - t) / np.linalg.norm(t)
    return np.mean(pearson), np.mean(spearman), stress


def random_sets(seed, n_samples=30):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, 4))
    return cdist(X, X), X[:, :2] + 0.3 * rng.standard_normal((n_samples, 2))


seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, n_samples=st.integers(3, 25), integers=st.booleans())
@settings(max_examples=40)
def test_brute_force(seed, n_samples, integers):
    rng = np.random.default_rng(seed)
    # Integers below 3 give ties, duplicates and constant rows.
    draw = (lambda shape: rng.integers(0, 3, shape)) if integers else rng.random
    T, embedding = cdist(*[draw((n_samples, 3))] * 2), draw((n_samples, 2))
    P = cdist(embedding, embedding)
    if not T.any() or not P.any():
        return
    scores = distance_preservation(T, embedding)
    assert_allclose(scores, brute_force(T, P), rtol=0, atol=1e-10)
    assert_allclose(distance_preservation(T, distances=P), scores, rtol=0, atol=1e-12)


@given(seed=seeds, n_columns=st.integers(3, 20))
@settings(max_examples=30)
def test_brute_force_with_columns(seed, n_columns):
    T, embedding = random_sets(seed, 20)
    columns = np.random.default_rng(seed).permutation(20)[:n_columns]
    P = cdist(embedding, embedding[columns])
    expected = brute_force(T[:, columns], P, columns)
    scores = distance_preservation(T[:, columns], embedding, columns=columns)
    assert_allclose(scores, expected, rtol=0, atol=1e-12)
    scores = distance_preservation(T[:, columns], distances=P, columns=columns)
    assert_allclose(scores, expected, rtol=0, atol=1e-12)


@given(seed=seeds, scale=st.sampled_from([1e-200, 1e-3, 7.0, 1e200]))
@settings(max_examples=30)
def test_rigid_motion_and_scale_do_not_matter(seed, scale):
    T, embedding = random_sets(seed)
    rotation = ortho_group.rvs(2, random_state=seed)
    moved = scale * (embedding @ rotation + [3.0, -1.0])
    scores = distance_preservation(T, embedding)
    assert_allclose(distance_preservation(T, moved), scores, rtol=0, atol=1e-10)
    assert_allclose(
        distance_preservation(scale * T, embedding), scores, rtol=0, atol=1e-10
    )
    P = scale * cdist(embedding, embedding)
    assert_allclose(distance_preservation(T, distances=P), scores, rtol=0, atol=1e-10)


@given(seed=seeds)
@settings(max_examples=20)
def test_order_of_samples_and_columns_does_not_matter(seed):
    T, embedding = random_sets(seed)
    order = np.random.default_rng(seed).permutation(len(T))
    scores = distance_preservation(T, embedding)
    permuted = distance_preservation(T[np.ix_(order, order)], embedding[order])
    assert_allclose(permuted, scores, rtol=0, atol=1e-12)
    reordered = distance_preservation(T[:, order], embedding, columns=order)
    assert_allclose(reordered, scores, rtol=0, atol=1e-12)


def test_perfect_embedding():
    X = np.random.default_rng(0).standard_normal((40, 3))
    scores = distance_preservation(cdist(X, X), 5 * X @ ortho_group.rvs(3))
    assert isinstance(scores, DistancePreservation)
    assert all(isinstance(score, float) for score in scores)
    assert_allclose(scores, (1.0, 1.0, 0.0), atol=1e-13)


def test_ties_survive_a_rotation():
    grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), -1).reshape(-1, 2)
    turned = grid @ ortho_group.rvs(2, random_state=3) / 3
    assert_allclose(
        distance_preservation(cdist(grid, grid), turned), (1.0, 1.0, 0.0), atol=1e-13
    )


def test_reversed_distances_have_correlation_minus_one():
    T, _ = random_sets(0)
    off_diagonal = T.max() + 1 - T
    scores = distance_preservation(T, distances=off_diagonal)
    assert_allclose(scores[:2], (-1.0, -1.0), rtol=0, atol=1e-12)
    assert 0 < scores.scaled_stress < 1


def test_the_diagonal_does_not_matter():
    T, embedding = random_sets(1)
    P = cdist(embedding, embedding)
    scores = distance_preservation(T, distances=P)
    np.fill_diagonal(T, 100.0)
    np.fill_diagonal(P, 3.0)
    assert_allclose(distance_preservation(T, distances=P), scores, rtol=0, atol=1e-12)


def test_constants():
    T, embedding = random_sets(2, 10)
    point = np.full((10, 2), 0.1)
    assert distance_preservation(T, point) == (0.0, 0.0, 1.0)
    assert distance_preservation(np.zeros((10, 10)), embedding) == (0.0, 0.0, 0.0)
    assert distance_preservation(np.zeros((10, 10)), point) == (0.0, 0.0, 0.0)
    simplex = np.eye(10) @ ortho_group.rvs(10, random_state=0)
    assert distance_preservation(T, simplex)[:2] == (0.0, 0.0)


def test_one_far_point_does_not_hide_the_others():
    X = np.append(np.random.default_rng(0).random(20), 1e13)[:, None]
    T, columns = cdist(X, X[:20]), np.arange(20)
    # Seen from afar, the others are equally far; among themselves they are not.
    expected = (20 / 21, 20 / 21, 0.0)
    for scored in ({"embedding": X}, {"distances": T}):
        scores = distance_preservation(T, columns=columns, **scored)
        assert_allclose(scores, expected, rtol=0, atol=1e-12)


def test_float32_and_lists():
    T, embedding = random_sets(3, 12)
    scores = distance_preservation(T, embedding)
    assert_allclose(distance_preservation(T.tolist(), embedding.tolist()), scores)
    single = distance_preservation(T.astype(np.float32), embedding.astype(np.float32))
    assert_allclose(single, scores, atol=1e-5)


def test_blocks_bound_memory_and_do_not_change_the_scores():
    rng = np.random.default_rng(0)
    n_samples, n_columns = 3000, 40
    X = rng.standard_normal((n_samples, 2))
    columns = rng.permutation(n_samples)[:n_columns]
    T = cdist(X, X[columns])
    embedding = X + 0.5 * rng.standard_normal(X.shape)
    whole = distance_preservation(T, embedding, columns=columns, working_memory=1000)
    tracemalloc.start()
    try:
        blocked = distance_preservation(T, embedding, columns=columns, working_memory=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_allclose(blocked, whole, rtol=0, atol=1e-12)
    # The n x n distances would take 72 MB, and three copies of T 3 MB.
    assert peak < 3e6


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"geodesics": np.ones((5, 4))}, "geodesics must be square"),
        ({"geodesics": np.ones((2, 2))}, "geodesics must have at least 3"),
        ({"geodesics": np.full((5, 5), np.nan)}, "Input geodesics contains NaN"),
        ({"geodesics": np.full((5, 5), np.inf)}, "Input geodesics contains infinity"),
        ({"geodesics": -np.ones((5, 5))}, "Negative values in data passed to geodesic"),
        ({"embedding": np.ones((4, 2))}, "inconsistent numbers of samples"),
        ({"embedding": np.full((5, 2), np.nan)}, "Input embedding contains NaN"),
        ({"embedding": None}, "either embedding or distances"),
        ({"distances": np.ones((5, 5))}, "either embedding or distances"),
        (
            {"embedding": None, "distances": np.ones((5, 4))},
            "distances has shape",
        ),
        (
            {"embedding": None, "distances": np.full((5, 5), np.nan)},
            "Input distances contains NaN",
        ),
        ({"columns": [0, 1, 2]}, "columns names 3 samples"),
        ({"columns": [0, 1, 2, 3, 5]}, r"columns must lie in \[0, 5\)"),
        ({"columns": [0, 1, 2, 3, -1]}, r"columns must lie in \[0, 5\)"),
        ({"columns": [0, 1, 2, 3, 3]}, "columns must not repeat"),
        ({"columns": [0.0, 1.0, 2.0, 3.0, 4.0]}, "array of integers"),
        ({"working_memory": 0}, "The 'working_memory' parameter"),
    ],
)
def test_errors_name_the_parameter(changes, message):
    X = np.arange(10.0).reshape(5, 2)
    arguments = {"geodesics": cdist(X, X), "embedding": X} | changes
    with pytest.raises(ValueError, match=message):
        distance_preservation(**arguments)
