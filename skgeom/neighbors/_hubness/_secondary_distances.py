"""Distances that count how near both ends have their neighbours, and who is nearest.

Jegou, Schmid, Harzallah and Verbeek, "Accurate image search using the contextual
dissimilarity measure", IEEE Transactions on Pattern Analysis and Machine Intelligence
32, 2010; Schnitzer, Flexer, Schedl and Widmer, "Local and global scaling reduce hubs in
space", Journal of Machine Learning Research 13, 2012.
"""

import numpy as np
from scipy.special import ndtr

from skgeom.backends import Backend, as_numpy, row_blocks
from skgeom.graph import Attachment, nearest_neighbors
from skgeom.metrics._pairwise import distances_between
from skgeom.typing import Array, NDArray

METHODS = ("nicdm", "local_scaling", "mutual_proximity")
# The nearest of each of so many groups of rows of similar scale are looked at, so many
# times as many as are wanted, and at least so many: nearly as good as all rows, see the
# benchmark.
_GROUPS, _TIMES, _LEAST = 10, 6, 64
# Rows that means and deviations of distances are taken over, at most.
_MANY = 5000
# Coordinates beyond this, in units of the training rows, have squares that overflow.
_FARTHEST = 1e140


def reduced(method: str, distances: NDArray, here: NDArray, there: NDArray) -> NDArray:
    """Distances, as the scales of both ends have them.

    Parameters
    ----------
    method : {"nicdm", "local_scaling", "mutual_proximity"}
        The formula.
    distances : ndarray of shape (n_rows, k)
        Distances >= 0.
    here : ndarray of shape (n_rows,) or (n_rows, 2)
        Scales > 0 of the rows; of mutual proximity means and deviations.
    there : ndarray of shape (n_rows, k) or (n_rows, k, 2)
        Scales of the others.

    Returns
    -------
    ndarray of shape (n_rows, k)
        Without a unit; zero where the distance is.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.neighbors._hubness._secondary_distances import reduced
    >>> reduced("nicdm", np.array([[2.0, 2.0]]), np.ones(1), np.array([[4.0, 1.0]]))
    array([[1., 2.]])
    """
    if method == "mutual_proximity":
        a, b = _passed(distances, here[:, None]), _passed(distances, there)
        # One less the chance that both have another row that is farther.
        return a + b - a * b
    found = distances / np.sqrt(here)[:, None] / np.sqrt(there)
    return found if method == "nicdm" else -np.expm1(-(found**2))


def _passed(distances, moments):
    """Share of all rows that would be nearer, by a Gaussian of what is above zero."""
    mean, deviation = moments[..., 0], moments[..., 1]
    below = ndtr(-mean / deviation)
    return (ndtr((distances - mean) / deviation) - below) / (1 - below)


def scales_of_lists(method: str, distances: NDArray, own: NDArray) -> NDArray:
    """How near rows have their neighbours.

    Parameters
    ----------
    method : {"nicdm", "local_scaling"}
        Mean distance, or the last one.
    distances : ndarray of shape (n_rows, k + 1)
        To training rows, nearest first.
    own : ndarray of shape (n_rows,)
        Share of the row that is the training row nearest to it, which does not count.

    Returns
    -------
    ndarray of shape (n_rows,)
        Of k neighbours.
    """
    if distances.shape[1] == 1:
        return distances[:, 0]
    if method == "nicdm":
        new, old = distances[:, :-1].mean(axis=1), distances[:, 1:].mean(axis=1)
    else:
        new, old = distances[:, -2], distances[:, -1]
    return (1 - own) * new + own * old


def own_shares(distances: NDArray) -> NDArray:
    """Shares in which rows are the training rows near them, from 0 to 1.

    Parameters
    ----------
    distances : ndarray of shape (n_rows, k)
        To the nearest training rows, nearest first.

    Returns
    -------
    ndarray of shape (n_rows,)
        One where a distance is zero; zero from a twentieth of the last distance on.
    """
    places = np.broadcast_to(np.arange(distances.shape[1]), distances.shape)
    attached = Attachment.to_neighbors(distances, places, distances.shape[1])
    return np.asarray(attached.own.sum(axis=1)).ravel()


