"""From parameters to a transform of the spectrum, and the checks of one's own."""

import numpy as np
from numpy.polynomial import polynomial as poly

from skgeom._warnings import warn
from skgeom.kernels._stkr._spectral_transforms import (
    FunctionTransform,
    InverseLaplacian,
    PolynomialTransform,
)


def transforms_of(machine, positive, strengths):
    r"""Return the transforms that the parameters of a machine describe.

    On a positive semidefinite kernel the transforms vanish at 0, as in the paper:
    :math:`\lambda (1 - \eta \lambda)^{-q}` and :math:`\lambda^q`. The eigenvalues of a
    graph reach down to -1: there they are :math:`(1 - \eta \lambda)^{-q}` and
    :math:`((1 + \lambda) / 2)^q`, increasing on the whole spectrum. None stands for the
    leading eigenvectors. `strengths` returns those of the first, of which each makes a
    transform.
    """
    name = machine.spectral_transform
    if callable(name):
        return [FunctionTransform(name)]
    if name == "top_components":
        return [None]
    degree = machine.degree or machine._default_degrees[name]
    if name == "inverse_laplacian":
        etas = 1.0 - 1.0 / strengths()
        return [InverseLaplacian(eta, degree, vanishes=positive) for eta in etas]
    if positive:
        return [PolynomialTransform((0.0,) * degree + (1.0,))]
    return [PolynomialTransform(tuple(poly.polypow((0.5, 0.5), degree)))]


def check_transform(transform, positive):
    """Warn of a callable that the theory does not cover; refuse a negative one."""
    grid = np.linspace(0.0 if positive else -1.0, 1.0, 201)
    values = transform(grid)
    if values.shape != grid.shape or not np.isfinite(values).all():
        raise ValueError(
            "spectral_transform must map an array of eigenvalues to finite values of "
            "the same shape."
        )
    rounding = 1e-12 * np.abs(values).max()
    if values.min() < -rounding:
        raise ValueError(
            "spectral_transform must be >= 0 on the spectrum; at "
            f"{grid[values.argmin()]:.2f} it is {values.min():.3g}."
        )
    problems = []
    if (np.diff(values) < -rounding).any():
        problems.append("does not increase")
    if positive and abs(values[0]) > 1e-6 * np.abs(values).max():
        problems.append(f"is {values[0]:.3g} at the eigenvalue 0, not O(eigenvalue)")
    if problems:
        warn(
            f"spectral_transform {' and '.join(problems)}: Theorem 1 of Zhai et al. "
            "(2024), by which smoothness is preserved, does not cover it.",
        )
