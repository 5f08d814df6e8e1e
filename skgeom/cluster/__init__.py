"""Points or affinities in, cluster labels out."""

from skgeom.cluster._sdp._sdp_clustering import SDPClustering

__all__ = ["SDPClustering"]
