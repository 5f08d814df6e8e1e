"""How evenly rows spread over their directions, without the bias of a small sample.

Himeno and Yamada, "Estimations for some functions of covariance matrix in high
dimension under non-normality and its applications", Journal of Multivariate Analysis
130, 2014.
"""

from numbers import Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.metrics._pairwise import row_blocks
from skgeom.typing import ArrayLike

_ROUNDING = 1e-14


@validate_params(
    {
        "X": ["array-like"],
        "method": [StrOptions({"participation", "effective_rank", "eee"})],
        "working_memory": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def spread_score(
    X: ArrayLike, *, method: str = "participation", working_memory: float = 64
) -> float:
    r"""Score how evenly rows are spread over all directions.

    With :math:`\Sigma` the covariance of d columns,

    .. math:: \frac{(\operatorname{tr} \Sigma)^2}{d \operatorname{tr} \Sigma^2}

    is 1 where all directions have one variance and 1/d where there is one direction
    alone. From the covariance of a sample it is far too small: of 100 isotropic rows
    in 64 dimensions .62. Both traces have estimates without bias [1]_, whatever the law
    of the rows, so that samples of different sizes can be compared.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows, at least four.
    method : {"participation", "effective_rank", "eee"}, default="participation"
        "participation": the formula. "effective_rank": exponential of the entropy of
        the eigenvalues, over d [2]_. "eee": twice the mean excess of their cumulative
        shares over those of equal ones [3]_; 0 where rows spread evenly, towards 1
        along one axis. These two have the bias of small samples.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of "participation" may take. The score
        does not depend on it.

    Returns
    -------
    float
        The score. That of "participation" can be a little above 1, by chance. NaN
        where all rows are equal.

    Raises
    ------
    ValueError
        If there are fewer than four rows, or a value is NaN or infinite.

    Notes
    -----
    Means are subtracted, and units do not matter. Time is O(n_samples * n_features *
    min(n_samples, n_features)), and the memory of "participation" the smaller number
    times a block.

    References
    ----------
    .. [1] Himeno and Yamada, "Estimations for some functions of covariance matrix in
       high dimension under non-normality and its applications", Journal of Multivariate
       Analysis 130, 2014.
    .. [2] Roy and Vetterli, "The effective rank: a measure of effective
       dimensionality", EUSIPCO 2007.
    .. [3] Marbut, McKinney-Bock and Wheeler, "Reliable measures of spread in high
       dimensional latent spaces", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import spread_score
    >>> X = np.random.default_rng(0).normal(size=(100, 64))
    >>> round(spread_score(X), 1), round(spread_score(X * np.r_[20, np.ones(63)]), 1)
    (1.0, 0.0)
    >>> round(spread_score(X, method="effective_rank"), 1)
    0.7
    """
    X = check_array(X, dtype=np.float64, ensure_min_samples=4, input_name="X")
    d = X.shape[1]
    X = X / (np.abs(X).max() or 1.0)
    X = X - X.mean(axis=0)
    size = np.abs(X).max()
    if not size > _ROUNDING:
        return float("nan")
    X = X / size
    if method == "participation":
        return _participation(X, working_memory)
    values = np.linalg.svd(X, compute_uv=False) ** 2
    shares = values / values.sum()
    if method == "effective_rank":
        known = shares[shares > 0]
        return float(np.exp(-(known * np.log(known)).sum()) / d)
    shares = np.append(shares, np.zeros(d - len(shares)))
    return float(2 / d * (np.cumsum(shares) - np.arange(1, d + 1) / d).sum())


def _participation(X, working_memory):
    """The ratio of both traces, each without bias."""
    n, d = X.shape
    lengths = (X * X).sum(axis=1)
    trace = lengths.sum() / (n - 1)
    fourth = (lengths**2).sum() / (n - 1)
    # The squares of the smaller of both products, by blocks.
    Z = X if n <= d else X.T
    square = sum(
        ((Z[rows] @ Z.T) ** 2).sum()
        for rows in row_blocks(len(Z), len(Z), 16, working_memory)
    )
    square /= (n - 1) ** 2
    factor = (n - 1) / (n * (n - 2) * (n - 3))
    of_square = (n - 1) * (n - 2) * square + trace**2 - n * fourth
    of_trace = 2 * square + (n * n - 3 * n + 1) * trace**2 - n * fourth
    # By chance, of a few rows.
    least = trace**2 / max(d, 1) * _ROUNDING
    return float(factor * of_trace / max(factor * of_square, least) / d)
