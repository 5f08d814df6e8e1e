"""The unit sphere, in ambient coordinates, and the Bessel functions of its densities.

A row with p entries is a point of the sphere of dimension p - 1 if its norm is one. As
in Mardia and Jupp, "Directional statistics", 2000. Distances come from the chord to
both ends, and directions are made orthogonal twice, so that points that are almost
equal, and points that are almost opposite, keep their digits.

Longitude and latitude are in degrees; on the sphere of three coordinates the third
axis is north, and the first meets the equator at longitude zero.
"""

import math

import numpy as np
from sklearn.utils import check_random_state

from skgeom.geometry._arrays import at_least, dot, floats, or_first_axis, unit
from skgeom.geometry._bessel import bessel_ratio, log_iv, log_peak
from skgeom.geometry._rejection import cosine_drops
from skgeom.typing import Array, NDArray, RandomStateLike

__all__ = [
    "bessel_ratio",
    "distance",
    "exp",
    "from_lonlat",
    "geodesic",
    "log",
    "log_iv",
    "log_peak",
    "log_volume",
    "mean",
    "project",
    "random",
    "random_around",
    "to_lonlat",
    "transport",
]


def project(x: Array) -> Array:
    """Divide rows by their norms.

    Parameters
    ----------
    x : array of shape (..., n_features)
        Any finite rows. A row of zeros becomes the first axis.

    Returns
    -------
    array of shape (..., n_features)
        Points: rows of norm one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.project(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [1. , 0. ]])
    """
    xp, x = floats(x)
    return or_first_axis(xp, *unit(xp, x))


def distance(x: Array, y: Array) -> Array:
    """Angle between points, row by row.

    Parameters
    ----------
    x, y : array of shape (..., n_features)
        Points.

    Returns
    -------
    array of shape (...)
        In [0, pi].

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> x = np.array([[1.0, 0.0]])
    >>> y = np.array([[np.cos(1e-9), np.sin(1e-9)]])
    >>> sphere.distance(x, y)
    array([1.e-09])
    """
    xp, x, y = floats(x, y)
    (_, apart), (_, other) = unit(xp, x - y), unit(xp, x + y)
    return (2 * xp.atan2(apart, other))[..., 0]


def exp(x: Array, v: Array) -> Array:
    """Follow the great circle that starts at x with velocity v, for one unit of time.

    Parameters
    ----------
    x : array of shape (..., n_features)
        Points.
    v : array of shape (..., n_features)
        Tangent vectors at x, orthogonal to it.

    Returns
    -------
    array of shape (..., n_features)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.exp(np.array([[1.0, 0.0]]), np.array([[0.0, np.pi / 2]])).round(12)
    array([[0., 1.]])
    """
    xp, x, v = floats(x, v)
    direction, length = unit(xp, v)
    return project(xp.cos(length) * x + xp.sin(length) * direction)


def log(x: Array, y: Array) -> Array:
    """Velocity at x of the great circle that reaches y after one unit of time.

    Parameters
    ----------
    x, y : array of shape (..., n_features)
        Points. To the point opposite of x all ways are equally long: the one along the
        axis that x is nearest to be orthogonal to is taken.

    Returns
    -------
    array of shape (..., n_features)
        Tangent vectors at x, of length `distance`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.log(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).round(6)
    array([[0.      , 1.570796]])
    """
    xp, x, y = floats(x, y)
    return distance(x, y)[..., None] * _towards(xp, x, y)


def geodesic(x: Array, y: Array, t: float | Array) -> Array:
    """Points on the great circles from x to y.

    Parameters
    ----------
    x, y : array of shape (..., n_features)
        Points.
    t : float or array of shape (..., 1)
        0 at x, 1 at y.

    Returns
    -------
    array of shape (..., n_features)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> x, y = np.eye(2)[:1], np.eye(2)[1:]
    >>> sphere.geodesic(x, y, 0.5).round(6)
    array([[0.707107, 0.707107]])
    """
    _, x, y = floats(x, y)
    return exp(x, t * log(x, y))


def transport(x: Array, y: Array, v: Array) -> Array:
    """Carry vectors from x to y along the great circle, without turning them.

    Parameters
    ----------
    x, y : array of shape (..., n_features)
        Points.
    v : array of shape (..., n_features)
        Tangent vectors at x.

    Returns
    -------
    array of shape (..., n_features)
        Tangent vectors at y, of the same length.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> x, y = np.eye(3)[:1], np.eye(3)[1:2]
    >>> sphere.transport(x, y, y).round(12) + 0.0
    array([[-1.,  0.,  0.]])
    """
    xp, x, y, v = floats(x, y, v)
    angle, direction = distance(x, y)[..., None], _towards(xp, x, y)
    along = dot(xp, v, direction)
    # cos(angle) - 1 without the difference.
    turned = -2 * xp.sin(angle / 2) ** 2 * direction - xp.sin(angle) * x
    return v + along * turned


def random(
    n_points: int, n_features: int, *, random_state: RandomStateLike = None
) -> NDArray:
    """Draw points from the uniform distribution.

    Parameters
    ----------
    n_points, n_features : int
        How many, and with how many coordinates.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_points, n_features)
        Points, float64.

    Examples
    --------
    >>> from skgeom.geometry import sphere
    >>> sphere.random(4, 3, random_state=0).shape
    (4, 3)
    """
    rng = check_random_state(random_state)
    return project(rng.standard_normal((n_points, n_features)))


