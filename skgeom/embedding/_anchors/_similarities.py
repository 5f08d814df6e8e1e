"""Similarities of rows to anchors, and what is learned from the anchors for them.

Moschella, Maiorca, Fumero, Norelli, Locatello and Rodolà, "Relative representations
enable zero-shot latent space communication", ICLR 2023.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.covariance import ledoit_wolf_shrinkage

from skgeom.backends import Backend
from skgeom.typing import Array, NDArray

SIMILARITIES = ("whitened", "cosine", "distance")
# Variances of anchors below this share of the mean one are rounding.
_LEAST_VARIANCE = 1e-10
_TINY = 1e-150


class Whitening(NamedTuple):
    """Directions in which anchors vary, and how much longer than others they are.

    Parameters
    ----------
    directions : ndarray of shape (n_features, k)
        Orthonormal columns.
    shares : ndarray of shape (k,)
        What coordinates along them are multiplied by; what is across all of them stays
        as it is.
    """

    directions: NDArray
    shares: NDArray


def whitening(anchors: NDArray) -> Whitening:
    """Whiten by the covariance of centred anchors, shrunk as Ledoit and Wolf do.

    What few anchors say of a covariance is mostly noise: between none and all of the
    way to a multiple of the identity, the shrinkage that should be nearest to the truth
    is taken [1]_. With many anchors coordinates are those of any invertible linear map
    of the rows; with few they are those of rotations alone.

    Parameters
    ----------
    anchors : ndarray of shape (n_anchors, n_features)
        Rows around zero.

    Returns
    -------
    Whitening
        The map, up to a factor.

    References
    ----------
    .. [1] Ledoit and Wolf, "A well-conditioned estimator for large-dimensional
       covariance matrices", Journal of Multivariate Analysis 88, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._anchors._similarities import whitening
    >>> rng = np.random.default_rng(0)
    >>> found = whitening(rng.normal(size=(5000, 2)) * [1.0, 9.0])
    >>> (found.shares / found.shares[1]).round(1)
    array([0.1, 1. ])
    """
    n, d = anchors.shape
    _, s, Vt = np.linalg.svd(anchors, full_matrices=False)
    variances, mean = s**2 / n, (s**2).sum() / (n * d)
    if not mean > 0:
        return Whitening(Vt.T, np.ones(len(s)))
    shrinkage = ledoit_wolf_shrinkage(anchors, assume_centered=True)
    least = max(shrinkage * mean, _LEAST_VARIANCE * mean)
    variances = np.maximum((1 - shrinkage) * variances + shrinkage * mean, least)
    return Whitening(Vt.T, np.sqrt(least / variances))


def relative_coordinates(
    backend: Backend,
    rows: Array,
    anchors: Array,
    similarity: str,
    white: Whitening,
    unit: float,
) -> Array:
    """Similarities of rows to anchors, both centred.

    Parameters
    ----------
    backend : Backend
        Where rows and anchors are.
    rows : array of shape (n, n_features)
        Float64.
    anchors : array of shape (n_anchors, n_features)
        Float64.
    similarity : {"whitened", "cosine", "distance"}
        Which one.
    white : Whitening
        For "whitened".
    unit : float
        Distances are divided by it.

    Returns
    -------
    array of shape (n, n_anchors)
        Cosines, zero for rows of zeros; or distances.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._anchors._similarities import (
    ...     relative_coordinates, whitening)
    >>> rows = np.array([[3.0, 4.0]])
    >>> relative_coordinates(
    ...     get_backend(), rows, np.eye(2), "cosine", whitening(np.eye(2)), 1.0)
    array([[0.6, 0.8]])
    """
    xp = backend.xp
    if similarity == "distance":
        # From differences: a row that is an anchor is at zero.
        gaps = [rows - anchors[j] for j in range(anchors.shape[0])]
        return xp.stack([xp.sqrt(xp.sum(g * g, axis=1)) for g in gaps], axis=1) / unit
    if similarity == "whitened":
        directions, shares = (backend.asarray(a, backend.float64) for a in white)
        parts = []
        for points in (rows, anchors):
            along = points @ directions
            across = points - along @ xp.matrix_transpose(directions)
            parts.append(xp.concat([along * shares, across], axis=1))
        rows, anchors = parts
    return _unit_rows(xp, rows) @ xp.matrix_transpose(_unit_rows(xp, anchors))


def _unit_rows(xp, rows):
    size = xp.max(xp.abs(rows), axis=1, keepdims=True)
    rows = rows / (size + _TINY)
    return rows / (xp.sqrt(xp.sum(rows * rows, axis=1, keepdims=True)) + _TINY)


def usual_distance(anchors: NDArray) -> float:
    """Median distance of two anchors; one where most of them coincide."""
    apart = cdist(anchors, anchors)[np.triu_indices(len(anchors), 1)]
    return float(np.median(apart)) or 1.0 if apart.size else 1.0
