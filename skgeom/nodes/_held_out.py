"""Labels predicted from others by kernel ridge, for many penalties at once.

The errors of all labels, each predicted from the others, have a closed form (Craven and
Wahba, "Smoothing noisy data with spline functions", Numerische Mathematik 31, 1978).
"""

from collections.abc import Callable

import numpy as np

from skgeom.backends import Backend, get_backend
from skgeom.solvers import ridge_path
from skgeom.typing import NDArray

# Labels that are left out together are a fifth; of a fifth, so many are looked at.
N_FOLDS, _MOST_HELD_OUT = 5, 1024
# Lanczos' method for one kernel is looked at after so many steps, and ends when the
# relative residuals of the best penalty are as small.
_LOOKS, _ENOUGH = (32, 64, 128, 256), 1e-3


def leave_one_out(
    K: NDArray,
    targets: NDArray,
    weights: NDArray,
    alphas: NDArray,
    *,
    free_mean: bool = False,
) -> NDArray:
    r"""Predict each label from all others by kernel ridge, for many penalties.

    With :math:`B = (K + \alpha D^{-1})^{-1}`, D the weights, and :math:`m_i` the mean
    of the labels but i, the error at i is :math:`[B (y - m_i 1)]_i / B_{ii}`.

    Parameters
    ----------
    K : ndarray of shape (n_labels, n_labels)
        The kernel between labels, positive semidefinite.
    targets : ndarray of shape (n_labels, n_columns)
        At least two labels.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.
    alphas : ndarray of shape (n_alphas,)
        Penalties > 0.
    free_mean : bool, default=False
        Whether the intercept is fitted together with the rest, as by linear models,
        instead of the mean of the labels. B is then without what it makes of a
        constant.

    Returns
    -------
    ndarray of shape (n_alphas, n_labels, n_columns)
        Predictions, less the mean of the labels but the one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._held_out import leave_one_out
    >>> K, y = np.kron(np.eye(2), np.ones((2, 2))), np.array([[0.0], [0], [1], [1]])
    >>> leave_one_out(K, y, np.ones(4), np.array([1.0]))[0, :, 0].round(3)
    array([-0.333, -0.333,  0.333,  0.333])
    """
    K = (K + K.T) / 2
    others = means_of_others(targets, weights)
    if free_mean:
        path = ridge_path(np, K, targets, weights, alphas, fit_intercept=True)
        return targets - others - path.left_out
    both = np.hstack([targets, np.ones((len(targets), 1))])
    missed = ridge_path(np, K, both, weights, alphas).left_out
    return targets - others - (missed[..., :-1] - others * missed[..., -1:])


def means_of_others(targets, weights):
    """Weighted mean of all labels but one, for each."""
    weights = weights[:, None]
    return _sums_of_others(weights * targets) / _sums_of_others(weights)


def _sums_of_others(columns):
    """Sums of all rows but one, for each: none is taken from a sum it may fill."""
    before, after = np.zeros_like(columns), np.zeros_like(columns)
    np.cumsum(columns[:-1], axis=0, out=before[1:])
    after[:-1] = np.cumsum(columns[:0:-1], axis=0)[::-1]
    return before + after


