"""Nearest neighbours among the rows that come before (Vecchia, 1988)."""

import numpy as np

from skgeom.backends import Backend, get_backend
from skgeom.graph._neighbors import nearest_neighbors
from skgeom.typing import Array, NDArray


def ordered_neighbors(
    X: Array,
    n_neighbors: int,
    *,
    rows: NDArray | None = None,
    backend: Backend | None = None,
) -> NDArray:
    """Find the nearest rows among those that come before each row.

    These are the neighbours that a row is given in Vecchia's approximation of a
    Gaussian process. The search is exact, by trees in few columns, and by products of
    all pairs in many: ask there for those of some `rows`.

    Parameters
    ----------
    X : array of shape (n_samples, n_features)
        Points, in their order.
    n_neighbors : int
        Neighbours to find, >= 1.
    rows : ndarray of shape (n_rows,), int64, default=None
        Rows whose neighbours are wanted; None is all.
    backend : Backend, default=None
        Where the search runs. None takes the one that belongs to X.

    Returns
    -------
    ndarray of shape (n_rows, n_neighbors), int64
        Positions in X, nearest first, equal distances by the lowest; -1 where fewer
        rows come before.

    Raises
    ------
    ValueError
        If `n_neighbors` is not positive.

    References
    ----------
    Vecchia, "Estimation and model identification for continuous spatial processes",
    Journal of the Royal Statistical Society B 50, 1988.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import ordered_neighbors
    >>> ordered_neighbors(np.array([[0.0], [3.0], [1.0], [2.0]]), 2)
    array([[-1, -1],
           [ 0, -1],
           [ 0,  1],
           [ 1,  2]])
    """
    if n_neighbors < 1:
        raise ValueError(f"n_neighbors={n_neighbors} must be at least 1.")
    backend = get_backend(like=X) if backend is None else backend
    X = backend.asarray(X)
    rows = np.arange(X.shape[0]) if rows is None else np.asarray(rows, dtype=np.int64)
    found = np.full((len(rows), n_neighbors), -1, dtype=np.int64)
    # Of rows from 2^k on, at least half of those before 2^(k + 1) come before.
    levels = np.frexp(np.maximum(rows, 2 * n_neighbors))[1]
    for level in np.unique(levels):
        due = np.flatnonzero((levels == level) & (rows > 0))
        if not len(due):
            continue
        before = X[: int(rows[due].max()) + 1]
        width = min(2 * n_neighbors + 2, before.shape[0])
        while len(due):
            queries = before[backend.asarray(rows[due])]
            _, near = nearest_neighbors(
                before,
                queries,
                n_neighbors=width,
                algorithm="exact",
                backend=backend,
            )
            earlier = near < rows[due][:, None]
            enough = earlier.sum(axis=1) >= np.minimum(n_neighbors, rows[due])
            rank = np.cumsum(earlier, axis=1) - 1
            row, column = np.nonzero(earlier & (rank < n_neighbors) & enough[:, None])
            found[due[row], rank[row, column]] = near[row, column]
            due, width = due[~enough], min(2 * width, before.shape[0])
    return found
