"""Node embeddings by walks and a converged SVD (Qiu et al., WSDM 2018)."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.base import EmbeddingMixin, GeometryEstimator, GraphInputMixin
from skgeom.graph import Graph
from skgeom.nodes._node_embedding._co_visits import (
    MOST_EXACT,
    exact_powers,
    log_co_visits,
    log_edges,
    normalized_adjacency,
    walked_powers,
)
from skgeom.nodes._node_embedding._propagation import propagated
from skgeom.solvers import truncated_svd
from skgeom.typing import Array, MatrixLike, RandomStateLike

# Seeds are below this.
_SEEDS = 2**31 - 1
# A block has half as many columns as are wanted, and at least so many.
_LEAST_COLUMNS = 16
# Matrices with more entries are multiplied in float32.
_MANY_ENTRIES = 2**17


class NodeEmbedding(GraphInputMixin, EmbeddingMixin, GeometryEstimator):
    r"""Coordinates of nodes such that nodes which walks visit together are near.

    Of walks of T steps, the matrix with entries

    .. math:: L_{ij} = \log \max\Big(1, \frac{V}{b\, d_j}
        \Big(\frac{1}{T} \sum_{r=1}^T P^r\Big)_{ij}\Big)

    says how many times more often they visit j from i than by chance; P are the steps,
    d the degrees and V their sum. DeepWalk factorises this matrix bit by bit [1]_;
    here it is counted, and its leading singular vectors are found to a residual.

    Read more in the :ref:`User Guide <node_embedding>`.

    Parameters
    ----------
    n_components : int, default=128
        Number of coordinates, at most that of the nodes.
    method : {"walk", "exact", "edges", "adjacency"}, default="walk"
        Which matrix is factorised. "walk": L, with the powers estimated by walks.
        "exact": L itself, for at most 10,000 nodes. "edges": logarithms of single
        steps, the first stage of ProNE [2]_. "adjacency": the normalised adjacency.
    n_walks : int, default=64
        Walks from each node. With fewer the matrix is noisier and sparser.
    walk_length : int, default=10
        Steps T of a walk.
    n_negative : float, default=1.0
        The b > 0 of the formula: visits count as more than chance from b times it on.
    power : float, default=1.0
        Exponent >= 0 of the singular values that scale the coordinates. 1 makes
        products of coordinates with a direction those of rows of L: take it for
        classes. 0.5 is better where links are foretold.
    propagate : bool, default=False
        Whether coordinates pass through the filter of ProNE's second stage [2]_.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    max_iter : int, default=40
        Most products with the matrix and its transpose. Each keeps half as many
        columns of the height of the graph as there are components.
    tol : float, default=0.1
        Wanted residual of the singular vectors, as a share of each singular value;
        errors of the values are about its square.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.
    random_state : int, RandomState instance or None, default=None
        Draws the seed of the walks, and the first block of the solver.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows.
    singular_values_ : ndarray of shape (n_components,)
        Of the matrix, in decreasing order.
    graph_ : Graph
        The graph that is walked on.
    n_iter_ : int
        Products that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphRandomFeatures : Features whose products are a kernel, none of them learned.
    GraphKernelClassifier : Classes of nodes without features.
    skgeom.decomposition.PMIEmbedding : The same of counts.

    Notes
    -----
    A new row lies at the mean of the nodes that it is linked to, or of its nearest
    training points, by their weights: it depends on no other row, and changes none.

    A node without edges lies at zero. Of a graph with many components the singular
    vectors are those of single components: with fewer coordinates than components,
    some of them lie at zero, too. The adjacency has the value 1 once for each
    component, and at most half as many vectors of it are found as there are
    coordinates: mixtures, by which components are still told apart.

    The matrix of walks has at most about 2^26 entries before it is averaged with its
    transpose: beyond, rows keep those which are most above chance, such as 67 each of
    a million nodes.

    References
    ----------
    .. [1] Qiu, Dong, Ma, Li, Wang and Tang, "Network embedding as matrix
       factorization: unifying DeepWalk, LINE, PTE, and node2vec", WSDM 2018.
    .. [2] Zhang, Dong, Wang, Tang and Ding, "ProNE: fast and scalable network
       representation learning", IJCAI 2019.

    Examples
    --------
    >>> import networkx as nx
    >>> import numpy as np
    >>> from skgeom import NodeEmbedding
    >>> from skgeom.graph import Graph
    >>> club = Graph.from_networkx(nx.karate_club_graph())
    >>> nodes = np.arange(34)[:, None]
    >>> NodeEmbedding(8, graph=club, random_state=0).fit_transform(nodes).shape
    (34, 8)
    """

    _parameter_constraints = {
        "method": [StrOptions({"walk", "exact", "edges", "adjacency"})],
        "n_walks": [Interval(Integral, 1, None, closed="left")],
        "walk_length": [Interval(Integral, 1, None, closed="left")],
        "n_negative": [Interval(Real, 0, None, closed="neither")],
        "power": [Interval(Real, 0, None, closed="left")],
        "propagate": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        method: str = "walk",
        n_walks: int = 64,
        walk_length: int = 10,
        n_negative: float = 1.0,
        power: float = 1.0,
        propagate: bool = False,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        max_iter: int = 40,
        tol: float = 0.1,
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.method = method
        self.n_walks = n_walks
        self.walk_length = walk_length
        self.n_negative = n_negative
        self.power = power
        self.propagate = propagate
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Compute the coordinates of all nodes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : None
            Ignored.

        Returns
        -------
        self : NodeEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, or the graph is too large for "exact".

        Warns
        -----
        ConvergenceWarning
            If the residual is above `tol` after `max_iter` products.
        """
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        self.graph_, rows, _ = self._fit_graph(X, backend)
        matrix = self._matrix(int(rng.randint(_SEEDS)), backend)
        self._nodes = self._factorise(matrix, rng, backend)
        if self.propagate:
            self._nodes = propagated(self.graph_, self._nodes, backend)
        all_rows = np.array_equal(rows, np.arange(self.graph_.n_nodes))
        found = self._nodes if all_rows else self._nodes[rows]
        self.embedding_ = self._kept(found, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the coordinates of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        check_is_fitted(self)
        if self.graph is not None:
            ids = self._read_ids(X, self.graph_.n_nodes)
            return self._output(self._nodes[ids], like=X)
        attachment = self._attach(X, self._backend_for(X))
        return self._output(attachment.place(self._nodes), like=X)

    def _matrix(self, seed, backend):
        """The matrix whose singular vectors are coordinates."""
        graph = self.graph_
        if self.method == "adjacency":
            return normalized_adjacency(graph)
        if self.method == "edges":
            return log_edges(graph)
        if self.method == "walk":
            powers = walked_powers(graph, self.n_walks, self.walk_length, seed, backend)
        elif graph.n_nodes <= MOST_EXACT:
            powers = exact_powers(graph, self.walk_length)
        else:
            raise ValueError(
                f"method='exact' holds a dense matrix of {graph.n_nodes} nodes squared "
                f"and takes at most {MOST_EXACT}; use method='walk'."
            )
        return log_co_visits(powers, graph, self.n_negative)

    def _factorise(self, matrix, rng, backend):
        """Left singular vectors, scaled by the singular values."""
        k = min(self.n_components, self.graph_.n_nodes)
        wide = np.float32 if matrix.nnz > _MANY_ENTRIES else np.float64
        found = truncated_svd(
            matrix.astype(wide, copy=False),
            k,
            tol=self.tol,
            max_iter=self.max_iter,
            n_columns=max(_LEAST_COLUMNS, k // 2),
            symmetric=self.method != "edges",
            random_state=rng,
            backend=backend,
        )
        self.singular_values_, self.n_iter_ = found.s, found.n_iter
        nodes = found.U * np.where(found.s > 0, found.s**self.power, 0.0)
        nodes[self.graph_.degrees == 0] = 0.0  # rounding apart
        return nodes
