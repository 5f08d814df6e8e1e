"""GraphRandomFeatures: what it promises on the three sources of a graph."""

import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom import GraphRandomFeatures
from skgeom.graph import Graph
from skgeom.testing import host_waits


def rings(n=60, n_rings=2, seed=0):
    """Rings with some chords; labels are the rings."""
    nodes = np.arange(n)
    edges = [np.stack([nodes, (nodes + step) % n], axis=1) for step in (1, 3)]
    return Graph.from_edges(
        np.concatenate([ring * n + np.concatenate(edges) for ring in range(n_rings)])
    )


@pytest.fixture(scope="module")
def graph():
    return rings()


def column(n):
    return np.arange(n)[:, None]


def exact_kernel(model):
    eigenvalues, vectors = np.linalg.eigh(model.graph_.laplacian().matrix().toarray())
    K = (vectors * model.kernel_.function(eigenvalues)) @ vectors.T
    return K / model.alpha_


# ------------------------------------------------------------------------ a known graph


def test_inner_products_are_near_the_kernel(graph, device):
    model = GraphRandomFeatures(
        diffusion_time=1.0, graph=graph, n_walks=500, device=device, random_state=0
    )
    features = model.fit_transform(column(120))
    assert sp.issparse(features)
    assert features.format == "csr"
    assert features.shape == (120, 120)
    assert features.dtype == np.float32
    K = exact_kernel(model)
    gap = np.linalg.norm((features @ features.T).toarray() - K) / np.linalg.norm(K)
    assert gap < 0.02


def test_devices_draw_the_same(graph, device):
    shared = dict(graph=graph, random_state=3)
    one = GraphRandomFeatures(**shared).fit_transform(column(120))
    two = GraphRandomFeatures(device=device, **shared).fit_transform(column(120))
    assert_allclose(two.toarray(), one.toarray(), atol=1e-6)


@pytest.mark.parametrize("method", ["walk", "push"])
def test_rows_do_not_depend_on_other_rows(graph, method):
    model = GraphRandomFeatures(graph=graph, method=method, random_state=0)
    whole = model.fit_transform(column(120)).toarray()
    rows = np.array([7, 3, 119, 3])
    assert_array_equal(model.transform(rows[:, None]).toarray(), whole[rows])
    few = clone(model).fit(rows[:, None])
    assert_array_equal(few.transform(column(120)).toarray(), whole)
    threads = clone(model).set_params(n_jobs=2).fit_transform(column(120))
    assert_array_equal(threads.toarray(), whole)


def test_clones_share_the_graph(graph):
    model = GraphRandomFeatures(graph=graph)
    assert clone(model).graph is graph
    model.fit(column(120))
    assert model.graph_ is graph


def test_a_fitted_model_can_be_pickled(graph):
    for kernel in ("diffusion", "regularized_laplacian", "random_walk", "cosine"):
        model = GraphRandomFeatures(kernel, graph=graph, random_state=0)
        found = model.fit_transform(column(120))
        again = pickle.loads(pickle.dumps(model)).transform(column(120))
        assert_array_equal(again.toarray(), found.toarray())


def test_cross_validation_hides_labels_and_not_nodes():
    import networkx as nx

    club = nx.karate_club_graph()
    side = np.array([club.nodes[node]["club"] == "Officer" for node in club])
    search = GridSearchCV(
        make_pipeline(
            GraphRandomFeatures(graph=Graph.from_networkx(club), random_state=0),
            RidgeClassifier(alpha=0.1),
        ),
        {"graphrandomfeatures__diffusion_time": [0.5, 2.0, 8.0]},
    )
    search.fit(column(34), side)
    assert search.best_score_ > 0.9


def test_what_takes_sparse_features_takes_these(graph):
    y = np.arange(120) // 60
    features = GraphRandomFeatures(graph=graph, diffusion_time=5.0, random_state=0)
    X = features.fit_transform(column(120))
    assert (
        SGDClassifier(random_state=0).fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
    )
    assert len(set(MiniBatchKMeans(2, n_init=3, random_state=0).fit_predict(X))) == 2
    # The column of ids beside other features.
    table = np.column_stack([np.arange(120), np.random.default_rng(0).random(120)])
    joined = ColumnTransformer([("graph", features, [0])], remainder="passthrough")
    assert joined.fit_transform(table).shape == (120, 121)


# ----------------------------------------------------------------------- its parameters


