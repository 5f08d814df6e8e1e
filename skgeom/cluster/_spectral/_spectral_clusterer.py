"""Spectral clustering with widths that fit themselves, landmarks, and new rows.

Ng, Jordan and Weiss, "On spectral clustering: analysis and an algorithm", NIPS 2001;
Zelnik-Manor and Perona, "Self-tuning spectral clustering", NIPS 2004; Chen and Cai,
"Large scale spectral clustering with landmark-based representation", AAAI 2011.
"""

from numbers import Integral
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClusterMixin, _fit_context
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import EmbeddingMixin, GeometryEstimator, GraphInputMixin
from skgeom.cluster._spectral._landmarks import (
    choose_landmarks,
    graph_of_landmarks,
    landmark_weights,
)
from skgeom.cluster._spectral._modes import (
    fill_lost_parts,
    slowest_modes,
    unit_directions,
)
from skgeom.graph import Graph, nearest_neighbors
from skgeom.graph._neighbors import power_of_two
from skgeom.typing import Array, MatrixLike, RandomStateLike

# The distance to this neighbour is the width of a row.
_WIDTH_AT = 7
# What a link counts that one end alone lists: those are what bridges are made of.
_ONE_SIDED = 0.2
# From so many rows on "auto" takes so many landmarks, and so many for each cluster.
_MANY_ROWS, _LANDMARKS, _LANDMARKS_EACH = 10_000, 1000, 20


