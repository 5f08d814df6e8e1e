"""Polar coordinates of hyperbolic space: a radius and a direction.

A row holds the distance to the origin, then a unit vector: ``(r, u_1, ..., u_d)``. What
needs digits in the other charts, the gap to the rim of the ball, needs none here: radii
of hundreds are numbers like others, and only directions lose digits with radius. Two
directions that differ by a rounding error are apart by one unit at a radius of 36 in
float64 and of 16 in float32. A direction that is a sum of several floats, as
`add_to_terms` makes it, goes beyond.

Vectors at a point are told in the frame of the origin, carried along the radius: u
itself is the way outwards everywhere. The formulas are those of hyperbolic triangles,
as in Ratcliffe, "Foundations of hyperbolic manifolds", 2006, section 3.5, in a form
without cancellation; sums of floats go back to Shewchuk, "Adaptive precision
floating-point arithmetic and fast robust geometric predicates", Discrete and
Computational Geometry 18, 1997.
"""

from typing import NamedTuple

from sklearn.utils import check_random_state

from skgeom.geometry._arrays import (
    at_least,
    at_most,
    dot,
    floats,
    largest_radius,
    or_first_axis,
    unit,
)
from skgeom.geometry._charts import (
    from_klein,
    from_lorentz,
    from_poincare,
    from_tangent,
    to_klein,
    to_lorentz,
    to_poincare,
    to_tangent,
)
from skgeom.geometry._karcher import karcher_mean, normalised
from skgeom.typing import Array, ArrayLike, NDArray, RandomStateLike

__all__ = [
    "Step",
    "add_to_terms",
    "distance",
    "exp",
    "from_klein",
    "from_lorentz",
    "from_poincare",
    "from_tangent",
    "geodesic",
    "log",
    "mean",
    "project",
    "random",
    "separation",
    "step",
    "to_klein",
    "to_lorentz",
    "to_poincare",
    "to_tangent",
]


class Step(NamedTuple):
    """Where a step along a geodesic leads; see :func:`step`.

    Parameters
    ----------
    radius : array of shape (..., 1)
        Distance of the new point to the origin.
    turn : array of shape (..., n_components)
        What is added to the direction: small far from the origin, to its last digit.
    back : array of shape (..., n_components)
        Direction at the new point in which the step came.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> outwards = polar.step(np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 0.0]]), 2.0)
    >>> outwards.radius, outwards.back + 0.0
    (array([[3.]]), array([[-1.,  0.]]))
    """

    radius: Array
    turn: Array
    back: Array


def project(x: Array) -> Array:
    """Make directions unit vectors, and radii positive by turning around.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Any finite rows. A direction of zeros becomes that of the first axis, and radii
        above 700 (80 in float32) are cut.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.project(np.array([[-2.0, 3.0, 4.0]]))
    array([[ 2. , -0.6, -0.8]])
    """
    xp, x = floats(x)
    direction, length = unit(xp, x[..., 1:])
    direction = or_first_axis(xp, direction, length)
    sign = xp.where(x[..., :1] < 0, -1.0 + 0 * length, 1.0 + 0 * length)
    radius = at_most(xp, xp.abs(x[..., :1]), largest_radius(xp, x))
    return xp.concat([radius, sign * direction], axis=-1)


def distance(x: Array, y: Array) -> Array:
    """Hyperbolic distance of points, row by row.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points, of radii up to 700 (80 in float32).

    Returns
    -------
    array of shape (...)
        Distances.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> x, y = np.array([[300.0, 1.0, 0.0]]), np.array([[200.0, -1.0, 0.0]])
    >>> polar.distance(x, y).round(12)
    array([500.])
    """
    xp, x, y = floats(x, y)
    _, chord = unit(xp, x[..., 1:] - y[..., 1:])
    return separation(x[..., 0], y[..., 0], chord[..., 0])


def separation(r: Array, s: Array, chord: Array) -> Array:
    r"""Hyperbolic distance from radii and the distance of the directions.

    Parameters
    ----------
    r, s : array of shape (...)
        Radii of two points, >= 0.
    chord : array of shape (...)
        Length of the difference of their directions, in [0, 2].

    Returns
    -------
    array of shape (...)
        The d with :math:`\sinh^2 \tfrac{d}{2} = \sinh^2 \tfrac{r - s}{2}
        + \tfrac{1}{4} c^2 \sinh r \sinh s`, where c is the chord.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.separation(np.array([1.0]), np.array([1.0]), np.array([2.0])).round(12)
    array([2.])
    """
    xp, r, s, chord = floats(r, s, chord)
    across = chord / 2 * _root_sinh(xp, r) * _root_sinh(xp, s)
    return 2 * xp.asinh(xp.hypot(xp.sinh((r - s) / 2), across))


