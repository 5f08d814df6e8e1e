"""Probabilities of classes from scores, by labels that were left out.

One factor for all scores, as temperature scaling has it (Guo, Pleiss, Sun and
Weinberger, "On calibration of modern neural networks", ICML 2017), on targets that are
not quite certain (Platt, "Probabilistic outputs for support vector machines", 1999).
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax

from skgeom.typing import NDArray

# The factor is sought within so many powers of e of the inverse size of the scores.
_RANGE = 7.0
_EXPONENTS = np.arange(-_RANGE, _RANGE + 0.25, 0.5)


def sharpness(
    scores: NDArray,
    targets: NDArray,
    weights: NDArray,
    offset: NDArray | float = 0.0,
    most: float = np.inf,
) -> float:
    r"""Choose the b for which softmax(b * scores + offset) predicts targets best.

    Parameters
    ----------
    scores : ndarray of shape (n_labels, n_classes)
        Of labels that had no part in them.
    targets : ndarray of shape (n_labels, n_classes)
        Shares of the classes, rows sum to one.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.
    offset : ndarray of shape (n_classes,) or 0
        Logarithms of the shares of the classes, or nothing.
    most : float, default=inf
        What b is at the most, > 0.

    Returns
    -------
    float
        The b > 0 of least log-loss. Targets are moved towards the mean of all by one
        part in n_labels + 1, so that it is finite where no label is missed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers._calibration import sharpness
    >>> scores = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, -1.0]])
    >>> targets = np.eye(2)[[0, 1, 0, 1]]
    >>> round(sharpness(scores, targets, np.ones(4)), 2)
    0.42
    """
    size, targets = _prepared(scores, targets, weights)

    def excess(exponent):
        """The derivative of the loss: scores as they are expected, less the true."""
        shares = softmax(np.exp(exponent) / size * scores + offset, axis=1)
        gaps = ((shares - targets) * scores).sum(axis=1)
        return float(np.average(gaps, weights=weights)) / size

    low, high = -_RANGE, _RANGE
    if excess(low) >= 0:
        high = low
    elif excess(high) > 0:
        high = brentq(excess, low, high, xtol=1e-13)
    # The loss is convex: where b may not be as large, the largest is the best.
    return float(min(np.exp(high) / size, most))


def calibrate(
    scores: NDArray,
    targets: NDArray,
    weights: NDArray,
    prior: NDArray,
    most: float = np.inf,
) -> tuple[float, bool]:
    """Choose the factor, and whether the shares of the classes count, too.

    Parameters
    ----------
    scores, targets : ndarray of shape (n_labels, n_classes)
        As of `sharpness`.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.
    prior : ndarray of shape (n_classes,)
        Shares of the classes, > 0.
    most : float, default=inf
        As of `sharpness`.

    Returns
    -------
    factor : float
        The b of softmax(b * scores), or of softmax(b * scores + log(prior)).
    with_prior : bool
        Whether the second is right of more labels, by more than one standard error.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers._calibration import calibrate
    >>> scores, targets = np.tile([[-0.1, 0.1]], (20, 1)), np.eye(2)[[0] * 18 + [1] * 2]
    >>> calibrate(scores, targets, np.ones(20), np.array([0.9, 0.1]))[1]
    True
    """
    truth, found = targets.argmax(axis=1), []
    for offset in (0.0, np.log(prior)):
        factor = sharpness(scores, targets, weights, offset, most)
        found.append((factor, (factor * scores + offset).argmax(axis=1) == truth))
    (bare, right), (with_prior, also_right) = found
    gain = weights * (also_right.astype(float) - right)
    if gain.sum() > np.sqrt((gain**2).sum()):
        return with_prior, True
    return bare, False


def _prepared(scores, targets, weights):
    """The size of the scores, and targets that are not quite certain."""
    size = np.sqrt(np.average((scores**2).mean(axis=1), weights=weights))
    share = 1.0 / (len(targets) + 1)
    mean = np.average(targets, axis=0, weights=weights)
    return max(size, np.finfo(float).tiny), (1 - share) * targets + share * mean


def class_loss(predictions: NDArray, targets: NDArray, weights: NDArray) -> float:
    """Log-loss of predicted indicators of classes, at their best scale.

    Parameters
    ----------
    predictions, targets : ndarray of shape (n_labels, n_classes) or (n_labels, 1)
        What was predicted of labels left out, and what was to be; one column is that
        of the second of two classes.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.

    Returns
    -------
    float
        The mean, at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers._calibration import class_loss
    >>> right, wrong = np.array([[0.1], [0.9]]), np.array([[0.9], [0.1]])
    >>> y = np.array([[0.0], [1.0]])
    >>> class_loss(right, y, np.ones(2)) < class_loss(wrong, y, np.ones(2))
    True
    """
    if targets.shape[1] == 1:
        predictions = np.hstack([1 - predictions, predictions])
        targets = np.hstack([1 - targets, targets])
    size, targets = _prepared(predictions, targets, weights)
    scales = np.exp(_EXPONENTS)[:, None, None] / size
    logs = log_softmax(scales * predictions, axis=2)
    losses = -np.einsum("snc,nc,n->s", logs, targets, weights) / weights.sum()
    i = int(np.clip(losses.argmin(), 1, len(losses) - 2))
    # The least of the parabola through the best three, where that is between them.
    before, least, after = losses[i - 1 : i + 2]
    bend = before - 2 * least + after
    drop = (before - after) ** 2 / (8 * bend) if bend > 0 else 0.0
    return float(min(losses.min(), least - drop) if drop < bend / 2 else losses.min())
