"""Smoothing: noise directions, local dimension and scale, local planes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph
from scipy.spatial.distance import pdist
from sklearn.datasets import make_swiss_roll as sklearn_roll
from sklearn.decomposition import PCA

from skgeom.datasets import make_swiss_roll
from skgeom.graph import (
    _smoothing,
    local_dimension,
    local_scale,
    nearest_neighbors,
    robust_graph,
    smooth_locally,
    truncate_noise,
)
from skgeom.graph._truncation import drop_noise_directions

seeds = st.integers(0, 10_000)


def cube(rng, n, dimension, n_features, noise):
    """A cube of some dimension, turned at random in space."""
    frame = np.linalg.qr(rng.normal(size=(n_features, dimension)))[0]
    points = 10 * rng.uniform(size=(n, dimension))
    return points @ frame.T + noise * rng.normal(size=(n, n_features))


@pytest.mark.parametrize("dimension", [2, 3, 5])
@pytest.mark.parametrize("noise", [0.01, 0.5])
def test_truncation_finds_the_directions_above_the_noise(dimension, noise):
    X = cube(np.random.default_rng(0), 1000, dimension, 40, noise)
    Z = truncate_noise(X)
    assert Z.shape == (1000, dimension)
    leading = PCA(dimension).fit_transform(X)
    np.testing.assert_allclose(np.abs(Z), np.abs(leading), atol=1e-8)


def test_truncation_keeps_two_directions_of_pure_noise():
    X = np.random.default_rng(0).normal(size=(400, 30))
    assert truncate_noise(X).shape == (400, 2)


def turned(X, n_features, dtype):
    """The same points in more dimensions, turned in the arithmetic of a dtype."""
    frame = np.random.default_rng(1).normal(size=(n_features, X.shape[1]))
    return X.astype(dtype) @ np.linalg.qr(frame)[0].T.astype(dtype)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rank", "n_features"), [(1, 8), (2, 32), (3, 128), (10, 200)])
def test_rounding_is_no_direction(rank, n_features, dtype, offset):
    X = np.random.default_rng(0).normal(size=(500, rank))
    Z = turned(X, n_features, dtype) + dtype(offset)
    # A type that was widened on the way does not hide that numbers were rounded.
    for points in (Z, Z.astype(np.float64)):
        kept = drop_noise_directions(points)
        assert kept.shape == (500, max(2, rank))
        # No direction is lost either.
        atol = 1e-5 * max(1.0, offset)
        np.testing.assert_allclose(pdist(kept), pdist(X), atol=atol)


@pytest.mark.parametrize("size", [1.0, 1e6, 1e12])
@pytest.mark.parametrize("spread", [0.0, 2e-16, 1e-15])
def test_columns_that_are_constant_but_for_rounding_are_no_directions(size, spread):
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(500, 2))
    constant = size / 3 * (1 + spread * rng.normal(size=(500, 20)))
    assert drop_noise_directions(np.column_stack([plane, constant])).shape == (500, 2)
    noisy = plane @ rng.normal(size=(2, 30)) + 0.01 * rng.normal(size=(500, 30))
    assert truncate_noise(np.column_stack([noisy, constant])).shape == (500, 2)


def test_small_columns_beside_large_ones_are_directions():
    rng = np.random.default_rng(0)
    X = np.column_stack([1e8 * rng.normal(size=500), rng.normal(size=(500, 2))])
    assert drop_noise_directions(X.astype(np.float32)).shape == (500, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_roll_without_noise_is_the_same_in_more_dimensions(dtype):
    X = sklearn_roll(400, random_state=0)[0]
    graphs = [robust_graph(points) for points in (X, turned(X, 128, dtype))]
    flat, there = (csgraph.dijkstra(g.lengths, indices=[0, 9]) for g in graphs)
    np.testing.assert_allclose(there, flat, rtol=1e-4)


@pytest.mark.parametrize(
    ("dimension", "noise"),
    [(1, 0.0), (1, 0.02), *((d, noise) for d in (2, 3, 4) for noise in (0, 0.1, 0.3))],
)
def test_local_dimension_is_that_of_the_shape(dimension, noise):
    X = cube(np.random.default_rng(0), 2000, dimension, 10, noise)
    indices = nearest_neighbors(X, n_neighbors=50)[1]
    found, signal = local_dimension(X, indices)
    assert found == dimension
    assert 0.3 < signal <= 1


@settings(max_examples=10)
@given(seed=seeds)
def test_local_dimension_does_not_see_turns_and_units(seed):
    rng = np.random.default_rng(seed)
    X = cube(rng, 200, 2, 5, 0.3)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    indices = nearest_neighbors(X, n_neighbors=30)[1]
    found, signal = local_dimension(X, indices)
    moved, moved_signal = local_dimension(1e3 * X @ turn + 7, indices)
    assert found == moved
    assert signal == pytest.approx(moved_signal, abs=1e-6)


@pytest.mark.parametrize("dimension", [2, 3, 10])
def test_pure_noise_has_no_signal(dimension):
    X = np.random.default_rng(0).normal(size=(2000, dimension))
    size, _, signal = local_scale(X)
    assert size == 100
    assert signal < 0.1


def test_local_dimension_of_one_point_many_times():
    dimension, signal = local_dimension(np.ones((9, 3)), np.tile(np.arange(9), (9, 1)))
    assert (dimension, signal) == (1, 0.0)


def test_neighborhoods_grow_until_the_shape_stands_out():
    """The same noise on more points needs more of them."""
    sizes = []
    for n in (1_000, 4_000, 16_000):
        X = make_swiss_roll(n, noise=1.0, random_state=0).X
        size, dimension, signal = local_scale(X)
        sizes.append(size)
        assert dimension == 2
        assert signal >= 0.3
    assert sizes == sorted(set(sizes))


def smooth_by_definition(X, n_neighbors, n_axes):
    order = np.argsort(((X[:, None] - X[None]) ** 2).sum(axis=2), kind="stable")
    members = order[:, : n_neighbors + 1]
    centers, planes = [], []
    for row in members:
        centers.append(X[row].mean(axis=0))
        _, _, axes = np.linalg.svd(X[row] - centers[-1], full_matrices=False)
        planes.append(axes[:n_axes].T @ axes[:n_axes])
    return np.array(
        [
            np.mean([centers[i] + planes[i] @ (x - centers[i]) for i in row], axis=0)
            for x, row in zip(X, members, strict=True)
        ]
    )


@settings(max_examples=10)
@given(seed=seeds)
def test_smoothing_is_the_mean_of_projections(seed):
    X = np.random.default_rng(seed).normal(size=(60, 3)) * [9, 3, 1]
    indices = nearest_neighbors(X, n_neighbors=20)[1]
    members = np.concatenate([np.arange(60)[:, None], indices], axis=1)
    expected = smooth_by_definition(X, 20, local_dimension(X, members)[0])
    np.testing.assert_allclose(smooth_locally(X, n_neighbors=20), expected, atol=1e-9)


@settings(max_examples=10)
@given(seed=seeds)
def test_smoothing_moves_with_the_points(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 4)) * [9, 3, 1, 1]
    turn, order = np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.permutation(80)
    moved = smooth_locally(3 * X[order] @ turn + 1, n_neighbors=15)
    expected = 3 * smooth_locally(X, n_neighbors=15)[order] @ turn + 1
    np.testing.assert_allclose(moved, expected, atol=1e-7)


def test_smoothing_leaves_a_plane_alone_and_flattens_noise():
    rng = np.random.default_rng(0)
    flat = np.column_stack([rng.uniform(0, 10, size=(800, 2)), np.zeros(800)])
    np.testing.assert_allclose(smooth_locally(flat), flat, atol=1e-9)
    noisy = flat + [0, 0, 0.2] * rng.normal(size=(800, 3))

    def left(**parameters):
        return np.abs(smooth_locally(noisy, **parameters)[:, 2]).mean()

    noise = np.abs(noisy[:, 2]).mean()
    # Larger neighbourhoods take more noise away; "auto" takes no more than it must.
    assert left(n_neighbors=50) < 0.3 * noise
    assert left() < 0.5 * noise


@pytest.mark.parametrize("noise", [0.2, 0.4, 0.8])
def test_few_points_on_a_bent_surface_are_not_mixed_across_it(noise):
    """Fifty of a thousand points reach round the bends of this roll, twelve do not."""
    X, angle = sklearn_roll(1000, noise=noise, random_state=3)
    size = local_scale(X)[0]
    assert size == 12

    def off(points):
        # On the roll, the distance from the axis is the angle.
        return np.abs(np.linalg.norm(points[:, [0, 2]], axis=1) - angle).mean()

    few, many = smooth_locally(X), smooth_locally(X, n_neighbors=50)
    assert off(few) <= off(X)
    assert off(few) < off(many)


@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_points_that_fill_their_space_are_left_alone(n_features):
    X = np.random.default_rng(0).uniform(size=(2000, n_features))
    np.testing.assert_array_equal(smooth_locally(X), X)


@pytest.mark.parametrize("size", [200, 400])
def test_large_neighborhoods_flatten_noise_by_a_sample_of_their_members(size):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(0, 20, size=(4000, 2)), rng.normal(size=4000)])
    smooth = smooth_locally(X, n_neighbors=size)
    assert np.abs(smooth[:, 2]).mean() < 0.35 * np.abs(X[:, 2]).mean()
    # Along the plane points keep their order.
    assert np.corrcoef(smooth[:, 0], X[:, 0])[0, 1] > 0.999
    np.testing.assert_array_equal(smooth, smooth_locally(X, n_neighbors=size))


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_a_few_points(n):
    X = np.random.default_rng(0).normal(size=(n, 4))
    assert np.isfinite(smooth_locally(X)).all()
    assert np.isfinite(smooth_locally(np.ones((n, 4)))).all()


def test_few_clean_points_are_left_alone():
    """Neighbourhoods of 50 in 500 points of a roll bend; in three features that passes
    for noise."""
    X = make_swiss_roll(500, noise=0.1, random_state=0).X
    np.testing.assert_array_equal(smooth_locally(X), X)


def test_directions_that_neighbours_foretell_stay():
    """Thirty clusters hold something in each of twenty directions, however weak."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(30, 20)) * np.geomspace(10, 0.5, 20)
    X = centers[rng.integers(30, size=900)] + 0.1 * rng.normal(size=(900, 20))
    assert truncate_noise(X).shape[1] < 20
    assert drop_noise_directions(X).shape[1] == 20


