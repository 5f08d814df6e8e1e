"""Trees in hyperbolic space by Sarkar's construction (2011), in polar coordinates."""

from numbers import Integral, Real
from typing import Self

import numpy as np
import scipy.sparse as sp
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy, row_blocks
from skgeom.base import EmbeddingMixin, GeometryEstimator, GraphInputMixin
from skgeom.geometry._chart_rows import CHARTS, to_chart
from skgeom.graph import Graph, equal_rows, nearest_neighbors
from skgeom.graph._linkage import edges_of_merges
from skgeom.graph._names import holds_names
from skgeom.hyperbolic._distances import checked_dissimilarities
from skgeom.hyperbolic._rooted_tree import (
    centres,
    neighbor_tree,
    root_tree,
    spanning_tree,
    tree_of_edges,
)
from skgeom.hyperbolic._sarkar import lay_out_tree, term_distances
from skgeom.hyperbolic._tree._between import N_NEAREST, place_between_two
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

# More rows than these are joined by a spanning tree: distances of all pairs take 1.5
# GiB.
_MOST_LINKED = 20_000
_N_NEIGHBORS = 15
_LINKAGES = ("average", "complete", "ward", "weighted")
# Radius that a direction of one float, or of float32, has digits for; and what each
# further float adds.
_RADIUS, _RADIUS_32, _RADIUS_MORE = 34.0, 15.0, 35.0
_POSITIVE = np.finfo(np.float64).tiny, np.finfo(np.float64).max


