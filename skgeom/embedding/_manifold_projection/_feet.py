"""The foot of a row: where it meets the manifold that training rows lie near.

A moving plane, or a parabola on it, is fitted to the neighbours of the current foot,
and the row is projected on it: moving least squares, Alexa et al., "Computing and
rendering point set surfaces", IEEE Transactions on Visualization and Computer Graphics
9, 2003. The row stays where it is and only its foot moves, so a foot is its own foot.
"""

from typing import NamedTuple

import numpy as np

from skgeom.backends import Backend, row_blocks
from skgeom.embedding._neighborhoods import fading_weights
from skgeom.graph import local_frames, nearest_neighbors
from skgeom.typing import NDArray

# Ridge on the coefficients of a parabola, and steps to the foot on it.
_RIDGE, _FOOT_STEPS = 1e-8, 4
# A foot that does not settle in so many steps goes half of the way, then a quarter.
_PATIENCE = 5
# Neighbours that are searched for each member, so that a foot may move among them.
_WIDE = 3


class Surface(NamedTuple):
    """What feet are looked for on.

    Attributes
    ----------
    points : ndarray of shape (n_samples, n_features)
        Rows near the manifold.
    n_dims : int
        Its dimension.
    n_members : int
        Rows of a neighbourhood.
    order : int
        1 for planes, 2 for parabolas.
    """

    points: NDArray
    n_dims: int
    n_members: int
    order: int


def find_feet(
    surface: Surface,
    queries: NDArray,
    *,
    max_iter: int,
    tol: float,
    backend: Backend,
    left_out: NDArray | None = None,
) -> tuple[NDArray, NDArray]:
    """Find the foot of each row by itself.

    Parameters
    ----------
    surface : Surface
        What feet are on.
    queries : ndarray of shape (n, n_features)
        Rows.
    max_iter : int
        Most steps of a foot.
    tol : float
        Movement of a foot, as a share of the radius of its neighbourhood, at which it
        has arrived.
    backend : Backend
        Where neighbours are searched.
    left_out : ndarray of shape (n,), int64, default=None
        A row of `surface.points` that is no neighbour, for each query.

    Returns
    -------
    feet : ndarray of shape (n, n_features)
        Where they are.
    n_steps : ndarray of shape (n,), int64
        Steps until a foot had settled, or `max_iter`.
    """
    # Rows that are far away start at the box around the data.
    low, high = surface.points.min(axis=0), surface.points.max(axis=0)
    feet = np.clip(queries, low, high)
    n_steps = np.zeros(len(queries), dtype=np.int64)
    wide = surface.n_members + (left_out is not None)
    wide = min(_WIDE * wide, len(surface.points))
    row_bytes = 24 * wide * surface.points.shape[1]
    rows = np.arange(len(queries))
    for last in (False, True):
        near = nearest_neighbors(
            surface.points, feet[rows], n_neighbors=wide, backend=backend
        )
        beyond = np.zeros(len(rows), dtype=bool)
        for block in row_blocks(len(rows), row_bytes):
            some = rows[block]
            own = None if left_out is None else left_out[some]
            near_some = near[0][block], near[1][block]
            walked = walk_feet(
                surface,
                queries[some],
                feet[some],
                near_some,
                own,
                (n_steps[some], max_iter, tol),
                last,
            )
            feet[some], n_steps[some], beyond[block] = walked
        rows = rows[beyond]
        if not len(rows):
            break
    return feet, n_steps


