"""The sources of a graph that estimators take: points, a known graph, links."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_non_negative, validate_data

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.graph import (
    Attachment,
    Graph,
    KnownRows,
    canonical_csr,
    equal_rows,
    nearest_neighbors,
    neighbors_from_graph,
)
from skgeom.graph._names import holds_names


class GraphInputMixin:
    """The three sources of a graph: points, a known graph, links.

    Sub-classes have the parameters `graph`, `affinity`, `n_neighbors` and take their
    graph from `_fit_graph` and new rows from `_attach`.

    Examples
    --------
    >>> from skgeom.base import GeometryEstimator, GraphInputMixin
    >>> class Degrees(GraphInputMixin, GeometryEstimator):
    ...     def __init__(self, graph=None, affinity="precomputed", device="auto"):
    ...         self.graph, self.affinity, self.device = graph, affinity, device
    ...     def fit(self, X):
    ...         self.graph_, rows, _ = self._fit_graph(X, self._backend_for(X))
    ...         self.degrees_ = self.graph_.degrees[rows]
    ...         return self
    >>> Degrees().fit([[0, 2], [2, 0]]).degrees_
    array([2., 2.])
    """

    def _fit_graph(self, X, backend):
        """Read the input of `fit`.

        Returns
        -------
        graph : Graph
            Undirected.
        rows : ndarray of shape (n_samples,)
            The node of each row of X.
        points : ndarray of shape (n_samples, n_features) or None
            Where nodes lie, if that is known.
        """
        if self.graph is not None:
            rows = self._read_ids(X, self.graph.n_nodes, reset=True)
            return self._undirected(self.graph), rows, None
        sparse = "csr" if self.affinity != "nearest_neighbors" else False
        X = self._validated(X, reset=True, accept_sparse=sparse, ensure_min_samples=2)
        rows = np.arange(X.shape[0])
        if self.affinity == "nearest_neighbors":
            points, rows = self._distinct(X) if self._merges_rows else (X, rows)
            n_neighbors = self._feasible_neighbors(len(points) - 1)
            graph = self._graph_of_points(points, n_neighbors, backend)
            self._fit_points, self._fit_rows = points, rows
            return graph, rows, points
        if X.shape[0] != X.shape[1]:
            raise ValueError(
                f"{self._source}={self.affinity!r} needs a square matrix of shape "
                f"(n_samples, n_samples), got {X.shape}."
            )
        check_non_negative(
            X, f"{type(self).__name__} ({self._source}={self.affinity!r})"
        )
        if self.affinity == "precomputed":
            self._known_rows = KnownRows(canonical_csr(X))
            return self._undirected(Graph.from_adjacency(X)), rows, None
        neighbors = neighbors_from_graph(
            sp.csr_array(X), self._feasible_neighbors(X.shape[0] - 1)
        )
        return self._graph_of_neighbors(*neighbors), rows, None

    # Whether identical rows are one node: then a row that comes twice is a row that
    # weighs twice as much.
    _merges_rows = False

    def _distinct(self, X):
        """Rows that differ, in the order of the first of each, and which each is."""
        found = np.unique(equal_rows(X), return_index=True, return_inverse=True)
        _, first, group = found
        if not 1 < len(first) < len(X):
            return X, np.arange(len(X))
        order = np.argsort(first)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return X[first[order]], rank[group]

    def _graph_of_points(self, X, n_neighbors, backend):
        """Join points to their neighbours; sub-classes may do so in another way."""
        return Graph.from_points(X, n_neighbors=n_neighbors, backend=backend)

    def _graph_of_neighbors(self, distances, indices):
        """Join nodes whose nearest are known; sub-classes may do so in another way."""
        return Graph.from_neighbors(distances, indices)

    def _attach(self, X, backend):
        """Read the input of `transform`: how its rows hang on the fitted nodes."""
        n_nodes = self.graph_.n_nodes
        if self.graph is not None:
            return Attachment.to_nodes(self._read_ids(X, n_nodes), n_nodes)
        if self.affinity == "precomputed":
            X = self._validated(X, reset=False, accept_sparse="csr")
            check_non_negative(X, f"{type(self).__name__}.transform")
            return Attachment.to_links(X, self._known_rows)
        # One neighbour more than asked: the farthest only sets the radius. With two or
        # more, nothing jumps where another node becomes the nearest.
        k = min(max(self.n_neighbors, 2) + 1, n_nodes)
        if self.affinity == "precomputed_nearest_neighbors":
            X = self._validated(X, reset=False, accept_sparse="csr")
            return _attached_lists(sp.csr_array(X), k, n_nodes)
        X = self._validated(X, reset=False, backend=backend)
        if self._is_fitted_on(X):
            own = Attachment.to_points(self._fit_points, k)
            return own.of_rows(self._fit_rows) if self._merges_rows else own
        neighbors = nearest_neighbors(
            self._fit_points, X, n_neighbors=k, backend=backend
        )
        return Attachment.to_neighbors(*neighbors, n_nodes)

    def _is_of_points(self):
        """Whether rows are points that are joined to their neighbours."""
        return self.graph is None and self.affinity == "nearest_neighbors"

    def _is_fitted_on(self, X):
        """Whether X is the points of `fit`, whose neighbours need no search."""
        if not isinstance(X, np.ndarray) or len(X) != len(self._fit_rows):
            return False
        if len(self._fit_rows) == len(self._fit_points):
            return np.array_equal(X, self._fit_points)
        return np.array_equal(X, self._fit_points[self._fit_rows])

    def _feasible_neighbors(self, available):
        if self.n_neighbors > available:
            warn(
                f"n_neighbors={self.n_neighbors} is more than the {available} other "
                f"samples; all {available} are used.",
            )
        return min(self.n_neighbors, available)

    @property
    def _named_graph(self):
        """The graph by which nodes are named; sub-classes may have several."""
        return self.graph

    # The name of the parameter that says what X holds.
    _source = "affinity"

    # Whether the method knows what the direction of an edge means.
    _directed = False

    def _undirected(self, graph):
        if self._directed:
            return graph
        if graph.directed:
            warn(
                "The graph is directed (its adjacency is not symmetric); the mean of "
                "both directions is used.",
            )
        return graph.to_undirected()

    def _read_ids(self, X, n_nodes, *, reset=False):
        """The node of each row of X, which is a column of node ids."""
        expected = "With graph=Graph(...), X must be a column of node ids or names"
        self._refuse_graph(X)
        X = as_numpy(X)
        column = np.asarray(X)
        if holds_names(column):
            return self._read_names(X, column, expected, reset)
        X = self._validated(X, reset=reset, ensure_all_finite=False)
        if X.shape[1] != 1:
            raise ValueError(
                f"{expected} of shape (n_samples, 1); got shape {X.shape}."
            )
        whole = np.isfinite(X[:, 0]) & (X[:, 0] == np.round(X[:, 0]))
        if not whole.all():
            row = np.argmin(whole)
            raise ValueError(f"{expected}; row {row} holds {X[row, 0]}.")
        ids = X[:, 0].astype(np.int64)
        if ids.size and not (ids.min() >= 0 and ids.max() < n_nodes):
            raise ValueError(
                f"Node ids in X must be from 0 to {n_nodes - 1}, got {ids.min()} to "
                f"{ids.max()}."
            )
        if reset and ids.size:
            self._warn_of_ids_that_are_names(ids[0])
        return ids

    def _warn_of_ids_that_are_names(self, first):
        """A number that is the name of one node and the id of another is doubtful."""
        graph = self._named_graph
        names = None if graph is None else graph.node_names
        if names is None or not isinstance(names[first], str):
            return
        if names[first] != str(first) and str(first) in names:
            warn(
                f"X holds the number {first}, which is taken for the id of the node "
                f"named {str(names[first])!r}; another node has the name '{first}'. "
                "Names have to be text, as X.astype(str) makes them."
            )

    def _read_names(self, X, column, expected, reset):
        """The node of each row of X, which is a column of names."""
        graph = self._named_graph
        if graph.node_names is None:
            raise ValueError(
                f"{expected}; it holds names, and the graph has no node_names."
            )
        if column.ndim != 2 or column.shape[1] != 1:
            many = "Choose the column that has them, as X[['id']]."
            flat = "A list or Series becomes one by np.reshape(X, (-1, 1))."
            raise ValueError(
                f"{expected} of shape (n_samples, 1); got shape {column.shape}. "
                f"{flat if column.ndim == 1 else many}"
            )
        if not len(column):
            raise ValueError(f"{expected}; it has no rows: 0 sample(s).")
        validate_data(self, X, reset=reset, skip_check_array=True)
        try:
            return graph.ids(column[:, 0])
        except ValueError as error:
            raise ValueError(f"{expected}: {error}") from None

    def __sklearn_tags__(self):
        """Precomputed input is pairwise, may be sparse, and is not negative."""
        tags = super().__sklearn_tags__()
        precomputed = self.graph is None and self.affinity != "nearest_neighbors"
        tags.input_tags.pairwise = precomputed
        tags.input_tags.sparse = precomputed
        tags.input_tags.positive_only = precomputed
        return tags


def _attached_lists(X, k, n_nodes):
    """Rows by lists of at most k neighbours; a short list is its own row's alone."""
    counts = np.clip(np.diff(X.indptr), 1, k)
    order = np.argsort(counts, kind="stable")
    parts = []
    for count in np.unique(counts):
        rows = X[np.flatnonzero(counts == count)]
        found = neighbors_from_graph(rows, int(count), include_self=True)
        parts.append(Attachment.to_neighbors(*found, n_nodes))
    return Attachment.stacked(parts).of_rows(np.argsort(order))
