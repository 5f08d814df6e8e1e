"""The Fisher metric of where a random walk goes, as a function of where it starts.

In closed form, where a network that learns the walk is differentiated elsewhere (after
Fasina et al., "Neural FIM for learning Fisher information metrics from point cloud
data", 2023).
"""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.backends import row_blocks
from skgeom.graph._neighbors import nearest_neighbors
from skgeom.typing import ArrayLike, NDArray

# Neighbours whose distance is the width of the kernel, where none is given.
_NEIGHBORS = 10


@validate_params(
    {
        "X": ["array-like"],
        "points": ["array-like", None],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
    },
    prefer_skip_nested_validation=True,
)
def fisher_metric(
    X: ArrayLike,
    points: ArrayLike | None = None,
    *,
    n_steps: int = 8,
    bandwidth: float | None = None,
) -> NDArray:
    r"""Metric tensor: how fast the end of a random walk changes with its start.

    From a point x a walk steps to row j with the probability :math:`p_j(x)`, a Gaussian
    kernel over its sum, and goes on between rows. With q(x) the distribution of where
    it is after `n_steps`,

    .. math:: g(x) = \sum_k \frac{\nabla q_k(x) \, \nabla q_k(x)^T}{q_k(x)}

    is its Fisher information [1]_. Along a branch of the data it has one large
    eigenvalue, on a sheet two, and where branches meet one more than on them.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows that the walk visits.
    points : array-like of shape (n_points, n_features), default=None
        Where the metric is computed; None is at the rows.
    n_steps : int, default=8
        Steps of the walk, >= 1. More of them look further.
    bandwidth : float, default=None
        Width of the kernel, > 0; None is the median distance of a row to its tenth
        neighbour.

    Returns
    -------
    ndarray of shape (n_points, n_features, n_features), float64
        Symmetric, eigenvalues >= 0.

    Raises
    ------
    ValueError
        If X or points hold non-finite numbers, or have different columns.

    Notes
    -----
    A matrix of n_samples x n_samples is formed, and products with it for each column:
    for some thousands of rows, and few columns.

    References
    ----------
    .. [1] Fasina et al., "Neural FIM for learning Fisher information metrics from point
       cloud data", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import fisher_metric
    >>> X = np.stack([np.linspace(0, 1, 50), np.zeros(50)], axis=1)
    >>> g = fisher_metric(X)
    >>> bool(g[25, 0, 0] > 1e3 * g[25, 1, 1])
    True
    """
    X = check_array(X, dtype=np.float64)
    rows = X if points is None else check_array(points, dtype=np.float64)
    if rows.shape[1] != X.shape[1]:
        raise ValueError(f"points has {rows.shape[1]} columns, and X has {X.shape[1]}.")
    # In units of the kernel, about the mean: distances are those of the data.
    width = _usual_distance(X) if bandwidth is None else bandwidth
    middle = X.mean(axis=0)
    X, rows = (X - middle) / width, (rows - middle) / width
    onward = np.linalg.matrix_power(_first_step(X, X), n_steps - 1)
    found = [_metric(rows[b], X, onward) for b in row_blocks(len(rows), 64 * len(X))]
    return np.concatenate(found) / width**2


def _usual_distance(X):
    k = min(_NEIGHBORS, len(X) - 1)
    if k == 0:
        return 1.0
    found = float(np.median(nearest_neighbors(X, n_neighbors=k)[0][:, -1]))
    return found if found > 0 else 1.0


def _first_step(rows, X):
    """Probabilities of the first step from points to the rows of X."""
    squares = (rows**2).sum(axis=1)[:, None] - 2 * rows @ X.T + (X**2).sum(axis=1)
    squares -= squares.min(axis=1, keepdims=True)
    p = np.exp(-squares / 2)
    return p / p.sum(axis=1, keepdims=True)


def _metric(rows, X, onward):
    """The metric at a block of points, in units of the kernel."""
    p = _first_step(rows, X)
    q = p @ onward
    mean = p @ X
    # The gradient of q: of each step, how far it leads from the mean step.
    root = np.sqrt(np.maximum(q, np.finfo(np.float64).tiny))
    slopes = np.stack(
        [((p * (X[:, c] - mean[:, [c]])) @ onward) / root for c in range(X.shape[1])]
    )
    return np.einsum("cik,dik->icd", slopes, slopes)
