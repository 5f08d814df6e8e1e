"""K-means by semidefinite programming (Peng and Wei 2007; Zhuang et al. 2023, 2024)."""

import warnings
from numbers import Integral, Real

import numpy as np
import scipy.linalg
from scipy.special import softmax
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import get_backend, is_torch
from skgeom.base import GeometryEstimator
from skgeom.cluster._mixture import fit_mixture, most_likely_partition
from skgeom.cluster._search import (
    Relaxed,
    best_partition,
    kmeans_labels,
    pecok_diagonal,
    relax_full,
    relax_low_rank,
    relax_sketch,
)
from skgeom.solvers import label_bound, partition_value

# Rows beyond which solver="auto" works on a sample.
_MAX_ROWS = 50_000
# A gap below this is taken for zero.
_CERTAIN = 1e-6
# Rows of a sample: at least so many, and so many a cluster.
_SKETCH_ROWS, _SKETCH_ROWS_PER_CLUSTER = 2_000, 100


class SDPClustering(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, GeometryEstimator
):
    """Placeholder."""

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions({"spherical", "diag", "tied", "full"}), None],
        "solver": [StrOptions({"auto", "admm", "low_rank", "sketch"})],
        "affinity": [StrOptions({"linear", "rbf", "precomputed"})],
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "diagonal_correction": [StrOptions({"hollow", "pecok"}), None],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "certificate": [StrOptions({"fast", "sdp"}), None],
        "early_stopping": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "device": [str],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters=8,
        *,
        covariance_type=None,
        solver="auto",
        affinity="linear",
        gamma=None,
        diagonal_correction=None,
        n_init=1,
        certificate="fast",
        early_stopping=True,
        max_iter=2000,
        tol=1e-3,
        device="auto",
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.covariance_type = covariance_type
        self.solver = solver
        self.affinity = affinity
        self.gamma = gamma
        self.diagonal_correction = diagonal_correction
        self.n_init = n_init
        self.certificate = certificate
        self.early_stopping = early_stopping
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find clusters, and bound how far they are from the best ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points, or affinities of shape (n_samples, n_samples).
        y : None
            Ignored.

        Returns
        -------
        self : SDPClustering
            The fitted estimator.
        """
        backend = self._backend_for(X)
        rng = check_random_state(self.random_state)
        X = self._validated(X, reset=True)
        self._check(X)
        points = self._points(X)
        # First of all draws, so that it is what k-means itself would find.
        start = kmeans_labels(
            X if self.affinity == "linear" else points, self.n_clusters, rng
        )
        found = self._solve(points, start, self._diagonal(points), backend, rng)
        if self.covariance_type is not None:
            found = self._adjust(X, points, [start, found.labels], backend, rng)
        self._describe(X, points, found)
        self._certify(points, found)
        return self

    def predict(self, X):
        """Assign rows to the nearest mean, or with covariances the likeliest cluster.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points, or affinities to the training rows, shape (n_rows, n_samples).

        Returns
        -------
        array of shape (n_rows,), int64
            Labels.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        if self.covariance_type is not None:
            return _like(self._mixture.log_densities(rows).argmax(axis=1), X)
        if self.affinity == "linear":
            return _like(
                euclidean_distances(rows, self.cluster_centers_).argmin(axis=1), X
            )
        return _like(self._nearness(rows).argmax(axis=1), X)

    @available_if(lambda self: self.covariance_type is not None)
    def predict_proba(self, X):
        """Compute the probability of each cluster under the fitted Gaussians.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_clusters)
            Rows sum to one.
        """
        check_is_fitted(self)
        densities = self._mixture.log_densities(self._validated(X, reset=False))
        return self._output(softmax(densities, axis=1), like=X)

    def fit_predict(self, X, y=None, **kwargs):
        """Fit and return the labels of the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As in `fit`.
        y : None
            Ignored.
        **kwargs : dict
            None are known.

        Returns
        -------
        array of shape (n_samples,), int64
            `labels_`, in the namespace and on the device of X.
        """
        return _like(self.fit(X, **kwargs).labels_, X)

    @available_if(lambda self: self.affinity != "precomputed")
    def transform(self, X):
        """Compute the distance of rows to the mean of each cluster.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_clusters)
            Distances, in the space of the kernel for ``affinity="rbf"``.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        if self.affinity == "linear":
            return self._output(euclidean_distances(rows, self.cluster_centers_), X)
        squared = 1.0 - self._nearness(rows)  # a Gaussian kernel of a row with itself
        return self._output(np.sqrt(np.maximum(squared, 0.0)), like=X)

    @available_if(lambda self: self.affinity != "precomputed")
    def score(self, X, y=None):
        """Compute the negative inertia of rows, as `sklearn.cluster.KMeans` does.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.
        y : None
            Ignored.

        Returns
        -------
        float
            Minus the sum of squared distances to the nearest mean.
        """
        return -float((np.asarray(self.transform(X)).min(axis=1) ** 2).sum())

    def _check(self, X):
        if self.covariance_type is not None and self.affinity != "linear":
            raise InvalidParameterError(
                f"covariance_type={self.covariance_type!r} needs affinity='linear': "
                "affinities have no covariances."
            )
        if len(X) < self.n_clusters:
            raise ValueError(
                f"n_samples={len(X)} should be >= n_clusters={self.n_clusters}."
            )

    def _points(self, X):
        """Centred points, float64, whose inner products are the affinities."""
        if self.affinity == "linear":
            points = X.astype(np.float64)
            points -= points.mean(axis=0)
            if points.shape[1] <= len(points):
                return points
            # More features than rows: a rotation leaves as many as there are rows.
            left, sizes, _ = scipy.linalg.svd(points, full_matrices=False)
            return left * sizes
        if self.affinity == "rbf":
            gamma = 1 / X.shape[1] if self.gamma is None else self.gamma
            return _points_of(rbf_kernel(X, gamma=gamma).astype(np.float64))
        if X.shape[0] != X.shape[1] or not np.allclose(X, X.T, atol=1e-6 * np.ptp(X)):
            raise ValueError(
                "affinity='precomputed' needs a symmetric matrix of shape (n_samples, "
                f"n_samples); X of shape {X.shape} is none."
            )
        return _points_of(X.astype(np.float64))

    def _diagonal(self, points):
        if self.diagonal_correction is None:
            return None
        if self.diagonal_correction == "pecok":
            return pecok_diagonal(points)
        return (points * points).sum(axis=1)

    def _solve(self, points, labels, diagonal, backend, rng):
        """Labels by the chosen solver, at least as good as those given."""
        n, k = len(points), self.n_clusters
        size = max(_SKETCH_ROWS, _SKETCH_ROWS_PER_CLUSTER * k)
        solver = self.solver
        if solver == "auto":
            solver = "low_rank" if n <= _MAX_ROWS else "sketch"
        if solver == "sketch" and n <= size:
            solver = "low_rank"  # the sample would be the whole
        if solver != "sketch":
            labels = best_partition(points, [labels], k, diagonal, rng)
        options = {"tol": self.tol, "max_iter": self.max_iter}
        low_rank = {"backend": backend, "n_init": self.n_init, **options}
        low_rank["stable"] = self.early_stopping
        if k == 1 or len(np.unique(labels)) < k:
            found = Relaxed(labels, np.eye(k)[labels], 0.0, 0, True)
        elif solver == "admm":
            found = relax_full(points, labels, k, diagonal, **options)
        elif solver == "low_rank":
            found = relax_low_rank(points, labels, k, diagonal, rng, **low_rank)
        else:
            found = relax_sketch(
                points, labels, k, diagonal, rng, n_rows=size, **low_rank
            )
        if not found.converged:
            warnings.warn(
                f"The relaxation stopped at max_iter={self.max_iter} with a residual "
                f"of {found.residual:.1e}, wanted is tol={self.tol:.1e}. Labels and "
                "their bound hold all the same.",
                ConvergenceWarning,
                stacklevel=5,
            )
        return found

    def _adjust(self, X, points, starts, backend, rng):
        """Labels of Gaussians of different shapes: at least as likely as the starts."""
        hollow = (points * points).sum(axis=1)
        if self.diagonal_correction is None and len(points) <= _MAX_ROWS:
            starts.append(
                best_partition(points, starts[:1], self.n_clusters, hollow, rng)
            )
        labels, shares, n_iter = most_likely_partition(
            X - X.mean(axis=0, dtype=np.float64),
            starts,
            self.n_clusters,
            self.covariance_type,
            rng,
            n_init=self.n_init,
            backend=backend if len(X) <= _MAX_ROWS else None,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        return Relaxed(labels, shares, np.nan, n_iter, True)

    def _describe(self, X, points, found):
        """Fitted attributes that follow from the labels."""
        kept, labels = np.unique(found.labels, return_inverse=True)
        if len(kept) < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({len(kept)}) found smaller than "
                f"n_clusters ({self.n_clusters}). Possibly due to duplicate points in "
                "X.",
                ConvergenceWarning,
                stacklevel=4,
            )
        shares = found.membership[:, kept]
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        self.labels_ = labels
        self.membership_ = self._output(shares, like=X)
        self.n_iter_ = found.n_iter
        self.objective_ = partition_value(points, labels)
        self.inertia_ = max(float((points * points).sum()) - self.objective_, 0.0)
        self._n_features_out = len(kept)
        indicator = np.eye(len(kept))[labels]
        if self.affinity == "linear":
            means = (indicator / indicator.sum(axis=0)).T @ X.astype(np.float64)
            self.cluster_centers_ = self._output(means, like=X)
        else:
            self._fit_rows = X if self.affinity == "rbf" else None
            self._weights = indicator / indicator.sum(axis=0)
            inner = self._affinities(X) @ self._weights
            self._sizes = (self._weights * inner).sum(axis=0)
        if self.covariance_type is not None:
            X = X.astype(np.float64)
            self._mixture = fit_mixture(X, indicator, self.covariance_type)
            self.covariances_ = self._output(self._mixture.covariances, like=X)

    def _certify(self, points, found):
        """Bound the objective of all partitions, and so how far these labels are."""
        if self.certificate is None:
            return
        total = float((points * points).sum())
        bound, _ = label_bound(points, self.labels_, self.n_clusters)
        if self.diagonal_correction is None:
            bound = min(bound, found.bound)
        if self.certificate == "sdp" and bound - self.objective_ > _CERTAIN * total:
            if not np.isfinite(found.bound) or self.diagonal_correction is not None:
                found = relax_full(
                    points,
                    self.labels_,
                    self.n_clusters,
                    None,
                    tol=min(self.tol, 1e-4),
                    max_iter=self.max_iter,
                )
            bound = min(bound, found.bound)
        self.upper_bound_ = min(bound, total)
        excess = max(self.upper_bound_ - self.objective_, 0.0)
        certain = excess <= _CERTAIN * self.inertia_ or excess <= 1e-12 * total
        self.optimality_gap_ = excess / self.inertia_ if self.inertia_ > 0 else 0.0
        self.certified_ = bool(certain)

    def _affinities(self, X):
        """Rows of affinities to the training rows."""
        if self.affinity == "precomputed":
            return X.astype(np.float64)
        gamma = 1 / self.n_features_in_ if self.gamma is None else self.gamma
        return rbf_kernel(X, self._fit_rows, gamma=gamma).astype(np.float64)

    def _nearness(self, X):
        """Minus squared distances to the means, but for a term that rows share."""
        return 2 * self._affinities(X) @ self._weights - self._sizes

    def __sklearn_tags__(self):
        """Precomputed input is pairwise; both floats are kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.affinity == "precomputed"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _like(labels, X):
    """Labels in the namespace and on the device of X."""
    return get_backend(like=X).asarray(labels) if is_torch(X) else labels


def _points_of(affinities):
    """Centred points whose inner products are the affinities, centred."""
    n = len(affinities)
    means = affinities.mean(axis=1)
    centred = affinities - means[:, None] - means + means.mean()
    centred = (centred + centred.T) / 2
    values, vectors = scipy.linalg.eigh(centred)
    size = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    if values[0] < -1e-8 * size:
        warnings.warn(
            f"The affinity is indefinite: {-values[0]:.3g} is added to its diagonal. "
            "The best clusters stay the same, and inertia_ grows by (n_samples - "
            "n_clusters) times that.",
            UserWarning,
            stacklevel=4,
        )
        shift = np.eye(n) - 1 / n  # no share for the direction 1: points are centred
        values, vectors = scipy.linalg.eigh(centred - values[0] * shift)
    kept = values > 1e-12 * size
    return vectors[:, kept] * np.sqrt(values[kept])
