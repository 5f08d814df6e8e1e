"""Points whose energy distance to rows is least: the direct step, and slices.

Mak and Joseph, "Support points", Annals of Statistics 46, 2018; by slices, Hertrich,
Wald, Altekrüger and Hagemann, "Generative sliced MMD flows with Riesz kernels", ICLR
2024.
"""

import numpy as np

from skgeom.backends import Backend, row_blocks, scratch_bytes
from skgeom.typing import Array, NDArray

# Steps of the majorisation are made longer by so much; it still descends below 2.
_LONGER = 1.9
# Distances below this share of the spread count as it.
_LEAST = 1e-6
# Quantiles that a projection of all rows is known by.
_MOST_QUANTILES = 4096
# Of the flow: momentum, and first step as a share of a Newton step along a line.
_MOMENTUM, _STEP = 0.9, 0.1


def distances_within(points: Array, rows: Array, backend: Backend) -> Array:
    """Distances of points to rows, by expanded squares."""
    xp = backend.xp
    squares = xp.sum(points**2, axis=1)[:, None] + xp.sum(rows**2, axis=1)
    squares = squares - 2 * points @ rows.T
    return xp.sqrt(xp.where(squares > 0, squares, xp.zeros_like(squares)))


def majorised_points(
    rows: Array,
    start: Array,
    spread: float,
    max_iter: int,
    tol: float,
    backend: Backend,
) -> tuple[Array, int]:
    """Minimise the energy distance to rows over points, by Mak and Joseph's step.

    Each step puts points where a quadratic upper bound of the energy distance is least,
    eq. 22 of the paper, and goes a little farther.

    Parameters
    ----------
    rows : array of shape (n, n_features)
        Centred, of the backend, its widest float.
    start : array of shape (n_points, n_features)
        Points to begin with, none equal to another.
    spread : float
        Root of the mean squared distance of rows to their mean, > 0.
    max_iter : int
        Most steps.
    tol : float
        Root of the mean squared length of a step, of the spread, at which to stop.
    backend : Backend
        Where rows are.

    Returns
    -------
    points : array of shape (n_points, n_features)
        Points, in the order of `start`.
    n_iter : int
        Steps.
    """
    xp, points, m = backend.xp, start, start.shape[0]
    least, n = _LEAST * spread, rows.shape[0]
    blocks = row_blocks(n, 16 * m, scratch_bytes(rows))
    self_pairs = xp.eye(m, dtype=rows.dtype, device=rows.device)
    for n_iter in range(1, max_iter + 1):
        pull, mass = 0 * points, xp.zeros_like(points[:, 0])
        for part in blocks:
            near = distances_within(points, rows[part], backend)
            inverse = 1 / xp.where(near > least, near, least + 0 * near)
            pull, mass = pull + inverse @ rows[part], mass + xp.sum(inverse, axis=1)
        near = distances_within(points, points, backend)
        inverse = 1 / xp.where(near > least, near, least + 0 * near)
        inverse = inverse * (1 - self_pairs)
        push = points * xp.sum(inverse, axis=1)[:, None] - inverse @ points
        step = (pull + push * (n / m)) / mass[:, None] - points
        points = points + _LONGER * step
        # Looking is a wait for the device.
        if n_iter % 16 == 0 or n_iter == max_iter:
            if float(xp.mean(xp.sum(step**2, axis=1))) ** 0.5 <= tol * spread:
                break
    return points, n_iter


def sliced_points(
    rows: Array,
    start: Array,
    directions: NDArray,
    spread: float,
    max_iter: int,
    backend: Backend,
) -> Array:
    """Descend the energy distance along lines, which is a matter of sorting.

    Rows enter by quantiles of their projections alone: memory is that of the rows, and
    a step takes no more time for more of them.

    Parameters
    ----------
    rows : array of shape (n, n_features)
        Centred, of the backend, its widest float.
    start : array of shape (n_points, n_features)
        Points to begin with.
    directions : ndarray of shape (n_slices, n_features)
        Unit vectors, in orthogonal blocks.
    spread : float
        Root of the mean squared distance of rows to their mean, > 0.
    max_iter : int
        Steps.
    backend : Backend
        Where rows are.

    Returns
    -------
    array of shape (n_points, n_features)
        Points, in the order of `start`.
    """
    xp, (m, d) = backend.xp, start.shape
    lines = backend.asarray(directions, dtype=backend.float64)
    n_slices = lines.shape[0]
    known = quantiles_along(rows, lines, backend)
    ranks = xp.arange(m, dtype=rows.dtype, device=rows.device)
    points, velocity = start, 0 * start
    for step in range(max_iter):
        along = lines @ points.T
        below = shares_below(known, along, backend)
        order = xp.argsort(xp.argsort(along, axis=1), axis=1)
        own = (2 * xp.take(ranks, xp.reshape(order, (-1,))) + 1) / m - 1
        slope = 2 * (2 * below - 1) - 2 * xp.reshape(own, order.shape)
        # A line has the spread of the rows over the root of the columns.
        force = (slope.T @ lines) * (d**0.5 * spread / n_slices)
        velocity = _MOMENTUM * velocity + force
        points = points - (_STEP * (1 - step / max_iter)) * velocity
    return points


def quantiles_along(rows: Array, lines: Array, backend: Backend) -> Array:
    """Quantiles of the projections of rows to lines, a line a row."""
    xp, n = backend.xp, rows.shape[0]
    count = min(n, _MOST_QUANTILES)
    places = ((np.arange(count) + 0.5) * n / count).astype(np.int64)
    at, found = backend.asarray(places), []
    for part in row_blocks(lines.shape[0], 16 * n):
        ordered = xp.sort(lines[part] @ rows.T, axis=1)
        found.append(xp.take(ordered, at, axis=1))
    return xp.concat(found)


def shares_below(known: Array, along: Array, backend: Backend) -> Array:
    """Shares of known values below others, line by line; equal ones count half."""
    xp = backend.xp
    found = [
        xp.searchsorted(k, a) + xp.searchsorted(k, a, side="right")
        for k, a in zip(known, along, strict=True)
    ]
    return xp.astype(xp.stack(found), along.dtype) / (2 * known.shape[1])
