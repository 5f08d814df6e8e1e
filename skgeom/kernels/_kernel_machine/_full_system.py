r"""The whole kernel system by conjugate gradients, for tens of thousands of rows.

:math:`(K + \alpha W^{-1}) c = y` is solved from products with K that are computed tile
by tile. The preconditioner is the inverse of Nyström's approximation of the system
(Rudi, Carratino and Rosasco, "FALKON", NIPS 2017; Frangella, Tropp and Udell,
"Randomized Nyström preconditioning", SIAM Journal on Matrix Analysis 44, 2023); where
that stalls, of the same with the blocks of near rows exact (Snelson and Ghahramani,
"Local and global sparse Gaussian process approximations", AISTATS 2007).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Backend
from skgeom.kernels._kernel_machine._nystrom import NystromFeatures, inverse_root
from skgeom.kernels._kernel_machine._rows import blocks
from skgeom.operators import KernelFunction
from skgeom.solvers import conjugate_gradient
from skgeom.typing import Array, NDArray

# Rounding of kernel values in single precision, for the root of so many of them.
_NOISE, _ROUGH_TOL = 1e-6, 1e-4
# Rows of a block of near ones.
_CELL = 400
# Steps after which a rate can be told, and how many more may be due at that rate.
_TRIAL, _PATIENCE = 6, 30


class FullSolution(NamedTuple):
    """Coefficients of all rows, and what they are worth.

    Parameters
    ----------
    coefficients : ndarray of shape (n, n_targets)
        Of the kernels of the rows.
    residual : float
        The largest of the targets, as a share of its norm.
    n_iter : int
        Steps that were made.
    gram, moments : ndarray of shape (rank, rank), (rank, n_targets)
        Weighted sums of the outer products of the features, and of the features with
        the targets.
    """

    coefficients: NDArray
    residual: float
    n_iter: int
    gram: NDArray
    moments: NDArray


class _Blocks:
    """Kernel values between all rows and centres: kept while there is room."""

    def __init__(self, kernel, points, centers, max_bytes):
        self.kernel, self.points, self.centers = kernel, points, centers
        m = centers.shape[0]
        self.cut = list(blocks(points.shape[0], m))
        self.room, self.kept = max_bytes // (8 * max(m, 1)), {}

    def __iter__(self):
        for i, rows in enumerate(self.cut):
            if i in self.kept:
                yield rows, self.kept[i]
                continue
            values = self.kernel.values(self.points[rows], self.centers)
            self.room -= values.shape[0]
            if self.room >= 0:
                self.kept[i] = values
            yield rows, values

    def times(self, V, xp):
        """The values times V, shape (n, n_columns)."""
        return xp.concat([values @ V for _, values in self])

    def transposed_times(self, V, xp):
        """Their transpose times V, shape (m, n_columns)."""
        total = xp.zeros_like(self.centers[:, :1]) * V[:1, :]
        for rows, values in self:
            total = total + values.T @ V[rows]
        return total


def solve_full_system(
    kernel: KernelFunction,
    points: Array,
    features: NystromFeatures,
    places: NDArray | None,
    targets: NDArray,
    weights: NDArray,
    alpha: float,
    backend: Backend,
    *,
    tol: float,
    max_iter: int,
    max_bytes: int,
    callback: Callable | None = None,
) -> FullSolution:
    r"""Solve :math:`(K + \alpha W^{-1}) c = y` from Nyström's solution on.

    Where even the second preconditioner leaves a residual above that of Nyström's
    model, this is what is returned: steps of a system that is not solved predict worse.

    Parameters
    ----------
    kernel : KernelFunction
        Of the matrix K.
    points : array of shape (n, n_features)
        The rows, of the backend.
    features : NystromFeatures
        Of some centres.
    places : ndarray of shape (rank,), int64, or None
        Rows that are the centres of `features`; None if they are none of the rows.
    targets : ndarray of shape (n, n_targets)
        The y of the formula.
    weights : ndarray of shape (n,)
        The diagonal of W, > 0.
    alpha : float
        The penalty, > 0.
    backend : Backend
        Where arrays are.
    tol : float
        Wanted residual, as a share of the norm of each target.
    max_iter : int
        Most steps, each with a product with K.
    max_bytes : int
        Memory for kernel values of centres; what does not fit is computed anew.
    callback : callable, default=None
        Of `conjugate_gradient`.

    Returns
    -------
    FullSolution
        Coefficients and residual, and sums for Nyström's model.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._kernel_machine._full_system import solve_full_system
    >>> from skgeom.kernels._kernel_machine._nystrom import NystromFeatures
    >>> from skgeom.operators import KernelFunction
    >>> cpu, X = get_backend("cpu"), np.linspace(0, 9, 50)[:, None]
    >>> k = KernelFunction("rbf", 1.0, cpu)
    >>> features = NystromFeatures(k, X[::5], cpu)
    >>> found = solve_full_system(
    ...     k, X, features, 5 * features.chosen, np.sin(X), np.ones(50), 0.1, cpu,
    ...     tol=1e-6, max_iter=50, max_bytes=10**6,
    ... )
    >>> K = k.values(X, X) + 0.1 * np.eye(50)
    >>> bool(np.abs(K @ found.coefficients - np.sin(X)).max() < 1e-5)
    True
    """
    xp = backend.xp
    root = backend.asarray(np.sqrt(weights)[:, None])
    right = root * backend.asarray(targets, dtype=backend.float64)
    values = _Blocks(kernel, points, features.centers, max_bytes)
    gram = _whitened_gram(values, features, root, backend)

    # Where penalty and tolerance are above what single precision leaves of the kernel.
    single = tol >= _ROUGH_TOL and alpha > _NOISE * points.shape[0] ** 0.5

    def product(V):
        """The system with its rows and columns scaled by the roots of the weights."""
        K_V = kernel.product(points, points, root * V, single=single)
        return root * K_V + alpha * V

    low_rank = _LowRankInverse(values, features, gram, root, alpha, backend)
    start, left = xp.zeros_like(right), right
    if places is not None:
        # Nyström's solution as one of the whole system, and what it leaves.
        w = low_rank.solution(right)
        start = start + 0
        at = backend.asarray(places)
        start[at] = w / root[at]
        left = right - root * values.times(w, xp) - alpha * start
    norms = backend.to_numpy(xp.sqrt(xp.sum(right**2, axis=0)))
    norms = np.where(norms > 0, norms, 1.0)

    def shares(R):
        return backend.to_numpy(xp.sqrt(xp.sum(R**2, axis=0))) / norms

    first = shares(left)
    solution, residual, n_iter = start, first, 0
    preconditioners = [low_rank, None]
    for stage, inverse in enumerate(preconditioners):
        if (residual <= tol).all() or n_iter >= max_iter:
            break
        if inverse is None:
            inverse = _BlockInverse(low_rank, points, kernel)
        rate = _Rate(tol * float((1 / residual[residual > 0]).min()), callback)
        try:
            found = conjugate_gradient(
                xp,
                product,
                left,
                precondition=inverse,
                tol=min(rate.tol, 0.5),
                max_iter=max_iter - n_iter,
                callback=rate if stage == 0 else callback,
            )
        except np.linalg.LinAlgError:
            continue  # rounding is above the penalty, and the residual tells
        n_iter += int(found.n_iter.max(initial=0))
        solution = solution + found.solution
        if found.converged:
            residual = residual * found.residuals
            break
        left = right - product(solution)
        residual = shares(left)
    if residual.max(initial=0.0) > first.max(initial=0.0):
        solution, residual = start, first
    coefficients = backend.to_numpy(root * solution)
    moments = features.whitening.T @ values.transposed_times(root * right, xp)
    return FullSolution(
        coefficients,
        float(residual.max(initial=0.0)),
        n_iter,
        gram,
        backend.to_numpy(moments),
    )


class _Rate:
    """Stops conjugate gradients that would take too many steps more."""

    def __init__(self, tol, callback):
        self.tol, self.callback, self.seen = tol, callback, []

    def __call__(self, n_steps, largest):
        self.seen.append((n_steps, max(largest, 1e-300)))
        if self.callback is not None and self.callback(n_steps, largest):
            return True
        if n_steps < _TRIAL or len(self.seen) < 2:
            return False
        # Residuals go up and down: the least of the first steps and of the last ones.
        begun, before = self.seen[max(len(self.seen) // 2 - 1, 0)]
        drop = np.log(before / largest) / max(n_steps - begun, 1)
        due = np.log(largest / self.tol) / drop if drop > 0 else np.inf
        return due > _PATIENCE


def _whitened_gram(values, features, root, backend):
    """Weighted sum of outer products of the features, from kernel values."""
    total = 0.0
    for rows, block in values:
        # Whitened first: rounding of the sum would be multiplied by both factors.
        scaled = (root[rows] * block) @ features.whitening
        total = total + scaled.T @ scaled
    return backend.to_numpy(total)


class _LowRankInverse:
    r"""The inverse of :math:`\Phi \Phi' + \alpha`, by Woodbury's formula."""

    def __init__(self, values, features, gram, root, alpha, backend):
        self.values, self.features, self.root = values, features, root
        self.alpha, self.backend = alpha, backend
        self.half = features.whitening @ backend.asarray(inverse_root(gram, alpha))

    def solution(self, right):
        """Coefficients of the centres in Nyström's model."""
        xp = self.backend.xp
        moments = self.values.transposed_times(self.root * right, xp)
        return self.half @ (self.half.T @ moments)

    def __call__(self, V):
        fitted = self.values.times(self.solution(V), self.backend.xp)
        return (V - self.root * fitted) / self.alpha


