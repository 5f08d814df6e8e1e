"""Graph random features (Choromanski, ICML 2023; Reid et al., ICLR 2024)."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import get_backend, is_torch, row_blocks
from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.graph import Graph
from skgeom.nodes._graph_kernel_mixin import GraphKernelMixin, labels_of_nodes
from skgeom.nodes._graph_random_features._feature_tools import (
    are_single_nodes,
    checked_law,
    cut_off_error,
    half_set_error,
    nearby_nodes,
    products_of_features,
    sparse_projection,
)
from skgeom.nodes._kernel_choice import squared_error
from skgeom.nodes._walk_features import (
    length_law,
    push_features,
    walk_features,
)
from skgeom.solvers._calibration import class_loss
from skgeom.typing import ArrayLike, MatrixLike, RandomStateLike

# Seeds are below this.
_SEEDS = 2**31 - 1


class GraphRandomFeatures(
    GraphKernelMixin,
    GraphInputMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    GeometryEstimator,
):
    r"""Sparse features of nodes whose inner products are a kernel on the graph.

    With L the symmetric normalised Laplacian and W = I - L, a kernel k(L) is a power
    series in W, and so is its square root f(W). Row i of f(W) is estimated by walks
    from node i: at each length l a walk adds its weight times :math:`f_l` to the column
    of the node where it stands [1]_ [2]_. The estimate has no bias, and costs nothing
    for nodes that nobody asks for.

    Read more in the :ref:`User Guide <graph_random_features>`.

    Parameters
    ----------
    kernel : str or callable, default="diffusion"
        "diffusion", "regularized_laplacian", "matern", "random_walk", "cosine",
        "coefficients", a function of the eigenvalues of L (formulas in
        :func:`~skgeom.nodes.graph_kernel`), or "learned": what predicts y best.
    diffusion_time : float or "auto", default="auto"
        Time t > 0 of "diffusion", in steps of a random walk. For "auto" see the notes.
    regularization : float or "auto", default="auto"
        Weight > 0 of L in "regularized_laplacian".
    smoothness : float, default=2.0
        Exponent > 0 of "regularized_laplacian" and "matern".
    length_scale : float or "auto", default="auto"
        Length scale > 0 of "matern".
    n_steps : int, default=2
        Exponent of "random_walk", and highest power of W in "learned".
    offset : float, default=2.0
        The a >= 2 of "random_walk".
    coefficients : array-like of shape (n_terms,), default=None
        Weights of the powers of W in "coefficients".
    alpha : float or "auto", default="auto"
        The scale: inner products of features are the kernel over it, such that a linear
        model with a penalty of 1 is kernel ridge with this one. 1 leaves the kernel
        as it is; for "auto" see the notes.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    method : {"walk", "push"}, default="walk"
        "walk": random, without bias. "push": deterministic, without entries that are
        small; better for short-range kernels and on meshes.
    n_walks : int, default=32
        Walks from each node. The error falls like its square root.
    halting_probability : float or "auto", default="auto"
        Chance in (0, 1) that a walk stops at each step. "auto" fits the law of the
        lengths to the kernel. Too large a value makes features diverge, which is
        warned of.
    coupling : {"repelling", "antithetic"} or None, default="repelling"
        How walks from a node depend on each other. "repelling": lengths are
        stratified, and walks on one node share its neighbours out: the least error.
        "antithetic": lengths are opposite in pairs. None: not at all.
    threshold : float, default=0.01
        What "push" leaves out: entries of a power of W that are worth less than this
        share of :math:`f_0` go no further.
    n_components : int, default=None
        Columns of a dense result, a random projection of the features that keeps inner
        products in the mean. None leaves them as they are, one column a node.
    sparse_output : bool, default=True
        Whether features of one column a node are sparse. False makes them dense, of
        ``n_rows * n_nodes`` numbers, as ``set_output(transform="pandas")`` needs.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Type of the features, whatever that of X is.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.
    random_state : int, RandomState instance or None, default=None
        Draws the seed of the walks, and the projection.

    Attributes
    ----------
    graph_ : Graph
        The graph that is walked on.
    kernel_ : GraphKernel
        The kernel, with the coefficients f.
    alpha_ : float
        The scale that was used: inner products are those of `kernel_` over it.
    diffusion_time_, regularization_, length_scale_ : float
        The range of the kernel that was used; only that of the kernel in question.
    survival_ : ndarray of shape (n_lengths,)
        Probability that a walk gets to each length.
    error_estimate_ : float
        Estimated error of the kernel, relative in the Frobenius norm, computed when it
        is asked for.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphKernelRidge, GraphKernelClassifier : With the kernel itself.
    skgeom.nodes.GraphKernelOperator : Products with the kernel itself.

    Notes
    -----
    What is "auto" is chosen such that ridge regression on the features predicts targets
    that are left out best, as in :class:`~skgeom.nodes.GraphKernelRidge`, classes by
    their log-loss: ``RidgeClassifier()`` and ``Ridge()`` are then as they should be.
    Rows of NaN have no target. Text, truth values and integers are classes; floats are
    numbers, and so are integers of more than ten values with less than four rows each.
    Without targets, and with less than four labels a class, heat spreads over some two
    hundred nodes, and features have the mean square 10.

    A row depends on its node and on the seed alone: ``transform(X)[rows]`` equals
    ``transform(X[rows])`` for any rows, threads and devices (but for rounding).

    New rows are nodes that hang on their nearest training points, or on the nodes that
    they are linked to; their features are the mean of those of these nodes, with the
    row that they add to W as weights, so that a linear model predicts for them the mean
    of what it predicts there. They add no columns, and change the features of no other
    node.

    Inner products of different nodes are without bias. That of a node with itself is
    larger by the variance of its features, which falls with `n_walks`.

    A node without edges is joined to itself: L is zero there.

    References
    ----------
    .. [1] Choromanski, "Taming graph kernels with random features", ICML 2023.
    .. [2] Reid, Choromanski, Berger and Weller, "General graph random features",
       ICLR 2024.

    Examples
    --------
    >>> import networkx as nx
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import GraphRandomFeatures
    >>> from skgeom.graph import Graph
    >>> club = nx.karate_club_graph()
    >>> nodes = np.arange(34)[:, None]
    >>> side = np.array([club.nodes[i]["club"] == "Officer" for i in range(34)])
    >>> features = GraphRandomFeatures(graph=Graph.from_networkx(club), random_state=0)
    >>> model = make_pipeline(features, RidgeClassifier())
    >>> bool(cross_val_score(model, nodes, side).mean() > 0.9)
    True
    """

    _shortest = 1.0

    _parameter_constraints = {
        "method": [StrOptions({"walk", "push"})],
        "n_walks": [Interval(Integral, 1, None, closed="left")],
        "halting_probability": [
            Interval(Real, 0, 1, closed="neither"),
            StrOptions({"auto"}),
        ],
        "coupling": [StrOptions({"repelling", "antithetic"}), None],
        "threshold": [Interval(Real, 0, 1, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "sparse_output": ["boolean"],
        "dtype": [Options(type, {np.float32, np.float64})],
    }

    def __init__(
        self,
        kernel: str | Callable = "diffusion",
        *,
        diffusion_time: float | str = "auto",
        regularization: float | str = "auto",
        smoothness: float = 2.0,
        length_scale: float | str = "auto",
        n_steps: int = 2,
        offset: float = 2.0,
        coefficients: ArrayLike | None = None,
        alpha: float | str = "auto",
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        method: str = "walk",
        n_walks: int = 32,
        halting_probability: float | str = "auto",
        coupling: str | None = "repelling",
        threshold: float = 0.01,
        n_components: int | None = None,
        sparse_output: bool = True,
        dtype: type = np.float32,
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.kernel = kernel
        self.diffusion_time = diffusion_time
        self.regularization = regularization
        self.smoothness = smoothness
        self.length_scale = length_scale
        self.n_steps = n_steps
        self.offset = offset
        self.coefficients = coefficients
        self.alpha = alpha
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.method = method
        self.n_walks = n_walks
        self.halting_probability = halting_probability
        self.coupling = coupling
        self.threshold = threshold
        self.n_components = n_components
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike | None = None) -> Self:
        """Read the graph, and choose the kernel and the law of the walks.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Labels or values to choose by; needed for ``kernel="learned"`` alone.

        Returns
        -------
        self : GraphRandomFeatures
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, the kernel is not positive definite, or
            ``kernel="learned"`` has no y.
        """
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        self.graph_, rows, _ = self._fit_graph(X, backend)
        self._seed = int(rng.randint(_SEEDS))
        self._projection = None
        self._n_features_out = self.graph_.n_nodes
        if self.n_components is not None:
            self._projection = sparse_projection(
                self.graph_.n_nodes, self.n_components, self.dtype, rng
            )
            self._n_features_out = self.n_components
        self._choose(rows, y, backend)
        self.survival_ = checked_law(
            self.kernel_, self.halting_probability, self.n_walks, self.method
        )
        return self

    def transform(self, X: MatrixLike) -> Any:
        """Compute the features of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        csr_array of shape (n_rows, n_nodes), or array of shape (n_rows, n_components)
            The features: sparse, or dense if `n_components` is given or `sparse_output`
            is False. For a tensor X a tensor on its device.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links; or if a data
            frame is asked for and features are sparse.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        if self.graph is not None:
            ids = self._read_ids(X, self.graph_.n_nodes)
            stay = is_torch(X) and self._projection is None and self.sparse_output
            features = self._features_of(
                ids, self._scale * self.kernel_.modulation, backend, on_device=stay
            )
        else:
            features = self._features_of_rows(X, backend)
        if self._projection is not None or not self.sparse_output:
            return self._dense(features, like=X)
        return self._sparse(features, like=X)

    def length_features(self, X: MatrixLike) -> list[sp.csr_array]:
        r"""Features with the powers of W kept apart, to combine for any kernel.

        One sampling serves a whole grid of kernels: the features of the kernel with
        coefficients f are :math:`\sum_l f_l \Phi_l`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Nodes or training rows, as in `transform`; new rows are not possible.

        Returns
        -------
        list of csr_array of shape (n_rows, n_nodes)
            The :math:`\Phi_l`, rows of :math:`W^l`, for the lengths of `survival_`.

        Raises
        ------
        ValueError
            If a row is not a node, or with ``method="push"``.
        """
        check_is_fitted(self)
        if self.method != "walk":
            raise ValueError("length_features needs method='walk'.")
        backend = self._backend_for(X)
        if self.graph is not None:
            nodes = self._read_ids(X, self.graph_.n_nodes)
        else:
            own, weights = self._links(X, backend)
            single = are_single_nodes(own, weights)
            if not single.all():
                raise ValueError(
                    f"length_features is for nodes alone; row {np.argmin(single)} of X "
                    "is none, or several."
                )
            nodes = own.indices
        n, n_lengths = self.graph_.n_nodes, len(self.survival_)
        apart = self._features_of(
            nodes, np.ones(n_lengths), backend, survival=self.survival_, apart=True
        )
        return [apart[:, i * n : (i + 1) * n] for i in range(apart.shape[1] // n)]

    @property
    def error_estimate_(self) -> float:
        """Estimated relative error of the kernel, from two half-sets of walks."""
        check_is_fitted(self)
        nodes = nearby_nodes(self.graph_.adjacency, self._seed)
        f = self.kernel_.modulation
        if self.method == "push":
            # What a thousand times smaller threshold would still find.
            pushed, exact = (
                push_features(self.graph_, nodes, f, threshold=t * self.threshold)
                for t in (1.0, 1e-3)
            )
            return cut_off_error(pushed, exact)
        half = max(1, self.n_walks // 2)
        first, second = (
            self._features_of(nodes, f, get_backend("cpu"), n_walks=half, seed=seed)
            for seed in (self._seed, (self._seed + 1) % _SEEDS)
        )
        return half_set_error(first, second, share=half / self.n_walks)

    def _choose(self, rows, y, backend):
        """Choose the kernel and the scale, by the features that there will be."""
        found = self._candidates(rows, y, backend)
        nodes, targets, counts, are_classes = labels_of_nodes(rows, y)
        loss = class_loss if are_classes else squared_error

        def features(kernel):
            Phi = self._features_of(nodes, kernel.modulation, backend)
            return Phi if self._projection is None else Phi @ self._projection

        gram, product = products_of_features(features, len(nodes))
        options = dict(free_mean=True, loss=loss, n_further=1, are_classes=are_classes)
        self._settle(found, targets, counts, gram, product, **options)
        self._scale = 1.0 / np.sqrt(self.alpha_)

    def _features_of(
        self,
        nodes,
        modulation,
        backend,
        *,
        n_walks=None,
        seed=None,
        survival=None,
        apart=False,
        on_device=False,
    ):
        """Sparse features of known nodes, in the order of `nodes`."""
        shared = dict(dtype=self.dtype, backend=backend, on_device=on_device)
        if self.method == "push":
            return push_features(
                self.graph_, nodes, modulation, threshold=self.threshold, **shared
            )
        n_walks = self.n_walks if n_walks is None else n_walks
        if survival is None:
            survival = length_law(modulation, self.halting_probability, n_walks)
        return walk_features(
            self.graph_,
            nodes,
            modulation,
            n_walks=n_walks,
            survival=survival,
            coupling=self.coupling,
            apart=apart,
            seed=self._seed if seed is None else seed,
            **shared,
        )

    def _features_of_rows(self, X, backend):
        """Features of rows that are nodes, or hang on nodes."""
        own, weights = self._links(X, backend)
        if are_single_nodes(own, weights).all():
            f = self._scale * self.kernel_.modulation
            return self._features_of(own.indices, f, backend)
        # As of `GraphKernelMachine`: what a small penalty leaves of errors of labels is
        # no larger at new rows than at nodes.
        part = sp.csr_array(own + weights, dtype=self.dtype)
        nodes = np.unique(part.indices)
        features = self._features_of(
            nodes, self._scale * self.kernel_.modulation, backend
        )
        features = part[:, nodes] @ features
        return sp.csr_array(features, dtype=self.dtype)

    def _sparse(self, features, like):
        """The features as they are, or as a sparse tensor for a tensor."""
        if _get_output_config("transform", self)["dense"] != "default":
            raise ValueError(
                "The transformer outputs a scipy sparse matrix. For a data frame take "
                "sparse_output=False, or n_components for few columns; "
                "set_output(transform='default') leaves it sparse."
            )
        if not is_torch(like):
            return features
        backend = get_backend(like=like)
        tensor = backend.csr(features) if sp.issparse(features) else features
        like = backend.asarray(np.empty(0, self.dtype))
        return tensor.to(dtype=like.dtype, device=like.device)

    def _dense(self, features, like):
        """The features, times the projection if any, in the namespace of X."""
        out = np.empty((features.shape[0], self._n_features_out), dtype=self.dtype)
        for rows in row_blocks(len(out), 16 * out.shape[1]):
            part = features[rows]
            part = part if self._projection is None else part @ self._projection
            out[rows] = part.toarray()
        return get_backend(like=like).asarray(out) if is_torch(like) else out

    def __sklearn_tags__(self):
        """The type of features is a parameter."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        # Sparse features are SciPy's, or torch's.
        dense = self.n_components is not None or not self.sparse_output
        tags.array_api_support &= dense
        return tags
