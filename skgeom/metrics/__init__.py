"""Scores of an embedding against the geometry that it should keep."""

from skgeom.metrics._distance import DistancePreservation, distance_preservation
from skgeom.metrics._hierarchy import (
    distortion_score,
    link_prediction_score,
    link_ranks,
    mean_rank,
    reconstruction_score,
)
from skgeom.metrics._hyperbolic import (
    hyperbolic_distances,
    hyperbolic_laplacian_kernel,
)
from skgeom.metrics._neighborhood import (
    continuity,
    neighborhood_precision,
    trustworthiness,
)

__all__ = [
    "DistancePreservation",
    "continuity",
    "distance_preservation",
    "distortion_score",
    "hyperbolic_distances",
    "hyperbolic_laplacian_kernel",
    "link_prediction_score",
    "link_ranks",
    "mean_rank",
    "neighborhood_precision",
    "reconstruction_score",
    "trustworthiness",
]
