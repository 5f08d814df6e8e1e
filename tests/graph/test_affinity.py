import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from skgeom.graph import Graph, affinity_matrix
from skgeom.testing import point_clouds

KINDS = ("alpha_decay", "self_tuning", "gaussian", "binary")

seeds = st.integers(0, 2**32 - 1)


def brute_neighbors(X, k):
    """Distances and indices of the k nearest other rows, by the lowest index."""
    D = cdist(X, X)
    np.fill_diagonal(D, np.inf)
    indices = np.argsort(D, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(D, indices, axis=1), indices


def dense_affinity(distances, indices, kind, decay=40.0, scale=None):
    """Each formula, pair by pair."""
    n = len(indices)
    last = np.where(np.isfinite(distances), distances, 0.0).max(axis=1)
    positive = last[last > 0].min() if last.any() else 1.0
    s = np.where(last > 0, last, positive)
    s = np.full(n, np.median(s)) if kind == "gaussian" else s
    s = s if scale is None else np.broadcast_to(scale, (n,))
    K, listed = np.zeros((n, n)), np.zeros((n, n), dtype=bool)
    for i in range(n):
        for d, j in zip(distances[i], indices[i], strict=True):
            if not np.isfinite(d):
                continue
            listed[i, j] = True
            if kind == "alpha_decay":
                K[i, j] = np.exp(-((d / s[i]) ** decay))
            elif kind == "self_tuning":
                K[i, j] = np.exp(-(d**2) / (s[i] * s[j]))
            elif kind == "gaussian":
                K[i, j] = np.exp(-(d**2) / (2 * s[i] ** 2))
            else:
                K[i, j] = 1.0
    if kind == "alpha_decay":
        K[K < 1e-4] = 0.0
        return (K + K.T) / 2
    return np.where(listed, K, K.T)


@given(
    X=point_clouds(scales=(1.0, 1e-6, 1e6)),
    share=st.floats(0, 1),
    kind=st.sampled_from(KINDS),
    decay=st.sampled_from([1.0, 2.0, 40.0]),
    index=st.sampled_from([np.int32, np.int64]),
)
@settings(max_examples=200)
def test_dense_form(X, share, kind, decay, index):
    k = 1 + round(share * (len(X) - 2))
    distances, indices = brute_neighbors(X.astype(np.float64), k)
    weights, lengths = affinity_matrix(
        distances, indices.astype(index), kind=kind, decay=decay
    )
    expected = dense_affinity(distances, indices, kind, decay)
    assert_allclose(weights.toarray(), expected, rtol=1e-9)
    for matrix in (weights, lengths):
        assert isinstance(matrix, sp.csr_array)
        assert matrix.dtype == np.float64
        assert matrix.has_canonical_format
    # One pattern for both, without what is zero.
    assert_array_equal(weights.indptr, lengths.indptr)
    assert_array_equal(weights.indices, lengths.indices)
    assert weights.data.size == np.count_nonzero(expected)
    rows, columns = lengths.tocoo().coords
    D = cdist(X.astype(np.float64), X.astype(np.float64))
    assert_array_equal(lengths.data, D[rows, columns])
    # Symmetric to the last bit, entries in (0, 1], zero diagonal.
    assert (weights != weights.T).nnz == 0
    assert (lengths != lengths.T).nnz == 0
    assert ((weights.data > 0) & (weights.data <= 1)).all()
    assert not weights.diagonal().any()


@given(seed=seeds, n_neighbors=st.integers(1, 6), decay=st.sampled_from([4.0, 40.0]))
@settings(max_examples=60)
def test_points_by_the_dense_kernel(seed, n_neighbors, decay):
    # The kernel sees all pairs, also neighbours beyond the k-th.
    X = np.random.default_rng(seed).standard_normal((40, 2))
    graph = Graph.from_points(X, n_neighbors=n_neighbors, decay=decay)
    D = cdist(X, X)
    s = np.sort(D, axis=1)[:, n_neighbors]
    K = np.exp(-((D / s[:, None]) ** decay))
    K[K < 1e-4] = 0.0
    # At most eight times the neighbours are looked at.
    order = np.argsort(D, axis=1)
    np.put_along_axis(K, order[:, 8 * n_neighbors + 1 :], 0.0, axis=1)
    np.fill_diagonal(K, 0.0)
    assert_allclose(graph.adjacency.toarray(), (K + K.T) / 2, rtol=1e-8)


def test_alpha_decay_reaches_beyond_the_last_neighbor():
    # Points on a line: the third is hardly farther than the second, the fourth is.
    X = np.array([[0.0], [1.0], [-1.04], [1.2]])
    graph = Graph.from_points(X, n_neighbors=1)
    K_02 = np.exp(-(1.04**40))
    assert 1e-4 < K_02 < 0.01
    # Rows 1 and 3 have the bandwidth 0.2 and do not reach 0; row 2 reaches row 0.
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = np.exp(-1) / 2
    expected[0, 2] = expected[2, 0] = (K_02 + np.exp(-1)) / 2
    expected[1, 3] = expected[3, 1] = np.exp(-1)
    assert_allclose(graph.adjacency.toarray(), expected, rtol=1e-10)


def test_search_for_neighbors_widens_until_the_radius_is_reached():
    # Fourteen points within two per cent of the nearest: more than twice one neighbour.
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = (1.0 + 0.001 * np.arange(14))[:, None]
    X = np.concatenate([[[0.0, 0.0]], ring * np.c_[np.cos(angles), np.sin(angles)]])
    graph = Graph.from_points(X, n_neighbors=3)
    assert (graph.adjacency[[0]].toarray() > 0).sum() == 14
    # One neighbour asks for eight at most.
    few = Graph.from_points(X, n_neighbors=1)
    assert (few.adjacency[[0]].toarray() > 0).sum() == 8


def test_small_values_are_cut_before_the_average():
    bandwidth = np.array([1.0, 1e9])
    for value, expected in ((1.001e-4, (1.001e-4 + 1) / 2), (0.999e-4, 0.5)):
        d = -np.log(value)
        weights, _ = affinity_matrix(
            np.array([[d], [d]]), np.array([[1], [0]]), decay=1.0, bandwidth=bandwidth
        )
        assert_allclose(weights.toarray()[0, 1], expected, rtol=1e-6)
    # Listed by one end alone, a value just above the cut counts half and stays.
    d = -np.log(1.001e-4)
    weights, lengths = affinity_matrix(
        np.array([[d], [np.inf]]), np.array([[1], [0]]), decay=1.0, bandwidth=1.0
    )
    assert_allclose(weights.toarray(), [[0, 5.005e-5], [5.005e-5, 0]], rtol=1e-9)
    assert_array_equal(lengths.toarray(), [[0, d], [d, 0]])


@pytest.mark.parametrize("kind", KINDS)
@given(seed=seeds)
@settings(max_examples=25)
def test_order_of_points_does_not_matter(kind, seed):
    rng = np.random.default_rng(seed)
    distances, indices = brute_neighbors(rng.integers(0, 4, (25, 2)).astype(float), 5)
    order = rng.permutation(25)
    place = np.argsort(order)
    weights, lengths = affinity_matrix(distances, indices, kind=kind)
    moved = affinity_matrix(distances[order], place[indices[order]], kind=kind)
    for before, after in zip((weights, lengths), moved, strict=True):
        assert_array_equal(before[order][:, order].toarray(), after.toarray())


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_points_does_not_matter_to_graphs(kind):
    rng = np.random.default_rng(0)
    X, order = rng.standard_normal((60, 3)), rng.permutation(60)
    one, two = (
        Graph.from_points(A, n_neighbors=5, affinity=kind) for A in (X, X[order])
    )
    assert_allclose(
        one.adjacency[order][:, order].toarray(), two.adjacency.toarray(), rtol=1e-10
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("exponent", [-900, -300, 2, 900])
@pytest.mark.parametrize("repeats", [1, 3, 7])
def test_scale_does_not_matter(kind, exponent, repeats):
    # With three copies some bandwidths are zero, with seven all are.
    X = np.random.default_rng(0).standard_normal((12, 2))
    X[:4] = X[0]
    distances, indices = brute_neighbors(np.repeat(X, repeats, axis=0), 5)
    weights, lengths = affinity_matrix(distances, indices, kind=kind)
    scaled = affinity_matrix(2.0**exponent * distances, indices, kind=kind)
    assert_array_equal(weights.toarray(), scaled[0].toarray())
    assert_array_equal(2.0**exponent * lengths.toarray(), scaled[1].toarray())


@pytest.mark.parametrize("kind", KINDS)
def test_duplicates_have_affinity_one(kind):
    # Rows 0 to 2 coincide and list nothing else; row 3 lists them.
    distances = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [2.0, 2.0]])
    indices = np.array([[1, 2], [0, 2], [0, 1], [0, 1]])
    weights, lengths = affinity_matrix(distances, indices, kind=kind)
    W = weights.toarray()
    assert (W[:3, :3] == 1 - np.eye(3)).all()
    assert (lengths.toarray()[:3, :3] == 0).all()
    assert lengths[[0]].nnz == 3  # zeros are stored
    expected = {
        "alpha_decay": np.exp(-1) / 2,
        "self_tuning": np.exp(-1),
        "gaussian": np.exp(-1 / 2),
        "binary": 1.0,
    }
    assert_allclose(W[3], [expected[kind]] * 2 + [0, 0])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_duplicates(kind):
    weights, lengths = affinity_matrix(
        np.zeros((3, 2)), np.array([[1, 2], [0, 2], [0, 1]]), kind=kind
    )
    assert_array_equal(weights.toarray(), 1 - np.eye(3))
    assert lengths.nnz == 6
    assert not lengths.data.any()


