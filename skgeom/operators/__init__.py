"""Functions of a Laplacian and kernels as products with vectors, not as matrices."""

from skgeom.operators._chebyshev import chebyshev_coefficients, spectral_function
from skgeom.operators._heat import (
    heat_coefficients,
    heat_kernel,
)
from skgeom.operators._kernel_products import KernelOperator, SparseKernel
from skgeom.operators._point_kernels import KernelFunction
from skgeom.operators._pointwise_information import pointwise_information

__all__ = [
    "KernelFunction",
    "KernelOperator",
    "SparseKernel",
    "chebyshev_coefficients",
    "heat_coefficients",
    "heat_kernel",
    "pointwise_information",
    "spectral_function",
]
