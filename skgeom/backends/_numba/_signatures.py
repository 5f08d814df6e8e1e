"""Signature kernels of pairs of paths: a partial differential equation for each."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS
from skgeom.backends._numba._kernel_values import _FAST as _AS_EXPONENTIAL
from skgeom.backends._numba._kernel_values import exponential

# Sums in any order; NaN and infinity are what they are.
_FAST = {"reassoc", "contract", "nsz"}
# Where values add up to more, all are scaled down.
_LARGE, _SHRINK, _BITS = 2.0**256, 2.0**-256, 256


@njit(**OPTIONS, fastmath=_FAST)
def solve_pairs(X, Y, rows, columns, rbf, order, mantissas, exponents):
    """Solve for the pairs of ``X[rows[p]]`` and ``Y[columns[p]]``.

    Parameters
    ----------
    X : ndarray of shape (n, n_points, n_channels)
        Paths.
    Y : ndarray of shape (m, n_channels, n_other_points)
        Paths, channels first.
    rows, columns : ndarray of shape (n_pairs,), int64
        The pairs.
    rbf : bool
        Whether points are compared by a Gaussian, else by scalar products.
    order : int
        Each step is cut in two so many times.
    mantissas, exponents : ndarray of shape (n_pairs,)
        Where results are written.
    """
    d, n_steps, n_others = X.shape[2], X.shape[1] - 1, Y.shape[2] - 1
    times = 1 << order
    share = 1.0 / (times * times)
    increments, K = np.empty(n_others), np.empty(n_others * times + 1)
    ahead, behind = np.empty(n_others), np.empty(n_others)
    known = np.empty(n_others * times)
    above, below = np.empty(n_others + 1), np.empty(n_others + 1)
    for p in range(rows.shape[0]):
        x, y = X[rows[p]], Y[columns[p]]
        K[:] = 1.0
        edge, bits = 1.0, 0
        if rbf:
            _gaussian(x[0], y, below)
        for a in range(n_steps):
            if rbf:
                above, below = below, above
                _gaussian(x[a + 1], y, below)
                for b in range(n_others):
                    gap = below[b + 1] - below[b] - above[b + 1] + above[b]
                    increments[b] = share * gap
            else:
                increments[:] = 0.0
                for c in range(d):
                    step = share * (x[a + 1, c] - x[a, c])
                    for b in range(n_others):
                        increments[b] += step * (y[c, b + 1] - y[c, b])
            for b in range(n_others):
                g = increments[b]
                square = g * g / 12.0
                ahead[b], behind[b] = 1.0 + 0.5 * g + square, 1.0 - square
            for _ in range(times):
                # What is above, apart from what is to the left: that has to wait.
                if times == 1:
                    for b in range(n_others):
                        known[b] = K[b + 1] * ahead[b] - K[b] * behind[b]
                else:
                    for e in range(n_others * times):
                        b = e // times
                        known[e] = K[e + 1] * ahead[b] - K[e] * behind[b]
                K[0] = left = edge
                size = abs(edge)
                for b in range(n_others):
                    for e in range(b * times, (b + 1) * times):
                        left = left * ahead[b] + known[e]
                        K[e + 1] = left
                for e in range(n_others * times):
                    size += abs(K[e + 1])
                if size > _LARGE:
                    K *= _SHRINK
                    edge *= _SHRINK
                    bits += _BITS
        mantissas[p] = K[-1]
        exponents[p] = bits


@njit(**OPTIONS, fastmath=_AS_EXPONENTIAL)
def _gaussian(x, y, out):
    """Gaussian of the distances of a point to those of a path."""
    out[:] = 0.0
    for c in range(x.shape[0]):
        for b in range(out.shape[0]):
            gap = x[c] - y[c, b]
            out[b] -= gap * gap
    for b in range(out.shape[0]):
        out[b] = exponential(out[b])
