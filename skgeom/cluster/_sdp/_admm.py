"""The semidefinite relaxation of k-means, by the alternating direction method."""

import math
from typing import Any, NamedTuple

import numpy as np

from skgeom.cluster._sdp._bound import multiplier_bound
from skgeom.solvers import largest_eigenpairs
from skgeom.typing import NDArray

# Iterations between two looks at the bound and at the penalty.
_STEPS_PER_LOOK = 20
# First iterations, whose matrices differ too much for eigenvectors to be carried over.
_COLD_STEPS = 3


class RelaxedClustering(NamedTuple):
    """What `admm_clustering` returns.

    Attributes
    ----------
    membership : ndarray of shape (n_samples, n_samples)
        Z: positive semidefinite, trace K, row sums one, but for rounding; entries may
        be below zero by the achieved tolerance.
    value : float
        <A, Z>.
    bound : float
        No partition, and no feasible Z, has a larger value.
    multiplier : ndarray of shape (n_samples, n_samples)
        B >= 0 of the bound.
    residual : float
        Size of the negative part of Z and of its last change, relative to K.
    n_iter : int
        Iterations.
    converged : bool
        Whether `tol` was reached.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._admm import admm_clustering
    >>> solution = admm_clustering(np.array([[-1.0], [1.0]]), 2)
    >>> solution.converged, round(solution.value, 6)
    (True, 2.0)
    """

    membership: Any
    value: float
    bound: float
    multiplier: Any
    residual: float
    n_iter: int
    converged: bool


def admm_clustering(
    X: NDArray,
    n_clusters: int,
    *,
    diagonal: NDArray | None = None,
    init: NDArray | None = None,
    multiplier: NDArray | None = None,
    tol: float = 1e-4,
    max_iter: int = 2000,
) -> RelaxedClustering:
    r"""Maximise <A, Z> over the relaxation of partitions by Peng and Wei.

    A is :math:`XX' - \mathrm{diag}(d)`, and Z positive semidefinite with trace K, row
    sums one and entries >= 0. Since Z is 11'/n plus a part orthogonal to 1 with
    eigenvalues in [0, 1] and trace K - 1, two blocks suffice [1]_: one projects
    eigenvalues, the other entries. The multiplier of the entries gives a bound at any
    time, which is kept where it is best.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points with mean zero, float64.
    n_clusters : int
        K, from 1 to n_samples.
    diagonal : ndarray of shape (n_samples,), default=None
        What is taken off the diagonal of XX'; None is zero.
    init : ndarray of shape (n_samples, n_samples), default=None
        First Z, say of a partition; None is zero.
    multiplier : ndarray of shape (n_samples, n_samples), default=None
        First B >= 0, say of `label_multiplier`; None is zero.
    tol : float, default=1e-4
        Stop when the residual, and the share of the sum of squares between bound and
        value, are below it.
    max_iter : int, default=2000
        At most so many iterations. Each improves the eigenvectors of the one before;
        one in twenty, before each look at bound and residual, computes them anew.

    Returns
    -------
    RelaxedClustering
        The solution and its bound.

    References
    ----------
    .. [1] Boyd, Parikh, Chu, Peleato and Eckstein, "Distributed optimization and
       statistical learning via the alternating direction method of multipliers",
       Foundations and Trends in Machine Learning 3, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.cluster._sdp._admm import admm_clustering
    >>> X = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> solution = admm_clustering(X, 2, tol=1e-6)
    >>> abs(solution.membership[0]).round(3)
    array([0.5, 0.5, 0. , 0. ])
    >>> round(solution.bound, 4)
    81.0
    """
    n = len(X)
    scale = float(np.linalg.norm(X, 2)) ** 2 or 1.0
    total = float((X * X).sum()) or 1.0
    diagonal = np.zeros(n) if diagonal is None else diagonal
    A = (X @ X.T - np.diag(diagonal)) / scale
    rho, vectors = math.sqrt(n) / (2 * n_clusters), np.empty((n, 2 * n_clusters))
    W = np.zeros((n, n)) if init is None else np.maximum(init, 0.0)
    Q = np.zeros((n, n))  # B / rho, in the units of A
    if multiplier is not None:
        Q = np.maximum(multiplier, 0.0) / (scale * rho)
    if n_clusters == 1:
        value, bound = scale * A.sum() / n, multiplier_bound(X, 0 * Q, 1, diagonal)
        Z = np.full((n, n), 1 / n)
        return RelaxedClustering(Z, value, bound, 0 * Q, 0.0, 0, True)
    bound, converged = math.inf, False
    for n_iter in range(1, max_iter + 1):
        look = n_iter % _STEPS_PER_LOOK == 0 or n_iter == max_iter
        anew = look or n_iter <= _COLD_STEPS
        Z, vectors = _project_spectrum(W + Q + A / rho, n_clusters, vectors, anew)
        # Over-relaxed by 1.6, as section 3.4.3 of the reference advises.
        shifted = 1.6 * Z - 0.6 * W - Q
        previous, W = W, np.maximum(shifted, 0.0)
        Q = W - shifted
        if not look:
            continue
        value = scale * float(np.vdot(A, Z))
        found = multiplier_bound(X, scale * rho * Q, n_clusters, diagonal)
        if found < bound:
            bound, multiplier = found, scale * rho * Q
        primal = float(np.linalg.norm(Z - W)) / n_clusters
        dual = float(np.linalg.norm(W - previous)) / n_clusters
        converged = max(primal, dual) < tol and abs(bound - value) < tol * total
        if converged:
            break
        # Residual balancing: section 3.4.1 of the reference.
        factor = 2.0 if primal > 5 * dual else 0.5 if dual > 5 * primal else 1.0
        rho, Q = factor * rho, Q / factor
    return RelaxedClustering(
        Z, value, bound, multiplier, max(primal, dual), n_iter, converged
    )


