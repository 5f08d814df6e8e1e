"""Hierarchies and other graphs in negatively curved space."""

from skgeom.hyperbolic._poincare import PoincareEmbedding

__all__ = ["PoincareEmbedding"]
