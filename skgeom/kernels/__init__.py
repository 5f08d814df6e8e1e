"""Kernel machines whose kernels know the shape of the data."""

from skgeom.kernels._stkr import STKRRegressor
from skgeom.kernels._stkr_classifier import STKRClassifier

__all__ = ["STKRClassifier", "STKRRegressor"]
