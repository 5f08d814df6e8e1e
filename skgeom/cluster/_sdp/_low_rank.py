"""The semidefinite relaxation of k-means in non-negative low-rank form.

Zhuang, Chen, Yang and Zhang, ICLR 2024.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Backend
from skgeom.typing import Array, NDArray

# Gradient steps between two updates of the multipliers, and after how many of them
# the device is asked whether they have converged.
_INNER_STEPS = 150
_STEPS_PER_LOOK = 5
# The nonmonotone line search accepts less than the worst of so many last values.
_MEMORY = 5


class LowRankSolution(NamedTuple):
    """What `low_rank_clustering` returns.

    Attributes
    ----------
    factor : array of shape (n_starts, n_samples, rank)
        U >= 0 with squared Frobenius norm K; Z = U U'.
    residual : ndarray of shape (n_starts,)
        Root mean square of Z 1 - 1, for each start.
    n_iter : int
        Gradients taken.
    converged : bool
        Whether all starts reached the tolerance, or `stop` asked to end.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._low_rank import LowRankSolution
    >>> LowRankSolution(np.ones((1, 2, 1)), np.zeros(1), 5, True).n_iter
    5
    """

    factor: Any
    residual: Any
    n_iter: int
    converged: bool


def low_rank_clustering(
    backend: Backend,
    X: Array,
    init: Array,
    n_clusters: int,
    *,
    diagonal: Array | None = None,
    dual: Array | None = None,
    tol: float = 1e-3,
    max_iter: int = 2000,
    stop: Callable | None = None,
) -> LowRankSolution:
    r"""Maximise <A, UU'> over U >= 0 with UU'1 = 1 and squared norm K.

    A is :math:`XX' - \mathrm{diag}(d)`, never formed. An augmented Lagrangian holds
    the row sums; it is minimised over the sphere's non-negative part by projected
    Barzilai-Borwein steps with a nonmonotone line search [1]_. A gradient costs
    O(n_samples * n_features * rank).

    U >= 0 asks for more than UU' >= 0: the value is at most that of the whole program,
    and the problem is not convex, so that it is no bound.

    Parameters
    ----------
    backend : Backend
        Where the arrays live.
    X : array of shape (n_samples, n_features)
        Centred points, in the backend's widest float.
    init : array of shape (n_starts, n_samples, rank)
        Where to start, >= 0 and not all zero.
    n_clusters : int
        K, at least 1.
    diagonal : array of shape (n_samples,), default=None
        What is taken off the diagonal of XX'; None is zero.
    dual : array of shape (n_starts, n_samples), default=None
        First multipliers of the row sums, in the units of A; None is zero.
    tol : float, default=1e-3
        Stop when the root mean square of UU'1 - 1 and the last relative step are
        below it.
    max_iter : int, default=2000
        At most about so many gradients.
    stop : callable, default=None
        Called as ``stop(U)`` at each update of the multipliers; true ends the search.

    Returns
    -------
    LowRankSolution
        The factors, their residuals, how many gradients were taken.

    References
    ----------
    .. [1] Zhuang, Chen, Yang and Zhang, "Statistically optimal K-means clustering via
       nonnegative low-rank semidefinite programming", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.cluster._sdp._low_rank import low_rank_clustering
    >>> X = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> init = np.random.default_rng(0).random((1, 4, 4))
    >>> U = low_rank_clustering(get_backend("cpu"), X, init, 2, tol=1e-6).factor[0]
    >>> (U @ U.T).round(3)
    array([[0.5, 0.5, 0. , 0. ],
           [0.5, 0.5, 0. , 0. ],
           [0. , 0. , 0.5, 0.5],
           [0. , 0. , 0.5, 0.5]])
    """
    xp = backend.xp
    diagonal = xp.zeros_like(X[:, 0]) if diagonal is None else diagonal
    scale = spectral_scale(backend, X, diagonal)
    # In units of the largest eigenvalue of A, steps and penalties have no unit.
    problem = X / scale**0.5, diagonal / scale
    dual = xp.zeros_like(init[..., 0]) if dual is None else dual / scale

    def lagrangian(U, dual, penalty):
        return backend.row_sum_lagrangian(*problem, U, dual, penalty)

    def project(U):
        return _on_sphere(xp, U, n_clusters)

    return augmented_lagrangian(
        backend,
        lagrangian,
        project,
        init,
        dual,
        n_clusters,
        tol=tol,
        max_iter=max_iter,
        stop=stop,
    )


def augmented_lagrangian(
    backend, lagrangian, project, init, dual, size, *, tol, max_iter, stop=None
):
    """Minimise over a set with row sums one: the method of multipliers.

    Parameters
    ----------
    backend : Backend
        Of the arrays.
    lagrangian : callable
        From U, multipliers and penalties to value, row-sum residual and gradient, of
        shapes (n_starts,), (n_starts, n_samples) and that of U.
    project : callable
        To the set, which has the squared norm `size`.
    init : array of shape (n_starts, n_samples, rank)
        Where to start.
    dual : array of shape (n_starts, n_samples)
        First multipliers.
    size : float
        Squared norm of a factor.
    tol, max_iter, stop
        As in `low_rank_clustering`.

    Returns
    -------
    LowRankSolution
        The factors.
    """
    xp, n = backend.xp, init.shape[1]
    U = project(init)
    penalty = xp.full_like(U[:, 0, 0], 0.5 / n)
    step = xp.full_like(penalty, 0.25)
    n_iter, previous, move_tol = 0, None, 1e-2
    while True:
        U, step, residual, moved, taken = _minimize(
            xp, lagrangian, project, U, dual, penalty, step, size, move_tol
        )
        n_iter += taken
        error = xp.sqrt(xp.mean(residual**2, axis=1))
        done = bool(xp.all((error < tol) & (moved < tol)))
        done = done or (stop is not None and stop(U))
        if done or n_iter >= max_iter:
            return LowRankSolution(U, backend.to_numpy(error), n_iter, done)
        dual = dual + penalty[:, None] * residual
        if previous is not None:
            # Rows that do not come to their sum cost more from now on.
            penalty = xp.where(error > 0.5 * previous, 2 * penalty, penalty)
        previous, move_tol = error, max(0.5 * move_tol, 0.1 * tol)


def indicator_factor(
    labels: NDArray, rank: int, rng: np.random.RandomState, noise: float = 0.3
) -> NDArray:
    """Scaled indicators of clusters, with noise that lets them move.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,), int
        Clusters from 0.
    rank : int
        Columns, at least as many as there are clusters.
    rng : RandomState
        For the noise.
    noise : float, default=0.3
        Its size, as a share of an entry of a balanced indicator.

    Returns
    -------
    ndarray of shape (n_samples, rank)
        Entries >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._low_rank import indicator_factor
    >>> indicator_factor(np.array([0, 1]), 2, np.random.RandomState(0), noise=0.0)
    array([[1., 0.],
           [0., 1.]])
    """
    n, k = len(labels), labels.max() + 1
    U = noise * np.abs(rng.standard_normal((n, rank))) / np.sqrt(n * rank / k)
    U[np.arange(n), labels] += 1 / np.sqrt(np.bincount(labels))[labels]
    return U


def round_factor(U: NDArray, n_clusters: int) -> NDArray:
    """Partition that is read off the leading left singular vectors of a factor.

    For the matrix of a partition these span the indicators, and a pivoted QR
    decomposition finds a row in each cluster (Damle, Minden and Ying, "Simple, direct
    and efficient multi-way spectral clustering", Information and Inference 8, 2019).
    No random numbers, no iterations.

    Parameters
    ----------
    U : ndarray of shape (n_samples, rank)
        Of a solution UU'.
    n_clusters : int
        K.

    Returns
    -------
    ndarray of shape (n_samples,)
        Clusters from 0 to ``n_clusters - 1``; some may be empty.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._low_rank import round_factor
    >>> round_factor(np.array([[0.7, 0.0], [0.7, 0.0], [0.1, 1.0]]), 2)
    array([1, 1, 0])
    """
    squares, right = np.linalg.eigh(U.T @ U)
    k = min(n_clusters, int((squares > 1e-12 * squares[-1]).sum()))
    vectors = U @ (right[:, -k:] / np.sqrt(squares[-k:]))
    _, _, pivots = scipy.linalg.qr(vectors.T, mode="economic", pivoting=True)
    left, _, turned = np.linalg.svd(vectors[pivots[:k]].T)
    return np.argmax(np.abs(vectors @ (left @ turned)), axis=1)


def row_sum_multipliers(
    X: NDArray, labels: NDArray, diagonal: NDArray | None = None
) -> NDArray:
    """Multipliers of the row sums at which the partition is stationary.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    labels : ndarray of shape (n_samples,), int
        Clusters from 0, none empty.
    diagonal : ndarray of shape (n_samples,), default=None
        What is taken off the diagonal of XX'; None is zero.

    Returns
    -------
    ndarray of shape (n_samples,)
        2 <x, c> - <c, c> for each point x and the mean c of its cluster, less the
        part of the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._low_rank import row_sum_multipliers
    >>> row_sum_multipliers(np.array([[1.0], [3.0]]), np.array([0, 0]))
    array([0., 8.])
    """
    sizes = np.bincount(labels)
    centers = np.stack([X[labels == k].mean(axis=0) for k in range(len(sizes))])
    dual = 2 * (X * centers[labels]).sum(axis=1) - (centers**2).sum(axis=1)[labels]
    if diagonal is not None:
        shifts = np.bincount(labels, diagonal) / sizes
        dual += (shifts[labels] - 2 * diagonal) / sizes[labels]
    return dual


def spectral_scale(
    backend: Backend, X: Array, diagonal: Array, n_iter: int = 30
) -> float:
    """Estimate the spectral norm of XX' - diag(d) by power iterations.

    Parameters
    ----------
    backend : Backend
        Where the arrays live.
    X : array of shape (n_samples, n_features)
        Points.
    diagonal : array of shape (n_samples,)
        The d of the formula.
    n_iter : int, default=30
        Power iterations.

    Returns
    -------
    float
        At most the norm, and near it; 1 for a zero matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.cluster._sdp._low_rank import spectral_scale
    >>> X = np.array([[3.0], [4.0]])
    >>> round(spectral_scale(get_backend("cpu"), X, np.zeros(2)), 6)
    25.0
    """
    xp = backend.xp
    # A start that no symmetry of the data makes orthogonal to the answer.
    v = backend.asarray(np.random.RandomState(0).standard_normal(X.shape[0]))
    v = xp.astype(v, X.dtype)
    for _ in range(n_iter):
        w = X @ (xp.matrix_transpose(X) @ v) - diagonal * v
        norm = xp.sqrt(xp.sum(w * w))
        v = xp.where(norm > 0, w / xp.where(norm > 0, norm, 1.0), v)
    return float(norm) or 1.0


def _minimize(xp, lagrangian, project, U, dual, penalty, step, size, move_tol):
    """Lower the augmented Lagrangian by projected steps; each start has its own."""
    value, residual, gradient = lagrangian(U, dual, penalty)
    recent = [value] * _MEMORY
    moved = xp.full_like(step, 1.0)
    for n_taken in range(2, _INNER_STEPS + 2):
        tried = project(U - step[:, None, None] * gradient)
        change = tried - U
        squared = _inner(xp, change, change)
        found = lagrangian(tried, dual, penalty)
        worst = reduce(xp.maximum, recent)
        accepted = found[0] <= worst - 1e-4 / step * squared
        # Barzilai and Borwein (1988), the short step: robust on curved pieces.
        turn = found[2] - gradient
        along, bend = _inner(xp, change, turn), _inner(xp, turn, turn)
        proposal = xp.where(along > 0, along / xp.where(bend > 0, bend, 1.0), 2 * step)
        moved = xp.where(accepted, xp.sqrt(squared / size), moved)
        step = xp.clip(xp.where(accepted, proposal, step / 4), 1e-9, 1e3)
        U = xp.where(accepted[:, None, None], tried, U)
        gradient = xp.where(accepted[:, None, None], found[2], gradient)
        residual = xp.where(accepted[:, None], found[1], residual)
        value = xp.where(accepted, found[0], value)
        recent = [*recent[1:], value]
        if n_taken % _STEPS_PER_LOOK == 0 and bool(xp.all(moved < move_tol)):
            break
    return U, step, residual, moved, n_taken


def _on_sphere(xp, U, n_clusters):
    """Project on the non-negative entries of squared norm K."""
    positive = xp.maximum(U, xp.zeros_like(U[:1, :1, :1]))
    squared = _inner(xp, positive, positive)
    # Nothing positive at all: stay at the point itself, mirrored.
    lost = (squared <= 0)[:, None, None]
    positive = xp.where(lost, xp.abs(U), positive)
    squared = _inner(xp, positive, positive)
    return positive * xp.sqrt(n_clusters / squared)[:, None, None]


def _inner(xp, U, V):
    n_starts = U.shape[0]
    return xp.vecdot(xp.reshape(U, (n_starts, -1)), xp.reshape(V, (n_starts, -1)))
