"""Choosing a few nodes that represent a graph, or a few rows that represent all."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from skgeom.typing import NDArray


def farthest_point_landmarks(
    lengths: sp.csr_array, n_landmarks: int, first: int = 0
) -> NDArray:
    """Choose nodes one by one, each as far as possible from those before.

    Distances are shortest paths along the edges. Nodes that no earlier landmark
    reaches come first, so that every connected component gets a landmark when
    `n_landmarks` is at least their number.

    Parameters
    ----------
    lengths : csr_array of shape (n_nodes, n_nodes)
        Edge lengths >= 0; stored zeros join duplicates.
    n_landmarks : int
        How many nodes to choose.
    first : int, default=0
        The node to begin with.

    Returns
    -------
    ndarray of shape (<= n_landmarks,), int64
        Node numbers in the order chosen. Fewer than asked when every node is already
        at distance zero of a landmark.

    Raises
    ------
    ValueError
        If `n_landmarks` is not between 1 and the number of nodes, or `first` is no
        node.

    References
    ----------
    Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
    Computer Science 38, 1985.

    Examples
    --------
    >>> from skgeom.graph import Graph, farthest_point_landmarks
    >>> path = Graph.from_edges([[0, 1], [1, 2], [2, 3]])
    >>> farthest_point_landmarks(path.lengths, 3)
    array([0, 3, 1])
    """
    from skgeom.backends._numba._graphs import farthest_points

    n = lengths.shape[0]
    if not 1 <= n_landmarks <= n:
        raise ValueError(f"n_landmarks={n_landmarks} must be between 1 and {n}.")
    if not 0 <= first < n:
        raise ValueError(f"first={first} must be a node, from 0 to {n - 1}.")
    return farthest_points(
        lengths.indptr,
        lengths.indices,
        lengths.data.astype(np.float64, copy=False),
        first,
        n_landmarks,
    )


def farthest_rows(
    distances_from: Callable[[int], NDArray],
    n_rows: int,
    n_chosen: int,
    nearest: NDArray | None = None,
) -> NDArray:
    """Rows chosen one by one, each as far as possible from those before.

    Parameters
    ----------
    distances_from : callable
        Distances of a row to all.
    n_rows, n_chosen : int
        How many there are, and how many are wanted.
    nearest : ndarray of shape (n_rows,), default=None
        Distances to what was chosen before. None begins with the row that is farthest
        from the first one.

    Returns
    -------
    ndarray of shape (n_found,), int64
        In the order of the rows, or with `nearest` in the order of choice; fewer where
        all others coincide with these.

    References
    ----------
    Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
    Computer Science 38, 1985.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph._landmarks import farthest_rows
    >>> x = np.array([0.0, 1.0, 5.0, 9.0])
    >>> farthest_rows(lambda i: np.abs(x - x[i]), 4, 3)
    array([0, 2, 3])
    >>> farthest_rows(lambda i: np.abs(x - x[i]), 4, 2, nearest=np.abs(x - 4))
    array([3, 0])
    """
    chosen: list[int] = []
    remaining = nearest
    if remaining is None:
        chosen = [int(np.argmax(distances_from(0)))]
        remaining = distances_from(chosen[0])
    while len(chosen) < n_chosen and remaining.max() > 0:
        chosen.append(int(np.argmax(remaining)))
        remaining = np.minimum(remaining, distances_from(chosen[-1]))
    found = np.array(chosen, dtype=np.int64)
    return np.sort(found) if nearest is None else found
