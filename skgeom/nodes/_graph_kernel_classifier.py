"""Classes of nodes by a kernel on their graph, matrix-free."""

from collections.abc import Callable
from typing import Self

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_class_weight

from skgeom.backends import as_numpy
from skgeom.base._targets import (
    read_classes,
    read_known,
    read_weights,
    without_zeros,
)
from skgeom.graph import Graph
from skgeom.nodes._graph_kernel_machine import ROUGHLY, GraphKernelMachine
from skgeom.solvers._calibration import calibrate
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

_TINY = np.finfo(np.float64).tiny
# Of n labels that were all told rightly, log(n + 1) is the logarithm that fits best. At
# the nodes of labels values are larger than where these are left out, but logarithms
# are at most so many times that, in the root of the mean square over these nodes: hubs
# have larger values.
_CERTAIN = 4.0


class GraphKernelClassifier(ClassifierMixin, GraphKernelMachine):
    r"""Classes of all nodes from those of some, by a kernel on the graph.

    Indicators of the classes at the labelled nodes, less the shares of the classes, are
    fitted by kernel ridge [1]_. What is fitted at a node is how much more of a class
    there is around it than in the labels at large: the class with most is predicted,
    however far the labels are. Kernel and penalty are chosen by labels that are left
    out, and so is the factor that makes probabilities of the fitted values [2]_.

    Read more in the :ref:`User Guide <graph_random_features>`.

    Parameters
    ----------
    kernel : str or callable, default="diffusion"
        As in :class:`~skgeom.nodes.GraphRandomFeatures`.
    alpha : float or "auto", default="auto"
        Penalty > 0, beside a kernel whose largest eigenvalue is mostly 1. "auto" is
        chosen together with the range of the kernel, as in
        :class:`~skgeom.nodes.GraphKernelRidge`.
    diffusion_time : float or "auto", default="auto"
        Time t > 0 of "diffusion", in steps of a random walk.
    regularization : float or "auto", default="auto"
        Weight > 0 of L in "regularized_laplacian".
    smoothness : float, default=2.0
        Exponent > 0 of "regularized_laplacian" and "matern".
    length_scale : float or "auto", default="auto"
        Length scale > 0 of "matern".
    n_steps, offset : int and float
        Parameters of "random_walk"; `n_steps` of "learned", too.
    coefficients : array-like of shape (n_terms,), default=None
        Weights of the powers of W in "coefficients".
    class_weight : dict or "balanced", default=None
        What the probability of each class is multiplied by, > 0, before all are scaled
        to sum to one; None is 1. "balanced" is one over the share of the class in the
        labels: take it where the labels do not have the shares of the classes in the
        data, or where rare classes count as much.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    max_iter : int, default=1000
        Most iterations of conjugate gradients.
    tol : float, default=1e-6
        Wanted residual, relative to the targets; products are ten times as accurate.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    graph_ : Graph
        The graph.
    kernel_ : GraphKernel
        The kernel.
    alpha_ : float
        The penalty that was used, beside the weights as they were given.
    diffusion_time_, regularization_, length_scale_ : float
        The range of the kernel that was used; only that of the kernel in question.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the labels by their weight.
    dual_coef_ : ndarray of shape (n_nodes, n_classes)
        The coefficients, zero where no class was given.
    sharpness_ : float
        Factor from fitted values to logarithms of probabilities.
    with_prior_ : bool
        Whether logarithms of the shares of the classes are added to these.
    n_iter_ : int
        Iterations of conjugate gradients.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphKernelRidge : The same for numbers.
    GraphRandomFeatures : Features for any linear model, estimated for few nodes.
    skgeom.kernels.STKRClassifier : Points and graphs, by transforms of a kernel.
    sklearn.semi_supervised.LabelSpreading : Classes on a neighbour graph.

    Notes
    -----
    Probabilities are :math:`\mathrm{softmax}(b\, v)`, with v the fitted values and b
    such that labels left out have the least log-loss. The logarithms of the shares of
    the classes in the labels are added if labels left out are then right more often, by
    more than a standard error: so it is where classes are of very different sizes and
    edges say little. Where no label reaches, as on a
    component without any, the classes have their shares in the labels. A new row has
    the mean of the values of the nodes that it hangs on, as in
    :class:`~skgeom.nodes.GraphKernelRidge`.

    With less than four labels a class, those that are left out say less than a rule:
    the time is that in which heat spreads over some two hundred nodes. Where every
    class has one label, none can be left out, and b is such that b v is 1 at most; so
    it is where no label reaches another. At n labels b v is at most 4 log(n + 1), in
    the root of the mean square.

    References
    ----------
    .. [1] Smola and Kondor, "Kernels and regularization on graphs", COLT 2003.
    .. [2] Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
       ICML 2017.

    Examples
    --------
    >>> import networkx as nx
    >>> import numpy as np
    >>> from skgeom import GraphKernelClassifier
    >>> from skgeom.graph import Graph
    >>> club = nx.karate_club_graph()
    >>> side = np.array([club.nodes[i]["club"] for i in range(34)])
    >>> model = GraphKernelClassifier(graph=Graph.from_networkx(club))
    >>> model.fit([[0], [1], [32], [33]], side[[0, 1, 32, 33]])
    GraphKernelClassifier(graph=...)
    >>> bool(model.score(np.arange(34)[:, None], side) > 0.9)
    True
    """

    _parameter_constraints = {
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        kernel: str | Callable = "diffusion",
        *,
        alpha: float | str = "auto",
        diffusion_time: float | str = "auto",
        regularization: float | str = "auto",
        smoothness: float = 2.0,
        length_scale: float | str = "auto",
        n_steps: int = 2,
        offset: float = 2.0,
        coefficients: ArrayLike | None = None,
        class_weight: dict | str | None = None,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        max_iter: int = 1000,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.kernel = kernel
        self.alpha = alpha
        self.diffusion_time = diffusion_time
        self.regularization = regularization
        self.smoothness = smoothness
        self.length_scale = length_scale
        self.n_steps = n_steps
        self.offset = offset
        self.coefficients = coefficients
        self.class_weight = class_weight
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the labelled nodes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : array-like of shape (n_samples,)
            Classes; -1 has no label, and beside text nor have None, NaN and pandas.NA.
            Where -1 and one other value are all there is, both are classes, with a
            warning.
        sample_weight : array-like of shape (n_samples,), default=None
            What the squared error of each row weighs, >= 0: two is the same row twice,
            and of points zero is a row that is not there.

        Returns
        -------
        self : GraphKernelClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, or y is None, has less than two classes or
            another length than X.
        """
        backend = self._backend_for(X, reset=True)
        if self._is_of_points():
            X, y, sample_weight, _ = without_zeros(X, y, sample_weight)
        self.graph_, rows, _ = self._fit_graph(X, backend)
        y, known = read_classes(y, rows, type(self).__name__)
        known, weights = read_weights(sample_weight, rows, known)
        self.classes_, numbers = np.unique(y[known], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "The number of classes has to be greater than one; got "
                f"{len(self.classes_)} class among the labelled rows."
            )
        # Of two classes, what is of one is not of the other.
        two = len(self.classes_) == 2
        indicators = np.eye(len(self.classes_))[numbers]
        dual, _, labels, choice = self._fit_coefficients(
            rows[known], indicators[:, two:], weights, backend, are_classes=True
        )
        self.dual_coef_ = np.hstack([-dual, dual]) if two else dual
        prior = np.average(indicators, axis=0, weights=weights)
        self.class_prior_ = np.maximum(prior, _TINY)
        nodes, means, counts = labels
        largest = np.abs(self._values).max()
        if largest < _TINY:  # all are the mean
            largest = 1.0
        # Where no label can be left out, the largest logarithm is 1. So it is where
        # none hears of another: then what is told of them is the error of products.
        self.sharpness_, self.with_prior_ = 1.0 / largest, False
        heard = np.abs(choice.held_out).max(initial=0.0)
        if heard > 10 * max(self.tol, ROUGHLY) * largest:
            shown = np.abs(self._values[nodes]).max(axis=1)
            usual = max(np.sqrt((shown**2).mean()), _TINY)
            self.sharpness_, self.with_prior_ = calibrate(
                _both(choice.held_out, two),
                _both(means[choice.places], two) + self.class_prior_,
                counts[choice.places],
                self.class_prior_,
                most=_CERTAIN * np.log(len(nodes) + 1) / usual,
            )
        self._class_weights = self._read_class_weights()
        # Below it, values are rounding errors of products.
        self._nothing = 10 * self.tol * largest
        return self

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute logarithms of the probabilities, but for their sum.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,)
            For two classes, the second less the first.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        logits = self._logits(X)
        if len(self.classes_) == 2:
            logits = logits[:, 1] - logits[:, 0]
        return self._output(logits, like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Estimate probabilities of the classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows sum to one.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        return self._output(softmax(self._logits(X), axis=1), like=X)

    def predict(self, X: MatrixLike) -> NDArray:
        """Predict the classes of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.

        Returns
        -------
        array of shape (n_rows,)
            Of the classes in `classes_`; numbers are in the namespace of X.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        logits = self._logits(X)
        return self._output_labels(self.classes_[logits.argmax(axis=1)], like=X)

    def score(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy of predictions for the labelled rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.
        y : array-like of shape (n_rows,)
            Classes; rows without one, as in `fit`, are left out.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, >= 0.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        ValueError
            As of `decision_function`, or if y is not as long as X.
        """
        predicted = as_numpy(self.predict(X))
        y, labelled = read_known(y, predicted, self.classes_)
        labelled, weights = read_weights(sample_weight, predicted, labelled)
        return accuracy_score(y[labelled], predicted[labelled], sample_weight=weights)

    def _logits(self, X):
        """Fitted values as logarithms of probabilities."""
        values = _both(self._values_of(X), len(self.classes_) == 2)
        size = np.abs(values).max(axis=1, keepdims=True)
        unreached = 1.0 / (1.0 + (size / self._nothing) ** 2)
        share = 1.0 if self.with_prior_ else unreached
        logits = self.sharpness_ * values + share * np.log(self.class_prior_)
        return logits + np.log(self._class_weights)

    def _read_class_weights(self):
        """What the probability of each class is multiplied by."""
        if self.class_weight == "balanced":
            return 1.0 / self.class_prior_
        weights = compute_class_weight(
            self.class_weight, classes=self.classes_, y=self.classes_
        )
        if not (np.isfinite(weights).all() and weights.min() > 0):
            raise ValueError(
                f"class_weight={self.class_weight!r} must be positive and finite for "
                "all classes. Rows of a class that is to be left out have the label -1."
            )
        return weights


def _both(values, two):
    """Columns of both classes, where there are two, from that of the second."""
    return np.hstack([-values, values]) if two else values