def step(x: Array, direction: Array, length: float | Array) -> Step:
    r"""Go along a geodesic from x, and say what it changes.

    With R the radius, t the length and :math:`\varphi` the angle between the way
    outwards and the direction, the new direction is turned by the angle of the point

    .. math::
        \bigl(\sinh R \cosh t + \cosh R \sinh t \cos\varphi,\ \sinh t \sin\varphi\bigr)

    whose length is the hyperbolic sine of the new radius. `turn` is computed as a
    difference, so that a direction far out, of which a step changes the last digits
    alone, can be kept as a sum of floats (:func:`add_to_terms`).

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points.
    direction : array of shape (..., n_components)
        Unit vectors at x.
    length : float or array of shape (..., 1)
        How far, >= 0.

    Returns
    -------
    Step
        New radii, changes of the directions, and the directions of the way back.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> x = np.array([[40.0, 1.0, 0.0]])
    >>> sideways = polar.step(x, np.array([[0.0, 1.0]]), 1.0)
    >>> sideways.radius.round(3), bool(0 < sideways.turn[0, 1] < 1e-16)
    (array([[40.434]]), True)
    """
    xp, x, direction = floats(x, direction)
    R, u = x[..., :1], x[..., 1:]
    t = length + 0 * R
    # One plus the cosine, and the sine, from differences.
    towards = direction + u
    opening = dot(xp, towards, towards) / 2
    aside = direction - dot(xp, direction, u) * u
    aside = aside - dot(xp, aside, u) * u
    v, sine = unit(xp, aside)
    # All hyperbolic functions of the radius in units of its exponential.
    sinh_R, cosh_R = _scaled_sinh(xp, R), (1 + xp.exp(-2 * R)) / 2
    inwards = (xp.exp(-t) - xp.exp(t - 2 * R)) / 2  # sinh(R - t)
    across = xp.exp(-R) * xp.sinh(t) * sine
    along = inwards + cosh_R * xp.sinh(t) * opening
    log_sinh = R + xp.log(at_least(xp, xp.hypot(across, along), _tiny(xp, x)))
    radius = _asinh_of_exp(xp, log_sinh)
    turned = xp.atan2(across, along)
    turn = xp.sin(turned) * v - 2 * xp.sin(turned / 2) ** 2 * u
    ahead = sinh_R * xp.cosh(t) * opening - inwards
    beside = sinh_R * sine
    size = xp.hypot(ahead, beside)
    # Where a step ends at the origin all frames are one.
    new, new_v = u + turn, xp.cos(turned) * v - xp.sin(turned) * u
    size = xp.where(size > 0, size, xp.ones_like(size))
    back = -(ahead / size) * new - (beside / size) * new_v
    start = R <= 0
    radius = xp.where(start, t, radius)
    turn = xp.where(start, direction - u, turn)
    back = xp.where(start, -direction, back)
    return Step(radius, turn, back)


def add_to_terms(terms: Array, change: Array) -> Array:
    """Add to a sum of floats, losing no digit that its terms have room for.

    Parameters
    ----------
    terms : array of shape (n_terms, ...)
        Floats whose sum is meant, the large ones first.
    change : array of shape (...)
        What is added.

    Returns
    -------
    array of shape (n_terms, ...)
        Floats whose sum is the new one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.add_to_terms(np.array([1.0, 0.0]), np.asarray(1e-20))
    array([1.e+00, 1.e-20])
    """
    xp, terms, change = floats(terms, change)
    kept = []
    for k in range(terms.shape[0]):
        # The rounding error of a sum is a float (Shewchuk 1997, theorem 7).
        total = terms[k] + change
        part = total - terms[k]
        change = (terms[k] - (total - part)) + (change - part)
        kept.append(total)
    return xp.stack(kept)


def exp(x: Array, v: Array) -> Array:
    """Follow the geodesic that starts at x with velocity v, for one unit of time.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points.
    v : array of shape (..., n_components)
        Vectors at x, in the frame of the origin carried along the radius. Those longer
        than 700 (80 in float32) are cut.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> x, v = np.array([[9.0, 0.6, 0.8]]), np.array([[3.0, -4.0]])
    >>> polar.log(x, polar.exp(x, v)).round(9)
    array([[ 3., -4.]])
    """
    xp, x, v = floats(x, v)
    direction, length = unit(xp, v)
    direction = or_first_axis(xp, direction, length)
    length = at_most(xp, length, largest_radius(xp, x))
    radius, turn, _ = step(x, direction, length)
    return project(xp.concat([radius, x[..., 1:] + turn], axis=-1))


