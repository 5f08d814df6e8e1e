"""Geodesic distances as shortest paths, to and over landmarks (as in Isomap)."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph

from skgeom.embedding._heat_distance import N_GATES, smallest_entries
from skgeom.graph import Graph
from skgeom.graph._routes import bridge_parts, over_gates


@dataclass(frozen=True)
class PathGeodesics:
    """Distances between any two nodes, from what is known of the landmarks.

    Parameters
    ----------
    graph : Graph
        Whose edge lengths count.
    landmarks : ndarray of shape (n_landmarks,)
        Their node numbers.
    between : ndarray of shape (n_landmarks, n_landmarks)
        Distances between landmarks, over bridges between components.
    gates, gate_lengths : ndarray of shape (n_nodes, n_gates)
        The nearest landmarks of each node, and how far they are.
    """

    graph: Graph
    landmarks: np.ndarray
    between: np.ndarray
    gates: np.ndarray
    gate_lengths: np.ndarray

    def columns(self, nodes, backend):
        """Distances from all nodes to some, shape (n_nodes, len(nodes)), on the host.

        Paths within a component; other pairs go over their nearest landmarks.
        """
        out = csgraph.dijkstra(self.graph.lengths, indices=nodes).T
        for j in np.flatnonzero(~np.isfinite(out).all(axis=0)):
            routes = over_gates(self.between, self.gates, self.gate_lengths, nodes[j])
            out[:, j] = np.where(np.isfinite(out[:, j]), out[:, j], routes)
        return out


def path_geodesics(graph, landmarks, *, points=None):
    """Measure the paths between landmarks, and from each node to the nearest.

    Parameters
    ----------
    graph : Graph
        Undirected.
    landmarks : ndarray of shape (n_landmarks,)
        Node numbers, at least one in each connected component.
    points : ndarray of shape (n_nodes, n_features), default=None
        Where nodes lie, for bridges between components.

    Returns
    -------
    PathGeodesics
        All on the host.
    """
    paths = csgraph.dijkstra(graph.lengths, indices=landmarks).T
    gates, gate_lengths = smallest_entries(np, paths, N_GATES)
    between = np.minimum(paths[landmarks], paths[landmarks].T)
    between = bridge_parts(
        between,
        graph.connected_components[1][landmarks],
        None if points is None else points[landmarks],
    )
    return PathGeodesics(
        graph, landmarks, between, gates.astype(np.int32), gate_lengths
    )
