"""Rows in units in which every direction varies alike, whatever the columns."""

from typing import NamedTuple

import numpy as np
import scipy.linalg
from sklearn.covariance import ledoit_wolf_shrinkage

from skgeom.typing import NDArray

# Directions with a smaller share of the largest variance do not vary.
_FLAT = 1e-12
# Deviations below this share of the largest number of a column are rounding.
_CONSTANT = 1e-13


class Whitening(NamedTuple):
    """An affine map of rows.

    Parameters
    ----------
    mean : ndarray of shape (n_features,)
        Of the rows.
    matrix : ndarray of shape (n_features, rank)
        Maps centred rows to uncorrelated coordinates of variance one, but for
        shrinkage; those of the largest variance come first.
    """

    mean: NDArray
    matrix: NDArray


def whiten(X: NDArray, shrinkage: float | None) -> tuple[NDArray, Whitening]:
    """Whiten rows by their correlations, shrunk to the identity.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), float64
        Rows, at least two.
    shrinkage : float or None
        Share of the identity, in [0, 1]. None is that of Ledoit and Wolf ("A
        well-conditioned estimator for large-dimensional covariance matrices", Journal
        of Multivariate Analysis 88, 2004), for columns of variance one.

    Returns
    -------
    rows : ndarray of shape (n, rank)
        Whitened rows. Columns that are constant take no part, and the rank is 0 if all
        are.
    whitening : Whitening
        The map.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._sufficient_subspace._whitening import whiten
    >>> X = np.array([[0.0, 0, 7], [2, 0, 7], [0, 8, 7], [2, 8, 7]])
    >>> Z, found = whiten(X, 0.0)
    >>> (Z.T @ Z / 4).round(12), found.mean
    (array([[1., 0.],
           [0., 1.]]), array([1., 4., 7.]))
    """
    # As parts of the largest number, sums and squares are numbers, too.
    size = np.abs(X).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    scaled = X / size
    mean = scaled.mean(axis=0)
    scaled -= mean
    spread = np.sqrt((scaled**2).mean(axis=0))
    varies = spread > _CONSTANT
    unit = np.where(varies, spread, 1.0)
    centred = np.where(varies, scaled / unit, 0.0)
    standard = centred[:, varies]
    matrix = np.zeros((X.shape[1], 0))
    if standard.shape[1]:
        root = _inverse_root(standard, shrinkage)
        matrix = np.zeros((X.shape[1], root.shape[1]))
        matrix[varies] = root
    found = Whitening(mean * size, matrix / (size * unit)[:, None])
    return centred @ matrix, found


def _inverse_root(standard, shrinkage):
    """The map that whitens columns of variance one."""
    n = len(standard)
    if shrinkage is None:
        shrinkage = float(ledoit_wolf_shrinkage(standard, assume_centered=True))
    values, vectors = scipy.linalg.eigh(standard.T @ standard / n)
    values = (1 - shrinkage) * np.maximum(values, 0.0) + shrinkage
    kept = values > _FLAT * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept]))[:, ::-1]
