"""Range, signal and noise of a Gaussian process on a graph, learned from labels."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, get_backend
from skgeom.graph import Graph, Laplacian
from skgeom.nodes._graph_gp._evidence import (
    Evidence,
    Spectrum,
    best_range,
    polished,
)
from skgeom.nodes._graph_gp._labels import Labels, neighborhood
from skgeom.nodes._graph_gp._prior import (
    GraphPrior,
    is_solved_for,
    is_sparse_enough,
    laplacian_with_mass,
)
from skgeom.nodes._graph_gp._processes import (
    DenseProcess,
    IterativeProcess,
    SparseProcess,
)
from skgeom.nodes._graph_kernel import function_of_range
from skgeom.typing import NDArray

# Labels whose covariance is decomposed for every range, where others polish what they
# say, and where not; and those that are conditioned on by a dense matrix.
_FEW_TO_LEARN, _MOST_TO_LEARN, _MOST_DENSE = 400, 1000, 2000
# Larger graphs are learned from a part of so many nodes first.
_PART = 8000
# Larger graphs have variances from draws.
_MOST_EXACT = 20_000
# Noise beside the variance of an average node, for other first guesses, and how much
# longer their ranges are.
_PLAIN, _FARTHER = 0.1, (1.0, 4.0, 16.0)
# Ranges that are tried, as diffusion times. Series are not too long for those of a
# spectrum up to 2, or for a spectrum so much wider as these are shorter.
_SHORTEST, _LONGEST, _LONGEST_HEAT, _LONGEST_SERIES = 0.25, 2.0**20, 2.0**16, 2.0**13


class Field(NamedTuple):
    """What there is to be modelled, whatever the kernel."""

    adjacency: sp.csr_array
    laplacian: Laplacian
    roots: NDArray
    isolated: NDArray
    sparse: bool
    backend: Backend

    def __reduce__(self):
        """Leave the backend behind: it is the host that opens what is stored."""
        return Field, (*self[:-1], get_backend("cpu"))

    @classmethod
    def on(cls, graph: Graph, mass: NDArray | None, backend: Backend) -> "Field":
        """The field on a graph."""
        roots = np.ones(graph.n_nodes)
        if mass is not None:
            # In units of the mean: that of masses is of no matter.
            roots = 1 / np.sqrt(mass / mass.mean())
        return cls(
            graph.adjacency,
            laplacian_with_mass(graph, mass),
            roots,
            graph.degrees == 0,
            is_sparse_enough(graph.adjacency),
            backend,
        )

    @property
    def n_nodes(self):
        """Number of nodes."""
        return len(self.roots)

    def prior(self, function):
        """Its covariance."""
        shape = self.roots, self.isolated, self.sparse, self.backend
        return GraphPrior(self.laplacian, function, *shape)

    def process(self, prior, labels, ratio, n_draws):
        """What is known after labels, in the way that suits their number."""
        n_labels = len(labels.nodes)
        if (
            prior.factor is not None
            and max(n_labels / _MOST_DENSE, self.n_nodes / _MOST_EXACT) > 1
        ):
            many = self.n_nodes > _MOST_EXACT
            return SparseProcess(prior, labels, ratio, n_draws if many else 0)
        if n_labels > _MOST_DENSE:
            return IterativeProcess(prior, labels, ratio, n_draws)
        return DenseProcess(prior, labels, ratio)

    def part(self, labels):
        """A part of a large field, with its labels."""
        if self.n_nodes <= _PART:
            return self, labels
        nodes = neighborhood(self.adjacency, labels.nodes, _PART)
        inside = np.flatnonzero(np.isin(labels.nodes, nodes))
        found = labels.some(inside)
        found = found._replace(nodes=np.searchsorted(nodes, found.nodes))
        # The Laplacian of the whole, without what leads out: nodes keep their degrees.
        P = self.laplacian.transition[nodes][:, nodes].tocsr()
        bound, ones = self.laplacian.bound, np.ones(len(nodes))
        return self._replace(
            adjacency=self.adjacency[nodes][:, nodes].tocsr(),
            laplacian=Laplacian("symmetric", P, bound, ones),
            roots=self.roots[nodes],
            isolated=self.isolated[nodes],
        ), found


class KernelFamily(NamedTuple):
    """A function of the Laplacian for each range, as diffusion time; or one for all."""

    kernel: Any
    smoothness: float
    function: Callable | None = None

    def at(self, time):
        """The function of a range."""
        if self.function is not None:
            return self.function
        return function_of_range(self.kernel, time, self.smoothness)

    def times(self, field):
        """The shortest and the longest range; None without one."""
        if self.function is not None:
            return None
        longest = _LONGEST
        if not (field.sparse and is_solved_for(self.at(1.0))):
            longest = _LONGEST_HEAT if self.kernel == "diffusion" else _LONGEST_SERIES
            longest /= field.laplacian.bound
        return np.array([_SHORTEST, max(longest, 4 * _SHORTEST)])


class LearnedField(NamedTuple):
    """Range (None without one), the prior, the evidence, and how often it was asked."""

    time: float | None
    prior: GraphPrior
    evidence: Evidence
    n_evaluations: int


def learn_field(
    field: Field,
    labels: Labels,
    family: KernelFamily,
    time: float | None,
    noise: float | None,
) -> LearnedField:
    """Range, signal and noise of greatest evidence.

    Parameters
    ----------
    field : Field
        Where the labels are.
    labels : Labels
        In units of their spread.
    family : KernelFamily
        Functions of the Laplacian.
    time : float or None
        The range; None learns it, if there is one.
    noise : float or None
        Variance of the noise in these units; None is learned.

    Returns
    -------
    LearnedField
        Of the whole field. The log of the evidence is that of all labels, or that of
        the labels it was learned from times all for each of them.
    """
    small, few = field.part(labels)
    times = family.times(field) if time is None else None
    solves = small.prior(family.at(1.0 if time is None else time)).factor is not None
    few = _sample(few, _FEW_TO_LEARN if solves else _MOST_TO_LEARN)

    def evidence_of_few(time):
        K = small.prior(family.at(time)).between(few.nodes)
        return Spectrum.of(K, few).best(noise)

    if times is None:
        found, n_evaluations = evidence_of_few(time), 1
    else:
        time, found, n_evaluations = best_range(evidence_of_few, times)
    if solves and len(few.nodes) < len(labels.nodes):
        prior_at = functools.lru_cache(3)(lambda time: field.prior(family.at(time)))

        # Of long ranges, labels tell the signal over a power of them: in units of that,
        # noise and range do not depend on each other much.
        tilt = 0.0 if times is None else family.smoothness

        def numbers(logs):
            at = time if times is None else float(np.exp(logs[1]))
            return at, float(np.exp(logs[0] - (tilt * logs[1] if tilt else 0.0)))

        def evidence_of_all(logs):
            at, ratio = numbers(logs)
            return SparseProcess(prior_at(at), labels, ratio, 0).evidence(noise)

        ratios = [found.ratio, _PLAIN * prior_at(time).mean]
        starts = [np.log([ratios[0], time or 1.0])]
        if ratios[0] < ratios[1]:  # few labels may be taken for noiseless
            starts += [np.log([ratios[1], (time or 1.0) * far]) for far in _FARTHER]
        starts = [np.array([x + tilt * t, t])[: 2 if tilt else 1] for x, t in starts]
        start = max(starts, key=lambda logs: evidence_of_all(logs).value)
        logs, found, n_more = polished(evidence_of_all, start, times)
        time = numbers(logs)[0]
        n_evaluations += n_more
    else:
        share = len(labels.nodes) / len(few.nodes)
        found = found._replace(value=share * found.value)
    return LearnedField(time, field.prior(family.at(time)), found, n_evaluations)


def _sample(labels, most):
    """Some labels, drawn at random where there are more."""
    n = len(labels.nodes)
    if n <= most:
        return labels
    return labels.some(np.sort(np.random.default_rng(0).permutation(n)[:most]))
