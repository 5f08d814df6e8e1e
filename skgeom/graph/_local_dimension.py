"""The dimension of neighbourhoods: principal components and the Bayesian criterion.

Probabilistic principal components explain a cloud by some directions of variances of
their own and one variance in all the others: Tipping and Bishop, "Probabilistic
principal component analysis", Journal of the Royal Statistical Society B 61, 1999. How
many directions there are is a choice between models, here by the criterion of Schwarz
(1978). It needs no threshold on the noise.
"""

import numpy as np

from skgeom.backends import CACHE_BYTES, row_blocks
from skgeom.graph._smoothing import local_spectra, signal_share
from skgeom.typing import NDArray

# Share of the largest variance that is added to all: what bends by less is flat.
_FLOOR = 0.02
# So much worse is as bad as can be, lest a few neighbourhoods decide a mean.
_WORST = 30.0


def dimension_scores(points: NDArray, indices: NDArray) -> NDArray:
    r"""Score the dimensions that each neighbourhood may have.

    With the variances :math:`w_1 \ge w_2 \dots` of its k members in D directions, each
    raised by a fiftieth of the first, which stands for how data bend, dimension d has

    .. math:: -\frac{k}{2} \Big[\sum_{j \le d} \log w_j + (D - d) \log \bar w_{> d}\Big]
        - \frac{m}{2} \log k

    with :math:`m = d D - d (d + 1) / 2 + d + 1` parameters. Differences count: scores
    are those below the best, and no lower than -30, so that no few neighbourhoods
    decide a mean of many.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Points.
    indices : ndarray of shape (n, n_members), int
        Members of each neighbourhood, as rows of `points`.

    Returns
    -------
    ndarray of shape (n, min(n_features, n_members)), float64
        Scores in [-30, 0] of the dimensions 0, 1 and so on; the first of them is that
        of data which are alike in all directions.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import dimension_scores
    >>> line = np.linspace(0, 1, 20)[:, None] * [1.0, 2.0, 3.0]
    >>> int(dimension_scores(line, np.arange(20)[None]).argmax())
    1
    """
    n_features, n_members = points.shape[1], indices.shape[1]
    n_scores = min(n_features, n_members)
    scores = np.empty((len(indices), n_scores))
    d = np.arange(n_scores)
    n_free = d * n_features - d * (d + 1) / 2 + d + 1
    for rows in row_blocks(len(indices), 8 * n_members * n_features, CACHE_BYTES):
        variances = local_spectra(points, indices[rows])[:, ::-1]
        variances = np.maximum(variances, 0.0)
        largest = variances[:, :1]
        variances = variances / np.where(largest > 0, largest, 1.0) + _FLOOR
        held = np.cumsum(variances, axis=1)
        of_logs = np.cumsum(np.log(variances), axis=1)
        before = np.pad(held, ((0, 0), (1, 0)))[:, :n_scores]
        left = (held[:, -1:] - before) / (n_features - d)
        logs = np.pad(of_logs, ((0, 0), (1, 0)))[:, :n_scores]
        logs = logs + (n_features - d) * np.log(left)
        found = -(n_members * logs + n_free * np.log(n_members)) / 2
        found = np.maximum(found - found.max(axis=1, keepdims=True), -_WORST)
        # Equal points say nothing; they are counted as a curve.
        scores[rows] = np.where(largest > 0, found, -1.0 * (d != 1))
    return scores


def best_dimensions(scores: NDArray, n_features: int) -> NDArray:
    """Choose the dimensions of the best scores.

    Parameters
    ----------
    scores : ndarray of shape (n, n_dimensions)
        As `dimension_scores` finds them, or means of such.
    n_features : int
        Number of features.

    Returns
    -------
    ndarray of shape (n,), int64
        From 1 to `n_features`, which is the answer where data are alike in all
        directions.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import best_dimensions
    >>> best_dimensions(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), 3)
    array([1, 3])
    """
    best = scores.argmax(axis=1)
    return np.where(best == 0, n_features, best)


def local_dimension(X: NDArray, indices: NDArray) -> tuple[int, float]:
    """Find the dimension of a typical neighbourhood, and how clearly it stands out.

    The dimension is that of the best mean of `dimension_scores`. The signal is from a
    parallel analysis [1]_: the median spectrum of neighbourhoods is compared with that
    of as many points in a ball of as many features, of the size of the weaker half of
    the directions.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    indices : ndarray of shape (n_neighborhoods, n_members), int
        Members of each neighbourhood, as rows of X.

    Returns
    -------
    dimension : int
        From 1 to n_features.
    signal : float
        Variance above the noise as a share of all, in [0, 1]: small where noise, or a
        shape that fills the space, looks alike in all directions.

    References
    ----------
    .. [1] Horn, "A rationale and test for the number of factors in factor analysis",
       Psychometrika 30, 1965.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import local_dimension, nearest_neighbors
    >>> rng = np.random.default_rng(0)
    >>> plane = rng.uniform(size=(500, 2)) @ [[1, 0, 1], [0, 1, 1]]
    >>> X = plane + 0.01 * rng.normal(size=(500, 3))
    >>> local_dimension(X, nearest_neighbors(X, n_neighbors=30)[1])[0]
    2
    """
    signal = signal_share(X, indices)
    scores = dimension_scores(X, indices).mean(axis=0, keepdims=True)
    return int(best_dimensions(scores, X.shape[1])[0]), signal
