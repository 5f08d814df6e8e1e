"""Powers of a normalised adjacency, applied to features: of nodes, and of new rows.

Of "Simplifying graph convolutional networks" (Wu et al., ICML 2019): without what lies
between the layers, they are one product with a power of the adjacency.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend
from skgeom.typing import NDArray

# Fuller than this share, a sparse matrix takes more room than a dense one would.
_FULL = 0.2


def power_coefficients(n_steps: int, combine: str, teleport: float) -> NDArray:
    r"""Coefficients of the powers of S in each block of columns.

    With a share a that returns to the node, k steps are :math:`h_k = (1 - a) S h_{k-1}
    + a h_0`, a personalised PageRank cut off there (Gasteiger et al., ICLR 2019).

    Parameters
    ----------
    n_steps : int
        The highest power.
    combine : {"last", "concat", "mean"}
        One block of the last step, a block for each step, or one of their mean.
    teleport : float
        The share a in [0, 1).

    Returns
    -------
    ndarray of shape (n_blocks, n_steps + 1)
        A row for each block.

    Examples
    --------
    >>> from skgeom.nodes._graph_feature_expansion._smoothed_features import (
    ...     power_coefficients,
    ... )
    >>> power_coefficients(2, "last", 0.0)
    array([[0., 0., 1.]])
    >>> power_coefficients(1, "concat", 0.5)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    steps = np.zeros((n_steps + 1, n_steps + 1))
    steps[0, 0] = 1.0
    for k in range(1, n_steps + 1):
        steps[k, 1:] = (1 - teleport) * steps[k - 1, :-1]
        steps[k, 0] += teleport
    if combine == "concat":
        return steps
    return steps[-1:] if combine == "last" else steps.mean(axis=0, keepdims=True)


def powers_of(S: sp.csr_array, F: Any, n_steps: int, backend: Backend) -> list[Any]:
    """The features, and what each step makes of them; sparse while that is worth it."""
    found = [_thinned(F)]
    handle = None
    for _ in range(n_steps):
        last = found[-1]
        if sp.issparse(last):
            found.append(_thinned(sp.csr_array(S.astype(last.dtype) @ last)))
            continue
        handle = backend.csr(S.astype(last.dtype)) if handle is None else handle
        step = np.array([0.0, 1.0], dtype=last.dtype)
        columns = backend.asarray(np.ascontiguousarray(last))
        product = backend.matrix_polynomial(handle, columns, step)
        found.append(np.asarray(backend.to_numpy(product), dtype=last.dtype))
    return found


def combined(powers: Sequence[Any], coefficients: NDArray) -> list[Any]:
    """Blocks of columns from the powers."""
    return [_sum_of(powers, row) for row in coefficients]


def new_powers(
    features: Any, loops: NDArray, links: sp.csr_array, powers: Sequence[Any]
) -> list[Any]:
    """What steps make of the features of new rows, which change no node.

    Parameters
    ----------
    features : array or csr_array of shape (n_rows, n_features)
        Of the new rows.
    loops : ndarray of shape (n_rows,)
        Entries of S that join a row to itself.
    links : csr_array of shape (n_rows, n_nodes)
        Those that join it to the nodes.
    powers : sequence of array or csr_array of shape (n_nodes, n_features)
        Of the nodes, from `powers_of`, as many as there are steps.

    Returns
    -------
    list of array or csr_array of shape (n_rows, n_features)
        One more than `powers`.
    """
    found = [features]
    own = sp.csr_array(sp.diags_array(loops))
    for power in powers:
        found.append(own @ found[-1] + links @ power)
    return found


class SmoothedFeatures:
    """Blocks of smoothed features as products, none of which is formed.

    What `truncated_svd` reads of a matrix: `shape`, `matmat`, `rmatmat`.
    """

    def __init__(self, S, F, coefficients, backend):
        self.F, self.coefficients, self.backend = F, coefficients, backend
        self.handle = backend.csr(S)
        self.width = F.shape[1]
        self.shape = (F.shape[0], len(coefficients) * self.width)

    def matmat(self, V):
        """Multiply with columns."""
        return sum(
            self._polynomial(self.F @ V[b * self.width : (b + 1) * self.width], row)
            for b, row in enumerate(self.coefficients)
        )

    def rmatmat(self, U):
        """Multiply the transpose with columns."""
        return np.concatenate(
            [self.F.T @ self._polynomial(U, row) for row in self.coefficients]
        )

    def _polynomial(self, B, row):
        B = self.backend.asarray(np.ascontiguousarray(B, dtype=np.float64))
        found = self.backend.matrix_polynomial(self.handle, B, row)
        return np.asarray(self.backend.to_numpy(found))


def _thinned(matrix):
    """The matrix dense, where it is sparse and full."""
    if not sp.issparse(matrix):
        return matrix
    full = matrix.nnz > _FULL * matrix.shape[0] * matrix.shape[1]
    return matrix.toarray() if full else sp.csr_array(matrix)


def _sum_of(powers, row):
    """The sum of powers by their coefficients, dense where one of them is."""
    parts = [
        power * power.dtype.type(c)
        for power, c in zip(powers, row, strict=True)
        if c != 0.0
    ]
    if any(not sp.issparse(part) for part in parts):
        parts = [p.toarray() if sp.issparse(p) else p for p in parts]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return _thinned(total)
