"""The map of a latent plane: what is drawn, and where it is white."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.decomposition import PCA

from skgeom import LatentGeometry
from skgeom.plotting import LatentGeometryDisplay

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-1, 1, size=(150, 2))
X = np.column_stack([POINTS, np.sqrt(3 - (POINTS**2).sum(axis=1))])
MODEL = LatentGeometry(random_state=0).fit(X)


def test_map_latents_and_fan():
    display = LatentGeometryDisplay.from_estimator(MODEL, n_paths=3, n_cells=20)
    assert display.ax_.get_xlabel() == "latent 0"
    assert len(display.lines_) == 3
    np.testing.assert_allclose(display.points_.get_offsets(), MODEL.embedding_)
    drawn = np.asarray(display.image_.get_array().filled(np.nan))
    assert drawn.shape == (20, 20)
    # Cells in the middle say the volume there; a corner without latents is white.
    left, right, bottom, top = display.extent
    step = np.array([right - left, top - bottom]) / 20
    cell = np.array([[left, bottom]]) + 10.5 * step
    assert drawn[10, 10] == pytest.approx(np.log10(MODEL.volume(cell)[0]))
    first = display.paths[:, 0]
    assert (first == first[0]).all()
    assert len(np.unique(display.paths[:, -1], axis=0)) == 3


def test_ends_that_are_given_axes_and_a_title():
    _, ax = plt.subplots()
    ends = np.stack([MODEL.embedding_[:2], MODEL.embedding_[2:4]], axis=1)
    display = LatentGeometryDisplay.from_estimator(
        MODEL, ends=ends, n_cells=5, ax=ax, name="map", colorbar=False
    )
    assert display.ax_ is ax and ax.get_title() == "map"
    assert len(ax.figure.axes) == 1
    np.testing.assert_allclose(display.paths[:, [0, -1]], ends)


def test_cells_without_latents_are_white():
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * RNG.uniform(
        2, 3, (300, 1)
    )
    model = LatentGeometry(random_state=0).fit(ring)
    display = LatentGeometryDisplay.from_estimator(model, n_paths=1, n_cells=11)
    assert np.isnan(display.volume[5, 5])
    assert np.isfinite(display.volume[5, [1, 9]]).all()


def test_latents_that_do_not_vary_and_few_rows():
    for rows in (np.ones((4, 2)), X[:1].repeat(2, 0)):
        model = LatentGeometry(random_state=0).fit(rows)
        display = LatentGeometryDisplay.from_estimator(model, n_cells=3)
        assert display.volume.shape == (3, 3)


def test_errors_say_what_is_wrong():
    line = LatentGeometry(PCA(1), random_state=0).fit(X)
    with pytest.raises(ValueError, match="has 1 latents"):
        LatentGeometryDisplay.from_estimator(line)
    with pytest.raises(ValueError, match="ends must have shape"):
        LatentGeometryDisplay.from_estimator(MODEL, ends=[[0.0, 0.0]])
    with pytest.raises(ValueError, match="latents must have shape"):
        LatentGeometryDisplay(X, np.ones((2, 2)), (0, 1, 0, 1))
    with pytest.raises(ValueError, match="paths must have shape"):
        LatentGeometryDisplay(POINTS, np.ones((2, 2)), (0, 1, 0, 1), POINTS)
    with pytest.raises(ValueError, match="volume must be a matrix"):
        LatentGeometryDisplay(POINTS, np.ones(2), (0, 1, 0, 1))
