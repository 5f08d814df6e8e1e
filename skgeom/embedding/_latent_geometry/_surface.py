"""Latents and what they decode to, as a surface that is measured."""

from dataclasses import dataclass

import numpy as np

from skgeom.backends import get_backend
from skgeom.embedding._centred import Frame
from skgeom.embedding._latent_geometry._decoders import (
    KernelDecoder,
    ModelDecoder,
    Support,
)
from skgeom.embedding._latent_geometry._paths import (
    Geodesics,
    geodesics_between,
    graph_distances,
    tell_of,
)
from skgeom.embedding._latent_geometry._starts import LatentGraph
from skgeom.embedding._latent_geometry._units import (
    LatentUnits,
    metric_of,
    volume_of,
)
from skgeom.graph import nearest_neighbors
from skgeom.typing import NDArray


@dataclass(frozen=True)
class Surface:
    """A decoder and the surroundings of its latents.

    Methods take latents in units and give what belongs to rows in theirs.

    Attributes
    ----------
    units : LatentUnits
        Of latents.
    frame : Frame
        Mean and unit of rows.
    decoder : KernelDecoder or ModelDecoder
        From latents to rows, both in units.
    graph : LatentGraph
        Neighbouring latents.
    support : Support
        The wall around them.
    n_points : int
        Points of a geodesic.
    """

    units: LatentUnits
    frame: Frame
    decoder: KernelDecoder | ModelDecoder
    graph: LatentGraph
    support: Support
    n_points: int

    def rows(self, latents: NDArray) -> NDArray:
        """Rows that latents decode to."""
        return (self.decoder.rows(latents) + self.frame.mean) * self.frame.unit

    def metric(self, latents: NDArray) -> NDArray:
        """Metric tensors."""
        slopes = self.decoder(latents)[1]
        return metric_of(slopes, self.frame.unit, self.units.spread)

    def volume(self, latents: NDArray) -> NDArray:
        """Roots of the determinants of those."""
        slopes = self.decoder(latents)[1]
        return volume_of(slopes, self.frame.unit, self.units.spread)

    def emptiness(self, latents: NDArray) -> NDArray:
        """Heights of the wall, as shares of it."""
        return self.support.emptiness(latents)

    def geodesics(self, sources: NDArray, targets: NDArray) -> NDArray:
        """Latents along curves, in their own units."""
        return self.units.back(self._between(sources, targets, True).points)

    def paired_distances(self, sources: NDArray, targets: NDArray) -> NDArray:
        """Lengths of curves from each source to the target in its place."""
        return self._between(sources, targets).lengths * self.frame.unit

    def pairwise_distances(
        self, sources: NDArray, targets: NDArray | None, refine: bool
    ) -> NDArray:
        """Lengths from all sources to all targets, or among the sources."""
        if not refine:
            targets = sources if targets is None else targets
            first, last = self._next_to(sources), self._next_to(targets)
            found = graph_distances(
                sources, targets, first, last, self.graph, self.decoder
            )
        elif targets is None:
            one, two = np.triu_indices(len(sources), 1)
            found = np.zeros((len(sources), len(sources)))
            found[one, two] = self._between(sources[one], sources[two]).lengths
            found += found.T
        else:
            shape = len(sources), len(targets)
            one, two = np.indices(shape).reshape(2, -1)
            found = self._between(sources[one], targets[two]).lengths.reshape(shape)
        return found * self.frame.unit

    def _between(
        self, sources: NDArray, targets: NDArray, with_points: bool = False
    ) -> Geodesics:
        """Geodesics, with warnings of those that are none."""
        found = geodesics_between(
            sources,
            targets,
            self._next_to(sources),
            self._next_to(targets),
            self.graph,
            self.decoder,
            self.support,
            self.n_points,
            with_points,
        )
        tell_of(found)
        return found

    def _next_to(self, latents: NDArray) -> NDArray:
        """The nearest nodes of the graph."""
        if not len(latents):
            return np.zeros(0, dtype=np.int64)
        return nearest_neighbors(
            self.graph.latents, latents, n_neighbors=1, backend=get_backend("cpu")
        )[1][:, 0]
