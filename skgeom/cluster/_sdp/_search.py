"""Labels from several starts, improved by local search and by the relaxation."""

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skgeom.backends import row_blocks
from skgeom.cluster._sdp._admm import admm_clustering
from skgeom.cluster._sdp._bound import (
    label_bound,
    label_bound_is_cheap,
    label_multiplier,
)
from skgeom.cluster._sdp._exchange import exchange, merge_and_split, partition_value
from skgeom.cluster._sdp._low_rank import (
    indicator_factor,
    low_rank_clustering,
    round_factor,
    row_sum_multipliers,
)
from skgeom.solvers import largest_eigenpairs

# Up to so many rows, n x n arrays are nothing to avoid.
_SMALL = 2_000
# Rows beyond which solver="auto" works on a sample.
MAX_ROWS = 50_000
# Share of rows that may change between labels that have settled.
_CHANGED = 1e-3
# Rows of a sample: at least so many, so many a cluster, and of each cluster.
_SKETCH_ROWS, _SKETCH_ROWS_PER_CLUSTER, _RARE_ROWS = 2_000, 100, 20


class Relaxed(NamedTuple):
    """A relaxation, rounded.

    Attributes
    ----------
    labels : ndarray of shape (n_samples,), int64
        Clusters, at least as good as the start.
    membership : ndarray of shape (n_samples, n_clusters)
        How much of each row of Z lies in each of these clusters.
    residual : float
        How far Z is from feasible, relative.
    n_iter : int
        Iterations.
    converged : bool
        Whether the tolerance was reached or the labels settled.
    bound : float
        On the objective of any partition; infinite where there is none.
    """

    labels: Any
    membership: Any
    residual: float
    n_iter: int
    converged: bool
    bound: float = math.inf


