import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from skgeom.embedding._heat_geodesic._routes import (
    bridge_across,
    bridge_parts,
    close_distances,
    nearest_by_path,
    reach_all,
    unit_of_length,
)
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

seeds = st.integers(0, 2**32 - 1)


def all_routes(D):
    """Shortest routes over the finite entries of a matrix (Floyd and Warshall)."""
    D = np.minimum(D, D.T)
    np.fill_diagonal(D, 0.0)
    for k in range(len(D)):
        D = np.minimum(D, D[:, [k]] + D[[k], :])
    return D


def dense_lengths(graph):
    D = np.full((graph.n_nodes, graph.n_nodes), np.inf)
    coo = graph.lengths.tocoo()
    D[coo.coords] = coo.data
    np.fill_diagonal(D, 0.0)
    return D


def with_lengths(A, seed):
    """A graph whose edges have random lengths, some of them zero."""
    lengths = A.copy()
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, A.shape) * (rng.random(A.shape) < 0.9)
    rows, columns = lengths.tocoo().coords
    lengths.data = np.minimum(values, values.T)[rows, columns]
    return Graph(A, lengths=lengths)


def some_nodes(graph, seed, at_least_one_in_each_component=True):
    rng = np.random.default_rng(seed)
    nodes = rng.permutation(graph.n_nodes)
    n_components, labels = graph.connected_components
    first = [nodes[labels[nodes] == part][0] for part in range(n_components)]
    more = nodes[: rng.integers(1, graph.n_nodes + 1)]
    chosen = np.concatenate([first, more]) if at_least_one_in_each_component else more
    return rng.permutation(np.unique(chosen))


def assert_metric(D):
    assert np.isfinite(D).all()
    assert (np.diag(D) == 0).all()
    assert_array_equal(D, D.T)
    detours = (D[:, :, None] + D[None, :, :]).min(axis=1)
    assert (D <= detours + 1e-12 * D.max()).all()


# ------------------------------------------------------------------ nearest landmark


@given(A=adjacency_matrices(), seed=seeds, covered=st.booleans())
def test_nearest_by_path(A, seed, covered):
    graph = with_lengths(A, seed)
    landmarks = some_nodes(graph, seed, covered)
    owner, length = nearest_by_path(graph, landmarks)
    paths = all_routes(dense_lengths(graph))[landmarks]
    assert_allclose(length, paths.min(axis=0), rtol=1e-14)
    reached = np.isfinite(length)
    assert_array_equal(owner[~reached], -1)
    if covered:
        assert reached.all()
    nodes = np.flatnonzero(reached)
    assert_allclose(paths[owner[nodes], nodes], length[nodes], rtol=1e-14)


def test_nodes_that_no_landmark_reaches():
    graph = Graph.from_edges([[0, 1], [2, 3]], n_nodes=5)
    owner, length = nearest_by_path(graph, np.array([1]))
    assert owner.tolist() == [0, 0, -1, -1, -1]
    assert length.tolist() == [1, 0, np.inf, np.inf, np.inf]


def test_reach_all_fills_cold_nodes_alone():
    graph = Graph.from_edges([[i, i + 1] for i in range(5)])
    landmarks = np.array([4, 0])
    gates = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [1, 0]])
    lengths = np.array([[0.3, 9], [2.5, 9], [np.inf] * 2, [np.inf] * 2, [9, 9], [7, 8]])
    gates, lengths = reach_all(graph, landmarks, gates, lengths)
    # Landmarks are their own gates; nodes 2 and 3 take the nearest landmark by path.
    assert gates[:, 0].tolist() == [1, 1, gates[2, 0], 0, 0, 1]
    assert gates[2, 0] in (0, 1)  # half way
    assert lengths[:, 0].tolist() == [0, 2.5, 2, 1, 0, 7]
    assert lengths[:, 1].tolist() == [9, 9, np.inf, np.inf, 9, 8]


# -------------------------------------------------------------------- unit of length


