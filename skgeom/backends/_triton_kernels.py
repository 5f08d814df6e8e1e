"""Triton kernels, for what a chain of torch operations would take through memory.

Importing this module needs Triton, which comes with torch for CUDA on Linux; without it
the same work is done by torch, in more time.
"""

import torch
import triton
import triton.language as tl

# Pairs of rows of X and of Y that a program holds in registers, and its warps: the
# fastest of seven on an H100.
_TILE_X, _TILE_Y, _WARPS = 128, 32, 4
# Columns that share the kernel values; for more, torch's matrix products are as fast.
MOST_COLUMNS = 4
# Programs that fill a device: more rows are not cut into parts.
_PROGRAMS = 2048


@triton.jit
def _kernel_sums(
    X, Y, squares_x, squares_y, V, out, n, m, n_features, part,
    KERNEL: tl.constexpr, WIDTH: tl.constexpr,
    TILE_X: tl.constexpr, TILE_Y: tl.constexpr,
):  # fmt: skip
    """Sums over a part of the rows of Y, for a tile of the rows of X.

    X and Y are transposed, and in units in which gamma is one.
    """
    rows = tl.program_id(0) * TILE_X + tl.arange(0, TILE_X)
    inside = rows < n
    first = tl.program_id(1) * part
    last = tl.minimum(first + part, m)
    sum0 = tl.zeros((TILE_X,), V.dtype.element_ty)
    sum1, sum2, sum3 = sum0, sum0, sum0
    own = tl.load(squares_x + rows, mask=inside, other=0.0)
    for start in range(first, last, TILE_Y):
        pairs = start + tl.arange(0, TILE_Y)
        known = pairs < last
        found = tl.zeros((TILE_X, TILE_Y), V.dtype.element_ty)
        at_x, at_y = X + rows, Y + pairs
        for _ in range(n_features):
            x = tl.load(at_x, mask=inside, other=0.0)
            y = tl.load(at_y, mask=known, other=0.0)
            at_x += n
            at_y += m
            if KERNEL == "laplacian":
                found += tl.abs(x[:, None] - y[None, :])
            else:
                found += x[:, None] * y[None, :]
        if KERNEL == "laplacian":
            values = tl.exp(-found)
        else:
            others = tl.load(squares_y + pairs, mask=known, other=0.0)
            squares = own[:, None] + others[None, :] - 2 * found
            squares = tl.maximum(squares, 0.0)
            if KERNEL == "rbf":
                values = tl.exp(-squares)
            else:
                reach = tl.sqrt(squares)
                values = (1 + reach) * tl.exp(-reach)
        at = V + pairs.to(tl.int64) * WIDTH
        sum0 += tl.sum(values * tl.load(at, mask=known, other=0.0)[None, :], axis=1)
        if WIDTH > 1:
            one = tl.load(at + 1, mask=known, other=0.0)
            two = tl.load(at + 2, mask=known, other=0.0)
            three = tl.load(at + 3, mask=known, other=0.0)
            sum1 += tl.sum(values * one[None, :], axis=1)
            sum2 += tl.sum(values * two[None, :], axis=1)
            sum3 += tl.sum(values * three[None, :], axis=1)
    to = out + (tl.program_id(1).to(tl.int64) * n + rows) * WIDTH
    tl.store(to, sum0, mask=inside)
    if WIDTH > 1:
        tl.store(to + 1, sum1, mask=inside)
        tl.store(to + 2, sum2, mask=inside)
        tl.store(to + 3, sum3, mask=inside)


def kernel_sums(X, Y, V, kernel, gamma):
    """Product of the kernel matrix of centred points with a few columns.

    Kernel values live in registers only: no block of them is written to memory. Sums
    are taken in an order that the shapes decide.

    Parameters
    ----------
    X, Y : tensor of shape (n, n_features), (m, n_features)
        Points, on the device.
    V : tensor of shape (m, n_columns)
        At most `MOST_COLUMNS` columns.
    kernel : {"rbf", "laplacian", "matern"}
    gamma : float

    Returns
    -------
    tensor of shape (n, n_columns)
    """
    unit = {"rbf": gamma**0.5, "matern": (6 * gamma) ** 0.5, "laplacian": gamma}[kernel]
    X, Y = unit * X, unit * Y
    n, m = X.shape[0], Y.shape[0]
    squares = [(points * points).sum(dim=1) for points in (X, Y)]
    X, Y = X.T.contiguous(), Y.T.contiguous()
    n_tiles = triton.cdiv(n, _TILE_X)
    n_parts = max(1, min(_PROGRAMS // max(n_tiles, 1), triton.cdiv(m, 4 * _TILE_Y)))
    part = triton.cdiv(triton.cdiv(m, n_parts), _TILE_Y) * _TILE_Y
    n_columns = V.shape[1]
    width = 1 if n_columns == 1 else MOST_COLUMNS
    V = torch.nn.functional.pad(V, (0, width - n_columns)).contiguous()
    sums = X.new_empty((n_parts, n, width))
    with torch.cuda.device_of(X):
        _kernel_sums[(n_tiles, n_parts)](
            X, Y, *squares, V, sums, n, m, X.shape[0], part, kernel, width,
            _TILE_X, _TILE_Y, num_warps=_WARPS,
        )  # fmt: skip
    return sums.sum(dim=0)[:, :n_columns]
