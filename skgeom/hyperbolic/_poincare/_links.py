"""Links that say something: those between nodes, and halves of those of new rows."""

import numpy as np
import scipy.sparse as sp

from skgeom.graph import Graph


def without_loops(graph: Graph) -> Graph:
    """Leave out links from nodes to themselves, which say nothing.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        The graph itself where it has no such links.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.hyperbolic._poincare._links import without_loops
    >>> without_loops(Graph.from_edges([[0, 0], [0, 1]]))
    Graph(n_nodes=2, n_edges=1, undirected)
    """
    if not graph.adjacency.diagonal().any():
        return graph
    rest = sp.csr_array(graph.adjacency - sp.diags_array(graph.adjacency.diagonal()))
    rest.eliminate_zeros()
    return graph.with_edges(rest, directed=graph.directed)


def every_other(links: sp.csr_array) -> tuple[sp.csr_array, sp.csr_array]:
    """Split rows of links in two: the first, third ... and the second, fourth ...

    Parameters
    ----------
    links : csr_array of shape (n_rows, n_nodes)
        Links of each row; their indices are sorted in place.

    Returns
    -------
    known, held_back : csr_array of shape (n_split, n_nodes)
        The halves of the rows that have two links or more. Rows of one have nothing to
        find and are left out.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skgeom.hyperbolic._poincare._links import every_other
    >>> known, held_back = every_other(csr_array([[1, 1, 0, 1], [0, 1, 0, 0]]))
    >>> known.toarray(), held_back.toarray()
    (array([[1, 0, 0, 1]]), array([[0, 1, 0, 0]]))
    """
    links.sort_indices()
    rows = np.repeat(np.arange(links.shape[0]), np.diff(links.indptr))
    place = np.arange(links.nnz) - links.indptr[rows]
    enough = np.diff(links.indptr)[rows] > 1
    halves = []
    for half in ((place % 2 == 0) & enough, (place % 2 == 1) & enough):
        entries = links.data[half], (rows[half], links.indices[half])
        halves.append(sp.csr_array(entries, shape=links.shape))
    some = np.diff(halves[0].indptr) > 0
    return halves[0][some], halves[1][some]
