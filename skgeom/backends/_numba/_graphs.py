"""Patterns of sparse rows: what rows share, what is near along links."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def farthest_points(indptr, indices, lengths, first, n_points):
    """Greedy farthest-point sampling along the edges of a graph.

    Each new point starts a search that only visits nodes that it is nearer to than
    every earlier point, so the whole costs little more than one search per doubling of
    the number of points.
    """
    n = indptr.shape[0] - 1
    chosen = np.empty(n_points, dtype=np.int64)
    distance = np.full(n, np.inf)
    heap_key = np.empty(indices.shape[0] + 1)
    heap_node = np.empty(indices.shape[0] + 1, dtype=np.int64)
    current = first
    for count in range(n_points):
        chosen[count] = current
        _relax_from(indptr, indices, lengths, current, distance, heap_key, heap_node)
        current = np.argmax(distance)
        if distance[current] == 0.0:
            return chosen[: count + 1]
    return chosen


@njit(**OPTIONS)
def _relax_from(indptr, indices, lengths, source, distance, heap_key, heap_node):
    """Dijkstra's search that lowers `distance` wherever `source` is nearer.

    The heap may hold an entry for each edge: as many as can be relaxed.
    """
    distance[source] = 0.0
    heap_key[0], heap_node[0], size = 0.0, source, 1
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


@njit(**OPTIONS)
def common_entries(indptr, indices, members):
    """Entries that the sorted lists of the two ends of each edge have in common."""
    width = members.shape[1]
    out = np.zeros(indices.shape[0], dtype=np.int64)
    for i in range(indptr.shape[0] - 1):
        for p in range(indptr[i], indptr[i + 1]):
            j = indices[p]
            a, b = 0, 0
            while a < width and b < width:
                one, two = members[i, a], members[j, b]
                out[p] += one == two
                a += one <= two
                b += two <= one
    return out


@njit(**OPTIONS)
def merge_mirrored(
    indptr, indices, numbers, back_indptr, back_indices, back_numbers, values, lengths,
    add
):  # fmt: skip
    """Merge the rows of a sparse matrix with those of its transpose.

    Both name entries by number, in order of their columns. Values of the same entry are
    added, or the larger counts; of lengths the shorter.

    Returns
    -------
    indptr, indices, values, lengths : arrays
        Of the union, columns in order.
    """
    n = indptr.shape[0] - 1
    starts = np.zeros(n + 1, dtype=np.int64)
    columns = np.empty(2 * indices.shape[0], dtype=np.int64)
    merged, shortest = np.empty(len(columns)), np.empty(len(columns))
    size = 0
    for i in range(n):
        p, end = indptr[i], indptr[i + 1]
        q, back_end = back_indptr[i], back_indptr[i + 1]
        begin = size
        while p < end or q < back_end:
            if q == back_end or (p < end and indices[p] <= back_indices[q]):
                column, number = indices[p], numbers[p]
                p += 1
            else:
                column, number = back_indices[q], back_numbers[q]
                q += 1
            value, length = values[number], lengths[number]
            if size == begin or columns[size - 1] != column:
                columns[size], merged[size], shortest[size] = column, value, length
                size += 1
                continue
            last = merged[size - 1]
            merged[size - 1] = last + value if add else max(last, value)
            shortest[size - 1] = min(shortest[size - 1], length)
        starts[i + 1] = size
    return starts, columns[:size].copy(), merged[:size].copy(), shortest[:size].copy()


@njit(**OPTIONS)
def reached_within(indptr, indices, members, enough):
    """Mark the nodes of each list that are reached from its first without leaving it.

    Edges are those of a CSR pattern; no list names a node twice. All are marked where
    `enough` of them are reached, which is known long before the last is.
    """
    n_lists, width = members.shape
    # Where nodes that are still to be reached stand in the list.
    place = np.full(indptr.shape[0] - 1, -1, dtype=np.int32)
    waiting = np.empty(width, dtype=indices.dtype)
    out = np.zeros((n_lists, width), dtype=np.bool_)
    for i in range(n_lists):
        for a in range(1, width):
            place[members[i, a]] = a
        waiting[0] = members[i, 0]
        out[i, 0] = True
        size, count = 1, 1
        # The last that was reached goes first: it leads away from where all is known.
        while 0 < size and count < enough:
            size -= 1
            node = waiting[size]
            for p in range(indptr[node], indptr[node + 1]):
                a = place[indices[p]]
                if a >= 0:
                    place[indices[p]] = -1
                    out[i, a] = True
                    waiting[size] = indices[p]
                    size += 1
                    count += 1
        for a in range(width):
            place[members[i, a]] = -1
        if count >= enough:
            out[i] = True
    return out


@njit(**OPTIONS)
def _sift_up(heap_key, heap_node, position, key, node):
    """Insert an entry into a binary heap that holds `position` entries."""
    while position > 0:
        parent = (position - 1) >> 1
        if heap_key[parent] <= key:
            break
        heap_key[position], heap_node[position] = heap_key[parent], heap_node[parent]
        position = parent
    heap_key[position], heap_node[position] = key, node


@njit(**OPTIONS)
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
