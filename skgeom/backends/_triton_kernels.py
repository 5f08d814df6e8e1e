"""Triton kernels, for what a chain of torch operations would take through memory.

Importing this module needs Triton, which comes with torch for CUDA on Linux; without it
the same work is done by torch, in more time.
"""

import torch
import triton
import triton.language as tl

from skgeom.backends._blocks import row_blocks

# Pairs of rows of X and of Y that a program holds in registers, and its warps: where
# it reads their products, and where it adds up differences of their coordinates.
_READ = {"TILE_X": 4, "TILE_Y": 512, "num_warps": 4}
_ADDED = {"TILE_X": 128, "TILE_Y": 32, "num_warps": 4}
# Columns that share the kernel values of a pass, see `kernel_sums`.
_TOGETHER = 4
# Programs that fill a device: more rows are not cut into parts.
_PROGRAMS = 2048


@triton.jit
def _sums_of_products(
    products, squares_x, squares_y, V, out, n, m, part,
    KERNEL: tl.constexpr, WIDTH: tl.constexpr,
    TILE_X: tl.constexpr, TILE_Y: tl.constexpr,
):  # fmt: skip
    """Sums of the kernel values of a part of the rows of Y, for a few rows of X.

    Points are in units in which gamma is one; V is transposed.
    """
    rows = tl.program_id(0) * TILE_X + tl.arange(0, TILE_X)
    inside = rows < n
    first = tl.program_id(1) * part
    last = tl.minimum(first + part, m)
    own = tl.load(squares_x + rows, mask=inside, other=0.0)
    line = products + rows.to(tl.int64) * m
    sum0 = tl.zeros((TILE_X, TILE_Y), V.dtype.element_ty)
    sum1, sum2, sum3 = sum0, sum0, sum0
    for start in range(first, last, TILE_Y):
        pairs = start + tl.arange(0, TILE_Y)
        known = pairs < last
        both = inside[:, None] & known[None, :]
        product = tl.load(line[:, None] + pairs[None, :], mask=both, other=0.0)
        others = tl.load(squares_y + pairs, mask=known, other=0.0)
        squares = tl.maximum(own[:, None] + others[None, :] - 2 * product, 0.0)
        if KERNEL == "rbf":
            values = tl.exp(-squares)
        else:
            reach = tl.sqrt(squares)
            values = (1 + reach) * tl.exp(-reach)
        at = V + pairs
        sum0 += values * tl.load(at, mask=known, other=0.0)[None, :]
        if WIDTH > 1:
            sum1 += values * tl.load(at + m, mask=known, other=0.0)[None, :]
            sum2 += values * tl.load(at + 2 * m, mask=known, other=0.0)[None, :]
            sum3 += values * tl.load(at + 3 * m, mask=known, other=0.0)[None, :]
    to = out + (tl.program_id(1) * n + rows) * WIDTH
    tl.store(to, tl.sum(sum0, axis=1), mask=inside)
    if WIDTH > 1:
        tl.store(to + 1, tl.sum(sum1, axis=1), mask=inside)
        tl.store(to + 2, tl.sum(sum2, axis=1), mask=inside)
        tl.store(to + 3, tl.sum(sum3, axis=1), mask=inside)


@triton.jit
def _city_block_sums(
    X, Y, V, out, n, m, n_features, part,
    TILE_X: tl.constexpr, TILE_Y: tl.constexpr,
):  # fmt: skip
    """The same of the Laplacian kernel and one column; X and Y are transposed."""
    rows = tl.program_id(0) * TILE_X + tl.arange(0, TILE_X)
    inside = rows < n
    first = tl.program_id(1) * part
    last = tl.minimum(first + part, m)
    total = tl.zeros((TILE_X,), V.dtype.element_ty)
    for start in range(first, last, TILE_Y):
        pairs = start + tl.arange(0, TILE_Y)
        known = pairs < last
        apart = tl.zeros((TILE_X, TILE_Y), V.dtype.element_ty)
        at_x, at_y = X + rows, Y + pairs
        for _ in range(n_features):
            x = tl.load(at_x, mask=inside, other=0.0)
            y = tl.load(at_y, mask=known, other=0.0)
            apart += tl.abs(x[:, None] - y[None, :])
            at_x += n
            at_y += m
        weights = tl.load(V + pairs, mask=known, other=0.0)
        total += tl.sum(tl.exp(-apart) * weights[None, :], axis=1)
    tl.store(out + tl.program_id(1) * n + rows, total, mask=inside)