@pytest.mark.parametrize("p", [0.5, 0.3])
def test_walks_that_diverge_are_warned_of(graph, p):
    model = GraphRandomFeatures(
        "regularized_laplacian",
        regularization=10.0,
        halting_probability=p,
        graph=graph,
    )
    with pytest.warns(UserWarning, match="it must be below 0.174 for a finite var"):
        model.fit(column(120))


def test_walks_that_are_wasted_are_warned_of(graph):
    model = GraphRandomFeatures(
        diffusion_time=50.0, halting_probability=0.5, graph=graph
    )
    with pytest.warns(UserWarning, match="times the steps of 'auto'"):
        model.fit(column(120))


def test_walks_that_are_well_are_not_warned_of(graph):
    for p in (0.02, 0.1, "auto"):
        model = GraphRandomFeatures(halting_probability=p, graph=graph)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(column(120))
            assert len(model.survival_) == len(model.kernel_.modulation)


@pytest.mark.parametrize("parameters", [{}, dict(coupling=None), dict(method="push")])
@pytest.mark.parametrize("n", [60, 500])
def test_the_error_estimate_is_near_the_error(parameters, n):
    model = GraphRandomFeatures(
        diffusion_time=3.0, graph=rings(n), random_state=0, **parameters
    )
    features = model.fit_transform(column(2 * n))
    K = exact_kernel(model)
    error = np.linalg.norm((features @ features.T).toarray() - K) / np.linalg.norm(K)
    assert_allclose(model.error_estimate_, error, rtol=0.4)


def test_one_sampling_serves_a_grid_of_kernels(graph):
    model = GraphRandomFeatures(
        diffusion_time=4.0,
        alpha=1.0,
        graph=graph,
        n_walks=20,
        dtype=np.float64,
        random_state=0,
    ).fit(column(120))
    parts = model.length_features(column(120))
    f = model.kernel_.modulation
    assert len(parts) == len(f)
    total = sum(c * part for c, part in zip(f, parts, strict=True))
    assert_allclose(total.toarray(), model.transform(column(120)).toarray(), atol=1e-12)
    with pytest.raises(ValueError, match="needs method='walk'"):
        clone(model).set_params(method="push").fit(column(120)).length_features([[0]])


def test_length_features_are_for_nodes():
    X = np.random.default_rng(0).random((30, 2))
    model = GraphRandomFeatures(n_neighbors=5, random_state=0).fit(X)
    parts = model.length_features(X)
    assert_array_equal(parts[0].toarray(), np.eye(30))
    with pytest.raises(ValueError, match="row 0 of X is none"):
        model.length_features(X[:1] + 0.01)


def test_learned_coefficients_follow_the_targets(graph):
    # Labels alternate along the rings: neighbours differ, next neighbours agree.
    odd, half = np.arange(120) % 2, (np.arange(120) % 60) // 30
    shared = dict(graph=graph, n_steps=6, n_walks=64, random_state=0)
    smooth = GraphRandomFeatures("learned", **shared).fit(column(120), half)
    f = smooth.kernel_.modulation
    assert len(f) == 7
    assert (f >= 0).all()
    assert_allclose(f.sum(), 1)
    assert f[1:].sum() > 0.2
    bare = GraphRandomFeatures("learned", **shared).fit(column(120), odd)
    assert bare.kernel_.modulation[1] < f[1]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    accuracy = cross_val_score(
        make_pipeline(smooth, RidgeClassifier(0.1)), column(120), half, cv=folds
    )
    assert accuracy.mean() > 0.85
    # Numbers, columns of numbers, names.
    for y in (
        half + 0.5,
        np.column_stack([half, odd]) * 1.5,
        np.array(list("ab"))[half],
    ):
        clone(smooth).fit(column(120), y)


def test_learning_needs_targets(graph):
    model = GraphRandomFeatures("learned", graph=graph)
    with pytest.raises(ValueError, match="kernel='learned' needs y"):
        model.fit(column(120))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(column(120), np.arange(7))


def test_components_keep_inner_products(graph):
    model = GraphRandomFeatures(
        diffusion_time=1.0, graph=graph, n_components=64, n_walks=200, random_state=0
    )
    K = exact_kernel(model.fit(column(120)))
    dense = model.transform(column(120))
    assert isinstance(dense, np.ndarray)
    assert dense.shape == (120, 64)
    assert dense.dtype == np.float32
    # A dot product of the projections errs by about |x||y| / sqrt(n_components).
    bound = 6 * K.diagonal().max() / np.sqrt(64)
    assert abs(dense @ dense.T - K).max() < bound
    assert list(model.get_feature_names_out()[:1]) == ["graphrandomfeatures0"]
    assert model.set_output(transform="pandas").transform(column(9)).shape == (9, 64)


