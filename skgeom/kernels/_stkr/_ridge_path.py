"""Ridge regression for many penalties at once, with the errors of leaving one out."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from skgeom.backends import as_numpy
from skgeom.typing import Array


class RidgePath(NamedTuple):
    """What `ridge_path` found.

    Parameters
    ----------
    duals : list of array of shape (n_labels, n_targets)
        The solution for each penalty, of the namespace of the matrix.
    errors : ndarray of shape (n_penalties,), float64
        Weighted mean of the squared errors in predicting each label from the others.

    Examples
    --------
    >>> from skgeom.kernels._stkr._ridge_path import RidgePath
    >>> RidgePath._fields
    ('duals', 'errors')
    """

    duals: Any
    errors: np.ndarray


def ridge_path(
    xp: ModuleType, gram: Array, targets: Array, weights: Array, alphas: Sequence[float]
) -> RidgePath:
    r"""Solve :math:`(K + \alpha W^{-1}) a = z` for every penalty by one eigenproblem.

    Leaving out one label changes its prediction by a closed form: the error is
    :math:`a_i / [(K + \alpha W^{-1})^{-1}]_{ii}`.

    Parameters
    ----------
    xp : module
        Array namespace of the arrays.
    gram : array of shape (n_labels, n_labels)
        The K of the formula, symmetric, positive semidefinite.
    targets : array of shape (n_labels, n_targets)
        The z of the formula.
    weights : array of shape (n_labels,)
        The diagonal of W, > 0.
    alphas : sequence of float
        Penalties, > 0.

    Returns
    -------
    RidgePath
        Solutions and errors.

    References
    ----------
    Rifkin and Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-025.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._ridge_path import ridge_path
    >>> found = ridge_path(np, np.eye(2), np.ones((2, 1)), np.ones(2), [1.0, 3.0])
    >>> [a.ravel().tolist() for a in found.duals], found.errors
    ([[0.5, 0.5], [0.25, 0.25]], array([1., 1.]))
    """
    root = xp.sqrt(weights)[:, None]
    values, V = xp.linalg.eigh(root * gram * root[:, 0])
    spectrum = xp.matrix_transpose(V) @ (root * targets)
    duals, errors = [], []
    for alpha in alphas:
        shrunk = 1 / (xp.where(values > 0, values, xp.zeros_like(values)) + alpha)
        a = V @ (shrunk[:, None] * spectrum)
        own = (V * V) @ shrunk
        missed = as_numpy(xp.sum((a / own[:, None]) ** 2))
        duals.append(root * a)
        errors.append(float(missed) / float(as_numpy(xp.sum(weights))))
    return RidgePath(duals, np.asarray(errors))
