"""Multidimensional scaling: coordinates from distances."""

import math
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

from array_api_compat import is_numpy_namespace

from skgeom.solvers._symmetric import largest_eigenpairs
from skgeom.typing import Array

# Up to this stress-1 a scaling is good (Kruskal 1964, p. 3): distances can be taken at
# their word. Measured: .003 to .013 on noisy rolls, .08 to .19 on noisy trees.
GOOD_STRESS = 0.05
# Sum of squared errors, as a share of that of the distances, below which a further
# relative decrease is not worth steps: a stress-1 of .01.
_SMALL_ERROR = 1e-4
# The same of an embedding without errors but for rounding.
_PERFECT = 1e-24
# Steps between two looks at the stress where a look waits for the device.
_STEPS_PER_LOOK = 16
# Steps in which the axis to spare of a second start is squeezed away.
_SQUEEZING_STEPS = 20
# Share of the first stress up to which another optimum is worth a different picture.
_LOWER = 0.98


def classical_mds(xp: ModuleType, distances: Array, n_components: int) -> Array:
    r"""Embed by the leading eigenvectors of the double-centred squared distances.

    Parameters
    ----------
    xp : module
        Array namespace of `distances`.
    distances : array of shape (n, n)
        Symmetric, finite, >= 0.
    n_components : int
        Dimension of the result. Directions beyond the number of positive eigenvalues
        are zero.

    Returns
    -------
    array of shape (n, n_components)
        Centred, axes in order of decreasing variance, the largest entry of each axis
        positive.

    References
    ----------
    Torgerson, "Multidimensional scaling: I. Theory and method", Psychometrika 17,
    1952.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import classical_mds
    >>> classical_mds(np, np.array([[0.0, 2.0], [2.0, 0.0]]), 1).round(6)
    array([[ 1.],
           [-1.]])
    """
    # In units of the largest distance, squares stay finite at any scale.
    size = float(xp.max(distances)) or 1.0
    squared = (distances / size) ** 2
    row_means = xp.mean(squared, axis=1)
    gram = (row_means[:, None] + row_means[None, :] - squared - xp.mean(row_means)) / 2
    n_kept = min(n_components, distances.shape[0])
    values, vectors = _leading_eigenpairs(xp, gram, n_kept)
    # Eigenvalues at rounding level are directions that the data does not have.
    genuine = values > 1e-12 * xp.max(xp.abs(values))
    values = xp.where(genuine, values, xp.zeros_like(values))
    points = size * (_fix_signs(xp, vectors) * xp.sqrt(values))
    missing = [xp.zeros_like(points[:, :1])] * (n_components - n_kept)
    return xp.concat([points, *missing], axis=1)


def principal_axes(xp: ModuleType, points: Array) -> Array:
    """Centre points and turn them so that their variance decreases along the axes.

    Parameters
    ----------
    xp : module
        Array namespace of `points`.
    points : array of shape (n, n_components)
        Any coordinates, finite.

    Returns
    -------
    array of shape (n, n_components)
        The same shape in space, the largest entry of each axis positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import principal_axes
    >>> principal_axes(np, np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 6.0]]))
    array([[-2.,  0.],
           [-1.,  0.],
           [ 3.,  0.]])
    """
    points = points - xp.mean(points, axis=0)
    size = xp.max(xp.abs(points))
    scaled = points / xp.where(size > 0, size, xp.ones_like(size))
    _, axes = xp.linalg.eigh(xp.matrix_transpose(scaled) @ scaled)
    return _fix_signs(xp, points @ xp.flip(axes, axis=1))


