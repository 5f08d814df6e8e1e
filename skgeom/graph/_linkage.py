"""The tree of a hierarchical clustering as edges with lengths."""

from typing import Any

import numpy as np

from skgeom.typing import NDArray


def merges_of(linkage: Any) -> tuple[NDArray, NDArray]:
    """Pairs of clusters that were merged, and the heights at which.

    Parameters
    ----------
    linkage : array-like of shape (n_samples - 1, 4) or fitted estimator
        A linkage matrix of SciPy, or what has `children_` and `distances_`.

    Returns
    -------
    merges : ndarray of shape (n_samples - 1, 2), int64
        Leaves have the numbers up to `n_samples`, merges the following ones.
    heights : ndarray of shape (n_samples - 1,), float64
        Distances of the merged clusters.

    Raises
    ------
    ValueError
        If it is neither, or its heights are not known, or no distances.
    """
    if hasattr(linkage, "children_"):
        if not hasattr(linkage, "distances_"):
            raise ValueError(
                "The heights of the merges are not known: fit "
                "AgglomerativeClustering with compute_distances=True."
            )
        merges, heights = linkage.children_, linkage.distances_
    else:
        table = np.asarray(linkage, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != 4:
            raise ValueError(
                "linkage must be a linkage matrix of SciPy, of shape (n_samples - 1, "
                f"4), or a fitted AgglomerativeClustering; got shape {table.shape}."
            )
        merges, heights = table[:, :2], table[:, 2]
    merges = np.asarray(merges).astype(np.int64)
    heights = np.asarray(heights, dtype=np.float64)
    n_leaves = len(merges) + 1
    known = n_leaves + np.arange(len(merges))
    if not ((merges >= 0) & (merges < known[:, None])).all():
        raise ValueError("linkage merges clusters that it has not made yet.")
    if len(np.unique(merges)) < merges.size or len(heights) != len(merges):
        raise ValueError("linkage must merge each cluster once, at one height.")
    if not (np.isfinite(heights).all() and (heights >= 0).all()):
        raise ValueError("The heights of linkage must be finite and >= 0.")
    return merges, heights


def edges_of_merges(merges: NDArray, heights: NDArray) -> tuple[NDArray, NDArray]:
    """Edges of the tree of merges, such that paths between leaves are heights.

    Parameters
    ----------
    merges : ndarray of shape (n_samples - 1, 2), int64
        As of `merges_of`.
    heights : ndarray of shape (n_samples - 1,)
        As of `merges_of`. One below those of its parts, as centroid linkage has them,
        is raised to them.

    Returns
    -------
    edges : ndarray of shape (2 n_samples - 2, 2), int64
        Pairs of a cluster and the one that it was merged into.
    lengths : ndarray of shape (2 n_samples - 2,)
        Half of the differences of their heights.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph._linkage import edges_of_merges
    >>> edges_of_merges(np.array([[0, 1], [2, 3]]), np.array([2.0, 6.0]))
    (array([[0, 3],
           [1, 3],
           [2, 4],
           [3, 4]]), array([1., 1., 3., 2.]))
    """
    n_leaves = len(merges) + 1
    reached = np.zeros(n_leaves + len(merges))
    if (np.diff(heights) >= 0).all():
        reached[n_leaves:] = heights
    else:
        for k, (one, other) in enumerate(merges):
            reached[n_leaves + k] = max(heights[k], reached[one], reached[other])
    into = np.repeat(n_leaves + np.arange(len(merges)), 2)
    edges = np.column_stack([merges.ravel(), into])
    return edges, (reached[into] - reached[edges[:, 0]]) / 2
