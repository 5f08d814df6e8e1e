"""Geodesic distances as shortest paths, to and over landmarks (as in Isomap)."""

from dataclasses import dataclass

import numpy as np

from skgeom.embedding._heat_geodesic._heat_distance import N_GATES
from skgeom.embedding._heat_geodesic._routes import LandmarkRoutes, bridge_parts
from skgeom.graph import Graph, shortest_paths
from skgeom.graph._paths import nearest_sources


@dataclass(frozen=True, kw_only=True)
class PathGeodesics(LandmarkRoutes):
    """Distances between any two nodes: paths, or routes over bridges.

    Parameters
    ----------
    graph : Graph
        Whose edge lengths count.
    """

    graph: Graph

    def columns(self, nodes, backend):
        """Distances from all nodes to some, shape (n_nodes, len(nodes)), on the host.

        Paths within a component; other pairs go over their nearest landmarks.
        """
        n_jobs = getattr(backend, "n_jobs", None)
        out = shortest_paths(self.graph.lengths, nodes, n_jobs=n_jobs)
        for j in np.flatnonzero(~np.isfinite(out).all(axis=0)):
            routes = self.over_gates(nodes[j])
            out[:, j] = np.where(np.isfinite(out[:, j]), out[:, j], routes)
        return out


def path_geodesics(graph, landmarks, *, points=None, n_jobs=None):
    """Measure the paths between landmarks, and from each node to the nearest.

    Parameters
    ----------
    graph : Graph
        Undirected.
    landmarks : ndarray of shape (n_landmarks,)
        Node numbers, at least one in each connected component.
    points : ndarray of shape (n_nodes, n_features), default=None
        Where nodes lie, for bridges between components.
    n_jobs : int, default=None
        Threads.

    Returns
    -------
    PathGeodesics
        All on the host.
    """
    gates, gate_lengths, between = nearest_sources(
        graph.lengths, landmarks, N_GATES, n_jobs=n_jobs
    )
    between = bridge_parts(
        np.minimum(between, between.T),
        graph.connected_components[1][landmarks],
        None if points is None else points[landmarks],
    )
    return PathGeodesics(
        landmarks, between, gates.astype(np.int32), gate_lengths, graph=graph
    )
