"""Systems of a positive semidefinite matrix plus a positive diagonal.

As in section 3.4 of Rasmussen and Williams, "Gaussian Processes for Machine Learning",
2006.
"""

from types import ModuleType

import numpy as np
import scipy.linalg
from array_api_compat import is_numpy_namespace

from skgeom.typing import Array


def solve_positive(xp: ModuleType, gram: Array, targets: Array, ridge: Array) -> Array:
    """Solve with a positive semidefinite matrix plus a positive diagonal.

    Parameters
    ----------
    xp : module
        Array namespace.
    gram : array of shape (n, n)
        Symmetric, positive semidefinite.
    targets : array of shape (n, n_targets)
        Right-hand sides.
    ridge : array of shape (n,)
        The diagonal that is added, > 0.

    Returns
    -------
    array of shape (n, n_targets)
        The solution.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the sum is not positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._solve_positive import solve_positive
    >>> solve_positive(np, np.eye(2), np.ones((2, 1)), np.ones(2)).ravel()
    array([0.5, 0.5])
    """
    # A unit diagonal of the ridge, so that unequal weights do no harm.
    root = 1 / xp.sqrt(ridge)[:, None]
    identity = xp.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
    matrix = root * gram * root[:, 0] + identity
    if is_numpy_namespace(xp):
        factor = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True)
        return root * scipy.linalg.cho_solve(factor, root * targets)
    try:
        xp.linalg.cholesky(matrix)
    except RuntimeError as error:
        raise np.linalg.LinAlgError(str(error)) from None
    return root * xp.linalg.solve(matrix, root * targets)
