"""Targets of rows as targets of nodes."""

import numpy as np
import scipy.sparse as sp


def by_node(nodes, targets):
    """Labelled nodes, the mean of the targets of each, and how many it has."""
    unique, inverse, counts = np.unique(nodes, return_inverse=True, return_counts=True)
    if len(unique) == len(nodes):
        order = np.argsort(nodes, kind="stable")
        return nodes[order], targets[order], np.ones(len(nodes))
    group = sp.csr_array((np.ones(len(nodes)), (inverse, np.arange(len(nodes)))))
    return unique, (group @ targets) / counts[:, None], counts.astype(np.float64)
