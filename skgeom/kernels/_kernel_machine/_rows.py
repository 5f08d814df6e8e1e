"""Rows of a table as centred points, a block at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skgeom.backends import Backend, as_numpy, row_blocks
from skgeom.typing import Array, NDArray

# Scratch of a block of kernel values and of what is made of it.
BLOCK_BYTES = 2**25


class LinearChart(NamedTuple):
    """Coordinates of rows: less a centre, and maybe times a matrix."""

    center: NDArray
    matrix: NDArray | None = None

    def place(self, rows: Array, backend: Backend) -> Array:
        """Coordinates of rows, of the backend, in its widest float."""
        points = backend.asarray(rows, dtype=backend.float64)
        points = points - backend.asarray(self.center, dtype=backend.float64)
        if self.matrix is None:
            return points
        return points @ backend.asarray(self.matrix, dtype=backend.float64)


def column_means(X: Array) -> NDArray:
    """Means of the columns in double precision; no sum leaves the range of numbers."""
    total = np.zeros(X.shape[1])
    for rows in row_blocks(X.shape[0], 8 * X.shape[1], BLOCK_BYTES):
        total += (as_numpy(X[rows]).astype(np.float64) / X.shape[0]).sum(axis=0)
    return total


def blocks(n_rows: int, n_centers: int) -> Iterator[slice]:
    """Blocks of rows whose kernel values with centres take a few megabytes."""
    yield from row_blocks(n_rows, 8 * max(n_centers, 1), BLOCK_BYTES)
