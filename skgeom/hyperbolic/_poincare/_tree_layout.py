"""A hierarchy drawn in the hyperbolic plane: where descent starts from."""

import numpy as np
import scipy.sparse as sp

from skgeom.typing import NDArray

_ROOT = -1


def hierarchy_tree(adjacency: sp.csr_array) -> tuple[NDArray, NDArray]:
    """Find a tree in a directed graph whose links point upwards.

    Nodes are removed one after the other, always one with the fewest links to it, the
    leaves first. The parent of a node is the first of those it links to that goes after
    it: in a transitive closure its most specific ancestor, in a tree its parent. Nodes
    without such a link are roots. Time is linear in the number of links.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        An entry (u, v) is a link from u up to v. Without self-loops.

    Returns
    -------
    parents : ndarray of shape (n_nodes,), int64
        The parent of each node, -1 for roots.
    ranks : ndarray of shape (n_nodes,), int64
        When each node is removed; a parent always comes after its children. If the
        graph has no cycle, all links go from lower to higher ranks.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skgeom.hyperbolic._poincare._tree_layout import hierarchy_tree
    >>> closure = csr_array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])  # 0 -> 1 -> 2, 0 -> 2
    >>> hierarchy_tree(closure)[0]
    array([ 1,  2, -1])
    """
    from skgeom.backends._numba._peeling import peeling_order

    n = adjacency.shape[0]
    indptr, indices = (
        array.astype(np.int64) for array in (adjacency.indptr, adjacency.indices)
    )
    ranks = peeling_order(indptr, indices, np.bincount(indices, minlength=n))
    heads = np.repeat(np.arange(n), np.diff(adjacency.indptr))
    up = ranks[adjacency.indices] > ranks[heads]
    first = np.full(n, n)
    np.minimum.at(first, heads[up], ranks[adjacency.indices[up]])
    by_rank = np.append(np.argsort(ranks), _ROOT)
    return by_rank[first], ranks


def tree_layout(parents: NDArray, ranks: NDArray) -> tuple[NDArray, NDArray]:
    """Draw a tree in the hyperbolic plane.

    The subtrees below a node share its sector by their numbers of nodes, and a node is
    at the radius at which sectors of about its width are well apart:
    2 log(n_nodes / size). Low nodes are then near the boundary, and each is nearer to
    its ancestors than to nodes of other branches. (Sarkar 2011 draws trees with edges
    of one length; here deep trees lose no digits, for all radii are at most
    2 log(n_nodes).)

    Parameters
    ----------
    parents, ranks : ndarray of shape (n_nodes,), int64
        As from `hierarchy_tree`.

    Returns
    -------
    radii : ndarray of shape (n_nodes,)
        Distances to the origin, from 0 to 2 log(n_nodes).
    angles : ndarray of shape (n_nodes,)
        In [0, 2 pi].

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._poincare._tree_layout import tree_layout
    >>> radii, angles = tree_layout(np.array([2, 2, -1]), np.array([0, 1, 2]))
    >>> radii.round(2), (angles / np.pi).round(2)
    (array([2.2, 2.2, 0. ]), array([1.5, 0.5, 1. ]))
    """
    upwards = np.argsort(ranks).tolist()
    above, n = parents.tolist(), len(parents)
    sizes = [1] * n
    for node in upwards:
        if above[node] != _ROOT:
            sizes[above[node]] += sizes[node]
    # Where a sector begins, how wide it is, and how much of it is given away.
    starts, widths, given = [0.0] * n, [0.0] * n, [0.0] * (n + 1)
    for node in reversed(upwards):
        parent = above[node]
        if parent == _ROOT:
            start, width = 0.0, sizes[node] / n
        else:
            width = widths[parent] * sizes[node] / (sizes[parent] - 1)
            start = starts[parent]
        starts[node] = start + given[parent]
        widths[node] = width
        given[parent] += width
    angles = 2 * np.pi * (np.array(starts) + np.array(widths) / 2)
    return 2.0 * np.log(n / np.array(sizes)), angles
