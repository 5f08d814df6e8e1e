"""Sheets that lie hardly farther apart than the points on them."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from skgeom import HeatGeodesicEmbedding


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_two_rolls_are_unrolled_one_out_of_the_other(seed):
    rng = np.random.default_rng(seed)
    turns = np.linspace(1.5 * np.pi, 4.5 * np.pi, 10_001)
    length = (turns * np.sqrt(turns**2 + 1) + np.arcsinh(turns)) / 2
    u, height = rng.uniform(length[0], length[-1], 1200), rng.uniform(0, 10, 1200)
    at, second = np.interp(u, length, turns), np.arange(1200) % 2
    angle = at + np.pi * second
    X = np.column_stack([at * np.cos(angle), height, at * np.sin(angle)])
    embedding = HeatGeodesicEmbedding(random_state=seed).fit_transform(X)
    for roll in range(2):
        places = np.column_stack([u, height])[second == roll]
        found = pdist(embedding[second == roll])
        # .3 where the rolls are joined.
        assert np.corrcoef(found, pdist(places))[0, 1] > 0.9


def test_clusters_in_a_plane_lie_as_they_are():
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0], [30, 0], [0, 30], [30, 30], [15, 60]])
    X = np.repeat(centers, 60, axis=0) + rng.normal(size=(300, 2))
    with pytest.warns(UserWarning, match="connected components"):
        model = HeatGeodesicEmbedding(random_state=0).fit(X)
    # .83 over a chain of bridges.
    assert np.corrcoef(pdist(model.embedding_), pdist(X))[0, 1] > 0.99
