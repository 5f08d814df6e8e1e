"""Where new rows go, by their distances to points that stay.

Damped Newton steps, as in Nocedal and Wright, "Numerical optimization", 2006,
chapters 3 and 10, in the tangent spaces of hyperbolic space.
"""

from types import ModuleType

import numpy as np
import scipy.sparse as sp

from skgeom.geometry import polar
from skgeom.graph import Attachment
from skgeom.typing import Array, NDArray

# Steps, and by what damping shrinks: fixed, so that places are continuous in distances.
_N_STEPS, _SHRINKS, _LEAST_DAMPING = 25, 0.6, 1e-9
_LONGEST_STEP = 1.5
_TINY = 1e-150
# Of the largest distance: what is nearer weighs no more.
_NEAREST = 1e-2


def place_rows(
    xp: ModuleType, points: Array, scale: float, distances: Array, weights: Array
) -> Array:
    r"""Place rows at the distances that they should have from some points.

    The start is linear: :math:`x_0 \cosh r_j - x \cdot u_j \sinh r_j = \cosh s
    \delta_j`, each equation divided by its right side, lest the farthest points alone
    decide. Steps are those of Newton on the weighted squared errors, without what is
    negative in their second derivatives, with a
    damping that falls as a schedule says and not as a trial went: what comes out is
    continuous in the distances, and of no other row.

    Parameters
    ----------
    xp : module
        Array namespace.
    points : array of shape (m, n_components + 1)
        Polar coordinates of the points that stay.
    scale : float
        Hyperbolic length of one unit of distance.
    distances : array of shape (n_rows, m)
        To the points, >= 0.
    weights : array of shape (n_rows, m)
        Of the errors, >= 0; zero where a distance is not known.

    Returns
    -------
    array of shape (n_rows, n_components + 1)
        Polar coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> import numpy as np
    >>> from skgeom.geometry import polar
    >>> from skgeom.hyperbolic._mds._place import place_rows
    >>> x, new = (polar.random(n, 2, random_state=n) for n in (9, 3))
    >>> far = polar.distance(new[:, None], x[None])
    >>> found = place_rows(np, x, 1.0, far, np.ones((3, 9)))
    >>> bool(polar.distance(found, new).max() < 1e-6)
    True
    """
    weights = weights / xp.max(weights, axis=1, keepdims=True)
    x = _linear_start(xp, points, scale * distances, weights)
    d = points.shape[1] - 1
    eye = xp.eye(d, dtype=points.dtype, device=points.device)
    damping = 1.0
    for _ in range(_N_STEPS):
        ways = polar.log(x[:, None], points[None])
        far = xp.sqrt(xp.sum(ways * ways, axis=2))
        ways = ways / (far + _TINY)[..., None]
        error = weights * (far - scale * distances)
        force = xp.sum(error[..., None] * ways, axis=1)
        # Second derivatives: along the ways, and across them where points are too far.
        beside = xp.clip(far - scale * distances, 0.0, None) / xp.tanh(far + _TINY)
        along = xp.matrix_transpose((weights * (1 - beside))[..., None] * ways)
        across = xp.sum(weights * beside, axis=1)[:, None, None]
        curvature = along @ ways + across * eye
        size = xp.sum(weights, axis=1)[:, None, None] / d
        damped = curvature + (damping + _LEAST_DAMPING) * size * eye
        move = xp.linalg.solve(damped, force[..., None])[..., 0]
        length = xp.sqrt(xp.sum(move * move, axis=1, keepdims=True)) + _TINY
        move = move * xp.clip(_LONGEST_STEP / length, None, 1.0)
        x = polar.exp(x, move)
        damping = damping * _SHRINKS
    return x


def _linear_start(xp, points, far, weights):
    """Least squares of the equations that are linear in ambient coordinates."""
    r, u = points[:, :1], points[:, 1:]
    # Both sides over the exponential of the distance.
    bottom = far[..., None]
    time = (xp.exp(r - bottom) + xp.exp(-r - bottom)) / 2
    space = (xp.exp(r - bottom) - xp.exp(-r - bottom)) / 2 * u
    known = xp.sqrt(xp.clip(weights, None, 1.0))[..., None]
    rows = known * xp.concat([time, -space], axis=2)
    goal = known * (1 + xp.exp(-2 * bottom)) / 2
    # A little of everything keeps what is not determined near the origin.
    size = xp.sqrt(xp.sum(rows * rows, axis=1, keepdims=True)) + _TINY
    rows = rows / size
    k = rows.shape[2]
    ridge = 1e-12 * xp.eye(k, dtype=rows.dtype, device=points.device)
    turned = xp.matrix_transpose(rows)
    solved = xp.linalg.solve(turned @ rows + ridge, turned @ goal)
    return polar.from_lorentz((solved / xp.matrix_transpose(size))[..., 0])


def error_weights(D: NDArray, power: int) -> NDArray:
    """Weights of errors by their distance, zero where that is not known."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(D), 0.0, np.maximum(D, _NEAREST) ** -float(power))


def own_shares(D: NDArray) -> sp.csr_array:
    """How much each row is each landmark: those next to one blend into it."""
    k = min(4, D.shape[1])
    D = np.where(np.isnan(D), np.inf, D)
    indices = np.argsort(D, axis=1, kind="stable")[:, :k]
    near = np.take_along_axis(D, indices, axis=1)
    finite = np.isfinite(near)
    near = np.where(
        finite, near, np.max(near, axis=1, where=finite, initial=1.0)[:, None]
    )
    return Attachment.to_neighbors(near, indices, D.shape[1]).own


def geodesic(x: NDArray, y: NDArray, t: NDArray) -> NDArray:
    """The end itself where it is reached, without rounding."""
    return np.where(t >= 1, y, polar.geodesic(x, y, t))
