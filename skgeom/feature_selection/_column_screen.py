"""Selection of columns of levels and of numbers by one score (Kazi-Aoual et al. 1995).

By scores in units of permutations they compare, whatever their kind.
"""

from numbers import Real
from typing import Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_is_fitted,
)

from skgeom._warnings import warn
from skgeom.backends import as_numpy, is_torch
from skgeom.base import GeometryEstimator
from skgeom.feature_selection._projections import screen_columns
from skgeom.feature_selection._reading import (
    codes_of_table,
    is_table,
    read_target,
    typed_as_levels,
)
from skgeom.feature_selection._screens import DEGREE
from skgeom.typing import Array, ArrayLike, MatrixLike

MODES = ("k_best", "percentile", "fpr", "fdr", "fwe")


class ColumnScreen(SelectorMixin, GeometryEstimator):
    """Keep the columns that y depends on, of levels and of numbers alike.

    Columns of levels, as text and ids, are scored by Pearson's statistic, numbers by
    polynomials of their ranks; both in units of their permutations [1]_, with
    p-values. Each column is seen by itself: what only shows in two together is missed.

    Read more in the :ref:`User Guide <column_screens>`.

    Parameters
    ----------
    mode : {"k_best", "percentile", "fpr", "fdr", "fwe"}, default="percentile"
        How many are kept: `param` columns of the highest scores, or that percentage of
        all, rounded up; or as many as their p-values allow so that at most `param` is
        the share of idle columns that are kept, the expected share of idle ones among
        the kept, or the probability that any is.
    param : float, default=10
        What `mode` says: a number of columns, a percentage, or a probability.
    categorical_features : "from_dtype", "all", None or array-like, default="from_dtype"
        Columns of levels, by mask, indices or names. "from_dtype": those of a data
        frame that hold categories, text or truth values. None is no column.
    target_type : {"auto", "multiclass", "continuous"}, default="auto"
        Whether y is classes or numbers. "auto": floats with fractions are numbers, and
        all else is classes; counts are numbers only if that is said.
    degree : int, default=4
        Degree of the polynomials of the ranks of a column, from 1 to 10.
    target_degree : int, default=3
        Of those of y where it is numbers, from 1 to 10.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Columns are
        sorted and counted on the host, whatever it says.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,)
        Standard deviations above the mean of permutations.
    pvalues_ : ndarray of shape (n_features,)
        Probability of a higher score under permutations.
    is_categorical_ : ndarray of shape (n_features,), bool
        Columns that were taken for levels.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    contingency_classif : Of numbers alone, as a function for SelectKBest.
    rank_dependence_regression : The same for ranks.
    skgeom.kernels.KernelRegressor : With a learned metric, importances of columns that
        act together.

    Notes
    -----
    NaN and None are a level of their own in columns of levels. In numbers the ranks of
    the others are scored together with which rows lack one. Of columns with equal
    scores the first are kept. Sparse matrices stay sparse: what they do not store is
    zero.

    References
    ----------
    .. [1] Kazi-Aoual, Hitier, Sabatier and Lebreton, "Refined approximations to
       permutation tests for multivariate inference", Computational Statistics and Data
       Analysis 20, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import ColumnScreen
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 50))
    >>> X[:, 0] = rng.integers(0, 40, 300)  # levels
    >>> y = rng.normal(size=40)[X[:, 0].astype(int)] + X[:, 1] ** 2
    >>> screen = ColumnScreen("fdr", param=0.05, categorical_features=[0]).fit(X, y)
    >>> screen.get_support(indices=True)
    array([0, 1])
    """

    _parameter_constraints = {
        "mode": [StrOptions(set(MODES))],
        "param": [Interval(Real, 0, None, closed="left")],
        "categorical_features": [
            StrOptions({"from_dtype", "all"}),
            "array-like",
            None,
        ],
        "target_type": [StrOptions({"auto", "multiclass", "continuous"})],
        "degree": DEGREE,
        "target_degree": DEGREE,
    }

    def __init__(
        self,
        mode: str = "percentile",
        *,
        param: float = 10,
        categorical_features: str | ArrayLike | None = "from_dtype",
        target_type: str = "auto",
        degree: int = 4,
        target_degree: int = 3,
        device: str = "auto",
    ):
        self.mode = mode
        self.param = param
        self.categorical_features = categorical_features
        self.target_type = target_type
        self.degree = degree
        self.target_degree = target_degree
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Score the columns.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Columns of numbers, of text, or of both; NaN where a value is missing.
        y : array-like of shape (n_samples,)
            Classes or numbers.

        Returns
        -------
        self : ColumnScreen
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X holds
            text or infinite numbers in columns that are not of levels, or y has gaps
            or another length.
        TypeError
            If X holds what is no number in such columns.

        Warns
        -----
        UserWarning
            If y holds one value, or there are fewer columns than "k_best" wants.
        """
        self._backend_for(X, reset=True)
        self._check_param()
        columns = self._read(X)
        target = read_target(
            y, columns, type(self).__name__, self.target_degree, self.target_type
        )
        scores = np.zeros(columns.shape[1])
        log_p_values = np.zeros(columns.shape[1])
        for kind, degree in ((True, None), (False, self.degree)):
            some = np.flatnonzero(self.is_categorical_ == kind)
            if len(some):
                part = columns if len(some) == columns.shape[1] else columns[:, some]
                scores[some], log_p_values[some] = screen_columns(part, target, degree)
        self.scores_ = self._kept(scores, like=X)
        self.pvalues_ = self._kept(np.exp(log_p_values), like=X)
        self._mask = self._chosen(scores, log_p_values)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Keep the columns that were chosen.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Columns as in `fit`.

        Returns
        -------
        array, data frame or sparse matrix of shape (n_rows, n_selected)
            Those that were chosen, unchanged.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.

        Warns
        -----
        UserWarning
            If no column was chosen.
        """
        check_is_fitted(self)
        self._refuse_graph(X)
        return self._home(super().transform(as_numpy(X)), X)

    def inverse_transform(self, X: MatrixLike) -> Array:
        """Put chosen columns in their places, and zeros in the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_selected)
            Chosen columns.

        Returns
        -------
        array or sparse matrix of shape (n_rows, n_features)
            All of them.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has another number of columns.
        """
        check_is_fitted(self)
        return self._home(super().inverse_transform(as_numpy(X)), X)

    def _home(self, columns, like):
        """Columns in the namespace of X; tables stay what they are."""
        return self._output_labels(columns, like) if is_torch(like) else columns

    def _check_param(self):
        """Hold `param` to what `mode` makes of it."""
        most = {"k_best": np.inf, "percentile": 100}.get(self.mode, 1)
        whole = self.mode != "k_best" or self.param == int(self.param)
        if self.param > most or not whole:
            kind = {"k_best": "a whole number", "percentile": "at most 100"}
            raise InvalidParameterError(
                f"param={self.param!r} must be {kind.get(self.mode, 'at most 1')} with "
                f"mode={self.mode!r}."
            )

    def _read(self, X):
        """Columns as numbers, which may be codes; sets `is_categorical_`."""
        self._refuse_graph(X)
        if not is_table(X):
            columns = self._validated(
                X, reset=True, accept_sparse="csc", ensure_all_finite="allow-nan"
            )
            self.is_categorical_ = self._categorical(columns)
            return columns
        if not hasattr(X, "columns"):
            X = np.asarray(as_numpy(X))
            if X.ndim != 2 or 0 in X.shape:
                return self._validated(X, reset=True)  # which says what is wrong
        _check_feature_names(self, X, reset=True)
        _check_n_features(self, X, reset=True)
        self.is_categorical_ = self._categorical(X)
        codes = codes_of_table(X, self.is_categorical_)
        # The names of the columns are those of X.
        return check_array(codes, ensure_all_finite="allow-nan", input_name="X")

    def _categorical(self, X):
        """Which columns are of levels."""
        n_features, given = X.shape[1], self.categorical_features
        if given is None:
            return np.zeros(n_features, dtype=bool)
        if isinstance(given, str):
            all_of_them = np.ones(n_features, dtype=bool)
            return all_of_them if given == "all" else typed_as_levels(X)
        given = np.asarray(given)
        if given.dtype.kind == "b" and given.shape == (n_features,):
            return given.copy()
        if given.dtype.kind in "UO":
            names = getattr(self, "feature_names_in_", np.array([], dtype=object))
            unknown = [name for name in given.tolist() if name not in names.tolist()]
            if unknown:
                raise ValueError(
                    f"categorical_features holds {unknown[0]!r}, which names no column."
                )
            return np.isin(names, given)
        found = np.zeros(n_features, dtype=bool)
        if given.size and given.dtype.kind not in "iu":
            raise ValueError(
                "categorical_features must be a mask of all columns, or their indices "
                f"or names; got {self.categorical_features!r}."
            )
        outside = given[(given < -n_features) | (given >= n_features)]
        if outside.size:
            raise ValueError(
                f"categorical_features holds {outside[0]}, but X has {n_features} "
                "columns."
            )
        found[given.astype(int)] = True
        return found

    def _chosen(self, scores, log_p_values):
        """The mask of those that `mode` keeps."""
        n_features = len(scores)
        if self.mode in ("k_best", "percentile"):
            count = int(self.param)
            if self.mode == "percentile":
                count = int(np.ceil(n_features * self.param / 100))
            elif count > n_features:
                warn(f"param={count} is more than the {n_features} columns; all stay.")
            found = np.zeros(n_features, dtype=bool)
            found[np.argsort(-scores, kind="stable")[:count]] = True
            return found
        with np.errstate(divide="ignore"):
            level = np.log(self.param)
        if self.mode == "fwe":
            level -= np.log(n_features)
        elif self.mode == "fdr":
            ordered = np.sort(log_p_values)
            steps = level + np.log(np.arange(1, n_features + 1) / n_features)
            below = np.flatnonzero(ordered <= steps)
            level = ordered[below[-1]] if len(below) else -np.inf
        return log_p_values <= level

    def _get_support_mask(self):
        check_is_fitted(self)
        return self._mask

    def __sklearn_tags__(self):
        """Targets are needed; X may be sparse, of text, and have gaps."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
