"""The exact end of a neighbour search, shared by every engine.

Fast searches compute squared distances as differences of large numbers, so they are
wrong in the last digits: enough to reorder neighbours and to move duplicates apart.
They therefore propose a few candidates more than asked, and this step decides.
"""

import numpy as np
from array_api_compat import is_numpy_namespace

from skgeom.backends._arrays import unsigned
from skgeom.backends._blocks import row_blocks, scratch_bytes


def n_candidates(k, n_samples):
    """How many candidates a search proposes when `k` neighbours are wanted."""
    return min(n_samples, k + 4 + k // 4)


def unit_rows(xp, X):
    """Scale rows to unit length; a zero row stays zero."""
    # The largest entry first: the squares of a tiny row would vanish.
    for size in (_largest, _even_length):
        sizes = size(xp, X)
        X = X / xp.where(sizes > 0, sizes, xp.ones_like(sizes))
    return X


def _largest(xp, X):
    return xp.max(xp.abs(X), axis=1, keepdims=True)


def _even_length(xp, X):
    """Lengths of rows, the same for the same rows.

    Half the columns are added to the other half until one is left: a library's sum may
    take another order for the last rows of an array, so that copies would differ.
    """
    squares = X * X
    while squares.shape[1] > 1:
        half = squares.shape[1] // 2
        added = squares[:, :half] + squares[:, half : 2 * half]
        squares = xp.concat([added, squares[:, 2 * half :]], axis=1)
    return xp.sqrt(squares)


def _length(xp, X):
    return xp.sqrt(xp.sum(X * X, axis=1, keepdims=True))


def refine_neighbors(xp, X, Y, candidates, k, metric, float64):
    """Recompute distances exactly and keep the `k` nearest of each row's candidates.

    Equal distances are ordered by the lowest index.

    Returns
    -------
    distances : array of shape (len(Y), k), float64
        Nearest first.
    indices : array of shape (len(Y), k), int64
        Rows of X.
    """
    squared, indices, _ = _order(xp, X, Y, candidates, k, float64)
    return _distances(xp, squared, metric), indices


def exact_neighbors(xp, X, Y, searches, k, metric, float64):
    """Widen a search until no row that it left out can be among the nearest.

    Ties and rounding decide which of many equally near rows a search proposes. Queries
    whose last neighbour is not clearly nearer than the farthest candidate are asked
    again: of the next, more precise search, of the last for eight times as many, and
    in the end for all rows. Few queries are, unless many rows of X are duplicates.

    Parameters
    ----------
    xp : module
        Array namespace.
    X, Y : array of shape (n_samples, n_features), (n_queries, n_features)
        Rows to search and queries, of a size whose squares are finite.
    searches : list of (callable, finfo)
        ``propose(queries, size)`` names `size` rows of X for some rows of Y, the
        nearest by squares of coordinates that are centred on the mean of X; and the
        type in which it computes. From the fastest to the most precise.
    k : int
        Neighbours a query.
    metric : {"euclidean", "cosine"}
        The distance; for "cosine", rows have unit length.
    float64 : dtype
        The widest float.

    Returns
    -------
    distances, indices : array of shape (n_queries, k)
        As from `refine_neighbors`, and the same for every engine.
    """
    n_samples, n_features = X.shape
    size = n_candidates(k, n_samples)
    (propose, precision), *others = searches
    squared, indices, farthest = _order(
        xp, X, Y, propose(slice(None), size), k, float64
    )
    center = xp.mean(xp.astype(X, float64), axis=0)
    reach = _length(xp, xp.astype(Y, float64) - center)[:, 0]
    reach = reach + xp.max(_length(xp, xp.astype(X, float64) - center))
    while size < n_samples:
        # Twice the bound on the rounding error of |p|^2 - 2 p.q, once for each of the
        # two rows compared, plus what is lost where squares underflow.
        error = 2 * (n_features + 4) * float(precision.eps) * reach**2
        error = error + 4 * n_features * float(precision.smallest_normal)
        doubtful = xp.nonzero(squared[:, -1] >= farthest - error)[0]
        if doubtful.shape[0] == 0:
            break
        if others:
            (propose, precision), *others = others
        else:
            size = 8 * size if 32 * size < n_samples else n_samples
        for block in row_blocks(doubtful.shape[0], 8 * size):
            rows = doubtful[block]
            if size < n_samples:
                candidates = propose(rows, size)
            else:
                everything = xp.arange(n_samples, device=indices.device)
                candidates = xp.broadcast_to(everything, (rows.shape[0], n_samples))
            squared[rows, :], indices[rows, :], farthest[rows] = _order(
                xp, X, Y[rows, :], candidates, k, float64
            )
    return _distances(xp, squared, metric), indices


def _order(xp, X, Y, candidates, k, float64):
    """Squared distances and indices of the `k` nearest, and the largest square."""
    if is_numpy_namespace(xp):
        return _order_on_host(X, Y, candidates, k)
    candidates = xp.sort(xp.astype(candidates, xp.int64), axis=1)
    nearest, indices, farthest = [], [], []
    row_bytes = 8 * candidates.shape[1] * X.shape[1]
    for rows in row_blocks(Y.shape[0], row_bytes, scratch_bytes(Y)):
        near = xp.take(X, xp.reshape(candidates[rows, :], (-1,)), axis=0)
        near = xp.reshape(near, (*candidates[rows, :].shape, X.shape[1]))
        difference = xp.astype(near, float64, copy=False) - xp.astype(
            Y[rows, None, :], float64, copy=False
        )
        difference *= difference
        squared = xp.sum(difference, axis=2)
        order = xp.argsort(squared, axis=1, stable=True)
        farthest.append(xp.max(squared, axis=1))
        nearest.append(xp.take_along_axis(squared, order[:, :k], axis=1))
        indices.append(xp.take_along_axis(candidates[rows, :], order[:, :k], axis=1))
    return tuple(xp.concat(parts, axis=0) for parts in (nearest, indices, farthest))


def _order_on_host(X, Y, candidates, k):
    from skgeom.backends._numba._neighbors import nearest_candidates

    candidates = np.ascontiguousarray(candidates, dtype=np.int64)
    X, Y = np.ascontiguousarray(X), np.ascontiguousarray(Y)
    squared, indices = np.empty((len(Y), k)), np.empty((len(Y), k), dtype=np.int64)
    farthest = np.empty(len(Y))
    nearest_candidates(X, Y, unsigned(candidates), squared, unsigned(indices), farthest)
    return squared, indices, farthest


def _distances(xp, squared, metric):
    return squared / 2 if metric == "cosine" else xp.sqrt(squared)
