"""Integrals over a grid, and the directions in which a function of them varies.

Yao, Mueller and Wang, "Deep learning for functional data analysis with adaptive basis
layers", ICML 2021; Constantine, "Active subspaces", SIAM, 2015.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skgeom.networks import Bound
from skgeom.typing import NDArray

# Of the spread of a score: a step that is small against it, and large against rounding.
_STEP = 1e-4
# Rows whose slopes are averaged.
_MOST_ROWS = 2000


class Directions(NamedTuple):
    """Orthonormal functions on the grid, the one that matters most first.

    Attributes
    ----------
    basis : ndarray of shape (n_directions, n_points)
        Values on the grid; the integral of the square of each is 1.
    importances : ndarray of shape (n_directions,)
        Shares of the mean squared slope.
    mixing : ndarray of shape (n_directions, n_bases)
        What scores on these times it are: scores on the learned bases.
    """

    basis: NDArray
    importances: NDArray
    mixing: NDArray


def grid_weights(grid: NDArray) -> NDArray:
    """Weights of the trapezoidal rule on a grid, which add up to 1.

    Parameters
    ----------
    grid : ndarray of shape (n_points,)
        Increasing.

    Returns
    -------
    ndarray of shape (n_points,)
        Weights > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.functional._adaptive_basis._bases import grid_weights
    >>> grid_weights(np.array([0.0, 1.0, 4.0]))
    array([0.125, 0.5  , 0.375])
    """
    if len(grid) == 1:
        return np.ones(1)
    steps = np.diff(grid)
    weights = np.zeros(len(grid))
    weights[:-1] += steps / 2
    weights[1:] += steps / 2
    return weights / weights.sum()


def unit_bases(net: Bound, waves: Any, weights: Any) -> Any:
    """Learned functions on the grid, of which the square has integral 1, as columns."""
    raw = net("bases", waves)
    size = net.ops.xp.linalg.vector_norm(raw * weights**0.5, axis=0)
    return raw / (size + 1e-12)


def predictions(net: Bound, waves: Any, weights: Any, rows: Any) -> Any:
    """What the network makes of curves times the weights of the grid."""
    return net("head", rows @ unit_bases(net, waves, weights))


def squared_error(net: Bound, waves: Any, weights: Any, rows: Any, wanted: Any) -> Any:
    """Mean squared error of numbers."""
    return net.ops.squared_error(predictions(net, waves, weights, rows), wanted)


def cross_entropy(net: Bound, waves: Any, weights: Any, rows: Any, wanted: Any) -> Any:
    """Mean negative log-likelihood of classes, given as indicators."""
    told = net.ops.log_softmax(predictions(net, waves, weights, rows))
    return -(told * wanted).sum(1).mean()


def directions(
    bases: NDArray,
    weights: NDArray,
    rows: NDArray,
    head: Callable[[NDArray], NDArray],
) -> Directions:
    """Find the functions along which the prediction varies, whatever the bases.

    A prediction is a function h of integrals with the bases b, and its slope at a curve
    is the function sum_k h_k b_k. The eigenfunctions of the mean product of slopes
    (Constantine, 2015) do not depend on which bases of their span were learned.

    Parameters
    ----------
    bases : ndarray of shape (n_points, n_bases)
        Learned functions on the grid.
    weights : ndarray of shape (n_points,)
        Of the grid.
    rows : ndarray of shape (n_samples, n_points)
        Curves at which slopes are averaged.
    head : callable
        From scores, shape (n_rows, n_bases), to predictions, shape (n_rows, n_outputs).

    Returns
    -------
    Directions
        As many as there are bases, or points.
    """
    scores = (rows[:_MOST_ROWS] * weights) @ bases
    spread = scores.std(axis=0)
    step = _STEP * np.where(spread > 0, spread, 1.0)
    slopes = np.stack(
        [
            (head(scores + move) - head(scores - move)) / (2 * move.sum())
            for move in np.diag(step)
        ],
        axis=2,
    ).reshape(-1, len(step))
    # Orthonormal functions of the same span, and slopes along them.
    root = np.sqrt(weights)[:, None]
    U, s, Vt = np.linalg.svd(root * bases, full_matrices=False)
    along = slopes @ (Vt.T * s)
    _, size, turn = np.linalg.svd(along, full_matrices=False)
    turn = np.pad(turn, ((0, len(s) - len(turn)), (0, 0)))
    size = np.pad(size, (0, len(s) - len(size)))
    found = (U @ turn.T).T
    signs = np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])
    found *= np.where(signs == 0, 1.0, signs)[:, None]
    total = (size**2).sum()
    return Directions(
        found / root.T,
        size**2 / total if total > 0 else size,
        (found * root.T) @ bases,
    )
