"""Targets of rows as targets of nodes."""

import numpy as np
import scipy.sparse as sp

from skgeom.typing import NDArray


def by_node(
    nodes: NDArray, targets: NDArray, weights: NDArray | None = None
) -> tuple[NDArray, NDArray, NDArray]:
    """Take the mean of the targets of rows that are the same node.

    Parameters
    ----------
    nodes : ndarray of shape (n_rows,), int64
        The node of each row.
    targets : ndarray of shape (n_rows, n_targets)
        Targets of the rows.
    weights : ndarray of shape (n_rows,), default=None
        What each row counts, >= 0 and not all zero for a node; None is one each.

    Returns
    -------
    nodes : ndarray of shape (n_nodes,), int64
        Each once, in increasing order.
    targets : ndarray of shape (n_nodes, n_targets)
        Weighted means.
    weights : ndarray of shape (n_nodes,)
        What the rows of a node count together.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import by_node
    >>> by_node(np.array([4, 1, 4]), np.array([[1.0], [0.0], [3.0]]))[1]
    array([[0.],
           [2.]])
    """
    if weights is None:
        weights = np.ones(len(nodes))
    unique, inverse = np.unique(nodes, return_inverse=True)
    if len(unique) == len(nodes):
        order = np.argsort(nodes, kind="stable")
        return nodes[order], targets[order], weights[order]
    group = sp.csr_array((weights, (inverse, np.arange(len(nodes)))))
    total = group.sum(axis=1)
    return unique, (group @ targets) / total[:, None], total
