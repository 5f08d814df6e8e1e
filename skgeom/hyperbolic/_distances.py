"""Distances as input: what a matrix of them must be, and the nearest of new rows."""

import numpy as np
from scipy.sparse.csgraph import connected_components

from skgeom._warnings import warn
from skgeom.typing import NDArray

# Two sides of a matrix, and its diagonal, may differ from what they should be by so
# much of the largest entry.
_ROUNDING = {8: 1e-8, 4: 1e-4}


def checked_dissimilarities(X: NDArray, name: str) -> NDArray:
    """A symmetric matrix of distances, zero on the diagonal.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_samples)
        NaN is a distance that is not known; where the other half knows it, that is
        taken.
    name : str
        The setting that errors and warnings name.

    Returns
    -------
    ndarray of shape (n_samples, n_samples), float64
        The mean of both directions, after a warning where they differ.

    Raises
    ------
    ValueError
        If it is not square, an entry is negative or infinite, or a row is not at
        distance zero from itself.
    """
    if X.shape[0] != X.shape[1]:
        raise ValueError(
            f"{name} needs a square matrix of shape (n_samples, n_samples), got "
            f"{X.shape}."
        )
    if np.isinf(X).any():
        n_parts = connected_components(np.isfinite(X), directed=False)[0]
        raise ValueError(
            f"{name}: X contains infinity. Of a graph with {n_parts} parts take one at "
            "a time; NaN is a distance that is not known."
        )
    D = np.where(np.isnan(X), X.T, X).astype(np.float64)
    least, size = np.nanmin(D, initial=0.0), float(np.nanmax(D, initial=0.0))
    if least < 0:
        raise ValueError(f"{name} needs distances >= 0; the least is {least:.3g}.")
    allowed = _ROUNDING[X.dtype.itemsize] * size
    own = np.nan_to_num(np.diagonal(D))
    if own.max(initial=0.0) > allowed:
        row = int(np.argmax(own))
        raise ValueError(
            f"{name} needs distances, zero on the diagonal; row {row} is at distance "
            f"{own[row]:.3g} from itself. Turn similarities into distances first."
        )
    if np.nanmax(np.abs(D - D.T), initial=0.0) > allowed:
        warn(f"{name}: the matrix is not symmetric; the mean of both halves is used.")
    D = D / 2 + D.T / 2
    np.fill_diagonal(D, 0.0)
    return D
