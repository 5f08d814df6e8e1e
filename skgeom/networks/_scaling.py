"""Columns of mean zero and spread one, whatever their size."""

from typing import NamedTuple

import numpy as np

from skgeom.typing import NDArray

# A row further from the mean is taken to be so far, in spreads: networks know nothing
# there, and their numbers stay numbers.
_FURTHEST = 1e6
# A column whose spread is no more than rounding has none.
_ROUNDING = 1e-12


class Scaling(NamedTuple):
    """An affine map of columns, and its inverse.

    Attributes
    ----------
    center : ndarray of shape (n_features,)
        Means.
    scale : ndarray of shape (n_features,)
        Standard deviations; of a column that is constant its size, or 1 of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.networks import Scaling
    >>> X = np.array([[1.0, 1e300], [3.0, 3e300]])
    >>> Scaling.of(X).apply(X)
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    center: NDArray
    scale: NDArray

    @classmethod
    def of(cls, X: NDArray, *, together: bool = False) -> "Scaling":
        """Measure rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Rows, finite.
        together : bool, default=False
            Whether all columns have one scale, so that angles are kept: then the mean
            of their variances becomes 1.

        Returns
        -------
        Scaling
            That makes these rows of mean 0 and spread 1.
        """
        X = np.asarray(X, dtype=np.float64)
        unit = np.abs(X).max(axis=0)
        unit[unit == 0] = 1.0
        parts = X / unit
        mean = parts.mean(axis=0)
        spread = (parts - mean).std(axis=0)
        spread[spread <= _ROUNDING * np.abs(mean)] = 0.0
        if not together:
            return cls(mean * unit, np.where(spread > 0, spread, 1.0) * unit)
        largest = unit.max()
        whole = np.sqrt(((spread * (unit / largest)) ** 2).mean())
        one = whole * largest or largest
        return cls(mean * unit, np.full(len(unit), one))

    def apply(self, X: NDArray) -> NDArray:
        """Map rows to mean 0 and spread 1.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Float64, within a million spreads of the mean.
        """
        with np.errstate(over="ignore"):
            Z = np.asarray(X, dtype=np.float64) / self.scale
            Z -= self.center / self.scale
        return np.clip(Z, -_FURTHEST, _FURTHEST, out=Z)

    def invert(self, Z: NDArray) -> NDArray:
        """Map back.

        Parameters
        ----------
        Z : ndarray of shape (n_rows, n_features)
            Rows as `apply` returns them.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Float64, finite.
        """
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore"):
            return np.clip(Z * self.scale + self.center, -largest, largest)
