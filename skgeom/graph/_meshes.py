"""Meshes of triangles as graphs whose Laplacian is that of the surface.

Weights by cotangents as in Pinkall and Polthier, "Computing discrete minimal surfaces
and their conjugates", Experimental Mathematics 2, 1993.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_array

from skgeom.graph._graph import Graph
from skgeom.typing import ArrayLike, NDArray

# Areas of triangles are no less than this share of the square of their longest side.
_THIN = 1e-6


def mesh_graph(vertices: ArrayLike, triangles: ArrayLike) -> tuple[Graph, NDArray]:
    r"""Make the graph of a mesh of triangles, and the area that each vertex stands for.

    The weight of an edge is :math:`(\cot\alpha + \cot\beta) / 2` with the angles that
    face it, and zero where that is negative, as beside very obtuse angles: without
    these, functions that are linear in the plane are harmonic inside. A vertex has a
    third of the area of its triangles.

    Parameters
    ----------
    vertices : array-like of shape (n_vertices, 2) or (n_vertices, 3)
        Coordinates.
    triangles : array-like of shape (n_triangles, 3)
        Three different vertices of each, by number.

    Returns
    -------
    graph : Graph
        Undirected, a node for each vertex.
    mass : ndarray of shape (n_vertices,), float64
        Areas, > 0; vertices of no triangle have the mean of the others.

    Raises
    ------
    ValueError
        If coordinates are not finite, or triangles name vertices that are not there, or
        one twice.

    Examples
    --------
    >>> from skgeom.graph import mesh_graph
    >>> square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    >>> graph, mass = mesh_graph(square, [[0, 1, 2], [0, 2, 3]])
    >>> mass.round(3)
    array([0.333, 0.167, 0.333, 0.167])
    >>> graph.adjacency.toarray()[0].round(3) + 0.0  # none along the diagonal
    array([0. , 0.5, 0. , 0.5])
    """
    points = check_array(vertices, dtype=np.float64, input_name="vertices")
    faces = _checked(triangles, points)
    weights, mass = sp.csr_array((len(points), len(points))), np.zeros(len(points))
    if len(faces):
        # In units of the largest coordinate, squares are finite.
        unit = np.abs(points).max() or 1.0
        weights, mass = _weights(points / unit, faces)
        mass = mass * unit**2
    weights.data = np.maximum(weights.data, 0.0)
    weights.eliminate_zeros()
    known = mass > 0
    mass = np.where(known, mass, mass[known].mean() if known.any() else 1.0)
    return Graph(weights), mass


def _weights(points, faces):
    """Sums of half cotangents, symmetric, and thirds of areas."""
    n = len(points)
    corners = points[faces]
    sides = np.roll(corners, -1, axis=1) - corners
    squares = (sides**2).sum(axis=2)
    longest = squares.max(axis=1)
    # Twice the area is the root of a Gram determinant, in the plane as in space.
    a, b = sides[:, 0], sides[:, 2]
    gram = squares[:, 0] * squares[:, 2] - (a * b).sum(axis=1) ** 2
    double = np.sqrt(np.maximum(gram, 0.0))
    safe = np.maximum(double, _THIN * np.where(longest > 0, longest, 1.0))
    rows, columns, values = [], [], []
    for k in range(3):
        first, second = faces[:, (k + 1) % 3], faces[:, (k + 2) % 3]
        out = corners[:, (k + 1) % 3] - corners[:, k]
        other = corners[:, (k + 2) % 3] - corners[:, k]
        half = 0.5 * (out * other).sum(axis=1) / safe
        rows += [first, second]
        columns += [second, first]
        values += [half, half]
    parts = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    thirds = np.repeat(safe / 6, 3)
    return sp.csr_array(parts, shape=(n, n)), np.bincount(faces.ravel(), thirds, n)


def _checked(triangles, points):
    """Triangles as numbers of vertices."""
    if points.shape[1] not in (2, 3):
        raise ValueError(f"vertices must have 2 or 3 columns, got {points.shape[1]}.")
    faces = np.asarray(triangles)
    if faces.size == 0:
        return np.empty((0, 3), dtype=np.int64)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise ValueError(
            "triangles must be integers of shape (n_triangles, 3); got "
            f"{faces.dtype} of shape {faces.shape}."
        )
    faces = faces.astype(np.int64)
    if faces.min() < 0 or faces.max() >= len(points):
        raise ValueError(
            f"triangles must name vertices from 0 to {len(points) - 1}, got "
            f"{faces.min()} to {faces.max()}."
        )
    if (faces == np.roll(faces, 1, axis=1)).any():
        raise ValueError("triangles must name three different vertices each.")
    return faces
