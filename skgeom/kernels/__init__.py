"""Kernel machines and random features."""

from skgeom.kernels._graph_kernel_ridge import GraphKernelRidge
from skgeom.kernels._graph_random_features import GraphRandomFeatures

__all__ = ["GraphKernelRidge", "GraphRandomFeatures"]
