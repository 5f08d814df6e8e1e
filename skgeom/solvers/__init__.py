"""Optimisers that do not know the estimator they serve."""

from skgeom.solvers._admm_sdp import RelaxedClustering, admm_clustering
from skgeom.solvers._clustering_bound import (
    label_bound,
    label_multiplier,
    multiplier_bound,
)
from skgeom.solvers._conjugate_gradient import LinearSolution, conjugate_gradient
from skgeom.solvers._eigenpairs import leading_eigenpairs
from skgeom.solvers._exchange import exchange, merge_and_split, partition_value
from skgeom.solvers._hyperbolic import (
    Schedule,
    descend_links,
    initial_points,
    place_in_ball,
    points_from,
    prepare_links,
)
from skgeom.solvers._kernel_learning import learn_modulation
from skgeom.solvers._likelihood_sdp import likelihood_clustering
from skgeom.solvers._low_rank_sdp import (
    LowRankSolution,
    indicator_factor,
    low_rank_clustering,
    round_factor,
    row_sum_multipliers,
    spectral_scale,
)
from skgeom.solvers._mds import (
    classical_mds,
    kruskal_stress,
    metric_mds,
    principal_axes,
    smacof,
)
from skgeom.solvers._ridge_path import RidgePath, ridge_path
from skgeom.solvers._shifted_gradient import shifted_conjugate_gradient
from skgeom.solvers._spectral_ridge import (
    RidgeSolution,
    TransformedColumns,
    dense_ridge,
    dual_ridge,
    eigen_ridge,
    primal_ridge,
    solve_positive,
    transformed_columns,
)
from skgeom.solvers._spectral_transforms import (
    FunctionTransform,
    InverseLaplacian,
    PolynomialTransform,
    SpectralTransform,
    resolvent,
)
from skgeom.solvers._tree_layout import hierarchy_tree, tree_layout

__all__ = [
    "FunctionTransform",
    "InverseLaplacian",
    "LinearSolution",
    "LowRankSolution",
    "PolynomialTransform",
    "RelaxedClustering",
    "RidgePath",
    "RidgeSolution",
    "Schedule",
    "SpectralTransform",
    "TransformedColumns",
    "admm_clustering",
    "classical_mds",
    "conjugate_gradient",
    "dense_ridge",
    "descend_links",
    "dual_ridge",
    "eigen_ridge",
    "exchange",
    "hierarchy_tree",
    "indicator_factor",
    "initial_points",
    "kruskal_stress",
    "label_bound",
    "label_multiplier",
    "leading_eigenpairs",
    "learn_modulation",
    "likelihood_clustering",
    "low_rank_clustering",
    "merge_and_split",
    "metric_mds",
    "multiplier_bound",
    "partition_value",
    "place_in_ball",
    "points_from",
    "prepare_links",
    "primal_ridge",
    "principal_axes",
    "resolvent",
    "ridge_path",
    "round_factor",
    "row_sum_multipliers",
    "shifted_conjugate_gradient",
    "smacof",
    "solve_positive",
    "spectral_scale",
    "transformed_columns",
    "tree_layout",
]
