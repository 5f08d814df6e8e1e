"""Kernel machines and features of points that know the shape of the data."""

from skgeom.kernels._stkr._stkr_classifier import STKRClassifier
from skgeom.kernels._stkr._stkr_regressor import STKRRegressor

__all__ = ["STKRClassifier", "STKRRegressor"]
