"""The Poincaré ball: hyperbolic space of curvature -1 in the open unit ball.

Rows are points. Vectors are in the ball's coordinates, where the metric is
``4 / (1 - |x|^2)^2`` times the Euclidean one. Radii up to ``log(4 / eps)`` can be told
apart, with eps the rounding error of the type: 37 in float64, 17 in float32. What lies
beyond is put back to that rim, so that all results are finite.

Formulas are those of Ungar's gyrovectors, as in Ganea, Bécigneul and Hofmann,
"Hyperbolic neural networks", NeurIPS 2018, written with the difference w = y - x and
the gaps ``1 - |x|^2``, which keep their digits at the rim.
"""

import numpy as np
from sklearn.utils import check_random_state

from skgeom.geometry._arrays import arcosh_1p, at_least, at_most, dot, floats, unit
from skgeom.typing import Array, NDArray, RandomStateLike

__all__ = [
    "distance",
    "exp",
    "gap",
    "geodesic",
    "log",
    "project",
    "random",
    "to_lorentz",
    "translate",
    "transport",
]


def gap(x: Array) -> Array:
    """One minus the squared norm of each point.

    Parameters
    ----------
    x : array of shape (..., n_components)
        Points.

    Returns
    -------
    array of shape (..., 1)
        In (0, 1], at least the rounding error of the type.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> poincare.gap(np.array([[0.0, 0.5]]))
    array([[0.75]])
    """
    xp, x = floats(x)
    _, length = unit(xp, x)
    return at_least(xp, (1 - length) * (1 + length), _eps(xp, x))


def project(x: Array) -> Array:
    """Put rows that are not inside the ball at its rim, in the same direction.

    Parameters
    ----------
    x : array of shape (..., n_components)
        Any finite rows.

    Returns
    -------
    array of shape (..., n_components)
        Points: rows with a norm below one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> bool(np.linalg.norm(poincare.project(np.array([[3.0, 4.0]]))) < 1)
    True
    """
    xp, x = floats(x)
    direction, length = unit(xp, x)
    # Rounding of the product and of whoever measures it must not reach one.
    rim = 1 - 2 * _eps(xp, x)
    return xp.where(length > rim, direction * rim, x)


def distance(x: Array, y: Array) -> Array:
    """Hyperbolic distance of points, row by row.

    Parameters
    ----------
    x, y : array of shape (..., n_components)
        Points.

    Returns
    -------
    array of shape (...)
        ``arcosh(1 + 2 |x - y|^2 / ((1 - |x|^2) (1 - |y|^2)))``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> origin, x = np.zeros((1, 2)), np.array([[0.0, np.tanh(1.5)]])
    >>> poincare.distance(origin, x).round(12)
    array([3.])
    """
    xp, x, y = floats(x, y)
    _, length = unit(xp, y - x)
    ratio = length / xp.sqrt(gap(x)) / xp.sqrt(gap(y))
    return arcosh_1p(xp, 2 * ratio * ratio)[..., 0]


def translate(x: Array, y: Array) -> Array:
    """Möbius sum of x and y: the translation that takes the origin to x, on y.

    Parameters
    ----------
    x, y : array of shape (..., n_components)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> x = np.array([[0.3, 0.4]])
    >>> poincare.translate(-x, x)
    array([[0., 0.]])
    """
    _, x, y = floats(x, y)
    return _translate(x, y, gap(y))


def exp(x: Array, v: Array) -> Array:
    """Follow the geodesic that starts at x with velocity v, for one unit of time.

    Parameters
    ----------
    x : array of shape (..., n_components)
        Points.
    v : array of shape (..., n_components)
        Vectors at x.

    Returns
    -------
    array of shape (..., n_components)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> x = np.array([[0.3, 0.4]])
    >>> v = np.array([[0.1, -0.2]])
    >>> poincare.log(x, poincare.exp(x, v)).round(12)
    array([[ 0.1, -0.2]])
    """
    xp, x, v = floats(x, v)
    direction, length = unit(xp, v)
    half = at_most(xp, length / gap(x), 350.0 if _eps(xp, x) < 1e-10 else 40.0)
    return _translate(x, xp.tanh(half) * direction, 1 / xp.cosh(half) ** 2)


def log(x: Array, y: Array) -> Array:
    """Velocity at x of the geodesic that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., n_components)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        Vectors at x, the inverse of `exp`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> poincare.log(np.zeros((1, 1)), np.array([[np.tanh(0.5)]]))
    array([[0.5]])
    """
    xp, x, y = floats(x, y)
    towards, length = unit(xp, y - x)
    direction, _ = unit(xp, gap(x) * towards - length * x)
    return gap(x) / 2 * distance(x, y)[..., None] * direction


def geodesic(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the geodesics from x to y.

    Parameters
    ----------
    x, y : array of shape (..., n_components)
        Points.
    t : float or array of shape (..., 1)
        0 at x, 1 at y.

    Returns
    -------
    array of shape (..., n_components)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> x = np.array([[0.3, 0.4]])
    >>> poincare.geodesic(x, -x, 0.5).round(12) + 0.0
    array([[0., 0.]])
    """
    _, x, y = floats(x, y)
    return exp(x, t * log(x, y))


def transport(x: Array, y: Array, v: Array) -> Array:
    """Carry vectors from x to y along the geodesic, without turning them.

    Parameters
    ----------
    x, y : array of shape (..., n_components)
        Points.
    v : array of shape (..., n_components)
        Vectors at x.

    Returns
    -------
    array of shape (..., n_components)
        Vectors at y, of the same hyperbolic length.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> origin, x = np.zeros((1, 2)), np.array([[0.6, 0.0]])
    >>> poincare.transport(origin, x, np.array([[0.0, 1.0]]))
    array([[0.  , 0.64]])
    """
    xp, x, y, v = floats(x, y, v)
    w = y - x
    square, along_x, along_w = dot(xp, w, w), dot(xp, x, v), dot(xp, w, v)
    x_gap, y_gap = gap(x), gap(y)
    on_x = x_gap * along_w - square * along_x
    on_w = -along_x * (y_gap + square) - (1 - x_gap) * along_w
    turned = v + 2 * (on_x * x + on_w * w) / (x_gap * y_gap + square)
    return y_gap / x_gap * turned


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
        Standard deviation of each component of the tangent vector at the origin, in
        units of hyperbolic length.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_points, n_components)
        Points, float64.

    Examples
    --------
    >>> from skgeom.geometry import poincare
    >>> poincare.random(3, 2, random_state=0).shape
    (3, 2)
    """
    rng = check_random_state(random_state)
    tangents = scale * rng.standard_normal((n_points, n_components))
    return exp(np.zeros_like(tangents), tangents / 2)


def to_lorentz(x: Array) -> Array:
    """Map points to the Lorentz model.

    Parameters
    ----------
    x : array of shape (..., n_components)
        Points of the ball.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points of the hyperboloid, time first.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import poincare
    >>> poincare.to_lorentz(np.zeros((1, 2)))
    array([[1., 0., 0.]])
    """
    xp, x = floats(x)
    x_gap = gap(x)
    return xp.concat([(2 - x_gap) / x_gap, 2 * x / x_gap], axis=-1)


def _translate(x, y, y_gap):
    xp, x, y = floats(x, y)
    w = x + y
    square, x_gap = dot(xp, w, w), gap(x)
    bottom = x_gap * y_gap + square
    bottom = xp.where(bottom > 0, bottom, xp.ones_like(bottom))
    return project((x_gap * w + square * x) / bottom)


def _eps(xp, x):
    return float(xp.finfo(x.dtype).eps)
