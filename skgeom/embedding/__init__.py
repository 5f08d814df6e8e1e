"""Points or a graph in, coordinates out."""

from skgeom.embedding._heat_geodesic._heat_geodesic_embedding import (
    HeatGeodesicEmbedding,
)
from skgeom.embedding._sufficient_subspace._sufficient_subspace import (
    SufficientSubspace,
)

__all__ = ["HeatGeodesicEmbedding", "SufficientSubspace"]
