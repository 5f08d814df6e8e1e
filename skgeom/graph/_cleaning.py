"""Repairing the neighbours of noisy points.

Noise moves points off the shape that they lie on, and puts a few of them between parts
of the shape that are far apart along it, where they make shortcuts. Four steps answer,
each a plain function: drop the directions that hold noise alone (`_truncation.py`),
pull points back to their local plane (`_smoothing.py`), cut the edges whose ends have
the fewest neighbours in common, and join again what was cut through (`_seams.py`).
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.backends import Backend
from skgeom.graph._crossings import cosines_to_planes, find_crossings
from skgeom.graph._graph import Graph
from skgeom.graph._neighbors import nearest_neighbors
from skgeom.graph._seams import find_seams
from skgeom.graph._smoothing import (
    anchor_rows,
    kept_directions,
    local_planes,
    resolving_scale,
    smooth_at_scale,
)
from skgeom.graph._truncation import drop_noise_directions
from skgeom.typing import NDArray

# Neighbours by which the overlap of two ends is measured: so many at most, and so many
# times those of a neighbourhood that a shape stands out in. More reach across.
_OVERLAP_NEIGHBORS, _OVERLAP_SCALE = 50, 3
# Nearest of them that show the tangent plane of a node, and the cosine to it from which
# an edge runs along.
_TANGENT_NEIGHBORS = 20
_ALONG = 0.95
# Size of neighbourhoods from which points are too dense for their noise.
_CROWDED = 400
# Neighbourhoods that a shape stands out in, as a share of all points, below which noise
# is local, and the overlap beyond which an edge is no suspect then, however good the
# others: its ends have more than half of all their neighbours in common.
_LOCAL, _CLOSE = 0.03, 0.5
# Share of the local variance above the noise from which tangent planes are trusted.
_CLEAR = 0.55
# Size of neighbourhoods in which a shape is so clear that a few points show its planes.
_FINEST = 12


def robust_graph(
    X: NDArray,
    *,
    n_neighbors: int = 10,
    smoothing: int | str = "auto",
    pruning: float = 0.1,
    backend: Backend | None = None,
) -> Graph:
    """Join noisy points to their neighbours along the shape that they lie near.

    Where points differ in more than ten directions, noise directions are dropped first
    (`truncate_noise`); then points are smoothed (`smooth_locally`), joined by
    alpha-decay affinities, and shortcuts are cut (`prune_shortcuts`). Bridges are told
    from shortcuts by tangent planes where more than .55 of the variance of
    neighbourhoods is above the noise (`local_scale`), and by an overlap of more than .5
    where a shape stands out in neighbourhoods of less than .03 of the points. Overlap
    is that of three such neighbourhoods, at most 50 points. Where a shape
    stands out in neighbourhoods of 12 points, edges that leave the planes of even fewer
    at their ends are cut, too. Nothing falls apart that was joined before: where
    smoothing would part points, edges between them stay. Nor is a strand of points cut
    through, a ring for one, which would still hang together the other way round: where
    two ends are left that face each other, the edges between them come back.

    Where a shape stands out of the noise only in neighbourhoods of 400 points or more,
    finer detail is noise, and a dense crowd would find ways through it. With
    ``smoothing="auto"`` the graph is then made of a random part of the points that has
    neighbourhoods of about 100, the same in every call, and the others are joined to
    the nearest of these and to its neighbours.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    n_neighbors : int, default=10
        Neighbours of a point in the graph.
    smoothing : int or "auto", default="auto"
        Size of the neighbourhoods that points are smoothed by, as in
        `smooth_locally`; 0 is off.
    pruning : float, default=0.1
        About this share of the edges is suspected of being shortcuts, and less than
        twice as many, in [0, 1); 0 is off. See `prune_shortcuts`.
    backend : Backend, default=None
        Where neighbours are searched.

    Returns
    -------
    Graph
        Undirected; `lengths` holds distances between smoothed points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import robust_graph
    >>> X = np.random.default_rng(0).uniform(size=(200, 3))
    >>> robust_graph(X).n_nodes
    200
    """
    n = X.shape[0]
    raw = X = np.ascontiguousarray(drop_noise_directions(X), dtype=np.float64)
    scale, raw_neighbors = resolving_scale(X, backend), None
    rows = np.arange(n)
    if smoothing and n > 2:
        X, raw_neighbors = smooth_at_scale(X, smoothing, scale, backend)
        if smoothing == "auto" and X is not raw and scale.size >= _CROWDED:
            rows = anchor_rows(n, scale.size)
    anchors, k = X[rows], min(n_neighbors, len(rows) - 1)
    width = max(2 * k, min(_OVERLAP_NEIGHBORS, _OVERLAP_SCALE * scale.size))
    width = min(len(rows) - 1, width)
    distances, indices = nearest_neighbors(anchors, n_neighbors=width, backend=backend)
    # Affinities below the floor are dropped, so that only the first of the wide lists
    # become edges.
    graph = _joined(distances, indices, k)
    if graph.connected_components[0] > 1 and X is not raw:
        if raw_neighbors is None or raw_neighbors[1].shape[1] < k:
            raw_neighbors = nearest_neighbors(
                raw[rows], n_neighbors=width, backend=backend
            )
        graph = _rejoined(graph, _joined(raw_neighbors[0], raw_neighbors[1], k))
    # Noise tilts tangent planes, and then they tell no bridge from a shortcut.
    points = anchors if scale.share >= _CLEAR else None
    most = _CLOSE if scale.size < _LOCAL * n else 1.0
    pruned = prune_shortcuts(graph, indices, pruning, points, max_overlap=most)
    if pruning and scale.size == _FINEST:
        pruned = _without_crossings(pruned, indices, anchors, scale, pruning)
    if pruned is not graph or X is not raw:
        before = None if X is raw else raw[rows]
        graph = _sewn(pruned, graph, indices, anchors, before, k, backend)
    return graph if len(rows) == n else _with_others(graph, rows, X, k, backend)


def _without_crossings(graph, indices, points, scale, share):
    """Cut edges between sheets that only the nearest neighbours tell apart."""
    n_axes = scale.spectrum.n_kept
    if n_axes == points.shape[1]:
        return graph
    overlap = neighbor_overlap(graph, indices[:, : scale.size])
    crossing = find_crossings(graph, indices, points, n_axes, overlap, share)
    return _cut(graph, ~crossing)


def _joined(distances, indices, n_neighbors):
    return Graph.from_neighbors(
        distances, indices, bandwidth=distances[:, n_neighbors - 1]
    )


def _rejoined(graph, whole):
    """Add the edges of a graph before smoothing where smoothing tore it apart."""
    parts = graph.connected_components[1]
    if whole.connected_components[0] == parts.max() + 1:
        return graph
    one, two = whole.adjacency.nonzero()
    across = parts[one] != parts[two]
    bridges = tuple(part[across] for part in _edges(whole))
    return _graph_of(graph.n_nodes, _edges(graph), bridges)


def _sewn(pruned, graph, indices, points, before, n_neighbors, backend):
    """Join strands of points again that pruning or smoothing cut through.

    Back come the edges of the graph between the ends, and where it has none, those
    between points that were neighbours before smoothing.
    """
    one, two, place = find_seams(pruned, indices, points)
    if not one.size:
        return pruned
    weights, lengths = (
        np.asarray(matrix[one, two]) for matrix in (graph.adjacency, graph.lengths)
    )
    torn = ~np.isin(place, place[weights > 0])
    if before is not None and torn.any():
        ends = np.stack([one[torn], two[torn]])
        nodes, at = np.unique(ends, return_inverse=True)
        lists = nearest_neighbors(
            before, rows=nodes, n_neighbors=n_neighbors, backend=backend
        )[1][at.reshape(ends.shape)]
        # The alpha-decay affinity of all neighbours but the last.
        weights[torn] = (lists == ends[::-1, :, None]).any(axis=2).mean(axis=0)
        lengths[torn] = np.linalg.norm(points[ends[0]] - points[ends[1]], axis=1)
    kept = weights > 0
    if not kept.any():
        return pruned
    one, two, weights, lengths = (v[kept] for v in (one, two, weights, lengths))
    sewn = (one, two, weights, lengths), (two, one, weights, lengths)
    return _graph_of(graph.n_nodes, _edges(pruned), *sewn)


def _with_others(graph, rows, X, n_neighbors, backend):
    """Join all other points to the nearest of those in a graph, and to its neighbours.

    So they make no way that the graph does not have.
    """
    n = len(X)
    others = np.setdiff1d(np.arange(n), rows, assume_unique=True)
    distances, indices = nearest_neighbors(
        X[rows], X[others], n_neighbors=n_neighbors, backend=backend
    )
    nearest = np.repeat(indices[:, 0], n_neighbors)
    beside = graph.adjacency[nearest, indices.ravel()] > 0
    beside = np.asarray(beside).reshape(indices.shape)
    beside[:, 0] = True
    # Lists of all points, empty for those in the graph.
    lists = np.full((n, n_neighbors), np.inf), np.zeros((n, n_neighbors), np.int64)
    lists[0][others] = np.where(beside, distances, np.inf)
    lists[1][others] = rows[indices]
    bandwidth = np.ones(n)
    bandwidth[others] = distances[:, -1]
    hanging = Graph.from_neighbors(*lists, bandwidth=bandwidth)
    one, two, *values = _edges(graph)
    return _graph_of(n, (rows[one], rows[two], *values), _edges(hanging))


def _edges(graph):
    """Ends, weights and lengths of all stored edges."""
    pattern = graph.adjacency.tocoo()
    return pattern.row, pattern.col, graph.adjacency.data, graph.lengths.data


def _graph_of(n_nodes, *edges):
    """An undirected graph of several lists of edges, no edge in two of them."""
    one, two, weights, lengths = map(np.concatenate, zip(*edges, strict=True))
    # Built anew: a sum of sparse matrices would lose the edges of length zero.
    adjacency, lengths = (
        sp.csr_array((values, (one, two)), shape=(n_nodes, n_nodes))
        for values in (weights, lengths)
    )
    return Graph(adjacency, directed=False, lengths=lengths)


def neighbor_overlap(graph: Graph, indices: NDArray) -> NDArray:
    """Share of neighbours that the two ends of each edge have in common.

    Parameters
    ----------
    graph : Graph
        Its stored edges are asked for.
    indices : ndarray of shape (n_nodes, n_neighbors), int
        Neighbours of each node; the node itself counts as one more.

    Returns
    -------
    ndarray of shape (nnz,)
        Jaccard index in [0, 1], in the order of ``graph.adjacency.data``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph, neighbor_overlap
    >>> triangle = Graph.from_edges([[0, 1], [1, 2], [2, 0]])
    >>> neighbor_overlap(triangle, np.array([[1, 2], [0, 2], [0, 1]]))
    array([1., 1., 1., 1., 1., 1.])
    """
    from skgeom.backends._numba._graphs import common_entries

    own = np.arange(graph.n_nodes)[:, None]
    members = np.sort(np.concatenate([own, indices], axis=1), axis=1)
    edges = graph.adjacency
    common = common_entries(edges.indptr, edges.indices, members)
    return common / (2 * members.shape[1] - common)


def prune_shortcuts(
    graph: Graph,
    indices: NDArray,
    share: float = 0.1,
    points: NDArray | None = None,
    *,
    max_overlap: float = 1.0,
) -> Graph:
    """Cut the edges whose ends have few neighbours in common and that leave the shape.

    Ends of an edge along the data share most of their neighbours, ends of a shortcut
    few. So do ends of edges in a true but thin bridge; but these run along the
    tangent planes at both their ends, where shortcuts run across them. No connected
    component falls apart: where the cut would separate nodes, the shortest of the
    edges between them stay.

    Parameters
    ----------
    graph : Graph
        Undirected.
    indices : ndarray of shape (n_nodes, n_neighbors), int
        Neighbours of each node by which the overlap is measured, nearest first; more
        of them than the graph has edges make it sharper.
    share : float, default=0.1
        Share of the edges that are suspect, in [0, 1): those of the least overlap.
        Equals at the border are suspect together, unless that would be more edges than
        to cut the share twice over.
    points : ndarray of shape (n_nodes, n_features), default=None
        Where nodes lie. Suspects within 18 degrees of the tangent planes of both ends
        stay. None cuts all suspects.
    max_overlap : float, default=1.0
        Edges of more overlap than this are no suspects, in [0, 1].

    Returns
    -------
    Graph
        The same nodes and components, fewer edges.

    Raises
    ------
    ValueError
        If `share` or `max_overlap` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph, nearest_neighbors, prune_shortcuts
    >>> X = np.random.default_rng(0).uniform(size=(300, 2))
    >>> graph = Graph.from_points(X)
    >>> wide = nearest_neighbors(X, n_neighbors=30)[1]
    >>> 0.85 < prune_shortcuts(graph, wide).n_edges / graph.n_edges < 0.95
    True
    """
    if not 0 <= share < 1:
        raise ValueError(f"share={share!r} must be in [0, 1).")
    if not 0 <= max_overlap <= 1:
        raise ValueError(f"max_overlap={max_overlap!r} must be in [0, 1].")
    overlap = neighbor_overlap(graph, indices)
    if share == 0 or not overlap.size:
        return graph
    border = np.quantile(overlap, share)
    keep = (overlap > border) | (overlap > max_overlap)
    # What too many edges have alike tells no shortcut: where points have all others for
    # neighbours, every overlap is one.
    if np.mean(overlap <= border) > 1 - (1 - share) ** 2:
        keep |= overlap == border
    if keep.all():
        return graph
    if points is not None:
        suspects = np.flatnonzero(~keep)
        keep[suspects] = _run_along(graph, indices, points, suspects)
    return _cut(graph, keep)


def _cut(graph, keep):
    """Keep the edges that a mask names, and those that hold the components together."""
    if keep.all():
        return graph
    keep = keep | _spanning(graph, keep)
    adjacency, lengths = (
        _kept(matrix, keep) for matrix in (graph.adjacency, graph.lengths)
    )
    return graph.with_edges(adjacency, directed=False, lengths=lengths)


def _run_along(graph, indices, points, edges):
    """Mark the edges that lie in the tangent planes of both their ends."""
    points = np.asarray(points, dtype=np.float64)
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.adjacency.indptr))[edges]
    ends = np.stack([rows, graph.adjacency.indices[edges]])
    nodes, ends = np.unique(ends, return_inverse=True)
    near = indices[nodes, :_TANGENT_NEIGHBORS]
    members = np.concatenate([nodes[:, None], near], axis=1)
    n_axes = kept_directions(points, members)
    axes = local_planes(points, members, n_axes)[1]
    ends = ends.reshape(2, -1)
    steps = points[nodes[ends[1]]] - points[nodes[ends[0]]]
    return cosines_to_planes(steps, axes, ends).min(axis=0) >= _ALONG


def _spanning(graph, keep):
    """Mark the shortest dropped edges that hold the components of a graph together."""
    count, labels = csgraph.connected_components(
        _kept(graph.adjacency, keep), directed=False
    )
    if count == graph.connected_components[0]:
        return np.zeros_like(keep)
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.lengths.indptr))
    one, two = labels[rows], labels[graph.lengths.indices]
    across = np.flatnonzero((one < two) & ~keep)
    order = across[np.argsort(graph.lengths.data[across], kind="stable")]
    # The shortest edge of each pair of parts, numbered by rank: zeros and ties are no
    # matter to the spanning tree.
    pairs, first = np.unique(one[order] * count + two[order], return_index=True)
    ranks = sp.csr_array(
        (first + 1.0, (pairs // count, pairs % count)), shape=(count, count)
    )
    tree = csgraph.minimum_spanning_tree(ranks)
    chosen = order[tree.data.astype(np.int64) - 1]
    nodes = rows[chosen], graph.lengths.indices[chosen]
    marked = np.zeros_like(keep)
    marked[chosen] = True
    # The same edges seen from their other ends.
    both = sp.csr_array(
        (np.ones(len(chosen)), (nodes[1], nodes[0])), shape=graph.adjacency.shape
    )
    numbered = graph.adjacency.copy()
    numbered.data = np.arange(1.0, len(keep) + 1)
    marked[both.multiply(numbered).tocsr().data.astype(np.int64) - 1] = True
    return marked


def _kept(matrix, keep):
    """The stored entries of a CSR array that a mask names, zeros among them."""
    indptr = np.concatenate([[0], np.cumsum(keep)])[matrix.indptr]
    return sp.csr_array(
        (matrix.data[keep], matrix.indices[keep], indptr), shape=matrix.shape
    )
