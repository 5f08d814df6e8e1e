"""Edges between sheets that lie hardly farther apart than points along them."""

import numpy as np
import pytest
from scipy.sparse import csgraph

from skgeom.graph import Graph, nearest_neighbors, robust_graph
from skgeom.graph._crossings import cosines_to_planes, find_crossings


def two_rolls(n, noise, seed):
    """Points of two spirals of sheets, each in the gaps of the other, and which."""
    rng = np.random.default_rng(seed)
    turns = np.linspace(1.5 * np.pi, 4.5 * np.pi, 10_001)
    length = (turns * np.sqrt(turns**2 + 1) + np.arcsinh(turns)) / 2
    at = np.interp(rng.uniform(length[0], length[-1], n), length, turns)
    second = np.arange(n) % 2
    angle = at + np.pi * second
    X = np.column_stack(
        [at * np.cos(angle), 10 * rng.uniform(size=n), at * np.sin(angle)]
    )
    return X + noise * rng.normal(size=X.shape), second


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_two_rolls_one_in_the_other_are_told_apart(noise, seed):
    X, second = two_rolls(1200, noise, seed)
    plain = Graph.from_points(X).adjacency.tocoo()
    clean = robust_graph(X).adjacency.tocoo()
    before, after = (
        np.sum(second[edges.row] != second[edges.col]) for edges in (plain, clean)
    )
    assert before > 400
    assert after < 0.1 * before


def test_pruning_off_cuts_nothing():
    X, _ = two_rolls(1200, 0.0, 0)
    whole = robust_graph(X, smoothing=0, pruning=0.0)
    assert whole.n_edges == Graph.from_points(X).n_edges


def cut(X, n_axes, share=0.1):
    """Which edges of a graph of points cross."""
    indices = nearest_neighbors(X, n_neighbors=12)[1]
    graph = Graph.from_points(X, n_neighbors=10)
    overlap = np.linspace(0, 1, graph.adjacency.nnz)
    return graph, find_crossings(graph, indices, X, n_axes, overlap, share)


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_nothing_crosses_within_a_flat_cloud(n_axes):
    rng = np.random.default_rng(n_axes)
    flat = rng.normal(size=(300, n_axes)) @ rng.normal(size=(n_axes, 5))
    noise = 0.01 * rng.normal(size=flat.shape)
    assert cut(flat + noise, n_axes)[1].mean() < 0.002


def test_planes_of_all_directions_leave_nothing_out():
    X = np.random.default_rng(0).normal(size=(200, 3))
    assert not cut(X, 3)[1].any()


@pytest.mark.parametrize("scale", [1e-150, 1e-9, 1e9, 1e150])
def test_no_scale_decides(scale):
    X, _ = two_rolls(600, 0.05, 1)
    np.testing.assert_array_equal(cut(X, 2)[1], cut(scale * X, 2)[1])


def test_copies_of_points_are_no_crossings():
    X = np.repeat(np.random.default_rng(0).normal(size=(60, 3)), 8, axis=0)
    graph, crossing = cut(X, 1)
    assert not crossing[graph.lengths.data == 0].any()


def test_both_ends_of_an_edge_see_it_alike():
    X, _ = two_rolls(600, 0.3, 2)
    indices = nearest_neighbors(X, n_neighbors=12)[1]
    graph = Graph.from_points(X, n_neighbors=10)
    overlap = np.ones(graph.adjacency.nnz)
    crossing = find_crossings(graph, indices, X, 2, overlap, 0.1)
    marks = graph.adjacency.copy()
    marks.data = 1.0 + crossing
    assert crossing.any()
    assert abs(marks - marks.T).max() == 0


def test_cosines_of_a_brute_force():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(7, 4, 2)))[0]
    ends = rng.integers(0, 7, size=(2, 30))
    steps = rng.normal(size=(30, 4))
    steps[0] = 0.0
    found = cosines_to_planes(steps, axes, ends)
    assert (found[:, 0] == 1.0).all()
    for edge in range(1, 30):
        for end in range(2):
            plane = axes[ends[end, edge]]
            within = plane @ (plane.T @ steps[edge])
            expected = np.linalg.norm(within) / np.linalg.norm(steps[edge])
            assert found[end, edge] == pytest.approx(expected)


def test_no_component_falls_apart():
    X, _ = two_rolls(1200, 0.0, 3)
    assert Graph.from_points(X).connected_components[0] == 1
    assert csgraph.connected_components(robust_graph(X).adjacency)[0] == 1
