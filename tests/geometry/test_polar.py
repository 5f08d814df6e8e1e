"""Polar coordinates: the same space as the ball, with digits far beyond its rim."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.backends import get_backend
from skgeom.geometry import lorentz, poincare, polar

SEEDS = st.integers(0, 2**32 - 1)
COMPONENTS = st.integers(1, 5)


def points(n, n_components, radius, seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack(
        [rng.uniform(0, radius, n), rng.standard_normal((n, n_components))]
    )
    return polar.project(x)


@given(COMPONENTS, SEEDS)
def test_distances_are_those_of_the_ball(n_components, seed):
    x, y = (points(9, n_components, 8.0, seed + i) for i in (0, 1))
    balls = polar.to_poincare(x), polar.to_poincare(y)
    assert_allclose(polar.distance(x, y), poincare.distance(*balls), rtol=1e-9)
    sheets = polar.to_lorentz(x / [4, *[1] * n_components]), polar.to_lorentz(y)
    x = polar.from_lorentz(sheets[0])
    assert_allclose(polar.distance(x, y), lorentz.distance(*sheets), rtol=1e-6)


@pytest.mark.parametrize("chart", ["poincare", "klein", "lorentz", "tangent"])
@given(COMPONENTS, SEEDS)
def test_charts_and_back(chart, n_components, seed):
    x = points(9, n_components, 7.0, seed)
    there = getattr(polar, f"to_{chart}")(x)
    assert_allclose(getattr(polar, f"from_{chart}")(there), x, rtol=1e-9, atol=1e-9)


def test_geodesics_are_straight_in_the_ball_of_klein():
    x, y = points(20, 3, 4.0, 0), points(20, 3, 4.0, 1)
    ends, middle = (polar.to_klein(p) for p in (x, y)), polar.geodesic(x, y, 0.3)
    a, b = ends
    along, whole = polar.to_klein(middle) - a, b - a
    cosine = (along * whole).sum(axis=1)
    cosine /= np.linalg.norm(along, axis=1) * np.linalg.norm(whole, axis=1)
    assert_allclose(cosine, 1, atol=1e-9)


@given(COMPONENTS, SEEDS)
def test_exp_and_log_are_inverse(n_components, seed):
    x, y = (points(9, n_components, 12.0, seed + i) for i in (0, 1))
    found = polar.exp(x, polar.log(x, y))
    assert_allclose(polar.distance(found, y), 0, atol=1e-4)
    v = np.random.default_rng(seed).standard_normal((9, n_components))
    moved = polar.exp(x, v)
    assert_allclose(polar.distance(x, moved), np.linalg.norm(v, axis=1), rtol=1e-6)
    assert_allclose(polar.log(x, moved), v, atol=1e-4)


@given(COMPONENTS, SEEDS, st.floats(0, 1))
def test_geodesics_are_shortest(n_components, seed, t):
    x, y = (points(9, n_components, 12.0, seed + i) for i in (0, 1))
    z, whole = polar.geodesic(x, y, t), polar.distance(x, y)
    assert_allclose(polar.distance(x, z), t * whole, atol=1e-5 * (1 + whole.max()))
    assert_allclose(
        polar.distance(z, y), (1 - t) * whole, atol=1e-4 * (1 + whole.max())
    )


@given(COMPONENTS, SEEDS)
def test_steps_come_from_where_they_say(n_components, seed):
    x = points(9, n_components, 6.0, seed)
    rng = np.random.default_rng(seed)
    ways = rng.standard_normal(x[:, 1:].shape)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    lengths = rng.uniform(0, 5, (9, 1))
    gone = polar.step(x, ways, lengths)
    there = polar.project(np.hstack([gone.radius, x[:, 1:] + gone.turn]))
    home = polar.exp(there, lengths * gone.back)
    assert_allclose(polar.distance(home, x), 0, atol=1e-6)


@pytest.mark.parametrize("n_terms", [1, 2, 4])
def test_sums_of_floats_keep_what_they_have_room_for(n_terms):
    """Against fractions, which round nothing."""
    from fractions import Fraction

    rng = np.random.default_rng(0)
    for _ in range(50):
        terms, exact = np.zeros(n_terms), Fraction(0)
        for k in range(3 * n_terms):
            change = rng.standard_normal() * 10.0 ** (-5 * k)
            exact += Fraction(change)
            terms = polar.add_to_terms(terms, np.asarray(change))
        found = sum(Fraction(term) for term in terms.tolist())
        assert abs(found - exact) <= 2.0 ** (-50 * n_terms) * abs(Fraction(terms[0]))


def test_distances_far_out_are_those_of_120_digits():
    """Of directions that are sums of floats, at radii up to 139."""
    mpmath = pytest.importorskip("mpmath")
    rng = np.random.default_rng(1)
    start = polar.project(np.append(0.0, rng.standard_normal(2))[None])
    worst = 0.0
    with mpmath.workdps(120):
        for _ in range(100):
            r, s = rng.uniform(0, 139, 2)
            gap = rng.standard_normal(2) * 10.0 ** rng.uniform(-60, 0)
            terms = np.zeros((4, 1, 2))
            terms[0] = start[:, 1:]
            other = polar.add_to_terms(terms, gap[None])
            chord = np.linalg.norm((terms - other).sum(axis=0))
            found = float(polar.separation(r, s, np.asarray(chord)))
            sums = [
                [sum(map(mpmath.mpf, u[:, 0, i])) for i in range(2)]
                for u in (terms, other)
            ]
            square = sum((a - b) ** 2 for a, b in zip(*sums, strict=True))
            half = mpmath.sinh((mpmath.mpf(r) - mpmath.mpf(s)) / 2) ** 2
            half += mpmath.sinh(r) * mpmath.sinh(s) * square / 4
            exact = 2 * mpmath.asinh(mpmath.sqrt(half))
            worst = max(worst, abs(float((found - exact) / exact)))
    assert worst < 1e-13


def test_directions_run_out_where_the_page_says():
    x = np.array([[36.0, 0.6, 0.8]])
    moved = polar.exp(x, np.array([[0.8, -0.6]]))
    assert 0.5 < polar.distance(x, moved)[0] < 1.7
    moved = polar.exp(np.array([[45.0, 0.6, 0.8]]), np.array([[0.8, -0.6]]))
    assert abs(polar.distance(np.array([[45.0, 0.6, 0.8]]), moved)[0] - 1) > 0.3


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 1.0, -1.0, 5e-324, 1e-200, 1e200, 1.7e308]),
)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(st.lists(st.lists(NUMBERS, min_size=8, max_size=8), min_size=1, max_size=4))
def test_finite_input_gives_finite_output(dtype, rows):
    largest = float(np.finfo(dtype).max)
    rows = np.clip(np.array(rows), -largest, largest).astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        x, y = polar.project(rows[:, :3]), polar.project(rows[:, 3:6])
        v = polar.to_tangent(polar.from_tangent(rows[:, 6:]))
        outputs = [
            x,
            y,
            polar.distance(x, y),
            polar.log(x, y),
            polar.exp(polar.project(x / dtype(2)), v / dtype(3)),
            polar.geodesic(x, y, dtype(0.5)),
            *(getattr(polar, f"to_{c}")(x) for c in ("poincare", "klein", "lorentz")),
            *(getattr(polar, f"from_{c}")(rows[:, :3]) for c in ("poincare", "klein")),
            polar.from_lorentz(rows[:, :3]),
        ]
    for output in outputs:
        assert output.dtype == dtype
        assert np.isfinite(output).all()


def test_on_torch(device):
    backend = get_backend(device)
    x, y = points(20, 3, 9.0, 0), points(20, 3, 9.0, 1)
    v = np.random.default_rng(0).standard_normal((20, 3))
    X, Y, V = map(backend.asarray, (x, y, v))
    for name, there, here in [
        ("distance", (X, Y), (x, y)),
        ("exp", (X, V), (x, v)),
        ("log", (X, Y), (x, y)),
        ("to_poincare", (X,), (x,)),
    ]:
        found = backend.to_numpy(getattr(polar, name)(*there))
        assert_allclose(found, getattr(polar, name)(*here), rtol=1e-8, atol=1e-8)


def test_integers_are_computed_with_as_float64():
    x, y = np.array([[2, 1, 0]]), np.array([[3, 0, 1]])
    assert polar.distance(x, y).dtype == np.float64
    assert_allclose(polar.distance(x, y), polar.distance(1.0 * x, 1.0 * y))


def test_random_points_are_wrapped_normal():
    x = polar.random(20_000, 3, scale=0.5, random_state=0)
    assert_allclose((x[:, 0] ** 2).mean(), 3 * 0.25, rtol=0.02)


@given(n=st.integers(1, 8), d=st.integers(1, 4), seed=st.integers(0, 999))
@settings(max_examples=30)
def test_hyperbolic_means_have_no_gradient_left(n, d, seed):
    x = polar.random(n, d, scale=3.0, random_state=seed)
    weights = np.random.default_rng(seed).uniform(0.1, 1, n)
    mean = polar.mean(x, weights)
    left = weights @ polar.log(mean[None], x) / weights.sum()
    assert np.linalg.norm(left) < 1e-9 * (1 + x[:, 0].max())


@given(seed=st.integers(0, 99))
@settings(max_examples=10)
def test_a_mean_moves_with_the_points(seed):
    """Of points moved by an isometry; of two points it is half-way."""
    x = polar.random(7, 3, scale=1.5, random_state=seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    turned = np.column_stack([x[:, 0], x[:, 1:] @ turn])
    mean, moved = polar.mean(x), polar.mean(turned)
    np.testing.assert_allclose(
        polar.to_tangent(moved), polar.to_tangent(mean) @ turn, atol=1e-8
    )
    half = polar.geodesic(x[:1], x[1:2], 0.5)
    far = polar.distance(polar.mean(x[:2], [2.0, 2.0])[None], half)
    np.testing.assert_allclose(far, 0, atol=1e-7)
