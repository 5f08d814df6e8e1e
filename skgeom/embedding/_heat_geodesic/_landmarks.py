"""How many nodes stand for all, and which."""

import numpy as np
from sklearn.utils import check_random_state

from skgeom._warnings import warn
from skgeom.graph import farthest_point_landmarks

# Landmarks of n_landmarks="auto": more change the result by less than seeds do.
_AUTO_LANDMARKS = 300
# A graph in more pieces than this is an error, not a long computation.
_MAX_COMPONENTS = 2_000


def choose_landmarks(graph, n_landmarks, random_state, method):
    """All nodes, or a sample that spreads along the graph into every component.

    Parameters
    ----------
    graph : Graph
        Undirected.
    n_landmarks : int, "auto" or None
        How many; None is all.
    random_state : int, RandomState instance or None
        Chooses the first.
    method : str
        The estimator that the warning names.

    Returns
    -------
    ndarray of shape (n_landmarks,), int64
        Node numbers.

    Raises
    ------
    ValueError
        If the graph has more components than there may be landmarks.
    """
    n_nodes = graph.n_nodes
    n_parts, _ = graph.connected_components
    wanted = n_nodes
    if n_landmarks is not None:
        auto = n_landmarks == "auto"
        wanted = min(n_nodes, _AUTO_LANDMARKS if auto else n_landmarks)
        if n_parts > max(wanted, _MAX_COMPONENTS):
            raise ValueError(
                f"The graph has {n_parts} connected components, more than the "
                f"{max(wanted, _MAX_COMPONENTS)} that n_landmarks={n_landmarks!r} can "
                "hold. Raise n_neighbors, or remove isolated nodes."
            )
    if n_parts > 1:
        warn(
            f"The graph has {n_parts} connected components. Distances between them "
            f"are not geodesic: see Notes in the documentation of {method}. More "
            "n_neighbors may connect it.",
        )
    if wanted == n_nodes:
        return np.arange(n_nodes)
    rng = check_random_state(random_state)
    if n_parts == 1:
        first = int(rng.randint(n_nodes))
        return farthest_point_landmarks(graph.lengths, wanted, first)
    return _spread_over_parts(graph, max(wanted, n_parts), rng)


def _spread_over_parts(graph, n_landmarks, rng):
    """As many in each component as it has nodes, one at least.

    The farthest of all would crowd where points lie wide apart: a small dense part
    would get one, and scaling would care little where it comes to lie.
    """
    n_parts, labels = graph.connected_components
    sizes = np.bincount(labels)
    # Each has one, and a share of the rest; the largest remainders are rounded up.
    shares = (n_landmarks - n_parts) * (sizes - 1) / max(sizes.sum() - n_parts, 1)
    counts = 1 + shares.astype(np.int64)
    left = n_landmarks - counts.sum()
    counts[np.argsort(counts - 1 - shares, kind="stable")[:left]] += 1
    chosen = []
    for part, count in enumerate(np.minimum(counts, sizes)):
        nodes = np.flatnonzero(labels == part)
        first = int(rng.randint(len(nodes)))
        lengths = graph.lengths[nodes][:, nodes]
        chosen.append(nodes[farthest_point_landmarks(lengths, int(count), first)])
    return np.concatenate(chosen)
