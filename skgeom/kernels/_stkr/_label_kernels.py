"""Kernels between labelled rows: of neighbours, transformed, and of points.

The transform is that of Zhai et al. (ICLR 2024).
"""

from collections.abc import Callable

import numpy as np
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel

from skgeom.kernels._operators import DenseKernel
from skgeom.kernels._stkr._transformed_labels import Report
from skgeom.operators import KernelOperator
from skgeom.typing import NDArray

# Inverse widths in units of one over the mean distance of two rows, squared for "rbf".
_WIDTHS = {
    "rbf": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    "laplacian": (0.03, 0.1, 0.3, 1.0, 3.0),
}
_FUNCTIONS: dict[str, Callable] = {"rbf": rbf_kernel, "laplacian": laplacian_kernel}
# With this share of rows labelled a matrix of up to so many rows is inverted.
_DENSE_SHARE, _DENSE_ROWS = 0.25, 2000


def neighbor_grams(
    S: KernelOperator,
    labelled: NDArray,
    measure: NDArray,
    strengths: NDArray,
    degree: int,
    *,
    fit_intercept: bool = True,
    tol: float = 1e-4,
    max_iter: int = 2000,
) -> tuple[dict[float, NDArray], Report]:
    r"""The kernels :math:`D^{-1/2} (1 - \eta S)^{-q} D^{-1/2}` over labelled rows.

    Constants, which the kernel allows next to any size, are left out of it beside an
    intercept, where they are eigenvectors: they say nothing then.

    Parameters
    ----------
    S : KernelOperator
        Symmetric, with the largest eigenvalue 1.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    measure : ndarray of shape (n,)
        The diagonal of D, > 0.
    strengths : ndarray of shape (n_strengths,)
        The values of :math:`1 / (1 - \eta)`.
    degree : int
        The q of the formula.
    fit_intercept : bool, default=True
        Whether there is an intercept beside the kernel.
    tol : float, default=1e-4
        Relative residual of each solution.
    max_iter : int, default=2000
        At most so many steps for each.

    Returns
    -------
    grams : dict of float to ndarray of shape (n_labels, n_labels)
        For an even degree positive semidefinite to rounding, whatever `tol` is.
    report : Report
        Of the iterations.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._label_kernels import neighbor_grams
    >>> S = DenseKernel(np.array([[0.0, 1.0], [1.0, 0.0]]), get_backend("cpu"))
    >>> neighbor_grams(S, np.arange(2), np.ones(2), [2.0], 2)[0][2.0].round(3).tolist()
    [[0.222, -0.222], [-0.222, 0.222]]
    """
    xp, backend = S.xp, S.backend
    root = np.sqrt(measure)
    columns = np.zeros((S.n, len(labelled)))
    columns[labelled, np.arange(len(labelled))] = 1.0 / root[labelled]
    constant = root / np.linalg.norm(root)
    if (
        fit_intercept
        and np.abs(S.host_product(constant[:, None])[:, 0] - constant).max() < 1e-8
    ):
        columns -= constant[:, None] * (constant @ columns)
    columns = backend.asarray(columns, dtype=backend.float64)
    found, report = {}, Report()
    solve = report.resolvent(tol, max_iter)
    for strength in strengths:
        V, eta = columns, 1.0 - 1.0 / float(strength)
        for _ in range(degree // 2):
            V = solve(S, eta, V)
        other = V
        if degree % 2:
            other = solve(S, eta, V)
        gram = backend.to_numpy(xp.matrix_transpose(V) @ other)
        found[float(strength)] = (gram + gram.T) / 2
    return found, report


def dense_where_small(S: KernelOperator, n_labels: int) -> KernelOperator:
    """Hold a matrix whole where that is less work than a column for each label.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    n_labels : int
        Columns that will be asked for.

    Returns
    -------
    KernelOperator
        The same matrix.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._stkr._label_kernels import dense_where_small
    >>> from skgeom.operators import SparseKernel
    >>> S = SparseKernel(sp.csr_array(np.eye(3)), get_backend("cpu"))
    >>> type(dense_where_small(S, 2)).__name__
    'DenseKernel'
    """
    if S.n <= _DENSE_ROWS and n_labels >= _DENSE_SHARE * S.n:
        return DenseKernel(S.dense(), S.backend)
    return S


def point_widths(X: NDArray, gamma: float | None = None) -> list[tuple[str, float]]:
    """The kernels of points that are tried, with inverse widths from narrow to wide.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        All rows, labelled or not: their mean distance is the unit.
    gamma : float, default=None
        The only inverse width that is tried; None is a grid.

    Returns
    -------
    list of (str, float)
        Kernels and inverse widths.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._label_kernels import point_widths
    >>> point_widths(np.array([[0.0], [2.0]]), gamma=0.5)
    [('rbf', 0.5), ('laplacian', 0.5)]
    """
    if gamma is not None:
        return [(kernel, float(gamma)) for kernel in _WIDTHS]
    X = np.asarray(X, dtype=np.float64)
    n = len(X)
    centred = X - X.mean(axis=0)
    # Of two different rows; in one dimension the mean distance is that of ranks.
    squared = 2 * np.square(centred).sum() / max(n - 1, 1)
    ranks = 2.0 * np.arange(n) - n + 1
    city = 2 * (ranks @ np.sort(centred, axis=0)).sum() / max(n * (n - 1), 1)
    units = {"rbf": squared, "laplacian": city}
    return [
        (kernel, width / (units[kernel] if units[kernel] > 0 else 1.0))
        for kernel, widths in _WIDTHS.items()
        for width in widths
    ]


def point_gram(kernel: tuple[str, float], X: NDArray, Y: NDArray) -> NDArray:
    """Values of a kernel of points, as a matrix on the host.

    Parameters
    ----------
    kernel : (str, float)
        "rbf" or "laplacian", and the inverse width.
    X : ndarray of shape (n_rows, n_features)
        Rows.
    Y : ndarray of shape (n_columns, n_features)
        Columns.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64
        The values.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._label_kernels import point_gram
    >>> point_gram(("rbf", 1.0), np.zeros((1, 2)), np.ones((1, 2))).round(3)
    array([[0.135]])
    """
    name, gamma = kernel
    X, Y = (np.asarray(part, dtype=np.float64) for part in (X, Y))
    return _FUNCTIONS[name](X, Y, gamma=gamma)
