"""Affine maps that take some rows near others: least squares, and rotations.

Schönemann, "A generalized solution of the orthogonal Procrustes problem",
Psychometrika 31, 1966; Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970.
"""

from typing import NamedTuple

import numpy as np

from skgeom.typing import NDArray

# Penalties that are tried, in units of the mean eigenvalue.
PENALTIES = np.logspace(-6, 2, 25)
# Least share of a row that others have to explain: below, it is a row of its own.
_LEAST_LEFT = 1e-10
# Singular values below this share of the largest are of directions without anchors.
_ROUNDING = 1e-12


class AffineMap(NamedTuple):
    """A map of rows, :math:`(x - m) W + c`, in units of the largest entries.

    Parameters
    ----------
    center : ndarray of shape (n_from,)
        Mean of the anchors that are mapped.
    weights : ndarray of shape (n_from, n_to)
        The linear part.
    target : ndarray of shape (n_to,)
        Mean of the anchors that they are mapped to.
    alpha : float
        The penalty, over the mean variance; 0 without one.
    """

    center: NDArray
    weights: NDArray
    target: NDArray
    alpha: float


def ridge_map(X: NDArray, Y: NDArray, alpha: float | None = None) -> AffineMap:
    r"""Ridge regression of all columns of Y, with one penalty.

    Parameters
    ----------
    X : ndarray of shape (n_anchors, n_from)
        Rows.
    Y : ndarray of shape (n_anchors, n_to)
        Where they are to go.
    alpha : float, default=None
        In units of the mean eigenvalue of :math:`X^\top X`. None tries 25 by the errors
        of anchors that are left out, in closed form [1]_.

    Returns
    -------
    AffineMap
        The map.

    References
    ----------
    .. [1] Golub, Heath and Wahba, "Generalized cross-validation as a method for
       choosing a good ridge parameter", Technometrics 21, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._anchors._maps import ridge_map
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> ridge_map(X, 3 * X + 1, 1e-9).weights.round(3)
    array([[3.]])
    """
    center, target = X.mean(axis=0), Y.mean(axis=0)
    U, s, Vt = np.linalg.svd(X - center, full_matrices=False)
    unit = (s**2).sum() / X.shape[1]
    if not unit > 0:
        weights = np.zeros((X.shape[1], Y.shape[1]))
        return AffineMap(center, weights, target, alpha or 1.0)
    told = U.T @ (Y - target)
    if alpha is None:
        errors = []
        for a in PENALTIES:
            kept = s**2 / (s**2 + a * unit)
            left = 1 - 1 / len(X) - (U**2) @ kept
            missed = (Y - target - U @ (kept[:, None] * told)).T
            errors.append(np.mean((missed / np.maximum(left, _LEAST_LEFT)) ** 2))
        alpha = float(PENALTIES[np.argmin(errors)])
    shrunk = s / (s**2 + alpha * unit)
    return AffineMap(center, Vt.T @ (shrunk[:, None] * told), target, float(alpha))


def orthogonal_map(X: NDArray, Y: NDArray) -> AffineMap:
    """Rotate, reflect, scale and move, as near as that can be.

    Parameters
    ----------
    X : ndarray of shape (n_anchors, n_from)
        Rows.
    Y : ndarray of shape (n_anchors, n_to)
        Where they are to go.

    Returns
    -------
    AffineMap
        The solution of Procrustes' problem on the directions that anchors reach, as
        many as the space with fewer columns has. Across them rows go to the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._anchors._maps import orthogonal_map
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> np.abs(orthogonal_map(X, 2 * X[:, ::-1]).weights.round(3))
    array([[0., 2.],
           [2., 0.]])
    """
    center, target = X.mean(axis=0), Y.mean(axis=0)
    A, B = X - center, Y - target
    U, s, Vt = np.linalg.svd(A.T @ B, full_matrices=False)
    size = (A**2).sum()
    scale = s.sum() / size if size > 0 else 0.0
    reached = s > _ROUNDING * s.max(initial=0.0)
    return AffineMap(center, scale * (U[:, reached] @ Vt[reached]), target, 0.0)


def turned_back(there: AffineMap) -> AffineMap:
    """The inverse of an orthogonal map, on the directions that it has."""
    square = np.linalg.norm(there.weights, 2) ** 2
    weights = there.weights.T / (square if square > 0 else 1.0)
    return AffineMap(there.target, weights, there.center, 0.0)
