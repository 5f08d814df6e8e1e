from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra, shortest_path
from scipy.spatial.distance import cdist
from scipy.stats import kstest
from sklearn.neighbors import kneighbors_graph

from skgeom.datasets import make_clustered_tree, make_tree


def polyline(sample):
    """Rebuild the edges of a tree without noise from its points and coordinates."""
    points, along = sample.X, sample.coordinates[:, 0]
    edges = []
    for branch in range(sample.labels.max() + 1):
        walk = np.flatnonzero(sample.labels == branch)
        assert_array_equal(np.diff(walk), 1)
        if branch > 0:
            fork = np.flatnonzero((sample.labels == 0) & (along == along[walk[0]]))
            assert fork.size == 1
            walk = np.append(fork, walk)
        edges += list(pairwise(walk))
    i, j = np.transpose(edges)
    lengths = np.linalg.norm(points[i] - points[j], axis=1)
    return coo_array((lengths, (i, j)), shape=(len(points),) * 2).tocsr()


@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.integers(2, 60),
    n_branches=st.integers(1, 7),
    n_features=st.integers(2, 12),
)
@settings(max_examples=40)
def test_tree_distances_are_those_of_the_polyline(
    seed, n_samples, n_branches, n_features
):
    n_branches = min(n_branches, n_samples // 2)
    sample = make_tree(
        n_samples, n_branches=n_branches, n_features=n_features, random_state=seed
    )
    expected = dijkstra(polyline(sample), directed=False)
    assert_allclose(sample.geodesic_distances(), expected, atol=1e-9)


def test_tree_follows_the_protocol():
    sample = make_tree(2000, n_branches=4, n_features=3, random_state=0)
    assert_array_equal(np.bincount(sample.labels), [500] * 4)
    graph = polyline(sample).tocoo()
    steps = sample.X[graph.coords[1]] - sample.X[graph.coords[0]]
    assert kstest(steps.ravel(), "uniform", (-1, 2)).pvalue > 1e-3
    # Forks are spread over the trunk, both ends included.
    forks = [
        make_tree(40, n_branches=2, random_state=seed).coordinates[-1, 0]
        / make_tree(40, n_branches=2, random_state=seed).coordinates[19, 0]
        for seed in range(60)
    ]
    assert kstest(forks, "uniform").pvalue > 1e-3
    assert min(forks) == 0 and max(forks) == 1


def test_tree_uneven_and_single_branches():
    assert_array_equal(np.bincount(make_tree(17, n_branches=5).labels), [4, 3, 4, 3, 3])
    sample = make_tree(5, n_branches=5, random_state=0)
    assert_array_equal(sample.labels, np.arange(5))
    assert_array_equal(sample.coordinates[:, 0], 0)
    sample = make_tree(9, n_branches=1, random_state=0)
    steps = np.linalg.norm(np.diff(sample.X, axis=0), axis=1)
    assert_allclose(sample.geodesic_distances(rows=[0])[0, 1:], np.cumsum(steps))


def test_neighbor_graph_distances():
    options = {"n_branches": 4, "random_state": 0}
    clean = make_tree(200, **options)
    graph = kneighbors_graph(clean.X, 10, mode="distance").toarray()
    expected = shortest_path(np.maximum(graph, graph.T), directed=False)
    assert np.isfinite(expected).all()
    sample = make_tree(200, noise=1.0, geodesics="neighbor_graph", **options)
    assert_allclose(sample.geodesic_distances(), expected)
    assert not np.array_equal(sample.X, clean.X)


def test_a_disconnected_neighbor_graph_is_connected_by_the_tree():
    options = {"n_samples": 300, "n_features": 2, "random_state": 0}
    clean = make_tree(**options)
    sample = make_tree(geodesics="neighbor_graph", n_neighbors=1, **options)
    graph = kneighbors_graph(clean.X, 1, mode="distance")
    n_parts, part = connected_components(graph, directed=False)
    assert n_parts > 1
    branches = polyline(clean).tocoo()
    i, j = branches.coords
    between = np.where(part[i] != part[j], branches.data, 0)
    bridges = coo_array((between, (i, j)), shape=graph.shape)
    expected = dijkstra(graph + bridges.tocsr(), directed=False)
    assert np.isfinite(expected).all()
    assert_allclose(sample.geodesic_distances(), expected)


def test_clusters_on_the_tree():
    options = {"n_branches": 3, "branch_length": 50, "random_state": 0}
    sample = make_clustered_tree(3000, cluster_std=5.0, **options)
    assert_array_equal(np.bincount(sample.labels), [1000] * 3)
    for branch in range(3):
        axis = min(branch, 1)
        places = sample.coordinates[sample.labels == branch, axis]
        other = sample.coordinates[sample.labels == branch, 1 - axis]
        assert np.ptp(other) == 0
        assert kstest((places - places.mean()) / 5.0, "norm").pvalue > 1e-3
        # 49 or 50 edges of mean length 1.8: the middle is about 45 from the start.
        assert 38 < places.mean() < 52


def test_clusters_on_the_tree_lie_on_the_walk():
    # With the same seed the walk is the same, however the points are spread on it.
    options = {"n_branches": 3, "branch_length": 6, "random_state": 0}
    wide = make_clustered_tree(30000, cluster_std=1e3, **options)
    narrow = make_clustered_tree(30, cluster_std=1.0, **options)
    D = cdist(narrow.X, wide.X)
    assert (D.min(axis=1) < 0.02).all()
    nearest = D.argmin(axis=1)
    assert_allclose(narrow.coordinates, wide.coordinates[nearest], atol=0.05)
    assert_array_equal(wide.labels[nearest], narrow.labels)
    # Neighbours along a branch are as far apart as its edges are long.
    for branch in range(3):
        on_branch = wide.labels == branch
        places = wide.coordinates[on_branch, min(branch, 1)]
        walk = wide.X[on_branch][np.argsort(places)]
        length = np.linalg.norm(np.diff(walk, axis=0), axis=1).sum()
        assert_allclose(length, np.ptp(places), rtol=1e-3)


def test_clustered_tree_distances_are_those_of_the_walk():
    sample = make_clustered_tree(
        3000, n_branches=4, branch_length=6, cluster_std=1e3, random_state=1
    )
    # Join the points in the order of the walk, and each branch to the closest point of
    # the trunk: with this many points, that is the walk.
    walks = []
    trunk = np.flatnonzero(sample.labels == 0)
    for branch in range(4):
        walk = np.flatnonzero(sample.labels == branch)
        walk = walk[np.argsort(sample.coordinates[walk, min(branch, 1)])]
        if branch > 0:
            to_trunk = cdist(sample.X[walk[:1]], sample.X[trunk])
            walk = np.append(trunk[to_trunk.argmin()], walk)
        walks += pairwise(walk)
    i, j = np.transpose(walks)
    lengths = np.linalg.norm(sample.X[i] - sample.X[j], axis=1)
    graph = coo_array((lengths, (i, j)), shape=(3000, 3000)).tocsr()
    rows = [0, 800, 1600, 2400]
    expected = dijkstra(graph, directed=False, indices=rows)
    assert_allclose(sample.geodesic_distances(rows), expected, atol=0.1)
    # Some branches leave the trunk away from its root, or the test sees nothing.
    assert (sample.coordinates[sample.labels > 0, 0] > 1).any()
