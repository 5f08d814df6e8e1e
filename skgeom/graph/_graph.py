"""The handle that estimators share: an immutable graph with what is derived from it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import Backend, Steps
from skgeom.graph._constructors import GraphConstructors
from skgeom.graph._laplacian import Laplacian, laplacian_of
from skgeom.graph._names import holds_names, ids_of, index_of
from skgeom.graph._sparse import (
    checked_adjacency,
    checked_degrees,
    features_of_nodes,
    frozen,
    lengths_on,
    narrow,
)
from skgeom.graph._walks import memory_order, steps_of
from skgeom.typing import ArrayLike, MatrixLike, NDArray


class Graph(GraphConstructors):
    """A weighted graph, directed or not, that copies of an estimator share.

    The handle cannot be changed, so `copy.deepcopy` and `sklearn.base.clone` return
    the handle itself and a grid search builds degrees, Laplacians and device copies
    once. Use the constructors: `from_edges`, `from_adjacency`, `from_networkx`,
    `from_points`.

    Parameters
    ----------
    adjacency : sparse matrix of shape (n_nodes, n_nodes)
        Weights, finite and >= 0. Self-loops and isolated nodes are allowed.
    directed : bool, default=None
        Whether ``A[u, v]`` and ``A[v, u]`` may differ. None looks at the matrix;
        differences at rounding level do not count.
    lengths : sparse matrix of shape (n_nodes, n_nodes), default=None
        Edge lengths on the sparsity pattern of the adjacency. None makes each edge one
        unit long.
    node_names : sequence of length n_nodes, default=None
        What the nodes stand for.
    node_features : array or sparse matrix of shape (n_nodes, n_features), default=None
        What is known of each node, finite.

    Attributes
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes), float64
        The weights, read-only.
    lengths : csr_array of shape (n_nodes, n_nodes), float64
        The edge lengths, read-only.
    directed : bool
        Whether the graph is directed.
    node_names : tuple or None
        The names given.
    node_features : ndarray or csr_array of shape (n_nodes, n_features), or None
        The features given, read-only; float32 stays, all else is float64.

    Raises
    ------
    ValueError
        If the matrix is not square, a weight is negative or not finite, a length is
        negative or where no weight is, `directed` is False for an asymmetric matrix, or
        names or features are not one for each node.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> graph = Graph.from_edges([[0, 1], [1, 2]], n_nodes=4)
    >>> graph
    Graph(n_nodes=4, n_edges=2, undirected)
    >>> graph.connected_components[0]
    2
    """

    adjacency: sp.csr_array
    lengths: sp.csr_array
    directed: bool
    node_names: tuple[Any, ...] | None
    node_features: NDArray | sp.csr_array | None
    _laplacians: dict[str, Laplacian]
    _steps: dict[tuple, Steps]

    def __init__(
        self,
        adjacency: MatrixLike,
        *,
        directed: bool | None = None,
        lengths: MatrixLike | None = None,
        node_names: Sequence[Any] | None = None,
        node_features: MatrixLike | None = None,
    ):
        rounding = 1e-5 if _dtype_of(adjacency) == np.float32 else 1e-10
        node_names = None if node_names is None else tuple(node_names)
        adjacency = checked_adjacency(adjacency, node_names)
        if lengths is None:
            adjacency.eliminate_zeros()
        gap = abs(adjacency - adjacency.T)
        asymmetric = bool(gap.nnz) and gap.max() > rounding * adjacency.data.max()
        if gap.nnz and not (asymmetric or directed):
            # Symmetric but for rounding: made exactly so.
            adjacency = ((adjacency + adjacency.T) / 2).tocsr()
        lengths = lengths_on(adjacency, lengths)
        if directed is False and asymmetric:
            raise ValueError("directed=False, but the adjacency is not symmetric.")
        self._set(
            adjacency=frozen(narrow(adjacency)),
            lengths=frozen(narrow(lengths)),
            directed=bool(asymmetric if directed is None else directed),
            node_names=node_names,
            node_features=features_of_nodes(
                node_features, adjacency.shape[0], node_names
            ),
            _laplacians={},
            _steps={},
        )

    @property
    def n_nodes(self) -> int:
        """Number of nodes, isolated ones included."""
        return self.adjacency.shape[0]

    @property
    def n_edges(self) -> int:
        """Number of edges; an undirected edge and a self-loop count once."""
        if self.directed:
            return self.adjacency.nnz
        loops = int(np.count_nonzero(self.adjacency.diagonal()))
        return (self.adjacency.nnz + loops) // 2

    @cached_property
    def degrees(self) -> NDArray:
        """Sum of the weights of each node's (outgoing) edges, shape (n_nodes,)."""
        degrees = checked_degrees(self.adjacency)
        degrees.flags.writeable = False
        return degrees

    @cached_property
    def connected_components(self) -> tuple[int, NDArray]:
        """Number of (weakly) connected components, and the component of each node."""
        count, labels = csgraph.connected_components(self.adjacency, directed=False)
        labels.flags.writeable = False
        return count, labels

    def laplacian(self, kind: str = "symmetric") -> Laplacian:
        """Return the Laplacian, built at the first call and kept.

        Parameters
        ----------
        kind : {"symmetric", "random_walk", "combinatorial"}, default="symmetric"
            Normalisation, see `Laplacian`.

        Returns
        -------
        Laplacian
            Of the undirected graph.

        Raises
        ------
        ValueError
            If the graph is directed, or `kind` is not known.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([[0, 1]]).laplacian().matrix().toarray()
        array([[ 1., -1.],
               [-1.,  1.]])
        """
        if self.directed:
            raise ValueError(
                "The Laplacian needs an undirected graph; symmetrise it first with "
                "`graph.to_undirected()`."
            )
        if kind not in self._laplacians:
            laplacian = laplacian_of(self.adjacency, self.degrees, kind)
            frozen(laplacian.transition)
            laplacian.measure.flags.writeable = False
            self._laplacians[kind] = laplacian
        return self._laplacians[kind]

    @cached_property
    def memory_order(self) -> NDArray:
        """Nodes in an order in which neighbours lie near each other, if one is found.

        Shape (n_nodes,); estimators that walk over the graph lay it out like this.
        """
        order = memory_order(self.adjacency)
        order.flags.writeable = False
        return order

    def steps(
        self, backend: Backend | None = None, *, reordered: bool = False
    ) -> Steps:
        """Return the random walk along the edges, laid out at the first call and kept.

        Parameters
        ----------
        backend : Backend, default=None
            Where the arrays are wanted; None is the host.
        reordered : bool, default=False
            Whether nodes lie in `memory_order`. It changes no walk, but the time that
            walks from many nodes take.

        Returns
        -------
        Steps
            From each node to its neighbours by the weights of the edges; isolated nodes
            stay.

        Raises
        ------
        ValueError
            If the graph is directed.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([[0, 1], [1, 2]]).steps().indices
        array([1, 0, 2, 1], dtype=int32)
        """
        key = (backend and backend.name, backend and backend.device, reordered)
        if key not in self._steps:
            if backend is None:
                order = self.memory_order if reordered else None
                transition = self.laplacian().transition
                found = steps_of(transition, self.degrees, order)
            else:
                host = self.steps(reordered=reordered)
                found = Steps(*map(backend.asarray, host))
            self._steps[key] = found
        return self._steps[key]

    def to_undirected(self) -> "Graph":
        """Average each weight with that of the opposite direction.

        Returns
        -------
        Graph
            The graph itself where it is undirected already. Edge lengths become one
            unit.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([[0, 1]], directed=True).to_undirected()
        Graph(n_nodes=2, n_edges=1, undirected)
        """
        if not self.directed:
            return self
        symmetric = (self.adjacency + self.adjacency.T) / 2
        return self.with_edges(symmetric, directed=False)

    def with_edges(
        self,
        adjacency: MatrixLike,
        *,
        directed: bool | None = None,
        lengths: MatrixLike | None = None,
    ) -> "Graph":
        """Return a graph of the same nodes with other edges.

        Parameters
        ----------
        adjacency : sparse matrix of shape (n_nodes, n_nodes)
            Weights, finite and >= 0.
        directed : bool, default=None
            None looks at the matrix.
        lengths : sparse matrix of shape (n_nodes, n_nodes), default=None
            On the pattern of the adjacency. None makes each edge one unit long.

        Returns
        -------
        Graph
            With the names and features of this one.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom.graph import Graph
        >>> graph = Graph.from_edges([["a", "b"], ["b", "c"]])
        >>> graph.with_edges(np.eye(3)[[1, 0, 2]] * [1, 1, 0])
        Graph(n_nodes=3, n_edges=1, undirected)
        """
        return Graph(
            adjacency,
            directed=directed,
            lengths=lengths,
            node_names=self.node_names,
            node_features=self.node_features,
        )

    def with_node_features(self, node_features: MatrixLike | None) -> "Graph":
        """Return the same graph with other features of its nodes.

        What has been derived from the edges is shared.

        Parameters
        ----------
        node_features : array or sparse matrix of shape (n_nodes, n_features) or None
            What is known of each node, finite, in the order of the ids; None is
            nothing. Rows of a data frame whose index is of text go to the nodes of
            these names, in any order.

        Returns
        -------
        Graph
            The new handle.

        Raises
        ------
        ValueError
            If there is not one row for each node, a value is not finite, or the index
            of a data frame names another node.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom.graph import Graph
        >>> graph = Graph.from_edges([[0, 1]]).with_node_features(np.eye(2))
        >>> graph.node_features.shape
        (2, 2)
        """
        new = object.__new__(Graph)
        features = features_of_nodes(node_features, self.n_nodes, self.node_names)
        new._set(**{**self.__dict__, "node_features": features})
        return new

    def ids(self, names: Sequence[Any] | NDArray) -> NDArray:
        """Find nodes by their names.

        Parameters
        ----------
        names : sequence of length n, or str
            Of those in `node_names`.

        Returns
        -------
        ndarray of shape (n,), int64
            The id of each, its position in `node_names`.

        Raises
        ------
        ValueError
            If the graph has no names, no node has one of these, or more than one has.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([["a", "c"], ["c", "b"]]).ids(["c", "a"])
        array([2, 0])
        """
        if self.node_names is None:
            raise ValueError("The graph has no node_names; its nodes are known by ids.")
        one = isinstance(names, str) or not hasattr(names, "__iter__")
        names = [names] if one else [*names]
        return ids_of(names, self._index, "names")

    @cached_property
    def _index(self):
        return index_of(self.node_names)

    def subgraph(self, ids: ArrayLike) -> "Graph":
        """Return the graph of some nodes and the edges between them.

        Parameters
        ----------
        ids : array-like of shape (n,), int or str
            The nodes to keep, by id or name, each once. They are numbered anew, in this
            order.

        Returns
        -------
        Graph
            With the lengths, names and features of these nodes.

        Raises
        ------
        ValueError
            If a node is listed twice, or does not exist.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([[0, 1], [1, 2], [2, 3]]).subgraph([3, 2, 0])
        Graph(n_nodes=3, n_edges=1, undirected)
        """
        wanted = np.atleast_1d(np.asarray(ids))
        named = holds_names(wanted)
        kept = self.ids(wanted) if named else _checked_ids(wanted, self.n_nodes)
        if len(np.unique(kept)) < len(kept):
            raise ValueError("ids must name each node once; some are listed twice.")
        names, features = self.node_names, self.node_features
        return Graph(
            self.adjacency[kept][:, kept],
            directed=self.directed,
            lengths=self.lengths[kept][:, kept],
            node_names=None if names is None else [names[i] for i in kept],
            node_features=None if features is None else features[kept],
        )

    def _set(self, **state):
        self.__dict__.update(state)

    def __setattr__(self, name, value):
        """Refuse: a graph is shared and cannot be changed."""
        raise AttributeError(f"Graph is immutable; cannot set {name!r}.")

    def __delattr__(self, name):
        """Refuse: a graph is shared and cannot be changed."""
        raise AttributeError(f"Graph is immutable; cannot delete {name!r}.")

    def __copy__(self):
        """Return the graph itself."""
        return self

    def __deepcopy__(self, memo):
        """Return the graph itself, so that `clone` shares it."""
        return self

    def __getstate__(self):
        """Pickle the graph without what can be derived from it."""
        kept = ("adjacency", "lengths", "directed", "node_names", "node_features")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state):
        """Restore a pickled graph, read-only again."""
        state = {"node_features": None, **state}  # older pickles have none
        for name in ("adjacency", "lengths", "node_features"):
            frozen(state[name])
        self._set(**state, _laplacians={}, _steps={})

    def __repr__(self):
        """Say how large the graph is."""
        kind = "directed" if self.directed else "undirected"
        return f"Graph(n_nodes={self.n_nodes}, n_edges={self.n_edges}, {kind})"


def _checked_ids(ids, n_nodes):
    """Ids of nodes as integers that are in the range."""
    ids = ids.astype(np.int64) if ids.size == 0 else ids
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise ValueError(
            f"ids must be integers or names, of shape (n,); got {ids.dtype} of shape "
            f"{ids.shape}."
        )
    if ids.size and not (ids.min() >= 0 and ids.max() < n_nodes):
        raise ValueError(
            f"ids must be from 0 to {n_nodes - 1}, got {ids.min()} to {ids.max()}."
        )
    return ids.astype(np.int64)


def _dtype_of(matrix):
    return getattr(matrix, "dtype", None)
