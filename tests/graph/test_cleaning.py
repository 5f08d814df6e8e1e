"""Cleaning: noise directions, local smoothing, shortcuts."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph
from sklearn.decomposition import PCA

from skgeom.datasets import make_swiss_roll
from skgeom.graph import (
    Graph,
    local_dimension,
    nearest_neighbors,
    neighbor_overlap,
    prune_shortcuts,
    robust_graph,
    smooth_locally,
    truncate_noise,
)

seeds = st.integers(0, 10_000)


def cube(rng, n, dimension, n_features, noise):
    """A cube of some dimension, turned at random in space."""
    frame = np.linalg.qr(rng.normal(size=(n_features, dimension)))[0]
    points = 10 * rng.uniform(size=(n, dimension))
    return points @ frame.T + noise * rng.normal(size=(n, n_features))


@pytest.mark.parametrize("dimension", [2, 3, 5])
@pytest.mark.parametrize("noise", [0.01, 0.5])
def test_truncation_finds_the_directions_above_the_noise(dimension, noise):
    X = cube(np.random.default_rng(0), 1000, dimension, 40, noise)
    Z = truncate_noise(X)
    assert Z.shape == (1000, dimension)
    leading = PCA(dimension).fit_transform(X)
    np.testing.assert_allclose(np.abs(Z), np.abs(leading), atol=1e-8)


def test_truncation_keeps_two_directions_of_pure_noise():
    X = np.random.default_rng(0).normal(size=(400, 30))
    assert truncate_noise(X).shape == (400, 2)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_local_dimension_of_a_clean_cube(dimension):
    X = cube(np.random.default_rng(0), 2000, dimension, 10, 0.0)
    indices = nearest_neighbors(X, n_neighbors=50)[1]
    # .7 of the variance of a ball of any dimension m needs more than .7 m directions.
    assert local_dimension(X, indices, explained=0.97) == dimension
    assert local_dimension(X, indices) <= dimension


def test_local_dimension_of_one_point_many_times():
    assert local_dimension(np.ones((9, 3)), np.tile(np.arange(9), (9, 1))) == 1


def smooth_by_definition(X, n_neighbors, n_axes):
    members = np.argsort(
        ((X[:, None] - X[None]) ** 2).sum(axis=2), axis=1, kind="stable"
    )[:, : n_neighbors + 1]
    moved = [[] for _ in X]
    for row in members:
        center = X[row].mean(axis=0)
        _, _, axes = np.linalg.svd(X[row] - center, full_matrices=False)
        plane = axes[:n_axes].T @ axes[:n_axes]
        for j in row:
            moved[j].append(center + plane @ (X[j] - center))
    return np.array([np.mean(places, axis=0) for places in moved])


@settings(max_examples=10)
@given(seed=seeds)
def test_smoothing_is_the_mean_of_projections(seed):
    X = np.random.default_rng(seed).normal(size=(60, 3)) * [9, 3, 1]
    indices = nearest_neighbors(X, n_neighbors=20)[1]
    members = np.concatenate([np.arange(60)[:, None], indices], axis=1)
    expected = smooth_by_definition(X, 20, local_dimension(X, members))
    np.testing.assert_allclose(smooth_locally(X, n_neighbors=20), expected, atol=1e-9)


@settings(max_examples=10)
@given(seed=seeds)
def test_smoothing_moves_with_the_points(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 4)) * [9, 3, 1, 1]
    turn, order = np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.permutation(80)
    moved = smooth_locally(3 * X[order] @ turn + 1, n_neighbors=15)
    expected = 3 * smooth_locally(X, n_neighbors=15)[order] @ turn + 1
    np.testing.assert_allclose(moved, expected, atol=1e-7)


def test_smoothing_leaves_a_plane_alone_and_flattens_noise():
    rng = np.random.default_rng(0)
    flat = np.column_stack([rng.uniform(0, 10, size=(800, 2)), np.zeros(800)])
    np.testing.assert_allclose(smooth_locally(flat), flat, atol=1e-9)
    noisy = flat + [0, 0, 0.2] * rng.normal(size=(800, 3))
    assert np.abs(smooth_locally(noisy)[:, 2]).mean() < 0.3 * np.abs(noisy[:, 2]).mean()


@settings(max_examples=20)
@given(seed=seeds)
def test_overlap_is_the_jaccard_index(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 2))
    graph = Graph.from_points(X, n_neighbors=4)
    indices = nearest_neighbors(X, n_neighbors=9)[1]
    sets = [{i, *row} for i, row in enumerate(indices)]
    rows = np.repeat(np.arange(40), np.diff(graph.adjacency.indptr))
    expected = [
        len(sets[i] & sets[j]) / len(sets[i] | sets[j])
        for i, j in zip(rows, graph.adjacency.indices, strict=True)
    ]
    np.testing.assert_allclose(neighbor_overlap(graph, indices), expected)


@settings(max_examples=40)
@given(seed=seeds, share=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99]))
def test_pruning_cuts_edges_and_never_a_component(seed, share):
    rng = np.random.default_rng(seed)
    # Clumps with duplicates: edges of length zero, ties, a few components.
    X = np.repeat(rng.normal(size=(5, 2)) * 20, 12, axis=0)
    X += rng.normal(size=X.shape) * (rng.random((60, 1)) < 0.7)
    graph = Graph.from_points(X, n_neighbors=3)
    pruned = prune_shortcuts(graph, nearest_neighbors(X, n_neighbors=8)[1], share)
    assert pruned.n_edges <= graph.n_edges
    assert not pruned.directed
    # Whatever is left is as it was.
    left = pruned.adjacency.toarray() > 0
    np.testing.assert_array_equal(
        pruned.adjacency.toarray()[left], graph.adjacency.toarray()[left]
    )
    np.testing.assert_array_equal(
        pruned.lengths.toarray()[left], graph.lengths.toarray()[left]
    )
    np.testing.assert_array_equal(
        pruned.connected_components[1], graph.connected_components[1]
    )


def test_pruning_keeps_the_shortest_edge_of_a_bridge():
    """Two squares of points, three edges between: the shortest stays."""
    left = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    X = np.concatenate([left, left + np.array([3.0, 0.0])])
    pairs = [(i, j) for k in (0, 4) for i in range(k, k + 4) for j in range(k, i)]
    bridges = [(3, 5), (2, 4), (1, 5)]
    rows, columns = np.array(pairs + bridges).T
    W = sp.coo_array((np.ones(len(rows)), (rows, columns)), shape=(8, 8))
    W = (W + W.T).tocsr()
    lengths = W.copy()
    ends = np.repeat(np.arange(8), np.diff(W.indptr)), W.indices
    lengths.data = np.linalg.norm(X[ends[0]] - X[ends[1]], axis=1)
    lengths[4, 2] = lengths[2, 4] = 1.5
    neighbors = nearest_neighbors(X, n_neighbors=3)[1]
    pruned = prune_shortcuts(Graph(W, lengths=lengths), neighbors, share=0.15)
    assert pruned.connected_components[0] == 1
    assert pruned.adjacency[4, 2] == 1
    assert pruned.adjacency[3, 5] == pruned.adjacency[1, 5] == 0


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_share_out_of_range_is_an_error(share):
    graph = Graph.from_edges([[0, 1]])
    with pytest.raises(ValueError, match="share"):
        prune_shortcuts(graph, np.array([[1], [0]]), share)


@pytest.mark.parametrize("seed", [0, 3])
def test_robust_graph_loses_the_edges_across_the_turns_of_a_noisy_roll(seed):
    sample = make_swiss_roll(2000, noise=1.0, random_state=seed)
    along = sample.coordinates[:, 0]

    def shortcuts(graph):
        one, two = graph.adjacency.nonzero()
        return (np.abs(along[one] - along[two]) > 15).sum()

    assert (
        shortcuts(robust_graph(sample.X)) <= shortcuts(Graph.from_points(sample.X)) / 10
    )


@pytest.mark.parametrize(("smoothing", "pruning"), [(0, 0.0), (0, 0.1), (50, 0.0)])
def test_steps_can_be_switched_off(smoothing, pruning):
    X = np.random.default_rng(0).normal(size=(120, 3))
    graph = robust_graph(X, smoothing=smoothing, pruning=pruning)
    if smoothing == 0 and pruning == 0:
        np.testing.assert_allclose(
            graph.adjacency.toarray(), Graph.from_points(X).adjacency.toarray()
        )
    n_parts = csgraph.connected_components(graph.adjacency)[0]
    assert n_parts == graph.connected_components[0]


def test_tiny_and_degenerate_input():
    assert robust_graph(np.array([[0.0], [1.0]]), n_neighbors=1).n_edges == 1
    assert robust_graph(np.ones((30, 20))).connected_components[0] == 1
