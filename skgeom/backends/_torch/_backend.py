"""Primitives in torch: batched, blocked, no loop over samples."""

import functools
import warnings
from importlib.util import find_spec

import numpy as np
import torch
from array_api_compat import torch as xp

from skgeom._warnings import warn
from skgeom.backends._arrays import MissingDeviceError
from skgeom.backends._blocks import block_bytes, row_blocks
from skgeom.backends._kernel_products import (
    SQUARED_UNITS,
    centred_points,
    check_path_kernel,
    check_vecchia_kernel,
    tiled_matvec,
)
from skgeom.backends._refine import exact_neighbors, unit_rows

# Columns up to which products with a kernel matrix are bound by its values.
_FEW_COLUMNS = 16


def full_precision(function):
    """Keep to float32 where the user lets products of it use fewer bits."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        wanted = torch.get_float32_matmul_precision()
        if wanted == "highest":
            return function(*args, **kwargs)
        torch.set_float32_matmul_precision("highest")
        try:
            return function(*args, **kwargs)
        finally:
            torch.set_float32_matmul_precision(wanted)

    return call


def _kernel_values(X, Y, kernel, gamma):
    """Kernel values of all pairs, computed in place: memory is what takes the time."""
    if kernel == "laplacian":
        return torch.cdist(X, Y, p=1.0).mul_(-gamma).exp_()
    own, others = (X * X).sum(dim=1)[:, None], (Y * Y).sum(dim=1)
    squares = torch.addmm(others, X, Y.T, alpha=-2).add_(own).clamp_(min=0)
    if kernel == "rbf":
        return squares.mul_(-gamma).exp_()
    reach = squares.mul_(SQUARED_UNITS[kernel] * gamma).sqrt_()
    if kernel == "exponential":
        # Where points are equal there is a kink, and a root makes much of rounding.
        rounding = 4 * torch.finfo(X.dtype).eps * SQUARED_UNITS[kernel] * gamma
        equal = reach.square() <= rounding * (own + others)
        return reach.masked_fill_(equal, 0.0).neg_().exp_()
    values = torch.exp(-reach)
    if kernel == "matern52":
        return values.mul_((reach / 3).add_(1).mul_(reach).add_(1))
    return values.mul_(reach.add_(1))


@functools.cache
def _has_triton():
    """Whether Triton came with torch."""
    return find_spec("triton") is not None


def _if_compiled(by_triton, by_torch):
    """What Triton computes; torch where this Triton or device cannot compile it.

    Triton compiles before it starts, so that nothing is half done then.
    """
    from triton.errors import TritonError

    try:
        return by_triton()
    except TritonError as error:
        told = str(error).strip().partition("\n")[0]
        warn(
            "Triton could not compile a kernel; torch does its work, in more time: "
            f"{told}",
        )
        return by_torch()


class TorchBackend:
    """Torch tensors on one device; see `Backend` for what each method means."""

    name = "torch"
    xp = xp

    def __init__(self, device):
        self.device = "cpu" if device == "torch-cpu" else device
        kind, _, index = self.device.partition(":")
        n_devices = {
            "cpu": 1,
            "cuda": torch.cuda.device_count(),
            "mps": int(torch.backends.mps.is_available()),
        }.get(kind, 0)
        if int(index or 0) >= n_devices:
            raise MissingDeviceError(
                f"device={device!r}, but torch finds {n_devices} {kind} devices."
            )
        self.float64 = torch.float32 if kind == "mps" else torch.float64

    def asarray(self, array, dtype=None):
        """Return a tensor on this device."""
        if isinstance(array, np.ndarray) and (
            not array.flags.writeable or min(array.strides, default=0) < 0
        ):
            array = array.copy()  # torch takes neither
        return torch.as_tensor(array, dtype=dtype, device=self.device)

    def to_numpy(self, array):
        """Copy a tensor to the host."""
        return array.detach().cpu().numpy()

    def csr(self, matrix):
        """Return a sparse CSR tensor."""
        with warnings.catch_warnings():
            for told_once in ("Sparse CSR tensor support", "Sparse invariant checks"):
                warnings.filterwarnings("ignore", message=told_once)
            return torch.sparse_csr_tensor(
                self.asarray(matrix.indptr),
                self.asarray(matrix.indices),
                self.asarray(matrix.data, dtype=self.float64),
                size=matrix.shape,
                check_invariants=False,
            )

    def knn(self, X, Y, k, metric="euclidean"):
        """Exact nearest rows by blocked distance matrices and top-k."""
        if metric == "cosine":
            X, Y = unit_rows(xp, X), unit_rows(xp, Y)
        # Centring costs nothing and keeps the expanded square accurate.
        center = X.mean(dim=0)
        points, queries = X - center, Y - center
        norms = (points * points).sum(dim=1)

        @full_precision
        def propose(rows, size):
            wanted, found = queries[rows], []
            for block in row_blocks(wanted.shape[0], 8 * X.shape[0], block_bytes()):
                partial = torch.addmm(norms, wanted[block], points.T, alpha=-2)
                found.append(torch.topk(partial, size, largest=False).indices)
            return torch.cat(found)

        searches = [(propose, torch.finfo(X.dtype))]
        return exact_neighbors(xp, X, Y, searches, k, metric, self.float64)

    def matrix_polynomial(self, A, B, coefficients, basis="monomial"):
        """Apply the polynomial to blocks of columns that fit the memory budget."""
        A = A if A.dtype == B.dtype else A.to(B.dtype)
        out = torch.empty_like(B)
        for columns in row_blocks(B.shape[1], 4 * 8 * B.shape[0], block_bytes()):
            previous, term = None, B[:, columns].contiguous()
            total = float(coefficients[0]) * term
            for degree, coefficient in enumerate(coefficients[1:], start=1):
                product = A @ term
                if basis == "chebyshev" and degree > 1:
                    product = 2 * product - previous
                previous, term = term, product
                total.add_(term, alpha=float(coefficient))
            out[:, columns] = total
        return out

    @full_precision
    def kernel_matvec(self, X, Y, V, kernel="rbf", gamma=1.0):
        """A few columns read off products of points; else tiles of kernel values."""

        def in_tiles():
            tile = _kernel_values, block_bytes()
            return tiled_matvec(xp, X, Y, V, kernel, gamma, *tile)

        few = V.shape[1] <= _FEW_COLUMNS and min(*X.shape, *V.shape) > 0
        if not (X.is_cuda and _has_triton() and few):
            return in_tiles()
        from skgeom.backends._torch._triton_products import kernel_sums

        def by_triton():
            *points, unit = centred_points(xp, X, Y, kernel, gamma)
            return kernel_sums(*points, V, kernel, unit, block_bytes())

        return _if_compiled(by_triton, in_tiles)

    @full_precision
    def kernel_values(self, X, Y, kernel="rbf", gamma=1.0):
        """One product of matrices, turned into values in place."""
        X, Y, gamma = centred_points(xp, X, Y, kernel, gamma)
        return _kernel_values(X, Y, kernel, gamma)

    def vecchia_likelihood(
        self, points, targets, noise, neighbors, rows, kernel="matern52", signal=1.0
    ):
        """Blocks of small systems, decomposed together."""
        from skgeom.backends._torch import _conditionals

        check_vecchia_kernel(kernel)
        return _conditionals.likelihood(
            points, targets, noise, neighbors, rows, kernel, signal
        )

    def kriging_weights(
        self, points, queries, noise, neighbors, kernel="matern52", signal=1.0
    ):
        """Blocks of small systems, decomposed together."""
        from skgeom.backends._torch import _conditionals

        check_vecchia_kernel(kernel)
        return _conditionals.weights(points, queries, noise, neighbors, kernel, signal)

    def signature_values(self, X, Y, rows, columns, kernel="linear", order=0):
        """Anti-diagonals of all pairs of a block."""
        from skgeom.backends._torch import _signatures

        return _signatures.solve_pairs(
            X, Y, rows, columns, check_path_kernel(kernel), int(order)
        )

    def vecchia_contrasts(self, given, kernel="matern52", signal=1.0):
        """Blocks of small systems, decomposed together."""
        from skgeom.backends._torch import _contrasts

        check_vecchia_kernel(kernel)
        return _contrasts.contrasts(given, kernel, signal)

    def vecchia_contrasts_gradient(
        self, given, by_contrasts, by_variances, kernel="matern52", signal=1.0
    ):
        """Blocks of small systems, decomposed together."""
        from skgeom.backends._torch import _contrasts

        check_vecchia_kernel(kernel)
        slopes = by_contrasts, by_variances
        return _contrasts.contrasts_gradient(given, *slopes, kernel, signal)

    def neighbor_factor(self, neighbors, weights):
        """Levels of rows that wait for none of each other."""
        from skgeom.backends._torch import _triangles

        return _triangles.factor(neighbors, weights)

    def neighbor_solve(self, factor, B, transposed=False):
        """Level by level."""
        from skgeom.backends._torch import _triangles

        return _triangles.solve(factor[bool(transposed)], B)

    def row_sum_lagrangian(self, X, diagonal, U, dual, penalty):
        """All starts at once."""
        moments = X.T @ U
        total = U.sum(dim=1, keepdim=True)
        residual = (U * total).sum(dim=2) - 1
        value = (
            (diagonal[:, None] * U * U).sum(dim=(1, 2))
            - (moments * moments).sum(dim=(1, 2))
            + (residual * (dual + penalty[:, None] / 2 * residual)).sum(dim=1)
        )
        price = (dual + penalty[:, None] * residual)[:, :, None]
        gradient = (
            2 * (diagonal[:, None] * U - X @ moments)
            + price * total
            + (price * U).sum(dim=1, keepdim=True)
        )
        return value, residual, gradient

    def descend_edges(self, points, links, order, splits, seed, descent):
        """Make the steps, each as a batch."""
        from skgeom.backends._torch._descent import run_steps

        steps = points, links, order, splits, seed, descent

        def by_torch():
            return run_steps(*steps, self.float64)

        if not (points.coordinates.is_cuda and _has_triton()):
            return by_torch()
        from skgeom.backends._torch import _triton_descent

        if not _triton_descent.fits(points, descent):
            return by_torch()
        return _if_compiled(lambda: _triton_descent.run_steps(*steps), by_torch)

    def random_walks(
        self,
        steps,
        starts,
        modulation,
        survival,
        n_walks,
        coupling="repelling",
        apart=False,
        seed=0,
    ):
        """All walkers of a block of start nodes step together."""
        from skgeom.backends._torch import _walks as _torch_walks

        options = n_walks, coupling, apart, seed, self.float64
        where = steps, self.asarray(starts)
        return _torch_walks.random_walks(*where, modulation, survival, *options)

    def push(self, steps, starts, modulation, threshold):
        """All powers of a block of rows grow together."""
        from skgeom.backends._torch import _walks as _torch_walks

        where = steps, self.asarray(starts)
        return _torch_walks.push(*where, modulation, threshold, self.float64)
