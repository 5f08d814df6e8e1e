"""What walkers on a graph read: a record of plain arrays."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

COUPLINGS = (None, "antithetic", "repelling")

_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


class Steps(NamedTuple):
    """The random walk of a symmetric graph, laid out for walkers.

    Every node has a neighbour: an isolated one has itself.

    Parameters
    ----------
    indptr : array of shape (n_nodes + 1,), int64
        Where the neighbours of each node begin.
    indices : array of shape (n_steps,), int32 or int64
        Neighbours, as positions in these arrays.
    cumulative : array of shape (n_steps,) or (0,), float64
        Cumulated probabilities of the neighbours of each node; empty if all
        neighbours of a node are equally likely.
    roots : array of shape (n_nodes,), float64
        Square roots of the degrees.
    names : array of shape (n_nodes,), int32 or int64
        Number of each node in the graph: its column, and what its draws depend on.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> Graph.from_edges([[0, 1], [1, 2]]).steps().indptr
    array([0, 1, 3, 4])
    """

    indptr: Any
    indices: Any
    cumulative: Any
    roots: Any
    names: Any


@lru_cache(maxsize=64)
def strides(n_walks):
    """For each group size k up to `n_walks`, a number coprime to k near k / 1.618.

    Multiples of it, modulo k, go through all k places, and the first few of them are
    spread evenly: so are those walkers of a group that go on longest.
    """
    found = np.ones(n_walks + 1, dtype=np.int64)
    for k in range(3, n_walks + 1):
        near = round(k * _GOLDEN_RATIO)
        candidates = (near + step for i in range(k) for step in (i, -i))
        found[k] = next(c for c in candidates if 0 < c and math.gcd(c, k) == 1)
    found.flags.writeable = False
    return found
