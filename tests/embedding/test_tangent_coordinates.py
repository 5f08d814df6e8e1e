"""Coordinates at the mean: there and back, lengths, and rows of other spaces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

from skgeom import HyperbolicCoordinates, TangentCoordinates
from skgeom.geometry import polar, spd, sphere

CHARTS = ["poincare", "lorentz", "klein", "tangent"]
SPACES = [*CHARTS, "sphere", "lonlat", "spd"]


def draw(space, n, d, seed, spread=0.6):
    """Points, as rows and in the coordinates of their geometry."""
    rng = np.random.default_rng(seed)
    if space == "spd":
        points = spd.random(n, d, scale=spread, random_state=seed)
        return points[:, *np.triu_indices(d)], points
    if space in ("sphere", "lonlat"):
        d = 2 if space == "lonlat" else d
        points = sphere.project(
            np.eye(1, d + 1, 1) + spread * rng.normal(size=(n, d + 1))
        )
        return sphere.to_lonlat(points) if space == "lonlat" else points, points
    points = polar.random(n, d, scale=spread, random_state=seed)
    return getattr(polar, f"to_{space}")(points), points


def distances(space, x, y):
    if space == "spd":
        return spd.distance_affine(x, y)
    return (sphere if space in ("sphere", "lonlat") else polar).distance(x, y)


@pytest.mark.filterwarnings("ignore:All rows are shorter than 1:UserWarning")
@pytest.mark.parametrize("base", ["mean", "origin"])
@pytest.mark.parametrize("space", SPACES)
@given(d=st.integers(1, 4), n=st.integers(1, 7), seed=st.integers(0, 99))
@settings(max_examples=10)
def test_there_and_back_and_distances_from_the_base(space, base, d, n, seed):
    X, points = draw(space, n, d, seed)
    model = TangentCoordinates(space, base=base).fit(X)
    Z = model.transform(X)
    assert_allclose(model.inverse_transform(Z), X, rtol=1e-6, atol=1e-6)
    at = model._base[None]
    assert_allclose(np.linalg.norm(Z, axis=1), distances(space, at, points), atol=1e-6)
    assert_allclose(model.transform(model.mean_[None]), 0 * Z[:1], atol=1e-6)
    if base == "mean":
        assert_allclose(Z.mean(axis=0), 0, atol=1e-6)


@pytest.mark.parametrize("space", ["poincare", "sphere", "spd"])
def test_near_the_mean_all_distances_are_kept(space):
    """The frame is orthonormal: lengths and angles of a small cloud are its own."""
    X, points = draw(space, 12, 3, 0, spread=1e-3)
    Z = TangentCoordinates(space).fit_transform(X)
    i, j = np.triu_indices(12, 1)
    flat = np.linalg.norm(Z[i] - Z[j], axis=1)
    assert_allclose(flat, distances(space, points[i], points[j]), rtol=1e-4)


def test_isometries_turn_coordinates():
    rng = np.random.default_rng(0)
    X, _ = draw("sphere", 20, 3, 0)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    Z, turned = (TangentCoordinates("sphere").fit_transform(x) for x in (X, X @ turn))
    assert_allclose(turned @ turned.T, Z @ Z.T, atol=1e-10)
    X, points = draw("spd", 20, 3, 0)
    a = np.eye(3) + 0.3 * rng.normal(size=(3, 3))
    moved = (a @ points @ a.T)[:, *np.triu_indices(3)]
    Z, turned = (TangentCoordinates("spd").fit_transform(x) for x in (X, moved))
    assert_allclose(turned @ turned.T, Z @ Z.T, atol=1e-8)


def test_at_the_origin_it_is_the_tangent_chart():
    X, _ = draw("poincare", 9, 3, 0)
    expected = HyperbolicCoordinates("poincare", output_space="tangent")
    found = TangentCoordinates("poincare", base="origin").fit_transform(X)
    assert_allclose(found, expected.fit_transform(X), atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_long_arc_is_a_line(seed):
    """One component of an arc of four radians with noise, where flat ones fold it."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-2, 2, 200)
    arc = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    noise = 0.1 * rng.normal(size=arc.shape)
    arc = sphere.exp(arc, noise - (noise * arc).sum(axis=1, keepdims=True) * arc)
    model = make_pipeline(TangentCoordinates("sphere"), PCA(1)).fit(arc)
    errors = [
        np.sqrt((sphere.distance(arc, sphere.project(back)) ** 2).mean())
        for m in (model, PCA(1).fit(arc))
        for back in [m.inverse_transform(m.transform(arc))]
    ]
    assert errors[0] < 0.12
    assert errors[1] > 0.3


def test_float32_stays_and_matrices_stay_positive():
    X, _ = draw("spd", 9, 3, 0, spread=2.0)
    model = TangentCoordinates("spd").fit(X.astype(np.float32))
    Z = model.transform(X.astype(np.float32))
    assert Z.dtype == np.float32
    far = model.inverse_transform(10 * Z)
    assert far.dtype == np.float32
    spd.check(spd.from_vector(spd.to_vector(_square(far))))
    assert list(model.get_feature_names_out()[:1]) == ["tangentcoordinates0"]


def _square(rows):
    found = np.empty((len(rows), 3, 3), dtype=rows.dtype)
    i, j = np.triu_indices(3)
    found[:, i, j] = found[:, j, i] = rows
    return found


@pytest.mark.parametrize(
    ("X", "space", "message"),
    [
        ([[1.0, 0.0, -1.0]], "spd", r'input_space="spd": row 0 .* eigenvalue is -1'),
        ([[1.0, 0.0]], "spd", 'input_space="spd": .* not 2'),
        ([[1.0, 0.0]], "poincare", "inside the unit ball"),
        ([[1.0]], "sphere", "two or more coordinates"),
        ([[1.0]], "lonlat", "longitude and latitude"),
        ([[1.0, np.nan]], "sphere", "NaN"),
    ],
)
def test_slips_are_told(X, space, message):
    with pytest.raises(ValueError, match=message):
        TangentCoordinates(space).fit(np.array(X))


def test_coordinates_of_another_length():
    X, _ = draw("spd", 3, 2, 0)
    with pytest.raises(ValueError, match=r"shape \(n_rows, 3\)"):
        TangentCoordinates("spd").fit(X).inverse_transform(X[:, :2])


@pytest.mark.filterwarnings("ignore:At the mean that was found")
@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e-20, 1e20, 1e100, 1e300])
@pytest.mark.parametrize("space", ["tangent", "sphere"])
def test_any_scale(scale, space):
    X = scale * np.random.default_rng(0).normal(size=(6, 3))
    model = TangentCoordinates(space).fit(X)
    Z = model.transform(X)
    assert np.isfinite(Z).all()
    assert np.isfinite(model.inverse_transform(Z)).all()
    assert np.isfinite(TangentCoordinates(space).fit_transform(X[:1])).all()


def test_rows_opposite_of_each_other_have_a_mean_between():
    X = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    Z = TangentCoordinates("sphere").fit_transform(X)
    assert np.isfinite(Z).all()
    assert_allclose(np.linalg.norm(Z.mean(axis=0)), 0, atol=1e-6)


def test_rows_too_far_to_have_a_mean_are_told():
    X = 1e4 * np.random.default_rng(0).normal(size=(9, 3))
    X[:, 0] += 1e5
    with pytest.warns(ConvergenceWarning, match="scale X down"):
        TangentCoordinates().fit(X)