def test_features_may_be_dense(graph):
    pd = pytest.importorskip("pandas")
    ids = np.arange(graph.n_nodes)[:, None]
    sparse = GraphRandomFeatures(graph=graph, random_state=0).fit(ids)
    dense = clone(sparse).set_params(sparse_output=False).fit(ids)
    assert sp.issparse(sparse.transform(ids))
    found = dense.transform(ids[:5])
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32
    assert_array_equal(found, sparse.transform(ids[:5]).toarray())
    table = dense.set_output(transform="pandas").transform(ids)
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == list(dense.get_feature_names_out())
    with pytest.raises(ValueError, match="sparse_output=False"):
        sparse.set_output(transform="pandas").transform(ids)
    dense.set_output(transform="default")
    torch = pytest.importorskip("torch")
    tensor = dense.transform(torch.asarray(ids))
    assert_array_equal(tensor.numpy(), dense.transform(ids))


def test_the_type_is_a_parameter(graph):
    for dtype in (np.float32, np.float64):
        for n_components in (None, 5):
            model = GraphRandomFeatures(
                graph=graph, dtype=dtype, n_components=n_components, random_state=0
            )
            assert model.fit_transform(column(120)).dtype == dtype


def test_tensors_in_tensors_out(graph):
    torch = pytest.importorskip("torch")
    ids = torch.arange(120)[:, None]
    model = GraphRandomFeatures(graph=graph, random_state=0)
    expected = model.fit_transform(column(120)).toarray()
    found = model.fit_transform(ids)
    assert found.layout == torch.sparse_csr
    assert found.dtype == torch.float32
    assert_allclose(found.to_dense().numpy(), expected, atol=1e-6)
    with host_waits() as waits:
        model.transform(ids)
    # The node numbers are read on the host; the features never get there.
    assert sum(n for (_, what), n in waits.items() if what == "cpu") == 1
    dense = model.set_params(n_components=4).fit_transform(ids)
    assert isinstance(dense, torch.Tensor)
    assert dense.shape == (120, 4)


# --------------------------------------------------------------------- points and links


def test_training_points_get_their_own_features_back():
    X = np.random.default_rng(0).random((80, 3))
    model = GraphRandomFeatures(alpha=1.0, diffusion_time=1.0, random_state=0)
    found = model.fit_transform(X)
    assert_allclose(model.transform(X[::-1]).toarray(), found.toarray()[::-1])
    assert model.graph_.n_nodes == 80
    K = exact_kernel(model)
    exact = clone(model).set_params(n_walks=2000).fit_transform(X)
    assert abs((exact @ exact.T).toarray() - K).max() < 0.02


def test_new_points_see_the_kernel_of_the_points_around():
    rng = np.random.default_rng(0)
    X = rng.random((300, 2))
    y = np.sin(5 * X[:, 0]) > X[:, 1]
    model = make_pipeline(
        GraphRandomFeatures(diffusion_time=4.0, n_walks=64, random_state=0),
        RidgeClassifier(alpha=0.01),
    )
    assert cross_val_score(model, X, y, cv=5).mean() > 0.9
    # Scale: what hangs among the points has inner products as large as theirs.
    features = model[0].fit(X)
    new = features.transform(0.25 + 0.5 * rng.random((100, 2)))
    inside = features.transform(X[(abs(X - 0.5) < 0.25).all(axis=1)])
    known = features.transform(X)
    ratio = (new @ known.T).sum() / 100 / ((inside @ known.T).sum() / inside.shape[0])
    assert 0.8 < ratio < 1.2


def test_new_points_with_a_halting_probability():
    X = np.random.default_rng(0).random((60, 2))
    model = GraphRandomFeatures(halting_probability=0.1, random_state=0).fit(X)
    found = model.transform(np.concatenate([X[:3], X[:3] + 0.01]))
    assert_array_equal(found[:3].toarray(), model.transform(X[:3]).toarray())
    K = (found[:3] @ found[3:].T).toarray()
    assert (K.diagonal() > 0).all()


