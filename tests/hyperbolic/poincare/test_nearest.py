"""The nodes nearest to a node: found as by brute force, and called by their names."""

import networkx as nx
import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.geometry import poincare
from skgeom.graph import Graph
from skgeom.hyperbolic._poincare import _nearest
from skgeom.hyperbolic._poincare._nearest import nearest_nodes

ROUTES = [["Nice", "Rome"], ["Rome", "Bari"], ["Nice", "Lyon"], ["Lyon", "Lille"]]


@pytest.fixture(scope="module")
def mammals():
    graph = load_wordnet_mammals()
    nodes = np.arange(graph.n_nodes)[:, None]
    few = dict(init="tree", max_iter=5, random_state=0)  # the layout does most of it
    return PoincareEmbedding(graph=graph, **few).fit(nodes)


@pytest.fixture(scope="module")
def cities():
    graph = Graph.from_edges(ROUTES)
    nodes = np.arange(graph.n_nodes)[:, None]
    return PoincareEmbedding(graph=graph, max_iter=20, random_state=0).fit(nodes)


def test_neighbours_are_those_of_all_pairs(mammals):
    x = mammals.embedding_
    D = poincare.distance(x[:, None], x)
    np.fill_diagonal(D, np.inf)
    names, distances = mammals.nearest(np.arange(len(x)), 12)
    assert names.shape == distances.shape == (len(x), 12)
    assert_allclose(distances, np.sort(D, axis=1)[:, :12], rtol=1e-6)
    found = mammals.graph_.ids(names.ravel()).reshape(names.shape)
    assert_allclose(np.take_along_axis(D, found, axis=1), distances, rtol=1e-6)


def test_ancestors_come_first(mammals):
    dog = mammals.graph_.ids("dog.n.01")[0]
    above = mammals.graph_.adjacency[[dog]].indices
    names, distances = mammals.nearest("dog.n.01", 4)
    assert set(mammals.graph_.ids(names)) == set(above)
    assert (np.diff(distances) >= 0).all()


def test_blocks_change_nothing(mammals, monkeypatch):
    expected = mammals.nearest(np.arange(50))
    monkeypatch.setattr(_nearest, "_BYTES_PER_ENTRY", 2**14)
    for one, other in zip(mammals.nearest(np.arange(50)), expected, strict=True):
        assert_array_equal(one, other)


def test_distances_at_the_rim_keep_their_digits():
    """As of 50 digits, where coordinates alone would not tell the points apart."""
    radii, angle = np.array([28.0, 29.0, 30.0]), 1e-12
    turns = np.array([0.0, angle, -angle])
    x = np.tanh(radii / 2)[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
    gaps = 1 / np.cosh(radii / 2) ** 2
    neighbors, distances = nearest_nodes((x, gaps), np.arange(3), 2)
    with mp.workdps(50):
        for row in range(3):
            for other, found in zip(neighbors[row], distances[row], strict=True):
                one, two = mp.mpf(radii[row]), mp.mpf(radii[other])
                between = mp.cos(mp.mpf(turns[row]) - mp.mpf(turns[other]))
                wanted = mp.acosh(
                    mp.cosh(one) * mp.cosh(two) - mp.sinh(one) * mp.sinh(two) * between
                )
                assert_allclose(found, float(wanted), rtol=1e-3)


def test_equally_near_nodes_come_by_their_ids():
    x = 0.5 * np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [0.5, 0]])
    neighbors, distances = nearest_nodes((x, 1 - (x**2).sum(axis=1)), np.array([0]), 3)
    assert neighbors.tolist() == [[5, 1, 2]]
    assert_allclose(distances[0, 1:], np.log(3))


@pytest.mark.parametrize("one", ["Nice", np.str_("Nice"), 3, np.int8(3), np.array(3)])
def test_one_node_by_name_or_by_id(cities, one):
    names, distances = cities.nearest(one, 3)
    assert names.shape == distances.shape == (3,)
    assert names.dtype == object
    assert "Nice" not in names
    assert_array_equal(names, cities.nearest("Nice", 4)[0][:3])


@pytest.mark.parametrize(
    "some", [["Nice", "Rome"], np.array(["Nice", "Rome"]), (3, 4), np.array([3, 4])]
)
def test_several_nodes(cities, some):
    names, distances = cities.nearest(some, 2)
    for row, name in enumerate(["Nice", "Rome"]):
        assert_array_equal(names[row], cities.nearest(name, 2)[0])
        assert_array_equal(distances[row], cities.nearest(name, 2)[1])


def test_what_is_found_can_be_asked_for_and_is_x(cities):
    names, _ = cities.nearest("Nice")
    assert len(names) == 4  # k is cut to the number of others
    assert cities.nearest(names, 1)[0].shape == (4, 1)
    assert cities.transform(names[:, None]).shape == (4, 2)
    assert cities.nearest([], 2)[0].shape == (0, 2)


def test_nodes_without_names_are_ids():
    X = np.random.default_rng(0).normal(size=(30, 3))
    model = PoincareEmbedding(max_iter=5, random_state=0).fit(X)
    ids, distances = model.nearest([3, 4], 5)
    assert ids.dtype == np.int64
    D = poincare.distance(model.embedding_[3], model.embedding_[ids[0]])
    assert_allclose(D, distances[0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"nodes must be .* no node_names"):
        model.nearest("Rome")


def test_names_that_are_not_text():
    grid = Graph.from_networkx(nx.grid_2d_graph(3, 3))
    model = PoincareEmbedding(graph=grid, max_iter=5).fit(np.arange(9)[:, None])
    names, _ = model.nearest(0, 8)
    assert set(names) == set(grid.node_names[1:])


def test_single_precision():
    X = np.arange(5, dtype=np.float32)[:, None]
    model = PoincareEmbedding(graph=Graph.from_edges(ROUTES), max_iter=5).fit(X)
    assert model.nearest("Rome", 2)[1].dtype == np.float64


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ("Paris", "nodes must be .* no node has the name 'Paris'"),
        (["Nice", "Paris", "Oslo"], r"'Paris' \(row 1, and 1 more\)"),
        (5, "nodes must be .* from 0 to 4, got 5 to 5"),
        (-1, "nodes must be .* from 0 to 4, got -1 to -1"),
        (0.5, "nodes must be .* got .*0.5"),
        (None, "nodes must be .* got None"),
        (True, "nodes must be .* got .*True"),
        ([["Nice"], ["Rome"]], r"nodes must be .* shape \(2, 1\)"),
    ],
)
def test_nodes_that_are_none(cities, nodes, message):
    with pytest.raises(ValueError, match=message):
        cities.nearest(nodes)


@pytest.mark.parametrize("k", [0, -3, 2.0, "2", None])
def test_bad_k(cities, k):
    with pytest.raises(InvalidParameterError, match=r"'k' parameter of .*nearest"):
        cities.nearest("Nice", k)


def test_unfitted_is_an_error():
    with pytest.raises(NotFittedError):
        PoincareEmbedding().nearest(0)


def test_names_that_are_numbers_are_not_taken_for_ids():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 3]], node_names=[3, 1, 2, 0])
    model = PoincareEmbedding(graph=graph, max_iter=5, random_state=0)
    found, _ = model.fit(np.arange(4)[:, None]).nearest([3], k=3)
    assert sorted(found.ravel().tolist()) == [0, 1, 2]  # the others, by id
