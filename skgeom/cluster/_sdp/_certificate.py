"""What labels can be certain of."""

import math
from typing import NamedTuple

import numpy as np

from skgeom.cluster._sdp._admm import admm_clustering
from skgeom.cluster._sdp._bound import label_bound, label_bound_is_cheap, unit_of
from skgeom.cluster._sdp._covering import covering_bound
from skgeom.cluster._sdp._exchange import partition_value
from skgeom.cluster._sdp._search import relax_full
from skgeom.cluster._sdp._transport import transport_bound

# A gap below this is taken for zero.
_CERTAIN = 1e-6
# And one below this is not worth another look.
_NARROW = 0.02
# One below this may be closed by n x n arrays, and by steps of the program.
_CLOSE, _SMALL, _SMALLER, _STEPS = 1e-3, 2_000, 500, (20, 60)
# Share of the sum of squares that rounding errors may amount to.
_ROUNDING = 1e-12


class Certificate(NamedTuple):
    """How far a partition is from the best.

    Attributes
    ----------
    objective : float
        Sum of squares between its clusters.
    inertia : float
        Sum of squares within.
    bound : float
        No partition has a larger objective.
    gap : float
        Share of the inertia that another partition could save at most.
    certified : bool
        Whether that is nothing.
    """

    objective: float
    inertia: float
    bound: float
    gap: float
    certified: bool


def certify(points, labels, n_clusters, *, kind, known, tol, max_iter, covers=True):
    """Bound the objective of all partitions by that of these labels, and the dual.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Centred, float64.
    labels : ndarray of shape (n_samples,)
        Clusters from 0, none empty.
    n_clusters : int
        K.
    kind : {"fast", "sdp"} or None
        See `SDPClustering`; without one the bound is infinite.
    known : float
        A bound that is already known.
    tol, max_iter : float, int
        Of `admm_clustering`.
    covers : bool, default=True
        Whether `covering_bound` is worth its time.

    Returns
    -------
    Certificate
        The gap and what it follows from.
    """
    total = float((points * points).sum())
    objective = min(partition_value(points, labels), total)
    inertia = total - objective
    bound = known

    def loose(gap=0.0):
        return bound - objective > _ROUNDING * total + gap * inertia

    if kind is not None and loose():
        first, least = math.inf, 0.0
        if label_bound_is_cheap(points, n_clusters):
            first = label_bound(points, labels, n_clusters, trials=0)[0]
            bound = min(bound, first)
        if covers and loose():
            least = covering_bound(points, labels, n_clusters)
            bound = min(bound, total - least + _ROUNDING * total)
        # The closed form at other z, unless prices leave it far behind.
        near = first - objective <= 2 * (bound - objective) and loose(_NARROW)
        if loose() and (near or least <= 0):
            bound = min(bound, label_bound(points, labels, n_clusters)[0])
        if loose(_CERTAIN) and not loose(_CLOSE) and len(points) <= _SMALL:
            bound = min(bound, _close_bound(points, labels, n_clusters))
    if kind == "sdp" and known == float("inf") and loose():
        found = relax_full(points, labels, n_clusters, None, tol=tol, max_iter=max_iter)
        bound = min(bound, found.bound)
    if kind is not None:
        bound = min(bound, total)
    excess = max(bound - objective, 0.0)
    gap = excess / inertia if inertia > _ROUNDING * total else 0.0
    certified = gap <= _CERTAIN or excess <= _ROUNDING * total
    return Certificate(objective, inertia, bound, gap, bool(certified))


def _close_bound(points, labels, n_clusters):
    """A bound by n x n arrays, for labels that are nearly certain already."""
    unit = unit_of(points)
    bound, multiplier = transport_bound(points / unit, labels, n_clusters)
    bound, multiplier = bound * unit * unit, multiplier * unit * unit
    value, total = partition_value(points, labels), float((points * points).sum())
    H = np.eye(n_clusters)[labels]
    for max_iter in _STEPS if len(points) <= _SMALLER else ():
        if bound - value <= _ROUNDING * total + _CERTAIN * (total - value):
            break
        found = admm_clustering(
            points,
            n_clusters,
            init=(H / H.sum(axis=0)) @ H.T,
            multiplier=multiplier,
            tol=1e-9,
            max_iter=max_iter,
        )
        bound = min(bound, found.bound)
    return bound
