"""Rows are nodes of a known graph: features, predictions, and kernels of nodes."""

from skgeom.nodes._graph_feature_expansion._graph_feature_expansion import (
    GraphFeatureExpansion,
)
from skgeom.nodes._graph_gp._graph_gp_regressor import GraphGPRegressor
from skgeom.nodes._graph_kernel import GraphKernel, graph_kernel
from skgeom.nodes._graph_kernel_classifier import GraphKernelClassifier
from skgeom.nodes._graph_kernel_ridge import GraphKernelRidge
from skgeom.nodes._graph_random_features._graph_random_features import (
    GraphRandomFeatures,
)
from skgeom.nodes._kernel_operator import GraphKernelOperator
from skgeom.nodes._node_embedding._node_embedding import NodeEmbedding
from skgeom.nodes._online_graph_classifier import OnlineGraphClassifier
from skgeom.nodes._tangent_kernel import graph_neural_tangent_kernel

__all__ = [
    "GraphFeatureExpansion",
    "GraphGPRegressor",
    "GraphKernel",
    "GraphKernelClassifier",
    "GraphKernelOperator",
    "GraphKernelRidge",
    "GraphRandomFeatures",
    "NodeEmbedding",
    "OnlineGraphClassifier",
    "graph_kernel",
    "graph_neural_tangent_kernel",
]
