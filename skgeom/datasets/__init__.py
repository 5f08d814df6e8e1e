"""Samples of manifolds and trees whose geodesic distances are known."""

from skgeom.datasets._manifolds import (
    make_clustered_swiss_roll,
    make_swiss_roll,
    make_torus,
)
from skgeom.datasets._sample import ManifoldSample
from skgeom.datasets._trees import make_clustered_tree, make_tree

__all__ = [
    "ManifoldSample",
    "make_clustered_swiss_roll",
    "make_clustered_tree",
    "make_swiss_roll",
    "make_torus",
    "make_tree",
]
