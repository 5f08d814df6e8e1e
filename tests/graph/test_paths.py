import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse import csgraph

from skgeom.graph import Graph, _paths, shortest_paths
from skgeom.graph._paths import nearest_sources

seeds = st.integers(0, 2**32 - 1)


def some_lengths(rng, n, n_edges, kind="exponential"):
    """A symmetric matrix of lengths, in pieces if it so happens, some of them zero."""
    ends = rng.integers(n, size=(n_edges, 2))
    lengths = {
        "exponential": rng.exponential(size=n_edges),
        "ties": rng.integers(3, size=n_edges).astype(float),
        "tiny and huge": 10.0 ** rng.integers(-150, 150, size=n_edges),
    }[kind]
    one, two = np.unique(np.sort(ends, axis=1), axis=0).T
    lengths = lengths[: len(one)]
    data, rows = np.concatenate([lengths] * 2), np.concatenate([one, two])
    across = one != two
    both = np.concatenate([np.ones_like(across), across])
    columns = np.concatenate([two, one])
    matrix = sp.csr_array((data[both], (rows[both], columns[both])), shape=(n, n))
    matrix.sort_indices()
    return matrix


def square_grid(width, rng):
    at = np.arange(width * width).reshape(width, width)
    one = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    two = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    matrix = sp.coo_array((rng.exponential(size=len(one)), (one, two)), (at.size,) * 2)
    return sp.csr_array(matrix + matrix.T)


@given(
    seed=seeds,
    n=st.integers(1, 60),
    density=st.floats(0.2, 4),
    n_sources=st.integers(0, 80),
    kind=st.sampled_from(["exponential", "ties", "tiny and huge"]),
)
def test_the_numbers_of_dijkstra(seed, n, density, n_sources, kind):
    rng = np.random.default_rng(seed)
    lengths = some_lengths(rng, n, int(density * n) + 1, kind)
    sources = rng.integers(n, size=n_sources)
    expected = csgraph.dijkstra(lengths, indices=sources).reshape(n_sources, n).T
    found = shortest_paths(lengths, sources)
    assert found.dtype == np.float64
    assert_array_equal(found, expected)


@given(seed=seeds, n=st.integers(12, 60), n_edges=st.integers(1, 300))
def test_edges_of_one_direction(seed, n, n_edges):
    rng = np.random.default_rng(seed)
    one, two = np.unique(rng.integers(n, size=(n_edges, 2)), axis=0).T
    edges = (rng.exponential(size=len(one)), (one, two))
    lengths = sp.csr_array(edges, shape=(n, n))
    expected = csgraph.dijkstra(lengths, indices=np.arange(n)).T
    assert_array_equal(shortest_paths(lengths, np.arange(n)), expected)


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_threads_do_not_matter(n_jobs):
    lengths = square_grid(30, np.random.default_rng(0))
    sources = np.arange(0, 900, 7)
    expected = csgraph.dijkstra(lengths, indices=sources).T
    assert_array_equal(shortest_paths(lengths, sources, n_jobs=n_jobs), expected)


@pytest.mark.parametrize("settled", ["none", "the first block", "every other"])
def test_where_sweeps_do_not_settle_nothing_is_lost(monkeypatch, settled):
    lengths = square_grid(30, np.random.default_rng(0))
    sources, swept, calls = np.arange(0, 900, 7), _paths._swept, []

    def sometimes(plan, some):
        calls.append(len(some))
        good = {"none": 0, "the first block": len(calls) == 1}.get(settled)
        good = len(calls) % 2 == 1 if good is None else good
        return swept(plan, some) if good else None

    monkeypatch.setattr(_paths, "_swept", sometimes)
    expected = csgraph.dijkstra(lengths, indices=sources).T
    assert_array_equal(shortest_paths(lengths, sources), expected)
    # Where the first does not, no other block is tried.
    assert len(calls) == (1 if settled == "none" else 5)


def test_sweeps_that_take_long_are_given_up(monkeypatch):
    lengths = square_grid(30, np.random.default_rng(0))
    plan, sources = _paths._plan_sweeps(lengths), np.arange(20)
    assert _paths._swept(plan, sources) is not None
    monkeypatch.setattr(_paths, "_MOST_VISITS", 1)
    assert _paths._swept(plan, sources) is None
    expected = csgraph.dijkstra(lengths, indices=sources).T
    assert_array_equal(shortest_paths(lengths, sources), expected)


@given(
    seed=seeds,
    n=st.integers(1, 60),
    n_sources=st.integers(1, 60),
    n_nearest=st.integers(1, 10),
    kind=st.sampled_from(["exponential", "ties"]),
)
def test_nearest_sources(seed, n, n_sources, n_nearest, kind):
    rng = np.random.default_rng(seed)
    lengths = some_lengths(rng, n, 2 * n, kind)
    sources = rng.permutation(n)[:n_sources]
    paths = csgraph.dijkstra(lengths, indices=sources).T
    order = np.argsort(paths, axis=1, kind="stable")[:, :n_nearest]
    nearest, nearest_lengths, between = nearest_sources(lengths, sources, n_nearest)
    assert_array_equal(nearest, order)
    assert_array_equal(nearest_lengths, np.take_along_axis(paths, order, axis=1))
    assert_array_equal(between, paths[sources])


def test_nearest_sources_hold_no_array_of_all_pairs():
    lengths = square_grid(150, np.random.default_rng(0))
    sources = np.arange(0, lengths.shape[0], 45)
    nearest_sources(lengths, sources[:50], 4)
    tracemalloc.start()
    nearest_sources(lengths, sources, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * 8 * lengths.shape[0] * len(sources)


def test_a_block_is_narrower_where_nodes_are_many(monkeypatch):
    lengths = square_grid(20, np.random.default_rng(0))
    monkeypatch.setattr(_paths, "_MOST_BYTES", 5 * 8 * 400)
    blocks = [len(at) for at, _ in _paths.path_blocks(lengths, np.arange(23))]
    assert blocks == [5, 5, 5, 5, 3]


def test_lengths_of_zero_are_edges():
    graph = Graph.from_points(np.repeat(np.arange(20.0), 3)[:, None], n_neighbors=4)
    sources = np.arange(0, 60, 3)
    paths = shortest_paths(graph.lengths, sources)
    expected = np.abs(np.repeat(np.arange(20.0), 3)[:, None] - np.arange(20.0))
    assert_array_equal(paths, expected)


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_impossible_lengths(value):
    lengths = sp.csr_array(np.array([[0.0, value], [value, 0.0]]))
    with pytest.raises(ValueError, match="lengths must be >= 0"):
        shortest_paths(lengths, np.array([0]))


@pytest.mark.parametrize("source", [-1, 4])
def test_a_source_that_is_no_node(source):
    path = Graph.from_edges([[0, 1], [1, 2], [2, 3]])
    with pytest.raises(ValueError, match="sources must be nodes, from 0 to 3"):
        shortest_paths(path.lengths, np.array([0, source]))
