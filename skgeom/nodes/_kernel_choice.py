"""Which of several kernels, and which penalty, predict labels that are left out.

Cross-validation of penalties in closed form goes back to Craven and Wahba, "Smoothing
noisy data with spline functions", Numerische Mathematik 31, 1978.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from skgeom.backends import Backend
from skgeom.nodes._graph_kernel import GraphKernel
from skgeom.nodes._held_out import (
    N_FOLDS,
    held_out_fifths,
    leave_one_out,
    means_of_others,
)
from skgeom.typing import NDArray

# Penalties that are tried, as shares of the mean of the kernel's diagonal, but none
# below this share of the largest eigenvalue, times the largest weight: products are not
# more accurate.
PENALTIES, _LEAST_PENALTY = 10.0 ** np.arange(-5.0, 2.25, 0.5), 1e-6
# Up to so many labels, or so many for each column of the targets but no more than the
# third number, all are left out one by one: that takes the cube of it in time. Of more,
# so many for a first guess, and then as many fifths of all as have so many labels
# together.
_FEW, _FEW_A_COLUMN, _MOST_OF_FEW, _ENOUGH_HELD_OUT = 128, 64, 1024, 512
# Errors this close are the same.
_TIE = 1e-9
_TINY = np.finfo(np.float64).tiny


class KernelChoice(NamedTuple):
    """What `choose_kernel` found.

    Parameters
    ----------
    place : int or None
        Place of the kernel among the candidates; None where labels say nothing.
    alpha : float or None
        The penalty; None where labels say nothing, and none was given.
    error : float
        The loss of labels that were left out.
    places : ndarray of shape (n_held_out,), int64
        Of these among the labels.
    held_out : ndarray of shape (n_held_out, n_columns)
        Their predictions, less the mean of the labels that were left.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._kernel_choice import KernelChoice
    >>> KernelChoice(0, 0.1, 0.5, np.arange(3), np.zeros((3, 1))).alpha
    0.1
    """

    place: int | None
    alpha: float | None
    error: float
    places: NDArray
    held_out: NDArray


def squared_error(predictions: NDArray, targets: NDArray, weights: NDArray) -> float:
    """Weighted mean of the squared errors, over that of predicting the mean.

    Parameters
    ----------
    predictions, targets : ndarray of shape (n_labels, n_columns)
        What was predicted, and what was to be.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.

    Returns
    -------
    float
        About 1 where nothing is learnt.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._kernel_choice import squared_error
    >>> squared_error(np.array([[1.0], [1.0]]), np.array([[0.0], [2.0]]), np.ones(2))
    1.0
    """
    spread = targets - np.average(targets, axis=0, weights=weights)
    errors = weights @ ((predictions - targets) ** 2).sum(axis=1)
    return float(errors / max(weights @ (spread**2).sum(axis=1), _TINY))


def choose_kernel(
    candidates: Sequence[GraphKernel],
    targets: NDArray,
    weights: NDArray,
    gram: Callable,
    product: Callable,
    *,
    alpha: float | None = None,
    n_first: int | None = None,
    n_further: int = 3,
    free_mean: bool = False,
    loss: Callable = squared_error,
    backend: Backend | None = None,
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
        shape (n_kernels, n_places, n_places), or one after the other.
    product : callable
        Maps a kernel to the function that multiplies by it, as of `held_out_fifths`.
    alpha : float, default=None
        A penalty that is given; None chooses it, too.
    n_first : int, default=None
        How many candidates are tried first; longer ranges only while they are better.
        None is all.
    n_further : int, default=3
        So many more are tried at a time, where the last one is the best.
    free_mean : bool, default=False
        As of `leave_one_out`.
    loss : callable, default=squared_error
        What is least: maps predictions of labels left out, these, and weights to a
        number.
    backend : Backend, default=None
        Where products run; None is the host.

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
    >>> choice.place
    1
    """
    n, unit = len(targets), np.abs(targets - targets[0]).max()
    if n < 2 or not unit > 1e-12 * np.abs(targets).max():
        return no_choice(alpha)
    search = _Search(candidates, targets, weights, gram, product, alpha)
    search.free_mean, search.loss, search.backend = free_mean, loss, backend
    search.n_further = n_further
    index = search.best_of_each(len(candidates) if n_first is None else n_first)
    if search.is_of_part:
        index = search.best_of_all(index)
    return KernelChoice(index, *search.trials[index])