def kernel_sums(X, Y, V, kernel, gamma, max_bytes):
    """Product of the kernel matrix of centred points with a few columns.

    Scalar products of points are written once and read once; kernel values live in
    registers only. Sums are taken in an order that the shapes decide.

    Parameters
    ----------
    X, Y : tensor of shape (n, n_features), (m, n_features)
        Points, on the device; at least one each.
    V : tensor of shape (m, n_columns)
        Columns, of which four at a time share the kernel values.
    kernel : {"rbf", "laplacian", "matern"}
    gamma : float
    max_bytes : int
        Of the block of scalar products.

    Returns
    -------
    tensor of shape (n, n_columns)
    """
    with torch.cuda.device_of(X):
        if kernel == "laplacian":
            X, Y = (gamma * points.T for points in (X, Y))
            X, Y = X.contiguous(), Y.contiguous()
            columns = [_laplacian_column(X, Y, v.contiguous()) for v in V.T]
            return torch.stack(columns, dim=1)
        unit = (gamma if kernel == "rbf" else 6 * gamma) ** 0.5
        X, Y = unit * X, unit * Y
        squares = [(points * points).sum(dim=1) for points in (X, Y)]
        groups = [_padded(columns) for columns in V.split(_TOGETHER, dim=1)]
        out = torch.empty((X.shape[0], V.shape[1]), dtype=X.dtype, device=X.device)
        for rows in row_blocks(X.shape[0], X.itemsize * Y.shape[0], max_bytes):
            products, own = X[rows] @ Y.T, squares[0][rows]
            for k, columns in enumerate(groups):
                done = _weighed(products, own, squares[1], columns, kernel)
                place = slice(k * _TOGETHER, min((k + 1) * _TOGETHER, V.shape[1]))
                out[rows, place] = done[:, : place.stop - place.start]
        return out


def _padded(columns):
    """A column, or four, transposed."""
    missing = _TOGETHER - columns.shape[1] if columns.shape[1] > 1 else 0
    return torch.nn.functional.pad(columns, (0, missing)).T.contiguous()


def _weighed(products, own, others, columns, kernel):
    (n, m), width = products.shape, columns.shape[0]
    grid, part, sums = _layout(products, n, m, width, _READ)
    _sums_of_products[grid](
        products, own, others, columns, sums, n, m, part, kernel, width, **_READ
    )
    return sums.sum(dim=0)


def _laplacian_column(X, Y, v):
    n, m = X.shape[1], Y.shape[1]
    grid, part, sums = _layout(X, n, m, 1, _ADDED)
    _city_block_sums[grid](X, Y, v, sums, n, m, X.shape[0], part, **_ADDED)
    return sums.sum(dim=0)[:, 0]


def _layout(like, n, m, width, tiles):
    """Programs by rows and parts of Y, the size of a part, and where sums go."""
    n_tiles = triton.cdiv(n, tiles["TILE_X"])
    n_parts = max(1, min(_PROGRAMS // n_tiles, triton.cdiv(m, 4 * tiles["TILE_Y"])))
    part = triton.cdiv(triton.cdiv(m, n_parts), tiles["TILE_Y"]) * tiles["TILE_Y"]
    return (n_tiles, n_parts), part, like.new_empty((n_parts, n, width))
