"""Smoothed features beside dense products, in folds, and of new rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize

from skgeom import GraphFeatureExpansion
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

RNG = np.random.default_rng(0)


def block_model(n=150, n_blocks=3, degree=8):
    y = np.arange(n) % n_blocks
    chance = np.where(y[:, None] == y, 0.8 * n_blocks, 0.3) * degree / n
    A = np.triu(RNG.uniform(size=(n, n)) < chance, 1)
    words = RNG.dirichlet(np.full(40, 0.5), size=n_blocks)
    F = RNG.poisson(4 * words[y]).astype(float)
    return Graph.from_adjacency((A + A.T).astype(float), node_features=F), y


GRAPH, Y = block_model()
IDS = np.arange(GRAPH.n_nodes)[:, None]
F = np.asarray(GRAPH.node_features)


def smoothing(A, loops=True):
    A = A + np.eye(len(A)) if loops else A
    d = A.sum(axis=1)
    roots = np.sqrt(np.where(d > 0, d, 1.0))
    return A / roots[:, None] / roots


def expected(A, X, k, combine="last", teleport=0.0, loops=True):
    """The recurrence, dense."""
    S, steps = smoothing(A, loops), [X]
    for _ in range(k):
        steps.append((1 - teleport) * S @ steps[-1] + teleport * X)
    blocks = dict(last=steps[-1], mean=np.mean(steps, axis=0))
    return blocks[combine] if combine in blocks else np.hstack(steps)


@given(
    A=adjacency_matrices(min_nodes=1, max_nodes=9, self_loops=True),
    k=st.integers(0, 4),
    combine=st.sampled_from(["last", "concat", "mean"]),
    teleport=st.sampled_from([0.0, 0.3]),
    loops=st.booleans(),
    sparse=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_they_are_products_with_powers(A, k, combine, teleport, loops, sparse, dtype):
    X = np.random.default_rng(0).poisson(0.4, size=(A.shape[0], 30)).astype(dtype)
    given = sp.csr_array(X) if sparse else X
    graph = Graph.from_adjacency(A, node_features=given)
    model = GraphFeatureExpansion(
        k,
        combine=combine,
        teleport=teleport,
        self_loops=loops,
        normalize=None,
        graph=graph,
    )
    found = model.fit_transform(np.arange(len(X))[:, None])
    found = found.toarray() if sp.issparse(found) else found
    wanted = expected(A.toarray(), X.astype(float), k, combine, teleport, loops)
    tol = 1e-5 if dtype == np.float32 else 1e-10
    assert_allclose(found, wanted, atol=tol * max(1.0, np.abs(wanted).max()))


def test_rows_are_of_length_one_before():
    model = GraphFeatureExpansion(graph=GRAPH)
    wanted = expected(GRAPH.adjacency.toarray(), normalize(F), 2)
    assert_allclose(model.fit_transform(IDS), wanted, atol=1e-12)
    model = GraphFeatureExpansion(graph=GRAPH, normalize="l1")
    wanted = expected(GRAPH.adjacency.toarray(), normalize(F, "l1"), 2)
    assert_allclose(model.fit_transform(IDS), wanted, atol=1e-12)


def test_weights_are_those_of_rare_words():
    model = GraphFeatureExpansion(0, graph=GRAPH, weighting="idf", normalize=None)
    weights = np.log((1 + len(F)) / (1 + (F > 0).sum(axis=0))) + 1
    assert_allclose(model.fit_transform(IDS), F * weights)
    model = GraphFeatureExpansion(0, graph=GRAPH, weighting="pmi", normalize=None)
    chance = F.sum(axis=1)[:, None] * F.sum(axis=0) / F.sum()
    chance = np.where(chance > 0, chance, 1.0)
    with np.errstate(divide="ignore"):
        wanted = np.log(np.maximum(F / chance, 1))
    assert_allclose(model.fit_transform(IDS), wanted, atol=1e-12)
    signed = GRAPH.with_node_features(F - 1)
    with pytest.raises(ValueError, match="Negative values in data passed to weighting"):
        GraphFeatureExpansion(graph=signed, weighting="pmi").fit(IDS)


@pytest.mark.parametrize("combine", ["last", "concat", "mean"])
@pytest.mark.parametrize("sparse", [True, False])
def test_components_are_those_of_what_is_not_formed(combine, sparse):
    given = sp.csr_array(F) if sparse else F
    graph = GRAPH.with_node_features(given)
    options = dict(combine=combine, teleport=0.1, graph=graph, random_state=0)
    whole = GraphFeatureExpansion(**options).fit_transform(IDS)
    whole = whole.toarray() if sp.issparse(whole) else whole
    model = GraphFeatureExpansion(n_components=5, tol=1e-9, **options)
    found = model.fit_transform(IDS)
    U, s, _ = np.linalg.svd(whole, full_matrices=False)
    assert_allclose(model.singular_values_, s[:5], rtol=1e-7)
    assert_allclose(np.abs(found), np.abs(U[:, :5] * s[:5]), atol=1e-6 * s[0])


def test_rows_are_nodes_in_any_order_and_number():
    options = dict(n_components=6, structure="svd", n_structure=4, random_state=0)
    model = GraphFeatureExpansion(graph=GRAPH, **options)
    whole = model.fit_transform(IDS)
    assert whole.shape == (150, 10)
    assert_array_equal(model.transform(IDS[[5, 5, 80]]), whole[[5, 5, 80]])
    few = GraphFeatureExpansion(graph=GRAPH, **options).fit(IDS[:7])
    assert_array_equal(few.transform(IDS), whole)


def test_a_search_over_a_pipeline_hides_labels_alone():
    search = GridSearchCV(
        make_pipeline(
            GraphFeatureExpansion(graph=GRAPH), LogisticRegression(max_iter=1000)
        ),
        {"graphfeatureexpansion__n_steps": [0, 2]},
        cv=3,
    ).fit(IDS[:60], Y[:60])
    assert search.best_params_ == {"graphfeatureexpansion__n_steps": 2}
    assert search.score(IDS[60:], Y[60:]) > 0.95


def test_a_transformer_sees_features_of_all_nodes():
    scaler = StandardScaler()
    model = GraphFeatureExpansion(
        1, feature_transformer=scaler, normalize=None, graph=GRAPH
    )
    found = model.fit(IDS[:9]).transform(IDS)
    wanted = expected(GRAPH.adjacency.toarray(), StandardScaler().fit_transform(F), 1)
    assert_allclose(found, wanted, atol=1e-10)
    assert not hasattr(scaler, "mean_")
    assert_allclose(model.feature_transformer_.mean_, F.mean(axis=0))


def test_structure_is_the_neighbours():
    model = GraphFeatureExpansion(structure="adjacency", graph=GRAPH)
    found = model.fit_transform(IDS)
    assert sp.issparse(found)
    wanted = normalize(GRAPH.adjacency.toarray())
    assert_allclose(found.toarray()[:, 40:], wanted, atol=1e-12)
    model = GraphFeatureExpansion(
        structure="svd", n_structure=3, tol=1e-9, graph=GRAPH, random_state=0
    )
    part = model.fit_transform(IDS)[:, 40:]
    U, s, _ = np.linalg.svd(wanted)
    assert_allclose(np.abs(part), np.abs(U[:, :3] * s[:3]), atol=1e-6)


def test_columns_at_length_one():
    model = GraphFeatureExpansion(
        combine="concat", column_normalize=True, graph=GRAPH, structure="svd"
    )
    found = model.fit_transform(IDS)
    there = np.append(np.tile(F.any(axis=0), 3), np.ones(50))
    assert_allclose(np.linalg.norm(found, axis=0), there)
    zero = GRAPH.with_node_features(np.zeros((150, 2)))
    model = GraphFeatureExpansion(column_normalize=True, graph=zero)
    assert not model.fit_transform(IDS).any()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"combine": "concat", "n_steps": 3, "teleport": 0.2},
        {"n_components": 4, "combine": "concat"},
        {"structure": "svd", "n_structure": 3, "weighting": "idf"},
        {"self_loops": False, "column_normalize": True},
    ],
)
def test_a_new_row_is_the_last_node_to_come(options):
    """It has what a graph with one node more would give it, but for what it changes.

    Linked to one training row that itself is linked to many, it changes hardly any.
    """
    A = GRAPH.adjacency.toarray()
    model = GraphFeatureExpansion(affinity="precomputed", random_state=0, **options)
    whole = model.fit(A).transform(A)
    whole = whole.toarray() if sp.issparse(whole) else whole
    links = np.zeros((2, len(A)))
    links[0, [3, 9]] = 2.0, 1.0
    links[1, 4] = 1.0
    found = model.transform(links)
    for row, alone in zip(found, links, strict=True):
        assert_allclose(model.transform(alone[None])[0], row, atol=1e-12)
    assert_allclose(model.transform(A), whole, atol=1e-12)
    if options:
        return
    S = smoothing(A)
    d = A.sum(axis=1) + 1
    X = normalize(A)
    for row, x in zip(found, links, strict=True):
        degree = x.sum() + 1
        step = X, normalize(x[None])[0]
        for _ in range(2):
            nodes, new = step
            step = S @ nodes, new / degree + (x / np.sqrt(degree * d)) @ nodes
        assert_allclose(row, step[1], atol=1e-12)


def test_points_have_their_own_features():
    X = RNG.normal(size=(60, 3))
    model = GraphFeatureExpansion(n_neighbors=5).fit(X)
    whole = model.transform(X)
    assert_allclose(model.transform(X[:7] + 1e-12), whole[:7], atol=1e-8)
    wanted = expected(model.graph_.adjacency.toarray(), X, 2)
    assert_allclose(whole, wanted, atol=1e-12)
    # Far from all, the mean of its own and those of the nearest.
    far = model.transform(X[:1] + 100.0)
    assert np.abs(far).max() > 10


def test_a_graph_without_features_and_with_strange_nodes():
    """Isolated ones, loops, several components; direction is told and left out."""
    graph = Graph.from_edges([[0, 1], [2, 2], [3, 4], [4, 3]], n_nodes=6)
    ids = np.arange(6)[:, None]
    for loops in (True, False):
        found = GraphFeatureExpansion(self_loops=loops, graph=graph).fit_transform(ids)
        found = found.toarray() if sp.issparse(found) else found
        assert np.isfinite(found).all()
        assert not found[5].any()
    directed = Graph.from_edges([[0, 1], [1, 2]], directed=True)
    with pytest.warns(UserWarning, match="directed"):
        GraphFeatureExpansion(graph=directed).fit(ids[:3])
    with pytest.raises(ValueError, match="from 0 to 149"):
        GraphFeatureExpansion(graph=GRAPH).fit([[150]])
