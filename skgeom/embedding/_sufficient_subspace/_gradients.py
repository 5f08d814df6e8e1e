r"""Directions in which a kernel machine of the targets changes.

Rounds of kernel ridge regression, each with distances in the metric that the mean outer
product of the gradients of the one before is (Radhakrishnan, Beaglehole, Pandit and
Belkin, Science 383, 2024). Directions that say nothing fade out of the distances, and
the next machine sees a space of few dimensions.
"""

import numpy as np
import scipy.linalg
from array_api_compat import is_numpy_namespace

from skgeom.backends import Backend, row_blocks, scratch_bytes
from skgeom.solvers import average_gradient_outer_product
from skgeom.typing import Array, NDArray

# Rows of all rounds but the last two, which only have to find about where to look.
FEW_ROWS = 1000
# Up to so many rows the kernel matrix is held.
MOST_ROWS = 5000
# Directions below this share of the largest are none.
_NO_DIRECTION = 1e-10
# Rows among whose distances the median is taken.
_FOR_MEDIAN = 500
# What is added to the kernel matrix of centres, which may be all but singular.
_JITTER = 1e-8


def gradient_matrix(
    rows: NDArray,
    targets: NDArray,
    alpha: float,
    n_rounds: int,
    n_centers: int,
    random_state: np.random.RandomState,
    backend: Backend,
) -> NDArray:
    """Compute the mean outer product of the gradients of the last round.

    Parameters
    ----------
    rows : ndarray of shape (n, rank)
        Whitened rows.
    targets : ndarray of shape (n, n_targets)
        Of mean zero and variance one.
    alpha : float
        Penalty of the regression, > 0.
    n_rounds : int
        Rounds, >= 1.
    n_centers : int
        Of more than 5,000 rows, how many are centres of kernels.
    random_state : RandomState
        Chooses the rows of the first rounds, and centres.
    backend : Backend
        Where kernels are computed.

    Returns
    -------
    ndarray of shape (rank, rank)
        Symmetric, positive semidefinite, summed over targets.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._sufficient_subspace._gradients import gradient_matrix
    >>> rng = np.random.RandomState(0)
    >>> Z = rng.standard_normal((300, 4))
    >>> y = np.cos(2 * Z[:, :1])
    >>> G = gradient_matrix(Z, y, 0.1, 3, 100, rng, get_backend("cpu"))
    >>> float(round(G[0, 0] / np.trace(G), 2))
    1.0
    """
    n, p = rows.shape
    order = random_state.permutation(n) if n > FEW_ROWS else np.arange(n)
    metric, G = np.eye(p), np.zeros((p, p))
    for number in range(n_rounds):
        early = number < n_rounds - 2
        some = order[:FEW_ROWS] if early and n > FEW_ROWS else slice(None)
        placed = backend.asarray(rows[some] @ metric, backend.float64)
        wanted = backend.asarray(targets[some], backend.float64)
        centers = backend.asarray(order[:n_centers]) if n > MOST_ROWS else None
        there = _mean_outer_product(
            placed, wanted, alpha, None if early else centers, backend
        )
        G = metric @ backend.to_numpy(there) @ metric.T
        G = (G + G.T) / 2
        new = _metric_of(G)
        if new is None:
            break
        metric = new
    return G


def _metric_of(G):
    """The map of rows whose metric is G, of the trace of none; None if G is zero."""
    values, vectors = scipy.linalg.eigh(G)
    if not values[-1] > 0:
        return None
    kept = values > _NO_DIRECTION * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    return vectors * np.sqrt(values * (len(G) / values.sum()))


def _mean_outer_product(
    placed: Array, targets: Array, alpha: float, few: Array | None, backend: Backend
) -> Array:
    """Of one machine: the mean outer product of its gradients, in its own metric."""
    xp = backend.xp
    n = placed.shape[0]
    gamma = 1 / _median_square(placed, backend)
    if few is None:
        centers = placed
        K = backend.kernel_values(placed, placed, "rbf", gamma)
        dual = _solve(xp, K, targets, alpha)
    else:
        K, centers = None, xp.take(placed, few, axis=0)
        dual = _solve_by_centers(placed, centers, targets, alpha, gamma, backend)
    total = 0.0 * (centers.T @ centers)
    row_bytes = 8 * 2 * centers.shape[0]
    for block in row_blocks(n, row_bytes, 16 * scratch_bytes(placed)):
        here = placed[block, :]
        if K is None:
            values = backend.kernel_values(here, centers, "rbf", gamma)
        else:
            values = K[block, :]
        G = average_gradient_outer_product(xp, here, centers, dual, -gamma * values)
        total = total + here.shape[0] / n * G
    return total


def _median_square(placed, backend):
    """Median squared distance of some rows, or a number > 0 where most are equal."""
    step = max(1, placed.shape[0] // _FOR_MEDIAN)
    some = backend.to_numpy(placed[::step, :])
    squares = (some**2).sum(axis=1)
    squares = squares[:, None] + squares - 2 * some @ some.T
    apart = squares[np.triu_indices(len(some), 1)]
    median = float(np.median(apart)) if len(apart) else 1.0
    if median > 1e-12:
        return median
    return float(apart.max(initial=0.0)) or 1.0


def _solve(xp, K, targets, alpha):
    """Coefficients of kernel ridge regression; K is left as it is."""
    if is_numpy_namespace(xp):
        system = K.copy()
        system.flat[:: len(K) + 1] += alpha
        return scipy.linalg.solve(
            system, targets, assume_a="pos", overwrite_a=True, check_finite=False
        )
    identity = xp.eye(K.shape[0], dtype=K.dtype, device=K.device)
    return xp.linalg.solve(K + alpha * identity, targets)


def _solve_by_centers(placed, centers, targets, alpha, gamma, backend):
    r"""Coefficients of few kernels that fit all rows.

    They minimise :math:`|y - K_{nm} c|^2 + \alpha c' K_{mm} c`. The matrix of all
    rows is made and forgotten by blocks.
    """
    xp, m = backend.xp, centers.shape[0]
    gram, moments = 0.0, 0.0
    for block in row_blocks(placed.shape[0], 8 * 2 * m, 16 * scratch_bytes(placed)):
        values = backend.kernel_values(placed[block, :], centers, "rbf", gamma)
        gram = gram + xp.matrix_transpose(values) @ values
        moments = moments + xp.matrix_transpose(values) @ targets[block, :]
    K = backend.to_numpy(backend.kernel_values(centers, centers, "rbf", gamma))
    root = scipy.linalg.cholesky(K + _JITTER * np.eye(m), lower=True)

    def forward(M):
        return scipy.linalg.solve_triangular(root, M, lower=True)

    inner = forward(forward(backend.to_numpy(gram)).T)
    inner.flat[:: m + 1] += alpha
    fitted = scipy.linalg.solve(
        inner, forward(backend.to_numpy(moments)), assume_a="pos"
    )
    dual = scipy.linalg.solve_triangular(root, fitted, lower=True, trans="T")
    return backend.asarray(dual, backend.float64)