def test_a_new_node_has_the_mean_of_the_features_of_its_links():
    graph = rings(21, 1)
    links = np.zeros((1, 21))
    links[0, [0, 5, 6]] = 1.0, 2.0, 0.5
    model = GraphRandomFeatures(
        "regularized_laplacian",
        regularization=2.0,
        alpha=1.0,
        affinity="precomputed",
        method="push",
        threshold=0.0,
        dtype=np.float64,
    ).fit(graph.adjacency)
    found = model.transform(links) @ model.transform(graph.adjacency).T
    # The row of W that the links add, times the kernel.
    row = links[0] / np.sqrt(links.sum() * graph.degrees)
    expected = row @ exact_kernel(model)
    assert_allclose(found.toarray()[0], expected, atol=1e-5)


def test_noise_is_not_blown_up_at_new_points():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    y = X[:, 0] + 0.5 * rng.normal(size=500)
    model = make_pipeline(GraphRandomFeatures(method="push"), Ridge())
    assert model.fit(X[:100], y[:100]).score(X[100:], y[100:]) > 0.6


def test_known_links_are_the_node():
    A = rings(20, 1).adjacency
    model = GraphRandomFeatures(affinity="precomputed", random_state=0)
    found = model.fit_transform(A).toarray()
    known = GraphRandomFeatures(graph=Graph(A), random_state=0)
    assert_allclose(found, known.fit_transform(column(20)).toarray())


def test_a_row_without_links_is_warned_of():
    model = GraphRandomFeatures(affinity="precomputed", random_state=0)
    model.fit(rings(20, 1).adjacency)
    with pytest.warns(UserWarning, match="1 rows have no link"):
        found = model.transform(np.zeros((1, 20)))
    assert np.isfinite(found.data).all()


# ---------------------------------------------------------------------------- bad input


def test_isolated_nodes_loops_and_parts():
    graph = Graph.from_edges([[0, 1], [1, 2], [3, 3], [4, 5]], n_nodes=7)
    shared = dict(alpha=1.0, diffusion_time=1.0, graph=graph)
    model = GraphRandomFeatures(n_walks=50, random_state=0, **shared)
    features = model.fit_transform(column(7)).toarray()
    assert np.isfinite(features).all()
    # A node without edges, and one with itself alone: L is zero there, K is one.
    assert_allclose(features[[3, 6]], np.eye(7)[[3, 6]], rtol=0.02)
    parts = graph.connected_components[1]
    assert not features[parts[:, None] != parts[None, :]].any()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[0], [120]], "from 0 to 119"),
        ([[-1]], "from 0 to 119"),
        ([[0.5]], "column of node ids or names"),
        ([[0, 1]], "column of node ids or names"),
        ([[np.nan]], "row 0 holds nan"),
    ],
)
def test_bad_ids(graph, X, message):
    with pytest.raises(ValueError, match=message):
        GraphRandomFeatures(graph=graph).fit(X)


def test_ids_may_be_floats_without_fraction(graph):
    model = GraphRandomFeatures(graph=graph, random_state=0).fit([[0.0], [5.0]])
    assert model.transform([[5.0]]).shape == (1, 120)


def test_a_directed_graph_is_symmetrised_with_a_warning():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 0]], directed=True)
    with pytest.warns(UserWarning, match="The graph is directed"):
        model = GraphRandomFeatures(graph=graph).fit([[0]])
    assert not model.graph_.directed


def test_bad_adjacency():
    model = GraphRandomFeatures(affinity="precomputed")
    with pytest.raises(ValueError, match="needs a square matrix"):
        model.fit(np.ones((3, 2)))
    with pytest.raises(ValueError, match="Negative values"):
        model.fit(np.array([[0.0, -1.0], [-1.0, 0.0]]))


@pytest.mark.parametrize(
    "parameters",
    [
        dict(halting_probability=0.0),
        dict(halting_probability=1.0),
        dict(halting_probability=-0.5),
        dict(n_walks=0),
        dict(kernel="heat"),
        dict(diffusion_time=0.0),
        dict(offset=1.0),
        dict(coupling="both"),
        dict(method="pull"),
        dict(n_components=0),
        dict(dtype=np.int32),
        dict(threshold=1.0),
        dict(graph=np.eye(3)),
        dict(device="gpu"),
    ],
    ids=str,
)
def test_bad_parameters(parameters):
    name = next(iter(parameters))
    with pytest.raises(ValueError, match=name):
        GraphRandomFeatures(**parameters).fit(np.random.default_rng(0).random((9, 2)))


def test_bad_kernels_say_so(graph):
    with pytest.raises(ValueError, match="needs coefficients"):
        GraphRandomFeatures("coefficients", graph=graph).fit(column(120))
    with pytest.raises(ValueError, match="no power series"):
        GraphRandomFeatures(np.abs, graph=graph).fit(column(120))
