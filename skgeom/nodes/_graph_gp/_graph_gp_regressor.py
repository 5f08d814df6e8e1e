"""Gaussian process regression on the nodes of a graph (Borovitskiy et al., 2021)."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.base import GeometryEstimator, GraphInputMixin
from skgeom.base._targets import read_numbers, read_weights, without_zeros
from skgeom.graph import Graph
from skgeom.nodes._diffusion_time import spreading_time
from skgeom.nodes._graph_gp._evidence import Evidence
from skgeom.nodes._graph_gp._labels import read_labels
from skgeom.nodes._graph_gp._learning import (
    Field,
    KernelFamily,
    LearnedField,
    learn_field,
)
from skgeom.nodes._graph_gp._prior import indicators
from skgeom.nodes._graph_gp._processes import draw
from skgeom.nodes._graph_kernel import function_of_range
from skgeom.nodes._graph_kernel_mixin import RANGES, GraphKernelMixin, NumbersMixin
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike

# The noise beside the mean of the diagonal, where labels say nothing.
_PLAIN = 0.1


class GraphGPRegressor(
    NumbersMixin,
    MultiOutputMixin,
    RegressorMixin,
    GraphKernelMixin,
    GraphInputMixin,
    GeometryEstimator,
):
    r"""Gaussian process regression on a graph: values of nodes, and how sure they are.

    The values at some nodes are given, with noise; those of all others are wanted. They
    are :math:`y = \mu + f + \epsilon` with f of the covariance [1]_

    .. math:: s\, k(L) / \overline{k(L)}_{ii},

    where k is a kernel of :class:`~skgeom.nodes.GraphKernelRidge` and the bar is the
    mean over nodes: s is the variance of an average node. Range, s and noise are those
    of the largest evidence: no labels are left out to choose them.

    Read more in the :ref:`User Guide <graph_gp>`.

    Parameters
    ----------
    kernel : str or callable, default="matern"
        As in :class:`~skgeom.nodes.GraphRandomFeatures`.
    noise : float or "learn", default="learn"
        Variance of the noise, >= 0, in squared units of y.
    diffusion_time : float or "auto", default="auto"
        Time t > 0 of "diffusion", in steps of a random walk. "auto" is learned.
    regularization : float or "auto", default="auto"
        Weight > 0 of L in "regularized_laplacian".
    smoothness : float, default=2.0
        Exponent > 0 of "regularized_laplacian" and "matern". Whole numbers up to 6 are
        fast: the inverse of the covariance is sparse then.
    length_scale : float or "auto", default="auto"
        Length scale > 0 of "matern".
    n_steps, offset : int and float
        Parameters of "random_walk"; `n_steps` of "learned", too.
    coefficients : array-like of shape (n_terms,), default=None
        Weights of the powers of W in "coefficients".
    mass : array-like of shape (n_nodes,), default=None
        Masses > 0 of the nodes of `graph`; None is their degrees. With the areas and
        weights of :func:`~skgeom.graph.mesh_graph`, the field is one on the surface,
        however fine the mesh is where [2]_; only for the kernels that have a range.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    n_draws : int, default=100
        Draws that variances are estimated from on large graphs, see the notes.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Neighbours
        are sought and series summed there; SciPy decomposes matrices on the host.

    Attributes
    ----------
    graph_ : Graph
        The graph.
    kernel_ : GraphKernel
        The kernel.
    diffusion_time_, regularization_, length_scale_ : float
        The range of the kernel; only that of the kernel in question.
    signal_variance_ : float or ndarray of shape (n_targets,)
        Variance of f at an average node; 0 where y is constant.
    noise_variance_ : float or ndarray of shape (n_targets,)
        Variance of the noise of a row of weight one; 0 where y is constant.
    intercept_ : float or ndarray of shape (n_targets,)
        Mean of the targets, by their weights.
    theta_ : ndarray of shape (2,) or (3,)
        Logs of the variance of the signal, of the range if the kernel has one, and of
        the variance of the noise; variances in units of the squares of `y_scale_`.
    y_scale_ : float or ndarray of shape (n_targets,)
        Standard deviation of y.
    log_marginal_likelihood_value_ : float
        Log density of the means of the targets at each node, and of what these leave,
        summed over targets; 0 where y is constant.
    n_evaluations_ : int
        How many likelihoods learning has looked at.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphKernelRidge : The mean alone, with the kernel chosen by cross-validation.
    VecchiaGPRegressor : Of rows with coordinates.

    Notes
    -----
    Rows of NaN have no label. Several labels of one node tell of the noise; copies,
    equal in node and value, are one of the sum of their weights. Several targets share
    the kernel and the ratio of noise to signal, each in units of its own spread. A node
    without links has the variance of an average one.

    Up to 2,000 nodes with labels, and 20,000 in all, results are exact: the covariance
    of the labels is decomposed, and each row costs a product with the kernel. Beyond,
    an inverse power k is a sparse matrix that is decomposed; others are solved for by
    conjugate gradients. Of more than 20,000 nodes, and there, standard deviations are
    estimated from `n_draws` draws, which are good to some 5 % if they are 100.

    A new row takes the mean of the values of the nodes nearest to it, or that it is
    linked to, as of :class:`~skgeom.nodes.GraphKernelRidge`. Its variance is that of
    this mean, and what an average node differs from such a mean of its neighbours by:
    an approximation.

    References
    ----------
    .. [1] Borovitskiy, Azangulov, Terenin, Mostowsky, Deisenroth and Durrande, "Matérn
       Gaussian processes on graphs", AISTATS 2021.
    .. [2] Lindgren, Rue and Lindström, "An explicit link between Gaussian fields and
       Gaussian Markov random fields", Journal of the Royal Statistical Society B 73,
       2011.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import GraphGPRegressor
    >>> from skgeom.graph import Graph
    >>> path = Graph.from_edges(np.stack([np.arange(99), np.arange(1, 100)], axis=1))
    >>> X = np.arange(0, 50, 3)[:, None]
    >>> model = GraphGPRegressor(graph=path).fit(X, np.sin(X[:, 0] / 9))
    >>> mean, std = model.predict([[10], [90]], return_std=True)
    >>> bool(abs(mean[0] - np.sin(10 / 9)) < 0.05), bool(std[1] > 5 * std[0])
    (True, True)
    """

    _parameter_constraints = {
        "noise": [Interval(Real, 0, None, closed="left"), StrOptions({"learn"})],
        "mass": ["array-like", None],
        "n_draws": [Interval(Integral, 2, None, closed="left")],
    }
    _merges_rows = True

    def __init__(
        self,
        kernel: str | Callable = "matern",
        *,
        noise: float | str = "learn",
        diffusion_time: float | str = "auto",
        regularization: float | str = "auto",
        smoothness: float = 2.0,
        length_scale: float | str = "auto",
        n_steps: int = 2,
        offset: float = 2.0,
        coefficients: ArrayLike | None = None,
        mass: ArrayLike | None = None,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        n_draws: int = 100,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.kernel = kernel
        self.noise = noise
        self.diffusion_time = diffusion_time
        self.regularization = regularization
        self.smoothness = smoothness
        self.length_scale = length_scale
        self.n_steps = n_steps
        self.offset = offset
        self.coefficients = coefficients
        self.mass = mass
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.n_draws = n_draws
        self.n_jobs = n_jobs
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn range, signal and noise, and condition on the labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Values at the nodes; a row of NaN, None or pandas.NA has none.
        sample_weight : array-like of shape (n_samples,), default=None
            Inverse variances of the noise, but for a factor, >= 0: a row of weight w
            has noise of the variance `noise_variance_` / w. Of points, zero is a row
            that is not there.

        Returns
        -------
        self : GraphGPRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, y is None, infinite, of another length than
            X or has fewer than two values, or `mass` does not suit the graph.
        """
        backend = self._backend_for(X, reset=True)
        if self._is_of_points():
            X, y, sample_weight, _ = without_zeros(X, y, sample_weight)
        self.graph_, rows, _ = self._fit_graph(X, backend)
        name = type(self).__name__
        targets, known, self._one_target = read_numbers(y, rows, name, of_numbers=True)
        known, weights = read_weights(sample_weight, rows, known)
        if known.sum() < 2:
            raise ValueError(
                "y has 1 sample with a label: variances are learned from two or more."
            )
        rows, targets = rows[known], targets[known]
        self._units, labels = read_labels(rows, targets, weights, self.noise != "learn")
        self._field = Field.on(self.graph_, self._masses(), backend)
        varies = self._units.scale > 0
        if varies.any():
            labels = labels._replace(targets=labels.targets[:, varies])
        learned = self._learn(rows, targets, weights, labels, backend)
        self._process = self._field.process(
            learned.prior, labels, learned.evidence.ratio, self.n_draws
        )
        self._tell(learned)
        return self

    def predict(
        self, X: MatrixLike, return_std: bool = False, return_cov: bool = False
    ) -> Any:
        """Predict the values of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).
        return_std : bool, default=False
            Whether standard deviations are returned as well.
        return_cov : bool, default=False
            Whether the covariance of all rows is.

        Returns
        -------
        y : array of shape (n_rows,) or (n_rows, n_targets)
            Means, in the namespace, width and device of X.
        std : array of the same shape
            Standard deviation of a target of weight one, noise included. Only with
            `return_std`.
        cov : array of shape (n_rows, n_rows) or (n_rows, n_rows, n_targets)
            Covariance of targets, noise included. It is exact on large graphs, too.
            Only with `return_cov`.

        Raises
        ------
        ValueError
            If the estimator is not fitted, X is not what `graph` and `affinity` say, or
            both are asked for.
        """
        if return_std and return_cov:
            raise ValueError("Ask for one of return_std and return_cov, not for both.")
        check_is_fitted(self)
        rows, new = self._hung(X)
        mean = self._shaped(rows @ self._values + self._units.mean, like=X)
        if return_std:
            variances = self._process.variances(rows) + new * self._apart
            variances = variances[:, None] * self._signal
            return mean, self._shaped(np.sqrt(variances + self._noise), like=X)
        if not return_cov:
            return mean
        covariance = self._covariance(rows, new)[:, :, None] * self._signal
        covariance[np.diag_indices(rows.shape[0])] += self._noise
        return mean, self._shaped(covariance, like=X)

    def sample_y(
        self, X: MatrixLike, n_samples: int = 1, random_state: RandomStateLike = 0
    ) -> Array:
        """Draw targets of rows together, noise included.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Rows, as in `predict`; their covariance is made, of n_rows^2 entries.
        n_samples : int, default=1
            How many draws.
        random_state : int, RandomState instance or None, default=0
            Decides the draws.

        Returns
        -------
        array of shape (n_rows, n_samples) or (n_rows, n_targets, n_samples)
            The draws, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            As of `predict`.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        rows, new = self._hung(X)
        mean = rows @ self._values + self._units.mean
        shape = (*mean.shape, n_samples)
        field = draw(self._covariance(rows, new), mean.shape[1] * n_samples, rng)
        draws = np.sqrt(self._signal)[:, None] * field.reshape(shape)
        draws += np.sqrt(self._noise)[:, None] * rng.standard_normal(shape)
        draws += mean[:, :, None]
        return self._output(draws[:, 0] if self._one_target else draws, like=X)

    def log_marginal_likelihood(self, theta: ArrayLike | None = None) -> float:
        """Log density of the labels.

        Parameters
        ----------
        theta : array-like of shape (2,) or (3,), default=None
            As `theta_`, which None is.

        Returns
        -------
        float
            Of the means of the targets at each node, and of what these leave, summed
            over targets. Of more than 2,000 labels and a kernel that is no sparse
            inverse, the determinant is estimated.

        Raises
        ------
        ValueError
            If `theta` has another shape than `theta_`, or is not finite.
        """
        check_is_fitted(self)
        if theta is None:
            return self.log_marginal_likelihood_value_
        theta = np.asarray(theta, dtype=np.float64)
        if theta.shape != self.theta_.shape or not np.isfinite(theta).all():
            raise ValueError(
                f"theta must hold {len(self.theta_)} finite numbers; got the shape "
                f"{theta.shape}."
            )
        prior, labels = self._process.prior, self._process.labels
        if len(theta) == 3 and isinstance(self.kernel, str):
            value, smoothness = float(np.exp(theta[1])), self.smoothness
            time = RANGES[self.kernel].to_time(value, smoothness)
            prior = self._field.prior(function_of_range(self.kernel, time, smoothness))
        noise = float(np.exp(theta[-1])) / self._units.weight
        ratio = noise / float(np.exp(theta[0])) * prior.mean
        process = self._field.process(prior, labels, ratio, 0)
        return self._in_units_of_targets(process.evidence(noise).value)

    # ------------------------------------------------------------------- steps of fit

    def _masses(self):
        """Masses of the nodes; None is their degrees."""
        if self.mass is None:
            return None
        if self.graph is None or self.kernel not in RANGES:
            raise ValueError(
                "mass needs graph=Graph(...), whose nodes it is of, and one of the "
                f"kernels {list(RANGES)}."
            )
        mass = np.array(self.mass, dtype=np.float64)
        if (
            mass.shape != (self.graph_.n_nodes,)
            or not (np.isfinite(mass) & (mass > 0)).all()
        ):
            raise ValueError(
                f"mass must hold a finite number > 0 for each of the "
                f"{self.graph_.n_nodes} nodes; got the shape {mass.shape}."
            )
        return mass

    def _learn(self, rows, targets, weights, labels, backend):
        """Range, signal and noise of greatest evidence."""
        noise, time = None, None
        if self.noise != "learn":
            unit = max(self._units.scale.max(), 1e-150)
            noise = float(self.noise) / unit**2 / self._units.weight
        if self.kernel in RANGES:
            name, _, to_time = RANGES[self.kernel]
            family = KernelFamily(self.kernel, self.smoothness)
            if getattr(self, name) != "auto":
                time = float(to_time(getattr(self, name), self.smoothness))
        else:
            [self.kernel_] = self._candidates(rows, targets, backend, weights).kernels
            family = KernelFamily(self.kernel, 1.0, self.kernel_.function)
        if self._units.scale.any():
            return learn_field(self._field, labels, family, time, noise)
        # Labels that are all the same say nothing.
        if time is None and family.function is None:
            time = spreading_time(self.graph_, backend=backend)
        prior = self._field.prior(family.at(time))
        return LearnedField(time, prior, Evidence(0.0, 0.0, _PLAIN * prior.mean), 0)

    def _tell(self, learned):
        """Set what users are told, in the units of y."""
        units, evidence = self._units, learned.evidence
        self._apart = 0.0 if self.graph is not None else learned.prior.apart
        if self.kernel in RANGES:
            name, of_time, _ = RANGES[self.kernel]
            value = float(of_time(learned.time, self.smoothness))
            setattr(self, f"{name}_", value)
            self.kernel_ = self._kernel(**{name: value})
        self._signal = evidence.signal * units.scale**2
        self._noise = evidence.signal * evidence.ratio * units.scale**2 * units.weight
        if self.noise != "learn":
            self._noise = np.full_like(self._noise, float(self.noise))
        self._values = np.zeros((self.graph_.n_nodes, len(units.scale)))
        varies = units.scale > 0
        if varies.any():
            self._values[:, varies] = self._process.values * units.scale[varies]
        signal = evidence.signal * learned.prior.mean
        logs = [signal, evidence.signal * evidence.ratio * units.weight]
        if learned.time is not None:
            logs.insert(1, getattr(self, f"{RANGES[self.kernel].name}_"))
        self.theta_ = np.log(np.maximum(logs, np.finfo(np.float64).tiny))
        self.y_scale_ = self._told(units.scale)
        self.signal_variance_ = self._told(signal * units.scale**2)
        self.noise_variance_ = self._told(self._noise)
        self.intercept_ = self._told(units.mean)
        self.log_marginal_likelihood_value_ = self._in_units_of_targets(evidence.value)
        self.n_evaluations_ = learned.n_evaluations

    def _in_units_of_targets(self, log_likelihood):
        """Log density of targets from that of scaled ones; 0 where y is constant."""
        scale, labels = self._units.scale, self._process.labels
        if not scale.any():
            return 0.0
        n = len(labels.nodes) + labels.n_more
        return float(log_likelihood - n * np.log(scale[scale > 0]).sum())

    # ------------------------------------------------------------------- what is told

    def _hung(self, X):
        """Rows as weighted sums of nodes, and which share of each is new."""
        if self.graph is not None:
            ids = self._read_ids(X, self.graph_.n_nodes)
            return indicators(ids, self.graph_.n_nodes), np.zeros(len(ids))
        own, weights = self._links(X, self._backend_for(X))
        return sp.csr_array(own + weights), 1.0 - np.asarray(own.sum(axis=1))

    def _covariance(self, rows, new):
        """Posterior covariance of the field at rows, in units of `_signal`."""
        covariance = self._process.covariance(rows)
        covariance[np.diag_indices(len(new))] += new * self._apart
        return covariance

    def _told(self, values):
        """A number for one target, else an array with one for each."""
        return float(values[0]) if self._one_target else values

    def _shaped(self, values, like):
        """One target without its axis."""
        return self._output(values[..., 0] if self._one_target else values, like=like)
