"""The law of a product of two projections when rows are permuted, by three moments.

Kazi-Aoual, Hitier, Sabatier and Lebreton, "Refined approximations to permutation tests
for multivariate inference", Computational Statistics and Data Analysis 20, 1995, have
the moments of the trace of two products; for two projections of traces r and s less
their means few terms are left.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincc, gammaln, log_ndtr

from skgeom.typing import NDArray

# Fewer rows have no third moment, so that what is known of chi-squares stands in.
_FEWEST = 6
# Below this skewness the gamma distribution is a normal one to three digits.
_NEARLY_NORMAL = 1e-4
# Variances below are rounding, as a share of what a variance can be.
_CONSTANT = 1e-12


class Invariants(NamedTuple):
    """What the moments depend on: sums over the entries of projections, one each.

    A projection onto a space of functions of a column that add up to zero, less the
    multiple of the projection onto all such functions that has the same trace.

    Parameters
    ----------
    rank : ndarray of shape (n_columns,), float64
        Traces of the projections themselves.
    squared : ndarray of shape (n_columns,), float64
        Sums of squares of all entries.
    diagonal_squared : ndarray of shape (n_columns,), float64
        Sums of squares of the diagonal d.
    cubed : ndarray of shape (n_columns,), float64
        Traces of the cubes.
    diagonal_cubed : ndarray of shape (n_columns,), float64
        Sums of cubes of the diagonal.
    entries_cubed : ndarray of shape (n_columns,), float64
        Sums of cubes of all entries.
    form : ndarray of shape (n_columns,), float64
        Quadratic forms d'Ad.
    mixed : ndarray of shape (n_columns,), float64
        Products of the diagonal with that of the square.

    Examples
    --------
    >>> from skgeom.feature_selection._permutation_law import Invariants
    >>> Invariants._fields[:2]
    ('rank', 'squared')
    """

    rank: NDArray
    squared: NDArray
    diagonal_squared: NDArray
    cubed: NDArray
    diagonal_cubed: NDArray
    entries_cubed: NDArray
    form: NDArray
    mixed: NDArray


def invariants(
    n: int,
    rank: NDArray,
    diagonal_squared: NDArray,
    diagonal_cubed: NDArray,
    entries_cubed: NDArray,
    form: NDArray,
) -> Invariants:
    """Bring sums over a projection to those of it less its trace.

    Parameters
    ----------
    n : int
        Number of rows, at least 2.
    rank : ndarray of shape (n_columns,)
        Traces of the projections.
    diagonal_squared, diagonal_cubed : ndarray of shape (n_columns,)
        Sums of :math:`(a_{ii} - r/n)^2` and of its cube.
    entries_cubed : ndarray of shape (n_columns,)
        Sums of cubes of all entries.
    form : ndarray of shape (n_columns,)
        Quadratic forms of the projection in its diagonal.

    Returns
    -------
    Invariants
        As the moments need them.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._permutation_law import invariants
    >>> one = np.ones(1)  # of the rows +, +, -, -: entries of a quarter
    >>> bool(invariants(4, one, 0 * one, 0 * one, 0 * one, 0 * one).squared.round(3))
    True
    """
    t = rank / max(n - 1, 1)
    left = diagonal_squared + rank**2 / n  # sum of squares of the diagonal itself
    entries = entries_cubed - 3 * t * (left - rank / n)
    entries += 3 * t**2 * rank * (1 - 2 / n) - t**3 * (n - 1) * (n - 2) / n
    return Invariants(
        rank=rank,
        squared=rank * (1 - t),
        diagonal_squared=diagonal_squared,
        cubed=rank * (1 - t) ** 3 - (n - 1 - rank) * t**3,
        diagonal_cubed=diagonal_cubed,
        entries_cubed=entries,
        form=form - t * diagonal_squared,
        mixed=(1 - 2 * t) * diagonal_squared,
    )


def permutation_moments(
    n: int, first: Invariants, second: Invariants
) -> tuple[NDArray, NDArray, NDArray]:
    """Mean, variance and skewness of the trace of P Q, where Q's rows are permuted.

    Parameters
    ----------
    n : int
        Number of rows.
    first, second : Invariants
        Of P and of Q; shapes broadcast.

    Returns
    -------
    mean, variance, skewness : ndarray of shape (n_columns,)
        Exact over all permutations; the variance is 0 where nothing varies, and with
        fewer than four rows. Below six rows the skewness is that of a chi-square.

    Examples
    --------
    Of two halves, as of two coins:

    >>> import numpy as np
    >>> from skgeom.feature_selection._permutation_law import (
    ...     invariants, permutation_moments)
    >>> one = np.ones(1)
    >>> halves = invariants(8, one, 0 * one, 0 * one, 0 * one, 0 * one)
    >>> mean, variance, skewness = permutation_moments(8, halves, halves)
    >>> bool(abs(mean[0] - 1 / 7) < 1e-12)
    True
    """
    mean = first.rank * second.rank / max(n - 1, 1)
    if n < 4:
        return mean, np.zeros_like(mean), np.zeros_like(mean)
    # Functions with one argument, and what is left: the two kinds that do not mix.
    alone = [m.diagonal_squared * n / (n - 2) for m in (first, second)]
    rest = [
        np.maximum(m.squared - a, 0)
        for m, a in zip((first, second), alone, strict=True)
    ]
    variance = alone[0] * alone[1] / (n - 1) + rest[0] * rest[1] * 2 / (n * (n - 3))
    # Of all functions, or of none, a half of a square is not left.
    varies = (first.squared > 0.25) & (second.squared > 0.25)
    varies &= variance > _CONSTANT * first.squared * second.squared / n
    variance = np.where(varies, variance, 0.0)
    spread = np.sqrt(np.where(variance > 0, variance, 1.0))
    if n < _FEWEST:
        degrees = np.maximum(first.rank * second.rank, 1.0)
        return mean, variance, np.sqrt(8 / degrees)
    skewness = _third_moment(float(n), first, second) / spread**3
    return mean, variance, np.where(variance > 0, skewness, 0.0)


def _third_moment(n, first, second):
    """Of the trace less its mean, over all permutations."""
    weights = {  # of a pair of sums of cubes, one of each projection
        ("S", "S"): n**2 * (n + 1) * (n**2 + 15 * n - 4),
        ("U", "U"): 4 * (n**4 - 8 * n**3 + 19 * n**2 - 4 * n - 16),
        ("U", "B"): 24 * (n**2 - n - 4),
        ("B", "B"): 6 * (n**4 - 8 * n**3 + 21 * n**2 - 6 * n - 24),
        ("R", "R"): 12 * (n**4 - n**3 - 8 * n**2 + 36 * n - 48),
        ("R", "U"): 24 * (n**3 - 3 * n**2 - 2 * n + 8),
        ("R", "B"): 24 * (n**3 - 2 * n**2 - 3 * n + 12),
        ("U", "S"): -4 * n * (n - 1) * (n**2 - n + 4),
        ("B", "S"): -6 * n * (n - 1) * (n**2 - n + 4),
        ("R", "S"): -12 * n * (n - 1) ** 2 * (n + 4),
        ("T", "S"): 16 * n * (n - 1) * (n - 2),
        ("T", "T"): 8 * (n**3 - 9 * n**2 + 26 * n - 22),
        ("T", "U"): -8 * (3 * n**2 - 15 * n + 16),
        ("T", "B"): -8 * (3 * n**2 - 15 * n + 24),
        ("T", "R"): -8 * (n - 2) * (3 * n**2 - 15 * n + 24),
    }
    one, two = (
        dict(S=m.diagonal_cubed, U=m.entries_cubed, B=m.form, R=m.mixed, T=m.cubed)
        for m in (first, second)
    )
    # Divided step by step: the product of all is beyond small floats' squares.
    scale = n * (n - 1) * (n - 2) * (n - 3) * (n - 4) * (n - 5)
    total = 0.0
    for (a, b), weight in weights.items():
        pair = one[a] * two[b]
        if a != b:
            pair = pair + one[b] * two[a]
        total = total + (weight / scale) * pair
    return total


def log_survival(z: NDArray, skewness: NDArray) -> NDArray:
    """Log-probability of exceeding z under a gamma law of mean 0 and variance 1.

    Pearson's curve of the third type. Where the skewness is negative a normal law
    takes its place, whose upper tail is the heavier one.

    Parameters
    ----------
    z : ndarray of shape (n_columns,)
        Standardised values.
    skewness : ndarray of shape (n_columns,)
        Third moments.

    Returns
    -------
    ndarray of shape (n_columns,)
        Finite, also where the probability is below the least number.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._permutation_law import log_survival
    >>> np.exp(log_survival(np.array([1.6449]), np.array([0.0]))).round(3)
    array([0.05])
    """
    z, skewness = np.broadcast_arrays(np.asarray(z, float), np.asarray(skewness, float))
    found = log_ndtr(-z)
    bent = skewness > _NEARLY_NORMAL
    shape = 4 / skewness[bent] ** 2
    at = np.maximum(shape + z[bent] * np.sqrt(shape), 0.0)
    with np.errstate(divide="ignore"):
        tail = np.log(gammaincc(shape, at))
    far = tail < -600
    tail[far] = _log_gamma_tail(shape[far], at[far])
    found[bent] = tail
    return np.minimum(found, 0.0)


def _log_gamma_tail(shape, at):
    """Far out: the continued fraction of the upper incomplete gamma function."""
    b = at + 1 - shape
    fraction = np.zeros_like(at)
    for i in range(60, 0, -1):
        fraction = -i * (i - shape) / (b + 2 * i + fraction)
    return shape * np.log(at) - at - gammaln(shape) - np.log(b + fraction)
