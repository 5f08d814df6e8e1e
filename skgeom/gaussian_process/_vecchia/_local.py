"""Predictions from the neighbours of a row: kriging in a moving neighbourhood.

Neighbours fade out with their distance, so that predictions are continuous (Gribov and
Krivoruchko, "Geostatistical mapping with continuous moving neighborhood", Mathematical
Geology 36, 2004).
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, block_bytes, row_blocks
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.graph import nearest_neighbors
from skgeom.typing import NDArray

# Share of the neighbours that count in full.
_IN_FULL = 0.7
# Noise, in units of all variance, of a neighbour that does not count.
_FADED = 1e12


class LocalWeights(NamedTuple):
    """Neighbours of some rows, what they weigh, and the variance that is left."""

    neighbors: NDArray
    weights: NDArray
    variances: NDArray

    def mean(self, values):
        """Weighted sums of what the neighbours have, shape (n_rows, n_columns)."""
        out = np.empty((len(self.weights), values.shape[1]))
        row_bytes = 8 * self.weights.shape[1] * values.shape[1]
        for rows in row_blocks(len(out), row_bytes):
            near = values[self.neighbors[rows]]
            out[rows] = np.einsum("ij,ijk->ik", self.weights[rows], near)
        return out

    def matrix(self, n):
        """The weights as a sparse matrix with a column for each of n rows."""
        m = self.weights.shape[1]
        indptr = np.arange(0, self.weights.size + 1, m)
        shape = (len(self.weights), n)
        parts = self.weights.ravel(), self.neighbors.ravel(), indptr
        return sp.csr_array(parts, shape=shape)


def local_weights(
    points: NDArray,
    queries: NDArray,
    noise: NDArray,
    n_neighbors: int,
    kernel: str,
    parameters: Parameters,
    backend: Backend,
) -> LocalWeights:
    """Krige the signal at queries from their nearest rows.

    Parameters
    ----------
    points, queries : ndarray of shape (n, n_features), (n_queries, n_features)
        Rows, and where the signal is wanted.
    noise : ndarray of shape (n,)
        Variance of the noise of each row.
    n_neighbors : int
        Rows for each query, at most n.
    kernel : str
        A name of the backends.
    parameters : Parameters
        Of the process.
    backend : Backend
        Where the systems are solved.

    Returns
    -------
    LocalWeights
        On the host.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.gaussian_process._vecchia._local import local_weights
    >>> from skgeom.gaussian_process._vecchia._parameters import Parameters
    >>> at, unit = np.array([[0.0], [9.0]]), Parameters(np.zeros(3))
    >>> found = local_weights(at, at[:1], np.ones(2), 1, "rbf", unit, get_backend())
    >>> found.weights, found.variances
    (array([[0.5]]), array([0.5]))
    """
    fading, near = faded_neighbors(points, queries, n_neighbors, parameters, backend)
    points, queries = (
        backend.asarray(A / parameters.lengths, dtype=backend.float64)
        for A in (points, queries)
    )
    weights, variances = backend.kriging_weights(
        points,
        queries,
        backend.asarray(noise[near] + fading, dtype=backend.float64),
        backend.asarray(near),
        kernel,
        parameters.signal,
    )
    weights, variances = backend.to_numpy(weights), backend.to_numpy(variances)
    # The noise that lets neighbours fade is not there: it adds nothing to the error.
    variances = variances - np.einsum("ij,ij,ij->i", fading, weights, weights)
    return LocalWeights(near, weights, np.maximum(variances, 0.0))


def faded_neighbors(
    points: NDArray,
    queries: NDArray,
    n_neighbors: int,
    parameters: Parameters,
    backend: Backend,
) -> tuple[NDArray, NDArray]:
    """Nearest rows of queries, and noise that lets the outer ones fade.

    Parameters
    ----------
    points, queries, n_neighbors, parameters, backend
        As `local_weights` takes them.

    Returns
    -------
    fading : ndarray of shape (n_queries, m)
        Variances, zero where m is the number of rows.
    neighbors : ndarray of shape (n_queries, m)
        Rows, m of them or all there are.
    """
    points, queries = (
        backend.asarray(A / parameters.lengths, dtype=backend.float64)
        for A in (points, queries)
    )
    n = points.shape[0]
    distances, near = nearest_neighbors(
        points,
        queries,
        n_neighbors=min(n_neighbors + 1, n),
        algorithm="exact",  # others depend on the queries that come along
        backend=backend,
    )
    if n_neighbors >= n:
        return np.zeros(near.shape), near
    fading = _fading(distances) * (parameters.signal + parameters.noise)
    return fading, near[:, :-1]


def _fading(distances):
    """Noise of neighbours by their distance, in units of all variance.

    It is zero for most of them, and grows beyond bounds to where the first of the rows
    is that are no neighbours: there a row leaves and another one enters.
    """
    inner = distances[:, int(_IN_FULL * (distances.shape[1] - 1)), None]
    outer = distances[:, -1:]
    reach = np.where(outer > inner, outer - inner, 1.0)
    share = np.clip((distances[:, :-1] - inner) / reach, 0.0, 1.0)
    return (share / np.maximum(1 - share, _FADED**-0.5)) ** 2


def error_covariance(
    local: LocalWeights,
    points: NDArray,
    queries: NDArray,
    noise: NDArray,
    kernel: str,
    parameters: Parameters,
    backend: Backend,
) -> NDArray:
    r"""Covariance of the errors of kriging from neighbours, between queries.

    With errors :math:`e_i = f(x_i) - \sum_j a_{ij} y_j` it is
    :math:`K_{**} - A K_* - K_*' A' + A (K + N) A'`, whose diagonal is the variances.

    Parameters
    ----------
    local : LocalWeights
        Of the queries.
    points, queries, noise, kernel, parameters, backend
        As `local_weights` had them.

    Returns
    -------
    ndarray of shape (n_queries, n_queries)
        Symmetric, positive semidefinite but for rounding.
    """
    used, places = np.unique(local.neighbors, return_inverse=True)
    local = local._replace(neighbors=places.reshape(local.neighbors.shape))
    A = local.matrix(len(used))
    points, queries = (
        backend.asarray(B / parameters.lengths, dtype=backend.float64)
        for B in (points[used], queries)
    )

    def values(P, Q):
        found = backend.kernel_values(P, Q, kernel, 0.5)
        return parameters.signal * backend.to_numpy(found)

    total = values(queries, queries)
    noisy = A @ sp.diags_array(noise[used]) @ A.T
    total = total + noisy.toarray()
    for rows in row_blocks(len(used), 8 * 2 * (len(used) + len(total)), block_bytes()):
        part = A[:, rows]
        crossing = part @ values(points[rows], queries)
        total -= crossing + crossing.T
        # K A' of some rows: a product with a sparse matrix from the right.
        total += part @ (A @ values(points, points[rows])).T
    return (total + total.T) / 2
