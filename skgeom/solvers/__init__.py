"""Optimisers that do not know the estimator they serve."""

from skgeom.solvers._mds import classical_mds, kruskal_stress, principal_axes, smacof

__all__ = ["classical_mds", "kruskal_stress", "principal_axes", "smacof"]
