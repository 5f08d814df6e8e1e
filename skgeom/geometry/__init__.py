"""Manifolds as pure functions: points first, a batch of rows, any array namespace."""

from skgeom.geometry import lorentz, poincare, polar, spd, sphere

__all__ = ["lorentz", "poincare", "polar", "spd", "sphere"]
