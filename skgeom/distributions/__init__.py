"""Rows that are distributions: bags of points, of matrices, histograms on graphs."""

from skgeom.distributions._bags import pack_bags, unpack_bags
from skgeom.distributions._sliced_wasserstein_embedding import (
    SlicedWassersteinEmbedding,
)
from skgeom.distributions._spd_vectors import SPDVectors

__all__ = ["SPDVectors", "SlicedWassersteinEmbedding", "pack_bags", "unpack_bags"]
