"""Predictions with variances: Gaussian processes for many rows."""

from skgeom.gaussian_process._vecchia._vecchia_gp_classifier import VecchiaGPClassifier
from skgeom.gaussian_process._vecchia._vecchia_gp_regressor import VecchiaGPRegressor

__all__ = ["VecchiaGPClassifier", "VecchiaGPRegressor"]
