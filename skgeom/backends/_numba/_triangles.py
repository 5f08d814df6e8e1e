"""numba kernels that solve triangular systems, rows of which have listed neighbours."""

from numba import njit

from skgeom.backends._numba._compile import OPTIONS

# The sum of a row is taken in the order that vector instructions want.
_FAST = {"contract", "reassoc", "nsz"}


@njit(**OPTIONS, fastmath=_FAST)
def solve(neighbors, weights, X):
    """Rows of X become themselves plus the weighted ones of their neighbours.

    Parameters
    ----------
    neighbors : ndarray of shape (n, m), int32
        Each before its row; -1 for none, after all others.
    weights : ndarray of shape (n, m)
        Of the neighbours.
    X : ndarray of shape (n, n_columns)
        In place: right-hand sides on entry, solutions at the end.
    """
    n_columns = X.shape[1]
    for i in range(X.shape[0]):
        row = X[i]
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j < 0:
                break
            weight, other = weights[i, e], X[j]
            for c in range(n_columns):
                row[c] += weight * other[c]


@njit(**OPTIONS, fastmath=_FAST)
def solve_one(neighbors, weights, x):
    """As `solve`, of one column, shape (n,)."""
    for i in range(x.shape[0]):
        total = x[i]
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j < 0:
                break
            total += weights[i, e] * x[j]
        x[i] = total


@njit(**OPTIONS, fastmath=_FAST)
def solve_transposed(neighbors, weights, X):
    """As `solve`, with the transposed system."""
    n_columns = X.shape[1]
    for i in range(X.shape[0] - 1, -1, -1):
        row = X[i]
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j < 0:
                break
            weight, other = weights[i, e], X[j]
            for c in range(n_columns):
                other[c] += weight * row[c]


@njit(**OPTIONS, fastmath=_FAST)
def solve_one_transposed(neighbors, weights, x):
    """As `solve_transposed`, of one column, shape (n,)."""
    for i in range(x.shape[0] - 1, -1, -1):
        value = x[i]
        for e in range(neighbors.shape[1]):
            j = neighbors[i, e]
            if j < 0:
                break
            x[j] += weights[i, e] * value
