"""How far distances are from those of a tree (Gromov, 1987)."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.metrics._pairwise import (
    FIXED_METRICS,
    check_distances,
    distances_between,
    row_blocks,
)
from skgeom.typing import MatrixLike, NDArray, RandomStateLike

# Products of two rows of a pair, their minimum, and what is in use beside them.
_BYTES_PER_ENTRY = 48
# Pairs that are looked at at once, so that the best of them rule out others soon.
_PAIRS = 512


class GromovHyperbolicity(NamedTuple):
    """How far distances are from those of a tree; see :func:`gromov_hyperbolicity`.

    Parameters
    ----------
    delta : float
        The least number that the condition of three points and a base holds with, in
        units of the distances; 0 for those of a tree.
    relative : float
        Twice that over the largest distance, in [0, 1].

    Examples
    --------
    >>> from skgeom.metrics import GromovHyperbolicity
    >>> delta, relative = GromovHyperbolicity(delta=0.5, relative=0.2)
    """

    delta: float
    relative: float


@validate_params(
    {
        "X": ["array-like"],
        "metric": [StrOptions({*FIXED_METRICS, "precomputed"}), callable],
        "base": [Interval(Integral, 0, None, closed="left")],
        "max_samples": [Interval(Integral, 2, None, closed="left"), None],
        "random_state": ["random_state"],
        "working_memory": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def gromov_hyperbolicity(
    X: MatrixLike,
    *,
    metric: str | Callable = "euclidean",
    base: int = 0,
    max_samples: int | None = 2000,
    random_state: RandomStateLike = None,
    working_memory: float = 64,
) -> GromovHyperbolicity:
    r"""Measure how far distances are from those along a tree.

    With the product :math:`(x|y) = \frac{1}{2} (d(x, o) + d(y, o) - d(x, y))` of two
    points seen from a base o, which is how long their ways go together in a tree, the
    result is the least :math:`\delta` for which

    .. math:: (x|y) \ge \min\{(x|z), (z|y)\} - \delta

    holds for all x, y, z [1]_. It tells before anything is fitted whether
    :class:`~skgeom.hyperbolic.TreeEmbedding` will pay.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features or n_samples)
        Points, or if `metric` is "precomputed" distances, finite, symmetric and >= 0.
    metric : str or callable, default="euclidean"
        "precomputed", or a metric of :func:`sklearn.metrics.pairwise_distances` that
        learns nothing from X.
    base : int, default=0
        The row that is o. Another one changes delta by a factor of 2 at most.
    max_samples : int or None, default=2000
        More rows than this are represented by as many, drawn, and the base: delta is
        then a lower bound. None takes all.
    random_state : int, RandomState instance or None, default=None
        Draws them.
    working_memory : float, default=64
        Size in MiB that temporary arrays may take. The result does not depend on it.

    Returns
    -------
    GromovHyperbolicity
        The delta, and relative to the diameter.

    Raises
    ------
    ValueError
        If `base` is no row, or X is not what `metric` says.

    See Also
    --------
    distortion_score : How far the distances of an embedding are from the true ones.

    Notes
    -----
    Exact on the rows that are taken, without all triples: along the edges of the
    maximum spanning tree of the products, the least one is at least every
    :math:`\min\{(x|z), (z|y)\}`, so that only pairs are looked at where this bound is
    above the delta that others have. Of a tree none is, of other data a few percent up
    to a fifth, each in O(n_samples). Memory is n_samples times a block.

    References
    ----------
    .. [1] M. Gromov, "Hyperbolic groups", Essays in group theory, 1987.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import gromov_hyperbolicity
    >>> path = np.arange(6.0)[:, None]
    >>> gromov_hyperbolicity(path).delta
    0.0
    >>> circle = np.abs(path - path.T)  # along a ring of six
    >>> ring = np.minimum(circle, 6 - circle)
    >>> gromov_hyperbolicity(ring, metric="precomputed").delta
    1.0
    """
    rows_of, n = _rows_of(X, metric)
    if base >= n:
        raise ValueError(f"base={base} must be a row of X, below {n}.")
    chosen = np.arange(n)
    if max_samples is not None and n > max_samples:
        rng = check_random_state(random_state)
        others = rng.permutation(np.delete(chosen, base))[: max_samples - 1]
        chosen = np.sort(np.append(others, base))
    origin = rows_of(np.array([base]), chosen)[0]

    def products(rows):
        """Gromov products of some of the chosen rows with all of them."""
        apart = rows_of(chosen[rows], chosen)
        apart *= -0.5
        apart += 0.5 * origin[rows, None]
        apart += 0.5 * origin
        return apart

    delta, diameter = _largest_gap(products, origin, working_memory)
    delta = max(delta, 0.0)
    relative = 2 * delta / diameter if diameter > 0 else 0.0
    return GromovHyperbolicity(float(delta), float(min(relative, 1.0)))


def _rows_of(X, metric):
    """Distances of some rows to others as a function, and how many rows there are."""
    if metric == "precomputed":
        D = check_distances(X, "X")
        if D.shape[0] != D.shape[1]:
            raise ValueError(
                f"X must be square for metric='precomputed'; got shape {D.shape}."
            )
        return lambda i, j: D[np.ix_(i, j)].astype(np.float64), len(D)
    X = check_array(X, dtype=np.float64, input_name="X")
    return lambda i, j: distances_between(X[i], X[j], metric), len(X)


def _largest_gap(products, origin, working_memory):
    """Largest min{(x|z), (z|y)} - (x|y), and the largest distance."""
    n = len(origin)
    tree = _spanning_tree(products, n)
    delta, diameter = 0.0, 0.0
    for rows in row_blocks(n, n, _BYTES_PER_ENTRY, working_memory):
        block = np.arange(rows.start, rows.stop)
        A = products(block)
        diameter = max(diameter, (origin[block, None] + origin - 2 * A).max())
        gaps = _bottlenecks(tree, block, n) - A
        # Each pair once.
        gaps[np.arange(n) <= block[:, None]] = -np.inf
        i, j = np.nonzero(gaps > delta)
        order = np.argsort(-gaps[i, j], kind="stable")
        i, j = i[order], j[order]
        most = max(int(working_memory * 2**20 / (_BYTES_PER_ENTRY * n)), 1)
        for start in range(0, len(i), min(_PAIRS, most)):
            some = slice(start, start + min(_PAIRS, most))
            if gaps[i[start], j[start]] <= delta:
                break
            between = np.minimum(A[i[some]], products(j[some])).max(axis=1)
            delta = max(delta, (between - A[i[some], j[some]]).max())
    return delta, diameter


class _Tree(NamedTuple):
    """A spanning tree: nodes in the order in which they join, to whom, and how near."""

    order: NDArray
    parents: NDArray
    products: NDArray


def _spanning_tree(products, n):
    """Prim's tree of the largest products, by rows."""
    order, parents, joined = np.zeros(n, int), np.zeros(n, int), np.full(n, np.inf)
    best = products(np.array([0]))[0]
    best[0] = -np.inf
    inside = np.zeros(n, dtype=bool)
    inside[0] = True
    for step in range(1, n):
        node = int(np.argmax(best))
        order[step], joined[node] = node, best[node]
        inside[node] = True
        own = products(np.array([node]))[0]
        nearer = (own > best) & ~inside
        best[nearer], parents[nearer] = own[nearer], node
        best[node] = -np.inf
    return _Tree(order, parents, joined)


def _bottlenecks(tree, block, n):
    """Least product on the way in the tree, from the nodes of a block to all.

    From the root for each node of the block, along the tree for each other one.
    """
    found = np.full((n, len(block)), np.inf)
    # Towards the root: the block's own ancestors.
    for column, node in enumerate(block):
        least = np.inf
        while node != tree.order[0]:
            least = min(least, tree.products[node])
            node = tree.parents[node]
            found[node, column] = least
    known = np.isfinite(found)
    known[block, np.arange(len(block))] = True
    # Away from it: a node that is no ancestor hangs on its parent.
    for node in tree.order[1:]:
        hung = np.minimum(found[tree.parents[node]], tree.products[node])
        found[node] = np.where(known[node], found[node], hung)
    return found.T
