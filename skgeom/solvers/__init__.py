"""Optimisers that do not know the estimator they serve."""

from skgeom.solvers._hyperbolic import (
    Schedule,
    descend_links,
    initial_points,
    place_in_ball,
    points_from,
    prepare_links,
)
from skgeom.solvers._mds import classical_mds, kruskal_stress, principal_axes, smacof
from skgeom.solvers._tree_layout import hierarchy_tree, tree_layout

__all__ = [
    "Schedule",
    "classical_mds",
    "descend_links",
    "hierarchy_tree",
    "initial_points",
    "kruskal_stress",
    "place_in_ball",
    "points_from",
    "prepare_links",
    "principal_axes",
    "smacof",
    "tree_layout",
]
