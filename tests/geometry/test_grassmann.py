"""Subspaces: laws of a metric space, of its geodesics and of what is carried along."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import subspace_angles

from skgeom.backends import get_backend
from skgeom.geometry import grassmann


@st.composite
def shapes(draw):
    d = draw(st.integers(1, 6))
    return d, draw(st.integers(1, d)), draw(st.integers(0, 2**31 - 1))


def points(shape, shift=0, n=5):
    d, k, seed = shape
    return grassmann.random(n, d, k, random_state=(seed + shift) % 2**31)


def tangents(x, seed, size):
    """Vectors at right angles to the columns, of at most this length."""
    v = np.random.default_rng(seed).standard_normal(x.shape)
    v -= x @ (np.swapaxes(x, -1, -2) @ v)
    lengths = np.sqrt((v**2).sum(axis=(-2, -1), keepdims=True))
    return size * v / np.where(lengths > 1e-9, lengths, np.inf)


def turned(x, seed):
    """The same subspaces by other bases."""
    k = x.shape[-1]
    return x @ grassmann.random(len(x), k, k, random_state=seed)


@given(shapes())
@settings(max_examples=60)
def test_distance_is_a_metric_of_subspaces(shape):
    x, y, z = (points(shape, i) for i in range(3))
    d = grassmann.distance
    assert_allclose(d(x, y), d(y, x), atol=1e-7)
    assert_allclose(d(x, turned(x, shape[2])), 0, atol=1e-12)
    assert_allclose(d(x, turned(y, shape[2])), d(x, y), atol=1e-7)
    assert (d(x, z) <= d(x, y) + d(y, z) + 1e-7).all()
    for one, two, angles in zip(x, y, grassmann.principal_angles(x, y), strict=True):
        assert_allclose(angles[::-1], subspace_angles(one, two), atol=1e-7)


@given(shapes())
@settings(max_examples=60)
def test_exp_and_log_are_inverse(shape):
    x, y = points(shape), points(shape, 1)
    v = grassmann.log(x, y)
    assert_allclose(np.swapaxes(x, -1, -2) @ v, 0, atol=1e-10)
    lengths = np.sqrt((v**2).sum(axis=(-2, -1)))
    assert_allclose(lengths, grassmann.distance(x, y), atol=1e-7)
    assert_allclose(grassmann.distance(grassmann.exp(x, v), y), 0, atol=1e-6)
    v = tangents(x, shape[2], 1.2)
    assert_allclose(grassmann.log(x, grassmann.exp(x, v)), v, atol=1e-8)


@given(shapes(), st.floats(0, 1))
@settings(max_examples=60)
def test_geodesics_are_shortest(shape, t):
    x = points(shape)
    y = grassmann.exp(x, tangents(x, shape[2], 1.3))
    z = grassmann.geodesic(x, y, t)
    whole = grassmann.distance(x, y)
    assert_allclose(
        np.swapaxes(z, -1, -2) @ z,
        np.eye(shape[1])[None] + 0 * z[:, :1, :1],
        atol=1e-12,
    )
    assert_allclose(grassmann.distance(x, z), t * whole, atol=1e-7)
    assert_allclose(grassmann.distance(z, y), (1 - t) * whole, atol=1e-7)


@given(shapes())
@settings(max_examples=60)
def test_transport_keeps_inner_products_and_the_velocity(shape):
    x = points(shape)
    y = turned(grassmann.exp(x, tangents(x, shape[2], 1.3)), shape[2])
    v, w = (tangents(x, shape[2] + i, 0.7) for i in (1, 2))
    there = [grassmann.transport(x, y, u) for u in (v, w)]
    assert_allclose(np.swapaxes(y, -1, -2) @ there[0], 0, atol=1e-10)
    inner = (there[0] * there[1]).sum(axis=(-2, -1))
    assert_allclose(inner, (v * w).sum(axis=(-2, -1)), atol=1e-9)
    velocity = grassmann.transport(x, y, grassmann.log(x, y))
    assert_allclose(velocity, -grassmann.log(y, x), atol=1e-8)


@given(shapes(), st.floats(0.01, 0.7))
@settings(max_examples=30)
def test_the_mean_is_where_logarithms_cancel(shape, size):
    center = points(shape, n=1)[0]
    x = grassmann.exp(center, tangents(np.stack([center] * 6), shape[2], size))
    weights = np.random.default_rng(shape[2]).uniform(0.1, 1, 6)
    found = grassmann.mean(x, weights)
    pull = grassmann.log(found[None] + 0 * x, x)
    pull = (weights[:, None, None] * pull).sum(axis=0)
    assert_allclose(pull, 0, atol=1e-8)
    assert grassmann.distance(found, center) <= size + 1e-9
    # Weights are shares, and a basis is no part of a point.
    again = grassmann.mean(turned(x, shape[2]), 7 * weights)
    assert_allclose(grassmann.distance(found, again), 0, atol=1e-7)


@given(shapes(), st.sampled_from([1e-150, 1.0, 1e150]))
@settings(max_examples=30)
def test_projection_keeps_the_span_whatever_its_scale(shape, scale):
    d, k, seed = shape
    a = scale * np.random.default_rng(seed).standard_normal((3, d, k))
    q = grassmann.project(a)
    assert_allclose(np.swapaxes(q, -1, -2) @ q, np.stack([np.eye(k)] * 3), atol=1e-12)
    assert_allclose(q @ (np.swapaxes(q, -1, -2) @ a), a, atol=1e-9 * scale)
    assert_allclose(grassmann.project(q), q, atol=1e-12)


def test_columns_that_depend_on_each_other_still_have_a_basis():
    q = grassmann.project(np.array([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]]))
    assert_allclose(q.T @ q, np.eye(2), atol=1e-12)
    assert_allclose(q @ q.T @ [1, 2, 0], [1, 2, 0], atol=1e-12)
    q = grassmann.project(np.zeros((3, 2)))
    assert_allclose(q.T @ q, np.eye(2), atol=1e-12)


def test_tiny_angles_keep_their_digits():
    x = np.array([[1.0], [0.0]])
    y = np.array([[1.0], [1e-12]])
    assert_allclose(grassmann.distance(x, y), 1e-12, rtol=1e-9)


def test_random_subspaces_have_no_preference():
    x = grassmann.random(4000, 3, 1, random_state=0)[..., 0]
    assert_allclose(np.einsum("ni,nj->ij", x, x) / 4000, np.eye(3) / 3, atol=0.03)
    with pytest.raises(ValueError, match="n_components=3 is more than n_features=2"):
        grassmann.random(1, 2, 3)


def test_devices_agree(torch_device):
    backend = get_backend(torch_device)
    x, y = (
        grassmann.random(4, 5, 2, random_state=0),
        grassmann.random(4, 5, 2, random_state=1),
    )
    on = [backend.asarray(a) for a in (x, y)]
    for function in (grassmann.distance, grassmann.log, grassmann.principal_angles):
        found = backend.to_numpy(function(*on))
        assert_allclose(found, function(x, y), atol=1e-9)
    v = grassmann.log(x, y)
    found = backend.to_numpy(grassmann.exp(on[0], backend.asarray(v)))
    assert_allclose(found, grassmann.exp(x, v), atol=1e-9)
    moved = backend.to_numpy(grassmann.transport(*on, backend.asarray(v)))
    assert_allclose(moved, grassmann.transport(x, y, v), atol=1e-9)
    found = backend.to_numpy(grassmann.mean(on[0]))
    assert_allclose(grassmann.distance(found, grassmann.mean(x)), 0, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.int64, np.int8])
def test_integers_are_floats_and_float32_stays(dtype):
    x, y = np.eye(3, dtype=dtype)[:, :2], np.eye(3, dtype=dtype)[:, 1:]
    for function in (grassmann.distance, grassmann.log, grassmann.principal_angles):
        assert function(x, y).dtype == np.float64
        assert function(x.astype(np.float32), y.astype(np.float32)).dtype == np.float32
    assert grassmann.project(x).dtype == np.float64
