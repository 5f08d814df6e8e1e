"""The largest eigenvalues of a dense symmetric matrix, all of them.

LAPACK's fast way to a part of the spectrum may fail where many eigenvalues are equal,
as of equidistant points or of a complete graph: with an error, or with fewer than it
was asked for and no word. Then the whole spectrum is computed.
"""

import numpy as np
import scipy.linalg


def largest_eigenpairs(matrix, k):
    """The `k` largest eigenvalues, in increasing order, and their eigenvectors.

    `matrix` is symmetric, of shape (n, n) and finite; `k` is from 1 to n.
    """
    part = [len(matrix) - k, len(matrix) - 1]
    try:
        values, vectors = scipy.linalg.eigh(matrix, subset_by_index=part)
        if len(values) == k:
            return values, vectors
    except np.linalg.LinAlgError:
        pass
    values, vectors = scipy.linalg.eigh(matrix, driver="evd")
    return values[-k:], vectors[:, -k:]


def largest_eigenvalues(matrix, k):
    """The `k` largest eigenvalues, in increasing order, see `largest_eigenpairs`."""
    part = [len(matrix) - k, len(matrix) - 1]
    try:
        values = scipy.linalg.eigvalsh(matrix, subset_by_index=part)
        if len(values) == k:
            return values
    except np.linalg.LinAlgError:
        pass
    return scipy.linalg.eigvalsh(matrix, driver="evd")[-k:]
