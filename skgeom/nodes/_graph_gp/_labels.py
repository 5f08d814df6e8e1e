"""Targets of nodes, in units of their spread; and parts to learn from."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.graph import by_node, equal_rows
from skgeom.typing import NDArray

# Targets that differ by less, relative to their size, are the same.
_SAME = 1e-12


class Labels(NamedTuple):
    """Means of the targets of each node, in units of their spread.

    `weights` are of mean one; `n_more` targets beyond one a node differ from the means
    by squares that sum up to `scatter`, weighted; `log_weights` is the sum of the logs
    of the weights of targets less that of nodes.
    """

    nodes: NDArray
    targets: NDArray
    weights: NDArray
    n_more: int
    scatter: float
    log_weights: float = 0.0

    def some(self, places):
        """Some of the nodes, in the same units, with their share of the scatter."""
        share = len(places) / len(self.nodes)
        return Labels(
            self.nodes[places],
            self.targets[places],
            self.weights[places],
            round(share * self.n_more),
            share * self.scatter,
            share * self.log_weights,
        )


class Units(NamedTuple):
    """Mean and spread of the targets, and the mean of the weights of nodes."""

    mean: NDArray
    scale: NDArray
    weight: float


def read_labels(
    rows: NDArray, targets: NDArray, weights: NDArray | None, one_scale: bool
) -> tuple[Units, Labels]:
    """Put targets in units of their spread, one mean for each node.

    Copies, equal in node and targets, are one label of the sum of their weights.

    Parameters
    ----------
    rows : ndarray of shape (n,), int64
        The node of each row.
    targets : ndarray of shape (n, n_targets)
        Float64.
    weights : ndarray of shape (n,) or None
        Inverse variances of the noise but for a factor, > 0; None is ones.
    one_scale : bool
        Whether all targets have the same unit, as where the noise is given.

    Returns
    -------
    units : Units
        The scale is zero for targets that are all the same.
    labels : Labels
        Of the targets.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.nodes._graph_gp._labels import read_labels
    >>> y = np.array([[1.0], [3.0], [2.0]])
    >>> units, labels = read_labels(np.array([4, 4, 1]), y, None, False)
    >>> labels.nodes, labels.n_more, round(float(labels.scatter), 6)
    (array([1, 4]), 1, 2.0)
    """
    weights = np.ones(len(rows)) if weights is None else weights
    size = np.abs(targets).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    shares = weights / weights.sum()
    centre = shares @ (targets / size)
    gaps = targets / size - centre
    scale = np.sqrt(shares @ gaps**2)
    scale = np.where(np.abs(gaps).max(axis=0) > _SAME, scale, 0.0) * size
    if one_scale:
        scale = np.full_like(scale, scale.max())
    unit = np.where(scale > 0, scale, 1.0)
    values = np.where(scale > 0, gaps * (size / unit), 0.0)
    # Copies are one target of the sum of their weights.
    _, first, group = np.unique(
        equal_rows(np.column_stack([rows, values])),
        return_index=True,
        return_inverse=True,
    )
    rows, values, weights = rows[first], values[first], np.bincount(group, weights)
    nodes, means, of_nodes = by_node(rows, values, weights)
    weight = float(of_nodes.mean())
    apart = weights @ (values - means[np.searchsorted(nodes, rows)]) ** 2
    logs = np.log(weights / weight).sum() - np.log(of_nodes / weight).sum()
    labels = Labels(
        nodes,
        means,
        of_nodes / weight,
        len(rows) - len(nodes),
        float(apart.sum() / weight),
        float(logs),
    )
    return Units(centre * size, scale, weight), labels


def neighborhood(adjacency: sp.csr_array, nodes: NDArray, n_nodes: int) -> NDArray:
    """So many nodes around one of those with a label, near ones first.

    Of the component with most labels; from others where it has fewer nodes.
    """
    _, component = csgraph.connected_components(adjacency, directed=False)
    counts = np.bincount(component[nodes])
    order: list[NDArray] = []
    wanted = n_nodes
    for which in np.argsort(-counts, kind="stable"):
        if wanted <= 0 or not counts[which]:
            break
        inside = nodes[component[nodes] == which]
        found = csgraph.breadth_first_order(
            adjacency,
            int(inside[len(inside) // 2]),
            directed=False,
            return_predecessors=False,
        )
        order.append(found[:wanted])
        wanted -= len(found)
    return np.sort(np.concatenate(order))
