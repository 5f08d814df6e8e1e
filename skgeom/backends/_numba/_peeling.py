"""numba kernel that takes a graph apart, node by node."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def peeling_order(indptr, indices, in_degree):
    """Rank nodes by when they are removed, always one with the fewest links to it.

    Of equals, the one that came to this number first. Buckets of nodes by number make
    it linear (Matula and Beck 1983).
    """
    n = indptr.shape[0] - 1
    degree = in_degree.copy()
    # A queue per degree, as linked lists of entries; an entry may be out of date.
    entries = n + indices.shape[0]
    node_of = np.empty(entries, np.int64)
    after = np.full(entries, -1, np.int64)
    head = np.full(degree.max() + 1, -1, np.int64)
    tail = np.full(degree.max() + 1, -1, np.int64)
    rank = np.full(n, -1, np.int64)
    size = 0
    for node in range(n):
        size = _push(head, tail, after, node_of, size, node, degree[node])
    low, count = 0, 0
    while count < n:
        while head[low] < 0:
            low += 1
        entry = head[low]
        head[low] = after[entry]
        node = node_of[entry]
        if rank[node] >= 0 or degree[node] != low:
            continue
        rank[node] = count
        count += 1
        for p in range(indptr[node], indptr[node + 1]):
            other = indices[p]
            if rank[other] < 0:
                degree[other] -= 1
                size = _push(head, tail, after, node_of, size, other, degree[other])
                low = min(low, degree[other])
    return rank


@njit(**OPTIONS)
def _push(head, tail, after, node_of, size, node, degree):
    """Append an entry to the queue of a degree; return the number of entries."""
    node_of[size] = node
    if head[degree] < 0:
        head[degree] = size
    else:
        after[tail[degree]] = size
    tail[degree] = size
    return size + 1
