"""Which kernel, how wide, and what penalty: by leave-one-out on a part of the rows.

A penalty is the variance of the noise in units of that of the signal, and a width is
one of the signal: neither depends on how many rows there are, so that few rows tell
them for many. Leave-one-out errors have a closed form (Rifkin and Lippert, 2007).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skgeom.backends import Backend, as_numpy
from skgeom.operators import KernelFunction
from skgeom.solvers import RidgePath, ridge_path
from skgeom.typing import Array, NDArray

# Rows that are enough to choose by.
MOST_ROWS = 1000
# Penalties in units of the mean of the kernel's diagonal.
PENALTIES = 10.0 ** np.arange(-7, 2.01, 0.5)
# Of penalties whose errors differ by less than this share, the largest is as good.
_ALIKE = 0.005
# Widths are sought in powers of two, then of its root, about the median distance.
_STEPS, _FARTHEST = (1.0, 0.5), 8.0


class KernelChoice(NamedTuple):
    """A kernel with its width and penalty, and the solution that they have.

    Parameters
    ----------
    kernel : str or callable
        The kernel.
    gamma : float
        Its inverse width.
    alpha : float
        The penalty.
    error : float
        Weighted mean of squared leave-one-out errors, summed over targets.
    dual : ndarray of shape (n, n_targets)
        Coefficients of the rows.
    left_out : ndarray of shape (n, n_targets)
        Leave-one-out errors.
    """

    kernel: Any
    gamma: float
    alpha: float
    error: float
    dual: NDArray
    left_out: NDArray


def tune_kernel(
    points: Array,
    targets: NDArray,
    weights: NDArray,
    kernels: Sequence[Any],
    gamma: float | None,
    alpha: float | None,
    backend: Backend,
    *,
    near: float | None = None,
) -> KernelChoice:
    """Choose what is not given by the least error of leaving one row out.

    Parameters
    ----------
    points : array of shape (n, n_features)
        Centred rows of the backend.
    targets : ndarray of shape (n, n_targets)
        Less their means.
    weights : ndarray of shape (n,)
        What each row counts, > 0.
    kernels : sequence of str or callable
        Candidates.
    gamma : float or None
        Inverse width of named kernels, > 0; None is to be chosen.
    alpha : float or None
        Penalty, > 0; None is to be chosen.
    backend : Backend
        Where points are.
    near : float, default=None
        A width to start from, as a multiple of the median distance; None is 1.

    Returns
    -------
    KernelChoice
        The best.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._kernel_machine._kernel_choice import tune_kernel
    >>> X = np.linspace(-3, 3, 60)[:, None]
    >>> y, ones = np.sin(X), np.ones(60)
    >>> found = tune_kernel(
    ...     X, y, ones, ["rbf", "exponential"], None, None, get_backend("cpu")
    ... )
    >>> found.kernel, found.error < 1e-6
    ('rbf', True)
    """
    unit, found = median_square(points), []
    targets, weights = (
        backend.asarray(a, dtype=backend.float64) for a in (targets, weights)
    )
    for kernel in kernels:
        if callable(kernel) or gamma is not None:
            width = 1.0 if gamma is None else gamma
            found.append(_at(points, targets, weights, kernel, width, alpha, backend))
            continue
        tried: dict[float, _Tried] = {}

        def error_at(power, kernel=kernel, tried=tried):
            """Of a width of so many powers of two."""
            if abs(power) > _FARTHEST:
                return np.inf
            if power not in tried:
                width = 0.5 / (unit * 4.0**power)
                tried[power] = _at(
                    points, targets, weights, kernel, width, alpha, backend
                )
            return tried[power].error

        best = round(2 * np.log2(near)) / 2 if near else 0.0
        for step in _STEPS[1:] if near else _STEPS:
            while True:
                around = min((best - step, best + step), key=error_at)
                if not error_at(around) < error_at(best):
                    break
                best = around
        found.append(tried[best])
    return min(found, key=lambda tried: tried.error).choice(backend)


class _Tried(NamedTuple):
    """A kernel of some width with its best penalty, still where it was computed."""

    kernel: Any
    gamma: float
    alpha: float
    error: float
    path: RidgePath
    place: int

    def choice(self, backend):
        """The same on the host."""
        found = self.path.duals[self.place], self.path.left_out[self.place]
        return KernelChoice(*self[:4], *map(backend.to_numpy, found))


def _at(points, targets, weights, kernel, gamma, alpha, backend):
    """The best penalty for a kernel and a width."""
    K = KernelFunction(kernel, gamma, backend).values(points, points)
    K = (K + K.T) / 2
    if alpha is None:
        # Named kernels of Euclidean distances have a diagonal of ones.
        alphas = PENALTIES * (mean_variance(K) if callable(kernel) else 1.0)
    else:
        alphas = np.array([alpha])
    path = ridge_path(backend.xp, K, targets, weights, alphas)
    i = largest_of_the_best(path)
    error = float(path.errors[i]) if np.isfinite(path.errors[i]) else np.inf
    return _Tried(kernel, gamma, float(alphas[i]), error, path, i)


def largest_of_the_best(path: RidgePath) -> int:
    """Position of the largest of the penalties that are as good as the best."""
    best = np.nanmin(path.errors)
    return int(np.flatnonzero(path.errors <= (1 + _ALIKE) * best)[-1])


def mean_variance(K: Array) -> float:
    """Mean of the diagonal of a kernel matrix; 1 where that is nothing."""
    mean = float(K.diagonal().mean())
    return mean if mean > 0 else 1.0


def median_square(points: Array) -> float:
    """Median squared distance of pairs of rows that are not equal; 1 if all are."""
    host = as_numpy(points)
    # As many pairs as rows: each with the next, at two distances in their order.
    squares = np.concatenate(
        [((host - np.roll(host, k, axis=0)) ** 2).sum(axis=1) for k in (1, 2, 3)]
    )
    squares = squares[squares > 0]
    return float(np.median(squares)) if len(squares) else 1.0
