"""Rows whose labels are places: cells of a grid, and leaves of a tree."""

import numpy as np

from skgeom.graph import Graph


def grid_of_labels(side, n_rows, noise, seed):
    """Rows around the cells of a grid in thirty columns, labels, distances, places."""
    rng = np.random.default_rng(seed)
    cells = np.stack(np.meshgrid(*[np.arange(side)] * 2), axis=-1).reshape(-1, 2)
    apart = np.abs(cells[:, None] - cells).sum(axis=2).astype(float)
    y = rng.integers(0, len(cells), n_rows)
    directions = np.linalg.qr(rng.normal(size=(30, 2)))[0].T
    X = cells[y] @ directions + noise * rng.normal(size=(n_rows, 30))
    return X, y, apart, cells


def tree_of_labels(branching, depth, n_rows, noise, seed):
    """Rows around the leaves of a tree, whose means walk along its branches."""
    rng = np.random.default_rng(seed)
    n = (branching ** (depth + 1) - 1) // (branching - 1)
    above = (np.arange(n) - 1) // branching
    means, level = np.zeros((n, 30)), np.zeros(n, dtype=int)
    for node in range(1, n):
        level[node] = level[above[node]] + 1
        step = rng.normal(size=30) * 0.8 ** (level[node] - 1)
        means[node] = means[above[node]] + step
    leaves = np.flatnonzero(level == depth)
    y = rng.choice(leaves, n_rows)
    tree = Graph.from_edges(np.column_stack([np.arange(1, n), above[1:]]))
    return means[y] + noise * rng.normal(size=(n_rows, 30)), y, tree, leaves
