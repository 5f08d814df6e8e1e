"""Kernel values of points, by name or from a callable, at any scale.

Expanded squares are fast, and wrong by rounding where rows are far apart; there values
are computed from differences of coordinates. Kernels are those of Rasmussen and
Williams, "Gaussian processes for machine learning", MIT Press 2006, section 4.2.
"""

from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist

from skgeom.backends import SQUARED_UNITS, Backend, row_blocks
from skgeom.typing import Array

# Squared distances from the centre, in widths, up to which squares may be expanded;
# beyond, their rounding is as large as a width.
_FAR = 1e10
# The same for single precision.
FAR_SINGLE = 1e3
# City-block distances need no squares; sums of such ones may be infinite.
_OUT_OF_RANGE = 1e250


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

    References
    ----------
    Rasmussen and Williams, "Gaussian processes for machine learning", MIT Press 2006,
    section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import KernelFunction
    >>> kernel = KernelFunction("rbf", 0.5, get_backend("cpu"))
    >>> x = np.array([[0.0], [1.0]])
    >>> kernel.product(x, x, np.ones((2, 1))).ravel().round(3)
    array([1.607, 1.607])
    """

    def __init__(self, kernel: Any, gamma: float, backend: Backend):
        self.kernel, self.gamma, self.backend = kernel, gamma, backend

    def values(self, A: Array, B: Array) -> Array:
        """Kernel values of all pairs of two blocks of rows.

        Parameters
        ----------
        A : array of shape (n_rows, n_features)
            Points of the rows, of the backend.
        B : array of shape (n_others, n_features)
            Points of the columns.

        Returns
        -------
        array of shape (n_rows, n_others)
            Of the backend.
        """
        backend = self.backend
        if not (self.is_far(A) or (A is not B and self.is_far(B))):
            return backend.kernel_values(A, B, self.kernel, self.gamma)
        kernel, host = self.kernel, (backend.to_numpy(A), backend.to_numpy(B))
        if callable(kernel):
            found = dense_block(kernel(*host))
        else:
            found = values_by_differences(*host, kernel, self.gamma)
        return backend.asarray(found, dtype=backend.float64)

    def product(self, A: Array, B: Array, V: Array, *, single: bool = False) -> Array:
        """Kernel values between rows A and B, times V; never whole.

        With `single`, values are computed in single precision where that is enough to
        tell rows apart, in half the time.

        Parameters
        ----------
        A : array of shape (n_rows, n_features)
            Points of the rows, of the backend.
        B : array of shape (n_others, n_features)
            Points of the columns.
        V : array of shape (n_others, n_columns)
            What is multiplied.
        single : bool, default=False
            Whether single precision may do.

        Returns
        -------
        array of shape (n_rows, n_columns)
            The product.
        """
        backend = self.backend
        if callable(self.kernel):
            return callable_matvec(self.kernel, B, backend)(A, V)
        largest = max(self.reach(A), self.reach(B))
        if largest > far_squares(self.kernel):
            by_differences = partial(
                values_by_differences, kernel=self.kernel, gamma=self.gamma
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
        """Kernel values of rows with themselves.

        Parameters
        ----------
        A : array of shape (n_rows, n_features)
            Points, of the backend.

        Returns
        -------
        array of shape (n_rows,)
            Of the backend.
        """
        if callable(self.kernel):
            return callable_diagonal(self.kernel, A, self.backend)
        return self.backend.xp.ones_like(A[:, 0])

    def is_far(self, A: Array) -> bool:
        """Whether values of rows are not read off expanded squares.

        Parameters
        ----------
        A : array of shape (n_rows, n_features)
            Points, of the backend.

        Returns
        -------
        bool
            True for callables, and for rows that are far apart.
        """
        return callable(self.kernel) or self.reach(A) > far_squares(self.kernel)

    def reach(self, A: Array) -> float:
        """Largest squared distance of rows from the origin, in squared widths.

        Parameters
        ----------
        A : array of shape (n_rows, n_features)
            Points, of the backend.

        Returns
        -------
        float
            Times gamma; maybe infinite.
        """
        return farthest(A, 0.0, self.gamma, self.backend)


def callable_matvec(kernel, points, backend):
    """Products with the matrix of a callable kernel, by blocks of rows on the host."""
    host = backend.to_numpy(points)

    def evaluate(Z, V):
        Z, V = backend.to_numpy(Z), backend.to_numpy(V)
        parts = [
            dense_block(kernel(Z[rows], host)) @ V
            for rows in row_blocks(len(Z), 8 * len(host))
        ]
        return backend.asarray(np.concatenate(parts), dtype=backend.float64)

    return evaluate


def callable_diagonal(kernel, points, backend):
    """Diagonal of a callable kernel, by small blocks."""
    host = backend.to_numpy(points)
    parts = [
        np.diagonal(dense_block(kernel(host[rows], host[rows])))
        for rows in row_blocks(len(host), 8 * 64, 8 * 64 * 64)
    ]
    return backend.asarray(np.concatenate(parts), dtype=backend.float64)


def dense_block(block):
    """Values that a callable kernel returned, as an array."""
    return block.toarray() if sp.issparse(block) else np.asarray(block)


def far_squares(kernel):
    """Squared distances, in widths, up to which squares may be expanded."""
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


def values_by_differences(A, B, kernel, gamma):
    """Kernel values by differences of coordinates, at any scale."""
    largest = np.finfo(np.float64).max / 4
    with np.errstate(over="ignore"):
        A, B = (np.clip(gamma**0.5 * M, -largest, largest) for M in (A, B))
    with np.errstate(over="ignore"):
        squares = cdist(A, B, "sqeuclidean")
    if kernel == "laplacian":
        with np.errstate(over="ignore"):
            return np.exp(-cdist(A, B, "cityblock") * gamma**0.5)
    return radial_values(np, np.minimum(squares, 1e7), kernel)


def radial_values(xp, squares, kernel):
    """Kernel values of squared Euclidean distances in widths, times gamma."""
    if kernel == "rbf":
        return xp.exp(-squares)
    reach = xp.sqrt(SQUARED_UNITS[kernel] * squares)
    decay = xp.exp(-reach)
    if kernel == "exponential":
        return decay
    if kernel == "matern32":
        return (1 + reach) * decay
    return (1 + reach + reach**2 / 3) * decay
