"""PoincareEmbedding: what it promises, on hierarchies, points and links."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, KFold

from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.geometry import poincare
from skgeom.graph import Graph
from skgeom.metrics import mean_rank, reconstruction_score

MAMMALS = load_wordnet_mammals()
NODES = np.arange(MAMMALS.n_nodes)[:, None]


def binary_tree(depth):
    """The closure of a complete binary tree, links going up."""
    edges = []
    for node in range(1, 2 ** (depth + 1) - 1):
        above = node
        while above > 0:
            above = (above - 1) // 2
            edges.append((node, above))
    return Graph.from_edges(edges, directed=True)


TREE = binary_tree(5)
TREE_NODES = np.arange(TREE.n_nodes)[:, None]


# ---------------------------------------------------------------------- accuracy


@pytest.mark.parametrize(
    ("n_components", "max_iter"),
    [(2, 60)]
    + [
        pytest.param(*more, marks=pytest.mark.slow)
        for more in ((5, 100), (2, 300), (5, 300))
    ],
)
def test_mammals_are_reconstructed(n_components, max_iter):
    """In a part of the epochs, already."""
    model = PoincareEmbedding(
        n_components, graph=MAMMALS, max_iter=max_iter, random_state=0
    ).fit(NODES)
    assert model.score(NODES) > 0.985
    assert mean_rank(model.embedding_, MAMMALS) < 1.07
    general, special = (
        MAMMALS.node_names.index(name) for name in ("mammal.n.01", "wolf_pup.n.01")
    )
    assert model.radii_[general] < model.radii_[special] / 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "n_components, least, most", [(5, 0.99, 1.04), (10, 0.995, 1.04)]
)
def test_mammals_at_the_stated_accuracy(n_components, least, most):
    scores = []
    for seed in (100, 101, 102):
        model = PoincareEmbedding(n_components, graph=MAMMALS, random_state=seed)
        X = model.fit_transform(NODES)
        scores.append((reconstruction_score(X, MAMMALS), mean_rank(X, MAMMALS)))
    precision, rank = np.mean(scores, axis=0)
    assert precision >= least
    assert rank <= most


def check_trees_from_a_random_start(device, optimizer):
    model = PoincareEmbedding(
        5,
        graph=TREE,
        init="random",
        optimizer=optimizer,
        max_iter=100,
        device=device,
        random_state=0,
    )
    assert model.fit(TREE_NODES).score(TREE_NODES) > 0.9
    assert model.init_ == "random"
    assert model.loss_curve_[-10:].mean() < model.loss_curve_[:10].mean() / 4


def check_riemannian_descent(device, model):
    model = PoincareEmbedding(
        5,
        graph=TREE,
        init="random",
        optimizer="sgd",
        model=model,
        batch_size=8,
        max_iter=100,
        device=device,
        random_state=0,
    ).fit(TREE_NODES)
    assert model.score(TREE_NODES) > 0.75


DESCENTS = pytest.mark.parametrize(
    ("check", "option"),
    [
        (check_trees_from_a_random_start, "polar_adam"),
        (check_trees_from_a_random_start, "tangent_adam"),
        (check_riemannian_descent, "lorentz"),
        (check_riemannian_descent, "poincare"),
    ],
)


@DESCENTS
def test_trees_are_found(check, option):
    check("cpu", option)


@pytest.mark.slow  # a small step costs torch a hundred times what it costs the host
@DESCENTS
def test_trees_are_found_on_devices(torch_device, check, option):
    check(torch_device, option)


@pytest.mark.parametrize(
    "options",
    [
        dict(optimizer="polar_adam"),
        dict(optimizer="tangent_adam"),
        dict(optimizer="sgd", model="lorentz"),
        dict(optimizer="sgd", model="poincare"),
    ],
    ids=lambda options: "-".join(options.values()),
)
def test_devices_start_on_the_same_way(torch_device, options):
    """As the host, whose descents end in trees, see above."""
    settings = dict(graph=TREE, init="random", max_iter=5, burn_in=1, batch_size=16)
    here, there = (
        PoincareEmbedding(5, device=device, random_state=0, **settings, **options).fit(
            TREE_NODES
        )
        for device in ("cpu", torch_device)
    )
    assert np.linalg.norm(here.embedding_, axis=1).max() > 0.2  # it has moved
    assert_allclose(there.embedding_, here.embedding_, atol=1e-8)
    assert_allclose(there.loss_curve_, here.loss_curve_, rtol=1e-8)


def test_the_layout_alone_reconstructs_a_tree():
    model = PoincareEmbedding(graph=TREE, max_iter=1, learning_rate=1e-9).fit(
        TREE_NODES
    )
    assert model.init_ == "tree"
    assert model.score(TREE_NODES) > 0.9


# ------------------------------------------------------------------- determinism


def test_a_seed_decides_everything(device):
    settings = dict(graph=TREE, max_iter=5, batch_size=16, device=device, init="random")
    one, same, other = (
        PoincareEmbedding(3, random_state=seed, **settings).fit_transform(TREE_NODES)
        for seed in (0, 0, 1)
    )
    assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3


def test_threads_do_not_change_the_result(monkeypatch):
    from skgeom.backends._numba import _backend as _numba

    # Small steps are not worth a thread; here they are.
    monkeypatch.setattr(_numba, "_WORK_PER_PIECE", 1000)
    settings = dict(graph=MAMMALS, max_iter=3, random_state=0)
    one, two = (
        PoincareEmbedding(5, n_jobs=n_jobs, **settings).fit_transform(NODES)
        for n_jobs in (1, 2)
    )
    assert_array_equal(one, two)


# ---------------------------------------------------------- rows new and known


def test_training_rows_keep_their_place(device):
    X = load_iris().data[::3]
    model = PoincareEmbedding(max_iter=3, device=device, random_state=0)
    assert_array_equal(model.fit_transform(X), model.embedding_)
    distinct = np.sort(np.unique(X, axis=0, return_index=True)[1])
    assert_array_equal(model.transform(X)[distinct], model.embedding_[distinct])


def test_new_rows_do_not_depend_on_the_batch(device):
    X = load_iris().data
    model = PoincareEmbedding(
        max_iter=30, batch_size=25, device=device, random_state=0
    ).fit(X[::2])
    whole = model.transform(X[1::2])
    some = [0, 30, 74]  # of each kind of flower
    alone = np.concatenate([model.transform(X[1::2][[row]]) for row in some])
    assert_allclose(whole[some], alone, atol=1e-12)
    shuffled = model.transform(X[1::2][::-1])[::-1]
    assert_allclose(whole, shuffled, atol=1e-12)


@pytest.mark.parametrize("n_components", [2, 5])
def test_new_nodes_find_their_branch(n_components):
    """Leaves that were left out come near the nodes above them."""
    adjacency = TREE.adjacency
    leaves = np.concatenate([np.arange(31, 63, 8), np.arange(32, 63, 8)])
    kept = np.setdiff1d(np.arange(63), leaves)
    settings = dict(affinity="precomputed", max_iter=100, random_state=0)
    model = PoincareEmbedding(n_components, **settings).fit(adjacency[kept][:, kept])
    links = adjacency[leaves][:, kept]
    placed = model.transform(links)
    distances = np.stack(
        [poincare.distance(row[None], model.embedding_) for row in placed]
    )
    linked = links.toarray() > 0
    nearest = np.argsort(distances, axis=1)[:, :5]
    assert np.take_along_axis(linked, nearest, axis=1).mean() > 0.9
    assert_array_equal(placed, model.transform(links))


def test_a_row_with_the_links_of_a_training_row_is_that_row():
    model = PoincareEmbedding(affinity="precomputed", max_iter=5, random_state=0)
    model.fit(TREE.adjacency)
    placed = model.transform(TREE.adjacency)
    assert_array_equal(placed[0], model.embedding_[0])
    assert_array_equal(placed[1::2], model.embedding_[1::2])
    assert_array_equal(placed[2::2], model.embedding_[1::2])  # a twin that comes first


def test_node_ids_may_come_in_any_order():
    model = PoincareEmbedding(graph=TREE, max_iter=5, random_state=0)
    whole = model.fit_transform(TREE_NODES)
    assert_array_equal(model.transform([[7], [3], [7]]), whole[[7, 3, 7]])
    assert_array_equal(model.fit_transform([[7], [3]]), whole[[7, 3]])
    assert model.radii_.shape == (2,)


def test_grid_search_on_links_holds_links_back():
    search = GridSearchCV(
        PoincareEmbedding(affinity="precomputed", max_iter=20, random_state=0),
        {"n_components": [2, 5]},
        cv=KFold(3, shuffle=True, random_state=0),
        error_score="raise",
    ).fit(TREE.adjacency)
    scores = search.cv_results_["mean_test_score"]
    assert (scores > 0.2).all() and (scores < 0.999).all()


def test_the_score_of_new_rows_does_not_leak():
    """Links that say nothing about each other are not predicted."""
    rng = np.random.RandomState(0)
    train = sp.csr_array((rng.uniform(size=(80, 80)) < 0.1) * 1.0)
    new = sp.csr_array((rng.uniform(size=(60, 80)) < 0.1) * 1.0)
    settings = dict(affinity="precomputed", max_iter=60, random_state=0)
    model = PoincareEmbedding(5, **settings).fit(train)
    assert model.score(train) > 0.3
    assert model.score(new) < 0.2


def test_score_of_points():
    X = load_iris().data
    model = PoincareEmbedding(random_state=0, max_iter=40).fit(X[::2])
    assert model.score(X[::2]) > 0.5
    assert 0.2 < model.score(X[1::2]) < 1


def test_grid_search_over_a_known_graph_shares_it():
    search = GridSearchCV(
        PoincareEmbedding(graph=TREE, max_iter=5, random_state=0),
        {"n_components": [2, 3]},
        cv=2,
    ).fit(TREE_NODES)
    assert search.best_estimator_.graph is TREE
    assert search.best_score_ > 0.8


# ------------------------------------------------------------------- the house


def test_float32_stays_float32_in_the_ball():
    X = load_iris().data.astype(np.float32)
    model = PoincareEmbedding(max_iter=50, random_state=0)
    embedding = model.fit_transform(X)
    assert embedding.dtype == model.transform(X).dtype == np.float32
    assert np.linalg.norm(embedding.astype(np.float64), axis=1).max() < 1
    assert model.radii_.max() <= 14.001


def test_clones_and_pickles():
    model = PoincareEmbedding(graph=TREE, max_iter=5, random_state=0).fit(TREE_NODES)
    again = clone(model).fit(TREE_NODES)
    assert_array_equal(again.embedding_, model.embedding_)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.transform(TREE_NODES), model.embedding_)


def test_names_and_lengths():
    model = PoincareEmbedding(3, graph=TREE, max_iter=7).fit(TREE_NODES)
    assert model.n_iter_ == 7 == len(model.loss_curve_)
    assert [*model.get_feature_names_out()] == [
        f"poincareembedding{i}" for i in range(3)
    ]
    assert_allclose(
        poincare.distance(np.zeros((1, 3)), model.embedding_), model.radii_, rtol=1e-3
    )


def test_tol_stops_early():
    model = PoincareEmbedding(
        graph=TREE, init="random", tol=0.5, max_iter=300, random_state=0
    ).fit(TREE_NODES)
    assert 20 < model.n_iter_ < 300


@pytest.mark.parametrize(
    "n_components, optimizer",
    [(1, "tangent_adam"), (2, "polar_adam"), (3, "polar_adam"), (4, "tangent_adam")],
)
def test_auto_optimizer(n_components, optimizer):
    model = PoincareEmbedding(n_components, graph=TREE, max_iter=1).fit(TREE_NODES)
    assert model.optimizer_ == optimizer
    assert np.isfinite(model.embedding_).all()


def test_callbacks_are_called():
    pytest.importorskip("sklearn.callback")
    seen = []
    model = PoincareEmbedding(graph=TREE, max_iter=60)
    progress = model._progress(60, measure="loss")
    for step in range(1, 61):
        seen.append(progress(step, 0.5))
    progress.close()
    assert not any(seen)