def random_around(
    x: NDArray, concentration: NDArray, *, random_state: RandomStateLike = None
) -> NDArray:
    """Draw a point around each of these, from the von Mises-Fisher distribution.

    The cosine by rejection (Wood, "Simulation of the von Mises Fisher distribution",
    Communications in Statistics 23, 1994), the rest uniform around the mean.

    Parameters
    ----------
    x : ndarray of shape (n_points, n_features)
        Points.
    concentration : ndarray of shape (n_points,)
        Concentrations >= 0; zero is uniform.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_points, n_features)
        Points, float64.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> y = sphere.random_around(np.eye(3), np.full(3, 1e6), random_state=0)
    >>> bool(y.diagonal().min() > 0.99)
    True
    """
    rng = check_random_state(random_state)
    n, p = x.shape
    if p == 1:
        opposite = rng.uniform(size=n) > 1 / (1 + np.exp(-2 * concentration))
        return np.where(opposite[:, None], -x, x)
    drop = cosine_drops(concentration, p, rng)[:, None]
    around = rng.standard_normal((n, p))
    around = project(around - dot(np, around, x) * x)
    return project((1 - drop) * x + np.sqrt(drop * (2 - drop)) * around)


def mean(
    x: Array, weights: Array | None = None, *, tol: float = 1e-12, max_iter: int = 100
) -> Array:
    """The point with the least sum of squared angles to others.

    Gradient steps start at the projected mean of the coordinates. The mean is unique if
    the points are in an open half-sphere; of others a local one is found.

    Parameters
    ----------
    x : array of shape (..., n_points, n_features)
        Points.
    weights : array of shape (..., n_points), default=None
        Weights >= 0 with a positive sum; all one by default.
    tol : float, default=1e-12
        Length of the mean tangent vector at which steps end; never below the rounding
        error of the type.
    max_iter : int, default=100
        Most steps.

    Returns
    -------
    array of shape (..., n_features)
        Means.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.mean(np.eye(3)).round(6)
    array([0.57735, 0.57735, 0.57735])
    """
    xp, x = floats(x)
    weights = xp.ones_like(x[..., 0]) if weights is None else floats(weights)[1]
    share = weights / xp.max(weights, axis=-1, keepdims=True)
    share = (share / xp.sum(share, axis=-1, keepdims=True))[..., None]
    start, length = unit(xp, xp.sum(share * x, axis=-2, keepdims=True))
    eps = float(xp.finfo(x.dtype).eps)
    # Where the points balance each other, from one of them.
    center = xp.where(length > 4 * eps, start, x[..., :1, :])
    for _ in range(max_iter):
        step = xp.sum(share * log(center, x), axis=-2, keepdims=True)
        center = exp(center, step)
        if not float(xp.max(xp.abs(step))) > max(tol, 2 * eps):
            break
    return center[..., 0, :]


def log_volume(distance: Array, dim: int) -> Array:
    """Logarithm of the volume that `exp` makes of a unit of the tangent space.

    Parameters
    ----------
    distance : array of shape (...)
        Lengths of tangent vectors, in [0, pi].
    dim : int
        Dimension of the sphere: one less than the number of coordinates.

    Returns
    -------
    array of shape (...)
        ``(dim - 1) log(sin r / r)``: zero at zero, very negative at pi.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.log_volume(np.array([0.0, np.pi / 2]), 2).round(6)
    array([ 0.      , -0.451583])
    """
    xp, r = floats(distance)
    away = xp.where(r > 0, r, xp.ones_like(r))
    sine = at_least(xp, xp.sin(away), float(xp.finfo(r.dtype).smallest_normal))
    ratio = xp.where(r > 0, sine / away, xp.ones_like(r))
    return (dim - 1) * xp.log(ratio)


def from_lonlat(x: Array) -> Array:
    """Points from longitude and latitude.

    Parameters
    ----------
    x : array of shape (..., 2)
        Longitudes, then latitudes, in degrees. Any finite numbers: a latitude of 100
        degrees is ten degrees behind the pole.

    Returns
    -------
    array of shape (..., 3)
        Points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.from_lonlat(np.array([[90.0, 0.0]])).round(12)
    array([[0., 1., 0.]])
    """
    xp, x = floats(x)
    radians = x * (math.pi / 180)
    lon, lat = radians[..., 0], radians[..., 1]
    across = xp.cos(lat)
    return xp.stack([across * xp.cos(lon), across * xp.sin(lon), xp.sin(lat)], axis=-1)


def to_lonlat(x: Array) -> Array:
    """Longitude and latitude of points.

    Parameters
    ----------
    x : array of shape (..., 3)
        Points.

    Returns
    -------
    array of shape (..., 2)
        Longitudes in [-180, 180] and latitudes in [-90, 90], in degrees.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.to_lonlat(np.array([[0.0, 0.6, 0.8]])).round(3)
    array([[90.  , 53.13]])
    """
    xp, x = floats(x)
    lon = xp.atan2(x[..., 1], x[..., 0])
    lat = xp.atan2(x[..., 2], xp.hypot(x[..., 0], x[..., 1]))
    return xp.stack([lon, lat], axis=-1) * (180 / math.pi)


def _towards(xp, x, y):
    """Unit tangent vectors at x, to y; zero only where there is no tangent."""
    between = y - x
    aside = between - dot(xp, between, x) * x
    aside = aside - dot(xp, aside, x) * x
    (direction, length), (_, chord) = unit(xp, aside), unit(xp, between)
    # What is left of opposite points is rounding.
    noise = 8 * float(xp.finfo(x.dtype).eps) * chord
    least = xp.argmin(xp.abs(x) + 0 * y, axis=-1)
    axis = xp.astype(xp.arange(x.shape[-1]) == least[..., None], x.dtype)
    other = axis - dot(xp, axis, x) * x
    other, _ = unit(xp, other - dot(xp, other, x) * x)
    return xp.where(length > noise, direction, other)
