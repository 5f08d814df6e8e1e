"""Points or a graph in, coordinates out."""

from skgeom.embedding._heat_geodesic import HeatGeodesicEmbedding

__all__ = ["HeatGeodesicEmbedding"]
