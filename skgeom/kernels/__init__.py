"""Kernel machines and features of points that know the shape of the data."""

from skgeom.kernels._kernel_machine._kernel_classifier import KernelClassifier
from skgeom.kernels._kernel_machine._kernel_regressor import KernelRegressor
from skgeom.kernels._krylov_kernel_pca import KrylovKernelPCA
from skgeom.kernels._orthogonal_rbf_sampler import OrthogonalRBFSampler
from skgeom.kernels._spherical_harmonics import SphericalHarmonics
from skgeom.kernels._stkr._stkr_classifier import STKRClassifier
from skgeom.kernels._stkr._stkr_regressor import STKRRegressor

__all__ = [
    "KernelClassifier",
    "KernelRegressor",
    "KrylovKernelPCA",
    "OrthogonalRBFSampler",
    "STKRClassifier",
    "STKRRegressor",
    "SphericalHarmonics",
]
