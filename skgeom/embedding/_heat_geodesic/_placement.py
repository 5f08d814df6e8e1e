"""How long heat flows, whether it is trusted, and where it carries coordinates."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph
from scipy.spatial.distance import cdist

from skgeom.backends import CACHE_BYTES, row_blocks
from skgeom.graph import Graph, equal_rows, noise_hides_shape, robust_graph
from skgeom.graph._neighbors import power_of_two
from skgeom.operators import heat_kernel
from skgeom.operators._heat import diffused

# Longest automatic diffusion time, in steps of a random walk.
MAX_TIME = 40.0
# Time for which coordinates flow from landmarks to their neighbours, and the longest.
_PLACEMENT_TIME, _LONGEST_PLACEMENT = 5.0, 200.0
_STEPS_TO_DISTANCES = 5
# Error of the short series of heat, and heat that is far enough above it.
_SERIES_ERROR, _WARM = 1e-14, 1e-6


def automatic_time(relaxation):
    """Half the relaxation time of the graph, and at most 40 steps.

    Longer than the relaxation time, heat is the same everywhere and distances are
    lost; 40 steps already smooth over the noise of single edges, and cost grows with
    time.
    """
    return min(MAX_TIME, relaxation / 2)


def automatic_geodesic(graph, points=None, *, backend=None):
    """Choose shortest paths where the points show a shape, heat where noise hides it.

    Heat averages over all paths. Where neighbourhoods look alike in all directions,
    the shortest path is the one that noise has cut shortest, and the average is the
    better witness; elsewhere paths keep far distances better. A graph whose edges
    have no lengths of their own has only coarse paths, so heat it is.
    """
    if (graph.lengths.data == 1.0).all():
        return "heat"
    if points is None:
        return "shortest_path"
    unit = power_of_two(np.abs(points).max())
    hidden = noise_hides_shape(points / unit, backend=backend)
    return "heat" if hidden else "shortest_path"


def placement_time(graph, landmarks, time):
    """How long the coordinates of landmarks flow to the other nodes.

    Heat walks as the square root of time. If it does not get from one landmark to the
    next, all nodes between are drawn to the nearest and the picture is a set of clumps;
    if it gets much farther, the rim is drawn inwards. So the time is the square of the
    mean number of edges to the nearest landmark, in units that are right for one edge.
    It is shorter where heat is measured for less than the longest automatic time.
    """
    hops = csgraph.dijkstra(
        graph.adjacency, indices=landmarks, unweighted=True, min_only=True
    )
    reach = max(1.0, hops[np.isfinite(hops)].mean())
    unit = min(_PLACEMENT_TIME, time / (MAX_TIME / _PLACEMENT_TIME))
    return min(unit * reach**2, _LONGEST_PLACEMENT)


def interpolate_by_heat(laplacian, nodes, values, time, fallback, backend):
    """Spread values of a few nodes over all: the mean under the heat that arrives.

    Diffusing the values and a column of ones costs one column a component, whatever
    the number of nodes. Where no heat arrives, the value of node number `fallback`
    among `nodes` is taken.

    A Chebyshev series takes a quarter of the products, and is right to one part in
    10^7 wherever a millionth of the heat arrives: mostly that is everywhere.
    """
    start = np.zeros((laplacian.n_nodes, values.shape[1] + 1))
    start[nodes, :-1], start[nodes, -1] = values, 1.0
    # Values get the sign-free form that keeps small heat accurate.
    lowest = values.min(axis=0)
    start[nodes, :-1] -= lowest
    heat = backend.to_numpy(diffused(laplacian, time, start, _SERIES_ERROR, backend))
    if heat[:, -1].min() < _WARM:
        heat = backend.to_numpy(heat_kernel(laplacian, time, start, backend=backend))
    warm = heat[:, -1] > 1e-290
    mass = np.where(warm, heat[:, -1], 1.0)
    return np.where(
        warm[:, None], lowest + heat[:, :-1] / mass[:, None], values[fallback]
    )


def cleaned_graph(X, **parameters):
    """Return the `robust_graph` of points, and at any scale: it takes their squares.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    **parameters : dict
        Of `robust_graph`.

    Returns
    -------
    Graph
        Undirected.
    """
    unit = power_of_two(float(np.abs(X).max()))
    if 2.0**-400 <= unit <= 2.0**400:
        return robust_graph(X, **parameters)
    graph = robust_graph(X / unit, **parameters)
    return Graph(graph.adjacency, directed=False, lengths=graph.lengths * unit)


def approach_distances(placed, anchors, gates, lengths):
    """Move nodes until they are as far from their nearest landmarks as measured.

    Heat only says between which landmarks a node is. Where the landmarks themselves lie
    at their distances, those from the node to them say where: each node by itself goes
    down its stress, by the steps of Guttman's majorisation. Where distances do not fit
    the plane (a tree's do not), this would fold the picture.

    Parameters
    ----------
    placed : ndarray of shape (n_nodes, n_components)
        Where to start.
    anchors : ndarray of shape (n_landmarks, n_components)
        Where landmarks are.
    gates : ndarray of shape (n_nodes, n_gates), int
        Landmarks near each node.
    lengths : ndarray of shape (n_nodes, n_gates)
        Distances to them; those that are not finite do not count.

    Returns
    -------
    ndarray of shape (n_nodes, n_components)
        The new places.
    """
    out = placed.copy()
    row_bytes = 8 * gates.shape[1] * placed.shape[1]
    for rows in row_blocks(len(placed), row_bytes, CACHE_BYTES):
        known = np.isfinite(lengths[rows])
        rows = np.arange(len(placed))[rows][known.any(axis=1)]
        known = known[known.any(axis=1)][:, :, None]
        wanted = np.where(known, lengths[rows][:, :, None], 0.0)
        centers, place = anchors[gates[rows]], placed[rows]
        for _ in range(_STEPS_TO_DISTANCES):
            away = place[:, None, :] - centers
            reached = np.linalg.norm(away, axis=2, keepdims=True)
            away *= wanted / np.where(reached > 0, reached, 1.0)
            place = np.mean(centers + away, axis=1, where=known)
        out[rows] = place
    return out


def locate(anchors, lengths):
    """Place points by their distances to all landmarks, each by itself.

    From the nearest landmark, and by the same steps as `approach_distances`.

    Parameters
    ----------
    anchors : ndarray of shape (n_landmarks, n_components)
        Where landmarks are.
    lengths : ndarray of shape (n_points, n_landmarks)
        Distances to them.

    Returns
    -------
    ndarray of shape (n_points, n_components)
        Their places.
    """
    place, middle = anchors[lengths.argmin(axis=1)], anchors.mean(axis=0)
    for _ in range(_STEPS_TO_DISTANCES):
        reached = cdist(place, anchors)
        factors = lengths / np.where(reached > 0, reached, np.inf) / len(anchors)
        place = middle + factors.sum(axis=1, keepdims=True) * place - factors @ anchors
    return place


def group_means(values, groups):
    """Give each row the mean of its group."""
    size = np.bincount(groups)
    if size.max() == 1:
        return values
    means = np.stack([np.bincount(groups, column) for column in values.T], axis=1)
    return (means / size[:, None])[groups]


def groups_of_duplicates(graph, points=None):
    """Number the groups of nodes that are one and the same.

    Nodes with equal points; where no points are known, nodes that edges of length zero
    join.
    """
    if points is not None:
        return equal_rows(points)
    lengths = graph.lengths
    zero = lengths.data == 0
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(lengths.indptr))
    edges = (np.ones(zero.sum()), (rows[zero], lengths.indices[zero]))
    same = sp.csr_array(edges, shape=lengths.shape)
    return csgraph.connected_components(same, directed=False)[1]
