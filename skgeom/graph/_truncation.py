"""Telling directions of space that hold noise alone from those that hold a shape."""

import numpy as np

from skgeom.graph._neighbors import nearest_neighbors, power_of_two
from skgeom.typing import NDArray

# Fewer columns than this hold no room for noise directions.
_MANY_FEATURES = 10
# Neighbours that foretell what a direction holds.
_FORETELLERS = 10
# Rows that are looked at.
_SAMPLE = 500


def truncate_noise(X: NDArray) -> NDArray:
    r"""Keep the singular directions of the points that stand above the noise.

    Those are the ones with a singular value above :math:`\omega(\beta)` times the
    median, the optimal hard threshold for white noise of unknown level [1]_. Directions
    in which points differ by rounding alone, that of the width of X or of the single
    precision that its numbers were in before, do not count.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.

    Returns
    -------
    ndarray of shape (n_samples, n_kept)
        Centred coordinates in the kept directions, at least two of them where X has
        two columns.

    References
    ----------
    .. [1] Gavish and Donoho, "The optimal hard threshold for singular values is
       4/sqrt(3)", IEEE Transactions on Information Theory 60, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import truncate_noise
    >>> rng = np.random.default_rng(0)
    >>> plane = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 30))
    >>> truncate_noise(plane + 0.01 * rng.normal(size=(500, 30))).shape
    (500, 2)
    """
    coordinates, values = _principal_coordinates(X)
    return _above_noise(coordinates, values, max(X.shape))


def _above_noise(coordinates, values, longer):
    """Leading directions above the noise; `longer` is the longer side of the points."""
    beta = len(values) / longer
    # The cubic approximation that the paper gives for an unknown noise level.
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    kept = max(2, int(np.count_nonzero(values > omega * np.median(values))))
    return coordinates[:, :kept]


def drop_noise_directions(X, rounding=None):
    """Apply `truncate_noise` to points that differ in more than ten directions.

    With fewer, only directions in which points do not differ, but for `rounding`, are
    dropped: they would pass for directions without noise. Of the directions that
    `truncate_noise` drops, those stay that neighbours foretell.
    """
    coordinates, values = _principal_coordinates(X, rounding)
    if len(values) > _MANY_FEATURES:
        kept = _above_noise(coordinates, values, max(X.shape))
        return kept if len(X) < 3 else _with_foretold(kept, coordinates)
    return coordinates if len(values) < X.shape[1] else X


def _with_foretold(kept, coordinates):
    """Add the weaker directions that neighbours foretell: they hold no mere noise.

    The threshold takes the median direction for noise. Where most directions hold
    something, it is not, and then points near each other in the strong directions are
    near each other in the weak ones, too.
    """
    n, n_kept = kept.shape
    rest = coordinates[:, n_kept:]
    if rest.shape[1] == 0:
        return kept
    rows = spread(n)
    k = min(_FORETELLERS, n - 1)
    near = nearest_neighbors(
        np.ascontiguousarray(kept), rows=rows, n_neighbors=k, algorithm="exact"
    )[1]
    missed = ((rest[rows] - rest[near].mean(axis=1)) ** 2).sum(axis=0)
    # The mean of k strangers misses by one k-th more than the mean of all.
    foretold = missed < (rest[rows] ** 2).sum(axis=0)
    return np.concatenate([kept, rest[:, foretold]], axis=1)


def rounding_of(X):
    """How far rounding may have moved the points in each column, all together.

    Known from the numbers and not from their type, which may have been widened on the
    way: those that single precision holds were rounded to it.
    """
    with np.errstate(over="ignore"):
        single = (X.astype(np.float32) == X).all(axis=0)
    eps = np.where(single, *(np.finfo(t).eps for t in (np.float32, np.float64)))
    # In this unit squares stay finite.
    unit = unit_of(X)
    return eps * unit * np.linalg.norm(X / unit, axis=0)


def _principal_coordinates(X, rounding=None):
    """Centred points in all directions but those of rounding, and their sizes.

    At least two directions where X has two columns. `rounding` is that of the points
    before they were centred, where they come centred.
    """
    X = np.asarray(X, dtype=np.float64)
    rounding = rounding_of(X) if rounding is None else rounding
    X = X - X.mean(axis=0)
    # Means of large numbers are rounded, those of what they leave are not.
    X -= X.mean(axis=0)
    # The triangle of many rows has their singular values and directions, and to find it
    # takes a fraction of the time.
    tall = len(X) > 2 * X.shape[1]
    triangle = np.linalg.qr(X, mode="r") if tall else X
    U, values, directions = np.linalg.svd(triangle, full_matrices=False)
    # A few steps of arithmetic round more than once, and a turn in space adds up the
    # rounding of a row.
    moved = 4 * np.sqrt(X.shape[1]) * np.linalg.norm(directions * rounding, axis=1)
    present = values > np.maximum(moved, 1e-12 * values[0])
    if present.sum() < 2:
        present[:2] = True
    if tall:
        return X @ directions[present].T, values[present]
    return U[:, present] * values[present], values[present]


def spread(n):
    """At most so many rows as are looked at, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, _SAMPLE)).astype(int))


def unit_of(X):
    """A power of two near the size of the points: squares in it stay finite."""
    return power_of_two(float(max(X.max(), -X.min())))