def metric_mds(
    xp: ModuleType,
    distances: Array,
    n_components: int,
    *,
    max_iter: int = 300,
    tol: float = 1e-5,
    callback: Callable | None = None,
) -> tuple[Array, float, int, float]:
    r"""Find coordinates of small stress from one start or two.

    Distances that fit into few dimensions lead from the classical solution to the best
    one. Others, as those along a tree in a plane, have many local optima, where one
    branch lies on the wrong side of another and cannot pass. Where the stress is above
    .05, a second start therefore has an axis to spare by which parts can pass each
    other, and which is squeezed away step by step: the penalty on superfluous
    dimensions of [1]_ in its simplest form. Its optimum is taken where the stress is
    lower by a fiftieth.

    Parameters
    ----------
    xp : module
        Array namespace of `distances`.
    distances : array of shape (n, n)
        Symmetric dissimilarities, finite, >= 0.
    n_components : int
        Dimension of the result, >= 1.
    max_iter : int, default=300
        At most so many steps from either start.
    tol : float, default=1e-5
        As in `smacof`.
    callback : callable, default=None
        As in `smacof`, with the steps from both starts counted on; a true value stops
        without a further start.

    Returns
    -------
    points, stress, n_iter, change
        As those of `smacof`, `n_iter` from the start that was taken.

    References
    ----------
    .. [1] De Leeuw, "Global minima by penalized full-dimensional scaling", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import metric_mds
    >>> triangle = np.array([[0.0, 3.0, 4.0], [3.0, 0.0, 5.0], [4.0, 5.0, 0.0]])
    >>> points, stress, n_iter, change = metric_mds(np, triangle, 2)
    >>> points.shape, stress < 1e-6
    ((3, 2), True)
    >>> metric_mds(np, triangle, 1)[1] > 0.05  # no line holds a triangle
    True
    """
    asked, made_before = False, 0

    def report(n_iter, stress):
        nonlocal asked
        asked = bool(callback(made_before + n_iter, stress))
        return asked

    scale = partial(
        smacof,
        xp,
        distances,
        max_iter=max_iter,
        tol=tol,
        callback=None if callback is None else report,
    )
    start = classical_mds(xp, distances, n_components + 1)
    found = scale(start[:, :n_components])
    if asked or found[1] <= GOOD_STRESS:
        return found
    made_before = found[2]
    other = scale(_squeezed(xp, distances, start, n_components))
    # Mostly both lead to one optimum, between whose images rounding must not choose.
    return other if other[1] < _LOWER * found[1] else found


def _squeezed(xp, distances, points, n_components):
    """Majorise the stress while axes beyond the first few shrink to nothing."""
    size = float(xp.max(distances))
    distances, points = distances / size, points / size
    for step in range(1, _SQUEEZING_STEPS + 1):
        points = _guttman(xp, points, distances_between(xp, points), distances)
        left = 1 - step / _SQUEEZING_STEPS
        spare = left * points[:, n_components:]
        points = xp.concat([points[:, :n_components], spare], axis=1)
    return size * points[:, :n_components]


def smacof(
    xp: ModuleType,
    distances: Array,
    init: Array,
    *,
    max_iter: int = 300,
    tol: float = 1e-5,
    callback: Callable | None = None,
) -> tuple[Array, float, int, float]:
    r"""Minimise the stress :math:`\sum_{i<j} (\|x_i - x_j\| - \delta_{ij})^2`.

    Majorisation (SMACOF) with relaxed steps: each goes twice as far as the Guttman
    transform, which about halves the number of iterations, and falls back to the
    plain transform, whose stress never rises, where the long step does not help. Long
    steps swing about the best scale, which is therefore set at the end.

    Parameters
    ----------
    xp : module
        Array namespace of the arrays.
    distances : array of shape (n, n)
        Symmetric dissimilarities, finite, >= 0.
    init : array of shape (n, n_components)
        Where to start.
    max_iter : int, default=300
        At most so many steps.
    tol : float, default=1e-5
        Stop when a step lowers the sum of squares by less than this share of it, or
        of what it is at a stress-1 of .01: better than that, shares mean little.
    callback : callable, default=None
        Called as ``callback(n_iter, stress)`` after each step on the host, and after
        every 16 elsewhere; a true value stops.

    Returns
    -------
    points : array of shape (n, n_components)
        The coordinates, centred.
    stress : float
        Kruskal's stress-1, :math:`\sqrt{\sum (d - \delta)^2 / \sum \delta^2}`.
    n_iter : int
        Steps made, at least 1.
    change : float
        Relative decrease of the last step; above `tol` where `max_iter` stopped it.

    References
    ----------
    De Leeuw and Heiser, "Multidimensional scaling with restrictions on the
    configuration", Multivariate Analysis V, 1980.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.solvers import smacof
    >>> distances = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> points, stress, n_iter, change = smacof(
    ...     np, distances, np.array([[0.0], [1.0]]))
    >>> points.round(6), stress < 1e-6
    (array([[-1.],
           [ 1.]]), True)
    """
    points = init - xp.mean(init, axis=0)
    size = float(xp.max(distances))
    if size == 0.0:
        return xp.zeros_like(points), 0.0, 1, 0.0
    # Work in units of the largest distance: squares stay finite at any scale.
    distances, points = distances / size, points / size
    total = float(xp.sum(distances * distances))
    reached = distances_between(xp, points)
    stress = _raw_stress(xp, reached, distances)
    never = stress < 0
    state = _Scaling(points, reached, stress, stress, 0 * stress, never, never)
    limits = dict(tol=tol, max_iter=max_iter, total=total)
    steps_per_look = 1 if is_numpy_namespace(xp) else _STEPS_PER_LOOK
    asked, n_iter = False, 0
    while not (asked or state.done):
        for _ in range(steps_per_look):
            state = _relaxed_step(xp, state, distances, **limits)
        made, n_iter = int(state.n_iter) - n_iter, int(state.n_iter)
        if callback is not None and made:
            asked = callback(n_iter, _stress_1(state.stress, total))
    change = float(state.change)
    if asked or state.stress <= _PERFECT * total:
        change = min(change, tol)
    points, stress = _at_best_scale(xp, state.points, state.reached, distances)
    return size * points, _stress_1(stress, total), n_iter, change


