"""Strength and penalty that predict labels best from other labels.

Cross-validation as in Stone, Journal of the Royal Statistical Society B 36, 1974.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from skgeom.kernels._stkr._averaged_machines import mean_variance, penalty_ratios
from skgeom.kernels._stkr._held_out import held_out_values
from skgeom.kernels._stkr._transformed_labels import transformed_columns
from skgeom.operators import KernelOperator
from skgeom.solvers import ridge_path
from skgeom.typing import Array, NDArray

# Labels, and labels times rows, up to which each is predicted from all others.
_VERY_FEW, _FEW_ENTRIES = 16, 500_000
# Labels up to which there are ten folds, then five, then one quarter or, for one
# target, two.
_FEW, _MANY = 100, 500
_FOLDS, _QUARTERS = (10, 5), 4
# A penalty must be so many times what an eigenvalue lacks to zero.
_SAFE = 2.0
# Labels of which a kernel without a primal form is chosen by.
_MOST_COLUMNS = 2000


class Choice(NamedTuple):
    """What was chosen.

    Parameters
    ----------
    transform : int
        Position of the transform.
    alpha : float
        The penalty.
    loss : float
        What the labels that were predicted lost.

    Examples
    --------
    >>> from skgeom.kernels._stkr._choice import Choice
    >>> Choice(0, 0.1, 0.5).alpha
    0.1
    """

    transform: int
    alpha: float
    loss: float


def label_folds(
    order: NDArray, n_targets: int, points: NDArray | None = None
) -> NDArray:
    """Parts of the labels that are predicted from all others.

    Parameters
    ----------
    order : ndarray of shape (n_labels,)
        Classes, or values: every part has its share of each, or of their range.
    n_targets : int
        Number of columns of a fit.
    points : ndarray of shape (n_labels, n_features), default=None
        By which labels of one class or value are ordered; None is as they come.

    Returns
    -------
    ndarray of shape (n_labels,), int64
        The fold of each label; -1 is never predicted.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._choice import label_folds
    >>> np.bincount(label_folds(np.arange(100), 1)).tolist()
    [10, 10, 10, 10, 10, 10, 10, 10, 10, 10]
    """
    n = len(order)
    rank = np.empty(n, dtype=np.int64)
    keys = [order] if points is None else [*np.asarray(points).T, order]
    rank[np.lexsort(keys)] = np.arange(n)
    if n <= _MANY:
        return rank % min(_FOLDS[n > _FEW], n)
    quarter = rank % _QUARTERS
    return np.where(quarter <= (n_targets == 1), quarter, -1)


def choose(
    S: KernelOperator,
    transforms: Sequence[Any],
    labelled: NDArray,
    targets: Array,
    weights: Array,
    alphas: NDArray | None,
    loss: Callable,
    folds: NDArray,
    *,
    tol: float,
    max_iter: int,
    eigenvectors: NDArray | None = None,
    memory: float = 2.0**30,
) -> Choice:
    """Try every transform with every penalty on labels that are left out.

    Of a few labels each is predicted from all others, by the closed form; of more, with
    a transform whose inverse is a polynomial, those of a fold from the other folds.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    transforms : sequence of SpectralTransform
        What is tried.
    labelled : ndarray of shape (n_labels,), int64
        Rows with a label, each once.
    targets : array of shape (n_labels, n_targets)
        The labels, of the backend.
    weights : array of shape (n_labels,)
        What their errors weigh, > 0.
    alphas : ndarray of shape (n_penalties,) or None
        Penalties that are tried. None is a grid in units of the mean variance of each
        kernel over the labels, for exact predictions only.
    loss : callable
        ``loss(predicted, labels)`` says what predictions of some labels lose; these are
        given by their positions.
    folds : ndarray of shape (n_labels,), int64
        From `label_folds`.
    tol : float
        Relative residual of fits.
    max_iter : int
        At most so many steps for each.
    eigenvectors : ndarray of shape (n, d), default=None
        What a transform that is None projects on.
    memory : float, default=2**30
        Bytes that the columns of labels may take, or fewer labels are predicted.

    Returns
    -------
    Choice
        The first of the best.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._choice import choose
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> S = DenseKernel(np.full((3, 3), 1 / 3), get_backend("cpu"))
    >>> y = np.ones((3, 1))
    >>> choose(S, [InverseLaplacian(0.5)], np.arange(3), y, np.ones(3),
    ...     np.array([0.1, 10.0]), lambda found, rows: np.mean((found - 1) ** 2),
    ...     np.zeros(3, dtype=int), tol=1e-6, max_iter=100).alpha
    0.1
    """
    found = []
    n_labels = len(labelled)
    few = n_labels <= _VERY_FEW
    few = few or (n_labels <= _MANY and n_labels * S.n <= _FEW_ENTRIES)
    for i, transform in enumerate(transforms):
        primal = transform is not None and transform.has_primal
        if few or not primal or alphas is None:
            rows = evenly(
                n_labels, max(2, min(int(memory / (32 * S.n)), _MOST_COLUMNS))
            )
            if eigenvectors is not None:
                seen = eigenvectors[labelled[rows]]
                gram = S.backend.asarray(seen @ seen.T, dtype=S.backend.float64)
            else:
                gram = transformed_columns(
                    S, transform, labelled[rows], tol=1e-2 * tol, max_iter=max_iter
                ).gram
            tried, predicted = _left_out(S, gram, rows, targets, weights, alphas)
        else:
            tried = np.sort(alphas)[::-1]
            rows = np.flatnonzero(folds >= 0)
            predicted = held_out_values(
                S,
                transform,
                labelled,
                targets,
                weights,
                tried,
                folds,
                tol=max(tol, 1e-3),
                max_iter=max_iter,
            )[:, rows]
        found += [
            Choice(i, float(alpha), float(loss(values, rows)))
            for alpha, values in zip(tried, predicted, strict=True)
        ]
    return min(found, key=lambda choice: choice.loss)


def _left_out(S, gram, rows, targets, weights, alphas):
    """Penalties, and with each the predictions of every label from the others."""
    backend = S.backend
    where = S.xp.asarray(rows, device=backend.device)
    targets, weights = (S.xp.take(part, where, axis=0) for part in (targets, weights))
    relative = alphas is None
    if relative:
        host = backend.to_numpy(gram), backend.to_numpy(weights)
        alphas = penalty_ratios(len(rows))[::-1] * mean_variance(*host)
    path = ridge_path(S.xp, gram, targets, weights, alphas)
    predicted = backend.to_numpy(targets - path.left_out)
    if relative:
        # A kernel that is a little indefinite needs a penalty.
        safe = np.maximum(alphas > -_SAFE * path.least, alphas == alphas[0])
        alphas, predicted = alphas[safe], predicted[safe]
    return alphas, predicted


def evenly(n: int, most: int) -> NDArray:
    """At most so many of n positions, evenly."""
    if n <= most:
        return np.arange(n)
    return np.linspace(0, n - 1, most).astype(np.int64)
