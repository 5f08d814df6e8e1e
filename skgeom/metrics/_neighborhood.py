"""How well neighbourhoods survive an embedding: precision and rank scores."""

from collections.abc import Callable
from numbers import Integral, Real

import numpy as np
from sklearn.neighbors import VALID_METRICS, NearestNeighbors
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.metrics._pairwise import (
    check_distances,
    distance_blocks,
    euclidean_distances,
    row_blocks,
)
from skgeom.typing import ArrayLike, MatrixLike

# A block of distances, a partitioned copy, masks, and a count where distances tie.
_BYTES_PER_ENTRY = 40

# Gaps below this may be rounding; they are looked at again, one distance at a time.
_TIE_TOLERANCE = 1e-7

_CONSTRAINTS = {
    "X": ["array-like", "sparse matrix"],
    "X_embedded": ["array-like"],
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "metric": [StrOptions({*VALID_METRICS["brute"], "precomputed"}), callable],
    "working_memory": [Interval(Real, 0, None, closed="neither")],
}


def _check_spaces(X, X_embedded, metric):
    if metric == "precomputed":
        X = check_distances(X, "X")
        if X.shape[0] != X.shape[1]:
            raise ValueError(
                f"X must be square for metric='precomputed'; got shape {X.shape}."
            )
    else:
        X = check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X")
    X_embedded = check_array(X_embedded, dtype=np.float64, input_name="X_embedded")
    check_consistent_length(X, X_embedded)
    return X, X_embedded


def _smallest(distances, k):
    """Columns of the k smallest entries of each row, ascending; ties: lowest first."""
    kth = np.partition(distances, k - 1, axis=1)[:, k - 1, None]
    chosen = distances <= kth
    tied = np.flatnonzero(chosen.sum(axis=1) > k)
    if tied.size:
        below = distances[tied] < kth[tied]
        level = chosen[tied] & ~below
        room = k - below.sum(axis=1, keepdims=True)
        chosen[tied] = below | (level & (np.cumsum(level, axis=1) <= room))
    return np.nonzero(chosen)[1].reshape(-1, k)


def _nearest(X, k, metric, working_memory):
    """Find the k nearest other samples of each, in ascending order of index."""
    n_samples = X.shape[0]
    if metric != "euclidean":
        return np.concatenate(
            [
                _smallest(distances, k)
                for _, distances in distance_blocks(
                    X, metric, _BYTES_PER_ENTRY, working_memory
                )
            ]
        )
    # One neighbour more than asked for tells whether the last place is contested.
    search = NearestNeighbors(n_neighbors=min(k + 1, n_samples - 1)).fit(X)
    distances, indices = search.kneighbors()
    neighbors = np.sort(indices[:, :k], axis=1)
    if k == n_samples - 1:
        return neighbors
    gaps = distances[:, k] - distances[:, k - 1]
    contested = np.flatnonzero(gaps <= _TIE_TOLERANCE * distances[:, k])
    if contested.size:
        for block in row_blocks(
            contested.size, n_samples, _BYTES_PER_ENTRY, working_memory
        ):
            rows = contested[block]
            exact = euclidean_distances(X[rows], X)
            exact[np.arange(rows.size), rows] = np.inf
            neighbors[rows] = _smallest(exact, k)
    return neighbors


def _rank_score(neighbors, X, metric, working_memory):
    """One minus the scaled sum of the ranks beyond k that the neighbours have in X."""
    n_samples, k = neighbors.shape
    others = np.arange(n_samples)
    excess = np.zeros(n_samples, dtype=np.int64)
    for rows, distances in distance_blocks(X, metric, _BYTES_PER_ENTRY, working_memory):
        for candidate in neighbors[rows].T[:, :, None]:
            radius = np.take_along_axis(distances, candidate, axis=1)
            # 0-based rank: those strictly closer, and ties of lower index.
            rank = np.count_nonzero(distances < radius, axis=1)
            rank += np.count_nonzero(
                (distances == radius) & (others < candidate), axis=1
            )
            excess[rows] += np.maximum(rank + 1 - k, 0)
    worst = n_samples * k * (2 * n_samples - 3 * k - 1) / 2
    return float(1.0 - excess.sum() / worst)


