"""Kernel ridge regression for many rows (Rudi, Carratino and Rosasco, NIPS 2017)."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_array, check_consistent_length

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.kernels._kernel_machine._machine import KernelMachine, read_sample_weight
from skgeom.typing import ArrayLike, MatrixLike, RandomStateLike

# Targets whose squares, added up, are still numbers.
_LARGEST = 1e150


class KernelRegressor(RegressorMixin, KernelMachine):
    r"""Kernel ridge regression of many rows, with all that is left open chosen.

    The model of :class:`~sklearn.kernel_ridge.KernelRidge`,
    :math:`f(x) = b + \sum_i c_i k(x, z_i)`, with b the mean of the targets. Its kernel,
    width and penalty are chosen by leave-one-out; with ``metric="agop"`` so is a metric
    that tells which directions of the rows count [1]_. Few rows are solved by the whole
    matrix; tens of thousands by conjugate gradients on products with it, computed tile
    by tile, beside Nyström's approximation as a preconditioner [2]_; more by that
    approximation alone, whose sums are over rows, so that memory does not grow with
    them.

    Read more in the :ref:`User Guide <kernel_machines>`.

    Parameters
    ----------
    kernel : str or callable, default="auto"
        The kernel. With Euclidean distance d and :math:`l = (2\gamma)^{-1/2}`: "rbf" is
        :math:`e^{-d^2 / 2 l^2}`, "exponential" :math:`e^{-d/l}`, "matern32" and
        "matern52" are Matérn's of smoothness 3/2 and 5/2 with length scale l. "ntk" and
        "nngp" are those of :mod:`skgeom.metrics.pairwise`, with their defaults. A
        callable takes two matrices of rows and returns the matrix of kernel values.
        "auto" is "rbf" or "exponential", whichever predicts left out rows better.
    gamma : float or "auto", default="auto"
        Inverse width of a named kernel, > 0. "auto" is chosen by leave-one-out on 1,000
        rows: a width of the signal does not depend on how many rows there are.
    alpha : float or "auto", default="auto"
        Penalty > 0, the variance of the noise in units of that of the signal. "auto" is
        chosen with `gamma`; for ``solver="nystrom"`` by leave-one-out of its own model.
    metric : {"agop", "agop_full", "agop_diagonal"} or None, default=None
        "agop_full" learns a metric in rounds: fit a machine, take the mean outer
        product of its gradients for the metric of the next [1]_. "agop_diagonal" takes
        its diagonal, a weight for each column. "agop" chooses one of them or none, and
        the kernel if that is open. How many rounds are made is chosen in any case, by
        three folds that learn metrics of their own. Columns are put in units of their
        standard deviation first.
    n_metric_rounds : int, default=4
        Most rounds, >= 1.
    n_centers : int, default=None
        Rows that are centres of Nyström's approximation. None is
        :math:`13 \sqrt{n}` for "cg", at most a tenth of the rows, and 2,000 for
        "nystrom" and "falkon"; a number means that "auto" takes one of these two.
    centers : array-like of shape (n_centers, n_features) or estimator, default=None
        Centres themselves; or a selector of rows that has `sample_indices_` once it is
        fitted, as a `KernelCoreset`. None draws rows at random.
    solver : {"auto", "cholesky", "cg", "nystrom", "falkon"}, default="auto"
        "cholesky": the matrix of all pairs, whole. "cg": the same solution without the
        matrix. "nystrom": functions of the centres, by sums over rows. "falkon": the
        same by passes over the rows, for more centres than pairs of them can be summed
        up. "auto" is "cholesky" up to 3,000 rows, "cg" up to 120,000, and beyond
        "nystrom", or "falkon" with more than 4,000 centres.
    estimator : estimator, default=None
        A regressor whose predictions are corrected: the machine is fitted to what is
        left of the targets, and added. It is fitted first; one that is already, as on
        other data, comes in :class:`~sklearn.frozen.FrozenEstimator`.
    tol : float, default=1e-3
        Residual at which iterations end, as a share of the targets. Predictions hardly
        change below 1e-2.
    max_iter : int, default=100
        Most iterations of "cg" and "falkon".
    max_memory : float, default=1e9
        Bytes that a solver may take beside the rows.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are centres, and which ones choices are made on.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Matrices of
        centres are decomposed by SciPy on the host.

    Attributes
    ----------
    centers_ : ndarray of shape (n_centers, n_features)
        Rows that the model is a sum of kernels at.
    dual_coef_ : ndarray of shape (n_centers,) or (n_centers, n_targets)
        Their coefficients.
    intercept_ : float or ndarray of shape (n_targets,)
        Means of the targets.
    kernel_ : str or callable
        The kernel that was used.
    gamma_ : float
        Its inverse width, in the metric where one was learned; 1 for kernels without.
    alpha_ : float
        The penalty that was used.
    metric_ : ndarray of shape (n_features, n_features)
        Learned matrix M; squared distances are :math:`(x - z)' M (x - z)`. Only with
        `metric`.
    feature_importances_ : ndarray of shape (n_features,)
        Diagonal of the metric for columns in units of their spread; they sum to 1. Only
        with `metric`.
    n_metric_rounds_ : int
        Rounds that were made, 0 where the columns' spread was the better metric. Only
        with `metric`.
    solver_ : str
        The solver that was used.
    loo_score_ : float
        R2 of predicting each row from the others, mean over targets, exact for the
        penalty, kernel and metric that were chosen. Not with "cg" and "falkon".
    residual_ : float
        Of the equations, the largest of the targets, as a share of these.
    n_iter_ : int
        Iterations that were made.
    estimator_ : estimator
        The regressor that is corrected. Only with `estimator`.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    KernelClassifier : The same for classes.
    sklearn.kernel_ridge.KernelRidge : With a given width and penalty, for few rows.
    skgeom.plotting.LearnedMetricDisplay : Draws what was learned.

    References
    ----------
    .. [1] Radhakrishnan, Beaglehole, Pandit and Belkin, "Mechanism for feature learning
       in neural networks and backpropagation-free machine learning models", Science
       383, 2024.
    .. [2] Rudi, Carratino and Rosasco, "FALKON: an optimal large scale kernel method",
       NIPS 2017.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skgeom import KernelRegressor
    >>> X, y = make_friedman1(400, noise=0.5, random_state=0)
    >>> plain = KernelRegressor(random_state=0).fit(X[:200], y[:200])
    >>> learned = KernelRegressor(metric="agop", random_state=0).fit(X[:200], y[:200])
    >>> [round(model.score(X[200:], y[200:]), 2) for model in (plain, learned)]
    [0.9, 0.98]
    >>> bool(learned.feature_importances_[5:].sum() < 0.05)  # five of ten columns
    True
    """

    _parameter_constraints = {"estimator": [HasMethods(["fit", "predict"]), None]}

    def __init__(
        self,
        kernel: str | Callable = "auto",
        *,
        gamma: float | str = "auto",
        alpha: float | str = "auto",
        metric: str | None = None,
        n_metric_rounds: int = 4,
        n_centers: int | None = None,
        centers: MatrixLike | Any | None = None,
        solver: str = "auto",
        estimator: BaseEstimator | None = None,
        tol: float = 1e-3,
        max_iter: int = 100,
        max_memory: float = 1e9,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.kernel = kernel
        self.gamma = gamma
        self.alpha = alpha
        self.metric = metric
        self.n_metric_rounds = n_metric_rounds
        self.n_centers = n_centers
        self.centers = centers
        self.solver = solver
        self.estimator = estimator
        self.tol = tol
        self.max_iter = max_iter
        self.max_memory = max_memory
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the machine.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows. Arrays that are mapped into memory are read in blocks.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            What the squared error of each row weighs, >= 0. Two is the same row twice,
            zero is a row that is not there.

        Returns
        -------
        self : KernelRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X or y is not finite or as long as the
            other, `metric` is learned for a kernel that is not of distances, or
            "cholesky" would take more than `max_memory`.

        Warns
        -----
        ConvergenceWarning
            If iterations end above `tol`.
        """
        X, targets, weights, backend = self._read(X, y, sample_weight, reset=True)
        self._fit_machine(X, targets, weights, backend)
        return self._told(X)

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Add rows to a model of ``solver="nystrom"``, as if all had come at once.

        What is left open is chosen on the first rows, and the centres are among them,
        unless they are given: 1,000 of them by default. ``alpha="auto"`` is chosen
        anew each time, by the evidence of all rows so far.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            More rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self : KernelRegressor
            The estimator.

        Raises
        ------
        ValueError
            As of `fit`, or if `solver` is another, or the fit before was by "falkon".
        """
        first = not hasattr(self, "centers_")
        X, targets, weights, backend = self._read(X, y, sample_weight, reset=first)
        if not first and targets.shape[1] != len(np.atleast_1d(self.intercept_)):
            raise ValueError(
                f"y has {targets.shape[1]} targets, but had "
                f"{len(np.atleast_1d(self.intercept_))} before."
            )
        self._partial_fit_machine(X, targets, weights, backend)
        return self._told(X)

    def predict(self, X: MatrixLike, return_std: bool = False) -> Any:
        """Predict targets of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.
        return_std : bool, default=False
            Whether standard deviations are returned as well.

        Returns
        -------
        y : array of shape (n_rows,) or (n_rows, n_targets)
            Predictions, in the namespace, width and device of X.
        std : array of the same shape
            Standard deviation of a target about its prediction, noise included, as of
            the Gaussian process with the kernel, the penalty for its noise, and the
            variance that left out errors tell. Only with `return_std`. For "cg" it is
            that of Nyström's model, made smaller by one factor that the coefficients
            of the whole one tell.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, or deviations are asked
            of "falkon".
        """
        if not return_std:
            return self._shaped(self._values_of(X) + self._corrected(X), like=X)
        values, variances = self._values_of(X, return_variance=True)
        values = values + self._corrected(X)
        return self._shaped(values, like=X), self._shaped(np.sqrt(variances), like=X)

    def _read(self, X, y, sample_weight, *, reset):
        """Rows of positive weight, targets as columns, weights, and the backend."""
        if y is None:
            raise ValueError(
                "KernelRegressor requires y to be passed, but the target y is None."
            )
        backend, given = self._backend_for(X, reset=True), X
        X = self._validated(X, reset=reset, backend=backend, ensure_min_samples=1)
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        check_consistent_length(as_numpy(X[:, 0]), y)
        if np.abs(y).max() > _LARGEST:
            raise ValueError(
                f"y holds {np.abs(y).max():.2g}, whose square is beyond the largest "
                f"number; scale it to at most {_LARGEST:.0e}."
            )
        self._one_dimensional = y.ndim == 1
        targets = y.reshape(len(y), -1)
        if self.estimator is not None:
            targets = targets - self._fit_estimator(given, y, sample_weight)
        return *read_sample_weight(X, targets, sample_weight, backend), backend

    def _fit_estimator(self, X, y, sample_weight):
        """Fit what is corrected; its predictions."""
        if not hasattr(self, "estimator_"):
            weights = {} if sample_weight is None else {"sample_weight": sample_weight}
            self.estimator_ = clone(self.estimator).fit(X, y, **weights)
        return self._corrected(X)

    def _corrected(self, X):
        """Predictions of the estimator that is corrected, or nothing."""
        if self.estimator is None:
            return 0.0
        found = np.asarray(as_numpy(self.estimator_.predict(X)), dtype=np.float64)
        return found.reshape(len(found), -1)

    def _told(self, X):
        """Set what users are told of the coefficients."""
        one = self._one_dimensional
        dual = self._kept(self._dual, like=X)
        self.dual_coef_ = dual[:, 0] if one else dual
        self.intercept_ = float(self._intercept[0]) if one else self._intercept
        return self

    def _shaped(self, values, like):
        return self._output(values[:, 0] if self._one_dimensional else values, like)

    def __sklearn_tags__(self):
        """Several targets are welcome."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
