"""Densities of rows: mixtures and kernel estimates on the sphere."""

from skgeom.mixture._sphere_kernel_density import SphereKernelDensity
from skgeom.mixture._von_mises_fisher_mixture import VonMisesFisherMixture

__all__ = ["SphereKernelDensity", "VonMisesFisherMixture"]
