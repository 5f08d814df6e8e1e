"""A few points that stand for all rows, and what a field has of its values there.

As in Quiñonero-Candela and Rasmussen, "A unifying view of sparse approximate Gaussian
process regression", Journal of Machine Learning Research 6, 2005.
"""

import numpy as np
import scipy.linalg

from skgeom.backends import Backend
from skgeom.typing import Array, NDArray

# Rows for each point that these are the means of, and passes over them.
_ROWS_A_POINT, _PASSES = 20, 5
# Noise of the field at the points, in units of its variance: for rounding.
_JITTER = 1e-6
# Slopes of a kernel by log length scales, for each squared gap in units of these, are
# values of another one: factor, kernel, and gamma.
_SLOPES = {
    "rbf": (1.0, "rbf", 0.5),
    "matern32": (3.0, "exponential", 1.5),
    "matern52": (5 / 3, "matern32", 5 / 6),
}


def choose_inducing_points(
    points: NDArray, lengths: NDArray, n_inducing: int, backend: Backend
) -> NDArray:
    """Choose points that rows are near to: means of groups of the first of the rows.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Rows, in random order.
    lengths : ndarray of shape (n_features,)
        In units of which rows are near.
    n_inducing : int
        Points, >= 1. Where there are fewer distinct rows, those are the points.
    backend : Backend
        Where the nearest points are searched.

    Returns
    -------
    ndarray of shape (<= n_inducing, n_features)
        In the order in which the rows of the groups come first.

    References
    ----------
    Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory
    28, 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.gaussian_process._vecchia._inducing import choose_inducing_points
    >>> x = np.array([[0.0], [9.0], [0.2], [9.2], [9.4]])
    >>> choose_inducing_points(x, np.ones(1), 2, get_backend()).round(3)
    array([[0.1],
           [9.2]])
    """
    rows = points[: _ROWS_A_POINT * n_inducing] / lengths
    _, first = np.unique(rows, axis=0, return_index=True)
    rows = rows[np.sort(first)]
    centers = rows[:n_inducing]
    if len(centers) == len(rows):
        return centers * lengths
    there = backend.asarray(rows)
    for _ in range(_PASSES):
        _, nearest = backend.knn(backend.asarray(centers), there, 1)
        groups = backend.to_numpy(nearest)[:, 0]
        sizes = np.bincount(groups, minlength=len(centers))
        sums = np.zeros_like(centers)
        np.add.at(sums, groups, rows)
        # A group without rows stays where it is.
        centers = np.where(
            sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centers
        )
    return centers * lengths


def in_units(points, parameters, backend):
    """Points in units of the length scales, where the backend computes."""
    return backend.asarray(points / parameters.lengths, dtype=backend.float64)


class InducingFactors:
    r"""What the field at rows has of that at the inducing points, in independent parts.

    With K the covariance of the field at the points, L L' = K, and k that of a row with
    them, the factors of the row are :math:`\phi = L^{-1} k`: of the variance of the
    field, :math:`\phi' \phi` is that which the points explain.

    Parameters
    ----------
    inducing : ndarray of shape (n_inducing, n_features)
        The points.
    kernel : str
        A name of the backends.
    parameters : Parameters
        Of the process.
    backend : Backend
        Where factors are computed.
    """

    def __init__(self, inducing, kernel, parameters, backend):
        self.kernel, self.backend = kernel, backend
        self.root = parameters.signal**0.5
        self.points = in_units(inducing, parameters, backend)
        K = backend.to_numpy(backend.kernel_values(*[self.points] * 2, kernel, 0.5))
        K = K + _JITTER * np.eye(len(K))
        self.L = scipy.linalg.cholesky(K, lower=True)
        self.inverse = scipy.linalg.solve_triangular(self.L, np.eye(len(K)), lower=True)
        self.inverse_there = backend.asarray(self.inverse, dtype=backend.float64)

    def __call__(self, points: Array) -> Array:
        """Factors of rows in units of the length scales, shape (n, n_inducing)."""
        K = self.backend.kernel_values(points, self.points, self.kernel, 0.5)
        return self.root * (K @ self.inverse_there.T)

    def gradient(self, points: Array, factors: Array, by_factors: Array) -> NDArray:
        """Derivatives by log signal and log lengths of a function of the factors."""
        xp, told = self.backend.xp, self.backend.to_numpy
        by_values = self.root * (by_factors @ self.inverse_there)
        by_L = -np.tril(told(by_values.T @ factors)) / self.root
        # Of the Cholesky factor: Murray, "Differentiation of the Cholesky
        # decomposition", arXiv:1602.07527, eq. 9.
        inner = np.tril(self.L.T @ by_L)
        inner[np.diag_indices(len(inner))] /= 2
        by_K = self.inverse.T @ inner @ self.inverse
        by_lengths = self._by_lengths(points, by_values)
        by_lengths += self._by_lengths(
            self.points, self.backend.asarray(by_K, dtype=self.backend.float64)
        )
        by_signal = 0.5 * float(xp.sum(by_factors * factors))
        return np.concatenate([[by_signal], by_lengths])

    def _by_lengths(self, points, by_values):
        """Derivatives by log lengths from those by kernel values with the points."""
        xp, others = self.backend.xp, self.points
        if self.kernel == "exponential":
            values = self.backend.kernel_values(points, others, self.kernel, 0.5)
            reach = -xp.log(xp.where(values > 0, values, 1e-300))
            slopes = values / xp.where(reach > 0, reach, np.inf)
        else:
            scale, *options = _SLOPES[self.kernel]
            slopes = scale * self.backend.kernel_values(points, others, *options)
        # sum M_ab (x_a - z_b)^2 = sum_a x_a^2 M_a. + sum_b z_b^2 M_.b - 2 x' M z
        M = by_values * slopes
        found = xp.sum(M, axis=1) @ points**2 + xp.sum(M, axis=0) @ others**2
        found = found - 2 * xp.sum(points * (M @ others), axis=0)
        return self.backend.to_numpy(found)
