"""numba kernels for conjugate gradients with a penalty in powers of a sparse matrix."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def penalized_steps(
    indptr, indices, data, weights, alpha, eta, degree, inverse, state, sums, tol, steps
):
    """Make steps of preconditioned conjugate gradients, all columns at once.

    The matrix is ``diag(weights) + alpha * (I - eta * A)^degree`` with A in CSR form,
    the preconditioner ``diag(inverse)``. `state` holds X, R, P and two arrays of room
    for products, each of shape (n, k); `sums` holds, for each column, the squared norm
    of the residual in the metric of the preconditioner, the steps made, whether the
    column is active, and whether it broke down. A column stops where that norm is at
    most `tol`. Returns how many columns are still active.
    """
    X, R, P, Q, room = state
    rho, counts, active, broken = sums
    n, k = X.shape
    curvature, new_rho = np.zeros(k), np.zeros(k)
    length, turn = np.zeros(k), np.zeros(k)
    for _ in range(steps):
        if active.sum() == 0:
            break
        # So that the last power lands in Q.
        one, two = (Q, room) if degree % 2 else (room, Q)
        _smoothed(indptr, indices, data, eta, P, one)
        for _ in range(degree - 1):
            _smoothed(indptr, indices, data, eta, one, two)
            one, two = two, one
        curvature[:] = 0.0
        for i in range(n):
            for c in range(k):
                value = weights[i] * P[i, c] + alpha * Q[i, c]
                Q[i, c] = value
                curvature[c] += value * P[i, c]
        for c in range(k):
            if active[c] > 0 and not (curvature[c] > 0 and rho[c] > 0):
                active[c], broken[c] = 0.0, 1.0
            length[c] = rho[c] / curvature[c] if active[c] > 0 else 0.0
            new_rho[c] = 0.0
        for i in range(n):
            for c in range(k):
                X[i, c] += length[c] * P[i, c]
                left = R[i, c] - length[c] * Q[i, c]
                R[i, c] = left
                new_rho[c] += left * left * inverse[i]
        for c in range(k):
            turn[c] = 0.0
            if active[c] > 0:
                turn[c] = new_rho[c] / rho[c]
                rho[c] = new_rho[c]
                counts[c] += 1.0
                active[c] = 1.0 if np.sqrt(rho[c]) > tol else 0.0
        for i in range(n):
            for c in range(k):
                P[i, c] = inverse[i] * R[i, c] + turn[c] * P[i, c]
    return active.sum()


@njit(**OPTIONS)
def _smoothed(indptr, indices, data, eta, P, Q):
    """P - eta A P, into Q.

    Four columns at a time stay in registers while a row of the matrix goes by.
    """
    n, k = P.shape
    for i in range(n):
        start, stop = indptr[i], indptr[i + 1]
        c = 0
        while c + 4 <= k:
            a, b, d, e = 0.0, 0.0, 0.0, 0.0
            for p in range(start, stop):
                weight, j = data[p], indices[p]
                a += weight * P[j, c]
                b += weight * P[j, c + 1]
                d += weight * P[j, c + 2]
                e += weight * P[j, c + 3]
            Q[i, c] = P[i, c] - eta * a
            Q[i, c + 1] = P[i, c + 1] - eta * b
            Q[i, c + 2] = P[i, c + 2] - eta * d
            Q[i, c + 3] = P[i, c + 3] - eta * e
            c += 4
        while c + 2 <= k:
            a, b = 0.0, 0.0
            for p in range(start, stop):
                weight, j = data[p], indices[p]
                a += weight * P[j, c]
                b += weight * P[j, c + 1]
            Q[i, c] = P[i, c] - eta * a
            Q[i, c + 1] = P[i, c + 1] - eta * b
            c += 2
        if c < k:
            a = 0.0
            for p in range(start, stop):
                a += data[p] * P[indices[p], c]
            Q[i, c] = P[i, c] - eta * a
