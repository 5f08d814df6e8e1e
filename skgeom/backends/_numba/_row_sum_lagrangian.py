"""Augmented Lagrangian of a low-rank matrix whose rows sum to one."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS

# Sums may be taken in any order, so that they use vector instructions; NaN stays NaN.
_FAST = {"reassoc", "contract", "nsz"}


@njit(**OPTIONS, fastmath=_FAST)
def row_sum_lagrangian(X, diagonal, U, dual, penalty):
    """Value, row-sum residual and gradient; see `Backend.row_sum_lagrangian`."""
    n_starts, n, rank = U.shape
    values = np.empty(n_starts)
    residuals = np.empty((n_starts, n))
    gradients = np.empty_like(U)
    for b in range(n_starts):
        u, gradient, residual, y = U[b], gradients[b], residuals[b], dual[b]
        moments = np.dot(X.T, u)
        np.dot(X, moments, gradient)
        total = np.zeros(rank)
        for i in range(n):
            for c in range(rank):
                total[c] += u[i, c]
        weighted = np.zeros(rank)
        value = 0.0
        for i in range(n):
            row, squares = 0.0, 0.0
            for c in range(rank):
                row += u[i, c] * total[c]
                squares += u[i, c] * u[i, c]
            residual[i] = row - 1.0
            value += residual[i] * (y[i] + 0.5 * penalty[b] * residual[i])
            value += diagonal[i] * squares
            price = y[i] + penalty[b] * residual[i]
            for c in range(rank):
                weighted[c] += price * u[i, c]
        for c in range(rank):
            for j in range(moments.shape[0]):
                value -= moments[j, c] * moments[j, c]
        for i in range(n):
            price = y[i] + penalty[b] * residual[i]
            for c in range(rank):
                gradient[i, c] = (
                    2.0 * (diagonal[i] * u[i, c] - gradient[i, c])
                    + price * total[c]
                    + weighted[c]
                )
        values[b] = value
    return values, residuals, gradients
