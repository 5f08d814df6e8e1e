"""Rows in the place of points."""

import numpy as np

from skgeom.backends import Backend
from skgeom.typing import Array, NDArray

# Rows that a point is offered before all are looked at.
_OFFERED = 8


def distinct_nearest(points: Array, rows: Array, backend: Backend) -> NDArray:
    """For each point a row near to it, no row twice; the nearest pairs come first."""
    n, m = rows.shape[0], points.shape[0]
    near, found = backend.knn(rows, points, min(_OFFERED, n))
    near, found = backend.to_numpy(near), backend.to_numpy(found)
    chosen, taken = np.full(m, -1), np.zeros(n, dtype=bool)
    for i in np.argsort(near[:, 0], kind="stable"):
        offered = found[i][~taken[found[i]]]
        if len(offered):
            best = offered[0]
        else:
            every = backend.xp.sum((rows - points[i]) ** 2, axis=1)
            every = backend.to_numpy(every)
            best = np.argmin(np.where(taken, np.inf, every))
        chosen[i], taken[best] = best, True
    return chosen
