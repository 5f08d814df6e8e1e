"""Samples in, covariance matrices out."""

from skgeom.covariance._allocation import Allocation, optimal_allocation
from skgeom.covariance._multi_fidelity_covariance import MultiFidelityCovariance

__all__ = ["Allocation", "MultiFidelityCovariance", "optimal_allocation"]
