"""Nonnegative RESCAL, its rank by stability (Krompass et al., 2013)."""

from collections.abc import Sequence
from numbers import Integral
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative

from skgeom._warnings import warn
from skgeom.base import EmbeddingMixin, GeometryEstimator, GraphInputMixin
from skgeom.base._constraints import GraphHandle
from skgeom.decomposition._nonnegative_rescal._rank import ranks_by_stability
from skgeom.decomposition._nonnegative_rescal._relations import Relations
from skgeom.decomposition._nonnegative_rescal._rows import nonnegative_rows
from skgeom.decomposition._nonnegative_rescal._updates import factorise
from skgeom.graph import Graph, KnownRows, canonical_csr
from skgeom.typing import Array, MatrixLike, RandomStateLike


class NonnegativeRESCAL(GraphInputMixin, EmbeddingMixin, GeometryEstimator):
    r"""Memberships of entities that explain several relations between them.

    Relation m links entity i to j with weight :math:`X_{mij} \ge 0`. It is taken to be
    due to communities: entity i belongs to them by :math:`a_i \ge 0`, and
    :math:`R_m \ge 0` says how each links to each,

    .. math:: X_m \approx A R_m B^\top, \qquad B = A

    where links lead to the same entities [1]_; B is a factor of its own where they lead
    to others. All relations share A. How many communities there are is told by
    whether they come again from links that are a little changed [2]_.

    Read more in the :ref:`User Guide <nonnegative_rescal>`.

    Parameters
    ----------
    n_components : int or "auto", default=5
        Number of communities, at most that of the fewer of the entities at either end.
        "auto": the largest whose columns are stable, see Notes.
    n_relations : int, default=None
        How many relations stand side by side in X. None: with "precomputed" as many as
        fit, else one.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1). A
        list of graphs of the same nodes, directed or not, is a relation each.
    affinity : str, default="bipartite"
        What X holds when `graph` is None. "bipartite": links of each row to things of
        another kind, shape (n, m p). "precomputed": links to the rows themselves, shape
        (n, m n).
    max_components : int, default=10
        The most that "auto" tries, >= 2.
    n_init : int, default=4
        Starts, of which the best is kept.
    max_iter : int, default=400
        Most steps.
    tol : float, default=1e-3
        Steps end where ten of them lower the error of no start by more than this share
        of it, or of what is explained where that is less.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. All of it
        is NumPy's and SciPy's here, on the host; results go where X is.
    random_state : int, RandomState instance or None, default=None
        Decides starts and copies.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        A, a row for each row of X. Columns are in decreasing order of their links; over
        all entities they have length one, where B is A.
    components_ : ndarray of shape (n_components, n_targets)
        B transposed, of the entities that links lead to.
    core_ : ndarray of shape (n_relations, n_components, n_components)
        Each R_m.
    n_components_ : int
        Number of communities.
    stability_ : dict of int to float
        With "auto", for each number from 2 on, the least mean silhouette of a
        community over the copies.
    errors_ : dict of int to float
        With "auto", for each number from 1 on, the mean share of the squares of a copy
        that is left.
    reconstruction_err_ : float
        Root of the sum of squares of X less what the factors say.
    n_iter_ : int
        Steps of the last fit.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.decomposition.NMF : Of one table, where nothing is asked of its columns.
    skgeom.nodes.NodeEmbedding : Coordinates of nodes of one graph, for predictions.

    Notes
    -----
    "auto" draws six copies of X, each link times a number from 0.97 to 1.03, fits each
    number of communities to all copies, and matches their columns. The largest number
    is taken whose least stable community has a silhouette above 0.5, and with which a
    quarter less is left than with one community less; 1 if there is none. Communities
    are told apart by how they link in several relations: of one alone their number may
    be too small. So it is of sparse links of ones, most of which is chance.

    A row given to `transform` has the memberships by which nonnegative least squares
    explains its links, A and R being fixed. Training rows have those of `fit`:
    bipartite ones by the same least squares, of precomputed links and nodes those of A,
    which also know of links that lead to them.

    References
    ----------
    .. [1] Krompass, Nickel, Jiang and Tresp, "Non-negative tensor factorization with
       RESCAL", ECML PKDD workshop on tensor methods for machine learning, 2013.
    .. [2] Bhattarai, Kharat, Boureima, Skau, Nebgen, Djidjev, Rajopadhye, Smith and
       Alexandrov, "Distributed non-negative RESCAL with automatic model selection for
       exascale data", Journal of Parallel and Distributed Computing 179, 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import NonnegativeRESCAL
    >>> from skgeom.graph import Graph
    >>> of = np.array([0, 0, 0, 1, 1, 1])
    >>> friends, writes_to = (of[:, None] == of) * 1.0, (of[:, None] > of) * 1.0
    >>> relations = [Graph(friends), Graph(writes_to)]
    >>> model = NonnegativeRESCAL(2, graph=relations, random_state=0)
    >>> Z = model.fit_transform(np.arange(6)[:, None])
    >>> one, other = Z[0].argmax(), Z[3].argmax()
    >>> bool(one != other), (model.core_[1] > 0.1).sum()
    (True, np.int64(1))
    """

    _directed = True

    _parameter_constraints = {
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "n_relations": [Interval(Integral, 1, None, closed="left"), None],
        "affinity": [StrOptions({"bipartite", "precomputed"})],
        "graph": [GraphHandle(), list, tuple, None],
        "max_components": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int | str = 5,
        *,
        n_relations: int | None = None,
        graph: Graph | Sequence[Graph] | None = None,
        affinity: str = "bipartite",
        max_components: int = 10,
        n_init: int = 4,
        max_iter: int = 400,
        tol: float = 1e-3,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.n_relations = n_relations
        self.graph = graph
        self.affinity = affinity
        self.max_components = max_components
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the communities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Links >= 0 of the rows, relation beside relation; or node ids, as `graph`
            and `affinity` say.
        y : None
            Ignored.

        Returns
        -------
        self : NonnegativeRESCAL
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, graphs have
            different nodes, or X is not what `graph`, `affinity` and `n_relations` say.

        Warns
        -----
        ConvergenceWarning
            If after `max_iter` steps ten of them still lower the error by more than
            `tol` of the squares of X.
        """
        self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        links, rows, known = self._links(X)
        unit = max(float(link.max()) for link in links) or 1.0
        links = [link / unit for link in links]
        n_from, n_to = links[0].shape
        within = rows is not None
        if not sp.issparse(links[0]):
            links = np.stack(links)
        relations = Relations([links], n_from if within else n_from + n_to)
        most = min(n_from, n_to)
        k = self._number_of_components(relations, most, rng)
        A, R = self._factors(relations, k, rng)
        B = A[relations.ends[1]]
        self._unit, self._known = unit, known
        self._weights = np.concatenate([B @ core.T for core in R])
        products = sum(link @ (B @ core.T) for link, core in zip(links, R, strict=True))
        nodes = A if within else nonnegative_rows(products, self._gram())
        self.n_components_ = k
        self.reconstruction_err_ = unit * self._left(relations, products, nodes)
        self.core_ = self._kept(R * unit, like=X)
        self.components_ = self._kept(B.T, like=X)
        self._nodes = nodes
        self.embedding_ = self._kept(nodes[rows] if within else nodes, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Find the memberships of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Links of new rows to the fitted entities, as in `fit`; or node ids.

        Returns
        -------
        array of shape (n_rows, n_components)
            Memberships >= 0, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what it was in `fit`: other
            columns, ids of no node, negative links.
        """
        check_is_fitted(self)
        if self.graph is not None:
            return self._output(self._nodes[self._read_ids(X, len(self._nodes))], X)
        links = self._read(X, reset=False)
        found = nonnegative_rows((links / self._unit) @ self._weights, self._gram())
        if self._known is not None:
            same = self._known.find(canonical_csr(links))
            found = np.where(same[:, None] >= 0, self._nodes[same], found)
        return self._output(found, like=X)

    def _read(self, X, *, reset):
        """Links, which are not negative, in float64."""
        X = self._validated(X, reset=reset, accept_sparse="csr")
        check_non_negative(X, f"{type(self).__name__} (links)")
        return sp.csr_array(X, dtype=float) if sp.issparse(X) else np.asarray(X, float)

    def _links(self, X):
        """A matrix for each relation; the nodes of rows; rows to know again."""
        if self.graph is not None:
            graphs = self._graphs()
            rows = self._read_ids(X, graphs[0].n_nodes, reset=True)
            return [graph.adjacency for graph in graphs], rows, None
        X = self._read(X, reset=True)
        n, width = X.shape
        within = self.affinity == "precomputed"
        m = self.n_relations or (max(width // n, 1) if within else 1)
        p = n if within else width // m
        if width != m * p or p == 0:
            shape = f"(n, {m} * n), n = {n}" if within else f"(n, {m} * p)"
            raise ValueError(
                f"affinity={self.affinity!r} with n_relations={self.n_relations} needs "
                f"X of shape {shape}, {m} relations side by side; got {X.shape}."
            )
        links = [X[:, j * p : (j + 1) * p] for j in range(m)]
        if not within:
            return links, None, None
        return links, np.arange(n), KnownRows(canonical_csr(X))

    def _graphs(self):
        """The graphs, one for each relation."""
        graphs = [self.graph] if isinstance(self.graph, Graph) else list(self.graph)
        if not graphs or not all(isinstance(graph, Graph) for graph in graphs):
            raise ValueError("graph must be a Graph, or a list of at least one Graph.")
        sizes = [graph.n_nodes for graph in graphs]
        if len(set(sizes)) > 1:
            raise ValueError(f"All of graph must have the same nodes; got {sizes}.")
        return graphs

    @property
    def _named_graph(self):
        """The first graph, by which nodes are named."""
        return self._graphs()[0]

    def _number_of_components(self, relations, most, rng):
        """As many as asked for, or the most that are stable."""
        if self.n_components != "auto":
            return min(self.n_components, most)
        chosen, self.stability_, self.errors_ = ranks_by_stability(
            relations,
            min(self.max_components, most),
            self.n_init,
            rng,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        return chosen

    def _factors(self, relations, k, rng):
        """A and R, the communities with most links first."""
        A, R, errors, self.n_iter_ = factorise(
            relations, k, self.n_init, rng, max_iter=self.max_iter, tol=self.tol
        )
        best = errors[-1].argmin()
        fall = float((errors[-2] - errors[-1]).ravel()[best])
        if self.n_iter_ == self.max_iter and fall > self.tol:
            warn(
                f"The last steps still lowered the error by {fall:.1g} of the squares "
                f"of X, wanted is tol={self.tol:.1g}; raise max_iter={self.max_iter}.",
                ConvergenceWarning,
            )
        A, R = A[0], R[0]
        order = np.argsort(-(R.sum(axis=(0, 1)) + R.sum(axis=(0, 2))), kind="stable")
        return A[:, order], R[:, order][:, :, order]

    def _gram(self):
        return self._weights.T @ self._weights

    def _left(self, relations, products, nodes):
        """Root of the squares that are left."""
        told = (nodes * (nodes @ self._gram() - 2 * products)).sum()
        return float(np.sqrt(max(relations.squares()[0] + told, 0.0)))

    def __sklearn_tags__(self):
        """Links may be sparse, and are not negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.graph is None and self.affinity == "precomputed"
        tags.input_tags.sparse = self.graph is None
        tags.input_tags.positive_only = self.graph is None
        return tags
