"""Which of several kernels, and which penalty, predict labels that are left out.

The errors of all labels, each predicted from the others, have a closed form (Craven and
Wahba, "Smoothing noisy data with spline functions", Numerische Mathematik 31, 1978).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from skgeom.nodes._graph_kernel import GraphKernel
from skgeom.typing import NDArray

# Penalties that are tried, as shares of the mean of the kernel's diagonal.
PENALTIES = 10.0 ** np.arange(-5.0, 2.25, 0.5)
# ... none below this share of the largest eigenvalue: products are not more accurate.
_LEAST_PENALTY = 1e-6
# Up to so many labels, or so many for each column of the targets, all are left out one
# by one; of more, so many for a first guess.
_FEW, _FEW_A_COLUMN = 128, 64
# More labels are left out by fifths, as many fifths as have so many labels together.
_N_FOLDS, _ENOUGH_HELD_OUT = 5, 512
# Steps of Lanczos' method for one kernel, and labels of a fifth that are looked at.
_N_STEPS, _MOST_HELD_OUT = 48, 1024
# So many more candidates are tried where the last one is the best.
_FURTHER = 3
# Errors this close are the same.
_TIE = 1e-9


class KernelChoice(NamedTuple):
    """What `choose_kernel` found.

    Parameters
    ----------
    index : int or None
        Place of the kernel among the candidates; None where labels say nothing.
    alpha : float or None
        The penalty; None where labels say nothing, and none was given.
    error : float
        Mean square of the errors of labels left out, by their weights, over that of
        their prediction by the mean of the others.
    places : ndarray of shape (n_held_out,), int64
        Places, among the labels, of those that were left out in turn.
    held_out : ndarray of shape (n_held_out, n_columns)
        Their predictions, less the mean of the labels that were left.
    """

    index: int | None
    alpha: float | None
    error: float
    places: NDArray
    held_out: NDArray

    @classmethod
    def of_nothing(cls, n, n_columns, alpha):
        """What labels without anything to learn from say."""
        return cls(None, alpha, 1.0, np.arange(n), np.zeros((n, n_columns)))


class _Trial(NamedTuple):
    """A kernel with its best penalty, and what it predicts for labels left out."""

    error: float
    alpha: float
    places: NDArray
    held_out: NDArray


def leave_one_out(
    K: NDArray, targets: NDArray, weights: NDArray, alphas: NDArray
) -> tuple[NDArray, NDArray]:
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

    Returns
    -------
    errors : ndarray of shape (n_alphas,)
        Weighted sums of the squared errors.
    held_out : ndarray of shape (n_alphas, n_labels, n_columns)
        Predictions, less the mean of the labels but the one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._kernel_choice import leave_one_out
    >>> K, y = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[0.0], [1.0]])
    >>> errors, held_out = leave_one_out(K, y, np.ones(2), np.array([1.0]))
    >>> errors, held_out[0, :, 0]
    (array([2.]), array([0., 0.]))
    """
    root = np.sqrt(weights)
    values, vectors = np.linalg.eigh(root[:, None] * (K + K.T) / 2 * root)
    values = np.clip(values, 0.0, None)
    vectors *= root[:, None]
    others = means_of_others(targets, weights)
    moments, ones = vectors.T @ targets, vectors.sum(axis=0)
    squares = vectors**2
    held_out = np.empty((len(alphas), *targets.shape))
    for found, alpha in zip(held_out, alphas, strict=True):
        inverse = 1.0 / (values + alpha)
        residuals = vectors @ (inverse[:, None] * moments)
        residuals -= (vectors @ (inverse * ones))[:, None] * others
        found[:] = targets - others - residuals / (squares @ inverse)[:, None]
    wrong = targets - others - held_out
    return np.einsum("aij,aij,i->a", wrong, wrong, weights), held_out


def means_of_others(targets, weights):
    """Weighted mean of all labels but one, for each."""
    total, mass = weights @ targets, weights.sum()
    return (total - weights[:, None] * targets) / (mass - weights)[:, None]