def log(x: Array, y: Array) -> Array:
    """Velocity at x of the geodesic that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., n_components + 1)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        Vectors in the frame of the origin carried along the radius of x.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> x, y = np.array([[2.0, 1.0, 0.0]]), np.array([[3.0, -1.0, 0.0]])
    >>> polar.log(x, y).round(12) + 0.0
    array([[-5.,  0.]])
    """
    xp, x, y = floats(x, y)
    R, u = x[..., :1], x[..., 1:]
    S, w = y[..., :1], y[..., 1:]
    chord, length = unit(xp, w - u)
    aside = length * (chord - dot(xp, chord, u) * u)
    v, sine = unit(xp, aside)
    # In units of the exponential of S, as in `step`.
    cosh_R = (xp.exp(R) + xp.exp(-R)) / 2
    inwards = (xp.exp(-R) - xp.exp(R - 2 * S)) / 2  # sinh(S - R)
    along = inwards - cosh_R * _scaled_sinh(xp, S) * length * length / 2
    across = _scaled_sinh(xp, S) * sine
    size = xp.hypot(along, across)
    size = xp.where(size > 0, size, xp.ones_like(size))
    far = separation(R, S, length)
    found = far / size * (along * u + across * v)
    return xp.where(R > 0, found, S * w)


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
    >>> from skgeom.geometry import polar
    >>> x, y = np.array([[5.0, 1.0, 0.0]]), np.array([[3.0, -1.0, 0.0]])
    >>> polar.geodesic(x, y, 0.5).round(6) + 0.0
    array([[1., 1., 0.]])
    """
    _, x, y = floats(x, y)
    return exp(x, t * log(x, y))


def mean(x: Array, weights: ArrayLike | None = None, *, max_iter: int = 100) -> Array:
    """The point with the least sum of squared distances, which is unique.

    Parameters
    ----------
    x : array of shape (n, n_components + 1)
        Points.
    weights : array-like of shape (n,), default=None
        Numbers >= 0; None is equal ones.
    max_iter : int, default=100
        Steps at most.

    Returns
    -------
    array of shape (n_components + 1,)
        The mean.

    Raises
    ------
    ValueError
        If `weights` are not such numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.mean(np.array([[1.0, 1.0, 0.0], [3.0, 1.0, 0.0]])).round(9)
    array([2., 1., 0.])
    """
    xp, x = floats(x)
    weights = normalised(xp, weights, x, x.shape[0])[:, None]

    def tangent(at):
        return xp.sum(weights * log(at, x), axis=0, keepdims=True)

    def inner(u, v):
        return float(xp.sum(u * v))

    start = from_tangent(xp.sum(weights * to_tangent(x), axis=0, keepdims=True))
    far = float(xp.max(distance(start, x)))
    tol = 64 * float(xp.finfo(x.dtype).eps) * (1 + far)
    shortest = 1 / (1 + far)
    return karcher_mean(
        start, tangent, exp, inner, tol=tol, shortest=shortest, max_iter=max_iter
    )[0]


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
    >>> from skgeom.geometry import polar
    >>> polar.random(3, 2, random_state=0).shape
    (3, 3)
    """
    rng = check_random_state(random_state)
    return from_tangent(scale * rng.standard_normal((n_points, n_components)))


def _root_sinh(xp, r):
    """Square roots of hyperbolic sines, finite up to radii of 1,400."""
    return xp.exp(r / 2) * xp.sqrt(_scaled_sinh(xp, r))


def _scaled_sinh(xp, r):
    """Hyperbolic sines in units of the exponential."""
    return -xp.expm1(-2 * r) / 2


def _asinh_of_exp(xp, x):
    """Inverse hyperbolic sines of exponentials, for exponents of any size."""
    high = at_least(xp, x, 0.0)
    low = xp.asinh(xp.exp(at_most(xp, x, 0.0)))
    return xp.where(x > 0, high + xp.log1p(xp.sqrt(1 + xp.exp(-2 * high))), low)


def _tiny(xp, x):
    return float(xp.finfo(x.dtype).smallest_normal)
