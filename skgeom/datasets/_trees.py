"""Trees of random walks, with distances along the branches."""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import truncnorm
from sklearn.neighbors import kneighbors_graph
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.datasets._sample import (
    GraphGeometry,
    ManifoldSample,
    TreeGeometry,
    group_labels,
    place,
)
from skgeom.typing import RandomStateLike

_POSITIVE_INT = [Interval(Integral, 1, None, closed="left")]
_TREE_CONSTRAINTS = {
    "n_samples": _POSITIVE_INT,
    "n_branches": _POSITIVE_INT,
    "noise": [Interval(Real, 0, None, closed="left")],
    "n_features": _POSITIVE_INT,
    "random_state": ["random_state"],
}


def _grow(branches, n_features, rng):
    """Grow a vertex for each entry of `branches`, the ascending branch of each.

    Steps are uniform in the cube [-1, 1]^n_features. Branch 0 is the trunk, the others
    start one step away from a vertex of the trunk that is drawn at random.

    Returns
    -------
    points : ndarray of shape (n_vertices, n_features)
    parents : ndarray of shape (n_vertices,)
        The vertex before each on the way to the root, which is its own parent.
    positions : ndarray of shape (n_vertices, 2)
        Length of the way to a vertex on the trunk, and from there on.
    """
    steps = rng.uniform(-1.0, 1.0, (len(branches), n_features))
    parents = np.maximum(np.arange(len(branches)) - 1, 0)
    points = np.empty_like(steps)
    positions = np.zeros((len(branches), 2))
    lengths = np.linalg.norm(steps, axis=1)
    starts = np.searchsorted(branches, np.arange(branches[-1] + 2))
    trunk = slice(0, starts[1])
    points[trunk] = np.cumsum(steps[trunk], axis=0)
    positions[trunk, 0] = np.cumsum(lengths[trunk]) - lengths[0]
    for first, stop in pairwise(starts[1:]):
        fork = parents[first] = rng.randint(starts[1])
        branch = slice(first, stop)
        points[branch] = points[fork] + np.cumsum(steps[branch], axis=0)
        positions[branch, 0] = positions[fork, 0]
        positions[branch, 1] = np.cumsum(lengths[branch])
    return points, parents, positions


def _neighbor_graph(points, parents, n_neighbors):
    """Nearest-neighbour graph, connected by edges of the tree where it is not."""
    n_samples = len(points)
    if n_samples == 1:
        return csr_array((1, 1))
    graph = kneighbors_graph(
        points, min(n_neighbors, n_samples - 1), mode="distance", include_self=False
    )
    _, component = connected_components(graph, directed=False)
    loose = np.flatnonzero(component != component[parents])
    lengths = np.linalg.norm(points[loose] - points[parents[loose]], axis=1)
    bridges = coo_array((lengths, (loose, parents[loose])), shape=graph.shape)
    return csr_array(graph) + csr_array(bridges)


@validate_params(
    {
        **_TREE_CONSTRAINTS,
        "geodesics": [StrOptions({"path", "neighbor_graph"})],
        "n_neighbors": _POSITIVE_INT,
    },
    prefer_skip_nested_validation=True,
)
def make_tree(
    n_samples: int = 100,
    *,
    n_branches: int = 5,
    noise: float = 0.0,
    n_features: int = 10,
    geodesics: str = "path",
    n_neighbors: int = 10,
    random_state: RandomStateLike = None,
) -> ManifoldSample:
    """Sample a tree of random walks with known geodesic distances.

    Each branch is a random walk with steps uniform in the cube [-1, 1]^n_features, and
    each of its vertices is a sample. The first branch is the trunk, and the others
    start one step away from a vertex of the trunk that is drawn at random.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points. Branches differ in size by one at most.
    n_branches : int, default=5
        Number of branches, the trunk included; at most n_samples.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise in every feature, in the units of the
        data. The published tables state a tenth of it: their noise 0.1 is 1.0 here.
    n_features : int, default=10
        Dimension of the random walks.
    geodesics : {"path", "neighbor_graph"}, default="path"
        What the true distances are: lengths of paths along the branches, or shortest
        paths in the `n_neighbors`-nearest-neighbour graph of the points without
        noise, as in the published tables. The latter are several times shorter, for
        they cut the corners of the walk and may pass from branch to branch.
    n_neighbors : int, default=10
        Neighbours of each point, itself not counted, for "neighbor_graph"; n_samples
        - 1 if that is less. The graph is symmetrised. If it is not connected, edges of
        the tree connect its parts, so that distances are finite.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. An int makes the sample reproducible; the points
        without noise then do not depend on `noise`.

    Returns
    -------
    sample : ManifoldSample
        With `X` of shape (n_samples, n_features) and the branch of each point as
        `labels`, in [0, n_branches), ascending, 0 for the trunk. The coordinates, of
        shape (n_samples, 2), float64, are the length of the path from the root to the
        place where the way to the point leaves the trunk, and the length of the rest
        of the way, which is 0 on the trunk.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong type or out of range; a ValueError.
    ValueError
        If there are more branches than samples.

    See Also
    --------
    make_clustered_tree : A tree with points around the middle of each branch.

    Notes
    -----
    The paper uses 5 branches of 500 points in 10 and 30 features [1]_; its generator
    is that of [2]_.

    References
    ----------
    .. [1] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein,
       S. Krishnaswamy, "A heat diffusion perspective on geodesic preserving
       dimensionality reduction", NeurIPS 2023.
    .. [2] K. R. Moon et al., "Visualizing structure and transitions in
       high-dimensional biological data", Nature Biotechnology 37, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.datasets import make_tree
    >>> sample = make_tree(50, n_branches=2, noise=1.0, random_state=0)
    >>> sample.X.shape, np.bincount(sample.labels)
    ((50, 10), array([25, 25]))
    >>> root_to_tips = sample.geodesic_distances(rows=[0], columns=[24, 49])
    >>> bool((root_to_tips >= 24).all())
    True
    """
    rng = check_random_state(random_state)
    labels = group_labels(n_samples, n_branches, "n_branches")
    points, parents, positions = _grow(labels, n_features, rng)
    if geodesics == "path":
        geometry = TreeGeometry(positions, labels)
    else:
        geometry = GraphGeometry(_neighbor_graph(points, parents, n_neighbors))
    X = place(points, n_features, noise, rng)
    return ManifoldSample(X, positions, labels, geometry)