def held_out_fifths(
    product: Callable,
    targets: NDArray,
    weights: NDArray,
    alphas: NDArray,
    n_folds: int,
) -> tuple[NDArray, NDArray, NDArray, float]:
    """Predict fifths of the labels from the others, for many penalties at once.

    One Krylov space for each column serves all penalties; nothing of the size of the
    kernel between labels is formed.

    Parameters
    ----------
    product : callable
        Maps an array of shape (n_labels, m) to the kernel between labels times it.
    targets : ndarray of shape (n_labels, n_columns)
        At least five labels.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.
    alphas : ndarray of shape (n_alphas,)
        Penalties > 0.
    n_folds : int
        How many of the fifths are left out, each in turn.

    Returns
    -------
    errors : ndarray of shape (n_alphas,)
        Weighted sums of the squared errors.
    nodes : ndarray of shape (n_held_out,), int64
        Places of the labels that were left out.
    held_out : ndarray of shape (n_alphas, n_held_out, n_columns)
        Predictions, less the mean of the labels that were left.
    of_means : float
        The error of the means alone.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._kernel_choice import held_out_fifths
    >>> y = np.repeat([0.0, 1.0], 50)[:, None]
    >>> K = np.kron(np.eye(2), np.ones((50, 50)))
    >>> errors, nodes, held_out, of_means = held_out_fifths(
    ...     lambda V: K @ V, y, np.ones(100), np.array([1e-2, 1e2]), 2
    ... )
    >>> len(nodes), bool(errors[0] < errors[1] < of_means)
    (40, True)
    """
    n, n_columns = targets.shape
    fold = np.random.default_rng(0).permutation(np.arange(n) % _N_FOLDS)
    tests = [np.flatnonzero(fold == i)[:_MOST_HELD_OUT] for i in range(n_folds)]
    shown = np.stack([fold != i for i in range(n_folds)], axis=1)
    mass = weights @ shown
    means = ((weights[:, None] * shown).T @ targets) / mass[:, None]
    scale = np.sqrt(weights)[:, None, None] * shown[:, :, None]
    start = scale * (targets[:, None, :] - means)
    shape = (n, n_folds * n_columns)

    def symmetric(V):
        full = product((scale * V.reshape(start.shape)).reshape(shape))
        return full, (scale * full.reshape(start.shape)).reshape(shape)

    seen, diagonal, beside, norms = _lanczos(symmetric, start.reshape(shape), tests)
    steps = len(diagonal)
    T = np.zeros((shape[1], steps, steps))
    i = np.arange(steps)
    T[:, i, i] = diagonal.T
    T[:, i[1:], i[:-1]] = T[:, i[:-1], i[1:]] = beside.T
    first = np.zeros((shape[1], steps, 1))
    first[:, 0, 0] = norms
    held_out = np.empty((len(alphas), sum(map(len, tests)), n_columns))
    for found, alpha in zip(held_out, alphas, strict=True):
        dual = np.linalg.solve(T + alpha * np.eye(steps), first)[:, :, 0]
        dual = dual.reshape(n_folds, n_columns, steps)
        parts = [np.einsum("sic,cs->ic", seen[f], dual[f]) for f in range(n_folds)]
        found[:] = np.concatenate(parts)
    nodes = np.concatenate(tests)
    above = targets[nodes] - np.repeat(means, [len(t) for t in tests], axis=0)
    wrong = above - held_out
    errors = np.einsum("aij,aij,i->a", wrong, wrong, weights[nodes])
    return errors, nodes, held_out, float(weights[nodes] @ (above**2).sum(axis=1))


def _lanczos(symmetric, start, tests):
    """Lanczos' method for each column by itself, without the vectors.

    What the kernel makes of each vector is kept for the rows of `tests`, a fold each.
    """
    norms = np.linalg.norm(start, axis=0)
    V = start / np.where(norms > 0, norms, 1.0)
    before, length = np.zeros_like(V), np.zeros(V.shape[1])
    diagonal, beside, seen = [], [], [[] for _ in tests]
    n_columns = V.shape[1] // len(tests)
    for step in range(_N_STEPS):
        full, AV = symmetric(V)
        for i, test in enumerate(tests):
            seen[i].append(full[test, i * n_columns : (i + 1) * n_columns])
        diagonal.append((V * AV).sum(axis=0))
        AV = AV - diagonal[-1] * V - length * before
        length = np.linalg.norm(AV, axis=0)
        # A column whose Krylov space is full goes on as zeros.
        going = length > 1e-10 * max(np.max(np.abs(diagonal)), 1e-300)
        if not going.any() or step == _N_STEPS - 1:
            break
        length = np.where(going, length, 0.0)
        beside.append(length)
        before, V = V, np.where(going, AV / np.where(going, length, 1.0), 0.0)
    sizes = np.array(beside).reshape(len(diagonal) - 1, -1)
    return [np.stack(part) for part in seen], np.array(diagonal), sizes, norms


