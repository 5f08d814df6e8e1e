r"""Kernel ridge regression in the span of some centres, from sums over the rows.

Rows x have the features :math:`\phi(x) = L^{-1} k(Z, x)` of centres Z with
:math:`L L' = k(Z, Z)`, whose inner products are Nyström's approximation of the kernel
(Williams and Seeger, NIPS 2000). All that the model needs of the rows are sums of
:math:`\phi \phi'` and :math:`\phi y`, in which every row counts once: they are added to
as rows arrive. One eigenproblem of their size serves all penalties.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dpstrf

from skgeom.backends import Backend
from skgeom.operators import KernelFunction
from skgeom.typing import Array, NDArray

# Centres are dropped whose kernel is that of others up to this share.
_DEPENDENT = 1e-10
# Below this share of the largest, eigenvalues and penalties are rounding.
_ROUNDING = 1e-14


def independent_rows(K: NDArray) -> tuple[NDArray, NDArray]:
    """Choose rows of a kernel matrix that the others depend on, by pivoted Cholesky.

    Parameters
    ----------
    K : ndarray of shape (m, m)
        Symmetric, positive semidefinite.

    Returns
    -------
    chosen : ndarray of shape (rank,), int64
        Rows, at least one.
    factor : ndarray of shape (rank, rank)
        Lower triangular; times its transpose it is the kernel of the chosen rows.

    References
    ----------
    Harbrecht, Peters and Schneider, "On the low-rank approximation by the pivoted
    Cholesky decomposition", Applied Numerical Mathematics 62, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._kernel_machine._nystrom import independent_rows
    >>> chosen, factor = independent_rows(np.array([[1.0, 1.0], [1.0, 1.0]]))
    >>> chosen, factor
    (array([0]), array([[1.]]))
    """
    largest = float(np.diagonal(K).max(initial=0.0))
    if largest <= 0:
        return np.zeros(1, dtype=np.int64), np.ones((1, 1))
    factor, pivots, rank, _ = dpstrf(K, tol=_DEPENDENT * largest, lower=1)
    rank = max(int(rank), 1)
    pivots = pivots[:rank].astype(np.int64) - 1
    # In the order of the rows: that of the pivots is decided by rounding.
    chosen = np.sort(pivots)
    try:
        return chosen, np.linalg.cholesky(K[np.ix_(chosen, chosen)])
    except np.linalg.LinAlgError:
        return pivots, np.tril(factor[:rank, :rank])


class NystromFeatures:
    """Features of rows from centres; their inner products approximate the kernel.

    Parameters
    ----------
    kernel : KernelFunction
        The kernel.
    centers : array of shape (m, n_features)
        Points of the backend. Those that depend on others are left out.
    backend : Backend
        Where arrays are.
    """

    def __init__(self, kernel: KernelFunction, centers: Array, backend: Backend):
        self.kernel, self.backend = kernel, backend
        K = backend.to_numpy(kernel.values(centers, centers))
        self.chosen, factor = independent_rows((K + K.T) / 2)
        self.centers = centers[backend.asarray(self.chosen)]
        inverse = scipy.linalg.solve_triangular(factor, np.eye(len(factor)), lower=True)
        self.whitening = backend.asarray(np.ascontiguousarray(inverse.T))

    @classmethod
    def restored(cls, kernel, centers, whitening, backend):
        """Those of centres that were chosen before."""
        self = cls.__new__(cls)
        self.kernel, self.backend, self.centers = kernel, backend, centers
        self.chosen = np.arange(centers.shape[0])
        self.whitening = backend.asarray(whitening, dtype=backend.float64)
        return self

    def of(self, points: Array) -> Array:
        """Features of rows, shape (n_rows, rank)."""
        return self.kernel.values(points, self.centers) @ self.whitening


class RowSums(NamedTuple):
    """What the model needs of the rows, on the host; sums of two are added.

    Parameters
    ----------
    gram : ndarray of shape (rank, rank)
        Weighted sum of the outer products of the features.
    moments : ndarray of shape (rank, n_targets)
        Of the features with the targets.
    means : ndarray of shape (rank,)
        Of the features.
    mass : float
        Sum of the weights.
    totals, squares : ndarray of shape (n_targets,)
        Weighted sums of the targets and of their squares.
    n_rows : int
        How many there are.
    log_weights : float
        Sum of the logarithms of the weights.
    """

    gram: NDArray
    moments: NDArray
    means: NDArray
    mass: float
    totals: NDArray
    squares: NDArray
    n_rows: int
    log_weights: float

    @classmethod
    def of(cls, features, targets, weights, backend):
        """Those of a block of rows: features of the backend, the rest on the host."""
        root = np.sqrt(weights)[:, None]
        scaled = features * backend.asarray(root)
        beside = np.hstack([root * targets, root])
        gram = backend.to_numpy(scaled.T @ scaled)
        found = backend.to_numpy(scaled.T @ backend.asarray(beside))
        return cls(
            gram,
            found[:, :-1],
            found[:, -1],
            float(weights.sum()),
            weights @ targets,
            weights @ targets**2,
            len(targets),
            float(np.log(weights).sum()),
        )

    def __add__(self, other):
        """The sums of the rows of both."""
        return RowSums(*(a + b for a, b in zip(self, other, strict=True)))

    def in_units(self, units, intercept):
        """Sums of the targets times some units, plus constants."""
        return self._replace(
            moments=self.moments * units + np.outer(self.means, intercept),
            totals=self.totals * units + self.mass * intercept,
            squares=self.squares * units**2
            + 2 * self.totals * units * intercept
            + self.mass * intercept**2,
        )

    def intercept(self):
        """Weighted means of the targets."""
        return self.totals / self.mass

    def centred_moments(self):
        """Moments of the features with the targets about their means."""
        return self.moments - np.outer(self.means, self.intercept())


class RidgeModels(NamedTuple):
    r"""Ridge regression on features, for many penalties or for one.

    With V the `vectors` and s the `values`, the inverse of the gram matrix and a
    penalty is :math:`V (s + \alpha)^{-1} V'`; `spectrum` is V' times the moments.

    Parameters
    ----------
    values : ndarray of shape (rank,)
        The s of the formula.
    vectors : ndarray of shape (rank, rank)
        The V of the formula.
    spectrum : ndarray of shape (rank, n_targets)
        Moments of the features with targets about their means, times V'.
    """

    values: NDArray
    vectors: NDArray
    spectrum: NDArray

    @classmethod
    def of(cls, gram, moments):
        """For all penalties, by an eigenproblem."""
        values, vectors = scipy.linalg.eigh((gram + gram.T) / 2)
        values = np.where(values > _ROUNDING * values[-1], values, 0.0)
        return cls(values, vectors, vectors.T @ moments)

    @classmethod
    def of_one(cls, gram, moments, alpha):
        """For one penalty alone, in less time."""
        vectors = alpha**0.5 * inverse_root(gram, alpha)
        return cls(np.zeros(len(vectors)), vectors, vectors.T @ moments)

    def weights(self, alpha):
        """Coefficients of the features for a penalty."""
        return self.vectors @ (self.spectrum / (self.values + alpha)[:, None])

    def evidence(self, alpha, sums):
        """Log-probability of the targets at the best scale of each; not of `of_one`."""
        shrunk = self.spectrum**2 / (self.values + alpha)[:, None]
        squares = sums.squares - sums.mass * sums.intercept() ** 2
        left = np.maximum(squares - shrunk.sum(axis=0), 0.0) / alpha
        n = sums.n_rows
        scale = np.maximum(left / n, np.finfo(np.float64).tiny)
        volume = np.log(self.values + alpha).sum() - sums.log_weights
        volume += (n - len(self.values)) * np.log(alpha)
        return float(-0.5 * (n * np.log(scale) + volume).sum())


def inverse_root(gram: NDArray, alpha: float) -> NDArray:
    """A matrix U with U U' the inverse of a gram matrix plus a penalty.

    Parameters
    ----------
    gram : ndarray of shape (m, m)
        Symmetric, positive semidefinite but for rounding.
    alpha : float
        The penalty, > 0.

    Returns
    -------
    ndarray of shape (m, m)
        By Cholesky's factor, or by eigenvectors where rounding is in its way.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._kernel_machine._nystrom import inverse_root
    >>> inverse_root(np.zeros((1, 1)), 4.0)
    array([[0.5]])
    """
    gram = (gram + gram.T) / 2
    identity = np.eye(len(gram))
    try:
        factor = scipy.linalg.cholesky(gram + alpha * identity, lower=True)
        half = scipy.linalg.solve_triangular(factor, identity, lower=True).T
        return np.ascontiguousarray(half)
    except np.linalg.LinAlgError:
        values, vectors = scipy.linalg.eigh(gram)
        return vectors / np.sqrt(np.maximum(values, 0.0) + alpha)


def left_out_errors(
    models: RidgeModels,
    features: Array,
    targets: NDArray,
    weights: NDArray,
    alphas: NDArray,
    backend: Backend,
) -> tuple[NDArray, NDArray]:
    """Errors of predicting rows from all others, for every penalty, in closed form.

    Parameters
    ----------
    models : RidgeModels
        From sums that the rows are among.
    features : array of shape (n_rows, rank)
        Of the backend.
    targets : ndarray of shape (n_rows, n_targets)
        Less their means.
    weights : ndarray of shape (n_rows,)
        What each row counts, > 0.
    alphas : ndarray of shape (n_alphas,)
        Penalties > 0.
    backend : Backend
        Where features are.

    Returns
    -------
    errors : ndarray of shape (n_alphas, n_rows, n_targets)
        Targets less predictions.
    left : ndarray of shape (n_alphas, n_rows)
        Share of a row that is left to the others: 1 less its leverage.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._kernel_machine._nystrom import (
    ...     RidgeModels, left_out_errors,
    ... )
    >>> cpu, ones, y = get_backend("cpu"), np.ones(2), np.array([[1.0], [-1.0]])
    >>> models = RidgeModels.of(np.eye(2), y)
    >>> left_out_errors(models, np.eye(2), y, ones, np.array([1.0]), cpu)[0].ravel()
    array([ 1., -1.])
    """
    axes = features @ backend.asarray(np.ascontiguousarray(models.vectors))
    inverse = 1 / (models.values[:, None] + alphas)
    leverage = backend.to_numpy((axes * axes) @ backend.asarray(inverse)).T * weights
    left = np.maximum(1 - leverage, _ROUNDING)
    # All penalties in one product.
    coefficients = inverse[:, :, None] * models.spectrum[:, None, :]
    flat = backend.asarray(coefficients.reshape(len(inverse), -1))
    found = backend.to_numpy(axes @ flat).reshape(len(targets), len(alphas), -1)
    errors = (targets[:, None, :] - found).transpose(1, 0, 2) / left[:, :, None]
    return errors, left
