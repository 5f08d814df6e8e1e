"""Gaussian rows given their neighbours in torch: a block of small systems at a time."""

import math

import torch

from skgeom.backends._blocks import block_bytes, row_blocks

_LEAST_SHARE = 1e-10


def likelihood(points, targets, noise, neighbors, rows, kernel, signal):
    """Negative log density of rows given their neighbours; see the protocol."""
    p, (n_rows, m) = points.shape[1] + 2, neighbors.shape
    value, gradient = points.new_zeros(()), points.new_zeros(p)
    fisher = points.new_zeros((p, p))
    # Gaps of all pairs in a column, kernel values, slopes and the factor.
    row_bytes = 8 * ((m + 1) ** 2 * 6 + 2 * (m + 1) * p)
    for block in row_blocks(n_rows, row_bytes, block_bytes()):
        found = _likelihood_of_block(
            points, targets, noise, neighbors[block], rows[block], kernel, signal
        )
        value, gradient, fisher = (
            total + part
            for total, part in zip((value, gradient, fisher), found, strict=True)
        )
    return value, gradient, fisher


def weights(points, queries, noise, neighbors, kernel, signal):
    """Weights of neighbours and variances that are left; see the protocol."""
    n_queries, m = neighbors.shape
    out, variances = points.new_zeros((n_queries, m)), points.new_empty(n_queries)
    for block in row_blocks(n_queries, 8 * 5 * (m + 1) ** 2, block_bytes()):
        known, at = _known(neighbors[block])
        Z = torch.cat([points[at], queries[block][:, None]], dim=1)
        K, _ = _values(_squares(Z), kernel, signal)
        system, crossing = _system(K, known, signal + noise[block])
        L = torch.linalg.cholesky_ex(system).L
        b = torch.linalg.solve_triangular(L, crossing[:, :, None], upper=False)
        left = signal - (b * b).sum(dim=(1, 2))
        variances[block] = left.clamp(min=_LEAST_SHARE * signal)
        out[block] = torch.linalg.solve_triangular(L.mT, b, upper=True)[:, :, 0]
    return out, variances


def _likelihood_of_block(points, targets, noise, neighbors, rows, kernel, signal):
    d, n_targets = points.shape[1], targets.shape[1]
    known, at = _known(neighbors)
    with_own = torch.cat([at, rows[:, None]], dim=1)
    Z = points[with_own]
    K, slopes = _values(_squares(Z), kernel, signal)
    system, crossing = _system(K, known, signal + noise[at])
    L = torch.linalg.cholesky_ex(system).L
    half = torch.linalg.solve_triangular(L, crossing[:, :, None], upper=False)
    v = signal + noise[rows] - (half * half).sum(dim=(1, 2))
    v = v.clamp(min=_LEAST_SHARE * signal)
    a = torch.linalg.solve_triangular(L.mT, half, upper=True)[:, :, 0]
    b = torch.cat([-a, torch.ones_like(a[:, :1])], dim=1)
    # Rows that are not there have weight zero: they add to no product with b.
    G = points.new_empty((*b.shape, d + 2))
    G[:, :, 0] = (K @ b[:, :, None])[:, :, 0]
    for q in range(d):
        gaps = Z[:, :, None, q] - Z[:, None, :, q]
        G[:, :, 1 + q] = ((slopes * gaps * gaps) @ b[:, :, None])[:, :, 0]
    G[:, :, -1] = noise[with_own] * b
    dv = (b[:, :, None] * G).sum(dim=1)
    y = torch.where(known[:, :, None], targets[at], 0.0)
    residual = targets[rows] - (a[:, :, None] * y).sum(dim=1)
    alpha = torch.cholesky_solve(y, L)
    inner = torch.where(known[:, :, None], G[:, :-1], 0.0)
    dr = -(alpha.mT @ inner)
    ratio = residual / v[:, None]
    value = 0.5 * n_targets * torch.log(2 * math.pi * v).sum()
    value = value + 0.5 * (ratio * residual).sum()
    by_variance = 0.5 * n_targets / v - 0.5 * (ratio * ratio).sum(dim=1)
    gradient = (by_variance[:, None] * dv).sum(dim=0)
    gradient = gradient + (ratio[:, :, None] * dr).sum(dim=(0, 1))
    H = torch.linalg.solve_triangular(L, inner, upper=False)
    H = (H / v.sqrt()[:, None, None]).reshape(-1, d + 2)
    relative = dv / v[:, None]
    fisher = n_targets * (H.T @ H + 0.5 * relative.T @ relative)
    return value, gradient, fisher


def _known(neighbors):
    """Which neighbours there are, and rows to read in place of the others."""
    return neighbors >= 0, neighbors.clamp(min=0)


def _squares(Z):
    total = 0.0
    for q in range(Z.shape[2]):
        gaps = Z[:, :, None, q] - Z[:, None, :, q]
        total = total + gaps * gaps
    return total


def _values(squares, kernel, signal):
    """Kernel values, and their slopes by log length scales; as the numba kernels."""
    if kernel == "rbf":
        values = signal * torch.exp(-0.5 * squares)
        return values, values
    scale = {"exponential": 1.0, "matern32": 3.0, "matern52": 5.0}[kernel]
    reach = torch.sqrt(scale * squares)
    decay = signal * torch.exp(-reach)
    if kernel == "exponential":
        return decay, torch.where(reach > 0, decay / reach.clamp(min=1e-300), 0.0)
    if kernel == "matern32":
        return (1 + reach) * decay, 3 * decay
    return (1 + reach + reach * reach / 3) * decay, 5 / 3 * (1 + reach) * decay


def _system(K, known, diagonal):
    """Covariance of the neighbours, and with the row itself; unit rows for others."""
    both = known[:, :, None] & known[:, None, :]
    system = torch.where(both, K[:, :-1, :-1], 0.0)
    own = torch.where(known, diagonal, 1.0)
    system.diagonal(dim1=1, dim2=2).copy_(own)
    return system, torch.where(known, K[:, :-1, -1], 0.0)