@pytest.mark.parametrize("kind", KINDS)
def test_bandwidths_of_the_caller(kind):
    distances, indices = brute_neighbors(np.arange(7.0)[:, None] ** 1.5, 3)
    bandwidth = 4.0 if kind == "gaussian" else np.linspace(3, 9, 7)
    weights, _ = affinity_matrix(
        distances, indices, kind=kind, bandwidth=bandwidth, decay=3.0
    )
    expected = dense_affinity(distances, indices, kind, 3.0, scale=bandwidth)
    assert_allclose(weights.toarray(), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["alpha_decay", "self_tuning", "gaussian"])
def test_far_beyond_the_bandwidth_there_is_no_edge(kind):
    # Neither a warning of overflow nor stored zeros.
    distances = np.array([[1.0], [1.0], [1e300]])
    weights, lengths = affinity_matrix(
        distances, np.array([[1], [0], [0]]), kind=kind, bandwidth=1.0
    )
    assert weights.nnz == lengths.nnz == 2


def test_many_nodes_with_short_indices():
    # Pairs of nodes are more than 32 bits can number.
    n = 70_000
    indices = ((np.arange(n) + 1) % n)[:, None].astype(np.int32)
    weights, _ = affinity_matrix(np.ones((n, 1)), indices, kind="binary")
    assert weights.nnz == 2 * n
    assert_array_equal(weights.indices[:4], [1, n - 1, 0, 2])
    assert (weights != weights.T).nnz == 0


