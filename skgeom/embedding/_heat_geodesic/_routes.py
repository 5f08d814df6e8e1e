"""Distances between landmarks where the direct measurement is missing.

Pairs in one component are closed by shortest routes over other landmarks, components
are joined by bridges, and a few shortest paths fix the unit of length.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph
from scipy.spatial.distance import cdist

from skgeom.graph import shortest_paths
from skgeom.graph._neighbors import power_of_two

# Landmarks whose shortest paths fix the unit of length: all in small graphs, where
# paths cost nothing, and at least so many in large ones.
_MIN_RULERS = 16
_CHEAP_PATHS = 50_000
# Bridges across are at most so much longer than those of the way round, where a curve
# that has fallen apart shall not be cut short; and are built between so many parts.
_LONGER, _MOST_PARTS = 3.0, 32


def unit_of_length(raw, landmarks, graph):
    """Path length of one raw unit, by the median ratio, from a few landmarks."""
    n_rulers = max(_MIN_RULERS, _CHEAP_PATHS // graph.n_nodes)
    n_rulers = min(n_rulers, len(landmarks))
    rulers = np.linspace(0, len(landmarks) - 1, n_rulers).astype(np.int64)
    paths = shortest_paths(graph.lengths, landmarks[rulers])[landmarks].T
    raw = raw[rulers]
    known = np.isfinite(paths) & np.isfinite(raw)
    # Paths of length zero join duplicates: they say nothing, unless all are.
    if paths[known].max(initial=0.0) == 0:
        return 0.0 if raw[known].any() else 1.0
    known &= paths > 0
    # A raw distance clipped at zero counts as the least there is: left out, rounding
    # would decide whether it counts.
    units = raw[known] / paths[known]
    middle = np.median(units)
    if middle == 0:
        middle = np.median(units[units > 0]) if units.any() else 1.0
    return float(1.0 / middle)


def nearest_by_path(graph, landmarks):
    """The landmark that each node reaches first along the edges, and how far it is.

    -1 and infinity for a node that reaches none.
    """
    length, _, owner = csgraph.dijkstra(
        graph.lengths, indices=landmarks, min_only=True, return_predecessors=True
    )
    position = np.full(graph.n_nodes + 1, -1)
    position[landmarks] = np.arange(len(landmarks))
    # csgraph's owner of a node that nothing reaches is -9999.
    return position[np.maximum(owner, -1)], length


@dataclass(frozen=True)
class LandmarkRoutes:
    """What is known of landmarks, and routes over them between any two nodes.

    Parameters
    ----------
    landmarks : ndarray of shape (n_landmarks,)
        Their node numbers.
    between : ndarray of shape (n_landmarks, n_landmarks)
        Distances between landmarks, finite.
    gates, gate_lengths : ndarray of shape (n_nodes, n_gates)
        The nearest landmarks of each node, and how far they are.
    """

    landmarks: np.ndarray
    between: np.ndarray
    gates: np.ndarray
    gate_lengths: np.ndarray

    def over_gates(self, node):
        """Shortest routes from all nodes to one, over the gates of both ends."""
        to_gates = self.between[:, self.gates[node]] + self.gate_lengths[node]
        onward = to_gates.min(axis=1)
        return (onward[self.gates] + self.gate_lengths).min(axis=1)

    def bridged_across(self, graph, points):
        """The same with the further bridges of `bridge_across`; itself without any."""
        labels = graph.connected_components[1][self.landmarks]
        between = bridge_across(self.between, labels, points[self.landmarks])
        return self if between is self.between else replace(self, between=between)


def reach_all(graph, landmarks, gates, lengths):
    """Give nodes that no landmark's heat reaches the nearest landmark by path."""
    gates[landmarks, 0], lengths[landmarks, 0] = np.arange(len(landmarks)), 0.0
    cold = ~np.isfinite(lengths[:, 0])
    if cold.any():
        owner, path = nearest_by_path(graph, landmarks)
        gates[cold, 0], lengths[cold, 0] = owner[cold], path[cold]
    return gates, lengths


def close_distances(between, graph, landmarks, labels):
    """Fill pairs without a trusted distance, within components, by shortest routes."""
    missing = ~np.isfinite(between) & (labels[:, None] == labels[None, :])
    if not missing.any():
        return between
    routes = _routes(between)
    if not np.isfinite(routes[missing]).all():
        # Landmarks too far apart for any trusted heat: neighbouring cells of the
        # landmarks touch, and a path across a border links the two.
        owner, path = nearest_by_path(graph, landmarks)
        edges = graph.lengths.tocoo()
        one, two = owner[edges.row], owner[edges.col]
        across = path[edges.row] + edges.data + path[edges.col]
        step = np.full_like(between, np.inf)
        np.minimum.at(step, (one, two), across)
        routes = _routes(np.minimum(between, step))
    return np.where(missing, routes, between)


def _routes(lengths):
    """All shortest routes over the finite entries of a matrix."""
    finite = np.isfinite(lengths)
    rows, columns = np.nonzero(finite)
    edges = sp.csr_array((lengths[finite], (rows, columns)), shape=lengths.shape)
    routes = csgraph.dijkstra(edges, directed=False)
    return np.minimum(routes, routes.T)  # sums of the same legs may round apart


