"""The search for the most likely Gaussian mixture, from several starts."""

import warnings

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from skgeom.cluster._sdp._exchange import exchange, partition_value
from skgeom.cluster._sdp._likelihood import likelihood_clustering
from skgeom.cluster._sdp._maximization import (
    Fit,
    Products,
    clearly_positive,
    climb,
    left_out,
)
from skgeom.cluster._sdp._mixture import FLOOR, Mixture, fit_mixture
from skgeom.cluster._sdp._posterior import left_out_if_better
from skgeom.cluster._sdp._search import (
    best_partition,
    kmeans_labels,
    self_noise_matters,
)

# Steps of expectation-maximisation from each start, from the best of them, and the rise
# of the mean log-likelihood at which they end.
_SHORT, _MIDDLE, _LONG = (30, 1e-3), (200, 3e-5), (500, 1e-6)
_FINALISTS = 2
# Where rows are so few for each feature of a cluster, a mixture with much on all
# diagonals, as a share of the mean variance, is one more start.
_SCARCE, _WIDE = 20, 0.2
# Most rounds of the relaxation between two estimates of the covariances.
_ROUNDS = 10


def most_likely_mixture(
    X,
    points,
    starts,
    n_clusters,
    kind,
    rng,
    seed,
    *,
    n_init,
    backend,
    hollow=True,
    **options,
):
    """The mixture of the highest likelihood that the search comes to.

    Expectation-maximisation from each of the starts, first with covariances that small
    clusters share in; mixtures of scikit-learn, and k-means of whitened points, join
    the starts. From the best of them, and from scikit-learn's, it goes on without that
    help: that has the higher likelihood, and is taken unless rows that are left out say
    clearly that it is worse.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    points : ndarray of shape (n_samples, n_dimensions)
        The same, centred, float64, perhaps turned.
    starts : list of ndarray of shape (n_samples,)
        Labels.
    n_clusters : int
        K.
    kind : {"spherical", "diag", "tied", "full"}
        Of covariances.
    rng : RandomState
        For starts and noise.
    seed : int, RandomState instance or None
        Of scikit-learn's mixture.
    n_init : int
        Tens of starts of it.
    backend : Backend or None
        Where the relaxation for the covariances (iLA-SDP [1]_) is solved, as long as
        that helps; None leaves it out.
    hollow : bool, default=True
        Whether labels that are best without the diagonal of XX' are one more start,
        where points are large parts of their own means.
    **options : dict
        Of `likelihood_clustering`.

    Returns
    -------
    fit : Fit
        The mixture.
    n_iter : int
        Relaxations.

    References
    ----------
    .. [1] Zhuang, Chen and Yang, "Likelihood adjusted semidefinite programs for
       clustering heterogeneous data", ICML 2023.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    X = X - mean
    products = Products(X, kind)
    known = _known_mixture(X, products, n_clusters, kind, seed, n_init)
    if hollow and self_noise_matters(*X.shape, n_clusters):
        own = (points * points).sum(axis=1)
        starts = [*starts, best_partition(points, starts[:1], n_clusters, own, rng)]
    starts = [*starts, *_other_starts(X, n_clusters, kind, rng)]
    if X.shape[1] < len(X) <= _SCARCE * n_clusters * X.shape[1] and X.any():
        wide = _fitted(X, n_clusters, kind, rng, n_init, _WIDE)
        starts.append(wide.predict(X))
    tried = [climb(products, np.eye(n_clusters)[s], True, *_SHORT) for s in starts]
    if known is not None:
        tried.append(climb(products, known.shares, True, *_SHORT))
    tried.sort(key=lambda fit: fit.rank, reverse=True)
    tried = [climb(products, fit.shares, True, *_MIDDLE) for fit in tried[:_FINALISTS]]
    best = max(tried, key=lambda fit: fit.rank)
    n_iter = 0
    while n_iter < _ROUNDS and backend is not None:
        n_iter += 1
        shares = relaxed_memberships(
            X, best.labels, best.mixture, rng, backend, **options
        )
        relaxed = climb(
            products, np.eye(n_clusters)[shares.argmax(axis=1)], True, *_MIDDLE
        )
        if not relaxed.rank > best.rank:
            break
        best = relaxed
    best = _without_help(products, best, known)
    found = max(starts, key=lambda labels: len(np.unique(labels)))
    if best.rank[0] < len(np.unique(found)):  # a cluster was lost on the way
        shares = np.eye(n_clusters)[found]
        best = Fit.of(products, fit_mixture(X, shares, kind), True)._replace(
            shares=shares
        )
    if kind == "spherical" and self_noise_matters(*X.shape, n_clusters):
        best = left_out_if_better(X, points, best)
    moved = best.mixture._replace(means=best.mixture.means + mean)
    return best._replace(mixture=moved), n_iter


def _without_help(products, best, known):
    """The most likely mixture, unless the one given is better at rows left out."""
    n, p = products.X.shape
    if products.kind == "tied" and 2 * p > n - len(best.mixture.means):
        return best
    plain = [best] if known is None else [best, known]
    plain = [climb(products, fit.shares, False, *_LONG) for fit in plain]
    plain = max(plain, key=lambda fit: fit.rank)
    if plain.rank[0] < best.rank[0]:
        return best
    if products.kind == "tied":
        return plain
    with np.errstate(invalid="ignore"):
        ahead = left_out(products, best) - left_out(products, plain)
    return best if clearly_positive(ahead) else plain


def _known_mixture(X, products, n_clusters, kind, seed, n_init):
    """What scikit-learn's mixture is for the same seed, if there are points enough."""
    if X.shape[1] >= len(X) or not X.any():
        return None
    model = _fitted(X, n_clusters, kind, seed, n_init, FLOOR)
    weights = np.log(np.maximum(model.weights_, 1e-300))
    return Fit.of(products, Mixture(kind, weights, model.means_, model.covariances_))


def _fitted(X, n_clusters, kind, seed, n_init, share):
    """Scikit-learn's mixture, with a share of the mean variance on all diagonals."""
    # X is on the host: whatever the user's own arrays are, these are NumPy's.
    with warnings.catch_warnings(), config_context(array_api_dispatch=False):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GaussianMixture(
            n_clusters,
            covariance_type=kind,
            n_init=10 * n_init,
            reg_covar=max(share * float(X.var(axis=0).mean()), 1e-300),
            random_state=seed,
        ).fit(X)


def _other_starts(X, n_clusters, kind, rng):
    """K-means of whitened points, and clusters along one axis of theirs.

    Where clusters are long in some directions, only this shows the others: all axes at
    the same spread, and the one on which points lie most in clusters.
    """
    if not X.any() or X.shape[1] >= len(X) or kind == "spherical":
        return
    spread, axes = np.linalg.eigh(X.T @ X / len(X))
    kept = spread > 1e-9 * spread[-1]
    whitened = X @ (axes[:, kept] / np.sqrt(spread[kept]))
    yield kmeans_labels(whitened, n_clusters, rng)
    found = []
    for x in np.ascontiguousarray(whitened.T)[:, :, None]:
        labels = np.empty(len(X), dtype=np.int64)
        labels[np.argsort(x[:, 0])] = np.arange(len(X)) * n_clusters // len(X)
        labels = exchange(x, labels, n_clusters)
        found.append((partition_value(x, labels), labels))
    yield max(found, key=lambda pair: pair[0])[1]


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
