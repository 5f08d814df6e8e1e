"""Primitives in torch: batched, blocked, no loop over samples."""

import warnings

import numpy as np
import torch
from array_api_compat import torch as xp

from skgeom.backends._dispatch import row_blocks
from skgeom.backends._refine import n_candidates, refine_neighbors, unit_rows

# Scratch that a blocked step may take on the device.
_BLOCK_BYTES = 2**28


class TorchBackend:
    """Torch tensors on one device; see `Backend` for what each method means."""

    name = "torch"
    xp = xp

    def __init__(self, device):
        self.device = "cpu" if device == "torch-cpu" else device
        kind = self.device.split(":")[0]
        available = {
            "cpu": lambda: True,
            "cuda": torch.cuda.is_available,
            "mps": torch.backends.mps.is_available,
        }
        if not available[kind]():
            raise ValueError(f"device={device!r}, but torch finds no {kind} device.")
        self.float64 = torch.float32 if kind == "mps" else torch.float64

    def asarray(self, array, dtype=None):
        """Return a tensor on this device."""
        if isinstance(array, np.ndarray) and not array.flags.writeable:
            array = array.copy()
        return torch.as_tensor(array, dtype=dtype, device=self.device)

    def to_numpy(self, array):
        """Copy a tensor to the host."""
        return array.detach().cpu().numpy()

    def csr(self, matrix):
        """Return a sparse CSR tensor."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
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
        size = n_candidates(k, X.shape[0])
        candidates = []
        for rows in row_blocks(Y.shape[0], 8 * X.shape[0], _BLOCK_BYTES):
            partial = torch.addmm(norms, queries[rows], points.T, alpha=-2)
            candidates.append(torch.topk(partial, size, largest=False).indices)
        return refine_neighbors(
            xp, X, Y, torch.cat(candidates), k, metric, self.float64
        )

    def matrix_polynomial(self, A, B, coefficients, basis="monomial"):
        """Apply the polynomial to blocks of columns that fit the memory budget."""
        A = A if A.dtype == B.dtype else A.to(B.dtype)
        out = torch.empty_like(B)
        for columns in row_blocks(B.shape[1], 4 * 8 * B.shape[0], _BLOCK_BYTES):
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
