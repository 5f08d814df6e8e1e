r"""Ridge regression on many centres without the sums over rows.

The normal equations of Nyström's features are solved by conjugate gradients, a pass
over the rows for each step, with their sum over the centres alone as preconditioner
(Rudi, Carratino and Rosasco, "FALKON: an optimal large scale kernel method", NIPS
2017).
"""

from collections.abc import Callable, Iterable

import numpy as np
import scipy.linalg

from skgeom.backends import Backend
from skgeom.kernels._kernel_machine._nystrom import independent_rows
from skgeom.operators import KernelFunction
from skgeom.solvers import conjugate_gradient
from skgeom.typing import Array, NDArray


def falkon(
    kernel: KernelFunction,
    centers: Array,
    passes: Callable[[], Iterable[tuple[Array, NDArray, NDArray]]],
    n_rows: int,
    alpha: float,
    backend: Backend,
    *,
    tol: float,
    max_iter: int,
    callback: Callable | None = None,
) -> tuple[NDArray, NDArray, float, int]:
    r"""Minimise the penalised squared error over functions of some centres.

    Parameters
    ----------
    kernel : KernelFunction
        The kernel.
    centers : array of shape (m, n_features)
        Points of the backend, a uniform sample of the rows.
    passes : callable
        Returns blocks of the rows: points of the backend, targets less their means and
        weights > 0 on the host.
    n_rows : int
        How many rows there are.
    alpha : float
        The penalty, > 0.
    backend : Backend
        Where arrays are.
    tol : float
        Wanted residual of the preconditioned equations, as a share.
    max_iter : int
        Most steps, each a pass over the rows.
    callback : callable, default=None
        Of `conjugate_gradient`.

    Returns
    -------
    chosen : ndarray of shape (rank,), int64
        Centres that do not depend on others.
    coefficients : ndarray of shape (rank, n_targets)
        Of their kernels.
    residual : float
        The largest of the targets.
    n_iter : int
        Steps that were made.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._kernel_machine._falkon import falkon
    >>> from skgeom.operators import KernelFunction
    >>> cpu, X = get_backend("cpu"), np.linspace(-3, 3, 90)[:, None]
    >>> k, ones = KernelFunction("rbf", 1.0, cpu), np.ones(90)
    >>> chosen, c, residual, n_iter = falkon(
    ...     k, X[::8], lambda: [(X, np.sin(X), ones)], 90, 1e-3, cpu, tol=1e-9,
    ...     max_iter=50,
    ... )
    >>> Z = X[::8][chosen]
    >>> normal = k.values(Z, X) @ k.values(X, Z) + 1e-3 * k.values(Z, Z)
    >>> bool(np.abs(normal @ c - k.values(Z, X) @ np.sin(X)).max() < 1e-6)
    True
    """
    K = backend.to_numpy(kernel.values(centers, centers))
    chosen, L = independent_rows((K + K.T) / 2)
    centers = centers[backend.asarray(chosen)]
    # Centres stand for the rows: their sum, times rows for each.
    system = (n_rows / len(K)) * (L.T @ L)
    system[np.diag_indices(len(L))] += alpha
    A = scipy.linalg.cholesky(system, lower=True, overwrite_a=True)

    def whitened(V):
        """From moments of kernels to those of features, preconditioned."""
        return _solve(A, _solve(L, V))

    def coefficients_of(V):
        return _solve(L, _solve(A, V, transposed=True), transposed=True)

    moments = 0.0
    for points, targets, weights in passes():
        weighted = backend.asarray(weights[:, None] * targets)
        moments = moments + kernel.values(points, centers).T @ weighted

    def product(V):
        w, total = backend.asarray(coefficients_of(V)), 0.0
        for points, _, weights in passes():
            # Both ways with the values of one block.
            values = kernel.values(points, centers)
            total = total + values.T @ (
                backend.asarray(weights[:, None]) * (values @ w)
            )
        ridge = _solve(A, _solve(A, V, transposed=True))
        return whitened(backend.to_numpy(total)) + alpha * ridge

    # Vectors are as short as there are centres: they stay on the host.
    found = conjugate_gradient(
        np,
        product,
        whitened(backend.to_numpy(moments)),
        tol=tol,
        max_iter=max_iter,
        callback=callback,
    )
    residual = float(found.residuals.max(initial=0.0))
    n_iter = int(found.n_iter.max(initial=0))
    return chosen, coefficients_of(found.solution), residual, n_iter


def _solve(factor, V, transposed=False):
    """Solve with a lower triangular factor, or with its transpose."""
    return scipy.linalg.solve_triangular(
        factor, V, lower=True, trans="T" if transposed else "N"
    )
