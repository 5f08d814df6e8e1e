"""Hubs and antihubs: counts by definition, and where there are any."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import skew
from sklearn.neighbors import kneighbors_graph

from skgeom.metrics import hubness_score

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 6))


def test_the_definition_whatever_holds_the_neighbours():
    A = kneighbors_graph(X, 7, mode="distance")
    counts = np.bincount(A.indices, minlength=80)
    expected = skew(counts), (counts == 0).mean()
    for given, metric in ((X, "euclidean"), (A, "precomputed")):
        found = hubness_score(given, n_neighbors=7, metric=metric)
        np.testing.assert_allclose(found, expected)
    found = hubness_score(cdist(X, X), n_neighbors=7, metric="precomputed")
    np.testing.assert_allclose(found, expected)
    other = hubness_score(X, n_neighbors=7, metric="cityblock")
    np.testing.assert_allclose(
        other,
        hubness_score(cdist(X, X, "cityblock"), n_neighbors=7, metric="precomputed"),
    )


def test_a_star_has_a_hub_and_a_ring_has_none():
    star = np.concatenate([np.zeros((1, 20)), np.eye(20)])
    found = hubness_score(star, n_neighbors=1)
    # All but the first two are nobody's nearest.
    assert found.antihub_share == pytest.approx(19 / 21)
    assert found.skewness > 4
    angle = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert hubness_score(ring, n_neighbors=2) == (0.0, 0.0)


def test_many_dimensions_have_hubs_at_any_scale():
    wide = RNG.normal(size=(300, 200))
    found = hubness_score(wide)
    assert found.skewness > 1.5
    for unit in (1e-100, 1e100):
        np.testing.assert_allclose(hubness_score(wide * unit), found)


def test_all_rows_alike():
    assert np.isfinite(hubness_score(np.ones((9, 2)), n_neighbors=3)).all()


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match=r"n_neighbors \(80\) should be less"):
        hubness_score(X, n_neighbors=80)
    with pytest.raises(ValueError, match="must be square"):
        hubness_score(np.abs(X), metric="precomputed")
    with pytest.raises(ValueError, match="stores 2"):
        A = kneighbors_graph(X, 2, mode="distance")
        hubness_score(A, n_neighbors=3, metric="precomputed")
    with pytest.raises(ValueError, match="NaN"):
        hubness_score(X * np.nan)
    with pytest.raises(ValueError, match="'n_neighbors' parameter"):
        hubness_score(X, n_neighbors=0)
