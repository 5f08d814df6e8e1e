"""Closures equal networkx's; edges held back leave every node an edge."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skgeom.graph import Graph, train_test_split_edges, transitive_closure
from skgeom.testing import adjacency_matrices


@given(A=adjacency_matrices(directed=True))
def test_closure_is_that_of_networkx(A):
    found = transitive_closure(Graph(A, directed=True)).adjacency.toarray()
    expected = nx.transitive_closure(
        nx.from_numpy_array(A.toarray(), create_using=nx.DiGraph), reflexive=None
    )
    expected = (nx.to_numpy_array(expected, weight=None) > 0) * 1.0
    np.fill_diagonal(expected, 0)
    assert_array_equal(found, expected)


def test_closure_keeps_names_and_direction():
    graph = Graph.from_edges([[0, 1], [1, 2]], node_names="abc")
    closure = transitive_closure(graph)
    assert closure.n_edges == 3
    assert not closure.directed
    assert closure.node_names == ("a", "b", "c")


@given(
    A=adjacency_matrices(directed=True, min_nodes=2),
    directed=st.booleans(),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 1000),
)
def test_edges_are_split(A, directed, share, seed):
    graph = Graph(A if directed else A + A.T, directed=directed)
    train, test = train_test_split_edges(graph, share, random_state=seed)
    assert train.directed == test.directed == directed
    total = (train.adjacency + test.adjacency).toarray()
    assert_array_equal(total, graph.adjacency.toarray())
    assert train.adjacency.multiply(test.adjacency).nnz == 0
    assert not test.adjacency.diagonal().any()

    def linked(part):
        return (part.adjacency + part.adjacency.T).sum(axis=1) > 0

    assert_array_equal(linked(train), linked(graph))


def test_the_wanted_share_is_held_back():
    rng = np.random.default_rng(0)
    graph = Graph((rng.random((50, 50)) < 0.4) * 1.0, directed=True)
    loops = np.count_nonzero(graph.adjacency.diagonal())
    _, test = train_test_split_edges(graph, 0.2, random_state=0)
    assert test.n_edges == round(0.2 * (graph.n_edges - loops))
    again = train_test_split_edges(graph, 0.2, random_state=0)[1]
    assert_array_equal(test.adjacency.toarray(), again.adjacency.toarray())
    with pytest.raises(ValueError, match="test_size=1"):
        train_test_split_edges(graph, 1)
