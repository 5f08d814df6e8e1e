"""Spherical harmonics: SciPy's, the theorem of addition, poles, charts, odd rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import eval_legendre, sph_harm_y
from sklearn.linear_model import Ridge
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import SphericalHarmonics

SPECTRA = ["heat", "matern12", "matern32", "matern52"]


def directions(n, seed):
    v = np.random.default_rng(seed).normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def lonlat_of(v):
    lon, lat = np.arctan2(v[:, 1], v[:, 0]), np.arcsin(np.clip(v[:, 2], -1, 1))
    return np.rad2deg(np.stack([lon, lat], axis=1))


@pytest.mark.parametrize("degree", [0, 1, 7, 30])
def test_they_are_those_of_scipy(degree):
    v = np.vstack([directions(20, 0), np.eye(3), -np.eye(3)])
    polar, lon = np.arccos(v[:, 2]), np.arctan2(v[:, 1], v[:, 0])
    found = SphericalHarmonics(degree).fit_transform(v)
    for l in range(degree + 1):  # noqa: E741
        for m in range(l + 1):
            complex_one = (-1) ** m * sph_harm_y(l, m, polar, lon)
            root = 2**0.5 if m else 1.0
            column = l * l + l
            assert_allclose(found[:, column + m], root * complex_one.real, atol=1e-12)
            if m:
                assert_allclose(
                    found[:, column - m], root * complex_one.imag, atol=1e-12
                )


@given(st.integers(0, 2**31 - 1), st.integers(0, 12))
def test_products_depend_on_the_angle_alone(seed, degree):
    v = directions(6, seed)
    model = SphericalHarmonics(degree)
    Z = model.fit_transform(v)
    for l in range(degree + 1):  # noqa: E741
        part = Z[:, model.degrees_ == l]
        expected = (2 * l + 1) / (4 * np.pi) * eval_legendre(l, np.clip(v @ v.T, -1, 1))
        assert_allclose(part @ part.T, expected, atol=1e-12)


@pytest.mark.parametrize("degree", [300, 1000])
def test_high_degrees_keep_their_digits(degree):
    """At the poles and near them too, where powers of sines underflow."""
    v = np.vstack(
        [directions(3, 1), [[0, 0, 1], [0, 0, -1], [1e-3, 0, 1], [1e-9, 0, 1]]]
    )
    model = SphericalHarmonics(degree)
    Z = model.fit_transform(v)
    squares = np.add.reduceat(Z**2, np.arange(degree + 1) ** 2, axis=1)
    expected = (2 * np.arange(degree + 1) + 1) / (4 * np.pi)
    assert_allclose(squares / expected, 1.0, atol=1e-10)
    top = Z[:, model.degrees_ == degree]
    angle = np.clip(
        v @ (v[0] / np.linalg.norm(v[0])) / np.linalg.norm(v, axis=1), -1, 1
    )
    kernel = expected[-1] * eval_legendre(degree, angle)
    assert_allclose(top @ top[0], kernel, atol=1e-9 * expected[-1])


@pytest.mark.parametrize("spectrum", SPECTRA)
@given(st.floats(0.2, 3))
def test_spectra_are_kernels(spectrum, width):
    v = directions(5, 0)
    model = SphericalHarmonics(12, spectrum=spectrum, length_scale=width)
    Z = model.fit_transform(v)
    assert_allclose((Z**2).sum(axis=1), 1.0, atol=1e-12)
    assert (np.diff(model.scales_) <= 0).all()
    l = np.arange(13)  # noqa: E741
    legendre = np.array([eval_legendre(k, np.clip(v @ v.T, -1, 1)) for k in l])
    shares = model.scales_**2 * (2 * l + 1) / (4 * np.pi)
    assert_allclose(Z @ Z.T, np.einsum("l,lij->ij", shares, legendre), atol=1e-12)


def test_heat_is_a_narrow_bell_on_the_sphere():
    """Near its middle it is that of the plane: exp(-angle^2 / 2 width^2)."""
    angle = np.linspace(0, 0.3, 7)
    v = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1)
    Z = SphericalHarmonics(60, spectrum="heat", length_scale=0.1).fit_transform(v)
    assert_allclose(Z @ Z[0], np.exp(-(angle**2) / (2 * 0.1**2)), atol=0.01)


@given(st.integers(0, 2**31 - 1))
def test_charts_agree(seed):
    v = directions(8, seed)
    places = lonlat_of(v)
    Z = SphericalHarmonics(5).fit_transform(v * [[3.0]])
    there = SphericalHarmonics(5, input_space="lonlat")
    assert_allclose(there.fit_transform(places), Z, atol=1e-12)
    assert_allclose(there.transform(places + np.array([360 * 7, 0])), Z, atol=1e-10)


def test_the_pole_has_no_longitude():
    model = SphericalHarmonics(8, input_space="lonlat").fit([[0.0, 0.0]])
    Z = model.transform([[lon, 90.0] for lon in (-170, 0, 33)])
    assert_allclose(Z, Z[:1] + 0 * Z, atol=1e-14)


def test_a_field_is_as_smooth_at_the_poles_as_at_the_equator():
    """A function of the angle to a place, learned around the pole and the equator."""
    v = directions(3000, 2)
    errors = []
    for centre in ([0, 0, 1.0], [1.0, 0, 0]):
        truth = np.exp(3 * (v @ centre - 1))
        Z = SphericalHarmonics(12).fit_transform(v)
        model = Ridge(alpha=1e-6).fit(Z[::2], truth[::2])
        near = np.flatnonzero(v[1::2] @ centre > 0.9)
        errors.append(np.abs(model.predict(Z[1::2][near]) - truth[1::2][near]).max())
    assert max(errors) < 1e-5


@pytest.mark.parametrize("d", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1.0, 1e100, 1e300])
def test_any_row_has_a_direction(d, scale):
    X = np.random.default_rng(0).normal(size=(9, d))
    model = SphericalHarmonics(3).fit(X)
    Z = model.transform(X)
    there = SphericalHarmonics(3).fit(scale * X).transform(scale * X)
    assert_allclose(there, Z, atol=1e-9)
    assert model.axes_.shape == (3, d)
    squares = np.add.reduceat(Z**2, np.arange(4) ** 2, axis=1)
    assert_allclose(squares, np.tile((2 * np.arange(4) + 1) / (4 * np.pi), (9, 1)))


def test_rows_of_a_subspace_keep_their_angles():
    v = directions(50, 3)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 3)))[0]
    one, two = (SphericalHarmonics(4).fit_transform(rows) for rows in (v, v @ turn.T))
    assert_allclose(two @ two.T, one @ one.T, atol=1e-10)


def test_zeros_fade():
    v = directions(20, 0)
    model = SphericalHarmonics(3).fit(v)
    only = np.append((4 * np.pi) ** -0.5, np.zeros(15))
    assert_allclose(model.transform(np.zeros((2, 3))), np.tile(only, (2, 1)))
    sizes = np.linalg.norm(
        model.transform(np.geomspace(1e-6, 1e-12, 9)[:, None] * v[:1]), axis=1
    )
    assert (np.diff(sizes) <= 1e-12).all()
    zeros = SphericalHarmonics(2).fit(np.zeros((3, 5)))
    assert np.isfinite(zeros.transform(np.ones((2, 5)))).all()


def test_odd_input():
    with pytest.raises(ValueError, match="takes two columns"):
        SphericalHarmonics(input_space="lonlat").fit(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"latitudes from -90 to 90.*91.0 in row 1"):
        SphericalHarmonics(input_space="lonlat").fit([[0.0, 0.0], [0.0, 91.0]])
    model = SphericalHarmonics(input_space="lonlat").fit([[0.0, 0.0]])
    with pytest.raises(ValueError, match=r"-100\.0 in row 0"):
        model.transform([[0.0, -100.0]])
    with pytest.raises(ValueError, match="NaN"):
        SphericalHarmonics().fit([[np.nan, 0.0, 1.0]])
    for name, value in (("degree", -1), ("degree", 5000), ("spectrum", "white")):
        with pytest.raises(InvalidParameterError, match=name):
            SphericalHarmonics(**{name: value}).fit(np.eye(3))
    v = directions(5, 0).astype(np.float32)
    assert SphericalHarmonics().fit_transform(v).dtype == np.float32
