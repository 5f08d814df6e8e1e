"""HeatGeodesicEmbedding: the method, its invariances, and input of every kind."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import scipy.linalg
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import HeatGeodesicEmbedding
from skgeom.backends import get_backend
from skgeom.datasets import make_swiss_roll, make_tree
from skgeom.embedding._heat_geodesic._heat_distance import log_heat, log_self_heat
from skgeom.graph import Graph
from skgeom.metrics import distance_preservation
from skgeom.operators import heat_kernel

# The published graph and distances, for what is tested of them alone.
PLAIN = {"robust": False, "geodesic": "heat"}


def fit_quietly(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(X)


def dense_alpha_decay(X, n_neighbors, decay=40.0):
    """The paper's affinity, from the full distance matrix."""
    D = pairwise_distances(X)
    scale = np.sort(D, axis=1)[:, n_neighbors]
    K = np.exp(-((D / scale[:, None]) ** decay))
    K[K < 1e-4] = 0.0
    np.fill_diagonal(K, 0.0)
    return (K + K.T) / 2


def dense_heat_geodesic(W, laplacian, time, volume_weight, denoising):
    """Section 1.1 of the method, in a few lines of dense NumPy."""
    d = W.sum(axis=1)
    if laplacian == "symmetric":
        L = np.eye(len(W)) - W / np.sqrt(np.outer(d, d))
    else:
        L = (np.diag(d) - W) / d.mean()
    H = scipy.linalg.expm(-time * L)
    volume = (H.diagonal()[:, None] + H.diagonal()[None, :]) / 2
    squared = -4 * time * np.log(H + 1e-16)
    squared += volume_weight * 4 * time * np.log(volume + 1e-16)
    D = np.sqrt(np.clip(squared, 0.0, None))
    np.fill_diagonal(D, 0.0)
    return (1 - denoising) * D + denoising * pairwise_distances(D)


@pytest.mark.parametrize("laplacian", ["symmetric", "combinatorial"])
@pytest.mark.parametrize(("volume_weight", "denoising"), [(1.0, 0.0), (0.0, 0.5)])
def test_exact_form_is_the_papers_method(laplacian, volume_weight, denoising):
    X = np.random.default_rng(0).uniform(size=(150, 2))
    expected = dense_heat_geodesic(
        dense_alpha_decay(X, 10), laplacian, 6.0, volume_weight, denoising
    )
    fitted = HeatGeodesicEmbedding(
        n_landmarks=None,
        laplacian=laplacian,
        diffusion_time=6.0,
        volume_weight=volume_weight,
        denoising=denoising,
    ).fit(X)
    found = fitted.geodesic_distances()
    # The embedding keeps the data's units: one scalar apart, the matrices are equal.
    unit = np.linalg.norm(found) / np.linalg.norm(expected)
    assert np.abs(found - unit * expected).max() <= 1e-8 * found.max()
    apart = ~np.eye(len(X), dtype=bool)
    np.testing.assert_allclose(found[apart], unit * expected[apart], rtol=1e-8)


@pytest.mark.parametrize(
    "sample",
    [
        make_tree(400, noise=1.0, random_state=1),
        pytest.param(
            make_swiss_roll(800, noise=0.1, random_state=1), marks=pytest.mark.slow
        ),
        pytest.param(make_tree(800, noise=1.0, random_state=1), marks=pytest.mark.slow),
    ],
    ids=["tree", "large roll", "large tree"],
)
def test_landmarks_agree_with_the_exact_form(sample):
    truth = sample.geodesic_distances()
    exact = HeatGeodesicEmbedding(n_landmarks=None).fit(sample.X)
    few = HeatGeodesicEmbedding(chaining=None, random_state=0, **PLAIN).fit(sample.X)
    by_landmarks, by_all = (
        distance_preservation(truth, model.embedding_).pearson for model in (few, exact)
    )
    assert by_landmarks >= by_all - 0.005
    # Between landmarks the heat is the same heat: one unit apart, distances agree.
    mine = few.geodesic_distances()[
        np.ix_(few.landmark_indices_, few.landmark_indices_)
    ]
    theirs = exact.geodesic_distances()[
        np.ix_(few.landmark_indices_, few.landmark_indices_)
    ]
    unit = np.linalg.norm(theirs) / np.linalg.norm(mine)
    np.testing.assert_allclose(unit * mine, theirs, rtol=1e-8, atol=1e-10)


