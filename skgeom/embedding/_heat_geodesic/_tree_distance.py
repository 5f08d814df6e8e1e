"""Geodesic distances along trees: mean paths in the spanning trees of many mixtures.

Noise joins the branches of a tree where they pass each other, and one such edge makes a
shortest path wrong. A spanning tree of a few centres has no room for shortcuts: of a
loop it leaves out the weakest link. The centres are those of a mixture of Gaussians,
which knows how far noise carries points away: a point between two branches is shared
among them, and the centres stay within their branch. Which links are weak depends on
where a mixture starts, so paths are averaged over many. Where the trees of different
mixtures contradict each other, leave out a link as strong as those that they keep, or
predict new points no better than a cloud does, the data is no tree.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.utils import check_random_state

from skgeom.embedding._heat_geodesic._branching import has_branches
from skgeom.embedding._heat_geodesic._placement import locate
from skgeom.embedding._heat_geodesic._routes import LandmarkRoutes, unit_of_length
from skgeom.graph import nearest_neighbors
from skgeom.graph._neighbors import power_of_two
from skgeom.graph._truncation import drop_noise_directions, rounding_of

# Numbers of centres that are tried, from coarse to fine.
_N_CENTERS = (8, 12, 17, 24, 34, 48, 68, 96, 136, 192, 272, 384)
# A centre stands for at least so many different points.
_POINTS_PER_CENTER = 7
# Points that mixtures are fitted to, and nodes whose distances are compared.
_SAMPLE, _COMPARED = 4_000, 300
# Directions that mixtures are fitted in: more take long, and hold little.
_DIRECTIONS = 30
# Points are never this much closer to centres than to each other, as a share of their
# variance: copies have no noise.
_LEAST_NOISE = 1e-10
# Loops are looked for among so few centres, and have so many links: shorter ones are
# forks, and among more centres chance decides which links are strong. Among fewer than
# predict points well, they join what lies apart, as the turns of a roll.
_COARSE, _LOOP_LINKS = 34, 6
# Mixtures of each number of centres, and steps of expectation-maximisation; where loops
# are looked for, and where not.
_N_COARSE, _N_FINE = 5, 2
_STEPS_COARSE, _STEPS_FINE = 20, 10
# Trees are believed that agree so well, and that cut no loop of which the cut link has
# so large a share of the strength of the others. Those of noisy branches agree by .65
# and more, of cubes and spheres mostly by less. Rings are cut at a link of .65 and
# more, the loops that noise adds to a tree mostly at a weaker one.
_AGREED, _LOOP = 0.65, 0.65
# So many are averaged where trees are believed; elsewhere those of the search are.
_N_TREES = 18


class _Tree(NamedTuple):
    """A spanning tree of the centres of a mixture.

    Parameters
    ----------
    shares : sparse array of shape (n_points, n_centers)
        How likely a point belongs to each centre.
    paths : ndarray of shape (n_centers, n_centers)
        Lengths along the tree.
    loop : float
        See `MeanTree`.
    criterion : float
        That of Akaike: less if the mixture predicts points better.
    """

    shares: sp.csr_array
    paths: np.ndarray
    loop: float
    criterion: float

    def reach(self, points):
        """Lengths that are to be expected from centres to points."""
        return (self.shares[points] @ self.paths).T

    def between(self, points):
        """Lengths that are to be expected between points, their mean square one."""
        shares = self.shares[points]
        out = shares @ (shares @ self.paths).T
        np.fill_diagonal(out, 0.0)
        size = np.sqrt(np.mean(out**2))
        return out / size if size > 0 else out


class MeanTree(NamedTuple):
    """Distances between nodes along trees, see `tree_distances`.

    Parameters
    ----------
    distances : ndarray of shape (n_nodes, n_nodes)
        Mean path lengths, in no particular unit; trees weigh the same.
    agreement : float
        Mean correlation, in [-1, 1], of the distances of a node in one tree with those
        in another.
    loop : float
        Strength of the strongest link that coarse trees leave out of a loop, as a
        share of the mean strength of its other links; 0 without loops. The coarsest of
        them have the number of centres before the one that suits the points.
    branches : bool
        Whether the trees predict points that they have not seen, see `has_branches`.
        Looked into only where all else speaks for a tree.
    is_fine : bool
        Whether the noise hides what even more centres would show. If not, points differ
        by more than the places of their centres.
    trees : list of _Tree
        The trees themselves.
    rows : ndarray of shape (n_rows,)
        Points that the mixtures were fitted to.
    members, nodes : ndarray of shape (n_rows,), (n_nodes,)
        Which of the different points of the trees these rows, and the nodes, are.
    """

    distances: np.ndarray
    agreement: float
    loop: float
    branches: bool
    is_fine: bool
    trees: list[_Tree]
    rows: np.ndarray
    members: np.ndarray
    nodes: np.ndarray

    @property
    def is_tree(self):
        """Whether trees agree, cut no loop, branch, and show all that noise lets show.

        With so many points and so little noise that they do not, paths are as good.
        """
        return self._seems_tree and self.branches

    @property
    def _seems_tree(self):
        return self.agreement >= _AGREED and self.loop < _LOOP and self.is_fine

    def place_rows(self, anchors):
        """Where rows are to be expected if nodes are at `anchors`.

        Centres are placed by their distances to all nodes, and a row at the mean of its
        centres, of all trees.
        """
        unit = power_of_two(float(np.abs(anchors).max()))
        anchors = anchors / unit
        out, wanted = 0.0, cdist(anchors, anchors)
        for tree in self.trees:
            reach = tree.reach(self.nodes)
            between = tree.shares[self.nodes] @ reach
            square = (between**2).sum()
            reach *= (between * wanted).sum() / square if square > 0 else 0.0
            out = out + tree.shares[self.members] @ locate(anchors, reach)
        return out / len(self.trees) * unit


def tree_distances(points, nodes, random_state=None):
    """Mean paths between points in the spanning trees of many mixtures.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_features)
        Finite.
    nodes : ndarray of shape (n_nodes,)
        Rows of `points` between which distances are wanted.
    random_state : int, RandomState instance or None, default=None
        Draws the points that mixtures are fitted to, where there are many, and their
        first centres.

    Returns
    -------
    MeanTree
        Distances, and whether they can be believed.

    References
    ----------
    Carreira-Perpinan and Zemel, "Proximity graphs for clustering and manifold
    learning", NeurIPS 2004, average spanning trees of jittered points; Ji and Ji,
    "TSCAN", Nucleic Acids Research 44, 2016, take one spanning tree of cluster centres.
    Akaike, "A new look at the statistical model identification", IEEE Transactions on
    Automatic Control 19, 1974, gives the number of centres.
    """
    rng = check_random_state(random_state)
    X, weights, rows, members = _sample(points, nodes, rng)
    at = members[np.searchsorted(rows, nodes)]
    coarse, forest, best = _search(X, weights, rng)
    trees = [tree for few in forest.values() for tree in few]
    loop = max((np.mean([t.loop for t in few]) for few in coarse), default=0.0)
    compared = at[np.linspace(0, len(at) - 1, min(len(at), _COMPARED)).astype(int)]
    agreement = _agreement(trees, compared)
    found = MeanTree(
        np.empty((0, 0)),  # until the trees are known
        agreement,
        float(loop),
        False,  # until it is known
        best < _N_CENTERS[-1],
        trees,
        rows,
        members,
        at,
    )
    if found._seems_tree:
        few = best <= _N_CENTERS[0]
        # Draws of its own: a tree that is believed is the same as if nobody had asked.
        rng_asked = np.random.RandomState(0)
        branches = has_branches(X, _grow_links, best, rng_asked, few=few)
        found = found._replace(branches=branches)
    while found.is_tree and len(trees) < _N_TREES:
        trees += [_grow(X, weights, k, rng) for k in forest]
    return found._replace(distances=_mean(trees, at))


def _search(X, weights, rng):
    """Trees that show loops, trees by the numbers that suit the points, that number.

    More and more centres are tried until they predict points worse: they begin to
    describe the noise. The number that predicts best counts, and those on either side;
    for loops, as far as they are coarse, or else the two finest coarse numbers.
    """
    most = len(X) // _POINTS_PER_CENTER
    sizes = [k for k in _N_CENTERS if k <= most] or [len(X)]
    forest, criteria = [], []
    for k in sizes:
        n_trees = _N_COARSE if k <= _COARSE else _N_FINE
        forest.append([_grow(X, weights, k, rng) for _ in range(n_trees)])
        criteria.append(np.mean([tree.criterion for tree in forest[-1]]))
        if criteria[-1] > min(criteria):
            break
    best = int(np.argmin(criteria))
    around = range(max(best - 1, 0), min(best + 2, len(forest)))
    n_coarse = sum(k <= _COARSE for k in sizes[: len(forest)])
    seen = forest[max(min(best, n_coarse - 1) - 1, 0) : n_coarse]
    return seen, {sizes[i]: forest[i] for i in around}, sizes[best]


def _sample(points, nodes, rng):
    """Different points that stand for all, how many each, and which rows are which."""
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
    X = drop_noise_directions(X - X.mean(axis=0), rounding_of(X))[first]
    if X.shape[1] > _DIRECTIONS:
        # These come with the largest first.
        X = X[:, :_DIRECTIONS]
    return np.ascontiguousarray(X), weights, rows, groups.reshape(-1)


def _grow(X, weights, k, rng):
    """A spanning tree of the centres of a mixture, short and strong links first.

    A link is as strong as its ends share points.
    """
    centers, log_weights, variance, likelihood = _fit_mixture(X, weights, k, rng)
    fitted = centers, log_weights, variance
    shares, lengths, ends = _span(X, weights, *fitted)
    n_parameters = k * (X.shape[1] + 1)
    return _Tree(
        shares,
        _along(lengths, ends),
        _strongest_cut(_between(X, weights, centers), ends) if k <= _COARSE else 0.0,
        2 * (n_parameters - likelihood),
    )


def _grow_links(X, weights, k, rng):
    """Centres, logarithms of their weights, their variance, and the ends of links."""
    *fitted, _ = _fit_mixture(X, weights, k, rng)
    return *fitted, np.asarray(_span(X, weights, *fitted)[-1])


def _span(X, weights, centers, log_weights, variance):
    """How likely points belong to centres, lengths of links, and ends of a tree's."""
    from skgeom.backends._numba._mixtures import mixture_shares
    from skgeom.backends._numba._spanning_trees import shared_weight, spanning_tree

    k = len(centers)
    shares = mixture_shares(X, centers.T.copy(), log_weights, 1 / variance)
    shares = sp.csr_array(shares)
    strengths = np.zeros((k, k))
    shared_weight(shares.indptr, shares.indices, shares.data, weights * 1.0, strengths)
    lengths = np.maximum(cdist(centers, centers), np.finfo(np.float64).tiny)
    pairs = np.triu_indices(k, 1)
    costs = lengths[pairs] / np.sqrt(1 + strengths[pairs])
    ends = spanning_tree(k, *pairs, np.argsort(costs, kind="stable"))
    return shares, lengths, ends


