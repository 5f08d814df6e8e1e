"""What every estimator shares: the boundary in and out, the device, the callbacks."""

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
)
from sklearn.utils.validation import check_non_negative, validate_data

from skgeom._boundary import KNOWS_NAMESPACES, guard, on_host
from skgeom.backends import (
    MissingDeviceError,
    as_numpy,
    get_backend,
    is_sound_tensor,
    is_torch,
    row_blocks,
)
from skgeom.graph import (
    Graph,
    KnownRows,
    canonical_csr,
    nearest_neighbors,
    neighbors_from_graph,
)
from skgeom.typing import MatrixLike, NDArray

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # pragma: no cover

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks yet."""

    def with_callbacks(method):
        """Return the method itself."""
        return method


__all__ = [
    "Attachment",
    "GeometryEstimator",
    "GraphInputMixin",
    "with_callbacks",
]

# Solver steps between two calls of the callbacks.
_STEPS_PER_CALL = 50


class GeometryEstimator(CallbackSupportMixin, BaseEstimator):
    """Base class: validated input, one `device` parameter, output like the input.

    Sub-classes have a parameter `device` and may have `n_jobs`. What they fit is on
    the host, whatever the device, so that it can be loaded anywhere; their public
    methods are those that `skgeom._boundary` describes.

    Examples
    --------
    >>> from skgeom.base import GeometryEstimator
    >>> class Identity(GeometryEstimator):
    ...     def __init__(self, device="auto"):
    ...         self.device = device
    ...     def transform(self, X):
    ...         return self._output(self._validated(X, reset=True), like=X)
    >>> Identity().transform([[1, 2]])
    array([[1., 2.]])
    """

    def __init_subclass__(cls, **kwargs):
        """Put the boundary around the public methods."""
        super().__init_subclass__(**kwargs)
        guard(cls)

    def __getstate__(self):
        """Pickle and copy with all arrays on the host."""
        state = super().__getstate__()
        return {name: on_host(value) for name, value in state.items()}

    def _backend_for(self, X, *, reset=False):
        """Choose the backend that `device` and the type of X ask for.

        Where the device is missing, `fit` (with `reset`) fails; a fitted model works
        on without it.
        """
        n_jobs = getattr(self, "n_jobs", None)
        lacking = () if reset else (MissingDeviceError, ImportError)
        try:
            return get_backend(self.device, like=X, n_jobs=n_jobs)
        except lacking as error:
            warnings.warn(
                f"{error} The fitted {type(self).__name__} goes on without it.",
                UserWarning,
                stacklevel=3,
            )
            return get_backend(like=X, n_jobs=n_jobs)
        except ValueError as error:
            raise InvalidParameterError(f"{type(self).__name__}: {error}") from None

    def _validated(self, X, *, reset, backend=None, **checks):
        """Validate X on the host; floats keep their width, the rest become float64.

        With a backend, a tensor that is in order is not brought to the host to be seen.
        """
        self._refuse_graph(X)
        if backend is not None and is_sound_tensor(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return backend.asarray(X)
        return validate_data(
            self, as_numpy(X), reset=reset, dtype=[np.float64, np.float32], **checks
        )

    def _refuse_graph(self, X):
        """Tell those who pass a graph as X where it belongs."""
        if not (isinstance(X, Graph) or (hasattr(X, "nodes") and hasattr(X, "edges"))):
            return
        name, there = type(self).__name__, "takes no graphs."
        if hasattr(self, "graph"):
            graph = "graph" if isinstance(X, Graph) else "Graph.from_networkx(graph)"
            there = (
                f"takes one as {name}(graph={graph}), with a column of node ids as X; "
                "np.arange(n_nodes)[:, None] is all of them."
            )
        raise ValueError(
            f"X must be an array, got a {type(X).__name__}. {name} {there}"
        )

    def _kept(self, array, like):
        """Return a fitted attribute: in the width of X, on the host wherever X is."""
        return np.asarray(array, dtype=np.float32 if _is_float32(like) else np.float64)

    def _output(self, array, like):
        """Return a host array in the namespace, on the device and in the width of X."""
        array = self._kept(array, like)
        return get_backend(like=like).asarray(array) if is_torch(like) else array

    def _output_labels(self, labels, like):
        """Return labels in the namespace and on the device of X; text stays here."""
        numbers = labels.dtype.kind in "biuf" and is_torch(like)
        return get_backend(like=like).asarray(labels) if numbers else labels

    def _progress(self, max_steps, measure="stress"):
        """Open the callbacks' context; return what a solver calls after each step."""
        if not hasattr(self, "_init_callback_context"):
            return None
        n_calls = -(-max_steps // _STEPS_PER_CALL)
        context = self._init_callback_context(max_subtasks=n_calls)
        context.call_on_fit_task_begin(estimator=self)

        n_made = 0

        def after_step(step, value):
            nonlocal n_made
            # Solvers on a device come by after every sixteen steps.
            if step // _STEPS_PER_CALL == n_made and step != max_steps:
                return False
            n_made = step // _STEPS_PER_CALL
            task = context.subcontext(task_name=f"step {step}, {measure} {value:.4f}")
            task.call_on_fit_task_begin(estimator=self)
            return bool(task.call_on_fit_task_end(estimator=self))

        after_step.close = lambda: context.call_on_fit_task_end(estimator=self)
        return after_step

    def __sklearn_tags__(self):
        """Arrays of any namespace may come in, where scikit-learn knows them."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = KNOWS_NAMESPACES
        return tags


@dataclass(frozen=True)
class Attachment:
    """How rows given to `transform` hang on the nodes of the fitted graph.

    Parameters
    ----------
    weights : csr_array of shape (n_rows, n_nodes)
        Share of each node, rows summing to one. Node coordinates times this are the
        rows' coordinates.
    lengths : csr_array of shape (n_rows, n_nodes)
        Distance from the row to the node, on the same pattern.
    """

    weights: sp.csr_array
    lengths: sp.csr_array

    @classmethod
    def to_nodes(cls, nodes: NDArray, n_nodes: int) -> Self:
        """Rows that are nodes themselves."""
        shape, pattern = (len(nodes), n_nodes), (nodes, np.arange(len(nodes) + 1))
        ones, zeros = np.ones(len(nodes)), np.zeros(len(nodes))
        return cls(
            sp.csr_array((ones, *pattern), shape=shape),
            sp.csr_array((zeros, *pattern), shape=shape),
        )

    @classmethod
    def to_neighbors(cls, distances: NDArray, indices: NDArray, n_nodes: int) -> Self:
        """Rows between their nearest nodes, by modified Shepard weights.

        With R the distance to the farthest listed node, a node at distance d weighs
        ((R - d) / d)^2 (Franke and Nielson 1980): a row that coincides with nodes takes
        their value, and the result is continuous in the row.
        """
        radius = distances[:, -1:]
        exact = distances <= 0
        safe = np.where(exact, 1.0, distances)
        weights = ((radius - distances) / safe) ** 2
        weights = np.where(exact.any(axis=1, keepdims=True), exact, weights)
        # All at the same distance: they share evenly.
        weights = np.where(weights.max(axis=1, keepdims=True) > 0, weights, 1.0)
        weights = weights / weights.max(axis=1, keepdims=True)
        weights = weights / weights.sum(axis=1, keepdims=True)
        n_rows, k = indices.shape
        pattern = indices.ravel(), np.arange(n_rows + 1) * k
        return cls(
            sp.csr_array((weights.ravel(), *pattern), shape=(n_rows, n_nodes)),
            sp.csr_array((distances.ravel(), *pattern), shape=(n_rows, n_nodes)),
        )

    @classmethod
    def to_links(cls, links: MatrixLike, known: KnownRows) -> Self:
        """Rows known by the weights of their links; each link is one unit long.

        A row whose links are those of a fitted node, listed in `known`, is that node.
        A row without links takes the mean of all nodes, with a warning.
        """
        links = canonical_csr(links)
        same = known.find(links)
        lonely = (np.diff(links.indptr) == 0) & (same < 0)
        if lonely.any():
            warnings.warn(
                f"{lonely.sum()} rows have no link to a fitted node (the first is row "
                f"{np.argmax(lonely)}); they are placed at the mean of all nodes.",
                UserWarning,
                stacklevel=3,
            )
        found = np.flatnonzero(same >= 0)
        nodes = sp.csr_array(
            (np.ones(len(found)), (found, same[found])), shape=links.shape
        )
        everywhere = sp.kron(
            sp.csr_array(lonely[:, None]), np.ones((1, links.shape[1]))
        )
        others = sp.diags_array((same < 0).astype(np.float64)) @ links
        weights = (nodes + everywhere + others).tocsr()
        # Two steps, so that the sum of huge weights stays finite.
        weights = sp.diags_array(1.0 / weights.max(axis=1).toarray().ravel()) @ weights
        weights = sp.diags_array(1.0 / weights.sum(axis=1)) @ weights
        lengths = weights.copy()
        lengths.data[:] = np.repeat(
            np.where(same >= 0, 0.0, 1.0), np.diff(weights.indptr)
        )
        return cls(weights, lengths)

    def shortest(self, node_distances: NDArray) -> NDArray:
        """Distances of the rows, given those of the nodes, shape (n_nodes, m).

        A row that coincides with nodes has their distances, any other row the
        shortest over the nodes that it hangs on.
        """
        indptr, reach = self.lengths.indptr, self.lengths.data
        nearest = np.minimum.reduceat(reach, indptr[:-1])
        coincides = np.repeat(nearest == 0, np.diff(indptr))
        reach = np.where(coincides & (reach > 0), np.inf, reach)
        out = np.empty((len(indptr) - 1, node_distances.shape[1]))
        per_row = 8 * out.shape[1] * int(np.diff(indptr).max())
        for rows in row_blocks(len(out), per_row):
            part = slice(indptr[rows.start], indptr[rows.stop])
            legs = reach[part, None] + node_distances[self.lengths.indices[part]]
            out[rows] = np.minimum.reduceat(legs, indptr[rows] - indptr[rows.start])
        return out

    def restricted_to(self, nodes: NDArray) -> "Attachment":
        """The same rows, with nodes renumbered by their position in `nodes`."""
        return Attachment(self.weights[:, nodes], self.lengths[:, nodes])


class _GraphHandle(HasMethods):
    """The constraint on the parameter `graph`; it says how to make one."""

    def __init__(self):
        super().__init__("laplacian")

    def is_satisfied_by(self, value):
        return isinstance(value, Graph)

    def __str__(self):
        return (
            "a skgeom.graph.Graph, as Graph.from_networkx, Graph.from_adjacency and "
            "Graph.from_edges make it,"
        )


class GraphInputMixin:
    """The three sources of a graph: points, a known graph, links.

    Sub-classes have the parameters `graph`, `affinity`, `n_neighbors` and take their
    graph from `_fit_graph` and new rows from `_attach`.

    Examples
    --------
    >>> from skgeom.base import GraphInputMixin
    >>> sorted(GraphInputMixin._graph_constraints)
    ['affinity', 'graph', 'n_neighbors']
    """

    _graph_constraints = {
        "graph": [_GraphHandle(), None],
        "affinity": [
            StrOptions(
                {"nearest_neighbors", "precomputed", "precomputed_nearest_neighbors"}
            )
        ],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    }

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
            n_neighbors = self._feasible_neighbors(X.shape[0] - 1)
            graph = self._graph_of_points(X, n_neighbors, backend)
            self._fit_points = X
            return graph, rows, X
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
        return Graph.from_neighbors(*neighbors), rows, None

    def _graph_of_points(self, X, n_neighbors, backend):
        """Join points to their neighbours; sub-classes may do so in another way."""
        return Graph.from_points(X, n_neighbors=n_neighbors, backend=backend)

    def _attach(self, X, backend):
        """Read the input of `transform`: how its rows hang on the fitted nodes."""
        n_nodes = self.graph_.n_nodes
        if self.graph is not None:
            return Attachment.to_nodes(self._read_ids(X, n_nodes), n_nodes)
        if self.affinity == "precomputed":
            X = self._validated(X, reset=False, accept_sparse="csr")
            check_non_negative(X, f"{type(self).__name__}.transform")
            return Attachment.to_links(X, self._known_rows)
        # One neighbour more than asked: the farthest only sets the radius.
        k = min(self.n_neighbors + 1, n_nodes)
        if self.affinity == "precomputed_nearest_neighbors":
            X = self._validated(X, reset=False, accept_sparse="csr")
            X = sp.csr_array(X)
            k = max(1, min(k, int(np.diff(X.indptr).min())))
            neighbors = neighbors_from_graph(X, k, include_self=True)
        else:
            X = self._validated(X, reset=False, backend=backend)
            neighbors = nearest_neighbors(
                self._fit_points, X, n_neighbors=k, backend=backend
            )
        return Attachment.to_neighbors(*neighbors, n_nodes)

    def _feasible_neighbors(self, available):
        if self.n_neighbors > available:
            warnings.warn(
                f"n_neighbors={self.n_neighbors} is more than the {available} other "
                f"samples; all {available} are used.",
                UserWarning,
                stacklevel=4,
            )
        return min(self.n_neighbors, available)

    # The name of the parameter that says what X holds.
    _source = "affinity"

    # Whether the method knows what the direction of an edge means.
    _directed = False

    def _undirected(self, graph):
        if self._directed:
            return graph
        if graph.directed:
            warnings.warn(
                "The graph is directed (its adjacency is not symmetric); the mean of "
                "both directions is used.",
                UserWarning,
                stacklevel=4,
            )
        return graph.to_undirected()

    def _read_ids(self, X, n_nodes, *, reset=False):
        """The node of each row of X, which is a column of node ids."""
        expected = "With graph=Graph(...), X must be a column of integer node ids"
        self._refuse_graph(X)
        X = as_numpy(X)
        first = next(iter(np.ravel(X)[:1]), None)
        if isinstance(first, str):
            raise ValueError(
                f"{expected}; it holds text: {str(first)!r}. The id of a name is its "
                "position in graph.node_names."
            )
        X = self._validated(X, reset=reset)
        if X.shape[1] != 1:
            raise ValueError(
                f"{expected} of shape (n_samples, 1); got shape {X.shape}."
            )
        fractional = np.flatnonzero(X[:, 0] != np.round(X[:, 0]))
        if fractional.size:
            row = fractional[0]
            raise ValueError(f"{expected}; row {row} holds {X[row, 0]}.")
        ids = X[:, 0].astype(np.int64)
        if ids.size and not (ids.min() >= 0 and ids.max() < n_nodes):
            raise ValueError(
                f"Node ids in X must be from 0 to {n_nodes - 1}, got {ids.min()} to "
                f"{ids.max()}."
            )
        return ids

    def __sklearn_tags__(self):
        """Precomputed input is pairwise, may be sparse, and is not negative."""
        tags = super().__sklearn_tags__()
        precomputed = self.graph is None and self.affinity != "nearest_neighbors"
        tags.input_tags.pairwise = precomputed
        tags.input_tags.sparse = precomputed
        tags.input_tags.positive_only = precomputed
        return tags


def _is_float32(array):
    """Whether an array or every column of a data frame is float32."""
    dtypes = getattr(array, "dtypes", None)
    dtypes = [getattr(array, "dtype", None)] if dtypes is None else dtypes
    return all(str(dtype).lower().endswith("float32") for dtype in dtypes)
