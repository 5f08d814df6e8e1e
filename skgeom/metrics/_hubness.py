"""How unevenly rows are among the nearest of others.

Radovanovic, Nanopoulos and Ivanovic, "Hubs in space: popular nearest neighbors in
high-dimensional data", Journal of Machine Learning Research 11, 2010.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array
from sklearn.utils._param_validation import validate_params

from skgeom.graph import neighbors_from_graph
from skgeom.metrics._neighborhood import _CONSTRAINTS, _nearest
from skgeom.metrics._pairwise import check_distances
from skgeom.typing import MatrixLike


class HubnessScore(NamedTuple):
    """How unevenly rows are neighbours of others; see :func:`hubness_score`.

    Parameters
    ----------
    skewness : float
        Of the numbers of rows that have a row among their nearest: 0 where they are
        symmetric about their mean, above 1 where there are hubs.
    antihub_share : float
        Share of the rows that are among the nearest of none.

    Examples
    --------
    >>> from skgeom.metrics import HubnessScore
    >>> skewness, antihub_share = HubnessScore(skewness=2.5, antihub_share=0.1)
    """

    skewness: float
    antihub_share: float


@validate_params(
    {
        name: _CONSTRAINTS[name]
        for name in ("X", "n_neighbors", "metric", "working_memory")
    },
    prefer_skip_nested_validation=True,
)
def hubness_score(
    X: MatrixLike,
    *,
    n_neighbors: int = 10,
    metric: str | Callable = "euclidean",
    working_memory: float = 64,
) -> HubnessScore:
    """Score how many rows hubs have taken for themselves, and who is left out.

    Of n rows each is among the `n_neighbors` nearest of as many others, on average. In
    many dimensions some, near the mean of their cluster, are among those of hundreds,
    and others among those of none [1]_: nearest neighbours say little of the former,
    and nothing of the latter.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features or n_samples)
        Rows. If `metric` is "precomputed", their distances: all of them, whose diagonal
        is ignored, or a sparse matrix of distances to neighbours, as
        :class:`~sklearn.neighbors.KNeighborsTransformer` and
        :class:`~skgeom.neighbors.HubnessReducedNeighbors` give it.
    n_neighbors : int, default=10
        Neighbours of a row, from 1 to n_samples - 1.
    metric : str or callable, default="euclidean"
        "precomputed", or a metric that :func:`sklearn.metrics.pairwise_distances`
        knows.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of one block of rows may take.

    Returns
    -------
    HubnessScore
        `skewness` and `antihub_share`.

    Raises
    ------
    ValueError
        If `n_neighbors` is not below n_samples, a value is NaN or infinite, or
        distances are negative, not square, or too few in a row.

    See Also
    --------
    skgeom.neighbors.HubnessReducedNeighbors : Distances without hubs.

    Notes
    -----
    A skewness need not hurt: clusters that stand far apart are told apart beside it.
    What it costs, a classifier by neighbours tells.

    References
    ----------
    .. [1] Radovanovic, Nanopoulos and Ivanovic, "Hubs in space: popular nearest
       neighbors in high-dimensional data", Journal of Machine Learning Research 11,
       2010.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import hubness_score
    >>> rng = np.random.default_rng(0)
    >>> for n_features in 3, 300:
    ...     found = hubness_score(rng.normal(size=(500, n_features)))
    ...     print(round(found.skewness, 1), round(found.antihub_share, 2))
    -0.4 0.0
    3.5 0.17
    """
    if metric == "precomputed" and issparse(X):
        X = check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X")
    elif metric == "precomputed":
        X = check_distances(X, "X")
    else:
        X = check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X")
    n = X.shape[0]
    if metric == "precomputed" and X.shape[0] != X.shape[1]:
        raise ValueError(
            f"X must be square for metric='precomputed'; got shape {X.shape}."
        )
    if n_neighbors >= n:
        raise ValueError(
            f"n_neighbors ({n_neighbors}) should be less than n_samples ({n})."
        )
    if metric == "precomputed" and issparse(X):
        _, near = neighbors_from_graph(X, n_neighbors)
    else:
        near = _nearest(X, n_neighbors, metric, working_memory)
    counts = np.bincount(near.ravel(), minlength=n).astype(np.float64)
    centred = counts - n_neighbors
    deviation = np.sqrt((centred**2).mean())
    skewness = (centred**3).mean() / deviation**3 if deviation > 0 else 0.0
    return HubnessScore(float(skewness), float((counts == 0).mean()))
