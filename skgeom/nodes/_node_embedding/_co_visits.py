"""Matrices whose leading singular vectors are coordinates of nodes.

Walks are those of DeepWalk, whose factorisation is that of the logarithms of how often
nodes are visited from each other (Qiu et al., "Network embedding as matrix
factorization", WSDM 2018, eq. 4).
"""

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, row_blocks
from skgeom.graph import Graph
from skgeom.nodes._walk_features import walk_features
from skgeom.operators import pointwise_information
from skgeom.typing import NDArray

# Entries of the matrix of walks, before it is averaged with its transpose.
_MOST_ENTRIES = 2**26
# Rows keep so many in any case.
_FEWEST_IN_A_ROW = 32
# "exact" holds so many nodes squared.
MOST_EXACT = 10_000
# The exponent that flattens the shares of nodes in "edges".
_FLATTENED = 0.75


def walked_powers(
    graph: Graph, n_walks: int, walk_length: int, seed: int, backend: Backend
) -> sp.csr_array:
    r"""Estimate the mean of :math:`W, W^2, \ldots, W^T` by walks, and symmetrise it.

    Rows of very large graphs keep their largest entries alone, those that are most
    above chance, such that there are about 2^26 in all.
    """
    n = graph.n_nodes
    modulation = np.full(walk_length + 1, 1.0 / walk_length)
    modulation[0] = 0.0
    kept = max(_FEWEST_IN_A_ROW, _MOST_ENTRIES // max(n, 1))
    roots = _roots(graph)
    parts = []
    for rows in row_blocks(n, 16 * min(n_walks * walk_length, n)):
        part = walk_features(
            graph,
            np.arange(rows.start, rows.stop),
            modulation,
            n_walks=n_walks,
            survival=np.ones(walk_length + 1),
            coupling=None,
            seed=seed,
            backend=backend,
        )
        parts.append(_largest_in_rows(part, roots, kept))
    found = sp.csr_array(sp.vstack(parts)) if len(parts) > 1 else parts[0]
    del parts
    found.data *= np.float32(0.5)
    # Without a copy of both: the sum has up to twice the entries of one.
    return sp.csr_array(found + found.T)


def exact_powers(graph: Graph, walk_length: int) -> NDArray:
    r"""Compute the mean of :math:`W, W^2, \ldots, W^T`, dense."""
    W = sp.csr_array(graph.laplacian().transition)
    power = W.toarray()
    total = power.copy()
    for _ in range(walk_length - 1):
        power = W @ power
        total += power
    return (total + total.T) / (2 * walk_length)


def log_co_visits(
    powers: sp.csr_array | NDArray, graph: Graph, n_negative: float
) -> sp.csr_array:
    r"""Logarithms of how many times more often nodes are visited than by chance.

    With :math:`V` the sum of the degrees, entries are
    :math:`\log \max(1, V P_{ij} / (b\, d_j))`, P the mean of powers of the walk.

    Parameters
    ----------
    powers : csr_array or ndarray of shape (n_nodes, n_nodes)
        From `walked_powers` or `exact_powers`.
    graph : Graph
        Undirected.
    n_negative : float
        The b > 0 of the formula.

    Returns
    -------
    csr_array of shape (n_nodes, n_nodes)
        The logarithms; nodes without edges have none.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes._node_embedding._co_visits import exact_powers, log_co_visits
    >>> path = Graph.from_edges([[0, 1], [1, 2]])
    >>> log_co_visits(exact_powers(path, 1), path, 1.0).toarray().round(2)
    array([[0.  , 0.69, 0.  ],
           [0.69, 0.  , 0.69],
           [0.  , 0.69, 0.  ]])
    """
    # P_ij / d_j = W_ij / sqrt(d_i d_j)
    roots = np.sqrt(graph.degrees)
    return pointwise_information(powers, roots, _by_chance(graph, n_negative))


def log_edges(graph: Graph) -> sp.csr_array:
    r"""Logarithms of steps along edges beside flattened shares of the nodes.

    The first stage of ProNE (Zhang et al., IJCAI 2019): :math:`\log p_{ij} - \log q_j`
    with :math:`q_j \propto (\sum_i p_{ij})^{3/4}`.
    """
    A = graph.adjacency
    steps = sp.csr_array(sp.diags_array(1.0 / _roots(graph) ** 2) @ A)
    ones = np.ones(graph.n_nodes)
    return pointwise_information(steps, ones, _flattened(graph), positive=False)


def normalized_adjacency(graph: Graph) -> sp.csr_array:
    """The adjacency between square roots of degrees; isolated nodes are not joined."""
    scale = sp.diags_array(1.0 / _roots(graph))
    return sp.csr_array(scale @ graph.adjacency @ scale)


def _roots(graph):
    """Square roots of the degrees, one for isolated nodes."""
    return np.sqrt(np.where(graph.degrees > 0, graph.degrees, 1.0))


def _by_chance(graph, n_negative):
    """Square roots of degrees in the unit in which visits by chance are one."""
    degrees = graph.degrees
    # Two steps: the sum of large degrees may not be a number.
    largest = max(degrees.max(initial=0.0), np.finfo(np.float64).tiny)
    total = (degrees / largest).sum()
    return np.sqrt(degrees) / largest * (n_negative / max(total, 1.0))


def _flattened(graph):
    """Shares of nodes in steps along edges, flattened."""
    into = (1.0 / _roots(graph) ** 2) @ graph.adjacency
    flat = into**_FLATTENED
    return flat / max(flat.sum(), np.finfo(np.float64).tiny)


def _largest_in_rows(matrix, roots, kept):
    """The entries of each row that are most above chance, so many at most."""
    counts = np.diff(matrix.indptr)
    if counts.max(initial=0) <= kept:
        return matrix
    chance = matrix.data / roots[matrix.indices]
    owners = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((matrix.indices, -chance, owners))
    place = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], counts)
    order = order[place < kept]
    indptr = np.append(0, np.cumsum(np.minimum(counts, kept)))
    # The indices of scipy keep their type: half of it where they fit.
    return sp.csr_array(
        (
            matrix.data[order],
            matrix.indices[order],
            indptr.astype(matrix.indptr.dtype),
        ),
        shape=matrix.shape,
    )
