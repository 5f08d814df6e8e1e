"""Batches of rows to label, from the columns of a kernel matrix.

Holzmüller, Zaverkin, Kästner and Steinwart, "A framework and benchmark for deep batch
active learning for regression", Journal of Machine Learning Research 24, 2023.
"""

from collections.abc import Callable

import numpy as np
import scipy.linalg

from skgeom.backends import row_blocks
from skgeom.graph._landmarks import farthest_rows
from skgeom.sample_selection._kernel_columns import KernelColumns
from skgeom.typing import NDArray

# Noise, and variances, that rounding lets through, of the largest diagonal entry.
_ROUNDING, _TINY = 1e-10, 1e-300


def nearest_labelled(columns: KernelColumns, labelled: NDArray) -> tuple:
    """Squared distances of all rows to the nearest labelled one, and which that is.

    Parameters
    ----------
    columns : KernelColumns
        Of all rows.
    labelled : ndarray of shape (n_labelled,), int64
        Places of rows with a label.

    Returns
    -------
    squares : ndarray of shape (n,)
        Infinite where there is none.
    owner : ndarray of shape (n,), int64
        Number of the labelled row, from 0.
    """
    own = columns.backend.to_numpy(columns.diagonal)
    squares, owner = np.full(len(own), np.inf), np.zeros(len(own), dtype=np.int64)
    for part in row_blocks(len(labelled), 32 * len(own)):
        places = labelled[part]
        if not len(places):
            continue
        found = own[:, None] + own[places] - 2 * columns.on_host(places)
        first = np.argmin(found, axis=1)
        found = found[np.arange(len(own)), first]
        nearer = found < squares
        squares[nearer], owner[nearer] = found[nearer], first[nearer] + part.start
    squares = np.maximum(squares, 0.0)
    squares[labelled] = 0.0
    return squares, owner


def squares_from(columns: KernelColumns) -> Callable[[int], NDArray]:
    """A function of a place: squared distances of all rows to that one."""
    own = columns.backend.to_numpy(columns.diagonal)

    def squares(i):
        found = np.maximum(own + own[i] - 2 * columns.on_host(i)[:, 0], 0.0)
        found[i] = 0.0
        return found

    return squares


def lcmd_batch(columns: KernelColumns, labelled: NDArray, size: int) -> NDArray:
    """Rows far from their nearest row, in the cluster of the largest sum of squares.

    Parameters
    ----------
    columns : KernelColumns
        Of all rows.
    labelled : ndarray of shape (n_labelled,), int64
        Places of rows with a label, at least one; they are centres, too.
    size : int
        Rows to choose.

    Returns
    -------
    ndarray of shape (n_found,), int64
        Places, in the order of choice; fewer where all others coincide with centres.
    """
    squares, owner = nearest_labelled(columns, labelled)
    distances = squares_from(columns)
    chosen: list[int] = []
    while len(chosen) < size and squares.max() > 0:
        sums = np.bincount(owner, squares)
        inside = np.where(owner == np.argmax(sums), squares, -1.0)
        best = int(np.argmax(inside))
        found = distances(best)
        nearer = found < squares
        squares[nearer], owner[nearer] = found[nearer], len(labelled) + len(chosen)
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)


def max_dist_batch(columns: KernelColumns, labelled: NDArray, size: int) -> NDArray:
    """Rows one by one, each the farthest from those before and from labelled ones.

    Parameters
    ----------
    columns : KernelColumns
        Of all rows.
    labelled : ndarray of shape (n_labelled,), int64
        Places of rows with a label, at least one.
    size : int
        Rows to choose.

    Returns
    -------
    ndarray of shape (n_found,), int64
        Places, in the order of choice; fewer where all others coincide with these.
    """
    squares, _ = nearest_labelled(columns, labelled)
    return farthest_rows(squares_from(columns), columns.n, size, squares)


