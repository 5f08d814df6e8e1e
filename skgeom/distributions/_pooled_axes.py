"""Principal axes of the points of all bags."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from skgeom.typing import Array, NDArray


def pooled_axes(
    blocks: Iterable[tuple[Array, ...]],
    n_dims: int,
    xp: Any,
    to_host: Any,
    unit: float = 1.0,
) -> NDArray:
    """Axes along which the points of all bags spread, the longest first.

    Moments of blocks are joined as by Chan, Golub and LeVeque, "Algorithms for
    computing the sample variance", The American Statistician 37, 1983: one pass, and no
    digit lost where points are far from the origin.

    Parameters
    ----------
    blocks : iterable of tuple
        Points of shape (n_bags, n_points, n_dims), which of them there are, of shape
        (n_bags, n_points), bool, and what else there may be.
    n_dims : int
        Coordinates of a point.
    xp : namespace
        Of the arrays.
    to_host : callable
        Brings an array of it to the host.
    unit : float, default=1.0
        What points are multiplied by, so that squares of them are numbers.

    Returns
    -------
    ndarray of shape (n_dims, n_dims), float64
        An axis a row, its largest entry positive; the coordinate axes where all points
        are one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._pooled_axes import pooled_axes
    >>> points = np.array([[[0.0, 0.0], [3.0, 4.0]]])
    >>> pooled_axes([(points, np.ones((1, 2), bool))], 2, np, np.asarray)[0]
    array([0.6, 0.8])
    """
    total, mean = 0.0, np.zeros(n_dims)
    scatter = np.zeros((n_dims, n_dims))
    for points, known, *_ in blocks:
        there = xp.reshape(known, (-1, 1))
        flat = xp.reshape(points, (-1, n_dims))
        flat = xp.where(there, flat * unit, xp.zeros_like(flat))
        count = float(xp.sum(xp.astype(there, flat.dtype)))
        center = xp.sum(flat, axis=0, keepdims=True) / count
        centred = xp.where(there, flat - center, xp.zeros_like(flat))
        gap = to_host(center)[0] - mean
        scatter += to_host(xp.matrix_transpose(centred) @ centred)
        scatter += np.outer(gap, gap) * (total * count / (total + count))
        total += count
        mean += gap * (count / total)
    if not np.trace(scatter) > 0:
        return np.eye(n_dims)
    axes = np.linalg.eigh(scatter)[1].T[::-1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return axes * np.where(largest < 0, -1.0, 1.0)