def bridge_parts(between, labels, points=None):
    """Give finite distances to pairs of nodes in different connected components.

    With points, the components are joined by the straight bridges of a minimum
    spanning tree between them, each between the two nearest nodes, and distances run
    over the bridges. Without, all components are equally far apart: 2 sqrt(k) times as
    far as the two most distant nodes within any one of the k components.

    Parameters
    ----------
    between : ndarray of shape (n, n)
        Distances, finite within components.
    labels : ndarray of shape (n,)
        The component of each node.
    points : ndarray of shape (n, n_features), default=None
        Where the nodes lie.

    Returns
    -------
    ndarray of shape (n, n)
        All finite.
    """
    names, labels = np.unique(labels, return_inverse=True)
    if len(names) == 1:
        return between
    apart = labels[:, None] != labels[None, :]
    if points is None:
        # So that no parts mix in a picture: k of them, each with as much room around it
        # as it is wide, cover a disc in the plane of sqrt(k) times two such widths.
        widest = between[~apart].max()
        bridge = 2 * np.sqrt(len(names)) * widest if widest > 0 else 1.0
        return np.where(apart, bridge, between)
    parts = _Parts.of(labels, points)
    between, group = between.copy(), labels.copy()
    for a, b in parts.spanning_tree():
        p, q, bridge = parts.nearest(a, b)
        one = np.flatnonzero(group == group[p])
        two = np.flatnonzero(group == group[q])
        route = between[one, p][:, None] + bridge + between[q, two]
        between[np.ix_(one, two)], between[np.ix_(two, one)] = route, route.T
        group[two] = group[p]
    return between


def bridge_across(between, labels, points):
    """Join parts by further bridges than those of a minimum spanning tree.

    Clusters that stand apart lie at their straight distances then, as far as they are
    seen from each other: between any two parts there is a bridge, unless it is more
    than three times as long as each of those on the way round over shorter ones.

    Parameters
    ----------
    between : ndarray of shape (n, n)
        Distances over the bridges of `bridge_parts`.
    labels : ndarray of shape (n,)
        The component of each node.
    points : ndarray of shape (n, n_features)
        Where the nodes lie.

    Returns
    -------
    ndarray of shape (n, n)
        Shortest routes; `between` itself for one or two parts, and for very many.
    """
    names, labels = np.unique(labels, return_inverse=True)
    if not 2 < len(names) <= _MOST_PARTS:
        return between
    parts = _Parts.of(labels, points)
    longest, group = np.zeros_like(parts.gaps), np.arange(len(names))
    needless = np.zeros(parts.gaps.shape, dtype=bool)  # the tree has them
    for a, b in parts.spanning_tree():
        needless[a, b] = needless[b, a] = True
        one, two = group == group[a], group == group[b]
        longest[np.ix_(one, two)] = longest[np.ix_(two, one)] = parts.gaps[a, b]
        group[two] = group[a]
    across = (parts.gaps <= _LONGER * longest) & ~needless
    for a, b in np.argwhere(np.triu(across, 1)):
        p, q, bridge = parts.nearest(a, b)
        route = between[:, p][:, None] + bridge + between[q]
        between = np.minimum(between, np.minimum(route, route.T))
    return between


@dataclass(frozen=True)
class _Parts:
    """Groups of points, and the gaps between them.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        The group of each point, from 0 on.
    straight : ndarray of shape (n, n)
        Distances between points, in a unit.
    gaps : ndarray of shape (n_groups, n_groups)
        The smallest between points of two groups, in the same unit.
    unit : float
        Its length.
    """

    labels: np.ndarray
    straight: np.ndarray
    gaps: np.ndarray
    unit: float

    @classmethod
    def of(cls, labels, points):
        points = points.astype(np.float64)
        unit = power_of_two(float(np.abs(points).max()))
        straight = cdist(points / unit, points / unit)
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(labels.max() + 1))
        gaps = np.minimum.reduceat(straight[np.ix_(order, order)], starts, axis=0)
        gaps = np.minimum.reduceat(gaps, starts, axis=1)
        # csgraph drops bridges of length zero, so coincident parts get a hair's
        # breadth; of a dense matrix it would drop all below 1e-8.
        np.maximum(gaps, 1e-300, out=gaps)
        np.fill_diagonal(gaps, 0.0)
        return cls(labels, straight, gaps, unit)

    def spanning_tree(self):
        """Pairs of groups that are joined, over the smallest gaps first."""
        tree = csgraph.minimum_spanning_tree(sp.csr_array(self.gaps)).tocoo()
        order = np.argsort(tree.data, kind="stable")
        return zip(tree.row[order], tree.col[order], strict=True)

    def nearest(self, a, b):
        """The two nearest points of two groups, and how far apart they are."""
        one, two = np.flatnonzero(self.labels == a), np.flatnonzero(self.labels == b)
        block = self.straight[np.ix_(one, two)]
        p, q = np.unravel_index(np.argmin(block), block.shape)
        return one[p], two[q], self.unit * block[p, q]
