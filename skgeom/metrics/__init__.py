"""Scores of an embedding against its geometry, and distances of samples."""

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
from skgeom.metrics._two_samples import (
    TwoSampleTest,
    energy_distance,
    two_sample_test,
)

__all__ = [
    "DistancePreservation",
    "TwoSampleTest",
    "continuity",
    "distance_preservation",
    "distortion_score",
    "energy_distance",
    "hyperbolic_distances",
    "hyperbolic_laplacian_kernel",
    "link_prediction_score",
    "link_ranks",
    "mean_rank",
    "neighborhood_precision",
    "reconstruction_score",
    "trustworthiness",
    "two_sample_test",
]