def no_choice(alpha):
    """What labels without anything to learn from say."""
    return KernelChoice(None, alpha, np.inf, np.arange(0), np.zeros((0, 0)))


class _Trial(NamedTuple):
    """A kernel with its best penalty, and what it predicts for labels left out."""

    alpha: float
    error: float
    places: NDArray
    held_out: NDArray


class _Search:
    """Errors of the candidates that have been tried."""

    free_mean, n_further = False, 3
    loss: Callable
    backend: Backend | None

    def __init__(
        self,
        candidates: Sequence[GraphKernel],
        targets: NDArray,
        weights: NDArray,
        gram: Callable[..., Iterable],
        product: Callable,
        alpha: float | None,
    ):
        n, n_columns = targets.shape
        self.candidates, self.gram, self.product = candidates, gram, product
        self.targets, self.weights, self.alpha = targets, weights, alpha
        few = min(max(_FEW, _FEW_A_COLUMN * n_columns), _MOST_OF_FEW)
        self.is_of_part = n > few
        self.places = np.sort(np.random.default_rng(0).permutation(n)[:few])
        self.trials: list[_Trial] = []
        self.scales: list[float] = []

    def best_of_each(self, n_first):
        """Leave labels out one by one, for longer ranges while they are better."""
        size, index = n_first, 0
        while len(self.trials) < min(size, len(self.candidates)):
            self.extend(size)
            index = _first_of_least([trial.error for trial in self.trials])
            if index == len(self.trials) - 1:
                size = len(self.trials) + self.n_further
        return index

    def extend(self, size):
        """Try candidates up to a size, by the labels of a part."""
        part = self.targets[self.places], self.weights[self.places]
        others = means_of_others(*part)
        for K in self.gram(self.candidates[len(self.trials) : size], self.places):
            self.scales.append(max(np.diag(K).mean(), _TINY))
            alphas = self.alphas(len(self.trials))
            held_out = leave_one_out(K, *part, alphas, free_mean=self.free_mean)
            self.trials.append(self.trial(alphas, self.places, others, held_out))

    def best_of_all(self, index):
        """Leave fifths of all labels out, downhill from a first guess."""
        fifth = len(self.targets) // N_FOLDS
        n_folds = int(np.clip(-(-_ENOUGH_HELD_OUT // fifth), 1, N_FOLDS))
        tried = {}

        def error(i):
            if i == len(self.trials) and i < len(self.candidates):
                self.extend(i + 1)
            if not 0 <= i < len(self.trials):
                return np.inf
            if i not in tried:
                alphas, product = self.alphas(i), self.product(self.candidates[i])
                labels = self.targets, self.weights
                found = held_out_fifths(
                    product, *labels, alphas, n_folds, backend=self.backend
                )
                tried[i] = self.trials[i] = self.trial(alphas, *found)
            return tried[i].error

        for step in (-1, 1):
            while error(index + step) < error(index) - _TIE:
                index += step
        return index

    def alphas(self, i):
        """Penalties for a candidate."""
        if self.alpha is not None:
            return np.array([self.alpha], dtype=np.float64)
        x = np.linspace(0.0, 2.0, 65)
        largest = np.abs(self.candidates[i].function(x)).max() * self.weights.max()
        alphas = PENALTIES * self.scales[i]
        # The largest of them is kept at any rate.
        return alphas[alphas >= min(_LEAST_PENALTY * largest, alphas[-1])]

    def trial(self, alphas, places, means, held_out):
        """The penalty of least error; the largest of those that differ by rounding."""
        labels = self.targets[places], self.weights[places]
        errors = [self.loss(means + found, *labels) for found in held_out]
        best = len(errors) - 1 - _first_of_least(errors[::-1])
        return _Trial(float(alphas[best]), errors[best], places, held_out[best])


def _first_of_least(errors):
    """Place of the least error; of the first that is as good but for rounding."""
    errors = np.asarray(errors)
    return int(np.argmax(errors <= errors.min() + _TIE))
