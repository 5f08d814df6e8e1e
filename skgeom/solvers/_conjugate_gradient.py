"""Conjugate gradients for many right-hand sides at once, on the host or a device."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import is_numpy_namespace

from skgeom.backends import as_numpy
from skgeom.typing import Array

# Steps between two looks at the residuals where a look waits for the device.
_STEPS_PER_LOOK = 16


class LinearSolution(NamedTuple):
    """What `conjugate_gradient` found.

    Parameters
    ----------
    solution : array of shape (n,) or (n, n_targets)
        In the namespace and the type of the right-hand side.
    n_iter : ndarray of shape (n_targets,), int64
        Steps made for each target, on the host.
    residuals : ndarray of shape (n_targets,), float64
        Norms of the last residuals as shares of the norms of the targets, on the host.
        They follow the recurrence of the method, which is the true residual but for
        rounding.
    converged : bool
        Whether every residual is at most the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import conjugate_gradient
    >>> conjugate_gradient(np, lambda V: 2 * V, np.ones((3, 1))).converged
    True
    """

    solution: Any
    n_iter: np.ndarray
    residuals: np.ndarray
    converged: bool


def conjugate_gradient(
    xp: ModuleType,
    product: Callable,
    B: Array,
    *,
    initial: Array | None = None,
    precondition: Callable | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable | None = None,
) -> LinearSolution:
    r"""Solve :math:`A X = B` for a symmetric positive definite A, known by products.

    Each column has its own step lengths and stops by itself: its solution does not
    depend on the other columns. Columns that are done leave the block as soon as they
    are half of it.

    Parameters
    ----------
    xp : module
        Array namespace of B.
    product : callable
        Maps an array of shape (n, m) to A times it, for any m up to the number of
        targets. It must not change its argument, and must treat all columns alike.
    B : array of shape (n,) or (n, n_targets)
        Right-hand sides, floating point, finite.
    initial : array of the shape of B, default=None
        Where to start; None is zero, which saves a product.
    precondition : callable, default=None
        Maps an array of shape (n, m) to an approximation of :math:`A^{-1}` times it,
        itself symmetric and positive definite. None is the identity.
    tol : float, default=1e-6
        A column stops when the norm of its residual is at most this share of the norm
        of its right-hand side.
    max_iter : int, default=1000
        At most so many steps, each with one product.
    callback : callable, default=None
        Called as ``callback(n_steps, largest_residual)`` after each look at the
        residuals, which is after each step on the host and after every 16 elsewhere; a
        true value stops.

    Returns
    -------
    LinearSolution
        The solution, steps and residuals. Whether to warn of one that has not
        converged is left to the caller.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a direction is met along which A or the preconditioner is not positive, or
        a product is not finite.

    References
    ----------
    Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems",
    Journal of Research of the National Bureau of Standards 49, 1952.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import conjugate_gradient
    >>> A = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> found = conjugate_gradient(np, lambda V: A @ V, np.array([3.0, 0.0]))
    >>> found.solution.round(6), found.n_iter
    (array([ 2., -1.]), array([2]))
    """
    shape = B.shape
    B = xp.reshape(B, (shape[0], -1))
    zero = xp.zeros_like(B[0, :])
    # In units of their norms, targets of any scale have finite squares.
    scale = xp.max(xp.abs(B), axis=0) if shape[0] else zero
    scale = xp.where(scale > 0, scale, zero + 1)
    norm = xp.sqrt(_dots(xp, B / scale, B / scale))
    scale = scale * xp.where(norm > 0, norm, zero + 1)
    R = B / scale
    if initial is None:
        X = xp.zeros_like(R)
    else:
        X = xp.where(norm > 0, xp.reshape(initial, B.shape) / scale, 0 * R)
        R = R - product(X)
    block = _Block(xp, product, precondition, X, R, tol)
    steps_per_look = 1 if is_numpy_namespace(xp) else _STEPS_PER_LOOK
    n_steps = 0
    while n_steps < max_iter and block.width:
        for _ in range(min(steps_per_look, max_iter - n_steps)):
            block.step()
            n_steps += 1
        largest = block.look()
        if callback is not None and callback(n_steps, largest):
            break
    X, n_iter, residuals, broken = block.result()
    if (broken & ~(residuals <= tol)).any():
        raise np.linalg.LinAlgError(
            "Conjugate gradients met a direction along which the matrix or its "
            "preconditioner is not positive, or not finite: the matrix is not positive "
            f"definite, or tol={tol:g} is below what rounding allows."
        )
    converged = bool((residuals <= tol).all())
    return LinearSolution(
        xp.reshape(X * scale, shape), n_iter, residuals.astype(np.float64), converged
    )


class _Block:
    """The columns under way, and those that have left."""

    def __init__(self, xp, product, precondition, X, R, tol):
        self.xp, self.product, self.tol = xp, product, tol
        self.precondition = precondition or (lambda V: V)
        Z = self.precondition(R)
        rho, squares = _dots(xp, R, Z), _dots(xp, R, R)
        count = 0 * rho
        active = xp.sqrt(squares) > tol
        self.state = [X, R, Z + 0, rho, squares, count, active, rho < 0]
        self.places, self.left = np.arange(X.shape[1]), []
        self.look()

    @property
    def width(self):
        """Number of columns in the block, 0 when all are done."""
        return len(self.places)

    def step(self):
        """Make one step for each column that is still active."""
        xp = self.xp
        X, R, P, rho, squares, count, active, broken = self.state
        Q = self.product(P)
        curvature = _dots(xp, P, Q)
        sound = (curvature > 0) & (rho > 0)
        broken = broken | (active & ~sound)
        active = active & sound
        # Columns that stopped move by zero: their P may hold anything.
        safe = xp.where(active, curvature, xp.ones_like(curvature))
        length = xp.where(active, rho / safe, xp.zeros_like(rho))
        X += length * xp.where(active, P, xp.zeros_like(P))
        R -= length * xp.where(active, Q, xp.zeros_like(Q))
        Z = self.precondition(R)
        new_rho = _dots(xp, R, Z)
        squares = xp.where(active, _dots(xp, R, R), squares)
        safe = xp.where(active, rho, xp.ones_like(rho))
        P = Z + xp.where(active, new_rho / safe, xp.zeros_like(rho)) * P
        count = count + xp.astype(active, count.dtype)
        active = active & (xp.sqrt(squares) > self.tol)
        self.state = [X, R, P, new_rho, squares, count, active, broken]

    def look(self):
        """Bring the residuals to the host; let columns go that are done.

        Returns the largest residual of the columns that were in the block.
        """
        squares, active = as_numpy(self.state[4]), as_numpy(self.state[6])
        largest = float(np.sqrt(np.max(squares, initial=0.0)))
        if 2 * active.sum() <= self.width:
            self._dismiss(np.flatnonzero(~active))
            self._keep(np.flatnonzero(active))
        return largest

    def result(self):
        """Solution, steps, residuals and breakdowns of all columns, in their order."""
        self._dismiss(np.arange(self.width))
        places = np.concatenate([part[0] for part in self.left])
        order = np.argsort(places)
        columns = self.xp.concat([part[1] for part in self.left], axis=1)
        squares, counts, broken = (
            np.concatenate([part[i] for part in self.left])[order] for i in (2, 3, 4)
        )
        X = _take(self.xp, columns, order)
        return X, counts.astype(np.int64), np.sqrt(squares), broken.astype(bool)

    def _dismiss(self, columns):
        X, _, _, _, squares, count, _, broken = self.state
        parts = (as_numpy(part)[columns] for part in (squares, count, broken))
        self.left.append(
            (self.places[columns], _take(self.xp, X, columns), *parts),
        )

    def _keep(self, columns):
        self.state = [_take(self.xp, part, columns) for part in self.state]
        self.places = self.places[columns]


def _dots(xp, A, B):
    """Dot products of the columns of A with those of B."""
    if is_numpy_namespace(xp):
        return np.einsum("ij,ij->j", A, B)
    return xp.sum(A * B, axis=0)


def _take(xp, array, columns):
    """Columns of an array, or entries of a vector."""
    indices = xp.asarray(columns, device=array.device)
    return xp.take(array, indices, axis=array.ndim - 1)
