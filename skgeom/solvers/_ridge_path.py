"""Ridge regression for many penalties at once, with the errors of leaving one out.

Rifkin and Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-025.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from skgeom.backends import as_numpy
from skgeom.typing import Array, NDArray

# What eigenvalues are not known to, relative to the largest.
_ROUNDING = 1e-14


class RidgePath(NamedTuple):
    """What `ridge_path` found.

    Parameters
    ----------
    duals : array of shape (n_penalties, n_labels, n_targets)
        The solution for each penalty, of the namespace of the matrix.
    intercepts : array of shape (n_penalties, n_targets)
        The constant that belongs to it, 0 without an intercept.
    left_out : array of shape (n_penalties, n_labels, n_targets)
        The error in predicting each label from the others.
    errors : ndarray of shape (n_penalties,), float64
        Weighted mean of the squares of these errors, summed over targets.
    least : float
        Least eigenvalue of the matrix, scaled by the weights; negative ones are taken
        for zero.

    Examples
    --------
    >>> from skgeom.solvers import RidgePath
    >>> RidgePath._fields
    ('duals', 'intercepts', 'left_out', 'errors', 'least')
    """

    duals: Any
    intercepts: Any
    left_out: Any
    errors: np.ndarray
    least: float


def ridge_path(
    xp: ModuleType,
    gram: Array,
    targets: Array,
    weights: Array,
    alphas: Sequence[float] | NDArray,
    *,
    fit_intercept: bool = False,
) -> RidgePath:
    r"""Solve :math:`(K + \alpha W^{-1}) a = z` for every penalty by one eigenproblem.

    Leaving out one label changes its prediction by a closed form: the error is
    :math:`a_i / [(K + \alpha W^{-1})^{-1}]_{ii}`. With an intercept, which has no
    penalty, a sums to zero and the inverse is that on the contrasts, as in
    generalised least squares.

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
    alphas : sequence of float, or ndarray
        Penalties, > 0.
    fit_intercept : bool, default=False
        Whether a constant is added to the predictions, of any size. One label alone is
        then predicted by itself.

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
    >>> from skgeom.solvers import ridge_path
    >>> found = ridge_path(np, np.eye(2), np.ones((2, 1)), np.ones(2), [1.0, 3.0])
    >>> [a.ravel().tolist() for a in found.duals], found.errors
    ([[0.5, 0.5], [0.25, 0.25]], array([1., 1.]))
    """
    root = xp.sqrt(weights)[:, None]
    matrix, basis = root * gram * root[:, 0], None
    if fit_intercept:
        # In the basis of contrasts nothing is left of a constant.
        basis = _complement(xp, root[:, 0])
        matrix = xp.matrix_transpose(basis) @ matrix @ basis
    values, V = xp.linalg.eigh(matrix)
    least = float(values[0]) if values.shape[0] else 0.0
    values = xp.where(values > 0, values, xp.zeros_like(values))
    V = V if basis is None else basis @ V
    spectrum = xp.matrix_transpose(V) @ (root * targets)
    penalties = xp.asarray(np.asarray(alphas, dtype=np.float64), device=gram.device)
    penalties = xp.astype(penalties, gram.dtype)
    if values.shape[0]:
        # Below the rounding of the eigenvalues a penalty is none.
        lowest = _ROUNDING * values[-1]
        penalties = xp.where(penalties > lowest, penalties, lowest)
    shrunk = 1 / (values[:, None] + penalties)
    # All penalties in one product: (n_labels, n_penalties, n_targets).
    shape = gram.shape[0], shrunk.shape[1], targets.shape[1]
    scaled = shrunk[:, :, None] * spectrum[:, None, :]
    flat = xp.reshape(scaled, (shrunk.shape[0], shape[1] * shape[2]))
    a = xp.reshape(V @ flat, shape)
    own = ((V * V) @ shrunk)[:, :, None]
    # A label that no other one says anything of has no entry among contrasts.
    known = own > 0
    missed = xp.where(
        known, a / xp.where(known, own, xp.ones_like(own)), (root * targets)[:, None, :]
    )
    total = xp.sum(weights)
    duals = xp.permute_dims(root[:, :, None] * a, (1, 0, 2))
    intercepts = 0 * duals[:, 0, :]
    if fit_intercept:
        intercepts = xp.sum(weights[:, None] * (targets - gram @ duals), axis=1) / total
    errors = xp.sum(missed**2, axis=(0, 2)) / total
    if not isinstance(errors, np.ndarray):
        errors = as_numpy(errors)
    left_out = xp.permute_dims(missed / root[:, :, None], (1, 0, 2))
    return RidgePath(duals, intercepts, left_out, np.asarray(errors), least)


def _complement(xp, vector):
    """Orthonormal columns that span what is orthogonal to a positive vector.

    All but the first column of Householder's reflection that takes the first axis to
    the vector.
    """
    unit = vector / xp.sqrt(xp.sum(vector**2))
    n = unit.shape[0]
    identity = xp.eye(n, dtype=unit.dtype, device=unit.device)
    # Away from the vector, so that nothing cancels.
    normal = unit + identity[:, 0]
    reflection = identity - normal[:, None] * normal / normal[0]
    return reflection[:, 1:]
