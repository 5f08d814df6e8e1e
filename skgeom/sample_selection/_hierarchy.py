"""k-means on centres of k-means, and an even draw from the tree that they make.

Vo, Khalidov, Darcet et al., "Automatic data curation for self-supervised learning: a
clustering-based approach", Transactions on Machine Learning Research, 2024.
"""

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin

from skgeom.typing import NDArray

# Distances of a round of k-means above which it is made on batches of rows.
_MOST_FULL = 10**8
# Rounds of clustering an even sample of the clusters anew.
_RESAMPLED = 3
# Clusters of a level for each of the one above it, and the fewest of a level.
_SHRINK, _FEWEST = 3, 2


def cluster_centers(
    X: NDArray, n_clusters: int, random_state: np.random.RandomState
) -> NDArray:
    """Centres of k-means, of many rows by batches."""
    Class = KMeans if len(X) * n_clusters <= _MOST_FULL else MiniBatchKMeans
    seed = random_state.randint(2**31 - 1)
    # Of rows that are equal there may be fewer clusters.
    n_clusters = min(n_clusters, len(np.unique(X, axis=0)))
    return Class(n_clusters, n_init=1, random_state=seed).fit(X).cluster_centers_


def even_centers(
    X: NDArray, n_clusters: int, random_state: np.random.RandomState
) -> tuple[NDArray, NDArray]:
    """Centres that dense places do not have more of, and the one of each row.

    The rows nearest to the centres, as many of each cluster, are clustered anew, a few
    times.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    n_clusters : int
        How many, at most.
    random_state : RandomState instance
        Decides the starts.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
        Centres.
    labels : ndarray of shape (n,), int64
        Number of the nearest centre.
    """
    centers = cluster_centers(X, n_clusters, random_state)
    labels = pairwise_distances_argmin(X, centers)
    for _ in range(_RESAMPLED):
        counts = np.bincount(labels, minlength=len(centers))
        quota = max(2, int(np.median(counts) / 2))
        apart = ((X - centers[labels]) ** 2).sum(axis=1)
        # Ranks of rows within their clusters, the nearest first.
        order = np.lexsort((apart, labels))
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        rank = np.empty(len(X), dtype=np.int64)
        rank[order] = np.arange(len(X)) - starts[labels[order]]
        even = X[rank < quota]
        if len(even) <= n_clusters:
            break
        centers = cluster_centers(even, n_clusters, random_state)
        labels = pairwise_distances_argmin(X, centers)
    return centers, labels


def even_shares(capacities: NDArray, total: int) -> NDArray:
    """Divide a total as evenly as capacities allow.

    Parameters
    ----------
    capacities : ndarray of shape (n,), int64
        The most that each may get, with a sum of at least `total`.
    total : int
        What is divided.

    Returns
    -------
    ndarray of shape (n,), int64
        Shares with a sum of `total`, of which those that are not full differ by one at
        most.
    """
    order = np.argsort(capacities, kind="stable")
    shares, left = np.zeros(len(capacities), dtype=np.int64), total
    for position, i in enumerate(order):
        # Rounded down: what is over goes to those of more room.
        shares[i] = min(int(capacities[i]), left // (len(order) - position))
        left -= shares[i]
    return shares


def hierarchical_rows(
    X: NDArray, n_chosen: int, random_state: np.random.RandomState
) -> NDArray:
    """Draw rows evenly from a tree of clusters, level by level.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    n_chosen : int
        How many rows, at most n.
    random_state : RandomState instance
        Decides clusters and draws.

    Returns
    -------
    ndarray of shape (n_chosen,), int64
        Rows, ascending.
    """
    n_clusters = max(_FEWEST, min(n_chosen, len(X) // 4))
    centers, levels = X, []
    while True:
        centers, labels = even_centers(centers, n_clusters, random_state)
        levels.append(labels)
        n_clusters = len(centers) // _SHRINK
        if len(levels) == 2 or n_clusters < _FEWEST:
            break
    # What each node of a level has below it: rows first, then clusters.
    of_rows = [levels[0]]
    for labels in levels[1:]:
        of_rows.append(labels[of_rows[-1]])
    counts = [np.bincount(labels) for labels in of_rows]
    shares = even_shares(counts[-1], n_chosen)
    for level in range(len(levels) - 1, 0, -1):
        below = np.zeros(len(counts[level - 1]), dtype=np.int64)
        for node in np.flatnonzero(shares):
            inside = np.flatnonzero(levels[level][: len(below)] == node)
            below[inside] = even_shares(counts[level - 1][inside], shares[node])
        shares = below
    order = random_state.permutation(len(X))
    chosen = [
        order[of_rows[0][order] == cluster][: shares[cluster]]
        for cluster in np.flatnonzero(shares)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)