class TreeEmbedding(GraphInputMixin, EmbeddingMixin, GeometryEstimator):
    r"""Draw a tree in hyperbolic space such that all its distances can be read off.

    A tree needs exponentially more room in each lower level, and hyperbolic space has
    it. Sarkar's construction [1]_ places one node after the other: each child at its
    distance from its parent, in a direction that is well apart from the parent and from
    its brothers, [2]_ in more than two dimensions. Nothing is optimised, the time is
    linear in the number of nodes, and the distances of all pairs are those along the
    tree, up to a factor and a share that falls as the drawing gets larger.

    Points are joined to a tree first, by average linkage. Read more in the
    :ref:`User Guide <tree_embedding>`.

    Parameters
    ----------
    n_components : int, default=2
        Dimension of the space. Two is for pictures; in three to five the digits of one
        float are enough for most trees. A line (1) has no room for branches.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
        Its `lengths` are those of the edges; what is no tree is replaced by one, see
        `tree`. :meth:`Graph.from_linkage <skgeom.graph.Graph.from_linkage>` makes one
        of a dendrogram.
    tree : str, default="auto"
        How rows are joined. "average", "complete", "ward", "weighted": by hierarchical
        clustering, with half of the difference of the heights as lengths; it takes
        memory for the distances of all pairs. "minimum": by the minimum spanning tree
        of their 15 nearest neighbours, or of `graph`. "shortest_path": of a `graph`, by
        shortest paths from its centre. "auto" is "average" for up to 20,000 points and
        "minimum" for more, and "shortest_path" for a graph.
    metric : {"euclidean", "precomputed"}, default="euclidean"
        Distance between rows. "precomputed": X is a matrix of distances, and
        `transform` takes those of new rows to the training rows.
    max_radius : float or "auto", default="auto"
        Distance of the farthest node to the root. The larger, the better are distances
        kept, until directions run out of digits; "auto" is 34, with `n_terms` floats
        35 of them less one, and 15 for float32.
    n_terms : int, default=1
        A direction is the sum of so many floats. `distances` and `contraction_` know
        all of them, and so need no other arithmetic; coordinates of the ball have room
        for a radius of 36, whatever it is.
    root : "center" or int, default="center"
        The node at the origin, by its id, or a training row. Depth is what costs
        digits, and from the middle of a longest path it is least.
    output_space : {"poincare", "lorentz", "klein", "tangent"}, default="poincare"
        Coordinates of `embedding_`, `nodes_` and `transform`.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. That is the
        search for neighbours; the tree is laid out on the host.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows; one more for "lorentz".
    nodes_ : ndarray of shape (n_nodes, n_components)
        Those of all nodes, the merges of a clustering too, which come after the rows.
    rows_ : ndarray of shape (n_samples,), int64
        The node of each training row; identical points are one node.
    radii_ : ndarray of shape (n_nodes,)
        Distances to the origin.
    directions_ : ndarray of shape (n_terms, n_nodes, n_components)
        Unit vectors, as sums of floats.
    parents_ : ndarray of shape (n_nodes,), int64
        The parent of each node, -1 for the root.
    lengths_ : ndarray of shape (n_nodes,)
        Of the edge to the parent, in the units of the data.
    tau_ : float
        Hyperbolic length of one unit of the data.
    contraction_ : float
        Least share of a path along the tree that the distance of its ends is, in
        [0, 1], of some 20,000 pairs of near and far relatives. Near one the drawing is
        true; near zero some branches run into each other, and a larger `n_terms` or
        `n_components` has room for them.
    tree_ : str
        How rows were joined; "graph" for a graph that is a tree.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    PoincareEmbedding : Order of distances, by links of any graph.
    HeatGeodesicEmbedding : Distances along a graph, in Euclidean space.

    Notes
    -----
    A training row given to `transform` gets its own coordinates. A new one that is a
    point gets those of the training row nearest to it; where the second is nearly as
    near, it lies on the geodesic between both, so that its place is continuous.

    Two nodes at a distance of zero are at one place. Parts of a graph that are not
    joined hang on one more node, the last, with a warning.

    References
    ----------
    .. [1] Sarkar, "Low distortion Delaunay embedding of trees in hyperbolic plane",
       Graph Drawing 2011.
    .. [2] Sala, De Sa, Gu and Ré, "Representation tradeoffs for hyperbolic embeddings",
       ICML 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import TreeEmbedding
    >>> from skgeom.graph import Graph
    >>> path = Graph.from_edges([["a", "b"], ["b", "c"], ["c", "d"]])
    >>> model = TreeEmbedding(graph=path).fit(np.array([["a"], ["b"], ["d"]]))
    >>> model.distances().round(6)
    array([[0., 1., 3.],
           [1., 0., 2.],
           [3., 2., 0.]])
    """

    _parameter_constraints = {
        "tree": [StrOptions({"auto", *_LINKAGES, "minimum", "shortest_path"})],
        "metric": [StrOptions({"euclidean", "precomputed"})],
        "max_radius": [Interval(Real, 0, 600, closed="neither"), StrOptions({"auto"})],
        "n_terms": [Interval(Integral, 1, 16, closed="both")],
        "root": [StrOptions({"center"}), Interval(Integral, 0, None, closed="left")],
        "output_space": [StrOptions(set(CHARTS))],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        graph: Graph | None = None,
        tree: str = "auto",
        metric: str = "euclidean",
        max_radius: float | str = "auto",
        n_terms: int = 1,
        root: int | str = "center",
        output_space: str = "poincare",
        device: str = "auto",
    ):
        self.n_components = n_components
        self.graph = graph
        self.tree = tree
        self.metric = metric
        self.max_radius = max_radius
        self.n_terms = n_terms
        self.root = root
        self.output_space = output_space
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the tree and lay it out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points; node ids or distances as `graph` and `metric` say.
        y : None
            Ignored.

        Returns
        -------
        self : TreeEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X is not what `graph` and `metric`
            say.
        """
        backend = self._backend_for(X, reset=True)
        lengths, self.rows_, unit = self._read_tree(X, backend)
        tree = root_tree(lengths, self._root_of(lengths))
        depth = float(tree.depths.max())
        radius = self._radius_for(X) if depth > 0 else 0.0
        drawn = tree._replace(lengths=tree.lengths / (depth or 1.0) * radius)
        layout = lay_out_tree(drawn, self.n_components, self.n_terms)
        self.contraction_ = layout.contraction
        self._number(tree, layout, unit)
        self.tau_ = _ratio(radius, depth, unit)
        self.nodes_ = as_numpy(self._in_chart(self._polar, X))
        self.embedding_ = self.nodes_[self.rows_]
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Place rows in the fitted tree, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            New points; node ids; or distances to the training rows.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X is not what `graph` and `metric` say, or has another number of columns
            than in `fit`.
        """
        check_is_fitted(self)
        if self.graph is not None:
            nodes = self._read_ids(X, self.graph.n_nodes)
            return self._in_chart(self._polar[nodes], X)
        backend = self._backend_for(X)
        k = min(N_NEAREST, len(self._distinct_rows))
        if self.metric == "precomputed":
            D = self._validated(X, reset=False)
            if (D < 0).any():
                raise ValueError("X must hold distances to the training rows, >= 0.")
            D = D[:, self._distinct_rows]
            indices = np.argsort(D, axis=1, kind="stable")[:, :k]
            distances = np.take_along_axis(D, indices, axis=1)
        else:
            rows = self._validated(X, reset=False, backend=backend)
            distances, indices = nearest_neighbors(
                self._fit_points, rows, n_neighbors=k, backend=backend
            )
        nodes = self._polar[self.rows_[self._distinct_rows]]
        return self._in_chart(place_between_two(nodes, distances, indices), X)

    def distances(
        self, rows: ArrayLike | None = None, columns: ArrayLike | None = None
    ) -> NDArray:
        """Distances between training rows in the drawing, in the units of the data.

        Parameters
        ----------
        rows, columns : array-like of shape (n,), int or str, default=None
            Positions of training rows, or names of nodes where `graph` has names; None
            is all training rows.

        Returns
        -------
        ndarray of shape (n_rows, n_columns), float64
            Hyperbolic distances over `tau_`, by all `n_terms` floats of the directions.

        Raises
        ------
        ValueError
            If a position is that of no training row, or no node has a name.
        """
        check_is_fitted(self)
        rows, columns = (self._positions(given) for given in (rows, columns))
        found = np.empty((len(rows), len(columns)))
        # Of each pair a handful of numbers is in use at once.
        for block in row_blocks(len(rows), 8 * 8 * max(len(columns), 1)):
            found[block] = term_distances(
                self.radii_, self.directions_, rows[block, None], columns[None]
            )
        return found / self.tau_

    def _read_tree(self, X, backend):
        """Lengths of a tree, the node of each row, and the unit of the lengths."""
        if self.graph is not None:
            rows = self._read_ids(X, self.graph.n_nodes, reset=True)
            lengths, unit = self._tree_of_graph()
            return lengths, rows, unit
        X = self._validated(X, reset=True)
        if self.tree == "shortest_path":
            raise ValueError('tree="shortest_path" is for a graph; X holds rows.')
        self.tree_ = self.tree
        if self.tree == "auto":
            self.tree_ = "average" if len(X) <= _MOST_LINKED else "minimum"
        if self.metric == "precomputed":
            X = checked_dissimilarities(X, 'metric="precomputed"')
        _, first, group = np.unique(
            equal_rows(X), return_index=True, return_inverse=True
        )
        self._distinct_rows = np.sort(first)
        self._fit_points = X[self._distinct_rows]
        unit = float(np.abs(X).max(initial=0.0)) or 1.0
        lengths = self._join_rows(X.astype(np.float64) / unit, backend)
        return lengths, first[group], unit

    def _join_rows(self, X, backend):
        """A tree of points, or of distances, whose first nodes are the rows."""
        n_samples, known = len(X), self.metric == "precomputed"
        if n_samples == 1:
            return sp.csr_array((1, 1))
        if self.tree_ != "minimum":
            pairs = squareform(X, checks=False) if known else pdist(X)
            merges = linkage(pairs, self.tree_)
            edges, lengths = edges_of_merges(merges[:, :2].astype(int), merges[:, 2])
            return tree_of_edges(edges, lengths)
        if known:
            edges = np.column_stack(np.triu_indices(n_samples, 1))
            lengths = tree_of_edges(edges, X[tuple(edges.T)], n_samples)
            return spanning_tree(lengths, "minimum")[0]
        return neighbor_tree(X, _N_NEIGHBORS, backend)

    def _tree_of_graph(self):
        """The lengths of the graph, or of a tree in it."""
        if self.tree not in ("auto", "minimum", "shortest_path"):
            raise ValueError(
                f'tree="{self.tree}" joins points; for a graph it must be "auto", '
                '"minimum" or "shortest_path".'
            )
        edges = sp.coo_array(self.graph.to_undirected().lengths)
        apart = edges.row < edges.col
        pairs = np.column_stack([edges.row[apart], edges.col[apart]])
        unit = float(edges.data[apart].max(initial=0.0)) or 1.0
        n_nodes = self.graph.n_nodes
        lengths = tree_of_edges(pairs, edges.data[apart] / unit, n_nodes)
        kind = "shortest_path" if self.tree == "auto" else self.tree
        found, n_parts = spanning_tree(lengths, kind)
        self.tree_ = "graph" if len(pairs) == n_nodes - n_parts else kind
        if n_parts > 1:
            warn(
                f"The graph has {n_parts} parts; they are joined to one more node, by "
                "edges as long as its longest."
            )
        return found, unit

    def _root_of(self, lengths):
        """The node at the origin."""
        if self.root == "center":
            return int(centres(lengths)[0])
        limit = len(self.rows_) if self.graph is None else self.graph.n_nodes
        if self.root >= limit:
            raise ValueError(f"root={self.root} is none of the {limit} nodes.")
        return int(self.rows_[self.root] if self.graph is None else self.root)

    def _radius_for(self, X):
        """The distance of the farthest node to the root."""
        if self.max_radius != "auto":
            return float(self.max_radius)
        if self.n_terms > 1:
            return _RADIUS_MORE * self.n_terms - 1
        return _RADIUS_32 if self._width(X) == np.float32 else _RADIUS

    def _number(self, tree, layout, unit):
        """Keep what is known of positions in the tree by node."""
        place = np.argsort(tree.nodes)
        self.radii_ = layout.radii[place]
        self.directions_ = layout.directions[:, place]
        self.parents_ = np.append(tree.nodes, -1)[tree.parents][place]
        self.lengths_ = tree.lengths[place] * unit
        self._polar = np.column_stack([self.radii_, self.directions_[0]])

    def _positions(self, given):
        """Nodes of training rows."""
        if given is None:
            return self.rows_
        given = np.asarray(given)
        named = self.graph is not None and self.graph.node_names is not None
        if named and holds_names(given):
            return self.graph.ids(given.ravel())
        n_samples = len(self.rows_)
        sound = given.ndim == 1 and given.dtype.kind in "iu"
        if not sound or not ((given >= 0) & (given < n_samples)).all():
            raise ValueError(
                "Positions of training rows must be integers from 0 to "
                f"{n_samples - 1}."
            )
        return self.rows_[given]

    def _width(self, X):
        """The float that coordinates come back in."""
        return as_numpy(self._output(np.zeros(0), like=X)).dtype

    def _in_chart(self, points, like):
        chart = to_chart(points, self.output_space, self._width(like))
        return self._output(chart, like=like)

    def __sklearn_tags__(self):
        """Distances are pairwise; with a graph X has nodes, and names may be text."""
        tags = super(GraphInputMixin, self).__sklearn_tags__()
        tags.input_tags.pairwise = self.graph is None and self.metric == "precomputed"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _ratio(radius, depth, unit):
    """Radius over depth times unit, within the range of floats; 1 without a depth."""
    if depth == 0:
        return 1.0
    with np.errstate(over="ignore", under="ignore"):
        return float(np.clip(np.float64(radius) / depth / unit, *_POSITIVE))
