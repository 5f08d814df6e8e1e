"""Kernel ridge classification for many rows, with calibrated probabilities."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_consistent_length

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.kernels._kernel_machine._machine import KernelMachine, read_sample_weight
from skgeom.solvers._calibration import sharpness
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike

_TINY = np.finfo(np.float64).tiny


class KernelClassifier(ClassifierMixin, KernelMachine):
    r"""Classes by kernel ridge regression on their indicators.

    What :class:`KernelRegressor` is for numbers: kernel, width, penalty, and with
    ``metric="agop"`` a metric of the rows [1]_, are chosen by what they predict of rows
    that are left out, and the solver by how many rows there are. Left out rows also
    tell how sharp probabilities are: these are a softmax of the fitted values times one
    factor [2]_, which has the least log-loss on predictions of rows from all others.

    Read more in the :ref:`User Guide <kernel_machines>`.

    Parameters
    ----------
    kernel : str or callable, default="auto"
        "auto", "rbf", "exponential", "matern32", "matern52", "ntk", "nngp", or a
        function of two matrices of rows, see :class:`KernelRegressor`.
    gamma : float or "auto", default="auto"
        Inverse width of a named kernel, > 0; "auto" is chosen by leave-one-out.
    alpha : float or "auto", default="auto"
        Penalty > 0; "auto" is chosen with `gamma`.
    metric : {"agop", "agop_full", "agop_diagonal"} or None, default=None
        Whether a metric is learned, and which, see :class:`KernelRegressor`.
    n_metric_rounds : int, default=4
        Most rounds of it, >= 1.
    n_centers : int, default=None
        Rows that are centres of Nyström's approximation.
    centers : array-like of shape (n_centers, n_features) or estimator, default=None
        Centres themselves; or a selector of rows that has `sample_indices_` once it is
        fitted, as a `KernelCoreset`. None draws rows at random.
    solver : {"auto", "cholesky", "cg", "nystrom", "falkon"}, default="auto"
        How the machine is solved, see :class:`KernelRegressor`. "falkon" leaves no row
        out: a twentieth of the rows, and 2,000 at most, are held back from it for the
        probabilities.
    tol : float, default=1e-3
        Residual at which iterations end, as a share of the indicators.
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
    classes_ : ndarray of shape (n_classes,)
        The classes.
    centers_ : ndarray of shape (n_centers, n_features)
        Rows that the model is a sum of kernels at.
    dual_coef_ : ndarray of shape (n_centers, n_classes)
        Their coefficients for each class.
    class_prior_ : ndarray of shape (n_classes,)
        Shares of the classes, weighted: what values are fitted about.
    sharpness_ : float
        Factor of the fitted values in the softmax.
    kernel_ : str or callable
        The kernel that was used.
    gamma_ : float
        Its inverse width, in the metric where one was learned; 1 for kernels without.
    alpha_ : float
        The penalty that was used.
    metric_ : ndarray of shape (n_features, n_features)
        Learned matrix; only with `metric`.
    feature_importances_ : ndarray of shape (n_features,)
        Its diagonal for columns in units of their spread, summing to 1; only with
        `metric`.
    n_metric_rounds_ : int
        Rounds that were made; only with `metric`.
    solver_ : str
        The solver that was used.
    loo_score_ : float
        Accuracy of predicting each row from the others. Not with "cg" and "falkon".
    residual_ : float
        Of the equations, the largest of the classes.
    n_iter_ : int
        Iterations that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    KernelRegressor : The same for numbers.
    STKRClassifier : Learns from rows without a label, too.

    References
    ----------
    .. [1] Radhakrishnan, Beaglehole, Pandit and Belkin, "Mechanism for feature learning
       in neural networks and backpropagation-free machine learning models", Science
       383, 2024.
    .. [2] Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
       ICML 2017, section 4.2.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgeom import KernelClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = KernelClassifier(random_state=0).fit(X[::2], y[::2])
    >>> round(model.score(X[1::2], y[1::2]), 2)
    0.99
    """

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
        self.tol = tol
        self.max_iter = max_iter
        self.max_memory = max_memory
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the machine.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows. Arrays that are mapped into memory are read in blocks.
        y : array-like of shape (n_samples,)
            Classes.
        sample_weight : array-like of shape (n_samples,), default=None
            What the squared error of each row weighs, >= 0.

        Returns
        -------
        self : KernelClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X is not finite or not as long as y,
            there are less than two classes, `metric` is learned for a kernel that is
            not of distances, or "cholesky" would take more than `max_memory`.

        Warns
        -----
        ConvergenceWarning
            If iterations end above `tol`.
        """
        X, y, weights, backend = self._read(X, y, sample_weight, reset=True)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "The number of classes has to be greater than one; got "
                f"{len(self.classes_)} class."
            )
        indicators = np.eye(len(self.classes_))[numbers]
        units = np.ones(len(self.classes_))
        left_out = self._fit_machine(X, indicators, weights, backend, units)
        return self._told(X, left_out)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Add rows to a model of ``solver="nystrom"``, as if all had come at once.

        What is left open is chosen on the first rows, and the centres are among them,
        unless they are given. The factor of the probabilities is that of the last rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            More rows.
        y : array-like of shape (n_samples,)
            Their classes.
        classes : array-like of shape (n_classes,), default=None
            All classes that there will be; needed at the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self : KernelClassifier
            The estimator.

        Raises
        ------
        ValueError
            As of `fit`, if `solver` is another, `classes` is missing or changes, or y
            has a class that is not among them.
        """
        first = not hasattr(self, "classes_")
        X, y, weights, backend = self._read(X, y, sample_weight, reset=first)
        if first:
            if classes is None:
                raise ValueError("The first call of partial_fit needs `classes`.")
            known = np.unique(as_numpy(classes))
            if len(known) < 2:
                raise ValueError(
                    f"The number of classes has to be greater than one; got {known}."
                )
        else:
            known = self.classes_
            if classes is not None and not np.array_equal(np.unique(classes), known):
                raise ValueError(f"classes={classes!r} are not those before: {known}.")
        numbers = np.searchsorted(known, y).clip(0, len(known) - 1)
        if (known[numbers] != y).any():
            unknown = y[known[numbers] != y][0]
            raise ValueError(f"y has the class {unknown}, not one of {known}.")
        indicators = np.eye(len(known))[numbers]
        left_out = self._partial_fit_machine(X, indicators, weights, backend)
        self.classes_ = known
        return self._told(X, left_out)

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute logarithms of the probabilities, but for their sum.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,)
            For two classes, the second less the first.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        values = self._values_of(X) * self.sharpness_
        if len(self.classes_) == 2:
            values = values[:, 1] - values[:, 0]
        return self._output(values, like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Estimate probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows sum to one.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        values = self._values_of(X) * self.sharpness_
        return self._output(softmax(values, axis=1), like=X)

    def predict(self, X: MatrixLike) -> NDArray:
        """Predict the classes of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows,)
            Of the classes in `classes_`; numbers are in the namespace of X.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        found = self._values_of(X).argmax(axis=1)
        return self._output_labels(self.classes_[found], like=X)

    def _read(self, X, y, sample_weight, *, reset):
        """Rows of positive weight, their classes, weights, and the backend."""
        if y is None:
            raise ValueError(
                "KernelClassifier requires y to be passed, but the target y is None."
            )
        backend = self._backend_for(X, reset=True)
        X = self._validated(X, reset=reset, backend=backend)
        y = _check_y(as_numpy(y), estimator=self)
        check_consistent_length(as_numpy(X[:, 0]), y)
        check_classification_targets(y)
        return *read_sample_weight(X, y, sample_weight, backend), backend

    def _told(self, X, left_out):
        """Set what users are told, and how sharp probabilities are."""
        self.dual_coef_ = self._kept(self._dual, like=X)
        self.class_prior_ = np.asarray(self._intercept)
        errors, shown, weights = left_out
        predicted = shown - errors
        self.sharpness_ = sharpness(predicted, shown, weights)
        if hasattr(self, "loo_score_"):
            right = np.take_along_axis(shown, predicted.argmax(axis=1)[:, None], axis=1)
            self.loo_score_ = float(np.average(right[:, 0], weights=weights))
        return self
