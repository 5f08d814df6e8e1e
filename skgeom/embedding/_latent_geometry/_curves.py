r"""Geodesics as discrete curves of least energy, by Gauss-Newton steps.

A curve of points :math:`c_0, \ldots, c_K` with fixed ends has the energy
:math:`\sum_i |f(c_{i+1}) - f(c_i)|^2`, a sum of squares. Its normal equations are block
tridiagonal, so a step of all curves is one banded Cholesky factorisation, and needs the
decoder f and its Jacobian at the points of the curves, no derivative of the metric.
(Energies of discrete curves: Rumpf and Wirth, "Variational time discretization of
geodesic calculus", IMA Journal of Numerical Analysis 35, 2015.)
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import solveh_banded

from skgeom.typing import NDArray

Decode = Callable[[NDArray], tuple[NDArray, NDArray]]

# Damping of the first step, as a share of the diagonal, and what becomes of it.
_DAMPING, _EASED, _RAISED = 1e-3, 0.2, 8.0
# Damping at which no step is left that goes down, and the least, which keeps the
# factorisation stable.
_STUCK, _LEAST = 1e4, 1e-8
# Energies up to this are of rounding, where rows have a spread of one.
_NOTHING = 1e-28


class Curves(NamedTuple):
    """Curves of points, as they are in latents and decoded.

    Attributes
    ----------
    points : ndarray of shape (n_curves, n_points, n_components)
        Latents, the ends first and last.
    values : ndarray of shape (n_curves, n_points, n_values)
        What they decode to.
    energies : ndarray of shape (n_curves,)
        Sums of squared steps between values.
    n_iter : ndarray of shape (n_curves,), int
        Gauss-Newton steps that were tried.
    converged : ndarray of shape (n_curves,), bool
        Whether the energy settled.
    """

    points: NDArray
    values: NDArray
    energies: NDArray
    n_iter: NDArray
    converged: NDArray


def least_energy_curves(
    starts: NDArray, decode: Decode, *, max_iter: int = 60, tol: float = 1e-6
) -> Curves:
    """Bend curves with fixed ends until their energy is a local minimum.

    Steps are damped, each curve by itself, and taken only where they go down.

    Parameters
    ----------
    starts : ndarray of shape (n_curves, n_points, n_components)
        Curves to begin with.
    decode : callable
        From points of shape (n, n_components) to values of shape (n, n_values) and
        Jacobians of shape (n, n_values, n_components).
    max_iter : int, default=60
        Most steps.
    tol : float, default=1e-6
        A curve is done when a step lowers its energy by less than this share.

    Returns
    -------
    Curves
        The curves, in the order of `starts`.
    """
    points = np.array(starts, dtype=np.float64)
    n_curves = len(points)
    values, slopes = _decoded(points, decode)
    energies = _energies(values)
    damping = np.full(n_curves, _DAMPING)
    n_iter = np.zeros(n_curves, dtype=np.int64)
    settled = energies <= _NOTHING
    moves = ~settled & (points.shape[1] > 2)
    settled |= points.shape[1] <= 2
    for _ in range(max_iter):
        rows = np.flatnonzero(moves)
        if not len(rows):
            break
        tried = points[rows]
        tried[:, 1:-1] -= _steps(values[rows], slopes[rows], damping[rows])
        new_values, new_slopes = _decoded(tried, decode)
        new_energies = _energies(new_values)
        n_iter[rows] += 1
        down = new_energies < energies[rows]
        falls = (energies[rows] - new_energies) / energies[rows]
        kept = rows[down]
        points[kept], values[kept] = tried[down], new_values[down]
        slopes[kept], energies[kept] = new_slopes[down], new_energies[down]
        damping[rows] = np.where(
            down, np.maximum(damping[rows] * _EASED, _LEAST), damping[rows] * _RAISED
        )
        done = np.where(down, falls < tol, damping[rows] > _STUCK)
        done |= energies[rows] <= _NOTHING
        settled[rows], moves[rows] = done, ~done
    return Curves(points, values, energies, n_iter, settled)


def curve_lengths(values: NDArray) -> NDArray:
    """Measure curves of evenly spaced points, with the error of chords taken off.

    Chords of every second point are too short by four times as much: extrapolated is
    from both. Of an even number of points the last step has a share of the rest.

    Parameters
    ----------
    values : ndarray of shape (n_curves, n_points, n_values)
        Decoded points.

    Returns
    -------
    ndarray of shape (n_curves,)
        Lengths, at least those of the chords.

    Examples
    --------
    A quarter of a circle by eight chords:

    >>> import numpy as np
    >>> from skgeom.embedding._latent_geometry._curves import curve_lengths
    >>> t = np.linspace(0, np.pi / 2, 9)
    >>> curve_lengths(np.stack([np.cos(t), np.sin(t)], axis=1)[None]).round(4)
    array([1.5708])
    """
    chords = np.linalg.norm(np.diff(values, axis=1), axis=2)
    lengths = chords.sum(axis=1)
    n_pairs = chords.shape[1] // 2
    if n_pairs < 2:
        return lengths
    wide = np.linalg.norm(np.diff(values[:, : 2 * n_pairs + 1 : 2], axis=1), axis=2)
    missed = (chords[:, : 2 * n_pairs].sum(axis=1) - wide.sum(axis=1)) / 3.0
    return lengths + np.maximum(missed, 0.0) * chords.shape[1] / (2 * n_pairs)


def evenly_spaced(points: NDArray, n_points: int) -> NDArray:
    """Place points at equal distances along a polygon.

    Parameters
    ----------
    points : ndarray of shape (n_corners, n_components)
        Corners, one or more.
    n_points : int
        How many, >= 2.

    Returns
    -------
    ndarray of shape (n_points, n_components)
        Both ends among them, unchanged.
    """
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.append(0.0, np.cumsum(steps))
    wanted = np.linspace(0.0, 1.0, n_points) * along[-1]
    placed = np.column_stack([np.interp(wanted, along, c) for c in points.T])
    placed[0], placed[-1] = points[0], points[-1]
    return placed


def _decoded(points, decode):
    n_curves, n_points, n_components = points.shape
    values, slopes = decode(points.reshape(-1, n_components))
    return (
        values.reshape(n_curves, n_points, -1),
        slopes.reshape(n_curves, n_points, -1, n_components),
    )


def _energies(values):
    steps = np.diff(values, axis=1)
    return np.einsum("nkv,nkv->n", steps, steps)


def _steps(values, slopes, damping):
    """Damped Gauss-Newton steps of the inner points, all curves in one banded system.

    Unknowns are in units in which the diagonal is one.
    """
    n_curves, n_points, _, n_components = slopes.shape
    inner = slopes[:, 1:-1]
    bends = 2.0 * values[:, 1:-1] - values[:, :-2] - values[:, 2:]
    gradient = np.einsum("nkvc,nkv->nkc", inner, bends)
    blocks = 2.0 * (inner.swapaxes(2, 3) @ inner)
    beside = np.zeros_like(blocks)  # to the next point; none from the last
    beside[:, :-1] = -(inner[:, :-1].swapaxes(2, 3) @ inner[:, 1:])
    diagonal = np.einsum("nkcc->nkc", blocks)
    units = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    blocks *= units[..., :, None] * units[..., None, :]
    beside[:, :-1] *= units[:, :-1, :, None] * units[:, 1:, None, :]
    size = n_curves * (n_points - 2) * n_components
    blocks, beside = (
        part.reshape(-1, n_components, n_components) for part in (blocks, beside)
    )
    # Upper diagonals, the main one last.
    bands = np.zeros((2 * n_components, size))
    main = 2 * n_components - 1
    for row in range(n_components):
        for column in range(row + 1, n_components):
            bands[main - column + row, column::n_components] = blocks[:, row, column]
        for column in range(n_components):
            offset = n_components + column - row
            bands[main - offset, n_components + column :: n_components] = beside[
                :-1, row, column
            ]
    per_curve = (n_points - 2) * n_components
    bands[main] = 1.0 + np.repeat(damping, per_curve)
    wanted = (gradient * units).reshape(-1)
    found = solveh_banded(
        bands[-min(2 * n_components, size) :],
        wanted,
        overwrite_ab=True,
        overwrite_b=True,
        check_finite=False,
    )
    return found.reshape(gradient.shape) * units
