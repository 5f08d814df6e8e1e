"""Curves of least energy: their minimum, their lengths, and how they are spaced."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from skgeom.embedding._latent_geometry._curves import (
    curve_lengths,
    evenly_spaced,
    least_energy_curves,
)
from skgeom.embedding._latent_geometry._decoders import (
    Support,
    fit_kernel_decoder,
    gaussian_bumps,
    with_support,
)
from skgeom.embedding._latent_geometry._resampling import (
    evening_weights,
    systematic_draws,
)
from skgeom.embedding._latent_geometry._starts import straight_starts


def paraboloid(Z):
    slopes = np.concatenate(
        [
            np.broadcast_to(np.eye(Z.shape[1]), (len(Z), *(2 * Z.shape[1:]))),
            2 * Z[:, None],
        ],
        axis=1,
    )
    return np.column_stack([Z, (Z**2).sum(axis=1)]), slopes


@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(3, 12))
@settings(max_examples=10)
def test_the_minimum_is_that_of_a_general_optimiser(seed, d, n_points):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(2, 3, d))
    starts = straight_starts(A, B, n_points)
    found = least_energy_curves(starts, paraboloid, max_iter=200, tol=1e-12)
    assert found.converged.all()
    assert_allclose(found.points[:, [0, -1]], np.stack([A, B], axis=1))
    for start, energy in zip(starts, found.energies, strict=True):

        def energy_of(inner, start=start):
            curve = start.copy()
            curve[1:-1] = inner.reshape(-1, d)
            values, slopes = paraboloid(curve)
            bends = 2 * values[1:-1] - values[:-2] - values[2:]
            slope = 2 * np.einsum("kvc,kv->kc", slopes[1:-1], bends)
            return (np.diff(values, axis=0) ** 2).sum(), slope.ravel()

        inner = start[1:-1].ravel()
        assert energy <= energy_of(inner)[0] * (1 + 1e-12)
        other = minimize(energy_of, inner, jac=True, method="BFGS").fun
        assert energy == pytest.approx(other, rel=1e-4)


def test_curves_of_a_batch_do_not_see_each_other():
    rng = np.random.default_rng(0)
    starts = straight_starts(*rng.normal(size=(2, 6, 2)), 15)
    together = least_energy_curves(starts, paraboloid)
    for i in range(6):
        alone = least_energy_curves(starts[i : i + 1], paraboloid)
        assert_allclose(alone.points[0], together.points[i], atol=1e-9)
        assert alone.n_iter[0] == together.n_iter[i]


def test_ends_that_are_one_and_curves_of_two_points():
    Z = np.ones((2, 1, 2)) * [[[1.0, 2.0]], [[0.0, 0.0]]]
    same = least_energy_curves(np.repeat(Z, 9, axis=1), paraboloid)
    assert (same.energies == 0).all() and same.converged.all()
    assert (same.n_iter == 0).all()
    ends = least_energy_curves(straight_starts(Z[0], Z[1], 2), paraboloid)
    assert ends.converged.all()
    assert_allclose(curve_lengths(ends.values), np.sqrt(30))


@pytest.mark.parametrize("n_points", [6, 7, 20, 41])
def test_lengths_of_arcs_are_of_fourth_order(n_points):
    angles = np.linspace(0, 2, n_points)
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1)[None]
    step = 2 / (n_points - 1)
    assert abs(curve_lengths(arc)[0] - 2) < 0.05 * step**4
    chords = 2 * (n_points - 1) * np.sin(step / 2)
    assert abs(chords - 2) > 0.05 * step**2


def test_points_are_spaced_evenly():
    corners = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]])
    assert_allclose(
        evenly_spaced(corners, 5), [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]], atol=1e-12
    )
    assert_allclose(evenly_spaced(corners[:1], 3), np.zeros((3, 2)))


@given(st.integers(0, 10**6), st.integers(1, 4))
@settings(max_examples=5)
def test_slopes_are_those_of_values(seed, d):
    rng = np.random.RandomState(seed)
    Z = rng.normal(size=(60, d))
    X = np.column_stack([np.sin(Z[:, 0]), (Z**2).sum(axis=1), Z])
    decoder = fit_kernel_decoder(Z, X, 40, rng)
    wall = Support(Z, 0.7, 2.0, 1.5)
    decode, at, step = with_support(decoder, wall), Z[:5] + 0.1, 3e-4
    slopes = decode(at)[1]
    for axis in range(d):
        move = step * np.eye(d)[axis]
        change = (decode(at + move)[0] - decode(at - move)[0]) / (2 * step)
        assert_allclose(slopes[:, :, axis], change, atol=1e-4)
    # Coordinates of the span keep lengths.
    values, rows = decoder(at)[0], decoder.rows(at)
    assert_allclose(
        np.linalg.norm(np.diff(values, axis=0), axis=1),
        np.linalg.norm(np.diff(rows, axis=0), axis=1),
        atol=1e-6,
    )
    assert_allclose(wall.emptiness(at), wall(at)[0][:, 0] / 1.5)


def test_the_kernel_decoder_is_kernel_ridge_when_all_rows_are_centres():
    rng = np.random.RandomState(0)
    Z = rng.uniform(-2, 2, size=(40, 2))
    X = np.sin(2 * Z) @ rng.normal(size=(2, 3)) + 0.05 * rng.normal(size=(40, 3))
    model = fit_kernel_decoder(Z, X, 40, np.random.RandomState(0))
    design = np.column_stack([np.ones(40), Z])
    flat = design @ np.linalg.lstsq(design, X, rcond=None)[0]
    axes = np.linalg.svd(X - flat)[2]
    kernel = gaussian_bumps(Z, Z, model.length)
    expected = np.column_stack(
        [
            kernel @ np.linalg.solve(kernel + alpha * np.eye(40), (X - flat) @ axis)
            for alpha, axis in zip(model.alphas, axes, strict=True)
        ]
    )
    assert_allclose(model.rows(Z), flat + expected @ axes, atol=1e-5)


def test_columns_of_noise_do_not_hide_those_that_bend():
    rng = np.random.RandomState(0)
    Z = rng.uniform(-1.7, 1.7, size=(400, 1))
    bent = np.sin(3 * Z)
    X = np.column_stack([bent, Z, 0.1 * rng.normal(size=(400, 30))])
    error = fit_kernel_decoder(Z, X, 100, rng).rows(Z)[:, :2] - X[:, :2]
    assert np.sqrt((error**2).mean()) < 0.03


@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(1, 80))
@settings(max_examples=20)
def test_draws_are_as_many_as_their_share(seed, n, n_draws):
    rng = np.random.RandomState(seed)
    weights = rng.uniform(size=n) * (rng.uniform(size=n) < 0.7) + 1e-9
    drawn = systematic_draws(weights, n_draws, rng)
    counts = np.bincount(drawn, minlength=n)
    expected = n_draws * weights / weights.sum()
    assert counts.sum() == n_draws
    assert (np.abs(counts - expected) < 1 + 1e-9).all()


def test_weights_of_rows_without_a_volume():
    none = np.full(3, -np.inf)
    assert_allclose(evening_weights(none, np.ones(3), np.ones(3), 2), 1)
    some = evening_weights(np.r_[-np.inf, 0, 0], np.ones(3), np.r_[1, 1, 2], 2)
    assert_allclose(some, [0, 2, 1])