class SpectralClusterer(
    GraphInputMixin, EmbeddingMixin, ClusterMixin, GeometryEstimator
):
    r"""Cluster rows by the slowest modes of a walk between neighbours.

    A walk that is unlikely to leave a cluster has modes that are nearly constant on
    each; k-means finds them in the directions of the rows of these modes [1]_. Clusters
    may have any shape, if there is a gap around them. Weights of links are
    :math:`\exp(-d_{ij}^2 / (s_i s_j))`, with s the distance to the seventh neighbour,
    so that dense and loose clusters stand beside each other [2]_; a link that one end
    alone lists counts a fifth. Many rows walk by landmarks [3]_. New rows have
    coordinates, and labels.

    Read more in the :ref:`User Guide <spectral_clusterer>`.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters, at most that of the rows.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1).
    affinity : str, default="nearest_neighbors"
        What X holds when `graph` is None. "nearest_neighbors": points.
        "precomputed": the adjacency matrix of a graph, dense or sparse, weights >= 0;
        the mean with its transpose is used. "precomputed_nearest_neighbors": a sparse
        matrix of distances to at least `n_neighbors` neighbours.
    n_neighbors : int, default=10
        Neighbours that a point is joined to, at most the number of other points.
    n_landmarks : int or "auto" or None, default="auto"
        Landmarks of points. None: there are none, and each row is a node. "auto": none
        below 10,000 rows, and from there on 1,000, or 20 for each cluster if that is
        more. Thin clusters need many, and each needs some ten rows.
    n_init : int, default=10
        Starts of k-means, of which the best is kept.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.
    random_state : int, RandomState instance or None, default=None
        Decides where k-means starts, and which rows landmarks are the means of.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Cluster of each training row.
    embedding_ : ndarray of shape (n_samples, n_clusters)
        Spectral coordinates of the training rows, of length one.
    eigenvalues_ : ndarray of shape (n_clusters + 1,)
        Of the walk, largest first; of few nodes there are fewer.
    landmarks_ : ndarray of shape (n_landmarks, n_features) or None
        The landmarks, if there are any.
    graph_ : Graph
        Of the nodes, or of the landmarks.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.cluster.SpectralClustering : Of any kernel, for training rows alone.
    DiffusionMap : Coordinates by the same modes.

    Notes
    -----
    Where the graph has more parts than `n_clusters`, its smallest parts belong to the
    cluster that is nearest; of a graph without points, to the largest one. Identical
    rows are one node.

    References
    ----------
    .. [1] Ng, Jordan and Weiss, "On spectral clustering: analysis and an algorithm",
       NIPS 2001.
    .. [2] Zelnik-Manor and Perona, "Self-tuning spectral clustering", NIPS 2004.
    .. [3] Chen and Cai, "Large scale spectral clustering with landmark-based
       representation", AAAI 2011.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sklearn.metrics import adjusted_rand_score
    >>> from skgeom import SpectralClusterer
    >>> X, y = make_moons(600, noise=0.08, random_state=0)
    >>> model = SpectralClusterer(2, random_state=0).fit(X[:300])
    >>> adjusted_rand_score(y[300:], model.predict(X[300:]))
    1.0
    """

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "n_landmarks": [
            Interval(Integral, 2, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
    }

    _merges_rows = True

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        graph: Graph | None = None,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        n_landmarks: int | str | None = "auto",
        n_init: int = 10,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_clusters = n_clusters
        self.graph = graph
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.n_landmarks = n_landmarks
        self.n_init = n_init
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the clusters.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; node ids or a square matrix as `graph` and `affinity` say.
        y : None
            Ignored.

        Returns
        -------
        self : SpectralClusterer
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, there are
            fewer rows than `n_clusters`, X is not what `affinity` says, or a number of
            landmarks is given for what is no points.
        """
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        n_landmarks = self._wanted_landmarks(X)
        self.landmarks_ = None
        if n_landmarks is None:
            self.graph_, rows, points = self._fit_graph(X, backend)
            self._find_modes(points, len(rows), backend)
            found = self._modes[rows]
        else:
            rows = as_numpy(self._validated(X, reset=True, ensure_min_samples=2))
            self._unit = power_of_two(float(np.abs(rows).max()))
            landmarks = choose_landmarks(rows / self._unit, n_landmarks, rng)
            self._landmarks = landmarks
            self.landmarks_ = self._kept(landmarks * self._unit, like=X)
            weights = self._weights(rows, backend)
            self.graph_ = graph_of_landmarks(weights)
            self._find_modes(landmarks, len(rows), backend)
            found = weights @ self._modes
        found = unit_directions(found)
        self._centers = self._find_centers(found, rng)
        self.labels_ = self._nearest_center(found)
        self.embedding_ = self._kept(found, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the spectral coordinates of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or links to the training rows.

        Returns
        -------
        array of shape (n_rows, n_clusters)
            Rows of length one, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        return self._output(self._coordinates(X), like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Tell the clusters of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            New points; node ids; or links to the training rows.

        Returns
        -------
        array of shape (n_rows,), int64
            Labels; those of training rows are the ones that they have.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        labels = self._nearest_center(self._coordinates(X))
        return self._output_labels(labels, like=X)

    def _wanted_landmarks(self, X):
        """How many landmarks there are to be; None for none."""
        if not self._is_of_points():
            if self.n_landmarks not in ("auto", None):
                raise ValueError(
                    f"n_landmarks={self.n_landmarks} needs points: with graph=... or "
                    f"affinity={self.affinity!r} it must be 'auto' or None."
                )
            return None
        n_rows = self._validated(X, reset=True, ensure_min_samples=2).shape[0]
        if self.n_landmarks != "auto":
            return None if self.n_landmarks is None else min(self.n_landmarks, n_rows)
        if n_rows < _MANY_ROWS:
            return None
        return min(max(_LANDMARKS, _LANDMARKS_EACH * self.n_clusters), n_rows)

    def _graph_of_points(self, X, n_neighbors, backend):
        neighbors = nearest_neighbors(X, n_neighbors=n_neighbors, backend=backend)
        return self._graph_of_neighbors(*neighbors)

    def _graph_of_neighbors(self, distances, indices):
        """Links that are as wide as both ends have their neighbours."""
        width = distances[:, min(_WIDTH_AT, distances.shape[1]) - 1]
        graph = Graph.from_neighbors(
            distances, indices, affinity="self_tuning", bandwidth=width
        )
        n, k = indices.shape
        listed = sp.csr_array(
            (np.ones(n * k), indices.ravel(), np.arange(n + 1) * k), shape=(n, n)
        )
        mutual = graph.adjacency * (listed * listed.T)
        return Graph.from_adjacency(
            _ONE_SIDED * graph.adjacency + (1 - _ONE_SIDED) * mutual
        )

    def _find_modes(self, points, n_rows, backend):
        """The slowest modes, and eigenvalues; parts that none reaches are told."""
        if n_rows < self.n_clusters:
            raise ValueError(
                f"n_samples={n_rows} must be at least n_clusters={self.n_clusters}."
            )
        values, modes = slowest_modes(self.graph_, self.n_clusters + 1, backend)
        self.eigenvalues_ = values
        modes = modes[:, : self.n_clusters]
        missing = self.n_clusters - modes.shape[1]
        modes = np.pad(modes, ((0, 0), (0, missing)))
        self._modes, n_lost = fill_lost_parts(modes, points)
        if n_lost:
            n_parts = self.graph_.connected_components[0]
            warn(
                f"The graph has {n_parts} parts, more than n_clusters="
                f"{self.n_clusters}: {n_lost} nodes of the smallest ones have the "
                "cluster nearest to them. Raise n_clusters, or n_neighbors.",
            )

    def _weights(self, rows, backend):
        """Shares of landmarks in rows."""
        parts = (self._landmarks, rows / self._unit)
        return landmark_weights(*map(backend.asarray, parts), backend)

    def _coordinates(self, X):
        backend = self._backend_for(X)
        if self.landmarks_ is None:
            attachment = self._attach(X, backend)
            return unit_directions(attachment.place(self._modes))
        rows = as_numpy(self._validated(X, reset=False))
        return unit_directions(self._weights(rows, backend) @ self._modes)

    def _find_centers(self, found, rng):
        """Centres of the clusters, by k-means."""
        distinct = len(np.unique(found.round(12), axis=0))
        if distinct < self.n_clusters:
            warn(
                f"Only {distinct} nodes differ, fewer than n_clusters="
                f"{self.n_clusters}: there are as many clusters.",
            )
        model = KMeans(
            min(self.n_clusters, distinct),
            n_init=self.n_init,
            random_state=rng.randint(2**31 - 1),
        )
        return model.fit(found).cluster_centers_

    def _nearest_center(self, found):
        squared = (self._centers**2).sum(axis=1) - 2 * found @ self._centers.T
        return squared.argmin(axis=1).astype(np.int64)
