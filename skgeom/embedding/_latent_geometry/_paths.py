"""Geodesics of a decoder between given latents: what starts them, and which is kept."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.exceptions import ConvergenceWarning

from skgeom._warnings import warn
from skgeom.backends import row_blocks
from skgeom.embedding._latent_geometry._curves import (
    Decode,
    curve_lengths,
    least_energy_curves,
)
from skgeom.embedding._latent_geometry._decoders import Support, with_support
from skgeom.embedding._latent_geometry._starts import (
    LatentGraph,
    path_starts,
    straight_starts,
)
from skgeom.graph import shortest_paths
from skgeom.typing import NDArray

# Steps after which a curve has not converged; most settle in ten.
_STEPS, _TOLERANCE = 100, 1e-6
# Numbers alive for a point of a curve, beside bumps.
_NUMBERS = 16


class Geodesics(NamedTuple):
    """Geodesics in units of latents and rows.

    Attributes
    ----------
    points : ndarray of shape (n_curves, n_points, n_components)
        Latents along them; none if they were not asked for.
    lengths : ndarray of shape (n_curves,)
        Without the wall around the latents.
    n_unsettled : int
        Curves whose energy did not settle.
    n_apart : int
        Curves between nodes that no path joins.
    """

    points: NDArray
    lengths: NDArray
    n_unsettled: int
    n_apart: int


def geodesics_between(
    sources: NDArray,
    targets: NDArray,
    first: NDArray,
    last: NDArray,
    graph: LatentGraph,
    decode: Decode,
    support: Support,
    n_points: int,
    with_points: bool,
) -> Geodesics:
    """Shorten the path of the graph and the straight line; keep the lower energy.

    Parameters
    ----------
    sources, targets : ndarray of shape (n_curves, n_components)
        Ends, in units.
    first, last : ndarray of shape (n_curves,), int
        Nodes of the graph next to them.
    graph : LatentGraph
        Neighbouring latents.
    decode : callable
        From latents to values and Jacobians.
    support : Support
        The wall.
    n_points : int
        Points of a curve.
    with_points : bool
        Whether points are kept; of many curves they take much more than lengths.

    Returns
    -------
    Geodesics
        The curves, in order.
    """
    n_curves, n_components = sources.shape
    points = np.empty((n_curves if with_points else 0, n_points, n_components))
    lengths, n_unsettled = np.empty(n_curves), 0
    n_apart = int((graph.labels[first] != graph.labels[last]).sum())
    walled = with_support(decode, support)
    if not n_curves:
        return Geodesics(points, lengths, n_unsettled, n_apart)
    n_values = decode(sources[:1])[0].shape[1]
    numbers = len(support.centers) + _NUMBERS * (n_values + 1) * (n_components + 1)
    for rows in row_blocks(n_curves, 16 * n_points * numbers):
        ends = sources[rows], targets[rows]
        starts = (
            path_starts(graph, *ends, first[rows], last[rows], n_points),
            straight_starts(*ends, n_points),
        )
        found = least_energy_curves(
            np.concatenate(starts), walled, max_iter=_STEPS, tol=_TOLERANCE
        )
        n = len(ends[0])
        best = np.arange(n)
        best[found.energies[n:] < found.energies[:n]] += n
        if with_points:
            points[rows] = found.points[best]
        lengths[rows] = curve_lengths(found.values[best][..., :n_values])
        n_unsettled += int((~found.converged[best]).sum())
    return Geodesics(points, lengths, n_unsettled, n_apart)


def tell_of(found: Geodesics) -> None:
    """Warn of curves over gaps, and of those that have not settled."""
    n = len(found.lengths)
    if found.n_apart:
        warn(
            f"{found.n_apart} of {n} curves lead between latents that no chain of "
            "neighbours joins, over a gap where nothing is known. More neighbours may "
            "join them: increase n_neighbors."
        )
    if found.n_unsettled:
        warn(
            f"{found.n_unsettled} of {n} curves have not settled after {_STEPS} steps; "
            "their lengths are upper bounds.",
            ConvergenceWarning,
        )


def graph_distances(
    sources: NDArray,
    targets: NDArray,
    first: NDArray,
    last: NDArray,
    graph: LatentGraph,
    decode: Decode,
) -> NDArray:
    """Lengths of shortest paths between neighbours, and from the ends to the next node.

    Parameters
    ----------
    sources : ndarray of shape (n_rows, n_components)
        Ends, in units.
    targets : ndarray of shape (n_columns, n_components)
        Other ends.
    first : ndarray of shape (n_rows,), int
        Nodes next to `sources`.
    last : ndarray of shape (n_columns,), int
        Nodes next to `targets`.
    graph : LatentGraph
        Neighbouring latents.
    decode : callable
        From latents to values and Jacobians.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        Distances of the decoded ends where these have the same node, or no path.
    """
    nodes = decode(graph.latents)[0]
    from_values, to_values = decode(sources)[0], decode(targets)[0]
    straight = cdist(from_values, to_values)
    starts, which = np.unique(first, return_inverse=True)
    found = shortest_paths(graph.lengths, starts)[last][:, which].T
    found += np.linalg.norm(from_values - nodes[first], axis=1)[:, None]
    found += np.linalg.norm(to_values - nodes[last], axis=1)
    alone = (first[:, None] == last) | ~np.isfinite(found)
    return np.where(alone, straight, found)
