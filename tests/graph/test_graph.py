import copy
import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csgraph
from scipy.spatial.distance import cdist
from sklearn.base import clone

from skgeom import HeatGeodesicEmbedding
from skgeom.graph import Graph, nearest_neighbors
from skgeom.testing import adjacency_matrices, point_clouds

AFFINITIES = ("alpha_decay", "self_tuning", "gaussian", "binary")


def directed_or_not(**options):
    return st.booleans().flatmap(lambda d: adjacency_matrices(directed=d, **options))


# ---------------------------------------------------------------------- adjacency


@given(A=directed_or_not())
def test_adjacency_is_kept(A):
    graph, dense = Graph.from_adjacency(A), A.toarray()
    assert graph.n_nodes == A.shape[0]
    assert graph.adjacency.dtype == np.float64
    assert_array_equal(graph.adjacency.toarray(), dense)
    assert graph.directed == (dense != dense.T).any()
    loops = np.count_nonzero(np.diag(dense))
    links = np.count_nonzero(dense)
    assert graph.n_edges == (links if graph.directed else (links + loops) // 2)
    assert_allclose(graph.degrees, dense.sum(axis=1), rtol=1e-14)
    # Without lengths, each edge is one unit long.
    assert_array_equal(graph.lengths.toarray(), dense > 0)
    n_components, labels = graph.connected_components
    expected = csgraph.connected_components(dense, directed=False)
    assert n_components == expected[0]
    assert_array_equal(labels, expected[1])


@pytest.mark.parametrize(
    "convert",
    [
        np.ndarray.tolist,
        np.asarray,
        np.asfortranarray,
        lambda A: A.astype(np.float32),
        lambda A: A.astype(np.int64),
        sp.csr_array,
        sp.csc_matrix,
        sp.coo_array,
        sp.lil_matrix,
        sp.dok_array,
    ],
)
def test_any_matrix_is_welcome(convert):
    dense = np.array([[1.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    graph = Graph.from_adjacency(convert(dense))
    assert isinstance(graph.adjacency, sp.csr_array)
    assert_array_equal(graph.adjacency.toarray(), dense)
    assert repr(graph) == "Graph(n_nodes=3, n_edges=2, undirected)"


def test_stored_zeros_and_repeated_entries_are_cleaned_up():
    rows, columns = [0, 1, 0, 1, 2, 2], [1, 0, 1, 0, 2, 0]
    A = sp.coo_array(([1.0, 1.5, 1.0, 0.5, 0.0, 0.0], (rows, columns)), shape=(3, 3))
    graph = Graph(A)
    assert graph.adjacency.nnz == graph.lengths.nnz == 2
    assert graph.adjacency.toarray().tolist() == [[0, 2, 0], [2, 0, 0], [0, 0, 0]]
    assert graph.n_edges == 1
    assert graph.connected_components[0] == 2


def test_rounding_is_no_direction():
    A = np.array([[0.0, 0.3, 1e-30], [0.1 + 0.2, 0.0, 1.0], [0.0, 1.0, 0.0]])
    for directed in (None, False):
        graph = Graph(A, directed=directed)
        assert not graph.directed
        assert (graph.adjacency != graph.adjacency.T).nnz == 0
        assert_allclose(graph.adjacency.toarray(), A, rtol=1e-15, atol=1e-30)
        # Lengths are where the weights are.
        assert_array_equal(graph.lengths.indices, graph.adjacency.indices)
        assert (graph.lengths != graph.lengths.T).nnz == 0
    assert_array_equal(Graph(A, directed=True).adjacency.toarray(), A)


def test_float32_rounds_earlier():
    A = np.array([[0.0, 1.0], [1.0 + 1e-6, 0.0]])
    assert Graph(A).directed
    assert not Graph(A.astype(np.float32)).directed


def test_the_source_is_not_touched_and_not_shared():
    A = sp.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    lengths = A.copy()
    graph = Graph(A, lengths=lengths)
    for source in (A, lengths):
        assert source.data.flags.writeable
        assert source.indices.flags.writeable
        source.data[:] = 9.0
    assert graph.adjacency.data.tolist() == graph.lengths.data.tolist() == [1.0, 1.0]


def test_tiny_weights_are_edges():
    graph = Graph.from_edges([[0, 1], [1, 2]], weights=[1e-300, 5e-324])
    assert graph.n_edges == 2
    assert graph.connected_components[0] == 1


def test_a_graph_may_be_empty():
    graph = Graph.from_edges([], n_nodes=3)
    assert repr(graph) == "Graph(n_nodes=3, n_edges=0, undirected)"
    assert graph.connected_components[0] == 3
    assert not graph.degrees.any()
    assert Graph.from_edges([]).n_nodes == 0


@pytest.mark.parametrize(
    "A, options, message",
    [
        (np.ones((2, 3)), {}, r"must be a square matrix .*, got \(2, 3\)"),
        (np.ones(3), {}, "must be a square matrix"),
        ([[0.0, -1.0], [-1.0, 0.0]], {}, r"finite weights >= 0.*\(0, 1\) is -1.0"),
        ([[0, 1], [-2, 0]], {"node_names": "ab"}, r"\('b', 'a'\) is -2.0"),
        ([[0.0, np.nan], [np.nan, 0.0]], {}, "finite weights >= 0"),
        ([[0.0, np.inf], [np.inf, 0.0]], {}, "finite weights >= 0"),
        ([[0.0, 1.0], [2.0, 0.0]], {"directed": False}, "not symmetric"),
        ([[0.0, 1.0], [1.0, 0.0]], {"node_names": "abc"}, "3 entries for 2 nodes"),
    ],
)
def test_bad_adjacency(A, options, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_adjacency(A, **options)


@pytest.mark.parametrize(
    "lengths, message",
    [
        ([[0.0, 1.0], [0.0, 0.0]], "sparsity pattern"),
        ([[1.0, 1.0], [1.0, 0.0]], "sparsity pattern"),
        (np.ones((3, 3)) - np.eye(3), "sparsity pattern"),
        ([[0.0, -1.0], [-1.0, 0.0]], "lengths must be >= 0"),
        ([[0.0, np.nan], [np.nan, 0.0]], "lengths must be >= 0"),
    ],
)
def test_bad_lengths(lengths, message):
    with pytest.raises(ValueError, match=message):
        Graph([[0.0, 1.0], [1.0, 0.0]], lengths=lengths)


# -------------------------------------------------------------------------- edges


edge_lists = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.tuples(
                st.integers(0, n - 1), st.integers(0, n - 1), st.floats(0.25, 4.0)
            ),
            max_size=20,
        ),
    )
)


@given(drawn=edge_lists, directed=st.booleans(), weighted=st.booleans())
def test_edges_add_up(drawn, directed, weighted):
    n_nodes, edges = drawn
    expected = np.zeros((n_nodes, n_nodes))
    for u, v, weight in edges:
        ends = {(u, v)} if directed else {(u, v), (v, u)}
        for pair in ends:
            expected[pair] = expected[pair] + weight if weighted else 1.0
    graph = Graph.from_edges(
        [edge[:2] for edge in edges],
        [edge[2] for edge in edges] if weighted else None,
        n_nodes=n_nodes,
        directed=directed,
    )
    assert graph.directed == directed
    assert_allclose(graph.adjacency.toarray(), expected, rtol=1e-14)
    assert graph.n_edges == len(
        {edge[:2] if directed else frozenset(edge[:2]) for edge in edges}
    )


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64, np.intp])
def test_edges_of_any_integer_type(dtype):
    graph = Graph.from_edges(np.array([[0, 127], [1, 2]], dtype), weights=[2, 3])
    assert graph.n_nodes == 128
    assert graph.n_edges == 2
    assert graph.adjacency[127, 0] == 2.0


