import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.cluster._sdp._exchange import exchange, merge_and_split, partition_value
from skgeom.testing import point_clouds

float64 = st.just(np.dtype(np.float64))
clouds = point_clouds(min_samples=3, max_samples=20, dtypes=float64)


def start(X, n_clusters, seed):
    return np.random.default_rng(seed).integers(0, n_clusters, len(X))


def some_diagonal(X, kind, seed):
    if kind is None:
        return None
    if kind == "hollow":
        return (X * X).sum(axis=1)
    size = (X * X).mean() or 1.0
    return size * np.random.default_rng(seed).standard_normal(len(X))


kinds = st.sampled_from([None, "hollow", "random"])


def by_definition(X, labels, diagonal):
    """<XX' - diag(d), Z>, with Z written out."""
    Z = np.zeros((len(X), len(X)))
    for k in np.unique(labels):
        own = (labels == k).astype(float)
        Z += np.outer(own, own) / own.sum()
    A = X @ X.T - np.diag(np.zeros(len(X)) if diagonal is None else diagonal)
    return (A * Z).sum()


@given(X=clouds, n_clusters=st.integers(1, 5), seed=st.integers(0, 99), kind=kinds)
def test_the_value_is_that_of_the_matrix(X, n_clusters, seed, kind):
    labels, d = start(X, n_clusters, seed), some_diagonal(X, kind, seed)
    size = (X * X).sum() + (0 if d is None else abs(d).sum())
    assert_allclose(
        partition_value(X, labels, d), by_definition(X, labels, d), atol=1e-12 * size
    )


@given(X=clouds, n_clusters=st.integers(1, 5), seed=st.integers(0, 99), kind=kinds)
@settings(max_examples=30)
def test_no_single_move_is_left(X, n_clusters, seed, kind):
    X = X - X.mean(axis=0)
    d, first = some_diagonal(X, kind, seed), start(X, n_clusters, seed)
    labels = exchange(X, first, n_clusters, diagonal=d, max_iter=1000)
    value = partition_value(X, labels, d)
    size = (X * X).sum() + (0 if d is None else abs(d).sum())
    assert value >= partition_value(X, first, d) - 1e-12 * size
    assert np.isin(np.unique(first), labels).all()  # no cluster is lost
    for i in range(len(X)):
        if (labels == labels[i]).sum() == 1:
            continue
        for k in range(n_clusters):
            moved = labels.copy()
            moved[i] = k
            assert partition_value(X, moved, d) <= value + 1e-9 * size


@given(X=clouds, n_clusters=st.integers(1, 6), seed=st.integers(0, 99), kind=kinds)
@settings(max_examples=60)
def test_merging_and_splitting_never_loses(X, n_clusters, seed, kind):
    X = X - X.mean(axis=0)
    d, first = some_diagonal(X, kind, seed), start(X, n_clusters, seed)
    size = (X * X).sum() + (0 if d is None else abs(d).sum())
    moved = exchange(X, first, n_clusters, diagonal=d)
    found = merge_and_split(X, first, n_clusters, diagonal=d)
    assert partition_value(X, found, d) >= partition_value(X, moved, d) - 1e-12 * size
    assert found.min() >= 0
    assert found.max() < n_clusters


def test_a_fixed_point_is_the_nearest_mean():
    """Hartigan's optima are Lloyd's: `predict` agrees with the labels."""
    X = np.random.default_rng(0).standard_normal((200, 3))
    labels = exchange(X, start(X, 5, 0), 5)
    means = np.stack([X[labels == k].mean(axis=0) for k in range(5)])
    nearest = ((X[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert_array_equal(labels, nearest)


def test_lloyd_is_stuck_in_high_dimension_where_exchange_is_not():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = np.where(y[:, None] == 0, 0.0, 0.25) + rng.standard_normal((60, 2000))
    X -= X.mean(axis=0)
    first = rng.permutation(y)
    means = np.stack([X[first == k].mean(axis=0) for k in range(2)])
    lloyd = ((X[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert_array_equal(lloyd, first)
    found = exchange(X, first, 2)
    assert max((found == y).mean(), (found != y).mean()) == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_a_merge_and_a_split_leave_a_trap_of_single_moves(seed):
    rng = np.random.default_rng(seed)
    centers = np.array([[0, 0], [40, 0], [80, 0], [83, 0]])
    y = np.arange(200) % 4
    X = centers[y] * 10 + rng.standard_normal((200, 2))
    X -= X.mean(axis=0)
    # Two clusters in one group, one over two groups.
    trap = np.array([0, 2, 3, 3])[y]
    trap[(y == 0) & (rng.random(200) < 0.5)] = 1
    single = exchange(X, trap, 4)
    both = merge_and_split(X, trap, 4)
    total = (X * X).sum()
    assert total - partition_value(X, single) > 5 * (total - partition_value(X, y))
    assert_allclose(partition_value(X, both), partition_value(X, y))


def test_the_start_is_not_changed():
    X = np.random.default_rng(0).standard_normal((30, 2))
    first = start(X, 3, 0)
    kept = first.copy()
    exchange(X, first, 3)
    merge_and_split(X, first, 3)
    assert_array_equal(first, kept)
