"""A tighter multiplier from labels, for bounds that are just not tight.

The multiplier of `label_bound` has blocks of rank one with given sums of rows and
columns. Any block >= 0 with these sums keeps the labels stationary. One that also takes
away what noise two clusters share leaves less for the eigenvalues above the labels'
own.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar

from skgeom.cluster._sdp._bound import label_parts, multiplier_bound
from skgeom.typing import NDArray

# Share of the products between clusters that is taken away, as far as entries stay >=
# 0; steps of scaling; other values of z that are
# tried, for up to so many rows.
_SHARE, _STEPS, _TRIALS = 0.75, 20, ((500, 5), (1000, 3), (math.inf, 0))


def transport_bound(
    X: NDArray, labels: NDArray, n_clusters: int, tol: float = 1e-9
) -> tuple[float, NDArray]:
    r"""Bound the between-cluster sum of squares of every partition, from one of them.

    Blocks of the multiplier are :math:`r s' / \sqrt{(1'r) (1's)}` as in `label_bound`,
    less 3/4 of the products :math:`(x_a - c_k)'(x_b - c_l)`, cut at zero, and scaled to
    the sums of rows r and of columns s again [1]_. The products have sums zero. With
    them XX' + B has the spread of single clusters above the labels' own eigenvalues, in
    place of that of all of them together, and is tight for more labels [2]_. It has n x
    n entries and no small rank.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points with mean zero, float64, of size about one.
    labels : ndarray of shape (n_samples,), int
        Clusters from 0, all of them, none empty.
    n_clusters : int
        K, at least 2.
    tol : float, default=1e-9
        Try other z until the bound is this close to the value of the labels, as a
        share of the sum of squares.

    Returns
    -------
    bound : float
        No partition into `n_clusters` has a larger between-cluster sum of squares.
        Rounding errors are allowed for.
    multiplier : ndarray of shape (n_samples, n_samples)
        Of the bound: symmetric, >= 0.

    References
    ----------
    .. [1] Sinkhorn and Knopp, "Concerning nonnegative matrices and doubly stochastic
       matrices", Pacific Journal of Mathematics 21, 1967.
    .. [2] Iguchi, Mixon, Peterson and Villar, "Probably certifiably correct k-means
       clustering", Mathematical Programming 165, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._transport import transport_bound
    >>> X = np.array([[-1.0], [-0.8], [0.8], [1.0]])
    >>> round(transport_bound(X, np.array([0, 0, 1, 1]), 2)[0], 6)  # 4 x .9^2
    3.24
    """
    order = np.argsort(labels, kind="stable")
    X, labels = np.ascontiguousarray(X[order]), labels[order]
    parts = label_parts(X, labels)
    own = labels[:, None] == labels
    noise = X - parts.centers[labels]
    noise = noise @ noise.T
    value = float(parts.sizes @ (parts.centers**2).sum(axis=1))
    total = float((X * X).sum())
    best = math.inf, np.zeros_like(noise)

    def bound(log_level):
        nonlocal best
        if best[0] - value > tol * total:
            B = _scaled(labels, own, noise, parts.sums(math.exp(log_level)))
            found = multiplier_bound(X, B, n_clusters)
            if found < best[0]:
                best = found, B
            return found
        return best[0]

    least = max(parts.least, 1e-9 * total)
    trials = next(t for rows, t in _TRIALS if len(X) <= rows)
    if bound(math.log(least) - 1e-9) - value > tol * total and trials > 0:
        minimize_scalar(
            bound,
            bounds=(math.log(least), math.log(least) + math.log(3)),
            method="bounded",
            options={"maxiter": trials, "xatol": 1e-2},
        )
    B = np.empty_like(best[1])
    B[np.ix_(order, order)] = best[1]
    return best[0], B


def _scaled(labels, own, noise, sums):
    """The multiplier with these sums of rows by cluster; rows are sorted by it."""
    starts = np.searchsorted(labels, np.arange(labels[-1] + 1))
    totals = np.add.reduceat(sums, starts, axis=0)
    scales = np.sqrt(totals * totals.T)
    scales[scales == 0] = math.inf
    G = sums[:, labels]
    G = G * G.T / scales[np.ix_(labels, labels)] - _SHARE * noise
    G[own] = 0.0
    np.maximum(G, 0.0, out=G)
    factors = np.ones_like(sums)
    for _ in range(_STEPS):
        found = np.add.reduceat(G * factors[:, labels].T, starts, axis=1) * factors
        # Half of the step that would be right for rows alone: columns take the other.
        factors *= np.sqrt(sums / np.where(found > 0, found, 1.0))
    wide = factors[:, labels]
    return G * wide * wide.T
