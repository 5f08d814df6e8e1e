"""A bound of the inertia in few dimensions, by prices of points.

Give each point i a number r_i. A cluster S with mean c has the inertia

    sum_S |x_i - c|^2 = sum_S r_i - sum_S (r_i - |x_i - c|^2)
                     >= sum_S r_i - f(c),    f(c) = sum_i max(0, r_i - |x_i - c|^2),

so that every partition into K clusters has at least sum_i r_i - K max_c f(c). This is
the dual of the linear program over all possible clusters (du Merle, Hansen, Jaumard and
Mladenovic, "An interior point algorithm for minimum sum-of-squares clustering", SIAM
Journal on Scientific Computing 21, 2000), which is at least as tight as the
semidefinite one: each of its columns is feasible there. The maximum over c is a problem
of branch and bound in as many dimensions as the points have.
"""

import math

import numpy as np

from skgeom.cluster._sdp._bound import unit_of
from skgeom.typing import NDArray

# Most dimensions, and the columns of X that are looked at for that.
MAX_AXES, _MAX_COLUMNS = 5, 64
# Points that are worked with, the others in cells; pairs of points and centres to pay
# for.
_CELLS, _CELLS_PER_CLUSTER, _PAIRS = 500, 25, 2_000_000
# Looks at points of the branch and bound, and how near it comes.
_VISITS, _VISITS_PER_POINT = 20_000_000, 20_000
_COARSE, _NEAR, _EXACT = 0.2, 2e-3, 1e-10
# Smoothing of the maximum, as a share of the inertia of a cluster, and steps for each.
_HEATS, _STEPS, _ROUNDS = (0.02, 0.005), 25, 6
# Parts of what the next mean is farther off, that are tried.
_PARTS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02)
# A gap that is not worth another round.
_ENOUGH = 0.02


def covering_bound(
    X: NDArray, labels: NDArray, n_clusters: int, enough: float = _ENOUGH
) -> float:
    r"""Bound the inertia of all partitions from below, in few dimensions.

    For any numbers r,

    .. math::
        \sum_i r_i - K \max_c \sum_i \max(0, r_i - |x_i - c|^2)

    is such a bound: the dual of a linear program over all clusters [1]_. First r is
    written down from the labels: the squared distance to the own mean, and a part of
    what the next mean is farther off, such that all clusters have the same sum of these
    parts. For clusters that lie apart that is the optimum. Otherwise the bound is
    raised by a quasi-Newton method, its maximum taken over candidates that come to be
    needed, and smoothed [2]_. What counts in the end is an upper bound of the maximum
    over all c, by branch and bound.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points with mean zero, float64.
    labels : ndarray of shape (n_samples,), int
        Clusters from 0, at most `n_clusters` of them, none empty.
    n_clusters : int
        K.
    enough : float, default=0.02
        Stop at a bound that is so near the inertia of the labels, as a share of it.

    Returns
    -------
    float
        No partition into `n_clusters` has a smaller inertia. Rounding errors are
        allowed for. Zero where X has more than five dimensions.

    References
    ----------
    .. [1] du Merle, Hansen, Jaumard and Mladenovic, "An interior point algorithm for
       minimum sum-of-squares clustering", SIAM Journal on Scientific Computing 21,
       2000.
    .. [2] Nesterov, "Smooth minimization of non-smooth functions", Mathematical
       Programming 103, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._covering import covering_bound
    >>> X = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> round(covering_bound(X, np.array([0, 0, 1, 1]), 2), 6)
    1.0
    """
    unit = unit_of(X)
    points = _on_axes(X / unit)
    if points is None or n_clusters == 1:
        return 0.0
    # The same unit whichever way X is turned.
    own = unit_of(points)
    points, unit = points / own, unit * own
    return float(_Search(points, labels, n_clusters).run(enough) * unit * unit)


def _on_axes(X):
    """Coordinates on the principal axes; None if there are too many of them."""
    if X.shape[1] > _MAX_COLUMNS:
        return None
    values, axes = np.linalg.eigh(X.T @ X)
    kept = values > 1e-14 * values[-1]
    if not 0 < kept.sum() <= MAX_AXES:
        return None
    # What is left out only adds to the inertia.
    points = X @ axes[:, kept]
    # Which way an axis points is rounding, unless something decides it.
    return np.ascontiguousarray(points * np.where((points**3).sum(axis=0) < 0, -1, 1))


