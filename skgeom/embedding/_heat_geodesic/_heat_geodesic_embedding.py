"""Heat geodesic embedding (Huguet et al., NeurIPS 2023)."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.base import (
    EmbeddingMixin,
    GeometryEstimator,
    GraphInputMixin,
    with_callbacks,
)
from skgeom.embedding._heat_geodesic._distances import GeodesicDistancesMixin
from skgeom.embedding._heat_geodesic._heat_distance import heat_geodesics
from skgeom.embedding._heat_geodesic._landmarks import choose_landmarks
from skgeom.embedding._heat_geodesic._path_distance import path_geodesics
from skgeom.embedding._heat_geodesic._placement import (
    MAX_TIME,
    approach_distances,
    automatic_geodesic,
    automatic_time,
    cleaned_graph,
    group_means,
    groups_of_duplicates,
    interpolate_by_heat,
    placement_time,
)
from skgeom.embedding._heat_geodesic._relaxation_time import relaxation_time
from skgeom.embedding._heat_geodesic._stress import kruskal_stress
from skgeom.embedding._heat_geodesic._tree_distance import tree_geodesics
from skgeom.graph import Graph, local_scale
from skgeom.graph._neighbors import power_of_two
from skgeom.solvers import classical_mds, metric_mds, principal_axes
from skgeom.solvers._mds import GOOD_STRESS
from skgeom.typing import Array, MatrixLike, RandomStateLike

# Heat that chaining="auto" does not trust.
_TRUSTED_HEAT = 1e-8


class HeatGeodesicEmbedding(
    GeodesicDistancesMixin,
    GraphInputMixin,
    EmbeddingMixin,
    GeometryEstimator,
):
    r"""Embed points so that distances are geodesic distances along the data.

    Heat that starts at a point of the neighbour graph arrives at other points by all
    paths at once. By Varadhan's formula its logarithm is a squared geodesic distance;
    a volume term makes the distance of a point to itself zero [1]_:

    .. math::
        d_{ij}^2 = -4t \log h_{ij} + 4t \sigma \log \tfrac{h_{ii} + h_{jj}}{2},
        \qquad H = e^{-tL} .

    Multidimensional scaling turns the distances into coordinates. Distances are
    computed to a few landmarks only, so that cost grows linearly with the number of
    points; ``n_landmarks=None`` is the published method on all pairs.

    Read more in the :ref:`User Guide <heat_geodesic>`.

    Parameters
    ----------
    n_components : int, default=2
        Dimension of the embedding. Axes beyond the rank of the data are zero.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    robust : bool or "auto", default="auto"
        Whether points are cleaned before they are joined: noise directions dropped
        (with more than ten features), points smoothed, shortcuts cut. "auto" is True
        with landmarks and False without. It needs points: graphs are taken as they
        are.
    smoothing : int or "auto", default="auto"
        Size of the neighbourhoods that a robust graph smooths points by; 0 is off.
        "auto" is the least from which a shape stands out of the noise, and a part of a
        large one, see :func:`~skgeom.graph.smooth_locally`.
    pruning : float, default=0.1
        Share in [0, 1), or a little more, of its edges that a robust graph suspects of
        being shortcuts: those whose ends have the least in common; 0 is off.
        Suspects are cut, but for those that bridge clean parts, see
        :func:`~skgeom.graph.robust_graph`.
    geodesic : {"auto", "heat", "shortest_path", "tree"}, default="auto"
        How distances along the graph are measured. "auto" is "heat" for the exact
        method, for graphs whose edges have no lengths, and for points whose
        neighbourhoods hold less than a fifth of their variance above the noise, see
        :func:`~skgeom.graph.local_scale`; else "shortest_path". Where the axes cannot
        hold these distances (stress above .05) and points are cleaned, "auto" becomes
        "tree" if the data is one, and else "heat" if neighbourhoods vary in more
        directions than there are axes and these hold heat's distances better. "tree"
        needs points: distances are mean path lengths in the spanning trees of the
        centres of mixtures of Gaussians. The data is a tree if these agree (mean
        correlation of at least .65), cut no strong loop, predict points that they have
        not seen better than clouds without branches, and show as much as the noise
        does; with many points and little noise, paths do.
    laplacian : {"symmetric", "random_walk", "combinatorial"}, default="symmetric"
        Normalisation of the graph Laplacian, all in the same unit of time.
    diffusion_time : float or "auto", default="auto"
        Time t > 0 in steps of a random walk. "auto" is half the relaxation time of
        the graph, and at most 40.
    volume_weight : float, default=1.0
        Weight sigma >= 0 of the volume term.
    denoising : float, default=0.0
        Share in [0, 1] of the triplet distance, which compares whole rows of
        distances.
    n_landmarks : int, "auto" or None, default="auto"
        Landmarks, at least one a connected component. "auto" is 300, or all points if
        there are fewer. None is the exact method: all points, n x n arrays.
    chaining : float, "auto" or None, default="auto"
        Heat in [0, 1) at or below which a distance is replaced by the shortest route
        over landmarks. "auto" is 1e-8 with landmarks and off without; None is off.
    mds : {"metric", "classical"}, default="metric"
        Multidimensional scaling: by stress from the classical solution, where it fits
        badly also from a second start (:func:`~skgeom.solvers.metric_mds`), or
        classical.
    max_iter : int, default=500
        Most iterations of metric scaling from either start.
    tol : float, default=1e-5
        Metric scaling stops when its stress falls by less than this share.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.
    random_state : int, RandomState instance or None, default=None
        Chooses the first landmark, and draws the mixtures of trees.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows in the unit of X (of one edge, if the graph
        was given), centred, axes by decreasing variance.
    graph_ : Graph
        The graph that heat flowed on.
    diffusion_time_ : float
        The time used.
    geodesic_ : {"heat", "shortest_path", "tree"}
        How distances were measured.
    landmark_indices_ : ndarray of shape (n_landmarks,), int64
        Nodes that are landmarks.
    stress_ : float
        Kruskal's stress-1 of the landmarks, in [0, 1] for a fitted optimum.
    n_iter_ : int
        Iterations of metric scaling; 1 for classical scaling.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.manifold.Isomap : Shortest paths instead of heat: better on clean data.
    sklearn.manifold.TSNE : Keeps neighbours rather than distances.

    Notes
    -----
    Rows given to `transform` are placed one by one: a new point at the weighted mean
    of its nearest training points, so that a training row gets its own coordinates
    back (identical rows share theirs). With ``affinity="precomputed"`` a row of links
    goes to the weighted mean of the linked nodes, which for a training row is near,
    not at, its own coordinates.

    Points in different connected components get finite distances over straight bridges:
    the shortest that join all and, where the axes hold the result (stress up to .05),
    those up to three times as long. Where no positions are known, k components are
    2 sqrt(k) times as far apart as the two most distant nodes of any one.

    References
    ----------
    .. [1] Huguet, Tong, De Brouwer, Zhang, Wolf, Adelstein and Krishnaswamy, "A heat
       diffusion perspective on geodesic preserving dimensionality reduction",
       NeurIPS 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgeom import HeatGeodesicEmbedding
    >>> X, _ = load_digits(return_X_y=True)
    >>> HeatGeodesicEmbedding(random_state=0).fit_transform(X[::3]).shape
    (599, 2)
    """

    _parameter_constraints = {
        "robust": ["boolean", StrOptions({"auto"})],
        "smoothing": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "pruning": [Interval(Real, 0, 1, closed="left")],
        "geodesic": [StrOptions({"auto", "heat", "shortest_path", "tree"})],
        "laplacian": [StrOptions({"symmetric", "random_walk", "combinatorial"})],
        "diffusion_time": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "volume_weight": [Interval(Real, 0, None, closed="left")],
        "denoising": [Interval(Real, 0, 1, closed="both")],
        "n_landmarks": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "chaining": [
            Interval(Real, 0, 1, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "mds": [StrOptions({"metric", "classical"})],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        robust: bool | str = "auto",
        smoothing: int | str = "auto",
        pruning: float = 0.1,
        geodesic: str = "auto",
        laplacian: str = "symmetric",
        diffusion_time: float | str = "auto",
        volume_weight: float = 1.0,
        denoising: float = 0.0,
        n_landmarks: int | str | None = "auto",
        chaining: float | str | None = "auto",
        mds: str = "metric",
        max_iter: int = 500,
        tol: float = 1e-5,
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.robust = robust
        self.smoothing = smoothing
        self.pruning = pruning
        self.geodesic = geodesic
        self.laplacian = laplacian
        self.diffusion_time = diffusion_time
        self.volume_weight = volume_weight
        self.denoising = denoising
        self.n_landmarks = n_landmarks
        self.chaining = chaining
        self.mds = mds
        self.max_iter = max_iter
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
        self : HeatGeodesicEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, its graph has more connected components
            than there may be landmarks, or `geodesic` is "tree" without points.
        """
        backend = self._backend_for(X, reset=True)
        self.graph_, rows, points = self._fit_graph(X, backend)
        self.diffusion_time_, self.geodesic_ = self._choose_flow(points, backend)
        self.landmark_indices_ = choose_landmarks(
            self.graph_, self.n_landmarks, self.random_state, type(self).__name__
        )
        self._geodesics = self._measure(points, backend)
        anchors = self._bridge_across(self._scale_landmarks(backend), points, backend)
        if self._may_be_tree(points):
            anchors = self._follow_trees(anchors, points, backend)
        if self._may_be_wide(points, backend):
            anchors = self._follow_heat(anchors, points, backend)
        self._node_embedding = self._place_nodes(anchors, points, backend)
        self.embedding_ = self._kept(self._node_embedding[rows], like=X)
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
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        check_is_fitted(self)
        attachment = self._attach(X, self._backend_for(X))
        return self._output(attachment.place(self._node_embedding), like=X)

    def _graph_of_points(self, X, n_neighbors, backend):
        if not self._is_robust():
            return super()._graph_of_points(X, n_neighbors, backend)
        how = dict(smoothing=self.smoothing, pruning=self.pruning, backend=backend)
        return cleaned_graph(X, n_neighbors=n_neighbors, **how)

    def _measure(self, points, backend):
        """Geodesic distances between landmarks, by paths, along trees or by heat."""
        if self.geodesic_ in ("shortest_path", "tree"):
            paths = path_geodesics(
                self.graph_, self.landmark_indices_, points=points, n_jobs=self.n_jobs
            )
            if self.geodesic_ == "shortest_path":
                return paths
            return tree_geodesics(paths, points, self.graph_, self.random_state)
        return heat_geodesics(
            self.graph_,
            self.landmark_indices_,
            kind=self.laplacian,
            time=self.diffusion_time_,
            volume_weight=self.volume_weight,
            threshold=self._trust_threshold(),
            points=points,
            dtype=backend.float64,
            backend=backend,
        )

    def _bridge_across(self, anchors, points, backend):
        """Join parts by further bridges, if the axes hold what comes of it."""
        if points is None or self.geodesic_ == "tree":
            return anchors
        across = self._geodesics.bridged_across(self.graph_, points)
        if across is self._geodesics:
            return anchors
        before, self._geodesics = vars(self).copy(), across
        by_bridges = self._scale_landmarks(backend)
        if self.stress_ <= GOOD_STRESS:
            return by_bridges
        vars(self).update(before)
        return anchors

    def _is_robust(self):
        return self.n_landmarks is not None if self.robust == "auto" else self.robust

    def _may_be_tree(self, points):
        """Whether "auto" has measured what the axes cannot hold, on a clean graph."""
        free = self.geodesic == "auto" and self._is_robust() and points is not None
        return free and self.stress_ > GOOD_STRESS

    def _follow_trees(self, anchors, points, backend):
        """Measure along trees instead, if the trees of many mixtures agree."""
        trees = tree_geodesics(self._geodesics, points, self.graph_, self.random_state)
        if not trees.mean.is_tree:
            return anchors
        self._geodesics, self.geodesic_ = trees, "tree"
        return self._scale_landmarks(backend)

    def _may_be_wide(self, points, backend):
        """Whether paths are what the axes cannot hold, for want of dimensions."""
        if not self._may_be_tree(points) or self.geodesic_ != "shortest_path":
            return False
        return local_scale(points, backend=backend)[1] > self.n_components

    def _follow_heat(self, anchors, points, backend):
        """Measure by heat instead, if the axes hold that better."""
        paths, self.geodesic_ = vars(self).copy(), "heat"
        self._geodesics = self._measure(points, backend)
        by_heat = self._scale_landmarks(backend)
        if self.stress_ < paths["stress_"]:
            return by_heat
        vars(self).update(paths)
        return anchors

    def _choose_flow(self, points, backend):
        """The diffusion time, and whether distances come from heat or from paths."""
        time, geodesic = self.diffusion_time, self.geodesic
        if geodesic == "tree" and points is None:
            raise ValueError(
                "geodesic='tree' fits mixtures to points: it needs "
                "affinity='nearest_neighbors' and graph=None."
            )
        if geodesic == "auto" and self.n_landmarks is None:
            geodesic = "heat"
        elif geodesic == "auto":
            geodesic = automatic_geodesic(self.graph_, points, backend=backend)
        if time == "auto":
            time = automatic_time(
                relaxation_time(
                    self.graph_, self.laplacian, horizon=2 * MAX_TIME, backend=backend
                )
            )
        return float(time), geodesic

    def _trust_threshold(self):
        if self.chaining == "auto":
            return 0.0 if self.n_landmarks is None else _TRUSTED_HEAT
        return 0.0 if self.chaining is None else float(self.chaining)

    def _scale_landmarks(self, backend):
        """Multidimensional scaling of the landmarks, shape (n_landmarks, k)."""
        between, self._denoising_unit = self._geodesics.between, 1.0
        if self.denoising > 0:
            mixed = self._mix(between, between, between)
            unit = power_of_two(float(mixed.max()))  # squares may overflow
            size, wanted = (np.linalg.norm(part / unit) for part in (mixed, between))
            self._denoising_unit = wanted / size if size > 0 else 1.0
            between = self._denoising_unit * mixed
        xp = backend.xp
        distances = backend.asarray(between, dtype=backend.float64)
        if self.mds == "classical":
            anchors = classical_mds(xp, distances, self.n_components)
            self.stress_ = kruskal_stress(xp, distances, anchors)
            self.n_iter_ = 1
            return backend.to_numpy(anchors)
        progress = self._progress(2 * self.max_iter)
        anchors, self.stress_, self.n_iter_, change = metric_mds(
            xp,
            distances,
            self.n_components,
            max_iter=self.max_iter,
            tol=self.tol,
            callback=progress,
        )
        if progress is not None:
            progress.close()
        if change > self.tol:
            warn(
                f"Metric scaling stopped at max_iter={self.max_iter}: its stress "
                f"{self.stress_:.4f} last fell by a share of {change:.1e}, wanted is "
                f"tol={self.tol:.1e}.",
                ConvergenceWarning,
            )
        return backend.to_numpy(anchors)

    def _place_nodes(self, anchors, points, backend):
        """Coordinates of all nodes from those of the landmarks."""
        geodesics, n_nodes = self._geodesics, self.graph_.n_nodes
        known, places, by_centers = self.landmark_indices_, anchors, False
        if self.geodesic_ == "tree":
            mean, self._geodesics = geodesics.mean, replace(geodesics, mean=None)
            by_centers = mean.is_fine
        if by_centers:
            known, places = mean.rows, mean.place_rows(anchors)
        number = np.empty(n_nodes, dtype=np.int64)
        number[known] = np.arange(len(known))
        if len(known) == n_nodes:
            placed = places[number]
        else:
            placed = interpolate_by_heat(
                self.graph_.laplacian(self.laplacian),
                known,
                places,
                placement_time(self.graph_, known, self.diffusion_time_),
                number[self.landmark_indices_[geodesics.gates[:, 0]]],
                backend,
            )
            if by_centers:
                placed[known] = places
            elif self.geodesic_ == "shortest_path" and self.stress_ <= GOOD_STRESS:
                placed = approach_distances(
                    placed, anchors, geodesics.gates, geodesics.gate_lengths
                )
                placed[self.landmark_indices_] = anchors
        # Identical rows share their place.
        groups = groups_of_duplicates(self.graph_, points)
        return principal_axes(np, group_means(placed, groups))
