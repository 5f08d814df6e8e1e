"""The largest eigenvalues of a dense symmetric matrix, all of them.

LAPACK's fast way to a part of the spectrum may fail where many eigenvalues are equal,
as of equidistant points or of a complete graph: with an error, or with fewer than it
was asked for and no word. Then the whole spectrum is computed.
"""

import numpy as np
import scipy.linalg

from skgeom.typing import NDArray


def largest_eigenpairs(
    matrix: NDArray, k: int, *, with_vectors: bool = True
) -> tuple[NDArray, NDArray | None]:
    """Compute the `k` largest eigenvalues and their eigenvectors.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Symmetric and finite.
    k : int
        How many, from 1 to n.
    with_vectors : bool, default=True
        Whether eigenvectors are wanted.

    Returns
    -------
    values : ndarray of shape (k,)
        In increasing order.
    vectors : ndarray of shape (n, k) or None
        Orthonormal columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import largest_eigenpairs
    >>> largest_eigenpairs(np.diag([1.0, 3.0, 2.0]), 2, with_vectors=False)[0]
    array([2., 3.])
    """

    def solve(**options):
        found = scipy.linalg.eigh(matrix, eigvals_only=not with_vectors, **options)
        return found if with_vectors else (found, None)

    try:
        values, vectors = solve(subset_by_index=[len(matrix) - k, len(matrix) - 1])
        if len(values) == k:
            return values, vectors
    except np.linalg.LinAlgError:
        pass
    values, vectors = solve(driver="evd")
    return values[-k:], vectors if vectors is None else vectors[:, -k:]
