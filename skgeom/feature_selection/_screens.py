"""Score functions: how much each column has to do with y, against permutations of it.

Moments after Kazi-Aoual, Hitier, Sabatier and Lebreton, "Refined approximations to
permutation tests for multivariate inference", Computational Statistics and Data
Analysis 20, 1995.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.backends import as_numpy
from skgeom.feature_selection._projections import screen_columns
from skgeom.feature_selection._reading import read_target
from skgeom.typing import ArrayLike, MatrixLike, NDArray

# Polynomials beyond follow noise.
DEGREE = [Interval(Integral, 1, 10, closed="both")]
_X_Y = {"X": ["array-like", "sparse matrix"], "y": ["array-like"]}


@validate_params(_X_Y, prefer_skip_nested_validation=True)
def contingency_classif(X: MatrixLike, y: ArrayLike) -> tuple[NDArray, NDArray]:
    r"""Score columns of levels by Pearson's statistic, in units of its permutations.

    .. math:: z = \frac{X^2 - E X^2}{\mathrm{sd} \, X^2}, \qquad
        X^2 = \sum_{lc} \frac{(N_{lc} - R_l C_c / n)^2}{R_l C_c / n}

    with the number N of rows of each level l and class c. Mean and deviation are exact,
    over all permutations of y, so that a column of two levels and one of thousands
    compare, and one of ids has no score at all.

    Read more in the :ref:`User Guide <column_screens>`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Codes of levels, whose values and order do not count. NaN is a level. What a
        sparse matrix does not store is the level zero.
    y : array-like of shape (n_samples,)
        Classes.

    Returns
    -------
    scores : ndarray of shape (n_features,), float64
        The z of the formula, 0 for a constant column.
    p_values : ndarray of shape (n_features,), float64
        Probability of a larger one, by a gamma law of the exact mean, variance and
        skewness. 1 for a constant column, for one class, and below four rows.

    Raises
    ------
    ValueError
        If X is not of numbers or infinite, or y is not of classes, one for each row.

    Warns
    -----
    UserWarning
        If y holds one class.

    See Also
    --------
    ColumnScreen : For tables with text, or of columns of both kinds.
    sklearn.feature_selection.chi2 : Of sums of counts; its p-values are not of levels.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection import contingency_classif
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers([2, 50, 10**6], size=(500, 3))  # the last are ids
    >>> effect = rng.normal(size=50)
    >>> y = effect[X[:, 1]] + rng.normal(size=500) > 0
    >>> scores, p_values = contingency_classif(X, y)
    >>> int(scores.argmax()), bool(p_values[1] < 1e-4), p_values[2] > 0.01
    (1, True, np.True_)
    """
    X, target = _read(X, y, "contingency_classif", "multiclass", 1)
    return _told(screen_columns(X, target, None))


@validate_params({**_X_Y, "degree": DEGREE}, prefer_skip_nested_validation=True)
def contingency_regression(
    X: MatrixLike, y: ArrayLike, *, degree: int = 3
) -> tuple[NDArray, NDArray]:
    """Score columns of levels by how they tell numbers apart.

    As :func:`contingency_classif`, with orthonormal polynomials of the ranks of y in
    place of classes: levels differ in where, how widely and how skewly y lies.

    Read more in the :ref:`User Guide <column_screens>`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Codes of levels, as of :func:`contingency_classif`.
    y : array-like of shape (n_samples,)
        Numbers.
    degree : int, default=3
        Of the polynomials, from 1 to 10. With 1, levels differ in the mean rank.

    Returns
    -------
    scores : ndarray of shape (n_features,), float64
        Standard deviations above the mean of all permutations.
    p_values : ndarray of shape (n_features,), float64
        Probability of a larger one.

    Raises
    ------
    ValueError
        If `degree` is out of its range, X is not of numbers or infinite, or y is not
        of finite numbers, one for each row.

    Warns
    -----
    UserWarning
        If y holds one number.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection import contingency_regression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers([5, 50], size=(500, 2))
    >>> y = rng.normal(size=500) * (1 + (X[:, 0] == 3))  # wider in one level
    >>> bool(contingency_regression(X, y)[1][0] < 0.001)
    True
    """
    X, target = _read(X, y, "contingency_regression", "continuous", degree)
    return _told(screen_columns(X, target, None))


@validate_params({**_X_Y, "degree": DEGREE}, prefer_skip_nested_validation=True)
def rank_dependence_classif(
    X: MatrixLike, y: ArrayLike, *, degree: int = 4
) -> tuple[NDArray, NDArray]:
    """Score columns of numbers by how their ranks differ between classes.

    The sum of the squared correlations of orthonormal polynomials of the ranks with
    classes: in where, how widely, how skewly they lie.

    Read more in the :ref:`User Guide <column_screens>`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Numbers; only their order counts. Ties share their mean rank. Rows where a
        column is NaN have no rank, and that they lack it counts as well. What a
        sparse matrix does not store is zero.
    y : array-like of shape (n_samples,)
        Classes.
    degree : int, default=4
        Of the polynomials, from 1 to 10.

    Returns
    -------
    scores : ndarray of shape (n_features,), float64
        Standard deviations above the mean of all permutations.
    p_values : ndarray of shape (n_features,), float64
        Probability of a larger one.

    Raises
    ------
    ValueError
        If `degree` is out of its range, X is not of numbers or infinite, or y is not of
        classes, one for each row.

    Warns
    -----
    UserWarning
        If y holds one class.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection import rank_dependence_classif
    >>> X = np.random.default_rng(0).normal(size=(300, 20))
    >>> y = np.abs(X[:, 7]) > 1  # equal means
    >>> int(rank_dependence_classif(X, y)[0].argmax())
    7
    """
    X, target = _read(X, y, "rank_dependence_classif", "multiclass", 1)
    return _told(screen_columns(X, target, degree))


@validate_params(
    {**_X_Y, "degree": DEGREE, "target_degree": DEGREE},
    prefer_skip_nested_validation=True,
)
def rank_dependence_regression(
    X: MatrixLike, y: ArrayLike, *, degree: int = 4, target_degree: int = 3
) -> tuple[NDArray, NDArray]:
    r"""Score columns of numbers by dependence of their ranks on those of y.

    .. math:: \sum_{a \le 4, \, b \le 3} \mathrm{corr}^2(P_a(\mathrm{rank} \, x),
        P_b(\mathrm{rank} \, y))

    in units of its permutations, where the P are orthonormal polynomials, Legendre's
    without ties: slopes, valleys, waves, and changes of spread, at the price of a sort.

    Read more in the :ref:`User Guide <column_screens>`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Numbers, as of :func:`rank_dependence_classif`.
    y : array-like of shape (n_samples,)
        Numbers.
    degree : int, default=4
        Of the polynomials of X, from 1 to 10. With both 1, it is Spearman's test.
    target_degree : int, default=3
        Of those of y, from 1 to 10.

    Returns
    -------
    scores : ndarray of shape (n_features,), float64
        Standard deviations above the mean of all permutations.
    p_values : ndarray of shape (n_features,), float64
        Probability of a larger one.

    Raises
    ------
    ValueError
        If a degree is out of its range, X is not of numbers or infinite, or y is not of
        finite numbers, one for each row.

    Warns
    -----
    UserWarning
        If y holds one number.

    See Also
    --------
    sklearn.feature_selection.mutual_info_regression : For waves of many periods.

    Examples
    --------
    As a score function:

    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from skgeom.feature_selection import rank_dependence_regression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 30))
    >>> y = X[:, 3] ** 2 + np.sin(2 * X[:, 8]) + 0.5 * rng.normal(size=400)
    >>> SelectKBest(rank_dependence_regression, k=2).fit(X, y).get_support(True)
    array([3, 8])
    """
    name = "rank_dependence_regression"
    X, target = _read(X, y, name, "continuous", target_degree)
    return _told(screen_columns(X, target, degree))


def _read(X, y, name, target_type, degree):
    X = check_array(
        as_numpy(X),
        accept_sparse="csc",
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
        input_name="X",
    )
    return X, read_target(y, X, name, degree, target_type)


def _told(found):
    scores, log_p_values = found
    return scores, np.exp(log_p_values)
