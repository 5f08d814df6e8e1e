"""Points or a graph in, coordinates out."""

from skgeom.embedding._heat_geodesic._heat_geodesic_embedding import (
    HeatGeodesicEmbedding,
)

__all__ = ["HeatGeodesicEmbedding"]
