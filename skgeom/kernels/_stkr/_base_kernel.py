r"""From points, a graph or a matrix to a symmetric kernel operator with a measure.

With the degrees d (row sums) of a kernel matrix K, every normalisation works on one
symmetric matrix :math:`S = D^{-1/2} K D^{-1/2}`, and on functions :math:`h =
\mu^{1/2} f`. The measure :math:`\mu` is 1 for "symmetric". For "random_walk" it is the
degree over its mean: constants f are then what the kernel finds smoothest, and a new
point is a mean of its neighbours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from skgeom.kernels._operators import DenseKernel, PointKernel
from skgeom.operators import SparseKernel

_LEAST_MEASURE = 1e-150
# Exponent of the fall of a new row's weights to zero.
_TAPER = 4


@dataclass(frozen=True)
class BaseKernel:
    """A kernel matrix over the fitted nodes, ready for a solver.

    `operator` is S, `measure` the mass of each node, `degrees` its row sum (None for a
    kernel that is taken as it is), and `positive` says whether S has no negative
    eigenvalue.
    """

    operator: Any
    measure: np.ndarray
    degrees: np.ndarray | None
    positive: bool


def kernel_of_graph(graph, normalization, backend):
    """Normalised adjacency, which the graph keeps; a lonely node is its own neighbour.

    With normalization=None it is the adjacency itself.
    """
    if normalization is None:
        operator = SparseKernel(graph.adjacency, backend)
        return BaseKernel(operator, np.ones(graph.n_nodes), None, True)
    laplacian = graph.laplacian("symmetric")
    operator = SparseKernel(laplacian.transition, backend, laplacian.on(backend))
    measure = _measure(graph.degrees, normalization)
    return BaseKernel(operator, measure, graph.degrees, False)


def kernel_of_points(points, evaluate, diagonal, normalization, backend, budget):
    """Kernel of points: held whole if that fits the budget in bytes, else in blocks."""
    xp, n = backend.xp, points.shape[0]
    degrees, scale = None, None
    if normalization is not None:
        ones = xp.ones((n, 1), dtype=backend.float64, device=backend.device)
        degrees = evaluate(points, ones)[:, 0]
        if not bool(xp.all(degrees > 0)):
            raise ValueError(
                "The kernel must have positive row sums to be normalised; the least is "
                f"{float(xp.min(degrees)):g}. Choose normalization=None for a positive "
                "semidefinite kernel, or another kernel."
            )
        scale = 1 / xp.sqrt(degrees)
        diagonal = diagonal / degrees
        degrees = backend.to_numpy(degrees)
    operator = PointKernel(points, evaluate, scale, diagonal, backend)
    if 8 * n * n <= budget:
        operator = DenseKernel(operator.dense(), backend)
    measure = np.ones(n) if degrees is None else _measure(degrees, normalization)
    return BaseKernel(operator, measure, degrees, True)


def kernel_of_matrix(matrix, backend):
    """A precomputed kernel matrix as it is, which has to be symmetric."""
    gap = abs(matrix - matrix.T).max() if matrix.shape[0] else 0.0
    size = abs(matrix).max() if matrix.shape[0] else 0.0
    if gap > 1e-5 * size:
        raise ValueError(
            "A precomputed kernel must be symmetric; entries differ from those of the "
            f"transpose by up to {gap:g}."
        )
    if sp.issparse(matrix):
        matrix = sp.csr_array((matrix + matrix.T) / 2, dtype=np.float64)
        operator = SparseKernel(matrix, backend)
    else:
        matrix = (matrix + matrix.T) / 2
        operator = DenseKernel(backend.asarray(matrix, backend.float64), backend)
    return BaseKernel(operator, np.ones(matrix.shape[0]), None, True)


def over(operator, unit):
    """A kernel operator divided by a number."""
    backend = operator.backend
    if isinstance(operator, SparseKernel):
        return SparseKernel(operator.matrix / unit, backend)
    if isinstance(operator, DenseKernel):
        return DenseKernel(operator.matrix / unit, backend)
    points, diagonal = operator.points, operator.diagonal()
    scale = operator.scale
    scale = backend.xp.ones_like(diagonal) if scale is None else scale
    return PointKernel(
        points, operator.evaluate, scale / unit**0.5, diagonal / unit, backend
    )


def combine(product, extension, degrees, normalization):
    """Values of new rows from kernel products with the columns that they need.

    `product(V)` multiplies kernel values between the new rows and the fitted nodes with
    V. A row whose kernel values are all zero has the value zero.

    Returns
    -------
    values : ndarray of shape (n_rows, n_targets)
        Predictions without intercept.
    lonely : ndarray of shape (n_rows,), bool
        Rows with no kernel value other than zero.
    """
    if normalization is None:
        values = product(extension)
        return values, np.zeros(len(values), dtype=bool)
    if normalization == "symmetric":
        root = np.sqrt(degrees)[:, None]
        extension = np.divide(
            extension, root, out=np.zeros_like(extension), where=root > 0
        )
    columns = np.concatenate([np.ones((len(extension), 1)), extension], axis=1)
    values = product(columns)
    total, values = values[:, :1], values[:, 1:]
    lonely = ~(total > 0)
    share = total if normalization == "random_walk" else np.sqrt(np.abs(total))
    values = np.divide(values, share, out=np.zeros_like(values), where=~lonely)
    return values, lonely[:, 0]


def neighbor_weights(distances, indices, bandwidth, n_nodes, normalization, reach):
    """Self-tuning weights of rows between their nearest nodes.

    The scale of a row is the distance to its last neighbour, as for nodes. Where a row
    coincides with nodes, these alone have a weight. For "random_walk", which asks for
    relative weights, the largest is 1, so that they survive far from all nodes. At
    `reach`, where the next node waits to be a neighbour, weights have fallen to zero:
    nothing jumps where it becomes one.
    """
    scale = np.where(distances[:, -1:] > 0, distances[:, -1:], 1.0)
    exponent = (distances / scale) * (distances / bandwidth[indices])
    nearest = exponent.min(axis=1, keepdims=True)
    kept = 0.0 if normalization == "random_walk" else np.minimum(nearest, 500.0)
    taper = 1.0 - (distances / np.where(reach > 0, reach, np.inf)) ** _TAPER
    taper = np.where(taper.max(axis=1, keepdims=True) > 0, taper, 1.0)
    weights = taper * np.exp(-(exponent - nearest + kept))
    exact = distances == 0
    weights = np.where(exact.any(axis=1, keepdims=True), exact, weights)
    n_rows, k = indices.shape
    pattern = indices.ravel(), np.arange(n_rows + 1) * k
    return sp.csr_array((weights.ravel(), *pattern), shape=(n_rows, n_nodes))


def _measure(degrees, normalization):
    if normalization != "random_walk":
        return np.ones_like(degrees)
    known = degrees > 0
    mean = degrees[known].mean() if known.any() else 1.0
    # No node weighs nothing: errors are divided by it.
    return np.where(known, np.maximum(degrees / mean, _LEAST_MEASURE), 1.0)
