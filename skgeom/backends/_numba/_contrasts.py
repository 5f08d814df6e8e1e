"""numba kernels of rows less what neighbours say of them, beyond known factors.

The covariance of rows is that of a kernel less the products of their factors, which
stand in the first columns of `values`.
"""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS
from skgeom.backends._numba._conditionals import (
    _FAST,
    _LEAST_SHARE,
    _distances,
    _factorise,
    _solve,
    _solve_transposed,
    _values,
)


@njit(**OPTIONS, fastmath=_FAST)
def _products(F, n, n_factors, L):
    """Take the products of the factors of all pairs from a lower triangle.

    Four at a time: memory is read once for them.
    """
    for a in range(n):
        one = F[a]
        for first in range(0, a - 2, 4):
            f0, f1, f2, f3 = F[first], F[first + 1], F[first + 2], F[first + 3]
            t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
            for q in range(n_factors):
                value = one[q]
                t0 += value * f0[q]
                t1 += value * f1[q]
                t2 += value * f2[q]
                t3 += value * f3[q]
            L[a, first] -= t0
            L[a, first + 1] -= t1
            L[a, first + 2] -= t2
            L[a, first + 3] -= t3
        for e in range((a + 1) // 4 * 4, a + 1):
            other, total = F[e], 0.0
            for q in range(n_factors):
                total += one[q] * other[q]
            L[a, e] -= total


@njit(**OPTIONS, fastmath=_FAST)
def _take_weighted(F, weights, n, n_factors, out):
    """Take the weighted sum of n rows of F from the first values of `out`."""
    for first in range(0, n - 3, 4):
        f0, f1, f2, f3 = F[first], F[first + 1], F[first + 2], F[first + 3]
        w0, w1 = weights[first], weights[first + 1]
        w2, w3 = weights[first + 2], weights[first + 3]
        for q in range(n_factors):
            out[q] -= (w0 * f0[q] + w1 * f1[q]) + (w2 * f2[q] + w3 * f3[q])
    for e in range(n // 4 * 4, n):
        weight, line = weights[e], F[e]
        for q in range(n_factors):
            out[q] -= weight * line[q]


@njit(**OPTIONS, fastmath=_FAST)
def _read(points, values, neighbors, row, Z, F):
    """Coordinates and values of the neighbours and of the row itself, as the last."""
    m, d, width = neighbors.shape[0], points.shape[1], values.shape[1]
    c = 0
    while c < m and neighbors[c] >= 0:
        c += 1
    for a in range(c + 1):
        j = neighbors[a] if a < c else row
        for q in range(d):
            Z[q, a] = points[j, q]
        for q in range(width):
            F[a, q] = values[j, q]
    return c


@njit(**OPTIONS, fastmath=_FAST)
def _conditional(Z, F, noise, c, n_factors, kernel, signal, L, K, slopes, b):
    """Factor of the neighbours in L, weights in b; returns the variance of the row."""
    squares = b
    for a in range(c + 1):
        _distances(Z, a, squares)
        _values(squares, a, kernel, signal, K[a], slopes[a])
        for e in range(a):
            L[a, e] = K[a, e]
        L[a, a] = signal + (noise[a] if a < c else 0.0)
    _products(F, c + 1, n_factors, L)
    v = L[c, c]
    _factorise(L, c)
    for a in range(c):
        b[a] = L[c, a]
    _solve(L, b, c)
    for a in range(c):
        v -= b[a] * b[a]
    _solve_transposed(L, b, c)
    return max(v, _LEAST_SHARE * signal)


@njit(**OPTIONS, fastmath=_FAST)
def contrasts(
    points,
    values,
    n_factors,
    noise,
    neighbors,
    rows,
    kernel,
    signal,
    out,
    variances,
    weights,
):
    """Rows of `values` less what neighbours say of them.

    Parameters
    ----------
    points, values, n_factors, noise, neighbors, rows, signal
        As in `Neighborhoods`; the signal is that of `Backend.vecchia_contrasts`.
    kernel : int
        Of `VECCHIA_KERNELS`.
    out, variances, weights : ndarray
        Where results are written; the last is zero on entry.
    """
    d, m, width = points.shape[1], neighbors.shape[1], values.shape[1]
    Z, F = np.empty((d, m + 1)), np.empty((m + 1, width))
    K, slopes = np.empty((m + 1, m + 1)), np.empty((m + 1, m + 1))
    L, b = np.empty((m + 1, m + 1)), np.empty(m + 1)
    for t in range(rows.shape[0]):
        c = _read(points, values, neighbors[t], rows[t], Z, F)
        v = _conditional(Z, F, noise[t], c, n_factors, kernel, signal, L, K, slopes, b)
        variances[t] = v + noise[t, m]
        contrast = out[t]
        for q in range(width):
            contrast[q] = F[c, q]
        _take_weighted(F, b, c, width, contrast)
        for a in range(c):
            weights[t, a] = b[a]


@njit(**OPTIONS, fastmath=_FAST)
def contrasts_gradient(
    points,
    values,
    n_factors,
    noise,
    neighbors,
    rows,
    by_contrasts,
    by_variances,
    kernel,
    signal,
):
    """Derivatives of a function of contrasts and variances.

    Parameters
    ----------
    points, values, n_factors, noise, neighbors, rows, signal
        As for `contrasts`.
    by_contrasts, by_variances : ndarray of shape (n_rows, n_values), (n_rows,)
        Derivatives of the function.
    kernel : int
        Of `VECCHIA_KERNELS`.

    Returns
    -------
    gradient : ndarray of shape (n_features + 2,)
    by_factors : ndarray of shape (n, n_factors)
    """
    d, m, width = points.shape[1], neighbors.shape[1], values.shape[1]
    gradient = np.zeros(d + 2)
    by_factors = np.zeros((points.shape[0], n_factors))
    Z, F = np.empty((d, m + 1)), np.empty((m + 1, width))
    K, slopes = np.empty((m + 1, m + 1)), np.empty((m + 1, m + 1))
    L, b, z = np.empty((m + 1, m + 1)), np.empty(m + 1), np.empty(m + 1)
    W = np.empty((m + 1, m + 1))
    for t in range(rows.shape[0]):
        c = _read(points, values, neighbors[t], rows[t], Z, F)
        _conditional(Z, F, noise[t], c, n_factors, kernel, signal, L, K, slopes, b)
        slope, by_variance = by_contrasts[t], by_variances[t]
        for a in range(c):
            total, line = 0.0, F[a]
            for q in range(width):
                total -= line[q] * slope[q]
            z[a] = total
        _solve(L, z, c)
        _solve_transposed(L, z, c)
        # By the covariance of the neighbours with the row (z - 2 v' b, for v' that by
        # the variance), among themselves (v' b b' - z b', made symmetric), of the row.
        for a in range(c):
            for e in range(a + 1):
                W[a, e] = by_variance * b[a] * b[e] - 0.5 * (z[a] * b[e] + z[e] * b[a])
        for a in range(c):
            W[c, a] = 0.5 * z[a] - by_variance * b[a]
        W[c, c] = by_variance
        for a in range(c + 1):
            gradient[0] += signal * W[a, a]
            own = noise[t, a] if a < c else noise[t, m]
            gradient[d + 1] += own * W[a, a]
            for e in range(a):
                gradient[0] += 2.0 * W[a, e] * K[a, e]
                slopes[a, e] *= 2.0 * W[a, e]
        for q in range(d):
            line, total = Z[q], 0.0
            for a in range(c + 1):
                here, own = slopes[a], line[a]
                for e in range(a):
                    gap = own - line[e]
                    total += here[e] * gap * gap
            gradient[1 + q] += total
        for a in range(c + 1):
            j = neighbors[t, a] if a < c else rows[t]
            line = by_factors[j]
            weight = -b[a] if a < c else 1.0
            for q in range(n_factors):
                line[q] += weight * slope[q]
            for e in range(c + 1):
                z[e] = 2.0 * (W[a, e] if e <= a else W[e, a])
            _take_weighted(F, z, c + 1, n_factors, line)
    return gradient, by_factors
