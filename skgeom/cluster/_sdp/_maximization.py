"""Expectation-maximisation of Gaussian mixtures in products of matrices.

The logarithm of a Gaussian density is linear in 1, x and the products of entries of x,
and so are the sums that a step needs. With these as columns of one matrix, a step is
two products of it with n_clusters columns.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from skgeom.cluster._sdp._mixture import (
    estimate_mixture,
    lent_points,
    variance_floor,
)

# Entries of the matrix of products, at most; beyond, one cluster at a time.
_MAX_ENTRIES = 30_000_000
# By how much a mixture has to be better at rows that are left out: standard errors, and
# nats a row, for a hundredth of one changes no probability by much.
_CLEARLY, _MATTERS = 1.0, 0.01


class Products:
    """Points, and the products of their entries that a kind of covariances needs.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, centred.
    kind : {"spherical", "diag", "tied", "full"}
        Of covariances.
    """

    def __init__(self, X, kind):
        n, p = X.shape
        self.X, self.kind, self.floor = X, kind, variance_floor(X)
        self.pairs = np.tril_indices(p)
        self.columns = self.square = None
        if kind == "tied":
            self.square = X.T @ X
            self.columns = np.column_stack([np.ones(n), X])
        elif kind != "full":
            squares = X * X
            if kind == "spherical":
                squares = squares.sum(axis=1, keepdims=True)
            self.columns = np.column_stack([np.ones(n), X, squares])
        elif n * len(self.pairs[0]) <= _MAX_ENTRIES:
            products = X[:, self.pairs[0]] * X[:, self.pairs[1]]
            self.columns = np.column_stack([np.ones(n), X, products])

    def estimate(self, shares, prior):
        """Mixture of the memberships, with or without help for small clusters."""
        X, (n, p) = self.X, self.X.shape
        if self.columns is None:
            sizes = np.maximum(shares.sum(axis=0), 1e-9)
            means = (shares.T @ X) / sizes[:, None]
            scatter = np.stack(
                [
                    (X - mean).T @ (share[:, None] * (X - mean))
                    for mean, share in zip(means, shares.T, strict=True)
                ]
            )
        else:
            sums = shares.T @ self.columns
            sizes = np.maximum(sums[:, 0], 1e-9)
            means = sums[:, 1 : p + 1] / sizes[:, None]
            if self.kind == "tied":
                scatter = (self.square - (sizes * means.T) @ means)[None]
            elif self.kind == "full":
                scatter = np.empty((len(sizes), p, p))
                first, second = self.pairs
                scatter[:, first, second] = sums[:, p + 1 :]
                scatter[:, second, first] = sums[:, p + 1 :]
                scatter -= sizes[:, None, None] * means[:, :, None] * means[:, None, :]
            elif self.kind == "diag":
                scatter = sums[:, p + 1 :] - sizes[:, None] * means**2
            else:
                scatter = (sums[:, p + 1] - sizes * (means**2).sum(axis=1)) / p
        return estimate_mixture(self.kind, n, sizes, means, scatter, self.floor, prior)

    def log_densities(self, mixture):
        """Log of weight times density, shape (n_clusters, n_samples)."""
        if self.columns is None:
            return np.ascontiguousarray(mixture.log_densities(self.X).T)
        p, means = self.X.shape[1], mixture.means
        n_clusters = len(means)
        linear = np.empty((self.columns.shape[1], n_clusters))
        if self.kind in ("spherical", "diag"):
            precisions = 1 / mixture.covariances.reshape(n_clusters, -1)
            linear[p + 1 :] = -precisions.T / 2
            linear[1 : p + 1] = (precisions * means).T
            spread = np.broadcast_to(
                mixture.covariances.reshape(n_clusters, -1), means.shape
            )
            log_dets = np.log(spread).sum(axis=1)
        else:
            factors = np.linalg.cholesky(mixture.covariances)
            log_dets = 2 * np.log(np.diagonal(factors, axis1=-2, axis2=-1)).sum(axis=-1)
            precisions = np.linalg.inv(mixture.covariances)
            precisions = (precisions + np.swapaxes(precisions, -1, -2)) / 2
            linear[1 : p + 1] = (precisions @ means[:, :, None])[:, :, 0].T
            if self.kind == "full":
                first, second = self.pairs
                twice = np.where(first == second, 0.5, 1.0)
                linear[p + 1 :] = -(precisions[:, first, second] * twice).T
        linear[0] = mixture.log_weights - (means * linear[1 : p + 1].T).sum(axis=1) / 2
        linear[0] -= (log_dets + p * math.log(2 * math.pi)) / 2
        densities = linear.T @ self.columns.T
        if self.kind == "tied":
            densities -= np.vecdot(self.X @ precisions, self.X) / 2
        return densities


class Fit(NamedTuple):
    """A mixture, and what it says about the points.

    Attributes
    ----------
    mixture : Mixture
        The Gaussians.
    shares : ndarray of shape (n_samples, n_clusters)
        Probabilities of clusters.
    likelihood : float
        Log-likelihood, summed over points.
    prior : bool
        Whether small clusters were helped by the others.
    covariances : ndarray or None
        Of the points about the true means, if the mixture is wider than that.
    """

    mixture: Any
    shares: Any
    likelihood: float
    prior: bool
    covariances: Any = None

    @classmethod
    def of(cls, products, mixture, prior=False):
        """Evaluate a mixture at the points."""
        densities = products.log_densities(mixture)
        most = densities.max(axis=0)
        densities -= most
        np.exp(densities, out=densities)
        totals = densities.sum(axis=0)
        likelihood = float(most.sum() + np.log(totals).sum())
        densities /= totals
        return cls(mixture, densities.T, likelihood, prior)

    def of_clusters(self, kept):
        """Mixture of only these clusters, and the covariances to be shown."""
        mixture, spread = self.mixture.of_clusters(kept), self.covariances
        return mixture, mixture.covariances if spread is None else spread[kept]

    @property
    def labels(self):
        """The most probable clusters."""
        return self.shares.argmax(axis=1)

    @property
    def rank(self):
        """Before all, no cluster may be lost; then the likelihood counts."""
        return len(np.unique(self.labels)), self.likelihood


def climb(products, shares, prior, n_iter, tol):
    """Raise the likelihood from memberships by expectation-maximisation.

    Parameters
    ----------
    products : Products
        Of the points.
    shares : ndarray of shape (n_samples, n_clusters)
        Memberships.
    prior : bool
        Whether small clusters are helped by the others.
    n_iter : int
        Most steps.
    tol : float
        Stop when a step raises the mean log-likelihood by less.

    Returns
    -------
    Fit
        Where it ended.
    """
    last = -math.inf
    for _ in range(n_iter):
        mixture = products.estimate(shares, prior)
        fit = Fit.of(products, mixture, prior)
        shares = fit.shares
        if abs(fit.likelihood - last) < tol * len(shares):
            break
        last = fit.likelihood
    return fit


def left_out(products, fit):
    """Log-density of each point under the mixture estimated without it.

    Memberships stay as they are. Without a point of membership r, the scatter of N
    points about their mean loses r N / (N - r) times the square of the point's distance
    to the mean: a rank-one update of determinant and inverse. What small clusters
    borrow from is kept.

    Parameters
    ----------
    products : Products
        Of the points.
    fit : Fit
        The mixture, estimated from its own memberships.

    Returns
    -------
    ndarray of shape (n_samples,)
        Minus infinity where no cluster has a variance without the point.
    """
    X, shares, mixture = products.X, fit.shares, fit.mixture
    n, p = X.shape
    sizes = shares.sum(axis=0)
    taken, lent = (1.0, lent_points(mixture.kind, p)) if fit.prior else (0.0, 0.0)
    # A spherical one has the mean square of all its directions.
    times = p if mixture.kind == "spherical" else 1
    out = np.empty(shares.shape)
    for k, mean in enumerate(mixture.means):
        rest = np.maximum(sizes[k] - shares[:, k], 1e-9)
        degrees = max(max(sizes[k] - taken, 0.0) + lent, 1e-9)
        left = np.maximum(rest - taken, 0.0) + lent
        Y, log_det = mixture.whitened(X - mean, k)
        squares = Y * Y
        if mixture.kind != "diag":
            squares = squares.sum(axis=1, keepdims=True) / times
        lost = shares[:, k] * sizes[k] / (rest * degrees)
        fall = 1 - lost[:, None] * squares
        # A cluster of nothing but the point is not there without it.
        alive = (fall > 0).all(axis=1) & (left > 0) & (rest > 1e-6)
        fall = np.where(alive[:, None], fall, 1.0)
        left = np.where(left > 0, left, 1.0)
        distance = (
            (squares / fall).sum(axis=1) * (sizes[k] / rest) ** 2 * left / degrees
        )
        log_det = (
            log_det + times * np.log(fall).sum(axis=1) + p * np.log(degrees / left)
        )
        density = -(times * distance + log_det + p * math.log(2 * math.pi)) / 2
        out[:, k] = np.where(alive, density, -np.inf) + np.log(rest / max(n - 1, 1))
    most = out.max(axis=1)
    safe = np.where(np.isfinite(most), most, 0.0)
    with np.errstate(divide="ignore"):
        return safe + np.log(np.exp(out - safe[:, None]).sum(axis=1))


def clearly_positive(differences):
    """Whether the mean is above zero by more than chance makes it, and than matters."""
    if not np.isfinite(differences).all():
        return bool((differences == np.inf).any())
    error = differences.std() / math.sqrt(len(differences))
    return bool(differences.mean() > max(_CLEARLY * error, _MATTERS))
