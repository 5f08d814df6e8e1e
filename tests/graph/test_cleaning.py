"""Cleaning: shortcuts, and the steps together."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph

from skgeom.datasets import make_swiss_roll
from skgeom.graph import (
    Graph,
    nearest_neighbors,
    neighbor_overlap,
    prune_shortcuts,
    robust_graph,
)

seeds = st.integers(0, 10_000)


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


@pytest.mark.parametrize("seed", range(6))
def test_paths_go_round_a_noisy_roll(seed):
    """Noise puts points between the turns; without cleaning, paths cut across."""
    sample = make_swiss_roll(2000, noise=1.0, random_state=seed)
    rows = np.arange(0, 2000, 100)
    truth = sample.geodesic_distances(rows=rows).ravel()

    def agreement(graph):
        paths = csgraph.dijkstra(graph.lengths, indices=rows)
        return np.corrcoef(paths.ravel(), truth)[0, 1]

    assert agreement(robust_graph(sample.X)) > 0.98
    assert agreement(Graph.from_points(sample.X)) < 0.5


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