def moments_of(points: NDArray, rows: NDArray, metric: str) -> NDArray:
    """Mean and deviation of the distances of rows from all points.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Evenly chosen ones stand for all if they are many.
    rows : ndarray of shape (n_rows, n_features)
        The rows.
    metric : {"euclidean", "cosine"}
        The distance.

    Returns
    -------
    ndarray of shape (n_rows, 2)
        Both are positive.
    """
    chosen = np.linspace(0, len(points) - 1, min(len(points), _MANY)).astype(np.int64)
    points, rows = (as_numpy(A).astype(np.float64) for A in (points[chosen], rows))
    rows = np.clip(rows, -_FARTHEST, _FARTHEST)
    parts = [
        moments_of_distances(distances_between(rows[part], points, metric))
        for part in row_blocks(len(rows), 8 * 4 * len(points))
    ]
    return np.concatenate(parts)


def moments_of_distances(distances: NDArray) -> NDArray:
    """Mean and deviation of each row of distances.

    Parameters
    ----------
    distances : ndarray of shape (n_rows, n)
        Distances >= 0.

    Returns
    -------
    ndarray of shape (n_rows, 2)
        Where all are equal the deviation is tiny, and where all are zero the mean one.
    """
    mean = distances.mean(axis=1)
    mean = np.where(mean > 0, mean, 1.0)
    deviation = (distances / mean[:, None]).std(axis=1) * mean
    return np.stack([mean, np.maximum(deviation, 1e-12 * mean)], axis=1)


def nearest_by_scale(
    points: Array,
    rows: Array,
    scale: NDArray,
    there: NDArray,
    k: int,
    *,
    method: str,
    metric: str,
    backend: Backend,
) -> tuple[NDArray, NDArray]:
    """Find the rows that are nearest by reduced distances.

    A row that is not near by plain distances can be near by these, and is where it lies
    in a loose cluster beside a dense one. Among rows of one scale both orders are the
    same: the nearest are therefore taken from each of ten groups of rows whose
    scales are similar.

    Parameters
    ----------
    points : array of shape (n, n_features)
        Training rows.
    rows : array of shape (n_rows, n_features)
        Whose neighbours are wanted.
    scale : ndarray of shape (n_rows,) or (n_rows, 2)
        Their scales.
    there : ndarray of shape (n,) or (n, 2)
        Those of the training rows.
    k : int
        Neighbours a row, at most n.
    method : {"nicdm", "local_scaling", "mutual_proximity"}
        The formula.
    metric : {"euclidean", "cosine"}
        The plain distance.
    backend : Backend
        Where searches run.

    Returns
    -------
    values : ndarray of shape (n_rows, k)
        Reduced distances, smallest first.
    indices : ndarray of shape (n_rows, k), int64
        Training rows.
    """
    n, wanted = points.shape[0], max(_TIMES * k, _LEAST)
    order = np.argsort(there if there.ndim == 1 else there[:, 0], kind="stable")
    n_groups = max(1, min(_GROUPS, n // wanted))
    kept = (
        np.empty((len(rows), 0)),
        np.empty((len(rows), 0)),
        np.empty((len(rows), 0), np.int64),
    )
    for group in np.array_split(order, n_groups):
        group = np.sort(group)
        few = backend.xp.take(points, backend.asarray(group), axis=0)
        distances, near = nearest_neighbors(
            few,
            rows,
            n_neighbors=min(wanted, len(group)),
            metric=metric,
            backend=backend,
        )
        indices = group[near]
        values = reduced(method, distances, scale, there[indices])
        values = np.concatenate([kept[0], values], axis=1)
        distances = np.concatenate([kept[1], distances], axis=1)
        indices = np.concatenate([kept[2], indices], axis=1)
        kept = smallest(values, distances, indices, k)
    return kept[0], kept[2]


def smallest(
    values: NDArray, distances: NDArray, indices: NDArray, k: int
) -> tuple[NDArray, NDArray, NDArray]:
    """Keep the k smallest of each row, in order; of equal ones the nearest, the first.

    Parameters
    ----------
    values, distances, indices : ndarray of shape (n_rows, m)
        Reduced and plain distances, and whose they are.
    k : int
        How many.

    Returns
    -------
    values, distances, indices : ndarray of shape (n_rows, k)
        Those that are kept.
    """
    parts = []
    for rows in row_blocks(len(values), 8 * 8 * values.shape[1]):
        block = values[rows], distances[rows], indices[rows]
        order = np.lexsort(block[::-1], axis=1)[:, :k]
        parts.append([np.take_along_axis(entry, order, axis=1) for entry in block])
    values, distances, indices = map(np.concatenate, zip(*parts, strict=True))
    return values, distances, indices
