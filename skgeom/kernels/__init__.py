"""Kernel machines and random features."""

from skgeom.kernels._graph_random_features import GraphRandomFeatures

__all__ = ["GraphRandomFeatures"]
