"""Coordinates of nodes: singular vectors that have converged, and folds of labels."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgeom import NodeEmbedding
from skgeom.graph import Graph
from skgeom.nodes._node_embedding._co_visits import exact_powers, log_co_visits
from skgeom.testing import adjacency_matrices

METHODS = ["walk", "exact", "edges", "adjacency"]


def block_model(n=240, n_blocks=4, degree=14, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_blocks
    chance = np.where(y[:, None] == y, 0.75 * n_blocks, 0.25) * degree / n
    A = np.triu(rng.uniform(size=(n, n)) < chance, 1)
    return Graph.from_adjacency((A + A.T).astype(float)), y


GRAPH, Y = block_model()
IDS = np.arange(GRAPH.n_nodes)[:, None]


def test_exact_is_the_svd_of_the_matrix():
    model = NodeEmbedding(6, method="exact", graph=GRAPH, tol=1e-8, random_state=0)
    found = model.fit_transform(IDS)
    L = log_co_visits(exact_powers(GRAPH, 10), GRAPH, 1.0).toarray()
    U, s, _ = np.linalg.svd(L)
    assert_allclose(model.singular_values_, s[:6], rtol=1e-6)
    assert_allclose(np.abs(found), np.abs(U[:, :6] * s[:6]), atol=1e-4 * s[0])
    assert (found[np.abs(found).argmax(axis=0), np.arange(6)] > 0).all()


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
def test_power_scales_the_same_vectors(power):
    options = dict(method="adjacency", graph=GRAPH, random_state=0)
    plain = NodeEmbedding(5, power=0.0, **options).fit_transform(IDS)
    model = NodeEmbedding(5, power=power, **options)
    assert_allclose(
        model.fit_transform(IDS), plain * model.singular_values_**power, atol=1e-12
    )
    assert_allclose(plain.T @ plain, np.eye(5), atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("propagate", [False, True])
def test_blocks_are_told_apart_by_any_method(method, propagate):
    model = NodeEmbedding(
        8, method=method, propagate=propagate, graph=GRAPH, random_state=0
    )
    Z = model.fit_transform(IDS)
    Z = Z / np.sqrt((Z**2).sum(axis=1).mean())
    train = np.arange(60)
    classifier = LogisticRegression(C=100, max_iter=1000).fit(Z[train], Y[train])
    assert classifier.score(Z[60:], Y[60:]) > 0.9


@given(
    A=adjacency_matrices(min_nodes=2, max_nodes=12, self_loops=True),
    method=st.sampled_from(METHODS),
    propagate=st.booleans(),
    scale=st.sampled_from([1e-100, 1.0, 1e100]),
)
def test_any_graph_has_numbers_and_is_what_it_was(A, method, propagate, scale):
    """Of any weights: isolated nodes, many components, loops."""
    graph = Graph.from_adjacency(scale * A)
    model = NodeEmbedding(
        method=method, propagate=propagate, graph=graph, n_walks=4, random_state=0
    )
    found = model.fit_transform(np.arange(graph.n_nodes)[:, None])
    assert found.shape == (graph.n_nodes, graph.n_nodes)
    assert np.isfinite(found).all()
    assert not found[graph.degrees == 0].any()


def test_rows_are_nodes_in_any_order_and_number():
    model = NodeEmbedding(5, graph=GRAPH, random_state=0).fit(IDS)
    some = IDS[[7, 3, 3, 200]]
    assert_array_equal(model.transform(some), model.embedding_[some[:, 0]])
    other = NodeEmbedding(5, graph=GRAPH, random_state=0).fit(some)
    assert_array_equal(other.embedding_, model.transform(some))
    assert_array_equal(other.transform(IDS), model.embedding_)


def test_a_search_over_a_pipeline_hides_labels_alone():
    search = GridSearchCV(
        make_pipeline(
            NodeEmbedding(8, graph=GRAPH, random_state=0),
            LogisticRegression(max_iter=1000),
        ),
        {"nodeembedding__method": ["walk", "adjacency"]},
        cv=3,
    ).fit(IDS[:90], Y[:90])
    assert search.score(IDS[90:], Y[90:]) > 0.9
    labels = np.array([f"n{i}" for i in range(GRAPH.n_nodes)])
    named = Graph.from_adjacency(GRAPH.adjacency, node_names=labels)
    model = NodeEmbedding(4, graph=named, random_state=0).fit(labels[:5, None])
    with pytest.raises(ValueError, match="nobody"):
        model.transform([["n1"], ["nobody"]])


def test_new_nodes_lie_at_the_mean_of_those_that_they_are_linked_to():
    A = GRAPH.adjacency.toarray()
    model = NodeEmbedding(6, affinity="precomputed", random_state=0).fit(A)
    assert_allclose(model.transform(A), model.embedding_, atol=1e-12)
    links = np.zeros((2, len(A)))
    links[0, [3, 5]] = 1.0, 3.0
    links[1, 9] = 2.0
    expected = [
        (model.embedding_[3] + 3 * model.embedding_[5]) / 4,
        model.embedding_[9],
    ]
    assert_allclose(model.transform(links), expected, atol=1e-12)
    assert_allclose(model.transform(sp.csr_array(links)), expected, atol=1e-12)
    with pytest.warns(UserWarning, match="1 rows have no link"):
        lonely = model.transform(np.zeros((1, len(A))))
    assert_allclose(lonely[0], model.embedding_.mean(axis=0), atol=1e-12)


def test_more_components_of_the_graph_than_of_the_embedding():
    """Of equal values at least half as many are found as there are coordinates."""
    edges = np.arange(80).reshape(40, 2)
    graph = Graph.from_edges(edges, n_nodes=81)
    model = NodeEmbedding(60, method="adjacency", graph=graph, random_state=0)
    found = model.fit_transform(np.arange(81)[:, None])
    s = model.singular_values_
    n_found = int(np.count_nonzero(s > 0.5))
    assert n_found >= 30
    assert_allclose(s, [1.0] * n_found + [0.0] * (60 - n_found), atol=1e-6)
    assert_allclose(found.T @ found, np.diag(s), atol=1e-8)
    assert not found[80].any()
    gaps = np.linalg.norm(found[:80, None] - found[:80], axis=2)
    partner = np.arange(80) ^ 1
    others = np.eye(80) + np.eye(80)[partner] == 0
    assert gaps[others].min() > 0.1


def test_direction_is_told_and_left_out():
    directed = Graph.from_edges([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]], directed=True)
    ids = np.arange(4)[:, None]
    with pytest.warns(UserWarning, match="directed"):
        found = NodeEmbedding(2, graph=directed, random_state=0).fit_transform(ids)
    model = NodeEmbedding(2, graph=directed.to_undirected(), random_state=0)
    assert_array_equal(found, model.fit_transform(ids))


def test_a_run_that_was_stopped_says_so():
    model = NodeEmbedding(30, graph=GRAPH, max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning, match="residual is"):
        model.fit(IDS)
    assert model.n_iter_ == 1


def test_a_graph_too_large_for_a_dense_matrix():
    ring = np.arange(10_001)
    graph = Graph.from_edges(np.stack([ring, (ring + 1) % 10_001], axis=1))
    with pytest.raises(ValueError, match="takes at most 10000; use method='walk'"):
        NodeEmbedding(4, method="exact", graph=graph).fit([[0]])


def test_large_matrices_are_multiplied_in_float32(monkeypatch):
    """As good as in float64: the residual that is asked for is far above."""
    from skgeom.nodes._node_embedding import _node_embedding as module

    options = dict(method="exact", graph=GRAPH, tol=1e-3, random_state=0)
    wide = NodeEmbedding(4, **options).fit_transform(IDS)
    monkeypatch.setattr(module, "_MANY_ENTRIES", 10)
    narrow = NodeEmbedding(4, **options).fit_transform(IDS)
    assert 0 < np.abs(narrow - wide).max() < 1e-3 * np.abs(wide).max()
