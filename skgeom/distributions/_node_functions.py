"""Smooth functions on the nodes of a graph, along which histograms are sorted."""

import numpy as np

from skgeom.backends import Backend
from skgeom.graph import Graph
from skgeom.operators import SparseKernel
from skgeom.solvers import leading_eigenpairs
from skgeom.typing import NDArray

# Eigenvalues that differ by less are one: which functions of its space an eigensolver
# finds is chance.
_EQUAL = 1e-9


def node_functions(graph: Graph, n_functions: int, backend: Backend) -> NDArray:
    r"""Slow eigenfunctions of the Laplacian, the slowest the largest.

    The function of eigenvalue :math:`\lambda_l` is scaled by
    :math:`e^{-\lambda_l / \lambda_L}`, L being the last, as in "Intrinsic sliced
    Wasserstein distances for comparing collections of probability distributions on
    manifolds and graphs" (Rustamov and Majumdar, ICML 2023).

    Parameters
    ----------
    graph : Graph
        Undirected.
    n_functions : int
        How many. More are returned where the last eigenvalue comes several times.
    backend : Backend
        Where products with the graph are computed.

    Returns
    -------
    ndarray of shape (n_functions, n_nodes), float64
        The same whatever basis of a repeated eigenvalue a solver finds. Constants are
        left out; of a graph in pieces each piece has its own.

    Raises
    ------
    ValueError
        If the graph is directed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.distributions._node_functions import node_functions
    >>> from skgeom.graph import Graph
    >>> path = Graph.from_edges([[0, 1], [1, 2]])
    >>> node_functions(path, 1, get_backend("cpu")).round(2) + 0.0
    array([[ 0.45,  0.  , -0.45]])
    """
    laplacian = graph.laplacian("combinatorial")
    kernel = SparseKernel(laplacian.transition, backend, laplacian.on(backend))
    n_nodes = graph.n_nodes
    n_pairs = min(n_functions + 1, n_nodes)
    while True:
        # One more than is used, until the last is alone.
        values, vectors = leading_eigenpairs(kernel, min(n_pairs + 1, n_nodes))
        if len(values) == n_nodes or values[-2] - values[-1] > _EQUAL:
            break
        n_pairs += max(4, n_pairs // 2)
    rates = laplacian.bound * np.maximum(1 - values, 0.0)
    ends = np.flatnonzero(np.append(values[:-1] - values[1:] > _EQUAL, True)) + 1
    n_pieces = int(ends[0])
    kept = int(ends[np.searchsorted(ends, min(n_functions + 1, len(values)))])
    starts = [0, *ends[ends < kept]]
    spaces = [vectors[:, a:b] for a, b in zip(starts, ends, strict=False) if a < kept]
    functions = np.concatenate([_canonical(space) for space in spaces], axis=1)
    first = 1 if n_pieces == 1 else 0
    last = rates[kept - 1] or 1.0
    fading = np.exp(-rates[:kept] / last)
    found = (functions * fading).T[first:] * n_nodes**0.5
    return found if len(found) else np.zeros((1, n_nodes))


def _canonical(space):
    """An orthonormal basis that depends on the space alone, not on the basis given.

    The projection to the space of the node that it holds best, then the rest.
    """
    found = np.empty_like(space)
    for k in range(space.shape[1]):
        held = (space * space).sum(axis=1)
        pivot = int(np.argmax(held > held.max() * (1 - 1e-6)))
        weights = space[pivot] / np.sqrt(held[pivot])
        found[:, k] = space @ weights
        # An orthonormal basis of what is left of the space.
        turn = np.linalg.qr(np.column_stack([weights, np.eye(len(weights))]))[0]
        space = space @ turn[:, 1:]
    return found
