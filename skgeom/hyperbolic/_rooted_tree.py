"""Trees with a root: from points, from merges, from graphs of any kind."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import Backend
from skgeom.graph import nearest_neighbors
from skgeom.typing import NDArray


class RootedTree(NamedTuple):
    """A tree whose nodes are numbered from the root on, level by level.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,), int64
        The node of each position; the children of a node stand together.
    parents : ndarray of shape (n_nodes,), int64
        Position of the parent of each position, -1 for the root, which is the first.
    lengths : ndarray of shape (n_nodes,)
        Of the edge to the parent, 0 for the root.
    levels : ndarray of shape (n_levels + 1,), int64
        Where each level begins, and the number of nodes at the end.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skgeom.hyperbolic._rooted_tree import root_tree
    >>> path = csr_array([[0, 1, 0], [1, 0, 2], [0, 2, 0]])
    >>> tree = root_tree(path, 1)
    >>> tree.nodes.tolist(), tree.parents.tolist(), tree.levels.tolist()
    ([1, 0, 2], [-1, 0, 0], [0, 1, 3])
    """

    nodes: NDArray
    parents: NDArray
    lengths: NDArray
    levels: NDArray

    @property
    def depths(self) -> NDArray:
        """Distance of each position to the root along the tree."""
        depths = np.zeros(len(self.nodes))
        for start, stop in zip(self.levels[1:-1], self.levels[2:], strict=True):
            level = slice(start, stop)
            depths[level] = depths[self.parents[level]] + self.lengths[level]
        return depths

    @property
    def sizes(self) -> NDArray:
        """Number of nodes at and below each position."""
        sizes = np.ones(len(self.nodes), dtype=np.int64)
        for start, stop in zip(self.levels[-2:0:-1], self.levels[:1:-1], strict=True):
            np.add.at(sizes, self.parents[start:stop], sizes[start:stop])
        return sizes


def root_tree(lengths: sp.csr_array, root: int) -> RootedTree:
    """Number the nodes of a tree from its root on.

    Parameters
    ----------
    lengths : csr_array of shape (n_nodes, n_nodes)
        Symmetric; stored entries are edges, of length zero too.
    root : int
        A node.

    Returns
    -------
    RootedTree
        Of the nodes that can be reached from the root.
    """
    nodes, before = csgraph.breadth_first_order(lengths, root, directed=False)
    n_nodes = len(nodes)
    place = np.empty(lengths.shape[0], dtype=np.int64)
    place[nodes] = np.arange(n_nodes)
    parents = np.append(-1, place[before[nodes[1:]]])
    spans = np.zeros(n_nodes)
    if n_nodes > 1:
        spans[1:] = np.asarray(lengths[nodes[1:], before[nodes[1:]]]).ravel()
    levels = [0, 1]
    while levels[-1] < n_nodes:
        # Parents do not decrease: the next level ends where this level's children do.
        levels.append(int(np.searchsorted(parents, levels[-1], side="left")))
    return RootedTree(nodes.astype(np.int64), parents, spans, np.array(levels))


def centres(lengths: sp.csr_array) -> NDArray:
    """The node of each part whose farthest node is nearest.

    That is the middle of a longest path. Where a part is no tree, the second of two
    searches comes near the longest of its shortest paths.

    Parameters
    ----------
    lengths : csr_array of shape (n_nodes, n_nodes)
        Symmetric; stored entries are edges.

    Returns
    -------
    ndarray of shape (n_parts,), int64
        A node for each part, the first of several.
    """
    part_of = csgraph.connected_components(lengths, directed=False)[1]
    far = np.unique(part_of, return_index=True)[1]
    found = []
    for _ in range(3):
        found.append(
            csgraph.dijkstra(lengths, directed=False, indices=far, min_only=True)
        )
        far = _first_of_each(part_of, -found[-1])
    return _first_of_each(part_of, np.maximum(*found[1:]))


def _first_of_each(part_of, values):
    """Where the least value of each part is."""
    order = np.lexsort((values, part_of))
    return order[np.unique(part_of[order], return_index=True)[1]]


def spanning_tree(lengths: sp.csr_array, kind: str) -> tuple[sp.csr_array, int]:
    """A tree of each part of a graph, and the parts joined into one.

    Parameters
    ----------
    lengths : csr_array of shape (n_nodes, n_nodes)
        Symmetric, without loops; stored entries are edges.
    kind : {"shortest_path", "minimum"}
        The tree of shortest paths from the centre of a part, or the tree of the least
        sum of lengths. A part that is a tree stays as it is.

    Returns
    -------
    tree : csr_array of shape (n_found, n_found)
        Symmetric. With more than one part there is one more node, the last, joined to
        the centre of each by an edge as long as the longest.
    n_parts : int
        Parts of the graph.
    """
    n_nodes = lengths.shape[0]
    n_parts = csgraph.connected_components(lengths, directed=False)[0]
    if lengths.nnz == 2 * (n_nodes - n_parts):
        edges = sp.coo_array(sp.triu(lengths))
        heads, tails, spans = edges.row, edges.col, edges.data
    elif kind == "minimum":
        # A stored zero is no edge to SciPy: the least positive number stands for it.
        positive = lengths.copy()
        positive.data = np.maximum(positive.data, np.finfo(np.float64).tiny)
        found = sp.coo_array(csgraph.minimum_spanning_tree(positive))
        heads, tails = found.row, found.col
        spans = _entries(lengths, heads, tails)
    else:
        before = csgraph.dijkstra(
            lengths,
            directed=False,
            indices=centres(lengths),
            min_only=True,
            return_predecessors=True,
        )[1]
        tails = np.flatnonzero(before >= 0)
        heads = before[tails]
        spans = _entries(lengths, heads, tails)
    tree = _symmetric(n_nodes, heads, tails, spans)
    if n_parts == 1:
        return tree, 1
    middles, longest = centres(tree), spans.max(initial=0.0) or 1.0
    heads = np.append(heads, np.full(n_parts, n_nodes))
    tails = np.append(tails, middles)
    spans = np.append(spans, np.full(n_parts, longest))
    return _symmetric(n_nodes + 1, heads, tails, spans), int(n_parts)


def neighbor_tree(X: NDArray, n_neighbors: int, backend: Backend) -> sp.csr_array:
    """The minimum spanning tree of points, of the links to their nearest neighbours.

    Parts of the neighbour graph are joined by their shortest links, found exactly
    (Borůvka, 1926).

    Parameters
    ----------
    X : ndarray of shape (n_points, n_features)
        Points that differ from each other.
    n_neighbors : int
        Links of a point that are looked at.
    backend : Backend
        Where neighbours are searched.

    Returns
    -------
    csr_array of shape (n_points, n_points)
        Symmetric lengths of the edges.
    """
    n_points = len(X)
    k = min(n_neighbors, n_points - 1)
    distances, indices = nearest_neighbors(X, n_neighbors=k, backend=backend)
    heads = np.repeat(np.arange(n_points), k)
    links = _symmetric(n_points, heads, indices.ravel(), distances.ravel())
    while True:
        n_parts, part_of = csgraph.connected_components(links, directed=False)
        if n_parts == 1:
            break
        # The largest part waits to be joined.
        largest = np.argmax(np.bincount(part_of))
        more = [(*links.nonzero(), links.data)]
        for part in np.delete(np.arange(n_parts), largest):
            inside = np.flatnonzero(part_of == part)
            outside = np.flatnonzero(part_of != part)
            found, nearest = nearest_neighbors(
                X[outside], X[inside], n_neighbors=1, algorithm="exact", backend=backend
            )
            best = int(np.argmin(found))
            more.append(([inside[best]], [outside[nearest[best, 0]]], found[best]))
        heads, tails, spans = (np.concatenate(each) for each in zip(*more, strict=True))
        links = _symmetric(n_points, heads, tails, spans)
    return spanning_tree(links, "minimum")[0]


def _entries(matrix, rows, columns):
    return np.asarray(matrix[rows, columns]).ravel().astype(np.float64)


def tree_of_edges(
    edges: NDArray, lengths: NDArray, n_nodes: int | None = None
) -> sp.csr_array:
    """A matrix of lengths from a list of edges.

    Parameters
    ----------
    edges : ndarray of shape (n_edges, 2), int64
        Pairs of nodes.
    lengths : ndarray of shape (n_edges,)
        Zeros too, which are stored.
    n_nodes : int, default=None
        None is one more than the number of edges, as of a tree.

    Returns
    -------
    csr_array of shape (n_nodes, n_nodes)
        Both directions of each edge.
    """
    n_nodes = len(edges) + 1 if n_nodes is None else n_nodes
    return _symmetric(n_nodes, edges[:, 0], edges[:, 1], lengths)


def _symmetric(n_nodes, heads, tails, spans):
    """A matrix of edges in both directions; of edges that come twice, one."""
    low, high = np.minimum(heads, tails), np.maximum(heads, tails)
    _, first = np.unique(low.astype(np.int64) * n_nodes + high, return_index=True)
    low, high, spans = low[first], high[first], np.asarray(spans, np.float64)[first]
    rows, columns = np.append(low, high), np.append(high, low)
    shape = (n_nodes, n_nodes)
    return sp.csr_array((np.append(spans, spans), (rows, columns)), shape=shape)
