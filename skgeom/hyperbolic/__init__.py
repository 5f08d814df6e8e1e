"""Hierarchies and other graphs in negatively curved space."""

from skgeom.hyperbolic._poincare._poincare_embedding import PoincareEmbedding
from skgeom.hyperbolic._tree._tree_embedding import TreeEmbedding

__all__ = ["PoincareEmbedding", "TreeEmbedding"]
