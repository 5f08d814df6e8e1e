"""The latent form beside the dense posterior, the choice of a form, and learning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom import VecchiaGPRegressor
from skgeom.backends import get_backend
from skgeom.backends._reference import kernel_values
from skgeom.gaussian_process._vecchia import _latent
from skgeom.gaussian_process._vecchia._cells import cells_of
from skgeom.gaussian_process._vecchia._forms import FORMS, Settings, held_out_density
from skgeom.gaussian_process._vecchia._parameters import Parameters, freedom
from skgeom.gaussian_process._vecchia._table import Table

CPU = get_backend("cpu")


def dense(table, queries, signal, noise):
    """Means and covariance of the signal, length scales of one."""
    n = len(table.points)
    both = np.concatenate([table.points, queries])
    K = signal * kernel_values(both, both, "matern52", 0.5)
    system = K[:n, :n] + np.diag(noise * table.factors)
    weights = np.linalg.solve(system, K[:n, n:])
    return weights.T @ table.residuals, K[n:, n:] - weights.T @ K[:n, n:]


def draw(n, seed, n_targets=1, side=6.0):
    """Rows, some of them at one place, with noise each of its own."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, side, (n, 2))
    points[1] = points[0]
    f = np.stack([np.sin(points @ [1, k]) for k in range(n_targets)], axis=1)
    factors = rng.uniform(0.2, 3, n)
    y = f + np.sqrt(factors)[:, None] * rng.standard_normal(f.shape)
    return Table(points, y, factors), rng.uniform(0, side, (8, 2))


def latent(table, theta, n_neighbors=30, n_neighbors_predict=100, backend=CPU):
    """The process of a latent field."""
    sizes = Settings("matern52", n_neighbors, n_neighbors_predict, None)
    return FORMS["latent"].condition(table, Parameters(np.array(theta)), sizes, backend)


# -------------------------------------------------------------------- the latent form


@given(seed=st.integers(0, 2**31), noise=st.sampled_from([0.01, 1.0, 10.0]))
@settings(max_examples=4)
def test_with_all_neighbors_the_field_is_the_dense_one(seed, noise):
    table, queries = draw(60, seed, n_targets=2)
    process = latent(table, np.log([1.0, 1.0, 1.0, noise]), 59, 60)
    means, covariance = dense(table, queries, 1.0, noise)
    found, variances = process.posterior(queries, CPU)
    assert_allclose(found, means, atol=0.02 * np.abs(means).max())
    assert_allclose(variances, np.diagonal(covariance), rtol=0.05, atol=1e-6)
    told = process.covariance(queries, CPU)
    assert_allclose(told, covariance, atol=0.05 * covariance.max())
    draws = process.draw(queries, 4000, np.random.default_rng(0), CPU)
    assert_allclose(np.cov(draws), covariance, atol=0.1 * covariance.max())


def test_variances_count_rows_beyond_the_near_ones():
    """What ten near rows leave is twice too much."""
    table, queries = draw(1500, 0)
    theta = np.log([1.0, 1.0, 1.0, 4.0])
    _, covariance = dense(table, queries, 1.0, 4.0)
    near = FORMS["response"].condition(
        table, Parameters(theta), Settings("matern52", 10, 10, None), CPU
    )
    assert near.posterior(queries, CPU)[1].mean() > 1.7 * np.diagonal(covariance).mean()
    process = latent(table, theta, 20, 150)
    _, variances = process.posterior(queries, CPU)
    assert_allclose(variances, np.diagonal(covariance), rtol=0.4)
    assert_allclose(variances.mean(), np.diagonal(covariance).mean(), rtol=0.2)


def test_rows_at_one_place_tell_as_much_as_their_mean():
    table, queries = draw(80, 3)
    copies = Table(*(np.concatenate([part, part]) for part in table))
    copies.residuals[:80] += 0.7
    copies.residuals[80:] -= 0.7
    halved = table._replace(factors=table.factors / 2)
    theta = np.log([1.0, 1.0, 1.0, 0.5])
    one, two = (latent(t, theta).posterior(queries, CPU) for t in (halved, copies))
    for a, b in zip(one, two, strict=True):
        assert_allclose(a, b, atol=1e-6)


def test_rows_of_a_tile_come_together(monkeypatch):
    monkeypatch.setattr(_latent, "_TILE", 32)
    points = np.random.default_rng(0).uniform(size=(300, 2))
    order = _latent.by_tiles(points)
    assert_array_equal(np.sort(order), np.arange(300))
    for start, end in ((0, 64), (64, 128), (128, 256), (256, 300)):
        assert_array_equal(np.sort(order[start:end]), np.arange(start, end))
    tiles = points[order[128:256]].reshape(4, 32, 2)
    assert np.ptp(tiles, axis=1).max(axis=1).mean() < 0.8
    assert_array_equal(_latent.by_tiles(0 * points), np.arange(300))


def test_steps_from_the_targets_find_fields_of_little_noise():
    table, queries = draw(300, 1)
    smooth = table._replace(residuals=np.sin(table.points[:, :1]))
    process = latent(smooth, np.log([1.0, 1.0, 1.0, 1e-6]))
    expected, _ = dense(smooth, queries, 1.0, 1e-6)
    assert_allclose(process.posterior(queries, CPU)[0], expected, atol=0.02)


