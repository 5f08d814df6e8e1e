"""Triton kernels, for what a chain of torch operations would take through memory.

Importing this module needs Triton, which comes with torch for CUDA on Linux; without it
the same work is done by torch, in more time.
"""

import torch
import triton
import triton.language as tl

from skgeom.backends._blocks import row_blocks
from skgeom.backends._kernel_products import SQUARED_UNITS

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
    KERNEL: tl.constexpr, ROUNDING: tl.constexpr, WIDTH: tl.constexpr,
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
        if KERNEL == "exponential":
            # Where points are equal there is a kink: see `_kernel_values` beside.
            equal = squares <= ROUNDING * (own[:, None] + others[None, :])
            squares = tl.where(equal, 0.0, squares)
        if KERNEL == "rbf":
            values = tl.exp(-squares)
        else:
            reach = tl.sqrt(squares)
            values = tl.exp(-reach)
            if KERNEL == "matern32":
                values = (1 + reach) * values
            if KERNEL == "matern52":
                values = (1 + reach + squares / 3) * values
        at = V + pairs
        sum0 += values * tl.load(at, mask=known, other=0.0)[None, :]
        if WIDTH > 1:
            sum1 += values * tl.load(at + m, mask=known, other=0.0)[None, :]
            sum2 += values * tl.load(at + 2 * m, mask=known, other=0.0)[None, :]
            sum3 += values * tl.load(at + 3 * m, mask=known, other=0.0)[None, :]
    to = out + (tl.program_id(1).to(tl.int64) * n + rows) * WIDTH
    tl.store(to, tl.sum(sum0, axis=1), mask=inside)
    if WIDTH > 1:
        tl.store(to + 1, tl.sum(sum1, axis=1), mask=inside)
        tl.store(to + 2, tl.sum(sum2, axis=1), mask=inside)
        tl.store(to + 3, tl.sum(sum3, axis=1), mask=inside)


@triton.jit
def _city_block_sums(
    X, Y, V, out, n, m, n_features, part, WIDTH: tl.constexpr,
    TILE_X: tl.constexpr, TILE_Y: tl.constexpr,
):  # fmt: skip
    """The same of the Laplacian kernel; X and Y are transposed, too."""
    rows = tl.program_id(0) * TILE_X + tl.arange(0, TILE_X)
    inside = rows < n
    first = tl.program_id(1) * part
    last = tl.minimum(first + part, m)
    sum0 = tl.zeros((TILE_X,), V.dtype.element_ty)
    sum1, sum2, sum3 = sum0, sum0, sum0
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
        values = tl.exp(-apart)
        at = V + pairs
        one = tl.load(at, mask=known, other=0.0)
        sum0 += tl.sum(values * one[None, :], axis=1)
        if WIDTH > 1:
            two = tl.load(at + m, mask=known, other=0.0)
            three = tl.load(at + 2 * m, mask=known, other=0.0)
            four = tl.load(at + 3 * m, mask=known, other=0.0)
            sum1 += tl.sum(values * two[None, :], axis=1)
            sum2 += tl.sum(values * three[None, :], axis=1)
            sum3 += tl.sum(values * four[None, :], axis=1)
    to = out + (tl.program_id(1).to(tl.int64) * n + rows) * WIDTH
    tl.store(to, sum0, mask=inside)
    if WIDTH > 1:
        tl.store(to + 1, sum1, mask=inside)
        tl.store(to + 2, sum2, mask=inside)
        tl.store(to + 3, sum3, mask=inside)


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
    kernel : {"rbf", "laplacian", "exponential", "matern32", "matern52"}
    gamma : float
    max_bytes : int
        Of the block of scalar products.

    Returns
    -------
    tensor of shape (n, n_columns)
    """
    city = kernel == "laplacian"
    unit = gamma if city else (SQUARED_UNITS[kernel] * gamma) ** 0.5
    X, Y = unit * X, unit * Y
    if city:
        X, Y = X.T.contiguous(), Y.T.contiguous()
    groups = [_padded(columns) for columns in V.split(_TOGETHER, dim=1)]
    with torch.cuda.device_of(X):
        if city:
            sums = [_of_differences(X, Y, columns) for columns in groups]
        else:
            sums = _of_products(X, Y, groups, kernel, max_bytes)
    return torch.cat(sums, dim=1)[:, : V.shape[1]]


def _padded(columns):
    """A column, or four, transposed."""
    missing = _TOGETHER - columns.shape[1] if columns.shape[1] > 1 else 0
    return torch.nn.functional.pad(columns, (0, missing)).T.contiguous()


def _of_products(X, Y, groups, kernel, max_bytes):
    """For each group of columns its sums, a block of rows of X after the other."""
    (n, m), sums = (X.shape[0], Y.shape[0]), [[] for _ in groups]
    own, others = ((points * points).sum(dim=1) for points in (X, Y))
    for rows in row_blocks(n, X.itemsize * m, max_bytes):
        products = X[rows] @ Y.T
        size = len(products)
        for columns, done in zip(groups, sums, strict=True):
            grid, part, out = _layout(size, m, columns, _READ)
            _sums_of_products[grid](
                products, own[rows], others, columns, out, size, m, part, kernel,
                4 * torch.finfo(X.dtype).eps, len(columns), **_READ,
            )  # fmt: skip
            done.append(out.sum(dim=0))
    return [torch.cat(done) for done in sums]


def _of_differences(X, Y, columns):
    (n_features, n), m = X.shape, Y.shape[1]
    grid, part, out = _layout(n, m, columns, _ADDED)
    _city_block_sums[grid](
        X, Y, columns, out, n, m, n_features, part, len(columns), **_ADDED
    )
    return out.sum(dim=0)


def _layout(n, m, columns, tiles):
    """Programs by rows and parts of Y, the size of a part, and where sums go."""
    n_tiles = triton.cdiv(n, tiles["TILE_X"])
    n_parts = max(1, min(_PROGRAMS // n_tiles, triton.cdiv(m, 4 * tiles["TILE_Y"])))
    part = triton.cdiv(triton.cdiv(m, n_parts), tiles["TILE_Y"]) * tiles["TILE_Y"]
    return (n_tiles, n_parts), part, columns.new_empty((n_parts, n, len(columns)))
