"""Positive definite matrices: laws of three geometries, and of optimal transport."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm, logm, sqrtm

from skgeom.backends import get_backend
from skgeom.geometry import spd

METRICS = ["log_euclidean", "affine", "bures"]
SHAPES = dict(order=st.integers(1, 5), seed=st.integers(0, 2**31))


def of(quantity, metric):
    return getattr(spd, f"{quantity}_{metric}")


def draw(n, order, seed, scale=0.7):
    return spd.random(n, order, scale=scale, random_state=seed)


def tangents(x, seed):
    """Small symmetric matrices, such that no geodesic leaves by the rim."""
    v = np.random.default_rng(seed).standard_normal(x.shape)
    least = np.linalg.eigvalsh(x)[:, 0, None, None]
    return (v + v.swapaxes(1, 2)) * least / 10


@given(**SHAPES)
@settings(max_examples=40)
def test_functions_of_matrices_are_scipys(order, seed):
    x = draw(3, order, seed)
    for mine, theirs in [(spd.logm, logm), (spd.expm, expm)]:
        assert_allclose(mine(x), [theirs(m) for m in x], rtol=1e-9, atol=1e-9)
    assert_allclose(spd.power(x, 0.5), [sqrtm(m) for m in x], rtol=1e-9, atol=1e-9)
    assert_allclose(spd.power(x, -1.0) @ x, np.stack([np.eye(order)] * 3), atol=1e-7)


@given(**SHAPES)
def test_vectors_keep_inner_products(order, seed):
    x, y = draw(4, order, seed), draw(4, order, seed + 1)
    flat = (spd.to_vector(x) * spd.to_vector(y)).sum(axis=1)
    assert_allclose(flat, np.einsum("nij,nij->n", x, y))
    assert_allclose(spd.from_vector(spd.to_vector(x)), x, rtol=1e-14)


@pytest.mark.parametrize("metric", METRICS)
@given(**SHAPES)
@settings(max_examples=40)
def test_distance_is_a_metric(metric, order, seed):
    x, y, z = (draw(6, order, seed + i) for i in range(3))
    d = of("distance", metric)
    assert (d(x, y) >= 0).all()
    assert_allclose(d(x, y), d(y, x), rtol=1e-8, atol=1e-10)
    assert_allclose(d(x, x), 0, atol=1e-9)
    assert (d(x, z) <= (d(x, y) + d(y, z)) * (1 + 1e-9)).all()


@pytest.mark.parametrize("metric", METRICS)
@given(t=st.floats(0, 1), **SHAPES)
@settings(max_examples=40)
def test_exp_log_and_geodesics(metric, order, seed, t):
    x, y = draw(5, order, seed), draw(5, order, seed + 7)
    log, exp, d = (of(q, metric) for q in ("log", "exp", "distance"))
    assert_allclose(exp(x, log(x, y)), y, rtol=1e-6, atol=1e-6)
    v = tangents(x, seed)
    assert_allclose(log(x, exp(x, v)), v, rtol=1e-6, atol=1e-7)
    z, whole = of("geodesic", metric)(x, y, t), d(x, y)
    assert_allclose(d(x, z), t * whole, rtol=1e-6, atol=1e-8)
    assert_allclose(d(z, y), (1 - t) * whole, rtol=1e-6, atol=1e-8)
    assert_allclose(exp(x, t * log(x, y)), z, rtol=1e-6, atol=1e-6)


@given(**SHAPES)
@settings(max_examples=40)
def test_affine_distance_knows_no_coordinates(order, seed):
    x, y = draw(5, order, seed), draw(5, order, seed + 1)
    a = np.eye(order) + 0.2 * np.random.default_rng(seed).standard_normal(x.shape[1:])
    moved = [a @ m @ a.T for m in (x, y)]
    expected = spd.distance_affine(x, y)
    assert_allclose(spd.distance_affine(*moved), expected, rtol=1e-6, atol=1e-8)
    inverse = [spd.power(m, -1.0) for m in (x, y)]
    assert_allclose(spd.distance_affine(*inverse), expected, rtol=1e-6, atol=1e-8)
    # Curvature is not positive: logarithms are no farther apart than points.
    assert (spd.distance_log_euclidean(x, y) <= expected * (1 + 1e-9)).all()


@given(**SHAPES)
@settings(max_examples=40)
def test_bures_is_optimal_transport(order, seed):
    x, y = draw(5, order, seed), draw(5, order, seed + 1)
    roots = [sqrtm(a) for a in x]
    cross = [np.trace(sqrtm(r @ b @ r)).real for r, b in zip(roots, y, strict=True)]
    trace = np.trace(x, axis1=1, axis2=2) + np.trace(y, axis1=1, axis2=2)
    expected = np.sqrt(np.maximum(trace - 2 * np.array(cross), 0))
    assert_allclose(spd.distance_bures(x, y), expected, rtol=1e-6, atol=1e-7)


def test_small_bures_distances_keep_their_digits():
    x = draw(4, 3, 0)
    near = x * (1 + 1e-9) ** 2
    expected = 1e-9 * np.sqrt(np.trace(x, axis1=1, axis2=2))
    assert_allclose(spd.distance_bures(x, near), expected, rtol=1e-5)


@given(**SHAPES)
@settings(max_examples=40)
def test_transport_keeps_lengths_and_the_velocity(order, seed):
    x, y = draw(5, order, seed, 0.5), draw(5, order, seed + 1, 0.5)
    v = tangents(x, seed)

    def affine_length(at, vector):
        seen = np.linalg.solve(at, vector)
        return np.einsum("nij,nji->n", seen, seen)

    moved = spd.transport_affine(x, y, v)
    assert_allclose(affine_length(y, moved), affine_length(x, v), rtol=1e-6, atol=1e-9)
    for metric in ("affine", "log_euclidean"):
        log, carry = of("log", metric), of("transport", metric)
        assert_allclose(carry(x, y, log(x, y)), -log(y, x), rtol=1e-6, atol=1e-6)
        assert_allclose(carry(y, x, carry(x, y, v)), v, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("metric", METRICS)
@given(n=st.integers(1, 7), **SHAPES)
@settings(max_examples=25)
def test_no_point_near_a_mean_is_better(metric, n, order, seed):
    x = draw(n, order, seed, 1.0)
    weights = np.random.default_rng(seed).uniform(0, 1, n) + 1e-3
    mean, d = of("mean", metric)(x, weights), of("distance", metric)

    def cost(at):
        return weights @ d(x, np.broadcast_to(at, x.shape)) ** 2

    best = cost(mean)
    for step in tangents(np.stack([mean] * 4), seed):
        for size in (1e-1, 1e-3):
            assert cost(of("exp", metric)(mean, size * step)) >= best * (1 - 1e-10)
    assert_allclose(of("mean", metric)(x[:1]), x[0], rtol=1e-9, atol=1e-12)
    if metric != "bures":
        # Of two points the mean is half-way, and of matrices that commute geometric.
        half = of("geodesic", metric)(x[0], x[-1], 0.5)
        both = of("mean", metric)(np.stack([x[0], x[-1]]))
        assert_allclose(both, half, rtol=1e-8, atol=1e-10)


def test_a_mean_of_wide_matrices_is_found():
    """Condition numbers of a million: steps of one go too far."""
    x = draw(40, 4, 0, 3.0)
    mean = spd.mean_affine(x)
    seen = spd.log_affine(mean, x)
    inverse = spd.power(mean, -0.5)
    left = (inverse @ seen @ inverse).mean(axis=0)
    assert np.linalg.norm(left) < 1e-8


def test_weights_are_checked():
    x = draw(3, 2, 0)
    for weights in ([1.0, 2.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0]):
        for metric in METRICS:
            with pytest.raises(ValueError, match="weights must be 3 numbers >= 0"):
                of("mean", metric)(x, weights)


def test_what_is_not_positive_definite_is_named():
    x = np.stack([np.eye(2), np.eye(2), np.diag([2.0, -0.25]), np.ones((2, 2))])
    spd.check(x[:2])
    with pytest.raises(ValueError, match=r"X: row 2 .* -0\.25 .* 2 \(2 of 4 rows"):
        spd.check(x, "X")
    spd.check(spd.project(x))
    with pytest.raises(ValueError, match="1, 3, 6, 10, 15 and so on, not 4"):
        spd.from_vector(np.ones((2, 4)))


numbers = st.one_of(
    st.floats(-1e3, 1e3), st.sampled_from([0.0, 1e-300, 1e-30, 1e30, 1e150, -1e100])
)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(rows=st.lists(st.lists(numbers, min_size=6, max_size=6), min_size=1, max_size=4))
@settings(max_examples=60)
def test_any_symmetric_matrix_has_a_projection_and_finite_results(dtype, rows):
    limit = 1e30 if dtype == np.float32 else 1e150
    x = spd.from_vector(np.clip(rows, -limit, limit).astype(dtype))
    y = spd.project(x)
    spd.check(y)
    assert y.dtype == dtype
    with np.errstate(over="ignore", under="ignore"):
        for found in (
            spd.logm(x),
            spd.expm(x),
            spd.distance_log_euclidean(x, y),
            spd.distance_affine(y, y[::-1]),
            spd.distance_bures(y, y[::-1]),
            spd.mean_log_euclidean(y),
        ):
            assert found.dtype == dtype
            assert np.isfinite(found).all()


def test_integers_are_float64():
    x = np.array([[[2, 1], [1, 3]]])
    assert spd.logm(x).dtype == spd.to_vector(x).dtype == np.float64


@pytest.mark.parametrize("metric", METRICS)
def test_on_torch(device, metric):
    backend = get_backend(device)
    x, y = draw(5, 3, 0), draw(5, 3, 1)
    X, Y = map(backend.asarray, (x, y))
    for name in ("distance", "log"):
        found = backend.to_numpy(of(name, metric)(X, Y))
        assert_allclose(found, of(name, metric)(x, y), rtol=1e-8, atol=1e-9)
    found = backend.to_numpy(of("mean", metric)(X))
    assert_allclose(found, of("mean", metric)(x), rtol=1e-8, atol=1e-9)
    spd.check(X)
    with pytest.raises(ValueError, match="row 0"):
        spd.check(-X)
