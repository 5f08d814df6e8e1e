"""The layout of a graph for walkers: probabilities of steps, order in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.graph._walks import steps_of
from skgeom.testing import adjacency_matrices


def probabilities(steps):
    """The transition matrix that the arrays describe, by names."""
    n = len(steps.roots)
    P = np.zeros((n, n))
    for node in range(n):
        edges = slice(steps.indptr[node], steps.indptr[node + 1])
        size = edges.stop - edges.start
        odds = np.full(size, 1 / size)
        if len(steps.cumulative):
            odds = np.diff(steps.cumulative[edges], prepend=0.0)
        P[steps.names[node], steps.names[steps.indices[edges]]] = odds
    return P


@given(A=adjacency_matrices(), draw=st.integers(0, 2**32 - 1))
def test_steps_follow_the_weights_in_any_order(A, draw):
    graph = Graph(A)
    n, degrees = graph.n_nodes, graph.degrees
    expected = graph.adjacency.toarray() / np.where(degrees > 0, degrees, 1)[:, None]
    expected[degrees == 0, degrees == 0] = 1.0
    expected += np.diag((degrees == 0) & (expected.diagonal() == 0))
    for order in (None, np.random.default_rng(draw).permutation(n)):
        steps = steps_of(graph.laplacian().transition, degrees, order)
        assert_allclose(probabilities(steps), expected, atol=1e-9)
        roots = np.empty(n)
        roots[steps.names] = steps.roots
        assert_allclose(roots**2, np.where(degrees > 0, degrees, 1))


def test_equal_weights_need_no_table():
    assert len(Graph.from_edges([[0, 1], [1, 2]]).steps().cumulative) == 0
    assert len(Graph.from_edges([[0, 1], [1, 2]], [1, 2]).steps().cumulative) == 4


def test_steps_are_kept_for_each_device(device):
    graph, backend = Graph.from_edges([[0, 1], [1, 2]]), get_backend(device)
    assert graph.steps() is graph.steps()
    there = graph.steps(backend)
    assert graph.steps(get_backend(device)) is there
    for one, two in zip(graph.steps(), there, strict=True):
        assert_array_equal(one, backend.to_numpy(two))


def test_a_directed_graph_has_no_walk():
    with pytest.raises(ValueError, match="needs an undirected graph"):
        Graph.from_edges([[0, 1]], directed=True).steps()


def shuffled_lattice(side, seed=0):
    nodes = np.random.default_rng(seed).permutation(side * side).reshape(side, side)
    pairs = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    return Graph.from_edges(
        np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    )


def distances_in_memory(graph, order):
    positions = np.argsort(order)
    rows, columns = graph.adjacency.nonzero()
    return np.median(abs(positions[rows] - positions[columns]))


def test_neighbours_of_a_shuffled_lattice_come_together():
    graph = shuffled_lattice(150)
    order = graph.memory_order
    assert_array_equal(np.sort(order), np.arange(150**2))
    assert distances_in_memory(graph, order) < 300
    assert distances_in_memory(graph, np.arange(150**2)) > 3000


def test_graphs_that_gain_nothing_keep_their_order():
    small = shuffled_lattice(20)
    assert_array_equal(small.memory_order, np.arange(400))
    rng = np.random.default_rng(0)
    random = Graph.from_edges(rng.integers(0, 20_000, (100_000, 2)), n_nodes=20_000)
    assert_array_equal(random.memory_order, np.arange(20_000))
