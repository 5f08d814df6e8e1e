"""Walks on a graph in torch: all walkers of a block of start nodes step together.

The draws are those of the numba kernels, number for number.
"""

import functools

import numpy as np
import torch

from skgeom.backends._blocks import block_bytes, row_blocks
from skgeom.backends._torch._descent import _GOLDEN, _mix, _shifted, _signed
from skgeom.backends._walks import strides

# Bytes that a walker takes for each length that it lives to, sorting included.
_VISIT_BYTES = 80


def _uniform(streams, counters, dtype):
    """Draw one number of each stream, in [0, 1)."""
    bits = _shifted(_mix(streams + (counters + 1) * _GOLDEN), 11)
    if dtype == torch.float32:  # 24 bits, so that no draw rounds to 1
        return _shifted(bits, 29).to(dtype) * 2.0**-24
    return bits.to(dtype) * 2.0**-53


def _lots(streams, n_walks, coupling, dtype):
    """One number for each walker, shape (n_starts, n_walks)."""
    walkers = torch.arange(n_walks, device=streams.device)
    if coupling == "repelling":
        shift = _uniform(streams[:, None], walkers[:1], dtype)
        return (walkers + shift) / n_walks
    lots = _uniform(streams[:, None], walkers, dtype)
    if coupling == "antithetic":
        half = n_walks // 2
        lots[:, half : 2 * half] = (lots[:, :half] + 0.5) % 1
    return lots


def _neighbors(steps, ends, at, turns):
    """Where a number in [0, 1) leads from each node."""
    first, last = steps.indptr[at], steps.indptr[at + 1]
    if ends is None:
        edge = first + (turns * (last - first)).to(torch.int64)
    else:
        edge = torch.searchsorted(ends, at + turns, right=True)
    return steps.indices[torch.minimum(edge, last - 1)].to(torch.int64)


def _shared_lots(keys, lots, jumps):
    """Systematic sampling among equal keys: the first's lot, plus shares of one."""
    keys, order = torch.sort(keys, stable=True)
    places = torch.arange(len(keys), device=keys.device)
    # Where each group of equal keys begins and ends, without asking how many there are.
    border = keys[1:] != keys[:-1]
    edge = border.new_ones(1)
    firsts = torch.where(torch.cat([edge, border]), places, 0).cummax(0).values
    lasts = torch.where(torch.cat([border, edge]), places, len(keys))
    lasts = lasts.flip(0).cummin(0).values.flip(0)
    sizes = lasts - firsts + 1
    turns = (places - firsts) * jumps[sizes] % sizes
    turns = turns.to(lots.dtype) / sizes + lots[order][firsts]
    shared = torch.empty_like(lots)
    shared[order] = torch.where(turns >= 1, turns - 1, turns)
    return shared


def _coalesced(keys, values):
    """Sum the values of equal keys; keys come back sorted.

    In the order of the values: sums do not depend on which thread comes first.
    """
    keys, order = torch.sort(keys, stable=True)
    keys, counts = torch.unique_consecutive(keys, return_counts=True)
    return keys, torch.segment_reduce(
        values[order], "sum", lengths=counts, unsafe=True, initial=0
    )


@functools.lru_cache(maxsize=8)
def _jumps(n_walks, device):
    """Strides, which many calls share, on a device."""
    return torch.as_tensor(strides(n_walks).copy(), device=device)


