import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import _reference, get_backend
from skgeom.cluster._sdp._admm import admm_clustering
from skgeom.cluster._sdp._exchange import merge_and_split, partition_value
from skgeom.cluster._sdp._likelihood import likelihood_clustering
from skgeom.cluster._sdp._low_rank import (
    indicator_factor,
    low_rank_clustering,
    round_factor,
    row_sum_multipliers,
    spectral_scale,
)


def blobs(n, distance, seed=0, n_features=5, n_clusters=3):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_clusters
    X = distance * np.eye(n_clusters, n_features)[y]
    X = X + rng.standard_normal((n, n_features))
    return X - X.mean(axis=0), y


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


def on(backend, *arrays):
    return [backend.asarray(a, dtype=backend.float64) for a in arrays]


# ----------------------------------------------------------------------- the primitive


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(*[st.integers(1, 6)] * 4),
)
@settings(max_examples=20)
def test_the_lagrangian_is_the_references(device, seed, sizes):
    n, p, rank, n_starts = sizes
    rng = np.random.default_rng(seed)
    arguments = (
        rng.standard_normal((n, p)),
        rng.standard_normal(n),
        rng.random((n_starts, n, rank)),
        rng.standard_normal((n_starts, n)),
        rng.random(n_starts) + 0.1,
    )
    backend = get_backend(device)
    found = backend.row_sum_lagrangian(*on(backend, *arguments))
    expected = _reference.row_sum_lagrangian(*arguments)
    for ours, theirs in zip(found, expected, strict=True):
        assert_allclose(backend.to_numpy(ours), theirs, rtol=1e-9, atol=1e-9)


def test_the_gradient_of_the_reference_is_one():
    rng = np.random.default_rng(0)
    X, d, dual, penalty = rng.random((5, 2)), rng.random(5), rng.random((1, 5)), [0.7]
    U, step = rng.random((1, 5, 3)), 1e-6 * rng.standard_normal((1, 5, 3))

    def value(U):
        return _reference.row_sum_lagrangian(X, d, U, dual, np.array(penalty))

    slope = (value(U + step)[0] - value(U - step)[0]) / 2
    assert_allclose(slope, (value(U)[2] * step).sum(), rtol=1e-6)


# ------------------------------------------------------------------------- the solver


@pytest.mark.parametrize("distance", [2.0, 8.0])
@pytest.mark.parametrize("warm", [False, True])
def test_the_solution_is_feasible(device, distance, warm):
    X, y = blobs(30, distance)
    rng = np.random.RandomState(0)
    init = indicator_factor(y, 6, rng) if warm else np.abs(rng.standard_normal((30, 6)))
    backend = get_backend(device)
    X_on, init = on(backend, X, init[None])
    found = low_rank_clustering(backend, X_on, init, 3, tol=1e-4, max_iter=20_000)
    U = backend.to_numpy(found.factor)[0]
    assert found.converged
    assert (U >= 0).all()
    assert_allclose((U * U).sum(), 3.0)
    assert_allclose(found.residual, 0.0, atol=1e-4)
    assert np.sqrt(((U @ U.sum(axis=0) - 1) ** 2).mean()) < 1e-4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [24, pytest.param(40, marks=pytest.mark.slow)])
def test_the_value_lies_between_partitions_and_the_whole_program(n, seed):
    """U >= 0 asks for more than UU' >= 0 does; a partition is feasible for both."""
    X, y = blobs(n, 3.0, seed)
    labels = merge_and_split(X, y, 3)
    init = np.abs(np.random.default_rng(seed).standard_normal((4, n, 6)))
    init[0] = indicator_factor(labels, 6, np.random.RandomState(0), noise=0.01)
    dual = np.zeros((4, n))
    dual[0] = row_sum_multipliers(X, labels)
    found = low_rank_clustering(
        get_backend("cpu"), X, init, 3, dual=dual, tol=1e-5, max_iter=20_000
    )
    whole = admm_clustering(X, 3, tol=1e-6, max_iter=10_000)
    values = ((X.T @ found.factor) ** 2).sum(axis=(1, 2))
    assert (values <= whole.value * (1 + 1e-5)).all()
    assert (values >= 0.98 * whole.value).all()
    assert values[0] >= partition_value(X, labels) * (1 - 1e-4)


def test_the_unit_of_the_points_does_not_matter():
    X, _ = blobs(50, 4.0)
    init = np.abs(np.random.default_rng(0).standard_normal((1, 50, 6)))
    backend = get_backend("cpu")
    one, other = (low_rank_clustering(backend, s * X, init, 3) for s in (1.0, 2.0**20))
    assert_array_equal(one.factor, other.factor)


def test_starts_are_independent(device):
    """A batch gives each start what it would get by itself, up to when it ends."""
    X, _ = blobs(30, 20.0)
    init = np.abs(np.random.default_rng(0).standard_normal((3, 30, 6)))
    backend = get_backend(device)
    X_on, init = on(backend, X, init)
    together = low_rank_clustering(backend, X_on, init, 3, tol=1e-5, max_iter=9000)
    for b in range(3):
        alone = low_rank_clustering(
            backend, X_on, init[b : b + 1], 3, tol=1e-5, max_iter=9000
        )
        Z = [backend.to_numpy(s.factor)[i] for s, i in ((together, b), (alone, 0))]
        assert_allclose(Z[0] @ Z[0].T, Z[1] @ Z[1].T, atol=1e-3)


