"""Geometry of data for scikit-learn.

Estimators live in families (``skgeom.embedding``) and are importable from here as well.
Everything is loaded on first use: ``import skgeom`` by itself loads neither numba nor
torch, nor anything else but this file.
"""

import importlib

__version__ = "0.1.0"

# Public name -> the family that defines it.
_ESTIMATORS = {
    "HeatGeodesicEmbedding": "skgeom.embedding",
    "DiffusionMap": "skgeom.embedding",
    "LocalGeometry": "skgeom.embedding",
    "ManifoldProjection": "skgeom.embedding",
    "SingularityScorer": "skgeom.embedding",
    "RelativeRepresentation": "skgeom.embedding",
    "AnchorAlignment": "skgeom.embedding",
    "NeighborCCA": "skgeom.embedding",
    "GaussianWeightedLinearEmbedding": "skgeom.embedding",
    "LatentGeometry": "skgeom.embedding",
    "LeastVolumeAutoencoder": "skgeom.embedding",
    "SufficientSubspace": "skgeom.embedding",
    "SDPClustering": "skgeom.cluster",
    "LatentLabelShift": "skgeom.cluster",
    "SubspaceClustering": "skgeom.cluster",
    "SpectralClusterer": "skgeom.cluster",
    "MultiFidelityCovariance": "skgeom.covariance",
    "PoincareEmbedding": "skgeom.hyperbolic",
    "TreeEmbedding": "skgeom.hyperbolic",
    "HyperbolicMDS": "skgeom.hyperbolic",
    "HyperbolicCoordinates": "skgeom.hyperbolic",
    "HyperbolicLogisticRegression": "skgeom.hyperbolic",
    "FrechetMeanClassifier": "skgeom.classification",
    "GrassmannClassifier": "skgeom.classification",
    "AdaptiveBasisClassifier": "skgeom.functional",
    "AdaptiveBasisRegressor": "skgeom.functional",
    "GraphRandomFeatures": "skgeom.nodes",
    "GraphGPRegressor": "skgeom.nodes",
    "GraphKernelRidge": "skgeom.nodes",
    "GraphKernelClassifier": "skgeom.nodes",
    "KernelClassifier": "skgeom.kernels",
    "KernelRegressor": "skgeom.kernels",
    "NodeEmbedding": "skgeom.nodes",
    "GraphFeatureExpansion": "skgeom.nodes",
    "OnlineGraphClassifier": "skgeom.nodes",
    "NonnegativeRESCAL": "skgeom.decomposition",
    "PMIEmbedding": "skgeom.decomposition",
    "SparseDictionary": "skgeom.decomposition",
    "KrylovKernelPCA": "skgeom.kernels",
    "OrthogonalRBFSampler": "skgeom.kernels",
    "SphericalHarmonics": "skgeom.kernels",
    "STKRClassifier": "skgeom.kernels",
    "STKRRegressor": "skgeom.kernels",
    "MagmaClust": "skgeom.gaussian_process",
    "VecchiaGPClassifier": "skgeom.gaussian_process",
    "VecchiaGPRegressor": "skgeom.gaussian_process",
    "SphereKernelDensity": "skgeom.mixture",
    "VonMisesFisherMixture": "skgeom.mixture",
    "SlicedWassersteinEmbedding": "skgeom.distributions",
    "SPDVectors": "skgeom.distributions",
    "TangentCoordinates": "skgeom.embedding",
    "ColumnScreen": "skgeom.feature_selection",
    "TargetShiftReweighter": "skgeom.sample_selection",
    "HubnessReducedNeighbors": "skgeom.neighbors",
    "KernelCoreset": "skgeom.sample_selection",
    "SupportPoints": "skgeom.sample_selection",
    "DiversitySampler": "skgeom.sample_selection",
    "KernelBatchSelector": "skgeom.sample_selection",
}

_PACKAGES = (
    "backends",
    "base",
    "classification",
    "cluster",
    "covariance",
    "datasets",
    "decomposition",
    "distributions",
    "embedding",
    "feature_selection",
    "functional",
    "gaussian_process",
    "geometry",
    "graph",
    "hyperbolic",
    "kernels",
    "metrics",
    "mixture",
    "model_selection",
    "neighbors",
    "networks",
    "nodes",
    "operators",
    "plotting",
    "sample_selection",
    "solvers",
    "testing",
)

__all__ = ["__version__", *_ESTIMATORS]


def __getattr__(name):
    if name in _ESTIMATORS:
        value = getattr(importlib.import_module(_ESTIMATORS[name]), name)
        globals()[name] = value  # the next look-up does not come here
        return value
    if name in _PACKAGES:
        return importlib.import_module(f"skgeom.{name}")
    raise AttributeError(f"module 'skgeom' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_ESTIMATORS, *_PACKAGES})
