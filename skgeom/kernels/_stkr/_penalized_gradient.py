"""Conjugate gradients on labels and a penalty in powers of a sparse matrix, fused.

Hestenes and Stiefel, Journal of Research of the National Bureau of Standards 49, 1952.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from skgeom.solvers import LinearSolution
from skgeom.typing import NDArray

_STEPS_PER_LOOK = 50


def penalized_conjugate_gradient(
    matrix: sp.csr_array,
    weights: NDArray,
    alpha: float,
    eta: float,
    degree: int,
    B: NDArray,
    *,
    initial: NDArray | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable | None = None,
) -> LinearSolution:
    r"""Solve :math:`[\operatorname{diag}(w) + \alpha (1 - \eta A)^q] X = B` by Jacobi.

    The same steps as those of `conjugate_gradient`, in q passes over A and three over
    the columns.

    Parameters
    ----------
    matrix : csr_array of shape (n, n), float64
        The A of the formula, symmetric.
    weights : ndarray of shape (n,)
        The w of the formula.
    alpha : float
        Of the formula. The sum must be positive definite.
    eta : float
        Of the formula.
    degree : int
        The q of the formula, >= 1.
    B : ndarray of shape (n, n_targets), float64
        Right-hand sides.
    initial : ndarray of shape (n, n_targets), default=None
        Where to start; None is zero, which saves a product.
    tol : float, default=1e-6
        A column stops when the norm of its residual is at most this share of the norm
        of its right-hand side, both with each entry over the square root of what
        stands on the diagonal, powers of A by those of its diagonal: rows of any scale
        are solved alike.
    max_iter : int, default=1000
        At most so many steps.
    callback : callable, default=None
        Called as ``callback(n_steps, largest_residual)`` every 50 steps; a true value
        stops.

    Returns
    -------
    LinearSolution
        The solution, steps and residuals.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a direction is met along which the matrix is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from skgeom.kernels._stkr._penalized_gradient import (
    ...     penalized_conjugate_gradient,
    ... )
    >>> A = sp.csr_array([[0.0, 1.0], [1.0, 0.0]])
    >>> B = np.array([[3.0], [0.0]])
    >>> found = penalized_conjugate_gradient(A, np.ones(2), 1.0, -1.0, 1, B)
    >>> found.solution.round(6).ravel()
    array([ 2., -1.])
    """
    from skgeom.backends._arrays import unsigned
    from skgeom.backends._numba._penalized_gradient import penalized_steps

    loops = weights + alpha * (1.0 - eta * matrix.diagonal()) ** degree
    if not (loops > 0).all():
        raise np.linalg.LinAlgError("The diagonal of the matrix is not positive.")
    inverse = 1.0 / loops
    scale = np.linalg.norm(np.sqrt(inverse)[:, None] * B, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    R = np.ascontiguousarray(B / scale)
    X = np.zeros_like(R)
    if initial is not None:
        X += initial / scale
        smooth = X
        for _ in range(degree):
            smooth = smooth - eta * (matrix @ smooth)
        R -= weights[:, None] * X + alpha * smooth
    P = inverse[:, None] * R
    state = X, R, P, np.empty_like(R), np.empty_like(R)
    rho = (R * P).sum(axis=0)
    active = (np.sqrt(rho) > tol).astype(np.float64)
    counts, broken = np.zeros_like(rho), np.zeros_like(rho)
    sums = rho, counts, active, broken
    csr = unsigned(matrix.indptr), unsigned(matrix.indices), matrix.data
    n_steps = 0
    while n_steps < max_iter and active.any():
        steps = min(_STEPS_PER_LOOK, max_iter - n_steps)
        system = weights, float(alpha), float(eta), int(degree), inverse
        penalized_steps(*csr, *system, state, sums, tol, steps)
        n_steps += steps
        residual = float(np.sqrt(rho.max(initial=0.0)))
        if callback is not None and callback(n_steps, residual):
            break
    residuals = np.sqrt(rho)
    if ((broken > 0) & ~(residuals <= tol)).any():
        raise np.linalg.LinAlgError(
            "Conjugate gradients met a direction along which the matrix is not "
            "positive."
        )
    converged = bool((residuals <= tol).all())
    return LinearSolution(
        state[0] * scale, counts.astype(np.int64), residuals, converged
    )
