"""How far from a tree: by all triples, of known spaces, and in blocks."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path
from sklearn.metrics import pairwise_distances

from skgeom.graph import Graph
from skgeom.metrics import gromov_hyperbolicity


def by_all_triples(D, base):
    A = (D[:, [base]] + D[[base]] - D) / 2
    least = np.minimum(A[:, :, None], A[None, :, :].transpose(0, 2, 1))
    return (least.max(axis=1) - A).max()


def tree_distances(n, rng):
    links = [(node, rng.integers(node)) for node in range(1, n)]
    lengths = Graph.from_edges(links).lengths
    lengths.data = np.ones_like(lengths.data)
    return shortest_path(lengths, directed=False)


@given(
    st.integers(2, 30),
    st.integers(1, 4),
    st.integers(0, 99),
    st.sampled_from([1e-3, 64]),
)
@settings(max_examples=40)
def test_it_is_that_of_all_triples(n, d, seed, memory):
    rng = np.random.default_rng(seed)
    X, base = rng.normal(size=(n, d)), int(rng.integers(n))
    D = pairwise_distances(X)
    found = gromov_hyperbolicity(
        D, metric="precomputed", base=base, working_memory=memory
    )
    assert found.delta == pytest.approx(by_all_triples(D, base), abs=1e-12)
    assert found.relative == pytest.approx(2 * found.delta / D.max())
    points = gromov_hyperbolicity(X, base=base, working_memory=memory)
    assert points.delta == pytest.approx(found.delta, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_graphs_with_ties(seed):
    """Distances are integers, so that many pairs share a bound."""
    rng = np.random.default_rng(seed)
    links = [(k, k + 1) for k in range(29)] + rng.integers(0, 30, (9, 2)).tolist()
    D = shortest_path(Graph.from_edges(links).lengths > 0, directed=False)
    found = gromov_hyperbolicity(D, metric="precomputed", base=7)
    assert found.delta == by_all_triples(D, 7) > 0


@given(st.integers(2, 60), st.integers(0, 99))
@settings(max_examples=20)
def test_trees_have_none(n, seed):
    D = tree_distances(n, np.random.default_rng(seed))
    assert gromov_hyperbolicity(D, metric="precomputed") == (0.0, 0.0)


def test_a_ring_has_half_of_its_half():
    apart = np.abs(np.subtract.outer(np.arange(40.0), np.arange(40.0)))
    found = gromov_hyperbolicity(np.minimum(apart, 40 - apart), metric="precomputed")
    assert found.delta == 10.0 and found.relative == 1.0


def test_many_rows_are_drawn_and_the_base_is_among_them():
    X = np.random.default_rng(0).normal(size=(300, 3))
    whole = gromov_hyperbolicity(X, max_samples=None, base=5).delta
    some = [
        gromov_hyperbolicity(X, max_samples=100, base=5, random_state=seed).delta
        for seed in range(5)
    ]
    assert 0.6 * whole < min(some) and max(some) <= whole
    assert gromov_hyperbolicity(X, metric="cityblock").delta > whole


def test_memory_is_rows_times_a_block():
    """Of points, which need no matrix of distances."""
    X = np.random.default_rng(0).normal(size=(1000, 2))
    tracemalloc.start()
    gromov_hyperbolicity(X, max_samples=None, working_memory=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * 2**20 < 8 * 1000**2 / 3


def test_what_is_refused_and_what_is_degenerate():
    X = np.ones((4, 2))
    assert gromov_hyperbolicity(X) == (0.0, 0.0)
    assert gromov_hyperbolicity(X[:1]) == (0.0, 0.0)
    for rows, settings_, told in [
        (X, dict(base=4), "base=4"),
        (X, dict(metric="precomputed"), "square"),
        (-np.ones((2, 2)), dict(metric="precomputed"), "Negative"),
        (np.array([[0, np.nan]]), {}, "NaN"),
        (X, dict(metric="mahalanobis"), "metric"),
    ]:
        with pytest.raises(ValueError, match=told):
            gromov_hyperbolicity(rows, **settings_)
