"""Signed distances to geodesic hyperplanes, and losses of them with gradients.

The parametrisation without constraints is that of Mishne, Wan, Wang and Yang, "The
numerical stability of hyperbolic representation learning", ICML 2023, section 4.
"""

from types import ModuleType
from typing import NamedTuple

from skgeom.typing import Array

# The margin of the hinge, asinh(1), and a norm that is no division by zero.
_MARGIN = 0.881373587019543
_TINY = 1e-60


class Rows(NamedTuple):
    """Points in polar coordinates, and what a loss needs of their radii.

    Parameters
    ----------
    radii : array of shape (n, 1)
        Distances to the origin.
    directions : array of shape (n, n_components)
        Unit vectors.
    shrunk : array of shape (n, 1)
        Exponential of minus twice the radius.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._logistic._planes import rows_of
    >>> rows_of(np, np.array([[0.0, 1.0]])).shrunk
    array([[1.]])
    """

    radii: Array
    directions: Array
    shrunk: Array


def rows_of(xp: ModuleType, points: Array) -> Rows:
    """Split polar coordinates.

    Parameters
    ----------
    xp : module
        Array namespace.
    points : array of shape (n, n_components + 1)
        Polar coordinates.

    Returns
    -------
    Rows
        The same.
    """
    return Rows(points[:, :1], points[:, 1:], xp.exp(-2 * points[:, :1]))


def plane_scores(
    xp: ModuleType, rows: Rows, Z: Array, a: Array, *, inside: bool
) -> tuple[Array, tuple[Array, ...]]:
    r"""Scores of rows by hyperplanes, and what their gradient needs.

    The plane of :math:`(z, a)` meets the geodesic in the direction of z at a right
    angle at distance a from the origin; a row at radius r and direction u is at the
    signed distance

    .. math::
        \operatorname{arsinh}(\sinh r \cosh a \langle u, z / |z| \rangle
        - \cosh r \sinh a)

    from it. The score is :math:`|z|` times that, or, with |z| `inside`, the inverse
    sine of |z| times its argument. Hyperbolic functions of r are in units of its
    exponential, so that no radius is too large.

    Parameters
    ----------
    xp : module
        Array namespace.
    rows : Rows
        Of n points.
    Z : array of shape (k, n_components)
        Normals.
    a : array of shape (k,)
        Distances to the origin.
    inside : bool
        Which of both scores.

    Returns
    -------
    scores : array of shape (n, k)
        Positive on the side of z.
    parts : tuple of array
        For `plane_gradient`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._logistic._planes import plane_scores, rows_of
    >>> rows = rows_of(np, np.array([[3.0, 1.0, 0.0]]))
    >>> Z, a = np.array([[2.0, 0.0]]), np.array([1.0])
    >>> plane_scores(np, rows, Z, a, inside=False)[0].round(6)
    array([[4.]])
    """
    size = xp.sqrt(xp.sum(Z * Z, axis=1) + _TINY)
    units = Z / size[:, None]
    cosine = rows.directions @ xp.matrix_transpose(units)
    sinh, cosh = (1 - rows.shrunk) / 2, (1 + rows.shrunk) / 2
    height = sinh * cosine * xp.cosh(a) - cosh * xp.sinh(a)
    # asinh(e^R h) = sign(h) (R + log(|h| + sqrt(h^2 + e^-2R))), with |z| in e^R or not.
    small = rows.shrunk / (size * size if inside else xp.ones_like(size))
    root = xp.sqrt(height * height + small)
    level = xp.log(size) if inside else xp.zeros_like(size)
    above = rows.radii + level + xp.log(xp.abs(height) + root)
    told = xp.where(height < 0, -above, above)
    scores = told if inside else size * told
    return scores, (size, units, cosine, sinh, cosh, height, root, told)


def plane_gradient(
    xp: ModuleType,
    rows: Rows,
    a: Array,
    parts: tuple[Array, ...],
    slopes: Array,
    *,
    inside: bool,
) -> tuple[Array, Array]:
    """Gradients of a sum, given its derivatives by the scores.

    Parameters
    ----------
    xp : module
        Array namespace.
    rows : Rows
        Of n points.
    a : array of shape (k,)
        As in `plane_scores`.
    parts : tuple of array
        From `plane_scores`.
    slopes : array of shape (n, k)
        Derivatives of the sum by the scores.
    inside : bool
        As in `plane_scores`.

    Returns
    -------
    by_Z : array of shape (k, n_components)
        Derivatives by the normals.
    by_a : array of shape (k,)
        Derivatives by the distances.
    """
    size, units, cosine, sinh, cosh, height, root, told = parts
    by_height = slopes / root if inside else slopes * size / root
    # The derivative by |z| itself: tanh of the score over |z|, or the distance.
    by_size = slopes * (height / root / size if inside else told)
    weighed = by_height * sinh * xp.cosh(a)
    by_unit = xp.matrix_transpose(weighed) @ rows.directions
    across = by_unit - xp.sum(by_unit * units, axis=1)[:, None] * units
    by_Z = across / size[:, None] + xp.sum(by_size, axis=0)[:, None] * units
    by_a = by_height * (sinh * cosine * xp.sinh(a) - cosh * xp.cosh(a))
    return by_Z, xp.sum(by_a, axis=0)


def log_loss(xp: ModuleType, scores: Array, targets: Array) -> tuple[Array, Array]:
    """Minus the log-likelihood of classes, and its derivatives by the scores.

    Parameters
    ----------
    xp : module
        Array namespace.
    scores : array of shape (n, k)
        Logits; a single column is that of the second of two classes.
    targets : array of shape (n, k)
        1 at the class of a row, 0 elsewhere.

    Returns
    -------
    value : array of shape ()
        The sum.
    slopes : array of shape (n, k)
        Derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._logistic._planes import log_loss
    >>> value, slopes = log_loss(np, np.array([[0.0]]), np.array([[1.0]]))
    >>> float(value.round(6)), slopes
    (0.693147, array([[-0.5]]))
    """
    if scores.shape[1] == 1:
        scores = xp.concat([xp.zeros_like(scores), scores], axis=1)
        targets = xp.concat([1 - targets, targets], axis=1)
        value, slopes = log_loss(xp, scores, targets)
        return value, slopes[:, 1:]
    shifted = scores - xp.max(scores, axis=1, keepdims=True)
    logs = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    return -xp.sum(targets * logs), xp.exp(logs) - targets


def hinge_loss(xp: ModuleType, scores: Array, targets: Array) -> tuple[Array, Array]:
    """Squared hinge of hyperbolic margins, one class against the rest.

    Parameters
    ----------
    xp : module
        Array namespace.
    scores : array of shape (n, k)
        Of each class.
    targets : array of shape (n, k)
        1 at the class of a row, 0 elsewhere.

    Returns
    -------
    value : array of shape ()
        The sum.
    slopes : array of shape (n, k)
        Derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._logistic._planes import hinge_loss
    >>> hinge_loss(np, np.array([[5.0]]), np.array([[1.0]]))[0] == 0.0
    np.True_
    """
    signs = 2 * targets - 1
    missing = _MARGIN - signs * scores
    missing = xp.where(missing > 0, missing, xp.zeros_like(missing))
    return xp.sum(missing * missing), -2 * signs * missing
