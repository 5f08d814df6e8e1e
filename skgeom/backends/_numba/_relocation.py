"""Single points moved between clusters, while that makes a sum of squares smaller."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS

# Sums may be taken in any order, so that they use vector instructions; NaN stays NaN.
_FAST = {"reassoc", "contract", "nsz"}


@njit(**OPTIONS, fastmath=_FAST)
def relocate(X, diagonal, labels, n_clusters, max_sweeps):
    """Move single points while that raises the objective; return the number of sweeps.

    The objective is the sum over clusters of (|s|^2 - d) / m, with s the sum of the m
    points and d that of their entries of `diagonal`: the inertia, negated, up to a
    constant, if `diagonal` is zero. `labels` is changed in place. A cluster is never
    emptied.
    """
    n, p = X.shape
    sums = np.zeros((n_clusters, p))
    squares = np.zeros(n_clusters)
    shifts = np.zeros(n_clusters)
    sizes = np.zeros(n_clusters)
    along = np.zeros(n_clusters)
    for sweep in range(max_sweeps):
        # Afresh in each sweep, so that rounding errors do not add up.
        sums[:], shifts[:], sizes[:] = 0.0, 0.0, 0.0
        for i in range(n):
            k = labels[i]
            sizes[k] += 1.0
            shifts[k] += diagonal[i]
            for j in range(p):
                sums[k, j] += X[i, j]
        scale = 0.0
        for k in range(n_clusters):
            squares[k] = 0.0
            for j in range(p):
                squares[k] += sums[k, j] * sums[k, j]
            if sizes[k] > 0:
                scale = max(scale, squares[k] / sizes[k])
        moved = False
        for i in range(n):
            k = labels[i]
            if sizes[k] < 2.0:
                continue
            own = 0.0
            for j in range(p):
                own += X[i, j] * X[i, j]
            for c in range(n_clusters):
                product = 0.0
                for j in range(p):
                    product += sums[c, j] * X[i, j]
                along[c] = product
            left = squares[k] - 2.0 * along[k] + own
            loss = (squares[k] - shifts[k]) / sizes[k]
            loss -= (left - shifts[k] + diagonal[i]) / (sizes[k] - 1.0)
            best, target = loss + 1e-12 * scale, k
            for c in range(n_clusters):
                if c == k:
                    continue
                joined = squares[c] + 2.0 * along[c] + own - shifts[c] - diagonal[i]
                gain = joined / (sizes[c] + 1.0)
                if sizes[c] > 0:
                    gain -= (squares[c] - shifts[c]) / sizes[c]
                if gain > best:
                    best, target = gain, c
            if target == k:
                continue
            moved = True
            labels[i] = target
            for j in range(p):
                sums[k, j] -= X[i, j]
                sums[target, j] += X[i, j]
            squares[k] = left
            squares[target] += 2.0 * along[target] + own
            shifts[k] -= diagonal[i]
            shifts[target] += diagonal[i]
            sizes[k] -= 1.0
            sizes[target] += 1.0
        if not moved:
            return sweep
    return max_sweeps
