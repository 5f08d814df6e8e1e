r"""Which rows are made of which others: labels to start from, of lines and planes.

A row of a subspace is a combination of few other rows of the same subspace, and the
combination with the smallest elastic net penalty hardly takes any from elsewhere
(You, Li, Robinson and Vidal, "Oracle based active set algorithm for scalable elastic
net subspace clustering", CVPR 2016). Its coefficients are links of a graph, which is
cut by its eigenvectors.
"""

import numpy as np
import scipy.sparse as sp
from array_api_compat import is_numpy_namespace
from sklearn.cluster import KMeans

from skgeom.backends import Backend, row_blocks
from skgeom.graph import Graph
from skgeom.operators import SparseKernel
from skgeom.solvers import leading_eigenpairs
from skgeom.typing import NDArray

# Rows that a row may be made of: those with the largest cosines.
_CANDIDATES = 60
# Sweeps of coordinate descent.
_SWEEPS = 25
# Share of the largest penalty that leaves anything, as a number to divide by.
_GAMMA = 20.0
# Bytes of Gram matrices in a block: larger ones leave the cache, smaller are calls.
_BLOCK_BYTES = 2**24


def unit_rows(X: NDArray) -> NDArray:
    """Scale rows to length one; those of zeros stay.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows whose squares are numbers.

    Returns
    -------
    ndarray of shape (n, n_features)
        Scaled.
    """
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1.0)


def coherent_rows(N: NDArray, k: int, backend: Backend) -> NDArray:
    """Find the rows with the largest absolute cosines for each row, itself apart.

    Parameters
    ----------
    N : ndarray of shape (n, n_features)
        Rows of length one.
    k : int
        How many, less than n.
    backend : Backend
        Where they are searched for.

    Returns
    -------
    ndarray of shape (n, k), int64
        In the order of the rows.
    """
    n = len(N)
    if is_numpy_namespace(backend.xp):
        found = np.empty((n, k), dtype=np.int64)
        for rows in row_blocks(n, 8 * 3 * n):
            cosines = np.abs(N[rows] @ N.T)
            own = np.arange(rows.start, rows.stop)
            cosines[own - rows.start, own] = -1.0
            found[rows] = np.argpartition(cosines, n - k, axis=1)[:, n - k :]
        return np.sort(found, axis=1)
    # The nearest among rows and their negatives; the row itself is one of them.
    both = backend.asarray(np.concatenate([N, -N]), backend.float64)
    # A row of zeros is its own negative.
    _, near = backend.knn(both, backend.asarray(N, backend.float64), k + 2)
    near = backend.to_numpy(near) % n
    others = np.argsort(near == np.arange(n)[:, None], axis=1, kind="stable")
    return np.sort(np.take_along_axis(near, others[:, :k], axis=1), axis=1)


def elastic_net_links(
    N: NDArray, l1_ratio: float, n_neighbors: int | None, backend: Backend
) -> sp.csr_array:
    r"""Coefficients of each row in terms of others, by their elastic net.

    They minimise :math:`\tau \lambda |c|_1 + (1 - \tau) \lambda |c|^2 / 2
    + |x - \sum_j c_j x_j|^2 / 2`, among the most coherent rows, by coordinate descent
    for a block of rows at a time: 25 sweeps, after which coefficients hardly change.
    The penalty is a twentieth of that which leaves nothing.

    Parameters
    ----------
    N : ndarray of shape (n, n_features)
        Rows of length one, or zero.
    l1_ratio : float
        The :math:`\tau` of the formula, in (0, 1].
    n_neighbors : int or None
        Candidates of a row; None is 60.
    backend : Backend
        Where they are found.

    Returns
    -------
    csr_array of shape (n, n)
        Coefficients.

    Examples
    --------
    Of two lines, a row takes part in its own alone:

    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.cluster._subspaces._self_representation import elastic_net_links
    >>> N = np.array([[1.0, 0], [-1, 0], [0, 1], [0, 1]])
    >>> links = elastic_net_links(N, 0.9, None, get_backend("cpu")).toarray()
    >>> (links != 0).astype(int)
    array([[0, 1, 0, 0],
           [1, 0, 0, 0],
           [0, 0, 0, 1],
           [0, 0, 1, 0]])
    """
    n = len(N)
    k = min(n_neighbors or _CANDIDATES, n - 1)
    near = coherent_rows(N, k, backend)
    rows = backend.asarray(N, backend.float64)
    parts = []
    for block in row_blocks(n, 8 * k * (k + N.shape[1]), _BLOCK_BYTES):
        parts.append(_descended(rows, block, near[block], l1_ratio, backend))
    values = np.concatenate(parts)
    links = sp.csr_array(
        (values.ravel(), near.ravel(), np.arange(n + 1) * k), shape=(n, n)
    )
    links.eliminate_zeros()
    return links


