"""Gaussian clusters of different shapes, judged by the likelihood of their labels."""

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from scipy.special import logsumexp
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from skgeom.cluster._sdp._exchange import partition_value
from skgeom.cluster._sdp._likelihood import likelihood_clustering
from skgeom.cluster._sdp._search import kmeans_labels

# Least variance, as a share of the mean variance of the data.
FLOOR = 1e-6
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
    n, n_clusters = shares.shape
    sizes = np.maximum(shares.sum(axis=0), 1e-9)
    means = (shares.T @ X) / sizes[:, None]
    floor = FLOOR * max(float(X.var(axis=0).mean()), np.finfo(float).tiny * 1e9)
    if kind in ("spherical", "diag"):
        scatter = shares.T @ (X * X) - sizes[:, None] * means**2
        if kind == "spherical":
            scatter = scatter.mean(axis=1)
    else:
        spread = (np.sqrt(shares.T)[:, :, None]) * (X - means[:, None, :])
        scatter = spread.transpose(0, 2, 1) @ spread
    common = scatter.sum(axis=0) / max(n - n_clusters, 1)
    if scatter.ndim == 3:
        common = _regular(common, n - n_clusters, floor)
    if kind == "tied":
        return Mixture(kind, np.log(sizes / sizes.sum()), means, common)
    # Points of the common spread stand in for what a cluster lacks: the degree of
    # freedom that its mean costs, without which single points are infinitely likely,
    # and as many again as a covariance has rows.
    lent = 1.0 if scatter.ndim < 3 else 1.0 + X.shape[1]
    degrees = np.maximum(sizes - 1.0, 0.0) + lent
    covariances = scatter + lent * common
    covariances /= degrees.reshape(-1, *[1] * (scatter.ndim - 1))
    if scatter.ndim < 3:
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
        # Before all, no cluster may be lost.
        found = len(np.unique(labels))
        return found, classification_likelihood(X, labels, n_clusters, kind)

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
        if not likelihood(tried) > likelihood(best):
            break
        best = tried
    return best, shares, n_iter


def relaxed_memberships(X, labels, mixture, rng, backend, **options):
    """Memberships Z_k 1 of the likelihood-adjusted relaxation, from labels."""
    n_clusters = len(mixture.means)
    whitened, weights = [], np.empty((n_clusters, len(X)))
    for k in range(n_clusters):
        Y, log_det = mixture.whitened(X, k)
        if mixture.kind in ("diag", "full") or k == 0:
            whitened.append(Y)
        weights[k] = (Y * Y).sum(axis=1) + log_det - 2 * mixture.log_weights[k]
    Y, precisions = np.stack(whitened), None
    if len(whitened) == 1:  # these clusters differ by factors at most
        Y = whitened[0]
        if mixture.kind == "spherical":
            precisions = mixture.covariances[0] / mixture.covariances
    shares = likelihood_clustering(
        backend, Y, weights, labels, rng, precisions=precisions, **options
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
        # Where clusters are long in some directions, only this shows the others: all
        # axes at the same spread, and the one on which points lie most in clusters.
        spread, axes = np.linalg.eigh(X.T @ X / len(X))
        kept = spread > 1e-9 * spread[-1]
        whitened = X @ (axes[:, kept] / np.sqrt(spread[kept]))
        yield kmeans_labels(whitened, n_clusters, rng)
        on_axes = [kmeans_labels(x[:, None], n_clusters, rng) for x in whitened.T]
        between = [
            partition_value(x[:, None], labels)
            for x, labels in zip(whitened.T, on_axes, strict=True)
        ]
        yield on_axes[int(np.argmax(between))]
    variance = float(X.var(axis=0).mean())
    for share in (FLOOR, 0.2) if X.shape[1] < len(X) else ():
        # X is on the host: whatever the user's own arrays are, these are NumPy's.
        with warnings.catch_warnings(), config_context(array_api_dispatch=False):
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = GaussianMixture(
                n_clusters,
                covariance_type=kind,
                n_init=10 * n_init,
                reg_covar=max(share * variance, 1e-300),
                random_state=rng,
            ).fit_predict(X)
        yield labels


def _regular(S, n, floor):
    """A covariance of n points drawn to a round one, if n is less than twice its size.

    With more points it stays as it is, whatever the units of its axes.
    """
    p = len(S)
    share = min(max(p / max(n, 1) - 0.5, 0.0), 1.0)
    return (1 - share) * S + (share * np.trace(S) / p + floor) * np.eye(p)
