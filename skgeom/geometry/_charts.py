"""Between polar coordinates and the other charts of hyperbolic space.

Formulas are those of Ratcliffe, "Foundations of hyperbolic manifolds", 2006, chapters 3
and 4. Each way goes through radii, so that none loses more digits than its chart has.
"""

from skgeom.geometry._arrays import at_most, floats, largest_radius, or_first_axis, unit
from skgeom.typing import Array


def from_tangent(z: Array) -> Array:
    """Points from vectors at the origin, of which they are the exponential.

    Parameters
    ----------
    z : array of shape (..., n_components)
        Any finite vectors; those longer than 700 (80 in float32) are cut.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.from_tangent(np.array([[3.0, 4.0]]))
    array([[5. , 0.6, 0.8]])
    """
    xp, z = floats(z)
    direction, length = unit(xp, z)
    length = at_most(xp, length, largest_radius(xp, z))
    return xp.concat([length, or_first_axis(xp, direction, length)], axis=-1)


def to_tangent(x: Array) -> Array:
    """Vectors at the origin of which the points are the exponential.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        The radius times the direction.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.to_tangent(np.array([[5.0, 0.6, 0.8]]))
    array([[3., 4.]])
    """
    _, x = floats(x)
    return x[..., :1] * x[..., 1:]


def from_poincare(x: Array) -> Array:
    """Points from those of the Poincaré ball.

    Parameters
    ----------
    x : array of shape (..., n_components)
        Points of the ball; what is not inside is taken to be at its rim.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.from_poincare(np.array([[0.0, np.tanh(1.5)]])).round(12)
    array([[3., 0., 1.]])
    """
    xp, x = floats(x)
    direction, length = unit(xp, x)
    inside = at_most(xp, length, 1 - 2 * float(xp.finfo(x.dtype).eps))
    direction = or_first_axis(xp, direction, length)
    return xp.concat([2 * xp.atanh(inside), direction], axis=-1)


def to_poincare(x: Array) -> Array:
    """Points of the Poincaré ball.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        Of a norm below one: radii that the ball cannot tell from infinity, above 36
        (16 in float32), are put at its rim.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.to_poincare(np.array([[3.0, 0.0, 1.0]])) == [[0.0, np.tanh(1.5)]]
    array([[ True,  True]])
    """
    return _at_radius(x, lambda xp, r: xp.tanh(r / 2))


def from_klein(x: Array) -> Array:
    """Points from those of the ball of Klein, where geodesics are straight.

    Parameters
    ----------
    x : array of shape (..., n_components)
        Points of the unit ball; what is not inside is taken to be at its rim.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points. The ball of Klein has digits up to a radius of 18 (8 in float32).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.from_klein(np.array([[0.0, np.tanh(3.0)]])).round(12)
    array([[3., 0., 1.]])
    """
    xp, x = floats(x)
    direction, length = unit(xp, x)
    inside = at_most(xp, length, 1 - 2 * float(xp.finfo(x.dtype).eps))
    direction = or_first_axis(xp, direction, length)
    return xp.concat([xp.atanh(inside), direction], axis=-1)


def to_klein(x: Array) -> Array:
    """Points of the ball of Klein, where geodesics are straight.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points.

    Returns
    -------
    array of shape (..., n_components)
        Of a norm below one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.to_klein(np.array([[3.0, 0.0, 1.0]])) == [[0.0, np.tanh(3.0)]]
    array([[ True,  True]])
    """
    return _at_radius(x, lambda xp, r: xp.tanh(r))


def from_lorentz(x: Array) -> Array:
    """Points from those of the hyperboloid, time first.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points; of the time nothing is used that the other coordinates do not say.

    Returns
    -------
    array of shape (..., n_components + 1)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> x = np.array([[np.cosh(30.0), 0.0, np.sinh(30.0)]])
    >>> polar.from_lorentz(x).round(12)
    array([[30.,  0.,  1.]])
    """
    xp, x = floats(x)
    direction, length = unit(xp, x[..., 1:])
    direction = or_first_axis(xp, direction, length)
    return xp.concat([xp.asinh(length), direction], axis=-1)


def to_lorentz(x: Array) -> Array:
    """Points of the hyperboloid, time first.

    Parameters
    ----------
    x : array of shape (..., n_components + 1)
        Points, of radii up to 700 (80 in float32); larger ones are cut.

    Returns
    -------
    array of shape (..., n_components + 1)
        Hyperbolic cosine of the radius, then the sine times the direction.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> polar.to_lorentz(np.array([[np.log(2.0), 0.0, 1.0]])).round(12)
    array([[1.25, 0.  , 0.75]])
    """
    xp, x = floats(x)
    r = at_most(xp, x[..., :1], largest_radius(xp, x))
    return xp.concat([xp.cosh(r), xp.sinh(r) * x[..., 1:]], axis=-1)


def _at_radius(x, length_of):
    """Directions times a length below one."""
    xp, x = floats(x)
    rim = 1 - 2 * float(xp.finfo(x.dtype).eps)
    return at_most(xp, length_of(xp, x[..., :1]), rim) * x[..., 1:]
