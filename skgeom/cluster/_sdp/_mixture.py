"""Gaussian clusters of different shapes."""

import math
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

# Least variance, as a share of the mean variance of the data.
FLOOR = 1e-6


class Mixture(NamedTuple):
    """Gaussians with weights.

    Attributes
    ----------
    kind : {"spherical", "diag", "tied", "full"}
        What `covariances` holds.
    log_weights : ndarray of shape (n_clusters,)
        Logarithms of shares.
    means : ndarray of shape (n_clusters, n_features)
        Centres.
    covariances : ndarray
        Of shape (n_clusters,), (n_clusters, n_features), (n_features, n_features) or
        (n_clusters, n_features, n_features), as the kind says.
    """

    kind: str
    log_weights: Any
    means: Any
    covariances: Any

    def whitened(self, X, k):
        """Rows of X in units of the spread of cluster k, and its log-determinant."""
        if self.kind in ("spherical", "diag"):
            variances = np.broadcast_to(self.covariances[k], X.shape[1])
            return X / np.sqrt(variances), float(np.log(variances).sum())
        own = self.covariances if self.kind == "tied" else self.covariances[k]
        factor = scipy.linalg.cholesky(own, lower=True)
        Y = scipy.linalg.solve_triangular(factor, X.T, lower=True).T
        return Y, 2 * float(np.log(np.diag(factor)).sum())

    def of_clusters(self, kept):
        """Only these clusters, in this order."""
        weights = self.log_weights[kept]
        return Mixture(
            self.kind,
            weights - np.log(np.exp(weights).sum()),
            self.means[kept],
            self.covariances if self.kind == "tied" else self.covariances[kept],
        )

    def log_densities(self, X):
        """Log of weight times density, shape (n_samples, n_clusters)."""
        out = np.empty((len(X), len(self.means)))
        for k, mean in enumerate(self.means):
            Y, log_det = self.whitened(X - mean, k)
            out[:, k] = self.log_weights[k] - ((Y * Y).sum(axis=1) + log_det) / 2
        return out - X.shape[1] * math.log(2 * math.pi) / 2


def fit_mixture(X, shares, kind):
    """Estimate a mixture from memberships, small clusters with the help of the others.

    Covariances are drawn to the common one within clusters, as under a conjugate prior
    (Fraley and Raftery, "Bayesian regularization for normal mixture estimation and
    model-based clustering", Journal of Classification 24, 2007), which keeps them
    regular and does not depend on the units of the features.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    shares : ndarray of shape (n_samples, n_clusters)
        Memberships, rows that sum to one.
    kind : {"spherical", "diag", "tied", "full"}
        Of covariances.

    Returns
    -------
    Mixture
        With covariances that are positive definite.
    """
    sizes = np.maximum(shares.sum(axis=0), 1e-9)
    means = (shares.T @ X) / sizes[:, None]
    if kind in ("spherical", "diag"):
        scatter = shares.T @ (X * X) - sizes[:, None] * means**2
        if kind == "spherical":
            scatter = scatter.mean(axis=1)
    else:
        spread = (np.sqrt(shares.T)[:, :, None]) * (X - means[:, None, :])
        scatter = spread.transpose(0, 2, 1) @ spread
    return estimate_mixture(kind, len(X), sizes, means, scatter, variance_floor(X))


def variance_floor(X):
    """Least variance of a cluster of these points."""
    return FLOOR * max(float(X.var(axis=0).mean()), np.finfo(float).tiny * 1e9)


def lent_points(kind, n_features):
    """Points of the common spread that stand in for what a cluster lacks.

    The degree of freedom that its mean costs, without which single points are
    infinitely likely, and as many again as a covariance has rows.
    """
    return 1.0 + n_features if kind == "full" else 1.0


def estimate_mixture(kind, n, sizes, means, scatter, floor, prior=True):
    """Estimate a mixture from sizes, means and scatters about them.

    Parameters
    ----------
    kind : {"spherical", "diag", "tied", "full"}
        Of covariances.
    n : int
        Number of points.
    sizes : ndarray of shape (n_clusters,)
        Of clusters, > 0.
    means : ndarray of shape (n_clusters, n_features)
        Their means.
    scatter : ndarray
        Sums of squares, or of products, about the means, of a shape as covariances; for
        "tied" one for each cluster, or of shape (1, n_features, n_features) their sum.
    floor : float
        Least variance.
    prior : bool, default=True
        Whether covariances are drawn to the common one, as `fit_mixture` does.
        Otherwise they are the most likely ones, but for the floor.

    Returns
    -------
    Mixture
        With covariances that are positive definite.
    """
    n_clusters, p = means.shape
    log_weights = np.log(sizes / sizes.sum())
    degrees = max(n - n_clusters, 1) if prior else n
    common = scatter.sum(axis=0) / degrees
    if scatter.ndim == 3:
        common = _regular(common, n - n_clusters, floor)
    if kind == "tied":
        return Mixture(kind, log_weights, means, common)
    shape = (-1, *[1] * (scatter.ndim - 1))
    if prior:
        lent = lent_points(kind, p)
        degrees = np.maximum(sizes - 1.0, 0.0) + lent
        covariances = (scatter + lent * common) / degrees.reshape(shape)
    else:
        covariances = scatter / sizes.reshape(shape)
        if kind == "full":
            covariances = covariances + floor * np.eye(p)
    if kind != "full":
        covariances = np.maximum(covariances, floor)
    return Mixture(kind, log_weights, means, covariances)


def _regular(S, n, floor):
    """A covariance of n points drawn to a round one, if n is less than twice its size.

    With more points it stays as it is, whatever the units of its axes.
    """
    p = len(S)
    share = min(max(p / max(n, 1) - 0.5, 0.0), 1.0)
    return (1 - share) * S + (share * np.trace(S) / p + floor) * np.eye(p)
