"""Precision and recall of samples: whether rows are like the real, and all of them.

Kynkäänniemi, Karras, Laine, Lehtinen and Aila, "Improved precision and recall metric
for assessing generative models", NeurIPS 2019; Naeem, Oh, Uh, Choi and Yoo, "Reliable
fidelity and diversity metrics for generative models", ICML 2020.
"""

from collections.abc import Callable
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom._warnings import warn
from skgeom.metrics._pairwise import FIXED_METRICS, distances_between, row_blocks
from skgeom.typing import ArrayLike, NDArray

# Distances, a partitioned copy or a quotient, and masks.
_BYTES_PER_ENTRY = 32


class ManifoldPrecisionRecall(NamedTuple):
    """Two samples beside each other; see :func:`manifold_precision_recall`.

    Parameters
    ----------
    precision : float
        Share of generated rows within reach of a real one, in [0, 1].
    recall : float
        Share of real rows within reach of a generated one, in [0, 1].
    density : float
        Mean number of real rows within whose reach a generated one is, over
        `n_neighbors`; about 1 where both have one law, and more where generated rows
        are where real ones are dense.
    coverage : float
        Share of real rows with a generated one within reach, in [0, 1].
    realism : ndarray of shape (n_generated,)
        Of each generated row, the largest reach of a real one over the distance to it,
        among real rows whose reach is no larger than the median.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import manifold_precision_recall
    >>> X = np.arange(10.0)[:, None]
    >>> manifold_precision_recall(X, X + 0.5, n_neighbors=1).coverage
    1.0
    """

    precision: float
    recall: float
    density: float
    coverage: float
    realism: NDArray


@validate_params(
    {
        "real": ["array-like"],
        "generated": ["array-like"],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions(FIXED_METRICS), callable],
        "working_memory": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def manifold_precision_recall(
    real: ArrayLike,
    generated: ArrayLike,
    *,
    n_neighbors: int = 3,
    metric: str | Callable = "euclidean",
    working_memory: float = 64,
) -> ManifoldPrecisionRecall:
    """Compare generated rows with real ones: like them, and as many kinds of them.

    A row reaches as far as its `n_neighbors`-th neighbour in its own sample, and the
    balls of a sample are an estimate of where it lies. Precision and recall are shares
    of the one sample in the balls of the other [1]_; density and coverage use balls of
    the real sample alone, and are not undone by a few outliers [2]_.

    Parameters
    ----------
    real : array-like of shape (n_real, n_features)
        Rows of the data, in features whose distances mean something.
    generated : array-like of shape (n_generated, n_features)
        Rows of a model.
    n_neighbors : int, default=3
        The neighbour that a row reaches; below the number of different rows of either
        sample.
    metric : str or callable, default="euclidean"
        A metric of :func:`sklearn.metrics.pairwise_distances` that learns nothing from
        the rows.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of one block of rows may take. The scores
        do not depend on it.

    Returns
    -------
    ManifoldPrecisionRecall
        Four scores, and the realism of each generated row.

    Raises
    ------
    ValueError
        If a sample has too few different rows, numbers of columns differ, or a value is
        NaN or infinite.

    Warns
    -----
    UserWarning
        If a sample repeats rows: a neighbour is then another row that differs, lest
        balls have no size.

    Notes
    -----
    Two samples of one law do not score 1, and scores depend on their sizes: compare
    with those of two halves of the real rows. Time is O(n^2 * n_features), memory n
    times a block.

    References
    ----------
    .. [1] Kynkäänniemi, Karras, Laine, Lehtinen and Aila, "Improved precision and
       recall metric for assessing generative models", NeurIPS 2019.
    .. [2] Naeem, Oh, Uh, Choi and Yoo, "Reliable fidelity and diversity metrics for
       generative models", ICML 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import manifold_precision_recall
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(size=(500, 4))
    >>> narrow = 0.3 * rng.normal(size=(500, 4))  # in the middle of them
    >>> found = manifold_precision_recall(real, narrow)
    >>> found.precision > 0.95, found.recall < 0.2
    (True, True)
    """
    real, generated = (
        check_array(X, dtype=[np.float64, np.float32], input_name=name)
        for X, name in ((real, "real"), (generated, "generated"))
    )
    if real.shape[1] != generated.shape[1]:
        raise ValueError(
            f"real has {real.shape[1]} columns, and generated {generated.shape[1]}."
        )
    reach, other_reach = (
        _reach(X, name, n_neighbors, metric, working_memory)
        for X, name in ((real, "real"), (generated, "generated"))
    )
    counts = np.zeros(len(generated), dtype=np.int64)
    realism = np.zeros(len(generated))
    recalled, covered = (np.zeros(len(real), dtype=bool) for _ in range(2))
    usual = np.median(reach)
    for rows in row_blocks(len(real), len(generated), _BYTES_PER_ENTRY, working_memory):
        far, own = distances_between(real[rows], generated, metric), reach[rows, None]
        within = far <= own
        counts += np.count_nonzero(within, axis=0)
        covered[rows] = within.any(axis=1)
        recalled[rows] = (far <= other_reach).any(axis=1)
        kept = own[:, 0] <= usual
        with np.errstate(divide="ignore"):
            shares = own[kept] / far[kept]
        np.maximum(realism, shares.max(axis=0, initial=0.0), out=realism)
    return ManifoldPrecisionRecall(
        float((counts > 0).mean()),
        float(recalled.mean()),
        float(counts.mean() / n_neighbors),
        float(covered.mean()),
        np.minimum(realism, np.finfo(np.float64).max),
    )


def _reach(X, name, k, metric, working_memory):
    """Distance of each row to its k-th neighbour among those that differ."""
    different, group = np.unique(X, axis=0, return_inverse=True)
    if len(different) < len(X):
        warn(
            f"{name} has {len(X)} rows, of which {len(different)} differ: neighbours "
            "are among these.",
        )
    if k >= len(different):
        raise ValueError(
            f"n_neighbors={k} must be below the number of different rows of {name}, "
            f"{len(different)}."
        )
    found = np.empty(len(different))
    n = len(different)
    for rows in row_blocks(n, n, _BYTES_PER_ENTRY, working_memory):
        far = distances_between(different[rows], different, metric)
        far[np.arange(len(far)), np.arange(rows.start, rows.stop)] = np.inf
        found[rows] = np.partition(far, k - 1, axis=1)[:, k - 1]
    return found[group.ravel()]
