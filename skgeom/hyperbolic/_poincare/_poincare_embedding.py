"""Poincaré embeddings of graphs (Nickel and Kiela, NIPS 2017 and ICML 2018)."""

from functools import partial
from numbers import Integral, Real
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import (
    EmbeddingMixin,
    GeometryEstimator,
    GraphInputMixin,
    with_callbacks,
)
from skgeom.graph import Graph, equal_rows
from skgeom.hyperbolic._poincare._descent import (
    Schedule,
    descend_links,
    place_in_ball,
    points_from,
    prepare_links,
)
from skgeom.hyperbolic._poincare._links import every_other, without_loops
from skgeom.hyperbolic._poincare._nearest import named, nearest_nodes, read_nodes
from skgeom.hyperbolic._poincare._placement import place_between
from skgeom.hyperbolic._poincare._start import choose_start, learning_rate_from
from skgeom.metrics import link_ranks
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike

# optimizer="auto" takes polar Adam up to this dimension.
_FEW_COMPONENTS = 3
# A row of which so much is a node is that node.
_IS_NODE = 1 - 1e-12
# Steps an epoch of batch_size="auto".
_STEPS_PER_EPOCH = 20
# Radii up to which coordinates tell points apart, in float64 and in float32.
_MAX_RADIUS, _MAX_RADIUS_32 = 30.0, 14.0