def test_the_latent_form_is_the_same_on_torch():
    table, queries = draw(150, 2, n_targets=2)
    theta = np.log([1.0, 1.0, 1.0, 1.0])
    torch = get_backend("torch-cpu")
    one = latent(table, theta, 10).posterior(queries, CPU)
    two = latent(table, theta, 10, backend=torch).posterior(queries, torch)
    for a, b in zip(one, two, strict=True):
        assert_allclose(a, b, rtol=1e-2, atol=1e-3)


def test_threads_do_not_change_the_latent_form():
    table, queries = draw(400, 4)
    found = []
    for k in (1, 2):
        backend = get_backend("cpu", n_jobs=k)
        process = latent(table, np.log([1.0, 1.0, 1.0, 1.0]), 10, backend=backend)
        found.append(process.posterior(queries, backend))
    assert_array_equal(found[0][0], found[1][0])
    assert_array_equal(found[0][1], found[1][1])


# --------------------------------------------------------------------------- the choice


def smooth_field(n, noise, seed=0):
    """Readings of a smooth function of two columns, and the function."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, 2))
    f = np.sin(5 * X[:, 0]) * np.cos(4 * X[:, 1])
    return X, f + noise * rng.standard_normal(n), f


def test_dense_noisy_fields_are_latent():
    X, y, f = smooth_field(3300, 2.0)
    options = dict(n_neighbors=10, n_neighbors_predict=15, random_state=0)
    model = VecchiaGPRegressor(**options).fit(X[:3000], y[:3000])
    assert model.approximation_ == "latent"
    near = VecchiaGPRegressor(approximation="response", **options)
    near.fit(X[:3000], y[:3000])
    assert_array_equal(near.theta_, model.theta_)
    one, two = (np.mean((m.predict(X) - f) ** 2) for m in (model, near))
    assert one < 0.3 * two


def test_where_there_is_no_noise_near_rows_are_enough():
    X, _, f = smooth_field(1500, 0.0)
    options = dict(n_neighbors=10, n_neighbors_predict=20, batch_size=500)
    model = VecchiaGPRegressor(random_state=0, **options).fit(X, f)
    assert model.approximation_ == "response"


def test_held_out_density_is_that_of_normal_targets():
    table, _ = draw(50, 5)
    theta = np.log([1.0, 1.0, 1.0, 0.5])
    process = latent(table, theta)
    held, _ = draw(9, 6)
    mean, variances = process.posterior(held.points, CPU)
    noise = Parameters(theta).noise * held.factors
    z = (held.residuals - mean)[:, 0] / np.sqrt(variances + noise)
    expected = -0.5 * np.mean(np.log(2 * np.pi * (variances + noise)) + z**2)
    assert_allclose(held_out_density(process, held, CPU), expected)


# ----------------------------------------------------------------------------- learning


def test_noise_is_not_taken_for_anisotropy():
    X, y, _ = smooth_field(2000, 2.0, seed=1)
    model = VecchiaGPRegressor(approximation="response", n_neighbors=15).fit(X, y)
    ratio = model.length_scale_ / X.std(axis=0)
    assert_allclose(ratio[0], ratio[1], rtol=1e-6)


def test_anisotropy_is_found():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(2500, 2))
    y = np.sin(20 * X[:, 0]) + 0.5 * rng.standard_normal(2500)
    for noise in ("learn", 0.25):
        model = VecchiaGPRegressor(
            approximation="response", noise=noise, n_neighbors=15, random_state=0
        ).fit(X, y)
        assert model.length_scale_[1] > 5 * model.length_scale_[0]


def test_cells_are_means_with_less_noise():
    table, _ = draw(2000, 0, side=2.0)
    theta = np.log([1.0, 1.0, 1.0, 1.0])
    cells = cells_of(table, theta, "matern52")
    assert len(cells.points) <= 64
    weights = 1 / cells.factors
    assert_allclose(weights.sum(), (1 / table.factors).sum())
    told = weights @ cells.residuals / weights.sum()
    expected = (table.residuals.T / table.factors).sum() / (1 / table.factors).sum()
    assert_allclose(told, expected)
    assert cells_of(table, np.log([1.0, 1.0, 1.0, 1e-6]), "matern52") is None
    assert cells_of(table, np.log([1.0, 0.01, 0.01, 1.0]), "matern52") is None
    assert cells_of(table, theta, "exponential") is None


def test_tied_lengths_are_one_number():
    free = freedom(3, True, None, np.ones(3))
    tied, phi = free.tied(), np.log([2.0, 3.0, 0.5])
    assert tied.n_lengths == 1
    assert_allclose(np.exp(tied.theta(phi)), [2, 3, 3, 3, 0.5])
    assert_allclose(free.theta(free.untie(phi)), tied.theta(phi))
    fixed = free.without_noise(tied.theta(phi))
    assert len(fixed.start) == len(free.start) - 1
    assert_allclose(fixed.theta(free.untie(phi)[:-1]), tied.theta(phi))


@pytest.mark.parametrize("form", ["response", "latent"])
def test_steps_end_at_their_limit(form):
    X, y, _ = smooth_field(1200, 1.0)
    model = VecchiaGPRegressor(
        approximation=form, max_iter=3, n_neighbors=8, batch_size=300, tol=0.0
    )
    with pytest.warns(UserWarning, match="max_iter=3"):
        model.fit(X, y)
    assert model.n_iter_ == 3
