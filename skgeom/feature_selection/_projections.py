"""Columns as projections: onto their levels, or onto polynomials of their ranks.

The trace of the product of two such projections is Pearson's X^2 over n for levels and
levels, and a sum of squared correlations for polynomials and polynomials. Its law under
permutations follows from both alone: Kazi-Aoual et al. 1995, as in `_permutation_law`.
"""

from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
import scipy.sparse as sp

from skgeom.feature_selection._levels import Levels, blocks_of, column_levels
from skgeom.feature_selection._permutation_law import (
    Invariants,
    invariants,
    log_survival,
    permutation_moments,
)
from skgeom.typing import Array, NDArray

# Classes that are counted at once.
_CLASSES = 32


class Target:
    """A target as a projection: orthonormal columns, and its sums for the moments.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float64
        Numbers, or codes of classes.
    degree : int or None
        Degree of the polynomials of its ranks; None is for classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._projections import Target
    >>> Target(np.array([0.0, 1.0, 1.0]), None).law.rank
    array([1.])
    """

    def __init__(self, y: NDArray, degree: int | None):
        levels = next(column_levels(y[:, None]))
        self._levels, self._basis = levels, None
        if degree is None:
            self.law = law_of_levels(levels, len(y))
        else:
            self._basis = polynomials(levels, degree)
            self.law = law_of_basis(levels, self._basis, len(y))

    def __len__(self):
        """Count the rows."""
        return self._levels.rows.shape[1]

    def blocks(self) -> Iterator[NDArray]:
        """Go through the columns, some at a time.

        Yields
        ------
        ndarray of shape (n_samples, n_some)
            Columns that add up to zero.
        """
        member = self._levels.rows
        if self._basis is not None:
            yield member.T @ self._basis
            return
        share = self._levels.counts / member.shape[1]
        for first in range(0, len(share), _CLASSES):
            part = slice(first, first + _CLASSES)
            own = member[part].T.toarray() - share[part]
            yield own / np.sqrt(self._levels.counts[part])


def polynomials(levels: Levels, degree: int) -> NDArray:
    """Orthonormal polynomials of the ranks, ties at their mean, and of being there.

    By the three-term recurrence, for all columns at once. As many as a column has
    distinct values, less one, and one more where some are missing; the rest is zero.

    Parameters
    ----------
    levels : Levels
        Of the columns.
    degree : int
        The highest.

    Returns
    -------
    ndarray of shape (n_levels, degree) or (n_levels, degree + 1)
        Values at the levels; the last column tells missing ones, where there are any.

    Examples
    --------
    Without ties those of Legendre, on points of equal distances:

    >>> import numpy as np
    >>> from skgeom.feature_selection._levels import column_levels
    >>> from skgeom.feature_selection._projections import polynomials
    >>> levels = next(column_levels(np.array([[1.0], [5.0], [9.0], [10.0]])))
    >>> (polynomials(levels, 2)[:, 0] * np.sqrt(20)).round(6)
    array([-3., -1.,  1.,  3.])
    """
    weight = np.where(levels.missing, 0.0, levels.counts)
    total = levels.per_column(weight)
    size = levels.per_level(np.maximum(total, 1.0))
    before = np.cumsum(weight)
    before -= levels.per_level(before[levels.start] - weight[levels.start])
    t = np.where(levels.missing, 0.0, (2 * before - weight) / size - 1)
    wanted = levels.per_column((~levels.missing).astype(int)) - 1
    p = np.where(levels.missing, 0.0, 1 / np.sqrt(size))
    last, norm, found = np.zeros_like(p), np.zeros(len(total)), []
    for j in range(1, degree + 1):
        middle = levels.per_column(weight * t * p**2)
        q = (t - levels.per_level(middle)) * p - levels.per_level(norm) * last
        q[levels.missing] = 0.0
        norm = np.where(wanted >= j, np.sqrt(levels.per_column(weight * q**2)), 0.0)
        inverse = np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0)
        last, p = p, q * levels.per_level(inverse)
        found.append(p)
    if levels.missing.any():
        gone = levels.per_level(levels.per_column(levels.counts) - total)
        here = levels.per_level(total)
        both = (here > 0) & (gone > 0)
        ratio = np.where(levels.missing, here, gone) / np.where(
            both, np.where(levels.missing, gone, here), 1.0
        )
        sign = np.where(levels.missing, 1.0, -1.0)
        found.append(np.where(both, sign * np.sqrt(ratio / (here + gone)), 0.0))
    return np.stack(found, axis=1)


def law_of_levels(levels: Levels, n: int) -> Invariants:
    """Sums over the projections onto the levels.

    Parameters
    ----------
    levels : Levels
        Of the columns.
    n : int
        Number of rows.

    Returns
    -------
    Invariants
        One of each for a column.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._levels import column_levels
    >>> from skgeom.feature_selection._projections import law_of_levels
    >>> levels = next(column_levels(np.array([[1.0], [1.0], [2.0], [3.0]])))
    >>> law_of_levels(levels, 4).rank
    array([2.])
    """
    rank = levels.sizes() - 1.0
    counts, total = levels.counts, levels.per_column
    diagonal = 1 / counts - 1 / n
    apart = diagonal - levels.per_level(rank / n)
    squares = total(counts * apart**2)
    within = total(counts**2 * diagonal**3)
    between = (n - total(counts**2) / n) / n**2
    return invariants(
        n, rank, squares, total(counts * apart**3), within - between, squares
    )


