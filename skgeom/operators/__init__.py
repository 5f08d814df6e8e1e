"""Functions of a graph Laplacian applied to vectors, never formed as a matrix."""

from skgeom.operators._chebyshev import chebyshev_coefficients, spectral_function
from skgeom.operators._heat import (
    heat_coefficients,
    heat_kernel,
    relaxation_time,
)

__all__ = [
    "chebyshev_coefficients",
    "heat_coefficients",
    "heat_kernel",
    "relaxation_time",
    "spectral_function",
]
