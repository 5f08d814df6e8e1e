"""Quantile functions of many one-dimensional distributions at once.

Optimal transport between numbers sorts them: Peyre and Cuturi, "Computational optimal
transport", Foundations and Trends in Machine Learning 11, 2019, section 2.6.
"""

from typing import Any

import numpy as np

from skgeom.typing import Array, NDArray


def sorted_means(xp: Any, values: Array, counts: Array, n_bins: int) -> Array:
    r"""Means of the sorted values over equal shares of their number.

    With quantile function :math:`F^{-1}` of the n values these are
    :math:`k \int_{(j-1)/k}^{j/k} F^{-1}(u)\,du`: no value is lost between two of the
    levels, the mean is kept, and distances are at most those of the whole functions.
    Where as many means as values are asked for, they are the sorted values.

    Parameters
    ----------
    xp : namespace
        Of the arrays.
    values : array of shape (n_bags, n_slices, n_points)
        Missing ones infinite.
    counts : array of shape (n_bags,), int
        How many are not missing, at least one.
    n_bins : int
        How many shares.

    Returns
    -------
    array of shape (n_bags, n_slices, n_bins)
        Ascending along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._quantiles import sorted_means
    >>> values = np.array([[[3.0, 1.0, 2.0]]])
    >>> sorted_means(np, values, np.array([3]), 3), sorted_means(
    ...     np, values, np.array([3]), 2)
    (array([[[1., 2., 3.]]]), array([[[1.33333333, 2.66666667]]]))
    """
    ordered = xp.sort(values, axis=-1)
    found = xp.zeros(
        (*values.shape[:2], n_bins), dtype=values.dtype, device=values.device
    )
    for count in np.unique(np.asarray(counts)):
        rows = np.flatnonzero(np.asarray(counts) == count)
        whole = len(rows) == values.shape[0]
        part = ordered[:, :, :count] if whole else ordered[rows][:, :, :count]
        means = _means(xp, part, int(count), n_bins)
        if whole:
            return means
        found[rows] = means
    return found


def _means(xp, ordered, count, n_bins):
    """The same of as many values in each bag, that are in order."""
    if count % n_bins == 0:
        cut = xp.reshape(ordered, (*ordered.shape[:2], n_bins, count // n_bins))
        return xp.mean(cut, axis=-1)
    place = np.arange(n_bins + 1) * count / n_bins
    below = np.minimum(place.astype(int), count - 1)
    total = xp.cumulative_sum(ordered, axis=-1, include_initial=True)
    part = xp.asarray(place - below, dtype=ordered.dtype, device=ordered.device)
    integral = total[:, :, below] + part * ordered[:, :, below]
    means = (integral[:, :, 1:] - integral[:, :, :-1]) * (n_bins / count)
    # A mean lies between the values that it is of, which rounding of sums forgets.
    last = np.minimum(np.ceil(place).astype(int) - 1, count - 1)
    low, high = ordered[:, :, below[:-1]], ordered[:, :, last[1:]]
    return xp.minimum(xp.maximum(means, low), high)


def weighted_means(function: NDArray, weights: NDArray, n_bins: int) -> NDArray:
    """Means of a function's sorted values over equal shares of a weight.

    Parameters
    ----------
    function : ndarray of shape (n_nodes,)
        Values.
    weights : ndarray of shape (n_bags, n_nodes)
        Shares of the nodes in each bag, which add up to one.
    n_bins : int
        How many shares.

    Returns
    -------
    ndarray of shape (n_bags, n_bins)
        Ascending along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._quantiles import weighted_means
    >>> weighted_means(np.array([5.0, 1.0]), np.array([[0.25, 0.75]]), 2)
    array([[1., 3.]])
    """
    order = np.argsort(function, kind="stable")
    values, weights = function[order], weights[:, order]
    upto = np.minimum(np.cumsum(weights, axis=1), 1.0)
    upto[:, -1] = 1.0
    total = np.cumsum(np.diff(upto, axis=1, prepend=0.0) * values, axis=1)
    levels = np.arange(1, n_bins) / n_bins
    # Rows are searched together: each has an interval of its own.
    own = 2.0 * np.arange(len(weights))[:, None]
    at = np.searchsorted((upto + own).ravel(), (levels + own).ravel())
    at = at.reshape(len(weights), -1) - np.arange(len(weights))[:, None] * len(values)
    at = np.clip(at, 0, len(values) - 1)
    left = np.take_along_axis(upto, at, axis=1) - levels
    integral = np.take_along_axis(total, at, axis=1) - left * values[at]
    edges = np.column_stack([np.zeros(len(weights)), integral, total[:, -1]])
    return np.diff(edges, axis=1) * n_bins
