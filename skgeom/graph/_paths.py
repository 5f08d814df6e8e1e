"""Lengths of shortest paths from many nodes of a graph at once."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from joblib import delayed
from scipy.sparse import csgraph

from skgeom.backends._arrays import unsigned
from skgeom.backends._threads import in_threads
from skgeom.typing import NDArray

# Fewer sources are not worth looking for orders.
_FEW_SOURCES = 12
# Sources whose distances travel together: 32 doubles a node keep the core busy. Fewer
# where a block would take more bytes.
_TOGETHER, _MOST_BYTES = 32, 2**28
# Orders in which nodes are visited. On sheets two need half as many visits again.
_ORDERS = 3
# Visits a node after which a search for each source costs less: neighbour graphs take
# two to fifteen.
_MOST_VISITS = 30


def shortest_paths(
    lengths: sp.csr_array, sources: NDArray, *, n_jobs: int | None = None
) -> NDArray:
    """Measure the shortest paths from some nodes to all.

    The same numbers as those of Dijkstra's algorithm, to the last digit, on graphs of
    neighbours at a half to a seventh of its cost where there are many sources: nodes
    hand on the distances from 32 sources at a time, in sweeps along the graph, until
    none gets shorter [1]_. Where the sweeps do not settle soon, as on large grids with
    random lengths, the rest is done by Dijkstra's algorithm.

    Parameters
    ----------
    lengths : csr_array of shape (n_nodes, n_nodes)
        Stored entries are edges from row to column of that length, >= 0, zeros too.
    sources : ndarray of shape (n_sources,), int
        Nodes that paths start at.
    n_jobs : int, default=None
        Threads; None is 1 unless in a `joblib.parallel_config` context. The result
        does not depend on it.

    Returns
    -------
    ndarray of shape (n_nodes, n_sources), float64
        Infinite where there is no path.

    Raises
    ------
    ValueError
        If a length is negative or NaN, or a source no node.

    References
    ----------
    .. [1] Yen, "An algorithm for finding shortest routes from all source nodes to a
       given destination in general networks", Quarterly of Applied Mathematics 27,
       1970, up and down one order; Zhao, "A fast sweeping method for eikonal
       equations", Mathematics of Computation 74, 2005, in several.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph, shortest_paths
    >>> path = Graph.from_edges([[0, 1], [1, 2], [2, 3]])
    >>> shortest_paths(path.lengths, np.array([0, 2]))
    array([[0., 2.],
           [1., 1.],
           [2., 0.],
           [3., 1.]])
    """
    sources = np.asarray(sources)
    out = np.empty((lengths.shape[0], len(sources)))
    for positions, distances in path_blocks(lengths, sources, n_jobs=n_jobs):
        out[:, positions] = distances
    return out


def nearest_sources(lengths, sources, n_nearest, *, n_jobs=None):
    """For each node the nearest sources, and for each source the paths to the others.

    Needs no array of all nodes and all sources.

    Returns
    -------
    nearest : ndarray of shape (n_nodes, n_nearest), int64
        Positions in `sources`, nearest first, equal distances by the lowest; where
        fewer can be reached, others at an infinite distance.
    nearest_lengths : ndarray of shape (n_nodes, n_nearest), float64
    between : ndarray of shape (n_sources, n_sources), float64
    """
    from skgeom.backends._numba._paths import keep_nearest

    n, n_sources = lengths.shape[0], len(sources)
    n_nearest = min(n_nearest, n_sources)
    nearest = np.full((n, n_nearest), n_sources)
    nearest_lengths = np.full((n, n_nearest), np.inf)
    between = np.empty((n_sources, n_sources))
    for positions, distances in path_blocks(lengths, sources, n_jobs=n_jobs):
        keep_nearest(distances, positions, nearest, nearest_lengths)
        between[:, positions] = distances[sources]
    return nearest, nearest_lengths, between


def path_blocks(lengths, sources, *, n_jobs=None):
    """Yield positions in `sources` and the distances from those, a block at a time.

    Distances are of shape (n_nodes, len(positions)).
    """
    n, n_sources = lengths.shape[0], len(sources)
    if n_sources and not 0 <= sources.min() <= sources.max() < n:
        raise ValueError(f"sources must be nodes, from 0 to {n - 1}.")
    lengths = sp.csr_array(lengths, dtype=np.float64)
    if lengths.nnz and not lengths.data.min() >= 0:
        raise ValueError("lengths must be >= 0.")
    if n_sources < _FEW_SOURCES:
        yield np.arange(n_sources), _measured(lengths, None, sources)
        return
    plan = _plan_sweeps(lengths)
    # Sources side by side are reached by the same ways.
    order = np.argsort(plan.rank[sources], kind="stable")
    width = int(np.clip(_MOST_BYTES // (8 * n), 1, _TOGETHER))
    blocks = [order[i : i + width] for i in range(0, n_sources, width)]
    # One block tells whether it is worth while to sweep.
    first = _swept(plan, sources[blocks[0]])
    if first is None:
        plan = None
    else:
        yield blocks.pop(0), first
    made = in_threads(n_jobs, return_as="generator")(
        delayed(_measured)(lengths, plan, sources[block]) for block in blocks
    )
    yield from zip(blocks, made, strict=True)


class _Plan(NamedTuple):
    """A graph whose nodes are numbered along it, and orders to sweep it in."""

    pattern: tuple  # arrays of its CSR matrix
    rank: np.ndarray  # number in the plan of each node
    orders: np.ndarray  # of shape (n_orders, n_nodes), by number in the plan


def _plan_sweeps(lengths):
    """Number nodes by their distance from an end of the graph; order them from others.

    A new end is the node that is farthest from all before, in each component.
    """
    labels = csgraph.connected_components(lengths, directed=False)[1]

    def away_from(ends):
        return csgraph.dijkstra(lengths, indices=ends, min_only=True)

    def ends_of(distances):
        order = np.lexsort((distances, labels))
        return order[np.append(np.flatnonzero(np.diff(labels[order])), len(order) - 1)]

    anywhere = np.unique(labels, return_index=True)[1]
    found = [away_from(ends_of(away_from(anywhere)))]
    # The far end gives the first order once more, backwards.
    nearest = np.minimum(found[0], away_from(ends_of(found[0])))
    while len(found) < _ORDERS:
        found.append(away_from(ends_of(nearest)))
        nearest = np.minimum(nearest, found[-1])
    nodes = np.lexsort((found[0], labels))
    rank = np.empty(len(nodes), dtype=np.int64)
    rank[nodes] = np.arange(len(nodes))
    sorted_lengths = lengths[nodes][:, nodes]
    pattern = unsigned(sorted_lengths.indptr), unsigned(sorted_lengths.indices)
    orders = [np.lexsort((one[nodes], labels[nodes])) for one in found]
    return _Plan((*pattern, sorted_lengths.data), rank, unsigned(np.array(orders)))


def _swept(plan, sources):
    """Distances from some sources by sweeps; None where these do not settle."""
    from skgeom.backends._numba._paths import settle_paths

    n = len(plan.rank)
    distances = np.full((n, len(sources)), np.inf)
    waiting = np.zeros(n, dtype=bool)
    starts, limit = plan.rank[sources], _MOST_VISITS * n
    done = settle_paths(*plan.pattern, plan.orders, starts, distances, limit, waiting)
    return distances[plan.rank] if done else None


def _measured(lengths, plan, sources):
    """The same; by Dijkstra's algorithm without a plan or where sweeps fail."""
    found = None if plan is None else _swept(plan, sources)
    if found is None:
        found = csgraph.dijkstra(lengths, indices=sources).T
    return np.ascontiguousarray(found)
