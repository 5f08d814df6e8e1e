"""Functions of a graph Laplacian applied to vectors, never formed as a matrix."""

from skgeom.operators._chebyshev import chebyshev_coefficients, spectral_function
from skgeom.operators._graph_kernels import GraphKernel, graph_kernel
from skgeom.operators._heat import (
    heat_coefficients,
    heat_kernel,
    relaxation_time,
)
from skgeom.operators._kernel_operator import GraphKernelOperator
from skgeom.operators._walk_features import (
    extension_function,
    extension_modulation,
    length_law,
    push_features,
    variance_ratio,
    walk_features,
)

__all__ = [
    "GraphKernel",
    "GraphKernelOperator",
    "chebyshev_coefficients",
    "extension_function",
    "extension_modulation",
    "graph_kernel",
    "heat_coefficients",
    "heat_kernel",
    "length_law",
    "push_features",
    "relaxation_time",
    "spectral_function",
    "variance_ratio",
    "walk_features",
]
