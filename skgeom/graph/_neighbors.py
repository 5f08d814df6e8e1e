"""Nearest neighbours: one function in front of exact and approximate searches."""

import importlib.util

import numpy as np
import scipy.sparse as sp

from skgeom._warnings import warn
from skgeom.backends import Backend, get_backend
from skgeom.backends._faiss import nearest_by_products
from skgeom.backends._refine import n_candidates, refine_neighbors, unit_rows
from skgeom.typing import Array, MatrixLike, NDArray

# For more samples, with each a query, an exact search costs more than an index: on the
# host, and on an accelerator, whose thousands of cores do little else.
_EXACT_LIMIT, _EXACT_LIMIT_THERE = 50_000, 1_000_000
# In so few columns a tree is faster than an index at any number of rows; and the single
# precision of an index cannot tell so many rows in a plane apart.
_FEW_COLUMNS = 4
# An approximate search is widened until it finds this share of the true neighbours
# of a sample of queries.
_WANTED_RECALL = 0.99


def nearest_neighbors(
    X: Array,
    Y: Array | None = None,
    *,
    n_neighbors: int,
    metric: str = "euclidean",
    rows: NDArray | None = None,
    algorithm: str = "auto",
    backend: Backend | None = None,
) -> tuple[NDArray, NDArray]:
    """Find the nearest rows of X for each row of Y.

    Parameters
    ----------
    X : array of shape (n_samples, n_features)
        The rows to search, finite, NumPy or torch.
    Y : array of shape (n_queries, n_features), default=None
        The queries. None asks for the neighbours of rows of X, each itself excluded.
    n_neighbors : int
        Neighbours a query, from 1 to the number of rows that can be neighbours.
    metric : {"euclidean", "cosine"}, default="euclidean"
        The distance; cosine distance is one minus the cosine, in [0, 2].
    rows : ndarray of shape (n_queries,), int, default=None
        Rows of X that are the queries when `Y` is None; None is all.
    algorithm : {"auto", "exact", "faiss", "pynndescent"}, default="auto"
        "auto" is exact up to 50,000 rows of X (a million on an accelerator), for as
        many pairs of a row and a query, and on the host for up to four columns, where
        that is a matter of trees; above that faiss, else pynndescent, whichever
        is installed, else exact with a warning. faiss is widened until a sample of
        queries reaches a recall of .99.
    backend : Backend, default=None
        Where the exact search runs. None takes the one that belongs to X.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_neighbors), float64
        Nearest first, on the host.
    indices : ndarray of shape (n_queries, n_neighbors), int64
        Rows of X; equal distances are ordered by the lowest index.

    Raises
    ------
    ValueError
        If `n_neighbors` is out of range, a name is not known, or both `Y` and `rows`
        are given.
    ImportError
        If the engine asked for by name is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import nearest_neighbors
    >>> distances, indices = nearest_neighbors(
    ...     np.array([[0.0], [1.0], [3.0]]), n_neighbors=1)
    >>> indices.ravel(), distances.ravel()
    (array([1, 0, 1]), array([1., 1., 2.]))
    """
    backend = get_backend(like=X) if backend is None else backend
    n_neighbors = int(n_neighbors)  # engines take no integers of NumPy
    own = Y is None
    if rows is not None and not own:
        raise ValueError("rows choose among the rows of X: give them or Y, not both.")
    available = X.shape[0] - own
    if not 1 <= n_neighbors <= available:
        raise ValueError(
            f"n_neighbors={n_neighbors} must be between 1 and the {available} rows "
            "that can be neighbours."
        )
    if metric not in ("euclidean", "cosine"):
        raise ValueError(f"metric={metric!r} must be 'euclidean' or 'cosine'.")
    X = backend.asarray(X)
    if not backend.xp.isdtype(X.dtype, "real floating"):
        X = backend.asarray(X, dtype=backend.float64)
    if own:
        Y = X if rows is None else backend.xp.take(X, backend.asarray(rows), axis=0)
    else:
        Y = backend.asarray(Y, dtype=X.dtype)
    n_rows = X.shape[0], Y.shape[0]
    search = _SEARCHES[_choose_algorithm(algorithm, *n_rows, X.shape[1], backend)]
    # A power of two is exact, and keeps squares of huge and tiny values finite.
    scale = power_of_two(max(_largest_size(backend.xp, A) for A in (X, Y)))
    X, Y = (X / scale,) * 2 if Y is X else (X / scale, Y / scale)
    distances, indices = search(backend, X, Y, n_neighbors + own, metric)
    if own:
        rows = np.arange(len(indices)) if rows is None else rows
        distances, indices = _drop_self(distances, indices, rows)
    return distances * (scale if metric == "euclidean" else 1.0), indices


