"""Points or a graph in, coordinates out."""

from skgeom.embedding._anchors._anchor_alignment import AnchorAlignment
from skgeom.embedding._anchors._relative_representation import RelativeRepresentation
from skgeom.embedding._diffusion._diffusion_map import DiffusionMap
from skgeom.embedding._gaussian_weighted._gaussian_weighted_linear_embedding import (
    GaussianWeightedLinearEmbedding,
)
from skgeom.embedding._heat_geodesic._heat_geodesic_embedding import (
    HeatGeodesicEmbedding,
)
from skgeom.embedding._latent_geometry._latent_geometry import LatentGeometry
from skgeom.embedding._least_volume_autoencoder import LeastVolumeAutoencoder
from skgeom.embedding._local_geometry._local_geometry import LocalGeometry
from skgeom.embedding._manifold_projection._manifold_projection import (
    ManifoldProjection,
)
from skgeom.embedding._neighbor_cca import NeighborCCA
from skgeom.embedding._singularity_scorer import SingularityScorer
from skgeom.embedding._sufficient_subspace._sufficient_subspace import (
    SufficientSubspace,
)
from skgeom.embedding._tangent_coordinates import TangentCoordinates

__all__ = [
    "AnchorAlignment",
    "DiffusionMap",
    "GaussianWeightedLinearEmbedding",
    "HeatGeodesicEmbedding",
    "LatentGeometry",
    "LeastVolumeAutoencoder",
    "LocalGeometry",
    "ManifoldProjection",
    "NeighborCCA",
    "RelativeRepresentation",
    "SingularityScorer",
    "SufficientSubspace",
    "TangentCoordinates",
]
