"""Optimisers and factorisations that do not know the estimator they serve."""

from skgeom.solvers._block_krylov import truncated_svd
from skgeom.solvers._conjugate_gradient import LinearSolution, conjugate_gradient
from skgeom.solvers._eigenpairs import leading_eigenpairs
from skgeom.solvers._gradient_outer_product import average_gradient_outer_product
from skgeom.solvers._matching_pursuit import orthogonal_matching_pursuit
from skgeom.solvers._mds import (
    classical_mds,
    metric_mds,
    principal_axes,
    smacof,
)
from skgeom.solvers._ridge_path import RidgePath, ridge_path
from skgeom.solvers._symmetric import largest_eigenpairs

__all__ = [
    "LinearSolution",
    "RidgePath",
    "average_gradient_outer_product",
    "classical_mds",
    "conjugate_gradient",
    "largest_eigenpairs",
    "leading_eigenpairs",
    "metric_mds",
    "orthogonal_matching_pursuit",
    "principal_axes",
    "ridge_path",
    "smacof",
    "truncated_svd",
]