def _between(X, weights, centers):
    """How many points lie between any two centres: have these two for their nearest."""
    k = len(centers)
    if k == 1:
        return np.zeros((1, 1))
    _, nearest = nearest_neighbors(centers, X, n_neighbors=2)
    counts = np.bincount(nearest @ [k, 1], weights, minlength=k * k).reshape(k, k)
    return counts + counts.T


def _fit_mixture(X, weights, k, rng):
    """Fit k round Gaussians of one size to points that weigh as many as they stand for.

    Expectation-maximisation from random points, and from a large variance, which lets
    centres spread before they settle.

    Returns
    -------
    centers : ndarray of shape (k, n_features)
    log_weights : ndarray of shape (k,)
    variance : float
        Of each feature.
    likelihood : float
        Logarithm of that of the points, up to a constant.
    """
    from skgeom.backends._numba._mixtures import mixture_step

    n, n_features = weights.sum(), X.shape[1]
    centers = X[rng.choice(len(X), k, replace=False)]
    log_weights = np.full(k, -np.log(k))
    square = weights @ (X**2).sum(axis=1)
    least = _LEAST_NOISE * square / (n * n_features)
    if k == len(X):
        return centers, log_weights, least or 1.0, 0.0
    variance, likelihood = square / (4 * n * n_features), 0.0
    for _ in range(_STEPS_COARSE if k <= _COARSE else _STEPS_FINE):
        totals, sums, likelihood = mixture_step(
            X, weights, centers.T.copy(), log_weights, 1 / variance
        )
        likelihood -= n * n_features / 2 * np.log(variance)
        totals = np.maximum(totals, np.finfo(np.float64).tiny)
        centers = sums / totals[:, None]
        log_weights = np.log(totals / n)
        explained = (totals * (centers**2).sum(axis=1)).sum()
        variance = max((square - explained) / (n * n_features), least)
    return centers, log_weights, variance, likelihood


def _along(values, ends):
    """Sums of a value of the links of a tree over the paths between all centres."""
    from skgeom.backends._numba._spanning_trees import sums_along

    sums = np.empty(values.shape)
    sums_along(np.asarray(ends), values.astype(np.float64, copy=False), sums)
    return np.minimum(sums, sums.T)


def _strongest_cut(strengths, ends):
    """The largest share of a link outside of the tree, see `MeanTree`."""
    n_links = _along(np.ones_like(strengths), ends)
    around = _along(np.maximum(strengths, 1), ends)
    far = n_links >= _LOOP_LINKS
    return float((strengths * n_links / np.maximum(around, 1))[far].max(initial=0.0))


def _mean(trees, nodes):
    out = sum(tree.between(nodes) for tree in trees) / len(trees)
    out[nodes[:, None] == nodes[None, :]] = 0.0
    return (out + out.T) / 2


def _agreement(trees, nodes):
    """Mean correlation of matching rows of path lengths, over all pairs of trees."""
    total = 0.0
    for tree in trees:
        rows = tree.between(nodes)
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
    mean : MeanTree or None
        The trees; None once nodes are placed.
    """

    near: LandmarkRoutes
    mean: MeanTree | None

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
        mean=mean,
    )
