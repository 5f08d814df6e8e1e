"""Points or affinities in, cluster labels out."""

from skgeom.cluster._sdp._sdp_clustering import SDPClustering
from skgeom.cluster._subspaces._subspace_clustering import SubspaceClustering

__all__ = ["SDPClustering", "SubspaceClustering"]
