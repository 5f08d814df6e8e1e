"""Classes by Gaussian processes for many rows (Milios et al., 2018)."""

from numbers import Real
from typing import Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.gaussian_process._vecchia._class_forms import ClassForm, Labels
from skgeom.gaussian_process._vecchia._parameters import freedom
from skgeom.gaussian_process._vecchia._table import read_table
from skgeom.gaussian_process._vecchia._vecchia_gp import VecchiaGP
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike

# Epsilons that "auto" tries; hyper-parameters are learned with the middle one first.
_EPSILONS = 0.01, 0.001, 0.003, 0.03, 0.1
# Numbers that the matrices of all classes have for which "auto" is exact.
_MOST_EXACT = 20_000_000


class VecchiaGPClassifier(ClassifierMixin, VecchiaGP):
    r"""Probabilities of classes from Gaussian process regression.

    Labels are read as draws from a Dirichlet law for each row [1]_: of each class, a
    number with a noise of known variance. Regression of these, one Gaussian process for
    each class with hyper-parameters that all share, gives Gaussian values of a new row,
    and probabilities are the mean of their softmax. What labels are taken for,
    `alpha_epsilon`, is chosen by rows that are left out.

    Read more in the :ref:`User Guide <vecchia_gp_classes>`.

    Parameters
    ----------
    kernel : {"matern12", "matern32", "matern52", "rbf"}, default="matern52"
        The kernel: Matérn's of smoothness 1/2, 3/2 or 5/2, or the squared exponential,
        as scikit-learn's :class:`~sklearn.gaussian_process.kernels.Matern` has them.
    approximation : {"auto", "exact", "full_scale"}, default="auto"
        "exact": the whole matrix, at most 10,000 rows. "full_scale": inducing points,
        and of what they leave, near rows. "auto" is "exact" as long as the matrices,
        one for each class, have at most 2e7 numbers: 3,162 rows of two classes, 1,414
        of ten.
    alpha_epsilon : float or "auto", default="auto"
        Concentration > 0 of the classes that a row does not have; of its own it is one
        more. "auto" takes that of the least log loss of .001, .003, .01, .03 and .1.
    n_neighbors : int, default=30
        Rows that each row is given in "full_scale"; half of them while hyper-parameters
        are learned.
    n_neighbors_predict : int, default=150
        Rows that a prediction of "full_scale" is made from, beside inducing points.
    n_inducing : int, default=200
        Inducing points of "full_scale". Where there are fewer distinct rows, these are
        the points.
    ard : bool, default=False
        Whether each column has a length scale of its own (automatic relevance
        determination); else one is shared, in the units that columns come in.
    batch_size : int, default=None
        Rows that hyper-parameters are learned from. None is 4,000 over the number of
        classes, and at least 1,000; for "exact" 2,000 over it, and at least 400.
    max_iter : int, default=200
        Most steps of learning, for each epsilon.
    tol : float, default=1e-4
        Learning ends when a step gains less of the log likelihood for each row.
    random_state : int, RandomState instance or None, default=None
        Decides the order of the rows, which are in the batch and which are left out.
        "exact" of up to `batch_size` rows has none of these.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Matrices of
        "exact" are decomposed by SciPy on the host.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    alpha_epsilon_ : float
        The epsilon that was used.
    log_loss_ : float
        Log loss that it was chosen by: of "exact" that of each row from all others, of
        "full_scale" that of a fifth of the rows, at most 1,000, from the others. NaN
        where `alpha_epsilon` is a number.
    length_scale_ : ndarray of shape (n_features,)
        Length scales, in the units of the columns; the largest number for columns that
        are constant, which count for nothing.
    signal_variance_ : float
        Variance of the values of a class about their mean.
    approximation_ : str
        What was used.
    n_iter_ : int
        Steps of learning with the epsilon that was used.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    VecchiaGPRegressor : The same machine for numbers.
    sklearn.gaussian_process.GaussianProcessClassifier : Laplace's approximation, for
        some hundred rows; several classes by one against the rest.

    Notes
    -----
    Copies, rows equal in X and y, are one row of the sum of their weights.

    References
    ----------
    .. [1] Milios, Camoriano, Michiardi, Rosasco and Filippone, "Dirichlet-based
       Gaussian processes for large-scale calibrated classification", NeurIPS 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgeom import VecchiaGPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = VecchiaGPClassifier().fit(X[::2], y[::2])
    >>> model.predict_proba(X[1:2]).round(1)
    array([[1., 0., 0.]])
    >>> bool(model.score(X[1::2], y[1::2]) > 0.9)
    True
    """

    _parameter_constraints = VecchiaGP._parameter_constraints | {
        "approximation": [StrOptions({"auto", "exact", "full_scale"})],
        "alpha_epsilon": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
    }
    # Values have none: a trend would make far rows certain of a class.
    linear_trend = False

    def __init__(
        self,
        kernel: str = "matern52",
        *,
        approximation: str = "auto",
        alpha_epsilon: float | str = "auto",
        n_neighbors: int = 30,
        n_neighbors_predict: int = 150,
        n_inducing: int = 200,
        ard: bool = False,
        batch_size: int | None = None,
        max_iter: int = 200,
        tol: float = 1e-4,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.kernel = kernel
        self.approximation = approximation
        self.alpha_epsilon = alpha_epsilon
        self.n_neighbors = n_neighbors
        self.n_neighbors_predict = n_neighbors_predict
        self.n_inducing = n_inducing
        self.ard = ard
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Learn the hyper-parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Classes, at least two; numbers or text.

        Returns
        -------
        self : VecchiaGPClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X is no finite matrix, y holds no
            classes or one alone, or there are more than 10,000 rows for "exact".

        Warns
        -----
        ConvergenceWarning
            If learning ends before `tol` is met.
        """
        backend = self._backend_for(X, reset=True)
        labels = self._read(X, y)
        self.approximation_ = self._form_for(len(labels.codes))
        rng = check_random_state(self.random_state)
        if self.approximation_ == "full_scale":
            labels = labels.of(rng.permutation(len(labels.codes)))
        form = ClassForm(
            self.approximation_, len(self.classes_), self._settings(), backend
        )
        learned = self._choose(form, labels, rng)
        self._process = form.condition(labels, learned.theta, self.alpha_epsilon_)
        self._tell(learned, like=X)
        return self

    def predict(self, X: MatrixLike) -> Array:
        """Predict the class of the largest probability.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows,)
            Classes.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        best = np.argmax(self._probabilities(X), axis=1)
        return self._output_labels(self.classes_[best], like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Probabilities of the classes, of each row independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows add up to one; in the order of `classes_`.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        return self._output(self._probabilities(X), like=X)

    # ------------------------------------------------------------------- steps of fit

    def _read(self, X, y):
        """Distinct rows of a class in the units of their spread; sets the classes."""
        floats = [np.float64, np.float32]
        self._refuse_graph(X)
        X, y = validate_data(self, as_numpy(X), as_numpy(y), dtype=floats)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "VecchiaGPClassifier needs at least two classes; y has one class, "
                f"{self.classes_.tolist()[0]!r}."
            )
        columns = codes[:, None].astype(np.float64)
        weights = np.ones(len(codes))
        self._frame, table = read_table(X, columns, weights, False, True)
        frame = self._frame
        codes = np.rint(table.residuals[:, 0] * frame.scale[0] + frame.mean[0])
        return Labels(
            table.points, codes.astype(np.int64), frame.weight / table.factors
        )

    def _choose(self, form, labels, rng):
        """Learn with each epsilon, and keep the one of the least loss."""
        spreads = self._frame.spread_of_varying
        free = freedom(len(spreads), self.ard, 1.0, spreads)
        seed = int(rng.randint(2**31))
        self.log_loss_, best, start = np.nan, None, None
        if self.alpha_epsilon != "auto":
            self.alpha_epsilon_ = float(self.alpha_epsilon)
            return self._learn_classes(form, labels, free, self.alpha_epsilon, seed)[1]
        kept, held = form.split(labels, rng)
        for epsilon in _EPSILONS:
            start, learned = self._learn_classes(form, kept, free, epsilon, seed, start)
            loss = form.loss(kept, held, learned.theta, epsilon)
            if best is None or loss < self.log_loss_:
                self.log_loss_, self.alpha_epsilon_, best = loss, epsilon, learned
        return best

    def _form_for(self, n):
        """The form for so many rows."""
        if self.approximation == "auto":
            few = n**2 * len(self.classes_) <= _MOST_EXACT
            return "exact" if few else "full_scale"
        return self._given_form(n)

    def _learn_classes(self, form, labels, free, epsilon, seed, start=None):
        """Numbers of greatest likelihood, and what they mean."""
        progress = self._progress(self.max_iter, "negative log likelihood")
        start, learned = form.learn(
            labels,
            free,
            epsilon,
            np.random.RandomState(seed),
            start=start,
            tol=self.tol,
            max_iter=self.max_iter,
            callback=progress,
        )
        if progress is not None:
            progress.close()
        self._warn_unless_converged(learned)
        return start, learned

    def _tell(self, learned, like):
        """Set what users are told, in the units of X."""
        lengths = self._frame.tell_lengths(learned.theta)
        self.length_scale_ = self._kept(lengths, like)
        unit = self._process.scale**2
        self.signal_variance_ = float(np.exp(learned.theta[0]) * unit)
        self.n_iter_ = learned.n_iter

    def _probabilities(self, X):
        check_is_fitted(self)
        backend = self._backend_for(X)
        return self._process.probabilities(self._placed(X), backend)
