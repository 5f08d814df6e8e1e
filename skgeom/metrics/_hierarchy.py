"""How well an embedding tells the links of a graph from what is not linked.

Mean rank and average precision, for reconstruction and for link prediction, are those
of Nickel and Kiela (NIPS 2017); distortion goes back to Sala et
al., "Representation tradeoffs for hyperbolic embeddings", ICML 2018.
"""

from numbers import Real

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.graph import Graph
from skgeom.metrics._pairwise import row_blocks
from skgeom.typing import ArrayLike, NDArray

# A block of distances, its differences in use by SciPy, and sorting places.
_BYTES_PER_ENTRY = 40

_CONSTRAINTS = {
    "embedding": ["array-like"],
    "graph": [Graph],
    "rows": ["array-like", None],
    "metric": [StrOptions({"poincare", "euclidean"})],
    "working_memory": [Interval(Real, 0, None, closed="neither")],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def reconstruction_score(
    embedding: ArrayLike,
    graph: Graph,
    *,
    rows: ArrayLike | None = None,
    metric: str = "poincare",
    working_memory: float = 64,
) -> float:
    """Mean average precision of a graph's links among the nearest nodes.

    All other nodes are ranked by their distance to a node u. Its average precision is
    the mean, over its links, of the share of links among the nodes up to there; the
    score is the mean over the nodes that have links [1]_.

    Parameters
    ----------
    embedding : array-like of shape (n_nodes, n_components)
        Coordinates; in the ball for "poincare". Distances that are not finite count as
        failures: a link at such a distance is the last of all.
    graph : Graph
        Directed links (u, v), or both directions of undirected ones.
    rows : array-like of shape (n_rows,), int, default=None
        Nodes u to average over; None is all.
    metric : {"poincare", "euclidean"}, default="poincare"
        The distance.
    working_memory : float, default=64
        Mebibytes for blocks of distances.

    Returns
    -------
    float
        In [0, 1]; 1 where each node is nearer to all its links than to others.

    Raises
    ------
    ValueError
        If shapes disagree, or no node of `rows` has a link.

    References
    ----------
    .. [1] Nickel and Kiela, "Poincaré embeddings for learning hierarchical
       representations", NIPS 2017, section 4.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.metrics import reconstruction_score
    >>> graph = Graph.from_edges([[0, 1], [1, 2]], directed=True)
    >>> reconstruction_score([[0.0], [0.5], [0.9]], graph)
    0.75
    """
    precisions, _ = _graph_ranks(embedding, graph, rows, metric, working_memory)
    return float(precisions.mean())


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def mean_rank(
    embedding: ArrayLike,
    graph: Graph,
    *,
    rows: ArrayLike | None = None,
    metric: str = "poincare",
    working_memory: float = 64,
) -> float:
    """Mean rank of a link among the nodes that are not linked.

    The rank of a link (u, v) is one more than the number of nodes that u is not linked
    to and that are nearer to it than v.

    Parameters
    ----------
    embedding : array-like of shape (n_nodes, n_components)
        Coordinates; in the ball for "poincare". Distances that are not finite count as
        failures: a link at such a distance is the last of all.
    graph : Graph
        Directed links (u, v), or both directions of undirected ones.
    rows : array-like of shape (n_rows,), int, default=None
        Nodes u whose links are averaged over; None is all.
    metric : {"poincare", "euclidean"}, default="poincare"
        The distance.
    working_memory : float, default=64
        Mebibytes for blocks of distances.

    Returns
    -------
    float
        At least 1, which is the best.

    Raises
    ------
    ValueError
        If shapes disagree, or no node of `rows` has a link.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.metrics import mean_rank
    >>> graph = Graph.from_edges([[0, 1], [1, 2]], directed=True)
    >>> mean_rank([[0.0], [0.5], [0.9]], graph)
    1.5
    """
    _, ranks = _graph_ranks(embedding, graph, rows, metric, working_memory)
    return float(ranks.mean())


@validate_params(
    {**_CONSTRAINTS, "known": [Graph, None]}, prefer_skip_nested_validation=True
)
def link_prediction_score(
    embedding: ArrayLike,
    graph: Graph,
    *,
    known: Graph | None = None,
    rows: ArrayLike | None = None,
    metric: str = "poincare",
    working_memory: float = 64,
) -> float:
    """Mean average precision of held-back links, with known links left out.

    Parameters
    ----------
    embedding : array-like of shape (n_nodes, n_components)
        Coordinates; in the ball for "poincare".
    graph : Graph
        The links to predict.
    known : Graph, default=None
        Links that the embedding was fitted on; they are neither right nor wrong.
    rows : array-like of shape (n_rows,), int, default=None
        Nodes to average over; None is all.
    metric : {"poincare", "euclidean"}, default="poincare"
        The distance.
    working_memory : float, default=64
        Mebibytes for blocks of distances.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If shapes disagree, or no node of `rows` has a link to predict.

    See Also
    --------
    skgeom.graph.train_test_split_edges : Holds links back.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.metrics import link_prediction_score
    >>> known = Graph.from_edges([[0, 1]], n_nodes=4, directed=True)
    >>> held_back = Graph.from_edges([[0, 2]], n_nodes=4, directed=True)
    >>> link_prediction_score([[0.0], [0.1], [0.2], [0.3]], held_back, known=known)
    1.0
    """
    precisions, _ = _graph_ranks(embedding, graph, rows, metric, working_memory, known)
    return float(precisions.mean())


@validate_params(
    {
        "embedding": ["array-like"],
        "distances": ["array-like"],
        "columns": ["array-like", None],
        "metric": [StrOptions({"poincare", "euclidean"})],
        "working_memory": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def distortion_score(
    embedding: ArrayLike,
    distances: ArrayLike,
    *,
    columns: ArrayLike | None = None,
    metric: str = "poincare",
    working_memory: float = 64,
) -> float:
    """Mean relative error of distances, after rescaling by the median ratio.

    Each pair counts ``|s * d - t| / t`` with its distance d in the embedding, the true
    one t, and the scale s that makes the median of ``s * d / t`` one. Pairs whose
    distance is not finite, or zero, are broken: they count as an error of 1, so that an
    embedding without digits cannot look good.

    Parameters
    ----------
    embedding : array-like of shape (n_nodes, n_components)
        Coordinates; in the ball for "poincare".
    distances : array-like of shape (n_nodes, n_columns)
        True distances to the nodes in `columns`; pairs at distance zero, or without a
        path (infinite), do not count.
    columns : array-like of shape (n_columns,), int, default=None
        Nodes; None is all, and `distances` is square.
    metric : {"poincare", "euclidean"}, default="poincare"
        The distance.
    working_memory : float, default=64
        Mebibytes for blocks of distances.

    Returns
    -------
    float
        At least 0, which is the best.

    Raises
    ------
    ValueError
        If shapes disagree, or a true distance is negative or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import distortion_score
    >>> line = np.arange(4.0)[:, None] / 4
    >>> distortion_score(line, np.abs(line - line.T), metric="euclidean")
    0.0
    """
    X, gaps = _checked(embedding, metric)
    T = check_array(distances, dtype=np.float64, ensure_all_finite=False)
    columns = np.arange(len(X)) if columns is None else np.asarray(columns)
    if T.shape != (len(X), len(columns)):
        raise ValueError(
            f"distances has shape {T.shape}, expected {(len(X), len(columns))}."
        )
    if not (T >= 0).all():
        raise ValueError("distances must be >= 0; some are negative or NaN.")
    ratios = np.full(T.shape, np.nan)
    for block in row_blocks(len(X), len(columns), _BYTES_PER_ENTRY, working_memory):
        found = separations(X[block], gaps[block], X[columns], gaps[columns], metric)
        if metric == "poincare":
            found = np.log1p(found + np.sqrt(found * (found + 2)))
        else:
            found = np.sqrt(found)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios[block] = found / T[block]
    counted = (T > 0) & np.isfinite(T)
    ratios = ratios[counted]
    sound = np.isfinite(ratios) & (ratios > 0)
    if not sound.any():
        return 1.0 if counted.any() else 0.0
    errors = np.where(sound, np.abs(ratios / np.median(ratios[sound]) - 1.0), 1.0)
    return float(errors.mean())


def _graph_ranks(embedding, graph, rows, metric, working_memory, known=None):
    """Precisions and ranks of the links of some nodes of a graph."""
    X, gaps = _checked(embedding, metric)
    if len(X) != graph.n_nodes:
        raise ValueError(
            f"embedding has {len(X)} rows, but the graph has {graph.n_nodes} nodes."
        )
    rows = np.arange(len(X)) if rows is None else np.asarray(rows)
    return link_ranks(
        (X[rows], gaps[rows]),
        (X, gaps),
        graph.adjacency[rows],
        sp.csr_array((len(rows), len(X))) if known is None else known.adjacency[rows],
        rows,
        metric=metric,
        working_memory=working_memory,
    )


def link_ranks(
    queries: tuple[NDArray, ...],
    nodes: tuple[NDArray, ...],
    links: sp.csr_array,
    known: sp.csr_array,
    own: NDArray,
    *,
    metric: str = "poincare",
    working_memory: float = 64,
) -> tuple[NDArray, NDArray]:
    """Rank the links of some points among the nodes of an embedding.

    Parameters
    ----------
    queries, nodes : tuple of ndarray
        Coordinates of the points and of the nodes, and ``1 - |x|^2`` of each.
    links, known : csr_array of shape (n_queries, n_nodes)
        The links to rank, and those that are neither right nor wrong.
    own : ndarray of shape (n_queries,), int
        The node that each point is, which is not ranked; -1 for none.
    metric : {"poincare", "euclidean"}, default="poincare"
        The distance; for "euclidean" gaps are not looked at.
    working_memory : float, default=64
        Mebibytes for blocks of distances.

    Returns
    -------
    precisions : ndarray of shape (n_linked,), float64
        Average precision of each point that has links, in (0, 1].
    ranks : ndarray of shape (n_links,), int64
        Rank of each of these links, nearest first in each point, from 1.

    Raises
    ------
    ValueError
        If no point has a link.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skgeom.metrics import link_ranks
    >>> x = np.array([[0.0], [0.5], [0.9]])
    >>> nodes = x, 1 - x[:, 0] ** 2
    >>> links = csr_array([[0, 0, 1], [0, 0, 0], [0, 0, 0]])
    >>> link_ranks(nodes, nodes, links, 0 * links, np.arange(3))
    (array([0.5]), array([2]))
    """
    n_nodes = nodes[0].shape[0]
    precisions, ranks = [], []
    active = np.flatnonzero(np.diff(links.indptr))
    for block in row_blocks(len(active), n_nodes, _BYTES_PER_ENTRY, working_memory):
        heads, gaps = (array[active[block]] for array in queries)
        found = separations(heads, gaps, nodes[0], nodes[1], metric)
        for query, row in zip(active[block], found, strict=True):
            positives = _row(links, query)
            positives = positives[positives != own[query]]
            if positives.size == 0:
                continue
            others = np.ones(n_nodes, dtype=bool)
            others[positives] = others[_row(known, query)] = False
            if own[query] >= 0:
                others[own[query]] = False
            # What cannot be compared is a failure, on both sides.
            near = np.nan_to_num(np.sort(row[positives]), nan=np.inf, posinf=np.inf)
            far = np.nan_to_num(row[others], nan=-np.inf)
            closer = np.cumsum(
                np.bincount(
                    np.searchsorted(near, far, side="right"), minlength=near.size + 1
                )
            )[:-1]
            k = np.arange(1, near.size + 1)
            precisions.append((k / (k + closer)).mean())
            ranks.append(closer + 1)
    if not precisions:
        raise ValueError("No node has a link to rank.")
    return np.array(precisions), np.concatenate(ranks)


def _checked(embedding, metric):
    X = check_array(embedding, dtype=np.float64, ensure_all_finite=False)
    squares = (X * X).sum(axis=1)
    if metric == "poincare" and (squares >= 1.0).any():
        raise ValueError(
            "embedding must lie in the open unit ball; some rows have a norm >= 1."
        )
    return X, 1.0 - squares


def separations(X, gaps, Y, other_gaps, metric="poincare"):
    """Increase with distance: squares, or (cosh d) - 1 in the ball.

    From differences of coordinates: products would cancel near the boundary.
    """
    squares = cdist(X, Y, "sqeuclidean")
    if metric == "poincare":
        squares *= 2.0 / gaps[:, None]
        squares /= other_gaps
    return squares


def _row(matrix, i):
    return matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]]
