"""What the generators return: points together with their true geometry."""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from skgeom.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class FlatGeometry:
    """Plane, cylinder or flat torus: Euclidean, around the circle where periodic.

    Parameters
    ----------
    positions : ndarray of shape (n_samples, n_dimensions), float64
        Coordinates in units of length.
    periods : tuple of float or None
        Length after which each coordinate returns to the same place.
    """

    positions: np.ndarray
    periods: tuple | None = None

    def distances(self, rows, columns):
        """Geodesic distances, shape (len(rows), len(columns))."""
        A, B = self.positions[rows], self.positions[columns]
        if self.periods is None:
            return cdist(A, B)
        squares = np.zeros((len(A), len(B)))
        for a, b, period in zip(A.T, B.T, self.periods, strict=True):
            gaps = np.abs(a[:, None] - b)
            squares += np.minimum(gaps, period - gaps) ** 2
        return np.sqrt(squares)


@dataclass(frozen=True, eq=False)
class TreeGeometry:
    """Branches that leave a trunk: the distance is the length of the path between.

    Parameters
    ----------
    positions : ndarray of shape (n_samples, 2), float64
        Where on the trunk the path to a sample leaves it, and the length of the rest
        of the path; zero for samples on the trunk.
    branches : ndarray of shape (n_samples,), int
        The branch of each sample; 0 is the trunk.
    """

    positions: np.ndarray
    branches: np.ndarray

    def distances(self, rows, columns):
        """Geodesic distances, shape (len(rows), len(columns))."""
        along, off = self.positions[rows].T[:, :, None]
        along_, off_ = self.positions[columns].T
        together = self.branches[rows][:, None] == self.branches[columns]
        climb = np.where(together, np.abs(off - off_), off + off_)
        return np.abs(along - along_) + climb


@dataclass(frozen=True, eq=False)
class GraphGeometry:
    """Distances are lengths of shortest paths in a graph over the samples.

    Parameters
    ----------
    lengths : csr_array of shape (n_samples, n_samples)
        Lengths of the edges of a connected graph, each in one direction at least.
    """

    lengths: csr_array

    def distances(self, rows, columns):
        """Geodesic distances, shape (len(rows), len(columns))."""
        if len(columns) < len(rows):
            return np.ascontiguousarray(self.distances(columns, rows).T)
        return dijkstra(self.lengths, directed=False, indices=rows)[:, columns]


def _indices(wanted, n_samples):
    if wanted is None:
        wanted = slice(None)
    elif isinstance(wanted, tuple):
        wanted = list(wanted)  # NumPy reads a tuple as one index per axis
    return np.atleast_1d(np.arange(n_samples)[wanted])


@dataclass(frozen=True, eq=False)
class ManifoldSample:
    """Points on a manifold or a tree, with their true distances.

    The ``make_*`` functions of :mod:`skgeom.datasets` return it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float64
        The points, with noise if it was asked for.
    coordinates : ndarray of shape (n_samples, n_dimensions), float64
        Where the points lie on the manifold, without noise. Each generator says
        which coordinates these are.
    labels : ndarray of shape (n_samples,), int, or None
        The cluster or branch of each point, from 0; None where there are none.
    geometry : object
        Has a method ``distances(rows, columns)``, which takes two arrays of indices
        and returns an array of shape (len(rows), len(columns)).

    Examples
    --------
    >>> from skgeom.datasets import make_swiss_roll
    >>> sample = make_swiss_roll(50, random_state=0)
    >>> sample.X.shape, sample.coordinates.shape
    ((50, 3), (50, 2))
    >>> sample.geodesic_distances(columns=[0, 1, 2]).shape
    (50, 3)
    """

    X: np.ndarray
    coordinates: np.ndarray
    labels: np.ndarray | None
    geometry: FlatGeometry | TreeGeometry | GraphGeometry = field(repr=False)

    def geodesic_distances(
        self,
        rows: ArrayLike | slice | None = None,
        columns: ArrayLike | slice | None = None,
    ) -> NDArray:
        """Compute the true distances between some samples and others.

        They are those of the points without noise. Only what is asked for is
        computed: all distances of n samples take 8 n² bytes.

        Parameters
        ----------
        rows : array-like of int or bool of shape (n_rows,) or slice, default=None
            The samples to measure from, as indices or mask. None takes all.
        columns : array-like of int or bool of shape (n_columns,) or slice, default=None
            The samples to measure to. None takes all.

        Returns
        -------
        distances : ndarray of shape (n_rows, n_columns), float64
            Finite and non-negative.

        Raises
        ------
        IndexError
            If an index is out of range, or is no integer.

        Examples
        --------
        >>> from skgeom.datasets import make_torus
        >>> sample = make_torus(10, random_state=0)
        >>> sample.geodesic_distances(rows=[3], columns=[3, 4]).round(2)
        array([[0.  , 6.71]])
        """
        n_samples = len(self.X)
        return self.geometry.distances(
            _indices(rows, n_samples), _indices(columns, n_samples)
        )


def place(points, n_features, noise, rng):
    """Rotate points at random into `n_features` dimensions, then add noise.

    Nothing is rotated if the points have `n_features` dimensions already. The noise
    is the last that is drawn, so that its size does not change the clean points.
    """
    n_dimensions = points.shape[1]
    if n_features > n_dimensions:
        # With this choice of signs, the frame is uniformly distributed.
        frame, r = np.linalg.qr(rng.standard_normal((n_features, n_dimensions)))
        points = points @ (frame * np.sign(np.diag(r))).T
    return points + noise * rng.standard_normal(points.shape)


def group_labels(n_samples, n_groups, name):
    """Ascending labels of groups whose sizes differ by one at most."""
    if n_groups > n_samples:
        raise ValueError(
            f"{name} ({n_groups}) should not exceed n_samples ({n_samples})."
        )
    return np.arange(n_samples) * n_groups // n_samples
