"""Targets of rows as targets of nodes."""

import numpy as np
import scipy.sparse as sp


def by_node(nodes, targets, weights=None):
    """Labelled nodes, the weighted mean of the targets of each, and its weight."""
    if weights is None:
        weights = np.ones(len(nodes))
    unique, inverse = np.unique(nodes, return_inverse=True)
    if len(unique) == len(nodes):
        order = np.argsort(nodes, kind="stable")
        return nodes[order], targets[order], weights[order]
    group = sp.csr_array((weights, (inverse, np.arange(len(nodes)))))
    total = group.sum(axis=1)
    return unique, (group @ targets) / total[:, None], total
