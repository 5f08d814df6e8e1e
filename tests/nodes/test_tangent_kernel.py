"""The tangent kernel of graph convolutional networks, against networks and limits."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from skgeom.graph import Graph
from skgeom.metrics.pairwise import ntk_kernel
from skgeom.nodes import graph_neural_tangent_kernel
from skgeom.testing import adjacency_matrices

RNG = np.random.default_rng(0)


def test_of_a_wide_random_network():
    """The gradients of one hidden layer of 200,000 units, summed by hand."""
    F = RNG.normal(size=(4, 3))
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 0], [2, 3]]).with_node_features(F)
    A = graph.adjacency.toarray() + np.eye(4)
    S = A / np.sqrt(np.outer(A.sum(axis=1), A.sum(axis=1)))
    width = 200_000
    first = RNG.normal(size=(3, width))
    last = RNG.normal(size=width) * np.sqrt(2 / width)
    before = S @ F @ first
    hidden = S @ np.maximum(before, 0) * np.sqrt(2 / width)
    of_last = hidden @ hidden.T
    # d output_i / d first[:, j] = sum_k S_ik last_j 1[before_kj > 0] (S F)_k
    ways = np.einsum("ik,kj,kf->ifj", S, (before > 0) * last, S @ F)
    of_first = np.einsum("ifj,kfj->ik", ways, ways)
    found = graph_neural_tangent_kernel(graph, n_layers=1)
    np.testing.assert_allclose(of_first + of_last, found, rtol=0.02, atol=0.01)


@pytest.mark.parametrize("n_layers", [1, 3])
def test_without_edges_it_is_the_kernel_of_plain_networks(n_layers):
    F = RNG.normal(size=(6, 5))
    graph = Graph.from_adjacency(sp.csr_array((6, 6))).with_node_features(F)
    plain = ntk_kernel(F, n_layers=n_layers, bias_variance=0.0) * 5 / 2
    np.testing.assert_allclose(
        graph_neural_tangent_kernel(graph, n_layers=n_layers), plain, rtol=1e-10
    )


@given(adjacency_matrices(min_nodes=2), st.integers(1, 3), st.floats(-100, 100))
def test_a_kernel_that_follows_its_nodes_and_the_size_of_features(A, n_layers, power):
    n = A.shape[0]
    F = np.random.default_rng(n).normal(size=(n, 3))
    K = graph_neural_tangent_kernel(
        Graph.from_adjacency(A).with_node_features(F), n_layers=n_layers
    )
    assert np.linalg.eigvalsh(K).min() > -1e-8 * np.trace(K)
    order = np.random.default_rng(0).permutation(n)
    moved = Graph.from_adjacency(sp.csr_array(A)[order][:, order])
    moved = moved.with_node_features(sp.csr_array(F[order]) * 10.0**power)
    found = graph_neural_tangent_kernel(moved, n_layers=n_layers)
    expected = K[order][:, order] * 10.0 ** (2 * power)
    np.testing.assert_allclose(
        found, expected, rtol=1e-6, atol=1e-12 * np.abs(expected).max()
    )


def test_nodes_need_features():
    with pytest.raises(ValueError, match="with_node_features"):
        graph_neural_tangent_kernel(Graph.from_edges([[0, 1]]))
