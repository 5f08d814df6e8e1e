import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.spatial.distance import cdist
from scipy.stats import kstest

from skgeom.datasets import (
    ManifoldSample,
    make_clustered_swiss_roll,
    make_clustered_tree,
    make_swiss_roll,
    make_torus,
    make_tree,
)

ROLLS = [make_clustered_swiss_roll, make_swiss_roll]
TREES = [make_clustered_tree, make_tree]
GENERATORS = [*ROLLS, *TREES, make_torus]
LABELLED = [*TREES, make_clustered_swiss_roll]
SMALLEST = {make_torus: 4} | {make: 3 for make in ROLLS} | {make: 1 for make in TREES}
EXACT = [(make, {}) for make in GENERATORS]
ALL = [*EXACT, (make_tree, {"geodesics": "neighbor_graph", "n_neighbors": 3})]


def name(function):
    return getattr(function, "__name__", None)


each_generator = pytest.mark.parametrize("make", GENERATORS, ids=name)
each_geometry = pytest.mark.parametrize("make, options", ALL)
seeds = st.integers(0, 2**32 - 1)


@each_generator
@pytest.mark.parametrize("extra", [0, 1, 9])
def test_shapes(make, extra):
    n_features = SMALLEST[make] + extra
    sample = make(37, noise=0.1, n_features=n_features, random_state=0)
    assert isinstance(sample, ManifoldSample)
    assert sample.X.shape == (37, n_features)
    assert sample.X.dtype == np.float64
    assert sample.coordinates.shape == (37, 2)
    assert sample.coordinates.dtype == np.float64
    assert np.isfinite(sample.X).all()
    assert (sample.labels is not None) == (make in LABELLED)
    assert sample.geodesic_distances().shape == (37, 37)
    with pytest.raises(AttributeError):
        sample.X = None


@each_generator
def test_random_state(make):
    np.random.seed(0)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = make(30, random_state=7), make(30, random_state=7)
    assert_array_equal(first.X, second.X)
    assert_array_equal(first.coordinates, second.coordinates)
    assert_array_equal(first.geodesic_distances(), second.geodesic_distances())
    assert not np.array_equal(first.X, make(30, random_state=8).X)
    rng = np.random.RandomState(7)
    assert_array_equal(make(30, random_state=rng).X, first.X)
    assert not np.array_equal(make(30, random_state=rng).X, first.X)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@each_generator
def test_noise_is_added_to_the_same_points(make):
    options = {"n_samples": 2000, "n_features": SMALLEST[make] + 2, "random_state": 3}
    clean, noisy = make(**options), make(noise=2.5, **options)
    assert_array_equal(clean.coordinates, noisy.coordinates)
    noise = (noisy.X - clean.X) / 2.5
    assert kstest(noise.ravel(), "norm").pvalue > 1e-4
    some = {"rows": np.arange(5)}
    assert_array_equal(
        clean.geodesic_distances(**some), noisy.geodesic_distances(**some)
    )


@pytest.mark.parametrize("make", [*ROLLS, make_torus], ids=name)
def test_more_features_are_a_rotation(make):
    flat = make(40, random_state=0)
    for n_features in (5, 50):
        rotated = make(40, n_features=n_features, random_state=0)
        assert_array_equal(rotated.coordinates, flat.coordinates)
        assert_allclose(cdist(rotated.X, rotated.X), cdist(flat.X, flat.X), atol=1e-10)
        assert_allclose(
            np.linalg.norm(rotated.X, axis=1), np.linalg.norm(flat.X, axis=1)
        )
        assert (np.abs(rotated.X).max(axis=0) > 1e-3).all()


