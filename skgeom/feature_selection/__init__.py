"""Which columns: screens by dependence on a target, with p-values."""

from skgeom.feature_selection._column_screen import ColumnScreen
from skgeom.feature_selection._screens import (
    contingency_classif,
    contingency_regression,
    rank_dependence_classif,
    rank_dependence_regression,
)

__all__ = [
    "ColumnScreen",
    "contingency_classif",
    "contingency_regression",
    "rank_dependence_classif",
    "rank_dependence_regression",
]
