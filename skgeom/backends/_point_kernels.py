"""Kernels of points by blocks of rows, for any array namespace."""

import math

from skgeom.backends._dispatch import row_blocks

POINT_KERNELS = ("rbf", "laplacian", "matern")


def kernel_block(xp, X, Y, kernel, gamma, cityblock):
    """Kernel values of all pairs, shape (len(X), len(Y)).

    `cityblock` computes the distances of the "laplacian" kernel in this namespace.
    """
    if kernel == "laplacian":
        return xp.exp(-gamma * cityblock(X, Y))
    squares = xp.sum(X * X, axis=1)[:, None] + xp.sum(Y * Y, axis=1)[None, :]
    squares = squares - 2 * (X @ Y.T)
    squares = xp.where(squares > 0, squares, xp.zeros_like(squares))
    if kernel == "rbf":
        return xp.exp(-gamma * squares)
    if kernel == "matern":
        reach = xp.sqrt((6 * gamma) * squares)
        return (1 + reach) * xp.exp(-reach)
    raise ValueError(f"kernel={kernel!r} must be one of {list(POINT_KERNELS)}.")


def blocked_matvec(xp, X, Y, V, kernel, gamma, cityblock, max_bytes):
    """Product of the kernel matrix with V; the matrix is never whole."""
    # Centring keeps the expanded squares accurate; the kernels do not notice.
    center = xp.mean(Y, axis=0)
    X, Y = X - center, Y - center
    gamma = float(gamma)
    if not (gamma > 0 and math.isfinite(gamma)):
        raise ValueError(f"gamma={gamma!r} must be positive and finite.")
    parts = [
        kernel_block(xp, X[rows, :], Y, kernel, gamma, cityblock) @ V
        for rows in row_blocks(X.shape[0], 4 * 8 * Y.shape[0], max_bytes)
    ]
    return xp.concat(parts, axis=0)
