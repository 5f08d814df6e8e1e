"""Bounds hold for every partition, and are met where that is possible."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.cluster._sdp._admm import admm_clustering
from skgeom.cluster._sdp._bound import (
    _factored_bound,
    _pulls,
    label_bound,
    label_multiplier,
    multiplier_bound,
)
from skgeom.cluster._sdp._exchange import partition_value
from skgeom.testing import point_clouds

float64 = st.just(np.dtype(np.float64))


def centred(X):
    return X - X.mean(axis=0)


@pytest.mark.parametrize("scale", [2.0**-480, 2.0**480])
def test_bounds_are_found_at_any_scale(scale):
    """Products of four coordinates are no numbers there."""
    labels = np.arange(12) % 3
    noise = np.random.default_rng(0).standard_normal((12, 3))
    X = centred(5 * np.eye(3)[labels] + noise)
    bound, level = label_bound(X, labels, 3)
    found = label_bound(scale * X, labels, 3)
    assert_allclose(np.divide(found, scale**2), (bound, level), rtol=1e-12)
    B = label_multiplier(X, labels, level)
    assert B.any()
    assert_allclose(label_multiplier(scale * X, labels, level * scale**2) / scale**2, B)


def best_value(X, n_clusters, diagonal=None):
    """The largest <XX' - diag(d), Z> over all partitions into exactly K clusters."""
    labels = np.array(list(itertools.product(range(n_clusters), repeat=len(X) - 1)))
    labels = np.column_stack([np.zeros(len(labels), dtype=int), labels])
    values = np.zeros(len(labels))
    complete = np.ones(len(labels), dtype=bool)
    for k in range(n_clusters):
        own = (labels == k).astype(float)
        sizes = own.sum(axis=1)
        complete &= sizes > 0
        part = ((own @ X) ** 2).sum(axis=1)
        part -= 0.0 if diagonal is None else own @ diagonal
        values += part / np.maximum(sizes, 1)
    return values[complete].max()


def random_labels(n, n_clusters, rng):
    """Labels without an empty cluster."""
    labels = rng.integers(0, n_clusters, n)
    labels[rng.permutation(n)[:n_clusters]] = np.arange(n_clusters)
    return labels


def blobs(n, distance, seed=0, n_features=3, n_clusters=3):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_clusters
    centers = distance * np.eye(n_clusters, n_features)
    return centred(centers[y] + rng.standard_normal((n, n_features))), y


clouds = point_clouds(min_samples=4, max_samples=9, max_features=4, dtypes=float64)


@given(X=clouds, n_clusters=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=75)
def test_the_bound_of_any_labels_holds_for_the_best_partition(X, n_clusters, seed):
    X = centred(X)
    labels = random_labels(len(X), n_clusters, np.random.default_rng(seed))
    bound, _ = label_bound(X, labels, n_clusters)
    assert bound >= best_value(X, n_clusters)
    assert bound <= (X * X).sum() * (1 + 1e-9) + 1e-300


@pytest.mark.parametrize("seed", range(3))
def test_twelve_points_by_brute_force(seed):
    X, y = blobs(12, 2.0, seed)
    best = best_value(X, 3)
    bound, _ = label_bound(X, y, 3)
    relaxed = admm_clustering(X, 3, tol=1e-6, max_iter=3000)
    assert best <= relaxed.bound <= bound * (1 + 1e-9)
    assert relaxed.bound <= best * 1.05  # and is not idle


@given(
    X=clouds,
    n_clusters=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
    weight=st.sampled_from([0.0, 1.0, 1e3]),
    hollow=st.booleans(),
)
@settings(max_examples=75)
def test_the_bound_of_any_multiplier_holds(X, n_clusters, seed, weight, hollow):
    X = centred(X)
    B = weight * np.random.default_rng(seed).standard_normal((len(X), len(X)))
    diagonal = (X * X).sum(axis=1) if hollow else None
    bound = multiplier_bound(X, B, n_clusters, diagonal)
    assert bound >= best_value(X, n_clusters, diagonal)


@given(X=clouds, n_clusters=st.integers(1, 3))
@settings(max_examples=25)
def test_the_bound_of_the_program_holds_before_it_has_converged(X, n_clusters):
    X = centred(X)
    for max_iter in (1, 25):
        found = admm_clustering(X, n_clusters, max_iter=max_iter)
        assert found.bound >= best_value(X, n_clusters)


@pytest.mark.parametrize("n", [60, 3000])
@pytest.mark.parametrize("n_clusters", [2, 3, 5])
def test_well_separated_clusters_are_certified(n, n_clusters):
    X, y = blobs(n, 20.0, n_features=6, n_clusters=n_clusters)
    bound, _ = label_bound(X, y, n_clusters)
    inertia = (X * X).sum() - partition_value(X, y)
    assert 0 <= bound - partition_value(X, y) <= 1e-6 * inertia


