"""Scores of links: equal to their definition, honest about broken embeddings."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.geometry import poincare
from skgeom.graph import Graph
from skgeom.metrics import (
    distortion_score,
    link_prediction_score,
    mean_rank,
    reconstruction_score,
)
from skgeom.testing import adjacency_matrices


def by_definition(D, adjacency, known=None):
    """Average precisions and ranks by loops over all pairs."""
    precisions, ranks = [], []
    n = len(D)
    for u in range(n):
        linked = [v for v in range(n) if adjacency[u, v] and v != u]
        skipped = [v for v in range(n) if known is not None and known[u, v]]
        others = [
            v for v in range(n) if v not in linked and v != u and v not in skipped
        ]
        if not linked:
            continue
        closer = [sum(D[u, w] < D[u, v] for w in others) for v in linked]
        ranks += [1 + count for count in closer]
        precisions.append(
            np.mean([k / (k + count) for k, count in enumerate(sorted(closer), 1)])
        )
    return np.mean(precisions), np.mean(ranks)


@given(
    A=adjacency_matrices(directed=True, min_nodes=2),
    seed=st.integers(0, 2**32 - 1),
    metric=st.sampled_from(["poincare", "euclidean"]),
    block=st.sampled_from([1e-6, 64]),
)
def test_scores_equal_their_definition(A, seed, metric, block):
    graph = Graph(A, directed=True)
    off_diagonal = graph.adjacency - sp.diags_array(graph.adjacency.diagonal())
    assume(abs(off_diagonal).sum() > 0)
    n = graph.n_nodes
    X = poincare.random(n, 2, random_state=seed % 2**32)
    if metric == "poincare":
        D = poincare.distance(X[:, None], X[None])
    else:
        D = np.linalg.norm(X[:, None] - X[None], axis=2)
    expected = by_definition(D, graph.adjacency.toarray())
    settings = dict(metric=metric, working_memory=block)
    assert_allclose(reconstruction_score(X, graph, **settings), expected[0])
    assert_allclose(mean_rank(X, graph, **settings), expected[1])
    rng = np.random.default_rng(seed)
    known = (rng.random((n, n)) < 0.3) & (graph.adjacency.toarray() == 0)
    expected, _ = by_definition(D, graph.adjacency.toarray(), known)
    known = Graph(known * 1.0, directed=True)
    found = link_prediction_score(X, graph, known=known, **settings)
    assert_allclose(found, expected)


def test_rows_restrict_the_mean():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 0]], directed=True)
    X = np.array([[0.0, 0.1], [0.0, 0.2], [0.0, 0.5]])
    one = [reconstruction_score(X, graph, rows=[u]) for u in range(3)]
    assert_allclose(np.mean(one), reconstruction_score(X, graph))


def test_broken_rows_are_failures():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 3]], n_nodes=6, directed=True)
    X = np.linspace(0, 0.9, 6)[:, None]
    assert reconstruction_score(X, graph) > 0.5
    broken = np.full_like(X, np.nan)
    assert_allclose(reconstruction_score(broken, graph), 1 / 5)
    assert mean_rank(broken, graph) == 5
    half = X.copy()
    half[3:] = np.nan
    assert reconstruction_score(half, graph) < reconstruction_score(X, graph)


def test_ranks_near_the_rim_are_exact():
    """Expanded squares would not tell these apart."""
    angles = 1e-13 * np.arange(6)
    X = np.tanh(14.0) * np.column_stack([np.cos(angles), np.sin(angles)])
    graph = Graph.from_edges([[0, 1]], n_nodes=6, directed=True)
    assert reconstruction_score(X, graph) == 1.0


def test_bad_input():
    graph = Graph.from_edges([[0, 1]], n_nodes=3)
    with pytest.raises(ValueError, match="2 rows, but the graph has 3 nodes"):
        reconstruction_score(np.zeros((2, 2)), graph)
    with pytest.raises(ValueError, match="open unit ball"):
        mean_rank(np.ones((3, 2)), graph)
    with pytest.raises(ValueError, match="No node has a link"):
        reconstruction_score(np.zeros((3, 2)), graph, rows=[2])
    with pytest.raises(ValueError, match=r"expected \(3, 3\)"):
        distortion_score(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="negative or NaN"):
        distortion_score(np.zeros((2, 2)), [[0, -1], [-1, 0]])


def test_distortion_does_not_depend_on_the_unit():
    x = poincare.random(20, 3, random_state=0)
    D = poincare.distance(x[:, None], x[None])
    assert_allclose(distortion_score(x, 7 * D), 0, atol=1e-9)
    assert_allclose(distortion_score(x, D[:, [3, 5]], columns=[3, 5]), 0, atol=1e-9)
    noise = np.random.default_rng(0).uniform(0.5, 1.5, D.shape)
    assert 0.1 < distortion_score(x, D * noise) < 0.6


def test_broken_pairs_count_as_errors():
    x = poincare.random(10, 2, random_state=0)
    D = poincare.distance(x[:, None], x[None])
    x[:5] = np.nan
    # 5 of 10 rows are broken: all but 5 * 4 of 10 * 9 pairs.
    assert_allclose(distortion_score(x, D), 70 / 90)
    assert distortion_score(np.zeros((10, 2)), D) == 1.0
    # Pairs without a path say nothing.
    D[:5] = D[:, :5] = np.inf
    assert_allclose(distortion_score(x, D), 0, atol=1e-9)