def test_directions_of_noise_go():
    rng = np.random.default_rng(0)
    sheet = np.zeros((900, 40))
    sheet[:, :2] = rng.uniform(size=(900, 2)) * 20
    X = sheet + rng.normal(size=sheet.shape)
    assert truncate_noise(X).shape[1] == 2
    assert drop_noise_directions(X).shape[1] == 2


def test_planes_of_few_members_are_those_of_the_scatter():
    """In many directions the smaller product is taken; it spans the same planes."""
    X = np.random.default_rng(0).normal(size=(60, 25)) * np.geomspace(4, 1, 25)
    members = nearest_neighbors(X, n_neighbors=11)[1]
    centers, axes = _smoothing.local_planes(X, members, 3)
    spectra = _smoothing._spectra(X[members] - X[members].mean(axis=1, keepdims=True))
    for at, rows in enumerate(members):
        cloud = X[rows] - X[rows].mean(axis=0)
        values, vectors = np.linalg.eigh(cloud.T @ cloud)
        plane = vectors[:, -3:] @ vectors[:, -3:].T
        np.testing.assert_allclose(axes[at] @ axes[at].T, plane, atol=1e-8)
        np.testing.assert_allclose(spectra[at], values, atol=1e-8)
        np.testing.assert_allclose(centers[at], X[rows].mean(axis=0))
