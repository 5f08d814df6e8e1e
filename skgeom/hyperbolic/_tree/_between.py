"""Where new rows go between the nodes that are nearest to them."""

import numpy as np

from skgeom.geometry import polar
from skgeom.typing import NDArray

# The higher, the nearer a row stays to its nearest node.
_POWER = 12
# Neighbours of a row: two that it is between, and one that sets the scale.
N_NEAREST = 3


def place_between_two(nodes: NDArray, distances: NDArray, indices: NDArray) -> NDArray:
    r"""Place rows at their nearest node, or on the way to the second.

    In a tree the way from one node to another is long, and what is between is their
    ancestors. A row therefore stays at its nearest node, and leaves it along the
    geodesic to the second only where that is nearly as near: with d and e the distances
    to both and R that to the third, the second has :math:`q^p` of the weight of the
    first, :math:`q = \frac{(R - e) / e}{(R - d) / d}` being the ratio of the weights
    of Franke and Nielson, "Smooth interpolation of large sets of scattered data",
    International Journal for Numerical Methods in Engineering 15, 1980. So the place is
    continuous in the row, and depends on no other row.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes, n_components + 1)
        Polar coordinates of nodes that are different points.
    distances : ndarray of shape (n_rows, k)
        To the nearest nodes, nearest first; k is 3, or the number of nodes.
    indices : ndarray of shape (n_rows, k), int64
        These nodes.

    Returns
    -------
    ndarray of shape (n_rows, n_components + 1)
        Polar coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._tree._between import place_between_two
    >>> nodes = np.array([[2.0, 1.0], [2.0, -1.0], [4.0, 1.0]])
    >>> distances = np.array([[1.0, 2.0, 9.0], [1.0, 1.0, 9.0]])
    >>> place_between_two(nodes, distances, np.array([[0, 1, 2], [0, 1, 2]])).round(2)
    array([[2., 1.],
           [0., 1.]])
    """
    placed = nodes[indices[:, 0]].copy()
    if indices.shape[1] == 1:
        return placed
    d, e = distances[:, 0], distances[:, 1]
    scale = distances[:, 2] if distances.shape[1] > 2 else d + e
    top, bottom = (scale - e) * d, (scale - d) * e
    ratio = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 1.0 * (d > 0))
    weight = np.clip(ratio, 0.0, 1.0) ** _POWER
    share = (weight / (1.0 + weight))[:, None]
    moved = share[:, 0] > 0
    placed[moved] = polar.geodesic(
        placed[moved], nodes[indices[moved, 1]], share[moved]
    )
    return placed
