"""Local search over partitions: moves of single points, and of whole clusters.

The objective is the sum over clusters of (|s|^2 - d) / m, where s is the sum of the m
points of a cluster and d the sum of their entries of a diagonal: <XX' - diag(d), Z> for
the matrix Z of the partition. Without a diagonal it is the sum of squares minus the
inertia.
"""

from typing import Any

import numpy as np

from skgeom.typing import NDArray

# Pairs to merge and clusters to split that are tried together, the most promising
# first, before the search gives up.
_MERGES, _SPLITS, _TRIALS = 6, 4, 8
# Share of what the merge costs that the split has to gain before points are moved.
_PROMISE = 0.5


def partition_value(
    X: NDArray, labels: NDArray, diagonal: NDArray | None = None
) -> float:
    """Evaluate <XX' - diag(d), Z> for the matrix Z of a partition.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    labels : ndarray of shape (n_samples,), int
        Clusters from 0; empty ones count for nothing.
    diagonal : ndarray of shape (n_samples,), default=None
        The d of the formula; None is zero.

    Returns
    -------
    float
        The objective, to be maximised.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._exchange import partition_value
    >>> partition_value(np.array([[-2.0], [-1.0], [3.0]]), np.array([0, 0, 1]))
    13.5
    """
    return float(_values(X, labels, labels.max() + 1, diagonal).sum())


def exchange(
    X: NDArray,
    labels: NDArray,
    n_clusters: int,
    *,
    diagonal: NDArray | None = None,
    max_iter: int = 100,
) -> NDArray:
    """Move single points between clusters while that raises the objective.

    Hartigan's moves [1]_: unlike Lloyd's they count that a point which leaves takes
    its own weight in the mean along, so that fewer partitions are stuck. In high
    dimension, where every point is nearest to the mean that it is part of, nearly all
    of Lloyd's are.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, best centred.
    labels : ndarray of shape (n_samples,), int
        Where to start.
    n_clusters : int
        K.
    diagonal : ndarray of shape (n_samples,), default=None
        See `partition_value`.
    max_iter : int, default=100
        At most so many sweeps over the points.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        Clusters, none emptied, the objective at least that of the start.

    References
    ----------
    .. [1] Telgarsky and Vattani, "Hartigan's method: k-means clustering without
       Voronoi", AISTATS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._exchange import exchange
    >>> exchange(np.array([[-3.0], [-2.0], [2.0], [3.0]]), np.array([0, 0, 0, 1]), 2)
    array([0, 0, 1, 1])
    """
    from skgeom.backends._numba._relocation import relocate

    labels = np.array(labels, dtype=np.int64)
    diagonal = np.zeros(len(X)) if diagonal is None else diagonal
    relocate(np.ascontiguousarray(X), diagonal, labels, n_clusters, max_iter)
    return labels


def merge_and_split(
    X: NDArray,
    labels: NDArray,
    n_clusters: int,
    *,
    diagonal: NDArray | None = None,
    max_iter: int = 100,
) -> NDArray:
    """Join two near clusters and cut a wide one in two, while that helps.

    A local search by single points cannot undo one cluster spread over two groups and
    two clusters sharing one. Each pair of a merge and a split is followed by
    `exchange` and kept if the objective rises (after [1]_).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, best centred.
    labels : ndarray of shape (n_samples,), int
        Where to start.
    n_clusters : int
        K.
    diagonal : ndarray of shape (n_samples,), default=None
        See `partition_value`.
    max_iter : int, default=100
        At most so many successful pairs of moves, and sweeps of `exchange` each.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        Clusters; the objective is at least that of the start.

    References
    ----------
    .. [1] Ueda, Nakano, Ghahramani and Hinton, "SMEM algorithm for mixture models",
       Neural Computation 12, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._exchange import merge_and_split
    >>> X = np.array([[-9.0], [-8.0], [0.0], [1.0], [8.0], [9.0]])
    >>> merge_and_split(X, np.array([0, 1, 2, 2, 2, 2]), 3)
    array([0, 0, 2, 2, 1, 1])
    """
    options: dict[str, Any] = {"diagonal": diagonal, "max_iter": max_iter}
    labels = exchange(X, labels, n_clusters, **options)
    best = partition_value(X, labels, diagonal)
    for _ in range(max_iter if n_clusters > 2 else 0):
        for tried in _proposals(X, labels, n_clusters, diagonal):
            tried = exchange(X, tried, n_clusters, **options)
            value = partition_value(X, tried, diagonal)
            if value > best + 1e-9 * abs(best):
                labels, best = tried, value
                break
        else:
            break
    return labels


def _proposals(X, labels, n_clusters, diagonal):
    """Partitions with one pair merged and one cluster split, best guesses first."""
    values = _values(X, labels, n_clusters, diagonal)
    sizes, sums, shifts = _totals(X, labels, n_clusters, diagonal)
    squares = (sums * sums).sum(axis=1)
    joined = squares[:, None] + squares + 2 * sums @ sums.T - shifts[:, None] - shifts
    losses = values[:, None] + values - joined / np.maximum(sizes[:, None] + sizes, 1)
    losses[np.tril_indices(n_clusters)] = np.inf
    first, second = np.unravel_index(np.argsort(losses, axis=None), losses.shape)
    gains, halves = np.full(n_clusters, -np.inf), {}
    for k in np.flatnonzero(sizes > 1):
        rows = np.flatnonzero(labels == k)
        part = None if diagonal is None else diagonal[rows]
        side = exchange(X[rows], _principal_side(X[rows]), 2, diagonal=part)
        halves[k] = rows[side == 1]
        gains[k] = partition_value(X[rows], side, part) - values[k]
    trials = [
        (gains[k] - losses[a, b], a, b, k)
        for a, b in zip(first[:_MERGES], second[:_MERGES], strict=True)
        for k in np.argsort(-gains)[:_SPLITS]
        if k not in (a, b) and gains[k] > _PROMISE * losses[a, b]
    ]
    for _, a, b, k in sorted(trials, reverse=True)[:_TRIALS]:
        tried = np.where(labels == b, a, labels)
        tried[halves[k]] = b
        yield tried


def _principal_side(X):
    """Which side of their mean points lie on, along their first principal axis."""
    X = X - X.mean(axis=0)
    if X.shape[1] > X.shape[0]:
        along = np.linalg.eigh(X @ X.T)[1][:, -1]
    else:
        along = X @ np.linalg.eigh(X.T @ X)[1][:, -1]
    return (along > 0).astype(np.int64)


def _values(X, labels, n_clusters, diagonal):
    sizes, sums, shifts = _totals(X, labels, n_clusters, diagonal)
    return ((sums * sums).sum(axis=1) - shifts) / np.maximum(sizes, 1)


def _totals(X, labels, n_clusters, diagonal):
    """Sizes of clusters, sums of their points and of their diagonals."""
    sizes = np.bincount(labels, minlength=n_clusters)
    order = np.argsort(labels, kind="stable")
    sums = np.zeros((n_clusters, X.shape[1]))
    found = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[found]
    sums[found] = np.add.reduceat(X[order], starts, axis=0)
    if diagonal is None:
        return sizes, sums, np.zeros(n_clusters)
    return sizes, sums, np.bincount(labels, diagonal, n_clusters)