class _BlockInverse:
    r"""The inverse of :math:`\Phi \Phi' + D`: blocks of near rows are exact in it.

    D has what Nyström's approximation leaves of the kernel within cells of near rows,
    and the penalty.
    """

    def __init__(self, low_rank, points, kernel):
        self.low_rank, self.backend = low_rank, low_rank.backend
        backend, features = self.backend, low_rank.features
        self.cells, gram = [], 0.0
        for cell in cells_of(backend.to_numpy(points), _CELL):
            at = backend.asarray(cell)
            rows, root = points[at], low_rank.root[at]
            phi = root * features.of(rows)
            exact = backend.to_numpy(root * kernel.values(rows, rows) * root[:, 0])
            left = exact - backend.to_numpy(phi @ phi.T)
            left[np.diag_indices(len(cell))] += low_rank.alpha
            inverse = backend.asarray(_safe_inverse((left + left.T) / 2))
            self.cells.append((at, inverse))
            gram = gram + phi.T @ (inverse @ phi)
        root = inverse_root(backend.to_numpy(gram), 1.0)
        self.half = features.whitening @ backend.asarray(root)

    def _divide(self, V):
        out = self.backend.xp.zeros_like(V)
        for at, inverse in self.cells:
            out[at] = inverse @ V[at]
        return out

    def __call__(self, V):
        xp, root = self.backend.xp, self.low_rank.root
        values, divided = self.low_rank.values, self._divide(V)
        moments = values.transposed_times(root * divided, xp)
        fitted = values.times(self.half @ (self.half.T @ moments), xp)
        return divided - self._divide(root * fitted)