def test_default_recovers_a_swiss_roll_in_its_own_units():
    sample = make_swiss_roll(600, noise=0.1, random_state=100)
    truth = sample.geodesic_distances()
    embedding = HeatGeodesicEmbedding(random_state=0).fit_transform(sample.X)
    assert distance_preservation(truth, embedding).pearson >= 0.985
    assert 0.85 <= np.median(pairwise_distances(embedding)) / np.median(truth) <= 1.15


@pytest.mark.parametrize(
    ("n", "noise"),
    [(400, 0.05)]
    + [pytest.param(2000, noise, marks=pytest.mark.slow) for noise in (0.03, 0.05)],
)
def test_default_keeps_noisy_rings_closed(n, noise):
    """Cut open where they are thinnest, they would become arcs, of .83 at best."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, n)
    X = np.column_stack([np.cos(angle), np.sin(angle), np.zeros((n, 8))])
    X += noise * rng.normal(size=X.shape)
    apart = np.abs(angle[:, None] - angle)
    truth = np.minimum(apart, 2 * np.pi - apart)
    embedding = HeatGeodesicEmbedding(random_state=0).fit_transform(X)
    # A straight line is no arc: a perfect circle has .979.
    assert distance_preservation(truth, embedding).pearson > 0.97


@pytest.mark.parametrize("time", [0.5, 5.0, 100.0])
def test_distances_to_landmarks_are_never_clipped(time):
    """The volume of a node that is no landmark is bounded by what the kernel allows."""
    X = np.random.default_rng(0).normal(size=(200, 2))
    backend, landmarks = get_backend("cpu"), np.arange(0, 200, 9)
    laplacian = Graph.from_points(X).laplacian()
    log_h = log_heat(laplacian, time, landmarks, 0.0, np.float64, backend)
    log_self = log_self_heat(np, log_h, landmarks)
    volume = np.logaddexp(log_self[:, None], log_self[landmarks]) - np.log(2)
    assert (volume - log_h).min() >= -1e-12
    exact = np.log(heat_kernel(laplacian, time).diagonal())
    assert np.abs(log_self - exact).max() < np.ptp(exact)
    np.testing.assert_allclose(log_self[landmarks], exact[landmarks], atol=1e-12)


def test_chaining_reaches_what_heat_does_not():
    """On a long strip distant heat underflows; chained distances stay proportional."""
    rng = np.random.default_rng(0)
    X = np.column_stack([np.sort(rng.uniform(0, 150, 800)), rng.uniform(0, 1, 800)])
    along = np.abs(np.subtract.outer(X[:, 0], X[:, 0]))

    def agreement(chaining):
        model = HeatGeodesicEmbedding(
            n_neighbors=8,
            diffusion_time=10.0,
            n_landmarks=100,
            chaining=chaining,
            mds="classical",  # of the distances alone there is a claim
            random_state=0,
            **PLAIN,
        ).fit(X)
        found = model.geodesic_distances()
        assert np.isfinite(found).all()
        return np.corrcoef(found.ravel(), along.ravel())[0, 1]

    chained, raw = agreement("auto"), agreement(None)
    assert chained > 0.995
    assert 1 - chained < (1 - raw) / 2


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 1000), exponent=st.sampled_from([-6, 6, 100, -100]))
@example(seed=0, exponent=100)
@example(seed=199, exponent=-100)  # two raw distances that rounding clips at zero
def test_scale_moves_through_to_the_embedding(seed, exponent):
    X = np.random.default_rng(seed).normal(size=(60, 3))
    # A power of two changes no digit.
    factor = 2.0 ** (exponent * 3)
    model = HeatGeodesicEmbedding(random_state=0)
    plain, scaled = model.fit_transform(X), model.fit_transform(factor * X)
    np.testing.assert_allclose(scaled, factor * plain, rtol=1e-6, atol=1e-9 * factor)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000))
def test_rigid_motion_leaves_distances_and_order_only_permutes_them(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 3))
    order = rng.permutation(80)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    model = HeatGeodesicEmbedding(n_landmarks=None, diffusion_time=2.0)
    plain = model.fit(X).geodesic_distances()
    moved = model.fit(X[order] @ turn + 5.0).geodesic_distances()
    expected = plain[np.ix_(order, order)]
    # The unit of length is measured from a few rows, so it may move a little.
    unit = np.linalg.norm(expected) / np.linalg.norm(moved)
    assert 0.95 < unit < 1.05
    np.testing.assert_allclose(unit * moved, expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 1000),
    denoising=st.sampled_from([0.0, 0.4]),
    geodesic=st.sampled_from(["heat", "shortest_path"]),
    robust=st.booleans(),
)
def test_distances_are_symmetric_zero_on_the_diagonal_and_finite(
    seed, denoising, geodesic, robust
):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(70, 2)) * [10.0, 1.0]
    model = HeatGeodesicEmbedding(
        n_landmarks=20,
        denoising=denoising,
        geodesic=geodesic,
        robust=robust,
        random_state=seed,
    )
    D = fit_quietly(model, X).geodesic_distances()
    assert np.isfinite(D).all() and (D >= 0).all()
    # Squares agree to rounding; roots of small ones lose half of the digits.
    close = dict(rtol=1e-7, atol=1e-7 * D.max())
    np.testing.assert_allclose(D, D.T, **close)
    np.testing.assert_array_equal(D.diagonal(), 0.0)
    ids = rng.integers(70, size=5)
    np.testing.assert_allclose(model.geodesic_distances(X[ids], X), D[ids], **close)


def test_tensors_in_tensors_out(roll):
    torch = pytest.importorskip("torch")
    X = torch.as_tensor(roll.X, dtype=torch.float32)
    model = HeatGeodesicEmbedding(n_landmarks=50, random_state=0)
    embedding = model.fit_transform(X)
    assert isinstance(embedding, torch.Tensor) and embedding.dtype == torch.float32
    # What is fitted stays on the host: it can be loaded where there is no torch.
    assert isinstance(model.embedding_, np.ndarray)
    np.testing.assert_array_equal(model.embedding_, embedding.numpy())
    assert isinstance(model.transform(X[:3]), torch.Tensor)
    assert isinstance(model.geodesic_distances(X[:3]), torch.Tensor)
    by_numpy = model.transform(X[:3].numpy())
    np.testing.assert_allclose(by_numpy, model.transform(X[:3]).numpy(), rtol=1e-6)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_same_seed_same_result_whatever_the_threads(roll, n_jobs):
    reference = HeatGeodesicEmbedding(n_landmarks=100, random_state=3).fit(roll.X)
    again = HeatGeodesicEmbedding(n_landmarks=100, random_state=3, n_jobs=n_jobs)
    np.testing.assert_array_equal(again.fit(roll.X).embedding_, reference.embedding_)


def test_transform_returns_training_rows_and_interpolates_between(roll):
    model = HeatGeodesicEmbedding(n_landmarks=100, random_state=0).fit(roll.X)
    np.testing.assert_allclose(model.transform(roll.X), model.embedding_, rtol=1e-12)
    # A hair from a training row is a hair from its coordinates.
    near = model.transform(roll.X + 1e-9)
    assert np.abs(near - model.embedding_).max() < 1e-5 * np.abs(near).max()
    fresh = make_swiss_roll(300, noise=0.1, random_state=7)
    truth = fresh.geodesic_distances()
    assert distance_preservation(truth, model.transform(fresh.X)).pearson > 0.98


def test_transform_does_not_depend_on_the_batch(roll):
    model = HeatGeodesicEmbedding(n_landmarks=100, random_state=0).fit(roll.X)
    new = roll.X[:30] + 0.1
    one_by_one = np.concatenate([model.transform(row[None]) for row in new])
    np.testing.assert_array_equal(model.transform(new), one_by_one)


# --- The three sources of a graph ---------------------------------------------------


def test_graph_with_ids_is_transductive(roll):
    graph = Graph.from_points(roll.X, n_neighbors=10)
    ids = np.arange(500)[:, None]
    model = HeatGeodesicEmbedding(graph=graph, n_landmarks=80, random_state=0)
    whole = model.fit(ids).embedding_
    np.testing.assert_array_equal(model.transform(ids[::7]), whole[::7])
    subset = clone(model).fit(ids[100:200])
    np.testing.assert_array_equal(subset.embedding_, whole[100:200])
    np.testing.assert_array_equal(subset.transform(ids), whole)
    assert clone(model).graph is graph
    D = model.geodesic_distances()
    np.testing.assert_allclose(model.geodesic_distances(ids[:9], ids), D[:9])


def test_graph_of_the_points_gives_the_same_shape(roll):
    """Points and their graph differ in nothing but bridges, which need positions."""
    by_points = HeatGeodesicEmbedding(n_landmarks=80, random_state=0).fit(roll.X)
    by_graph = HeatGeodesicEmbedding(
        graph=by_points.graph_, n_landmarks=80, random_state=0
    ).fit(np.arange(500)[:, None])
    np.testing.assert_array_equal(by_graph.embedding_, by_points.embedding_)


@pytest.mark.parametrize("sparse", [False, True])
def test_precomputed_adjacency(roll, sparse):
    A = Graph.from_points(roll.X).adjacency
    X = A if sparse else A.toarray()
    few = dict(n_landmarks=50, random_state=0)
    model = HeatGeodesicEmbedding(affinity="precomputed", **few).fit(X)
    ids = np.arange(500)[:, None]
    graph = Graph.from_adjacency(A)
    by_graph = HeatGeodesicEmbedding(graph=graph, **few).fit(ids)
    np.testing.assert_array_equal(model.embedding_, by_graph.embedding_)
    np.testing.assert_allclose(model.transform(X), model.embedding_, rtol=1e-12)
    # A new node linked to one fitted node sits on it.
    link = np.zeros((1, 500))
    link[0, 17] = 3.0
    np.testing.assert_allclose(model.transform(link)[0], model.embedding_[17])


def test_row_without_links_goes_to_the_middle_with_a_warning(roll):
    A = Graph.from_points(roll.X).adjacency
    model = HeatGeodesicEmbedding(
        affinity="precomputed", n_landmarks=50, random_state=0
    ).fit(A)
    with pytest.warns(UserWarning, match="1 rows have no link.*row 1"):
        placed = model.transform(np.vstack([A[[3]].toarray(), np.zeros((1, 500))]))
    np.testing.assert_allclose(placed[1], model.embedding_.mean(axis=0), atol=1e-9)


def test_precomputed_neighbors_equal_those_found_here(roll):
    pipeline = make_pipeline(
        KNeighborsTransformer(mode="distance", n_neighbors=10),
        HeatGeodesicEmbedding(affinity="precomputed_nearest_neighbors", random_state=0),
    )
    embedding = pipeline.fit_transform(roll.X)
    assert distance_preservation(roll.geodesic_distances(), embedding).pearson > 0.97
    placed = pipeline.transform(roll.X)
    np.testing.assert_allclose(placed, embedding, rtol=1e-9, atol=1e-9)


# --- Everyday use -------------------------------------------------------------------


def test_pipeline_and_grid_search():
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200]
    pipeline = make_pipeline(
        StandardScaler(),
        HeatGeodesicEmbedding(n_landmarks=50, random_state=0),
        KNeighborsClassifier(),
    )
    search = GridSearchCV(
        pipeline, {"heatgeodesicembedding__n_components": [2, 5]}, cv=2
    ).fit(X, y)
    assert search.best_score_ > 0.75


def test_pickle_and_deepcopy_keep_the_model(roll):
    model = HeatGeodesicEmbedding(n_landmarks=50, random_state=0).fit(roll.X)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(
            twin.transform(roll.X + 0.1), model.transform(roll.X + 0.1)
        )
        np.testing.assert_array_equal(
            twin.geodesic_distances(roll.X[:3]), model.geodesic_distances(roll.X[:3])
        )


def test_callbacks_see_the_solver_and_may_stop_it(roll, device):
    pytest.importorskip("sklearn.callback")

    class Stopper:
        def __init__(self):
            self.seen = []

        def setup(self, estimator, context):
            self.seen.append("setup")

        def teardown(self, estimator, context):
            self.seen.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.seen.append("begin")

        def on_fit_task_end(self, estimator, context):
            self.seen.append("end")
            return context.parent is not None

    callback = Stopper()
    model = HeatGeodesicEmbedding(
        n_landmarks=100, tol=0.0, device=device, random_state=0
    )
    model.set_callbacks(callback).fit(roll.X)
    # On a device the solver looks up after every sixteen steps.
    assert model.n_iter_ == 50 if device == "cpu" else 50 <= model.n_iter_ < 66
    assert callback.seen == ["setup", "begin", "begin", "end", "end", "teardown"]
