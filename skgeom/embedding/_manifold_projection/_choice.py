"""Which neighbourhoods feet are found in, without the truth at hand.

Rows that are left out are projected: neighbourhoods that explain them best are taken,
among those in which the manifold stands out of the noise. Without that, small ones win
when noise is large: a foot among few neighbours is near the row, whatever it is. The
dimension is that of components with noise (Minka, "Automatic choice of dimensionality
for PCA", Advances in Neural Information Processing Systems 13, 2000).
"""

import numpy as np

from skgeom.backends import Backend
from skgeom.embedding._manifold_projection._feet import Surface, walk_feet
from skgeom.embedding._neighborhoods import dimension_beyond_noise, fading_weights
from skgeom.graph import local_frames, nearest_neighbors
from skgeom.typing import NDArray

# Sizes that are tried, and rows that are left out to try them.
SIZES, SAMPLE = (15, 30, 60, 120, 240), 150
# Variance along the last direction of the plane over that across, where it stands out.
_STANDS_OUT = 5.0
# Where it is never this large, planes of so many members are the best that there is.
_HIDDEN, _FOR_HIDDEN = 2.3, 60
# Neighbourhoods are no larger than this share of the rows.
_LARGEST = 0.25
# Neighbours that are looked at, for each member: a foot moves among them.
_SEEN = 2
# Members for each coefficient of a parabola.
_PER_TERM = 2
# Members of neighbourhoods whose dimension is looked at: few first, which bend less.
_FIRST_MEMBERS, _MOST_MEMBERS = 31, 321


def spread_rows(n: int, most: int) -> NDArray:
    """At most so many rows, evenly spread.

    Parameters
    ----------
    n : int
        Number of rows.
    most : int
        How many are taken.

    Returns
    -------
    ndarray of shape (<= most,), int64
        In increasing order.
    """
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def typical_dimension(points: NDArray, backend: Backend) -> int:
    """Find the dimension of the manifold that points lie near.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Points.
    backend : Backend
        Where neighbours are searched.

    Returns
    -------
    int
        From 1 to n_features.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._manifold_projection._choice import typical_dimension
    >>> t = np.linspace(0, 6, 200)
    >>> circle = np.column_stack([np.cos(t), np.sin(t), 0 * t])
    >>> typical_dimension(circle, get_backend("cpu"))
    1
    """
    n_members = max(int(_LARGEST * len(points)), _FIRST_MEMBERS)
    n_members = min(n_members, _MOST_MEMBERS, len(points))
    queries = points[spread_rows(len(points), SAMPLE)]
    near = nearest_neighbors(points, queries, n_neighbors=n_members, backend=backend)
    return dimension_beyond_noise(points, near[1], _FIRST_MEMBERS)


def choose_surface(
    points: NDArray,
    n_dims: int,
    n_neighbors: int | str,
    order: int | str,
    backend: Backend,
) -> Surface:
    """Choose the size of neighbourhoods, and planes or parabolas.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Rows near the manifold.
    n_dims : int
        Its dimension.
    n_neighbors : int or "auto"
        Rows of a neighbourhood.
    order : {1, 2, "auto"}
        Planes or parabolas.
    backend : Backend
        Where neighbours are searched.

    Returns
    -------
    Surface
        What feet are to be found on.
    """
    n = len(points)
    if n_dims == points.shape[1]:
        # All rows but those beyond the edge are their own feet.
        size = _FOR_HIDDEN if n_neighbors == "auto" else n_neighbors
        return Surface(points, n_dims, min(int(size), n), 1)
    sizes = [k for k in SIZES if k <= _LARGEST * n and k > n_dims + 1]
    sizes = sizes or [min(max(n_dims + 2, SIZES[0]), n)]
    sizes = sizes if n_neighbors == "auto" else [min(int(n_neighbors), n)]
    orders = (1, 2) if order == "auto" else (int(order),)
    rows = spread_rows(n, SAMPLE)
    near = nearest_neighbors(
        points,
        points[rows],
        n_neighbors=min(_SEEN * max(sizes) + 1, n),
        backend=backend,
    )
    if len(sizes) > 1:
        ratios = np.array([_ratio(points, near, n_dims, k) for k in sizes])
        if ratios.max() < _HIDDEN:
            size = min(sizes, key=lambda k: abs(k - _FOR_HIDDEN))
            return _determined(Surface(points, n_dims, size, orders[0]))
        clear = ratios >= min(_STANDS_OUT, ratios.max())
        sizes = [k for k, stands in zip(sizes, clear, strict=True) if stands]
    tried = [_determined(Surface(points, n_dims, k, o)) for k in sizes for o in orders]
    if len(tried) == 1 or n < 3:
        return tried[0]
    return min(tried, key=lambda surface: _left(surface, rows, near))


def _determined(surface):
    """The surface, of planes where members are too few for parabolas."""
    n_terms = 1 + surface.n_dims * (surface.n_dims + 3) // 2
    few = surface.n_members < _PER_TERM * n_terms
    return surface._replace(order=1) if few else surface


def _ratio(points, near, n_dims, n_members):
    """How much more variance lies along typical planes than across."""
    if n_dims == points.shape[1]:
        return np.inf
    distances, indices = (found[:, :n_members] for found in near)
    weights = fading_weights(distances)
    variances = local_frames(points, indices, weights, n_dims + 1).variances
    if variances.shape[1] <= n_dims:
        return np.inf
    last, across = variances[:, n_dims - 1], variances[:, n_dims]
    known = last > 0
    if not known.any():
        return np.inf
    return np.median(last[known] / np.maximum(across[known], 1e-12 * last[known]))


def _left(surface, rows, near):
    """Mean square of what is left of rows that are no neighbours of their feet."""
    queries = surface.points[rows]
    n_members = min(surface.n_members, len(surface.points) - 1)
    feet, _, _ = walk_feet(
        surface._replace(n_members=n_members),
        queries,
        queries.copy(),
        near,
        rows,
        (np.zeros(len(rows), dtype=np.int64), 2, 0.0),
        True,
    )
    return float(((queries - feet) ** 2).sum(axis=1).mean())
