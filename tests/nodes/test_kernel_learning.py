"""Learned coefficients: they predict held-out targets, and find what generated them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.graph import Graph
from skgeom.nodes._kernel_learning import learn_modulation
from skgeom.testing import adjacency_matrices


@given(
    A=adjacency_matrices(min_nodes=2, max_nodes=12),
    n_steps=st.integers(1, 6),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40)
def test_coefficients_are_shares(A, n_steps, draw):
    rng, graph = np.random.default_rng(draw), Graph(A)
    nodes = rng.integers(0, graph.n_nodes, 7)
    y = rng.standard_normal((7, 2))
    f = learn_modulation(graph, nodes, y - y.mean(axis=0), n_steps)
    assert f.shape == (n_steps + 1,)
    assert (f >= 0).all()
    assert f[0] > 0
    assert_allclose(f.sum(), 1)


def two_sided(n):
    """A bipartite graph: 200 nodes on each side, random edges between them."""
    rng = np.random.default_rng(0)
    edges = np.stack([rng.integers(0, n, 6 * n), n + rng.integers(0, n, 6 * n)], axis=1)
    return Graph.from_edges(edges, n_nodes=2 * n)


def test_steps_that_mislead_get_no_weight():
    graph = two_sided(200)
    side = np.where(np.arange(400) < 200, 1.0, -1.0)[:, None]
    f = learn_modulation(graph, np.arange(400), side, 4)
    # After an odd number of steps one is on the other side.
    alpha = np.convolve(f, f)
    assert alpha[1] < 0.1 * alpha[2]
