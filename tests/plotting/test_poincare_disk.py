"""PoincareDiskDisplay: geodesics, labels, and what it asks for."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.geometry import poincare
from skgeom.graph import Graph
from skgeom.plotting import PoincareDiskDisplay


@pytest.fixture(scope="module")
def mammals():
    graph = load_wordnet_mammals()
    nodes = np.arange(graph.n_nodes)[:, None]
    return PoincareEmbedding(graph=graph, max_iter=3, random_state=0).fit(nodes)


def test_edges_are_the_direct_ones(mammals):
    display = PoincareDiskDisplay.from_estimator(mammals)
    direct = load_wordnet_mammals(closure=False)
    assert 1170 < len(display.edges) <= direct.n_edges
    assert (direct.adjacency[display.edges[:, 0], display.edges[:, 1]] > 0).all()


def test_arcs_are_geodesics():
    positions = poincare.random(8, 2, random_state=0)
    display = PoincareDiskDisplay(positions, [[0, 1], [2, 3], [6, 7]]).plot()
    for (u, v), arc in zip(display.edges, display.lines_.get_segments(), strict=True):
        along = poincare.distance(arc[:-1], arc[1:]).sum()
        whole = poincare.distance(positions[u][None], positions[v][None])[0]
        np.testing.assert_allclose(along, whole, rtol=1e-6)
        np.testing.assert_allclose(arc[[0, -1]], positions[[u, v]], atol=1e-9)


def test_labels_do_not_overlap(mammals):
    display = PoincareDiskDisplay.from_estimator(mammals, max_labels=25)
    assert 5 < len(display.texts_) <= 25
    boxes = [text.get_window_extent() for text in display.texts_]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    assert len(display.ax_.texts) == len(display.texts_)


def test_scaling_and_axes(mammals):
    _, ax = plt.subplots()
    display = PoincareDiskDisplay.from_estimator(
        mammals, radius=3.0, ax=ax, labels=None
    )
    assert display.ax_ is ax
    farthest = np.linalg.norm(display.positions, axis=1).max()
    np.testing.assert_allclose(farthest, np.tanh(1.5))


def test_rows_may_be_some_of_the_nodes():
    graph = Graph.from_edges([[0, 1], [1, 2]], node_names=["a", "b", "c"])
    model = PoincareEmbedding(graph=graph, max_iter=2).fit([[0], [2]])
    display = PoincareDiskDisplay.from_estimator(model)
    assert len(display.positions) == 2
    assert len(display.edges) == 0


def test_undirected_edges_are_drawn_once():
    graph = Graph.from_edges([[0, 1], [1, 2], [0, 2]])
    model = PoincareEmbedding(graph=graph, max_iter=2).fit(np.arange(3)[:, None])
    assert len(PoincareDiskDisplay.from_estimator(model).edges) == 3


def test_three_components_are_an_error():
    graph = Graph.from_edges([[0, 1], [1, 2]])
    model = PoincareEmbedding(3, graph=graph, max_iter=2).fit(np.arange(3)[:, None])
    with pytest.raises(ValueError, match="two dimensions, but the embedding has 3"):
        PoincareDiskDisplay.from_estimator(model)


def test_no_axes_is_a_new_figure():
    old = plt.gca()
    display = PoincareDiskDisplay([[0, 0], [0.5, 0]], [[0, 1]]).plot()
    assert display.figure_ is not old.figure