def choose_kernel(
    candidates: Sequence[GraphKernel],
    targets: NDArray,
    weights: NDArray,
    gram: Callable,
    product: Callable,
    *,
    alpha: float | None = None,
    n_first: int | None = None,
) -> KernelChoice:
    """Choose the kernel and the penalty that predict labels left out best.

    Where labels are few, each is left out in turn, in closed form. Where they are many,
    this is done with a part of them; from what is best for these, fifths of all labels
    are left out, for one kernel after the other as long as the error falls.

    Parameters
    ----------
    candidates : sequence of GraphKernel
        From short to long range.
    targets : ndarray of shape (n_labels, n_columns)
        The labels.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.
    gram : callable
        Maps a list of kernels, and places of labels, to the kernels between these, of
        shape (n_kernels, n_places, n_places).
    product : callable
        Maps a kernel to the function that multiplies by it, as of `held_out_fifths`.
    alpha : float, default=None
        A penalty that is given; None chooses it, too.
    n_first : int, default=None
        How many candidates are tried first; longer ranges only while they are better.
        None is all.

    Returns
    -------
    KernelChoice
        The choice, and the predictions of labels left out.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes import graph_kernel
    >>> from skgeom.nodes._kernel_choice import choose_kernel
    >>> kernels = [graph_kernel("diffusion", diffusion_time=t) for t in (1.0, 2.0)]
    >>> near, far = np.eye(40), np.kron(np.eye(2), np.ones((20, 20)))
    >>> choice = choose_kernel(
    ...     kernels,
    ...     np.repeat([0.0, 1.0], 20)[:, None],
    ...     np.ones(40),
    ...     lambda kernels, places: np.stack([near, far]),
    ...     lambda kernel: None,
    ... )
    >>> choice.index
    1
    """
    center = np.average(targets, axis=0, weights=weights)
    spread = targets - center
    unit, n = np.abs(spread).max(), len(targets)
    if n < 2 or not unit > 1e-12 * np.abs(targets).max():
        return KernelChoice.of_nothing(*targets.shape, alpha)
    # In units in which squares are neither too large nor too small.
    search = _Search(candidates, spread / unit, weights, gram, product, alpha)
    index = search.best_of_each(len(candidates) if n_first is None else n_first)
    if search.is_of_part:
        index = search.best_of_all(index)
    best = search.trials[index]
    return KernelChoice(index, best.alpha, best.error, best.places, best.held_out * unit)


class _Search:
    """Errors of the candidates that have been tried."""

    def __init__(self, candidates, targets, weights, gram, product, alpha):
        n, n_columns = targets.shape
        self.candidates, self.gram, self.product = candidates, gram, product
        self.targets, self.weights, self.alpha = targets, weights, alpha
        few = max(_FEW, _FEW_A_COLUMN * n_columns)
        self.is_of_part = n > few
        self.places = np.sort(np.random.default_rng(0).permutation(n)[:few])
        self.trials, self.scales = [], []

    def best_of_each(self, n_first):
        """Leave labels out one by one, for longer ranges while they are better."""
        size, index = n_first, 0
        while len(self.trials) < min(size, len(self.candidates)):
            self.extend(size)
            index = _first_of_least([trial.error for trial in self.trials])
            if index == len(self.trials) - 1:
                size = len(self.trials) + _FURTHER
        return index

    def extend(self, size):
        """Try candidates up to a size, by the labels of a part."""
        targets, weights = self.targets[self.places], self.weights[self.places]
        above = targets - means_of_others(targets, weights)
        of_means = max(weights @ (above**2).sum(axis=1), np.finfo(float).tiny)
        for K in self.gram(self.candidates[len(self.trials) : size], self.places):
            self.scales.append(max(np.diag(K).mean(), np.finfo(float).tiny))
            alphas = self.alphas(len(self.trials))
            errors, held_out = leave_one_out(K, targets, weights, alphas)
            self.trials.append(
                _best_penalty(errors / of_means, alphas, self.places, held_out)
            )

    def best_of_all(self, index):
        """Leave fifths of all labels out, downhill from a first guess."""
        fifth = len(self.targets) // _N_FOLDS
        n_folds = int(np.clip(-(-_ENOUGH_HELD_OUT // fifth), 1, _N_FOLDS))
        tried: dict[int, _Trial] = {}

        def error(i):
            if i == len(self.trials) and i < len(self.candidates):
                self.extend(i + 1)
            if not 0 <= i < len(self.trials):
                return np.inf
            if i not in tried:
                alphas = self.alphas(i)
                errors, places, held_out, of_means = held_out_fifths(
                    self.product(self.candidates[i]),
                    self.targets,
                    self.weights,
                    alphas,
                    n_folds,
                )
                tried[i] = self.trials[i] = _best_penalty(
                    errors / max(of_means, np.finfo(float).tiny),
                    alphas,
                    places,
                    held_out,
                )
            return tried[i].error

        error(index)
        for step in (-1, 1):
            while error(index + step) < error(index) - _TIE:
                index += step
        return index

    def alphas(self, i):
        """Penalties for a candidate."""
        if self.alpha is not None:
            return np.array([self.alpha], dtype=np.float64)
        x = np.linspace(0.0, 2.0, 65)
        largest = np.abs(self.candidates[i].function(x)).max()
        alphas = PENALTIES * self.scales[i]
        # The largest of them is kept at any rate.
        return alphas[alphas >= min(_LEAST_PENALTY * largest, alphas[-1])]


def _best_penalty(errors, alphas, places, held_out):
    """The penalty of least error; the largest of those that differ by rounding."""
    best = len(errors) - 1 - _first_of_least(errors[::-1])
    return _Trial(float(errors[best]), float(alphas[best]), places, held_out[best])


def _first_of_least(errors):
    """Place of the least error; of the first that is as good but for rounding."""
    errors = np.asarray(errors)
    return int(np.argmax(errors <= errors.min() + _TIE))