class PoincareEmbedding(
    GraphInputMixin,
    EmbeddingMixin,
    GeometryEstimator,
):
    r"""Embed a hierarchy, or any graph, in the Poincaré ball.

    In hyperbolic space there is exponentially more room at a larger distance, as there
    are more nodes in a lower level of a tree. Each link (u, v) is drawn nearer than
    random nodes j that u is not linked to [1]_, by descent on

    .. math::
        -\sum_{(u, v)} w_{uv} \log
        \frac{e^{-d(u, v)}}{e^{-d(u, v)} + \sum_j e^{-d(u, j)}},
        \qquad d(x, y) = \operatorname{arcosh}
        \Bigl(1 + 2\,\tfrac{|x - y|^2}{(1 - |x|^2)(1 - |y|^2)}\Bigr) .

    Read more in the :ref:`User Guide <poincare>`.

    Parameters
    ----------
    n_components : int, default=2
        Dimension of the ball.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
        Links of a directed graph go from u to v; in a hierarchy, from the special to
        the general.
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, directed or
        not, weights >= 0. "precomputed_nearest_neighbors": a sparse matrix of distances
        to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    model : {"lorentz", "poincare"}, default="lorentz"
        How `optimizer="sgd"` takes a step: along a geodesic [2]_, or straight in the
        ball [1]_. The other optimizers do not depend on it.
    optimizer : {"auto", "polar_adam", "tangent_adam", "sgd"}, default="auto"
        What becomes of gradients. "tangent_adam": Adam on z, where a point is the
        exponential of z at the origin. "polar_adam": Adam on the radius and on the
        direction. "sgd": Riemannian stochastic gradient descent. "auto" is
        "polar_adam" for two or three components, and "tangent_adam" for others.
    init : {"auto", "tree", "random"}, default="auto"
        Where to start. "tree": the layout of a tree in the graph. "random": near the
        origin. "auto": a layout, a smaller one or the origin, by short trials, at a
        fifth of the cost of the fit.
    n_negatives : int, default=50
        Random nodes that a node is to keep away from in an epoch, shared by its links.
        Those it is linked to are left out, not redrawn.
    local_negatives : float, default=0.1
        Share of them, in [0, 1], from its surroundings: nodes that link to it, or to
        one that it links to.
    negative_power : float, default=0.0
        The others are drawn in proportion to this power of a node's number of links.
    learning_rate : float or "auto", default="auto"
        At the start; it falls linearly to zero. "auto" is 0.06 for "tangent_adam",
        from a whole layout at most 25 / n_nodes, so that it is not lost, and 0.1 else.
        No step is longer than one unit.
    max_iter : int, default=300
        Epochs, in each of which all links are seen.
    burn_in : int, default=20
        First epochs, at 3 per cent of the rate, after a random start.
    batch_size : int or "auto", default="auto"
        Nodes whose links make a step together. "auto" is a twentieth of them.
    tol : float, default=0.0
        Stop when the mean loss of ten epochs is not below that of the ten before by
        this share; 0 never does.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. New rows
        that are points are placed on the host.
    random_state : int, RandomState instance or None, default=None
        Draws the start, the order of nodes and the negatives.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows, in the open unit ball.
    radii_ : ndarray of shape (n_samples,)
        Their distances to the origin, at most 30 (14 for float32); small for general
        nodes.
    graph_ : Graph
        The graph that was embedded, without self-loops.
    loss_curve_ : ndarray of shape (`n_iter_`,)
        Mean loss of a link in each epoch.
    init_ : {"tree", "random"}
        The start used.
    init_scale_ : float
        Size of the layout used, 1 for that of "tree" and 0 for a random start.
    optimizer_ : {"polar_adam", "tangent_adam", "sgd"}
        The optimizer used.
    learning_rate_ : float
        The rate used.
    n_iter_ : int
        Epochs.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    HeatGeodesicEmbedding : Distances along a graph, in Euclidean space.

    Notes
    -----
    A training row given to `transform` gets its own coordinates, and a new one is
    placed by its links to the training rows, which stay where they are; no row depends
    on the others in the batch. With ``affinity="precomputed"`` a row is known by its
    links alone: one that has the links of a training row is placed at it, or at the
    first of several.

    Isolated nodes have no links to follow and are pushed away by the others. A node
    linked to all others has no negatives and is moved by others alone. Disconnected
    parts drift apart.

    References
    ----------
    .. [1] Nickel and Kiela, "Poincaré embeddings for learning hierarchical
       representations", NIPS 2017.
    .. [2] Nickel and Kiela, "Learning continuous hierarchies in the Lorentz model of
       hyperbolic geometry", ICML 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import PoincareEmbedding
    >>> from skgeom.datasets import load_wordnet_mammals
    >>> mammals = load_wordnet_mammals()
    >>> nodes = np.arange(mammals.n_nodes)[:, None]
    >>> model = PoincareEmbedding(graph=mammals, max_iter=20, random_state=0).fit(nodes)
    >>> model.score(nodes) > 0.9
    True
    """

    _directed = True

    _parameter_constraints = {
        "model": [StrOptions({"lorentz", "poincare"})],
        "optimizer": [StrOptions({"auto", "polar_adam", "tangent_adam", "sgd"})],
        "init": [StrOptions({"auto", "tree", "random"})],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "local_negatives": [Interval(Real, 0, 1, closed="both")],
        "negative_power": [Interval(Real, 0, None, closed="left")],
        "learning_rate": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "burn_in": [Interval(Integral, 0, None, closed="left")],
        "batch_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "tol": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        model: str = "lorentz",
        optimizer: str = "auto",
        init: str = "auto",
        n_negatives: int = 50,
        local_negatives: float = 0.1,
        negative_power: float = 0.0,
        learning_rate: float | str = "auto",
        max_iter: int = 300,
        burn_in: int = 20,
        batch_size: int | str = "auto",
        tol: float = 0.0,
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.model = model
        self.optimizer = optimizer
        self.init = init
        self.n_negatives = n_negatives
        self.local_negatives = local_negatives
        self.negative_power = negative_power
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.burn_in = burn_in
        self.batch_size = batch_size
        self.tol = tol
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Compute the embedding of the training rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : None
            Ignored.

        Returns
        -------
        self : PoincareEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, or its graph has no links.
        """
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        graph, rows, points = self._fit_graph(X, backend)
        self.graph_ = without_loops(graph)
        if self.graph_.n_edges == 0:
            raise ValueError(
                "The graph has no links, apart from those of nodes with themselves: "
                "there is nothing to embed."
            )
        links = prepare_links(
            self.graph_.adjacency, backend, negative_power=self.negative_power
        )
        schedule_for = partial(self._make_schedule, X, backend)
        what = self.graph_.adjacency, links, self.n_components, self.init
        start, self.init_scale_ = choose_start(*what, schedule_for, rng, backend)
        self.init_ = "tree" if self.init_scale_ > 0 else "random"
        self._schedule = schedule_for(self.init_scale_)
        self.optimizer_ = self._schedule.rule.removeprefix(f"{self.model}_")
        self.learning_rate_ = self._schedule.learning_rate
        moved = points_from(start, self._schedule.max_radius, backend)
        progress = self._progress(self.max_iter, measure="loss")
        self.loss_curve_ = descend_links(
            moved, links, self._schedule, rng, backend, progress
        )
        if progress is not None:
            progress.close()
        self.n_iter_ = len(self.loss_curve_)
        self._coordinates, self._gaps = map(backend.to_numpy, moved[:2])
        if points is not None:
            # Identical rows share the place of the first of them.
            first, group = np.unique(
                equal_rows(points), return_index=True, return_inverse=True
            )[1:]
            self._coordinates = self._coordinates[first[group]]
            self._gaps = self._gaps[first[group]]
        self._links = type(links)(*map(backend.to_numpy, links))
        # On the host whatever X is, so that a fitted model can be loaded anywhere.
        self.embedding_ = as_numpy(self._in_ball(self._coordinates[rows], X))
        self.radii_ = 2 * np.arccosh(1 / np.sqrt(self._gaps[rows]))
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Place rows in the fitted embedding, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates in the ball, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        attachment = self._attach(X, backend)
        share = attachment.own.sum(axis=1)
        placed = attachment.own @ self._coordinates
        new = np.flatnonzero((share < _IS_NODE) & ~attachment.lonely)
        if new.size and self.affinity == "precomputed":
            placed[new] = self._place(attachment.weights[new], backend)[0]
        elif new.size:
            parts = attachment.weights[new], attachment.lengths[new]
            placed[new] = place_between(self._coordinates, *parts, attachment.own[new])
        if attachment.lonely.any():
            n_nodes = self.graph_.n_nodes
            to_all = sp.csr_array(np.full((1, n_nodes), 1.0 / n_nodes))
            placed[attachment.lonely] = self._place(to_all, backend)[0]
        return self._in_ball(placed, X)

    def score(self, X: MatrixLike, y: None = None) -> float:
        """Mean average precision of links: how well nearness tells what is linked.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Rows as in `transform`. Of nodes of a known graph and of the training rows,
            links are to be reconstructed. Of other rows every other link is held back:
            the row is placed by the rest, and they are to be found among the nodes that
            it has no known link to.
        y : None
            Ignored.

        Returns
        -------
        float
            In [0, 1], see :func:`~skgeom.metrics.reconstruction_score`.

        Raises
        ------
        ValueError
            If no row has a link (two links, if it is new).
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        attachment = self._attach(X, backend)
        table = self._coordinates, self._gaps
        if self.graph is not None or self._is_training(X, attachment):
            nodes = np.arange(self.graph_.n_nodes)
            if self.graph is not None:
                nodes = attachment.lengths.indices
            links = self.graph_.adjacency[nodes]
            queries, known = tuple(a[nodes] for a in table), sp.csr_array(links.shape)
        else:
            known, links = every_other(self._raw_links(X, attachment))
            if not links.nnz:
                raise ValueError(
                    "score of new rows needs two links in some row: one to place the "
                    "row by, and one to find."
                )
            queries, nodes = self._place(known, backend), np.full(links.shape[0], -1)
        return float(link_ranks(queries, table, links, known, nodes)[0].mean())

    @validate_params(
        {"k": [Interval(Integral, 1, None, closed="left")]},
        prefer_skip_nested_validation=True,
    )
    def nearest(self, nodes: ArrayLike, k: int = 10) -> tuple[NDArray, NDArray]:
        """Find the nodes nearest to a node, by hyperbolic distance.

        Parameters
        ----------
        nodes : int, str or array-like of shape (n,), int or str
            A node or several, by id or by name. Without a known `graph`, the training
            rows are nodes, and ids their positions.
        k : int, default=10
            How many to find, at most the number of other nodes.

        Returns
        -------
        neighbors : ndarray of shape (k,) or (n, k), object or int
            Those nearest to the node, or to each of several, without itself, nearest
            first: names, where `graph` has some that are no numbers, else ids.
        distances : ndarray of shape (k,) or (n, k)
            How far they are.

        Raises
        ------
        ValueError
            If the estimator is not fitted, `k` is below one, or `nodes` holds a name or
            an id of no node.
        """
        check_is_fitted(self)
        nodes, shape = read_nodes(nodes, self.graph_)
        found, distances = nearest_nodes((self._coordinates, self._gaps), nodes, k)
        shape = (*shape, found.shape[1])
        names = named(found, self.graph_.node_names)
        return names.reshape(shape), distances.reshape(shape)

    def _make_schedule(self, X, backend, scale):
        """Fill in what is "auto", for a start from a layout of some size."""
        rule, rate, batch_size = self.optimizer, self.learning_rate, self.batch_size
        if rule == "auto":
            few = 1 < self.n_components <= _FEW_COMPONENTS
            rule = "polar_adam" if few else "tangent_adam"
        if rate == "auto":
            rate = learning_rate_from(scale, rule, self.graph_.n_nodes)
        if batch_size == "auto":
            n_heads = np.count_nonzero(np.diff(self.graph_.adjacency.indptr))
            batch_size = -(-n_heads // _STEPS_PER_EPOCH)
        narrow = self._width(X) == np.float32 or backend.float64 == backend.xp.float32
        return Schedule(
            rule=f"{self.model}_sgd" if rule == "sgd" else rule,
            learning_rate=float(rate),
            max_iter=self.max_iter,
            burn_in=0 if scale > 0 else self.burn_in,
            batch_size=batch_size,
            n_negatives=self.n_negatives,
            local_negatives=self.local_negatives,
            max_radius=_MAX_RADIUS_32 if narrow else _MAX_RADIUS,
            tol=self.tol,
        )

    def _width(self, X):
        """The float that coordinates come back in."""
        return as_numpy(self._output(np.zeros(0), like=X)).dtype

    def _graph_of_points(self, X, n_neighbors, backend):
        return Graph.from_points(
            X, n_neighbors=n_neighbors, affinity="binary", backend=backend
        )

    def _place(self, links, backend):
        """Coordinates and gaps of new rows; draws depend on a row's links alone."""
        return place_in_ball(
            (self._coordinates, self._gaps),
            self._links,
            links,
            self._schedule,
            backend,
        )

    def _in_ball(self, coordinates, like):
        """Coordinates in the width of X, where rounding must not reach the boundary."""
        rounded = coordinates.astype(self._width(like))
        limit = 1 - 2 * np.finfo(rounded.dtype).eps
        norms = np.linalg.norm(rounded, axis=1, keepdims=True)
        rounded *= np.where(norms > limit, limit / np.maximum(norms, limit), 1.0)
        return self._output(rounded, like=like)

    def _is_training(self, X, attachment):
        """Whether all rows are nodes of the fit, or nearly so, and as many."""
        n_nodes = self.graph_.n_nodes
        if len(attachment.lonely) != n_nodes:
            return False
        if self.affinity == "precomputed":
            same = without_loops(Graph.from_adjacency(as_numpy(X))).adjacency
            return (same != self.graph_.adjacency).nnz == 0
        return bool((attachment.own.sum(axis=1) > 0.99).all())

    def _raw_links(self, X, attachment):
        """Links of new rows to the nodes, whether or not they are nodes themselves."""
        if self.affinity == "precomputed":
            return sp.csr_array(as_numpy(X), dtype=np.float64)
        links = attachment.lengths.copy()
        links.data = (links.data > 0).astype(np.float64)
        links.eliminate_zeros()
        return links
