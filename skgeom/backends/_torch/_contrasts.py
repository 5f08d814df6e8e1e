"""What rows have beyond their neighbours, where factors explain a part; in torch."""

import torch

from skgeom.backends._blocks import block_bytes, row_blocks
from skgeom.backends._torch._conditionals import (
    _LEAST_SHARE,
    _known,
    _squares,
    _system,
    _values,
)


def contrasts(given, kernel, signal):
    """Rows of values less what neighbours say of them; see the protocol."""
    (n_rows, m), width = given.neighbors.shape, given.values.shape[1]
    out = given.values.new_empty((n_rows, width))
    variances, weights = out.new_empty(n_rows), out.new_empty((n_rows, m))
    for block in _blocks(n_rows, m, width):
        rows = _Conditioned(given.of(block), kernel, signal)
        weights[block] = rows.weights
        variances[block] = rows.variances + rows.noise[:, -1]
        out[block] = rows.values[:, -1] - rows.weighted(rows.values[:, :-1])
    return out, variances, weights


def contrasts_gradient(given, by_contrasts, by_variances, kernel, signal):
    """Derivatives of a function of contrasts and variances; see the protocol."""
    points, n_factors = given.points, given.n_factors
    d, (n_rows, m) = points.shape[1], given.neighbors.shape
    gradient = points.new_zeros(d + 2)
    by_factors = points.new_zeros((points.shape[0], n_factors))
    for block in _blocks(n_rows, m, given.values.shape[1]):
        rows = _Conditioned(given.of(block), kernel, signal)
        slope, b = by_contrasts[block], rows.weights
        known = torch.where(rows.known[:, :, None], rows.values[:, :-1], 0.0)
        z = torch.cholesky_solve(-(known @ slope[:, :, None]), rows.L)[:, :, 0]
        # Derivatives by the covariance of the neighbours and the row, all symmetric.
        full = torch.cat([b, -torch.ones_like(b[:, :1])], dim=1)
        z = torch.cat([z, torch.zeros_like(z[:, :1])], dim=1)
        W = by_variances[block][:, None, None] * full[:, :, None] * full[:, None, :]
        half = -0.5 * z[:, :, None] * full[:, None, :]
        W = W + half + half.mT
        diagonal = W.diagonal(dim1=1, dim2=2)
        gradient[0] += (W * rows.K).sum()
        gradient[-1] += (diagonal * rows.noise).sum()
        W_slopes = W * rows.slopes
        for q in range(d):
            gaps = rows.Z[:, :, None, q] - rows.Z[:, None, :, q]
            gradient[1 + q] += (W_slopes * gaps * gaps).sum()
        F = rows.values[:, :, :n_factors]
        part = -full[:, :, None] * slope[:, None, :n_factors] - 2 * (W @ F)
        by_factors.index_add_(0, rows.of.flatten(), part.flatten(0, 1))
    return gradient, by_factors


def _blocks(n_rows, m, width):
    """Rows whose small systems are solved together."""
    row_bytes = 8 * (m + 1) * (8 * (m + 1) + 4 * width)
    return row_blocks(n_rows, row_bytes, block_bytes())


class _Conditioned:
    """Rows with their neighbours; absent ones have weight zero."""

    def __init__(self, given, kernel, signal):
        self.known, at = _known(given.neighbors)
        self.of = torch.cat([at, given.rows[:, None]], dim=1)
        self.Z, self.values = given.points[self.of], given.values[self.of]
        self.noise = given.noise
        self.K, self.slopes = _values(_squares(self.Z), kernel, signal)
        F = self.values[:, :, : given.n_factors]
        M = self.K - F @ F.mT
        own = M.diagonal(dim1=1, dim2=2)
        system, crossing = _system(M, self.known, own[:, :-1] + self.noise[:, :-1])
        self.L = torch.linalg.cholesky_ex(system).L
        half = torch.linalg.solve_triangular(self.L, crossing[:, :, None], upper=False)
        left = own[:, -1] - (half * half).sum(dim=(1, 2))
        self.variances = left.clamp(min=_LEAST_SHARE * signal)
        weights = torch.linalg.solve_triangular(self.L.mT, half, upper=True)
        self.weights = weights[:, :, 0]

    def weighted(self, values):
        """Sums of what neighbours have by their weights."""
        return (self.weights[:, None, :] @ values)[:, 0]
