"""How graphs are made: from matrices, edges, networkx, points and neighbours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend
from skgeom.graph._affinity import affinity_matrix, alpha_decay_neighbors
from skgeom.graph._linkage import edges_of_merges, merges_of
from skgeom.graph._names import names_of_edges
from skgeom.graph._neighbors import nearest_neighbors
from skgeom.graph._sparse import adjacency_of_edges, adjacency_of_networkx
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray


class GraphConstructors:
    """The class methods of `Graph` that make one."""

    if TYPE_CHECKING:

        def __init__(self, adjacency: MatrixLike, **options: Any): ...

    @classmethod
    def from_adjacency(
        cls,
        adjacency: MatrixLike,
        *,
        directed: bool | None = None,
        node_names: Sequence[Any] | None = None,
        node_features: MatrixLike | None = None,
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
        node_features : array or sparse matrix of shape (n_nodes, n_features), \
                default=None
            What is known of each node.

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
        return cls(
            adjacency,
            directed=directed,
            node_names=node_names,
            node_features=node_features,
        )

    @classmethod
    def from_edges(
        cls,
        edges: ArrayLike,
        weights: ArrayLike | str | None = None,
        *,
        n_nodes: int | None = None,
        directed: bool = False,
        node_names: Sequence[Any] | None = None,
        node_features: MatrixLike | None = None,
    ) -> Self:
        """Make a graph from a list of edges.

        Parameters
        ----------
        edges : array-like or data frame of shape (n_edges, 2), int or str
            Pairs of nodes: ids, from 0, or names. A (2, n_edges) array, as `edge_index`
            of PyTorch Geometric is, must be transposed; of shape (2, 2) it is taken for
            two pairs.
        weights : array-like of shape (n_edges,) or str, default=None
            Weights >= 0, which add up where an edge is repeated; or the column of a
            data frame that holds them. None is the third column or a later one if it is
            called "weight"; else each edge has weight 1, repeated or not.
        n_nodes : int, default=None
            Number of nodes. None is one more than the largest id, or the number of
            names; nodes without edges are known by `node_names` then.
        directed : bool, default=False
            Whether an edge goes one way only.
        node_names : sequence of length n_nodes, default=None
            What the nodes stand for, in the order of their ids. None takes the names in
            the edges, sorted, if there are any.
        node_features : array or sparse matrix of shape (n_nodes, n_features), \
                default=None
            What is known of each node, as in `with_node_features`.

        Returns
        -------
        Graph
            The handle.

        Raises
        ------
        ValueError
            If an edge names a node outside of the range, or far beyond what so many
            edges can join, or a name that no node or more than one has; if a weight is
            negative or not finite, or shapes disagree.

        Examples
        --------
        >>> from skgeom.graph import Graph
        >>> Graph.from_edges([[0, 1], [1, 2]], directed=True)
        Graph(n_nodes=3, n_edges=2, directed)
        >>> Graph.from_edges([["Rome", "Nice"], ["Nice", "Paris"]]).node_names
        ('Nice', 'Paris', 'Rome')
        """
        edges, weights, node_names, n_named = names_of_edges(edges, weights, node_names)
        if n_named is not None and n_nodes not in (None, n_named):
            raise ValueError(
                f"edges are of names, {n_named} of them, and n_nodes={n_nodes}. Nodes "
                "without edges need names, too: node_names has those of all nodes."
            )
        n_nodes = n_named if n_nodes is None else n_nodes
        adjacency = adjacency_of_edges(edges, weights, n_nodes, directed)
        return cls(
            adjacency,
            directed=directed,
            node_names=node_names,
            node_features=node_features,
        )

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

        Raises
        ------
        TypeError
            If `graph` is not a networkx graph.
        ValueError
            If it has no nodes, or a weight is negative or not a finite number.

        Examples
        --------
        >>> import networkx as nx
        >>> from skgeom.graph import Graph
        >>> Graph.from_networkx(nx.path_graph(3))
        Graph(n_nodes=3, n_edges=2, undirected)
        """
        adjacency = adjacency_of_networkx(graph, weight)
        directed, names = graph.is_directed(), list(graph.nodes)
        return cls(adjacency, directed=directed, node_names=names)

    @classmethod
    def from_linkage(cls, linkage: Any) -> Self:
        """Make the tree of a hierarchical clustering.

        Parameters
        ----------
        linkage : array-like of shape (n_samples - 1, 4) or AgglomerativeClustering
            A linkage matrix of SciPy, or a clustering that was fitted with
            ``compute_distances=True``.

        Returns
        -------
        Graph
            A tree of 2 n_samples - 1 nodes: the samples first, then the merges in their
            order. `lengths` are half of the differences of heights, so that the path
            between two samples is as long as the height at which they met; weights
            are 1.

        Raises
        ------
        ValueError
            If `linkage` is neither, or heights are missing.

        Examples
        --------
        >>> from scipy.cluster.hierarchy import linkage
        >>> from skgeom.graph import Graph
        >>> Graph.from_linkage(linkage([[0.0], [1.0], [5.0]], "average"))
        Graph(n_nodes=5, n_edges=4, undirected)
        """
        edges, lengths = edges_of_merges(*merges_of(linkage))
        n_nodes = len(edges) + 1
        rows, columns = np.concatenate([edges, edges[:, ::-1]]).T
        lengths = np.append(lengths, lengths)
        pattern, shape = (rows, columns), (n_nodes, n_nodes)
        weights = sp.csr_array((np.ones(len(rows)), pattern), shape=shape)
        return cls(
            weights,
            directed=False,
            lengths=sp.csr_array((lengths, pattern), shape=shape),
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
