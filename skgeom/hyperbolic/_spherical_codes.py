"""Directions that are well apart: what the children of a node share among them."""

from functools import lru_cache

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from skgeom.typing import NDArray

# More directions than these are spread evenly, not pushed apart pair by pair.
_MOST_PUSHED = 300
# Powers of the repulsion and their steps: the higher, the nearer to the largest gap.
_SCHEDULE = ((2, 100), (8, 100), (24, 150))


@lru_cache(maxsize=1024)
def spherical_code(n_directions: int, n_components: int) -> NDArray:
    """Find unit vectors that are far apart from each other.

    In a plane at equal angles; up to one more than the dimension, the corners of a
    simplex; up to twice the dimension, those of a cross-polytope; beyond, by repulsion
    of the nearest, and for hundreds by points that fill the sphere evenly: Fibonacci's
    in three dimensions (Vogel, "A better way to construct the sunflower head",
    Mathematical Biosciences 44, 1979), and Sobol's in more.

    Parameters
    ----------
    n_directions : int
        How many, >= 1.
    n_components : int
        Of the space. A line has two directions.

    Returns
    -------
    ndarray of shape (n_directions, n_components), float64
        The first any of them, the others in order of the angle to it, the most opposite
        first. Read-only.

    Examples
    --------
    >>> from skgeom.hyperbolic._spherical_codes import spherical_code
    >>> triangle = spherical_code(3, 2)
    >>> (triangle @ triangle.T).round(2)
    array([[ 1. , -0.5, -0.5],
           [-0.5,  1. , -0.5],
           [-0.5, -0.5,  1. ]])
    """
    k, d = n_directions, n_components
    if d == 1:
        code = np.where(np.arange(k) == 0, 1.0, -1.0)[:, None]
    elif d == 2:
        angles = 2 * np.pi * np.arange(k) / k
        code = np.column_stack([np.cos(angles), np.sin(angles)])
    elif k <= d + 1:
        code = _simplex(k, d)
    elif k <= 2 * d:
        code = np.concatenate([np.eye(d), -np.eye(d)])[:k]
    elif k <= _MOST_PUSHED:
        code = _pushed_apart(_spread(k, d))
    else:
        code = _spread(k, d)
    order = np.argsort(code[1:] @ code[0], kind="stable")
    code = np.concatenate([code[:1], code[1:][order]])
    code.flags.writeable = False
    return code


def _simplex(k, d):
    """Corners of a regular simplex, by Cholesky's factor of their inner products."""
    if k == 1:
        return np.eye(1, d)
    gram = np.full((k, k), -1.0 / (k - 1))
    np.fill_diagonal(gram, 1.0)
    code = np.zeros((k, d))
    # Without the last row the matrix is positive definite; all rows sum to zero.
    code[:-1, : k - 1] = np.linalg.cholesky(gram[:-1, :-1])
    code[-1] = -code[:-1].sum(axis=0)
    return code


def _spread(k, d):
    """Many directions, evenly and by a formula."""
    if d == 3:
        height = 1 - (2 * np.arange(k) + 1) / k
        angle = np.pi * (3 - 5**0.5) * np.arange(k)
        flat = np.sqrt(1 - height**2)
        return np.column_stack([flat * np.cos(angle), flat * np.sin(angle), height])
    sobol = qmc.Sobol(d, rng=np.random.default_rng(0))
    points = sobol.random_base2(int(k - 1).bit_length())[:k]
    normal = ndtri(np.clip(points, 1e-15, 1 - 1e-15))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def _pushed_apart(code):
    """Directions after steps away from their nearest ones."""
    rate = 0.3
    for power, n_steps in _SCHEDULE:
        for _ in range(n_steps):
            squares = np.maximum(2 - 2 * code @ code.T, 1e-9)
            np.fill_diagonal(squares, np.inf)
            nearest = squares.min(axis=1, keepdims=True)
            # In units of the nearest, lest powers vanish.
            weights = (nearest / squares) ** (power / 2) / squares
            push = weights.sum(axis=1, keepdims=True) * code - weights @ code
            push -= (push * code).sum(axis=1, keepdims=True) * code
            size = np.linalg.norm(push, axis=1, keepdims=True)
            step = rate * np.sqrt(nearest) * push / np.maximum(size, 1e-12)
            code = code + step
            code /= np.linalg.norm(code, axis=1, keepdims=True)
            rate *= 0.985
    return code