def kmeans_labels(X, n_clusters, rng):
    """Labels of k-means with ten starts; duplicates give fewer clusters, silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(n_clusters, n_init=10, random_state=rng).fit(X).labels_


def numbered_by_row(labels):
    """Number clusters in the order of their first rows; also say which they were.

    Which of several equal starts comes first is rounding, and so are its numbers.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,), int
        Clusters, some of which may be empty.

    Returns
    -------
    kept : ndarray of shape (n_found,)
        The number that each cluster had.
    labels : ndarray of shape (n_samples,), int64
        Clusters from 0, none empty.
    """
    kept, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return kept[order], np.argsort(order)[labels]


def solve(
    points,
    start,
    n_clusters,
    diagonal,
    rng,
    *,
    solver,
    low_rank,
    relaxes=True,
    **options,
):
    """Search from a start, relax, round: labels that are never worse than the start.

    Parameters
    ----------
    points, n_clusters, diagonal, rng
        As in `best_partition`.
    start : ndarray of shape (n_samples,)
        Labels.
    solver : {"auto", "admm", "low_rank", "sketch"}
        See `SDPClustering`.
    low_rank : dict
        Options of `relax_low_rank` alone.
    relaxes : bool, default=True
        Whether to relax at all.
    **options : dict
        Options of the solvers, `tol` and `max_iter`.

    Returns
    -------
    Relaxed
        The labels, and what the relaxation says about them.
    """
    n, problem = len(points), (n_clusters, diagonal, rng)
    if n_clusters == 1:
        return Relaxed(start, np.ones((n, 1)), 0.0, 0, True)
    n_rows = max(_SKETCH_ROWS, _SKETCH_ROWS_PER_CLUSTER * n_clusters)
    if solver == "sketch" or (solver == "auto" and n > MAX_ROWS):
        if n > n_rows:
            return relax_sketch(
                points, start, *problem, n_rows=n_rows, **low_rank, **options
            )
    if solver != "admm" and diagonal is None and relaxes and low_rank["stable"]:
        start = exchange(points, start, n_clusters)
        bound = _if_best(points, start, n_clusters)
        if bound < math.inf:
            return Relaxed(start, np.eye(n_clusters)[start], 0.0, 0, True, bound)
    labels = best_partition(points, [start], *problem)
    # With duplicates nothing is left to gain.
    if len(np.unique(labels)) < n_clusters or not relaxes:
        return Relaxed(labels, np.eye(n_clusters)[labels], 0.0, 0, True)
    if solver == "admm":
        return relax_full(points, labels, n_clusters, diagonal, **options)
    return relax_low_rank(points, labels, *problem, **low_rank, **options)


def _if_best(points, labels, n_clusters):
    """The bound that shows that no partition is better, if a cheap one does."""
    if len(np.unique(labels)) < n_clusters or not label_bound_is_cheap(
        points, n_clusters
    ):
        return math.inf
    bound = label_bound(points, labels, n_clusters, trials=0)[0]
    excess = bound - partition_value(points, labels)
    return bound if excess <= 1e-12 * (points * points).sum() else math.inf


def best_partition(points, starts, n_clusters, diagonal, rng):
    """Search from each start by single points, from the best by whole clusters too.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Centred, float64.
    starts : list of ndarray of shape (n_samples,)
        Labels; `spectral_starts` joins them for up to 2,000 rows.
    n_clusters : int
        K.
    diagonal : ndarray of shape (n_samples,) or None
        What is taken off the diagonal of XX'.
    rng : RandomState
        For k-means within the starts.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        Clusters, at least as good as each start.
    """
    if len(points) <= _SMALL and n_clusters > 1:
        starts = [*starts, *spectral_starts(points, n_clusters, rng)]
    best = _best_exchanged(points, starts, n_clusters, diagonal)
    return merge_and_split(points, best, n_clusters, diagonal=diagonal)


def spectral_starts(points, n_clusters, rng):
    """K-means of the leading principal components, and of hollow eigenvectors.

    Without its diagonal the Gram matrix has no term that a point shares with itself
    alone, which in high dimension is mostly noise. In as few dimensions as there are
    clusters the components are the points, and neither says anything new.
    """
    n, p = points.shape
    if p > 2 * n_clusters:
        axes = largest_eigenpairs(points.T @ points, n_clusters)[1]
        yield kmeans_labels(points @ axes, n_clusters, rng)
    if self_noise_matters(n, p, n_clusters):
        gram = points @ points.T
        np.fill_diagonal(gram, 0.0)
        yield kmeans_labels(largest_eigenpairs(gram, n_clusters)[1], n_clusters, rng)


def self_noise_matters(n, p, n_clusters):
    """Whether a point is a large part of the mean that it is compared with.

    By that alone its squared distance to the mean of m points is less by about 2 p / m
    variances: no less than one from half as many features as points in a cluster.
    """
    return n <= MAX_ROWS and 2 * p * n_clusters >= n


def relax_low_rank(
    points, labels, n_clusters, diagonal, rng, *, backend, n_init, stable, **options
):
    """Solve the low-rank relaxation from labels and from random factors.

    Parameters
    ----------
    points, labels, n_clusters, diagonal, rng
        As in `best_partition`, with one start.
    backend : Backend
        Where to solve.
    n_init : int
        Starts; all but the first are random.
    stable : bool
        Whether to stop when the rounded labels do not change any more.
    **options : dict
        Of `low_rank_clustering`.

    Returns
    -------
    Relaxed
        Labels at least as good as those given.
    """
    n, rank = len(points), min(2 * n_clusters, len(points))
    init = [indicator_factor(labels, rank, rng)]
    init += [np.abs(rng.standard_normal((n, rank))) for _ in range(1, n_init)]
    dual = np.zeros((n_init, n))
    dual[0] = row_sum_multipliers(points, labels, diagonal)
    rounded = [np.stack([labels] * n_init)]

    def settled(U):
        rounded.append(
            np.stack([round_factor(u, n_clusters) for u in backend.to_numpy(U)])
        )
        return (
            stable
            and len(rounded) > 2
            and all(map(_alike, rounded[-2], rounded[-1]))
            and all(map(_alike, rounded[-3], rounded[-1]))
        )

    def on_device(array):
        return backend.asarray(np.ascontiguousarray(array), dtype=backend.float64)

    solution = low_rank_clustering(
        backend,
        on_device(points),
        on_device(np.stack(init)),
        n_clusters,
        diagonal=None if diagonal is None else on_device(diagonal),
        dual=on_device(dual),
        stop=settled,
        **options,
    )
    starts = [labels, *rounded[-1]]
    labels = _best_exchanged(points, starts, n_clusters, diagonal)
    fits = [partition_value(points, r, diagonal) for r in rounded[-1]]
    best = int(np.argmax(fits))
    U = backend.to_numpy(solution.factor)[best]
    membership = U @ (U.T @ np.eye(n_clusters)[labels])
    return Relaxed(
        labels,
        membership,
        float(solution.residual[best]),
        solution.n_iter,
        solution.converged,
    )


def relax_full(points, labels, n_clusters, diagonal, **options):
    """Solve the whole relaxation from labels; see `admm_clustering` for options."""
    level = label_bound(points, labels, n_clusters)[1]
    H = np.eye(n_clusters)[labels]
    found = admm_clustering(
        points,
        n_clusters,
        diagonal=diagonal,
        init=(H / np.maximum(H.sum(axis=0), 1)) @ H.T,
        multiplier=label_multiplier(points, labels, level),
        **options,
    )
    values, vectors = scipy.linalg.eigh(found.membership)
    U = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, -n_clusters:]
    labels = _best_exchanged(
        points, [labels, round_factor(U, n_clusters)], n_clusters, diagonal
    )
    membership = np.maximum(found.membership @ np.eye(n_clusters)[labels], 0.0)
    return Relaxed(
        labels, membership, found.residual, found.n_iter, found.converged, found.bound
    )


def relax_sketch(points, labels, n_clusters, diagonal, rng, *, n_rows, **options):
    """Search and relax on a sample of rows, and lift the clusters to all rows.

    The sample is uniform, but for some rows that the labels given show to be rare
    (after Zhuang, Chen and Yang, "Sketch-and-lift: scalable subsampled semidefinite
    program for K-means clustering", AISTATS 2022).
    """
    n = len(points)
    rows = rng.choice(n, n_rows, replace=False)
    rare = [np.flatnonzero(labels == k)[:_RARE_ROWS] for k in range(n_clusters)]
    rows = np.unique(np.concatenate([rows, *rare]))
    sample = points[rows] - points[rows].mean(axis=0)
    part = None if diagonal is None else diagonal[rows]
    best = best_partition(sample, [labels[rows]], n_clusters, part, rng)
    relaxed = Relaxed(best, None, 0.0, 0, True)
    if len(np.unique(best)) == n_clusters:
        relaxed = relax_low_rank(sample, best, n_clusters, part, rng, **options)
    lifted = _nearest_means(points, points[rows], relaxed.labels, n_clusters)
    labels = _best_exchanged(points, [labels, lifted], n_clusters, diagonal)
    return relaxed._replace(labels=labels, membership=np.eye(n_clusters)[labels])


def _alike(labels, others):
    """Whether two partitions differ in fewer than one row of a thousand.

    What a cluster is called does not matter.
    """
    table = np.zeros((labels.max() + 1, others.max() + 1))
    np.add.at(table, (labels, others), 1)
    return len(labels) - table.max(axis=0).sum() <= _CHANGED * len(labels)


def _best_exchanged(points, starts, n_clusters, diagonal):
    """The best of the starts after `exchange`."""
    found = [exchange(points, s, n_clusters, diagonal=diagonal) for s in starts]
    return max(found, key=lambda labels: partition_value(points, labels, diagonal))


def _nearest_means(points, sample, labels, n_clusters):
    """Clusters of all points, by the nearest mean of a sample's clusters."""
    found = np.unique(labels)
    means = np.stack([sample[labels == k].mean(axis=0) for k in found])
    half = (means * means).sum(axis=1) / 2
    blocks = row_blocks(len(points), 8 * n_clusters)
    return found[
        np.concatenate([(half - points[b] @ means.T).argmin(axis=1) for b in blocks])
    ]
