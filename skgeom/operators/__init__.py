"""Kernels and functions of a Laplacian as products with vectors, not as matrices."""

from skgeom.operators._base_kernel import (
    DenseKernel,
    KernelOperator,
    PointKernel,
    SparseKernel,
    extreme_eigenvalues,
    host_product,
)
from skgeom.operators._chebyshev import chebyshev_coefficients, spectral_function
from skgeom.operators._heat import (
    heat_coefficients,
    heat_kernel,
    relaxation_time,
)

__all__ = [
    "DenseKernel",
    "KernelOperator",
    "PointKernel",
    "SparseKernel",
    "chebyshev_coefficients",
    "extreme_eigenvalues",
    "heat_coefficients",
    "heat_kernel",
    "host_product",
    "relaxation_time",
    "spectral_function",
]
