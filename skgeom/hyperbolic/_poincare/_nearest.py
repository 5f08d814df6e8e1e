"""The nodes nearest to a node: what is asked for, found, and how it is called."""

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from skgeom.backends import as_numpy, row_blocks
from skgeom.geometry._arrays import arcosh_1p
from skgeom.graph import Graph
from skgeom.graph._names import holds_names
from skgeom.metrics._hierarchy import separations
from skgeom.typing import ArrayLike, NDArray

# Squares of distances, and what a row of them takes to find the least.
_BYTES_PER_ENTRY = 16


def read_nodes(nodes: ArrayLike, graph: Graph) -> tuple[NDArray, tuple[int, ...]]:
    """Read one node or several, by id or by name.

    Parameters
    ----------
    nodes : int, str or array-like of shape (n,), int or str
        Text is a name of the graph's, and a whole number an id.
    graph : Graph
        Whose nodes they are.

    Returns
    -------
    ids : ndarray of shape (n,), int64
        Their ids; n is 1 for one node.
    shape : tuple of int
        (n,), or () for one node.

    Raises
    ------
    ValueError
        If they are neither, or a name or an id is that of no node.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.hyperbolic._poincare._nearest import read_nodes
    >>> read_nodes("a", Graph.from_edges([["a", "c"], ["c", "b"]]))
    (array([0]), ())
    """
    given = np.asarray(as_numpy(nodes))
    expected = "nodes must be an id or a name of a node, or a list of them"
    if given.ndim > 1:
        raise ValueError(f"{expected}; got an array of shape {given.shape}.")
    ids = given.reshape(-1)
    if holds_names(ids):
        try:
            return graph.ids(ids), given.shape
        except ValueError as error:
            raise ValueError(f"{expected}: {error}") from None
    if ids.size and ids.dtype.kind not in "iu":
        raise ValueError(f"{expected}; got {ids[0]!r}.")
    if ids.size and not (ids.min() >= 0 and ids.max() < graph.n_nodes):
        raise ValueError(
            f"{expected}; ids are from 0 to {graph.n_nodes - 1}, got {ids.min()} to "
            f"{ids.max()}."
        )
    return ids.astype(np.int64), given.shape


def nearest_nodes(
    table: tuple[NDArray, NDArray], ids: NDArray, k: int
) -> tuple[NDArray, NDArray]:
    """Find the nodes that are nearest to some of them in the Poincaré ball.

    Parameters
    ----------
    table : tuple of ndarray
        Coordinates of all nodes, shape (n_nodes, n_components), and ``1 - |x|^2`` of
        each, shape (n_nodes,), which has digits at the rim that they have lost.
    ids : ndarray of shape (n,), int
        The nodes whose neighbours are wanted.
    k : int
        How many; more than the n_nodes - 1 others are cut to these.

    Returns
    -------
    neighbors : ndarray of shape (n, k), int64
        Nearest first, without the node itself; of equally near ones the lower id.
    distances : ndarray of shape (n, k)
        The hyperbolic distances.

    Notes
    -----
    Memory is that of a block of rows, and of what is returned.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._poincare._nearest import nearest_nodes
    >>> x = np.tanh([[0.0], [0.5], [-1.0]])
    >>> neighbors, distances = nearest_nodes((x, 1 - x[:, 0] ** 2), np.array([1]), 2)
    >>> neighbors, distances.round(12)
    (array([[0, 2]]), array([[1., 3.]]))
    """
    coordinates, gaps = (array.astype(np.float64, copy=False) for array in table)
    n_nodes = len(gaps)
    k = min(k, n_nodes - 1)
    neighbors = np.empty((len(ids), k), dtype=np.int64)
    excess = np.empty((len(ids), k))
    for block in row_blocks(len(ids), n_nodes * _BYTES_PER_ENTRY):
        own = ids[block]
        found = separations(coordinates[own], gaps[own], coordinates, gaps)
        found[np.arange(len(own)), own] = np.inf
        for row, entries in enumerate(found, start=block.start):
            last = np.partition(entries, k - 1)[k - 1]
            near = np.flatnonzero(entries <= last)
            near = near[np.argsort(entries[near], kind="stable")[:k]]
            neighbors[row], excess[row] = near, entries[near]
    return neighbors, arcosh_1p(np, excess)


def named(ids: NDArray, node_names: Sequence[Any] | None) -> NDArray:
    """Call nodes by their names, where these are no numbers.

    Numbers would be taken for ids, when they are asked for next.

    Parameters
    ----------
    ids : ndarray of shape (n, k), int
        Nodes.
    node_names : sequence of length n_nodes or None
        What they stand for.

    Returns
    -------
    ndarray of shape (n, k), object or int
        The names, or the ids.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._poincare._nearest import named
    >>> named(np.array([[2, 0]]), ["a", "b", "c"]).tolist()
    [['c', 'a']]
    """
    if node_names is None:
        return ids
    found = [node_names[i] for i in ids.ravel()]
    if any(isinstance(name, Number) for name in found):
        return ids
    # Filled one by one: names that are tuples would become a row of columns.
    names = np.empty(len(found), dtype=object)
    for position, name in enumerate(found):
        names[position] = name
    return names.reshape(ids.shape)
