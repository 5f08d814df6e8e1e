"""Where points live: features, or the space that affinities are inner products of."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel


class FeatureMeans(NamedTuple):
    """Means of clusters in the space of the features.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        The means.
    """

    centers: Any

    @classmethod
    def of(cls, X, labels):
        """Average clusters of rows, in float64."""
        indicator = np.eye(labels.max() + 1)[labels]
        return cls((indicator / indicator.sum(axis=0)).T @ X.astype(np.float64))

    def distances(self, X):
        """Euclidean distances from rows to the means."""
        return euclidean_distances(X, self.centers)

    def nearness(self, X):
        """Minus the distances."""
        return -self.distances(X)


class AffinityMeans(NamedTuple):
    """Means of clusters in the space of an affinity.

    Attributes
    ----------
    rows : ndarray of shape (n_samples, n_features) or None
        Training rows of a Gaussian kernel; None for precomputed affinities.
    gamma : float or None
        Of the kernel.
    weights : ndarray of shape (n_samples, n_clusters)
        Share of each training row in each mean.
    squares : ndarray of shape (n_clusters,)
        Squared norms of the means.
    """

    rows: Any
    gamma: Any
    weights: Any
    squares: Any

    @classmethod
    def of(cls, X, labels, gamma=None):
        """Average clusters of rows, or of affinities if `gamma` is None."""
        indicator = np.eye(labels.max() + 1)[labels]
        means = cls(
            None if gamma is None else X, gamma, indicator / indicator.sum(axis=0), 0.0
        )
        return means._replace(squares=(means.weights * means.products(X)).sum(axis=0))

    def products(self, X):
        """Inner products of rows with the means."""
        if self.rows is not None:
            X = rbf_kernel(X, self.rows, gamma=self.gamma)
        return X @ self.weights

    def nearness(self, X):
        """Minus squared distances to the means, but for a term that rows share."""
        return 2 * self.products(X) - self.squares

    def distances(self, X):
        """Distances to the means; the nearest is taken at zero if that is not known."""
        nearness = self.nearness(X)
        own = nearness.max(axis=1, keepdims=True) if self.rows is None else 1.0
        return np.sqrt(np.maximum(own - nearness, 0.0))


def points_of(X, affinity, gamma):
    """Centred points, float64, whose inner products are the affinities.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features, or affinities of shape (n_samples, n_samples).
    affinity : {"linear", "rbf", "precomputed"}
        Which affinities.
    gamma : float or None
        Of the Gaussian kernel.

    Returns
    -------
    ndarray of shape (n_samples, n_dimensions)
        Points, in at most n_samples dimensions.

    Raises
    ------
    ValueError
        If squares overflow or vanish, or affinities are not symmetric.
    """
    with np.errstate(over="ignore"):
        total = float(np.einsum("ij,ij->", X, X, dtype=np.float64))
    if not np.isfinite(total) or (total == 0 and X.any()):
        raise ValueError(
            "Squares of X overflow or vanish: entries should be between about 1e-150 "
            f"and 1e150, but the largest is {np.abs(X).max():.1e}. Scale X."
        )
    if affinity == "linear":
        return points_of_features(X)
    if affinity == "rbf":
        return points_of_affinities(rbf_kernel(X, gamma=gamma))
    if X.shape[0] != X.shape[1] or not np.allclose(X, X.T, atol=1e-6 * np.ptp(X)):
        raise ValueError(
            "affinity='precomputed' needs a symmetric matrix of shape (n_samples, "
            f"n_samples); got n_samples={len(X)} rows of {X.shape[1]} affinities."
        )
    return points_of_affinities(X)


def points_of_features(X):
    """Centre rows, in float64; turn them if they have more features than there are."""
    points = X.astype(np.float64)
    points -= points.mean(axis=0)
    if points.shape[1] <= len(points):
        return points
    left, sizes, _ = scipy.linalg.svd(points, full_matrices=False)
    return left * sizes


def points_of_affinities(affinities):
    """Centred points whose inner products are the affinities, centred."""
    n = len(affinities)
    affinities = affinities.astype(np.float64)
    means = affinities.mean(axis=1)
    centred = affinities + means.mean() - means[:, None] - means
    centred = (centred + centred.T) / 2
    values, vectors = scipy.linalg.eigh(centred)
    size = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    if values[0] < -1e-6 * size:
        warnings.warn(
            f"The affinity is indefinite: {-values[0]:.3g} is added to its diagonal. "
            "That changes no order of partitions; inertia_ grows by (n_samples - "
            "n_clusters) times it.",
            UserWarning,
            stacklevel=5,
        )
        # No share for the direction 1, so that the points are centred.
        shift = values[0] * (np.eye(n) - 1 / n)
        values, vectors = scipy.linalg.eigh(centred - shift)
    kept = values > 1e-12 * size
    kept[-1] = True  # identical rows: all at zero, but somewhere
    return vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0.0))


def diagonal_of(points, correction):
    """What a correction takes off the diagonal of XX'; None for no correction."""
    if correction == "pecok":
        return pecok_diagonal(points)
    return (points * points).sum(axis=1) if correction == "hollow" else None


def pecok_diagonal(points):
    """Noise of each point alone: <x - y, x - z> with the two points y, z most like it.

    How unlike a and b are is the largest |<x_a - x_b, x_c / |x_c|>| over other points
    c. O(n_samples^3) time, O(n_samples^2) memory. After Bunea, Giraud, Luo, Royer and
    Verzelen, "Model assisted variable clustering: minimax-optimal recovery and
    algorithms", Annals of Statistics 48, 2020.
    """
    gram = points @ points.T
    n, norms = len(gram), np.sqrt(np.diag(gram))
    along = gram / np.where(norms > 0, norms, 1.0)
    diagonal = np.zeros(n)
    for a in range(n if n >= 4 else 0):
        unlike = np.abs(along[a] - along)
        np.fill_diagonal(unlike, 0.0)
        unlike[:, a] = 0.0
        unlike = unlike.max(axis=1)
        unlike[a] = np.inf
        b, c = np.argpartition(unlike, 1)[:2]
        diagonal[a] = gram[a, a] - gram[a, b] - gram[a, c] + gram[b, c]
    return diagonal
