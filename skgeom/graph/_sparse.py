"""The sparse matrices of a graph: on one pattern, and read-only."""

from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array

from skgeom._warnings import warn
from skgeom.graph._names import in_order_of_names

# Ids may be this many times as large as all ends of edges could need, and in any case
# as large as the second: the arrays of a graph are as long as its largest id.
_SPARE_IDS, _FREE_IDS = 64, 2**20
# Sums of weights below this are taken for none: their inverse may not be a number.
NOTHING = 1e-300
# More nodes than any machine holds arrays for.
_MOST_NODES = 2**32


def checked_adjacency(adjacency, node_names=None):
    """Return a copy as CSR array, square and with finite weights >= 0."""
    adjacency = sp.csr_array(adjacency, dtype=np.float64, copy=True)
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(
            "adjacency must be a square matrix of shape (n_nodes, n_nodes), got "
            f"{adjacency.shape}."
        )
    if node_names is not None and len(node_names) != adjacency.shape[0]:
        raise ValueError(
            f"node_names has {len(node_names)} entries for {adjacency.shape[0]} nodes."
        )
    adjacency.sum_duplicates()
    wrong = _first_wrong(adjacency.data)
    if wrong is not None:
        row = np.searchsorted(adjacency.indptr, wrong, "right") - 1
        ends = row, adjacency.indices[wrong]
        if node_names is not None:
            ends = tuple(node_names[end] for end in ends)
        raise ValueError(
            "adjacency must hold finite weights >= 0; that of the edge "
            f"{_edge(ends)} is {adjacency.data[wrong]}."
        )
    return adjacency


def checked_degrees(adjacency):
    """Sums of the weights of rows, where these and their inverses are numbers."""
    largest = adjacency.data.max(initial=0.0)
    if largest and not NOTHING <= largest <= 1 / NOTHING:
        raise ValueError(
            f"adjacency has weights up to {largest:.2g}; the largest must be from "
            f"{NOTHING:g} to {1 / NOTHING:g} for degrees and Laplacians. Their unit is "
            "of no account there: divide them."
        )
    degrees = adjacency.sum(axis=1)
    degrees[degrees < NOTHING] = 0.0
    return degrees


def _first_wrong(weights):
    """The position of the first weight that is not finite or negative, or None."""
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    return int(np.argmax(wrong)) if wrong.any() else None


def _edge(ends):
    """Write an edge for people, whatever integers its ends are."""
    one, two = (int(end) if isinstance(end, Integral) else end for end in ends)
    return f"({one!r}, {two!r})"


def adjacency_of_edges(edges, weights, n_nodes, directed):
    """Sum the weights of pairs of nodes; without weights each pair is 1."""
    edges = np.asarray(edges)
    if edges.size == 0:
        edges = edges.reshape(0, 2).astype(np.int64)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        turned = edges.ndim == 2 and edges.shape[0] == 2 and edges.shape[1] != 2
        raise ValueError(
            "edges must be an integer array of shape (n_edges, 2), got "
            f"{edges.dtype} of shape {edges.shape}."
            + " If its rows are the two ends of the edges, pass edges.T."
            * turned
        )
    guessed, n_nodes = n_nodes is None, _checked_n_nodes(edges, n_nodes)
    edges = edges.astype(np.int64)
    if guessed and len(edges):
        _warn_of_numbers_that_are_names(edges)
    values = np.ones(len(edges)) if weights is None else np.asarray(weights, float)
    if values.shape != (len(edges),):
        raise ValueError(
            f"weights must have shape ({len(edges)},), got {values.shape}."
        )
    wrong = _first_wrong(values)
    if wrong is not None:
        raise ValueError(
            f"weights must be finite and >= 0; that of the edge {_edge(edges[wrong])} "
            f"is {values[wrong]}."
        )
    adjacency = sp.csr_array((values, edges.T), shape=(n_nodes, n_nodes))
    if not directed:
        loops = sp.diags_array(adjacency.diagonal())
        adjacency = (adjacency + adjacency.T - loops).tocsr()
    if weights is None:
        adjacency.data[:] = 1.0
    return adjacency


def adjacency_of_networkx(graph, weight):
    """The weights of a networkx graph; 1 where an edge has none."""
    import networkx as nx

    if not (hasattr(graph, "nodes") and hasattr(graph, "is_directed")):
        raise TypeError(
            f"graph must be a networkx graph, got a {type(graph).__name__}. "
            "Graph.from_adjacency takes a matrix, Graph.from_edges a list of edges."
        )
    if not len(graph):
        raise ValueError("graph has no nodes; at least one is required.")
    try:
        return nx.to_scipy_sparse_array(graph, weight=weight, dtype=np.float64)
    except (TypeError, ValueError):
        for one, two, value in graph.edges(data=weight, default=1):
            if not isinstance(value, Real):
                raise ValueError(
                    f"weight={weight!r} must name numbers >= 0; that of the edge "
                    f"({one!r}, {two!r}) is {value!r}."
                ) from None
        raise


def _warn_of_numbers_that_are_names(edges):
    """Ids begin at 0; if all are beyond the number of nodes, they hardly are ids."""
    least, found = edges.min(), len(np.unique(edges))
    if least >= max(found, 10):
        warn(
            f"edges have {found} different ids, from {least} to {edges.max()}. Ids "
            f"count from 0: there are {edges.max() + 1} nodes, most without an edge. "
            "Numbers that are names have to be text, as edges.astype(str) makes them; "
            "n_nodes says that this is meant."
        )


def _checked_n_nodes(edges, n_nodes):
    """The number of nodes, if the edges may name it: not of the size of any id."""
    # Numbers of Python: those of NumPy would overflow.
    smallest, largest = int(edges.min(initial=0)), int(edges.max(initial=0))
    needed = largest + 1 if edges.size else 0
    if n_nodes is None:
        n_nodes = needed
        if needed > max(_FREE_IDS, _SPARE_IDS * edges.size):
            raise ValueError(
                f"edges name node {largest}, and there would be as many nodes, but the "
                f"ends of {len(edges)} edges can be {edges.size} at most. Number them: "
                "names, ids = np.unique(edges, return_inverse=True), and pass "
                "ids.reshape(-1, 2); or say that there are so many nodes: "
                f"n_nodes={needed}."
            )
    elif not isinstance(n_nodes, Integral) or not 0 <= n_nodes <= _MOST_NODES:
        raise ValueError(
            f"n_nodes must be an integer from 0 to {_MOST_NODES}, got {n_nodes!r}."
        )
    if smallest < 0 or needed > n_nodes:
        raise ValueError(
            f"edges must name nodes from 0 to {n_nodes - 1}, got "
            f"{smallest if smallest < 0 else largest}."
        )
    return int(n_nodes)


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


def features_of_nodes(features, n_nodes, node_names=None):
    """Return a read-only copy of features, one row a node; floats keep their width.

    Rows of a data frame whose index is of text go to the nodes of these names.
    """
    if features is None:
        return None
    if node_names is not None:
        features = in_order_of_names(features, node_names)
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
        text = "could not convert" in str(error)
        remedy = " Leave columns of text out, or encode them." if text else ""
        raise ValueError(f"node_features: {error}{remedy}") from None
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
