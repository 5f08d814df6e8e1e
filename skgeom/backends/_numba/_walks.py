"""numba kernels of walks on a graph; `_reference.random_walks` says what they mean.

What a start node collects lies in a small open-addressing table, which stays in the
first-level cache. All walkers of a node step together: their reads of memory overlap.
"""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS
from skgeom.backends._numba._random import GOLDEN, mix, uniform

_OPTIONS = {**OPTIONS, "error_model": "numpy"}

_ANTITHETIC, _REPELLING = 1, 2


@njit(**_OPTIONS)
def _draw_lengths(stream, n_walks, coupling, lots):
    """Write a uniform number for each walker: it is alive at l if survival[l] > lot."""
    if coupling == _REPELLING:
        shift = uniform(stream, 0)
        for w in range(n_walks):
            lots[w] = (w + shift) / n_walks
        return
    half = n_walks // 2 if coupling == _ANTITHETIC else 0
    for w in range(n_walks):
        if w >= half and w < 2 * half:
            lot = lots[w - half] + 0.5
            lots[w] = lot - 1.0 if lot >= 1.0 else lot
        else:
            lots[w] = uniform(stream, w)


@njit(**_OPTIONS)
def _place(keys, key, bits):
    """Slot of a key in the table, or the empty slot where it belongs."""
    slot = np.int64((np.uint64(key) * GOLDEN) >> np.uint64(64 - bits))
    last = keys.shape[0] - 1
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & last
    return slot


@njit(**_OPTIONS)
def _doubled(keys, values, used, n_used, bits):
    """The same table with twice the slots."""
    new_keys = np.full(2 * keys.shape[0], -1, np.int64)
    new_values = np.zeros(2 * keys.shape[0])
    new_used = np.empty(2 * keys.shape[0], np.int64)
    for i in range(n_used):
        slot = _place(new_keys, keys[used[i]], bits + 1)
        new_keys[slot] = keys[used[i]]
        new_values[slot] = values[used[i]]
        new_used[i] = slot
    return new_keys, new_values, new_used


@njit(**_OPTIONS)
def _next_edge(indptr, cumulative, node, lot):
    """Where in the arrays the edge is that a uniform number picks."""
    start, stop = indptr[node], indptr[node + 1]
    if cumulative.shape[0] == 0:
        return start + min(np.int64(lot * (stop - start)), stop - start - 1)
    low, high = start, stop - 1
    while low < high:
        middle = (low + high) >> 1
        if cumulative[middle] > lot:
            high = middle
        else:
            low = middle + 1
    return low


@njit(**_OPTIONS)
def _empty_table(bits):
    """Keys, values and used slots of a table without entries."""
    size = 1 << bits
    return np.full(size, -1, np.int64), np.zeros(size), np.empty(size, np.int64)


@njit(**_OPTIONS)
def _emit(table, n_used, scale, columns, entries, size):
    """Append the entries of a table to the output and empty the table."""
    if size + n_used > columns.shape[0]:
        room = size + n_used + columns.shape[0] // 2
        more_columns = np.empty(room, columns.dtype)
        more_entries = np.empty(room, entries.dtype)
        more_columns[:size] = columns[:size]
        more_entries[:size] = entries[:size]
        columns, entries = more_columns, more_entries
    keys, values, used = table
    roots, names, root = scale
    n = roots.shape[0]
    kept = size
    for i in range(n_used):
        slot = used[i]
        value, key = values[slot], keys[slot]
        keys[slot] = -1
        values[slot] = 0.0
        if value == 0.0:
            continue
        node = key if key < n else key % n
        columns[kept] = names[node] + (key - node)
        entries[kept] = value * (root / roots[node])
        kept += 1
    return columns, entries, kept


