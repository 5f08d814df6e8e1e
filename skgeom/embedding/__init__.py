"""Points or a graph in, coordinates out."""

from skgeom.embedding._heat_geodesic._heat_geodesic_embedding import (
    HeatGeodesicEmbedding,
)
from skgeom.embedding._tangent_coordinates import TangentCoordinates

__all__ = ["HeatGeodesicEmbedding", "TangentCoordinates"]
