"""GraphKernelClassifier: classes from a few nodes, and honest probabilities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import log_loss

from skgeom import GraphKernelClassifier, GraphKernelRidge
from skgeom.graph import Graph


def blocks(sizes, inside, between, seed=0):
    """A stochastic block model, with its classes."""
    rng, y = np.random.default_rng(seed), np.repeat(np.arange(len(sizes)), sizes)
    chance = np.where(y[:, None] == y, inside, between)
    A = np.triu(rng.random(chance.shape) < chance, 1).astype(float)
    return Graph(A + A.T), y


@pytest.fixture(scope="module")
def model_and_more():
    graph, y = blocks([200, 120, 60], 0.05, 0.008)
    ids = np.random.default_rng(0).permutation(380)[:, None]
    return GraphKernelClassifier(graph=graph).fit(ids[:60], y[ids[:60, 0]]), ids, y


def test_blocks_are_found_from_few_labels(model_and_more):
    model, ids, y = model_and_more
    assert model.score(ids[60:], y[ids[60:, 0]]) > 0.8
    assert_array_equal(model.classes_, [0, 1, 2])


def test_probabilities_are_better_than_clipped_values(model_and_more):
    model, ids, y = model_and_more
    test, truth = ids[60:], y[ids[60:, 0]]
    P = model.predict_proba(test)
    assert_allclose(P.sum(axis=1), 1.0)
    assert P.min() > 0
    assert_array_equal(model.predict(test), model.classes_[P.argmax(axis=1)])
    scores = model.decision_function(test)
    assert_allclose(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), P)
    ridge = GraphKernelRidge(
        graph=model.graph_, alpha=model.alpha_, diffusion_time=model.diffusion_time_
    ).fit(ids[:60], np.eye(3)[y[ids[:60, 0]]])
    naive = np.clip(ridge.predict(test), 1e-3, None)
    naive /= naive.sum(axis=1, keepdims=True)
    assert log_loss(truth, P) < log_loss(truth, naive)


def test_it_is_the_ridge_of_indicators(model_and_more):
    model, ids, y = model_and_more
    ridge = GraphKernelRidge(
        graph=model.graph_, alpha=model.alpha_, diffusion_time=model.diffusion_time_
    ).fit(ids[:60], np.eye(3)[y[ids[:60, 0]]])
    assert_allclose(ridge.dual_coef_, model.dual_coef_, atol=1e-6)
    assert_allclose(ridge.intercept_, model.class_prior_)
    assert not model.with_prior_
    expected = model.sharpness_ * (ridge.predict(ids) - ridge.intercept_)
    # Where labels reach: that is not so of nodes without an edge.
    reached = model.graph_.degrees[ids[:, 0]] > 0
    found = model.decision_function(ids)
    assert_allclose(found[reached], expected[reached], atol=1e-4)


def test_shares_of_the_classes_count_where_they_help():
    graph, y = blocks([800, 150, 50], 0.012, 0.004, seed=1)
    ids = np.random.default_rng(1).permutation(1000)[:, None]
    model = GraphKernelClassifier(graph=graph).fit(ids[:100], y[ids[:100, 0]])
    assert model.with_prior_
    assert model.score(ids[100:], y[ids[100:, 0]]) > 0.8
    assert_allclose(model.predict_proba(ids).sum(axis=1), 1.0)


def test_two_classes_are_one_column():
    graph, y = blocks([60, 40], 0.15, 0.02)
    names = np.array(["left", "right"])[y]
    ids = np.random.default_rng(1).permutation(100)[:, None]
    model = GraphKernelClassifier(graph=graph).fit(ids[:30], names[ids[:30, 0]])
    scores, P = model.decision_function(ids), model.predict_proba(ids)
    assert scores.shape == (100,)
    assert model.dual_coef_.shape == (100, 2)
    assert_allclose(P[:, 1], 1 / (1 + np.exp(-scores)))
    assert_array_equal(model.predict(ids), names[[0, 99]][(scores > 0).astype(int)])
    assert model.score(ids, names[ids[:, 0]]) > 0.85


def test_rows_without_a_label_are_as_if_not_there():
    graph, y = blocks([40, 40], 0.2, 0.02)
    ids, some = np.arange(80)[:, None], np.arange(0, 80, 4)
    hidden = np.full(80, -1)
    hidden[some] = y[some]
    model = GraphKernelClassifier(graph=graph)
    expected = clone(model).fit(ids[some], y[some]).predict_proba(ids)
    assert_allclose(clone(model).fit(ids, hidden).predict_proba(ids), expected)
    text = np.full(80, None, dtype=object)
    text[some] = np.array(["a", "b"])[y[some]]
    assert_allclose(clone(model).fit(ids, text).predict_proba(ids), expected)
    assert model.fit(ids, text).score(ids, text) > 0.9


def test_where_no_label_reaches_classes_have_their_shares():
    path = [[0, 1], [1, 2], [2, 3], [3, 4], [5, 6], [6, 7]]
    graph = Graph.from_edges(path, n_nodes=9)
    model = GraphKernelClassifier(graph=graph)
    model.fit([[0], [1], [3], [4], [2]], ["a", "a", "b", "a", "b"])
    P = model.predict_proba([[5], [7], [8]])
    assert_allclose(P, np.tile([0.6, 0.4], (3, 1)))
    assert model.predict([[8]]).tolist() == ["a"]


def lone_labels(case):
    """Graphs on which labels, none of them certain, do not reach each other."""
    rng = np.random.default_rng(0)
    if case == "cliques":
        graph, ids = Graph(np.kron(np.eye(50), 1 - np.eye(4))), np.arange(0, 200, 4)
    elif case == "ring":
        edges = np.stack([np.arange(60), (np.arange(60) + 1) % 60], axis=1)
        graph, ids = Graph.from_edges(edges), np.arange(0, 60, 3)
    else:
        graph, ids = Graph.from_edges([[0, 1]], n_nodes=40), np.arange(5, 30)
    return graph, ids[:, None], rng.integers(0, 3 if case == "three" else 2, len(ids))


@pytest.mark.parametrize("case", ["cliques", "ring", "isolated", "three"])
def test_labels_that_do_not_reach_each_other_make_nothing_certain(case):
    graph, ids, y = lone_labels(case)
    model = GraphKernelClassifier("random_walk" if case == "ring" else "diffusion")
    model.set_params(graph=graph).fit(ids, y)
    P = model.predict_proba(np.arange(graph.n_nodes)[:, None])
    assert 0.02 < P.min() < P.max() < 0.98
    assert model.score(ids, y) == 1.0


def test_a_whisper_of_other_labels_is_not_certainty():
    """Two cliques in three have one label; rare pairs agree, by a weak edge."""
    A = np.kron(np.eye(60), 1 - np.eye(4))
    A[np.arange(0, 240, 8), np.arange(4, 240, 8)] = 1e-2
    y = np.repeat(np.arange(30) % 2, 2)
    ids = np.arange(0, 240, 4)[:, None]
    model = GraphKernelClassifier(graph=Graph(A + A.T)).fit(ids, y)
    assert model.sharpness_ * np.abs(model._values).max() <= 4 * np.log(61) + 1e-9


@pytest.mark.parametrize("points", [True, False])
def test_labels_that_cancel_leave_the_shares_of_the_classes(points):
    X = np.repeat(np.arange(4.0 if points else 4)[:, None], 2, axis=0)
    if not points:
        X = X.astype(int)
    graph = None if points else Graph.from_edges([[0, 1], [1, 2], [2, 3], [3, 0]])
    model = GraphKernelClassifier(n_neighbors=2, graph=graph)
    for k in (2, 3):
        rows = np.repeat(X[::2], k, axis=0)
        model.fit(rows, np.arange(len(rows)) % k)
        assert_allclose(model.predict_proba(rows), 1 / k)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_weight_far_above_all_others(n_classes):
    ids, weights = np.arange(60)[:, None], np.ones(60)
    edges = np.stack([np.arange(60), (np.arange(60) + 1) % 60], axis=1)
    weights[0], y = 1e20, np.arange(60) // 10 % n_classes
    model = GraphKernelClassifier(graph=Graph.from_edges(edges))
    P = model.fit(ids, y, sample_weight=weights).predict_proba(ids)
    assert np.isfinite(P).all()
    assert np.isfinite(model.decision_function(ids)).all()
    assert P[0].argmax() == y[0]
    ridge = GraphKernelRidge(graph=model.graph_).fit(ids, 1.0 * y, weights)
    assert_allclose(ridge.predict(ids[:1]), y[0], atol=1e-3)
    assert np.isfinite(ridge.predict(ids)).all()


def test_weights_of_classes_multiply_their_probabilities(model_and_more):
    model, ids, y = model_and_more
    P = model.predict_proba(ids)
    for class_weight, factor in (
        ({0: 1, 1: 5, 2: 0.5}, [1, 5, 0.5]),
        ("balanced", 1 / model.class_prior_),
    ):
        weighted = clone(model).set_params(class_weight=class_weight)
        weighted.fit(ids[:60], y[ids[:60, 0]])
        expected = P * factor
        expected /= expected.sum(axis=1, keepdims=True)
        assert_allclose(weighted.predict_proba(ids), expected)
    with pytest.raises(ValueError, match="must be positive and finite"):
        clone(model).set_params(class_weight={0: 0.0}).fit(ids, y[ids[:, 0]])


@pytest.mark.parametrize("kernel", ["learned", "random_walk", "matern"])
def test_other_kernels(kernel):
    graph, y = blocks([60, 40], 0.15, 0.02)
    ids = np.random.default_rng(1).permutation(100)[:, None]
    model = GraphKernelClassifier(kernel, graph=graph, n_steps=4)
    assert model.fit(ids[:40], y[ids[:40, 0]]).score(ids, y[ids[:, 0]]) > 0.8


def test_a_weight_of_two_is_a_label_given_twice():
    graph, y = blocks([30, 30, 20], 0.25, 0.03)
    ids = np.random.default_rng(1).permutation(80)[:30, None]
    weights = 1 + np.arange(30) % 3
    model = GraphKernelClassifier(graph=graph, tol=1e-10)
    weighted = clone(model).fit(ids, y[ids[:, 0]], sample_weight=weights)
    repeated = np.repeat(ids, weights, axis=0)
    twice = clone(model).fit(repeated, y[repeated[:, 0]])
    nodes = np.arange(80)[:, None]
    assert_allclose(
        weighted.predict_proba(nodes), twice.predict_proba(nodes), atol=1e-7
    )


def test_bad_targets():
    graph, _ = blocks([5, 5], 0.9, 0.1)
    model = GraphKernelClassifier(graph=graph)
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        model.fit([[0], [1]], [3, 3])
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.fit([[0], [1]], None)
    with pytest.raises(ValueError, match="no labelled row"):
        model.fit([[0], [1]], [-1, -1])


def test_points_and_new_points():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (60, 2)), rng.normal(4, 1, (60, 2))])
    y = np.repeat(["near", "far"], 60)
    model = GraphKernelClassifier().fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > 0.95
