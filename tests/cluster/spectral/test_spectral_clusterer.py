"""Spectral clusters: shapes, new rows, landmarks, graphs in parts, bad input."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_blobs, make_circles, make_moons
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import kneighbors_graph

from skgeom import SpectralClusterer
from skgeom.backends import get_backend
from skgeom.cluster._spectral._landmarks import landmark_weights
from skgeom.cluster._spectral._modes import slowest_modes
from skgeom.graph import Graph

MOONS, HALVES = make_moons(400, noise=0.06, random_state=0)
TWO_CLIQUES = np.kron(np.eye(2), np.ones((6, 6))) - np.eye(12)
TWO_CLIQUES[0, 6] = TWO_CLIQUES[6, 0] = 0.1


def spirals(n, seed):
    rng = np.random.default_rng(seed)
    t, y = rng.uniform(size=n), rng.integers(3, size=n)
    angle, radius = 2 * np.pi * (1.2 * t + y / 3), 0.3 + 2 * t
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return X + 0.04 * rng.normal(size=(n, 2)), y


@pytest.mark.parametrize("n_landmarks", [None, 80])
@pytest.mark.parametrize(
    ("X", "y"),
    [
        (MOONS, HALVES),
        make_circles(400, noise=0.05, factor=0.5, random_state=0),
        make_blobs(400, 5, centers=4, random_state=0, cluster_std=[0.3, 1, 1, 2]),
    ],
)
def test_shapes_and_new_rows(X, y, n_landmarks):
    model = SpectralClusterer(
        len(np.unique(y)), n_landmarks=n_landmarks, random_state=0
    ).fit(X[:300])
    fitted = adjusted_rand_score(y[:300], model.labels_)
    new = adjusted_rand_score(y[300:], model.predict(X[300:]))
    assert fitted > 0.98
    assert new > fitted - 0.03


def test_thin_shapes():
    X, y = spirals(1000, 0)
    model = SpectralClusterer(3, random_state=0).fit(X[:700])
    assert adjusted_rand_score(y[:700], model.labels_) > 0.9
    assert adjusted_rand_score(y[700:], model.predict(X[700:])) > 0.9


@pytest.mark.parametrize("n_landmarks", [None, 60])
def test_training_rows_keep_their_labels_and_coordinates(n_landmarks):
    model = SpectralClusterer(3, n_landmarks=n_landmarks, random_state=0)
    assert model.fit_predict(MOONS).dtype == np.int64
    some = np.arange(7, 300, 9)
    np.testing.assert_array_equal(model.predict(MOONS), model.labels_)
    np.testing.assert_array_equal(model.predict(MOONS[some]), model.labels_[some])
    np.testing.assert_allclose(
        model.transform(MOONS[some]), model.embedding_[some], atol=1e-12
    )
    lengths = np.linalg.norm(model.transform(MOONS + 0.01), axis=1)
    np.testing.assert_allclose(lengths, 1)
    assert model.embedding_.shape == (400, 3)
    assert len(model.eigenvalues_) == 4
    assert (model.landmarks_ is None) == (n_landmarks is None)


def test_many_rows_have_landmarks():
    X, y = make_circles(10_200, noise=0.05, factor=0.5, random_state=0)
    model = SpectralClusterer(2, random_state=0).fit(X)
    assert model.landmarks_.shape == (model.graph_.n_nodes, 2)
    assert model.graph_.n_nodes < 2000
    assert adjusted_rand_score(y, model.labels_) > 0.99


def test_the_walk_by_landmarks_is_that_of_rows_and_landmarks():
    """Its modes are those of the graph whose edges join rows with landmarks."""
    landmarks, X = MOONS[:40], MOONS[40:]
    Z = landmark_weights(landmarks, X, get_backend("cpu"))
    np.testing.assert_allclose(Z.sum(axis=1), 1)
    both = sp.block_array([[None, Z], [Z.T, None]], format="csr")
    values, _ = slowest_modes(Graph.from_adjacency(both), 5, get_backend("cpu"))
    model = SpectralClusterer(4, n_landmarks=40)
    model._landmarks, model._unit = landmarks, 1.0
    squares, _ = slowest_modes(
        Graph.from_adjacency(sp.csr_array(Z.T @ Z)), 5, get_backend("cpu")
    )
    np.testing.assert_allclose(squares, values**2, atol=1e-9)


def test_links_that_one_end_lists_count_a_fifth():
    model = SpectralClusterer(n_neighbors=1).set_params(n_clusters=1)
    model.fit([[0.0], [1.0], [2.5], [50.0]])
    A = model.graph_.adjacency.toarray()
    # The two first list each other; the third lists the second, the last the third.
    assert A[0, 1] == pytest.approx(np.exp(-1))
    assert A[1, 2] == pytest.approx(0.2 * np.exp(-(1.5**2) / 1.5))
    assert (A == A.T).all()


@pytest.mark.parametrize("kind", ["graph", "precomputed", "neighbors"])
def test_other_sources(kind):
    y = np.repeat([0, 1], 6)
    if kind == "graph":
        graph = Graph.from_adjacency(TWO_CLIQUES)
        model = SpectralClusterer(2, graph=graph, random_state=0)
        ids = np.arange(12)[:, None]
        labels = model.fit_predict(ids)
        assert (model.predict(ids[:3]) == labels[:3]).all()
    elif kind == "precomputed":
        model = SpectralClusterer(2, affinity="precomputed", random_state=0)
        labels = model.fit_predict(sp.csr_array(TWO_CLIQUES))
        new = np.zeros((2, 12))
        new[0, 1:4] = new[1, 8:10] = 1
        assert (model.predict(new) == labels[[1, 8]]).all()
    else:
        links = kneighbors_graph(MOONS, 12, mode="distance")
        model = SpectralClusterer(
            2, affinity="precomputed_nearest_neighbors", random_state=0
        )
        labels, y = model.fit_predict(links), HALVES
        by_points = SpectralClusterer(2, random_state=0).fit_predict(MOONS)
        assert adjusted_rand_score(labels, by_points) == 1
    assert adjusted_rand_score(y, labels) == 1


def test_a_seed_decides():
    X, _ = make_blobs(200, centers=9, cluster_std=4, random_state=0)
    for n_landmarks in (None, 50):
        model = SpectralClusterer(9, n_landmarks=n_landmarks, n_init=1, random_state=3)
        np.testing.assert_array_equal(model.fit_predict(X), model.fit_predict(X))


@pytest.mark.parametrize("n_landmarks", [None, 100])
@pytest.mark.parametrize("unit", [1e-100, 1e100])
def test_units_do_not_matter(unit, n_landmarks):
    model = SpectralClusterer(2, n_landmarks=n_landmarks, random_state=0)
    expected = model.fit_predict(MOONS)
    scaled = model.fit_predict(MOONS * unit)
    assert adjusted_rand_score(expected, scaled) == 1
    np.testing.assert_array_equal(model.predict(MOONS[:9] * unit), scaled[:9])


# -------------------------------------------------------------------------- bad input


def test_more_parts_than_clusters():
    """The smallest parts have the labels of the nearest ones."""
    sizes = (60, 50, 12, 11)
    places = np.array([[0.0, 0], [100, 0], [0, 30], [100, 30]])
    X, y = make_blobs(sizes, centers=places, cluster_std=1, random_state=0)
    with pytest.warns(UserWarning, match="has 4 parts, more than n_clusters=2: 23 no"):
        model = SpectralClusterer(2, random_state=0).fit(X)
    assert adjusted_rand_score(y % 2, model.labels_) == 1
    assert (model.predict(X[y == 2][:3] + 0.1) == model.labels_[y == 0][0]).all()
    A = np.zeros((9, 9))
    for part in (slice(0, 4), slice(4, 7), slice(7, 9)):
        A[part, part] = 1
    with pytest.warns(UserWarning, match="3 parts"):
        model = SpectralClusterer(2, affinity="precomputed", random_state=0).fit(A)
    assert (model.labels_[7:] == model.labels_[0]).all()
    assert model.labels_[5] != model.labels_[0]


@pytest.mark.filterwarnings("ignore:n_neighbors=:UserWarning")
@pytest.mark.filterwarnings("ignore:The graph has:UserWarning")
def test_duplicates_and_constant_columns():
    rows = np.repeat([[0.0, 1, 7], [1, 1, 7], [9, 1, 7], [9.5, 1, 7]], 20, axis=0)
    for n_landmarks in (None, 30):
        model = SpectralClusterer(2, n_landmarks=n_landmarks, random_state=0)
        labels = model.fit_predict(rows)
        assert adjusted_rand_score(np.repeat([0, 0, 1, 1], 20), labels) == 1
        with pytest.warns(UserWarning, match="fewer than n_clusters=9"):
            few = SpectralClusterer(9, n_landmarks=n_landmarks, random_state=0)
            assert few.fit(rows).labels_.max() <= 3
        constant = SpectralClusterer(1, n_landmarks=n_landmarks).fit(np.ones((12, 2)))
        assert (constant.labels_ == 0).all()
        assert np.isfinite(constant.transform([[5.0, 1e100]])).all()


def test_more_neighbours_than_rows():
    with pytest.warns(UserWarning, match="all 7 are used"):
        labels = SpectralClusterer(2, random_state=0).fit_predict(MOONS[:8])
    assert set(labels) == {0, 1}


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        SpectralClusterer(1).fit(MOONS[:1])
    with pytest.raises(ValueError, match="n_samples=4 must be at least n_clusters=8"):
        SpectralClusterer(n_neighbors=3).fit(MOONS[:4])
    with pytest.raises(ValueError, match="contains NaN"):
        SpectralClusterer().fit(MOONS * np.nan)
    with pytest.raises(ValueError, match="n_landmarks=9 needs points"):
        SpectralClusterer(2, n_landmarks=9, affinity="precomputed").fit(TWO_CLIQUES)
    with pytest.raises(ValueError, match="'n_landmarks' parameter"):
        SpectralClusterer(2, n_landmarks=1).fit(MOONS)
    with pytest.raises(ValueError, match="'affinity' parameter"):
        SpectralClusterer(2, affinity="rbf").fit(MOONS)
    with pytest.raises(ValueError, match="Negative values"):
        SpectralClusterer(2, affinity="precomputed").fit(-TWO_CLIQUES)
