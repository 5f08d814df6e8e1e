"""Graphs that benchmarks of graph kernels share, and dense kernels on small ones."""

import numpy as np
import scipy.sparse as sp
from scipy.spatial import Delaunay

from skgeom.graph import Graph


def random_graph(n, degree, seed=0, node_features=None):
    """Erdős and Rényi's graph with the given mean degree."""
    edges = np.random.default_rng(seed).integers(0, n, (n * degree // 2, 2))
    edges = edges[edges[:, 0] != edges[:, 1]]
    return Graph.from_edges(edges, n_nodes=n, node_features=node_features)


def grid(side):
    """A square lattice."""
    nodes = np.arange(side * side).reshape(side, side)
    across = np.stack([nodes[:, :-1].ravel(), nodes[:, 1:].ravel()], axis=1)
    down = np.stack([nodes[:-1].ravel(), nodes[1:].ravel()], axis=1)
    return Graph.from_edges(np.concatenate([across, down]))


def preferential(n, links, seed=0):
    """Barabási and Albert's graph."""
    rng, edges = np.random.default_rng(seed), []
    ends = list(range(links))  # each node as often as it has links
    for node in range(links, n):
        targets = set()
        while len(targets) < links:
            targets.add(ends[rng.integers(len(ends))])
        edges += [(node, target) for target in targets]
        ends += [*targets, *[node] * links]
    return Graph.from_edges(np.array(edges))


def mesh(n, seed=0):
    """Delaunay's triangulation of random points, in random order."""
    triangles = Delaunay(np.random.default_rng(seed).random((n, 2))).simplices
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    edges = np.concatenate([edges, triangles[:, [0, 2]]])
    return Graph.from_edges(np.unique(np.sort(edges, axis=1), axis=0), n_nodes=n)


def labelled_graph(file):
    """Graph and classes of an npz file with `n`, `edges` (2, m) and `y`."""
    with np.load(file) as data:
        return Graph.from_edges(data["edges"].T, n_nodes=int(data["n"])), data["y"]


def spectrum(graph):
    """Eigenvalues and eigenvectors of the symmetric Laplacian."""
    return np.linalg.eigh(graph.laplacian().matrix().toarray())


def dense_kernel(kernel, eigenvalues, vectors):
    """The kernel as a matrix."""
    return (vectors * kernel.function(eigenvalues)) @ vectors.T


def relative_error(features, kernel, other=None):
    """Frobenius error of the inner products of features, relative."""
    other = features if other is None else other
    if sp.issparse(features):
        features, other = features.toarray(), other.toarray()
    return np.linalg.norm(features @ other.T - kernel) / np.linalg.norm(kernel)
