"""Walks and pushes: every backend draws what the reference draws."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import _reference, get_backend
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

COUPLINGS = ["repelling", "antithetic", None]


def dense(backend, rows, n_columns):
    indptr, columns, entries = (np.asarray(backend.to_numpy(part)) for part in rows)
    shape = (len(indptr) - 1, n_columns)
    found = sp.csr_array((entries, columns, indptr), shape=shape)
    assert found.indices.max(initial=0) < n_columns
    # Each column once in a row.
    assert len(np.unique(found.tocoo().coords, axis=1).T) == found.nnz
    return found.toarray()


def laws():
    """Coefficients and falling probabilities of one to five lengths."""
    size = st.integers(1, 5)
    return st.tuples(size, st.integers(0, 2**32 - 1)).map(_law)


def _law(drawn):
    size, seed = drawn
    rng = np.random.default_rng(seed)
    survival = np.cumprod(np.concatenate([[1.0], rng.uniform(0.3, 1.0, size - 1)]))
    return rng.uniform(-1, 1, size), survival


@given(
    A=adjacency_matrices(min_nodes=2, max_nodes=8),
    law=laws(),
    n_walks=st.integers(1, 9),
    coupling=st.sampled_from(COUPLINGS),
    apart=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
    order=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100)
def test_walks_are_those_of_the_reference(
    device, A, law, n_walks, coupling, apart, seed, order
):
    graph = Graph(A)
    starts = np.random.default_rng(order).integers(0, graph.n_nodes, 5)
    modulation, survival = law
    options = modulation, survival, n_walks, coupling, apart, seed
    host = get_backend("cpu")
    width = graph.n_nodes * (len(modulation) if apart else 1)
    expected = _reference.random_walks(graph.steps(), starts, *options)
    backend = get_backend(device)
    found = backend.random_walks(graph.steps(backend), starts, *options)
    # One walker at another neighbour would be a large difference.
    assert_allclose(
        dense(backend, found, width), dense(host, expected, width), atol=1e-9
    )


@given(
    A=adjacency_matrices(min_nodes=2, max_nodes=8),
    law=laws(),
    threshold=st.sampled_from([0.0, 0.0123, 0.345]),
)
def test_pushes_are_those_of_the_reference(device, A, law, threshold):
    graph = Graph(A)
    modulation, backend = law[0], get_backend(device)
    starts = np.arange(graph.n_nodes)[::-1]
    expected = _reference.push(graph.steps(), starts, modulation, threshold)
    found = backend.push(graph.steps(backend), starts, modulation, threshold)
    n = graph.n_nodes
    assert_allclose(
        dense(backend, found, n),
        dense(get_backend("cpu"), expected, n),
        atol=1e-9 * abs(modulation).sum() * 1e3,
    )


@given(A=adjacency_matrices(min_nodes=2, max_nodes=8), law=laws())
def test_a_push_without_threshold_is_the_power_series(device, A, law):
    graph = Graph(A)
    W = graph.laplacian().transition.toarray()
    backend = get_backend(device)
    found = backend.push(graph.steps(backend), np.arange(graph.n_nodes), law[0], 0.0)
    power, expected = np.eye(graph.n_nodes), np.zeros_like(W)
    for coefficient in law[0]:
        expected += coefficient * power
        power = power @ W
    assert_allclose(dense(backend, found, graph.n_nodes), expected, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("coupling", COUPLINGS)
def test_entries_have_the_type_of_the_coefficients(device, dtype, coupling):
    graph = Graph.from_edges([[0, 1], [1, 2]])
    backend = get_backend(device)
    modulation = np.array([1.0, 0.5], dtype=dtype)
    options = modulation, np.ones(2), 3, coupling
    _, columns, entries = backend.random_walks(
        graph.steps(backend), np.arange(3), *options
    )
    assert backend.to_numpy(entries).dtype == dtype
    assert backend.xp.isdtype(columns.dtype, "integral")


@pytest.mark.parametrize("method", ["walks", "push"])
def test_no_starts_no_rows(device, method):
    graph = Graph.from_edges([[0, 1], [1, 2]])
    backend, steps = get_backend(device), graph.steps(get_backend(device))
    nowhere = np.empty(0, np.int64)
    if method == "push":
        rows = backend.push(steps, nowhere, np.ones(2), 0.1)
    else:
        rows = backend.random_walks(steps, nowhere, np.ones(2), np.ones(2), 3)
    assert dense(backend, rows, 3).shape == (0, 3)


# What follows is about what the compiled kernels do to be fast.


def random_graph(n, degree, seed=0, weighted=False):
    rng = np.random.default_rng(seed)
    edges = rng.integers(0, n, (n * degree // 2, 2))
    weights = rng.uniform(0.1, 2.0, len(edges)) if weighted else None
    return Graph.from_edges(edges, weights, n_nodes=n)


def run(graph, starts, n_jobs=1, reordered=False, n_walks=50, coupling="repelling"):
    backend = get_backend("cpu", n_jobs=n_jobs)
    survival = 0.8 ** np.arange(12)
    rows = backend.random_walks(
        graph.steps(backend, reordered=reordered),
        starts,
        np.ones(12, np.float32),
        survival,
        n_walks,
        coupling,
        seed=7,
    )
    return rows


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_threads_and_tasks_change_nothing(coupling, monkeypatch):
    graph = random_graph(300, 6)
    starts = np.random.default_rng(1).permutation(300)
    one = run(graph, starts, coupling=coupling)
    monkeypatch.setattr("skgeom.backends._numba._backend._STARTS_PER_TASK", 7)
    two = run(graph, starts, n_jobs=2, coupling=coupling)
    for a, b in zip(one, two, strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_order_in_memory_changes_nothing(weighted):
    graph = random_graph(400, 6, weighted=weighted)
    order = np.random.default_rng(0).permutation(400)
    graph.__dict__["memory_order"] = order
    positions = np.argsort(order)
    starts = np.arange(400)
    plain = run(graph, starts)
    moved = run(graph, positions[starts], reordered=True)
    assert_array_equal(plain[0], moved[0])
    assert_array_equal(plain[1], moved[1])
    assert_allclose(plain[2], moved[2], rtol=1e-6)


def test_tables_grow_as_walks_spread():
    # 5,000 walks from each node reach far more nodes than a table begins with.
    graph = random_graph(3000, 8)
    indptr, columns, entries = run(graph, np.arange(3), n_walks=5000)
    assert np.diff(indptr).min() > 1000
    alone = run(graph, np.array([2]), n_walks=5000)
    assert_array_equal(columns[indptr[2] :], alone[1])
    assert_array_equal(entries[indptr[2] :], alone[2])
