"""SDPClustering: what it finds, and what it says about that."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import SDPClustering
from skgeom.cluster._sdp._search import solve
from skgeom.cluster._sdp._space import pecok_diagonal, points_of_affinities
from skgeom.testing import point_clouds

SOLVERS = ["admm", "low_rank", "sketch"]
SEEDS = pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)


def fit(X, n_clusters=3, **parameters):
    parameters = {"random_state": 0, **parameters}
    return SDPClustering(n_clusters, **parameters).fit(X)


def inertia(X, labels):
    return sum(
        ((X[labels == k] - X[labels == k].mean(axis=0)) ** 2).sum()
        for k in np.unique(labels)
    )


# ------------------------------------------------------------------------ the promises


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@given(
    X=point_clouds(min_samples=8, max_samples=40),
    n_clusters=st.integers(1, 8),
    seed=st.integers(0, 99),
)
@settings(max_examples=30)
def test_inertia_is_never_above_that_of_kmeans(X, n_clusters, seed):
    ours = fit(X, n_clusters, random_state=seed)
    theirs = KMeans(n_clusters, n_init=10, random_state=seed).fit(X)
    rounding = 1e-5 if X.dtype == np.float32 else 1e-10
    size = ((X.astype(float) - X.mean(axis=0, dtype=float)) ** 2).sum()
    assert ours.inertia_ <= theirs.inertia_ + rounding * size
    assert 0 <= ours.optimality_gap_
    assert ours.objective_ <= ours.upper_bound_ + rounding * size


@pytest.mark.parametrize("p, n_clusters", [(2, 8), (30, 10), (500, 4)])
def test_inertia_against_kmeans_on_larger_data(mixture, p, n_clusters):
    X, _ = mixture(200, p, n_clusters, 3.0)
    theirs = KMeans(n_clusters, n_init=10, random_state=1).fit(X)
    ours = fit(X, n_clusters, random_state=1)
    assert ours.inertia_ <= theirs.inertia_ * (1 + 1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_clear_clusters_are_found_and_certified(mixture, agreement, solver):
    X, y = mixture(90, 6, 3, 15.0)
    model = fit(X, solver=solver)
    assert agreement(model.labels_, y) == 1.0
    assert model.certified_
    assert model.optimality_gap_ <= 1e-6
    assert_allclose(model.inertia_, inertia(X, model.labels_))
    assert_allclose(model.membership_[range(90), model.labels_], 1.0, atol=0.02)


def test_fitted_attributes_fit_together(mixture):
    X, _ = mixture(120, 5, 3, 2.0)
    model = fit(X)
    assert_allclose(model.inertia_, inertia(X, model.labels_))
    total = ((X - X.mean(axis=0)) ** 2).sum()
    assert_allclose(model.objective_ + model.inertia_, total)
    assert_allclose(
        model.optimality_gap_, (model.upper_bound_ - model.objective_) / model.inertia_
    )
    assert not model.certified_
    assert_allclose(model.membership_.sum(axis=1), 1.0)
    assert model.membership_.min() >= 0
    assert model.n_iter_ >= 1
    for k in range(3):
        assert_allclose(model.cluster_centers_[k], X[model.labels_ == k].mean(axis=0))


def test_predict_transform_and_score_on_training_rows(mixture):
    X, _ = mixture(120, 5, 3, 2.0)
    model = fit(X)
    assert_array_equal(model.predict(X), model.labels_)
    assert_allclose(model.transform(X), euclidean_distances(X, model.cluster_centers_))
    assert_allclose(-model.score(X), model.inertia_)
    assert_array_equal(
        model.get_feature_names_out(), [f"sdpclustering{k}" for k in range(3)]
    )


def test_the_certificates_from_loose_to_tight():
    X = StandardScaler().fit_transform(load_wine().data)
    fast, sdp = fit(X), fit(X, certificate="sdp")
    assert_array_equal(fast.labels_, sdp.labels_)
    assert sdp.optimality_gap_ <= 0.01 < fast.optimality_gap_ <= 0.06
    X = StandardScaler().fit_transform(load_iris().data)
    assert fit(X, certificate="sdp").optimality_gap_ <= 0.035


def test_no_certificate_no_attributes(mixture):
    model = fit(mixture(30, 3, 3, 5.0)[0], certificate=None)
    assert not hasattr(model, "upper_bound_")
    assert not hasattr(model, "certified_")
    assert model.inertia_ > 0


def test_the_bound_does_not_depend_on_what_the_labels_aim_at(mixture):
    """A diagonal correction finds other labels; the bound is one of the inertia."""
    X, y = mixture(60, 100, 3, 5.0, spreads=[0.5, 1.0, 2.0])
    best = min(inertia(X, fit(X).labels_), inertia(X, y))
    for parameters in ({"diagonal_correction": "hollow"}, {"covariance_type": "diag"}):
        for certificate in ("fast", "sdp"):
            model = fit(X, certificate=certificate, solver="admm", **parameters)
            total = ((X - X.mean(axis=0)) ** 2).sum()
            assert total - model.upper_bound_ <= best * (1 + 1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_solvers_agree(mixture, agreement, solver):
    X, _ = mixture(150, 6, 4, 4.0)
    expected = fit(X, 4, solver="low_rank")
    model = fit(X, 4, solver=solver)
    assert agreement(model.labels_, expected.labels_) > 0.97
    assert_allclose(model.inertia_, expected.inertia_, rtol=1e-3)


def test_torch_in_torch_out(mixture):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    X, _ = mixture(60, 4, 3, 4.0)
    tensor = torch.as_tensor(X)
    model = SDPClustering(3, covariance_type="diag", random_state=0)
    labels = model.fit_predict(tensor)
    assert isinstance(labels, torch.Tensor)
    assert isinstance(model.predict(tensor), torch.Tensor)
    assert isinstance(model.transform(tensor), torch.Tensor)
    assert isinstance(model.predict_proba(tensor), torch.Tensor)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), labels.numpy())


def test_single_precision_is_kept(mixture):
    X, _ = mixture(60, 4, 3, 4.0)
    model = fit(X.astype(np.float32))
    assert model.cluster_centers_.dtype == np.float32
    assert model.transform(X.astype(np.float32)).dtype == np.float32


def test_random_state_decides(mixture):
    X, _ = mixture(80, 4, 5, 1.0)
    one, other = fit(X, 5, n_init=2), fit(X, 5, n_init=2)
    assert_array_equal(one.labels_, other.labels_)
    assert one.upper_bound_ == other.upper_bound_


@given(seed=st.integers(0, 99), scale=st.sampled_from([1e-4, 1.0, 1e5]))
@settings(max_examples=10)
def test_moving_turning_and_scaling_change_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    y = np.arange(60) % 3
    X = 12 * np.eye(3, 4)[y] + rng.standard_normal((60, 4))
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    one, other = fit(X), fit(scale * (X @ turn + 5.0))
    # The names of clusters follow the random numbers of k-means, which see X.
    assert len(set(zip(one.labels_, other.labels_, strict=True))) == 3
    assert_allclose(one.inertia_, other.inertia_ / scale**2, rtol=1e-6)


def test_in_a_pipeline_and_a_grid_search(mixture):
    X, _ = mixture(60, 4, 3, 6.0)
    model = make_pipeline(StandardScaler(), SDPClustering(random_state=0))
    search = GridSearchCV(model, {"sdpclustering__n_clusters": [2, 3]}, cv=2).fit(X)
    assert search.best_params_ == {"sdpclustering__n_clusters": 3}


# ----------------------------------------------------------------- where k-means fails


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_more_features_than_rows(mixture, agreement, seed):
    """Self-noise traps Lloyd's k-means at any number of starts."""
    X, y = mixture(200, 2000, 4, 5.6, seed)
    km = KMeans(4, n_init=10, random_state=0).fit(X)
    assert agreement(fit(X, 4).labels_, y) > 0.9 > 0.7 > agreement(km.labels_, y)


