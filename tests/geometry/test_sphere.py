"""The sphere: laws of its geodesics, and Bessel functions against 50 digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammaln, ive

from skgeom.backends import get_backend
from skgeom.geometry import sphere

shapes = dict(n_features=st.integers(2, 6), seed=st.integers(0, 2**32 - 1))


def points(n, n_features, seed):
    return sphere.random(n, n_features, random_state=seed)


def tangents(x, seed):
    v = np.random.default_rng(seed).standard_normal(x.shape)
    return v - (v * x).sum(axis=1, keepdims=True) * x


@given(**shapes)
@settings(max_examples=50)
def test_distance_is_a_metric(n_features, seed):
    x, y, z = (points(8, n_features, (seed + i) % 2**32) for i in range(3))
    d = sphere.distance
    assert_allclose(d(x, y), d(y, x), rtol=1e-12)
    assert_allclose(np.cos(d(x, y)), (x * y).sum(axis=1), atol=1e-12)
    assert (d(x, z) <= d(x, y) + d(y, z) + 1e-12).all()
    assert_allclose(d(x, x), 0, atol=1e-15)
    assert_allclose(d(x, -x), np.pi, rtol=1e-15)


@given(**shapes)
@settings(max_examples=50)
def test_exp_and_log_are_inverse(n_features, seed):
    x, y = (points(8, n_features, (seed + i) % 2**32) for i in range(2))
    assert_allclose(sphere.exp(x, sphere.log(x, y)), y, atol=1e-12)
    v = tangents(x, seed)
    v *= 3.0 / np.linalg.norm(v, axis=1, keepdims=True)
    assert_allclose(sphere.log(x, sphere.exp(x, v)), v, atol=1e-10)
    assert_allclose(sphere.log(x, x), 0, atol=1e-15)


@given(exponent=st.floats(-12, -1), **shapes)
@settings(max_examples=50)
def test_what_is_near_or_opposite_keeps_its_digits(n_features, seed, exponent):
    x = points(8, n_features, seed)
    v = tangents(x, seed)
    v *= 10.0**exponent / np.linalg.norm(v, axis=1, keepdims=True)
    y = sphere.exp(x, v)
    # Coordinates of y are rounded: what is left of a step are its digits above 1e-16.
    rtol = 1e-15 / 10.0**exponent
    assert_allclose(sphere.distance(x, y), 10.0**exponent, rtol=rtol)
    assert_allclose(np.pi - sphere.distance(x, -y), 10.0**exponent, rtol=2 * rtol)
    back = sphere.log(x, -y)
    assert_allclose((back * x).sum(axis=1), 0, atol=1e-14)
    assert_allclose(sphere.exp(x, back), -y, atol=1e-13)


@given(t=st.floats(0, 1), **shapes)
@settings(max_examples=50)
def test_geodesics_are_shortest(n_features, seed, t):
    x, y = (points(8, n_features, (seed + i) % 2**32) for i in range(2))
    z, whole = sphere.geodesic(x, y, t), sphere.distance(x, y)
    assert_allclose(sphere.distance(x, z), t * whole, atol=1e-12)
    assert_allclose(sphere.distance(z, y), (1 - t) * whole, atol=1e-12)


@given(**shapes)
@settings(max_examples=50)
def test_transport_keeps_products_and_the_velocity(n_features, seed):
    x, y = (points(8, n_features, (seed + i) % 2**32) for i in range(2))
    y[0] = -x[0]
    u, v = tangents(x, seed), tangents(x, seed + 1)
    moved, other = sphere.transport(x, y, u), sphere.transport(x, y, v)
    assert_allclose((moved * y).sum(axis=1), 0, atol=1e-12)
    assert_allclose((moved * other).sum(axis=1), (u * v).sum(axis=1), atol=1e-12)
    assert_allclose(
        sphere.transport(x, y, sphere.log(x, y))[1:], -sphere.log(y, x)[1:], atol=1e-10
    )
    assert_allclose(sphere.transport(y, x, moved)[1:], u[1:], atol=1e-12)


@given(**shapes)
@settings(max_examples=30)
def test_the_mean_is_where_tangents_balance(n_features, seed):
    rng = np.random.default_rng(seed)
    x = sphere.project(
        rng.standard_normal((3, 9, n_features)) + 3 * np.eye(n_features)[0]
    )
    weights = rng.uniform(0.1, 1, (3, 9))
    center = sphere.mean(x, weights)
    assert center.shape == (3, n_features)
    pull = weights[..., None] * sphere.log(center[:, None], x)
    assert_allclose(pull.sum(axis=1), 0, atol=1e-10)
    turn, _ = np.linalg.qr(rng.standard_normal((n_features,) * 2))
    assert_allclose(sphere.mean(x @ turn, weights), center @ turn, atol=1e-10)


def test_a_mean_of_opposite_points_is_one_of_the_sphere():
    x = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    assert_allclose(np.linalg.norm(sphere.mean(x)), 1)
    assert_allclose(sphere.mean(x[:1]), x[0])
    assert_allclose(sphere.mean(x, np.array([1e200, 0.0])), x[0])


def test_volumes_of_caps():
    """By integrals of the volume over the tangent plane: 4 pi, and 2 pi^2."""
    r = (np.arange(20_000) + 0.5) * np.pi / 20_000
    for dim, shell, area in [(2, 2 * np.pi, 4 * np.pi), (3, 4 * np.pi, 2 * np.pi**2)]:
        density = np.exp(sphere.log_volume(r, dim)) * shell * r ** (dim - 1)
        assert_allclose(density.sum() * np.pi / 20_000, area, rtol=1e-6)
    assert np.isfinite(sphere.log_volume(np.array([0.0, np.pi]), 5)).all()


@given(lon=st.floats(-180, 180), lat=st.floats(-89.999, 89.999))
def test_longitude_and_latitude(lon, lat):
    x = sphere.from_lonlat(np.array([[lon, lat]]))
    assert_allclose(np.linalg.norm(x), 1, rtol=1e-15)
    back = sphere.to_lonlat(x)[0]
    assert_allclose(back[1], lat, atol=1e-11)
    assert_allclose(np.exp(1j * np.pi / 180 * (back[0] - lon)), 1, atol=1e-10)


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 1.0, -1.0, 5e-324, 1e-200, 1e200, 1.7e308]),
)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(rows=st.lists(st.lists(NUMBERS, min_size=9, max_size=9), min_size=1, max_size=4))
@settings(max_examples=100)
def test_finite_input_gives_finite_output(dtype, rows):
    largest = float(np.finfo(dtype).max)
    rows = np.clip(np.array(rows), -largest, largest).astype(dtype)
    x, y, v = sphere.project(rows[:, :3]), sphere.project(rows[:, 3:6]), rows[:, 6:]
    with np.errstate(over="ignore", under="ignore"):
        outputs = [
            x,
            sphere.distance(x, y),
            sphere.exp(x, v),
            sphere.log(x, y),
            sphere.geodesic(x, y, dtype(0.3)),
            sphere.transport(x, y, sphere.log(x, y)),
            sphere.mean(rows.reshape(-1, 3, 3) * 0 + x[:, None]),
            sphere.from_lonlat(rows[:, :2]),
            sphere.to_lonlat(x),
        ]
    for output in outputs:
        assert output.dtype == dtype
        assert np.isfinite(output).all()
    assert_allclose(np.linalg.norm(x, axis=1), 1, rtol=1e-6)


def test_integers_are_computed_with_as_float64():
    x = np.array([[3, 4]])
    assert sphere.project(x).dtype == sphere.log_iv(1, np.array([2])).dtype == float
    assert sphere.mean(np.array([[1, 0], [0, 1]])).dtype == float


def test_on_torch(device):
    backend = get_backend(device)
    x, y = points(20, 4, 0), points(20, 4, 1)
    v, k = tangents(x, 2), np.geomspace(1e-3, 1e5, 20)
    X, Y, V, K = map(backend.asarray, (x, y, v, k))
    for name, there, here in [
        ("distance", (X, Y), (x, y)),
        ("exp", (X, V), (x, v)),
        ("log", (X, Y), (x, y)),
        ("transport", (X, Y, V), (x, y, v)),
        ("mean", (X,), (x,)),
        ("log_iv", (7.5, K), (7.5, k)),
        ("bessel_ratio", (100, K), (100, k)),
        ("log_peak", (K, 3), (k, 3)),
    ]:
        found = backend.to_numpy(getattr(sphere, name)(*there))
        assert_allclose(found, getattr(sphere, name)(*here), rtol=1e-12, atol=1e-12)


# ------------------------------------------------------------------ Bessel functions

ORDERS = st.one_of(
    st.integers(-1, 100).map(lambda twice: twice / 2),
    st.floats(-0.5, 16384),
    st.sampled_from([0.0, 0.5, 15.5, 16.0, 16384.0]),
)


def exact(order, x):
    """log I, and the quotient, in 50 digits."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(55):
        here, above = (exact_log(mpmath, order + i, x) for i in (0, 1))
        return here, mpmath.exp(above - here)


