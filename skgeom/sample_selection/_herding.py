"""Rows whose kernel mean is that of a sample, one by one, and then one for another.

Chen, Welling and Smola, "Super-samples from kernel herding", UAI 2010.
"""

import numpy as np
import scipy.linalg
import scipy.optimize

from skgeom.backends import block_bytes
from skgeom.sample_selection._kernel_columns import KernelColumns
from skgeom.typing import Array, NDArray

# A diagonal is raised by so much of its mean, where rows are equal or nearly so.
_JITTER = 1e-10
# Exchanges of all that are wrong, before one at a time is.
_PATIENCE = 3
# Exchanges after which they are taken not to settle.
_ROUNDS = 40


def herded_rows(
    columns: KernelColumns,
    mean: Array,
    n_chosen: int,
    max_iter: int,
    start: NDArray | None = None,
) -> tuple[NDArray, int]:
    """Choose distinct rows whose kernel mean is near to a given one.

    Each is the one that lowers the maximum mean discrepancy the most; then, pass by
    pass, each is exchanged for the best that there is, until a pass changes none.

    Parameters
    ----------
    columns : KernelColumns
        Of the candidates.
    mean : array of shape (n_candidates,)
        Mean kernel values of the candidates with the sample.
    n_chosen : int
        How many, at most as many as there are candidates.
    max_iter : int
        Most passes.
    start : ndarray of shape (n_chosen,), int64, default=None
        Distinct places to begin the exchanges with, instead of herded ones.

    Returns
    -------
    chosen : ndarray of shape (n_chosen,), int64
        Places among the candidates, ascending.
    n_iter : int
        Passes that were made.
    """
    backend = columns.backend
    xp, half = backend.xp, columns.diagonal / 2
    places = xp.arange(columns.n, device=mean.device)
    infinite = xp.full_like(mean, np.inf)
    keep = 8 * columns.n * n_chosen <= block_bytes()
    held: list[Array | None] = []
    chosen: list[Array] = []
    total, taken = xp.zeros_like(mean), xp.zeros_like(places, dtype=xp.bool)
    for t in range(n_chosen):
        if start is None:
            loss = (total + half) / (t + 1) - mean
            best = xp.argmin(xp.where(taken, infinite, loss))
        else:
            best = backend.asarray(start[t])
        column = columns.column(best)
        total, taken = total + column, taken | (places == best)
        chosen.append(best)
        held.append(column if keep else None)
    n_iter = 0
    while n_iter < max_iter and n_chosen < columns.n:
        n_iter += 1
        before = xp.stack(chosen)
        for q in range(n_chosen):
            column = held[q] if keep else columns.column(chosen[q])
            rest = total - column
            others = taken & (places != chosen[q])
            loss = (rest + half) / n_chosen - mean
            # The one that is there stays where none is better.
            best = xp.argmin(xp.where(others, infinite, loss))
            column = columns.column(best)
            total, taken = rest + column, others | (places == best)
            chosen[q] = best
            held[q] = column if keep else None
        if not bool(xp.any(xp.stack(chosen) != before)):
            break
    return np.sort(backend.to_numpy(xp.stack(chosen))).astype(np.int64), n_iter


def optimal_weights(K: NDArray, mean: NDArray) -> NDArray:
    """Weights of rows by which their kernel mean is nearest to a given one.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Kernel matrix of the rows.
    mean : ndarray of shape (n,)
        Mean kernel values of the rows with the sample.

    Returns
    -------
    ndarray of shape (n,)
        Of any sign and sum.
    """
    return scipy.linalg.solve(_raised(K), mean, assume_a="pos")


def simplex_weights(K: NDArray, mean: NDArray) -> NDArray:
    """The same of weights that are not negative and sum to one (kernel mean matching).

    On the simplex the squared distance of means is a quadratic form, and its least has
    the direction of the least of ``w'Qw + (1 - sum w)^2`` over all w that are not
    negative, which block pivoting finds.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Kernel matrix of the rows.
    mean : ndarray of shape (n,)
        Mean kernel values of the rows with the sample.

    Returns
    -------
    ndarray of shape (n,)
        At least 0, with a sum of 1.

    References
    ----------
    Huang, Smola, Gretton, Borgwardt and Schölkopf, "Correcting sample selection bias
    by unlabeled data", NIPS 2006.
    """
    K = _raised(K)
    size = float(np.diagonal(K).mean())
    # Any constant as large as this makes the form positive.
    constant = float(mean @ scipy.linalg.solve(K, mean, assume_a="pos"))
    form = K - mean[:, None] - mean + (constant + size)
    weights = nonnegative_minimum(form, np.full(len(K), size))
    return weights / weights.sum()


def nonnegative_minimum(H: NDArray, b: NDArray) -> NDArray:
    """Minimise ``w'Hw / 2 - b'w`` over w >= 0, by block principal pivoting.

    Parameters
    ----------
    H : ndarray of shape (n, n)
        Symmetric and positive definite.
    b : ndarray of shape (n,)
        Linear term.

    Returns
    -------
    ndarray of shape (n,)
        The minimum.

    References
    ----------
    Portugal, Judice and Vicente, "A comparison of block pivoting and interior-point
    algorithms for linear least squares problems with nonnegative variables",
    Mathematics of Computation 63, 1994.
    """
    n = len(b)
    free, fewest, left = np.ones(n, dtype=bool), n + 1, _PATIENCE
    small = 1e-10 * float(np.abs(b).max())
    for _ in range(_ROUNDS):
        w = np.zeros(n)
        F = np.flatnonzero(free)
        w[F] = scipy.linalg.solve(H[np.ix_(F, F)], b[F], assume_a="pos")
        wrong = np.where(free, w < 0, H @ w - b < -small)
        count = int(wrong.sum())
        if not count:
            return w
        if count < fewest:
            fewest, left = count, _PATIENCE
        elif left:
            left -= 1
        else:
            wrong = np.arange(n) == np.flatnonzero(wrong)[-1]
        free = free ^ wrong
        if not free.any():
            break
    # Where the form is nearly singular rounding decides signs: one at a time, then.
    root = scipy.linalg.cholesky(H, lower=True)
    right = scipy.linalg.solve_triangular(root, b, lower=True)
    return scipy.optimize.nnls(root.T, right, maxiter=30 * n)[0]


def _raised(K):
    K = K.copy()
    K[np.diag_indices_from(K)] += _JITTER * max(float(np.diagonal(K).mean()), 1e-300)
    return K
