"""The sparse matrices of a graph: on one pattern, and read-only."""

import numpy as np
import scipy.sparse as sp


def lengths_on(adjacency, lengths):
    """Return lengths on the pattern of the adjacency: those given, or ones."""
    if lengths is None:
        lengths = adjacency.copy()
        lengths.data[:] = 1.0
        return lengths
    lengths = sp.csr_array(lengths, dtype=np.float64, copy=True)
    lengths.sum_duplicates()
    if not (
        np.array_equal(lengths.indptr, adjacency.indptr)
        and np.array_equal(lengths.indices, adjacency.indices)
    ):
        raise ValueError("lengths must have the sparsity pattern of the adjacency.")
    if lengths.nnz and not lengths.data.min() >= 0:
        raise ValueError("lengths must be >= 0; some are negative or NaN.")
    return lengths


def frozen(matrix):
    """Make the arrays of a CSR matrix read-only."""
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def narrow(matrix):
    """Let the indices of a CSR matrix be of 32 bits, where that is enough."""
    if (
        matrix.indices.dtype != np.int32
        and max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max
    ):
        matrix.indices = matrix.indices.astype(np.int32)
        matrix.indptr = matrix.indptr.astype(np.int32)
    return matrix
