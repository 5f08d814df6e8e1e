"""The sparse matrices of a graph: on one pattern, and read-only."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array


def checked_adjacency(adjacency):
    """Return a copy as CSR array, square and with finite weights >= 0."""
    adjacency = sp.csr_array(adjacency, dtype=np.float64, copy=True)
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(
            "adjacency must be a square matrix of shape (n_nodes, n_nodes), got "
            f"{adjacency.shape}."
        )
    adjacency.sum_duplicates()
    if adjacency.nnz and not (
        np.isfinite(adjacency.data).all() and adjacency.data.min() >= 0
    ):
        raise ValueError(
            "adjacency must hold finite weights >= 0; it holds negative, NaN or "
            "infinite ones."
        )
    return adjacency


def adjacency_of_edges(edges, weights, n_nodes, directed):
    """Sum the weights of pairs of nodes; without weights each pair is 1."""
    edges = np.asarray(edges)
    if edges.size == 0:
        edges = edges.reshape(0, 2).astype(np.int64)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        raise ValueError(
            "edges must be an integer array of shape (n_edges, 2), got "
            f"{edges.dtype} of shape {edges.shape}."
        )
    edges = edges.astype(np.int64)
    largest = int(edges.max(initial=-1)) + 1
    n_nodes = largest if n_nodes is None else n_nodes
    if largest > n_nodes or edges.min(initial=0) < 0:
        raise ValueError(f"edges must name nodes from 0 to {n_nodes - 1}.")
    values = np.ones(len(edges)) if weights is None else np.asarray(weights, float)
    if values.shape != (len(edges),):
        raise ValueError(
            f"weights must have shape ({len(edges)},), got {values.shape}."
        )
    if values.size and not values.min() >= 0:
        raise ValueError("weights must be finite and >= 0; some are not.")
    adjacency = sp.csr_array((values, edges.T), shape=(n_nodes, n_nodes))
    if not directed:
        loops = sp.diags_array(adjacency.diagonal())
        adjacency = (adjacency + adjacency.T - loops).tocsr()
    if weights is None:
        adjacency.data[:] = 1.0
    return adjacency


def lengths_on(adjacency, lengths):
    """Return lengths on the pattern of the adjacency: those given, or ones."""
    if lengths is None:
        lengths = adjacency.copy()
        lengths.data[:] = 1.0
        return lengths
    lengths = sp.csr_array(lengths, dtype=np.float64, copy=True)
    lengths.sum_duplicates()
    if not (
        np.array_equal(lengths.indptr, adjacency.indptr)
        and np.array_equal(lengths.indices, adjacency.indices)
    ):
        raise ValueError("lengths must have the sparsity pattern of the adjacency.")
    if lengths.nnz and not lengths.data.min() >= 0:
        raise ValueError("lengths must be >= 0; some are negative or NaN.")
    return lengths


def features_of_nodes(features, n_nodes):
    """Return a read-only copy of features, one row a node; floats keep their width."""
    if features is None:
        return None
    try:
        features = check_array(
            features,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            copy=True,
            input_name="node_features",
            ensure_min_samples=0,
        )
    except ValueError as error:
        raise ValueError(f"node_features: {error}") from None
    if features.shape[0] != n_nodes:
        raise ValueError(
            f"node_features has {features.shape[0]} rows for {n_nodes} nodes."
        )
    return frozen(sp.csr_array(features) if sp.issparse(features) else features)


def frozen(matrix):
    """Make an array, or those of a CSR matrix, read-only."""
    if sp.issparse(matrix):
        for part in (matrix.data, matrix.indices, matrix.indptr):
            part.flags.writeable = False
    elif matrix is not None:
        matrix.flags.writeable = False
    return matrix


def narrow(matrix):
    """Let the indices of a CSR matrix be of 32 bits, where that is enough."""
    if (
        matrix.indices.dtype != np.int32
        and max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max
    ):
        matrix.indices = matrix.indices.astype(np.int32)
        matrix.indptr = matrix.indptr.astype(np.int32)
    return matrix
