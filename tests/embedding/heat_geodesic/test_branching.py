"""Branches are told from clouds by what they say of points that were not seen."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_tree
from skgeom.embedding._heat_geodesic import _branching
from skgeom.embedding._heat_geodesic._tree_distance import tree_distances

RNG = np.random.default_rng


def clumps(rng, n, d, apart):
    centers = apart * rng.normal(size=(12, d))
    return centers[rng.integers(12, size=n)] + rng.normal(size=(n, d))


# Each was taken for a tree while agreement and loops alone decided.
CLOUDS = {
    "t": lambda rng: rng.normal(size=(300, 8)) / np.sqrt(rng.chisquare(3, (300, 1))),
    "t of features": lambda rng: rng.standard_t(5, size=(300, 5)),
    "lognormal": lambda rng: np.exp(rng.normal(size=(100, 3))),
    "exponential": lambda rng: rng.exponential(size=(600, 5)),
    "Gaussian": lambda rng: rng.normal(size=(100, 3)),
    "clumps": lambda rng: clumps(rng, 600, 5, 3.0),
}


@pytest.mark.parametrize("law", CLOUDS)
def test_clouds_are_no_trees(law):
    X = CLOUDS[law](RNG(0))
    assert not tree_distances(X, np.arange(0, len(X), 3), 0).is_tree


def test_trees_are_trees():
    X = make_tree(400, noise=2.0, random_state=1).X
    found = tree_distances(X, np.arange(0, 400, 3), 0)
    assert found.branches
    assert found.is_tree


def test_too_few_points_say_nothing():
    X = make_tree(30, random_state=0).X
    assert not _branching.has_branches(X, None, 24, np.random.RandomState(0))


def test_each_point_is_predicted_from_the_others():
    """Of its own quarter nothing is known: here that all its points are alike."""
    fold = RNG(0).permutation(40) % 4
    X = fold[:, None] * 1.0

    def seen(A, B):
        return np.isin(B[:, 0], A[:, 0]), B[:, 0]

    known, order = _branching._cross_validated(X, fold, seen)
    assert not known.any()
    np.testing.assert_array_equal(order, X[:, 0])


def test_likelihoods_of_clouds_are_those_of_their_laws():
    """Fitted to many points, each is near that of the law that they are from."""
    rng, d = RNG(0), 3
    shape = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, 0.3], [0.0, 0.3, 0.5]])
    normal = multivariate_normal(np.zeros(d), shape)
    heavy = multivariate_t(np.zeros(d), shape, df=3)
    for law, cloud in (
        (normal, _branching._of_elliptical),
        (heavy, _branching._of_elliptical),
        (normal, _branching._of_copula),
        (normal, _branching._of_turned_copula),
        (normal, _branching._of_two_clumps),
    ):
        A, B = (law.rvs(size, random_state=rng) for size in (4000, 1000))
        found = cloud(A, B, np.random.RandomState(0))
        assert np.mean(law.logpdf(B) - found) == pytest.approx(0, abs=0.05)


def test_copula_knows_each_distribution():
    """Exponential features, drawn in logarithms: their density is known."""
    A, B = RNG(0).exponential(size=(4000, 2)), RNG(1).exponential(size=(1000, 2))
    found = _branching._of_copula(A, B, None)
    assert np.mean(-B.sum(axis=1) - found) == pytest.approx(0, abs=0.15)


def test_round_clumps_are_found():
    rng, d = RNG(0), 4
    centers, sizes = 8 * rng.normal(size=(3, d)), np.array([0.5, 1.0, 2.0])

    def draw(n):
        clump = rng.integers(3, size=n)
        return centers[clump] + sizes[clump, None] * rng.normal(size=(n, d)), clump

    (A, _), (B, clump) = draw(900), draw(600)
    squared = ((B - centers[clump]) ** 2).sum(axis=1) / sizes[clump] ** 2
    constant = -np.log(3) - d * np.log(np.sqrt(2 * np.pi) * sizes[clump])
    found = _branching._of_round_clumps(A, B, np.random.RandomState(0))
    assert np.mean(constant - squared / 2 - found) == pytest.approx(0, abs=0.05)


def test_centres_are_drawn_out_along_links():
    """A path of three centres: the middle one to both sides, ends beyond themselves."""
    centers = np.array([[0.0], [8.0], [16.0]])
    places, weights = _branching._along(
        centers, np.log([0.25, 0.5, 0.25]), np.array([[0, 1], [1, 2]])
    )
    order = np.argsort(places[:, 0])
    expected = [-3, -1, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    np.testing.assert_allclose(places[order, 0], expected)
    shares = np.repeat([0.25, 0.5, 0.25], 4) / 4
    np.testing.assert_allclose(np.exp(weights[order]), shares)


def test_clusters_that_stand_apart_are_kept():
    """Ten of sizes that differ tenfold, one of few points: none lies on another."""
    rng = RNG(3)
    sizes = np.geomspace(0.2, 2.0, 10)
    centers = np.cumsum(np.r_[0, 6 * (sizes[1:] + sizes[:-1])])[:, None]
    turn = rng.normal(size=(10, 5))
    turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    centers = centers * turn
    y = np.repeat(np.arange(10), np.r_[np.full(9, 60), 30])
    X = centers[y] + sizes[y, None] * rng.normal(size=(len(y), 5)) / np.sqrt(5)
    with pytest.warns(UserWarning, match="connected components"):
        model = HeatGeodesicEmbedding(random_state=0).fit(X)
    counts = np.bincount(y[model.landmark_indices_])
    np.testing.assert_allclose(
        counts / counts.sum(), np.bincount(y) / len(y), atol=0.02
    )
    nearest = ((model.embedding_[:, None] - model.embedding_) ** 2).sum(axis=2)
    np.fill_diagonal(nearest, np.inf)
    assert np.mean(y[nearest.argmin(axis=1)] == y) > 0.99
