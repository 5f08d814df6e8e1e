"""Signature kernels of pairs of paths in torch: anti-diagonals of all pairs at once."""

import torch

from skgeom.backends._blocks import block_bytes, row_blocks


def solve_pairs(X, Y, rows, columns, rbf, order):
    """Mantissas and exponents of pairs; see the protocol."""
    size = (X.shape[1] - 1) * (Y.shape[1] - 1)
    mantissas = X.new_empty(len(rows))
    exponents = torch.zeros(len(rows), dtype=torch.int64, device=X.device)
    for block in row_blocks(len(rows), 8 * 4 * max(size, 1), block_bytes()):
        x, y = X[rows[block]], Y[columns[block]]
        found = _solve(_increments(x, y, rbf), order)
        mantissas[block], exponents[block] = found
    return mantissas, exponents


def _increments(x, y, rbf):
    """Second differences of the kernel of points, of steps by steps."""
    if not rbf:
        return x.diff(dim=1) @ y.diff(dim=1).mT
    squares = 0.0
    for c in range(x.shape[2]):
        gaps = x[:, :, None, c] - y[:, None, :, c]
        squares = squares + gaps * gaps
    return torch.exp(-squares).diff(dim=1).diff(dim=2)


def _solve(increments, order):
    """The equation, an anti-diagonal at a time."""
    times = 2**order
    n_rows, n_columns = (n * times for n in increments.shape[1:])
    # A quarter of the range of the exponents of the type.
    bits = 256 if increments.dtype == torch.float64 else 32
    edge = increments.new_ones(len(increments))
    shifts = torch.zeros(len(edge), dtype=torch.int64, device=edge.device)
    before = increments.new_zeros((len(edge), n_rows + 1))
    last = before.clone()
    before[:, 0] = 1.0
    last[:, : min(2, n_rows + 1)] = 1.0
    places = torch.arange(n_rows + 1, device=edge.device)
    for s in range(2, n_rows + n_columns + 1):
        first, end = max(1, s - n_columns), min(n_rows, s - 1) + 1
        i = places[first:end]
        g = increments[:, (i - 1) // times, (s - i - 1) // times] / times**2
        square = g * g / 12
        inner = (last[:, first:end] + last[:, first - 1 : end - 1]) * (
            1 + g / 2 + square
        ) - before[:, first - 1 : end - 1] * (1 - square)
        new = torch.zeros_like(last)
        new[:, first:end] = inner
        if s <= n_columns:
            new[:, 0] = edge
        if s <= n_rows:
            new[:, s] = edge
        large = new.abs().amax(dim=1) > 2.0**bits
        factor = torch.ones_like(edge).masked_fill_(large, 2.0**-bits)
        shifts = shifts + bits * large
        edge = edge * factor
        before, last = last * factor[:, None], new * factor[:, None]
    return last[:, -1], shifts
