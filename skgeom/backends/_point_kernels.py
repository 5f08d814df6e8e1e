"""Products with the kernel matrix of points, by blocks of rows."""

import math

from skgeom.backends._blocks import row_blocks

POINT_KERNELS = ("rbf", "laplacian", "matern")


def blocked_matvec(xp, X, Y, V, kernel, gamma, block, max_bytes):
    """Product of the kernel matrix with V; the matrix is never whole.

    ``block(X, Y, kernel, gamma)`` computes the kernel values of all pairs.
    """
    X, Y, gamma = centred_points(xp, X, Y, kernel, gamma)
    parts = [
        block(X[rows, :], Y, kernel, gamma) @ V
        for rows in row_blocks(X.shape[0], 4 * 8 * Y.shape[0], max_bytes)
    ]
    return xp.concat(parts, axis=0)


def centred_points(xp, X, Y, kernel, gamma):
    """Check what `Backend.kernel_matvec` is asked for, and centre the points.

    Centring keeps expanded squares accurate; the kernels do not notice.
    """
    if kernel not in POINT_KERNELS:
        raise ValueError(f"kernel={kernel!r} must be one of {list(POINT_KERNELS)}.")
    gamma = float(gamma)
    if not (gamma > 0 and math.isfinite(gamma)):
        raise ValueError(f"gamma={gamma!r} must be positive and finite.")
    center = xp.mean(Y, axis=0)
    return X - center, Y - center, gamma
