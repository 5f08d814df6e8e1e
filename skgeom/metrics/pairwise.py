"""Kernel functions of rows, for every estimator that takes a callable kernel."""

from skgeom.metrics._hyperbolic import hyperbolic_laplacian_kernel
from skgeom.metrics._network_kernels import nngp_kernel, ntk_kernel
from skgeom.metrics._signatures import signature_kernel

__all__ = [
    "hyperbolic_laplacian_kernel",
    "nngp_kernel",
    "ntk_kernel",
    "signature_kernel",
]
