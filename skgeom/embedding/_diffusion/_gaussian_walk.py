"""A walk between points by a Gaussian kernel, corrected for their density.

Coifman and Lafon, "Diffusion maps", Applied and Computational Harmonic Analysis 21,
2006.
"""

import numpy as np

from skgeom.backends import Backend, block_bytes, row_blocks
from skgeom.graph import nearest_neighbors
from skgeom.operators import KernelOperator
from skgeom.typing import NDArray

# The width is that of so many neighbours, unless told.
_NEIGHBORS = 10


def width_of(points: NDArray, backend: Backend) -> float:
    """Choose gamma: twice the median squared distance to the tenth neighbour is 1.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        At least two.
    backend : Backend
        Where neighbours are searched for.

    Returns
    -------
    float
        One where all points are the same.
    """
    k = min(_NEIGHBORS, len(points) - 1)
    distances, _ = nearest_neighbors(
        backend.asarray(points), n_neighbors=k, backend=backend
    )
    last = distances[:, -1]
    far = last[last > 0]
    if not far.size:
        return 1.0
    middle = float(np.median(last))
    return 0.5 / (middle if middle > 0 else float(far.min())) ** 2


class GaussianWalk(KernelOperator):
    r"""The matrix :math:`D^{-1/2} Q^{-\alpha} K Q^{-\alpha} D^{-1/2}`.

    K is a Gaussian kernel matrix, Q its sums of rows, and D those after the correction:
    a matrix of a symmetric walk. It is held whole where it fits a block, and computed
    anew for each product elsewhere.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Points.
    gamma : float
        Of the kernel.
    alpha : float
        From 0 to 1.
    backend : Backend
        Where products are computed.

    Attributes
    ----------
    weights : ndarray of shape (n,)
        The diagonal of Q to the power of minus alpha.
    degrees : ndarray of shape (n,)
        The diagonal of D.
    """

    def __init__(self, points: NDArray, gamma: float, alpha: float, backend: Backend):
        super().__init__(len(points), backend)
        self._gamma = gamma
        self._points = backend.asarray(points, backend.float64)
        fits = 8 * self.n**2 <= block_bytes()
        self._kernel = self._block(self._points) if fits else None
        ones = np.ones((self.n, 1))
        self.weights = self._host(ones)[:, 0] ** -alpha
        self.degrees = self.weights * self._host(self.weights[:, None])[:, 0]
        scale = self.weights / np.sqrt(self.degrees)
        self._scale = backend.asarray(scale, backend.float64)[:, None]

    def _host(self, V):
        backend = self.backend
        return backend.to_numpy(self._apply(backend.asarray(V, backend.float64)))

    def _apply(self, V):
        if self._kernel is not None:
            return self._kernel @ V
        points = self._points
        return self.backend.kernel_matvec(points, points, V, "rbf", self._gamma)

    def _block(self, rows):
        return self.xp.exp(_exponents(self.xp, rows, self._points, self._gamma))

    def _product(self, V):
        return self._scale * self._apply(self._scale * V)

    def _diagonal(self):
        return self._scale[:, 0] ** 2

    def _dense(self):
        kernel = self._block(self._points) if self._kernel is None else self._kernel
        return self._scale * kernel * self._scale[:, 0]


def walk_values(
    points: NDArray,
    rows: NDArray,
    weights: NDArray,
    values: NDArray,
    gamma: float,
    backend: Backend,
) -> NDArray:
    """Mean of the values of points where a step of the walk leads from rows.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Points.
    rows : ndarray of shape (n_rows, n_features)
        Where steps begin.
    weights : ndarray of shape (n,)
        Of the points, positive.
    values : ndarray of shape (n, m)
        Of the points.
    gamma : float
        Of the kernel.
    backend : Backend
        Where the work happens.

    Returns
    -------
    ndarray of shape (n_rows, m)
        Of a row that is far from all points it is the value of the nearest.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._diffusion._gaussian_walk import walk_values
    >>> points, values = np.array([[-1.0], [1.0]]), np.array([[0.0], [1.0]])
    >>> rows = np.array([[0.0], [1e9]])
    >>> walk_values(points, rows, np.ones(2), values, 1.0, get_backend("cpu")).ravel()
    array([0.5, 1. ])
    """
    xp = backend.xp
    there, logs, V = (
        backend.asarray(A, backend.float64) for A in (points, np.log(weights), values)
    )
    parts = []
    for block in row_blocks(len(rows), 8 * 4 * len(points)):
        here = backend.asarray(rows[block], backend.float64)
        exponents = _exponents(xp, here, there, gamma) + logs
        exponents = exponents - xp.max(exponents, axis=1, keepdims=True)
        steps = xp.exp(exponents)
        found = (steps @ V) / xp.sum(steps, axis=1, keepdims=True)
        parts.append(backend.to_numpy(found))
    return np.concatenate(parts)


def _exponents(xp, rows, points, gamma):
    """Minus gamma times squared distances; both are near zero in their units."""
    squared = xp.sum(rows * rows, axis=1)[:, None] + xp.sum(points * points, axis=1)
    squared = squared - 2 * (rows @ points.T)
    return -gamma * xp.clip(squared, 0.0, None)
