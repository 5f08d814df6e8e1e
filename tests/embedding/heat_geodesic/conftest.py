"""Data that the tests of embeddings share."""

import numpy as np
import pytest

from skgeom.datasets import make_swiss_roll


@pytest.fixture(scope="module")
def roll():
    return make_swiss_roll(500, noise=0.1, random_state=0)


@pytest.fixture(scope="module")
def blobs():
    """Two clouds far apart: a disconnected graph."""
    rng = np.random.default_rng(0)
    return np.concatenate(
        [rng.normal(size=(60, 3)), rng.normal([100.0, 0.0, 0.0], size=(50, 3))]
    )
