"""What data are like around a row: known manifolds, laws, odd data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from skgeom.embedding import LocalGeometry
from skgeom.embedding._local_geometry._bends import learn_bends, measure_bends
from skgeom.embedding._local_geometry._neighborhood_laws import (
    inverse_dimensions,
    mean_dimensions,
)
from skgeom.graph import nearest_neighbors

pytestmark = pytest.mark.filterwarnings("ignore:.* rows are too few to measure")

COLUMNS = ["dimension", "mean_curvature", "scalar_curvature", "boundary", "log_density"]


def sphere(n, seed=0, n_dims=2, radius=1.0):
    X = np.random.default_rng(seed).normal(size=(n, n_dims + 1))
    return radius * X / np.linalg.norm(X, axis=1, keepdims=True)


def union(seed, noise):
    """A segment, a square and a ball, in ten dimensions."""
    rng = np.random.default_rng(seed)
    X = np.zeros((3, 300, 10))
    X[0, :, 0] = rng.uniform(-1, 1, 300)
    X[1, :, 1:3], X[1, :, 9] = rng.uniform(-1, 1, (300, 2)), 3
    ball = sphere(300, seed) * rng.uniform(size=(300, 1)) ** (1 / 3)
    X[2, :, 3:6], X[2, :, 9] = ball, 6
    X = X.reshape(-1, 10) @ np.linalg.qr(rng.normal(size=(10, 10)))[0]
    return X + noise * rng.normal(size=X.shape), np.repeat([1, 2, 3], 300)


def test_dimensions_that_change_within_the_data():
    X, truth = union(0, 0.02)
    found = LocalGeometry(["dimension"]).fit_transform(X)[:, 0]
    assert np.mean(found == truth) > 0.95
    # Distances measure the noise.
    for method in ("mle", "two_nn"):
        model = LocalGeometry(["dimension"], dimension=method).fit(X)
        assert np.mean(np.rint(model.dimension_) == truth) < 0.7


def test_distances_tell_the_dimension_of_what_bends_strongly():
    t = np.random.default_rng(0).uniform(0, 2 * np.pi, (1500, 1))
    X = np.concatenate([np.cos(t * [1, 5, 9]), np.sin(t * [1, 5, 9])], axis=1)
    for method in ("mle", "two_nn"):
        found = LocalGeometry(["dimension"], dimension=method).fit(X).dimension_
        assert np.mean(np.abs(found - 1) < 0.5) > 0.9


@pytest.mark.parametrize("radius", [1.0, 4.0])
def test_spheres_bend_as_their_radius_says(radius):
    """Lengths of chords make a sphere a parabola: there is hardly an error."""
    X = sphere(400, radius=radius)
    T = LocalGeometry(["curvature"]).fit_transform(X)
    np.testing.assert_allclose(T, [[1 / radius, 2 / radius**2]] * 400, rtol=5e-4)


def test_a_sphere_of_three_dimensions():
    X = sphere(200, n_dims=3)
    T = LocalGeometry(["curvature"], n_dims=3).fit_transform(X)
    np.testing.assert_allclose(T, [[1, 6]] * 200, rtol=1e-3)


def test_curves_in_space_have_the_curvature_of_their_circle():
    t = np.linspace(0, 12, 600)
    helix = np.stack([np.cos(t), np.sin(t), 0.5 * t], axis=1)
    model = LocalGeometry(["curvature"], n_dims=1).fit(helix)
    T = model.transform(helix[50:-50])
    np.testing.assert_allclose(T[:, 0], 1 / 1.25, rtol=1e-3)
    np.testing.assert_allclose(T[:, 1], 0, atol=1e-6)  # curves have none inside


def test_noise_is_averaged_and_does_not_bend():
    rng = np.random.default_rng(1)
    X = sphere(500, 2) + 0.05 * rng.normal(size=(500, 3))
    model = LocalGeometry(["curvature"]).fit(X)
    assert model.n_neighbors_curvature_[2] > 200
    T = model.transform(X)
    assert np.sqrt(np.mean((T - [1, 2]) ** 2, axis=0)).max() < 0.1
    flat = np.zeros((300, 12))
    flat[:, :2] = rng.uniform(size=(300, 2))
    flat += 0.02 * rng.normal(size=flat.shape)
    T = LocalGeometry(["curvature"], n_dims=2).fit_transform(flat)
    inner = (np.abs(flat[:, :2] - 0.5) < 0.3).all(axis=1)
    assert abs(np.median(T[inner, 1])) < 0.5


def test_the_saddle_bends_both_ways():
    u = np.random.default_rng(0).uniform(-1.2, 1.2, (800, 2))
    X = np.column_stack([u, (u[:, 0] ** 2 - u[:, 1] ** 2) / 2])
    T = LocalGeometry(["curvature"], n_dims=2).fit_transform(X)
    inner = (np.abs(u) < 0.8).all(axis=1)
    expected = -2 / (1 + (u**2).sum(axis=1)) ** 2
    np.testing.assert_allclose(T[inner, 1], expected[inner], atol=0.03)


def test_forms_of_a_known_patch():
    u = np.random.default_rng(0).uniform(-0.3, 0.3, (200, 2))
    heights = [u[:, 0] ** 2 + u[:, 0] * u[:, 1], -(u[:, 1] ** 2)]
    X = np.vstack([np.zeros(4), np.column_stack([u, *heights])])
    model = learn_bends(X, np.arange(1), 2, 60, None)
    near = nearest_neighbors(X, X[:1], n_neighbors=60)
    bends = measure_bends(X, X[:1], *near, 2, model)
    ambient = np.einsum(
        "eij,ef,ia,jb->fab", bends.forms[0], bends.normals[0], *[bends.axes[0]] * 2
    )
    np.testing.assert_allclose(ambient[2, :2, :2], [[2, 1], [1, 0]], atol=0.05)
    np.testing.assert_allclose(ambient[3, :2, :2], [[0, 0], [0, -2]], atol=0.05)


def test_edges_and_densities_of_a_square():
    rng = np.random.default_rng(0)
    X = np.zeros((1500, 6))
    X[:, :2] = np.column_stack([rng.beta(1, 2, 1500), rng.uniform(size=1500)])
    density = np.log(2 * (1 - X[:, 0]))
    edge = np.minimum(X[:, :2], 1 - X[:, :2]).min(axis=1)
    X = 3 * (X + 0.005 * rng.normal(size=X.shape))
    T = LocalGeometry(["boundary", "density"], n_dims=2).fit_transform(X)
    assert 0 <= T[:, 0].min() <= T[:, 0].max() <= 1
    assert roc_auc_score(edge < 0.02, T[:, 0]) > 0.95
    inner = edge > 0.1
    errors = T[inner, 1] - (density[inner] - np.log(9))
    assert abs(np.median(errors)) < 0.1
    assert np.std(errors) < 0.3


@settings(max_examples=5)
@given(st.integers(0, 100), st.floats(-40, 40), st.floats(-3, 3))
def test_laws_of_place_turn_and_unit(seed, exponent, shift):
    rng = np.random.default_rng(seed)
    X = sphere(150, 7) * [1, 1, 0.7]
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    unit = 10.0**exponent
    before = LocalGeometry(n_dims=2).fit_transform(X)
    after = LocalGeometry(n_dims=2).fit_transform((X @ turn + shift) * unit)
    powers = np.array([0, 1, 2, 0, 0])
    shifts = np.array([0, 0, 0, 0, 2 * np.log(unit)])
    np.testing.assert_allclose(after * unit**powers + shifts, before, rtol=1e-4)


def test_rows_are_measured_alone_and_in_the_order_asked_for():
    X = sphere(300)
    model = LocalGeometry().fit(X)
    assert model.get_feature_names_out().tolist() == COLUMNS
    whole = model.transform(X)
    np.testing.assert_allclose(model.transform(X[7:8]), whole[7:8], rtol=1e-9)
    np.testing.assert_array_equal(whole[:, 0], model.dimension_)
    some = LocalGeometry(["density", "dimension"]).fit(X)
    assert some.get_feature_names_out().tolist() == ["log_density", "dimension"]
    np.testing.assert_allclose(some.transform(X), whole[:, [4, 0]])
    frames = model.tangent_frames(X)
    assert frames.shape == (300, 2, 3)
    np.testing.assert_allclose(
        frames @ frames.transpose(0, 2, 1), [np.eye(2)] * 300, atol=1e-12
    )
    assert np.abs(np.einsum("ndf,nf->nd", frames, X)).max() < 0.4


def test_frames_have_as_many_directions_as_rows_have_dimensions():
    X, _ = union(0, 0.0)
    model = LocalGeometry(["dimension"]).fit(X)
    frames = model.tangent_frames(X[[5, 400, 700]])
    sizes = np.linalg.norm(frames, axis=2).round(9)
    np.testing.assert_array_equal(sizes, [[1, 0, 0], [1, 1, 0], [1, 1, 1]])


def test_inverse_dimensions_are_those_of_powers():
    """Volumes of balls in dimension d: the k-th of n neighbours is at (k/n)^(1/d)."""
    radii = (np.arange(400) / 399) ** (1 / 3)
    found = inverse_dimensions(radii[None], "mle")
    assert found[0] == pytest.approx(1 / 3, rel=0.02)
    assert mean_dimensions(found, np.array([[0]]), 9)[0] == pytest.approx(3, rel=0.02)
    nothing = inverse_dimensions(np.zeros((1, 5)), "two_nn")
    assert mean_dimensions(nothing, np.array([[0]]), 9).tolist() == [1]


@pytest.mark.parametrize("dimension", ["bic", "mle", "two_nn"])
def test_odd_data_have_finite_quantities(dimension):
    line = np.arange(60.0)[:, None]
    for X in (
        np.zeros((50, 3)),
        np.ones((1, 2)),
        np.repeat([[0.0, 1.0], [1.0, 0.0]], 60, axis=0),
        np.arange(2.0)[:, None],
        line,
        np.c_[line, 0 * line] * 1e100,
        np.c_[line, line**2] * 1e-100,
        np.r_[sphere(40), sphere(40) + 1e9],
        np.eye(5),
        np.random.default_rng(0).normal(size=(8, 30)),
    ):
        model = LocalGeometry(dimension=dimension).fit(X)
        far = np.full((1, X.shape[1]), -1e120)
        for rows in (X, far, X[:1] + 1e-3):
            T = model.transform(rows)
            assert np.isfinite(T).all()
            assert (T[:, 0] >= 1).all()
            assert (T[:, 0] <= X.shape[1]).all()
            assert np.isfinite(model.tangent_frames(rows)).all()


def test_data_that_fill_their_space_do_not_bend():
    X = np.random.default_rng(0).normal(size=(300, 2))
    model = LocalGeometry(["curvature"]).fit(X)
    assert model.n_neighbors_curvature_ == {2: 0}
    np.testing.assert_array_equal(model.transform(X), 0)


@pytest.mark.filterwarnings("default:.* rows are too few to measure")
def test_bad_input_is_named():
    with pytest.raises(ValueError, match="quantities"):
        LocalGeometry(["colour"]).fit(np.eye(3))
    with pytest.raises(ValueError, match="quantities"):
        LocalGeometry(["density", "density"]).fit(np.eye(3))
    with pytest.raises(ValueError, match="dimension"):
        LocalGeometry(dimension="pca").fit(np.eye(3))
    with pytest.raises(ValueError, match="NaN"):
        LocalGeometry().fit([[np.nan], [1.0]])
    with pytest.raises(ValueError, match="n_dims"):
        LocalGeometry(n_dims=0).fit(np.eye(3))
    with pytest.warns(UserWarning, match="too few to measure"):
        LocalGeometry(["curvature"], n_dims=2).fit(np.eye(3))
