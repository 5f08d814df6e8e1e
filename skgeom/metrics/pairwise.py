"""Kernel functions of rows, for every estimator that takes a callable kernel."""

from skgeom.metrics._network_kernels import nngp_kernel, ntk_kernel

__all__ = ["nngp_kernel", "ntk_kernel"]
