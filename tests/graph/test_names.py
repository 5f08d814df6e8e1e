"""Nodes by name, features of nodes, and graphs of some nodes."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

ROADS = [["Rome", "Nice"], ["Nice", "Paris"], ["Paris", "Lille"], ["Nice", "Rome"]]


def dense(graph):
    """Weights by pairs of names."""
    entries = graph.adjacency.tocoo()
    pairs = zip(entries.row, entries.col, entries.data, strict=True)
    return {(graph.node_names[u], graph.node_names[v]): w for u, v, w in pairs}


@given(st.permutations(range(len(ROADS))))
def test_edges_of_names_are_a_graph_in_any_order(order):
    graph = Graph.from_edges([ROADS[i] for i in order])
    assert graph.node_names == ("Lille", "Nice", "Paris", "Rome")
    assert dense(graph) == dense(Graph.from_edges(ROADS))
    assert graph.n_edges == 3


def test_ids_are_the_inverse_of_names():
    graph = Graph.from_edges(ROADS, directed=True)
    np.testing.assert_array_equal(graph.ids(graph.node_names), np.arange(4))
    assert graph.ids("Paris") == graph.ids(np.array(["Paris"])) == [2]
    assert graph.ids(["Paris"]).dtype == np.int64
    mixed = Graph.from_edges([[0, 1]], node_names=["a", ("b", 2)])
    np.testing.assert_array_equal(mixed.ids([("b", 2), "a"]), [1, 0])


def test_names_that_are_given_have_the_order_of_ids():
    names = ["Rome", "Oslo", "Paris", "Nice", "Lille"]
    graph = Graph.from_edges(ROADS, node_names=names)
    assert graph.n_nodes == 5
    assert graph.degrees[1] == 0
    assert dense(graph) == dense(Graph.from_edges(ROADS))


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_data_frames_are_edges(package):
    frames = pytest.importorskip(package)
    table = {"from": ["b", "a"], "to": ["c", "b"], "weight": [2.0, 5.0]}
    graph = Graph.from_edges(frames.DataFrame(table))
    assert dense(graph) == {(u, v): w for u, v, w in bidirected(table)}
    unweighted = frames.DataFrame(table)[["from", "to"]]
    assert set(dense(Graph.from_edges(unweighted)).values()) == {1.0}
    table["flow"] = table.pop("weight")
    named = Graph.from_edges(frames.DataFrame(table), weights="flow")
    assert dense(named) == dense(graph)
    with pytest.raises(ValueError, match=r"two columns.*\['from', 'to', 'flow'\]"):
        Graph.from_edges(frames.DataFrame(table))
    with pytest.raises(ValueError, match="weights='time' is no column"):
        Graph.from_edges(frames.DataFrame(table), weights="time")
    numbers = frames.DataFrame({"from": [0, 1], "to": [1, 2]})
    assert Graph.from_edges(numbers).node_names is None


def bidirected(table):
    for u, v, w in zip(*table.values(), strict=True):
        yield from ((u, v, w), (v, u, w))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["Oslo"], r"no node has the name 'Oslo' \(row 0\)"),
        (["Rome", "rome", None], r"no node has the name 'rome' \(row 1, and 1 more\)"),
        ([["Rome"]], "no node has the name"),
        ([3], "no node has the name 3"),
    ],
)
def test_unknown_names(names, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(ROADS).ids(names)


def test_names_of_several_nodes_are_of_none():
    graph = Graph.from_edges([[0, 1], [1, 2]], node_names=["a", "b", "a"])
    assert graph.ids(["b"]) == [1]
    with pytest.raises(ValueError, match="several nodes have the name 'a'"):
        graph.ids(["b", "a"])
    with pytest.raises(ValueError, match="no node_names"):
        Graph.from_edges([[0, 1]]).ids(["a"])


@given(adjacency_matrices(min_nodes=2), st.data())
def test_a_subgraph_is_the_block_of_its_nodes(A, data):
    n = A.shape[0]
    kept = data.draw(st.lists(st.integers(0, n - 1), unique=True, max_size=n))
    names = [f"n{i}" for i in range(n)]
    graph = Graph.from_adjacency(A, node_names=names, node_features=np.eye(n))
    part = graph.subgraph(np.array(kept, dtype=int))
    whole = graph.adjacency.toarray()
    np.testing.assert_array_equal(part.adjacency.toarray(), whole[np.ix_(kept, kept)])
    np.testing.assert_array_equal(part.node_features, np.eye(n)[kept])
    assert part.node_names == tuple(names[i] for i in kept)
    assert part.directed == graph.directed
    if kept:
        named = graph.subgraph([names[i] for i in kept])
        assert abs(named.adjacency - part.adjacency).max() == 0


def test_a_subgraph_keeps_lengths():
    X = np.random.default_rng(0).normal(size=(30, 2))
    graph = Graph.from_points(X, n_neighbors=4)
    part = graph.subgraph(np.arange(0, 30, 2))
    expected = graph.lengths.toarray()[::2, ::2]
    np.testing.assert_array_equal(part.lengths.toarray(), expected)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 0], "listed twice"),
        ([4], "from 0 to 3, got 4 to 4"),
        ([-1], "from 0 to 3, got -1"),
        ([0.0], "integers or names.*float64"),
        ([[0]], r"of shape \(1, 1\)"),
        (["Oslo"], "no node has the name 'Oslo'"),
    ],
)
def test_nodes_of_a_subgraph_exist_and_are_different(ids, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(ROADS).subgraph(ids)


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "sparse", "frame"])
def test_features_of_nodes_are_kept(kind):
    F = np.arange(8).reshape(4, 2)
    given = {
        "sparse": lambda: sp.coo_array(F),
        "frame": lambda: pytest.importorskip("pandas").DataFrame(F),
    }.get(kind, lambda: F.astype(kind))()
    plain = Graph.from_edges(ROADS)
    laplacian = plain.laplacian()
    graph = plain.with_node_features(given)
    if kind not in ("sparse", "frame"):
        given[:] = 0  # the graph has its own
    for one in (graph, pickle.loads(pickle.dumps(graph)), graph.to_undirected()):
        kept = one.node_features
        assert kept.dtype == ("float32" if kind == "float32" else "float64")
        assert sp.issparse(kept) == (kind == "sparse")
        np.testing.assert_array_equal(kept.toarray() if kind == "sparse" else kept, F)
        with pytest.raises(ValueError, match="read-only"):
            (kept.data if kind == "sparse" else kept)[:] = 0
    assert plain.node_features is None
    assert graph.with_node_features(None).node_features is None
    assert graph.node_names == plain.node_names
    # What follows from the edges is shared.
    assert graph.laplacian() is laplacian


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((3, 2)), "node_features has 3 rows for 4 nodes"),
        (np.zeros(4), "node_features: Expected 2D array"),
        (np.full((4, 1), np.nan), "node_features.*contains NaN"),
        (np.full((4, 1), "a"), "node_features: .*"),
    ],
)
def test_wrong_features_of_nodes(features, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(ROADS).with_node_features(features)
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(ROADS, node_features=features)


def test_a_directed_graph_keeps_its_features_when_it_loses_its_directions():
    graph = Graph.from_edges(ROADS, directed=True, node_features=np.eye(4))
    np.testing.assert_array_equal(graph.to_undirected().node_features, np.eye(4))


def test_a_long_name_costs_no_more_than_itself():
    """Names are not made an array as wide as the longest of them."""
    import tracemalloc

    edges = np.array([["x" * 100_000, "y"]] + [["y", "z"]] * 2000, dtype=object)
    tracemalloc.start()
    graph = Graph.from_edges(edges)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert graph.n_nodes == 3
    assert peak < 4e6


def test_a_list_of_names_and_numbers_is_not_made_text():
    with pytest.raises(ValueError, match=r"row 0 holds 1\."):
        Graph.from_edges([["a", 1], ["b", 2]])
    with pytest.raises(ValueError, match="row 0 holds nan"):
        Graph.from_edges([["a", float("nan")], ["b", "a"]])


def test_what_is_made_of_a_graph_has_its_names_and_features():
    from skgeom.graph import train_test_split_edges, transitive_closure

    ring = [[f"n{i}", f"n{(i + 1) % 12}"] for i in range(12)]
    graph = Graph.from_edges(ring, directed=True, node_features=np.eye(12))
    made = [transitive_closure(graph), *train_test_split_edges(graph, random_state=0)]
    made.append(graph.to_undirected())
    for one in made:
        assert one.node_names == graph.node_names
        np.testing.assert_array_equal(one.node_features, np.eye(12))


def test_one_node_or_none():
    graph = Graph.from_edges(ROADS)
    assert graph.subgraph("Rome").node_names == ("Rome",)
    assert graph.subgraph([]).n_nodes == 0
    assert Graph.from_edges([[0, 1]], node_names=[7, 8]).ids(8) == [1]
