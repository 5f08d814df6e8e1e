"""Scores of an embedding against its geometry, and distances of samples."""

from skgeom.metrics._alignment import KernelAlignment, kernel_alignment
from skgeom.metrics._diffusion import hyperbolic_diffusion_distance
from skgeom.metrics._distance import DistancePreservation, distance_preservation
from skgeom.metrics._gromov import GromovHyperbolicity, gromov_hyperbolicity
from skgeom.metrics._hierarchy import (
    distortion_score,
    link_prediction_score,
    link_ranks,
    mean_rank,
    reconstruction_score,
)
from skgeom.metrics._hubness import HubnessScore, hubness_score
from skgeom.metrics._hyperbolic import hyperbolic_distances
from skgeom.metrics._manifolds import ManifoldPrecisionRecall, manifold_precision_recall
from skgeom.metrics._neighborhood import (
    continuity,
    neighborhood_precision,
    trustworthiness,
)
from skgeom.metrics._shape import ShapeDistance, shape_distance
from skgeom.metrics._spread import spread_score
from skgeom.metrics._two_samples import (
    TwoSampleTest,
    energy_distance,
    two_sample_test,
)

__all__ = [
    "DistancePreservation",
    "GromovHyperbolicity",
    "HubnessScore",
    "KernelAlignment",
    "ManifoldPrecisionRecall",
    "ShapeDistance",
    "TwoSampleTest",
    "continuity",
    "distance_preservation",
    "distortion_score",
    "energy_distance",
    "gromov_hyperbolicity",
    "hubness_score",
    "hyperbolic_diffusion_distance",
    "hyperbolic_distances",
    "kernel_alignment",
    "link_prediction_score",
    "link_ranks",
    "manifold_precision_recall",
    "mean_rank",
    "neighborhood_precision",
    "reconstruction_score",
    "shape_distance",
    "spread_score",
    "trustworthiness",
    "two_sample_test",
]
