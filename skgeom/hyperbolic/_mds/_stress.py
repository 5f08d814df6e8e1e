"""Weighted stress of distances in hyperbolic space, and Riemannian Adam on it.

Sammon, "A nonlinear mapping for data structure analysis", IEEE Transactions on
Computers 1969, for weights by the distance; Bécigneul and Ganea, "Riemannian adaptive
optimization methods", ICLR 2019, for Adam.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from array_api_compat import is_numpy_namespace

from skgeom.geometry._arrays import at_most
from skgeom.typing import Array

# Entries of a block of pairs: temporaries that stay in the cache of a core, or that
# keep a device busy.
_BLOCK_HERE, _BLOCK_THERE = 12_000, 4_000_000
# Steps between two looks at the stress.
STEPS_PER_LOOK = 20
# Looks without a gain after which there is none to come.
_IDLE = 5
_MOMENTUM, _MEMORY = 0.9, 0.99
# The scale moves by this share of the rate.
_SCALE_RATE = 0.3
_TINY = 1e-150
# Between points that are nearer there is no direction to go by.
_APART = 1e-8


class Configuration(NamedTuple):
    """Points in polar coordinates, and hyperbolic length of a unit of distance.

    Parameters
    ----------
    radii : array of shape (n, 1)
        Distances to the origin.
    directions : array of shape (n, n_components)
        Unit vectors.
    scale : array of shape ()
        Hyperbolic length of one unit.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._mds._stress import Configuration
    >>> Configuration(np.zeros((1, 1)), np.ones((1, 1)), np.asarray(2.0)).scale
    array(2.)
    """

    radii: Any
    directions: Any
    scale: Any


class _Moments(NamedTuple):
    """Running means of gradients, and of their squares."""

    mean: Any
    square: Any
    scale: Any
    scale_square: Any


def stress_gradient(
    xp: ModuleType, points: Configuration, targets: Array, weights: Array
) -> tuple[Array, Array, Array, Array]:
    r"""Half of the weighted squared errors of all pairs, and where it falls.

    With :math:`h = \sinh \tfrac{d}{2}` from differences of radii and directions,

    .. math::
        f = \sum_{i < j} w_{ij} (d_{ij} / s - \delta_{ij})^2, \quad
        h^2 = \sinh^2 \tfrac{r_i - r_j}{2}
        + \tfrac{1}{4} |u_i - u_j|^2 \sinh r_i \sinh r_j .

    Parameters
    ----------
    xp : module
        Array namespace.
    points : Configuration
        Of n points, float64.
    targets : array of shape (n, n)
        Distances, of which the upper half is looked at.
    weights : array of shape (n, n)
        Of the pairs, zero below and on the diagonal.

    Returns
    -------
    value : array of shape ()
        The sum.
    radial : array of shape (n, 1)
        Derivatives by the radii.
    across : array of shape (n, n_components)
        Riemannian gradients along the sphere, in hyperbolic length.
    scale : array of shape ()
        Derivative by the logarithm of the scale.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._mds._stress import Configuration, stress_gradient
    >>> two = Configuration(np.ones((2, 1)), np.array([[1.0], [-1.0]]), np.asarray(1.0))
    >>> w, far = np.triu(np.ones((2, 2)), 1), np.full((2, 2), 3.0)
    >>> value, radial, across, scale = stress_gradient(np, two, far, w)
    >>> float(value.round(6)), radial.ravel().round(6)
    (1.0, array([-2., -2.]))
    """
    r, u, s = points
    n = u.shape[0]
    root, sinh, cosh = xp.exp(r / 2), xp.sinh(r), xp.cosh(r)
    back, spread, axes = 1 / root, sinh * u, xp.matrix_transpose(u)
    radial, pull = xp.zeros_like(r), xp.zeros_like(u)
    value, slope = xp.zeros_like(s), xp.zeros_like(s)
    for rows in _blocks(xp, n):
        rest = slice(rows.start, n)
        chord = _squared_gaps(axes, rows, rest)
        ahead = root[rows] * back[rest, 0]
        behind = back[rows] * root[rest, 0]
        half = ahead - behind  # 2 sinh((r_i - r_j) / 2)
        along = (ahead + behind) * half  # 2 sinh(r_i - r_j)
        # In place: what is written to memory is what a step costs.
        square = sinh[rows] * sinh[rest, 0]
        square *= chord
        half *= half
        square += half  # (2 h)^2
        twice = square + 4
        twice *= square
        twice = xp.sqrt(twice)  # 2 sinh(d)
        square += twice
        square /= 2
        square += 1
        far = xp.log(square)
        error = far / s
        error -= targets[rows, rest]
        pressed = weights[rows, rest] * error
        error *= pressed
        value = value + xp.sum(error)
        far *= pressed
        slope = slope + xp.sum(far)
        twice += _APART
        force = pressed / twice
        along *= force
        chord *= force
        radial[rows] += xp.sum(along, axis=1, keepdims=True)
        radial[rows] += cosh[rows] * (chord @ sinh[rest])
        radial[rest] -= xp.sum(along, axis=0)[:, None]
        radial[rest] += cosh[rest] * (xp.matrix_transpose(chord) @ sinh[rows])
        pull[rows] += force @ spread[rest]
        pull[rest] += xp.matrix_transpose(force) @ spread[rows]
    pull = pull - xp.sum(pull * u, axis=1, keepdims=True) * u
    return value, 2 / s * radial, -4 / s * pull, -2 / s * slope


def _squared_gaps(axes, rows, rest):
    """Squared distances of directions, from differences."""
    found = axes[0, rows][:, None] - axes[0, rest]
    found *= found
    for k in range(1, axes.shape[0]):
        gap = axes[k, rows][:, None] - axes[k, rest]
        gap *= gap
        found += gap
    return found


def descend_stress(
    xp: ModuleType,
    start: Configuration,
    targets: Array,
    weights: Array,
    *,
    max_iter: int,
    rate: float,
    fit_scale: bool,
    max_radius: float,
    tol: float = 0.0,
    perfect: float = 0.0,
    callback: Callable | None = None,
) -> tuple[Configuration, float, int]:
    """Lower the stress by Riemannian Adam, and keep the best that was seen.

    Each point has one second moment for all of its coordinates, so that steps are as
    long in all directions of hyperbolic length. The rate falls linearly to zero.

    Parameters
    ----------
    xp : module
        Array namespace.
    start : Configuration
        Of n points, float64.
    targets, weights : array of shape (n, n)
        As in `stress_gradient`.
    max_iter : int
        Steps.
    rate : float
        Length of a first step, about.
    fit_scale : bool
        Whether the scale is free.
    max_radius : float
        Points stay within it.
    tol : float, default=0.0
        Stop when a hundred steps lower the sum by less than this share of it each
        twenty; 0 never.
    perfect : float, default=0.0
        A start with no larger sum is kept as it is.
    callback : callable, default=None
        Called as ``callback(n_iter, value)`` every twenty steps; a true value stops.

    Returns
    -------
    best : Configuration
        With the least sum, never above that of the start.
    value : float
        The sum.
    n_iter : int
        Steps made, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._mds._stress import Configuration, descend_stress
    >>> two = Configuration(np.ones((2, 1)), np.array([[1.0], [-1.0]]), np.asarray(1.0))
    >>> w, far = np.triu(np.ones((2, 2)), 1), np.full((2, 2), 3.0)
    >>> found = descend_stress(np, two, far, w, max_iter=200, rate=0.1,
    ...                        fit_scale=False, max_radius=30.0)
    >>> found[0].radii.ravel().round(2), found[1] < 1e-4
    (array([1.5, 1.5]), True)
    """
    points, best = start, start
    least = xp.zeros_like(start.scale) + float("inf")
    moments = _Moments(
        0 * xp.concat([start.radii, start.directions], axis=1),
        xp.zeros_like(start.radii),
        xp.zeros_like(start.scale),
        xp.zeros_like(start.scale),
    )
    looked, idle, n_iter = float("inf"), 0, 0
    for step in range(max_iter + 1):
        value, *slopes = stress_gradient(xp, points, targets, weights)
        best, least = _better(xp, value, points, best, least)
        if step == max_iter:
            break
        if step % STEPS_PER_LOOK == 0:
            now = float(least)
            asked = step > 0 and callback is not None and callback(step, now)
            # While steps are long the sum may go up, and come down later.
            idle = idle + 1 if step and looked - now < tol * looked else 0
            if asked or idle == _IDLE or now <= perfect:
                break
            looked = now
        n_iter = step + 1
        slowed = rate * (1 - step / max_iter)
        points, moments = _step(xp, points, moments, slopes, n_iter, slowed, max_radius)
        if not fit_scale:
            points = points._replace(scale=start.scale)
    return best, float(least), max(n_iter, 1)


def _better(xp, value, points, best, least):
    """The better of both; where a look would wait for a device, without one."""
    better = value < least
    if is_numpy_namespace(xp):
        return (points, value) if better else (best, least)
    kept = (xp.where(better, a, b) for a, b in zip(points, best, strict=True))
    return Configuration(*kept), xp.where(better, value, least)


def _step(xp, points, moments, slopes, count, rate, max_radius):
    """One step of Adam, along the radius and along the sphere."""
    r, u, s = points
    # Along the radius, and across it: of one length, and so one array.
    slope = xp.concat(slopes[:2], axis=1)
    mean = _mixed(_MOMENTUM, moments.mean, slope)
    squares = xp.sum(slope * slope, axis=1, keepdims=True) / u.shape[1]
    square = _mixed(_MEMORY, moments.square, squares)
    by_scale = _mixed(_MOMENTUM, moments.scale, slopes[2])
    scale_square = _mixed(_MEMORY, moments.scale_square, slopes[2] ** 2)
    first, second = 1 - _MOMENTUM**count, 1 - _MEMORY**count
    move = mean * (rate / first / (xp.sqrt(square / second) + _TINY))
    r = r - move[:, :1]
    sign = xp.where(r < 0, -xp.ones_like(r), xp.ones_like(r))
    r = sign * r
    # A step sideways turns by less the farther out the point is.
    u = sign * (u - move[:, 1:] / (xp.sinh(r) + 1e-6))
    u = u / xp.sqrt(xp.sum(u * u, axis=1, keepdims=True))
    across = mean[:, 1:]
    across = across - xp.sum(across * u, axis=1, keepdims=True) * u
    mean = xp.concat([sign * mean[:, :1], across], axis=1)
    scale_move = by_scale / first / (xp.sqrt(scale_square / second) + _TINY)
    s = s * xp.exp(-_SCALE_RATE * rate * scale_move)
    r = at_most(xp, r, max_radius)
    return Configuration(r, u, s), _Moments(mean, square, by_scale, scale_square)


def _mixed(share, before, now):
    return share * before + (1 - share) * now


def _blocks(xp, n):
    """Rows of the upper half of an n x n table, in blocks of about as many entries."""
    most = _BLOCK_HERE if is_numpy_namespace(xp) else _BLOCK_THERE
    start = 0
    while start < n:
        stop = min(start + max(most // (n - start), 1), n)
        yield slice(start, stop)
        start = stop
