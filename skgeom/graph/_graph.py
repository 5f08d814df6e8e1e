"""The handle that estimators share: an immutable graph with what is derived from it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import Backend, Steps
from skgeom.graph._affinity import affinity_matrix, alpha_decay_neighbors
from skgeom.graph._laplacian import Laplacian, laplacian_of
from skgeom.graph._neighbors import nearest_neighbors
from skgeom.graph._sparse import (
    adjacency_of_edges,
    checked_adjacency,
    frozen,
    lengths_on,
    narrow,
)
from skgeom.graph._walks import memory_order, steps_of
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray


class Graph:
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

    Raises
    ------
    ValueError
        If the matrix is not square, a weight is negative or not finite, a length is
        negative or where no weight is, or `directed` is False for an asymmetric matrix.

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
    _laplacians: dict[str, Laplacian]
    _steps: dict[tuple, Steps]

    def __init__(
        self,
        adjacency: MatrixLike,
        *,
        directed: bool | None = None,
        lengths: MatrixLike | None = None,
        node_names: Sequence[Any] | None = None,
    ):
        rounding = 1e-5 if _dtype_of(adjacency) == np.float32 else 1e-10
        adjacency = checked_adjacency(adjacency)
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
        if node_names is not None and len(node_names) != adjacency.shape[0]:
            raise ValueError(
                f"node_names has {len(node_names)} entries for {adjacency.shape[0]} "
                "nodes."
            )
        self._set(
            adjacency=frozen(narrow(adjacency)),
            lengths=frozen(narrow(lengths)),
            directed=bool(asymmetric if directed is None else directed),
            node_names=None if node_names is None else tuple(node_names),
            _laplacians={},
            _steps={},
        )

    @classmethod
    def from_adjacency(
        cls,
        adjacency: MatrixLike,
        *,
        directed: bool | None = None,
        node_names: Sequence[Any] | None = None,
    ) -> Self:
        """Make a graph from a dense or sparse matrix of weights.

        Parameters
        ----------
        adjacency : array or sparse matrix of shape (n_nodes, n_nodes)
            Weights >= 0; zero is no edge.
        directed : bool, default=None
            None decides by the symmetry of the matrix.
        node_names : sequence of length n_nodes, default=None
            What the nodes stand for.

        Returns
        -------
        Graph
            The handle.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_adjacency([[0, 2.0], [2.0, 0]])
        Graph(n_nodes=2, n_edges=1, undirected)
        """
        return cls(adjacency, directed=directed, node_names=node_names)

    @classmethod
    def from_edges(
        cls,
        edges: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        n_nodes: int | None = None,
        directed: bool = False,
        node_names: Sequence[Any] | None = None,
    ) -> Self:
        """Make a graph from a list of edges.

        Parameters
        ----------
        edges : array-like of shape (n_edges, 2), int
            Pairs of node numbers, from 0. Repeated edges add their weights.
        weights : array-like of shape (n_edges,), default=None
            Weights >= 0. None gives each edge weight 1, repeated or not.
        n_nodes : int, default=None
            Number of nodes. None is one more than the largest number.
        directed : bool, default=False
            Whether an edge goes one way only.
        node_names : sequence of length n_nodes, default=None
            What the nodes stand for.

        Returns
        -------
        Graph
            The handle.

        Raises
        ------
        ValueError
            If an edge names a node outside of the range, a weight is negative or not
            finite, or shapes disagree.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([[0, 1], [1, 2]], directed=True)
        Graph(n_nodes=3, n_edges=2, directed)
        """
        adjacency = adjacency_of_edges(edges, weights, n_nodes, directed)
        return cls(adjacency, directed=directed, node_names=node_names)

    @classmethod
    def from_networkx(cls, graph: Any, *, weight: str = "weight") -> Self:
        """Make a graph from a networkx graph; its nodes become `node_names`.

        Parameters
        ----------
        graph : networkx.Graph or networkx.DiGraph
            The source.
        weight : str, default="weight"
            Edge attribute that holds the weight; 1 where an edge has none.

        Returns
        -------
        Graph
            The handle.

        Examples
        --------
        >>> import networkx as nx
        >>> from skgeom.graph import Graph
        >>> Graph.from_networkx(nx.path_graph(3))
        Graph(n_nodes=3, n_edges=2, undirected)
        """
        import networkx as nx

        adjacency = nx.to_scipy_sparse_array(graph, weight=weight, dtype=np.float64)
        return cls(
            adjacency, directed=graph.is_directed(), node_names=list(graph.nodes)
        )

    @classmethod
    def from_points(
        cls,
        X: Array,
        *,
        n_neighbors: int = 10,
        affinity: str = "alpha_decay",
        decay: float = 40.0,
        metric: str = "euclidean",
        algorithm: str = "auto",
        backend: Backend | None = None,
    ) -> Self:
        """Join points to their nearest neighbours.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Points, finite.
        n_neighbors : int, default=10
            Neighbours of a point. "alpha_decay" also joins those that are only a few
            per cent farther than the last one, up to eight times as many.
        affinity : {"alpha_decay", "self_tuning", "gaussian", "binary"}, \
                default="alpha_decay"
            Formula of the weights, see `affinity_matrix`.
        decay : float, default=40.0
            Exponent of "alpha_decay".
        metric : {"euclidean", "cosine"}, default="euclidean"
            Distance between points.
        algorithm : {"auto", "exact", "faiss", "pynndescent"}, default="auto"
            Neighbour search, see `nearest_neighbors`.
        backend : Backend, default=None
            Where the exact search runs.

        Returns
        -------
        Graph
            Undirected; `lengths` holds the distances.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom.graph import Graph
        >>> Graph.from_points(np.arange(5.0)[:, None], n_neighbors=1, affinity="binary")
        Graph(n_nodes=5, n_edges=4, undirected)
        """
        search: dict[str, Any] = dict(
            metric=metric, algorithm=algorithm, backend=backend
        )
        bandwidth = None
        if affinity == "alpha_decay":
            distances, indices, bandwidth = alpha_decay_neighbors(
                X, n_neighbors, decay, search
            )
        else:
            distances, indices = nearest_neighbors(X, n_neighbors=n_neighbors, **search)
        return cls.from_neighbors(
            distances, indices, affinity=affinity, decay=decay, bandwidth=bandwidth
        )

    @classmethod
    def from_neighbors(
        cls,
        distances: NDArray,
        indices: NDArray,
        *,
        affinity: str = "alpha_decay",
        decay: float = 40.0,
        bandwidth: NDArray | None = None,
    ) -> Self:
        """Make a graph from neighbours that are already known.

        Parameters
        ----------
        distances : ndarray of shape (n_samples, n_neighbors)
            Distances to the neighbours; infinite where there is none.
        indices : ndarray of shape (n_samples, n_neighbors), int
            The neighbours, each point itself excluded.
        affinity : {"alpha_decay", "self_tuning", "gaussian", "binary"}, \
                default="alpha_decay"
            Formula of the weights, see `affinity_matrix`.
        decay : float, default=40.0
            Exponent of "alpha_decay".
        bandwidth : ndarray of shape (n_samples,), default=None
            Scales of the affinity; None takes the distance to the last neighbour.

        Returns
        -------
        Graph
            Undirected; `lengths` holds the distances.

        Examples
        --------
        >>> import numpy as np
        >>> from skgeom.graph import Graph
        >>> Graph.from_neighbors(np.array([[1.0], [1.0]]), np.array([[1], [0]]))
        Graph(n_nodes=2, n_edges=1, undirected)
        """
        weights, lengths = affinity_matrix(
            distances, indices, kind=affinity, bandwidth=bandwidth, decay=decay
        )
        return cls(weights, directed=False, lengths=lengths)

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
        degrees = self.adjacency.sum(axis=1)
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
        return Graph(symmetric, directed=False, node_names=self.node_names)

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
        kept = ("adjacency", "lengths", "directed", "node_names")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state):
        """Restore a pickled graph, read-only again."""
        for name in ("adjacency", "lengths"):
            frozen(state[name])
        self._set(**state, _laplacians={}, _steps={})

    def __repr__(self):
        """Say how large the graph is."""
        kind = "directed" if self.directed else "undirected"
        return f"Graph(n_nodes={self.n_nodes}, n_edges={self.n_edges}, {kind})"


def _dtype_of(matrix):
    return getattr(matrix, "dtype", None)
