"""Finding edges from one sheet of a clean shape to another.

Where sheets lie hardly farther apart than points along them, neighbourhoods wide enough
to compare reach to other sheets, and ends of a shortcut have as much in common as
others. The nearest few points still lie on one sheet, and show its plane.
"""

import numpy as np

from skgeom.backends import CACHE_BYTES, row_blocks
from skgeom.graph._graph import Graph
from skgeom.graph._smoothing import local_planes
from skgeom.typing import NDArray

# Nearest points that show a plane: so many, and so many for each of its directions.
_LEAST, _PER_DIRECTION = 6, 3
# Cosine to the planes of both ends below which an edge goes across; and to one of them,
# for edges whose ends have little in common.
_ACROSS, _ASIDE = 0.7, 0.8
# Times the usual height of an edge above a plane: less is noise, or a bend.
_HIGH = 5.0


def find_crossings(
    graph: Graph,
    indices: NDArray,
    points: NDArray,
    n_axes: int,
    overlap: NDArray,
    share: float,
) -> NDArray:
    """Find edges that leave the planes of the nearest points around their ends.

    These are all that are more than 45 degrees steep at both ends, and of those whose
    ends have the least in common all that are more than 37 degrees steep at one. Short
    edges may be as steep by noise: these reach five times as high as half of all do.

    Parameters
    ----------
    graph : Graph
        Undirected.
    indices : ndarray of shape (n_nodes, n_neighbors), int
        Neighbours of each node, nearest first.
    points : ndarray of shape (n_nodes, n_features)
        Where nodes lie.
    n_axes : int
        Directions of a plane. As many as there are features leave no edge out.
    overlap : ndarray of shape (nnz,)
        What the ends of edges have in common, in the order of
        ``graph.adjacency.data``.
    share : float
        Share of the edges that have the least, in (0, 1).

    Returns
    -------
    ndarray of shape (nnz,), bool
        In the same order.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.graph._crossings import find_crossings
    >>> line = np.arange(10.0)
    >>> X = np.array([[x, y] for y in (0.0, 1.5) for x in line])
    >>> graph = Graph.from_edges([[0, 1], [4, 5], [4, 14]], n_nodes=20)
    >>> nearest = np.abs(line[:, None] - line).argsort(axis=1)[:, 1:7]
    >>> nearest = np.concatenate([nearest, 10 + nearest])
    >>> crossing = find_crossings(graph, nearest, X, 1, np.ones(6), 0.1)
    >>> np.flatnonzero(crossing)  # both ways between 4 and 14
    array([3, 5])
    """
    n_members = max(_LEAST, _PER_DIRECTION * n_axes)
    own = np.arange(graph.n_nodes)[:, None]
    members = np.concatenate([own, indices[:, :n_members]], axis=1)
    points = np.asarray(points, dtype=np.float64)
    axes = local_planes(points, members, n_axes)[1]
    rows = np.repeat(own[:, 0], np.diff(graph.adjacency.indptr))
    ends = np.stack([rows, graph.adjacency.indices])
    steps = points[ends[1]] - points[ends[0]]
    cosines = cosines_to_planes(steps, axes, ends)
    most, least = cosines.max(axis=0), cosines.min(axis=0)
    height = np.linalg.norm(steps, axis=1) * np.sqrt(np.maximum(0, 1 - least**2))
    apart = overlap <= np.quantile(overlap, share)
    steep = (most < _ACROSS) | (apart & (least < _ASIDE))
    return steep & (height > _HIGH * np.median(height))


def cosines_to_planes(steps: NDArray, axes: NDArray, ends: NDArray) -> NDArray:
    """Cosines of the angles between edges and the planes at both their ends.

    Parameters
    ----------
    steps : ndarray of shape (n_edges, n_features)
        From one end to the other.
    axes : ndarray of shape (n_planes, n_features, n_axes)
        Orthonormal directions of each plane.
    ends : ndarray of shape (2, n_edges), int
        The plane at each end.

    Returns
    -------
    ndarray of shape (2, n_edges)
        1 for an edge without length.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph._crossings import cosines_to_planes
    >>> axes = np.array([[[1.0], [0.0]], [[0.0], [1.0]]])
    >>> cosines_to_planes(np.array([[3.0, 4.0]]), axes, np.array([[0], [1]]))
    array([[0.6],
           [0.8]])
    """
    out = np.empty(ends.shape)
    for block in row_blocks(len(steps), 8 * axes[0].size, CACHE_BYTES):
        step = steps[block]
        length = np.linalg.norm(step, axis=1)
        for end, found in zip(ends, out, strict=True):
            within = (step[:, None, :] @ axes[end[block]])[:, 0]
            within = np.linalg.norm(within, axis=1)
            found[block] = np.where(length > 0, within, 1.0) / np.where(
                length > 0, length, 1.0
            )
    return out
