"""Rows and targets in units of their spread, less a linear trend."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from skgeom.gaussian_process._units import refuse_large, spreads
from skgeom.gaussian_process._vecchia._trend import LinearTrend, fit_trend
from skgeom.graph import equal_rows
from skgeom.typing import NDArray

# So many rows are sorted: sums, and what is found, do not depend on their order.
_MOST_SORTED = 10_000


class Frame(NamedTuple):
    """The units of columns, targets and weights, and the trend that is taken away."""

    center: NDArray
    spread: NDArray
    varies: NDArray
    mean: NDArray
    scale: NDArray
    trend: LinearTrend
    weight: float

    def place(self, X):
        """Columns that vary, centred and in units of their spread, float64."""
        X = X[:, self.varies].astype(np.float64)
        return (X - self.center[self.varies]) / self.spread_of_varying

    def displace(self, points):
        """Placed rows in the units that columns came in."""
        X = np.tile(self.center, (len(points), 1))
        X[:, self.varies] += points * self.spread_of_varying
        return X

    def trend_of(self, points):
        """Mean and trend of placed rows, in the units of the targets."""
        return self.mean + self.trend.of(points)

    @property
    def spread_of_varying(self):
        """Standard deviations of the columns that vary; one if none does."""
        spread = self.spread[self.varies]
        return np.where(spread > 0, spread, 1.0)

    @property
    def coefficients(self):
        """Trend of the columns as they came, zero for those that are constant."""
        out = np.zeros((len(self.varies), len(self.mean)))
        out[self.varies] = self.trend.coefficients / self.spread_of_varying[:, None]
        return out

    def place_theta(self, theta):
        """Logs of hyper-parameters as placed rows have them, from those of users."""
        told = self._told
        if theta.shape != told.shape or not np.isfinite(theta[told]).all():
            raise ValueError(
                f"theta must hold {len(told)} finite numbers; got the shape "
                f"{theta.shape}."
            )
        placed = theta[told]
        placed[1:-1] -= np.log(self.spread_of_varying)
        placed[-1] -= np.log(self.weight)
        return placed

    def tell_theta(self, theta):
        """Logs of hyper-parameters in the units of users: what placing undoes."""
        out = np.full(len(self._told), np.log(np.finfo(np.float64).max))
        out[self._told] = theta
        out[1:-1][self.varies] += np.log(self.spread_of_varying)
        out[-1] += np.log(self.weight)
        return out

    def tell_lengths(self, theta):
        """Length scales in the units of users, the largest number where constant."""
        lengths = np.exp(np.minimum(self.tell_theta(theta)[1:-1], 709.0))
        return np.minimum(lengths, np.finfo(np.float32).max)

    def tell_by_theta(self, gradient):
        """A gradient by the logs of users: zero for columns that are constant."""
        out = np.zeros(len(self._told))
        out[self._told] = gradient
        return out

    @property
    def _told(self):
        """Which of the logs of users count."""
        return np.concatenate([[True], self.varies, [True]])

    @property
    def unit(self):
        """Scales of the targets; one for those that are constant."""
        return np.where(self.scale > 0, self.scale, 1.0)


class Table(NamedTuple):
    """Rows as a process of mean zero and variance one has them."""

    points: NDArray
    residuals: NDArray
    factors: NDArray

    def of(self, rows):
        """Some of the rows, in that order."""
        return Table(*(part[rows] for part in self))


def read_table(
    X: NDArray,
    targets: NDArray,
    weights: NDArray,
    linear_trend: bool,
    one_scale: bool,
) -> tuple[Frame, Table]:
    """Put rows and targets in units of their spread, and take the trend away.

    Copies, equal in all columns and targets, are one row of the sum of their weights.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    targets : ndarray of shape (n, n_targets)
        Float64.
    weights : ndarray of shape (n,)
        Inverse variances of the noise but for a factor, > 0.
    linear_trend : bool
        Whether there is one.
    one_scale : bool
        Whether all targets have the same unit, as where the noise is given.

    Returns
    -------
    frame : Frame
        The units, and the trend in units of the targets.
    table : Table
        Distinct rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._table import read_table
    >>> X, y = np.array([[1.0], [3.0], [3.0]]), np.array([[0.0], [4.0], [4.0]])
    >>> frame, table = read_table(X, y, np.ones(3), False, False)
    >>> table.factors, frame.mean.round(3)
    (array([1.5 , 0.75]), array([2.667]))
    """
    X, targets, weights = _merged(X, targets, weights)
    shares = weights / weights.sum()
    center, spread = spreads(X, shares)
    varies = spread > 0
    if not varies.any():
        # Of columns that are all constant, one stands for all.
        varies = np.arange(len(varies)) == 0
    mean, scale = spreads(targets, shares)
    no_trend, weight = LinearTrend.none(0, 0), weights.mean()
    frame = Frame(center, spread, varies, mean, scale, no_trend, weight)
    if one_scale:
        frame = frame._replace(scale=np.full_like(scale, scale.max()))
    points, residuals = frame.place(X), (targets - mean) / frame.unit
    trend = LinearTrend.none(points.shape[1], targets.shape[1])
    if linear_trend:
        trend = fit_trend(points, residuals, shares * len(shares))
        residuals = residuals - trend.of(points)
    left = np.sqrt(shares @ residuals**2)
    if one_scale:
        left = np.full_like(left, np.sqrt((left**2).mean()))
    left = np.where(left > 0, left, 1.0)
    trend = trend._replace(coefficients=trend.coefficients * frame.unit)
    frame = frame._replace(trend=trend, scale=frame.scale * left)
    return frame, Table(points, residuals / left, weight / weights)


def read_targets(y, X, name):
    """Targets of the rows of X, float64, of a size whose squares are numbers."""
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    check_consistent_length(X, y)
    refuse_large(y)
    return y


def _merged(X, targets, weights):
    """Distinct rows; few of them sorted, more in the order of their first copies."""
    both = np.column_stack([X, targets])
    groups = equal_rows(both)
    n = int(groups.max()) + 1
    first = np.full(n, len(groups))
    np.minimum.at(first, groups, np.arange(len(groups)))
    order = np.lexsort(both[first].T) if n <= _MOST_SORTED else np.argsort(first)
    kept = first[order]
    return X[kept], targets[kept], np.bincount(groups, weights, n)[order]
