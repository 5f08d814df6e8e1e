r"""Errors at labels that a fit has not seen, for many penalties at the price of a few.

The fitted values of `primal_ridge` are a smooth function of the penalty. They are
computed for a few penalties, and for all others as the best combination of these in the
norm of the system (a reduced basis, as in Quarteroni, Manzoni and Negri, "Reduced basis
methods for partial differential equations", 2016, chapter 3).
"""

import numpy as np

from skgeom.kernels._stkr._spectral_ridge import primal_ridge
from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
from skgeom.operators import KernelOperator
from skgeom.typing import Array, NDArray

# Penalties between two of which the system is solved.
_PENALTIES_A_SOLUTION = 3
# Directions that are nearly combinations of others say nothing.
_LEAST_DIRECTION = 1e-10


def held_out_values(
    S: KernelOperator,
    transform: InverseLaplacian,
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alphas: NDArray,
    folds: NDArray,
    *,
    tol: float = 1e-2,
    max_iter: int = 1000,
) -> NDArray:
    """Predict the labels of each fold from those of all others, for every penalty.

    Parameters
    ----------
    S : KernelOperator
        Symmetric, eigenvalues less than 1 / eta.
    transform : InverseLaplacian
        With ``vanishes=False``.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The labels, of the backend.
    weights : array of shape (n_labels,)
        What their errors weigh, > 0.
    alphas : ndarray of shape (n_penalties,)
        Penalties, > 0, in decreasing order.
    folds : ndarray of shape (n_labels,), int
        The fold of each label; labels of a negative one are never predicted.
    tol : float, default=1e-2
        Relative residual of the solutions.
    max_iter : int, default=1000
        At most so many steps for each.

    Returns
    -------
    ndarray of shape (n_penalties, n_labels, n_targets)
        Predictions, zero for labels that are not predicted.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._held_out import held_out_values
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> S = DenseKernel(np.array([[0.0, 1.0], [1.0, 0.0]]), get_backend("cpu"))
    >>> held_out_values(S, InverseLaplacian(0.5), np.arange(2), np.ones((2, 1)),
    ...     np.ones(2), np.ones(1), np.array([0, -1]), tol=1e-9).round(3).tolist()
    [[[0.286], [0.0]]]
    """
    xp, backend = S.xp, S.backend
    found = np.zeros((len(alphas), len(labelled), targets.shape[1]))
    for fold in np.unique(folds[folds >= 0]):
        shown, hidden = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        part = xp.asarray(shown, device=targets.device)
        values = primal_path(
            S,
            transform,
            labelled[shown],
            xp.take(targets, part, axis=0),
            xp.take(weights, part, axis=0),
            alphas,
            labelled[hidden],
            tol=tol,
            max_iter=max_iter,
        )
        found[:, hidden] = backend.to_numpy(values)
    return found


def primal_path(
    S: KernelOperator,
    transform: InverseLaplacian,
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alphas: NDArray,
    rows: NDArray,
    *,
    tol: float = 1e-2,
    max_iter: int = 1000,
) -> Array:
    """Fitted values at some rows for a sequence of penalties.

    Parameters
    ----------
    S : KernelOperator
        Symmetric, eigenvalues less than 1 / eta.
    transform : InverseLaplacian
        With ``vanishes=False``.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The labels, of the backend.
    weights : array of shape (n_labels,)
        What their errors weigh, > 0.
    alphas : ndarray of shape (n_penalties,)
        Penalties, > 0, in decreasing order.
    rows : ndarray of shape (n_rows,), int64
        Where values are wanted.
    tol : float, default=1e-2
        Relative residual of the solutions that others are combined from.
    max_iter : int, default=1000
        At most so many steps for each.

    Returns
    -------
    array of shape (n_penalties, n_rows, n_targets)
        The values, of the backend.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._held_out import primal_path
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> primal_path(S, InverseLaplacian(0.5), np.array([0]), np.ones((1, 1)),
    ...     np.ones(1), np.array([2.0, 1.0]), np.array([0]), tol=1e-9).round(3).ravel()
    array([0.5  , 0.667])
    """
    xp, basis = S.xp, _Basis(S, transform, labelled, targets, weights)
    for alpha in alphas[_poles(len(alphas))]:
        solution = primal_ridge(
            S,
            transform,
            labelled,
            targets,
            weights,
            float(alpha),
            tol=tol,
            max_iter=max_iter,
            initial=basis.combined(float(alpha)),
        )
        basis.add(solution.values)
    return xp.stack([basis.combined(float(alpha), rows) for alpha in alphas])


def _poles(n):
    """Positions among n penalties at which to solve: both ends, and evenly between."""
    count = min(n, -(-(n - 1) // _PENALTIES_A_SOLUTION) + 1)
    return np.unique(np.linspace(0, n - 1, count).round().astype(np.int64))


class _Basis:
    """Solutions for some penalties, and the best combinations of them for others."""

    def __init__(self, S, transform, labelled, targets, weights):
        self.S, self.inverse, self.weights = S, transform.inverse, weights[:, None]
        self.rows = S.xp.asarray(labelled, device=targets.device)
        self.moments = self.weights * targets
        self.columns, self.smooth = [], []
        # Products of the columns with each other in the two parts of the system, and
        # with its right-hand side, for each target.
        n_targets = targets.shape[1]
        self.fit = np.zeros((n_targets, 0, 0))
        self.penalty = np.zeros((n_targets, 0, 0))
        self.right = np.zeros((n_targets, 0))

    def add(self, H):
        """Take a solution into the basis."""
        S, xp = self.S, self.S.xp
        smooth, seen = S.polynomial(H, self.inverse), xp.take(H, self.rows, axis=0)
        self.columns.append(H)
        fit = [
            self._dots(xp.take(V, self.rows, axis=0), self.weights * seen)
            for V in self.columns
        ]
        self.fit = _bordered(self.fit, np.stack(fit, axis=1))
        penalty = [self._dots(V, smooth) for V in self.columns]
        self.penalty = _bordered(self.penalty, np.stack(penalty, axis=1))
        right = self._dots(seen, self.moments)
        self.right = np.concatenate([self.right, right[:, None]], axis=1)

    def combined(self, alpha, rows=None):
        """The combination that solves the system for `alpha` best; None for none."""
        if not self.columns:
            return None
        S, xp = self.S, self.S.xp
        shares = _solve_small(self.fit + alpha * self.penalty, self.right)
        columns = self.columns
        if rows is not None:
            where = xp.asarray(rows, device=columns[0].device)
            columns = [xp.take(V, where, axis=0) for V in columns]
        shares = S.backend.asarray(shares, dtype=S.backend.float64)
        return sum(shares[:, i] * V for i, V in enumerate(columns))

    def _dots(self, A, B):
        return self.S.backend.to_numpy(self.S.xp.sum(A * B, axis=0))


def _bordered(matrices, last):
    """Symmetric matrices with one more row and column each."""
    m, k = last.shape
    grown = np.empty((m, k, k))
    grown[:, :-1, :-1] = matrices
    grown[:, -1, :] = grown[:, :, -1] = last
    return grown


def _solve_small(matrices, right):
    """Solve small positive semidefinite systems, directions scaled to length one."""
    length = np.sqrt(np.maximum(np.einsum("tii->ti", matrices), 0.0))
    length = np.where(length > 0, length, 1.0)
    scaled = matrices / length[:, :, None] / length[:, None, :]
    inverse = np.linalg.pinv(scaled, rcond=_LEAST_DIRECTION, hermitian=True)
    return np.einsum("tij,tj->ti", inverse, right / length) / length
