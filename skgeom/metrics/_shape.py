"""How far two representations of the same rows are from a rotation of each other.

Williams, Kunz, Kornblith and Linderman, "Generalized shape metrics on neural
representations", NeurIPS 2021; Pospisil, Larsen, Harvey and Williams, "Estimating shape
distances on neural representations with limited samples", ICLR 2024.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.typing import ArrayLike, RandomStateLike


class ShapeDistance(NamedTuple):
    """An angle, and what it lies between; see :func:`shape_distance`.

    Parameters
    ----------
    distance : float
        Angle of the mean of the cosines of both ends, from 0 to pi / 2.
    low : float
        What the rows say of themselves: too small, on average.
    high : float
        What a rotation fitted to one half says of the other: too large, on average.

    Examples
    --------
    >>> from skgeom.metrics import ShapeDistance
    >>> ShapeDistance(distance=0.5, low=0.4, high=0.6).high
    0.6
    """

    distance: float
    low: float
    high: float


@validate_params(
    {
        "X": ["array-like"],
        "Y": ["array-like"],
        "n_splits": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def shape_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    n_splits: int = 5,
    random_state: RandomStateLike = None,
) -> ShapeDistance:
    r"""Bracket the angle between two representations, up to rotation and scale.

    With :math:`\Sigma_{xy}` the covariance of both, the angle is

    .. math:: \arccos \frac{\lVert \Sigma_{xy} \rVert_*}
        {\sqrt{\operatorname{tr} \Sigma_x \operatorname{tr} \Sigma_y}} ,

    the distance of Procrustes on the sphere [1]_. Of the covariance of few rows the
    nuclear norm is far too large: two representations that have nothing in common look
    alike, by a cosine of .75 for 50 rows of 50 columns [2]_. A rotation that is fitted
    to one half of the rows and tried on the other errs to the other side. The truth
    lies between their expectations.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows of one representation, at least four.
    Y : array-like of shape (n_samples, n_other_features)
        The same rows in another one.
    n_splits : int, default=5
        Random splits into halves, each used both ways.
    random_state : int, RandomState instance or None, default=None
        Draws them.

    Returns
    -------
    ShapeDistance
        The angle and both ends, in radians. NaN where all rows of one are equal.

    Raises
    ------
    ValueError
        If numbers of rows differ, are below four, or a value is NaN or infinite.

    See Also
    --------
    skgeom.embedding.AnchorAlignment : The rotation itself.

    Notes
    -----
    Means are subtracted. Both ends are expectations' bounds, not a confidence interval:
    with few rows they vary as well. Time is O(n_samples * n_features *
    min(n_samples, n_features)) for each split; n_samples is never squared unless there
    are more columns than rows.

    References
    ----------
    .. [1] Williams, Kunz, Kornblith and Linderman, "Generalized shape metrics on neural
       representations", NeurIPS 2021.
    .. [2] Pospisil, Larsen, Harvey and Williams, "Estimating shape distances on neural
       representations with limited samples", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import shape_distance
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 5))
    >>> rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    >>> round(shape_distance(X, 3 * X @ rotation, random_state=0).distance, 6)
    0.0
    >>> found = shape_distance(X, rng.normal(size=(300, 5)), random_state=0)
    >>> found.low < found.distance < found.high  # nothing in common: pi / 2
    True
    """
    X, Y = (_narrowed(A, name) for A, name in ((X, "X"), (Y, "Y")))
    check_consistent_length(X, Y)
    if not (X.any() and Y.any()):
        return ShapeDistance(*[float("nan")] * 3)
    plain = _cosine(X, Y, None)
    rng, n = check_random_state(random_state), len(X)
    found = []
    for _ in range(n_splits):
        order = rng.permutation(n)
        halves = order[: n // 2], order[n // 2 :]
        for fitted, tried in (halves, halves[::-1]):
            U, _, Vt = np.linalg.svd(_covariance(X[fitted], Y[fitted]))
            k = min(U.shape[1], Vt.shape[0])
            found.append(_cosine(X[tried], Y[tried], U[:, :k] @ Vt[:k]))
    crossed = min(float(np.mean(found)), plain)
    ends = np.clip([(plain + crossed) / 2, plain, crossed], 0.0, 1.0)
    return ShapeDistance(*map(float, np.arccos(ends)))


def _narrowed(A, name):
    """Centred rows in units of the largest entry, in no more columns than rows."""
    A = check_array(A, dtype=np.float64, ensure_min_samples=4, input_name=name)
    A = A / (np.abs(A).max() or 1.0)
    A = A - A.mean(axis=0)
    size = np.abs(A).max()
    if size <= 1e-14:
        return np.zeros((len(A), 1))
    A = A / size
    # A rotation: as far from all others as before.
    return np.linalg.qr(A.T, mode="r").T if A.shape[1] > len(A) else A


def _covariance(X, Y):
    return (X - X.mean(axis=0)).T @ (Y - Y.mean(axis=0))


def _cosine(X, Y, rotation):
    """Cosine of the angle at a rotation; without one at the best of these rows."""
    C = _covariance(X, Y)
    if rotation is None:
        shared = np.linalg.svd(C, compute_uv=False).sum()
    else:
        shared = (C * rotation).sum()
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    size = np.sqrt((X * X).sum() * (Y * Y).sum())
    return float(shared / size) if size > 0 else 0.0
