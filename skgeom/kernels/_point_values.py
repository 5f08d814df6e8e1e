"""Products with the kernel matrix of fitted points, and slopes of kernels.

Kernels are those of Rasmussen and Williams, "Gaussian processes for machine learning",
MIT Press 2006, section 4.2.
"""

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from skgeom.backends import SQUARED_UNITS, Backend
from skgeom.operators._point_kernels import (
    callable_matvec,
    center_of,
    far_squares,
    farthest,
    values_by_differences,
)
from skgeom.typing import Array, NDArray


def point_evaluation(
    points: Array, kernel: Any, gamma: float, backend: Backend
) -> Callable[[Array, Array], Array]:
    """Return a function of Z and V: kernel values of rows Z and the points, times V.

    Of a callable kernel values are computed on the host, a few rows at a time, and so
    they are where rows are so far apart that expanded squares would be rounding.
    """
    if callable(kernel):
        return callable_matvec(kernel, points, backend)
    center = center_of(points)
    far = far_squares(kernel)
    spread = farthest(points, center, gamma, backend) > far
    differences = partial(values_by_differences, kernel=kernel, gamma=gamma)
    # Sums of the points themselves may be out of range where these are not.
    near = points if spread else points - center

    def evaluate(Z, V):
        if spread or farthest(Z, center, gamma, backend) > far:
            return callable_matvec(differences, points, backend)(Z, V)
        rows = near if Z is points else Z - center
        return backend.kernel_matvec(rows, near, V, kernel, gamma)

    return evaluate


def kernel_slopes(
    xp: ModuleType, squares: NDArray, kernel: str, gamma: float
) -> NDArray:
    r"""Derivatives of kernel values by the squared distance.

    Parameters
    ----------
    xp : module
        Array namespace of the squares.
    squares : array of any shape
        Squared Euclidean distances.
    kernel : {"rbf", "exponential", "matern32", "matern52"}
        The kernel.
    gamma : float
        Its inverse width, > 0.

    Returns
    -------
    array of the shape of `squares`
        At most 0. That of "exponential" is taken for 0 where points are equal, where it
        has no derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._point_values import kernel_slopes
    >>> kernel_slopes(np, np.array([0.0, 1.0]), "rbf", 2.0).round(3)
    array([-2.   , -0.271])
    """
    if kernel == "rbf":
        return -gamma * xp.exp(-gamma * squares)
    unit = SQUARED_UNITS[kernel] * gamma
    reach = xp.sqrt(unit * squares)
    decay = xp.exp(-reach)
    if kernel == "matern32":
        return -unit / 2 * decay
    if kernel == "matern52":
        return -unit / 6 * (1 + reach) * decay
    apart = reach > 0
    safe = xp.where(apart, reach, xp.ones_like(reach))
    return xp.where(apart, -unit / 2 * decay / safe, xp.zeros_like(reach))
