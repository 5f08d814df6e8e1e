"""Manifolds as pure functions: points first, a batch of rows, any array namespace."""

from skgeom.geometry import grassmann, lorentz, poincare, polar, spd, sphere

__all__ = ["grassmann", "lorentz", "poincare", "polar", "spd", "sphere"]
