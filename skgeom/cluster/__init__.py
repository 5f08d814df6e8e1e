"""Points or affinities in, cluster labels out."""

from skgeom.cluster._latent_label_shift import LatentLabelShift
from skgeom.cluster._sdp._sdp_clustering import SDPClustering
from skgeom.cluster._spectral._spectral_clusterer import SpectralClusterer
from skgeom.cluster._subspaces._subspace_clustering import SubspaceClustering

__all__ = [
    "LatentLabelShift",
    "SDPClustering",
    "SpectralClusterer",
    "SubspaceClustering",
]
