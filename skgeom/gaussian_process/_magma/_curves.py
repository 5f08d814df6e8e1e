"""Rows of a long table as curves, in units of their spread."""

from typing import NamedTuple

import numpy as np

from skgeom.gaussian_process._units import spreads
from skgeom.typing import NDArray

# Spreads from the centre that are as good as infinitely many.
_FARTHEST = 1e9


class Units(NamedTuple):
    """Centres and spreads of inputs and of targets."""

    center: NDArray
    spread: NDArray
    mean: float
    scale: float

    @classmethod
    def of(cls, inputs, targets):
        """Of all rows together; what is constant has the spread zero."""
        center, spread = spreads(inputs)
        mean, scale = spreads(targets[:, None])
        return cls(center, spread, float(mean[0]), float(scale[0]))

    def place(self, inputs):
        """Inputs in units of their spread; constant columns are zero."""
        spread = np.where(self.spread > 0, self.spread, np.inf)
        with np.errstate(over="ignore"):
            placed = (inputs.astype(np.float64) - self.center) / spread
        return np.clip(placed, -_FARTHEST, _FARTHEST)

    def inputs_of(self, placed):
        """What has been placed, as it came."""
        return self.center + placed * self.spread

    def standard(self, targets):
        """Targets of mean zero and variance one."""
        return (targets - self.mean) / (self.scale or 1.0)


class Stack(NamedTuple):
    """Curves of about the same number of rows; missing rows are zeros.

    `inputs` has the shape (n_curves, n, n_inputs), `targets` and `there` (which rows
    there are) have (n_curves, n), and `which` says which curves these are.
    """

    inputs: NDArray
    targets: NDArray
    there: NDArray
    which: NDArray

    def of(self, some):
        """Some of the curves."""
        return Stack(*(part[some] for part in self))


class Curves(NamedTuple):
    """All rows of all curves, sorted by curve and input.

    Rows `starts[i]` to `starts[i + 1]` are those of curve i.
    """

    inputs: NDArray
    targets: NDArray
    starts: NDArray

    @classmethod
    def of(cls, inputs, targets, codes, n_curves):
        """From rows in any order, and the curve of each."""
        order = np.lexsort([targets, *inputs.T[::-1], codes])
        starts = np.searchsorted(codes[order], np.arange(n_curves + 1))
        return cls(inputs[order], targets[order], starts)

    def placed(self, units):
        """The same in units of their spread."""
        inputs, targets = units.place(self.inputs), units.standard(self.targets)
        return Curves(inputs, targets, self.starts)

    @property
    def sizes(self):
        """How many rows each curve has."""
        return np.diff(self.starts)

    def one(self, i):
        """Inputs and targets of a curve."""
        rows = slice(self.starts[i], self.starts[i + 1])
        return self.inputs[rows], self.targets[rows]

    def stacks(self):
        """Curves in stacks of nearly equal sizes, so that one call does for many."""
        padded = np.array([_padded(size) for size in self.sizes])
        return [self._stack(n, np.flatnonzero(padded == n)) for n in np.unique(padded)]

    def _stack(self, n, which):
        there = np.arange(n) < self.sizes[which][:, None]
        rows = self.starts[which][:, None] + np.where(there, np.arange(n), 0)
        inputs = np.where(there[:, :, None], self.inputs[rows], 0.0)
        return Stack(inputs, np.where(there, self.targets[rows], 0.0), there, which)


def grid_of(inputs: NDArray, n_grid: int, rng: np.random.RandomState) -> NDArray:
    """Places that stand for all inputs.

    Parameters
    ----------
    inputs : ndarray of shape (n, n_inputs)
        Inputs of all rows, in units of their spread.
    n_grid : int
        Most places, at least 1.
    rng : RandomState
        Decides where they are, in two columns or more.

    Returns
    -------
    ndarray of shape (n_places, n_inputs)
        The distinct inputs where these are few enough. Else as many places: between
        equally many inputs each and between equal steps, in the same measure, along a
        line; in more columns centres of k-means.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.gaussian_process._magma._curves import grid_of
    >>> x = np.array([[0.0], [1.0], [1.0], [4.0]])
    >>> grid_of(x, 9, np.random.RandomState(0)).ravel()
    array([0., 1., 4.])
    """
    distinct = np.unique(inputs, axis=0)
    if len(distinct) <= n_grid:
        return distinct
    if n_grid == 1:
        return distinct[len(distinct) // 2][None]
    if inputs.shape[1] > 1:
        from sklearn.cluster import KMeans

        rows = rng.permutation(len(distinct))[: 50 * n_grid]
        model = KMeans(n_grid, n_init=1, max_iter=10, random_state=rng)
        return model.fit(distinct[np.sort(rows)]).cluster_centers_
    line = distinct[:, 0]
    # Half of the density is that of the inputs, half is even.
    share = np.linspace(0, 1, len(line))
    even = (line - line[0]) / (line[-1] - line[0])
    wanted = np.linspace(0, 1, n_grid)
    return np.interp(wanted, (share + even) / 2, line)[:, None]


def _padded(size):
    """The next of 1, 2, 3, 4, 6, 8, 12, 16, ...: at most half as much again."""
    power = 2 ** int(np.log2(max(size, 1)))
    if size <= power:
        return power
    return power + power // 2 if 2 * size <= 3 * power else 2 * power
