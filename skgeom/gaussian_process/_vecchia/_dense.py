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

# Rows from which on a part of them is learned from first, also for each column: with
# fewer, the likelihood of the part has other optima. And which part.
_ROWS_FOR_PARTS, _ROWS_A_COLUMN, _SHARE = 300, 80, 3
# Step of differences of logs of parameters.
_DIFFERENCE = 1e-2
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
    """Maximise the likelihood by L-BFGS.

    Where rows are many for each column, a third of them is learned from first: that is
    where steps start from, in coordinates in which its second derivatives are ones.
    """
    data = points, targets, factors
    start, metric = free.start, None
    n = len(points)
    if n >= max(_ROWS_FOR_PARTS, _ROWS_A_COLUMN * points.shape[1]):
        some = np.sort(np.random.default_rng(0).permutation(n)[: n // _SHARE])
        part = [a[some] for a in data]
        start, *_ = _descend(part, kernel, free, free.start, None, tol, max_iter)
        metric = _metric(part, kernel, free, start, n / len(some))
    phi, found, n_iter, values = _descend(
        data, kernel, free, start, metric, tol, max_iter, callback
    )
    return Learned(*_told(free, phi, found, n_iter, values, tol * len(targets)))


def _descend(data, kernel, free, start, metric, tol, max_iter, callback=None):
    """Numbers of greatest likelihood, SciPy's result, steps, and the last two values.

    With a metric C, steps are taken in z, for numbers start + C z within bounds.
    """
    n_iter, values = 0, [np.inf, np.inf]

    def place(z):
        return z if metric is None else start + metric @ z

    def of(z):
        phi = free.clip(place(z))
        value, gradient = dense_likelihood(free.theta(phi), *data, kernel)
        slopes = free.matrix.T @ gradient
        if metric is not None:  # out of bounds nothing changes
            slopes = metric.T @ np.where(phi == place(z), slopes, 0.0)
        return value, slopes

    def after_step(intermediate_result):
        nonlocal n_iter
        n_iter += 1
        values[:] = values[1], float(intermediate_result.fun)
        if callback is not None and callback(n_iter, intermediate_result.fun):
            raise StopIteration

    bounds = list(zip(free.lower, free.upper, strict=True))
    ftol, gtol = (1e-2, 1e-5) if metric is None else (3e-2, 1e-4)
    found = minimize(
        of,
        start if metric is None else np.zeros(len(start)),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds if metric is None else None,
        callback=after_step,
        options={"maxiter": max_iter, "ftol": ftol * tol, "gtol": gtol},
    )
    return free.clip(place(found.x)), found, n_iter, values


def _told(free, phi, found, n_iter, values, least):
    """What has been learned."""
    # Of many columns that say nothing, the last steps gain next to nothing.
    at_rest = found.status != 1 or values[0] - values[1] <= least
    return free.theta(phi), -float(found.fun), max(n_iter, 1), at_rest


def _metric(data, kernel, free, phi, share):
    """Inverse root of the second derivatives of so many times as many rows."""

    def slopes(phi):
        return free.matrix.T @ dense_likelihood(free.theta(phi), *data, kernel)[1]

    steps = _DIFFERENCE * np.eye(len(phi))
    rows = [(slopes(phi + e) - slopes(phi - e)) / (2 * _DIFFERENCE) for e in steps]
    values, vectors = np.linalg.eigh(share * (np.array(rows) + np.transpose(rows)) / 2)
    values = np.abs(values)
    values = np.maximum(values, max(1e-3 * values.max(), 1e-2))
    return vectors / np.sqrt(values)


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