@each_geometry
@given(seed=seeds, n_samples=st.integers(1, 40))
@settings(max_examples=25)
def test_geodesics_are_a_metric(make, options, seed, n_samples):
    group = {} if make not in LABELLED else {"n_branches": min(5, n_samples)}
    if make is make_clustered_swiss_roll:
        group = {"n_clusters": min(5, n_samples)}
    sample = make(n_samples, random_state=seed, **options, **group)
    D = sample.geodesic_distances()
    assert np.isfinite(D).all()
    assert_array_equal(np.diag(D), 0)
    assert_allclose(D, D.T, rtol=1e-12)
    off_diagonal = D[~np.eye(n_samples, dtype=bool)]
    assert (off_diagonal > 0).all()
    # The longest detour allowed by rounding, for all triples at once.
    assert (D[:, None] <= D[:, :, None] + D[None] + 1e-9).all()
    # The surfaces and the branches are bent, but not stretched.
    assert (D >= cdist(sample.X, sample.X) - 1e-9).all()


@each_geometry
def test_geodesics_of_some(make, options):
    sample = make(30, random_state=0, **options)
    D = sample.geodesic_distances()
    rows, columns = [4, 2, 2, 29], np.array([7, 0])
    mask = np.arange(30) % 7 == 0
    close = {"rtol": 1e-12, "atol": 1e-12}
    for i, j in [(rows, columns), (columns, rows), (mask, rows), (slice(3, 9), mask)]:
        expected = D[i][:, j]
        assert_allclose(sample.geodesic_distances(i, j), expected, **close)
    assert_allclose(sample.geodesic_distances(rows=rows), D[rows], **close)
    assert_allclose(sample.geodesic_distances(columns=columns), D[:, columns], **close)
    assert_allclose(sample.geodesic_distances((1, 2), [3]), D[1:3, 3:4], **close)
    assert sample.geodesic_distances(rows=[]).shape == (0, 30)
    assert sample.geodesic_distances(columns=[]).shape == (30, 0)
    for wrong in ([30], [0.5], np.ones(29, dtype=bool)):
        with pytest.raises(IndexError):
            sample.geodesic_distances(rows=wrong)


@each_geometry
def test_samples_can_be_pickled(make, options):
    sample = make(20, random_state=0, **options)
    copy = pickle.loads(pickle.dumps(sample))
    assert_array_equal(copy.geodesic_distances(), sample.geodesic_distances())


@pytest.mark.parametrize("make", ROLLS, ids=name)
def test_points_lie_on_the_roll(make):
    x, y, z = make(500, random_state=0).X.T
    sample = make(500, random_state=0)
    u, h = sample.coordinates.T
    t = np.hypot(x, z)  # the radius of the spiral is its angle
    assert_allclose(x, t * np.cos(t), atol=1e-10)
    assert_allclose(z, t * np.sin(t), atol=1e-10)
    assert_array_equal(y, h)
    assert_array_equal(np.argsort(u), np.argsort(t))
    for i in range(5):
        length, _ = quad(lambda s: np.sqrt(1 + s**2), 0, t[i], epsabs=1e-12)
        assert_allclose(u[i], length, rtol=1e-12)
    D = sample.geodesic_distances()
    assert_allclose(D, np.hypot(*(c[:, None] - c for c in (u, h))), atol=1e-10)


def test_swiss_roll_follows_the_protocol():
    sample = make_swiss_roll(4000, height=7.0, random_state=0)
    t = np.hypot(sample.X[:, 0], sample.X[:, 2])
    assert kstest(t, "uniform", (1.5 * np.pi, 3 * np.pi)).pvalue > 1e-3
    assert kstest(sample.X[:, 1], "uniform", (0, 7)).pvalue > 1e-3


def test_clusters_on_the_roll():
    sample = make_clustered_swiss_roll(
        3000, n_clusters=3, cluster_std=1.5, random_state=0
    )
    assert_array_equal(np.bincount(sample.labels), [1000] * 3)
    for k in range(3):
        cluster = sample.coordinates[sample.labels == k]
        centre = cluster.mean(axis=0)
        # Angles 1.5 pi to 4.5 pi are 12.479 to 101.807 along the spiral.
        assert_allclose(centre[0], 12.479 + 89.328 * (2 * k + 1) / 6, atol=0.25)
        assert -0.25 < centre[1] < 5.25
        assert kstest((cluster - centre).ravel() / 1.5, "norm").pvalue > 1e-3


