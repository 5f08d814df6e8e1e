"""Classes with a geometry: subspaces, and labels that are near or far."""

from skgeom.classification._frechet_mean_classifier import FrechetMeanClassifier
from skgeom.classification._grassmann_classifier import GrassmannClassifier

__all__ = ["FrechetMeanClassifier", "GrassmannClassifier"]
