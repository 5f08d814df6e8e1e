"""Optimisers that do not know the estimator they serve."""

from skgeom.solvers._admm_sdp import RelaxedClustering, admm_clustering
from skgeom.solvers._clustering_bound import (
    label_bound,
    label_multiplier,
    multiplier_bound,
)
from skgeom.solvers._exchange import exchange, merge_and_split, partition_value
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

__all__ = [
    "LowRankSolution",
    "RelaxedClustering",
    "admm_clustering",
    "classical_mds",
    "exchange",
    "indicator_factor",
    "kruskal_stress",
    "label_bound",
    "label_multiplier",
    "likelihood_clustering",
    "low_rank_clustering",
    "merge_and_split",
    "multiplier_bound",
    "partition_value",
    "principal_axes",
    "round_factor",
    "row_sum_multipliers",
    "smacof",
    "spectral_scale",
]