class Posterior:
    """What of a kernel matrix is left once some of its rows have labels with noise.

    Parameters
    ----------
    columns : KernelColumns
        Of all rows.
    labelled : ndarray of shape (n_labelled,), int64
        Places of rows with a label.
    noise : float
        Variance of the noise of a label, > 0.
    size : int
        Rows that will be conditioned on beside these.
    """

    def __init__(
        self, columns: KernelColumns, labelled: NDArray, noise: float, size: int = 0
    ):
        self._columns, self._known = columns, len(labelled)
        self.variances = columns.backend.to_numpy(columns.diagonal).astype(np.float64)
        largest = float(self.variances.max(initial=0.0))
        noise = self._noise = max(noise, _ROUNDING * largest, _TINY)
        # A row for each that is conditioned on: its part of the matrix.
        self._parts = np.zeros((len(labelled) + size, columns.n))
        if not len(labelled):
            return
        K = columns.on_host(labelled)
        system = (K[labelled] + K[labelled].T) / 2
        system[np.diag_indices_from(system)] += noise
        root = scipy.linalg.cholesky(system, lower=True)
        known = self._parts[: self._known]
        known[:] = scipy.linalg.solve_triangular(root, K.T, lower=True)
        self.variances -= np.einsum("ij,ij->j", known, known)

    def column(self, i: int) -> NDArray:
        """Covariances of all rows with one."""
        known = self._parts[: self._known]
        return self._columns.on_host(i)[:, 0] - known[:, i] @ known

    def sums(self, means: NDArray, weights: NDArray) -> NDArray:
        """Sums of what is left over weighted rows, from sums of the whole kernel."""
        known = self._parts[: self._known]
        return means - (known @ weights) @ known

    def condition(self, i: int) -> None:
        """Take a row to have a label, too."""
        part = self.column(i) / (max(self.variances[i], 0.0) + self._noise) ** 0.5
        self._parts[self._known] = part
        self._known += 1
        self.variances -= part**2


def max_det_batch(
    columns: KernelColumns, labelled: NDArray, size: int, noise: float
) -> NDArray:
    """Rows whose covariance, given labels, has a large determinant, one by one.

    Each is the one of the largest variance given those before: a pivoted Cholesky
    decomposition.

    Parameters
    ----------
    columns : KernelColumns
        Of all rows.
    labelled : ndarray of shape (n_labelled,), int64
        Places of rows with a label.
    size : int
        Rows to choose, at most as many as have none.
    noise : float
        Variance of the noise of a label, > 0.

    Returns
    -------
    ndarray of shape (size,), int64
        Places, in the order of choice.
    """
    posterior = Posterior(columns, labelled, noise, size)
    closed = np.zeros(columns.n, dtype=bool)
    closed[labelled] = True
    chosen = []
    for _ in range(size):
        best = int(np.argmax(np.where(closed, -np.inf, posterior.variances)))
        posterior.condition(best)
        closed[best] = True
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)


def frank_wolfe_batch(
    columns: KernelColumns,
    labelled: NDArray,
    size: int,
    noise: float,
    sums: NDArray,
    pool: NDArray,
) -> NDArray:
    """Rows whose weighted sum is nearest to the sum of the pool, by Frank and Wolfe.

    Pinsler, Gordon, Nalisnick and Hernández-Lobato, "Bayesian batch active learning as
    sparse subset approximation", NeurIPS 2019.

    Parameters
    ----------
    columns : KernelColumns
        Of all rows.
    labelled : ndarray of shape (n_labelled,), int64
        Places of rows with a label, on which the kernel is conditioned.
    size : int
        Rows to choose, at most as many as the pool has.
    noise : float
        Variance of the noise of a label, > 0.
    sums : ndarray of shape (n,)
        Sums of kernel values of all rows with the pool.
    pool : ndarray of shape (n,)
        Weights of the rows in these sums; rows without are not chosen.

    Returns
    -------
    ndarray of shape (size,), int64
        Places, in the order of choice.
    """
    posterior = Posterior(columns, labelled, noise)
    wanted = posterior.sums(sums, pool)
    least = _ROUNDING * float(columns.backend.to_numpy(columns.diagonal).max())
    lengths = np.sqrt(np.maximum(posterior.variances, max(least, _TINY)))
    total = float(lengths @ pool)
    closed = np.ones(columns.n, dtype=bool)
    closed[pool > 0] = False
    closed[labelled] = True
    # Inner products of all rows, of the sum and of itself with what was reached.
    reached, with_sum, with_self = np.zeros(columns.n), 0.0, 0.0
    chosen = []
    for _ in range(size):
        score = np.where(closed, -np.inf, (wanted - reached) / lengths)
        best = int(np.argmax(score))
        unit = total / lengths[best]
        along, vertex = unit * reached[best], unit * wanted[best]
        square = total**2 - 2 * along + with_self
        toward = vertex - along - with_sum + with_self
        step = toward / square if square > 0 else 0.0
        reached = (1 - step) * reached + step * unit * posterior.column(best)
        with_sum = (1 - step) * with_sum + step * vertex
        with_self = (
            (1 - step) ** 2 * with_self
            + 2 * step * (1 - step) * along
            + step**2 * total**2
        )
        closed[best] = True
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)
