"""Hierarchies and other graphs in negatively curved space."""

from skgeom.hyperbolic._poincare._poincare_embedding import PoincareEmbedding

__all__ = ["PoincareEmbedding"]
