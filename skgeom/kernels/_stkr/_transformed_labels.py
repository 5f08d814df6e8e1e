"""The transformed kernel times labelled rows: its columns, and sums of them.

The kernel is that of Zhai et al. (ICLR 2024).
"""

from typing import Any, NamedTuple

import numpy as np

from skgeom.kernels._stkr._spectral_transforms import SpectralTransform, resolvent
from skgeom.operators import KernelOperator
from skgeom.typing import Array, NDArray


class RidgeSolution(NamedTuple):
    """What a solver of `_spectral_ridge` found.

    Parameters
    ----------
    values : array of shape (n, n_targets)
        The h of the formula, of the backend.
    extension : array of shape (n, n_targets)
        Coefficients of the kernel values of a new point.
    dual : array of shape (n_labels, n_targets)
        The a of the formula.
    n_iter : int
        Products with the kernel matrix made by the longest iteration; 0 for direct
        solutions.
    residual : float
        Largest relative residual of an iteration.
    eigenvalues : ndarray of shape (n_eigenvalues,) or None
        Those of the kernel matrix that were used, in decreasing order.

    Examples
    --------
    >>> from skgeom.kernels._stkr._transformed_labels import RidgeSolution
    >>> RidgeSolution._fields[0]
    'values'
    """

    values: Any
    extension: Any
    dual: Any
    n_iter: int = 0
    residual: float = 0.0
    eigenvalues: np.ndarray | None = None


class TransformedColumns(NamedTuple):
    """The columns of s(S) that belong to labelled rows.

    Parameters
    ----------
    values : array of shape (n, n_labels)
        The columns.
    extension : array of shape (n, n_labels)
        Those of the divided transform.
    gram : array of shape (n_labels, n_labels)
        The labelled rows of `values`, made symmetric.
    n_iter : int
        Products made by the longest iteration.
    residual : float
        Largest relative residual.

    Examples
    --------
    >>> from skgeom.kernels._stkr._transformed_labels import TransformedColumns
    >>> TransformedColumns._fields[2]
    'gram'
    """

    values: Any
    extension: Any
    gram: Any
    n_iter: int
    residual: float


def transformed_columns(
    S: KernelOperator,
    transform: SpectralTransform,
    labelled: NDArray,
    *,
    tol: float = 1e-10,
    max_iter: int = 1000,
) -> TransformedColumns:
    """Compute the columns of s(S) that belong to labelled rows.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    transform : SpectralTransform
        One of the transforms of this package.
    labelled : ndarray of shape (n_labels,), int64
        The rows, each once.
    tol : float, default=1e-10
        Wanted relative accuracy.
    max_iter : int, default=1000
        At most so many steps of an iteration.

    Returns
    -------
    TransformedColumns
        The columns and what the iteration reports.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._transformed_labels import transformed_columns
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> transformed_columns(S, InverseLaplacian(0.5), np.array([1])).gram
    array([[2.]])
    """
    xp, report = S.xp, Report()
    one = xp.eye(len(labelled), dtype=S.backend.float64, device=S.backend.device)
    solve = report.resolvent(tol, max_iter)
    values, extension = transform.apply(S, padded(S, labelled, one), solve)
    gram = xp.take(values, xp.asarray(labelled, device=values.device), axis=0)
    gram = (gram + xp.matrix_transpose(gram)) / 2
    return TransformedColumns(values, extension, gram, report.n_iter, report.residual)


def transformed_labels(
    S: KernelOperator,
    transform: SpectralTransform,
    labelled: NDArray,
    dual: Array,
    *,
    tol: float,
    max_iter: int,
) -> RidgeSolution:
    """Fitted values of given coefficients: s(S) times them.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    transform : SpectralTransform
        One of the transforms of this package.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    dual : array of shape (n_labels, n_targets)
        The coefficients, of the backend.
    tol : float
        Relative residual of iterations.
    max_iter : int
        At most so many steps of each.

    Returns
    -------
    RidgeSolution
        The values.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._transformed_labels import transformed_labels
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> transformed_labels(S, InverseLaplacian(0.5), np.array([1]), np.ones((1, 1)),
    ...     tol=1e-9, max_iter=9).values.ravel()
    array([0., 2.])
    """
    report = Report()
    solve = report.resolvent(tol, max_iter)
    values, extension = transform.apply(S, padded(S, labelled, dual), solve)
    return RidgeSolution(values, extension, dual, report.n_iter, report.residual)


def padded(S: KernelOperator, labelled: NDArray, rows: Array) -> Array:
    """Rows put at their labelled places among zeros."""
    xp = S.xp
    out = xp.zeros((S.n, rows.shape[1]), dtype=rows.dtype, device=rows.device)
    out[xp.asarray(labelled, device=rows.device), :] = rows
    return out


class Report:
    """Collects what inner solutions report."""

    def __init__(self):
        self.n_iter, self.residual = 0, 0.0

    def resolvent(self, tol, max_iter):
        def solve(S, eta, V):
            solution, found = resolvent(S, eta, V, tol=tol, max_iter=max_iter)
            if found is not None:
                self.n_iter = max(self.n_iter, int(found.n_iter.max(initial=0)))
                largest = float(found.residuals.max(initial=0.0))
                self.residual = max(self.residual, largest)
            return solution

        return solve
