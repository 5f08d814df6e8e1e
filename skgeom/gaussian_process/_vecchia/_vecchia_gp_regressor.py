"""Gaussian process regression for many rows (Vecchia, 1988; Guinness, 2021)."""

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.base._targets import read_weights
from skgeom.gaussian_process._vecchia._forms import FORMS
from skgeom.gaussian_process._vecchia._table import read_table, read_targets
from skgeom.gaussian_process._vecchia._vecchia_gp import VecchiaGP
from skgeom.typing import Array, ArrayLike, MatrixLike, RandomStateLike


class VecchiaGPRegressor(RegressorMixin, VecchiaGP):
    r"""Gaussian process regression whose cost is linear in the number of rows.

    The model of :class:`~sklearn.gaussian_process.GaussianProcessRegressor`,
    :math:`y = \beta' x + f(x) + \epsilon` with a length scale for each column, and its
    hyper-parameters learned by maximum likelihood. Up to 1,000 rows the likelihood is
    exact. For more, each row is given its nearest ones among those before it, in random
    order [1]_: hyper-parameters are learned from a batch of such rows by Fisher scoring
    [2]_, so that what learning costs hardly depends on how many rows there are, and a
    prediction is that of the rows that are near; or, for noisy fields of few columns,
    the field is found at all rows at once, by conjugate gradients [3]_.

    Read more in the :ref:`User Guide <vecchia_gp>`.

    Parameters
    ----------
    kernel : {"matern12", "matern32", "matern52", "rbf"}, default="matern52"
        The kernel: Matérn's of smoothness 1/2, 3/2 or 5/2, or the squared exponential,
        as scikit-learn's :class:`~sklearn.gaussian_process.kernels.Matern` has them.
    approximation : str, default="auto"
        "exact": the whole matrix, at most 10,000 rows. "response": rows given their
        nearest ones, with their noise. "latent": the field without noise is given near
        ones, and found at all rows at once; for noisy fields of up to three columns.
        "full_scale": inducing points, and near rows for what these leave [4]_. "auto"
        is "exact" up to 1,000 rows; for more, the form that gives 1,000 rows that it
        was not given the higher density: "latent" is tried in up to three columns
        where there is noise, "full_scale" in three and more where points explain most
        of the field, and near rows leave more of it than a twentieth of the noise.
    n_neighbors : int, default=30
        Rows that each row is given while hyper-parameters are learned; half of them in
        "full_scale", whose last pass over all rows gives these.
    n_neighbors_predict : int, default=150
        Rows that a prediction of "response" or "full_scale" is made from. More than
        `n_neighbors` pay: where noise is large, many are needed to average it away.
        "latent" predicts from `n_neighbors` rows, and takes these for variances.
    n_inducing : int, default=200
        Points that stand for all rows in "full_scale": what they say of a row is known
        beside its neighbours. Where there are fewer distinct rows, these are they.
    ard : bool, default=True
        Whether each column may have a length scale of its own (automatic relevance
        determination): "exact" and "full_scale" take one for each; the others first one
        for all, in units of the columns' spread, and more where the likelihood gains
        what so many parameters are worth. False is one, in the units that columns come
        in.
    linear_trend : bool, default=True
        Whether a linear trend is taken away first, by ridge regression whose penalty
        is chosen by generalised cross-validation. "full_scale" has one with a prior
        beside it, which counts as signal.
    noise : float or "learn", default="learn"
        Variance of the noise, >= 0, in squared units of y.
    batch_size : int, default=None
        Rows that hyper-parameters are learned from. None is 4,000; in up to three
        columns 8,000 and up to 20,000, a tenth of the rows.
    max_iter : int, default=200
        Most steps of learning.
    tol : float, default=1e-4
        Learning ends when a step gains less of the log likelihood for each row.
    random_state : int, RandomState instance or None, default=None
        Decides the order of the rows and which are in the batch. "exact" has neither.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. The matrix
        of "exact" is decomposed by SciPy on the host.

    Attributes
    ----------
    length_scale_ : ndarray of shape (n_features,)
        Length scales, in the units of the columns; the largest number for columns that
        are constant, which count for nothing.
    signal_variance_ : float or ndarray of shape (n_targets,)
        Variance of f; 0 where y is constant.
    noise_variance_ : float or ndarray of shape (n_targets,)
        Variance of the noise of a row of weight one.
    coef_ : ndarray of shape (n_features,) or (n_features, n_targets)
        Linear trend; zero without.
    intercept_ : float or ndarray of shape (n_targets,)
        Its value where all columns are zero.
    theta_ : ndarray of shape (n_features + 2,)
        Logs of the variance of the signal, of the length scales, and of the variance of
        the noise; variances in units of the squares of `y_scale_`.
    y_scale_ : float or ndarray of shape (n_targets,)
        Standard deviation of y about its trend.
    log_marginal_likelihood_value_ : float
        Log density of y about the trend, at `theta_`, summed over targets. For
        "response" and "full_scale" that of the batch, times the rows for each of its
        rows; for "latent" as for "response". 0 where y is constant.
    approximation_ : str
        What was used.
    inducing_points_ : ndarray of shape (<= `n_inducing`, n_features)
        The points that stand for all rows, in the units of the columns; only of
        "full_scale".
    n_iter_ : int
        Steps of learning.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.gaussian_process.GaussianProcessRegressor : With kernels of any kind, for
        some thousand rows.
    KernelRegressor : The mean for many rows, with a learned metric.

    Notes
    -----
    Copies, rows equal in X and y, are one row of the sum of their weights: two are not
    taken for a proof that there is no noise. Several targets share the
    hyper-parameters, each in units of its own spread.

    References
    ----------
    .. [1] Vecchia, "Estimation and model identification for continuous spatial
       processes", Journal of the Royal Statistical Society B 50, 1988.
    .. [2] Guinness, "Gaussian process learning via Fisher scoring of Vecchia's
       approximation", Statistics and Computing 31, 2021.
    .. [3] Kündig and Sigrist, "Iterative methods for Vecchia-Laplace approximations
       for latent Gaussian process models", Journal of the American Statistical
       Association 120, 2025.
    .. [4] Gyger, Furrer and Sigrist, "Vecchia-inducing-points full-scale approximations
       for Gaussian processes", arXiv:2507.05064, 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import VecchiaGPRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(3000, 2))
    >>> y = np.sin(9 * X[:, 0]) * X[:, 1] + 0.1 * rng.standard_normal(3000)
    >>> model = VecchiaGPRegressor(random_state=0).fit(X, y)
    >>> mean, std = model.predict([[0.5, 0.9], [7.0, 0.5]], return_std=True)
    >>> bool(std[0] < 0.12), bool(std[1] > 0.3)
    (True, True)
    """

    _parameter_constraints = VecchiaGP._parameter_constraints | {
        "approximation": [StrOptions({"auto", *FORMS})],
        "linear_trend": ["boolean"],
        "noise": [Interval(Real, 0, None, closed="left"), StrOptions({"learn"})],
    }

    def __init__(
        self,
        kernel: str = "matern52",
        *,
        approximation: str = "auto",
        n_neighbors: int = 30,
        n_neighbors_predict: int = 150,
        n_inducing: int = 200,
        ard: bool = True,
        linear_trend: bool = True,
        noise: float | str = "learn",
        batch_size: int | None = None,
        max_iter: int = 200,
        tol: float = 1e-4,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.kernel = kernel
        self.approximation = approximation
        self.n_neighbors = n_neighbors
        self.n_neighbors_predict = n_neighbors_predict
        self.n_inducing = n_inducing
        self.ard = ard
        self.linear_trend = linear_trend
        self.noise = noise
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the hyper-parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, at least two.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Inverse variances of the noise, but for a factor, >= 0: a row of weight w
            has noise of the variance `noise_variance_` / w. Zero is a row that is not
            there.

        Returns
        -------
        self : VecchiaGPRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, X or y is not finite or as long as the
            other, there is one row alone, or more than 10,000 for "exact".

        Warns
        -----
        ConvergenceWarning
            If learning ends before `tol` is met, or "latent" meets a noise too small
            for its systems.
        """
        backend = self._backend_for(X, reset=True)
        rows, targets, weights = self._read(X, y, sample_weight)
        self._frame, table = read_table(
            rows, targets, weights, self.linear_trend, self.noise != "learn"
        )
        rng = check_random_state(self.random_state)
        self._learn_and_condition(table, self._given_noise(), rng, backend)
        self._tell(like=X)
        return self

    def predict(
        self, X: MatrixLike, return_std: bool = False, return_cov: bool = False
    ) -> Any:
        """Predict targets of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.
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
            Covariance of targets, noise included; the diagonal is the squares of `std`.
            For "response" it is that of the errors of the predictions, from whatever
            rows each is made; "latent" solves a system for each row. Only with
            `return_cov`.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, or both are asked for.
        """
        if return_std and return_cov:
            raise ValueError("Ask for one of return_std and return_cov, not for both.")
        check_is_fitted(self)
        backend = self._backend_for(X)
        frame, queries = self._frame, self._placed(X)
        mean, variances = self._process.posterior(
            queries, backend, variances=return_std
        )
        mean = self._shaped(mean * frame.scale + frame.trend_of(queries), like=X)
        if return_std:
            variances = variances[:, None] * frame.scale**2 + self._noise
            return mean, self._shaped(np.sqrt(variances), like=X)
        if not return_cov:
            return mean
        covariance = self._process.covariance(queries, backend)[:, :, None]
        covariance = covariance * frame.scale**2
        covariance[np.diag_indices(len(queries))] += self._noise
        return mean, self._shaped(covariance, like=X)

    def sample_y(
        self, X: MatrixLike, n_samples: int = 1, random_state: RandomStateLike = 0
    ) -> Array:
        """Draw targets of rows together, noise included.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows; their covariance is made, of n_rows^2 entries. "latent" solves a
            system of all training rows for each draw.
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
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        backend, queries = self._backend_for(X), self._placed(X)
        rng, frame = check_random_state(random_state), self._frame
        mean, _ = self._process.posterior(queries, backend, variances=False)
        n_targets = mean.shape[1]
        field = self._process.draw(queries, n_targets * n_samples, rng, backend)
        field = field.reshape(*mean.shape, n_samples)
        noise = np.sqrt(self._noise)[:, None] * rng.standard_normal(field.shape)
        mean = mean * frame.scale + frame.trend_of(queries)
        draws = mean[:, :, None] + frame.scale[:, None] * field + noise
        return self._output(draws[:, 0] if self._one_target else draws, like=X)

    def log_marginal_likelihood(
        self, theta: ArrayLike | None = None, eval_gradient: bool = False
    ) -> Any:
        """Log density of the training targets about their trend.

        Parameters
        ----------
        theta : array-like of shape (n_features + 2,), default=None
            As `theta_`, which None is.
        eval_gradient : bool, default=False
            Whether the gradient is returned as well.

        Returns
        -------
        log_likelihood : float
            Summed over targets. For all but "exact", of noisy rows each given its
            nearest ones among those before: as many neighbour searches as rows.
        gradient : ndarray of shape (n_features + 2,)
            By `theta`. Only with `eval_gradient`.

        Raises
        ------
        ValueError
            If `theta` has another shape than `theta_`.
        """
        check_is_fitted(self)
        process, frame = self._process, self._frame
        placed = process.parameters.theta
        if theta is not None:
            placed = frame.place_theta(np.asarray(theta, dtype=np.float64))
        backend = self._backend_for(process.table.points)
        value, slopes = process.negative_log_likelihood(placed, backend)
        value = self._in_units_of_targets(-value)
        if not eval_gradient:
            return value
        return value, frame.tell_by_theta(-slopes)

    # ------------------------------------------------------------------- steps of fit

    def _read(self, X, y, sample_weight):
        """Rows of positive weight on the host, targets as columns, and weights."""
        X = as_numpy(self._validated(X, reset=True, ensure_min_samples=2))
        y = read_targets(y, X, type(self).__name__)
        self._one_target = y.ndim == 1
        targets = y.reshape(len(y), -1)
        kept, weights = read_weights(sample_weight, X, np.ones(len(X), dtype=bool))
        if weights is None:
            return X, targets, np.ones(len(X))
        if kept.sum() < 2:
            raise ValueError("sample_weight is zero for all rows but one.")
        return X[kept], targets[kept], weights

    def _given_noise(self):
        """Variance of the noise in the units of the table; None is learned."""
        if self.noise == "learn":
            return None
        return float(self.noise) / self._frame.unit[0] ** 2 / self._frame.weight

    def _tell(self, like):
        """Set what users are told, in the units of X and y."""
        frame, parameters = self._frame, self._process.parameters
        squared = frame.scale**2
        signal = np.where(
            self._process.table.residuals.any(axis=0), parameters.signal, 0.0
        )
        self._noise = parameters.noise * frame.weight * squared
        if self.noise != "learn":
            self._noise = np.full_like(squared, float(self.noise))
        self.signal_variance_ = self._told(signal * squared)
        self.noise_variance_ = self._told(self._noise)
        self.y_scale_ = self._told(frame.scale)
        self.theta_ = frame.tell_theta(parameters.theta)
        self.length_scale_ = self._kept(frame.tell_lengths(parameters.theta), like)
        coefficients = frame.coefficients
        self.coef_ = self._kept(self._told(coefficients), like)
        self.intercept_ = self._told(frame.mean - frame.center @ coefficients)
        self.log_marginal_likelihood_value_ = self._in_units_of_targets(
            self._learned.log_likelihood
        )
        self.n_iter_ = self._learned.n_iter
        if self.approximation_ == "full_scale":
            self.inducing_points_ = self._kept(
                frame.displace(self._process.inducing), like
            )

    def _in_units_of_targets(self, log_likelihood):
        """Log density of targets from that of residuals; 0 where y is constant."""
        scale, n = self._frame.scale, len(self._process.table.points)
        if not scale.all():
            return 0.0
        return float(log_likelihood - n * np.log(scale).sum())

    # ------------------------------------------------------------------- what is told

    def _told(self, values):
        """A number for one target, else an array with one for each."""
        if not self._one_target:
            return values
        return values[:, 0] if values.ndim == 2 else float(values[0])

    def _shaped(self, values, like):
        """One target without its axis."""
        return self._output(values[..., 0] if self._one_target else values, like=like)

    def __sklearn_tags__(self):
        """Several targets may be given."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
