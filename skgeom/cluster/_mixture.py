"""Gaussian clusters of different shapes, judged by the likelihood of their labels."""

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from skgeom.cluster._search import kmeans_labels
from skgeom.solvers import likelihood_clustering

# Least variance, as a share of the mean variance of the data.
_FLOOR = 1e-6
# Most steps of expectation-maximisation from a start, and of its hard form.
_SOFT_STEPS, _HARD_STEPS = 100, 100
# Most rounds of the relaxation between two estimates of the covariances.
_ROUNDS = 10


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

    def log_densities(self, X):
        """Log of weight times density, shape (n_samples, n_clusters)."""
        out = np.empty((len(X), len(self.means)))
        for k, mean in enumerate(self.means):
            Y, log_det = self.whitened(X - mean, k)
            out[:, k] = self.log_weights[k] - ((Y * Y).sum(axis=1) + log_det) / 2
        return out - X.shape[1] * math.log(2 * math.pi) / 2


def fit_mixture(X, shares, kind):
    """Estimate a mixture from memberships, with as much shrinkage as the data need.

    Each full covariance is drawn to the mean variance times the identity by the
    oracle-approximating intensity, which vanishes with many points a cluster and needs
    no parameter. (Chen, Wiesel, Eldar and Hero, "Shrinkage algorithms for MMSE
    covariance estimation", IEEE Transactions on Signal Processing 58, 2010.)

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
    n, n_clusters = shares.shape
    sizes = np.maximum(shares.sum(axis=0), 1e-9)
    means = (shares.T @ X) / sizes[:, None]
    floor = _FLOOR * max(float(X.var(axis=0).mean()), np.finfo(float).tiny * 1e9)
    if kind in ("spherical", "diag"):
        scatter = shares.T @ (X * X) - sizes[:, None] * means**2
        if kind == "spherical":
            scatter = scatter.mean(axis=1)
    else:
        spread = (np.sqrt(shares.T)[:, :, None]) * (X - means[:, None, :])
        scatter = spread.transpose(0, 2, 1) @ spread
    # The mean of a cluster costs it a degree of freedom; one point of the common
    # spread takes its place, so that single points are not infinitely likely.
    common = scatter.sum(axis=0) / max(n - n_clusters, 1)
    if kind == "tied":
        covariances = _shrunk(common, n, floor)
    else:
        degrees = np.maximum(sizes, 1.0).reshape(-1, *[1] * (scatter.ndim - 1))
        covariances = (scatter + common) / degrees
        if kind == "full":
            pairs = zip(covariances, sizes, strict=True)
            covariances = np.stack([_shrunk(S, m, floor) for S, m in pairs])
        else:
            covariances = np.maximum(covariances, floor)
    return Mixture(kind, np.log(sizes / sizes.sum()), means, covariances)


def classification_likelihood(X, labels, n_clusters, kind):
    """Log-likelihood of points and their labels, parameters estimated from both."""
    shares = np.eye(n_clusters)[labels]
    densities = fit_mixture(X, shares, kind).log_densities(X)
    return float(densities[np.arange(len(X)), labels].sum())


def most_likely_partition(
    X, starts, n_clusters, kind, rng, *, n_init, backend, **options
):
    """Labels of the highest classification likelihood that the search comes to.

    From each start: expectation-maximisation, its hard form, and the relaxation for
    the covariances of the best of them (iLA-SDP [1]_), as long as that helps. Mixtures
    of scikit-learn, and k-means of whitened points, join the starts.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, float64.
    starts : list of ndarray of shape (n_samples,)
        Labels.
    n_clusters : int
        K.
    kind : {"spherical", "diag", "tied", "full"}
        Of covariances.
    rng : RandomState
        For starts and noise.
    n_init : int
        Tens of starts of scikit-learn's mixture.
    backend : Backend or None
        Where the relaxation is solved; None leaves it out.
    **options : dict
        Of `likelihood_clustering`.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        At least as likely as every start.
    shares : ndarray of shape (n_samples, n_clusters)
        Memberships of the last relaxation.
    n_iter : int
        Relaxations.

    References
    ----------
    .. [1] Zhuang, Chen and Yang, "Likelihood adjusted semidefinite programs for
       clustering heterogeneous data", ICML 2023.
    """

    def likelihood(labels):
        return classification_likelihood(X, labels, n_clusters, kind)

    found = list(starts)
    for labels in [*starts, *_mixture_starts(X, n_clusters, kind, rng, n_init)]:
        found += [
            _hardened(X, labels, n_clusters, kind, soft) for soft in (True, False)
        ]
    best = max(found, key=likelihood)
    shares, n_iter = np.eye(n_clusters)[best], 0
    while n_iter < _ROUNDS and backend is not None:
        n_iter += 1
        mixture = fit_mixture(X, np.eye(n_clusters)[best], kind)
        shares = relaxed_memberships(X, best, mixture, rng, backend, **options)
        tried = _hardened(X, shares.argmax(axis=1), n_clusters, kind, False)
        if not likelihood(tried) > likelihood(best) + 1e-9 * abs(likelihood(best)):
            break
        best = tried
    return best, shares, n_iter


def relaxed_memberships(X, labels, mixture, rng, backend, **options):
    """Memberships Z_k 1 of the likelihood-adjusted relaxation, from labels."""
    n_clusters = len(mixture.means)
    whitened, weights = [], np.empty((n_clusters, len(X)))
    for k in range(n_clusters):
        Y, log_det = mixture.whitened(X, k)
        whitened.append(Y)
        weights[k] = (Y * Y).sum(axis=1) + log_det - 2 * mixture.log_weights[k]
    shares = likelihood_clustering(
        backend, np.stack(whitened), weights, labels, rng, **options
    )
    return shares / shares.sum(axis=1, keepdims=True)


def _hardened(X, labels, n_clusters, kind, soft):
    """Expectation-maximisation from labels, soft if asked, then hard to its end."""
    shares = np.eye(n_clusters)[labels]
    for _ in range(_SOFT_STEPS if soft else 0):
        densities = fit_mixture(X, shares, kind).log_densities(X)
        previous = shares
        shares = np.exp(densities - logsumexp(densities, axis=1, keepdims=True))
        if np.abs(shares - previous).max() < 1e-3:
            break
    labels = shares.argmax(axis=1)
    for _ in range(_HARD_STEPS):
        densities = fit_mixture(X, np.eye(n_clusters)[labels], kind).log_densities(X)
        previous, labels = labels, densities.argmax(axis=1)
        if np.array_equal(labels, previous):
            break
    return labels


def _mixture_starts(X, n_clusters, kind, rng, n_init):
    """Labels of mixtures, plain and regularised, and of k-means of whitened points."""
    X = X - X.mean(axis=0)
    if not X.any():
        return
    if X.shape[1] < len(X) and kind != "spherical":
        # Where clusters are long in one direction, only this shows the others.
        spread, axes = np.linalg.eigh(X.T @ X / len(X))
        kept = spread > 1e-9 * spread[-1]
        yield kmeans_labels(
            X @ (axes[:, kept] / np.sqrt(spread[kept])), n_clusters, rng
        )
    variance = float(X.var(axis=0).mean())
    for share in (_FLOOR, 0.2) if X.shape[1] < len(X) else ():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            yield GaussianMixture(
                n_clusters,
                covariance_type=kind,
                n_init=10 * n_init,
                reg_covar=max(share * variance, 1e-300),
                random_state=rng,
            ).fit_predict(X)


def _shrunk(S, n, floor):
    """Oracle-approximating shrinkage of a covariance of n points (their eq. 23)."""
    p = len(S)
    mean, square = np.trace(S) / p, float((S * S).sum()) / p**2
    gap = (n + 1) * (square - mean**2 / p)
    rho = 1.0 if gap <= 0 else min(1.0, (square + mean**2) / gap)
    return (1 - rho) * S + (rho * mean + floor) * np.eye(p)
