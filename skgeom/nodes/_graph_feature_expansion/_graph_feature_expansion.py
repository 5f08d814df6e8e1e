"""Features of nodes averaged over neighbourhoods (Wu et al., ICML 2019)."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.graph import Graph
from skgeom.nodes._graph_feature_expansion._columns import (
    FeatureWeights,
    beside,
    by_columns,
    checked,
    column_lengths,
    unit_rows,
)
from skgeom.nodes._graph_feature_expansion._smoothed_features import (
    SmoothedFeatures,
    combined,
    new_powers,
    power_coefficients,
    powers_of,
)
from skgeom.nodes._smoothing import smoothing_degrees, smoothing_matrix
from skgeom.solvers import truncated_svd
from skgeom.typing import MatrixLike, RandomStateLike

# A block of the solver has half as many columns as are wanted, and at least so many.
_LEAST_COLUMNS = 16


class GraphFeatureExpansion(
    GraphInputMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    GeometryEstimator,
):
    r"""Features of nodes, averaged over their neighbourhoods.

    With S the normalised adjacency, loops added, :math:`S^k F` averages the features F
    of nodes over k steps. A linear model on it is a graph convolutional network without
    what lies between its layers [1]_, and about as accurate.

    Read more in the :ref:`User Guide <graph_feature_expansion>`.

    Parameters
    ----------
    n_steps : int, default=2
        Steps k >= 0.
    combine : {"last", "concat", "mean"}, default="last"
        What is returned of the steps: the last, all beside each other [2]_, or their
        mean.
    teleport : float, default=0.0
        Share in [0, 1) of each step that is the features of the node itself.
    self_loops : bool, default=True
        Whether nodes are their own neighbours.
    weighting : {"idf", "pmi"} or None, default=None
        How features are weighed before. "idf": by the logarithm of how rare they are,
        as words are. "pmi": pointwise mutual information of node and feature, for
        features >= 0.
    normalize : {"auto", "l1", "l2"} or None, default="auto"
        What the features of each node are scaled to before: sums, or lengths, of one.
        "auto" is "l2" for features of a graph and for links, None for points.
    feature_transformer : transformer or None, default=None
        Made of the features of all nodes before anything else, such as a
        ``StandardScaler()``; it sees no labels.
    n_components : int, default=None
        Columns that are left of the smoothed features, by a singular value
        decomposition that never forms them. None leaves all.
    structure : {"adjacency", "svd"} or None, default=None
        Columns that say which neighbours a node has, added at the end: rows of the
        adjacency of length one, or `n_structure` leading components of these [3]_.
        For graphs in which neighbours are of different classes.
    n_structure : int, default=50
        Number of these components.
    column_normalize : bool, default=False
        Whether columns are scaled to length one over all nodes at the end [3]_. It
        costs accuracy where labels are few, and components their order.
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
        Most products of the decompositions.
    tol : float, default=0.01
        Wanted residual of singular vectors, as a share of each singular value.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Sparse
        features are multiplied on the host.
    random_state : int, RandomState instance or None, default=None
        Decides the first blocks of the decompositions.

    Attributes
    ----------
    graph_ : Graph
        The graph.
    node_features_ : ndarray or csr_array of shape (n_nodes, n_columns)
        The smoothed features of all nodes.
    feature_transformer_ : transformer
        The fitted one, if one was given.
    singular_values_ : ndarray of shape (n_components,)
        Of the smoothed features, if `n_components` is given.
    n_iter_ : int
        Products of the decomposition that took most, one without any.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    NodeEmbedding : Coordinates of nodes without features.
    GraphKernelClassifier : Classes of nodes without features.

    Notes
    -----
    Features belong to the graph, `Graph(..., node_features=F)`: those of nodes whose
    labels are hidden are averaged, too, and ``transform(ids)`` is
    ``transform(all)[ids]`` in any fold. What is learned without labels (weights of
    features, components) is learned of all nodes. A graph without features, and links,
    have the rows of the adjacency as features.

    A new row of points has its own features and those of the training points that it
    hangs on, as the last node to come; it depends on no other row, and changes none.

    The result is sparse where features are, while less than a fifth of the entries is
    not zero, and with ``structure="adjacency"``.

    References
    ----------
    .. [1] Wu, Souza, Zhang, Fifty, Yu and Weinberger, "Simplifying graph convolutional
       networks", ICML 2019.
    .. [2] Frasca, Rossi, Eynard, Chamberlain, Bronstein and Monti, "SIGN: scalable
       inception graph neural networks", 2020.
    .. [3] Sun, Zhang, Hooi, Cui, Yin and Wang, "Feature expansion for graph neural
       networks", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import GraphFeatureExpansion
    >>> from skgeom.graph import Graph
    >>> path = Graph.from_edges([[0, 1], [1, 2]], node_features=np.eye(3))
    >>> GraphFeatureExpansion(1, graph=path).fit_transform([[0], [2]]).round(2)
    array([[0.5 , 0.41, 0.  ],
           [0.  , 0.41, 0.5 ]])
    """

    _parameter_constraints = {
        "n_steps": [Interval(Integral, 0, None, closed="left")],
        "combine": [StrOptions({"last", "concat", "mean"})],
        "teleport": [Interval(Real, 0, 1, closed="left")],
        "self_loops": ["boolean"],
        "weighting": [StrOptions({"idf", "pmi"}), None],
        "normalize": [StrOptions({"auto", "l1", "l2"}), None],
        "feature_transformer": [HasMethods(["fit_transform", "transform"]), None],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "structure": [StrOptions({"adjacency", "svd"}), None],
        "n_structure": [Interval(Integral, 1, None, closed="left")],
        "column_normalize": ["boolean"],
    }

    def __init__(
        self,
        n_steps: int = 2,
        *,
        combine: str = "last",
        teleport: float = 0.0,
        self_loops: bool = True,
        weighting: str | None = None,
        normalize: str | None = "auto",
        feature_transformer: BaseEstimator | None = None,
        n_components: int | None = None,
        structure: str | None = None,
        n_structure: int = 50,
        column_normalize: bool = False,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        max_iter: int = 40,
        tol: float = 1e-2,
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_steps = n_steps
        self.combine = combine
        self.teleport = teleport
        self.self_loops = self_loops
        self.weighting = weighting
        self.normalize = normalize
        self.feature_transformer = feature_transformer
        self.n_components = n_components
        self.structure = structure
        self.n_structure = n_structure
        self.column_normalize = column_normalize
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
        """Smooth the features of all nodes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : None
            Ignored.

        Returns
        -------
        self : GraphFeatureExpansion
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, or features are negative with
            ``weighting="pmi"``.

        Warns
        -----
        ConvergenceWarning
            If a decomposition is above `tol` after `max_iter` products.
        """
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        self.graph_, _, points = self._fit_graph(X, backend)
        self.n_iter_ = 1
        features = self._fit_features(points)
        nodes = self._fit_smoothed(features, rng, backend)
        nodes = self._with_structure(nodes, self._fit_structure(rng, backend))
        self._lengths = column_lengths(nodes) if self.column_normalize else None
        self.node_features_ = self._by_lengths(nodes)
        self._n_features_out = nodes.shape[1]
        return self

    def transform(self, X: MatrixLike) -> Any:
        """Smoothed features of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array or csr_array of shape (n_rows, n_columns)
            The features, in the namespace, width and device of X where they are dense.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        check_is_fitted(self)
        if self.graph is not None:
            return self._given(
                self.node_features_[self._read_ids(X, self.graph_.n_nodes)], X
            )
        attachment = self._attach(X, self._backend_for(X))
        own = attachment.own @ self.node_features_
        new = 1.0 - attachment.own.sum(axis=1)
        if not new.any():
            return self._given(own, X)
        rows = self._by_lengths(self._new_rows(X, attachment))
        return self._given(own + sp.csr_array(sp.diags_array(new)) @ rows, X)

    def _fit_features(self, points):
        """Features of all nodes, weighed and scaled."""
        F = points
        if F is None:
            given = self.graph_.node_features
            F = self.graph_.adjacency if given is None else given
        if self.feature_transformer is not None:
            self.feature_transformer_ = clone(self.feature_transformer)
            F = checked(self.feature_transformer_.fit_transform(F))
        norm = self.normalize
        if norm == "auto":
            norm = None if self._is_of_points() else "l2"
        self._weights = FeatureWeights(self.weighting, norm).fit(F)
        return self._weights.apply(F)

    def _fit_smoothed(self, F, rng, backend):
        """Columns of the nodes, and what new rows need to have them."""
        S = smoothing_matrix(self.graph_, self.self_loops)
        coefficients = power_coefficients(self.n_steps, self.combine, self.teleport)
        self._coefficients, self._maps = coefficients, None
        if self.n_components is None:
            powers = powers_of(S, F, self.n_steps, backend)
            self._powers = [powers[:-1]] if self.graph is None else None
            return beside(combined(powers, coefficients))
        smoothed = SmoothedFeatures(S, F, coefficients, backend)
        found = self._decomposed(smoothed, self.n_components, rng, backend)
        self.singular_values_ = found.s
        if self.graph is None:
            # Of each block the columns that components are made of.
            self._maps = np.split(found.Vt.T, len(coefficients))
            self._powers = [
                powers_of(S, np.asarray(F @ M), self.n_steps, backend)[:-1]
                for M in self._maps
            ]
        return (found.U * found.s).astype(F.dtype)

    def _new_rows(self, X, attachment):
        """Columns of rows as if they were the last nodes to come."""
        loops, links, degree = self._links_of(X, attachment)
        if self._is_of_points():
            F = np.asarray(as_numpy(self._validated(X, reset=False)))
        else:
            F = sp.csr_array(sp.diags_array(degree) @ attachment.weights)
        if self.feature_transformer is not None:
            F = checked(self.feature_transformer_.transform(F))
        F = self._weights.apply(F)
        if self._maps is None:
            powers = new_powers(F, loops, links, self._powers[0])
            columns = beside(combined(powers, self._coefficients))
        else:
            columns = 0.0
            parts = zip(self._maps, self._powers, self._coefficients, strict=True)
            for M, kept, row in parts:
                powers = new_powers(np.asarray(F @ M), loops, links, kept)
                columns = columns + combined(powers, row[None])[0]
        structure = None
        if self.structure is not None:
            structure = unit_rows(attachment.weights)
        if self.structure == "svd":
            structure = structure @ self._structure_map
        return self._with_structure(columns, structure)

    def _links_of(self, X, attachment):
        """Entries of S that new rows add: to themselves, and to the nodes."""
        if self.affinity == "precomputed":
            degree = sp.csr_array(as_numpy(X), dtype=np.float64).sum(axis=1)
        else:
            degree = attachment.weights @ self.graph_.degrees
        whole = degree + float(self.self_loops)
        whole = np.where(whole > 0, whole, 1.0)
        roots = np.sqrt(smoothing_degrees(self.graph_, self.self_loops))
        links = sp.diags_array(degree / np.sqrt(whole)) @ attachment.weights
        links = sp.csr_array(links @ sp.diags_array(1.0 / roots))
        return float(self.self_loops) / whole, links, degree

    def _fit_structure(self, rng, backend):
        """Columns that say which neighbours nodes have, if any."""
        if self.structure is None:
            return None
        rows = unit_rows(self.graph_.adjacency)
        if self.structure == "adjacency":
            return rows
        found = self._decomposed(rows, self.n_structure, rng, backend)
        self._structure_map = found.Vt.T
        return rows @ self._structure_map

    def _with_structure(self, columns, structure):
        """Both beside each other, sparse with the adjacency."""
        if structure is None:
            return columns
        structure = structure.astype(columns.dtype)
        return beside([columns, structure], sparse=self.structure == "adjacency")

    def _by_lengths(self, columns):
        """Columns over their lengths, if that is asked for."""
        return (
            columns if self._lengths is None else by_columns(columns, 1 / self._lengths)
        )

    def _decomposed(self, matrix, n_components, rng, backend):
        """Singular triplets of a matrix, as many as there are."""
        k = min(n_components, *matrix.shape)
        found = truncated_svd(
            matrix,
            k,
            tol=self.tol,
            max_iter=self.max_iter,
            n_columns=max(_LEAST_COLUMNS, k // 2),
            random_state=rng,
            backend=backend,
        )
        self.n_iter_ = max(self.n_iter_, found.n_iter)
        return found

    def _given(self, rows, X):
        """Rows as they are returned."""
        return sp.csr_array(rows) if sp.issparse(rows) else self._output(rows, like=X)
