"""Triangular systems whose rows have listed neighbours, in torch: level by level.

Rows of a level have neighbours in earlier levels only (Anderson and Saad, "Solving
sparse triangular linear systems on parallel computers", International Journal of High
Speed Computing 1, 1989). Sums are gathered, never scattered: they come in one order.
"""

import torch


def factor(neighbors, weights):
    """Levels of both systems: rows, what they gather, and the weights of that."""
    n, m = neighbors.shape
    rows, slots = torch.nonzero(neighbors >= 0, as_tuple=True)
    columns, values = neighbors[rows, slots], weights[rows, slots]
    down = _levels(n, rows, columns, values, _depths(n, m, rows, columns))
    # Of the transposed system, from the last row on.
    up = _levels(n, columns, rows, values, _depths(n, m, columns, rows))
    return down, up


def solve(levels, B):
    """Each row plus the weighted ones that it gathers."""
    X = torch.cat([B, B.new_zeros((1, B.shape[1]))])
    for rows, gathered, weights in levels:
        part = (weights.to(B.dtype)[:, :, None] * X[gathered]).sum(dim=1)
        X[rows] = X[rows] + part
    return X[:-1]


def _depths(n, m, rows, columns):
    """The longest way to each row, in steps."""
    depths = torch.zeros(n, dtype=torch.int64, device=rows.device)
    while True:
        reached = depths[columns] + 1
        found = depths.scatter_reduce(0, rows, reached, "amax")
        if bool((found == depths).all()):
            return depths
        depths = found


def _levels(n, rows, columns, values, depths):
    """Entries by the depth of their row, padded to as many for each row of a level."""
    order = torch.argsort(depths[rows] * n + rows, stable=True)
    rows, columns, values = rows[order], columns[order], values[order]
    starts, counts = torch.unique_consecutive(rows, return_counts=True)
    first = torch.cumsum(counts, 0) - counts
    place = torch.arange(len(rows), device=rows.device)
    within = place - torch.repeat_interleave(first, counts)
    sizes = torch.unique_consecutive(depths[starts], return_counts=True)[1].tolist()
    levels, row, entry = [], 0, 0
    for size in sizes:
        own = counts[row : row + size]
        n_entries, width = int(own.sum()), int(own.max())
        part = slice(entry, entry + n_entries)
        at = torch.repeat_interleave(torch.arange(size, device=rows.device), own)
        gathered = torch.full((size, width), n, device=rows.device)
        weights = values.new_zeros((size, width))
        gathered[at, within[part]] = columns[part]
        weights[at, within[part]] = values[part]
        levels.append((starts[row : row + size], gathered, weights))
        row, entry = row + size, entry + n_entries
    return levels
