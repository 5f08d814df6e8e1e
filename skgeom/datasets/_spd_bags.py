"""Bags of positive definite matrices whose distribution tells a number."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.geometry import spd
from skgeom.typing import NDArray, RandomStateLike


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "order": [Interval(Integral, 1, None, closed="left")],
        "signal": [StrOptions({"mean", "spread", "shape"})],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_spd_bags(
    n_samples: int = 120,
    n_points: int = 60,
    order: int = 6,
    *,
    signal: str = "shape",
    random_state: RandomStateLike = None,
) -> tuple[NDArray, NDArray]:
    """Subjects with many covariance matrices each, and a number to be told from them.

    As in the prediction of an age from windows of an electroencephalogram: each subject
    is a bag, with an offset of its own. Logarithms of its matrices are normal around
    it, and the target moves their mean along a line, widens half of their coordinates,
    or decides how many of them lie at each of two modes. In the last case the mean of
    a bag says nothing, and its covariance neither.

    Parameters
    ----------
    n_samples : int, default=120
        Bags, >= 1.
    n_points : int, default=60
        Matrices in a bag, >= 1.
    order : int, default=6
        Of the matrices, >= 1.
    signal : {"mean", "spread", "shape"}, default="shape"
        What of a bag tells the target.
    random_state : int, RandomState instance or None, default=None
        Decides all draws.

    Returns
    -------
    X : ndarray of shape (n_samples, n_points * order * (order + 1) / 2)
        A bag a row, upper triangles of its matrices one after the other.
    y : ndarray of shape (n_samples,)
        Standard normal targets.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Bonet, Malezieux, Rakotomamonjy, Drumetz, Moreau, Kowalski and Courty, "Sliced-
    Wasserstein on symmetric positive definite matrices for M/EEG signals", ICML 2023.

    Examples
    --------
    >>> from skgeom.datasets import make_spd_bags
    >>> X, y = make_spd_bags(10, order=2, random_state=0)
    >>> X.shape, y.shape
    ((10, 180), (10,))
    """
    rng = check_random_state(random_state)
    size = order * (order + 1) // 2
    line = rng.standard_normal(size) / size**0.5
    y = rng.standard_normal(n_samples)
    offsets = 0.3 * rng.standard_normal((n_samples, 1, size))
    logs = 0.3 * rng.standard_normal((n_samples, n_points, size))
    told = y[:, None, None]
    if signal == "mean":
        logs += 0.6 * told * line
    elif signal == "spread":
        logs *= np.exp(0.35 * told * (line > 0))
    else:
        there = rng.uniform(size=(n_samples, n_points, 1)) < 1 / (1 + np.exp(-told))
        logs += np.where(there, 1.2, -1.2) * line
        logs -= logs.mean(axis=1, keepdims=True)
    matrices = spd.expm(spd.from_vector(logs + offsets))
    i, j = np.triu_indices(order)
    return matrices[..., i, j].reshape(n_samples, -1), y
