"""Points or affinities in, cluster labels out."""

from skgeom.cluster._sdp import SDPClustering

__all__ = ["SDPClustering"]
