"""Pointwise mutual information of counts, in one pass over their entries."""

import numpy as np
import scipy.sparse as sp

from skgeom.typing import MatrixLike, NDArray


def pointwise_information(
    counts: MatrixLike,
    row_mass: NDArray,
    column_mass: NDArray,
    *,
    shift: float = 0.0,
    positive: bool = True,
) -> sp.csr_array:
    r"""Logarithms of how many times more often pairs come than they would by chance.

    With counts C and masses such that :math:`r_i c_j` is what chance would count,
    entries are :math:`\log(C_{ij} / (r_i c_j))` less the shift [1]_. Pairs that never
    come have zero, for minus infinity.

    Parameters
    ----------
    counts : array or sparse matrix of shape (n, m)
        Counts or other masses, finite and >= 0.
    row_mass : ndarray of shape (n,)
        Masses of the rows, >= 0. Entries of a row of mass zero are left out.
    column_mass : ndarray of shape (m,)
        Masses of the columns, likewise.
    shift : float, default=0.0
        What all logarithms are lowered by.
    positive : bool, default=True
        Whether what is below zero is zero, and left out.

    Returns
    -------
    csr_array of shape (n, m)
        The logarithms, float32 for counts in float32, else float64.

    References
    ----------
    .. [1] Levy and Goldberg, "Neural word embedding as implicit matrix factorization",
       NIPS 2014, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.operators import pointwise_information
    >>> counts, mass = np.array([[4.0, 1.0], [1.0, 4.0]]), np.full(2, 0.5)
    >>> pointwise_information(counts, 10 * mass, mass).toarray().round(2)
    array([[0.47, 0.  ],
           [0.  , 0.47]])
    """
    found = sp.csr_array(counts, copy=True)
    if found.dtype != np.float32:
        found = found.astype(np.float64)
    found.eliminate_zeros()
    wide = found.dtype.type
    # One by one: products of small masses are zero, those of large ones no numbers.
    with np.errstate(divide="ignore"):
        rows, columns = (np.log(mass).astype(wide) for mass in (row_mass, column_mass))
    logs = np.log(found.data)
    logs -= np.repeat(rows, np.diff(found.indptr))
    logs -= columns[found.indices]
    logs -= wide(shift)
    logs[~np.isfinite(logs)] = 0.0
    found.data = np.maximum(logs, 0.0) if positive else logs
    found.eliminate_zeros()
    return found
