"""Columns of a kernel matrix of rows, and means of its rows, without the matrix."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from skgeom.backends import SQUARED_UNITS, Backend, row_blocks
from skgeom.operators import KernelFunction
from skgeom.operators._point_kernels import FAR_SINGLE, radial_values
from skgeom.typing import Array, NDArray

# Up to so many kernel values means are sums of double precision.
_MOST_DOUBLE = 2**29
# Rows whose kernel values are added up in single precision.
_SUMMED_ROWS = 2**14


class Placed(NamedTuple):
    """Points around their mean in units of their size, and what brings others there."""

    points: Array
    center: NDArray
    size: float

    def place(self, rows, backend):
        """Other rows, in the same units."""
        if rows is None:
            return None
        scaled = backend.asarray(rows, dtype=backend.float64) / self.size
        return scaled - backend.asarray(self.center, dtype=backend.float64)


def placed_points(X: Array, backend: Backend) -> Placed:
    """Centre rows and divide them by their largest number; no square overflows then."""
    xp = backend.xp
    X = backend.asarray(X, dtype=backend.float64)
    size = float(xp.max(xp.abs(X)))
    # A power of two divides without rounding.
    size = 2.0 ** np.clip(np.ceil(np.log2(size)), -1022, 1023) if size > 0 else 1.0
    X = X / size
    center = xp.mean(X, axis=0)
    return Placed(X - center, backend.to_numpy(center), size)


def inverse_width(gamma: Any, placed: Placed, backend: Backend) -> float:
    """Inverse width in units of the placed points; "scale" is scikit-learn's."""
    least, largest = 1e-300, 1e300
    if gamma == "scale":
        xp, points = backend.xp, placed.points
        variance = float(xp.mean((points - xp.mean(points)) ** 2))
        # What rounding leaves of equal rows is no variance.
        if variance <= 1e-28:
            return 1.0
        return float(1 / (points.shape[1] * variance))
    with np.errstate(over="ignore", under="ignore"):
        scaled = (np.float64(gamma) ** 0.5 * placed.size) ** 2
    return float(np.clip(scaled, least, largest))


class KernelColumns:
    """A kernel matrix between candidates, known by its columns.

    Parameters
    ----------
    columns : callable
        ``columns(places)`` of integers of the backend, shape (n_places,), are kernel
        values of all candidates with those, shape (n_candidates, n_places).
    block : callable
        ``block(places)`` is the kernel matrix of some candidates, on the host.
    diagonal : array of shape (n_candidates,)
        Kernel values of candidates with themselves.
    backend : Backend
        Where they are computed.
    """

    def __init__(
        self, columns: Callable, block: Callable, diagonal: Array, backend: Backend
    ):
        self.columns, self.block = columns, block
        self.diagonal, self.backend = diagonal, backend
        self.n = diagonal.shape[0]

    def column(self, i: Array) -> Array:
        """Values with one candidate, whose place is an array without axes."""
        return self.columns(self.backend.xp.reshape(i, (1,)))[:, 0]

    def on_host(self, places: Any) -> NDArray:
        """Values with some candidates, brought to the host."""
        places = self.backend.asarray(np.atleast_1d(places))
        return self.backend.to_numpy(self.columns(places))


def square_kernel(rows: Array, backend: Backend) -> Array:
    """A matrix that was given as the kernel; the mean with its transpose."""
    K = backend.asarray(rows, dtype=backend.float64)
    if K.shape[0] != K.shape[1]:
        raise ValueError(
            "kernel='precomputed' needs a square matrix of kernel values, X has shape "
            f"{tuple(K.shape)}."
        )
    # Halves first: their sum is in range.
    return K / 2 + K.T / 2


def columns_of_matrix(K: Array, backend: Backend) -> KernelColumns:
    """Those of a matrix that there is."""
    xp = backend.xp

    def columns(places):
        return xp.take(K, places, axis=1)

    def block(places):
        return backend.to_numpy(K)[np.ix_(places, places)]

    return KernelColumns(columns, block, xp.linalg.diagonal(K), backend)


def columns_of_features(features: Array, backend: Backend) -> KernelColumns:
    """Those of inner products."""
    xp = backend.xp

    def columns(places):
        return features @ xp.take(features, places, axis=0).T

    def block(places):
        some = backend.to_numpy(features)[places]
        return some @ some.T

    return KernelColumns(columns, block, xp.sum(features**2, axis=1), backend)


def columns_of_points(points: Array, kernel: KernelFunction) -> KernelColumns:
    """Those of a kernel function, computed when they are asked for."""
    backend = kernel.backend
    xp, far = backend.xp, kernel.is_far(points)
    radial = kernel.kernel in tuple(SQUARED_UNITS)
    near = not far and radial and kernel.reach(points) <= FAR_SINGLE
    scaled = kernel.gamma**0.5 * points if near else points
    own = xp.sum(scaled**2, axis=1) if near else None

    def column(place):
        """One, from squares that are known but for the products."""
        i = place[0]
        squares = own + own[i] - 2 * (scaled @ xp.take(scaled, place, axis=0)[0])
        squares = xp.where(squares > 0, squares, xp.zeros_like(squares))
        return radial_values(xp, squares, kernel.kernel)[:, None]

    def columns(places):
        if near and places.shape[0] == 1:
            return column(places)
        rows = xp.take(points, places, axis=0)
        if far:
            return kernel.values(points, rows)
        return backend.kernel_values(points, rows, kernel.kernel, kernel.gamma)

    def block(places):
        some = xp.take(points, backend.asarray(places), axis=0)
        K = backend.to_numpy(kernel.values(some, some))
        return (K + K.T) / 2

    return KernelColumns(columns, block, kernel.diagonal(points), backend)


def columns_of_distances(points: Array, backend: Backend) -> KernelColumns:
    """Those of distances with a minus sign, the kernel of the energy distance."""
    xp = backend.xp

    def columns(places):
        found = [
            -xp.sqrt(xp.sum((points - xp.take(points, i[None], axis=0)) ** 2, axis=1))
            for i in places
        ]
        return xp.stack(found, axis=1)

    def block(places):
        some = backend.to_numpy(points)[places]
        return -cdist(some, some)

    return KernelColumns(columns, block, xp.zeros_like(points[:, 0]), backend)


def kernel_mean(rows: Array, sample: Array, kernel: KernelFunction) -> Array:
    """Mean kernel value of each row with a sample.

    Of large samples kernel values are computed in single precision, and the sums of
    blocks of them are added up in double precision.
    """
    backend = kernel.backend
    xp, n = backend.xp, sample.shape[0]
    single = rows.shape[0] * n > _MOST_DOUBLE

    def ones(size):
        like = dict(dtype=backend.float64, device=sample.device)
        return xp.ones((size, 1), **like)

    if not single:
        return kernel.product(rows, sample, ones(n))[:, 0] / n
    total = xp.zeros_like(rows[:, 0])
    for part in row_blocks(n, 1, _SUMMED_ROWS):
        count = part.stop - part.start
        found = kernel.product(rows, sample[part], ones(count), single=True)
        total = total + found[:, 0]
    return total / n
