"""Points or a graph in, coordinates out."""

from skgeom.embedding._heat_geodesic._heat_geodesic_embedding import (
    HeatGeodesicEmbedding,
)
from skgeom.embedding._least_volume_autoencoder import LeastVolumeAutoencoder

__all__ = ["HeatGeodesicEmbedding", "LeastVolumeAutoencoder"]