def test_wrong_labels_are_not_certified():
    X, y = blobs(60, 20.0)
    wrong = y.copy()
    wrong[0] = (wrong[0] + 1) % 3
    bound, _ = label_bound(X, wrong, 3)
    assert bound >= partition_value(X, y) > partition_value(X, wrong)


def test_one_cluster_and_one_point_a_cluster():
    X, _ = blobs(6, 1.0)
    assert_allclose(label_bound(X, np.zeros(6, dtype=int), 1)[0], 0.0, atol=1e-12)
    assert_allclose(label_bound(X, np.arange(6), 6)[0], (X * X).sum())


@pytest.mark.parametrize("distance", [0.5, 2.0, 8.0])
def test_the_small_matrix_has_the_eigenvalues_of_the_large_one(distance):
    X, y = blobs(90, distance)
    pulls, sizes, _ = _pulls(X, y)
    for level in (0.5, 5.0, 50.0):
        B = label_multiplier(X, y, level)
        assert (B >= 0).all()
        assert_allclose(B, B.T)
        assert_allclose(
            _factored_bound(X, y, 3, pulls, sizes, level),
            multiplier_bound(X, B, 3),
            rtol=1e-10,
        )


def test_degenerate_eigenvalues_are_all_counted():
    """Equal leading eigenvalues, as at the optimum, are what Lanczos misses."""
    X, y = blobs(200, 30.0, n_features=8, n_clusters=5)
    bound, _ = label_bound(X, y, 5)
    assert bound >= partition_value(X, y)


@given(scale=st.sampled_from([1e-6, 1e-3, 1e4, 1e8]), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_bounds_scale_with_the_squares_of_points(scale, seed):
    X, y = blobs(40, 3.0, seed)
    assert_allclose(
        label_bound(scale * X, y, 3)[0], scale**2 * label_bound(X, y, 3)[0], rtol=1e-5
    )


def test_the_program_is_tighter_than_the_labels_and_they_than_components():
    X, y = blobs(60, 2.5)
    components = multiplier_bound(X, np.zeros((60, 60)), 3)
    labels, level = label_bound(X, y, 3)
    program = admm_clustering(X, 3, multiplier=label_multiplier(X, y, level)).bound
    assert partition_value(X, y) <= program < labels < components


# ----------------------------------------------------------------------- the program


@given(seed=st.integers(0, 999), distance=st.sampled_from([0.0, 2.0, 10.0]))
@settings(max_examples=10)
def test_the_solution_of_the_program_is_feasible(seed, distance):
    X, _ = blobs(24, distance, seed)
    found = admm_clustering(X, 3, tol=1e-5, max_iter=5000)
    Z = found.membership
    assert found.converged
    assert_allclose(Z, Z.T, atol=1e-12)
    assert_allclose(Z.sum(axis=1), 1.0, atol=1e-9)
    assert_allclose(np.trace(Z), 3.0, atol=1e-9)
    assert np.linalg.eigvalsh(Z)[0] >= -1e-9
    assert Z.min() >= -1e-4
    assert found.value <= found.bound + 1e-4 * (X * X).sum()
    assert_allclose(found.value, (X @ X.T * Z).sum())


def test_a_tight_program_returns_the_partition():
    X, y = blobs(30, 20.0)
    found = admm_clustering(X, 3, tol=1e-7)
    H = np.eye(3)[y]
    assert_allclose(found.membership, (H / H.sum(axis=0)) @ H.T, atol=1e-5)


def test_the_program_on_a_diagonal_of_its_own():
    X, _ = blobs(10, 1.0)
    diagonal = (X * X).sum(axis=1)
    found = admm_clustering(X, 3, diagonal=diagonal, tol=1e-6, max_iter=5000)
    assert found.bound >= best_value(X, 3, diagonal)
    Z = found.membership
    assert_allclose(found.value, ((X @ X.T - np.diag(diagonal)) * Z).sum())


def test_the_program_agrees_with_a_general_solver():
    cvxpy = pytest.importorskip("cvxpy", reason="cvxpy is not installed")
    X, _ = blobs(25, 1.5)
    Z = cvxpy.Variable((25, 25), PSD=True)
    constraints = [Z >= 0, cvxpy.sum(Z, axis=1) == 1, cvxpy.trace(Z) == 3]
    problem = cvxpy.Problem(cvxpy.Maximize(cvxpy.trace(X @ X.T @ Z)), constraints)
    problem.solve(solver=cvxpy.SCS, eps=1e-7, max_iters=20_000)
    found = admm_clustering(X, 3, tol=1e-7, max_iter=20_000)
    assert_allclose(found.value, problem.value, rtol=1e-5)
    assert found.bound >= problem.value * (1 - 1e-6)


def test_stopping_early_says_so():
    X, _ = blobs(30, 1.0)
    assert not admm_clustering(X, 3, tol=1e-9, max_iter=2).converged
