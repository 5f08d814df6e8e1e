"""Where descent starts from: "auto" is the start that gets farther."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skgeom import PoincareEmbedding
from skgeom.graph import Graph, transitive_closure


def uneven_tree(n, directed, seed=0):
    """A tree with a random number of children for one node after the other."""
    rng = np.random.default_rng(seed)
    above = np.repeat(np.arange(n), 1 + rng.poisson(1.5, n))[: n - 1]
    edges = np.stack([np.arange(1, n), above], axis=1)
    return Graph.from_edges(rng.permutation(n)[edges], n_nodes=n, directed=directed)


def acyclic(n, seed=0):
    """Links of each node to three earlier ones."""
    rng = np.random.default_rng(seed)
    edges = [(i, j) for i in range(1, n) for j in set(rng.integers(0, i, 3).tolist())]
    return Graph.from_edges(edges, n_nodes=n, directed=True)


UNDIRECTED, DIRECTED = (uneven_tree(150, directed) for directed in (False, True))
CLOSURE = transitive_closure(DIRECTED)
ACYCLIC = acyclic(100)


def fit(graph, n_components, init="auto", **settings):
    settings = {"max_iter": 75, "random_state": 0, **settings}
    model = PoincareEmbedding(n_components, graph=graph, init=init, **settings)
    return model.fit(np.arange(graph.n_nodes)[:, None])


@pytest.mark.parametrize(
    ("graph", "n_components", "scale"),
    [
        (UNDIRECTED, 2, 0.5),
        (DIRECTED, 2, None),
        (CLOSURE, 2, 1.0),
        (CLOSURE, 5, 1.0),
        (ACYCLIC, 5, 0.1),
    ],
    ids=["tree", "directed", "closure", "closure-5", "acyclic-5"],
)
def test_auto_gets_as_far_as_the_better_start(graph, n_components, scale):
    nodes = np.arange(graph.n_nodes)[:, None]
    tree, random, auto = (
        fit(graph, n_components, init) for init in ("tree", "random", "auto")
    )
    assert (tree.init_scale_, random.init_scale_) == (1.0, 0.0)
    assert scale in (auto.init_scale_, None)
    better = max(tree.score(nodes), random.score(nodes))
    assert auto.score(nodes) > better - 0.01
    if scale == 1:
        assert_array_equal(auto.embedding_, tree.embedding_)


def test_half_a_layout_is_better_for_trees_without_directions():
    nodes = np.arange(UNDIRECTED.n_nodes)[:, None]
    tree, auto = (fit(UNDIRECTED, 2, init).score(nodes) for init in ("tree", "auto"))
    assert auto > tree + 0.02


def test_the_choice_is_the_graphs():
    """Seeds decide where descent ends, not where it starts."""
    scales = [
        fit(UNDIRECTED, 2, max_iter=30, random_state=seed).init_scale_
        for seed in range(3)
    ]
    assert len(set(scales)) == 1


def test_a_line_has_no_room_for_a_layout():
    assert fit(DIRECTED, 1, max_iter=2).init_ == "random"


def test_trials_are_short(monkeypatch):
    """A fifteenth of the epochs from each start, and none where one is named."""
    from skgeom.hyperbolic._poincare import _start

    epochs, descend = [], _start.descend_links

    def counted(points, links, schedule, *rest):
        epochs.append(schedule.max_iter)
        return descend(points, links, schedule, *rest)

    monkeypatch.setattr(_start, "descend_links", counted)
    fit(CLOSURE, 2, max_iter=31)
    assert epochs == [3, 3, 3]
    fit(CLOSURE, 2, "tree", max_iter=2)
    fit(CLOSURE, 2, "random", max_iter=2)
    assert len(epochs) == 3
