"""Kernel values of points, by name or from a callable, at any scale.

Expanded squares are fast, and wrong by rounding where rows are far apart; there values
are computed from differences of coordinates. Kernels are those of Rasmussen and
Williams, "Gaussian processes for machine learning", MIT Press 2006, section 4.2.
"""

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from skgeom.backends import SQUARED_UNITS, Backend
from skgeom.kernels._operators import callable_diagonal, callable_matvec, dense_block
from skgeom.typing import Array, NDArray

# Squared distances from the centre, in widths, up to which squares may be expanded;
# beyond, their rounding is as large as a width.
_FAR = 1e10
# The same for single precision.
FAR_SINGLE = 1e3
# City-block distances need no squares; sums of such ones may be infinite.
_OUT_OF_RANGE = 1e250


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
    far = _far(kernel)
    spread = farthest(points, center, gamma, backend) > far
    differences = partial(_by_differences, kernel=kernel, gamma=gamma)
    # Sums of the points themselves may be out of range where these are not.
    near = points if spread else points - center

    def evaluate(Z, V):
        if spread or farthest(Z, center, gamma, backend) > far:
            return callable_matvec(differences, points, backend)(Z, V)
        rows = near if Z is points else Z - center
        return backend.kernel_matvec(rows, near, V, kernel, gamma)

    return evaluate


class KernelFunction:
    r"""A kernel of points: blocks of values, products, and how fast values fall.

    Parameters
    ----------
    kernel : str or callable
        Of `backends.POINT_KERNELS`, or a function of two matrices of points.
    gamma : float
        Inverse width of a named kernel, > 0.
    backend : Backend
        Where points are; they are centred.
    """

    def __init__(self, kernel: Any, gamma: float, backend: Backend):
        self.kernel, self.gamma, self.backend = kernel, gamma, backend

    def values(self, A: Array, B: Array) -> Array:
        """Kernel values of all pairs of two blocks of rows."""
        backend = self.backend
        if not (self.is_far(A) or (A is not B and self.is_far(B))):
            return backend.kernel_values(A, B, self.kernel, self.gamma)
        kernel, host = self.kernel, (backend.to_numpy(A), backend.to_numpy(B))
        if callable(kernel):
            found = dense_block(kernel(*host))
        else:
            found = _by_differences(*host, kernel, self.gamma)
        return backend.asarray(found, dtype=backend.float64)

    def product(self, A: Array, B: Array, V: Array, *, single: bool = False) -> Array:
        """Kernel values between rows A and B, times V; never whole.

        With `single`, values are computed in single precision where that is enough to
        tell rows apart, in half the time.
        """
        backend = self.backend
        if callable(self.kernel):
            return callable_matvec(self.kernel, B, backend)(A, V)
        largest = max(self._reach(A), self._reach(B))
        if largest > _far(self.kernel):
            by_differences = partial(
                _by_differences, kernel=self.kernel, gamma=self.gamma
            )
            return callable_matvec(by_differences, B, backend)(A, V)
        if not single or largest > FAR_SINGLE or self.kernel == "laplacian":
            return backend.kernel_matvec(A, B, V, self.kernel, self.gamma)
        narrow = backend.xp.float32
        # Of one array twice, values are computed once for both orders of a pair.
        Z = backend.asarray(self.gamma**0.5 * B, dtype=narrow)
        rows = Z if A is B else backend.asarray(self.gamma**0.5 * A, dtype=narrow)
        V = backend.asarray(V, dtype=narrow)
        found = backend.kernel_matvec(rows, Z, V, self.kernel, 1.0)
        return backend.asarray(found, dtype=backend.float64)

    def diagonal(self, A: Array) -> Array:
        """Kernel values of rows with themselves."""
        if callable(self.kernel):
            return callable_diagonal(self.kernel, A, self.backend)
        return self.backend.xp.ones_like(A[:, 0])

    def is_far(self, A: Array) -> bool:
        """Whether values of rows are not read off expanded squares."""
        return callable(self.kernel) or self._reach(A) > _far(self.kernel)

    def _reach(self, A):
        return farthest(A, 0.0, self.gamma, self.backend)


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


def _far(kernel):
    return _OUT_OF_RANGE if kernel == "laplacian" else _FAR


def center_of(points: Array) -> Array:
    """Means of the columns; their sum may be out of range."""
    return (points / points.shape[0]).sum(axis=0)


def farthest(Z: Array, center: Array | float, gamma: float, backend: Backend) -> float:
    """Largest squared distance from a centre, in squared widths; maybe infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = (gamma**0.5 * (Z - center)) ** 2
        largest = float(backend.xp.max(backend.xp.sum(squares, axis=1)))
    return largest if np.isfinite(largest) else np.inf


def _by_differences(A, B, kernel, gamma):
    """Kernel values by differences of coordinates, at any scale."""
    largest = np.finfo(np.float64).max / 4
    with np.errstate(over="ignore"):
        A, B = (np.clip(gamma**0.5 * M, -largest, largest) for M in (A, B))
    with np.errstate(over="ignore"):
        squares = cdist(A, B, "sqeuclidean")
    if kernel == "laplacian":
        with np.errstate(over="ignore"):
            return np.exp(-cdist(A, B, "cityblock") * gamma**0.5)
    if kernel == "rbf":
        return np.exp(-squares)
    reach = np.sqrt(SQUARED_UNITS[kernel] * np.minimum(squares, 1e12))
    reach = np.minimum(reach, 1e4)
    shape = {"exponential": 1.0, "matern32": 1 + reach}
    return shape.get(kernel, 1 + reach + reach**2 / 3) * np.exp(-reach)
