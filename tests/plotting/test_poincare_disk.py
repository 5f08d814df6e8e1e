"""PoincareDiskDisplay: geodesics, labels, and what it asks for."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.geometry import poincare
from skgeom.graph import Graph
from skgeom.plotting import PoincareDiskDisplay
from skgeom.plotting._style import LIGHT


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


@pytest.mark.parametrize("named", [False, True])
def test_rows_to_draw_may_be_given(mammals, named):
    graph = mammals.graph_
    ids = np.random.default_rng(0).permutation(graph.n_nodes)[:200]
    X = np.array(graph.node_names)[ids][:, None] if named else ids[:, None]
    display = PoincareDiskDisplay.from_estimator(mammals, X, radius=5.0)
    assert list(display.labels) == [graph.node_names[i] for i in ids]
    one, two = ids[display.edges].T
    assert len(one) > 50
    assert (graph.adjacency[one, two] > 0).all()
    everything = PoincareDiskDisplay.from_estimator(mammals, radius=5.0).positions[ids]
    angles = [np.arctan2(*xy.T) for xy in (display.positions, everything)]
    np.testing.assert_allclose(*angles, atol=1e-6)


def test_rows_that_are_all_nodes_in_another_order(mammals):
    everything = PoincareDiskDisplay.from_estimator(mammals)
    order = np.random.default_rng(0).permutation(mammals.graph_.n_nodes)
    display = PoincareDiskDisplay.from_estimator(mammals, order[:, None])
    found = {tuple(edge) for edge in order[display.edges].tolist()}
    assert found == {tuple(edge) for edge in everything.edges.tolist()}
    np.testing.assert_allclose(
        display.positions, everything.positions[order], atol=1e-6
    )


def test_rows_of_a_fit_in_another_order_are_not_taken_for_the_nodes():
    graph = Graph.from_edges([["a", "b"], ["b", "c"], ["c", "d"]])
    X = np.array([["d"], ["b"], ["a"], ["c"]])
    model = PoincareEmbedding(graph=graph, max_iter=5, random_state=0).fit(X)
    unknown = PoincareDiskDisplay.from_estimator(model)
    assert unknown.labels is None
    assert len(unknown.edges) == 0
    display = PoincareDiskDisplay.from_estimator(model, X)
    assert list(display.labels) == ["d", "b", "a", "c"]
    ends = [{display.labels[i] for i in edge} for edge in display.edges]
    assert sorted(map(sorted, ends)) == [["a", "b"], ["b", "c"], ["c", "d"]]


def test_rows_of_a_frame_have_links():
    graph = Graph.from_edges([[0, 1], [1, 2]])
    X = pd.DataFrame({"node": [0.0, 1.0, 2.0]}, dtype="float32")
    model = PoincareEmbedding(graph=graph, max_iter=5).fit(X)
    assert len(PoincareDiskDisplay.from_estimator(model).edges) == 2
    assert len(PoincareDiskDisplay.from_estimator(model, X).edges) == 2


def test_rows_of_points():
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = PoincareEmbedding(max_iter=3, random_state=0).fit(X)
    alone = PoincareDiskDisplay.from_estimator(model)
    given = PoincareDiskDisplay.from_estimator(model, X)
    np.testing.assert_array_equal(alone.edges, given.edges)
    np.testing.assert_allclose(alone.positions, given.positions)
    new = PoincareDiskDisplay.from_estimator(model, X[:5] + 0.1)
    assert len(new.positions) == 5
    assert len(new.edges) == 0


def test_classes_have_colours_and_a_legend(mammals):
    nodes = np.arange(mammals.graph_.n_nodes)[:, None]
    y = np.where(nodes[:, 0] % 2, "odd", "even")
    _, ax = plt.subplots()
    display = PoincareDiskDisplay.from_estimator(
        mammals, nodes, y, name="mammals", value_name="parity", ax=ax, max_labels=0
    )
    assert ax.get_title() == "mammals"
    assert display.legend_.get_title().get_text() == "parity"
    assert [t.get_text() for t in display.legend_.get_texts()] == ["even", "odd"]
    colors = display.scatter_.get_facecolors()
    np.testing.assert_array_equal(colors[0], colors[2])
    assert len(np.unique(colors, axis=0)) == 2
    plain = PoincareDiskDisplay.from_estimator(mammals, y=y, legend=False)
    assert plain.legend_ is None
    assert plain.ax_.get_title() == ""


def test_numbers_have_a_bar_and_nan_is_grey():
    y = [0.0, np.nan, 2.0]
    display = PoincareDiskDisplay(
        [[0, 0], [0.5, 0], [0, 0.5]], [[0, 1]], y=y, value_name="height, m"
    ).plot()
    assert display.colorbar_.ax.get_ylabel() == "height, m"
    display.figure_.canvas.draw()
    grey = plt.matplotlib.colors.to_rgba(LIGHT)
    np.testing.assert_allclose(display.scatter_.get_facecolors()[1], grey)


def test_a_colour_that_is_given_wins_over_y():
    display = PoincareDiskDisplay([[0, 0], [0.5, 0]], [], y=[0.0, 1.0])
    display.plot(color="black")
    assert display.colorbar_ is None
    assert len(display.scatter_.get_facecolors()) == 1


def test_y_of_another_length_is_an_error(mammals):
    with pytest.raises(ValueError, match="y must have shape"):
        PoincareDiskDisplay.from_estimator(mammals, y=[1, 2])


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
