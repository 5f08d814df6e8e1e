"""The ball and the Lorentz model: laws of a metric space, and of each other."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.backends import get_backend
from skgeom.geometry import lorentz, poincare

MODELS = [poincare, lorentz]
# Radii up to which a model keeps enough digits for what is tested.
SAFE_RADIUS = {poincare: 12.0, lorentz: 6.0}


def named(model):
    return model.__name__.rpartition(".")[2]


def points(n, n_components, radius, seed):
    """Points of the ball, from near the origin to this radius."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((n, n_components))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.tanh(rng.uniform(0, radius, (n, 1)) / 2) * directions


def in_model(model, x):
    return x if model is poincare else poincare.to_lorentz(x)


def tangents(model, x, seed, length):
    """Tangent vectors of hyperbolic length up to `length` at ball points x."""
    v = length * np.random.default_rng(seed).standard_normal(x.shape) / 3
    if model is poincare:
        return v * poincare.gap(x) / 2
    origin = np.zeros_like(x)
    v = np.concatenate([np.zeros((len(x), 1)), v], axis=1)
    return lorentz.transport(poincare.to_lorentz(origin), poincare.to_lorentz(x), v)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, bool])
def test_integers_are_computed_with_as_float64(dtype):
    """Differences of small integers overflow, and their quotients have no type."""
    x, y = np.array([[0, 0], [1, 0]], dtype=dtype), np.array([[1, 1], [0, 1]], dtype)
    p, q = (np.c_[np.array([[1], [2]], dtype), part] for part in (x, y))
    calls = [
        (poincare.gap, x),
        (poincare.project, x),
        (poincare.distance, x, y),
        (poincare.translate, x, y),
        (poincare.exp, x, y),
        (poincare.log, x, y),
        (poincare.geodesic, x, y, 1),
        (poincare.transport, x, y, y),
        (poincare.to_lorentz, x),
        (lorentz.inner, p, q),
        (lorentz.project, p),
        (lorentz.distance, p, q),
        (lorentz.exp, p, q),
        (lorentz.log, p, q),
        (lorentz.geodesic, p, q, 1),
        (lorentz.transport, p, q, q),
        (lorentz.to_poincare, p),
    ]
    for function, *arrays in calls:
        found = function(*arrays)
        plain = (np.asarray(a, np.float64) for a in arrays)
        assert found.dtype == np.float64, function
        np.testing.assert_array_equal(found, function(*plain))
    assert len(calls) == len(poincare.__all__) + len(lorentz.__all__) - 2  # `random`


def test_integer_tensors_are_float64():
    torch = pytest.importorskip("torch")
    x = torch.tensor([[0, 0]])
    assert poincare.distance(x, x).dtype == torch.float64
    found = lorentz.project(torch.tensor([[1, 1]]))[0, 0]
    assert found.dtype == torch.float64
    assert float(found) == pytest.approx(2**0.5, rel=1e-15)


shapes = dict(n_components=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))


@pytest.mark.parametrize("model", MODELS, ids=named)
@given(**shapes)
@settings(max_examples=60)
def test_distance_is_a_metric(model, n_components, seed):
    radius = SAFE_RADIUS[model]
    x, y, z = (
        in_model(model, points(8, n_components, radius, seed + i)) for i in range(3)
    )
    d = model.distance
    assert (d(x, y) >= 0).all()
    assert_allclose(d(x, y), d(y, x), rtol=1e-9, atol=1e-9)
    assert_allclose(d(x, x), 0, atol=1e-9)
    assert (d(x, z) <= (d(x, y) + d(y, z)) * (1 + 1e-5) + 1e-5).all()