def _safe_inverse(matrix):
    """Inverse of a matrix that is positive definite but for rounding."""
    try:
        factor = scipy.linalg.cholesky(matrix, lower=True)
        half = scipy.linalg.solve_triangular(factor, np.eye(len(matrix)), lower=True)
        return half.T @ half
    except np.linalg.LinAlgError:
        values, vectors = scipy.linalg.eigh(matrix)
        least = max(1e-12 * values[-1], np.finfo(np.float64).tiny)
        return (vectors / np.maximum(values, least)) @ vectors.T


def cells_of(points: NDArray, size: int) -> list[NDArray]:
    """Cut rows into cells of near ones: halves along the widest column.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Rows.
    size : int
        Most rows of a cell, at least 1.

    Returns
    -------
    list of ndarray
        Positions of the rows of each cell.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._kernel_machine._full_system import cells_of
    >>> cells_of(np.array([[0.0], [9.0], [1.0], [8.0]]), 2)
    [array([0, 2]), array([1, 3])]
    """
    done, open_cells = [], [np.arange(len(points))]
    while open_cells:
        cell = open_cells.pop()
        if len(cell) <= size:
            done.append(np.sort(cell))
            continue
        widest = int(np.ptp(points[cell], axis=0).argmax())
        order = cell[np.argsort(points[cell, widest], kind="stable")]
        half = len(order) // 2
        open_cells += [order[half:], order[:half]]
    return done
