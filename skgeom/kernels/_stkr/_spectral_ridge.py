r"""Ridge regression with a transformed kernel: the solvers.

All find the minimiser of

.. math:: \sum_{i \in l} w_i (h_i - z_i)^2 + \alpha\, h^\top s(S)^{+} h ,

whose values are :math:`h = s(S) a` with :math:`(s(S)_{ll} + \alpha W^{-1}) a = z`, zero
where there is no label (Zhai et al., 2024).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from skgeom.kernels._stkr._penalized_gradient import penalized_conjugate_gradient
from skgeom.kernels._stkr._solve_positive import solve_positive
from skgeom.kernels._stkr._spectral_transforms import (
    InverseLaplacian,
    SpectralTransform,
)
from skgeom.kernels._stkr._transformed_labels import (
    Report,
    RidgeSolution,
    padded,
    transformed_columns,
)
from skgeom.operators import KernelOperator, SparseKernel
from skgeom.solvers import conjugate_gradient
from skgeom.typing import Array, NDArray

# An inner solution must be this much better than what is asked of the outer one.
_INNER_SHARE = 1e-2


def primal_ridge(
    S: KernelOperator,
    transform: InverseLaplacian,
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alpha: float,
    *,
    tol: float,
    max_iter: int,
    initial: Array | None = None,
    callback: Callable | None = None,
) -> RidgeSolution:
    r"""Solve :math:`[W + \alpha\, s(S)^{-1}] h = W z` by conjugate gradients.

    Parameters
    ----------
    S : KernelOperator
        Symmetric, eigenvalues less than 1 / eta; they may be negative.
    transform : InverseLaplacian
        With ``vanishes=False``.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The z of the formula, of the backend.
    weights : array of shape (n_labels,)
        The w of the formula, > 0.
    alpha : float
        Weight of the penalty, > 0.
    tol : float
        Relative residual at which a target is done, rows scaled to a unit diagonal.
    max_iter : int
        At most so many steps.
    initial : array of shape (n, n_targets), default=None
        Where the iteration starts; None is zero.
    callback : callable, default=None
        Of `conjugate_gradient`.

    Returns
    -------
    RidgeSolution
        With the number of steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._spectral_ridge import primal_ridge
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> found = primal_ridge(S, InverseLaplacian(0.5), np.array([0]),
    ...     np.ones((1, 1)), np.ones(1), 1.0, tol=1e-9, max_iter=9)
    >>> found.values.round(6).ravel()
    array([0.666667, 0.      ])
    """
    xp = S.xp
    label_weights = padded(S, labelled, weights[:, None])
    B = padded(S, labelled, weights[:, None] * targets)
    limits: dict[str, Any] = dict(tol=tol, max_iter=max_iter, callback=callback)
    if isinstance(S, SparseKernel) and S.backend.name == "numba":
        penalty = alpha, transform.eta, transform.degree
        found = penalized_conjugate_gradient(
            S.matrix, label_weights[:, 0], *penalty, B, initial=initial, **limits
        )
    else:
        penalty = transform.inverse * alpha
        # Scaled to a diagonal near one, so that residuals of unlabelled rows, which
        # are of the size of alpha, count as much as others. The diagonal of powers of
        # S is not known: powers of the diagonal will do.
        loops = 1 - transform.eta * S.diagonal()[:, None]
        root = 1 / xp.sqrt(label_weights + alpha * loops**transform.degree)

        def product(P):
            P = root * P
            return root * (label_weights * P + S.polynomial(P, penalty))

        start = None if initial is None else initial / root
        found = conjugate_gradient(xp, product, root * B, initial=start, **limits)
        found = found._replace(solution=root * found.solution)
    h = found.solution
    rows = xp.asarray(labelled, device=h.device)
    dual = weights[:, None] * (targets - xp.take(h, rows, axis=0)) / alpha
    n_products = transform.degree * int(found.n_iter.max(initial=0))
    largest = float(found.residuals.max(initial=0.0))
    return RidgeSolution(h, transform.extend(S, h), dual, n_products, largest)


def dense_ridge(
    S: KernelOperator,
    transform: SpectralTransform,
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alpha: float,
    *,
    tol: float,
    max_iter: int,
) -> RidgeSolution:
    r"""Solve :math:`(s(S)_{ll} + \alpha W^{-1}) a = z` by Cholesky's method.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    transform : SpectralTransform
        One of the transforms of this package, non-negative on the spectrum.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The z of the formula, of the backend.
    weights : array of shape (n_labels,)
        The w of the formula, > 0.
    alpha : float
        Weight of the penalty, > 0.
    tol : float
        Wanted relative accuracy of the columns of s(S).
    max_iter : int
        At most so many steps for these.

    Returns
    -------
    RidgeSolution
        The solution.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the transformed kernel is not positive semidefinite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._spectral_ridge import dense_ridge
    >>> from skgeom.kernels._stkr._spectral_transforms import PolynomialTransform
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> found = dense_ridge(S, PolynomialTransform((0.0, 1.0)), np.array([0]),
    ...     np.ones((1, 1)), np.ones(1), 1.0, tol=1e-9, max_iter=9)
    >>> found.values.ravel()
    array([0.5, 0. ])
    """
    tol = _INNER_SHARE * tol
    columns = transformed_columns(S, transform, labelled, tol=tol, max_iter=max_iter)
    a = solve_positive(S.xp, columns.gram, targets, alpha / weights)
    return RidgeSolution(
        columns.values @ a, columns.extension @ a, a, columns.n_iter, columns.residual
    )


def dual_ridge(
    S: KernelOperator,
    transform: SpectralTransform,
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alpha: float,
    *,
    tol: float,
    max_iter: int,
    callback: Callable | None = None,
) -> RidgeSolution:
    r"""Solve :math:`(s(S)_{ll} + \alpha W^{-1}) a = z` by conjugate gradients.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    transform : SpectralTransform
        One of the transforms of this package, non-negative on the spectrum.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The z of the formula, of the backend.
    weights : array of shape (n_labels,)
        The w of the formula, > 0.
    alpha : float
        Weight of the penalty, > 0.
    tol : float
        Relative residual at which a target is done.
    max_iter : int
        At most so many steps, and as many in each inner solution.
    callback : callable, default=None
        Of `conjugate_gradient`.

    Returns
    -------
    RidgeSolution
        With the number of steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._spectral_ridge import dual_ridge
    >>> from skgeom.kernels._stkr._spectral_transforms import PolynomialTransform
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> found = dual_ridge(S, PolynomialTransform((0.0, 1.0)), np.array([0]),
    ...     np.ones((1, 1)), np.ones(1), 1.0, tol=1e-9, max_iter=9)
    >>> found.values.ravel()
    array([0.5, 0. ])
    """
    xp, report = S.xp, Report()
    rows = xp.asarray(labelled, device=S.backend.device)
    solve = report.resolvent(_INNER_SHARE * tol, max_iter)
    # Unit weights on the diagonal: unequal ones would spread the spectrum.
    root = xp.sqrt(weights)[:, None]

    def product(P):
        smooth, _ = transform.apply(S, padded(S, labelled, root * P), solve)
        return root * xp.take(smooth, rows, axis=0) + alpha * P

    found = conjugate_gradient(
        xp, product, root * targets, tol=tol, max_iter=max_iter, callback=callback
    )
    a = root * found.solution
    values, extension = transform.apply(S, padded(S, labelled, a), solve)
    n_iter = int(found.n_iter.max(initial=0))
    largest = max(float(found.residuals.max(initial=0.0)), report.residual)
    return RidgeSolution(values, extension, a, n_iter, largest)


def eigen_ridge(
    S: KernelOperator,
    transform: SpectralTransform | None,
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alpha: float,
    *,
    eigenpairs: tuple[NDArray, ...],
) -> RidgeSolution:
    r"""Solve in the basis of eigenvectors of S, all or the leading ones.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    transform : SpectralTransform or None
        One of the transforms of this package. None is 1 on the given eigenvectors and
        0 elsewhere.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The z of the formula, of the backend.
    weights : array of shape (n_labels,)
        The w of the formula, > 0.
    alpha : float
        Weight of the penalty, > 0.
    eigenpairs : tuple of ndarray
        Eigenvalues, shape (d,), in decreasing order, and eigenvectors, shape (n, d), on
        the host.

    Returns
    -------
    RidgeSolution
        The solution, with the eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._spectral_ridge import eigen_ridge
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> found = eigen_ridge(S, None, np.array([0]), np.ones((1, 1)), np.ones(1), 1.0,
    ...     eigenpairs=(np.ones(2), np.eye(2)))
    >>> found.values.ravel()
    array([0.5, 0. ])
    """
    xp, backend = S.xp, S.backend
    values, vectors = eigenpairs
    if transform is None:
        # Directions of the null space cannot be seen by new points.
        genuine = np.abs(values) > 1e-10 * np.abs(values).max(initial=0.0)
        raised = np.ones_like(values)
        divided = np.divide(1.0, values, out=np.zeros_like(values), where=genuine)
    else:
        raised, divided = transform(values), transform.divided(values)
    raised, divided, U = (
        backend.asarray(part, dtype=backend.float64)
        for part in (raised, divided, vectors)
    )
    rows = xp.asarray(labelled, device=U.device)
    seen = xp.take(U, rows, axis=0)
    gram = (seen * raised) @ xp.matrix_transpose(seen)
    a = solve_positive(xp, gram, targets, alpha / weights)
    spectrum = xp.matrix_transpose(seen) @ a
    h, extension = (U @ (part[:, None] * spectrum) for part in (raised, divided))
    return RidgeSolution(h, extension, a, eigenvalues=values)
