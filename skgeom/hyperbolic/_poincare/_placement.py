"""Where new rows with distances to nodes go in the Poincaré ball.

Follows the loss of Nickel and Kiela, "Poincaré embeddings for learning hierarchical
representations", NIPS 2017.
"""

import numpy as np
import scipy.sparse as sp

from skgeom.backends import row_blocks, scratch_bytes
from skgeom.geometry import poincare
from skgeom.hyperbolic._drawn import drawn_to_nodes
from skgeom.hyperbolic._poincare._descent import lorentz_means
from skgeom.typing import NDArray

# Measured: more steps or negatives place no neighbour nearer, fewer do worse.
_N_STEPS, _RATE, _N_NEGATIVES = 25, 0.4, 400
# Beyond any radius that coordinates tell apart.
_FARTHEST, _TINY = 40.0, 1e-150


def place_between(
    nodes: NDArray, links: sp.csr_array, lengths: sp.csr_array, shares: sp.csr_array
) -> NDArray:
    """Place rows by their distances to some nodes, continuously in the row.

    The loss is that of the links of Nickel and Kiela (NIPS 2017), with a weight for
    each neighbour that falls to zero at the farthest one, and beside all of them the
    same nodes for every row as negatives. Gradient steps start at the mean of the
    neighbours in the Lorentz model (Law et al., ICML 2019). Rows near a node are drawn
    to it.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes, n_components)
        Where the nodes are, in the ball.
    links : csr_array of shape (n_rows, n_nodes)
        Shares of the neighbours of a row, from which the steps start.
    lengths : csr_array of shape (n_rows, n_nodes)
        Distances to them, the same number in each row.
    shares : csr_array of shape (n_rows, n_nodes)
        How much each row is each node, see `drawn_to_nodes`.

    Returns
    -------
    ndarray of shape (n_rows, n_components)
        In the ball.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skgeom.hyperbolic._poincare._placement import place_between
    >>> nodes, lengths = np.array([[-0.5], [0.5], [0.9]]), csr_array([[1.0, 2.0, 4.0]])
    >>> place_between(nodes, csr_array([[0.9, 0.1, 0.0]]), lengths, csr_array((1, 3)))
    array([[-0.05...]])
    """
    n_rows = links.shape[0]
    placed = np.empty((n_rows, nodes.shape[1]))
    if not n_rows:
        return placed
    chosen = np.random.default_rng(0).permutation(len(nodes))[:_N_NEGATIVES]
    negatives = nodes[np.sort(chosen)][None]
    k = lengths.nnz // n_rows
    per_row = 8 * 8 * (k + len(chosen)) * nodes.shape[1]
    gaps = 1.0 - (nodes**2).sum(axis=1)
    start, _ = lorentz_means(nodes, gaps, links, _FARTHEST)
    for rows in row_blocks(n_rows, per_row, scratch_bytes(nodes)):
        part = slice(rows.start * k, rows.stop * k)
        neighbors = nodes[lengths.indices[part].reshape(-1, k)]
        far = lengths.data[part].reshape(-1, k)
        nearness = 1.0 - (far / far.max(axis=1, keepdims=True)) ** 4
        total = nearness.sum(axis=1, keepdims=True)
        weights = np.where(total > 0, nearness / np.where(total > 0, total, 1.0), 1 / k)
        x = start[rows]
        for step in range(_N_STEPS):
            towards, _ = _directions(x, neighbors)
            away, near = _directions(x, negatives)
            near = near / near.sum(axis=1, keepdims=True)
            force = (weights[:, :, None] * towards).sum(axis=1)
            force -= (near[:, :, None] * away).sum(axis=1)
            rate = _RATE * (1.0 - step / _N_STEPS)
            gap = 1.0 - (x**2).sum(axis=1, keepdims=True)
            x = poincare.project(poincare.exp(x, rate * gap / 2 * force))
        placed[rows] = x
    near = np.flatnonzero(np.diff(shares.indptr))
    placed[near] = drawn_to_nodes(placed[near], shares[near], nodes)
    return placed


def _directions(x, nodes):
    """Unit vectors from points to nodes, in the local frame, and exp(-distance)."""
    x = x[:, None]
    gap, gaps = (1.0 - (a**2).sum(axis=2, keepdims=True) for a in (x, nodes))
    step = nodes - x
    square = (step**2).sum(axis=2, keepdims=True)
    size = np.sqrt(square * (gap * gaps + square))
    # Where a point is at a node, no direction leads there.
    units = (gap * step - square * x) / np.where(size > _TINY, size, 1.0)
    half = square / (gap * gaps)  # distance = arccosh(1 + 2 half)
    near = 1.0 / (1.0 + 2 * half + 2 * np.sqrt(half * (half + 1.0)))
    return units, near[:, :, 0]
