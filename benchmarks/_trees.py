"""Trees that benchmarks share, and scores of a drawing of one."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.graph import Graph


def tree_graph(edges, lengths=None):
    """A tree from edges (parent, child), with lengths."""
    edges = np.asarray(edges)
    n, (heads, tails) = len(edges) + 1, edges.T
    lengths = np.ones(len(edges)) if lengths is None else lengths
    place = np.append(heads, tails), np.append(tails, heads)
    ones, both = np.ones(2 * len(edges)), np.append(lengths, lengths)
    weights, spans = (sp.csr_array((x, place), shape=(n, n)) for x in (ones, both))
    return Graph(weights, directed=False, lengths=spans)


def balanced_tree(branching, depth):
    """Every node above the last level has as many children."""
    n = (branching ** (depth + 1) - 1) // (branching - 1)
    children = np.arange(1, n)
    return tree_graph(np.column_stack([(children - 1) // branching, children]))


def grown_tree(n, most, seed=0):
    """Nodes hang on random earlier ones that have fewer than `most` children."""
    rng = np.random.default_rng(seed)
    room, edges = [0] * most, []
    for node in range(1, n):
        place = rng.integers(len(room))
        room[place], room[-1] = room[-1], room[place]
        edges.append((room.pop(), node))
        room += [node] * most
    return tree_graph(edges)


def phylogenetic_tree(folder):
    """A file of `n` and `edges`, if the folder has it."""
    path = None if folder is None else folder / "graphs" / "phylo_tree.npz"
    if path is None or not path.exists():
        print("phylo_tree: no file in --data, left out")
        return None
    with np.load(path) as file:
        return Graph.from_edges(file["edges"].T, n_nodes=int(file["n"]))


def scores(graph, distances_from, nodes):
    """Mean average precision, mean error at the best scale, and worst ratio.

    Parameters
    ----------
    graph : Graph
        A tree, or any other graph, with lengths.
    distances_from : callable
        Distances in the drawing from a node to all.
    nodes : sequence of int
        Nodes from which pairs are looked at.
    """
    precisions, ratios = [], []
    for start in range(0, len(nodes), 100):
        block = nodes[start : start + 100]
        true = csgraph.dijkstra(graph.lengths, directed=False, indices=block)
        for u, paths in zip(block, true, strict=True):
            found = distances_from(u)
            others = np.arange(len(paths)) != u
            ratios.append(found[others] / paths[others])
            linked = np.zeros(len(paths), dtype=bool)
            linked[graph.adjacency[[u]].indices] = True
            near = np.sort(found[linked])
            far = np.sort(found[others & ~linked])
            k = np.arange(1, len(near) + 1)
            before = np.searchsorted(far, near, side="right")
            precisions.append((k / (k + before)).mean())
    ratios = np.concatenate(ratios)
    # The scale of least mean error is a median of the ratios, weighted by themselves.
    order = np.argsort(ratios)
    weight = np.cumsum(ratios[order])
    best = ratios[order][np.searchsorted(weight, weight[-1] / 2)]
    error = np.abs(ratios / best - 1).mean()
    return float(np.mean(precisions)), float(error), float(ratios.max() / ratios.min())
