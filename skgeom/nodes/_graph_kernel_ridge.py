"""Ridge regression with a kernel on a graph, matrix-free."""

from collections.abc import Callable
from typing import Self

from sklearn.base import MultiOutputMixin, RegressorMixin, _fit_context

from skgeom.base._targets import read_numbers, read_weights, without_zeros
from skgeom.graph import Graph
from skgeom.nodes._graph_kernel_machine import GraphKernelMachine
from skgeom.nodes._graph_kernel_mixin import NumbersMixin
from skgeom.typing import Array, ArrayLike, MatrixLike


class GraphKernelRidge(
    NumbersMixin, MultiOutputMixin, RegressorMixin, GraphKernelMachine
):
    r"""Ridge regression with a kernel on a graph, exact and without the n x n matrix.

    The values at some nodes are given, those of all others are wanted. With K the
    kernel [1]_ and t the training nodes, the coefficients solve

    .. math:: (K_{tt} + \alpha I)\, c = y - \bar y ,

    by conjugate gradients, with products with K by Chebyshev series. The cost is a few
    hundred sparse products, whatever the number of training nodes.

    Read more in the :ref:`User Guide <graph_random_features>`.

    Parameters
    ----------
    kernel : str or callable, default="diffusion"
        As in :class:`~skgeom.nodes.GraphRandomFeatures`.
    alpha : float or "auto", default="auto"
        Penalty > 0, beside a kernel whose largest eigenvalue is mostly 1. "auto" is
        chosen together with the range of the kernel, see the notes.
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
    graph_ : Graph
        The graph.
    kernel_ : GraphKernel
        The kernel.
    alpha_ : float
        The penalty that was used, beside the weights as they were given.
    diffusion_time_, regularization_, length_scale_ : float
        The range of the kernel that was used; only that of the kernel in question.
    dual_coef_ : ndarray of shape (n_nodes,) or (n_nodes, n_targets)
        The coefficients c, zero where no value was given.
    intercept_ : float or ndarray of shape (n_targets,)
        Mean of the targets, by their weights.
    n_iter_ : int
        Iterations of conjugate gradients.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    GraphRandomFeatures : Features for any linear model, estimated for few nodes.
    sklearn.semi_supervised.LabelSpreading : Classes on a neighbour graph.

    Notes
    -----
    What is "auto" is chosen such that labels are predicted best from the others [2]_,
    by the sum of squared errors, over times from 1/4 in powers of two for as long as a
    longer one is better, and over penalties from 1e-5 to 100 of the mean of the kernel
    between a labelled node and itself. Up to 128 labels, or 64 for each column of y
    but 1,024 at most, are left out one by one, in closed form; of more, these are for a
    first guess, from which fifths of all labels are left out. That costs as much as a
    few fits. Where labels say nothing, as one alone or values that are all equal, the
    time is that in which heat spreads over some two hundred nodes.

    Several values for one node count as their mean with as much more weight.

    A new row takes the mean of the values that are fitted at the nodes nearest to it,
    or that it is linked to, with its row of W as weights. What a small penalty leaves
    of the errors of single labels is no larger there than at the nodes, by which the
    penalty was chosen.

    References
    ----------
    .. [1] Smola and Kondor, "Kernels and regularization on graphs", COLT 2003.
    .. [2] Craven and Wahba, "Smoothing noisy data with spline functions", Numerische
       Mathematik 31, 1978.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import GraphKernelRidge
    >>> from skgeom.graph import Graph
    >>> path = Graph.from_edges(np.stack([np.arange(9), np.arange(1, 10)], axis=1))
    >>> model = GraphKernelRidge(alpha=0.1, diffusion_time=4.0, graph=path)
    >>> model.fit([[0], [9]], [0.0, 1.0]).predict([[1], [5], [8]]).round(2)
    array([0.09, 0.54, 0.91])
    """

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
        """Solve for the coefficients of the training nodes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Values at the nodes; a row of NaN, None or pandas.NA has none.
        sample_weight : array-like of shape (n_samples,), default=None
            What the squared error of each row weighs, >= 0: two is the same row twice,
            and of points zero is a row that is not there.

        Returns
        -------
        self : GraphKernelRidge
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `affinity` say, or y is None, infinite, without any value
            or of another length than X.
        """
        backend = self._backend_for(X, reset=True)
        if self._is_of_points():
            X, y, sample_weight, _ = without_zeros(X, y, sample_weight)
        self.graph_, rows, _ = self._fit_graph(X, backend)
        name = type(self).__name__
        targets, known, one = read_numbers(y, rows, name, of_numbers=True)
        known, weights = read_weights(sample_weight, rows, known)
        dual, mean, _, _ = self._fit_coefficients(
            rows[known], targets[known], weights, backend
        )
        self.dual_coef_ = dual[:, 0] if one else dual
        self.intercept_ = float(mean[0]) if one else mean
        return self

    def predict(self, X: MatrixLike) -> Array:
        """Predict the values of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or, for the precomputed affinities, links or
            distances to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows,) or (n_rows, n_targets)
            Values, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X is not what `graph` and `affinity` say:
            other columns than in `fit`, ids of no node, negative links.
        """
        values = self._values_of(X) + self.intercept_
        return self._output(values[:, 0] if self.dual_coef_.ndim == 1 else values, X)