def _leading_eigenpairs(xp, matrix, k):
    """The `k` largest eigenvalues of a symmetric matrix, in decreasing order."""
    if is_numpy_namespace(xp):
        # All pairs cost a hundred times more where the BLAS has to share its cores.
        values, vectors = largest_eigenpairs(matrix, k)
    else:
        values, vectors = xp.linalg.eigh(matrix)
    return xp.flip(values)[:k], xp.flip(vectors, axis=1)[:, :k]


def _fix_signs(xp, columns):
    """Flip columns so that the entry of the largest size is positive in each."""
    at = xp.argmax(xp.abs(columns), axis=0, keepdims=True)
    largest = xp.take_along_axis(columns, at, axis=0)
    return xp.where(largest < 0, -columns, columns)


def distances_between(xp, points):
    """Euclidean distances by differences, exact for coincident points."""
    squared = 0.0
    for axis in range(points.shape[1]):
        difference = points[:, axis][:, None] - points[:, axis][None, :]
        squared = squared + difference * difference
    return xp.sqrt(squared)


def _raw_stress(xp, reached, distances):
    residual = reached - distances
    return xp.sum(residual * residual)


def _stress_1(stress, total):
    return math.sqrt(float(stress) / total)


class _Scaling(NamedTuple):
    """Where `smacof` stands, on the device."""

    points: Any
    reached: Any  # distances between the points
    stress: Any
    change: Any  # relative decrease of the stress in the last step
    n_iter: Any
    short: Any  # whether a long step did not help, and a short one is next
    done: Any


def _relaxed_step(xp, state, distances, *, tol, max_iter, total):
    """Try to go twice as far as the Guttman transform; if that fails, just there next.

    Nothing is asked of the device: where the state is done, it stays as it is.
    """
    points, reached, stress, change, n_iter, short, done = state
    select = _choose if is_numpy_namespace(xp) else xp.where
    guttman = _guttman(xp, points, reached, distances)
    tried = select(short, guttman, 2 * guttman - points)
    new_reached = distances_between(xp, tried)
    new_stress = _raw_stress(xp, new_reached, distances)
    helps = short | (new_stress < stress * (1 - tol))
    taken = helps & ~done
    least = select(stress > _SMALL_ERROR * total, stress, _SMALL_ERROR * total)
    change = select(taken, (stress - new_stress) / least, change)
    stress = select(taken, new_stress, stress)
    n_iter = select(taken, n_iter + 1, n_iter)
    ended = (change < tol) | (stress <= _PERFECT * total) | (n_iter >= max_iter)
    return _Scaling(
        select(taken, tried, points),
        select(taken, new_reached, reached),
        stress,
        change,
        n_iter,
        ~helps,
        done | (taken & ended),
    )


def _choose(condition, one, other):
    """What `where` does for a single condition, without a copy."""
    return one if condition else other


def _at_best_scale(xp, points, reached, distances):
    """Scale points for the least stress; return them and the stress."""
    squares = float(xp.sum(reached * reached))
    scale = float(xp.sum(reached * distances)) / squares if squares > 0 else 1.0
    return scale * points, _raw_stress(xp, scale * reached, distances)


def _guttman(xp, points, reached, distances):
    """One majorisation step for unit weights: B(X) X / n."""
    apart = reached > 0
    if is_numpy_namespace(xp):  # the same, and faster
        ratio = xp.zeros_like(distances)
        xp.divide(distances, reached, out=ratio, where=apart)
    else:
        ratio = xp.where(apart, distances / xp.where(apart, reached, 1.0), 0.0)
    return (xp.sum(ratio, axis=1)[:, None] * points - ratio @ points) / points.shape[0]
