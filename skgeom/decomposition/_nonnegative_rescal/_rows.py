"""Rows on given columns, by nonnegative least squares."""

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from skgeom.typing import NDArray

# As a share of the mean of the diagonal: where columns say nearly the same, what a row
# has of each hangs on the row continuously.
_RIDGE = 1e-6
_TURNS_PER_COLUMN = 30


def nonnegative_rows(products: NDArray, gram: NDArray) -> NDArray:
    r"""Find rows a >= 0 that minimise :math:`|x - W a|^2`, each by itself.

    Parameters
    ----------
    products : ndarray of shape (n_rows, n_components)
        :math:`W^\top x` of each.
    gram : ndarray of shape (n_components, n_components)
        :math:`W^\top W`.

    Returns
    -------
    ndarray of shape (n_rows, n_components)
        By the method of active sets [1]_, with a ridge of a millionth of the mean
        diagonal. Twice the products, twice the row.

    References
    ----------
    .. [1] Lawson and Hanson, "Solving least squares problems", Prentice-Hall, 1974.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition._nonnegative_rescal._rows import nonnegative_rows
    >>> nonnegative_rows(np.array([[3.0, -1]]), np.eye(2)).round(3)
    array([[3., 0.]])
    """
    k = len(gram)
    size = np.trace(gram) / k
    found = np.zeros(products.shape)
    if not size > 0:
        return found
    # |U a - U^-T b|^2 is what is to be least, but for a constant.
    U = cholesky(gram / size + _RIDGE * np.eye(k))
    largest = products.max(axis=1, initial=0.0)
    some = np.flatnonzero(largest > 0)
    units = largest[some, None]
    targets = solve_triangular(U, (products[some] / units).T, trans="T").T
    for row, target in zip(some, targets, strict=True):
        found[row], _ = nnls(U, target, maxiter=_TURNS_PER_COLUMN * k)
    found[some] *= units / size
    return found
