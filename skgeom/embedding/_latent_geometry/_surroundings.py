"""What lies around latents: neighbours, a wall, how dense and how large they are."""

from typing import Any, NamedTuple

import numpy as np

from skgeom._warnings import warn
from skgeom.backends import Backend, row_blocks
from skgeom.embedding._latent_geometry._curves import Decode
from skgeom.embedding._latent_geometry._decoders import Support, gaussian_bumps
from skgeom.embedding._latent_geometry._resampling import evening_weights
from skgeom.embedding._latent_geometry._starts import LatentGraph, latent_graph
from skgeom.embedding._latent_geometry._units import log_volumes
from skgeom.graph import nearest_neighbors
from skgeom.typing import NDArray

# The neighbour whose distance tells the density of the latents.
_DENSITY_NEIGHBOR = 16
# Share of the latents around which a smooth decoder may be constant.
_STILL = 0.5
# Decimals in which latents are the same, in units of their spread.
_DECIMALS = 6
# Latents that a wall is made of, at most; the neighbour whose median distance is the
# width of a bump; and the quantile of the density that is a thin place.
_WALL, _WIDTH_NEIGHBOR, _THIN = 1000, 10, 0.02


class Surroundings(NamedTuple):
    """What was found around the latents of the training rows.

    Attributes
    ----------
    graph : LatentGraph
        Of those that differ.
    support : Support
        The wall.
    radii : ndarray of shape (n_samples,)
        Distance of each to a neighbour.
    weights : ndarray of shape (n_samples,)
        Volume over density.
    still : float
        Share of the latents around which the decoder is constant.
    """

    graph: LatentGraph
    support: Support
    radii: NDArray
    weights: NDArray
    still: float


def surroundings_of(
    latents: NDArray,
    decode: Decode,
    n_neighbors: int,
    height: float,
    backend: Backend,
    random_state: np.random.RandomState,
) -> Surroundings:
    """Join neighbours, build the wall, and weigh latents.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_components)
        In units of their spread.
    decode : callable
        From latents to values and Jacobians.
    n_neighbors : int
        Most neighbours that each is joined to.
    height : float
        Of the wall, in twice the spread of the rows.
    backend : Backend
        Where neighbours are searched.
    random_state : RandomState
        Chooses the latents that the wall is made of, where there are many.

    Returns
    -------
    Surroundings
        What was found.
    """
    nodes, inverse, copies = np.unique(
        latents.round(_DECIMALS), axis=0, return_inverse=True, return_counts=True
    )
    inverse = inverse.reshape(-1)
    n_near = min(max(n_neighbors, _DENSITY_NEIGHBOR), len(nodes) - 1)
    distances, neighbors = np.zeros((len(nodes), 1)), np.zeros((len(nodes), 0), int)
    if n_near:
        distances, neighbors = nearest_neighbors(
            nodes, n_neighbors=n_near, backend=backend
        )
    graph = latent_graph(nodes, neighbors[:, :n_neighbors], decode)
    support = support_of(nodes, height, backend, random_state)
    radii = distances[:, min(_DENSITY_NEIGHBOR, distances.shape[1]) - 1]
    logs, still = volumes_by_blocks(nodes, decode)
    weights = evening_weights(
        logs[inverse], radii[inverse], copies[inverse], nodes.shape[1]
    )
    return Surroundings(graph, support, radii[inverse], weights, still)


def support_of(
    latents: NDArray,
    height: float,
    backend: Backend,
    random_state: np.random.RandomState,
) -> Support:
    """Build a wall around latents.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_components)
        Distinct, in units of their spread.
    height : float
        Of the wall, in twice the spread of the rows.
    backend : Backend
        Where neighbours are searched.
    random_state : RandomState
        Chooses the latents that it is made of, where there are many.

    Returns
    -------
    Support
        The wall.
    """
    if len(latents) > _WALL:
        latents = latents[np.sort(random_state.permutation(len(latents))[:_WALL])]
    n_near = min(_WIDTH_NEIGHBOR, len(latents) - 1)
    width = 1.0
    if n_near:
        distances = nearest_neighbors(latents, n_neighbors=n_near, backend=backend)[0]
        width = float(np.median(distances[:, -1]))
    density = gaussian_bumps(latents, latents, width).sum(axis=1)
    return Support(latents, width, float(np.quantile(density, _THIN)), 2.0 * height)


def volumes_by_blocks(latents: NDArray, decode: Decode) -> tuple[NDArray, float]:
    """Logarithms of the volumes at latents, and the share where nothing changes.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_components)
        In units.
    decode : callable
        From latents to values and Jacobians.

    Returns
    -------
    logs : ndarray of shape (n_samples,)
        -inf where there is no volume.
    still : float
        Share of the latents around which values are constant.
    """
    logs, still = np.empty(len(latents)), 0
    n_values = decode(latents[:1])[0].shape[1]
    numbers = 4 * (latents.shape[1] + 1) * n_values + 400
    for rows in row_blocks(len(latents), 8 * numbers):
        slopes = decode(latents[rows])[1]
        logs[rows] = log_volumes(slopes)
        still += int((np.abs(slopes).max(axis=(1, 2)) == 0).sum())
    return logs, still / len(latents)


def tell_if_still(still: float, decoder: Any) -> None:
    """Warn of a decoder that is constant or in steps.

    Parameters
    ----------
    still : float
        Share of the latents around which it does not change.
    decoder : object
        What the user gave.
    """
    if still > _STILL:
        warn(
            f"decoder={decoder!r} does not change around {still:.0%} of the latents: "
            "it is constant or has steps, and no metric. Choose one that is smooth."
        )