def _check_below_half(n_neighbors, n_samples):
    if n_neighbors >= n_samples / 2:
        raise ValueError(
            f"n_neighbors ({n_neighbors}) should be less than n_samples / 2 "
            f"({n_samples / 2})."
        )


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def neighborhood_precision(
    X: MatrixLike,
    X_embedded: ArrayLike,
    *,
    n_neighbors: int = 10,
    metric: str | Callable = "euclidean",
    working_memory: float = 64,
) -> float:
    """Mean share of the nearest neighbours that are neighbours in the embedding too.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features or n_samples)
        The points in their true space, or if `metric` is "precomputed" the true
        distances, finite and non-negative, of which the diagonal is ignored.
    X_embedded : array-like of shape (n_samples, n_components)
        The embedding. Its distances are Euclidean.
    n_neighbors : int, default=10
        Size of the neighbourhood, the sample itself not counted; between 1 and
        n_samples - 1.
    metric : str or callable, default="euclidean"
        Distance in the true space: "precomputed", or a metric that
        :func:`sklearn.metrics.pairwise_distances` knows.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of one block of rows may take.

    Returns
    -------
    precision : float
        In [0, 1]; 1 where all neighbourhoods are kept. An embedding drawn at random
        scores about ``n_neighbors / (n_samples - 1)``.

    Raises
    ------
    ValueError
        If `n_neighbors` is not below n_samples, if lengths differ, if a value is NaN
        or infinite, or if precomputed distances are negative or not square.

    See Also
    --------
    trustworthiness : Weighs false neighbours by how far away they are.
    distance_preservation : Compares all distances.

    Notes
    -----
    Where samples are equally far away and not all fit into the neighbourhood, those
    of lowest index are taken, in both spaces: the score is deterministic, but the
    order of the samples then matters, as it does with duplicates. Euclidean neighbours
    come from :class:`sklearn.neighbors.NearestNeighbors`, other metrics are computed
    in blocks of rows; the n x n matrix is never formed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import neighborhood_precision
    >>> X = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> neighborhood_precision(X, -2 * X, n_neighbors=2)
    1.0
    >>> neighborhood_precision(X, X[[1, 3, 0, 2]], n_neighbors=1)
    0.0
    """
    X, X_embedded = _check_spaces(X, X_embedded, metric)
    n_samples = X_embedded.shape[0]
    if n_neighbors >= n_samples:
        raise ValueError(
            f"n_neighbors ({n_neighbors}) should be less than n_samples ({n_samples})."
        )
    true = _nearest(X, n_neighbors, metric, working_memory)
    found = _nearest(X_embedded, n_neighbors, "euclidean", working_memory)
    # One number per (sample, neighbour) pair makes one intersection of all.
    sample = n_samples * np.arange(n_samples)[:, None]
    shared = np.intersect1d(sample + true, sample + found, assume_unique=True)
    return shared.size / true.size


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def trustworthiness(
    X: MatrixLike,
    X_embedded: ArrayLike,
    *,
    n_neighbors: int = 5,
    metric: str | Callable = "euclidean",
    working_memory: float = 64,
) -> float:
    r"""Score how far neighbours in the embedding are from being true neighbours.

    .. math::

        T(k) = 1 - \frac{2}{nk (2n - 3k - 1)} \sum_{i=1}^n
            \sum_{j \in \mathcal{N}_i^k} \max(0, r(i, j) - k)

    where :math:`\mathcal{N}_i^k` are the k nearest neighbours of i in the embedding,
    and j is the :math:`r(i, j)`-th nearest neighbour of i in the true space [1]_.
    This is :func:`sklearn.manifold.trustworthiness` without the n x n arrays.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features or n_samples)
        The points in their true space, or if `metric` is "precomputed" the true
        distances, finite and non-negative, of which the diagonal is ignored.
    X_embedded : array-like of shape (n_samples, n_components)
        The embedding. Its distances are Euclidean.
    n_neighbors : int, default=5
        Size k of the neighbourhood, the sample itself not counted; between 1 and
        n_samples / 2, the latter excluded.
    metric : str or callable, default="euclidean"
        Distance in the true space: "precomputed", or a metric that
        :func:`sklearn.metrics.pairwise_distances` knows.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of one block of rows may take. The
        score does not depend on it.

    Returns
    -------
    trustworthiness : float
        In [0, 1]; 1 where all neighbours in the embedding are true neighbours.

    Raises
    ------
    ValueError
        If `n_neighbors` is not below n_samples / 2, if lengths differ, if a value is
        NaN or infinite, or if precomputed distances are negative or not square.

    See Also
    --------
    continuity : The same with the spaces exchanged.
    neighborhood_precision : Counts false neighbours, however far away they are.

    Notes
    -----
    Equally distant samples are ranked by index, lowest first, in both spaces. Time is
    O(n_samples^2 * (n_features + n_neighbors)).

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection
       methods: an experimental study", ICANN 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import trustworthiness
    >>> X = np.array([[0.0], [1.0], [3.0], [7.0], [15.0]])
    >>> trustworthiness(X, -2 * X, n_neighbors=2)
    1.0
    >>> round(trustworthiness(X, X[[0, 3, 4, 1, 2]], n_neighbors=2), 3)
    0.133
    """
    X, X_embedded = _check_spaces(X, X_embedded, metric)
    _check_below_half(n_neighbors, X_embedded.shape[0])
    neighbors = _nearest(X_embedded, n_neighbors, "euclidean", working_memory)
    return _rank_score(neighbors, X, metric, working_memory)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def continuity(
    X: MatrixLike,
    X_embedded: ArrayLike,
    *,
    n_neighbors: int = 5,
    metric: str | Callable = "euclidean",
    working_memory: float = 64,
) -> float:
    """Score how far true neighbours are from being neighbours in the embedding.

    This is :func:`trustworthiness` with the spaces exchanged: the neighbours are the
    true ones, their ranks those in the embedding [1]_. A low trustworthiness says that
    the embedding makes up neighbours, a low continuity that it tears some apart.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features or n_samples)
        The points in their true space, or if `metric` is "precomputed" the true
        distances, finite and non-negative, of which the diagonal is ignored.
    X_embedded : array-like of shape (n_samples, n_components)
        The embedding. Its distances are Euclidean.
    n_neighbors : int, default=5
        Size of the neighbourhood, the sample itself not counted; between 1 and
        n_samples / 2, the latter excluded.
    metric : str or callable, default="euclidean"
        Distance in the true space: "precomputed", or a metric that
        :func:`sklearn.metrics.pairwise_distances` knows.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of one block of rows may take. The
        score does not depend on it.

    Returns
    -------
    continuity : float
        In [0, 1]; 1 where all true neighbours are neighbours in the embedding.

    Raises
    ------
    ValueError
        If `n_neighbors` is not below n_samples / 2, if lengths differ, if a value is
        NaN or infinite, or if precomputed distances are negative or not square.

    See Also
    --------
    trustworthiness : The same with the spaces exchanged.

    Notes
    -----
    Equally distant samples are ranked by index, lowest first, in both spaces.

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection
       methods: an experimental study", ICANN 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import continuity
    >>> X = np.array([[0.0], [1.0], [3.0], [7.0], [15.0]])
    >>> continuity(X, -2 * X, n_neighbors=2)
    1.0
    >>> round(continuity(X, X[[0, 3, 4, 1, 2]], n_neighbors=2), 3)
    0.133
    """
    X, X_embedded = _check_spaces(X, X_embedded, metric)
    _check_below_half(n_neighbors, X_embedded.shape[0])
    neighbors = _nearest(X, n_neighbors, metric, working_memory)
    return _rank_score(neighbors, X_embedded, "euclidean", working_memory)