def _project_spectrum(C, n_clusters, vectors, anew):
    """The nearest Z with row sums one, eigenvalues in [0, 1] and trace K.

    Few eigenvectors are needed: `vectors` are those of a matrix nearby, or as many, and
    are improved, unless they are to be computed anew. Returns those of C, too, with
    some to spare.
    """
    n, wanted = len(C), n_clusters - 1
    means = C.mean(axis=1)
    # Rows and columns get mean zero. Below all eigenvalues of that goes the one of the
    # direction 1, which is taken.
    means -= (means.mean() - 1 / n - np.linalg.norm(C) / n) / 2
    C = C - means[:, None]
    C -= means
    rank = vectors.shape[1]
    if anew or 6 * rank > n:
        values, vectors = _leading_eigenpairs(C, rank)
    else:
        values, vectors = _improved_eigenpairs(C, vectors)
    while True:
        shares = _capped_simplex(values, wanted)
        used = int((shares > 0).sum())
        if used < len(values) or used == n:
            break
        values, vectors = _leading_eigenpairs(C, 2 * len(values))
    kept = vectors[:, -used:] * np.sqrt(shares[-used:])
    spare = min(n, used + n_clusters + 2)
    if anew and spare > vectors.shape[1]:
        # Room for eigenvectors that come to be needed before the next look.
        missing = np.zeros((n, spare - vectors.shape[1]))
        vectors = np.concatenate([missing, vectors], axis=1)
    return kept @ kept.T + 1 / n, vectors[:, -spare:]


def _leading_eigenpairs(C, rank):
    """The `rank` largest eigenvalues, or all, in increasing order."""
    return largest_eigenpairs(C, min(rank, len(C)))


def _improved_eigenpairs(C, vectors):
    """Leading eigenpairs in the span of approximate ones and two of their images."""
    images = C @ vectors
    images -= vectors @ (vectors.T @ images)
    images, _ = np.linalg.qr(images)
    basis, _ = np.linalg.qr(np.concatenate([vectors, images, C @ images], axis=1))
    values, turn = np.linalg.eigh(basis.T @ (C @ basis))
    rank = vectors.shape[1]
    return values[-rank:], basis @ turn[:, -rank:]


def _capped_simplex(values, total):
    """The nearest point with entries in [0, 1] that sum to `total`."""
    # Sums as a function of the threshold are piecewise linear, with these knots.
    knots = np.sort(np.concatenate([values - 1, values]))
    sums = np.clip(values[None, :] - knots[:, None], 0, 1).sum(axis=1)
    threshold = np.interp(-total, -sums, knots)
    return np.clip(values - threshold, 0, 1)