class _Search:
    """Numbers r and the bound that they give, at its best."""

    def __init__(self, points, labels, n_clusters):
        self.points, self.n_clusters = points, n_clusters
        self.whole = _Cells(points, None)
        # Where a search ends may hang on the last digit: it does without the last ones.
        rounded = _rounded(points)
        self.rounded = _Cells(rounded, None)
        self.cells = _Cells.of(rounded, max(_CELLS, _CELLS_PER_CLUSTER * n_clusters))
        self.scale = float((points * points).sum())
        means = [np.bincount(labels, x) for x in points.T] / np.bincount(labels)
        self.means = np.ascontiguousarray(means.T)
        distances = np.zeros((len(points), len(self.means)))
        for x, c in zip(points.T, means, strict=True):
            distances += (x[:, None] - c) ** 2
        rows = np.arange(len(points))
        self.own = distances[rows, labels]
        distances[rows, labels] = np.inf
        # What the next mean is farther off, or a little less, so that no ball that is
        # drawn with it touches that mean.
        spare = 0.9 * np.maximum(distances.min(axis=1) - self.own, 0.0)
        self.spare = [
            (np.flatnonzero(labels == k), spare[labels == k])
            for k in range(len(self.means))
        ]
        self.inertia, self.bound = float(self.own.sum()), 0.0

    def run(self, enough):
        """Raise the bound as far as that is worth it."""
        if self.inertia <= 1e-14 * self.scale:
            return 0.0
        reach, centers = self._from_labels()
        for cells in (self.cells, self.rounded):
            if reach is None or self._gap() <= enough:
                break
            if cells.cells is not None or cells is self.rounded:
                reach, centers = self._raised(cells, reach, centers, enough)
        return self.bound

    def _gap(self):
        return 1 - self.bound / self.inertia

    def _try(self, reach, tol):
        """Take the bound of these numbers, if it is better; name a good centre."""
        floor = self.whole.covered(reach, self.means).max()
        top, _, place = self.whole.most_covered(reach, floor, tol)
        # A sum of n numbers errs by at most n eps times the sum of their sizes. Those
        # of f are |r| and squares of coordinates, six times each.
        size = float(np.abs(reach).sum()) + self.n_clusters * (top + 6 * self.scale)
        rounding = np.finfo(np.float64).eps * (len(reach) + 50) * size
        found = float(reach.sum()) - self.n_clusters * top - rounding
        self.bound = max(self.bound, found)
        return place

    def _from_labels(self):
        """Numbers from the labels, and centres that cover much."""
        most = min(float(spare.sum()) for _, spare in self.spare)
        best, reach, centers = -math.inf, self.own, self.means
        for part in _PARTS:
            tried = self.own.copy()
            for rows, spare in self.spare:
                tried[rows] += _filled(spare, part * most)
            top = self.whole.covered(tried, self.means).max()
            if tried.sum() - self.n_clusters * top <= best:
                continue
            peaks = self.cells.peaks(
                self.cells.means_of(tried), np.vstack([self.means, self.cells.points])
            )
            top = self.whole.covered(tried, peaks).max()
            value = float(tried.sum()) - self.n_clusters * top
            if value >= (1 - 1e-7) * self.inertia and self._gap() > 1e-9:
                place = self._try(tried, _EXACT)
                if place is not None and self._gap() > 1e-9:
                    peaks = np.vstack([peaks, place])
                    top = self.whole.covered(tried, place)[0]
                    value = float(tried.sum()) - self.n_clusters * top
            if value > best:
                best, reach, centers = value, tried, peaks
        return reach, centers

    def _raised(self, cells, reach, centers, enough):
        """Raise the bound with all points, or cells; return numbers and centres."""
        found = _rounded(cells.means_of(reach))
        centers = _rounded(np.vstack([self.means, centers, self.cells.points]))
        heats, unit = _HEATS, self.inertia / self.n_clusters
        gap, value = self._gap(), -math.inf
        for _ in range(_ROUNDS):
            centers = centers[: max(_PAIRS // len(cells.points), 10 * self.n_clusters)]
            for heat in heats:
                cells.raise_reach(found, centers, self.n_clusters, heat * unit)
            heats = _HEATS[-1:]
            values = cells.covered(found, centers)
            peaks = cells.peaks(found, centers[values >= 0.7 * values.max()])
            heights = cells.covered(found, peaks)
            previous, value = (
                value,
                cells.value(found) - self.n_clusters * heights.max(),
            )
            last = value - previous < 0.3 * (self.inertia - value)
            if last if cells is self.cells else previous == -math.inf:
                if not cells.most_covered(found, heights.max(), _COARSE)[1]:
                    return None, None  # balls overlap in too many dimensions
            if cells is self.rounded:
                place = self._try(found, _NEAR)
                if place is not None:
                    peaks = np.vstack([peaks, place])
                    heights = cells.covered(found, peaks)
                previous_gap, gap = gap, self._gap()
                if gap <= enough or gap > 0.8 * previous_gap:
                    break
            elif last:
                break
            tops = np.concatenate([values, heights])
            kept = np.argsort(-tops)
            kept = kept[tops[kept] >= 0.3 * tops.max()]
            centers = _distinct(np.vstack([centers, peaks])[kept], 0.02 * cells.side)
        return cells.lifted(found), centers


class _Cells:
    """Points, or means of those in the same cell of a grid."""

    def __init__(self, points, cells):
        self.cells, self.side = cells, 0.0
        self.points, self.weights, self.within = points, np.ones(len(points)), None
        if cells is not None:
            self.weights = np.bincount(cells).astype(np.float64)
            sums = [np.bincount(cells, x) for x in points.T]
            self.points = np.ascontiguousarray((sums / self.weights).T)
            spread = ((points - self.points[cells]) ** 2).sum(axis=1)
            self.within = np.bincount(cells, spread) / self.weights
        self.coordinates = np.ascontiguousarray(self.points.T)
        extent = np.maximum(np.ptp(points, axis=0), 1e-12 * np.ptp(points))
        self.side = float(np.prod(extent / len(self.points) ** (1 / len(extent))))
        self.side **= 1 / len(extent)

    @classmethod
    def of(cls, points, wanted):
        """About so many cells, or as many as there are points."""
        if len(points) <= 1.5 * wanted:
            return cls(points, None)
        low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-300)
        p = points.shape[1]
        side = float(np.exp(np.log(extent).mean() - math.log(wanted) / p))
        for _ in range(3):
            grid = np.floor((points - low) / side)
            cells = np.unique(grid, axis=0, return_inverse=True)[1].ravel()
            found = cells.max() + 1
            if 0.7 * wanted <= found <= 1.5 * wanted:
                break
            side *= (found / wanted) ** (1 / p)
        return cls(points, cells)

    def means_of(self, reach):
        """Numbers of cells, such that a cell that is covered covers as much."""
        if self.cells is None:
            return reach.copy()
        return np.bincount(self.cells, reach) / self.weights - self.within

    def lifted(self, reach):
        """Numbers of points from those of cells."""
        return reach if self.cells is None else (reach + self.within)[self.cells]

    def value(self, reach):
        """Sum of the numbers of all points."""
        within = 0.0 if self.cells is None else float(self.weights @ self.within)
        return float(self.weights @ reach) + within

    def covered(self, reach, centers):
        """How much centres cover."""
        from skgeom.backends._numba._covering import covered

        return covered(self.coordinates, self.weights, reach, centers)

    def peaks(self, reach, centers):
        """Local maxima near those of the centres that cover much."""
        from skgeom.backends._numba._covering import ascend

        values = self.covered(reach, centers)
        peaks = centers[values >= 0.7 * values.max()]
        ascend(self.coordinates, self.weights, reach, peaks, 30)
        return _distinct(peaks, 1e-6 * self.side)

    def most_covered(self, reach, floor, tol):
        """Bound what any centre covers; say if that is tight; name a centre."""
        from skgeom.backends._numba._covering import largest_covered

        low, high = self.points.min(axis=0), self.points.max(axis=0)
        visits = min(_VISITS, _VISITS_PER_POINT * len(reach)) + 500 * len(reach)
        visits = visits if tol < _COARSE else visits // 2
        top, looks, place = largest_covered(
            self.points, self.weights, reach, low, high, floor, tol, visits
        )
        return top, looks < visits, place[None] if np.isfinite(place[0]) else None

    def raise_reach(self, reach, centers, n_clusters, heat):
        """See the kernel."""
        from skgeom.backends._numba._covering import raise_reach

        raise_reach(
            self.coordinates, self.weights, reach, centers, n_clusters, heat, _STEPS
        )


def _rounded(array):
    """Without the last digits, for entries of about one."""
    return np.round(array * 2.0**32) / 2.0**32


def _distinct(centers, side):
    """One of each group of centres that are the same but for so much."""
    grid = np.round(centers / max(side, 1e-300))
    first = np.sort(np.unique(grid, axis=0, return_index=True)[1])
    return np.ascontiguousarray(centers[first])


def _filled(spare, total):
    """The parts min(spare, level) that sum to `total`, at most the sum of `spare`."""
    order = np.sort(spare)
    below = np.concatenate([[0.0], np.cumsum(order)[:-1]])
    counts = np.arange(len(order), 0, -1)
    first = int(np.argmax(below + counts * order >= total * (1 - 1e-12)))
    return np.minimum(spare, (total - below[first]) / counts[first])
