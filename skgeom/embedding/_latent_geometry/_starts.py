"""Where curves begin: along shortest paths between neighbouring latents."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import row_blocks
from skgeom.embedding._latent_geometry._curves import Decode, evenly_spaced
from skgeom.typing import NDArray

# Keeps an edge between rows that decode alike.
_SHORTEST = 1e-12
# A decoder holds some hundred numbers a row while it works.
_BYTES_A_ROW = 8 * 400


class LatentGraph(NamedTuple):
    """Neighbouring latents, joined by edges as long as the decoder makes them.

    Attributes
    ----------
    latents : ndarray of shape (n_samples, n_components)
        Nodes.
    lengths : csr_array of shape (n_samples, n_samples)
        Symmetric.
    labels : ndarray of shape (n_samples,), int
        Connected component of each node.
    """

    latents: NDArray
    lengths: sp.csr_array
    labels: NDArray


def latent_graph(latents: NDArray, neighbors: NDArray, decode: Decode) -> LatentGraph:
    """Join neighbours by the length of the decoded segment, in two chords.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_components)
        Nodes.
    neighbors : ndarray of shape (n_samples, n_neighbors), int
        Neighbours of each, itself apart; perhaps none.
    decode : callable
        From latents to values and Jacobians.

    Returns
    -------
    LatentGraph
        The graph.
    """
    n, n_neighbors = neighbors.shape
    heads, tails = np.repeat(np.arange(n), n_neighbors), neighbors.reshape(-1)
    ends = np.unique(np.sort(np.column_stack([heads, tails]), axis=1), axis=0)
    heads, tails = ends.T
    values, lengths = _values_by_blocks(latents, decode), np.empty(len(ends))
    for some in row_blocks(len(ends), _BYTES_A_ROW):
        first, last = heads[some], tails[some]
        middle = decode((latents[first] + latents[last]) / 2.0)[0]
        lengths[some] = np.linalg.norm(values[first] - middle, axis=1)
        lengths[some] += np.linalg.norm(values[last] - middle, axis=1)
    lengths += _SHORTEST * max(float(lengths.max(initial=0.0)), 1e-100)
    links = sp.coo_array((lengths, (heads, tails)), shape=(n, n))
    links = (links + links.T).tocsr()
    labels = csgraph.connected_components(links, directed=False)[1]
    return LatentGraph(latents, links, labels)


def _values_by_blocks(latents, decode):
    blocks = row_blocks(len(latents), _BYTES_A_ROW)
    return np.concatenate([decode(latents[rows])[0] for rows in blocks])


def path_starts(
    graph: LatentGraph,
    sources: NDArray,
    targets: NDArray,
    first: NDArray,
    last: NDArray,
    n_points: int,
) -> NDArray:
    """Curves along shortest paths of the graph, evenly spaced.

    Parameters
    ----------
    graph : LatentGraph
        The graph.
    sources, targets : ndarray of shape (n_curves, n_components)
        Ends of the curves.
    first, last : ndarray of shape (n_curves,), int
        Nodes next to them.
    n_points : int
        Points of a curve.

    Returns
    -------
    ndarray of shape (n_curves, n_points, n_components)
        Straight where the graph has no path.
    """
    starts = straight_starts(sources, targets, n_points)
    for node in np.unique(first):
        _, before = csgraph.dijkstra(
            graph.lengths, directed=False, indices=node, return_predecessors=True
        )
        for curve in np.flatnonzero(first == node):
            if graph.labels[last[curve]] != graph.labels[node]:
                continue
            nodes = [last[curve]]
            while nodes[-1] != node:
                nodes.append(before[nodes[-1]])
            inner = graph.latents[nodes[::-1]]
            corners = np.concatenate([sources[[curve]], inner, targets[[curve]]])
            starts[curve] = evenly_spaced(corners, n_points)
    return starts


def straight_starts(sources: NDArray, targets: NDArray, n_points: int) -> NDArray:
    """Straight lines between latents, shape (n_curves, n_points, n_components)."""
    share = np.linspace(0.0, 1.0, n_points)[None, :, None]
    lines = sources[:, None] * (1.0 - share) + targets[:, None] * share
    lines[:, 0], lines[:, -1] = sources, targets
    return lines
