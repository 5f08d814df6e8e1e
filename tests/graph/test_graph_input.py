"""What a graph is not made of, and that no number in the input sets its size."""

import re

import numpy as np
import pytest

from skgeom.graph import Graph


@pytest.mark.parametrize(
    "edges",
    [[[0, 10**9]], [[0, 1]] * 1000 + [[0, 10**18]], np.array([[0, 2**64 - 1]], "u8")],
)
def test_no_id_sets_the_size_of_an_array(edges):
    with pytest.raises(ValueError, match=r"np.unique\(edges, return_inverse=True\)"):
        Graph.from_edges(edges)
    # What the message says.
    names, ids = np.unique(edges, return_inverse=True)
    graph = Graph.from_edges(ids.reshape(-1, 2), node_names=names)
    assert graph.n_nodes == len(names)


def test_ids_may_have_gaps():
    assert Graph.from_edges([[0, 10**6]]).n_nodes == 10**6 + 1
    assert Graph.from_edges([[0, 2 * 10**6]], n_nodes=2_000_001).n_edges == 1


@pytest.mark.parametrize("n_nodes", [-1, 2.5, "3", 10**15])
def test_bad_numbers_of_nodes(n_nodes):
    with pytest.raises(ValueError, match="n_nodes must be an integer from 0 to"):
        Graph.from_edges([[0, 1]], n_nodes=n_nodes)


@pytest.mark.parametrize("m", [1, 3, 4, 50])
def test_edges_in_two_rows_are_told_from_pairs(m):
    edges = np.arange(2 * m).reshape(2, m)
    with pytest.raises(ValueError, match=r"shape \(n_edges, 2\).*pass edges.T"):
        Graph.from_edges(edges)
    assert Graph.from_edges(edges.T).n_edges == m


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf, "much", [1, 2]])
def test_networkx_weights_that_are_none(weight):
    nx = pytest.importorskip("networkx")
    source = nx.Graph([("a", "b")])
    source.add_edge("b", "c", weight=weight)
    value = re.escape(repr(weight))
    with pytest.raises(
        ValueError, match=rf">= 0; that of the edge \('b', 'c'\) is {value}"
    ):
        Graph.from_networkx(source)


def test_what_is_no_networkx_graph():
    nx = pytest.importorskip("networkx")
    for other in (np.eye(3), [[0, 1]], "graph", Graph.from_edges([[0, 1]])):
        with pytest.raises(TypeError, match="must be a networkx graph, got a"):
            Graph.from_networkx(other)
    for empty in (nx.Graph(), nx.DiGraph(), nx.MultiGraph()):
        with pytest.raises(ValueError, match="graph has no nodes"):
            Graph.from_networkx(empty)


@pytest.mark.parametrize("index", [-1, 2, 10**12])
def test_neighbors_that_are_no_points(index):
    with pytest.raises(ValueError, match="rows of the points, from 0 to 1"):
        Graph.from_neighbors(np.ones((2, 1)), np.array([[index], [0]]))
