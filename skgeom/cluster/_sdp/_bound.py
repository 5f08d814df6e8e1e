"""How far a clustering can be from the best: bounds that hold for every partition.

A partition into K clusters has the matrix Z with entries 1/m within a cluster of m
points. Its inertia is |X|^2 - <XX', Z>, and Z = 11'/n + PZP with P = I - 11'/n, where
PZP has eigenvalues in [0, 1] and trace K - 1. So, for C = XX' + B with any symmetric
B >= 0, by Ky Fan's theorem,

    <XX', Z> <= <C, Z> <= 1'C1 / n + sum of the K - 1 largest eigenvalues of PCP.

Without B this is the bound by principal components (Ding and He, "K-means clustering
via principal component analysis", ICML 2004). The semidefinite program finds the best
B; `label_bound` writes one down from the labels.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from scipy.optimize import minimize_scalar

from skgeom.solvers import largest_eigenpairs
from skgeom.typing import NDArray

# How many values of the one free number of `label_bound` are tried.
_TRIALS = 10
# Rows of a matrix whose eigenvalues cost next to nothing.
_SMALL = 400


def multiplier_bound(
    X: NDArray, multiplier: NDArray, n_clusters: int, diagonal: NDArray | None = None
) -> float:
    """Bound <XX' - diag(d), Z> over all partitions, by any multiplier.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points with mean zero, float64.
    multiplier : ndarray of shape (n_samples, n_samples)
        Symmetric; negative entries are taken as zero.
    n_clusters : int
        K.
    diagonal : ndarray of shape (n_samples,), default=None
        The d of the formula; None is zero, and the bound is one of the between-cluster
        sum of squares.

    Returns
    -------
    float
        No partition has a larger value. Rounding errors are allowed for.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._bound import multiplier_bound
    >>> X = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> round(multiplier_bound(X, np.zeros((4, 4)), 2), 6)  # principal components
    82.0
    """
    n = X.shape[0]
    B = np.maximum(multiplier, 0.0)
    C = X @ X.T + (B + B.T) / 2
    if diagonal is not None:
        C[np.diag_indices(n)] -= diagonal
    outer = C.sum()
    norm = float(np.abs(C).sum(axis=1).max())
    means = C.mean(axis=1)
    C += means.mean() - means[:, None] - means
    # Below all other eigenvalues goes that of the direction 1, which does not count.
    C -= 4 * norm / n
    values = _leading_eigenvalues(C, n_clusters - 1)
    return _sum_above(outer / n, values, n_clusters, n, norm)


def label_bound(
    X: NDArray,
    labels: NDArray,
    n_clusters: int,
    tol: float = 1e-9,
    trials: int = _TRIALS,
) -> tuple[float, float]:
    r"""Bound the between-cluster sum of squares of every partition, from one of them.

    The multiplier B of the module's formula is written down so that, where `labels`
    are optimal and the program is tight enough, the bound is their own value (after
    [1]_). With m_k, c_k the size and mean of cluster k and a number z > 0, its block
    for clusters k and l is :math:`r s' / \sqrt{(1'r) (1's)}`, where

    .. math::
        r_a = \max\Bigl(0, \tfrac{m_l}{2} (|x_a - c_l|^2 - |x_a - c_k|^2)
              - \tfrac{z}{2} \tfrac{m_k + m_l}{m_k}\Bigr)

    for points a of cluster k, and s is the same with k and l exchanged. XX' + B has
    rank at most n_features + K(K - 1), so that its eigenvalues are those of a small
    matrix, found without iterations: O(n_samples (n_features + K)^2) beside that.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points with mean zero, float64.
    labels : ndarray of shape (n_samples,), int
        Clusters from 0, at most `n_clusters` of them, none empty.
    n_clusters : int
        K.
    tol : float, default=1e-9
        Try other z until the bound is this close to the value of the labels, as a
        share of the sum of squares.
    trials : int, default=10
        At most so many other z. Without any the bound is tight where clusters are
        clear, and otherwise loose.

    Returns
    -------
    bound : float
        No partition into `n_clusters` has a larger between-cluster sum of squares.
        Rounding errors are allowed for.
    level : float
        The z of the bound, for `label_multiplier`.

    References
    ----------
    .. [1] Iguchi, Mixon, Peterson and Villar, "Probably certifiably correct k-means
       clustering", Mathematical Programming 165, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._bound import label_bound
    >>> X = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> round(label_bound(X, np.array([0, 0, 1, 1]), 2)[0], 6)  # 4 x 4.5^2
    81.0
    """
    unit = unit_of(X)
    bound, level = _label_bound(X / unit, labels, n_clusters, tol, trials)
    return bound * unit * unit, level * unit * unit


def unit_of(X):
    """A power of two, without which fourth powers are numbers if squares are."""
    return 2.0 ** float(np.frexp(np.abs(X).max(initial=0.0))[1])


def _label_bound(X, labels, n_clusters, tol, trials):
    """Compute `label_bound` of points whose largest entry is about one."""
    total = float((X * X).sum())
    if n_clusters == 1 or total == 0.0:
        only = float((X.sum(axis=0) ** 2).sum()) / len(X)
        return only + 1e-15 * total, math.inf
    pulls, sizes, centers = _pulls(X, labels)
    value = float(sizes @ (centers * centers).sum(axis=1))
    within = X.T @ X - (sizes * centers.T) @ centers
    # Labels are optimal if z is above the spread within clusters and below the least
    # pull; between the two, or a little above the first, is where to look.
    spread = max(float(scipy.linalg.eigvalsh(within)[-1]), 1e-9 * total)
    least = min((pulls[k][1].min() for k in pulls), default=math.inf)
    # Large z leaves no multiplier at all: the bound by principal components.
    best = _factored_bound(X, labels, n_clusters, pulls, sizes, math.inf), math.inf

    def bound(log_level):
        nonlocal best
        if best[0] - value > tol * total:
            level = math.exp(log_level)
            found = _factored_bound(X, labels, n_clusters, pulls, sizes, level)
            best = min(best, (found, level))
            return found
        return best[0]

    start = math.sqrt(spread * least) if least > spread else 1.15 * spread
    bound(math.log(start))
    if trials == 0 or best[0] - value <= tol * total:
        return best
    minimize_scalar(
        bound,
        bounds=(math.log(0.3 * spread), math.log(4 * spread)),
        method="bounded",
        options={"maxiter": trials, "xatol": 1e-3},
    )
    return best


def label_multiplier(X: NDArray, labels: NDArray, level: float) -> NDArray:
    """Multiplier that `label_bound` uses, as a dense matrix.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points with mean zero.
    labels : ndarray of shape (n_samples,), int
        Clusters from 0, none empty.
    level : float
        The z of the formula.

    Returns
    -------
    ndarray of shape (n_samples, n_samples)
        Symmetric, >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._bound import label_multiplier
    >>> label_multiplier(np.array([[-1.0], [1.0]]), np.array([0, 1]), 1.0)
    array([[0., 1.],
           [1., 0.]])
    """
    unit = unit_of(X)
    level = level / unit / unit
    pulls, sizes, _ = _pulls(X / unit, labels)
    r, totals = np.zeros((len(X), len(sizes))), np.zeros((len(sizes), len(sizes)))
    for k, (rows, _) in pulls.items():
        r[rows] = clipped = _clipped(pulls, sizes, k, level)
        totals[k] = [column.sum() for column in clipped.T]
    scales = np.sqrt(totals * totals.T)
    scales[scales == 0] = math.inf  # no multiplier between these clusters
    B = np.empty((len(X), len(X)))
    for k, (rows, _) in pulls.items():
        B[rows] = r[rows][:, labels] * r[:, k] / scales[k, labels]
    return B * unit * unit


def label_bound_is_cheap(X, n_clusters):
    """Whether the matrix of `label_bound` is small, so that a try costs little."""
    return min(X.shape[1] + n_clusters * (n_clusters - 1), len(X)) <= _SMALL


class LabelParts(NamedTuple):
    """What labels say about the multiplier of `label_bound`.

    Attributes
    ----------
    pulls : dict
        Of `_pulls`.
    sizes : ndarray of shape (n_clusters,)
        Of clusters.
    centers : ndarray of shape (n_clusters, n_features)
        Their means.
    """

    pulls: Any
    sizes: Any
    centers: Any

    @property
    def least(self):
        """The largest z at which nothing is cut."""
        return min(pull[1].min() for pull in self.pulls.values())

    def sums(self, level):
        """The r_a of `label_bound` at a level, of shape (n_samples, n_clusters)."""
        n = sum(len(rows) for rows, _ in self.pulls.values())
        out = np.zeros((n, len(self.sizes)))
        for k, (rows, _) in self.pulls.items():
            out[rows] = _clipped(self.pulls, self.sizes, k, level)
        return out


def label_parts(X, labels):
    """What labels say about the multiplier, of points of size about one."""
    return LabelParts(*_pulls(X, labels))


def _pulls(X, labels):
    """For each cluster its rows, and m_l m_k / (m_l + m_k) (|x-c_l|^2 - |x-c_k|^2).

    The level z at which the r_a of `label_bound` become zero, infinite for l = k.
    """
    sizes = np.bincount(labels).astype(np.float64)
    centers = np.stack([X[labels == k].mean(axis=0) for k in range(len(sizes))])
    squares = (centers * centers).sum(axis=1)
    pulls = {}
    for k in range(len(sizes)):
        rows = np.flatnonzero(labels == k)
        pull = squares - 2 * X[rows] @ centers.T  # |x - c_l|^2 - |x|^2
        pull = (pull - pull[:, k : k + 1]) * (sizes * sizes[k] / (sizes + sizes[k]))
        pull[:, k] = math.inf
        pulls[k] = rows, pull
    return pulls, sizes, centers


def _clipped(pulls, sizes, k, level):
    """The r_a of `label_bound` for the points of cluster k, a column a cluster."""
    pull = pulls[k][1]
    if not math.isfinite(level):
        return np.zeros_like(pull)
    r = np.maximum(pull - level, 0.0) * ((sizes + sizes[k]) / (2 * sizes[k]))
    r[:, k] = 0.0
    return r


def _factored_bound(X, labels, n_clusters, pulls, sizes, level):
    """The bound for the multiplier of `label_bound` at a level.

    XX' + B = F M F' with F = [X, R], a column of R for each ordered pair of clusters,
    and M that keeps the columns of X and exchanges the two of a pair. Its eigenvalues,
    but for zeros, are those of G^(1/2) M G^(1/2) with the Gram matrix G = F'PF.
    """
    n, p = X.shape
    n_found = len(sizes)
    size = p + n_found * (n_found - 1)
    if size > n:
        B = label_multiplier(X, labels, level)
        return multiplier_bound(X, B, n_clusters)
    gram = np.zeros((size, size))
    gram[:p, :p] = X.T @ X
    sums = np.zeros(size)
    sums[:p] = X.sum(axis=0)
    partner = np.arange(size)
    # Column of the ordered pair (k, l).
    pairs = [(k, c) for k in range(n_found) for c in range(n_found) if c != k]
    column = {pair: p + i for i, pair in enumerate(pairs)}
    for k, (rows, _) in pulls.items():
        others = np.array([c for c in range(n_found) if c != k], dtype=np.intp)
        if len(others) == 0:
            continue
        R = _clipped(pulls, sizes, k, level)[:, others]
        total = R.sum(axis=0)
        R /= np.sqrt(np.where(total > 0, total, 1.0))
        at = [column[k, c] for c in others]
        partner[at] = [column[c, k] for c in others]
        gram[:p, at] = X[rows].T @ R
        gram[at, :p] = gram[:p, at].T
        gram[np.ix_(at, at)] = R.T @ R
        sums[at] = R.sum(axis=0)
    lost = (sums <= 0) | (sums[partner] <= 0)
    lost[:p] = False
    gram[lost, :], gram[:, lost], sums[lost] = 0.0, 0.0, 0.0
    outer = float(sums @ sums[partner])  # 1'(XX' + B)1
    gram -= np.outer(sums, sums) / n
    values, vectors = scipy.linalg.eigh(gram)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    small = root[:, partner] @ root.T
    leading = _leading_eigenvalues((small + small.T) / 2, n_clusters - 1)
    # The matrix itself has zeros besides, for those that are negative here.
    leading = np.maximum(leading, 0.0)
    return _sum_above(outer / n, leading, n_clusters, n, 2 * values[-1])


def _leading_eigenvalues(matrix, k):
    if k == 0:
        return np.zeros(0)
    return largest_eigenpairs(matrix, min(k, len(matrix)), with_vectors=False)[0]


def _sum_above(outer, eigenvalues, n_clusters, n, norm):
    """The bound from computed eigenvalues, raised by what rounding may have cost.

    A symmetric eigensolver is backward stable: each value errs by a modest multiple of
    eps times the norm, as do the sums over n terms that the matrix is made of.
    """
    slack = 10 * np.finfo(np.float64).eps * math.sqrt(n) * norm
    return float(outer + eigenvalues.sum() + n_clusters * slack)