@njit(**_OPTIONS)
def walk(steps, starts, gains, survival, strides, coupling, apart, seed, like):
    """Features of some start nodes: counts, columns and entries of their rows.

    `gains` is what a visit at each length is worth, `strides` has one entry more than
    there are walks, and `like` are empty arrays of the types of columns and entries.
    """
    indptr, indices, cumulative, roots, names = steps
    n_walks = strides.shape[0] - 1
    n = roots.shape[0]
    n_lengths = gains.shape[0]
    expected = 0.0
    for length in range(n_lengths):
        expected += survival[length] * n_walks
    room = np.int64(starts.shape[0] * min(expected, 1.0 * n) * 0.7) + 64
    columns = np.empty(room, like[0].dtype)
    entries = np.empty(room, like[1].dtype)
    counts = np.empty(starts.shape[0], np.int64)
    size = np.int64(0)

    bits = 8
    keys, values, used = _empty_table(bits)
    mark = np.full(keys.shape[0], -1, np.int64)
    tally = np.empty(keys.shape[0], np.int64)
    shift = np.empty(keys.shape[0])
    at = np.empty(n_walks, np.int64)
    slots = np.empty(n_walks, np.int64)
    walkers = np.empty(n_walks, np.int64)
    ranks = np.empty(n_walks, np.int64)
    lots = np.empty(n_walks)
    moment = np.int64(0)  # tells apart all levels of all starts
    for i in range(starts.shape[0]):
        start = starts[i]
        stream = mix(np.uint64(names[start]) + np.uint64(seed) * GOLDEN)
        _draw_lengths(stream, n_walks, coupling, lots)
        for w in range(n_walks):
            at[w] = start
            walkers[w] = w
        alive, n_used = n_walks, 0
        for length in range(n_lengths):
            if 2 * (n_used + alive) > keys.shape[0]:
                while 2 * (n_used + alive) > keys.shape[0]:
                    keys, values, used = _doubled(keys, values, used, n_used, bits)
                    bits += 1
                mark = np.full(keys.shape[0], -1, np.int64)
                tally = np.empty(keys.shape[0], np.int64)
                shift = np.empty(keys.shape[0])
            gain, offset = gains[length], length * n if apart else 0
            # The last length that anyone reaches needs no survivors.
            enough = survival[length + 1] if length + 1 < n_lengths else -1.0
            kept = 0
            for a in range(alive):
                key = at[a] + offset
                slot = _place(keys, key, bits)
                if keys[slot] == -1:
                    keys[slot] = key
                    used[n_used] = slot
                    n_used += 1
                values[slot] += gain
                if lots[a] < enough:
                    at[kept] = at[a]
                    lots[kept] = lots[a]
                    walkers[kept] = walkers[a]
                    slots[kept] = slot
                    kept += 1
            alive = kept
            if alive == 0:
                break
            first_draw = n_walks * (length + 1)
            if coupling == _REPELLING and alive > 1:
                # Walkers on one node share its neighbours out by systematic sampling.
                moment += 1
                for a in range(alive):
                    slot = slots[a]
                    if mark[slot] != moment:
                        mark[slot] = moment
                        tally[slot] = 0
                        shift[slot] = uniform(stream, first_draw + walkers[a])
                    ranks[a] = tally[slot]
                    tally[slot] += 1
                for a in range(alive):
                    slot = slots[a]
                    crowd = tally[slot]
                    turn = ranks[a] * strides[crowd] % crowd
                    lot = turn / crowd + shift[slot]
                    lot = lot - 1.0 if lot >= 1.0 else lot
                    at[a] = indices[_next_edge(indptr, cumulative, at[a], lot)]
            else:
                for a in range(alive):
                    lot = uniform(stream, first_draw + walkers[a])
                    at[a] = indices[_next_edge(indptr, cumulative, at[a], lot)]
        before = size
        scale = roots, names, roots[start]
        table = keys, values, used
        columns, entries, size = _emit(table, n_used, scale, columns, entries, size)
        counts[i] = size - before
    # Copies, so that no more is kept than there is.
    return counts, columns[:size].copy(), entries[:size].copy()


@njit(**_OPTIONS)
def push(steps, starts, modulation, threshold, like):
    """Rows of a power series; `_reference.push` says what is left out."""
    indptr, indices, cumulative, roots, names = steps
    n_lengths = modulation.shape[0]
    coming = np.abs(modulation)
    for length in range(n_lengths - 2, -1, -1):
        coming[length] = max(coming[length], coming[length + 1])
    columns = np.empty(64 * starts.shape[0] + 64, like[0].dtype)
    entries = np.empty(columns.shape[0], like[1].dtype)
    counts = np.empty(starts.shape[0], np.int64)
    size = np.int64(0)
    # One table for the row, and one for the power that is being made.
    bits, next_bits = 8, 8
    keys, values, used = _empty_table(bits)
    next_keys, next_values, next_used = _empty_table(next_bits)
    front = np.empty(64, np.int64)
    share = np.empty(64)
    for i in range(starts.shape[0]):
        start = starts[i]
        root = roots[start]
        front[0], share[0] = start, 1.0
        n_front, n_used = 1, 0
        for length in range(n_lengths):
            while 2 * (n_used + n_front) > keys.shape[0]:
                keys, values, used = _doubled(keys, values, used, n_used, bits)
                bits += 1
            n_next = 0
            for a in range(n_front):
                node = front[a]
                worth = share[a] * root / roots[node]
                slot = _place(keys, node, bits)
                if keys[slot] == -1:
                    keys[slot] = node
                    used[n_used] = slot
                    n_used += 1
                values[slot] += modulation[length] * share[a]
                small = worth * coming[length] < threshold * abs(modulation[0])
                if small or length + 1 == n_lengths:
                    continue
                first, last = indptr[node], indptr[node + 1]
                while 2 * (n_next + last - first) > next_keys.shape[0]:
                    next_keys, next_values, next_used = _doubled(
                        next_keys, next_values, next_used, n_next, next_bits
                    )
                    next_bits += 1
                before = 0.0
                for p in range(first, last):
                    odds = 1.0 / (last - first)
                    if cumulative.shape[0] > 0:
                        odds = cumulative[p] - before
                        before = cumulative[p]
                    slot = _place(next_keys, indices[p], next_bits)
                    if next_keys[slot] == -1:
                        next_keys[slot] = indices[p]
                        next_used[n_next] = slot
                        n_next += 1
                    next_values[slot] += odds * share[a]
            if n_next > front.shape[0]:
                front, share = np.empty(2 * n_next, np.int64), np.empty(2 * n_next)
            n_front = n_next
            for a in range(n_next):
                slot = next_used[a]
                front[a], share[a] = next_keys[slot], next_values[slot]
                next_keys[slot] = -1
                next_values[slot] = 0.0
            if n_front == 0:
                break
        before_size = size
        scale = roots, names, root
        table = keys, values, used
        columns, entries, size = _emit(table, n_used, scale, columns, entries, size)
        counts[i] = size - before_size
    # Copies, so that no more is kept than there is.
    return counts, columns[:size].copy(), entries[:size].copy()


@njit(**_OPTIONS)
def put_rows(indptr, rows, part_columns, part_entries, columns, entries):
    """Copy rows that lie one after the other to their places in a CSR matrix."""
    p = 0
    for row in rows:
        for q in range(indptr[row], indptr[row + 1]):
            columns[q] = part_columns[p]
            entries[q] = part_entries[p]
            p += 1
