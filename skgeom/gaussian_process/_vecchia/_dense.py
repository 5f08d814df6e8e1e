r"""The likelihood and the posterior with the whole covariance matrix, for few rows.

As in Rasmussen and Williams, "Gaussian processes for machine learning", MIT Press,
2006, sections 2.2 and 5.4.1.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.optimize import minimize

from skgeom.gaussian_process._vecchia._parameters import Freedom, Parameters
from skgeom.typing import NDArray

_REACH = {"exponential": 1.0, "matern32": 3.0, "matern52": 5.0}


class Learned(NamedTuple):
    """Hyper-parameters, the log likelihood that they have, and how they were found."""

    theta: NDArray
    log_likelihood: float
    n_iter: int
    converged: bool


def dense_likelihood(
    theta: NDArray, points: NDArray, targets: NDArray, factors: NDArray, kernel: str
) -> tuple[float, NDArray]:
    """Negative log likelihood and its gradient.

    Parameters
    ----------
    theta : ndarray of shape (n_features + 2,)
        Logs of signal variance, length scales and noise variance.
    points : ndarray of shape (n, n_features)
        Rows.
    targets : ndarray of shape (n, n_targets)
        Independent of each other.
    factors : ndarray of shape (n,)
        What the variance of the noise of each row is multiplied by.
    kernel : str
        A name of the backends.

    Returns
    -------
    value : float
        Infinite where the matrix is not positive definite to rounding.
    gradient : ndarray of shape (n_features + 2,)
        Zero there.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._dense import dense_likelihood
    >>> x, y = np.array([[0.0], [90.0]]), np.array([[1.0], [0.0]])
    >>> value, _ = dense_likelihood(np.log([1, 1, 1]), x, y, np.ones(2), "rbf")
    >>> round(float(value - np.log(2 * np.pi * 2)), 6)  # 1 / (2 * 2)
    0.25
    """
    parameters = Parameters(np.asarray(theta))
    n, n_targets = targets.shape
    Z = points / parameters.lengths
    K, slopes = _covariance(Z, kernel, parameters.signal)
    noise = parameters.noise * factors
    system = K.copy()
    system[np.diag_indices(n)] += noise
    # Symmetric: its transpose is in the order that LAPACK works in without a copy.
    L, failed = scipy.linalg.lapack.dpotrf(system.T, lower=1, overwrite_a=1)
    if failed:
        return np.inf, np.zeros(len(theta))
    alpha = scipy.linalg.cho_solve((L, True), targets, check_finite=False)
    value = n_targets * (np.log(np.diagonal(L)).sum() + n / 2 * np.log(2 * np.pi))
    value += 0.5 * (targets * alpha).sum()
    # The gradient is half the sum of (n_targets A^-1 - alpha alpha') dK: of its lower
    # triangle twice, less the diagonal, on which gaps are zero.
    M = scipy.linalg.lapack.dpotri(L, lower=1, overwrite_c=1)[0].T
    diagonal = n_targets * np.diagonal(M)
    M = np.multiply(2.0 * n_targets, M, out=M)
    M -= alpha @ alpha.T
    gradient = np.empty(len(theta))
    gradient[-1] = 0.5 * (noise * (diagonal - (alpha**2).sum(axis=1))).sum()
    gradient[0] = np.einsum("ij,ij->", M, K) - parameters.signal * diagonal.sum()
    gradient[0] *= 0.5
    M *= slopes
    # sum M_ab (z_a - z_b)^2 = sum_a z_a^2 sum_b (M_ab + M_ba) - 2 z' M z
    sides = M.sum(axis=0) + M.sum(axis=1)
    gradient[1:-1] = 0.5 * sides @ Z**2 - np.einsum("ij,ij->j", Z, M @ Z)
    return float(value), parameters.by_theta(gradient)


def learn_dense(
    points: NDArray,
    targets: NDArray,
    factors: NDArray,
    kernel: str,
    free: Freedom,
    *,
    tol: float,
    max_iter: int,
    callback: Callable | None = None,
) -> Learned:
    """Maximise the likelihood by L-BFGS."""
    n_iter, values = 0, [np.inf, np.inf]

    def of(phi):
        value, gradient = dense_likelihood(
            free.theta(phi), points, targets, factors, kernel
        )
        return value, free.matrix.T @ gradient

    def after_step(intermediate_result):
        nonlocal n_iter
        n_iter += 1
        values[:] = values[1], float(intermediate_result.fun)
        if callback is not None and callback(n_iter, intermediate_result.fun):
            raise StopIteration

    found = minimize(
        of,
        free.start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(free.lower, free.upper, strict=True)),
        callback=after_step,
        options={"maxiter": max_iter, "ftol": 1e-2 * tol, "gtol": 1e-5},
    )
    # Of many columns that say nothing, the last steps gain next to nothing.
    at_rest = found.status != 1 or values[0] - values[1] <= tol * len(targets)
    return Learned(free.theta(found.x), -float(found.fun), n_iter, at_rest)


def dense_posterior(
    points: NDArray,
    targets: NDArray,
    factors: NDArray,
    kernel: str,
    parameters: Parameters,
) -> tuple[NDArray, NDArray]:
    """Inverse of the Cholesky factor of the noisy covariance, and coefficients."""
    K, _ = _covariance(points / parameters.lengths, kernel, parameters.signal)
    K[np.diag_indices(len(K))] += parameters.noise * factors
    L = scipy.linalg.cholesky(K, lower=True, overwrite_a=True, check_finite=False)
    inverse = scipy.linalg.solve_triangular(L, np.eye(len(K)), lower=True)
    return inverse, inverse.T @ (inverse @ targets)


def _covariance(Z, kernel, signal):
    """Covariance of the signal, and its slopes by log length scales."""
    half = 0.5 * np.einsum("ij,ij->i", Z, Z)
    squares = Z @ Z.T
    squares -= half[:, None]
    squares -= half
    squares *= -2.0
    np.maximum(squares, 0.0, out=squares)
    squares[np.diag_indices(len(Z))] = 0.0
    if kernel == "rbf":
        squares *= -0.5
        K = np.exp(squares, out=squares)
        K *= signal
        return K, K
    squares *= _REACH[kernel]
    reach = np.sqrt(squares, out=squares)
    decay = np.exp(-reach)
    decay *= signal
    if kernel == "exponential":
        return decay, decay / np.where(reach > 0, reach, np.inf)
    if kernel == "matern32":
        return (1 + reach) * decay, 3 * decay
    slopes = (1 + reach) * decay
    return slopes + reach * reach * decay / 3, slopes * (5 / 3)
