"""Rows near a node blend into it, so that their places are continuous."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from skgeom.geometry import poincare
from skgeom.typing import NDArray


def drawn_to_nodes(
    points: NDArray,
    shares: sp.csr_array,
    nodes: NDArray,
    geodesic: Callable = poincare.geodesic,
) -> NDArray:
    """Draw points along geodesics to the nodes that they nearly are.

    One node after the other, as a mean with weights is taken step by step, so that the
    place of a row is continuous in its shares.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_components)
        Where the rows would be as new ones, in the ball.
    shares : csr_array of shape (n_rows, n_nodes)
        How much each row is each node; what is missing to one is how much it is new.
    nodes : ndarray of shape (n_nodes, n_components)
        Where the nodes are, in the ball.
    geodesic : callable, default=poincare.geodesic
        Of the model, if it is another than the ball.

    Returns
    -------
    ndarray of shape (n_rows, n_components)
        In the ball.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skgeom.hyperbolic._drawn import drawn_to_nodes
    >>> drawn_to_nodes(np.zeros((1, 1)), csr_array([[0.5]]), np.array([[0.6]])).round(3)
    array([[0.333]])
    """
    points, counts = points.copy(), np.diff(shares.indptr)
    weight = 1.0 - shares.sum(axis=1)
    for place in range(counts.max(initial=0)):
        rows = np.flatnonzero(counts > place)
        entry = shares.indptr[rows] + place
        weight[rows] += shares.data[entry]
        step = shares.data[entry] / weight[rows]
        target = nodes[shares.indices[entry]]
        points[rows] = geodesic(points[rows], target, step[:, None])
    return points
