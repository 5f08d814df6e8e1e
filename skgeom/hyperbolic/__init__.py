"""Hierarchies and other graphs in negatively curved space."""

from skgeom.hyperbolic._hyperbolic_coordinates import HyperbolicCoordinates
from skgeom.hyperbolic._logistic._hyperbolic_logistic_regression import (
    HyperbolicLogisticRegression,
)
from skgeom.hyperbolic._mds._hyperbolic_mds import HyperbolicMDS
from skgeom.hyperbolic._poincare._poincare_embedding import PoincareEmbedding
from skgeom.hyperbolic._tree._tree_embedding import TreeEmbedding

__all__ = [
    "HyperbolicCoordinates",
    "HyperbolicLogisticRegression",
    "HyperbolicMDS",
    "PoincareEmbedding",
    "TreeEmbedding",
]
