"""What every estimator shares: the boundary in and out, the device, its parameters."""

from skgeom.base._embedding import EmbeddingMixin
from skgeom.base._estimator import GeometryEstimator
from skgeom.base._estimator import with_callbacks as with_callbacks  # scikit-learn's
from skgeom.base._graph_input import GraphInputMixin
from skgeom.base._network_estimator import NetworkEstimator

__all__ = ["EmbeddingMixin", "GeometryEstimator", "GraphInputMixin", "NetworkEstimator"]