def test_backends_agree(device):
    X, y = blobs(60, 5.0)
    init = indicator_factor(y, 6, np.random.RandomState(0))[None]
    found = []
    for backend in (get_backend("cpu"), get_backend(device)):
        U = low_rank_clustering(backend, *on(backend, X, init), 3).factor
        found.append(backend.to_numpy(U)[0])
    assert_allclose(found[0], found[1], atol=1e-8)


def test_fewer_features_than_clusters_do_not_diverge():
    """More clusters than the rank of the data allows directions: eight in a plane."""
    rng = np.random.default_rng(0)
    centers = 100 * rng.random((8, 2))
    y = np.repeat(np.arange(8), [300] * 3 + [15] * 5)
    X = centers[y] + rng.standard_normal((len(y), 2))
    X -= X.mean(axis=0)
    init = indicator_factor(y, 16, np.random.RandomState(0))
    found = low_rank_clustering(
        get_backend("cpu"), X, init[None], 8, dual=row_sum_multipliers(X, y)[None]
    )
    assert found.residual[0] < 1e-3


def test_a_limit_on_gradients_is_kept():
    X, _ = blobs(60, 1.0)
    init = np.abs(np.random.default_rng(0).standard_normal((1, 60, 6)))
    found = low_rank_clustering(get_backend("cpu"), X, init, 3, tol=1e-12, max_iter=200)
    assert not found.converged
    assert found.n_iter <= 200 + 151


# --------------------------------------------------------------------------- its parts


@given(seed=st.integers(0, 999), n_clusters=st.integers(1, 6))
def test_rounding_returns_the_partition_of_an_indicator(seed, n_clusters):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_clusters), rng.integers(0, n_clusters, 20)])
    U = indicator_factor(y, n_clusters, np.random.RandomState(0), noise=0.0)
    turn = np.linalg.qr(rng.standard_normal((n_clusters, n_clusters)))[0]
    assert same_partition(round_factor(U @ turn, n_clusters), y)


def test_indicators_are_feasible():
    y = np.array([0, 1, 1, 2, 2, 2])
    U = indicator_factor(y, 4, np.random.RandomState(0), noise=0.0)
    assert_allclose(U @ U.sum(axis=0), 1.0)
    assert_allclose((U * U).sum(), 3.0)


@given(seed=st.integers(0, 99), hollow=st.booleans())
def test_clusters_are_stationary_at_their_multipliers(seed, hollow):
    """On each cluster, A 1 differs from the multipliers' side by a constant."""
    X, y = blobs(12, 2.0, seed)
    diagonal = (X * X).sum(axis=1) if hollow else np.zeros(12)
    dual = row_sum_multipliers(X, y, diagonal)
    A = X @ X.T - np.diag(diagonal)
    for k in range(3):
        own = (y == k).astype(float)
        left = (dual * own.sum() + dual @ own) / 2 - A @ own
        assert np.ptp(left[y == k]) < 1e-9


def test_the_scale_is_the_spectral_norm():
    X, _ = blobs(40, 3.0)
    d = (X * X).sum(axis=1)
    backend = get_backend("cpu")
    for diagonal in (np.zeros(40), d):
        norm = np.linalg.norm(X @ X.T - np.diag(diagonal), 2)
        scale = spectral_scale(backend, X, diagonal)
        assert 0.9 * norm <= scale <= norm * (1 + 1e-9)
    assert spectral_scale(backend, np.zeros((3, 2)), np.zeros(3)) == 1.0


# -------------------------------------------------------- with covariances of their own


def test_the_relaxation_with_covariances_repairs_labels(device):
    """Two clusters that share their mean: only their spreads tell them apart."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    spread = np.array([0.3, 5.0])
    X = rng.standard_normal((120, 6)) * spread[y][:, None]
    X -= X.mean(axis=0)
    Y = np.stack([X / s for s in spread])
    weights = (Y * Y).sum(axis=2) + 12 * np.log(spread)[:, None]
    wrong = np.where(rng.random(120) < 0.2, 1 - y, y)
    shares = likelihood_clustering(
        get_backend(device), Y, weights, wrong, np.random.RandomState(0)
    )
    assert shares.shape == (120, 2)
    assert (shares >= 0).all()
    assert_allclose(shares.sum(axis=1), 1.0, atol=2e-2)
    assert (shares.argmax(axis=1) == y).mean() > 0.98


@pytest.mark.parametrize("p", [4, 50])
def test_clusters_that_differ_by_factors_share_their_points(device, p):
    rng = np.random.default_rng(1)
    y, spread = np.arange(60) % 3, np.array([0.5, 1.0, 2.0])
    X = 6 * np.eye(3, p)[y] + rng.standard_normal((60, p)) * spread[y][:, None]
    X -= X.mean(axis=0)
    Y = np.stack([X / s for s in spread])
    weights = (Y * Y).sum(axis=2) + 2 * p * np.log(spread)[:, None]
    options = {"max_iter": 20}
    apart, shared = (
        likelihood_clustering(
            get_backend(device),
            points,
            weights,
            y,
            np.random.RandomState(0),
            precisions=precisions,
            **options,
        )
        for points, precisions in ((Y, None), (X, spread**-2))
    )
    assert_allclose(shared, apart, atol=1e-6)
