"""HeatGeodesicEmbedding: input that is bad, or only looks it."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import block_diag
from scipy.sparse import csgraph
from sklearn.base import clone
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, pairwise_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_swiss_roll
from skgeom.graph import Graph
from skgeom.metrics import distance_preservation

# The published graph and distances, for what is tested of them alone.
PLAIN = {"robust": False, "geodesic": "heat"}


def fit_quietly(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(X)


def test_one_sample_is_an_error():
    with pytest.raises(ValueError, match=r"1 sample.*minimum of 2"):
        HeatGeodesicEmbedding().fit([[1.0, 2.0]])


def test_two_samples_keep_their_distance():
    with pytest.warns(UserWarning, match="n_neighbors=10 is more than the 1 other"):
        model = HeatGeodesicEmbedding().fit([[0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(np.abs(model.embedding_), [[2.5, 0], [2.5, 0]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_errors(bad):
    X = np.ones((20, 3))
    X[4, 1] = bad
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        HeatGeodesicEmbedding().fit(X)


@pytest.mark.parametrize("n", [5, 400])
def test_constant_features_collapse_to_one_point(n):
    model = fit_quietly(HeatGeodesicEmbedding(random_state=0), np.full((n, 3), 7.0))
    np.testing.assert_array_equal(model.embedding_, np.zeros((n, 2)))
    assert model.stress_ == 0.0


def test_one_constant_column_changes_nothing(roll):
    X = np.column_stack([roll.X, np.full(500, 3.0)])
    model = HeatGeodesicEmbedding(n_landmarks=50, random_state=0)
    np.testing.assert_allclose(
        model.fit_transform(X), model.fit_transform(roll.X), rtol=1e-9, atol=1e-9
    )


def test_duplicates_share_coordinates(roll):
    X = np.concatenate([roll.X, roll.X[:50]])
    model = HeatGeodesicEmbedding(random_state=0).fit(X)
    np.testing.assert_allclose(model.embedding_[:50], model.embedding_[500:])
    np.testing.assert_allclose(model.transform(X), model.embedding_)
    truth = roll.geodesic_distances()
    assert distance_preservation(truth, model.embedding_[:500]).pearson > 0.97


def test_more_duplicates_than_neighbors(roll):
    X = np.concatenate([roll.X, np.repeat(roll.X[:1], 40, axis=0)])
    model = fit_quietly(HeatGeodesicEmbedding(random_state=0), X)
    assert np.isfinite(model.embedding_).all()
    same = model.embedding_[500:] - model.embedding_[0]
    assert np.abs(same).max() < 1e-9 * np.abs(model.embedding_).max()


@pytest.mark.parametrize("n_landmarks", ["auto", 10, None])
def test_disconnected_parts_are_bridged(blobs, n_landmarks):
    with pytest.warns(UserWarning, match="2 connected components"):
        model = HeatGeodesicEmbedding(n_landmarks=n_landmarks, random_state=0).fit(
            blobs
        )
    D = model.geodesic_distances()
    gap = pairwise_distances(blobs[:60], blobs[60:]).min()
    assert np.isfinite(D).all()
    # Paths between parts run over the bridge, so they are no shorter, and not much
    # longer than a straight line through both clouds.
    assert D[:60, 60:].min() >= gap * (1 - 1e-9) or n_landmarks == 10
    assert 80 < D[:60, 60:].mean() < 130
    assert D[:60, :60].max() < 30
    centers = model.embedding_[:60].mean(axis=0) - model.embedding_[60:].mean(axis=0)
    assert 80 < np.linalg.norm(centers) < 130


def test_disconnected_graph_without_positions():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 3], [4, 5]], n_nodes=7)
    model = fit_quietly(HeatGeodesicEmbedding(graph=graph), np.arange(7)[:, None])
    D = model.geodesic_distances()
    bridge = 2 * np.sqrt(3) * D[:4, :4].max()
    np.testing.assert_allclose(D[:4, 4:], bridge)
    np.testing.assert_allclose(D[6, :6], bridge)
    assert np.isfinite(model.embedding_).all()


@pytest.mark.parametrize("geodesic", ["heat", "shortest_path", "auto"])
@pytest.mark.parametrize(
    "sizes", [(5, 5, 5), (5, 10, 40), (4, 6, 9, 12, 15, 18), (7,) * 20, (40, 1, 1)]
)
def test_parts_of_a_graph_do_not_mix(sizes, geodesic):
    cliques = block_diag(*(np.ones((k, k)) for k in sizes)) - np.eye(sum(sizes))
    X, parts = np.arange(sum(sizes))[:, None], np.repeat(np.arange(len(sizes)), sizes)
    graph = Graph.from_adjacency(cliques)
    model = HeatGeodesicEmbedding(graph=graph, geodesic=geodesic, random_state=0)
    embedding = fit_quietly(model, X).embedding_
    single = AgglomerativeClustering(len(sizes), linkage="single")
    assert adjusted_rand_score(parts, single.fit_predict(embedding)) == 1


@pytest.mark.parametrize("geodesic", ["heat", "shortest_path", "tree", "auto"])
def test_parts_of_a_cloud_stay_as_far_apart_as_they_are(geodesic):
    X, parts = make_moons(400, noise=0.02, random_state=0)
    model = fit_quietly(HeatGeodesicEmbedding(geodesic=geodesic, random_state=0), X)
    assert adjusted_rand_score(parts, model.graph_.connected_components[1]) == 1
    apart = [
        pairwise_distances(rows[parts == 0], rows[parts == 1]).min()
        for rows in (X, model.embedding_)
    ]
    assert apart[1] >= apart[0]


def test_graph_without_edges():
    graph = Graph.from_edges([], n_nodes=5)
    model = fit_quietly(HeatGeodesicEmbedding(graph=graph), np.arange(5)[:, None])
    np.testing.assert_array_equal(model.geodesic_distances(), 1.0 - np.eye(5))


def test_too_many_components_is_an_error():
    graph = Graph.from_edges([[0, 1]], n_nodes=2_500)
    with pytest.raises(ValueError, match="2499 connected components"):
        HeatGeodesicEmbedding(graph=graph).fit(np.arange(2_500)[:, None])


@pytest.mark.parametrize("exponent", [-500, 515, 960])
@pytest.mark.parametrize(
    "parameters",
    [
        {"geodesic": "heat"},
        {"geodesic": "shortest_path", "denoising": 0.3},
        {"geodesic": "tree"},
        {"geodesic": "tree", "robust": False},
    ],
    ids=str,
)
def test_scale_is_kept_for_all_geodesics(parameters, exponent):
    """From 1e154 on squares of points are no numbers."""
    rng = np.random.default_rng(0)
    arms = rng.uniform(size=(80, 1)) * np.eye(3)[np.arange(80) % 3]
    X = arms + 0.01 * rng.standard_normal((80, 3))
    model = HeatGeodesicEmbedding(n_landmarks=20, random_state=0, **parameters)
    plain, new = model.fit(X).embedding_, model.transform(X[:5] + 0.01)
    unit = 2.0**exponent
    scaled = model.fit(X * unit).embedding_
    np.testing.assert_allclose(scaled / unit, plain, rtol=1e-6, atol=1e-6)
    moved = model.transform((X[:5] + 0.01) * unit)
    np.testing.assert_allclose(moved / unit, new, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("factor", [1e6, 1e-6, 1e150, 1e-150])
def test_scale_of_the_data_is_kept(roll, factor):
    model = HeatGeodesicEmbedding(n_landmarks=50, random_state=0)
    plain = model.fit_transform(roll.X)
    scaled = model.fit_transform(factor * roll.X) / factor
    np.testing.assert_allclose(scaled, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, bool])
def test_integers_and_booleans_are_numbers(dtype):
    X = np.random.default_rng(0).integers(0, 2, size=(60, 12)).astype(dtype)
    model = fit_quietly(HeatGeodesicEmbedding(random_state=0), X)
    expected = fit_quietly(HeatGeodesicEmbedding(random_state=0), X.astype(np.float64))
    assert model.embedding_.dtype == np.float64
    np.testing.assert_array_equal(model.embedding_, expected.embedding_)


def test_sparse_points_are_an_error(roll):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        HeatGeodesicEmbedding().fit(sp.csr_array(roll.X))


def test_components_beyond_the_rank_are_zero():
    X = np.linspace(0, 1, 60)[:, None] * [[1.0, 2.0]]
    model = fit_quietly(HeatGeodesicEmbedding(n_components=70, mds="classical"), X)
    assert model.embedding_.shape == (60, 70)
    assert np.abs(model.embedding_[:, 60:]).max() <= 1e-12
    assert np.isfinite(model.transform(X)).all()


def test_asymmetric_adjacency_is_averaged_with_a_warning(roll):
    A = Graph.from_points(roll.X).adjacency.toarray()
    A[0, A[0] > 0] *= 2
    model = HeatGeodesicEmbedding(
        affinity="precomputed", n_landmarks=50, random_state=0
    )
    with pytest.warns(UserWarning, match="not symmetric"):
        model.fit(A)
    symmetric = clone(model).fit((A + A.T) / 2)
    np.testing.assert_array_equal(model.embedding_, symmetric.embedding_)


def test_bad_adjacency_is_an_error(roll):
    model = HeatGeodesicEmbedding(affinity="precomputed")
    with pytest.raises(ValueError, match="Negative values in data"):
        model.fit(-np.ones((5, 5)))
    with pytest.raises(ValueError, match=r"square matrix.*got \(5, 4\)"):
        model.fit(np.ones((5, 4)))


@pytest.mark.parametrize(
    ("ids", "match"),
    [
        ([[0], [7]], "from 0 to 2, got 0 to 7"),
        ([[0.5], [1.0]], "column of node ids or names"),
        ([[0, 1], [1, 2]], r"got shape \(2, 2\)"),
        ([[-1], [0]], "from 0 to 2, got -1"),
    ],
)
def test_bad_node_ids_are_errors(ids, match):
    graph = Graph.from_edges([[0, 1], [1, 2]])
    with pytest.raises(ValueError, match=match):
        HeatGeodesicEmbedding(graph=graph).fit(ids)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_components", 0),
        ("diffusion_time", 0.0),
        ("diffusion_time", "fast"),
        ("denoising", 1.5),
        ("volume_weight", -1),
        ("chaining", 1.0),
        ("n_landmarks", 0),
        ("affinity", "rbf"),
        ("device", "gpu"),
        ("device", "cuda:x"),
        ("mds", "nonmetric"),
    ],
)
def test_bad_parameters_are_named(roll, parameter, value):
    with pytest.raises(InvalidParameterError, match=parameter):
        HeatGeodesicEmbedding(**{parameter: value}).fit(roll.X)


def test_solver_that_is_stopped_early_says_so(roll):
    with pytest.warns(ConvergenceWarning, match=r"max_iter=2.*tol=0"):
        HeatGeodesicEmbedding(max_iter=2, tol=0, random_state=0).fit(roll.X)


@pytest.mark.parametrize("time", [1e-3, 1.0, 500.0])
@pytest.mark.parametrize("laplacian", ["symmetric", "random_walk", "combinatorial"])
@pytest.mark.parametrize("volume_weight", [0.0, 1.0, 2.0])
def test_no_setting_makes_a_number_that_is_none(time, laplacian, volume_weight):
    X = np.random.default_rng(0).normal(size=(60, 2)) * [20.0, 1.0]
    model = HeatGeodesicEmbedding(
        diffusion_time=time,
        laplacian=laplacian,
        volume_weight=volume_weight,
        n_landmarks=20,
        random_state=0,
        **PLAIN,
    )
    assert np.isfinite(fit_quietly(model, X).embedding_).all()
    assert np.isfinite(model.geodesic_distances()).all()


@pytest.mark.parametrize("n_landmarks", [25, None])
def test_shortest_paths_are_those_of_the_graph(roll, n_landmarks):
    model = HeatGeodesicEmbedding(
        n_landmarks=n_landmarks, geodesic="shortest_path", random_state=0
    ).fit(roll.X)
    expected = csgraph.dijkstra(model.graph_.lengths)
    np.testing.assert_allclose(model.geodesic_distances(), expected, rtol=1e-12)


def test_default_survives_noise_that_makes_shortcuts():
    """Noise of the size of a third of the gap between the turns of the roll."""
    sample = make_swiss_roll(600, noise=1.0, random_state=102)
    truth = sample.geodesic_distances()
    robust = HeatGeodesicEmbedding(random_state=0).fit_transform(sample.X)
    plain = HeatGeodesicEmbedding(random_state=0, **PLAIN).fit_transform(sample.X)
    assert distance_preservation(truth, robust).pearson > 0.97
    assert distance_preservation(truth, plain).pearson < 0.8


def test_automatic_geodesic_follows_the_graph(roll):
    rng = np.random.default_rng(0)
    model = HeatGeodesicEmbedding(n_landmarks=50, random_state=0)
    # 500 points of a thin roll mix slowly, a cloud mixes at once.
    assert model.fit(roll.X).geodesic_ == "shortest_path"
    assert model.fit(rng.normal(size=(300, 8))).geodesic_ == "heat"
    # Edges without lengths have only coarse paths.
    A = Graph.from_points(roll.X).adjacency
    by_links = HeatGeodesicEmbedding(affinity="precomputed", random_state=0).fit(A)
    assert by_links.geodesic_ == "heat"
    exact = HeatGeodesicEmbedding(n_landmarks=None).fit(roll.X[:200])
    assert exact.geodesic_ == "heat"


def test_automatic_time_follows_the_graph():
    """A long roll lets heat flow for 40 steps, a small cloud for far fewer."""
    rng = np.random.default_rng(0)
    long = np.column_stack([rng.uniform(0, 100, 800), rng.uniform(0, 3, 800)])
    cloud = rng.normal(size=(60, 8))
    model = HeatGeodesicEmbedding(n_landmarks=30, random_state=0)
    assert model.fit(long).diffusion_time_ == 40.0
    model.fit(cloud)
    rates = np.linalg.eigvalsh(model.graph_.laplacian().matrix().toarray())
    assert model.diffusion_time_ == pytest.approx(0.5 / rates[1], rel=0.05)


@pytest.mark.filterwarnings("ignore:.*rows have no link:UserWarning")
def test_rows_without_links_are_one_unit_from_all():
    A = np.diag(np.ones(5), 1)
    model = HeatGeodesicEmbedding(affinity="precomputed", random_state=0).fit(A + A.T)
    lonely, linked = np.zeros((2, 6)), (A + A.T)[:2]
    np.testing.assert_array_equal(model.geodesic_distances(lonely), [[0, 2], [2, 0]])
    np.testing.assert_array_equal(model.geodesic_distances(linked, lonely), 1.0)
    np.testing.assert_array_equal(model.geodesic_distances(None, lonely), 1.0)
    both = model.geodesic_distances(np.concatenate([linked, lonely]))
    np.testing.assert_array_equal(both[:2, 2:], 1.0)
    np.testing.assert_allclose(both[:2, :2], model.geodesic_distances(linked))


def test_a_short_list_of_neighbours_is_its_own_rows_alone():
    X = np.random.default_rng(0).normal(size=(60, 2))
    lists = NearestNeighbors(n_neighbors=11).fit(X)
    D = lists.kneighbors_graph(X, mode="distance")
    model = HeatGeodesicEmbedding(
        affinity="precomputed_nearest_neighbors", random_state=0
    ).fit(D)
    new = lists.kneighbors_graph(X[:5] + 0.01, mode="distance").tolil()
    alone = model.transform(new[:4].tocsr())
    for column in new.rows[4][3:]:
        new[4, column] = 0
    new = new.tocsr()
    new.eliminate_zeros()
    np.testing.assert_array_equal(model.transform(new)[:4], alone)
