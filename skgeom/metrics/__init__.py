"""Scores of an embedding against the geometry that it should keep."""

from skgeom.metrics._distance import DistancePreservation, distance_preservation
from skgeom.metrics._neighborhood import (
    continuity,
    neighborhood_precision,
    trustworthiness,
)

__all__ = [
    "DistancePreservation",
    "continuity",
    "distance_preservation",
    "neighborhood_precision",
    "trustworthiness",
]
