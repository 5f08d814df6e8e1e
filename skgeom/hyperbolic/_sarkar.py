"""Sarkar's construction in polar coordinates: a tree, drawn without optimisation.

Sarkar, "Low distortion Delaunay embedding of trees in hyperbolic plane", Graph Drawing
2011; in more dimensions Sala, De Sa, Gu and Ré, "Representation tradeoffs for
hyperbolic embeddings", ICML 2018.
"""

from typing import NamedTuple

import numpy as np

from skgeom.geometry import polar
from skgeom.hyperbolic._rooted_tree import RootedTree
from skgeom.hyperbolic._spherical_codes import spherical_code
from skgeom.typing import NDArray

# Pairs that are compared beside siblings, and climbs towards their common ancestors.
_N_PAIRS, _MOST_CLIMBS = 20_000, 20_000_000


class TreeLayout(NamedTuple):
    """Where the nodes of a tree are.

    Parameters
    ----------
    radii : ndarray of shape (n_nodes,)
        Distances to the origin.
    directions : ndarray of shape (n_terms, n_nodes, n_components)
        Unit vectors as sums of floats.
    contraction : float
        The least share of a path in the tree that the distance of its ends is, in
        [0, 1], among the pairs of `compared_pairs`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.hyperbolic._sarkar import TreeLayout
    >>> TreeLayout(np.zeros(1), np.array([[[1.0, 0.0]]]), 1.0).radii
    array([0.])
    """

    radii: NDArray
    directions: NDArray
    contraction: float


def lay_out_tree(tree: RootedTree, n_components: int, n_terms: int) -> TreeLayout:
    """Place each node at its distance from its parent, away from all others.

    The root is at the origin. The children of a node go in directions of a spherical
    code, of which the way back to the parent is one, so that all of them are well
    apart; the largest subtree goes straight on. Levels are laid out one after the
    other, nodes with as many children at once.

    Parameters
    ----------
    tree : RootedTree
        With lengths in hyperbolic units.
    n_components : int
        Dimension, >= 1.
    n_terms : int
        Floats in a sum that is a direction, >= 1.

    Returns
    -------
    TreeLayout
        In the positions of the tree.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skgeom.hyperbolic._sarkar import lay_out_tree
    >>> from skgeom.hyperbolic._rooted_tree import root_tree
    >>> path = csr_array([[0, 1, 0], [1, 0, 2], [0, 2, 0]])
    >>> layout = lay_out_tree(root_tree(path, 1), 2, n_terms=1)
    >>> layout.radii, layout.directions[0, 1:, 0]
    (array([0., 1., 2.]), array([ 1., -1.]))
    """
    n_nodes = len(tree.nodes)
    radii = np.zeros((n_nodes, 1))
    directions = np.zeros((n_terms, n_nodes, n_components))
    back = np.zeros((n_nodes, n_components))
    directions[0, 0, 0] = 1.0
    sizes = tree.sizes
    n_children = np.bincount(tree.parents[1:], minlength=n_nodes)
    first = 1 + np.cumsum(n_children) - n_children
    for start, stop in zip(tree.levels[:-2], tree.levels[1:-1], strict=True):
        for k in np.unique(n_children[start:stop]):
            if k == 0:
                continue
            parents = start + np.flatnonzero(n_children[start:stop] == k)
            children = first[parents, None] + np.arange(k)
            order = np.argsort(-sizes[children], axis=1, kind="stable")
            children = np.take_along_axis(children, order, axis=1)
            spans = tree.lengths[children][..., None]
            x = np.concatenate([radii[parents], directions[0, parents]], axis=1)
            if start == 0:
                ways = spherical_code(int(k), n_components)[None]
            else:
                ways = _reflected(
                    spherical_code(int(k) + 1, n_components), back[parents]
                )
            gone = polar.step(polar.project(x)[:, None], ways, spans)
            radii[children], back[children] = gone.radius, gone.back
            directions[:, children] = polar.add_to_terms(
                np.repeat(directions[:, parents, None], k, axis=2), gone.turn
            )
    one, other = compared_pairs(n_nodes, len(tree.levels))
    paths = path_lengths(tree, one, other)
    found = term_distances(radii[:, 0], directions, one, other)
    kept = found[paths > 0] / paths[paths > 0]
    return TreeLayout(radii[:, 0], directions, float(np.min(kept, initial=1.0)))


