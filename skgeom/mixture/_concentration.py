"""The concentration of a von Mises-Fisher distribution, from a mean."""

from typing import Any

from skgeom.geometry import sphere
from skgeom.typing import Array

# Newton's steps: so many reach rounding from the start below, in all dimensions.
_N_STEPS = 5


def concentration_of(xp: Any, length: Array, n_features: int) -> Array:
    r"""Most likely concentrations of rows whose mean has these lengths.

    Newton's method on A(k) = length, where A is the quotient of Bessel functions and
    A' = 1 - A^2 - (p - 1) A / k, from the approximation of Banerjee, Dhillon, Ghosh and
    Sra, "Clustering on the unit hypersphere using von Mises-Fisher distributions",
    JMLR 6, 2005. Nothing is read from the device.

    Parameters
    ----------
    xp : namespace
        Of the arrays.
    length : array of shape (...)
        In [0, 1).
    n_features : int
        Number of coordinates of a row.

    Returns
    -------
    array of shape (...)
        Concentrations >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> from skgeom.mixture._concentration import concentration_of
    >>> k = concentration_of(np, np.array([0.9]), 32768)
    >>> float(np.round(sphere.bessel_ratio(32768 / 2 - 1, k)[0], 12))
    0.9
    """
    p, order = n_features, n_features / 2 - 1
    if p == 1:  # two points
        return xp.atanh(length)
    square = length * length
    # Below this the quotient is k / p to rounding.
    small = length < 1e-8
    start = length * (p - square) / (1 - square)
    k = xp.where(small, xp.ones_like(length), start)
    for _ in range(_N_STEPS):
        A = sphere.bessel_ratio(order, k)
        slope = (1 - A) * (1 + A) - (p - 1) * A / k
        # Where rounding leaves no slope, of the limit for large k.
        slope = xp.where(slope > 0, slope, (1 - A) / k)
        slope = xp.where(slope > 0, slope, xp.ones_like(slope))
        step = (A - length) / slope
        k = xp.where(step < k / 2, k - step, k / 2)
    return xp.where(small, length * p, k)
