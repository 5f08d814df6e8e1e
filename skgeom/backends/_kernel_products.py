"""Products with the kernel matrix of points, tile by tile."""

import math

from array_api_compat import device

POINT_KERNELS = ("rbf", "laplacian", "exponential", "matern32", "matern52")
# Kernels of Euclidean distances are functions of gamma times these, times d^2; all have
# a width of (2 gamma)^-1/2, as scikit-learn's `Matern` counts it.
SQUARED_UNITS = {"rbf": 1, "exponential": 2, "matern32": 6, "matern52": 10}

# Kernels that rows are conditioned on their neighbours with, by number for numba.
VECCHIA_KERNELS = ("rbf", "exponential", "matern32", "matern52")

# Scratch of a pair of points in a tile: its value, and what it is computed from.
_PAIR_BYTES = 4 * 8


def tiled_matvec(xp, X, Y, V, kernel, gamma, values, max_bytes, run=map):
    """Product of the kernel matrix with V; the matrix is never whole.

    Where X is Y, kernel values are computed once for the two orders of a pair.

    Parameters
    ----------
    xp : module
        The array API that arrays are of.
    X, Y, V : array of shape (n, n_features), (m, n_features), (m, n_columns)
    kernel, gamma
        See `Backend.kernel_matvec`.
    values : callable
        ``values(X, Y, kernel, gamma)`` computes those of all pairs, for centred points.
    max_bytes : int
        Scratch of a tile.
    run : callable
        Like `map`: calls a function for the strips of rows that start at given rows,
        maybe several at a time, and gives the results in that order.

    Returns
    -------
    array of shape (n, n_columns)
    """
    twice = X is Y
    X, Y, gamma = centred_points(xp, X, Y, kernel, gamma)
    n, m = X.shape[0], Y.shape[0]
    side = max(1, math.isqrt(max_bytes // _PAIR_BYTES))

    def zeros(n_rows):
        like = {"dtype": xp.result_type(X, V), "device": device(V)}
        return xp.zeros((n_rows, V.shape[1]), **like)

    def strip(start):
        """What a strip of rows adds to the product, from its first row on."""
        rows = slice(start, min(start + side, n))
        added = zeros((n if twice else rows.stop) - start)
        own = added[: rows.stop - start, :]
        for first in range(start if twice else 0, m, side):
            columns = slice(first, min(first + side, m))
            tile = values(X[rows, :], Y[columns, :], kernel, gamma)
            own += tile @ V[columns, :]
            if twice and first > start:
                added[first - start : columns.stop - start, :] += tile.T @ V[rows, :]
        return added

    out, starts = zeros(n), range(0, n, side)
    for start, added in zip(starts, run(strip, starts), strict=True):
        out[start : start + added.shape[0], :] += added
    return out


def centred_points(xp, X, Y, kernel, gamma):
    """Check what `Backend.kernel_matvec` is asked for, and centre the points.

    Centring keeps expanded squares accurate; the kernels do not notice.
    """
    if kernel not in POINT_KERNELS:
        raise ValueError(f"kernel={kernel!r} must be one of {list(POINT_KERNELS)}.")
    gamma = float(gamma)
    if not (gamma > 0 and math.isfinite(gamma)):
        raise ValueError(f"gamma={gamma!r} must be positive and finite.")
    center = xp.mean(Y, axis=0) if Y.shape[0] else 0.0
    return X - center, Y - center, gamma


def check_vecchia_kernel(kernel):
    """Return the number of a kernel of `Backend.vecchia_likelihood`."""
    if kernel not in VECCHIA_KERNELS:
        raise ValueError(f"kernel={kernel!r} must be one of {list(VECCHIA_KERNELS)}.")
    return VECCHIA_KERNELS.index(kernel)


def check_path_kernel(kernel):
    """Whether points of paths are compared by a Gaussian, else by scalar products."""
    if kernel not in ("linear", "rbf"):
        raise ValueError(f"kernel={kernel!r} must be 'linear' or 'rbf'.")
    return kernel == "rbf"
