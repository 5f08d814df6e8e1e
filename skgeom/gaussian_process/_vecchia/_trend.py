"""A linear trend by ridge regression (Hoerl and Kennard, 1970)."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from skgeom.typing import NDArray

# Penalties for each unit of weight that are tried, beside one.
_PENALTIES = 10.0 ** np.arange(-6.0, 3.1, 0.5)


class LinearTrend(NamedTuple):
    """Coefficients of columns, and the range that a column counts in."""

    coefficients: NDArray
    lower: NDArray
    upper: NDArray

    def of(self, points):
        """The trend at points: beyond the range it goes on as at its end."""
        return np.clip(points, self.lower, self.upper) @ self.coefficients

    @classmethod
    def none(cls, n_features, n_targets):
        """The trend that is zero."""
        zeros = np.zeros(n_features)
        return cls(np.zeros((n_features, n_targets)), zeros, zeros)


def fit_trend(points: NDArray, targets: NDArray, weights: NDArray) -> LinearTrend:
    """Fit a trend, its penalty by generalised cross-validation.

    A column may go a range beyond that of the rows: where it is next to constant in
    them but for one row, least squares would let a value that is a little farther out
    decide everything. For the same reason the penalty is at least one, that is, the
    variance of a coefficient at most that of what is left.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Columns of weighted mean zero, in units of their spread.
    targets : ndarray of shape (n, n_targets)
        Of weighted mean zero.
    weights : ndarray of shape (n,)
        Of the squared errors, > 0, of mean one.

    Returns
    -------
    LinearTrend
        Of all targets, each with its own penalty.

    References
    ----------
    Golub, Heath and Wahba, "Generalized cross-validation as a method for choosing a
    good ridge parameter", Technometrics 21, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._trend import fit_trend
    >>> x = np.linspace(-1, 1, 99)[:, None]
    >>> trend = fit_trend(x, 2 * x, np.ones(99))
    >>> trend.of(np.array([[0.5], [50.0]])).round(1)
    array([[1. ],
           [5.8]])
    """
    n, p = points.shape
    reach = np.ptp(points, axis=0)
    limits = points.min(axis=0) - reach, points.max(axis=0) + reach
    if p == 0:
        return LinearTrend.none(p, targets.shape[1])
    scaled = np.sqrt(weights)[:, None] * points
    aims = np.sqrt(weights)[:, None] * targets
    # Squares of singular values, and directions of columns, from the smaller matrix.
    if p <= n:
        squares, V = scipy.linalg.eigh(scaled.T @ scaled)
    else:
        squares, U = scipy.linalg.eigh(scaled @ scaled.T)
        V = scaled.T @ U / np.sqrt(np.maximum(squares, 1e-12 * squares[-1]))
    kept = squares > 1e-12 * squares[-1]
    squares, V = squares[kept], V[:, kept]
    moments = V.T @ (scaled.T @ aims)
    penalties = np.unique(np.maximum(n * _PENALTIES, 1.0))[:, None]
    shrinkage = squares / (squares + penalties)
    missed = (aims**2).sum(axis=0) - (1 - (1 - shrinkage) ** 2) @ (
        moments**2 / squares[:, None]
    )
    freedom = np.maximum(n - 1 - shrinkage.sum(axis=1), 1e-3)
    best = np.argmin(np.maximum(missed, 0.0) / freedom[:, None] ** 2, axis=0)
    solved = moments / (squares[:, None] + penalties[best].T)
    return LinearTrend(V @ solved, *limits)
