r"""A metric of the rows learned from the gradients of the machine that it serves.

Rounds of kernel ridge regression, each with distances of the metric that the gradients
of the one before have as their mean outer product (recursive feature machines:
Radhakrishnan, Beaglehole, Pandit and Belkin, Science 383, 2024). Leave-one-out errors
are optimistic once a metric has seen the targets: kernel, form of the metric and the
number of rounds are chosen by folds in which the metric is learned anew.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from skgeom.backends import Backend
from skgeom.kernels._kernel_machine._kernel_choice import (
    MOST_ROWS,
    KernelChoice,
    median_square,
    tune_kernel,
)
from skgeom.kernels._point_values import kernel_slopes
from skgeom.operators import KernelFunction
from skgeom.solvers import average_gradient_outer_product
from skgeom.typing import NDArray

N_FOLDS = 3
# A learned metric is taken if it is better than none by this share of the error.
_WORTH = 0.02
# Directions below this share of the largest are none.
_NO_DIRECTION = 1e-10


class MetricRound(NamedTuple):
    """A round: the metric as a linear map of the rows, and the machine that has it.

    Parameters
    ----------
    matrix : ndarray of shape (n_features, rank)
        Maps rows to points whose Euclidean distances are those of the metric.
    choice : KernelChoice
        Kernel, width and penalty there.
    """

    matrix: NDArray
    choice: KernelChoice


def metric_rounds(
    points: NDArray,
    targets: NDArray,
    weights: NDArray,
    kernel: str,
    form: str,
    n_rounds: int,
    gamma: float | None,
    alpha: float | None,
    backend: Backend,
    first: MetricRound | None = None,
) -> list[MetricRound]:
    """Learn a metric by rounds; the first is without.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        Centred rows, columns in units of their spread.
    targets : ndarray of shape (n, n_targets)
        Less their means.
    weights : ndarray of shape (n,)
        What each row counts, > 0.
    kernel : {"rbf", "exponential", "matern32", "matern52"}
        The kernel.
    form : {"full", "diagonal"}
        All of the mean outer product, or its diagonal.
    n_rounds : int
        Rounds after the first.
    gamma, alpha : float or None
        Inverse width and penalty; None are chosen in each round.
    backend : Backend
        Where matrices are decomposed.
    first : MetricRound, default=None
        The round without a metric, if it is known.

    Returns
    -------
    list of MetricRound
        As many as there are rounds, and one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._kernel_machine._learned_metric import metric_rounds
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 4))
    >>> last = metric_rounds(
    ...     X, np.sin(2 * X[:, :1]), np.ones(200), "rbf", "full", 2, None, None,
    ...     get_backend("cpu"),
    ... )[-1]
    >>> M = last.matrix @ last.matrix.T
    >>> float(round(M[0, 0] / np.trace(M), 2))
    1.0
    """
    if first is None:
        first = starting_round(points, targets, weights, kernel, gamma, alpha, backend)
    rounds = [first]
    for _ in range(n_rounds):
        matrix = next_metric(points, weights, rounds[-1], form, backend)
        placed = points @ matrix
        last = rounds[-1].choice
        near = None
        if gamma is None:
            unit = median_square(points @ rounds[-1].matrix)
            near = (0.5 / (unit * last.gamma)) ** 0.5
        known = targets, weights, kernel, gamma, alpha, backend
        rounds.append(MetricRound(matrix, _fit_round(placed, *known, near=near)))
    return rounds


def starting_round(points, targets, weights, kernel, gamma, alpha, backend):
    """The machine without a metric."""
    known = targets, weights, kernel, gamma, alpha, backend
    return MetricRound(np.eye(points.shape[1]), _fit_round(points, *known))


def _fit_round(placed, targets, weights, kernel, gamma, alpha, backend, near=None):
    """A machine whose width and penalty are chosen on the first of the rows."""
    few = slice(0, MOST_ROWS)
    placed = backend.asarray(placed)
    arrays = placed[few], targets[few], weights[few]
    choice = tune_kernel(*arrays, [kernel], gamma, alpha, backend, near=near)
    if len(targets) <= MOST_ROWS:
        return choice
    K = KernelFunction(kernel, choice.gamma, backend).values(placed, placed)
    system = backend.to_numpy(K) + np.diag(choice.alpha / weights)
    dual = scipy.linalg.solve(system, targets, assume_a="pos", overwrite_a=True)
    return choice._replace(dual=dual)


def next_metric(
    points: NDArray, weights: NDArray, last: MetricRound, form: str, backend: Backend
) -> NDArray:
    """The map whose metric is the mean outer product of the gradients of a machine.

    Its trace is the number of columns, as that of no metric is.
    """
    xp, choice = backend.xp, last.choice
    placed = backend.asarray(points @ last.matrix)
    squares = xp.sum(placed**2, axis=1)
    squares = squares[:, None] + squares - 2 * placed @ placed.T
    # What rounding leaves of the distance of equal rows is none.
    squares = xp.where(squares > 1e-14 * xp.max(squares), squares, 0 * squares)
    slopes = kernel_slopes(xp, squares, choice.kernel, choice.gamma)
    arrays = (backend.asarray(a) for a in (choice.dual, weights))
    dual, weights = arrays
    there = backend.to_numpy(
        average_gradient_outer_product(xp, placed, placed, dual, slopes, weights)
    )
    M = last.matrix @ there @ last.matrix.T
    d = len(M)
    if form == "diagonal":
        diagonal = np.maximum(np.diagonal(M), 0.0)
        if choice.kernel == "rbf":
            # Its own distances are squared once more.
            diagonal = np.sqrt(diagonal)
        if not diagonal.sum() > 0:
            return last.matrix
        return np.diag(np.sqrt(diagonal * (d / diagonal.sum())))
    values, vectors = scipy.linalg.eigh((M + M.T) / 2)
    if not values[-1] > 0:
        return last.matrix
    kept = values > _NO_DIRECTION * values[-1]
    values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
    return vectors * np.sqrt(values * (d / values.sum()))


class MetricChoice(NamedTuple):
    """What folds chose: a kernel, the form of its metric, and how many rounds."""

    kernel: str
    form: str
    n_rounds: int
    errors: dict[tuple[str, str, int], float]


def choose_metric(
    points: NDArray,
    targets: NDArray,
    weights: NDArray,
    kernels: Sequence[str],
    forms: Sequence[str],
    n_rounds: int,
    gamma: float | None,
    alpha: float | None,
    random_state: np.random.RandomState,
    backend: Backend,
) -> MetricChoice:
    """Choose kernel, form and round by the errors of folds that learn by themselves."""
    n = len(points)
    fold = random_state.permutation(np.arange(n) % min(N_FOLDS, n))
    errors: dict[tuple[str, str, int], float] = {}
    for i in range(min(N_FOLDS, n)):
        shown, held = fold != i, fold == i
        mean = np.average(targets[shown], axis=0, weights=weights[shown])
        known = points[shown], targets[shown] - mean, weights[shown]
        for kernel in kernels:
            fixed: Any = kernel, gamma, alpha, backend
            first = starting_round(*known, *fixed)
            for form in forms:
                of_form: Any = kernel, form, n_rounds, gamma, alpha, backend, first
                found = metric_rounds(*known, *of_form)
                for number, found_round in enumerate(found):
                    missed = (
                        targets[held]
                        - mean
                        - predict_round(
                            found_round, points[shown], points[held], backend
                        )
                    )
                    key = kernel, form, number
                    squares = float(weights[held] @ (missed**2).sum(axis=1))
                    errors[key] = errors.get(key, 0.0) + squares
    best = min(errors, key=errors.__getitem__)
    plain = min((key for key in errors if key[2] == 0), key=errors.__getitem__)
    if errors[best] > (1 - _WORTH) * errors[plain]:
        best = plain
    return MetricChoice(*best, errors)


def predict_round(
    found: MetricRound, fitted: NDArray, rows: NDArray, backend: Backend
) -> NDArray:
    """Predictions of a round for other rows."""
    kernel = KernelFunction(found.choice.kernel, found.choice.gamma, backend)
    there, centers = (backend.asarray(a @ found.matrix) for a in (rows, fitted))
    dual = backend.asarray(found.choice.dual)
    return backend.to_numpy(kernel.product(there, centers, dual))