def _descended(rows, block, near, tau, backend):
    """Coefficients of a block of rows on their candidates."""
    xp = backend.xp
    b, k = near.shape
    indices = backend.asarray(near.reshape(-1))
    atoms = xp.reshape(xp.take(rows, indices, axis=0), (b, k, rows.shape[1]))
    gram = atoms @ xp.matrix_transpose(atoms)
    left = xp.matmul(atoms, rows[block, :][:, :, None])[:, :, 0]
    penalty = xp.max(xp.abs(left), axis=1) / (tau * _GAMMA)
    threshold, shrunk = tau * penalty, (1 - tau) * penalty
    # One column of all rows after the other; a contiguous first axis is fastest.
    gram = xp.permute_dims(gram, (1, 2, 0)) + 0.0
    left = xp.permute_dims(left, (1, 0)) + 0.0
    c = xp.zeros_like(left)
    # Scales do not change; an atom of zeros has coefficient zero.
    own = xp.stack([gram[j, j] for j in range(k)])
    scale = own + shrunk
    scale = xp.where(scale > 0, scale, xp.ones_like(scale))
    # As many everywhere: nobody waits for a device to say how far it is.
    for _ in range(_SWEEPS):
        for j in range(k):
            z = left[j] + own[j] * c[j]
            # Soft threshold: z less its part within the threshold.
            within = xp.minimum(xp.maximum(z, -threshold), threshold)
            new = (z - within) / scale[j]
            step = new - c[j]
            c[j] = new
            left -= gram[j] * step
    return backend.to_numpy(c).T


def cosine_links(N: NDArray, n_neighbors: int, backend: Backend) -> sp.csr_array:
    r"""Weights of the nearest rows by angle (Heckel and Bölcskei, 2015).

    Parameters
    ----------
    N : ndarray of shape (n, n_features)
        Rows of length one, or zero.
    n_neighbors : int
        Neighbours of a row.
    backend : Backend
        Where they are found.

    Returns
    -------
    csr_array of shape (n, n)
        Weights :math:`e^{-2 \alpha}`, with the angle between lines.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.cluster._subspaces._self_representation import cosine_links
    >>> N = np.array([[1.0, 0], [-1, 0], [0, 1]])
    >>> cosine_links(N, 1, get_backend("cpu")).toarray()[0]
    array([0., 1., 0.])
    """
    n = len(N)
    k = min(n_neighbors, n - 1)
    near = coherent_rows(N, k, backend)
    values = np.empty((n, k))
    for rows in row_blocks(n, 8 * k * N.shape[1]):
        cosines = np.einsum("ijk,ik->ij", N[near[rows]], N[rows])
        values[rows] = np.exp(-2 * np.arccos(np.minimum(np.abs(cosines), 1.0)))
    links = sp.csr_array(
        (values.ravel(), near.ravel(), np.arange(n + 1) * k), shape=(n, n)
    )
    links.sort_indices()
    return links


def spectral_labels(
    links: sp.csr_array,
    n_clusters: int,
    random_state: np.random.RandomState,
    backend: Backend,
) -> NDArray:
    """Cut a graph of links by its leading eigenvectors and k-means.

    Parameters
    ----------
    links : csr_array of shape (n, n)
        Of any sign; sizes count, in both directions.
    n_clusters : int
        Number of labels, at most n.
    random_state : RandomState
        Decides where k-means starts.
    backend : Backend
        Where products are computed.

    Returns
    -------
    ndarray of shape (n,), int64
        Labels.
    """
    sizes = abs(links)
    lengths = np.sqrt(np.asarray((sizes * sizes).sum(axis=1)).ravel())
    sizes = sp.diags_array(1 / np.where(lengths > 0, lengths, 1.0)) @ sizes
    graph = Graph.from_adjacency(sp.csr_array(sizes + sizes.T))
    laplacian = graph.laplacian("symmetric")
    kernel = SparseKernel(laplacian.transition, backend, laplacian.on(backend))
    _, vectors = leading_eigenpairs(kernel, n_clusters)
    degrees = np.where(graph.degrees > 0, graph.degrees, np.inf)
    placed = vectors / np.sqrt(degrees)[:, None]
    seed = random_state.randint(2**31 - 1)
    n_distinct = len(np.unique(placed.round(12), axis=0))
    model = KMeans(min(n_clusters, n_distinct), n_init=5, random_state=seed)
    return model.fit_predict(placed).astype(np.int64)