@pytest.mark.parametrize(
    "sizes",
    [(300, 30, 30, 6.0), pytest.param((1000, 100, 40, 5.6), marks=pytest.mark.slow)],
)
def test_many_clusters(mixture, agreement, sizes):
    X, y = mixture(*sizes)
    n_clusters = sizes[2]
    km = KMeans(n_clusters, n_init=10, random_state=0).fit(X)
    model = fit(X, n_clusters)
    assert agreement(model.labels_, y) > 0.98
    assert agreement(model.labels_, y) > agreement(km.labels_, y) + 0.02


@pytest.mark.parametrize("correction", ["hollow", "pecok"])
def test_unequal_variances_need_the_diagonal_corrected(mixture, agreement, correction):
    spreads = np.sqrt([0.5, 0.8, 1.2, 1.8])
    X, y = mixture(200, 1000, 4, 4.9, spreads=spreads)
    plain = fit(X, 4)
    corrected = fit(X, 4, diagonal_correction=correction)
    assert agreement(plain.labels_, y) < 0.8 < 0.95 < agreement(corrected.labels_, y)
    # It pays with inertia.
    assert corrected.inertia_ > plain.inertia_


def test_the_pecok_diagonal_is_the_noise():
    rng = np.random.default_rng(0)
    y, spread = np.arange(80) % 2, np.array([1.0, 3.0])
    X = 30.0 * np.eye(2, 4000)[y] + spread[y][:, None] * rng.standard_normal((80, 4000))
    X -= X.mean(axis=0)
    assert_allclose(pecok_diagonal(X) / 4000, spread[y] ** 2, rtol=0.35)


# --------------------------------------------- failure modes of the low-rank relaxation


