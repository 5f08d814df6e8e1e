"""The random walk of a graph, laid out for walkers, and an order that caches like."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import Steps

# Steps of all edges that fit in the caches whatever the order.
_SMALL = 2**16


def steps_of(transition, degrees, order=None):
    """Lay out the walk whose steps follow the weights of a symmetric graph.

    Parameters
    ----------
    transition : csr_array of shape (n, n)
        Of the symmetric Laplacian: 1 on the diagonal of isolated nodes.
    degrees : ndarray of shape (n,)
        Sums of weights; 0 for isolated nodes.
    order : ndarray of shape (n,), int, default=None
        Nodes in the order in which they shall lie in memory. It changes nothing else:
        neighbours of a node keep their order.

    Returns
    -------
    Steps
        On the host, read-only.
    """
    n = transition.shape[0]
    roots = np.sqrt(np.where(degrees > 0, degrees, 1.0))
    lengths = np.diff(transition.indptr)
    # w_uv / d_u = W_uv * sqrt(d_v / d_u), and sums of each row are one.
    owners = np.repeat(np.arange(n), lengths)
    odds = transition.data * roots[transition.indices] / roots[owners]
    even = np.allclose(odds * lengths[owners], 1.0, rtol=0, atol=1e-9)
    names = np.arange(n) if order is None else np.asarray(order)
    positions = np.empty(n, np.int64)
    positions[names] = np.arange(n)
    indptr = np.concatenate([[0], np.cumsum(lengths[names])])
    shift = np.repeat(transition.indptr[names] - indptr[:-1], lengths[names])
    edges = np.arange(len(shift)) + shift
    index = np.int32 if n <= np.iinfo(np.int32).max else np.int64
    cumulative = np.empty(0)
    if not even:
        cumulative = np.cumsum(odds[edges])
        cumulative -= np.repeat(
            np.concatenate([[0.0], cumulative])[indptr[:-1]], lengths[names]
        )
        cumulative[indptr[1:] - 1] = 1.0
        np.clip(cumulative, 0.0, 1.0, out=cumulative)
    steps = Steps(
        indptr.astype(np.int64),
        positions[transition.indices[edges]].astype(index),
        cumulative,
        roots[names],
        names.astype(index),
    )
    for part in steps:
        part.flags.writeable = False
    return steps


def memory_order(adjacency):
    """Order nodes so that neighbours lie near each other in memory.

    Reverse Cuthill-McKee, unless it brings the ends of most edges no nearer: random
    graphs have no better order than any other.

    Parameters
    ----------
    adjacency : csr_array of shape (n, n)
        Symmetric.

    Returns
    -------
    ndarray of shape (n,), int32
        The nodes in their new order.
    """
    n = adjacency.shape[0]
    given = np.arange(n, dtype=np.int32)
    if adjacency.nnz <= _SMALL:
        return given
    order = csgraph.reverse_cuthill_mckee(sp.csr_matrix(adjacency), symmetric_mode=True)
    positions = np.empty(n, np.int32)
    positions[order] = given
    owners = np.repeat(given, np.diff(adjacency.indptr))
    before = np.median(abs(owners - adjacency.indices))
    after = np.median(abs(positions[owners] - positions[adjacency.indices]))
    return order if 4 * after < before else given
