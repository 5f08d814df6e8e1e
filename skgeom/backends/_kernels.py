"""numba kernels: arrays in, arrays out, no GIL, the same answer on any thread count.

Importing this module costs the import of numba, so only functions that are about to
run a kernel import it.
"""

import os

import numpy as np
from numba import njit

_CACHE = os.environ.get("SKGEOM_NUMBA_CACHE", "1") != "0"


@njit(cache=_CACHE, nogil=True)
def polynomial_columns(indptr, indices, data, B, coefficients, chebyshev, out):
    """Write the polynomial of a CSR matrix times a narrow block B into `out`.

    One pass over the matrix per degree, with the product, the recurrence and the sum
    fused: a row of B (a few cache lines) is the unit of memory traffic.
    """
    n, width = B.shape
    term = B.copy()
    spare = np.zeros_like(B)
    for i in range(n):
        for c in range(width):
            out[i, c] = coefficients[0] * term[i, c]
    for degree in range(1, coefficients.shape[0]):
        recur = chebyshev and degree > 1
        factor = data.dtype.type(2.0) if recur else data.dtype.type(1.0)
        coefficient = coefficients[degree]
        for i in range(n):
            new = spare[i]
            for c in range(width):
                new[c] = -new[c] if recur else data.dtype.type(0.0)
            for p in range(indptr[i], indptr[i + 1]):
                weight = factor * data[p]
                row = term[indices[p]]
                for c in range(width):
                    new[c] += weight * row[c]
            for c in range(width):
                out[i, c] += coefficient * new[c]
        term, spare = spare, term


@njit(cache=_CACHE, nogil=True)
def farthest_points(indptr, indices, lengths, first, n_points):
    """Greedy farthest-point sampling along the edges of a graph.

    Each new point starts a Dijkstra search that only visits nodes that it is nearer
    to than every earlier point, so the whole costs little more than one search per
    doubling of the number of points.
    """
    n = indptr.shape[0] - 1
    chosen = np.empty(n_points, dtype=np.int64)
    distance = np.full(n, np.inf)
    heap_key = np.empty(indices.shape[0] + 1)
    heap_node = np.empty(indices.shape[0] + 1, dtype=np.int64)
    current = first
    for count in range(n_points):
        chosen[count] = current
        distance[current] = 0.0
        heap_key[0], heap_node[0], size = 0.0, current, 1
        while size > 0:
            key, node = heap_key[0], heap_node[0]
            size -= 1
            _sift_down(heap_key, heap_node, size)
            if key > distance[node]:
                continue
            for p in range(indptr[node], indptr[node + 1]):
                neighbor, reach = indices[p], key + lengths[p]
                if reach < distance[neighbor]:
                    distance[neighbor] = reach
                    _sift_up(heap_key, heap_node, size, reach, neighbor)
                    size += 1
        current = np.argmax(distance)
        if distance[current] == 0.0:
            return chosen[: count + 1]
    return chosen


@njit(cache=_CACHE, nogil=True)
def _sift_up(heap_key, heap_node, position, key, node):
    """Insert an entry into a binary heap that holds `position` entries."""
    while position > 0:
        parent = (position - 1) >> 1
        if heap_key[parent] <= key:
            break
        heap_key[position], heap_node[position] = heap_key[parent], heap_node[parent]
        position = parent
    heap_key[position], heap_node[position] = key, node


@njit(cache=_CACHE, nogil=True)
def _sift_down(heap_key, heap_node, size):
    """Move the last entry of a heap (now of `size` entries) to the root and down."""
    key, node = heap_key[size], heap_node[size]
    position = 0
    while True:
        child = 2 * position + 1
        if child >= size:
            break
        if child + 1 < size and heap_key[child + 1] < heap_key[child]:
            child += 1
        if heap_key[child] >= key:
            break
        heap_key[position], heap_node[position] = heap_key[child], heap_node[child]
        position = child
    heap_key[position], heap_node[position] = key, node
