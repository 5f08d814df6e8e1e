"""Kernel densities on the sphere: their values, and widths by held-out likelihood.

Concentrations that grow where points are dense are those of Abramson, "On bandwidth
variation in kernel estimates", Annals of Statistics 10, 1982, by distances to
neighbours as in Breiman, Meisel and Purcell, "Variable kernel estimates of multivariate
densities", Technometrics 19, 1977.
"""

import math
from typing import NamedTuple

import numpy as np

from skgeom.backends import Backend, row_blocks, scratch_bytes
from skgeom.geometry import sphere
from skgeom.typing import Array, NDArray

# What is tried where the data decide.
NEIGHBORS = (3, 6, 12, 25)
SCALES = (0.5, 1.0, 2.0, 4.0)
CONCENTRATIONS = tuple(np.geomspace(1.0, 3e6, 18).tolist())
# Chords to neighbours are at least this: half a mile on the Earth.
_LEAST_CHORD = 1e-4
# Up to so many rows all are held out in turn, by fifths; of more, at most so many once.
_FEW_ROWS, _MOST_HELD_OUT, _N_FOLDS = 2000, 2000, 5
# Steps of the share of the background, which gain a digit each or more.
_N_SHARE_STEPS = 30


class Choice(NamedTuple):
    """How wide kernels are, and the share of the uniform background.

    Attributes
    ----------
    n_neighbors : int or None
        The neighbour whose distance decides; None for one width of all.
    scale : float
        Factor of the concentrations, or the one concentration of all.
    background : float
        In (0, 1].
    """

    n_neighbors: int | None
    scale: float
    background: float


def chords_to_neighbors(points, backend, most):
    """Chords from points to their 1st, ..., `most`-th others, (n_points, most).

    Where there are no others, the diameter.
    """
    k = min(most, points.shape[0] - 1)
    if k == 0:
        return np.full((points.shape[0], most), 2.0)
    found = backend.to_numpy(backend.knn(points, points, k + 1)[0])[:, 1:]
    last = np.repeat(found[:, -1:], most - k, axis=1)
    return np.concatenate([found, last], axis=1)


def concentrations_of(chords, choice, n_features):
    """Concentrations of the kernels of a choice, of chords to neighbours."""
    if choice.n_neighbors is None:
        return np.full(len(chords), float(choice.scale))
    chord = np.maximum(chords[:, choice.n_neighbors - 1], _LEAST_CHORD)
    return choice.scale * max(n_features - 1, 1) / 2 / chord**2


def log_kernel_density(
    points: Array, concentrations: list, queries: Array, backend: Backend
) -> NDArray:
    """Log of the mean of kernels for each query and each set of concentrations.

    Parameters
    ----------
    points : array of shape (n_points, n_features)
        Where kernels are, on the device of the backend.
    concentrations : list of ndarray of shape (n_points,)
        On the host, one for each set.
    queries : array of shape (n_queries, n_features)
        Points, on the device of the backend.
    backend : Backend
        Where the work is done.

    Returns
    -------
    ndarray of shape (n_sets, n_queries)
        Logarithms with respect to the area of the sphere.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.mixture._kernel_choice import log_kernel_density
    >>> X = np.eye(3)
    >>> log_kernel_density(X, [np.zeros(3)], X, get_backend("cpu")).round(3)
    array([[-2.531, -2.531, -2.531]])
    """
    xp, p = backend.xp, points.shape[1]
    k = np.stack(concentrations)
    peak = sphere.log_peak(k, p) - math.log(k.shape[1])
    k, peak = (backend.asarray(a, dtype=backend.float64) for a in (k, peak))
    row_bytes = 4 * 8 * points.shape[0]
    found = []
    for rows in row_blocks(queries.shape[0], row_bytes, scratch_bytes(points)):
        # Half a squared chord from the cosine has rounding errors of 1e-16, which are
        # nothing beside kernels of the least width there is.
        drop = 1 - queries[rows] @ points.T
        drop = xp.where(drop > 0, drop, xp.zeros_like(drop))
        told = []
        for i in range(k.shape[0]):
            logits = peak[i, :] - k[i, :] * drop
            top = xp.max(logits, axis=1)
            total = xp.sum(xp.exp(logits - top[:, None]), axis=1)
            told.append(top + xp.log(total))
        found.append(xp.stack(told))
    return backend.to_numpy(xp.concat(found, axis=1))


def choose_kernels(
    points: NDArray,
    choices: list,
    background: float | None,
    backend: Backend,
    rng: np.random.RandomState,
) -> Choice:
    """Choose among widths, and a background, by the likelihood of rows held out.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features)
        On the host, at least two.
    choices : list of Choice
        What to choose among; their background is not looked at.
    background : float or None
        The background, if that is not chosen.
    backend : Backend
        Where densities are computed.
    rng : RandomState instance
        Decides which rows are held out.

    Returns
    -------
    Choice
        The likeliest.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.geometry import sphere
    >>> from skgeom.mixture._kernel_choice import Choice, choose_kernels
    >>> X = sphere.project(np.random.RandomState(0).normal(size=(50, 3)) + [9, 0, 0])
    >>> widths = [Choice(None, k, 0.1) for k in (1.0, 50.0, 1e5)]
    >>> draws = np.random.RandomState(0)
    >>> choose_kernels(X, widths, 0.1, get_backend("cpu"), draws).scale
    50.0
    """
    n, p = points.shape
    uniform = float(sphere.log_peak(np.zeros(1), p)[0])
    most = max((c.n_neighbors or 1) for c in choices)
    told = []
    for kept, held in _splits(n, rng):
        train = backend.asarray(points[kept], dtype=backend.float64)
        chords = chords_to_neighbors(train, backend, most)
        sets = [concentrations_of(chords, choice, p) for choice in choices]
        queries = backend.asarray(points[held], dtype=backend.float64)
        told.append(log_kernel_density(train, sets, queries, backend))
    told = np.concatenate(told, axis=1) - uniform
    shares = [
        background if background is not None else _likeliest_share(row, 1 / (n + 1))
        for row in told
    ]
    values = [
        mixed(row, share, 0.0).mean() for row, share in zip(told, shares, strict=True)
    ]
    best = int(np.argmax(values))
    return choices[best]._replace(background=float(shares[best]))


def mixed(log_kernels, background, uniform):
    """Log-densities of kernels and the uniform one, with the share of the latter."""
    with np.errstate(divide="ignore"):  # a share of one, or of zero
        parts = np.log1p(-background) + log_kernels, np.log(background) + uniform
    return np.logaddexp(*parts)


def _likeliest_share(excess, least):
    """Share of the uniform density, by EM; the likelihood is concave in it."""
    share, top = 0.1, np.maximum(excess, 0)
    kernel, flat = np.exp(excess - top), np.exp(-top)
    for _ in range(_N_SHARE_STEPS):
        flat_part = share * flat
        share = (flat_part / (flat_part + (1 - share) * kernel)).mean()
        share = min(max(share, least), 1 - least)
    return share


def _splits(n, rng):
    """Pairs of rows that are kept and held out."""
    order = rng.permutation(n)
    if n > _FEW_ROWS:
        n_held = min(n // 10, _MOST_HELD_OUT)
        return [(order[n_held:], order[:n_held])]
    parts = np.array_split(order, min(_N_FOLDS, n))
    return [
        (np.concatenate([q for j, q in enumerate(parts) if j != i]), part)
        for i, part in enumerate(parts)
    ]
