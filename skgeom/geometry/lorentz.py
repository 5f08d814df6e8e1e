"""The Lorentz model: hyperbolic space as the upper sheet of a hyperboloid.

A point has a time t and spatial coordinates s, time first, with ``t^2 - |s|^2 = 1``.
The formulas are simpler than those of the ball, but digits are lost at half its radius:
19 in float64 and 9 in float32, beyond which the difference of squares is rounding.
(Nickel and Kiela, "Learning continuous hierarchies in the Lorentz model of hyperbolic
geometry", ICML 2018.)
"""

from skgeom.geometry import poincare
from skgeom.geometry._arrays import arcosh_1p, at_least, at_most, dot, floats, unit
from skgeom.typing import Array, NDArray, RandomStateLike

__all__ = [
    "distance",
    "exp",
    "geodesic",
    "inner",
    "log",
    "project",
    "random",
    "to_poincare",
    "transport",
]


def inner(x: Array, y: Array) -> Array:
    """Lorentz inner product, row by row.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points or vectors.

    Returns
    -------
    array of shape (...)
        ``-t_x t_y + <s_x, s_y>``: -1 for a point with itself.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> origin = np.array([[1.0, 0.0]])
    >>> lorentz.inner(origin, origin)
    array([-1.])
    """
    xp, x, y = floats(x, y)
    return _inner(xp, x, y)[..., 0]


def project(x: Array) -> Array:
    """Set the time of each row so that it is a point.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Any finite rows; the time is not looked at.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points. Spatial norms are at most the square root of the largest number.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> lorentz.project(np.array([[0.0, 0.75]]))
    array([[1.25, 0.75]])
    """
    xp, x = floats(x)
    direction, length = unit(xp, x[..., 1:])
    length = at_most(xp, length, 0.1 * float(xp.finfo(x.dtype).max) ** 0.5)
    return xp.concat([xp.sqrt(1 + length * length), length * direction], axis=-1)


def distance(x: Array, y: Array) -> Array:
    """Hyperbolic distance of points, row by row.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points.

    Returns
    -------
    array of shape (...)
        ``arcosh(-inner(x, y))``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> x = np.array([[np.cosh(2.0), np.sinh(2.0)]])
    >>> lorentz.distance(np.array([[1.0, 0.0]]), x).round(12)
    array([2.])
    """
    xp, x, y = floats(x, y)
    return arcosh_1p(xp, _excess(xp, x, y))[..., 0]


def exp(x: Array, v: Array) -> Array:
    """Follow the geodesic that starts at x with velocity v, for one unit of time.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points.
    v : array of shape (..., n_components + 1)
        Tangent vectors at x: ``inner(x, v)`` is zero.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> origin, v = np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]])
    >>> lorentz.distance(origin, lorentz.exp(origin, v)).round(12)
    array([2.])
    """
    xp, x, v = floats(x, v)
    largest = at_least(xp, xp.max(xp.abs(v), axis=-1, keepdims=True), 1.0)
    scaled = v / largest
    length = largest * xp.sqrt(at_least(xp, _inner(xp, scaled, scaled), 0.0))
    reach = at_most(xp, length, 0.2 * _log_max(xp, x))
    ratio = xp.where(reach > 0, xp.sinh(reach) / _safe(xp, length), 1.0 + 0 * reach)
    return project(xp.cosh(reach) * x + ratio * v)


def log(x: Array, y: Array) -> Array:
    """Velocity at x of the geodesic that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points.

    Returns
    -------
    array of shape (..., n_components + 1)
        Tangent vectors at x, the inverse of `exp`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> x = np.array([[np.cosh(2.0), np.sinh(2.0)]])
    >>> lorentz.log(np.array([[1.0, 0.0]]), x).round(12) + 0.0
    array([[0., 2.]])
    """
    xp, x, y = floats(x, y)
    excess = _excess(xp, x, y)
    sinh = xp.sqrt(excess) * xp.sqrt(excess + 2)
    ratio = xp.where(sinh > 0, arcosh_1p(xp, excess) / _safe(xp, sinh), 1.0 + 0 * sinh)
    return ratio * ((y - x) - excess * x)


def geodesic(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the geodesics from x to y.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points.
    t : float or array of shape (..., 1)
        0 at x, 1 at y.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> x = lorentz.project(np.array([[0.0, 3.0]]))
    >>> y = lorentz.project(np.array([[0.0, -3.0]]))
    >>> lorentz.geodesic(x, y, 0.5).round(6) + 0.0
    array([[1., 0.]])
    """
    _, x, y = floats(x, y)
    return exp(x, t * log(x, y))


def transport(x: Array, y: Array, v: Array) -> Array:
    """Carry vectors from x to y along the geodesic, without turning them.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points.
    v : array of shape (..., n_components + 1)
        Tangent vectors at x.

    Returns
    -------
    array of shape (..., n_components + 1)
        Tangent vectors at y, of the same length.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> origin = np.array([[1.0, 0.0, 0.0]])
    >>> x = lorentz.project(np.array([[0.0, 0.75, 0.0]]))
    >>> lorentz.transport(origin, x, np.array([[0.0, 1.0, 0.0]]))
    array([[0.75, 1.25, 0.  ]])
    """
    xp, x, y, v = floats(x, y, v)
    return v + _inner(xp, y - x, v) / (2 + _excess(xp, x, y)) * (x + y)


def random(
    n_points: int,
    n_components: int,
    *,
    scale: float = 1.0,
    random_state: RandomStateLike = None,
) -> NDArray:
    """Draw points from the wrapped normal distribution around the origin.

    Parameters
    ----------
    n_points, n_components : int
        How many, and in how many dimensions.
    scale : float, default=1.0
        Standard deviation of each component of the tangent vector at the origin.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_points, n_components + 1)
        Points, float64.

    Examples
    --------
    >>> from skgeom.geometry import lorentz
    >>> lorentz.random(3, 2, random_state=0).shape
    (3, 3)
    """
    points = poincare.random(
        n_points, n_components, scale=scale, random_state=random_state
    )
    return poincare.to_lorentz(points)


def to_poincare(x: Array) -> Array:
    """Map points to the Poincaré ball.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points of the hyperboloid.

    Returns
    -------
    array of shape (..., n_components)
        Points of the ball.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import lorentz
    >>> lorentz.to_poincare(np.array([[1.25, 0.75]])).round(6)
    array([[0.333333]])
    """
    _, x = floats(x)
    return poincare.project(x[..., 1:] / (1 + x[..., :1]))


def _inner(xp, x, y):
    return dot(xp, x[..., 1:], y[..., 1:]) - x[..., :1] * y[..., :1]


def _excess(xp, x, y):
    """-inner(x, y) - 1, from differences."""
    w = y - x
    # The difference of the times follows from the spatial parts, with more digits.
    time = dot(xp, w[..., 1:], (x + y)[..., 1:]) / (x + y)[..., :1]
    return at_least(xp, (dot(xp, w[..., 1:], w[..., 1:]) - time * time) / 2, 0.0)


def _safe(xp, x):
    return xp.where(x > 0, x, xp.ones_like(x))


def _log_max(xp, x):
    return 709.0 if float(xp.finfo(x.dtype).eps) < 1e-10 else 88.0
