"""Kernel machines and random features that know the shape of the data."""

from skgeom.kernels._graph_kernel_ridge import GraphKernelRidge
from skgeom.kernels._graph_random_features import GraphRandomFeatures
from skgeom.kernels._stkr import STKRRegressor
from skgeom.kernels._stkr_classifier import STKRClassifier

__all__ = [
    "GraphKernelRidge",
    "GraphRandomFeatures",
    "STKRClassifier",
    "STKRRegressor",
]
