"""Hierarchies as graphs: their transitive closure, and edges held back for a test."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state

from skgeom.graph._graph import Graph
from skgeom.typing import RandomStateLike


def transitive_closure(graph: Graph) -> Graph:
    """Join each node to all that it can reach.

    Parameters
    ----------
    graph : Graph
        Directed, as a hierarchy is, or not.

    Returns
    -------
    Graph
        Of the same nodes, with an edge of weight 1 wherever a path leads from one node
        to another. Self-loops are not edges of the closure.

    Notes
    -----
    Costs the number of edges of the closure, times the length of the longest shortest
    path. The closure of a connected undirected graph is complete.

    Examples
    --------
    >>> from skgeom.graph import Graph, transitive_closure
    >>> transitive_closure(Graph.from_edges([[0, 1], [1, 2]], directed=True))
    Graph(n_nodes=3, n_edges=3, directed)
    """
    step = sp.csr_array(graph.adjacency - sp.diags_array(graph.adjacency.diagonal()))
    step.eliminate_zeros()
    step.data[:] = 1.0
    reached = frontier = step
    while frontier.nnz:
        frontier = _pattern(frontier @ step)
        frontier = sp.csr_array(frontier - frontier.multiply(reached))
        frontier.eliminate_zeros()
        reached = sp.csr_array(reached + frontier)
    reached = sp.csr_array(reached - sp.diags_array(reached.diagonal()))
    reached.eliminate_zeros()
    return graph.with_edges(reached, directed=graph.directed)


def train_test_split_edges(
    graph: Graph, test_size: float = 0.1, *, random_state: RandomStateLike = None
) -> tuple[Graph, Graph]:
    """Hold back edges, to see whether an embedding of the others predicts them.

    Each node that has an edge keeps one at least.

    Parameters
    ----------
    graph : Graph
        The graph; self-loops stay in the training graph.
    test_size : float, default=0.1
        Share of the edges to hold back, in (0, 1); fewer where nodes would lose all.
    random_state : int, RandomState instance or None, default=None
        Chooses the edges.

    Returns
    -------
    train, test : Graph
        On the same nodes; their edges together are those of the graph.

    Raises
    ------
    ValueError
        If `test_size` is not between 0 and 1.

    Examples
    --------
    >>> from skgeom.graph import Graph, train_test_split_edges
    >>> ring = Graph.from_edges([[0, 1], [1, 2], [2, 3], [3, 0]])
    >>> train_test_split_edges(ring, 0.25, random_state=0)
    (Graph(n_nodes=4, n_edges=3, undirected), Graph(n_nodes=4, n_edges=1, undirected))
    """
    if not 0 < test_size < 1:
        raise ValueError(f"test_size={test_size!r} must be between 0 and 1.")
    edges = sp.coo_array(graph.adjacency)
    kept = edges.row != edges.col if graph.directed else edges.row < edges.col
    heads, tails, weights = edges.row[kept], edges.col[kept], edges.data[kept]
    wanted = round(test_size * len(heads))
    links_left = np.bincount(np.append(heads, tails), minlength=graph.n_nodes)
    chosen = np.zeros(len(heads), dtype=bool)
    for edge in check_random_state(random_state).permutation(len(heads)):
        if wanted == 0:
            break
        ends = heads[edge], tails[edge]
        if min(links_left[end] for end in ends) > 1:
            chosen[edge] = True
            wanted -= 1
            for end in ends:
                links_left[end] -= 1
    pairs = np.column_stack([heads, tails])[chosen]
    shape = graph.adjacency.shape
    test = sp.csr_array((weights[chosen], pairs.T), shape=shape)
    if not graph.directed:
        test = test + test.T
    train = sp.csr_array(graph.adjacency - test)
    train.eliminate_zeros()
    train, test = (graph.with_edges(A, directed=graph.directed) for A in (train, test))
    return train, test


def _pattern(matrix):
    matrix = sp.csr_array(matrix)
    matrix.data[:] = 1.0
    return matrix