def test_wide_clusters_stay_on_the_surface():
    # Some arc lengths are negative here: the spiral goes through its centre.
    sample = make_clustered_swiss_roll(500, cluster_std=30.0, random_state=0)
    u = sample.coordinates[:, 0]
    assert (u < 0).any()
    t = np.copysign(np.hypot(sample.X[:, 0], sample.X[:, 2]), u)
    assert_allclose(sample.X[:, 0], t * np.cos(t), atol=1e-10)
    assert_allclose(sample.X[:, 2], t * np.sin(t), atol=1e-10)
    assert_allclose(u, (t * np.sqrt(t**2 + 1) + np.arcsinh(t)) / 2)
    D = sample.geodesic_distances()
    assert (D >= cdist(sample.X, sample.X) - 1e-9).all()


def test_points_lie_on_the_torus():
    sample = make_torus(4000, radii=(3.0, 0.5), random_state=0)
    a, b, c, d = sample.X.T
    assert_allclose(np.hypot(a, b), 3.0)
    assert_allclose(np.hypot(c, d), 0.5)
    theta, phi = sample.coordinates.T
    assert_allclose(np.arctan2(b, a) % (2 * np.pi), theta)
    assert_allclose(np.arctan2(d, c) % (2 * np.pi), phi)
    for angles in (theta, phi):
        assert kstest(angles, "uniform", (0, 2 * np.pi)).pvalue > 1e-3


def test_geodesics_go_the_short_way_round_the_torus():
    sample = make_torus(60, radii=[3.0, 0.5], random_state=0)
    # The angle between two points of a circle comes from their chord.
    chords = [cdist(part, part) for part in (sample.X[:, :2], sample.X[:, 2:])]
    arcs = [
        2 * r * np.arcsin(np.minimum(c / (2 * r), 1))
        for r, c in zip((3.0, 0.5), chords, strict=True)
    ]
    assert_allclose(sample.geodesic_distances(), np.hypot(*arcs), atol=1e-6)
    assert sample.geodesic_distances().max() <= np.pi * np.hypot(3.0, 0.5)


@pytest.mark.parametrize(
    "make, options, message",
    [
        (make_tree, {"n_samples": 3, "n_branches": 4}, r"n_branches \(4\)"),
        (make_clustered_tree, {"n_samples": 3, "n_branches": 4}, r"n_branches \(4\)"),
        (
            make_clustered_swiss_roll,
            {"n_samples": 3, "n_clusters": 4},
            r"n_clusters \(4\)",
        ),
        (make_torus, {"radii": (1.0,)}, "radii must be"),
        (make_torus, {"radii": (1.0, 0.0)}, "radii must be"),
        (make_torus, {"radii": (1.0, np.nan)}, "radii must be"),
        (make_torus, {"radii": 2.0}, "The 'radii' parameter"),
        (make_torus, {"n_features": 3}, "The 'n_features' parameter"),
        (make_swiss_roll, {"n_features": 2}, "The 'n_features' parameter"),
        (make_swiss_roll, {"height": 0.0}, "The 'height' parameter"),
        (make_tree, {"geodesics": "euclidean"}, "The 'geodesics' parameter"),
        (make_tree, {"n_neighbors": 0}, "The 'n_neighbors' parameter"),
        (make_clustered_tree, {"branch_length": 1}, "The 'branch_length' parameter"),
        (make_clustered_tree, {"cluster_std": 0.0}, "The 'cluster_std' parameter"),
        (
            make_clustered_swiss_roll,
            {"cluster_std": 0.0},
            "The 'cluster_std' parameter",
        ),
    ],
)
def test_errors_name_the_parameter(make, options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@each_generator
@pytest.mark.parametrize(
    "options",
    [{"n_samples": 0}, {"noise": -0.1}, {"noise": np.inf}, {"random_state": "seed"}],
    ids=lambda options: next(iter(options)),
)
def test_common_errors(make, options):
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter"):
        make(**options)