def random_walks(
    steps, starts, modulation, survival, n_walks, coupling, apart, seed, dtype
):
    """Rows by blocks of start nodes; see `Backend.random_walks`."""
    device = steps.indptr.device
    ends = _row_ends(steps, dtype)
    n, n_lengths = len(steps.roots), len(modulation)
    width = n * (n_lengths if apart else 1)
    gains = np.asarray(modulation, dtype=np.float64) / survival / n_walks
    row_bytes = int(_VISIT_BYTES * n_walks * np.sum(survival))
    jumps = _jumps(n_walks, device)
    parts = []
    for rows in row_blocks(len(starts), row_bytes, block_bytes()):
        block = starts[rows]
        streams = _mix(steps.names[block].to(torch.int64) + _signed_seed(seed))
        lots, order = torch.sort(
            _lots(streams, n_walks, coupling, dtype).ravel(), stable=True
        )
        row, walker = order // n_walks, order % n_walks
        at, streams = block[row], streams[row]
        # The walkers that are alive at a length come first: how many is all the host
        # has to know.
        limits = torch.as_tensor(survival, dtype=dtype, device=device)
        alive = torch.searchsorted(lots, limits).tolist()
        keys, values = [], []
        for length in range(n_lengths):
            count = alive[length]
            if length and not count:
                break
            at, row = at[:count], row[:count]
            names = steps.names[at].to(torch.int64)
            keys.append(row * width + names + (length * n if apart else 0))
            values.append(gains[length] / steps.roots[at])
            count = alive[length + 1] if length + 1 < n_lengths else 0
            at = at[:count]
            counters = n_walks * (length + 1) + walker[:count]
            turns = _uniform(streams[:count], counters, dtype)
            if coupling == "repelling" and count:
                turns = _shared_lots(row[:count] * n + at, turns, jumps)
            at = _neighbors(steps, ends, at, turns)
        keys, values = _coalesced(torch.cat(keys), torch.cat(values))
        row = keys // width
        parts.append((row + rows.start, keys % width, values * steps.roots[block[row]]))
    return _rows(parts, len(starts), modulation.dtype)


def push(steps, starts, modulation, threshold, dtype):
    """Rows by blocks of start nodes; see `Backend.push`."""
    device = steps.indptr.device
    n = len(steps.roots)
    odds = _odds(steps, dtype)
    coming = np.maximum.accumulate(abs(modulation)[::-1])[::-1]
    least = threshold * abs(float(modulation[0]))
    parts = []
    for rows in row_blocks(len(starts), 64 * n, block_bytes()):
        block = starts[rows]
        keys = torch.arange(len(block), device=device) * n + block
        share = torch.ones(len(block), dtype=dtype, device=device)
        found, values = [], []
        for length, coefficient in enumerate(modulation):
            row, at = keys // n, keys % n
            worth = share * steps.roots[block[row]] / steps.roots[at]
            found.append(row * n + steps.names[at])
            values.append(float(coefficient) * worth)
            kept = worth * float(coming[length]) >= least
            row, at, share = row[kept], at[kept], share[kept]
            if length + 1 == len(modulation) or not len(at):
                break
            degrees = steps.indptr[at + 1] - steps.indptr[at]
            owner = torch.repeat_interleave(
                torch.arange(len(at), device=device), degrees
            )
            firsts = torch.cumsum(degrees, 0) - degrees
            edge = torch.arange(len(owner), device=device) - firsts[owner]
            edge = edge + steps.indptr[at][owner]
            keys = row[owner] * n + steps.indices[edge]
            keys, share = _coalesced(keys, share[owner] * odds[edge])
        keys, values = _coalesced(torch.cat(found), torch.cat(values))
        parts.append((keys // n + rows.start, keys % n, values))
    return _rows(parts, len(starts), modulation.dtype)


def _signed_seed(seed):
    return _signed(seed * (_GOLDEN % 2**64) % 2**64)


def _row_ends(steps, dtype):
    """Where on the half-line the share of each edge ends: node + cumulated odds."""
    if not len(steps.cumulative):
        return None
    return _owners(steps).to(dtype) + steps.cumulative


def _odds(steps, dtype):
    """Probability of each edge."""
    owners = _owners(steps)
    degrees = steps.indptr[1:] - steps.indptr[:-1]
    if not len(steps.cumulative):
        return 1.0 / degrees[owners].to(dtype)
    before = torch.roll(steps.cumulative, 1)
    before[steps.indptr[:-1]] = 0.0
    return steps.cumulative - before


def _owners(steps):
    """The node that each edge leaves from."""
    nodes = torch.arange(len(steps.roots), device=steps.indptr.device)
    return torch.repeat_interleave(nodes, steps.indptr[1:] - steps.indptr[:-1])


def _rows(parts, n_rows, dtype):
    """Put (row, column, entry) of all blocks together as CSR."""
    rows, columns, entries = (torch.cat(part) for part in zip(*parts, strict=True))
    counts = torch.bincount(rows, minlength=n_rows)
    indptr = torch.zeros(n_rows + 1, dtype=torch.int64, device=rows.device)
    indptr[1:] = torch.cumsum(counts, 0)
    width = torch.float32 if dtype == np.float32 else entries.dtype
    return indptr, columns, entries.to(width)