@given(A=adjacency_matrices(min_nodes=2), seed=seeds, unit=st.sampled_from([0.25, 3.0]))
def test_unit_of_length(A, seed, unit):
    graph = with_lengths(A, seed)
    landmarks = some_nodes(graph, seed)
    paths = all_routes(dense_lengths(graph))[np.ix_(landmarks, landmarks)]
    found = unit_of_length(paths / unit, landmarks, graph)
    usable = np.isfinite(paths) & (paths > 0)
    assert_allclose(found, unit if usable.any() else 1.0, rtol=1e-12)


def test_unit_of_length_is_the_median_of_what_is_known():
    graph = Graph.from_edges([[0, 1], [1, 2], [3, 4]])
    landmarks = np.array([0, 1, 2, 3])
    # Ratios of path to raw: 1/4 (0-1), 2/1 (0-2), 1/0.1 (1-2); the rest says nothing.
    raw = np.array(
        [
            [0, 4.0, 1.0, 5.0],
            [4.0, 0, 0.1, np.inf],
            [1.0, 0.1, 0, np.inf],
            [5.0, np.inf, np.inf, 0],
        ]
    )
    assert unit_of_length(raw, landmarks, graph) == 2.0
    # A raw distance of zero is the least, and rounding it up changes nothing.
    for clipped in (0.0, 1e-12):
        raw[0, 1] = raw[1, 0] = clipped
        assert unit_of_length(raw, landmarks, graph) == 10.0
    raw[:3, :3] = 0.0
    assert unit_of_length(raw, landmarks, graph) == 1.0
    raw[:] = np.inf
    assert unit_of_length(raw, landmarks, graph) == 1.0


# --------------------------------------------------------------------------- closing


