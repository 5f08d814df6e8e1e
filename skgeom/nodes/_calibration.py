"""Probabilities of classes from scores, by labels that were left out.

One factor for all scores, as temperature scaling has it (Guo, Pleiss, Sun and
Weinberger, "On calibration of modern neural networks", ICML 2017), on targets that are
not quite certain (Platt, "Probabilistic outputs for support vector machines", 1999).
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from skgeom.typing import NDArray

# The factor is sought within so many powers of e of the inverse size of the scores.
_RANGE = 7.0


def sharpness(scores: NDArray, targets: NDArray, weights: NDArray) -> float:
    r"""Choose the b for which softmax(b * scores) predicts targets best.

    Parameters
    ----------
    scores : ndarray of shape (n_labels, n_classes)
        Of labels that had no part in them.
    targets : ndarray of shape (n_labels, n_classes)
        Shares of the classes, rows sum to one.
    weights : ndarray of shape (n_labels,)
        What each label counts, > 0.

    Returns
    -------
    float
        The factor b > 0 of least log-loss. Targets are moved towards the mean of all by
        one part in n_labels + 1, so that it is finite where no label is missed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._calibration import sharpness
    >>> scores = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, -1.0]])
    >>> targets = np.eye(2)[[0, 1, 0, 1]]
    >>> round(sharpness(scores, targets, np.ones(4)), 2)
    0.42
    """
    size = np.sqrt(np.average((scores**2).mean(axis=1), weights=weights))
    if not size > 0:
        return 1.0
    share = 1.0 / (len(targets) + 1)
    mean = np.average(targets, axis=0, weights=weights)
    targets = (1 - share) * targets + share * mean

    def loss(exponent):
        logs = log_softmax(np.exp(exponent) / size * scores, axis=1)
        return -float(weights @ (targets * logs).sum(axis=1))

    bounds = (-_RANGE, _RANGE)
    found = minimize_scalar(loss, bounds=bounds, method="bounded").x
    return float(np.exp(found) / size)
