"""The slowest modes of a walk on a graph, and what they say of parts that it has."""

import numpy as np

from skgeom.backends import Backend
from skgeom.graph import Graph, nearest_neighbors
from skgeom.operators import SparseKernel
from skgeom.solvers import leading_eigenpairs
from skgeom.typing import NDArray


def slowest_modes(
    graph: Graph, n_modes: int, backend: Backend
) -> tuple[NDArray, NDArray]:
    """Eigenvalues and right eigenvectors of the random walk on a graph.

    Parameters
    ----------
    graph : Graph
        Undirected.
    n_modes : int
        How many; at most the number of nodes are found.
    backend : Backend
        Where the products run.

    Returns
    -------
    values : ndarray of shape (n_found,)
        Largest first.
    modes : ndarray of shape (n_nodes, n_found)
        Values of the nodes.
    """
    laplacian = graph.laplacian("symmetric")
    kernel = SparseKernel(laplacian.transition, backend, laplacian.on(backend))
    values, vectors = leading_eigenpairs(kernel, n_modes)
    degrees = np.where(graph.degrees > 0, graph.degrees, 1.0)
    return values, vectors * np.sqrt(degrees.mean() / degrees)[:, None]


def unit_directions(coordinates: NDArray) -> NDArray:
    """Rows of length one; those of zeros stay."""
    sizes = np.abs(coordinates).max(axis=1, keepdims=True)
    coordinates = coordinates / np.where(sizes > 0, sizes, 1.0)
    lengths = np.linalg.norm(coordinates, axis=1, keepdims=True)
    return coordinates / np.where(lengths > 0, lengths, 1.0)


def fill_lost_parts(modes: NDArray, points: NDArray | None) -> tuple[NDArray, int]:
    """Nodes that no mode reaches take the values of the nearest that one does.

    Parameters
    ----------
    modes : ndarray of shape (n_nodes, n_modes)
        Zero for nodes of the smallest parts of a graph that has more of them than
        there are modes.
    points : ndarray of shape (n_nodes, n_features) or None
        Where nodes lie. Where that is not known they take what most have.

    Returns
    -------
    modes : ndarray of shape (n_nodes, n_modes)
        No row is zero.
    n_lost : int
        How many were.
    """
    lost = ~modes.any(axis=1)
    if not lost.any():
        return modes, 0
    modes, reached = modes.copy(), np.flatnonzero(~lost)
    if points is None:
        modes[lost] = unit_directions(modes[reached]).sum(axis=0)
    else:
        _, near = nearest_neighbors(points[reached], points[lost], n_neighbors=1)
        modes[lost] = modes[reached[near[:, 0]]]
    return modes, int(lost.sum())
