import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.backends import get_backend
from skgeom.embedding._heat_geodesic._relaxation_time import relaxation_time
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

KINDS = ("symmetric", "random_walk", "combinatorial")
kinds = st.sampled_from(KINDS)


def path(n):
    return Graph.from_edges([[i, i + 1] for i in range(n - 1)])


def star(n):
    return Graph.from_edges([[0, i] for i in range(1, n)])


def complete(n):
    return Graph.from_adjacency(np.ones((n, n)) - np.eye(n))


def exact_relaxation(graph, kind):
    """One over the smallest positive eigenvalue, by a dense eigenproblem."""
    L = graph.laplacian(kind).matrix().toarray()
    values = np.sort(scipy.linalg.eigvals(L).real)
    return 1.0 / values[graph.connected_components[0]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "graph",
    [
        Graph.from_edges([[0, 1]]),
        Graph.from_edges([[0, 1]], weights=[1e-9]),
        Graph.from_edges([[0, 1], [0, 0]], weights=[0.37, 0.2]),
        Graph.from_edges([[0, 1], [0, 0], [2, 3], [3, 3]], weights=[0.4, 0.02, 0.1, 1]),
        complete(3),
        complete(9),
        complete(60),
        star(4),
        star(50),
        path(3),
        path(12),
        path(20),
        Graph.from_edges([[i, j] for i in range(3) for j in range(3, 9)]),
        Graph.from_edges([[i, (i + 1) % 16] for i in range(16)]),
        Graph.from_edges([[0, 1], [1, 2], [3, 4]], n_nodes=7),
    ],
    ids=lambda graph: f"{graph.n_nodes} nodes {graph.n_edges} edges",
)
def test_relaxation_of_known_graphs(device, graph, kind):
    found = relaxation_time(graph, kind, backend=get_backend(device))
    expected = exact_relaxation(graph, kind)
    assert expected < 100
    assert isinstance(found, float)
    assert_allclose(found, expected, rtol=0.01)


@given(A=adjacency_matrices(min_nodes=2, connected=True, max_nodes=25), kind=kinds)
@settings(max_examples=80)
def test_relaxation(A, kind):
    graph = Graph(A)
    found, expected = relaxation_time(graph, kind), exact_relaxation(graph, kind)
    assert found <= expected * (1 + 1e-6)  # the quotient is from above
    if expected < 40:
        assert_allclose(found, expected, rtol=0.05)
    assert found >= 0.9 * min(expected, 320)


@pytest.mark.parametrize("n_cycles", [2, 10])
def test_many_modes_almost_as_slow(n_cycles):
    # Random cycles over the same nodes: the spectrum begins with a dense band.
    rng, n = np.random.default_rng(0), 400
    cycles = [rng.permutation(n) for _ in range(n_cycles)]
    edges = [np.stack([cycle, np.roll(cycle, 1)], axis=1) for cycle in cycles]
    graph = Graph.from_edges(np.concatenate(edges))
    expected = exact_relaxation(graph, "symmetric")
    assert_allclose(relaxation_time(graph), expected, rtol=0.01)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_nodes", [100, 400])
def test_beyond_the_horizon(kind, n_nodes):
    graph = path(n_nodes)
    expected = exact_relaxation(graph, kind)
    assert expected > 1900
    for horizon in (50.0, 320.0):
        found = relaxation_time(graph, kind, horizon=horizon)
        assert horizon < found <= expected * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_look_finds_slower_modes(kind):
    graph = path(100)
    expected = exact_relaxation(graph, kind)
    found = [relaxation_time(graph, kind, horizon=horizon) for horizon in (320, 2e4)]
    assert found[0] < 0.9 * expected
    assert_allclose(found[1], expected, rtol=0.01)


def test_parts_that_hardly_touch():
    # The slow mode, far below rounding, is there, and nothing overflows.
    edges = [[0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 5], [5, 3]]
    graph = Graph.from_edges(edges, weights=[1, 1, 1, 1e-30, 1, 1, 1])
    found = relaxation_time(graph)
    assert np.isfinite(found)
    assert found > 320


@pytest.mark.parametrize(
    "graph",
    [
        Graph.from_edges([], n_nodes=3),
        Graph.from_edges([[0, 0], [1, 1]], weights=[0.3, 0.7], n_nodes=3),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_ever_evens_out_without_edges(graph, kind):
    assert relaxation_time(graph, kind) == np.inf


def test_relaxation_of_a_directed_graph():
    with pytest.raises(ValueError, match="undirected"):
        relaxation_time(Graph.from_edges([[0, 1]], directed=True))