@validate_params(
    {
        **_TREE_CONSTRAINTS,
        "branch_length": [Interval(Integral, 2, None, closed="left")],
        "cluster_std": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def make_clustered_tree(
    n_samples: int = 100,
    *,
    n_branches: int = 5,
    branch_length: int = 100,
    cluster_std: float = 10.0,
    noise: float = 0.0,
    n_features: int = 10,
    random_state: RandomStateLike = None,
) -> ManifoldSample:
    """Sample clusters around the middle of each branch of a tree.

    The tree is grown as in :func:`make_tree`, but the samples are no vertices: they
    lie on the edges between them, at a distance along the branch from its midpoint that
    is drawn from a normal distribution, truncated at the ends of the branch.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points. Clusters differ in size by one at most.
    n_branches : int, default=5
        Number of branches and of clusters, at most n_samples.
    branch_length : int, default=100
        Number of vertices of each branch, at least 2. With 10 features, an edge
        has a mean length of 1.8.
    cluster_std : float, default=10.0
        Standard deviation of the distance to the midpoint before truncation, in the
        units of the data.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise in every feature.
    n_features : int, default=10
        Dimension of the random walks.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. An int makes the sample reproducible; the points
        without noise then do not depend on `noise`.

    Returns
    -------
    sample : ManifoldSample
        With `X` of shape (n_samples, n_features), and labels and coordinates as in
        :func:`make_tree`. The geodesic distances are lengths of paths along the
        branches.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong type or out of range; a ValueError.
    ValueError
        If there are more branches than samples.

    See Also
    --------
    make_tree : All vertices of the tree.
    make_clustered_swiss_roll : Clusters on a surface.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.datasets import make_clustered_tree
    >>> sample = make_clustered_tree(60, n_branches=3, random_state=0)
    >>> sample.X.shape, np.bincount(sample.labels)
    ((60, 10), array([20, 20, 20]))
    """
    rng = check_random_state(random_state)
    labels = group_labels(n_samples, n_branches, "n_branches")
    vertex_branch = np.repeat(np.arange(n_branches), branch_length)
    vertices, parents, lengths = _grow(vertex_branch, n_features, rng)
    points = np.empty((n_samples, n_features))
    positions = np.empty((n_samples, 2))
    for branch in range(n_branches):
        mine = labels == branch
        walk = np.flatnonzero(vertex_branch == branch)
        if branch > 0:
            walk = np.append(parents[walk[0]], walk)  # begins at the fork
        axis = min(branch, 1)  # the coordinate in which this branch extends
        arc = lengths[walk, axis]
        middle = arc[-1] / 2
        reach = middle / cluster_std
        places = truncnorm.rvs(
            -reach, reach, middle, cluster_std, size=mine.sum(), random_state=rng
        )
        positions[mine] = lengths[walk[0]]
        positions[mine, axis] = places
        points[mine] = np.column_stack(
            [np.interp(places, arc, feature) for feature in vertices[walk].T]
        )
    X = place(points, n_features, noise, rng)
    return ManifoldSample(X, positions, labels, TreeGeometry(positions, labels))
