"""The Grassmann manifold: subspaces of a dimension, each by an orthonormal basis.

A point is an array of shape (n_features, n_components) whose columns are orthonormal;
what it says is the subspace that they span, not the basis. A tangent vector at it has
columns at right angles to all of them. Distances are the root of the sum of squared
principal angles. (Edelman, Arias and Smith, "The geometry of algorithms with
orthogonality constraints", SIAM Journal on Matrix Analysis, 1998; Bendokat, Zimmermann
and Absil, "A Grassmann manifold handbook", 2024.)
"""

import math

import numpy as np
from sklearn.utils import check_random_state

from skgeom.geometry._arrays import at_least, floats
from skgeom.typing import Array, NDArray, RandomStateLike

__all__ = [
    "distance",
    "exp",
    "geodesic",
    "log",
    "mean",
    "principal_angles",
    "project",
    "random",
    "transport",
]


def project(x: Array) -> Array:
    """Find an orthonormal basis of what the columns span.

    Parameters
    ----------
    x : array of shape (..., n_features, n_components)
        Any finite matrices, no wider than high.

    Returns
    -------
    array of shape (..., n_features, n_components)
        Points. Where columns depend on each other, some subspace that holds them.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> grassmann.project(np.array([[3.0], [4.0]]))
    array([[0.6],
           [0.8]])
    """
    xp, x = floats(x)
    size = xp.max(xp.abs(x), axis=(-2, -1), keepdims=True)
    x = x / xp.where(size > 0, size, xp.ones_like(size))
    q, r = xp.linalg.qr(x)
    diagonal = xp.sum(r * _unit_like(xp, r), axis=-1)
    # The same basis for the same columns, whoever factorises.
    return q * xp.where(diagonal < 0, -1.0, 1.0)[..., None, :]


def principal_angles(x: Array, y: Array) -> Array:
    """Angles between subspaces, pair by pair.

    Parameters
    ----------
    x, y : array of shape (..., n_features, n_components)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        From 0 to half of pi, increasing. Small ones are as exact as large ones.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> x, y = np.eye(3)[:, :2], np.eye(3)[:, 1:]
    >>> np.rad2deg(grassmann.principal_angles(x, y)).round(6)
    array([ 0., 90.])
    """
    xp, x, y = floats(x, y)
    inner = _transposed(xp, x) @ y
    cosines = xp.linalg.svd(inner, full_matrices=False)[1]
    sines = xp.linalg.svd(y - x @ inner, full_matrices=False)[1]
    return xp.atan2(xp.flip(sines, axis=-1), cosines)


def distance(x: Array, y: Array) -> Array:
    """Length of the shortest way between subspaces, pair by pair.

    Parameters
    ----------
    x, y : array of shape (..., n_features, n_components)
        Points.

    Returns
    -------
    array of shape (...)
        Root of the sum of squared principal angles.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> x, y = np.array([[1.0], [0.0]]), np.array([[1.0], [1.0]]) / 2**0.5
    >>> float(np.rad2deg(grassmann.distance(x, y)).round(6))
    45.0
    """
    xp, x, y = floats(x, y)
    angles = principal_angles(x, y)
    return xp.sqrt(xp.sum(angles * angles, axis=-1))


def exp(x: Array, v: Array) -> Array:
    """Follow the geodesic that starts at x with velocity v, for one unit of time.

    Parameters
    ----------
    x : array of shape (..., n_features, n_components)
        Points.
    v : array of shape (..., n_features, n_components)
        Tangent vectors at x: the transpose of x times v is zero.

    Returns
    -------
    array of shape (..., n_features, n_components)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> x, v = np.array([[1.0], [0.0]]), np.array([[0.0], [np.pi / 6]])
    >>> grassmann.exp(x, v).round(3)
    array([[0.866],
           [0.5  ]])
    """
    xp, x, v = floats(x, v)
    u, angles, wt = xp.linalg.svd(v, full_matrices=False)
    turned = x @ _transposed(xp, wt) * xp.cos(angles)[..., None, :]
    moved = (turned + u * xp.sin(angles)[..., None, :]) @ wt
    # Rounding grows along chains of steps; what it bends is made straight.
    return project(moved)


def log(x: Array, y: Array) -> Array:
    """Velocity at x of the geodesic that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., n_features, n_components)
        Points.

    Returns
    -------
    array of shape (..., n_features, n_components)
        Tangent vectors at x, the inverse of `exp`. Where an angle is half of pi there
        are two ways, of which one is taken.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> x, y = np.array([[1.0], [0.0]]), np.array([[0.5], [0.75**0.5]])
    >>> (grassmann.log(x, y) / np.pi).round(6) + 0.0
    array([[0.      ],
           [0.333333]])
    """
    xp, x, y = floats(x, y)
    aligned, _, cosines, _ = _aligned(xp, x, y)
    u, angles, wt = _across(xp, x, aligned, cosines)
    return u * angles[..., None, :] @ wt


