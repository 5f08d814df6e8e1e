"""Rows that are curves on one grid."""

from skgeom.functional._adaptive_basis._adaptive_basis_classifier import (
    AdaptiveBasisClassifier,
)
from skgeom.functional._adaptive_basis._adaptive_basis_regressor import (
    AdaptiveBasisRegressor,
)

__all__ = ["AdaptiveBasisClassifier", "AdaptiveBasisRegressor"]
