"""The bound by prices of points, and the branch and bound inside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.backends._numba._covering import (
    ascend,
    covered,
    covering,
    largest_covered,
    raise_reach,
)
from skgeom.cluster._sdp._bound import label_bound
from skgeom.cluster._sdp._covering import MAX_AXES, _Cells, _filled, covering_bound
from skgeom.cluster._sdp._exchange import exchange, partition_value
from skgeom.testing import point_clouds

clouds = point_clouds(
    min_samples=4, max_samples=8, max_features=4, dtypes=st.just(np.dtype(np.float64))
)


def some_labels(n, n_clusters, rng):
    labels = rng.integers(0, n_clusters, n)
    labels[rng.permutation(n)[:n_clusters]] = np.arange(n_clusters)
    return labels


def inertia(X, labels):
    return (X * X).sum() - partition_value(X, labels)


def in_the_plane(n, n_clusters, spread, seed=0):
    """Groups at random places, and the labels that a local search from them finds."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_clusters
    X = rng.uniform(-10, 10, (n_clusters, 2))[y] + spread * rng.standard_normal((n, 2))
    X -= X.mean(axis=0)
    return X, exchange(X, y, n_clusters)


@given(X=clouds, n_clusters=st.integers(2, 3), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_bound_of_any_labels_holds(least_inertia, X, n_clusters, seed):
    X = X - X.mean(axis=0)
    labels = some_labels(len(X), n_clusters, np.random.default_rng(seed))
    bound = covering_bound(X, labels, n_clusters)
    assert bound <= least_inertia(X, n_clusters) + 4e-15 * (X * X).sum()


@pytest.mark.parametrize("n", [300, 2000])
def test_many_clusters_in_a_plane(n):
    """The bound from the labels alone says nothing here."""
    X, labels = in_the_plane(n, 15, 1.5)
    assert label_bound(X, labels, 15)[0] - partition_value(X, labels) > 0.9 * inertia(
        X, labels
    )
    assert 0.95 < covering_bound(X, labels, 15) / inertia(X, labels) <= 1


def test_clusters_that_lie_apart_are_certain():
    X, labels = in_the_plane(400, 12, 0.05)
    gap = 1 - covering_bound(X, labels, 12) / inertia(X, labels)
    assert 0 <= gap < 1e-6


@pytest.mark.parametrize("p", [1, 3, 4])
def test_other_dimensions(p):
    rng = np.random.default_rng(p)
    y = np.arange(200) % 4
    X = 3 * np.eye(4, p)[y] + rng.standard_normal((200, p))
    X -= X.mean(axis=0)
    labels = exchange(X, y, 4)
    assert 0.9 < covering_bound(X, labels, 4) / inertia(X, labels) <= 1
    # As coordinates of more, of which most say nothing.
    turn = np.linalg.qr(rng.standard_normal((9, 9)))[0][:p]
    assert_allclose(
        covering_bound(X @ turn, labels, 4), covering_bound(X, labels, 4), rtol=1e-6
    )


def test_more_dimensions_are_not_tried():
    X = np.random.default_rng(0).standard_normal((30, MAX_AXES + 1))
    assert covering_bound(X - X.mean(axis=0), np.arange(30) % 3, 3) == 0.0


@pytest.mark.parametrize("scale", [2.0**-480, 2.0**480])
def test_any_scale(scale):
    X, labels = in_the_plane(60, 4, 1.0)
    found = covering_bound(scale * X, labels, 4)
    assert found / scale / scale == covering_bound(X, labels, 4) > 0


def test_points_at_few_places():
    X = np.repeat([[-1.0, 0.0], [1.0, 0.0], [0.0, 3.0]], 4, axis=0)
    X -= X.mean(axis=0)
    assert covering_bound(X, np.repeat([0, 1, 2], 4), 3) == 0.0
    found = covering_bound(X, np.repeat([0, 0, 1], 4), 2)
    assert_allclose(found, inertia(X, np.repeat([0, 0, 1], 4)))
    assert covering_bound(np.zeros((5, 2)), np.array([0, 0, 1, 1, 1]), 2) == 0.0


# ------------------------------------------------------------------- what it is made of


def by_definition(X, weights, reach, centers):
    squares = ((X[:, None] - centers) ** 2).sum(axis=2)
    return weights @ np.maximum(reach[:, None] - squares, 0)


@given(seed=st.integers(0, 999), p=st.integers(1, 4))
@settings(max_examples=30)
def test_nothing_is_covered_better(seed, p):
    rng = np.random.default_rng(seed)
    X, weights = rng.standard_normal((25, p)), rng.integers(1, 4, 25).astype(float)
    reach = rng.exponential(1.0, 25)
    low, high = X.min(axis=0), X.max(axis=0)
    tried = rng.uniform(low, high, (3000, p))
    values = by_definition(X, weights, reach, tried)
    assert_allclose(covered(np.ascontiguousarray(X.T), weights, reach, tried), values)
    ends = np.ascontiguousarray(tried[np.argsort(-values)[:20]])
    before = covered(np.ascontiguousarray(X.T), weights, reach, ends)
    ascend(np.ascontiguousarray(X.T), weights, reach, ends, 50)
    after = covered(np.ascontiguousarray(X.T), weights, reach, ends)
    assert (after >= before * (1 - 1e-12)).all()
    box, floor = (X.min(axis=0), X.max(axis=0)), values.max() / 2
    bound, looks, place = largest_covered(X, weights, reach, *box, floor, 1e-3, 10**7)
    assert by_definition(X, weights, reach, place[None])[0] >= bound / 1.001 - 1e-12
    best = max(values.max(), after.max())
    assert best * (1 - 1e-12) <= bound
    assert looks < 10**7
    # Given up at once, it is loose and holds.
    loose, *_ = largest_covered(X, weights, reach, *box, floor, 1e-3, 1)
    assert loose >= bound


def test_raising_the_numbers_raises_the_bound():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 2))
    weights, reach, centers = np.ones(80), np.ones(80), X[::2].copy()
    coordinates = np.ascontiguousarray(X.T)

    def value():
        return reach.sum() - 5 * by_definition(X, weights, reach, centers).max()

    start = value()
    raise_reach(coordinates, weights, reach, centers, 5, 0.02, 200)
    middle = value()
    raise_reach(coordinates, weights, reach, centers, 5, 0.002, 200)
    assert start < middle < value()
    shares = np.full(len(centers), 1 / len(centers))
    squares = ((X[:, None] - centers) ** 2).sum(axis=2)
    assert_allclose(
        covering(coordinates, reach, centers, shares),
        (squares < reach[:, None]) @ shares,
    )


def test_cells_cover_what_their_points_do():
    X = np.random.default_rng(0).uniform(-1, 1, (4000, 2))
    cells, whole = _Cells.of(X, 300), _Cells(X, None)
    assert 150 < len(cells.points) < 600
    reach = np.full(4000, 9.0)  # all are covered from everywhere
    coarse = cells.means_of(reach)
    centers = np.array([[0.0, 0.0], [0.5, -1.0]])
    assert_allclose(cells.covered(coarse, centers), whole.covered(reach, centers))
    assert_allclose(cells.value(coarse), reach.sum())
    assert_allclose(cells.lifted(coarse).sum(), reach.sum())


@given(seed=st.integers(0, 99), part=st.floats(0, 1))
def test_parts_fill_up_to_a_level(seed, part):
    spare = np.random.default_rng(seed).exponential(1.0, 9)
    found = _filled(spare, part * spare.sum())
    assert_allclose(found.sum(), part * spare.sum(), atol=1e-12)
    assert (found <= spare).all()
    assert_allclose(found, np.minimum(spare, found.max()))