def geodesic(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the geodesics from x to y.

    Parameters
    ----------
    x, y : array of shape (..., n_features, n_components)
        Points.
    t : float or array of shape (..., 1, 1)
        0 at x, 1 at y.

    Returns
    -------
    array of shape (..., n_features, n_components)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> x, y = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> float(np.rad2deg(grassmann.distance(x, grassmann.geodesic(x, y, 0.5))).round(6))
    45.0
    """
    _, x, y = floats(x, y)
    return exp(x, t * log(x, y))


def transport(x: Array, y: Array, v: Array) -> Array:
    """Carry vectors from x to y along the geodesic, without turning them.

    Parameters
    ----------
    x, y : array of shape (..., n_features, n_components)
        Points.
    v : array of shape (..., n_features, n_components)
        Tangent vectors at x.

    Returns
    -------
    array of shape (..., n_features, n_components)
        Tangent vectors at y, with the same inner products.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> x, y = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> grassmann.transport(x, y, np.array([[0.0], [2.0]])).round(6) + 0.0
    array([[-2.],
           [ 0.]])
    """
    xp, x, y, v = floats(x, y, v)
    aligned, q, cosines, rt = _aligned(xp, x, y)
    u, angles, wt = _across(xp, x, aligned, cosines)
    along = _transposed(xp, u) @ v
    turned = u * xp.cos(angles)[..., None, :]
    turned = turned - x @ _transposed(xp, wt) * xp.sin(angles)[..., None, :]
    moved = v + turned @ along - u @ along
    # To the basis of y from the one that is next to that of x.
    return moved @ _transposed(xp, rt) @ _transposed(xp, q)


def random(
    n_points: int,
    n_features: int,
    n_components: int,
    *,
    random_state: RandomStateLike = None,
) -> NDArray:
    """Draw subspaces of which all are equally likely.

    Parameters
    ----------
    n_points : int
        How many.
    n_features, n_components : int
        Dimensions of the space and of the subspaces.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_points, n_features, n_components)
        Points, float64.

    Raises
    ------
    ValueError
        If the subspaces would be larger than the space.

    Examples
    --------
    >>> from skgeom.geometry import grassmann
    >>> grassmann.random(4, 3, 2, random_state=0).shape
    (4, 3, 2)
    """
    if n_components > n_features:
        raise ValueError(
            f"n_components={n_components} is more than n_features={n_features}."
        )
    rng = check_random_state(random_state)
    return np.asarray(
        project(rng.standard_normal((n_points, n_features, n_components)))
    )


def mean(
    x: Array, weights: Array | None = None, *, max_iter: int = 100, tol: float = 1e-10
) -> Array:
    """Find the subspace of least mean squared distance to others.

    Parameters
    ----------
    x : array of shape (n_points, n_features, n_components)
        Points.
    weights : array of shape (n_points,), default=None
        Not negative, not all zero. None is all alike.
    max_iter : int, default=100
        Steps, each to the mean of the logarithms.
    tol : float, default=1e-10
        Stop when a step is shorter.

    Returns
    -------
    array of shape (n_features, n_components)
        A point. The start is the mean of the projections; where points are far from
        each other (angles beyond a quarter of pi) there may be several.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import grassmann
    >>> angle = np.deg2rad([[10.0], [20.0], [60.0]])
    >>> x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> center = grassmann.mean(x)
    >>> float(np.rad2deg(np.arctan(center[1, 0] / center[0, 0])).round(6))
    30.0
    """
    xp, x = floats(x)
    share = xp.ones_like(x[:, 0, 0]) if weights is None else floats(x, weights)[2]
    share = (xp.astype(share, x.dtype) / xp.sum(share))[:, None, None]
    together = xp.sum(share * (x @ _transposed(xp, x)), axis=0)
    k = x.shape[-1]
    center = project(xp.linalg.eigh(together)[1][:, -k:])
    for _ in range(max_iter):
        step = xp.sum(share * log(center + xp.zeros_like(x), x), axis=0)
        center = exp(center, step)
        if math.sqrt(float(xp.sum(step * step))) <= tol:
            break
    return center


def _transposed(xp, x):
    return xp.matrix_transpose(x)


def _unit_like(xp, r):
    return xp.eye(r.shape[-1], dtype=r.dtype, device=getattr(r, "device", None))


def _aligned(xp, x, y):
    """The basis of y that is next to that of x, and how it is made."""
    q, cosines, rt = xp.linalg.svd(_transposed(xp, y) @ x, full_matrices=False)
    return y @ q @ rt, q, cosines, rt


def _across(xp, x, aligned, cosines):
    """Directions and angles from x to a subspace with an aligned basis."""
    off = aligned - x @ (_transposed(xp, x) @ aligned)
    u, sines, wt = xp.linalg.svd(off, full_matrices=False)
    # Sines fall where cosines, which are in falling order, rise.
    angles = xp.atan2(at_least(xp, sines, 0.0), xp.flip(cosines, axis=-1))
    return u, angles, wt