def exact_log(mpmath, order, x):
    """The power series, summed from its largest term to both sides."""
    v, q = mpmath.mpf(order), mpmath.mpf(x) ** 2 / 4
    k = int((mpmath.sqrt(v * v + 4 * q) - v) / 2)
    peak = (k + v / 2) * mpmath.log(q)
    peak -= mpmath.loggamma(k + 1) + mpmath.loggamma(k + v + 1)
    total, least = mpmath.mpf(1), mpmath.mpf(10) ** -53
    term, j = total, k
    while term > least:
        j += 1
        term *= q / (j * (j + v))
        total += term
    term, j = mpmath.mpf(1), k
    while term > least and j > 0:
        term *= j * (j + v) / q
        j -= 1
        total += term
    return peak + mpmath.log(total)


def test_the_oracle_is_right():
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(50):
        for order, x in [(0, 1), (0.5, 300), (1023, 900)]:
            wanted = mpmath.log(mpmath.besseli(order, x))
            assert abs(exact_log(mpmath, order, x) - wanted) < 1e-45


def error(found, wanted, least):
    """Of a logarithm, or absolute where that is below one; of a quotient."""
    return float(abs(found - wanted) / max(least, abs(wanted)))


@given(order=ORDERS, exponent=st.floats(-3, 4))
@settings(max_examples=60)
def test_bessel_functions_have_all_their_digits(order, exponent):
    x = np.array([10.0**exponent])
    logarithm, quotient = exact(order, x[0])
    assert error(float(sphere.log_iv(order, x)[0]), logarithm, 1) < 3e-14
    assert error(float(sphere.bessel_ratio(order, x)[0]), quotient, 0) < 2e-15


