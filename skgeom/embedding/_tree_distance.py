"""Geodesic distances along trees: mean paths in the spanning trees of many clusterings.

Noise joins the branches of a tree where they pass each other, and one such edge makes a
shortest path wrong. A spanning tree of cluster centres has no room for shortcuts: of a
loop it leaves out the weakest link. Which link that is depends on the clustering, so
paths are averaged over many. Where the trees of different clusterings contradict each
other, or leave out a link as strong as those that they keep, the data is no tree.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from skgeom.graph import nearest_neighbors
from skgeom.graph._neighbors import power_of_two
from skgeom.graph._routes import LandmarkRoutes, unit_of_length
from skgeom.graph._smoothing import drop_noise_directions

# Numbers of centres that are tried, from coarse to fine, and clusterings of each.
_N_CENTERS = (12, 17, 24, 34, 48, 68, 96, 136, 192, 272, 384, 544)
_N_TREES = 4
# Finer trees than the ones that agree best are taken while they agree almost as well,
# and the next four finer numbers of centres count too: they add detail where they
# agree and cancel out where they do not.
_ALMOST, _N_SIZES = 0.02, 5
# As many trees are averaged as bring what they disagree in down to this, within limits.
_ERROR, _LEAST_TREES, _MOST_TREES = 0.002, 12, 60
# A centre stands for at least so many different points.
_POINTS_PER_CENTER = 7
# Points that are clustered, and nodes whose distances are compared.
_SAMPLE, _COMPARED = 5_000, 300
# Steps of Lloyd's algorithm: centres only need to be spread evenly.
_LLOYD_STEPS = 10
# Loops are looked for among so few centres, and have so many links: shorter ones are
# forks, and among more centres chance decides which links are strong.
_COARSE, _LOOP_LINKS = 24, 6
# Trees are believed that agree so well, and that cut no loop of which the cut link has
# so large a share of the strength of the others. Cubes and spheres have an agreement
# of .6 at most, digits of .65; cut loops are of .65 and more, those of noisy trees of
# .55 mostly.
_AGREED, _LOOP = 0.7, 0.6


class MeanTree(NamedTuple):
    """Distances between nodes along trees, see `tree_distances`.

    Parameters
    ----------
    distances : ndarray of shape (n_nodes, n_nodes)
        Mean path lengths, in no particular unit; trees weigh the same.
    agreement : float
        Mean correlation, in [-1, 1], of the distances of a node in one tree with those
        in another of as many centres.
    loop : float
        Strength of the strongest link that coarse trees leave out of a loop, as a
        share of the mean strength of its other links; 0 without loops.
    """

    distances: np.ndarray
    agreement: float
    loop: float

    @property
    def is_tree(self):
        """Whether trees agree and cut no loop."""
        return self.agreement >= _AGREED and self.loop < _LOOP


class _Tree(NamedTuple):
    """The centre of each point, path lengths between centres, and the cut loop."""

    labels: np.ndarray
    paths: np.ndarray
    loop: float


def tree_distances(points, nodes, random_state=None):
    """Mean paths between points in the spanning trees of many clusterings.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Finite.
    nodes : ndarray of shape (n_nodes,)
        Rows of `points` between which distances are wanted.
    random_state : int, RandomState instance or None, default=None
        Draws the points that are clustered, where there are many, and first centres.

    Returns
    -------
    MeanTree
        Distances, and whether they can be believed.

    References
    ----------
    Carreira-Perpinan and Zemel, "Proximity graphs for clustering and manifold
    learning", NeurIPS 2004, average spanning trees of jittered points; Ji and Ji,
    "TSCAN", Nucleic Acids Research 44, 2016, take one spanning tree of cluster centres.
    """
    rng = check_random_state(random_state)
    X, weights, at = _sample(points, nodes, rng)
    compared = at[np.linspace(0, len(at) - 1, min(len(at), _COMPARED)).astype(int)]
    with threadpool_limits(1, "openmp"):  # threads would add up in any order
        sizes, forest, agreement, best = _search(X, weights, compared, rng)
        trees = [tree for trees in forest[best:] for tree in trees]
        coarse = [trees for k, trees in zip(sizes, forest, strict=True) if k <= _COARSE]
        loop = max((np.mean([t.loop for t in trees]) for trees in coarse), default=0.0)
        found = MeanTree(_mean(trees, at), agreement, float(loop))
        n_wanted = (1.0 - agreement) / _ERROR
        n_wanted = min(max(n_wanted, _LEAST_TREES), _MOST_TREES)
        if not found.is_tree or len(trees) >= n_wanted:
            return found
        chosen = sizes[best:]
        while len(trees) < n_wanted:
            k = chosen[len(trees) % len(chosen)]
            trees.append(_grow(X, weights, k, rng))
    return found._replace(distances=_mean(trees, at))


def _search(X, weights, compared, rng):
    """Trees of more and more centres, until those that count are there.

    Returns the numbers of centres, the trees of each, how well the best agree, and from
    which number on trees count.
    """
    most = len(X) // _POINTS_PER_CENTER
    sizes = [k for k in _N_CENTERS if k <= most] or [len(X)]
    forest, agreements = [], []
    for k in sizes:
        forest.append([_grow(X, weights, k, rng) for _ in range(_N_TREES)])
        agreements.append(_agreement(forest[-1], compared))
        close = np.array(agreements) >= max(agreements) - _ALMOST
        best = int(np.flatnonzero(close)[-1])
        if len(forest) == best + _N_SIZES:
            break
    return sizes[: len(forest)], forest, max(agreements), best


def _sample(points, nodes, rng):
    """Different points that stand for all, how many each, and which the nodes are."""
    n = len(points)
    rows = np.arange(n)
    if n > _SAMPLE:
        others = np.setdiff1d(rows, nodes)
        n_others = min(len(others), max(0, _SAMPLE - len(nodes)))
        rows = np.union1d(nodes, rng.choice(others, n_others, replace=False))
    X = np.asarray(points[rows], dtype=np.float64)
    X = X / power_of_two(float(np.abs(X).max()))
    # Copies are told before they are turned: then they differ by rounding.
    _, first, groups, weights = np.unique(
        X, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    X = drop_noise_directions(X - X.mean(axis=0))[first]
    at = groups.reshape(-1)[np.searchsorted(rows, nodes)]
    return np.ascontiguousarray(X), weights, at


def _grow(X, weights, k, rng):
    """A spanning tree of k centres, of points that weigh as many as they stand for.

    A link is strong if many points lie between its ends, that is have these two for
    their nearest centres (Martinetz and Schulten 1994). Short and strong links are
    taken first.
    """
    seed = rng.randint(np.iinfo(np.int32).max)
    if k == 1:
        return _Tree(np.zeros(len(X), dtype=np.int64), np.zeros((1, 1)), 0.0)
    clustering = KMeans(
        k, init="random", n_init=1, max_iter=_LLOYD_STEPS, random_state=seed
    ).fit(X, sample_weight=weights)
    centers = clustering.cluster_centers_
    _, nearest = nearest_neighbors(centers, X, n_neighbors=2)
    strengths = np.bincount(nearest @ [k, 1], weights, minlength=k * k).reshape(k, k)
    strengths += strengths.T
    # csgraph takes zeros for no link, and in a dense matrix all below 1e-8.
    lengths = np.maximum(cdist(centers, centers), np.finfo(np.float64).tiny)
    costs = sp.csr_array(np.triu(lengths / np.sqrt(1 + strengths), 1))
    ends = csgraph.minimum_spanning_tree(costs).nonzero()
    paths = _along(lengths, ends)
    loop = _strongest_cut(strengths, ends) if k <= _COARSE else 0.0
    return _Tree(nearest[:, 0], paths, loop)


def _along(values, ends):
    """Sums of a value of the links of a tree over the paths between all centres."""
    links = sp.csr_array((values[ends], ends), shape=values.shape)
    sums = csgraph.dijkstra(links, directed=False)
    return np.minimum(sums, sums.T)


def _strongest_cut(strengths, ends):
    """The largest share of a link outside of the tree, see `MeanTree`."""
    n_links = _along(np.ones_like(strengths), ends)
    around = _along(np.maximum(strengths, 1), ends)
    far = n_links >= _LOOP_LINKS
    return float((strengths * n_links / np.maximum(around, 1))[far].max(initial=0.0))


def _mean(trees, nodes):
    return sum(_paths(tree, nodes) for tree in trees) / len(trees)


def _paths(tree, nodes):
    """Path lengths between nodes, their mean square one."""
    labels = tree.labels[nodes]
    out = tree.paths[np.ix_(labels, labels)]
    size = np.sqrt(np.mean(out**2))
    return out / size if size > 0 else out


def _agreement(trees, nodes):
    """Mean correlation of matching rows of path lengths, over all pairs of trees."""
    total = 0.0
    for tree in trees:
        rows = _paths(tree, nodes)
        rows = rows - rows.mean(axis=1, keepdims=True)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        total = total + rows / np.where(norms > 0, norms, 1.0)
    n = len(trees)
    return float(((total**2).sum(axis=1).mean() - n) / (n * (n - 1)))


@dataclass(frozen=True, kw_only=True)
class TreeGeodesics(LandmarkRoutes):
    """Distances between any two nodes: along trees, and by another measure when near.

    Parameters
    ----------
    near : LandmarkRoutes
        What is believed of nodes that are no farther apart than their landmarks are
        from them; trees of centres do not see so closely.
    is_tree : bool
        Whether the trees can be believed.
    """

    near: LandmarkRoutes
    is_tree: bool

    def columns(self, nodes, backend):
        """Distances from all nodes to some, shape (n_nodes, len(nodes)), on the host.

        Pairs that are not near go over their landmarks.
        """
        out = self.near.columns(nodes, backend)
        for j, node in enumerate(nodes):
            around = self.gate_lengths[:, 0] + self.gate_lengths[node, 0]
            out[:, j] = np.where(out[:, j] <= around, out[:, j], self.over_gates(node))
        return out


def tree_geodesics(near, points, graph, random_state=None):
    """Measure landmarks along trees instead.

    Parameters
    ----------
    near : LandmarkRoutes
        Another measure of the same landmarks.
    points : ndarray of shape (n_nodes, n_features)
        Where nodes lie.
    graph : Graph
        Whose edges give the unit of length.
    random_state : int, RandomState instance or None, default=None
        As in `tree_distances`.

    Returns
    -------
    TreeGeodesics
        All on the host.
    """
    mean = tree_distances(points, near.landmarks, random_state)
    return TreeGeodesics(
        near.landmarks,
        mean.distances * unit_of_length(mean.distances, near.landmarks, graph),
        near.gates,
        near.gate_lengths,
        near=near,
        is_tree=mean.is_tree,
    )
