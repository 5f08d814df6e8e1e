"""Weights of rows for targets whose law has shifted (Saerens et al. 2002)."""

import warnings
from numbers import Integral, Real
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import check_array, check_random_state, column_or_1d
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.sample_selection._target_shift._bin_weights import (
    integral_weights,
    likelihood_weights,
    quantile_bins,
)
from skgeom.typing import ArrayLike, MatrixLike, NDArray, RandomStateLike

# What "auto" is for each method.
_ALPHAS = {"likelihood": 10.0, "integral": 0.03}
# Rows of a bin, at least.
_FEWEST = 5
_CENTERS = 300
_TINY = 1e-9


def with_squares(X):
    """Columns and their squares."""
    return np.concatenate([X, X * X], axis=1)


def usual_classifier():
    """Logistic regression on columns and their squares, in units of their spread."""
    return make_pipeline(
        StandardScaler(),
        FunctionTransformer(with_squares),
        StandardScaler(),
        LogisticRegression(max_iter=500),
    )


class TargetShiftReweighter(GeometryEstimator):
    r"""Weigh training rows so that their targets have the law of an unlabelled sample.

    Houses are dearer this year, patients sicker in the other clinic: the law of a
    number y has shifted, while rows of the same y still look the same. Then

    .. math:: w(y) = p_t(y) / p_s(y), \qquad
        E_s[w(y) \mid x] = p_t(x) / p_s(x) ,

    and weights by w make any regressor fit to the target sample, of which no y is
    needed. They are found on bins of y: by the likelihood of the target rows under what
    a classifier says of their bins [1]_, or as the solution of the second equation
    [2]_.

    Read more in the :ref:`User Guide <target_shift>`.

    Parameters
    ----------
    method : {"likelihood", "integral"}, default="likelihood"
        "likelihood": log w is linear between the medians of bins, and target rows are
        made likely. "integral": w is, and the equation is solved by least squares.
    n_bins : int, default=12
        Bins of y by quantiles, at most a fifth of the training rows, and one for equal
        numbers.
    alpha : float or "auto", default="auto"
        Penalty, >= 0, of the third differences of log w, or with "integral" of the
        second ones of w. "auto" is 10 and 0.03. More of it leaves a curve as between
        two normal laws; less, one of several peaks.
    classifier : object, default=None
        With `predict_proba`. It learns bins of y from X; with "integral", target rows
        from training rows. None is logistic regression on columns and their squares.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Classifiers
        of scikit-learn and the small equations are on the host, whatever it says.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are centres of the kernel of "integral".

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n_samples,)
        Weights of the rows of X, of mean 1 over those with a target, and 0 for the
        others.
    knots_ : ndarray of shape (n_knots,)
        Medians of the bins, where w is known.
    knot_weights_ : ndarray of shape (n_knots,)
        Values of w there.
    source_shares_ : ndarray of shape (n_knots,)
        Shares of the bins in the training rows.
    target_shares_ : ndarray of shape (n_knots,)
        Shares of the bins in the target sample.
    effective_size_ : float
        Rows of equal weight that would be as good: the square of the sum of the weights
        over the sum of their squares.
    classifier_ : object
        The classifier, fitted. Only where there are target rows.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    LatentLabelShift : Classes that nobody labelled, from shifts between domains.

    Notes
    -----
    The training rows must hold some of every y that the target sample has. Where rows
    of the same y look otherwise in the target sample, as after a change of instruments,
    these weights are wrong. Beyond the outer medians w is constant.

    References
    ----------
    .. [1] Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to
       new a priori probabilities: a simple procedure", Neural Computation 14, 2002.
    .. [2] Kim, Kim and Yang, "ReTaSA: a nonparametric functional estimation approach
       for addressing continuous target shift", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import TargetShiftReweighter
    >>> rng = np.random.default_rng(0)
    >>> y, y_new = rng.normal(size=500), 0.8 + 0.6 * rng.normal(size=500)
    >>> X, X_new = (t[:, None] + 0.5 * rng.normal(size=(500, 3)) for t in (y, y_new))
    >>> shift = TargetShiftReweighter().fit(X, y, X_target=X_new)
    >>> mean = np.average(y, weights=shift.sample_weight_)
    >>> bool(abs(mean - y_new.mean()) < 0.1)  # which it has not seen
    True
    """

    _parameter_constraints = {
        "method": [StrOptions(set(_ALPHAS))],
        "n_bins": [Interval(Integral, 2, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
    }

    def __init__(
        self,
        method: str = "likelihood",
        *,
        n_bins: int = 12,
        alpha: float | str = "auto",
        classifier: BaseEstimator | None = None,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.method = method
        self.n_bins = n_bins
        self.alpha = alpha
        self.classifier = classifier
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: MatrixLike, y: ArrayLike, X_target: MatrixLike | None = None
    ) -> Self:
        """Find the weights.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their targets. Rows where it is NaN are of the target sample.
        X_target : array-like of shape (n_target, n_features), default=None
            Rows of the target sample. Without any, here or in X, nothing has shifted,
            and weights are 1.

        Returns
        -------
        self : TargetShiftReweighter
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X or
            `X_target` is not a table of finite numbers and of the same columns, or y
            is not of numbers, one for each row, or has none.

        Warns
        -----
        UserWarning
            If all targets are equal, or too few for two bins: weights are then 1.
        """
        self._backend_for(X, reset=True)
        rows = as_numpy(self._validated(X, reset=True))
        targets = self._targets(y, rows)
        known = ~np.isnan(targets)
        others = self._target_rows(X_target, rows[~known])
        rows, targets = rows[known], targets[known]
        bins, knots = quantile_bins(targets, self._n_bins(len(rows)))
        self.source_shares_ = np.bincount(bins) / len(bins)
        weights = np.ones(len(knots))
        if self._there_is_a_shift(knots, others):
            find = self._by_likelihood, self._by_integral
            weights = find[self.method == "integral"](
                rows, targets, bins, knots, others
            )
        self.knots_, self._weights = knots, weights
        self._scale = 1.0
        self._scale = 1 / self.weight(targets).mean()
        found = self.weight(targets)
        self.knot_weights_ = self._weights * self._scale
        shares = self.source_shares_ * weights
        self.target_shares_ = shares / shares.sum()
        self.effective_size_ = float(found.sum() ** 2 / (found**2).sum())
        self.sample_weight_ = np.zeros(len(known))
        self.sample_weight_[known] = found
        return self

    def weight(self, y: ArrayLike) -> NDArray:
        """Weights of other targets, as of rows that are kept out for validation.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            Targets.

        Returns
        -------
        ndarray of shape (n_rows,), float64
            On the scale of `sample_weight_`.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or y is not of finite numbers.
        """
        check_is_fitted(self, "knots_")
        y = column_or_1d(as_numpy(y), warn=True)
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if self.method == "integral":
            return self._scale * np.interp(y, self.knots_, self._weights)
        return self._scale * np.exp(np.interp(y, self.knots_, np.log(self._weights)))

    def _targets(self, y, rows):
        """Numbers, NaN where there is none."""
        if y is None:
            raise ValueError(
                "TargetShiftReweighter requires y to be passed, but the target y is "
                "None."
            )
        y = column_or_1d(as_numpy(y), warn=True)
        y = check_array(
            y,
            ensure_2d=False,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            input_name="y",
        )
        check_consistent_length(rows, y)
        if np.isnan(y).all():
            raise ValueError("y has no labelled row: all of its values are NaN.")
        return y

    def _target_rows(self, X_target, unlabelled):
        """Rows of the target sample, from both places that they may come in."""
        if X_target is None:
            return unlabelled
        found = as_numpy(self._validated(X_target, reset=False))
        return np.concatenate([unlabelled, found]) if len(unlabelled) else found

    def _n_bins(self, n):
        return max(1, min(self.n_bins, n // _FEWEST))

    def _there_is_a_shift(self, knots, others):
        if len(knots) == 1:
            warn(
                "TargetShiftReweighter: targets are equal, or too few for two bins; "
                "all weights are 1.",
            )
        return len(knots) > 1 and len(others) > 0

    def _penalty(self):
        return _ALPHAS[self.method] if self.alpha == "auto" else self.alpha

    def _fitted_classifier(self, X, labels):
        model = usual_classifier() if self.classifier is None else self.classifier
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.classifier_ = clone(model).fit(X, labels)
        return self.classifier_

    def _by_likelihood(self, rows, targets, bins, knots, others):
        told = self._fitted_classifier(rows, bins).predict_proba(others)
        return likelihood_weights(told, self.source_shares_, self._penalty())

    def _by_integral(self, rows, targets, bins, knots, others):
        both = np.concatenate([rows, others])
        is_target = np.repeat([0, 1], [len(rows), len(others)])
        told = self._fitted_classifier(both, is_target).predict_proba(rows)
        odds = told[:, 1] / np.maximum(told[:, 0], _TINY)
        spread = rows.std(axis=0)
        scaled = rows / np.where(spread > 0, spread, 1)
        return integral_weights(
            scaled.astype(np.float64),
            targets,
            odds * len(rows) / len(others),
            knots,
            self._penalty(),
            _CENTERS,
            check_random_state(self.random_state),
        )

    def __sklearn_tags__(self):
        """Targets are needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
