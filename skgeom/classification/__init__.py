"""Classes with a geometry: predictions that know how far labels are from each other."""

from skgeom.classification._frechet_mean_classifier import FrechetMeanClassifier

__all__ = ["FrechetMeanClassifier"]