def compared_pairs(n_nodes: int, n_levels: int) -> tuple[NDArray, NDArray]:
    """Pairs of positions at which a layout is looked at: near and far relatives.

    Positions that differ by a power of two: where nodes are numbered level by level
    these are siblings, cousins, and so on.

    Parameters
    ----------
    n_nodes, n_levels : int
        Of the tree.

    Returns
    -------
    one, other : ndarray of shape (n_pairs,), int64
        All pairs of neighbours in a small tree, and a sample in a large one, the same
        each time; fewer where paths are long.
    """
    steps = 2 ** np.arange(max(int(n_nodes - 1).bit_length(), 1))
    most = max(min(_N_PAIRS, _MOST_CLIMBS // n_levels) // len(steps), 1)
    one = np.arange(n_nodes)
    if n_nodes > most:
        one = np.random.default_rng(0).choice(n_nodes, most, replace=False)
    one, steps = np.repeat(one, len(steps)), np.tile(steps, len(one))
    inside = one + steps < n_nodes
    return one[inside], (one + steps)[inside]


def path_lengths(tree: RootedTree, one: NDArray, other: NDArray) -> NDArray:
    """Lengths of the paths between positions of a tree.

    Parameters
    ----------
    tree : RootedTree
        Numbered level by level.
    one, other : ndarray of shape (n_pairs,), int64
        Positions.

    Returns
    -------
    ndarray of shape (n_pairs,)
        Along the tree.
    """
    lengths = np.zeros(len(one))
    one, other, open_ = one.copy(), other.copy(), np.arange(len(one))
    while open_.size:
        # The later of two positions is not above the other: it goes up.
        later = np.maximum(one[open_], other[open_])
        lengths[open_] += tree.lengths[later]
        up, second = tree.parents[later], one[open_] < other[open_]
        other[open_[second]] = up[second]
        one[open_[~second]] = up[~second]
        open_ = open_[one[open_] != other[open_]]
    return lengths


def term_distances(
    radii: NDArray, directions: NDArray, rows: NDArray, columns: NDArray
) -> NDArray:
    """Hyperbolic distances between some nodes and others, by all terms.

    Parameters
    ----------
    radii : ndarray of shape (n_nodes,)
        Of all nodes.
    directions : ndarray of shape (n_terms, n_nodes, n_components)
        Of all nodes, sums of floats.
    rows, columns : ndarray of shape (..., m) and (..., m), int64
        Nodes, of shapes that broadcast.

    Returns
    -------
    ndarray of shape (..., m)
        Distances.
    """
    square = 0.0
    for axis in range(directions.shape[2]):
        # Large terms that are equal cancel first, and leave what the small ones hold.
        gap = sum(term[rows, axis] - term[columns, axis] for term in directions)
        square = square + gap * gap
    return polar.separation(radii[rows], radii[columns], np.sqrt(square))


def _reflected(code, back):
    """The code, mirrored so that its first vector is the way back; without that."""
    # Householder's reflection takes one unit vector to another, and keeps angles.
    mirror = code[0] - back
    square = (mirror**2).sum(axis=1)
    square = np.where(square > 1e-30, square, np.inf)[:, None, None]
    along = (mirror[:, None] * code[None, 1:]).sum(axis=2, keepdims=True)
    ways = code[None, 1:] - 2 * along * mirror[:, None] / square
    return ways / np.linalg.norm(ways, axis=2, keepdims=True)
