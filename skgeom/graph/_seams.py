"""Finding where a strand of points was cut through.

Points along a curve lie denser here and thinner there, by chance alone. Where they are
thinnest, the neighbours of points on either side are on that side alone, and edges
across have ends with few neighbours in common. A graph that loses all of these edges
may still hang together by the way round a ring, so that its components do not tell.
Its ends do: neighbourhoods fall into two parts there, each node sees its own part on
one side of it, drawn out along the strand, and what it lacks on the other.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import CACHE_BYTES, row_blocks
from skgeom.backends._arrays import unsigned
from skgeom.graph._graph import Graph
from skgeom.graph._neighbors import power_of_two
from skgeom.typing import NDArray

# A neighbourhood falls apart if more than this share of it is out of reach,
_LACKING = 0.1
# its node is at an end if at most this share of its part lies beyond it,
_BEYOND = 1 / 3
# and this part is a strand towards the other if this share of its variance is that way.
# Half of a round neighbourhood on a sheet has less: no chance parts a sheet.
_DRAWN_OUT = 0.4
# Cosine of the ways across as two ends see them, up to which they face each other.
_FACING = -0.5
# Pairs of facing ends that make a seam: as many as between two sides of this share of a
# neighbourhood, 31 for 50 nodes. A strand that was cut through mostly has twice as
# many, places where shortcuts between parts of a shape were cut at most half.
_SIDE = 1 / 9


class Seams(NamedTuple):
    """Pairs of nodes that face each other over a cut, each pair once."""

    one: NDArray
    two: NDArray
    # The same for all pairs at one place.
    place: NDArray


def find_seams(graph: Graph, indices: NDArray, points: NDArray) -> Seams:
    """Find places where a strand of points was cut through.

    A node whose neighbourhood falls apart in the graph is an end if the part that it is
    in lies on one side of it and is drawn out towards the other. Ends that lack each
    other and look in opposite directions are a pair, and many pairs in one place a
    seam. Where shortcuts between parts of a shape were cut, there is none: the points
    at both ends have neighbours on all sides along their own part.

    Parameters
    ----------
    graph : Graph
        Undirected.
    indices : ndarray of shape (n_nodes, n_neighbors), int
        Neighbours of each node, itself excluded; more of them than the graph has edges
        show more of the strand.
    points : ndarray of shape (n_nodes, n_features), float
        Where nodes lie.

    Returns
    -------
    Seams
        No pair is joined in the graph.
    """
    nodes, across, lacking = _ends(graph, indices, points)
    number = np.full(graph.n_nodes, -1)
    number[nodes] = np.arange(len(nodes))
    one, column = np.nonzero(lacking)
    two = number[indices[nodes[one], column]]
    one, two = one[two >= 0], two[two >= 0]
    facing = (across[one] * across[two]).sum(axis=1) <= _FACING
    one, two = one[facing], two[facing]
    pairs = sp.csr_array((np.ones(len(one)), (one, two)), shape=(len(nodes),) * 2)
    pairs = sp.triu(pairs.multiply(pairs.T)).tocoo()
    places = csgraph.connected_components(pairs, directed=False)[1][pairs.row]
    seam = np.bincount(places) >= (_SIDE * indices.shape[1]) ** 2
    kept = seam[places]
    return Seams(nodes[pairs.row[kept]], nodes[pairs.col[kept]], places[kept])


def _ends(graph, indices, points):
    """Nodes at ends of strands, their ways across, and the neighbours they lack."""
    from skgeom.backends._numba._graphs import reached_within

    members = np.concatenate([np.arange(graph.n_nodes)[:, None], indices], axis=1)
    enough = np.ceil((1 - _LACKING) * members.shape[1])
    pattern = graph.adjacency.indptr, graph.adjacency.indices
    near = reached_within(*map(unsigned, pattern), unsigned(members), int(enough))
    nodes = np.flatnonzero(~near.all(axis=1))
    members, near = members[nodes], near[nodes]
    # Squares in this unit stay finite.
    unit = power_of_two(float(max(points.max(), -points.min())))
    across, at_end = np.empty((len(nodes), points.shape[1])), np.empty(len(nodes), bool)
    row_bytes = 8 * members.shape[1] * points.shape[1]
    for rows in row_blocks(len(nodes), row_bytes, CACHE_BYTES):
        steps = (points[members[rows]] - points[nodes[rows], None]) / unit
        across[rows], at_end[rows] = _way_across(steps, near[rows])
    return nodes[at_end], across[at_end], ~near[at_end, 1:]


def _way_across(steps, near):
    """Directions from own parts to others, and whether the origin is at an end."""
    count = near.sum(axis=1)
    center = _mean(steps, near)
    across = _mean(steps, ~near) - center
    norm = np.linalg.norm(across, axis=1, keepdims=True)
    across /= np.where(norm > 0, norm, 1.0)
    along = (steps @ across[:, :, None])[:, :, 0]
    beyond = (near & (along > 0)).sum(axis=1)
    spread = (near * along**2).sum(axis=1) / count - (center * across).sum(axis=1) ** 2
    whole = (near * (steps**2).sum(axis=2)).sum(axis=1) / count
    whole -= (center**2).sum(axis=1)
    drawn_out = (spread > 0) & (spread >= _DRAWN_OUT * whole)
    return across, drawn_out & (beyond <= _BEYOND * count)


def _mean(steps, chosen):
    """Means of the chosen rows of each block, of which there are some."""
    return (chosen[:, None, :] @ steps)[:, 0] / chosen.sum(axis=1)[:, None]
