"""numba kernels of Gaussian rows given their neighbours: a small system for each."""

import math

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS
from skgeom.backends._numba._kernel_values import exponential

# Sums may be taken in the order that vector instructions want: one that is compiled in.
_FAST = {"contract", "reassoc", "nsz", "arcp"}
# Variances that rounding may leave of a row that its neighbours determine.
_LEAST_SHARE = 1e-10


@njit(**OPTIONS, fastmath=_FAST, inline="always")
def _distances(Z, a, squares):
    """Squared distances of point a to those before it; columns of Z are points."""
    squares[:a] = 0.0
    for q in range(Z.shape[0]):
        own, line = Z[q, a], Z[q]
        for e in range(a):
            gap = own - line[e]
            squares[e] += gap * gap


# The exponential adds and takes away what a change of order would drop.
@njit(**OPTIONS, fastmath={"contract"})
def _values(squares, n, kernel, signal, values, slopes):
    """Kernel values of squared distances, and their slopes by log length scales.

    The derivative by that of column q is a slope times the squared gap in the column.
    """
    if kernel == 0:
        for e in range(n):
            values[e] = signal * exponential(-0.5 * squares[e])
            slopes[e] = values[e]
    elif kernel == 1:
        for e in range(n):
            reach = np.sqrt(squares[e])
            values[e] = signal * exponential(-reach)
            slopes[e] = values[e] / reach if reach > 0.0 else 0.0
    elif kernel == 2:
        for e in range(n):
            reach = np.sqrt(3.0 * squares[e])
            decay = signal * exponential(-reach)
            values[e] = (1.0 + reach) * decay
            slopes[e] = 3.0 * decay
    else:
        for e in range(n):
            reach = np.sqrt(5.0 * squares[e])
            decay = signal * exponential(-reach)
            values[e] = (1.0 + reach + reach * reach / 3.0) * decay
            slopes[e] = 5.0 / 3.0 * (1.0 + reach) * decay


@njit(**OPTIONS, fastmath=_FAST, inline="always")
def _factorise(L, n):
    """Cholesky factor of the lower triangle, in place."""
    for i in range(n):
        for j in range(i):
            total = L[i, j]
            for k in range(j):
                total -= L[i, k] * L[j, k]
            L[i, j] = total / L[j, j]
        total = L[i, i]
        for k in range(i):
            total -= L[i, k] * L[i, k]
        L[i, i] = np.sqrt(max(total, 1e-300))


@njit(**OPTIONS, fastmath=_FAST, inline="always")
def _solve(L, b, n):
    for i in range(n):
        total = b[i]
        for k in range(i):
            total -= L[i, k] * b[k]
        b[i] = total / L[i, i]


@njit(**OPTIONS, fastmath=_FAST, inline="always")
def _solve_transposed(L, b, n):
    for i in range(n - 1, -1, -1):
        b[i] /= L[i, i]
        value = b[i]
        for k in range(i):
            b[k] -= L[i, k] * value


