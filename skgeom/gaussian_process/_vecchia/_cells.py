"""Noisy rows that lie dense, as means over cells small beside length scales."""

import numpy as np

from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.gaussian_process._vecchia._table import Table
from skgeom.graph import equal_rows
from skgeom.typing import NDArray

# Sides of cells in length scales, at most; the power of it that the variance of the
# mean of a cell about the field at its centre goes with; rows that are worth a cell.
_SIDES = {"rbf": (0.3, 4), "matern52": (0.3, 4), "matern32": (0.15, 3)}
_LEAST_ROWS = 3.0
# Noise of a mean for one of that variance, and that variance for the power of the side.
_NOISIER, _BEND = 2.0, 0.1


def cells_of(table: Table, theta: NDArray, kernel: str) -> Table | None:
    """Means over cells, if there are many rows in one that says next to nothing more.

    A cell is so small that the field in it differs from that at its centre by less than
    noise is left in the mean of its rows.

    Parameters
    ----------
    table : Table
        Rows.
    theta : ndarray of shape (n_features + 2,)
        Logs of signal variance, length scales and noise variance.
    kernel : str
        A name of the backends.

    Returns
    -------
    Table or None
        Means of points and residuals, and what noise is left in them. None where rows
        are too few for cells, the noise is too small, or the field has no slopes.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._vecchia._cells import cells_of
    >>> from skgeom.gaussian_process._vecchia._table import Table
    >>> x = np.linspace(0, 1, 100)[:, None]
    >>> cells = cells_of(Table(x, x, np.ones(100)), np.log([1, 1, 1]), "rbf")
    >>> np.sort(cells.points.ravel()).round(2), np.sort(cells.factors).round(2)
    (array([0.15, 0.45, 0.75, 0.95]), array([0.03, 0.03, 0.03, 0.1 ]))
    """
    if kernel not in _SIDES or not table.points.shape[1]:
        return None
    parameters, d = Parameters(theta), table.points.shape[1]
    side, power = _SIDES[kernel]
    Z = table.points / parameters.lengths
    groups = _groups(Z, side)
    rows = len(Z) / (groups.max() + 1)
    if rows < _LEAST_ROWS:
        return None
    # bend side^power signal <= noise / (noisier rows side^d / side_0^d)
    ratio = parameters.signal / (parameters.noise * np.mean(table.factors))
    most = side**d / (_NOISIER * _BEND * ratio * rows)
    if most ** (1 / (power + d)) < side:
        groups = _groups(Z, most ** (1 / (power + d)))
        if len(Z) / (groups.max() + 1) < _LEAST_ROWS:
            return None
    return _means(table, groups)


def _groups(Z, side):
    """The number of the cell of a grid that each row is in."""
    return equal_rows(np.floor((Z - Z.min(axis=0)) / side))


def _means(table, groups):
    """Weighted means of the rows of each group."""
    n, weights = int(groups.max()) + 1, 1 / table.factors
    total = np.bincount(groups, weights, n)

    def mean(A):
        sums = [np.bincount(groups, weights * column, n) for column in A.T]
        return (np.array(sums) / total).T

    return Table(mean(table.points), mean(table.residuals), 1 / total)
