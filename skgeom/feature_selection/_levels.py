"""Blocks of columns as the distinct values that they hold, dense or sparse."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from skgeom.typing import Array, NDArray

# Entries of a block of columns: what is computed of them stays below 64 MB.
_ENTRIES = 2**17


class Levels(NamedTuple):
    """Distinct values of some columns, each column's in increasing order, NaN last.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,), int
        Which columns they are.
    start : ndarray of shape (n_columns,), int
        First level of each.
    counts : ndarray of shape (n_levels,), float64
        Rows of each level.
    missing : ndarray of shape (n_levels,), bool
        Whether it is NaN.
    rows : csr_array of shape (n_levels, n_samples)
        Ones where a row has the level; where zeros are implicit, those are left out.
    implicit : ndarray of shape (n_levels,), bool
        Levels that were left out in `rows`, at most one of a column.

    Examples
    --------
    >>> from skgeom.feature_selection._levels import Levels
    >>> Levels._fields[:3]
    ('columns', 'start', 'counts')
    """

    columns: NDArray
    start: NDArray
    counts: NDArray
    missing: NDArray
    rows: sp.csr_array
    implicit: NDArray

    def sums(self, values: NDArray) -> NDArray:
        """Add up over the levels values of rows that add up to zero.

        Parameters
        ----------
        values : ndarray of shape (n_samples, n_values)
            Columns of a sum of zero.

        Returns
        -------
        ndarray of shape (n_levels, n_values)
            Sums.
        """
        found = self.rows @ values
        if self.implicit.any():
            # All rows together have nothing.
            owner = np.repeat(np.arange(len(self.start)), self.sizes())
            rest = -self.per_column(found)
            found[self.implicit] = rest[owner[self.implicit]]
        return found

    def per_column(self, values: NDArray) -> NDArray:
        """Add up over the levels of each column.

        Parameters
        ----------
        values : ndarray of shape (n_levels, ...)
            Anything.

        Returns
        -------
        ndarray of shape (n_columns, ...)
            Sums.
        """
        return np.add.reduceat(values, self.start, axis=0)

    def per_level(self, values: NDArray) -> NDArray:
        """Hand what belongs to a column to its levels.

        Parameters
        ----------
        values : ndarray of shape (n_columns, ...)
            Anything.

        Returns
        -------
        ndarray of shape (n_levels, ...)
            Repeated.
        """
        return np.repeat(values, self.sizes(), axis=0)

    def sizes(self) -> NDArray:
        """Count the levels of each column.

        Returns
        -------
        ndarray of shape (n_columns,), int
            At least one.
        """
        return np.diff(self.start, append=len(self.counts))


def column_levels(X: Array, columns: NDArray | None = None) -> Iterator[Levels]:
    """Go through the columns in blocks of so many entries that memory stays small.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        Numbers; NaN is a level of its own. What is not stored of a sparse matrix is the
        level zero.
    columns : ndarray of shape (n_columns,), int, default=None
        Of a dense matrix, those that are wanted; None is all.

    Yields
    ------
    Levels
        Of some columns, which come in order.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._levels import column_levels
    >>> next(column_levels(np.array([[3.0], [1.0], [3.0]]))).counts
    array([1., 2.])
    """
    n, d = X.shape
    if not sp.issparse(X):
        for some in blocks_of(np.arange(d) if columns is None else columns, n):
            block = X[:, some].T
            rows = np.broadcast_to(np.arange(n), block.shape).ravel()
            owner = np.repeat(np.arange(len(block)), n)
            yield _grouped(some, owner, block.ravel(), rows, n)
        return
    X = sp.csc_array(X)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    # Stored entries, and one for all the zeros of a column.
    ends = np.cumsum(np.diff(X.indptr) + 1)
    first = 0
    while first < d:
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _ENTRIES, "right")))
        part = slice(X.indptr[first], X.indptr[last])
        owner = np.repeat(np.arange(last - first), np.diff(X.indptr[first : last + 1]))
        keep = X.data[part] != 0
        yield _grouped(
            np.arange(first, last),
            owner[keep],
            X.data[part][keep],
            X.indices[part][keep],
            n,
        )
        first = last


def blocks_of(columns: NDArray, n: int) -> Iterator[NDArray]:
    """Cut dense columns into blocks.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,), int
        Which.
    n : int
        Number of rows.

    Yields
    ------
    ndarray of shape (n_some,), int
        Some of them, in order.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._levels import blocks_of
    >>> [len(some) for some in blocks_of(np.arange(5), 60_000)]
    [2, 2, 1]
    """
    step = max(1, _ENTRIES // max(n, 1))
    for first in range(0, len(columns), step):
        yield columns[first : first + step]


def _grouped(columns, owner, values, rows, n):
    """Levels of entries, each of a column, a value and a row."""
    d = len(columns)
    zeros = n - np.bincount(owner, minlength=d)
    lacking = np.flatnonzero(zeros)
    owner = np.concatenate([owner, lacking])
    values = np.concatenate([values, np.zeros(len(lacking), values.dtype)])
    rows = np.concatenate([rows, np.full(len(lacking), -1)])
    order = np.lexsort((values, owner))
    owner, values, rows = owner[order], values[order], rows[order]
    # In NumPy's order NaN comes last, and differs from itself.
    gap = np.isnan(values)
    new = np.ones(len(owner), dtype=bool)
    new[1:] = (values[1:] != values[:-1]) & ~(gap[1:] & gap[:-1])
    new[1:] |= owner[1:] != owner[:-1]
    at = np.flatnonzero(new)
    level = np.cumsum(new) - 1
    counts = np.diff(at, append=len(owner)).astype(np.float64)
    without = rows < 0
    counts[level[without]] = zeros[owner[without]]
    implicit = np.zeros(len(at), dtype=bool)
    implicit[level[without]] = True
    stored = rows[~without]
    ends = np.concatenate(
        [[0], np.cumsum(np.bincount(level[~without], minlength=len(at)))]
    )
    ones = np.ones(len(stored))
    return Levels(
        columns,
        np.searchsorted(owner[at], np.arange(d)),
        counts,
        gap[at],
        sp.csr_array((ones, stored, ends), shape=(len(at), n)),
        implicit,
    )
