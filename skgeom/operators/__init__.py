"""Kernels and functions of a Laplacian as products with vectors, not as matrices."""

from skgeom.operators._chebyshev import chebyshev_coefficients, spectral_function
from skgeom.operators._graph_kernels import GraphKernel, graph_kernel
from skgeom.operators._heat import (
    heat_coefficients,
    heat_kernel,
    relaxation_time,
)
from skgeom.operators._kernel_operator import GraphKernelOperator
from skgeom.operators._kernel_products import (
    DenseKernel,
    KernelOperator,
    PointKernel,
    SparseKernel,
    extreme_eigenvalues,
    host_product,
)
from skgeom.operators._walk_features import (
    extension_function,
    extension_modulation,
    length_law,
    push_features,
    variance_ratio,
    walk_features,
)

__all__ = [
    "DenseKernel",
    "GraphKernel",
    "GraphKernelOperator",
    "KernelOperator",
    "PointKernel",
    "SparseKernel",
    "chebyshev_coefficients",
    "extension_function",
    "extension_modulation",
    "extreme_eigenvalues",
    "graph_kernel",
    "heat_coefficients",
    "heat_kernel",
    "host_product",
    "length_law",
    "push_features",
    "relaxation_time",
    "spectral_function",
    "variance_ratio",
    "walk_features",
]