@given(n=st.integers(2, 12), seed=seeds, share=st.floats(0, 1), zeros=st.booleans())
@settings(max_examples=75)
def test_closing_by_routes_over_what_is_known(n, seed, share, zeros):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 2))
    X[: n // 2 * zeros] = X[0]  # distances of zero are known, too
    known = cdist(X, X)
    known[rng.random((n, n)) < share] = np.inf
    known = np.maximum(known, known.T)
    np.fill_diagonal(known, 0.0)
    expected = all_routes(known)
    assume(np.isfinite(expected).all())
    # No edges: paths of the graph cannot be what fills the gaps.
    closed = close_distances(
        known.copy(), Graph.from_edges([], n_nodes=n), np.arange(n), np.zeros(n)
    )
    missing = ~np.isfinite(known)
    assert_allclose(closed[missing], expected[missing], rtol=1e-13)
    assert_array_equal(closed[~missing], known[~missing])  # what is known stays


@given(A=adjacency_matrices(max_nodes=20), seed=seeds, share=st.floats(0, 1))
@settings(max_examples=75)
def test_closing_by_paths_across_the_borders_of_cells(A, seed, share):
    graph = with_lengths(A, seed)
    landmarks = some_nodes(graph, seed)
    labels = graph.connected_components[1][landmarks]
    paths = all_routes(dense_lengths(graph))
    rng = np.random.default_rng(seed)
    known = paths[np.ix_(landmarks, landmarks)].copy()
    unknown = rng.random(known.shape) < share
    known[unknown | unknown.T] = np.inf
    np.fill_diagonal(known, 0.0)
    closed = close_distances(known.copy(), graph, landmarks, labels)
    same = labels[:, None] == labels[None, :]
    assert np.isfinite(closed[same]).all()
    assert np.isinf(closed[~same]).all()  # bridges are built elsewhere
    assert (np.diag(closed) == 0).all()
    assert_array_equal(closed, closed.T)
    finite = np.isfinite(known)
    assert_array_equal(closed[finite], known[finite])
    # Routes over landmarks are paths of the graph: none is shorter than the shortest.
    shortest = paths[np.ix_(landmarks, landmarks)]
    assert (closed[same] >= shortest[same] * (1 - 1e-12)).all()
    # Now the other way, in full: every edge between two cells is a step.
    routes = all_routes(known)
    if not np.isfinite(routes[same]).all():
        owner, path = nearest_by_path(graph, landmarks)
        coo = graph.lengths.tocoo()
        for u, v, length in zip(coo.row, coo.col, coo.data, strict=True):
            one, two = owner[u], owner[v]
            known[one, two] = min(known[one, two], path[u] + length + path[v])
        routes = all_routes(known)
    assert_allclose(closed[same & ~finite], routes[same & ~finite], rtol=1e-12)


def test_with_all_nodes_landmarks_paths_are_what_closes():
    graph = Graph.from_edges([[i, i + 1] for i in range(9)])
    nothing = np.where(np.eye(10) == 1, 0.0, np.inf)
    closed = close_distances(nothing, graph, np.arange(10), np.zeros(10))
    assert_array_equal(closed, abs(np.subtract.outer(np.arange(10), np.arange(10))))


def test_nothing_is_missing():
    known = np.array([[0.0, 5.0, np.inf], [5.0, 0.0, np.inf], [np.inf, np.inf, 0.0]])
    graph = Graph.from_edges([[0, 1]], n_nodes=3)
    labels = np.array([0, 0, 1])
    assert close_distances(known, graph, np.arange(3), labels) is known


# --------------------------------------------------------------------------- bridges


def parts(seed, n, n_parts):
    """Points in parts with distances within them, and infinity between."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_parts, n) * 7 - 3  # any names will do
    X = rng.standard_normal((n, 2))
    # Longer than straight lines, as ways along a manifold are.
    between = 1.5 * cdist(X, X)
    between[labels[:, None] != labels[None, :]] = np.inf
    return X, labels, between


def bridged(between, labels, X):
    """Prim's minimum spanning tree of the parts, then routes over its bridges."""
    straight, names = cdist(X, X), np.unique(labels)
    between, joined = between.copy(), {names[0]}
    while len(joined) < len(names):
        inside = np.isin(labels, list(joined))
        block = np.where(inside[:, None] & ~inside[None, :], straight, np.inf)
        p, q = np.unravel_index(np.argmin(block), block.shape)
        between[p, q] = between[q, p] = straight[p, q]
        joined.add(labels[q])
    return all_routes(between)


@given(seed=seeds, n=st.integers(2, 20), n_parts=st.integers(1, 6))
@settings(max_examples=75)
def test_bridges_of_the_minimum_spanning_tree(seed, n, n_parts):
    X, labels, between = parts(seed, n, n_parts)
    before = between.copy()
    joined = bridge_parts(between, labels, X)
    assert_array_equal(between, before)  # the input is left alone
    assert_allclose(joined, bridged(between, labels, X), rtol=1e-13)
    same = labels[:, None] == labels[None, :]
    assert_array_equal(joined[same], between[same])
    assert_metric(joined)


def bridged_across(between, labels, X):
    """Bridges between all parts, less those that a way round makes needless."""
    straight, names = cdist(X, X), np.unique(labels)
    gap = {}
    for a in names:
        for b in names[names > a]:
            rows, columns = np.flatnonzero(labels == a), np.flatnonzero(labels == b)
            block = straight[np.ix_(rows, columns)]
            p, q = np.unravel_index(np.argmin(block), block.shape)
            gap[a, b] = block[p, q], rows[p], columns[q]
    # The least that the longest bridge of any way round can be.
    longest = {pair: found[0] for pair, found in gap.items()}
    longest |= {(b, a): found for (a, b), found in longest.items()}
    for c in names:
        for a, b in list(longest):
            if c not in (a, b):
                way = max(longest[a, c], longest[c, b])
                longest[a, b] = min(longest[a, b], way)
    between = between.copy()
    for pair, (bridge, p, q) in gap.items():
        if bridge <= 3 * longest[pair]:
            between[p, q] = between[q, p] = bridge
    return all_routes(between)


@given(seed=seeds, n=st.integers(2, 20), n_parts=st.integers(1, 6))
@settings(max_examples=75)
def test_bridges_across(seed, n, n_parts):
    X, labels, between = parts(seed, n, n_parts)
    joined = bridge_parts(between, labels, X)
    before = joined.copy()
    across = bridge_across(joined, labels, X)
    assert_array_equal(joined, before)  # the input is left alone
    if len(np.unique(labels)) < 3:
        assert across is joined
    else:
        assert_allclose(across, bridged_across(between, labels, X), rtol=1e-13)
    assert (across <= joined).all()
    assert_metric(across)


def test_a_curve_that_fell_apart_is_not_cut_short():
    # The pieces of a horseshoe, whose ends are four gaps apart.
    angle = np.concatenate([np.linspace(a, a + 0.9, 40) for a in range(5)])
    X, labels = np.column_stack([np.cos(angle), np.sin(angle)]), np.repeat(range(5), 40)
    ends = np.linalg.norm(X[0] - X[-1]) / np.linalg.norm(X[39] - X[40])
    assert ends > 4
    between = np.where(labels[:, None] == labels, cdist(X, X), np.inf)
    joined = bridge_parts(between, labels, X)
    assert_array_equal(bridge_across(joined, labels, X), joined)


@pytest.mark.parametrize("scale", [2.0**-600, 2.0**-1000, 2.0**600, 2.0**1000])
def test_bridges_at_any_scale(scale):
    X, labels, between = parts(0, 15, 4)
    joined = bridge_parts(between, labels, X)
    scaled = bridge_parts(scale * between, labels, scale * X)
    assert_allclose(scaled / scale, joined, rtol=1e-12)


def test_bridges_far_from_the_origin():
    # Parts that are near to each other in comparison with their coordinates.
    X = 1e9 + np.array([[0.0, 0], [0, 1], [0, 3], [0, 7]])
    labels = np.array([0, 0, 1, 2])
    between = np.where(labels[:, None] == labels[None, :], cdist(X, X), np.inf)
    assert_array_equal(bridge_parts(between, labels, X), cdist(X, X))


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_points_of_other_types(dtype):
    X = np.array([[0], [3], [4]], dtype)
    labels = np.array([0, 1, 1])
    between = np.array([[0, np.inf, np.inf], [np.inf, 0, 1], [np.inf, 1, 0]])
    joined = bridge_parts(between, labels, X)
    assert joined.tolist() == [[0, 3, 4], [3, 0, 1], [4, 1, 0]]


def test_coincident_parts_are_at_no_distance():
    X = np.zeros((4, 2))
    labels = np.array([0, 1, 2, 2])
    between = np.where(labels[:, None] == labels[None, :], 0.0, np.inf)
    assert not bridge_parts(between, labels, X).any()
    X[3] = [3.0, 4.0]
    between[2, 3] = between[3, 2] = 5.0
    joined = bridge_parts(between, labels, X)
    assert joined[0].tolist() == joined[1].tolist() == [0, 0, 0, 5]
    assert_metric(joined)


@given(seed=seeds, n=st.integers(1, 15), n_parts=st.integers(1, 5))
def test_without_points_parts_are_equally_far_apart(seed, n, n_parts):
    _, labels, between = parts(seed, n, n_parts)
    same = labels[:, None] == labels[None, :]
    joined = bridge_parts(between, labels)
    assert_array_equal(joined[same], between[same])
    widest = between[same].max()
    bridge = 2 * np.sqrt(len(np.unique(labels))) * widest if widest > 0 else 1.0
    assert_array_equal(joined[~same], bridge)
    assert_metric(joined)


def test_one_part_needs_no_bridge():
    between = np.array([[0.0, 1.0], [1.0, 0.0]])
    for points in (None, np.zeros((2, 1))):
        assert bridge_parts(between, np.array([4, 4]), points) is between


def test_lonely_nodes_are_one_unit_apart():
    joined = bridge_parts(np.array([[0.0, np.inf], [np.inf, 0.0]]), np.array([0, 1]))
    assert joined.tolist() == [[0, 1], [1, 0]]


def test_distances_of_zero_are_routes():
    known = np.array([[0, 0, np.inf], [0, 0, 2.0], [np.inf, 2.0, 0]])
    graph = Graph.from_edges([], n_nodes=3)
    closed = close_distances(known, graph, np.arange(3), np.zeros(3))
    assert closed.tolist() == [[0, 0, 2], [0, 0, 2], [2, 2, 0]]