@pytest.mark.parametrize("order", [0.0, 7.5, 255.0, 16384.0])
def test_bessel_functions_of_large_arguments(order):
    logarithm, quotient = exact(order, 1e6)
    assert error(float(sphere.log_iv(order, np.array([1e6]))[0]), logarithm, 1) < 2e-14
    found = float(sphere.bessel_ratio(order, np.array([1e6]))[0])
    assert error(found, quotient, 0) < 2e-15


@pytest.mark.parametrize("order", [31.0, 1023.0, 16384.0])
@pytest.mark.parametrize("away", [0.0, 1e-5, -4e-3, 9.9e-3, -0.0101, 0.03])
def test_no_digits_are_lost_where_the_exponent_is_zero(order, away):
    """The logarithm is a few units there, as the difference of thousands."""
    x = np.array([order * 0.66274341934918 * (1 + away)])
    logarithm, _ = exact(order, x[0])
    assert error(float(sphere.log_iv(order, x)[0]), logarithm, 1) < 3e-14


def test_scipy_agrees_where_it_is_not_zero():
    x = np.geomspace(0.1, 1e4, 10_000)
    for order in (0, 0.5, 3, 20.25):
        assert_allclose(
            sphere.log_iv(order, x), np.log(ive(order, x)) + x, 1e-12, 1e-13
        )


def test_bessel_functions_at_the_ends():
    ends = np.array([0.0, 1e-300, 1e150])
    assert_allclose(sphere.log_iv(0, ends[:2]), 0, atol=1e-13)
    assert np.isneginf(sphere.log_iv(2.5, ends[:1])).all()
    for order in (-0.5, 0, 3, 5000):
        assert_allclose(sphere.bessel_ratio(order, ends)[2], 1)
        assert_allclose(sphere.log_iv(order, ends)[2], 1e150)
    assert_allclose(sphere.bessel_ratio(0, ends)[:2], [0, 5e-301])
    for order in (-1, np.inf, np.nan):
        with pytest.raises(ValueError, match="order must be"):
            sphere.log_iv(order, ends)


@given(n_features=st.integers(1, 3000), exponent=st.floats(-8, 8))
@settings(max_examples=50)
def test_the_peak_is_the_normalised_density(n_features, exponent):
    """Its derivative by the concentration is the mean cosine, less one."""
    k, order = 10.0**exponent, n_features / 2 - 1
    at_zero, at_k = sphere.log_peak(np.array([0.0, k]), n_features)
    area = np.log(2) + (order + 1) * np.log(np.pi) - gammaln(order + 1)
    assert_allclose(at_zero, -area, rtol=1e-12, atol=1e-11)
    direct = order * np.log(k) - (order + 1) * np.log(2 * np.pi)
    direct += k - sphere.log_iv(order, np.array([k]))[0]
    assert_allclose(at_k, direct, rtol=1e-11, atol=1e-9 + 1e-14 * k)