@SEEDS
def test_points_near_vertices(mixture, seed):
    """Near-vertex data, on which a random start of the relaxation is stuck."""
    rng = np.random.default_rng(seed)
    logits = 7 * np.eye(10)[np.arange(1000) % 10] + 2 * rng.standard_normal((1000, 10))
    X = np.exp(logits - logits.max(axis=1, keepdims=True))
    X /= X.sum(axis=1, keepdims=True)
    km = KMeans(10, n_init=10, random_state=0).fit(X)
    assert fit(X, 10).inertia_ <= km.inertia_ * (1 + 1e-12)


def test_more_clusters_than_directions(agreement):
    """Eight clusters in a plane, of 2000 or 100 points: the relaxation diverged."""
    rng = np.random.default_rng(0)
    centers = np.array(
        [
            [0, 0],
            [100, 0],
            [0, 100],
            [200, 0],
            [200, 40],
            [240, 0],
            [240, 40],
            [200, 90],
        ]
    )
    y = np.repeat(np.arange(8), [2000] * 3 + [100] * 5)
    X = centers[y] + 4 * rng.standard_normal((len(y), 2))
    model = fit(X, 8)
    assert agreement(model.labels_, y) > 0.999
    assert model.optimality_gap_ < 0.3


@SEEDS
def test_a_sketch_is_no_worse_than_kmeans(mixture, agreement, seed):
    """A random sketch of 10,000 rows had half of them wrong."""
    X, y = mixture(10_000, 20, 4, 4.9, seed)
    model = fit(X, 4, solver="sketch")
    km = KMeans(4, n_init=10, random_state=0).fit(X)
    assert model.inertia_ <= km.inertia_ * (1 + 1e-12)
    assert agreement(model.labels_, y) > 0.995
    assert_array_equal(np.unique(model.membership_), [0.0, 1.0])


def test_the_search_is_never_worse_than_its_start(mixture):
    from skgeom.backends import get_backend
    from skgeom.cluster._sdp._exchange import partition_value

    X, _ = mixture(100, 20, 5, 2.0)
    X -= X.mean(axis=0)
    rng = np.random.RandomState(0)
    hollow = (X * X).sum(axis=1)
    for diagonal in (None, hollow):
        for solver in SOLVERS:
            start = rng.randint(0, 5, 100)
            found = solve(
                X,
                start,
                5,
                diagonal,
                rng,
                solver=solver,
                low_rank={"backend": get_backend("cpu"), "n_init": 2, "stable": True},
                tol=1e-2,
                max_iter=100,
            )
            assert partition_value(X, found.labels, diagonal) >= partition_value(
                X, start, diagonal
            )


# -------------------------------------------------------------------------- affinities


def test_a_linear_kernel_is_no_kernel(mixture):
    X, _ = mixture(80, 5, 3, 3.0)
    linear, given_ = fit(X), fit(X @ X.T, affinity="precomputed")
    assert_allclose(given_.inertia_, linear.inertia_)
    assert_allclose(given_.upper_bound_, linear.upper_bound_, rtol=1e-6)
    assert_array_equal(given_.predict(X @ X.T), given_.labels_)
    assert_allclose(
        np.diff(given_.transform(X @ X.T) ** 2, axis=1),
        np.diff(
            np.stack(
                [
                    ((X - X[given_.labels_ == k].mean(axis=0)) ** 2).sum(axis=1)
                    for k in range(3)
                ],
                axis=1,
            ),
            axis=1,
        ),
        atol=1e-8,
    )


def test_a_kernel_separates_what_lines_do_not():
    rng = np.random.default_rng(0)
    angle, y = rng.uniform(0, 2 * np.pi, 200), np.arange(200) % 2
    radius = np.array([0.3, 3.0])[y] + 0.1 * rng.standard_normal(200)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    model = fit(X, 2, affinity="rbf", gamma=0.5)
    hits = (model.labels_ == y).mean()
    assert max(hits, 1 - hits) > 0.8
    assert_array_equal(model.predict(X), model.labels_)
    distances = model.transform(X)
    assert_allclose((distances.min(axis=1) ** 2).sum(), model.inertia_, rtol=1e-6)
    same = fit(rbf_kernel(X, gamma=0.5), 2, affinity="precomputed")
    assert_allclose(same.inertia_, model.inertia_)


@given(seed=st.integers(0, 99))
@settings(max_examples=20)
def test_points_have_the_affinities_as_products(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((10, 3))
    P = points_of_affinities(X @ X.T)
    X -= X.mean(axis=0)
    assert_allclose(P @ P.T, X @ X.T, atol=1e-9)


def test_warm_warnings_are_no_default(mixture):
    X, _ = mixture(60, 4, 3, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(X)
    with pytest.warns(
        ConvergenceWarning, match="stopped at max_iter=5 with a residual"
    ):
        fit(X, early_stopping=False, max_iter=5, tol=1e-9)
