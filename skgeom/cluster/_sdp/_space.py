"""Where points live: features, or the space that affinities are inner products of."""

from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import _check_sample_weight

from skgeom._warnings import warn
from skgeom.graph._neighbors import power_of_two

# Rows farther off than so many units, as a power of two, have no cluster on their side:
# they are brought nearer, so that their squares and those of the units are numbers.
_REACH = 300


# Rows for which the whole relaxation is still a thing to try.
_MAX_DENSE = 10_000


def check_feasible(model, X):
    """Refuse parameters of an `SDPClustering` that do not go together, or with X."""
    if model.covariance_type is not None and model.affinity != "linear":
        raise InvalidParameterError(
            f"covariance_type={model.covariance_type!r} needs affinity='linear': "
            "affinities have no covariances."
        )
    if len(X) > _MAX_DENSE and (model.solver == "admm" or model.certificate == "sdp"):
        raise ValueError(
            "solver='admm' and certificate='sdp' make n x n arrays: at most "
            f"{_MAX_DENSE} rows, got n_samples={len(X)}."
        )
    if len(X) < model.n_clusters:
        raise ValueError(
            f"n_samples={len(X)} should be >= n_clusters={model.n_clusters}."
        )


class Scale(NamedTuple):
    """Units in which entries of X are of size one, all of them powers of two.

    Everything is computed in them, since it takes fourth powers of points.

    Attributes
    ----------
    unit : float
        Of the entries of X.
    length : float
        Of distances.
    square : float
        Of sums of squares.
    """

    unit: float
    length: float
    square: float

    @classmethod
    def of(cls, X, affinity):
        """Units of X; an error if its sums of squares overflow or vanish."""
        unit = power_of_two(float(np.abs(X).max()))
        if affinity == "rbf":
            return cls(unit, 1.0, 1.0)
        if affinity == "precomputed":  # by powers of four, which have roots
            length = 2.0 ** (_exponent(unit) // 2)
            scale = cls(length * length, length, length * length)
        else:
            scale = cls(unit, unit, unit * unit)
        Y = np.abs(X / scale.unit)
        total = float((Y if affinity == "precomputed" else Y * Y).sum(dtype=np.float64))
        # Shares of the sum, such as variances, are to be numbers as well.
        least = 1e6 * np.finfo(np.float64).tiny
        if total > 0 and not least < total * scale.square < np.inf:
            raise ValueError(
                "Squares of X overflow or vanish: entries should be between about "
                f"1e-150 and 1e150, but the largest is {np.abs(X).max():.1e}. Scale X."
            )
        return scale

    @property
    def has_short_squares(self):
        """Whether float32 has room for squares, where it has for entries."""
        return 2.0**-50 <= self.unit <= 2.0**50

    def reduced(self, X):
        """Rows in units, those that are too far off nearer, and exponents for that."""
        X = X.astype(np.float64)
        exponent = _exponent(self.unit)
        reach = np.frexp(np.abs(X).max(axis=1, keepdims=True))[1] - exponent
        beyond = np.maximum(reach - _REACH, 0)
        return np.ldexp(X, -(exponent + beyond)), beyond


def _exponent(power):
    return int(np.frexp(power)[1]) - 1


class FeatureMeans(NamedTuple):
    """Means of clusters in the space of the features.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        The means, in units.
    scale : Scale
        The units.
    """

    centers: Any
    scale: Scale

    @classmethod
    def of(cls, X, labels, scale):
        """Average clusters of rows, which are in units, in float64."""
        indicator = np.eye(labels.max() + 1)[labels]
        return cls((indicator / indicator.sum(axis=0)).T @ X.astype(np.float64), scale)

    def distances(self, X):
        """Euclidean distances from rows to the means."""
        rows, beyond = self.scale.reduced(X)
        return _enlarged(euclidean_distances(rows, self.centers), self.scale, beyond)

    def nearness(self, X):
        """Minus the distances, but for a factor of each row."""
        return -euclidean_distances(self.scale.reduced(X)[0], self.centers)


class AffinityMeans(NamedTuple):
    """Means of clusters in the space of an affinity.

    Attributes
    ----------
    scale : Scale
        The units of all of these.
    rows : ndarray of shape (n_samples, n_features) or None
        Training rows of a Gaussian kernel; None for precomputed affinities.
    gamma : float or None
        Of the kernel.
    weights : ndarray of shape (n_samples, n_clusters)
        Share of each training row in each mean.
    squares : ndarray of shape (n_clusters,)
        Squared norms of the means.
    """

    scale: Scale
    rows: Any
    gamma: Any
    weights: Any
    squares: Any

    @classmethod
    def of(cls, X, labels, scale, gamma=None):
        """Average clusters of rows, or of affinities if `gamma` is None; in units."""
        indicator = np.eye(labels.max() + 1)[labels]
        rows = None if gamma is None else X
        weights = indicator / indicator.sum(axis=0)
        means = cls(scale, rows, gamma, weights, 0.0)
        return means._replace(squares=(weights * means.products(X)).sum(axis=0))

    def products(self, X):
        """Inner products of rows, which are in units, with the means."""
        if self.rows is not None:
            X = rbf_kernel(X, self.rows, gamma=self.gamma)
        return X @ self.weights

    def nearness(self, X):
        """Minus squared distances to the means, but for a term that rows share."""
        return 2 * self.products(self.scale.reduced(X)[0]) - self.squares

    def distances(self, X):
        """Distances to the means; the nearest is taken at zero if that is not known."""
        rows, beyond = self.scale.reduced(X)
        nearness = 2 * self.products(rows) - self.squares
        own = nearness.max(axis=1, keepdims=True) if self.rows is None else 1.0
        root = np.sqrt(np.maximum(own - nearness, 0.0))
        return _enlarged(root, self.scale, beyond / 2 if self.rows is None else 0)


def _enlarged(distances, scale, exponents):
    """Distances out of units; the largest number in place of what is above it."""
    with np.errstate(over="ignore"):
        powers = np.minimum(2.0**exponents, np.finfo(np.float64).max)
        return np.minimum(distances * scale.length * powers, np.finfo(np.float64).max)


def inertia_of(means, X, sample_weight=None):
    """Weighted sum of squared distances of rows to the nearest mean.

    Parameters
    ----------
    means : FeatureMeans or AffinityMeans
        The means.
    X : ndarray of shape (n_rows, n_features)
        Rows.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights.

    Returns
    -------
    float
        The sum.

    Raises
    ------
    ValueError
        If the sum is above the largest number, or weights are not valid.
    """
    nearest = means.distances(X).min(axis=1) / means.scale.length
    weights = 1.0
    if sample_weight is not None:
        weights = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    with np.errstate(over="ignore"):
        total = float((weights * nearest**2).sum()) * means.scale.square
    if not np.isfinite(total):
        raise ValueError(
            "The sum of squared distances overflows: entries of X should be up to "
            f"about 1e150, but the largest is {np.abs(X).max():.1e}."
        )
    return total


def points_of(X, affinity, gamma, scale):
    """Centred points, float64, whose inner products are the affinities.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features, or affinities of shape (n_samples, n_samples), in units.
    affinity : {"linear", "rbf", "precomputed"}
        Which affinities.
    gamma : float or None
        Of the Gaussian kernel, for X in units.
    scale : Scale
        The units, which a warning speaks of.

    Returns
    -------
    ndarray of shape (n_samples, n_dimensions)
        Points, in at most n_samples dimensions.

    Raises
    ------
    ValueError
        If affinities are not symmetric.
    """
    if affinity == "linear":
        return points_of_features(X)
    if affinity == "rbf":
        return points_of_affinities(rbf_kernel(X, gamma=gamma))
    square = X.shape[0] == X.shape[1]
    if not square or not np.allclose(X, X.T, atol=1e-6 * np.ptp(X)):
        found = f"got n_samples={len(X)} rows of {X.shape[1]} affinities"
        raise ValueError(
            "affinity='precomputed' needs a symmetric matrix of shape (n_samples, "
            f"n_samples); {found if not square else 'X is not the same as X.T'}."
        )
    return points_of_affinities(X, scale.square)


def points_of_features(X):
    """Centre rows, in float64; turn them if they have more features than there are."""
    points = X.astype(np.float64)
    points -= points.mean(axis=0)
    if points.shape[1] <= len(points):
        return points
    left, sizes, _ = scipy.linalg.svd(points, full_matrices=False)
    return left * sizes


def points_of_affinities(affinities, unit=1.0):
    """Centred points whose inner products are the affinities, centred, in units."""
    n = len(affinities)
    affinities = affinities.astype(np.float64)
    means = affinities.mean(axis=1)
    centred = affinities + means.mean() - means[:, None] - means
    centred = (centred + centred.T) / 2
    values, vectors = scipy.linalg.eigh(centred)
    size = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    if values[0] < -1e-6 * size:
        warn(
            f"The affinity is indefinite: {-values[0] * unit:.3g} is added to its "
            "diagonal. That changes no order of partitions; inertia_ grows by "
            "(n_samples - n_clusters) times it.",
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