def test_names_stand_for_nodes():
    graph = Graph.from_edges([[0, 1]], node_names=["a", ("b", 2)])
    assert graph.node_names == ("a", ("b", 2))
    assert graph.to_undirected().node_names == graph.node_names
    assert Graph.from_edges([[0, 1]]).node_names is None


@pytest.mark.parametrize(
    "edges, options, message",
    [
        ([[0, 1, 2]], {}, r"shape \(n_edges, 2\), got int64 of shape \(1, 3\)"),
        ([0, 1], {}, "shape"),
        ([[0.0, 1.0]], {}, "must be an integer array"),
        ([[True, False]], {}, "must be an integer array"),
        (
            np.array([["a", 1.5]], object),
            {},
            "names in both columns, or ids in both; row 0 holds 1.5",
        ),
        ([["a", "b"]], {"node_names": ["a", "c"]}, "no node has the name 'b'"),
        ([["a", "b"]], {"node_names": ["b", "a", "a"]}, "several nodes have .* 'a'"),
        ([["a", "b", "c"]], {}, r"shape \(n_edges, 2\), got"),
        ([["a", "b"]], {"weights": "w"}, "names a column, but edges is no data"),
        ([[0, -1]], {}, "must name nodes from 0 to 0"),
        ([[0, 5]], {"n_nodes": 5}, "must name nodes from 0 to 4"),
        ([[0, 1]], {"weights": [1.0, 2.0]}, r"shape \(1,\), got \(2,\)"),
        ([[0, 1]], {"weights": 1.0}, r"shape \(1,\), got \(\)"),
        ([[0, 1]], {"weights": [-1.0]}, r"finite and >= 0.*\(0, 1\) is -1.0"),
        ([[0, 1], [2, 3]], {"weights": [1, np.inf]}, r"\(2, 3\) is inf"),
        ([[0, 1], [0, 1]], {"weights": [-1.0, 3.0]}, "finite and >= 0"),
        ([[0, 1]], {"weights": [np.nan]}, "finite and >= 0"),
        ([[0, 0]], {"weights": [np.inf]}, "finite"),
        ([[0, 1]], {"node_names": ["a"]}, "1 entries for 2 nodes"),
    ],
)
def test_bad_edges(edges, options, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(edges, **options)


# ----------------------------------------------------------------------- networkx


@given(A=directed_or_not())
def test_networkx_round_trip(A):
    nx = pytest.importorskip("networkx")
    directed = bool((A != A.T).nnz)
    kind = nx.DiGraph if directed else nx.Graph
    source = nx.relabel_nodes(
        nx.from_scipy_sparse_array(A, create_using=kind), lambda node: f"node {node}"
    )
    graph = Graph.from_networkx(source)
    assert graph.directed == directed
    assert graph.node_names == tuple(source.nodes)
    assert_array_equal(graph.adjacency.toarray(), A.toarray())
    assert graph.n_edges == source.number_of_edges()


def test_networkx_weights():
    nx = pytest.importorskip("networkx")
    source = nx.Graph()
    source.add_edge("b", "a", weight=2.0, cost=7.0)
    source.add_edge("a", "c")
    source.add_node("alone")
    graph = Graph.from_networkx(source)
    assert graph.node_names == ("b", "a", "c", "alone")
    assert graph.degrees.tolist() == [2.0, 3.0, 1.0, 0.0]
    assert Graph.from_networkx(source, weight="cost").degrees[0] == 7.0
    assert Graph.from_networkx(source, weight=None).degrees[0] == 1.0
    directed = Graph.from_networkx(nx.DiGraph([(0, 1), (1, 0)]))
    assert directed.directed  # because the source says so, symmetric as it is


# ------------------------------------------------------------------------- points


@given(X=point_clouds(min_samples=3), affinity=st.sampled_from(AFFINITIES))
@settings(max_examples=60)
def test_lengths_are_euclidean_distances(X, affinity):
    k = min(4, len(X) - 1)
    graph = Graph.from_points(X, n_neighbors=k, affinity=affinity)
    assert graph.n_nodes == len(X)
    assert not graph.directed
    assert_array_equal(graph.lengths.indptr, graph.adjacency.indptr)
    assert_array_equal(graph.lengths.indices, graph.adjacency.indices)
    rows, columns = graph.lengths.tocoo().coords
    assert (rows != columns).all()
    X = X.astype(np.float64)
    expected = np.linalg.norm(X[rows] - X[columns], axis=1)
    assert_allclose(graph.lengths.data, expected, rtol=1e-12)
    assert (graph.lengths != graph.lengths.T).nnz == 0
    assert graph.adjacency.data.max() <= 1.0


def test_cosine_lengths():
    X = np.random.default_rng(0).standard_normal((40, 3))
    graph = Graph.from_points(X, n_neighbors=5, metric="cosine")
    rows, columns = graph.lengths.tocoo().coords
    expected = cdist(X, X, "cosine")[rows, columns]
    assert_allclose(graph.lengths.data, expected, rtol=1e-10)


@given(
    X=point_clouds(min_samples=6, min_features=2, scales=(1.0,)),
    affinity=st.sampled_from(AFFINITIES),
)
@settings(max_examples=60)
def test_duplicates_are_joined_at_length_zero(X, affinity):
    X = np.concatenate([X, X[:2]])
    graph = Graph.from_points(X, n_neighbors=5, affinity=affinity)
    same = cdist(X, X) == 0
    assume(same.sum(axis=1).max() <= 5)  # all duplicates are among the neighbours
    lengths, weights = graph.lengths.tocoo(), graph.adjacency.tocoo()
    joined = np.zeros_like(same)
    joined[lengths.coords] = True
    assert joined[same & ~np.eye(len(X), dtype=bool)].all()
    assert (weights.data[lengths.data == 0] == 1.0).all()


@pytest.mark.parametrize("n_features, k", [(2, 5), (20, 3), (20, 10), (60, 3)])
def test_alpha_decay_finds_all_within_its_radius(n_features, k):
    X = np.random.default_rng(0).standard_normal((150, n_features))
    distances, indices = nearest_neighbors(X, n_neighbors=8 * k)
    bandwidth = distances[:, k - 1]
    radius = np.log(1e4) ** (1 / 40) * bandwidth[:, None]
    wide = Graph.from_neighbors(
        np.where(distances <= radius, distances, np.inf), indices, bandwidth=bandwidth
    )
    graph = Graph.from_points(X, n_neighbors=k)
    assert_array_equal(graph.adjacency.indptr, wide.adjacency.indptr)
    assert_array_equal(graph.adjacency.indices, wide.adjacency.indices)
    assert_array_equal(graph.adjacency.data, wide.adjacency.data)


def test_a_torch_tensor_gives_the_same_graph():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    X = np.random.default_rng(0).standard_normal((50, 3))
    graphs = [Graph.from_points(A, n_neighbors=4) for A in (X, torch.tensor(X))]
    assert_allclose(*(graph.adjacency.toarray() for graph in graphs), rtol=1e-12)
    assert_allclose(*(graph.lengths.toarray() for graph in graphs), rtol=1e-14)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_neighbors": 0}, "n_neighbors=0"),
        ({"n_neighbors": 5, "affinity": "binary"}, "between 1 and the 4 rows"),
        ({"n_neighbors": 2, "affinity": "linear"}, "kind='linear' must be one of"),
        ({"n_neighbors": 2, "metric": "manhattan"}, "metric='manhattan'"),
        ({"n_neighbors": 2, "algorithm": "hnsw"}, "algorithm='hnsw'"),
    ],
)
def test_bad_options_for_points(options, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_points(np.arange(5.0)[:, None], **options)


def test_neighbors_at_infinity_are_no_edges():
    distances = np.array([[1.0, np.inf], [1.0, np.inf], [np.inf, np.inf]])
    indices = np.array([[1, 2], [0, 2], [0, 1]])
    graph = Graph.from_neighbors(distances, indices, affinity="binary")
    assert graph.n_edges == 1
    assert graph.degrees.tolist() == [1.0, 1.0, 0.0]


# ------------------------------------------------------------------- to undirected


@given(A=adjacency_matrices(directed=True))
def test_to_undirected_averages(A):
    graph = Graph(A, directed=True)
    undirected = graph.to_undirected()
    assert not undirected.directed
    expected = (A.toarray() + A.toarray().T) / 2
    assert_array_equal(undirected.adjacency.toarray(), expected)
    assert undirected.to_undirected() is undirected


# ------------------------------------------------------------- immutable and shared


@pytest.fixture
def graph():
    return Graph.from_edges([[0, 1], [1, 2], [3, 3]], node_names="abcd")


def test_nothing_can_be_set(graph):
    for name in ("adjacency", "directed", "n_nodes", "degrees", "new"):
        with pytest.raises(AttributeError, match=f"immutable; cannot set '{name}'"):
            setattr(graph, name, 1)
        with pytest.raises(AttributeError, match=f"immutable; cannot delete '{name}'"):
            delattr(graph, name)


def shared_arrays(graph):
    for matrix in (graph.adjacency, graph.lengths):
        yield from (matrix.data, matrix.indices, matrix.indptr)
    yield graph.degrees
    yield graph.connected_components[1]
    if not graph.directed:
        yield graph.memory_order
        yield from (part for part in graph.steps() if part.size)
        for kind in ("symmetric", "random_walk", "combinatorial"):
            laplacian = graph.laplacian(kind)
            yield laplacian.measure
            P = laplacian.transition
            yield from (P.data, P.indices, P.indptr)


def test_no_shared_array_can_be_written(graph):
    for array in shared_arrays(graph):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_what_is_derived_is_kept(graph):
    assert graph.degrees is graph.degrees
    assert graph.connected_components is graph.connected_components
    for kind in ("symmetric", "random_walk", "combinatorial"):
        assert graph.laplacian(kind) is graph.laplacian(kind)
        assert graph.laplacian(kind).kind == kind
    assert graph.laplacian() is graph.laplacian("symmetric")


def test_copies_are_the_graph_itself(graph):
    assert copy.copy(graph) is graph
    assert copy.deepcopy(graph) is graph
    assert copy.deepcopy({"a": [graph]})["a"][0] is graph
    estimator = HeatGeodesicEmbedding(graph=graph)
    assert clone(estimator).graph is graph


@given(A=directed_or_not())
def test_pickles_lose_caches_and_stay_read_only(A):
    graph = Graph(A, node_names=range(A.shape[0]))
    list(shared_arrays(graph))  # fill the caches
    small = len(pickle.dumps(Graph(A, node_names=range(A.shape[0]))))
    restored = pickle.loads(pickle.dumps(graph))
    assert len(pickle.dumps(graph)) == small
    assert restored.__dict__.keys() == Graph(A).__dict__.keys()
    assert repr(restored) == repr(graph)
    assert restored.node_names == graph.node_names
    assert_array_equal(restored.adjacency.toarray(), graph.adjacency.toarray())
    assert_array_equal(restored.lengths.toarray(), graph.lengths.toarray())
    assert_array_equal(restored.degrees, graph.degrees)
    for array in shared_arrays(restored):
        assert not array.flags.writeable
    with pytest.raises(AttributeError, match="immutable"):
        restored.directed = True


def test_joblib_hashes_a_graph_by_what_it_is(graph):
    before = joblib.hash(graph)
    list(shared_arrays(graph))
    assert joblib.hash(graph) == before
    assert joblib.hash(Graph.from_edges([[0, 1]])) != before


def test_a_directed_graph_has_no_laplacian():
    graph = Graph.from_edges([[0, 1]], directed=True)
    with pytest.raises(ValueError, match=r"undirected graph; .*to_undirected\(\)"):
        graph.laplacian()
    assert graph.to_undirected().laplacian().n_nodes == 2


def test_unknown_laplacian(graph):
    with pytest.raises(ValueError, match="laplacian='signless' must be one of"):
        graph.laplacian("signless")
