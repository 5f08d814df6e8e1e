"""Cleaning: shortcuts, and the steps together."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph
from sklearn.datasets import make_swiss_roll as make_wide_roll

from skgeom.datasets import make_swiss_roll, make_tree
from skgeom.graph import (
    Graph,
    local_scale,
    nearest_neighbors,
    neighbor_overlap,
    prune_shortcuts,
    robust_graph,
)
from skgeom.graph._cleaning import _rejoined
from skgeom.graph._smoothing import anchor_rows

seeds = st.integers(0, 10_000)


@settings(max_examples=20)
@given(seed=seeds)
def test_overlap_is_the_jaccard_index(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 2))
    graph = Graph.from_points(X, n_neighbors=4)
    indices = nearest_neighbors(X, n_neighbors=9)[1]
    sets = [{i, *row} for i, row in enumerate(indices)]
    rows = np.repeat(np.arange(40), np.diff(graph.adjacency.indptr))
    expected = [
        len(sets[i] & sets[j]) / len(sets[i] | sets[j])
        for i, j in zip(rows, graph.adjacency.indices, strict=True)
    ]
    np.testing.assert_allclose(neighbor_overlap(graph, indices), expected)


@settings(max_examples=40)
@given(seed=seeds, share=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99]))
def test_pruning_cuts_edges_and_never_a_component(seed, share):
    rng = np.random.default_rng(seed)
    # Clumps with duplicates: edges of length zero, ties, a few components.
    X = np.repeat(rng.normal(size=(5, 2)) * 20, 12, axis=0)
    X += rng.normal(size=X.shape) * (rng.random((60, 1)) < 0.7)
    graph = Graph.from_points(X, n_neighbors=3)
    pruned = prune_shortcuts(graph, nearest_neighbors(X, n_neighbors=8)[1], share)
    assert pruned.n_edges <= graph.n_edges
    assert not pruned.directed
    # Whatever is left is as it was.
    left = pruned.adjacency.toarray() > 0
    np.testing.assert_array_equal(
        pruned.adjacency.toarray()[left], graph.adjacency.toarray()[left]
    )
    np.testing.assert_array_equal(
        pruned.lengths.toarray()[left], graph.lengths.toarray()[left]
    )
    np.testing.assert_array_equal(
        pruned.connected_components[1], graph.connected_components[1]
    )


def test_pruning_keeps_the_shortest_edge_of_a_bridge():
    """Two squares of points, three edges between: the shortest stays."""
    left = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    X = np.concatenate([left, left + np.array([3.0, 0.0])])
    pairs = [(i, j) for k in (0, 4) for i in range(k, k + 4) for j in range(k, i)]
    bridges = [(3, 5), (2, 4), (1, 5)]
    rows, columns = np.array(pairs + bridges).T
    W = sp.coo_array((np.ones(len(rows)), (rows, columns)), shape=(8, 8))
    W = (W + W.T).tocsr()
    lengths = W.copy()
    ends = np.repeat(np.arange(8), np.diff(W.indptr)), W.indices
    lengths.data = np.linalg.norm(X[ends[0]] - X[ends[1]], axis=1)
    lengths[4, 2] = lengths[2, 4] = 1.5
    neighbors = nearest_neighbors(X, n_neighbors=3)[1]
    pruned = prune_shortcuts(Graph(W, lengths=lengths), neighbors, share=0.15)
    assert pruned.connected_components[0] == 1
    assert pruned.adjacency[4, 2] == 1
    assert pruned.adjacency[3, 5] == pruned.adjacency[1, 5] == 0


@settings(max_examples=20)
@given(seed=seeds, share=st.floats(0.0, 0.99))
def test_ends_with_most_neighbors_in_common_stay_joined(seed, share):
    X = np.random.default_rng(seed).normal(size=(60, 2))
    graph = Graph.from_points(X, n_neighbors=4)
    neighbors = nearest_neighbors(X, n_neighbors=8)[1]
    close = neighbor_overlap(graph, neighbors) > 0.5
    pruned = prune_shortcuts(graph, neighbors, share, max_overlap=0.5)
    one, two = graph.adjacency.nonzero()
    assert (pruned.adjacency[one[close], two[close]] > 0).all()


def test_a_graph_without_suspects_is_left_alone():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 0]])
    members = np.array([[1, 2], [0, 2], [0, 1]])
    assert prune_shortcuts(graph, members, 0.9, np.eye(3), max_overlap=0.9) is graph


@pytest.mark.parametrize(
    ("name", "value"),
    [("share", -0.1), ("share", 1.0), ("max_overlap", -0.1), ("max_overlap", 1.1)],
)
def test_shares_out_of_range_are_errors(name, value):
    graph = Graph.from_edges([[0, 1]])
    with pytest.raises(ValueError, match=f"{name}={value}"):
        prune_shortcuts(graph, np.array([[1], [0]]), **{name: value})


@pytest.mark.parametrize(("n_nodes", "n_neighbors"), [(40, 10), (100, 50), (100, 99)])
def test_edges_that_overlap_alike_are_no_suspects(n_nodes, n_neighbors):
    """All points are neighbours of all: nothing tells a shortcut."""
    X = np.random.default_rng(0).uniform(size=(n_nodes, 2))
    whole, pruned = (
        robust_graph(X, n_neighbors=n_neighbors, pruning=p) for p in (0.0, 0.1)
    )
    assert pruned.n_edges == whole.n_edges
    paths = csgraph.dijkstra(pruned.lengths)
    straight = np.linalg.norm(X[:, None] - X, axis=2)
    assert np.corrcoef(paths.ravel(), straight.ravel())[0, 1] > 0.99


@settings(max_examples=30)
@given(seed=seeds, share=st.floats(0.0, 0.99), n_neighbors=st.integers(3, 39))
def test_the_share_is_not_cut_more_than_twice_over(seed, share, n_neighbors):
    """However many edges have the overlap at the border."""
    X = np.random.default_rng(seed).integers(6, size=(40, 2)).astype(float)
    graph = Graph.from_points(X, n_neighbors=4)
    wide = nearest_neighbors(X, n_neighbors=n_neighbors)[1]
    left = prune_shortcuts(graph, wide, share).adjacency.nnz / graph.adjacency.nnz
    assert left >= (1 - share) ** 2 * (1 - 1e-9)


@pytest.mark.parametrize("seed", [105, 805, 807])
def test_thin_stretches_of_a_branch_stay(seed):
    """Few edges hold them, and where branches touch, nothing else would be cut off."""
    tree = make_tree(2000, noise=1.0, geodesics="neighbor_graph", random_state=seed)
    rows = np.arange(0, 2000, 100)
    truth = tree.geodesic_distances()[rows]
    paths = csgraph.dijkstra(robust_graph(tree.X).lengths, indices=rows)
    agreement = [np.corrcoef(*pair)[0, 1] for pair in zip(paths, truth, strict=True)]
    assert np.mean(agreement) > 0.965


@pytest.mark.parametrize("seed", [840, 843, 845])
def test_paths_go_round_a_roll_of_few_points(seed):
    """A thousand points of scikit-learn's roll, whose turns are few neighbours apart.

    Not on every draw: noise 0.8 is as large as the distance of neighbours there.
    """
    X, t = make_wide_roll(1000, noise=0.8, random_state=seed)
    arc = (t * np.sqrt(t**2 + 1) + np.arcsinh(t)) / 2
    height = make_wide_roll(1000, random_state=seed)[0][:, 1]
    sheet = np.column_stack([arc, height])
    rows = np.arange(0, 1000, 50)
    truth = np.linalg.norm(sheet[rows, None] - sheet, axis=2)
    paths = csgraph.dijkstra(robust_graph(X).lengths, indices=rows)
    assert np.corrcoef(paths.ravel(), truth.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("seed", range(6))
def test_paths_go_round_a_noisy_roll(seed):
    """Noise puts points between the turns; without cleaning, paths cut across."""
    sample = make_swiss_roll(2000, noise=1.0, random_state=seed)
    rows = np.arange(0, 2000, 100)
    truth = sample.geodesic_distances(rows=rows).ravel()

    def agreement(graph):
        paths = csgraph.dijkstra(graph.lengths, indices=rows)
        return np.corrcoef(paths.ravel(), truth)[0, 1]

    assert agreement(robust_graph(sample.X)) > 0.98
    assert agreement(Graph.from_points(sample.X)) < 0.5


@pytest.mark.parametrize(("smoothing", "pruning"), [(0, 0.0), (0, 0.1), (50, 0.0)])
def test_steps_can_be_switched_off(smoothing, pruning):
    X = np.random.default_rng(0).normal(size=(120, 3))
    graph = robust_graph(X, smoothing=smoothing, pruning=pruning)
    if smoothing == 0 and pruning == 0:
        np.testing.assert_allclose(
            graph.adjacency.toarray(), Graph.from_points(X).adjacency.toarray()
        )
    n_parts = csgraph.connected_components(graph.adjacency)[0]
    assert n_parts == graph.connected_components[0]


def test_tiny_and_degenerate_input():
    assert robust_graph(np.array([[0.0], [1.0]]), n_neighbors=1).n_edges == 1
    assert robust_graph(np.ones((30, 20))).connected_components[0] == 1


def ring(rng, n_features):
    """A ring with a quarter at a tenth of the density, and its geodesic distances."""
    angle = rng.uniform(0, 2 * np.pi, 1500)
    angle = angle[(angle > np.pi / 2) | (rng.uniform(size=1500) < 0.1)]
    radius = 1 + rng.uniform(-0.05, 0.05, len(angle))
    plane = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    apart = np.abs(angle[:, None] - angle)
    frame = np.linalg.qr(rng.normal(size=(n_features, 2)))[0]
    X = plane @ frame.T + 0.01 * (n_features > 2) * rng.normal(
        size=(len(angle), n_features)
    )
    return X, np.minimum(apart, 2 * np.pi - apart)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("n_features", "smoothing"), [(2, 0), (2, "auto"), (10, "auto")]
)
def test_a_thin_bridge_stays(seed, n_features, smoothing):
    """Without it, paths to the far side of the ring are up to five times as long.

    Not so on every draw: in the plane, smoothing tears about one ring in twelve, and
    in ten features pruning without smoothing tears some, where noise alone fills the
    gap.
    """
    X, truth = ring(np.random.default_rng(seed), n_features)
    rows = np.arange(0, len(X), 60)
    graph = robust_graph(X, smoothing=smoothing)
    paths, truth = csgraph.dijkstra(graph.lengths, indices=rows), truth[rows]
    assert (paths < 1.2 * truth)[truth > 1].all()


def test_pruning_clear_points_cuts_only_what_leaves_the_shape():
    X, _ = ring(np.random.default_rng(0), 10)
    # Smoothed well: what noise is left tilts edges out of the tangent planes.
    whole, pruned = (robust_graph(X, smoothing=50, pruning=p) for p in (0.0, 0.3))
    assert pruned.n_edges > 0.9 * whole.n_edges


@pytest.mark.parametrize("n_features", [2, 10])
def test_tight_clusters_joined_by_few_points_stay_clusters_and_joined(n_features):
    rng = np.random.default_rng(0)
    centers = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    labels = np.repeat(np.arange(3), 200)
    tight = centers[labels] + 0.2 * rng.normal(size=(600, 2))
    steps = np.linspace(0, 1, 10)[1:-1, None]
    bridges = np.vstack([steps * centers[1], steps * centers[2]])
    plane = np.vstack([tight, bridges + 0.02 * rng.normal(size=bridges.shape)])
    frame = np.linalg.qr(rng.normal(size=(n_features, 2)))[0]
    graph = robust_graph(plane @ frame.T)
    assert graph.connected_components[0] == 1
    # No edge joins two clusters past the bridge.
    one, two = graph.adjacency[:600, :600].nonzero()
    assert (labels[one] == labels[two]).all()
    paths = csgraph.dijkstra(graph.lengths, indices=[0])[0, :600]
    assert paths[labels > 0].min() > 2 * paths[labels == 0].max()


def test_uneven_density_keeps_straight_distances():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(1500, 2)) ** [3, 1] * [4, 1]
    rows = np.arange(0, 1500, 50)
    paths = csgraph.dijkstra(robust_graph(X).lengths, indices=rows)
    straight = np.linalg.norm(X[rows, None] - X, axis=2)
    assert np.corrcoef(paths.ravel(), straight.ravel())[0, 1] > 0.995


def test_parts_are_joined_again_by_the_edges_of_before():
    X = np.array([[0.0], [1.0], [1.0], [2.5], [3.5]])
    whole = Graph.from_points(X, n_neighbors=2)
    assert whole.connected_components[0] == 1
    torn = Graph.from_neighbors(
        np.array([[0.5], [0.0], [0.0], [1.0], [1.0]]),
        np.array([[1], [2], [1], [4], [3]]),
    )
    assert torn.connected_components[0] == 2
    joined = _rejoined(torn, whole)
    assert joined.connected_components[0] == 1
    np.testing.assert_allclose(joined.lengths[[0], [1]], 0.5)
    # Edges of length zero stay, and so do those across the gap, as long as they were.
    one, two = joined.adjacency.nonzero()
    assert {(1, 2), (1, 3)} <= set(zip(one.tolist(), two.tolist(), strict=True))
    np.testing.assert_allclose(joined.lengths[[1], [3]], 1.5)
    assert _rejoined(whole, whole) is whole


def test_a_crowd_hangs_on_a_part_of_it():
    """In a dense crowd, points between the turns of a roll would make ways across."""
    X = make_swiss_roll(9000, noise=1.0, random_state=0).X
    size = local_scale(X)[0]
    assert size >= 400
    rows = anchor_rows(len(X), size)
    others = np.setdiff1d(np.arange(len(X)), rows)
    graph = robust_graph(X)
    assert graph.connected_components[0] == 1
    assert graph.adjacency[others][:, others].nnz == 0
    # What a point hangs on are neighbours of one of these.
    for i in others[::50]:
        ends = graph.adjacency[[i]].indices
        assert np.isin(ends, rows).all()
        joined = (graph.adjacency[ends][:, ends] > 0).toarray()
        assert (joined | np.eye(len(ends), dtype=bool)).all(axis=1).any()