def neighbors_from_graph(
    neighbor_graph: MatrixLike, n_neighbors: int, *, include_self: bool = False
) -> tuple[NDArray, NDArray]:
    """Read neighbours from a sparse matrix of distances, as scikit-learn's graphs are.

    Parameters
    ----------
    neighbor_graph : sparse matrix of shape (n_queries, n_samples)
        Stored entries are distances >= 0, as `kneighbors_graph(mode="distance")` or
        `KNeighborsTransformer` give them.
    n_neighbors : int
        Neighbours to keep a row.
    include_self : bool, default=False
        Whether zeros on the diagonal are neighbours. They are not when rows and
        columns are the same samples.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_neighbors), float64
        Nearest first.
    indices : ndarray of shape (n_queries, n_neighbors), int64
        Columns of the matrix.

    Raises
    ------
    ValueError
        If a row stores fewer than `n_neighbors` distances, or a negative one.

    Examples
    --------
    >>> from sklearn.neighbors import kneighbors_graph
    >>> from skgeom.graph import neighbors_from_graph
    >>> A = kneighbors_graph([[0.0], [1.0], [3.0]], 1, mode="distance")
    >>> neighbors_from_graph(A, 1)[1].ravel()
    array([1, 0, 1])
    """
    A = sp.csr_array(neighbor_graph)
    n_rows = A.shape[0]
    rows = np.repeat(np.arange(n_rows), np.diff(A.indptr))
    columns, values = A.indices.astype(np.int64), A.data.astype(np.float64)
    if values.size and not values.min() >= 0:
        raise ValueError("A precomputed neighbour graph must hold distances >= 0.")
    if not include_self:
        keep = (rows != columns) | (values > 0)
        rows, columns, values = rows[keep], columns[keep], values[keep]
    counts = np.bincount(rows, minlength=n_rows)
    if counts.min(initial=n_neighbors) < n_neighbors:
        raise ValueError(
            f"A precomputed neighbour graph must store n_neighbors={n_neighbors} "
            f"distances in every row; row {int(np.argmin(counts))} stores "
            f"{counts.min()}."
        )
    order = np.lexsort((columns, values, rows))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    take = order[first[:, None] + np.arange(n_neighbors)]
    return values[take], columns[take]


def _drop_self(distances, indices, rows):
    """Remove each row from its own list, or the farthest where it is not listed.

    A row may be missing from its own list when more duplicates of it exist than
    neighbours are asked for.
    """
    n, width = indices.shape
    own = indices == rows[:, None]
    own[~own.any(axis=1), -1] = True
    keep = ~own
    return (
        distances[keep].reshape(n, width - 1),
        indices[keep].reshape(n, width - 1),
    )


def _largest_size(xp, array):
    return float(xp.max(xp.abs(array)))


def power_of_two(value):
    """The largest power of two up to a positive value; 1 for zero."""
    return 2.0 ** float(np.frexp(value)[1] - 1) if value > 0 else 1.0


