"""The semidefinite relaxation of clustering with known covariances, in low rank."""

import numpy as np

from skgeom.backends import Backend
from skgeom.cluster._sdp._low_rank import augmented_lagrangian
from skgeom.typing import NDArray


def likelihood_clustering(
    backend: Backend,
    whitened: NDArray,
    weights: NDArray,
    labels: NDArray,
    rng: np.random.RandomState,
    *,
    precisions: NDArray | None = None,
    rank: int = 2,
    noise: float = 0.3,
    tol: float = 1e-3,
    max_iter: int = 2000,
) -> NDArray:
    r"""Maximise the classification likelihood over one relaxed matrix a cluster.

    With known covariances and the means profiled out, it is
    :math:`\sum_k \langle A_k, Z_k \rangle` up to a constant, where

    .. math::
        A_k = Y_k Y_k' - \tfrac12 (w_k 1' + 1 w_k'),

    over positive semidefinite :math:`Z_k \ge 0` of trace one with
    :math:`(\sum_k Z_k) 1 = 1` [1]_. :math:`Z_k = U_k U_k'` with few columns.

    Parameters
    ----------
    backend : Backend
        Where to solve.
    whitened : ndarray of shape (n_clusters, n_samples, n_features)
        Y_k, centred points in the units of each cluster; or of shape (n_samples,
        n_features), if they differ by factors only.
    weights : ndarray of shape (n_clusters, n_samples)
        w_k, squared norms of Y_k plus log-determinants.
    labels : ndarray of shape (n_samples,), int
        Where to start.
    rng : RandomState
        For the noise of the start.
    precisions : ndarray of shape (n_clusters,), default=None
        Factors of :math:`Y_k Y_k'`; None is one.
    rank : int, default=2
        Columns a cluster.
    noise : float, default=0.3
        See `indicator_factor`.
    tol, max_iter : float, int
        As in `low_rank_clustering`.

    Returns
    -------
    ndarray of shape (n_samples, n_clusters)
        Z_k 1, >= 0; a row's largest is its cluster.

    References
    ----------
    .. [1] Zhuang, Chen and Yang, "Likelihood adjusted semidefinite programs for
       clustering heterogeneous data", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.cluster._sdp._likelihood import likelihood_clustering
    >>> X = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> Y = np.stack([X, X])
    >>> shares = likelihood_clustering(
    ...     get_backend("cpu"), Y, (Y * Y).sum(axis=2), np.array([0, 0, 1, 1]),
    ...     np.random.RandomState(0))
    >>> shares.argmax(axis=1)
    array([0, 0, 1, 1])
    """
    xp, k, (n, p) = backend.xp, len(weights), whitened.shape[-2:]
    shared = whitened.ndim == 2
    precisions = np.ones(k) if precisions is None else precisions
    # Rows sum to one over all clusters: what all have in common changes nothing.
    weights = weights - weights.mean(axis=0)
    parts = [
        (whitened if shared else whitened[c], precisions[c], weights[c])
        for c in range(k)
    ]
    scale = max(_norm(*part) for part in parts) or 1.0
    start = noise * np.abs(rng.standard_normal((n, k, rank))) / np.sqrt(n / k)
    start[np.arange(n), labels, 0] += 1 / np.sqrt(np.bincount(labels))[labels]
    dual = _multipliers(parts, labels) / scale

    def on_device(array):
        return backend.asarray(np.ascontiguousarray(array), dtype=backend.float64)

    Y = on_device(whitened / np.sqrt(scale))
    w = on_device(weights.T / scale)[:, :, None]
    factors = on_device(precisions)[None, :, None]
    # With many features n x n products are the fewer.
    gram = Y @ xp.matrix_transpose(Y) if 2 * p > n else None

    one = xp.ones_like(w[0, 0, 0])
    zero = 0 * one

    def product(columns):
        if gram is not None:
            return gram @ columns
        return Y @ (xp.matrix_transpose(Y) @ columns)

    def lagrangian(U, dual, penalty):
        V = xp.reshape(U, (n, k, rank))
        if shared:
            images = xp.reshape(product(U[0, :, :]), (n, k, rank))
        else:
            images = product(xp.permute_dims(V, (1, 0, 2)))
            images = xp.permute_dims(images, (1, 0, 2))
        sums = xp.sum(V, axis=0, keepdims=True)
        weighted = xp.sum(w * V, axis=0, keepdims=True)
        applied = factors * images - (w * sums + weighted) / 2  # A_k U_k
        residual = xp.sum(V * sums, axis=(1, 2)) - 1
        value = xp.sum(residual * (dual[0] + penalty[0] / 2 * residual))
        value = value - xp.sum(V * applied)
        price = (dual[0] + penalty[0] * residual)[:, None, None]
        gradient = price * sums + xp.sum(price * V, axis=0, keepdims=True) - 2 * applied
        return value[None], residual[None, :], xp.reshape(gradient, (1, n, k * rank))

    def project(U):
        positive = xp.maximum(xp.reshape(U, (1, n, k, rank)), zero)
        squared = xp.sum(positive * positive, axis=(1, 3), keepdims=True)
        # A group that lost all: anything of the right size, say ones.
        positive = xp.where(squared > 0, positive, one)
        squared = xp.where(squared > 0, squared, n * rank * one)
        return xp.reshape(positive / xp.sqrt(squared), (1, n, k * rank))

    solution = augmented_lagrangian(
        backend,
        lagrangian,
        project,
        on_device(start.reshape(1, n, k * rank)),
        on_device(dual[None]),
        k,
        tol=tol,
        max_iter=max_iter,
    )
    U = backend.to_numpy(solution.factor)[0].reshape(n, k, rank)
    return (U * U.sum(axis=0)).sum(axis=2)


def _apply(Y, precision, w, v):
    """A_k v of the formula."""
    return precision * (Y @ (Y.T @ v)) - (w * v.sum() + w @ v) / 2


def _norm(Y, precision, w, n_iter=20):
    """Spectral norm of A_k by power iterations."""
    v = np.random.RandomState(0).standard_normal(len(w))
    for _ in range(n_iter):
        v /= np.linalg.norm(v) or 1.0
        v = _apply(Y, precision, w, v)
    return float(np.linalg.norm(v))


def _multipliers(parts, labels):
    """Multipliers of the row sums at which the labels are stationary."""
    dual = np.zeros(len(labels))
    for k, part in enumerate(parts):
        own = labels == k
        if own.any():
            mean = _apply(*part, own / own.sum())
            dual[own] = 2 * mean[own] - mean[own].mean()
    return dual
