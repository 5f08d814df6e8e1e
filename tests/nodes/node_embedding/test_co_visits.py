"""Matrices of visits beside their definitions, dense and entry by entry."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import iv

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.nodes._node_embedding import _co_visits as module
from skgeom.nodes._node_embedding._co_visits import (
    exact_powers,
    log_co_visits,
    log_edges,
    normalized_adjacency,
    walked_powers,
)
from skgeom.nodes._node_embedding._propagation import propagated, unit_rows
from skgeom.testing import adjacency_matrices

CPU = get_backend("cpu")


def random_graph(n=60, degree=6, seed=0, weighted=True):
    rng = np.random.default_rng(seed)
    A = sp.random_array((n, n), density=degree / n / 2, rng=rng).toarray()
    A = A if weighted else (A > 0).astype(float)
    A[:2] = A[:, :2] = 0.0  # isolated, but for a loop of the second
    A[1, 1] = 2.0
    return Graph.from_adjacency(A + A.T)


def dense_definition(A, T, b):
    """The formula of the paper, with zeros for nodes without edges."""
    d = A.sum(axis=1)
    there = d > 0
    P = A / np.where(there, d, 1.0)[:, None]
    mean = sum(np.linalg.matrix_power(P, r) for r in range(1, T + 1)) / T
    with np.errstate(divide="ignore", invalid="ignore"):
        M = d.sum() / b * mean / d
    return np.where(there[:, None] & there, np.log(np.maximum(M, 1)), 0.0)


@given(
    A=adjacency_matrices(min_nodes=1, max_nodes=12),
    T=st.integers(1, 6),
    b=st.sampled_from([0.5, 1.0, 5.0]),
    scale=st.sampled_from([1e-100, 1.0, 1e100]),
)
def test_logarithms_of_exact_powers_are_those_of_the_formula(A, T, b, scale):
    graph = Graph.from_adjacency(scale * A)
    found = log_co_visits(exact_powers(graph, T), graph, b).toarray()
    assert_allclose(found, dense_definition(A.toarray(), T, b), atol=1e-7)
    assert_allclose(found, found.T, atol=1e-12)


def test_walks_are_right_in_the_mean():
    graph = random_graph()
    exact = exact_powers(graph, 4)
    exact[0] = exact[:, 0] = 0.0  # walks of a node without edges stay; it has no mass
    runs = [walked_powers(graph, 20, 4, seed, CPU).toarray() for seed in range(40)]
    for found in runs:
        assert_allclose(found, found.T, atol=1e-7)
    runs = np.array(runs)[:, 1:, 1:]
    error = np.sqrt(runs.var(axis=0).sum() / len(runs))
    gap = np.linalg.norm(runs.mean(axis=0) - exact[1:, 1:])
    assert gap <= 1.2 * error
    few = np.linalg.norm(runs[0] - exact[1:, 1:])
    many = walked_powers(graph, 2000, 4, 0, CPU).toarray()[1:, 1:]
    assert np.linalg.norm(many - exact[1:, 1:]) < 0.2 * few


def test_rows_in_blocks_are_the_same_rows(monkeypatch):
    graph = random_graph(300)
    whole = walked_powers(graph, 8, 5, 3, CPU)
    monkeypatch.setattr(
        module,
        "row_blocks",
        lambda n, size: [slice(i, min(i + 70, n)) for i in range(0, n, 70)],
    )
    assert (walked_powers(graph, 8, 5, 3, CPU) != whole).nnz == 0


def test_very_large_graphs_keep_what_is_most_above_chance(monkeypatch):
    graph = random_graph(200, degree=20)
    whole = walked_powers(graph, 40, 5, 3, CPU).toarray()
    monkeypatch.setattr(module, "_MOST_ENTRIES", 200 * 40)
    found = walked_powers(graph, 40, 5, 3, CPU)
    assert found.nnz <= 2 * 200 * 40 < np.count_nonzero(whole)
    kept = log_co_visits(found, graph, 1.0).toarray()
    told = log_co_visits(whole, graph, 1.0).toarray()
    assert (kept <= told + 1e-5).all()
    # Of the largest more are there than of the smallest.
    large = told > np.quantile(told[told > 0], 0.8)
    small = (told > 0) & (told < np.quantile(told[told > 0], 0.2))
    assert (kept[large] > 0).mean() > 0.95 > 0.6 > (kept[small] > 0).mean()


def test_edges_are_logarithms_of_steps_beside_flattened_shares():
    graph = random_graph()
    A = graph.adjacency.toarray()
    P = A / np.maximum(A.sum(axis=1, keepdims=True), 1e-300)
    q = P.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(P > 0, np.log(P) - np.log(q / q.sum()), 0.0)
    assert_allclose(log_edges(graph).toarray(), expected, atol=1e-10)


def test_isolated_nodes_are_in_no_matrix():
    graph = random_graph()
    walked = walked_powers(graph, 5, 3, 0, CPU)
    for matrix in (
        normalized_adjacency(graph),
        log_edges(graph),
        log_co_visits(walked, graph, 1.0),
        log_co_visits(exact_powers(graph, 3), graph, 1.0),
    ):
        assert not matrix.toarray()[0].any()
        assert not matrix.toarray()[:, 0].any()
        assert matrix.toarray()[1].any()


def pronean_filter(A, a, order=20, mu=0.2, theta=0.5):
    """The recurrence as its authors wrote it, dense."""
    n = len(A)
    A1 = A + np.eye(n)
    M = (1 - mu) * np.eye(n) - A1 / A1.sum(axis=1, keepdims=True)
    before, term = a, M @ (M @ a) / 2 - a
    total = iv(0, theta) * before - 2 * iv(1, theta) * term
    for i in range(2, order):
        before, term = term, M @ (M @ term) - 2 * term - before
        total = total + (-1) ** i * 2 * iv(i, theta) * term
    return A1 @ (a - total)


def test_propagation_is_that_of_prone():
    graph = random_graph()
    a = unit_rows(np.random.default_rng(0).normal(size=(60, 4)))
    filtered = pronean_filter(graph.adjacency.toarray(), a)
    U, s, _ = np.linalg.svd(filtered, full_matrices=False)
    expected = unit_rows(U * np.sqrt(s))
    found = propagated(graph, a, CPU)
    assert_allclose(found @ found.T, expected @ expected.T, atol=1e-7)


def test_what_is_zero_is_propagated_to_zero():
    graph = random_graph()
    assert not propagated(graph, np.zeros((60, 3)), CPU).any()


@pytest.mark.parametrize("n_negative", [1e-300, 1e300])
def test_any_number_of_negatives_is_a_number(n_negative):
    graph = random_graph()
    found = log_co_visits(exact_powers(graph, 2), graph, n_negative)
    assert np.isfinite(found.toarray()).all()
