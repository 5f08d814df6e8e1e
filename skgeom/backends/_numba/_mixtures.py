"""numba kernels of round Gaussians of one size; see `_kernels` for their rules."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS

# Sums may be taken in any order, so that they use vector instructions; no NaN is given.
_FAST = {"reassoc", "contract", "nsz", "nnan"}
# A centre so much less likely than the likeliest has no share: exp(-30) is 1e-13.
_NEGLIGIBLE = -30.0


@njit(**OPTIONS, fastmath=_FAST)
def _share_out(x, centers, log_weights, precision, likely, shares):
    """List the centres that share a point, and their shares, first in the two arrays.

    Returns how many there are and the logarithm of the density, which lacks its
    constant factor. `centers` has a row for each feature.
    """
    shares[:] = 0.0
    for f in range(len(centers)):
        row, coordinate = centers[f], x[f]
        for k in range(len(shares)):
            gap = coordinate - row[k]
            shares[k] += gap * gap
    for k in range(len(shares)):
        shares[k] = log_weights[k] - 0.5 * precision * shares[k]
    best = -np.inf
    for k in range(len(shares)):
        best = max(best, shares[k])
    count = 0
    for k in range(len(shares)):
        likely[count] = k
        count += shares[k] > best + _NEGLIGIBLE
    total = 0.0
    for j in range(count):
        shares[j] = np.exp(shares[likely[j]] - best)
        total += shares[j]
    for j in range(count):
        shares[j] /= total
    return count, best + np.log(total)


@njit(**OPTIONS, fastmath=_FAST)
def mixture_step(X, weights, centers, log_weights, precision):
    """Total weight and sum of the points of each centre, and the log-likelihood."""
    n_centers = centers.shape[1]
    totals, sums = np.zeros(n_centers), np.zeros((n_centers, X.shape[1]))
    likely, shares = np.empty(n_centers + 1, np.intp), np.empty(n_centers)
    likelihood = 0.0
    for i in range(len(X)):
        count, density = _share_out(
            X[i], centers, log_weights, precision, likely, shares
        )
        likelihood += weights[i] * density
        for j in range(count):
            k, share = likely[j], weights[i] * shares[j]
            totals[k] += share
            for f in range(X.shape[1]):
                sums[k, f] += share * X[i, f]
    return totals, sums, likelihood


@njit(**OPTIONS, fastmath=_FAST)
def mixture_shares(X, centers, log_weights, precision):
    """The share of each centre in each point, shape (n_points, n_centers)."""
    n_centers = centers.shape[1]
    out = np.zeros((len(X), n_centers))
    likely, shares = np.empty(n_centers + 1, np.intp), np.empty(n_centers)
    for i in range(len(X)):
        count, _ = _share_out(X[i], centers, log_weights, precision, likely, shares)
        for j in range(count):
            out[i, likely[j]] = shares[j]
    return out
