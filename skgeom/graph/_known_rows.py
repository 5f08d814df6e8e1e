"""Recognise rows of links that come again: a node is known by its links."""

from hashlib import blake2b

import numpy as np
import scipy.sparse as sp

from skgeom.typing import MatrixLike, NDArray


def canonical_csr(matrix: MatrixLike) -> sp.csr_array:
    """Copy a matrix such that equal rows are stored alike.

    Parameters
    ----------
    matrix : array or sparse matrix of shape (n_rows, n_columns)
        Any numbers.

    Returns
    -------
    csr_array of shape (n_rows, n_columns), float64
        Columns in order, each once in a row, no stored zeros.

    Examples
    --------
    >>> from skgeom.graph import canonical_csr
    >>> canonical_csr([[0, 2], [0, 0]]).nnz
    1
    """
    matrix = sp.csr_array(matrix, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


class KnownRows:
    """Rows of a matrix, kept as short names by which they are found again.

    Parameters
    ----------
    matrix : csr_array of shape (n_rows, n_columns), float64
        From `canonical_csr`.

    Examples
    --------
    >>> from skgeom.graph import KnownRows, canonical_csr
    >>> known = KnownRows(canonical_csr([[0, 1], [2, 0], [0, 1]]))
    >>> known.find(canonical_csr([[0, 1], [1, 1], [2, 0]]))
    array([ 0, -1,  1])
    """

    def __init__(self, matrix: sp.csr_array):
        # The first of equal rows speaks for them.
        rows = reversed(list(enumerate(_digests(matrix))))
        self._rows = {digest: row for row, digest in rows}

    def find(self, matrix: sp.csr_array) -> NDArray:
        """Find the known row that each row equals.

        Parameters
        ----------
        matrix : csr_array of shape (n_queries, n_columns), float64
            From `canonical_csr`.

        Returns
        -------
        ndarray of shape (n_queries,), int64
            The first known row that is equal, -1 where there is none.
        """
        found = [self._rows.get(digest, -1) for digest in _digests(matrix)]
        return np.array(found, dtype=np.int64)


def _digests(matrix):
    """Sixteen bytes for each row; equal rows, equal bytes."""
    return [
        blake2b(
            matrix.indices[part].astype(np.int64).tobytes()
            + matrix.data[part].tobytes(),
            digest_size=16,
        ).digest()
        for part in map(slice, matrix.indptr[:-1], matrix.indptr[1:])
    ]