def law_of_basis(levels: Levels, basis: NDArray, n: int) -> Invariants:
    """Sums over the projections onto orthonormal functions of the levels.

    Parameters
    ----------
    levels : Levels
        Of the columns.
    basis : ndarray of shape (n_levels, n_functions)
        Values of the functions.
    n : int
        Number of rows.

    Returns
    -------
    Invariants
        One of each for a column.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._levels import column_levels
    >>> from skgeom.feature_selection._projections import law_of_basis, polynomials
    >>> levels = next(column_levels(np.arange(5.0)[:, None]))
    >>> law_of_basis(levels, polynomials(levels, 3), 5).rank.round(6)
    array([3.])
    """
    counts, total = levels.counts, levels.per_column
    diagonal = (basis**2).sum(axis=1)
    rank = np.rint(total(counts * diagonal))
    apart = diagonal - levels.per_level(rank / n)
    form = (total((counts * apart)[:, None] * basis) ** 2).sum(axis=1)
    entries = np.zeros(len(rank))
    for which in combinations_with_replacement(range(basis.shape[1]), 3):
        times = {1: 1, 2: 3, 3: 6}[len(set(which))]
        entries += times * total(counts * basis[:, which].prod(axis=1)) ** 2
    return invariants(
        n, rank, total(counts * apart**2), total(counts * apart**3), entries, form
    )


def screen_columns(
    X: Array, target: Target, degree: int | None
) -> tuple[NDArray, NDArray]:
    """Standardise the trace of each column's projection and the target's.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        Columns.
    target : Target
        The target.
    degree : int or None
        Degree of the polynomials of ranks; None is the levels themselves.

    Returns
    -------
    scores : ndarray of shape (n_features,), float64
        Standard deviations above the mean over all permutations.
    log_pvalues : ndarray of shape (n_features,), float64
        Logarithms of the probability of a larger trace under permutations.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.feature_selection._projections import Target, screen_columns
    >>> X = np.arange(8.0)[:, None] ** [1, 0]
    >>> target = Target(np.arange(8.0) % 2, None)
    >>> screen_columns(X, target, None)[0]
    array([0., 0.])
    """
    n, d = X.shape
    scores, log_pvalues = np.zeros(d), np.zeros(d)
    if n < 4 or not target.law.rank[0]:
        return scores, log_pvalues
    for columns, law, trace in _traces(X, target, degree):
        mean, variance, skewness = permutation_moments(n, law, target.law)
        varies = variance > 0
        z = (trace - mean) / np.sqrt(np.where(varies, variance, 1.0))
        scores[columns] = z = np.where(varies, z, 0.0)
        log_pvalues[columns] = np.where(varies, log_survival(z, skewness), 0.0)
    return scores, log_pvalues


def _traces(X, target, degree):
    """Columns, what their law depends on, and their traces."""
    n, columns = len(target), None
    if degree is None:
        for levels in column_levels(X):
            yield levels.columns, law_of_levels(levels, n), _of_levels(levels, target)
        return
    if not sp.issparse(X) and n > 1:
        columns = []
        yield from _without_ties(X, target, degree, columns)
        columns = np.array(columns, dtype=int)
    for levels in column_levels(X, columns):
        basis = polynomials(levels, degree)
        law = law_of_basis(levels, basis, n)
        yield levels.columns, law, _of_basis(levels, basis, target)


def _without_ties(X, target, degree, tied):
    """The same for columns of distinct values, whose polynomials are one another's.

    The other columns are told in `tied`.
    """
    n, d = X.shape
    levels = next(column_levels(np.arange(n, dtype=float)[:, None]))
    basis = polynomials(levels, degree)
    law = law_of_basis(levels, basis, n)
    for some in blocks_of(np.arange(d), n):
        block = np.ascontiguousarray(X[:, some].T)
        order = np.argsort(block, axis=1)
        ordered = np.take_along_axis(block, order, axis=1)
        distinct = (ordered[:, 1:] > ordered[:, :-1]).all(axis=1)
        tied.extend(some[~distinct])
        order, trace = order[distinct], 0.0
        for part in target.blocks():
            trace = trace + ((basis.T @ part[order]) ** 2).sum(axis=(1, 2))
        yield some[distinct], law, trace


def _of_levels(levels, target):
    found = 0.0
    for block in target.blocks():
        sums = levels.sums(block)
        found = found + levels.per_column((sums**2).sum(axis=1) / levels.counts)
    return found


def _of_basis(levels, basis, target):
    found = 0.0
    for block in target.blocks():
        sums = levels.sums(block)
        for p in basis.T:
            found = found + (levels.per_column(p[:, None] * sums) ** 2).sum(axis=1)
    return found