def walk_feet(surface, queries, feet, near, left_out, limits, last):
    """Move feet until they settle or leave what was searched, and tell which did."""
    n_steps, max_iter, tol = limits
    points, start = surface.points, feet.copy()
    # Members of a foot are known while its neighbourhood is within what was searched.
    searched = near[0][:, -1] if near[1].shape[1] < len(points) else np.inf
    searched = np.broadcast_to(searched, len(feet))
    beyond = np.zeros(len(feet), dtype=bool)
    active = np.flatnonzero(n_steps < max_iter)
    while len(active):
        members = near[1][active]
        gaps = np.linalg.norm(points[members] - feet[active, None], axis=2)
        if left_out is not None:
            gaps[members == left_out[active, None]] = np.inf
        # The farthest member comes last.
        k = surface.n_members
        order = np.argpartition(gaps, k - 1, axis=1)[:, :k]
        distances = np.take_along_axis(gaps, order, axis=1)
        members = np.take_along_axis(members, order, axis=1)
        radius = distances[:, -1]
        gone = np.linalg.norm(feet[active] - start[active], axis=1)
        known = (radius + gone <= searched[active] * (1 + 1e-9)) | last
        beyond[active[~known]] = True
        active, radius = active[known], radius[known]
        if not len(active):
            break
        found = _step(surface, queries[active], distances[known], members[known])
        way = (found - feet[active]) * _shares_of_way(n_steps[active])[:, None]
        feet[active] += way
        n_steps[active] += 1
        moved = np.abs(way).max(axis=1) / np.where(radius > 0, radius, 1.0)
        active = active[(moved > tol) & (n_steps[active] < max_iter)]
    return feet, n_steps, beyond


def _shares_of_way(n_steps):
    """How much of the way a foot goes: less, the longer it does not settle."""
    return 0.5 ** np.minimum(n_steps // _PATIENCE, 3)


def _step(surface, queries, distances, indices):
    """Feet on the planes or parabolas around the feet before."""
    points, n_dims = surface.points, surface.n_dims
    weights = fading_weights(distances)
    frames = local_frames(points, indices, weights, n_dims)
    offsets = queries - frames.centers
    # Half the width of even members along each axis; beyond it there are none.
    reach = np.sqrt(frames.variances * (n_dims + 4.0))
    along = _within(np.einsum("ndf,nf->nd", frames.axes, offsets), reach)
    if surface.order == 1:
        return frames.centers + _on_planes(frames.axes, along)
    found = _on_parabolas(points, indices, weights, frames, offsets, along, reach)
    return frames.centers + found


def _within(along, reach):
    """Tangent coordinates brought back into the ellipsoid that members fill."""
    scaled = np.divide(along, reach, out=np.zeros_like(along), where=reach > 0)
    size = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.where(reach > 0, along, 0.0) / np.maximum(size, 1.0)


def _on_planes(axes, along):
    return np.einsum("ndf,nd->nf", axes, along)


def _on_parabolas(points, indices, weights, frames, offsets, along, reach):
    """Feet on parabolas over the planes, from the centres, by Gauss-Newton steps."""
    unit = reach.max(axis=1)
    unit = np.where(unit > 0, unit, 1.0)[:, None, None]
    members = (points[indices] - frames.centers[:, None]) / unit
    u = members @ frames.axes.transpose(0, 2, 1)
    normal = members - u @ frames.axes
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    design = _parabola(u)
    weighted = (design * share[:, :, None]).transpose(0, 2, 1)
    moments = weighted @ design
    moments += _RIDGE * np.eye(moments.shape[1])
    bend = np.linalg.solve(moments, weighted @ normal)
    target, reach = offsets / unit[:, 0], reach / unit[:, 0]
    at = along / unit[:, 0]
    for _ in range(_FOOT_STEPS):
        place = _on_planes(frames.axes, at) + _height(bend, at)
        slope = frames.axes + _slope(bend, at)
        gradient = np.einsum("ndf,nf->nd", slope, target - place)
        square = slope @ slope.transpose(0, 2, 1)
        square += 1e-12 * np.eye(square.shape[1])
        at = _within(at + np.linalg.solve(square, gradient[..., None])[..., 0], reach)
    found = _on_planes(frames.axes, at) + _height(bend, at)
    return found * unit[:, 0]


def _parabola(u):
    """Monomials of degree up to two."""
    first, second = np.triu_indices(u.shape[-1])
    ones = np.ones_like(u[..., :1])
    return np.concatenate([ones, u, u[..., first] * u[..., second]], axis=-1)


def _height(bend, at):
    return np.einsum("nt,ntf->nf", _parabola(at), bend)


def _slope(bend, at):
    """Derivatives of the height along each axis."""
    n_dims = at.shape[1]
    found = bend[:, 1 : n_dims + 1].copy()
    for term, (i, j) in enumerate(zip(*np.triu_indices(n_dims), strict=True)):
        found[:, i] += bend[:, n_dims + 1 + term] * at[:, j : j + 1]
        found[:, j] += bend[:, n_dims + 1 + term] * at[:, i : i + 1]
    return found
