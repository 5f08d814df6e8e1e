"""Fréchet means by steps along the mean of logarithms.

Karcher, "Riemannian center of mass and mollifier smoothing", Communications on Pure and
Applied Mathematics 30, 1977.
"""

from collections.abc import Callable

from skgeom.typing import Array


def karcher_mean(
    start: Array,
    tangent: Callable[[Array], Array],
    move: Callable[[Array, Array], Array],
    inner: Callable[[Array, Array], float],
    *,
    tol: float,
    shortest: float = 1.0,
    max_iter: int = 100,
) -> Array:
    """Go towards the mean of the logarithms until it is zero.

    Steps are those of Barzilai and Borwein, "Two-point step size gradient methods",
    IMA Journal of Numerical Analysis 8, 1988: where space is curved, the mean logarithm
    itself leads too far.

    Parameters
    ----------
    start : array of shape (1, ...)
        A point near the mean.
    tangent : callable
        Of a point: the mean of the logarithms of all points there, in a frame of it.
    move : callable
        Of a point and a vector there: the exponential.
    inner : callable
        Inner product of two vectors of a frame.
    tol : float
        Length of the mean logarithm at which to stop.
    shortest : float, default=1.0
        Share of the mean logarithm that never leads too far.
    max_iter : int, default=100
        Steps at most.

    Returns
    -------
    array of shape (1, ...)
        The mean.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._karcher import karcher_mean
    >>> numbers = np.array([[1.0], [5.0]])
    >>> karcher_mean(
    ...     numbers[:1],
    ...     lambda x: (numbers - x).mean(axis=0, keepdims=True),
    ...     lambda x, v: x + v,
    ...     lambda u, v: float((u * v).sum()),
    ...     tol=1e-9)
    array([[3.]])
    """
    best = point = start
    ahead = tangent(point)
    least = left = inner(ahead, ahead) ** 0.5
    step, recent = 1.0, [left]
    for _ in range(max_iter):
        if least <= tol:
            break
        candidate = move(point, step * ahead)
        there = tangent(candidate)
        reached = inner(there, there) ** 0.5
        if not reached <= max(recent) and step > shortest:
            step = max(step / 4, shortest)
            continue
        less = inner(ahead, ahead - there)
        longer = step * left * left / less if less > 0 else 1.0
        step = min(max(longer, shortest), 2.0)
        point, ahead, left = candidate, there, reached
        recent = [*recent[-3:], left]
        if left < least:
            best, least = point, left
    return best


def normalised(xp, weights, like, n):
    """Weights that add up to one, equal ones for None, as an array of a kind."""
    if weights is None:
        return xp.full((n,), 1.0 / n, dtype=like.dtype, device=like.device)
    weights = xp.asarray(weights, dtype=like.dtype, device=like.device)
    total = float(xp.sum(weights)) if tuple(weights.shape) == (n,) else 0.0
    if not (total > 0 and bool(xp.all(weights >= 0))):
        raise ValueError(
            f"weights must be {n} numbers >= 0, one for each point, that are not all 0."
        )
    return weights / total
