"""Predictions with variances: Gaussian processes for many rows, and many curves."""

from skgeom.gaussian_process._magma._magma_clust import MagmaClust
from skgeom.gaussian_process._vecchia._vecchia_gp_classifier import VecchiaGPClassifier
from skgeom.gaussian_process._vecchia._vecchia_gp_regressor import VecchiaGPRegressor

__all__ = ["MagmaClust", "VecchiaGPClassifier", "VecchiaGPRegressor"]
