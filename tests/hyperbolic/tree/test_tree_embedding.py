"""Trees in hyperbolic space: lengths are kept, whatever the tree and its input."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from scipy.sparse.csgraph import shortest_path
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import train_test_split

from skgeom import TreeEmbedding
from skgeom.backends import get_backend
from skgeom.geometry import polar
from skgeom.graph import Graph
from skgeom.hyperbolic._rooted_tree import centres, neighbor_tree, tree_of_edges
from skgeom.hyperbolic._spherical_codes import spherical_code
from skgeom.metrics import reconstruction_score


def random_tree(n_nodes, seed, lengths=(0.5, 2.0), most=4):
    """Nodes hang on earlier ones that have fewer than so many children."""
    rng = np.random.default_rng(seed)
    room, edges = [0] * most, []
    for node in range(1, n_nodes):
        parent = room.pop(rng.integers(len(room)))
        edges.append((parent, node))
        room += [node] * most
    edges = np.array(edges, dtype=int).reshape(-1, 2)
    rng.shuffle(order := np.arange(n_nodes))
    return tree_of_edges(order[edges], rng.uniform(*lengths, len(edges)), n_nodes)


def of(lengths):
    pattern = lengths.copy()
    pattern.data[:] = 1.0
    return Graph(pattern, lengths=lengths, directed=False)


def everyone(graph):
    return np.arange(graph.n_nodes)[:, None]


def ratios(model, lengths):
    """Distances in the drawing over those along the tree, of all pairs."""
    pairs = np.triu_indices(lengths.shape[0], 1)
    paths = shortest_path(lengths, directed=False)[pairs]
    return model.distances()[pairs] / paths


# ------------------------------------------------------------------------------ laws


@given(st.integers(2, 40), st.integers(0, 99), st.integers(2, 5), st.integers(1, 4))
@settings(max_examples=40)
def test_edges_keep_their_lengths_and_no_path_is_longer(n, seed, d, n_terms):
    lengths = random_tree(n, seed)
    graph = of(lengths)
    model = TreeEmbedding(d, graph=graph, n_terms=n_terms).fit(everyone(graph))
    found = ratios(model, lengths)
    assert found.max() < 1 + 1e-4
    pairs = np.triu_indices(n, 1)
    edges = np.asarray(lengths[pairs] > 0).ravel()
    np.testing.assert_allclose(found[edges], 1, rtol=1e-4)
    assert model.contraction_ <= 1 and found.min() > 0.2


def test_a_path_is_a_geodesic():
    lengths = random_tree(60, 0, most=1)
    graph = of(lengths)
    found = ratios(TreeEmbedding(graph=graph).fit(everyone(graph)), lengths)
    assert found.max() / found.min() < 1 + 1e-9


def test_more_terms_more_digits():
    """Depth 40: the drawing of one float has no room for all siblings."""
    lengths = random_tree(400, 1, (1.0, 1.0), most=2)
    graph = of(lengths)
    model = {
        k: TreeEmbedding(graph=graph, n_terms=k).fit(everyone(graph)) for k in (1, 2, 4)
    }
    spread = {k: np.ptp(np.log(ratios(m, lengths))) for k, m in model.items()}
    assert spread[4] < spread[2] / 1.5 < spread[1] / 2
    assert spread[4] < np.log(1.5)
    kept = [model[k].contraction_ for k in (1, 2, 4)]
    assert kept == sorted(kept) and kept[-1] > 0.6


def test_neighbours_of_a_tree_are_found_in_the_ball():
    lengths = random_tree(300, 3, (1.0, 1.0), most=3)
    graph = of(lengths)
    model = TreeEmbedding(5, graph=graph).fit(everyone(graph))
    assert reconstruction_score(model.embedding_, graph) > 0.99


@pytest.mark.parametrize("output_space", ["poincare", "lorentz", "klein", "tangent"])
def test_charts_hold_the_same_points(output_space):
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = TreeEmbedding(max_radius=8.0, output_space=output_space).fit(X)
    found = getattr(polar, f"from_{output_space}")(model.embedding_)
    expected = np.column_stack([model.radii_, model.directions_[0]])[model.rows_]
    np.testing.assert_allclose(polar.distance(found, expected), 0, atol=1e-3)


@given(st.integers(1, 60), st.integers(1, 6))
@settings(max_examples=25)
def test_directions_of_a_code_are_apart(k, d):
    code = spherical_code(k, d)
    assert code.shape == (k, d)
    np.testing.assert_allclose((code**2).sum(axis=1), 1)
    order = code[1:] @ code[0]
    assert (np.diff(order) >= -1e-12).all()
    if 1 < k <= d + 1 and d > 1:
        np.testing.assert_allclose(order, -1 / (k - 1), atol=1e-9)
    if d > 1:
        # A packing of caps of half the gap leaves at least this much.
        gap = np.arccos(np.clip(np.max(code @ code.T - 3 * np.eye(k)), -1, 1))
        assert gap > 0.5 * k ** (-1 / (d - 1))


def test_thousands_of_directions_are_made_at_once():
    for d in (2, 3, 4):
        code = spherical_code(5000, d)
        assert len(np.unique(code.round(9), axis=0)) == 5000


# ------------------------------------------------------------------------ any input


def test_a_dendrogram_in_all_its_forms():
    X = np.random.default_rng(0).normal(size=(40, 4))
    rows = np.arange(40)[:, None]
    merges = linkage(X, "average")
    agglomerative = AgglomerativeClustering(
        2, linkage="average", compute_distances=True
    ).fit(X)
    expected = TreeEmbedding().fit(X).distances()
    for model in (
        TreeEmbedding(metric="precomputed").fit(pairwise_distances(X)),
        TreeEmbedding(graph=Graph.from_linkage(merges)).fit(rows),
        TreeEmbedding(graph=Graph.from_linkage(agglomerative)).fit(rows),
    ):
        np.testing.assert_allclose(model.distances(), expected, rtol=1e-6)


def test_a_graph_that_is_no_tree_is_replaced_by_one():
    ring = Graph.from_edges([[i, (i + 1) % 12] for i in range(12)])
    model = TreeEmbedding(graph=ring, n_terms=4).fit(everyone(ring))
    assert model.tree_ == "shortest_path"
    root = np.flatnonzero(model.parents_ < 0)[0]
    around = np.abs(np.arange(12) - root)
    np.testing.assert_allclose(
        model.radii_ / model.tau_, np.minimum(around, 12 - around), rtol=1e-6
    )
    minimum = TreeEmbedding(graph=ring, tree="minimum").fit(everyone(ring))
    assert minimum.tree_ == "minimum"
    assert minimum.lengths_.sum() == pytest.approx(11)


def test_a_directed_hierarchy_is_a_tree():
    up = Graph.from_edges([[1, 0], [2, 0], [3, 1], [4, 1]], directed=True)
    model = TreeEmbedding(graph=up, n_terms=2).fit(everyone(up))
    assert model.tree_ == "graph"
    assert model.distances([3], [4])[0, 0] == pytest.approx(2, rel=0.1)


def test_parts_hang_on_one_more_node():
    forest = Graph.from_edges([[0, 1], [1, 2], [3, 4]], n_nodes=7)
    with pytest.warns(UserWarning, match="4 parts"):
        model = TreeEmbedding(graph=forest).fit(everyone(forest))
    assert len(model.nodes_) == 8 and len(model.embedding_) == 7
    assert model.parents_[7] == -1 or 7 in model.parents_
    assert np.isfinite(model.distances()).all()


def test_names_and_a_root():
    family = Graph.from_edges([["Ann", "Bea"], ["Bea", "Cid"], ["Bea", "Dan"]])
    model = TreeEmbedding(graph=family, root=0).fit(np.array([["Cid"], ["Ann"]]))
    assert model.radii_[0] == 0 and model.parents_[0] == -1
    np.testing.assert_array_equal(model.transform([["Ann"]]), model.embedding_[1:])
    with pytest.raises(ValueError, match="root=9"):
        TreeEmbedding(graph=family, root=9).fit(np.array([["Cid"]]))


def test_lengths_of_zero_are_one_place():
    graph = of(tree_of_edges(np.array([[0, 1], [1, 2], [1, 3]]), np.array([1.0, 0, 2])))
    model = TreeEmbedding(graph=graph).fit(everyone(graph))
    d = model.distances()
    assert d[1, 2] == 0 and d[0, 2] == pytest.approx(1) and d[2, 3] == pytest.approx(2)


def test_nothing_to_draw():
    """One node, points that coincide, a graph without edges."""
    for X in (np.ones((1, 3)), np.ones((5, 2))):
        model = TreeEmbedding().fit(X)
        assert (model.embedding_ == 0).all() and model.contraction_ == 1
        np.testing.assert_array_equal(model.transform(X), model.embedding_)
    alone = Graph.from_edges(np.zeros((0, 2), dtype=int), n_nodes=1)
    assert (TreeEmbedding(graph=alone).fit([[0]]).embedding_ == 0).all()


def test_a_star_of_100_000_rays():
    star = tree_of_edges(
        np.column_stack([np.zeros(100_000, int), np.arange(1, 100_001)]),
        np.ones(100_000),
    )
    graph = of(star)
    for d in (2, 3, 6):
        model = TreeEmbedding(d, graph=graph).fit(np.arange(50)[:, None])
        found = model.distances()[1:, 1:]
        assert found[np.triu_indices(48, 1)].min() > 0.1
        assert (found < 2 + 1e-6).all()


def test_a_path_of_3_000_nodes():
    path = tree_of_edges(
        np.column_stack([np.arange(2999), np.arange(1, 3000)]), np.ones(2999)
    )
    graph = of(path)
    model = TreeEmbedding(graph=graph).fit(np.arange(0, 3000, 100)[:, None])
    expected = np.abs(np.subtract.outer(np.arange(30), np.arange(30))) * 100.0
    np.testing.assert_allclose(model.distances(), expected, rtol=1e-6, atol=1e-6)


def test_distances_that_are_none():
    D = np.array([[0.0, 1, 9], [1, 0, 1], [9, 1, 0]])  # no triangle
    assert np.isfinite(TreeEmbedding(metric="precomputed").fit(D).distances()).all()
    with pytest.warns(UserWarning, match="not symmetric"):
        TreeEmbedding(metric="precomputed").fit(np.array([[0, 1.0], [3, 0]]))
    for wrong, told in [
        (np.eye(3), "diagonal"),
        (-D, ">= 0"),
        (D[:2], "square"),
        (np.where(D == 9, np.inf, D), "infinity"),
    ]:
        with pytest.raises(ValueError, match=told):
            TreeEmbedding(metric="precomputed").fit(wrong)


def test_settings_that_do_not_go_together():
    X = np.random.default_rng(0).normal(size=(9, 2))
    with pytest.raises(ValueError, match="for a graph"):
        TreeEmbedding(tree="shortest_path").fit(X)
    ring = Graph.from_edges([[0, 1], [1, 2]])
    with pytest.raises(ValueError, match="joins points"):
        TreeEmbedding(tree="ward", graph=ring).fit([[0]])
    with pytest.raises(ValueError, match="Positions"):
        TreeEmbedding().fit(X).distances([9])


@pytest.mark.parametrize("scale", [1e-100, 1e-3, 1e100, 1e300])
def test_the_unit_does_not_matter(scale):
    X = np.random.default_rng(0).normal(size=(30, 3))
    model = TreeEmbedding().fit(X)
    other = TreeEmbedding().fit(scale * X)
    np.testing.assert_allclose(other.radii_, model.radii_, rtol=1e-8, atol=1e-8)
    assert other.tau_ == pytest.approx(model.tau_ / scale)
    np.testing.assert_allclose(
        other.distances(), scale * model.distances(), rtol=1e-4, atol=1e-6 * scale
    )


# ------------------------------------------------------------------------ new rows


@pytest.mark.parametrize("tree", ["average", "ward", "minimum"])
def test_neighbours_of_new_digits(tree):
    X, y = load_digits(return_X_y=True)
    X, new, y, y_new = train_test_split(X, y, train_size=500, random_state=0)
    model = TreeEmbedding(tree=tree).fit(X)
    placed = polar.from_poincare(model.transform(new))
    known = polar.from_poincare(model.embedding_)
    found = [
        np.bincount(y[np.argsort(polar.distance(known, row[None]))[:5]]).argmax()
        for row in placed
    ]
    assert np.mean(found == y_new) > 0.92


def test_training_rows_and_their_copies_have_one_place():
    X = np.random.default_rng(0).normal(size=(30, 3))
    X = np.concatenate([X, X[:7]])
    for tree in ("average", "minimum"):
        model = TreeEmbedding(tree=tree).fit(X)
        np.testing.assert_array_equal(model.embedding_[30:], model.embedding_[:7])
        np.testing.assert_array_equal(model.transform(X), model.embedding_)
        np.testing.assert_array_equal(model.transform(X[5:6]), model.embedding_[5:6])
    D = pairwise_distances(X)
    model = TreeEmbedding(metric="precomputed").fit(D)
    np.testing.assert_array_equal(model.transform(D), model.embedding_)


def test_single_precision_stays_in_the_ball():
    X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    for radius in ("auto", 34.0):
        model = TreeEmbedding(max_radius=radius).fit(X)
        assert model.embedding_.dtype == np.float32
        assert (np.linalg.norm(model.embedding_.astype(float), axis=1) < 1).all()
    # What the coordinates say is what was drawn.
    model = TreeEmbedding().fit(X)
    found = polar.from_poincare(model.embedding_.astype(float))
    drawn = polar.distance(found[:1], found[1:]) / model.tau_
    expected = model.distances([0], np.arange(1, 200))[0]
    assert np.median(np.abs(drawn / expected - 1)) < 0.02


# ------------------------------------------------------------------------- the tree


@given(st.integers(1, 40), st.integers(0, 99))
@settings(max_examples=40)
def test_the_centre_is_nearest_to_its_farthest_node(n, seed):
    lengths = random_tree(n, seed)
    paths = shortest_path(lengths, directed=False)
    (centre,) = centres(lengths)
    assert paths[centre].max() == pytest.approx(paths.max(axis=1).min())


def test_centres_of_parts_are_those_of_each():
    parts = [random_tree(n, n) for n in (7, 1, 12)]
    whole = sp.csr_array(sp.block_diag(parts))
    starts = np.cumsum([0, 7, 1])
    expected = [s + centres(p)[0] for s, p in zip(starts, parts, strict=True)]
    assert centres(whole).tolist() == expected


def test_the_spanning_tree_is_the_least():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(60, 2)), rng.normal(size=(5, 2)) + 50])
    found = neighbor_tree(X, 4, get_backend("cpu"))
    from scipy.sparse.csgraph import minimum_spanning_tree

    assert found.nnz == 2 * 64
    least = minimum_spanning_tree(pairwise_distances(X)).sum()
    assert found.sum() / 2 == pytest.approx(least)
