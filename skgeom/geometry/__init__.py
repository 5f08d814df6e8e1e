"""Manifolds as pure functions: points first, a batch of rows, any array namespace."""

from skgeom.geometry import grassmann, lorentz, poincare, polar, sphere

__all__ = ["grassmann", "lorentz", "poincare", "polar", "sphere"]
from skgeom.geometry import spd

__all__ = ["lorentz", "poincare", "polar", "spd", "sphere"]
