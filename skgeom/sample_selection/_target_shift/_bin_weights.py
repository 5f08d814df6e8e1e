"""Weights of bins of a target: by likelihood, or by an integral equation.

Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a
priori probabilities: a simple procedure", Neural Computation 14, 2002; Kim, Kim and
Yang, "ReTaSA: a nonparametric functional estimation approach for addressing continuous
target shift", ICLR 2024.
"""

import numpy as np
from scipy.optimize import minimize, nnls
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel

from skgeom.typing import NDArray

# Least likelihood of a row, as a share of what the unshifted mix says.
_TINY = 1e-12
# Rounds of expectation and maximisation.
_ROUNDS = 500
# Rows that the median distance is of.
_SOME = 300
# Penalty of weights that are not one, as a share of that of second differences.
_TO_ONE = 0.03
# Least eigenvalue of kernels of centres, as a share of the largest.
_RANK = 1e-8


def quantile_bins(y: NDArray, n_bins: int) -> tuple[NDArray, NDArray]:
    """Bin numbers by quantiles; equal numbers are in one bin.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Numbers.
    n_bins : int
        Most bins.

    Returns
    -------
    bins : ndarray of shape (n_samples,), int
        From 0 on, none empty.
    centers : ndarray of shape (n_found,)
        Their medians, increasing.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.sample_selection._target_shift._bin_weights import quantile_bins
    >>> bins, centers = quantile_bins(np.array([3.0, 1.0, 2.0, 4.0]), 2)
    >>> bins, centers
    (array([1, 0, 0, 1]), array([1.5, 3.5]))
    """
    edges = np.quantile(y, np.arange(1, n_bins) / n_bins, method="inverted_cdf")
    bins = np.unique(np.searchsorted(edges, y), return_inverse=True)[1]
    centers = [np.median(y[bins == b]) for b in range(bins.max() + 1)]
    return bins, np.array(centers)


def likelihood_weights(
    probabilities: NDArray, shares: NDArray, alpha: float
) -> NDArray:
    r"""Weights of bins under which unlabelled rows are likely.

    Maximises

    .. math:: \sum_i \log \sum_b p(b \mid x_i) \, w_b
        - \frac{\alpha}{2} \sum_b (\Delta^3 \log w)_b^2

    among weights of mean one, where p is what a classifier of the training rows says.
    Without penalty it is what the rounds of Saerens et al. climb.

    Parameters
    ----------
    probabilities : ndarray of shape (n_target, n_bins)
        The p of the formula.
    shares : ndarray of shape (n_bins,)
        Of the bins among the training rows.
    alpha : float
        Penalty of third differences; a large one leaves a log-quadratic curve.

    Returns
    -------
    ndarray of shape (n_bins,)
        Weights, > 0; their mean over the training rows is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.sample_selection._target_shift._bin_weights import (
    ...     likelihood_weights)
    >>> told = np.repeat([[0.8, 0.2], [0.2, 0.8]], [30, 10], axis=0)
    >>> likelihood_weights(told, np.array([0.5, 0.5]), 1.0).round(2)
    array([1.83, 0.17])
    """
    K, n = len(shares), len(probabilities)
    rough = np.diff(np.eye(K), 3, axis=0)

    def loss(theta):
        weights = np.exp(theta - theta.max())
        mixed = np.maximum(probabilities @ weights, _TINY)
        total, bends = shares @ weights, rough @ theta
        value = np.log(total) - np.log(mixed).mean() + alpha / (2 * n) * bends @ bends
        slope = shares / total - (probabilities / mixed[:, None]).mean(axis=0)
        return value, slope * weights + alpha / n * rough.T @ bends

    # Beyond these bounds weights say no more than that a bin has gone.
    bounds = [(-15.0, 15.0)] * K
    # A long step may leave a bin where nothing calls it back: rounds come before.
    start = np.zeros(K)
    if alpha == 0:
        weights = np.ones(K)
        for _ in range(_ROUNDS):
            mixed = np.maximum(probabilities @ weights, _TINY)
            weights = weights * (probabilities / mixed[:, None]).mean(axis=0) / shares
        start = np.clip(np.log(np.maximum(weights, _TINY)), -15.0, 15.0)
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options=dict(ftol=1e-13, gtol=1e-8, maxiter=2000),
    )
    weights = np.exp(found.x - found.x.max())
    return weights / (shares @ weights)


def integral_weights(
    X: NDArray,
    y: NDArray,
    ratio: NDArray,
    knots: NDArray,
    alpha: float,
    n_centers: int,
    rng: np.random.RandomState,
) -> NDArray:
    r"""Weights at knots that solve the equation of the ratio of densities.

    .. math:: E[w(y) \mid x] = p_t(x) / p_s(x)

    in the least squares over the training rows, where w is linear between knots, and
    expectations of its parts are regressions of a kernel.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Training rows, columns in units of their spread.
    y : ndarray of shape (n_samples,)
        Their targets.
    ratio : ndarray of shape (n_samples,)
        The right side of the formula at the rows.
    knots : ndarray of shape (n_knots,)
        Increasing.
    alpha : float
        Penalty of second differences, and a small one of weights that are not 1.
    n_centers : int
        Most centres of the kernel.
    rng : RandomState
        Draws them.

    Returns
    -------
    ndarray of shape (n_knots,)
        Weights, >= 0; their mean over the training rows is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.sample_selection._target_shift._bin_weights import (
    ...     integral_weights)
    >>> rng = np.random.RandomState(0)
    >>> y = rng.normal(size=300)
    >>> ratio = np.exp(0.5 * y - 0.125)  # of a mean that moved by a half
    >>> knots = np.array([-1.0, 0.0, 1.0])
    >>> w = integral_weights(y[:, None], y, ratio, knots, 0.03, 50, rng)
    >>> bool(w[0] < 0.7 < 1.3 < w[2])
    True
    """
    n, K = len(y), len(knots)
    parts = np.stack([np.interp(y, knots, row) for row in np.eye(K)], axis=1)
    features = _kernel_features(X, n_centers, rng)
    mean = parts.mean(axis=0)
    system = features.T @ features + np.eye(features.shape[1])
    expected = features @ np.linalg.solve(system, features.T @ (parts - mean)) + mean
    bends = np.sqrt(alpha * n) * np.diff(np.eye(K), 2, axis=0)
    # Where the rows tell nothing, weights are one.
    ones = np.sqrt(_TO_ONE * alpha * n)
    sides = np.concatenate([ratio, np.zeros(len(bends)), np.full(K, ones)])
    weights = nnls(np.concatenate([expected, bends, ones * np.eye(K)]), sides)[0]
    total = (parts @ weights).mean()
    return weights / total if total > 0 else np.ones(K)


def _kernel_features(X, n_centers, rng):
    """Columns whose products are those of a Gaussian kernel, of Nystroem's kind."""
    some = X[rng.permutation(len(X))[: max(n_centers, _SOME)]]
    squared = euclidean_distances(some[:_SOME], squared=True)
    usual = np.median(squared[squared > 0]) if (squared > 0).any() else 1.0
    centers = some[:n_centers]
    values, vectors = np.linalg.eigh(rbf_kernel(centers, gamma=0.5 / usual))
    kept = values > _RANK * values[-1]
    basis = vectors[:, kept] / np.sqrt(values[kept])
    return rbf_kernel(X, centers, gamma=0.5 / usual) @ basis