def test_infinite_distances_are_no_edges():
    distances = np.array([[1.0, np.inf], [np.inf, np.inf], [1.0, 3.0]])
    weights, lengths = affinity_matrix(
        distances, np.array([[2, 1], [0, 2], [0, 1]]), kind="self_tuning"
    )
    # Row 1 lists nobody and takes the smallest bandwidth, 1.
    expected = np.array([[0, 0, np.exp(-1 / 3)], [0, 0, np.exp(-3)], [0, 0, 0]])
    assert_allclose(weights.toarray(), expected + expected.T)
    assert_array_equal(lengths.toarray(), [[0, 0, 1], [0, 0, 3], [1, 3, 0]])
    nothing = affinity_matrix(np.full((3, 1), np.inf), np.array([[1], [2], [0]]))
    assert nothing[0].nnz == nothing[1].nnz == 0


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_measurements_the_shorter_counts(kind):
    distances = np.array([[1.0], [1.01]])
    weights, lengths = affinity_matrix(
        distances, np.array([[1], [0]]), kind=kind, bandwidth=1.0, decay=2.0
    )
    assert_array_equal(lengths.toarray(), [[0, 1], [1, 0]])
    expected = {
        "alpha_decay": (np.exp(-1) + np.exp(-(1.01**2))) / 2,
        "self_tuning": np.exp(-1),
        "gaussian": np.exp(-1 / 2),
        "binary": 1.0,
    }
    assert_allclose(weights.data, expected[kind])


def test_errors():
    one = np.ones((2, 1)), np.array([[1], [0]])
    with pytest.raises(ValueError, match="kind='linear' must be one of"):
        affinity_matrix(*one, kind="linear")
    with pytest.raises(ValueError, match="one bandwidth for all points"):
        affinity_matrix(*one, kind="gaussian", bandwidth=np.ones(2))
