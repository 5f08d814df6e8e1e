"""Distances as input: what a matrix of them must be, and the nearest of new rows."""

import numpy as np

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
        Finite.
    name : str
        The setting that errors and warnings name.

    Returns
    -------
    ndarray of shape (n_samples, n_samples), float64
        The mean of both directions, after a warning where they differ.

    Raises
    ------
    ValueError
        If it is not square, an entry is negative, or a row is not at distance zero from
        itself.
    """
    if X.shape[0] != X.shape[1]:
        raise ValueError(
            f"{name} needs a square matrix of shape (n_samples, n_samples), got "
            f"{X.shape}."
        )
    if (X < 0).any():
        raise ValueError(f"{name} needs distances >= 0; the least is {X.min():.3g}.")
    size = float(X.max(initial=0.0))
    allowed = _ROUNDING[X.dtype.itemsize] * size
    own = np.abs(np.diagonal(X))
    if own.max(initial=0.0) > allowed:
        row = int(np.argmax(own))
        raise ValueError(
            f"{name} needs distances, zero on the diagonal; row {row} is at distance "
            f"{own[row]:.3g} from itself. Turn similarities into distances first."
        )
    D = X.astype(np.float64)
    if np.abs(D - D.T).max(initial=0.0) > allowed:
        warn(f"{name}: the matrix is not symmetric; the mean of both halves is used.")
    D = D / 2 + D.T / 2
    np.fill_diagonal(D, 0.0)
    return D