@pytest.mark.parametrize("model", MODELS, ids=named)
@given(**shapes)
@settings(max_examples=60)
def test_exp_and_log_are_inverse(model, n_components, seed):
    radius = SAFE_RADIUS[model] / 2
    ball = points(8, n_components, radius, seed)
    x, y = (
        in_model(model, ball),
        in_model(model, points(8, n_components, radius, ~seed % 2**32)),
    )
    back = model.exp(x, model.log(x, y))
    assert_allclose(model.distance(back, y), 0, atol=1e-5)
    v = tangents(model, ball, seed, 1.0)
    assert_allclose(model.log(x, model.exp(x, v)), v, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", MODELS, ids=named)
@given(t=st.floats(0, 1), **shapes)
@settings(max_examples=60)
def test_geodesics_are_shortest(model, n_components, seed, t):
    radius = SAFE_RADIUS[model] / 2
    x, y = (in_model(model, points(8, n_components, radius, seed + i)) for i in (0, 1))
    z = model.geodesic(x, y, t)
    whole = model.distance(x, y)
    assert_allclose(model.distance(x, z), t * whole, rtol=1e-5, atol=1e-5)
    assert_allclose(model.distance(z, y), (1 - t) * whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", MODELS, ids=named)
@given(**shapes)
@settings(max_examples=60)
def test_transport_keeps_lengths_and_the_velocity(model, n_components, seed):
    radius = SAFE_RADIUS[model] / 2
    ball = points(8, n_components, radius, seed)
    x, y = (
        in_model(model, ball),
        in_model(model, points(8, n_components, radius, seed + 1)),
    )
    v = tangents(model, ball, seed, 1.0)

    def length(at, vector):
        if model is poincare:
            return 2 * np.linalg.norm(vector / poincare.gap(at), axis=1)
        return np.sqrt(np.maximum(lorentz.inner(vector, vector), 0))

    moved = model.transport(x, y, v)
    assert_allclose(length(y, moved), length(x, v), rtol=1e-4, atol=1e-4)
    # The velocity of a geodesic is carried into its velocity at the other end.
    velocity = model.transport(x, y, model.log(x, y))
    expected = -model.log(y, x)
    assert_allclose(velocity, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    back = model.transport(y, x, moved)
    assert_allclose(back, v, rtol=1e-4, atol=1e-4 * (1 + np.abs(v).max()))


@given(**shapes)
def test_translations_and_rotations_are_isometries(n_components, seed):
    x, y, a = (points(8, n_components, 6.0, seed + i) for i in range(3))
    expected = poincare.distance(x, y)
    moved = poincare.translate(a, x), poincare.translate(a, y)
    assert_allclose(poincare.distance(*moved), expected, rtol=1e-5, atol=1e-5)
    turn, _ = np.linalg.qr(
        np.random.default_rng(seed).standard_normal((n_components,) * 2)
    )
    assert_allclose(poincare.distance(x @ turn, y @ turn), expected, atol=1e-8)


@given(**shapes)
def test_the_models_are_isometric(n_components, seed):
    x, y = (points(8, n_components, 8.0, seed + i) for i in (0, 1))
    u, v = poincare.to_lorentz(x), poincare.to_lorentz(y)
    assert_allclose(lorentz.inner(u, u), -1, atol=1e-8)
    assert_allclose(lorentz.to_poincare(u), x, atol=1e-12)
    assert_allclose(
        lorentz.distance(u, v), poincare.distance(x, y), rtol=1e-3, atol=1e-4
    )
    between = lorentz.to_poincare(lorentz.geodesic(u, v, 0.5))
    assert_allclose(
        poincare.distance(between, poincare.geodesic(x, y, 0.5)), 0, atol=1e-2
    )


@pytest.mark.parametrize(
    "dtype, radius", [(np.float64, 35.0), (np.float32, 15.0)], ids=["64", "32"]
)
def test_the_ball_tells_radii_apart_almost_to_its_rim(device, dtype, radius):
    backend = get_backend(device)
    radii = np.linspace(0.1, radius, 40)
    x = (np.tanh(radii / 2)[:, None] * [[0.6, 0.8]]).astype(dtype)
    x = backend.asarray(x)
    found = backend.to_numpy(poincare.distance(0 * x, x))
    assert found.dtype == dtype
    assert_allclose(found, radii, atol=0.5)
    assert (np.diff(found) > 0).all()


# Any finite input, the boundary and beyond included, gives finite output.

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 1.0, -1.0, 1 - 1e-16, 5e-324, 1e-200, 1e200, 1.7e308]),
)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(rows=st.lists(st.lists(NUMBERS, min_size=6, max_size=6), min_size=1, max_size=5))
@settings(max_examples=200)
# A step from here once rounded to a norm of one.
@example(rows=[[-1.7976931348623157e308, 1.7e308, 0.0, 0.0, -1.0, 0.0]])
def test_finite_input_gives_finite_output(dtype, rows):
    largest = float(np.finfo(dtype).max)
    rows = np.clip(np.array(rows), -largest, largest).astype(dtype)
    x, y, v = rows[:, :2], rows[:, 2:4], rows[:, 4:]
    x, y = poincare.project(x), poincare.project(y)
    with np.errstate(over="ignore", under="ignore"):
        outputs = [
            poincare.distance(x, y),
            poincare.translate(x, y),
            poincare.exp(x, v),
            poincare.log(x, y),
            poincare.geodesic(x, y, dtype(0.3)),
            poincare.transport(x, y, poincare.log(x, y)),
            poincare.to_lorentz(x),
            lorentz.project(rows[:, :3]),
            lorentz.distance(poincare.to_lorentz(x), poincare.to_lorentz(y)),
        ]
        for output in outputs:
            assert output.dtype == dtype
            assert np.isfinite(output).all()
        for inside in outputs[1:3]:
            assert (np.linalg.norm(inside.astype(np.float64), axis=1) < 1).all()
        a, b = lorentz.project(rows[:, :3]), lorentz.project(rows[:, 3:])
        for output in (lorentz.distance(a, b), lorentz.to_poincare(a)):
            assert np.isfinite(output).all()


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_random_points_are_wrapped_normal(model):
    x = model.random(20_000, 3, scale=0.5, random_state=0)
    origin = in_model(model, np.zeros((1, 3)))
    squares = model.distance(np.broadcast_to(origin, x.shape), x) ** 2
    assert_allclose(squares.mean(), 3 * 0.25, rtol=0.02)
    assert_allclose(x, model.random(20_000, 3, scale=0.5, random_state=0))


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_on_torch(device, model):
    backend = get_backend(device)
    ball = points(20, 3, 4.0, 0)
    x, y = in_model(model, ball), in_model(model, points(20, 3, 4.0, 1))
    v = tangents(model, ball, 0, 1.0)
    X, Y, V = map(backend.asarray, (x, y, v))
    for name, there, here in [
        ("distance", (X, Y), (x, y)),
        ("exp", (X, V), (x, v)),
        ("log", (X, Y), (x, y)),
        ("transport", (X, Y, V), (x, y, v)),
    ]:
        found = backend.to_numpy(getattr(model, name)(*there))
        assert_allclose(found, getattr(model, name)(*here), rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")
def test_geoopt_agrees():
    import geoopt
    import torch

    x, y = points(200, 4, 6.0, 0), points(200, 4, 6.0, 1)
    v = tangents(poincare, x, 2, 1.0)
    ball = geoopt.PoincareBall()
    X, Y, V = map(torch.as_tensor, (x, y, v))
    for found, expected in [
        (poincare.distance(x, y), ball.dist(X, Y)),
        (poincare.exp(x, v), ball.expmap(X, V)),
        (poincare.log(x, y), ball.logmap(X, Y)),
        (poincare.transport(x, y, v), ball.transp(X, Y, V)),
        (poincare.translate(x, y), ball.mobius_add(X, Y)),
    ]:
        assert_allclose(found, expected.numpy(), rtol=1e-6, atol=1e-8)
    hyperboloid = geoopt.Lorentz()
    x, y = poincare.to_lorentz(x / 2), poincare.to_lorentz(y / 2)
    v = lorentz.log(x, y) / 2
    X, Y, V = map(torch.as_tensor, (x, y, v))
    for found, expected in [
        (lorentz.distance(x, y), hyperboloid.dist(X, Y)),
        (lorentz.exp(x, v), hyperboloid.expmap(X, V)),
        (lorentz.log(x, y), hyperboloid.logmap(X, Y)),
        (lorentz.transport(x, y, v), hyperboloid.transp(X, Y, V)),
    ]:
        assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-6)
