"""Points or a graph in, coordinates out."""

from skgeom.embedding._gaussian_weighted._gaussian_weighted_linear_embedding import (
    GaussianWeightedLinearEmbedding,
)
from skgeom.embedding._heat_geodesic._heat_geodesic_embedding import (
    HeatGeodesicEmbedding,
)
from skgeom.embedding._neighbor_cca import NeighborCCA

__all__ = ["GaussianWeightedLinearEmbedding", "HeatGeodesicEmbedding", "NeighborCCA"]
