"""Optimisers that do not know the estimator they serve."""

from skgeom.solvers._admm_sdp import RelaxedClustering, admm_clustering
from skgeom.solvers._clustering_bound import (
    label_bound,
    label_multiplier,
    multiplier_bound,
)
from skgeom.solvers._conjugate_gradient import LinearSolution, conjugate_gradient
from skgeom.solvers._exchange import exchange, merge_and_split, partition_value
from skgeom.solvers._hyperbolic import (
    Schedule,
    descend_links,
    initial_points,
    place_in_ball,
    points_from,
    prepare_links,
)
from skgeom.solvers._likelihood_sdp import likelihood_clustering
from skgeom.solvers._low_rank_sdp import (
    LowRankSolution,
    indicator_factor,
    low_rank_clustering,
    round_factor,
    row_sum_multipliers,
    spectral_scale,
)
from skgeom.solvers._mds import classical_mds, kruskal_stress, principal_axes, smacof
from skgeom.solvers._tree_layout import hierarchy_tree, tree_layout

__all__ = [
    "LinearSolution",
    "LowRankSolution",
    "RelaxedClustering",
    "Schedule",
    "admm_clustering",
    "classical_mds",
    "conjugate_gradient",
    "descend_links",
    "exchange",
    "hierarchy_tree",
    "indicator_factor",
    "initial_points",
    "kruskal_stress",
    "label_bound",
    "label_multiplier",
    "likelihood_clustering",
    "low_rank_clustering",
    "merge_and_split",
    "multiplier_bound",
    "partition_value",
    "place_in_ball",
    "points_from",
    "prepare_links",
    "principal_axes",
    "round_factor",
    "row_sum_multipliers",
    "smacof",
    "spectral_scale",
    "tree_layout",
]