@njit(**OPTIONS, fastmath=_FAST)
def likelihood(points, targets, noise, neighbors, rows, kernel, signal):
    """Negative log density of some rows given their neighbours, with derivatives.

    Parameters
    ----------
    points, targets, noise, neighbors, rows, signal
        As `Backend.vecchia_likelihood` takes them.
    kernel : int
        Of `VECCHIA_KERNELS`.

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_features + 2,)
    fisher : ndarray of shape (n_features + 2, n_features + 2)
        The lower triangle.
    """
    d, m, n_targets = points.shape[1], neighbors.shape[1], targets.shape[1]
    p = d + 2
    value, gradient, fisher = 0.0, np.zeros(p), np.zeros((p, p))
    Z, Z_rows = np.empty((d, m + 1)), np.empty((m + 1, d))
    noises, known = np.empty(m + 1), np.empty((n_targets, m + 1))
    K, slopes = np.empty((m + 1, m + 1)), np.empty((m + 1, m + 1))
    L, squares = np.empty((m + 1, m + 1)), np.empty(m + 1)
    b, G = np.empty(m + 1), np.empty((m + 1, p))
    dv, dr = np.empty(p), np.empty(p)
    for t in range(rows.shape[0]):
        c = 0
        while c < m and neighbors[t, c] >= 0:
            c += 1
        for a in range(c + 1):
            j = neighbors[t, a] if a < c else rows[t]
            for q in range(d):
                Z[q, a] = points[j, q]
                Z_rows[a, q] = points[j, q]
            for u in range(n_targets):
                known[u, a] = targets[j, u]
            noises[a] = noise[j]
        for a in range(c + 1):
            _distances(Z, a, squares)
            _values(squares, a, kernel, signal, K[a], slopes[a])
            for e in range(a):
                L[a, e] = K[a, e]
            L[a, a] = signal + noises[a]
        _factorise(L, c)
        for a in range(c):
            b[a] = L[c, a]
        _solve(L, b, c)
        v = signal + noises[c]
        for a in range(c):
            v -= b[a] * b[a]
        v = max(v, _LEAST_SHARE * signal)
        _solve_transposed(L, b, c)
        # Of the contrast b'(y_neighbours, y), which is -weights and one.
        for a in range(c):
            b[a] = -b[a]
        b[c] = 1.0
        # G = dA b for each parameter: signal, length scales, noise.
        for a in range(c + 1):
            G[a, 0] = signal * b[a]
            for q in range(d):
                G[a, 1 + q] = 0.0
            G[a, p - 1] = noises[a] * b[a]
        for a in range(c + 1):
            for e in range(a):
                G[a, 0] += K[a, e] * b[e]
                G[e, 0] += K[a, e] * b[a]
                here, there = slopes[a, e] * b[e], slopes[a, e] * b[a]
                for q in range(d):
                    gap = Z_rows[a, q] - Z_rows[e, q]
                    gap *= gap
                    G[a, 1 + q] += here * gap
                    G[e, 1 + q] += there * gap
        for q in range(p):
            dv[q] = 0.0
        for a in range(c + 1):
            for q in range(p):
                dv[q] += b[a] * G[a, q]
        value += 0.5 * n_targets * math.log(2 * math.pi * v)
        for q in range(p):
            gradient[q] += 0.5 * n_targets * dv[q] / v
        for u in range(n_targets):
            residual = 0.0
            for a in range(c + 1):
                residual += b[a] * known[u, a]
            value += 0.5 * residual * residual / v
            alpha = known[u]
            _solve(L, alpha, c)
            _solve_transposed(L, alpha, c)
            for q in range(p):
                dr[q] = 0.0
            for a in range(c):
                for q in range(p):
                    dr[q] -= alpha[a] * G[a, q]
            ratio = residual / v
            for q in range(p):
                gradient[q] += ratio * dr[q] - 0.5 * ratio * ratio * dv[q]
        # Rows of G become those of L^-1 G.
        for i in range(c):
            for k in range(i):
                factor = L[i, k]
                for q in range(p):
                    G[i, q] -= factor * G[k, q]
            for q in range(p):
                G[i, q] /= L[i, i]
        scale, half = n_targets / v, 0.5 * n_targets / (v * v)
        for q in range(p):
            for r in range(q + 1):
                fisher[q, r] += half * dv[q] * dv[r]
        for a in range(c):
            for q in range(p):
                left = scale * G[a, q]
                for r in range(q + 1):
                    fisher[q, r] += left * G[a, r]
    return value, gradient, fisher


@njit(**OPTIONS, fastmath=_FAST)
def weights(points, queries, noise, neighbors, kernel, signal, out, variances):
    """Weights of neighbours in the mean at queries, and the variances that are left.

    Parameters
    ----------
    points, queries, noise, neighbors, signal
        As `Backend.kriging_weights` takes them.
    kernel : int
        Of `VECCHIA_KERNELS`.
    out : ndarray of shape (n_queries, m)
        Where weights are written, zero on entry.
    variances : ndarray of shape (n_queries,)
        Where variances are written.
    """
    d, m = points.shape[1], neighbors.shape[1]
    Z, squares, b = np.empty((d, m + 1)), np.empty(m + 1), np.empty(m + 1)
    L, unused = np.empty((m + 1, m + 1)), np.empty(m + 1)
    for t in range(queries.shape[0]):
        c = 0
        while c < m and neighbors[t, c] >= 0:
            for q in range(d):
                Z[q, c] = points[neighbors[t, c], q]
            c += 1
        for q in range(d):
            Z[q, c] = queries[t, q]
        for a in range(c + 1):
            _distances(Z, a, squares)
            _values(squares, a, kernel, signal, L[a], unused)
            if a < c:
                L[a, a] = signal + noise[t, a]
        _factorise(L, c)
        for a in range(c):
            b[a] = L[c, a]
        _solve(L, b, c)
        v = signal
        for a in range(c):
            v -= b[a] * b[a]
        variances[t] = max(v, _LEAST_SHARE * signal)
        _solve_transposed(L, b, c)
        for a in range(c):
            out[t, a] = b[a]
