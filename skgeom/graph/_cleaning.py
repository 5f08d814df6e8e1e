"""Repairing the neighbours of noisy points.

Noise moves points off the shape that they lie on, and puts a few of them between parts
of the shape that are far apart along it, where they make shortcuts. Three steps
answer, each a plain function: drop the directions that hold noise alone, pull points
back to their local plane, and cut the edges whose ends have the fewest neighbours in
common.
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import row_blocks
from skgeom.graph._graph import Graph
from skgeom.graph._neighbors import nearest_neighbors

# Points whose local spectra are looked at for the dimension.
_DIMENSION_SAMPLE = 1_000


# Neighbours by which the overlap of two ends is measured.
_OVERLAP_NEIGHBORS = 50
# Fewer columns than this hold no room for noise directions.
_MANY_FEATURES = 10


def robust_graph(X, *, n_neighbors=10, smoothing=50, pruning=0.1, backend=None):
    """Join noisy points to their neighbours along the shape that they lie near.

    With more than ten features, noise directions are dropped first
    (`truncate_noise`); then points are smoothed (`smooth_locally`), joined by
    alpha-decay affinities, and shortcuts are cut (`prune_shortcuts`).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    n_neighbors : int, default=10
        Neighbours of a point in the graph.
    smoothing : int, default=50
        Size of the neighbourhoods that points are smoothed by; 0 is off.
    pruning : float, default=0.1
        Share of the edges to cut, in [0, 1); 0 is off.
    backend : Backend, default=None
        Where neighbours are searched.

    Returns
    -------
    Graph
        Undirected; `lengths` holds distances between smoothed points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import robust_graph
    >>> X = np.random.default_rng(0).uniform(size=(200, 3))
    >>> robust_graph(X).n_nodes
    200
    """
    n = X.shape[0]
    if X.shape[1] > _MANY_FEATURES:
        X = truncate_noise(X)
    if smoothing:
        X = smooth_locally(X, n_neighbors=smoothing, backend=backend)
    width = min(n - 1, max(_OVERLAP_NEIGHBORS, 2 * n_neighbors))
    distances, indices = nearest_neighbors(X, n_neighbors=width, backend=backend)
    # Affinities below the floor are dropped, so that only the first of the wide lists
    # become edges.
    graph = Graph.from_neighbors(
        distances, indices, bandwidth=distances[:, n_neighbors - 1]
    )
    return prune_shortcuts(graph, indices, pruning)


def truncate_noise(X):
    r"""Keep the singular directions of the points that stand above the noise.

    Those are the ones with a singular value above :math:`\omega(\beta)` times the
    median, the optimal hard threshold for white noise of unknown level [1]_.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.

    Returns
    -------
    ndarray of shape (n_samples, n_kept)
        Centred coordinates in the kept directions, at least two of them where X has
        two columns.

    References
    ----------
    .. [1] Gavish and Donoho, "The optimal hard threshold for singular values is
       4/sqrt(3)", IEEE Transactions on Information Theory 60, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import truncate_noise
    >>> rng = np.random.default_rng(0)
    >>> plane = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 30))
    >>> truncate_noise(plane + 0.01 * rng.normal(size=(500, 30))).shape
    (500, 2)
    """
    centered = X - X.mean(axis=0)
    U, values, _ = np.linalg.svd(centered, full_matrices=False)
    beta = min(X.shape) / max(X.shape)
    # The cubic approximation that the paper gives for an unknown noise level.
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    kept = max(2, int(np.count_nonzero(values > omega * np.median(values))))
    return U[:, :kept] * values[:kept]


def local_dimension(X, indices, explained=0.7):
    """Directions that hold most of the variance of a typical neighbourhood.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    indices : ndarray of shape (n_samples, n_neighbors)
        Neighbours of each point.
    explained : float, default=0.7
        Share of the variance, in (0, 1].

    Returns
    -------
    int
        The least number of principal directions whose median share reaches
        `explained`, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import local_dimension, nearest_neighbors
    >>> X = np.random.default_rng(0).uniform(size=(500, 2)) @ [[1, 0, 1], [0, 1, 1]]
    >>> local_dimension(X, nearest_neighbors(X, n_neighbors=30)[1])
    2
    """
    n = len(X)
    sample = np.unique(np.linspace(0, n - 1, min(n, _DIMENSION_SAMPLE)).astype(int))
    spectra = []
    for rows in row_blocks(len(sample), 8 * indices.shape[1] * X.shape[1]):
        cloud = X[indices[sample[rows]]]
        cloud = cloud - cloud.mean(axis=1, keepdims=True)
        spectra.append(np.linalg.eigvalsh(cloud.transpose(0, 2, 1) @ cloud))
    typical = np.median(np.concatenate(spectra), axis=0)[::-1]
    total = typical.sum()
    if total <= 0:
        return 1
    # A share that is reached but for rounding is reached.
    below = np.cumsum(typical) < explained * total * (1 - 1e-12)
    return 1 + int(np.count_nonzero(below))


def smooth_locally(X, *, n_neighbors=50, explained=0.7, backend=None):
    """Pull points back to the planes that their neighbourhoods lie near.

    Each neighbourhood is projected on its principal directions, as many as
    `local_dimension` finds, and each point moves to the mean of its projections over
    all neighbourhoods that hold it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    n_neighbors : int, default=50
        Size of a neighbourhood; more than there are other points means all.
    explained : float, default=0.7
        Share of the local variance that counts as the shape, in (0, 1].
    backend : Backend, default=None
        Where neighbours are searched.

    Returns
    -------
    ndarray of shape (n_samples, n_features), float64
        The smoothed points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import smooth_locally
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([rng.uniform(0, 9, 400), 0.1 * rng.normal(size=400)])
    >>> bool(smooth_locally(X)[:, 1].std() < 0.05)
    True
    """
    from skgeom.backends._kernels import mean_projections

    n, n_features = X.shape
    k = min(n_neighbors, n - 1)
    _, indices = nearest_neighbors(X, n_neighbors=k, backend=backend)
    members = np.concatenate([np.arange(n)[:, None], indices], axis=1)
    X = np.ascontiguousarray(X, dtype=np.float64)
    n_axes = min(local_dimension(X, members, explained), n_features)
    centers, axes = np.empty((n, n_features)), np.empty((n, n_features, n_axes))
    for rows in row_blocks(n, 8 * (k + 1) * n_features):
        cloud = X[members[rows]]
        centers[rows] = cloud.mean(axis=1)
        cloud = cloud - centers[rows, None]
        _, vectors = np.linalg.eigh(cloud.transpose(0, 2, 1) @ cloud)
        axes[rows] = vectors[:, :, n_features - n_axes :]
    # Row j of the transpose lists the neighbourhoods that hold point j.
    held = sp.csr_array(
        (np.ones(members.size, np.int8), members.ravel(), np.arange(n + 1) * (k + 1)),
        shape=(n, n),
    ).T.tocsr()
    return mean_projections(held.indptr, held.indices, X, centers, axes)


def neighbor_overlap(graph, indices):
    """Share of neighbours that the two ends of each edge have in common.

    Parameters
    ----------
    graph : Graph
        Its stored edges are asked for.
    indices : ndarray of shape (n_nodes, n_neighbors)
        Neighbours of each node; the node itself counts as one more.

    Returns
    -------
    ndarray of shape (nnz,)
        Jaccard index in [0, 1], in the order of ``graph.adjacency.data``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph, neighbor_overlap
    >>> triangle = Graph.from_edges([[0, 1], [1, 2], [2, 0]])
    >>> neighbor_overlap(triangle, np.array([[1, 2], [0, 2], [0, 1]]))
    array([1., 1., 1., 1., 1., 1.])
    """
    from skgeom.backends._kernels import common_entries

    own = np.arange(graph.n_nodes)[:, None]
    members = np.sort(np.concatenate([own, indices], axis=1), axis=1)
    edges = graph.adjacency
    common = common_entries(edges.indptr, edges.indices, members)
    return common / (2 * members.shape[1] - common)


def prune_shortcuts(graph, indices, share=0.1):
    """Cut the edges whose ends have the fewest neighbours in common.

    Ends of an edge along the data share most of their neighbours, ends of a shortcut
    few. No connected component falls apart: where the cut would separate nodes, the
    shortest of the edges between them stay.

    Parameters
    ----------
    graph : Graph
        Undirected.
    indices : ndarray of shape (n_nodes, n_neighbors)
        Neighbours of each node by which the overlap is measured; more of them than
        the graph has edges make it sharper.
    share : float, default=0.1
        Share of the edges to cut, in [0, 1).

    Returns
    -------
    Graph
        The same nodes and components, fewer edges.

    Raises
    ------
    ValueError
        If `share` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph, nearest_neighbors, prune_shortcuts
    >>> X = np.random.default_rng(0).uniform(size=(300, 2))
    >>> graph = Graph.from_points(X)
    >>> wide = nearest_neighbors(X, n_neighbors=30)[1]
    >>> 0.85 < prune_shortcuts(graph, wide).n_edges / graph.n_edges < 0.95
    True
    """
    if not 0 <= share < 1:
        raise ValueError(f"share={share!r} must be in [0, 1).")
    overlap = neighbor_overlap(graph, indices)
    if share == 0 or not overlap.size:
        return graph
    keep = overlap > np.quantile(overlap, share)
    keep |= _spanning(graph, keep)
    adjacency, lengths = (
        _kept(matrix, keep) for matrix in (graph.adjacency, graph.lengths)
    )
    return Graph(
        adjacency, directed=False, lengths=lengths, node_names=graph.node_names
    )


def _spanning(graph, keep):
    """Mark the shortest dropped edges that hold the components of a graph together."""
    count, labels = csgraph.connected_components(
        _kept(graph.adjacency, keep), directed=False
    )
    if count == graph.connected_components[0]:
        return np.zeros_like(keep)
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.lengths.indptr))
    one, two = labels[rows], labels[graph.lengths.indices]
    across = np.flatnonzero((one < two) & ~keep)
    order = across[np.argsort(graph.lengths.data[across], kind="stable")]
    # The shortest edge of each pair of parts, numbered by rank: zeros and ties are no
    # matter to the spanning tree.
    pairs, first = np.unique(one[order] * count + two[order], return_index=True)
    ranks = sp.csr_array(
        (first + 1.0, (pairs // count, pairs % count)), shape=(count, count)
    )
    tree = csgraph.minimum_spanning_tree(ranks)
    chosen = order[tree.data.astype(np.int64) - 1]
    nodes = rows[chosen], graph.lengths.indices[chosen]
    marked = np.zeros_like(keep)
    marked[chosen] = True
    # The same edges seen from their other ends.
    both = sp.csr_array(
        (np.ones(len(chosen)), (nodes[1], nodes[0])), shape=graph.adjacency.shape
    )
    numbered = graph.adjacency.copy()
    numbered.data = np.arange(1.0, len(keep) + 1)
    marked[both.multiply(numbered).tocsr().data.astype(np.int64) - 1] = True
    return marked


def _kept(matrix, keep):
    """The stored entries of a CSR array that a mask names, zeros among them."""
    indptr = np.concatenate([[0], np.cumsum(keep)])[matrix.indptr]
    return sp.csr_array(
        (matrix.data[keep], matrix.indices[keep], indptr), shape=matrix.shape
    )