def held_out_fifths(
    product: Callable,
    targets: NDArray,
    weights: NDArray,
    alphas: NDArray,
    n_folds: int,
    *,
    backend: Backend | None = None,
) -> tuple[NDArray, NDArray, NDArray]:
    """Predict fifths of the labels from the others, for many penalties at once.

    One Krylov space for each column serves all penalties; nothing of the size of the
    kernel between labels is formed.

    Parameters
    ----------
    product : callable
        Maps an array of shape (n_labels, m), of the backend, to the kernel between
        labels times it.
    targets : ndarray of shape (n_labels, n_columns)
        At least five labels.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.
    alphas : ndarray of shape (n_alphas,)
        Penalties > 0.
    n_folds : int
        How many of the fifths are left out, each in turn.
    backend : Backend, default=None
        Where products run; None is the host.

    Returns
    -------
    places : ndarray of shape (n_held_out,), int64
        Of the labels that were left out.
    means : ndarray of shape (n_held_out, n_columns)
        Means of the labels that were left, for each.
    held_out : ndarray of shape (n_alphas, n_held_out, n_columns)
        Predictions, less these means.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._held_out import held_out_fifths
    >>> y = np.repeat([0.0, 1.0], 50)[:, None]
    >>> K, alphas = np.kron(np.eye(2), np.ones((50, 50))), np.array([1e-2, 1e2])
    >>> weights = np.ones(100)
    >>> found = held_out_fifths(lambda V: K @ V, y, weights, alphas, 2)
    >>> len(found[0]), (abs(found[2]).mean(axis=(1, 2)) > 0.25)
    (40, array([ True, False]))
    """
    n, n_columns = targets.shape
    fold = np.random.default_rng(0).permutation(np.arange(n) % N_FOLDS)
    tests = [np.flatnonzero(fold == i)[:_MOST_HELD_OUT] for i in range(n_folds)]
    shown = np.stack([fold != i for i in range(n_folds)], axis=1)
    mass = weights @ shown
    means = ((weights[:, None] * shown).T @ targets) / mass[:, None]
    scale = np.sqrt(weights)[:, None, None] * shown[:, :, None]
    start = (scale * (targets[:, None, :] - means)).reshape(n, -1)
    scale = np.repeat(scale[:, :, 0], n_columns, axis=1)
    places = np.concatenate(tests)
    means = np.repeat(means, [len(test) for test in tests], axis=0)
    backend = get_backend("cpu") if backend is None else backend
    lanczos = _Lanczos(backend, product, scale, start, places)
    for n_steps in _LOOKS:
        lanczos.extend(n_steps)
        found, residuals, is_full = lanczos.predict(alphas)
        # Each label is told by the columns of the fold that leaves it out.
        columns = fold[places][:, None] * n_columns + np.arange(n_columns)
        held_out = np.take_along_axis(found, columns[None], axis=2)
        wrong = targets[places] - means - held_out
        errors = np.einsum("aij,aij,i->a", wrong, wrong, weights[places])
        if is_full or residuals[errors.argmin()] <= _ENOUGH:
            break
    return places, means, held_out


class _Lanczos:
    """Lanczos' method for each column by itself, without the vectors.

    What the kernel makes of each vector is kept for the rows of `places`. Steps do not
    wait for a device; looks bring one array to the host.
    """

    def __init__(self, backend, product, scale, start, places):
        self.xp, self.backend, self.product = backend.xp, backend, product
        self.norms = np.linalg.norm(start, axis=0)
        both = np.stack([scale, start / np.where(self.norms > 0, self.norms, 1.0)])
        both = backend.asarray(both, dtype=backend.float64)
        self.scale, self.V = both[0], both[1]
        self.places = backend.asarray(places)
        self.before, self.length = 0 * self.V, 0 * self.V[0, :]
        self.largest = self.length
        self.kept = []

    def extend(self, n_steps):
        """Make steps up to a number."""
        xp = self.xp
        while len(self.kept) < n_steps:
            full = self.product(self.scale * self.V)
            AV = self.scale * full
            diagonal = xp.sum(self.V * AV, axis=0)
            self.largest = xp.maximum(self.largest, xp.abs(diagonal))
            AV = AV - diagonal * self.V - self.length * self.before
            length = xp.sqrt(xp.sum(AV * AV, axis=0))
            # A column whose Krylov space is full goes on as zeros.
            going = length > 1e-10 * self.largest
            self.length = xp.where(going, length, 0 * length)
            seen = xp.take(full, self.places, axis=0)
            self.kept.append(xp.concat([seen, diagonal[None, :], self.length[None, :]]))
            self.before = self.V
            safe = xp.where(going, length, 0 * length + 1)
            self.V = xp.where(going[None, :], AV / safe, 0 * AV)

    def predict(self, alphas):
        """Predictions of all columns for each penalty, largest relative residuals.

        And whether no column has a further step to make.
        """
        kept = np.asarray(self.backend.to_numpy(self.xp.stack(self.kept)))
        seen, diagonal, beside = kept[:, :-2], kept[:, -2], kept[:, -1]
        steps, i = len(kept), np.arange(len(kept))
        T = np.zeros((kept.shape[2], steps, steps))
        T[:, i, i] = diagonal.T
        T[:, i[1:], i[:-1]] = T[:, i[:-1], i[1:]] = beside.T[:, :-1]
        values, vectors = np.linalg.eigh(T)
        values = np.clip(values, 0.0, None)[None] + alphas[:, None, None]
        dual = np.einsum("csk,ack->acs", vectors, vectors[None, :, 0] / values)
        residuals = np.abs(beside[-1] * dual[:, :, -1]).max(axis=1)
        dual *= self.norms[:, None]
        found = np.einsum("sic,acs->aic", seen, dual)
        return found, residuals, not beside[-1].any()
