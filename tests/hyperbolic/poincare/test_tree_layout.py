"""The tree in a hierarchy, and its drawing."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.graph import Graph, transitive_closure
from skgeom.hyperbolic._poincare._tree_layout import hierarchy_tree, tree_layout
from skgeom.metrics import reconstruction_score
from skgeom.testing import adjacency_matrices


def random_tree(n, seed):
    """A parent for each node but the first; numbers are shuffled."""
    rng = np.random.default_rng(seed)
    names = rng.permutation(n)
    edges = [(names[i], names[rng.integers(i)]) for i in range(1, n)]
    return Graph.from_edges(edges, n_nodes=n, directed=True), edges, names[0]


@given(n=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), closure=st.booleans())
@settings(max_examples=50)
def test_a_tree_is_found_in_its_closure(n, seed, closure):
    graph, edges, root = random_tree(n, seed)
    graph = transitive_closure(graph) if closure else graph
    parents, ranks = hierarchy_tree(graph.adjacency)
    expected = np.full(n, -1)
    for node, parent in edges:
        expected[node] = parent
    assert_array_equal(parents, expected)
    assert ranks[root] == n - 1


@given(A=adjacency_matrices(directed=True, self_loops=False))
@settings(max_examples=50)
def test_any_graph_has_a_forest(A):
    n = A.shape[0]
    parents, ranks = hierarchy_tree(A)
    assert_array_equal(np.sort(ranks), np.arange(n))
    dense = A.toarray() > 0
    for node in range(n):
        above = np.flatnonzero(dense[node] & (ranks > ranks[node]))
        expected = above[np.argmin(ranks[above])] if len(above) else -1
        assert parents[node] == expected
    acyclic = nx.is_directed_acyclic_graph(
        nx.from_numpy_array(dense, create_using=nx.DiGraph)
    )
    heads, tails = np.nonzero(dense)
    assert acyclic == (ranks[heads] < ranks[tails]).all()


@given(n=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_subtrees_have_their_own_sectors(n, seed):
    graph, edges, _ = random_tree(n, seed)
    parents, ranks = hierarchy_tree(graph.adjacency)
    radii, angles = tree_layout(parents, ranks)
    sizes = n * np.exp(-radii / 2)
    assert_allclose(sizes, sizes.round(), rtol=1e-9)
    closure = transitive_closure(graph).adjacency.toarray()
    assert_array_equal(sizes.round(), 1 + closure.sum(axis=0))
    for node, parent in edges:
        assert radii[node] > radii[parent]
    leaves = np.flatnonzero(sizes.round() == 1)
    leaves = leaves[np.argsort(angles[leaves])]
    for node in range(n):
        below = np.flatnonzero((closure[leaves, node] > 0) | (leaves == node))
        assert_array_equal(np.diff(below), 1)


def test_the_layout_tells_ancestors_from_others():
    graph, *_ = random_tree(300, 0)
    closure = transitive_closure(graph)
    radii, angles = tree_layout(*hierarchy_tree(closure.adjacency))
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    assert reconstruction_score(np.tanh(radii / 2)[:, None] * circle, closure) > 0.8
