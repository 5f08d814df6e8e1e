"""Positive definite matrices as rows of a table: upper triangles, as they are."""

import numpy as np

from skgeom.geometry._spd_matrices import check, mirrored
from skgeom.typing import Array


def from_rows(rows: Array, name: str) -> Array:
    """Matrices from rows, which must be positive definite.

    Parameters
    ----------
    rows : array of shape (n, d (d + 1) / 2)
        Upper triangles, row by row: what ``S[np.triu_indices(d)]`` gives.
    name : str
        The parameter and value that errors name.

    Returns
    -------
    array of shape (n, d, d)
        Matrices.

    Raises
    ------
    ValueError
        If rows have no such length, or a matrix is not positive definite: its row and
        its least eigenvalue are told.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_rows import from_rows
    >>> from_rows(np.array([[2.0, 1.0, 2.0]]), 'input_space="spd"')
    array([[[2., 1.],
            [1., 2.]]])
    """
    try:
        matrices = mirrored(rows)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    check(matrices, name)
    return matrices


def to_rows(matrices: Array) -> Array:
    """Rows from matrices.

    Parameters
    ----------
    matrices : array of shape (..., d, d)
        Symmetric matrices.

    Returns
    -------
    array of shape (..., d (d + 1) / 2)
        Upper triangles, row by row.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._spd_rows import to_rows
    >>> to_rows(np.array([[[2.0, 1.0], [1.0, 3.0]]]))
    array([[2., 1., 3.]])
    """
    i, j = np.triu_indices(matrices.shape[-1])
    return matrices[..., i, j]