def _choose_algorithm(algorithm, n_samples, n_queries, n_features, backend):
    if algorithm not in ("auto", *_SEARCHES):
        raise ValueError(
            f"algorithm={algorithm!r} must be one of {['auto', *_SEARCHES]}."
        )
    if algorithm != "auto":
        return algorithm
    on_host = backend.device == "cpu"
    limit = _EXACT_LIMIT if on_host else _EXACT_LIMIT_THERE
    if n_samples * n_queries <= limit**2 or (on_host and n_features <= _FEW_COLUMNS):
        return "exact"
    for name in ("faiss", "pynndescent"):
        if importlib.util.find_spec(name) is not None:
            return name
    warn(
        f"Exact neighbour search over {n_samples} rows is slow. Install faiss with "
        "`pip install 'skgeom[ann]'`, or pynndescent.",
    )
    return "exact"


def _exact(backend, X, Y, k, metric):
    distances, indices = backend.knn(X, Y, k, metric)
    return backend.to_numpy(distances), backend.to_numpy(indices)


def _faiss(backend, X, Y, k, metric):
    """An inverted-file index whose breadth is raised until the recall is reached."""
    faiss = _import_engine("faiss", "pip install 'skgeom[ann]'")
    X, Y = backend.to_numpy(X), backend.to_numpy(Y)
    points, queries = (
        np.ascontiguousarray(unit_rows(np, A) if metric == "cosine" else A, np.float32)
        for A in (X, Y)
    )
    n_lists = min(int(4 * np.sqrt(len(points))), len(points))
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatL2(points.shape[1]), points.shape[1], n_lists
    )
    index.train(points)
    index.add(points)
    size = n_candidates(k, len(points))
    sample = np.linspace(0, len(queries) - 1, min(200, len(queries)), dtype=np.int64)
    exact = nearest_by_products(points, queries[sample], k)
    index.nprobe = 8
    while index.nprobe < n_lists:
        found = index.search(queries[sample], size)[1]
        hits = [np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)]
        if np.mean(hits) >= _WANTED_RECALL and found.min() >= 0:
            break
        index.nprobe = min(2 * index.nprobe, n_lists)
    candidates = index.search(queries, size)[1]
    return _refine(X, Y, _complete(candidates, len(points)), k, metric)


def _pynndescent(backend, X, Y, k, metric):
    """The graph-based index of pynndescent, with its own settings and a fixed seed."""
    pynndescent = _import_engine("pynndescent", "pip install pynndescent")
    size = n_candidates(k, X.shape[0])
    if size == X.shape[0]:
        return _exact(backend, X, Y, k, metric)
    own = Y is X
    X, Y = backend.to_numpy(X), backend.to_numpy(Y)
    index = pynndescent.NNDescent(
        X.astype(np.float32),
        metric=metric,
        n_neighbors=min(max(size, 30), len(X) - 1),
        random_state=0,
    )
    if own:
        candidates = index.neighbor_graph[0][:, :size]
    else:
        candidates = index.query(Y.astype(np.float32), k=size)[0]
    return _refine(X, Y, _complete(candidates, len(X)), k, metric)


def _refine(X, Y, candidates, k, metric):
    if metric == "cosine":
        X, Y = unit_rows(np, X), unit_rows(np, Y)
    host = get_backend("cpu")
    return refine_neighbors(host.xp, X, Y, candidates, k, metric, host.float64)


def _complete(candidates, n_samples):
    """Replace the -1 of a search that found too few by rows not yet in the list."""
    for row in np.flatnonzero((candidates < 0).any(axis=1)):
        missing = candidates[row] < 0
        others = np.setdiff1d(
            np.arange(min(2 * candidates.shape[1], n_samples)), candidates[row]
        )
        candidates[row, missing] = others[: missing.sum()]
    return candidates


def _import_engine(name, command):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"algorithm={name!r} needs {name}: `{command}`.") from error


_SEARCHES = {"exact": _exact, "faiss": _faiss, "pynndescent": _pynndescent}
