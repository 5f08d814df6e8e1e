"""The probability of each cluster for a point, given all other points."""

import numpy as np
from scipy.special import logsumexp, softmax

from skgeom.cluster._sdp._maximization import (
    Fit,
    Products,
    clearly_positive,
    left_out,
)
from skgeom.cluster._sdp._mixture import FLOOR, Mixture

# Share of its old memberships that a step keeps, which damps swings between steps; the
# change below which they have settled; most steps.
_KEPT, _SETTLED, _STEPS = 0.5, 1e-3, 200


def leave_one_out_memberships(points, labels, n_clusters, n_features):
    r"""Compute the posterior probability of clusters, no point in its own centre.

    A Bayesian mixture of spherical Gaussians: :math:`x_i \sim N(\mu_k, s_k^2 I)` in
    cluster k, :math:`\mu_k \sim N(m, t^2 I)`, weights uniform on the simplex. Integrate
    weights and centres out, and the posterior probability of cluster k for point i,
    given the clusters of all others, is proportional to the predictive density [1]_

    .. math::
        (N_k + 1) \; N\bigl(x_i;\; m + w_k (c_k - m),\; (s_k^2 + (1 - w_k) t^2) I\bigr),
        \qquad w_k = \frac{N_k t^2}{N_k t^2 + s_k^2},

    where :math:`N_k, c_k` are size and mean of the cluster, and m is the mean of all
    points, *without point i*. A centre is thus drawn to m as far as its noise, of
    variance :math:`s_k^2 / N_k` in each of p directions, exceeds what centres differ
    by; and what it may still be off widens the density. Both matter once p is not small
    beside :math:`N_k`: the squared distance to a centre that x_i is part of is less by
    about :math:`2 p s_k^2 / N_k`, whether they belong together or not.

    The others' clusters are not known either. With independent memberships
    :math:`r_{jk}`, the logarithm is averaged over them: collapsed variational Bayes
    [2]_. With sizes and variances at their means, all but one of its terms are linear
    in the memberships, and for that one

    .. math::
        E \Bigl|\sum_{z_j = k} (x_j - m)\Bigr|^2 = \Bigl|\sum_j r_{jk} (x_j - m)\Bigr|^2
        + \sum_j r_{jk} (1 - r_{jk}) |x_j - m|^2 .

    Without the last sum, clusters that are less sure have shorter means, are nearer to
    all points, and end with all of them. Variances follow from the same expectations,
    :math:`s_k^2` without point i and :math:`t^2` by the method of moments, which makes
    :math:`w_k` a James-Stein factor [3]_. Probabilities are taken from memberships and
    the other way round, until they agree.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_dimensions)
        Centred, float64; turned or not makes no difference.
    labels : ndarray of shape (n_samples,)
        Where to start.
    n_clusters : int
        K.
    n_features : int
        p, in how many directions there is noise: more than `n_dimensions` if the points
        were turned into as many dimensions as there are points.

    Returns
    -------
    ndarray of shape (n_samples, n_clusters)
        Probabilities; rows sum to one. Clusters may be the most probable one for no
        point.

    References
    ----------
    .. [1] Geisser, "Predictive discrimination", in Multivariate Analysis (Krishnaiah,
       ed.), 1966.
    .. [2] Kurihara, Welling and Teh, "Collapsed variational Dirichlet process mixture
       models", IJCAI 2007.
    .. [3] Efron and Morris, "Stein's estimation rule and its competitors: an empirical
       Bayes approach", Journal of the American Statistical Association 68, 1973.
    """
    shares = np.eye(n_clusters)[labels]
    for _ in range(_STEPS):
        found = predictive_memberships(points, shares, n_features)
        change = float(np.abs(found - shares).max())
        shares = _KEPT * shares + (1 - _KEPT) * found
        if change < _SETTLED:
            break
    return shares


def predictive_memberships(points, shares, n_features):
    """One step of `leave_one_out_memberships`, from the others' memberships.

    Parameters
    ----------
    points, n_features
        As there.
    shares : ndarray of shape (n_samples, n_clusters)
        Memberships r; rows sum to one.

    Returns
    -------
    ndarray of shape (n_samples, n_clusters)
        Probabilities of clusters for each point; rows sum to one.
    """
    return softmax(left_out_densities(points, shares, n_features), axis=1)


def left_out_densities(points, shares, n_features):
    """Log of the predictive density of each point in each cluster, and of its weight.

    Parameters
    ----------
    points, shares, n_features
        As in `predictive_memberships`.

    Returns
    -------
    ndarray of shape (n_samples, n_clusters)
        Their exponentials sum to the density of a point, given all others.
    """
    n, p = len(points), n_features
    own = (points * points).sum(axis=1, keepdims=True)
    unsure = shares * (1 - shares) * own
    sizes, sums, norms, squares = _moments(points, shares, own, unsure)
    scales = _scales(sizes, norms, squares, p)
    # From here on a cluster is what it would be without the point.
    along = points @ sums.T
    norms = norms - unsure - 2 * shares * along + shares**2 * own
    along -= shares * own
    sizes = np.maximum(sizes - shares, 0.0)
    squares = squares - shares * own
    variances, gains = _centers(sizes, norms, squares, p, *scales)
    # Points are centred with all of them: the mean of the others is -x_i / (n - 1).
    stretch = 1 + (1 - sizes * gains) / max(n - 1, 1)
    distances = stretch**2 * own - 2 * stretch * gains * along + gains**2 * norms
    spread = variances * (1 + gains)
    weights = (sizes + 1) / max(n - 1 + shares.shape[1], 1)
    return np.log(weights) - (distances / spread + p * np.log(2 * np.pi * spread)) / 2


def leave_one_out_partition(points, labels, n_clusters, n_features):
    """The most probable cluster of each point, unless a cluster gets lost.

    Parameters
    ----------
    points, labels, n_clusters, n_features
        As in `leave_one_out_memberships`.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        Clusters, as many as before.
    shares : ndarray of shape (n_samples, n_clusters)
        Memberships; of the labels given, if these are returned.
    """
    shares = leave_one_out_memberships(points, labels, n_clusters, n_features)
    found = shares.argmax(axis=1)
    if np.array_equal(np.unique(found), np.unique(labels)):
        return found, shares
    return labels, np.eye(n_clusters)[labels]


def left_out_if_better(X, points, fit):
    """Leave each point out of its own centre, unless a mixture is as good without that.

    Judged by the densities of points given all others. Where there are many points in a
    cluster for each feature, the two are the same but for digits.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, centred.
    points : ndarray of shape (n_samples, n_dimensions)
        The same, perhaps turned.
    fit : Fit
        A mixture of spherical Gaussians.

    Returns
    -------
    Fit
        That, or the predictive one.
    """
    n_clusters, p = fit.shares.shape[1], X.shape[1]
    labels, shares = leave_one_out_partition(points, fit.labels, n_clusters, p)
    products = Products(X, "spherical")
    with np.errstate(invalid="ignore"):
        ahead = logsumexp(left_out_densities(points, shares, p), axis=1)
        ahead = ahead - left_out(products, fit)
    if len(np.unique(fit.labels)) >= len(np.unique(labels)):
        if not clearly_positive(ahead):
            return fit
    mixture, variances = predictive_mixture(X, shares)
    found = Fit.of(products, mixture, True)
    return found._replace(shares=shares, covariances=variances)


def predictive_mixture(X, shares):
    """Mixture of the predictive densities for points that are new.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, float64.
    shares : ndarray of shape (n_samples, n_clusters)
        Memberships, of `leave_one_out_memberships`.

    Returns
    -------
    mixture : Mixture
        Centres drawn to the mean of X, and variances widened by theirs.
    variances : ndarray of shape (n_clusters,)
        Those of points about the true centre.
    """
    mean = X.mean(axis=0)
    points = X - mean
    own = (points * points).sum(axis=1, keepdims=True)
    unsure = shares * (1 - shares) * own
    sizes, sums, norms, squares = _moments(points, shares, own, unsure)
    p = X.shape[1]
    scales = _scales(sizes, norms, squares, p)
    variances, gains = _centers(sizes, norms, squares, p, *scales)
    weights = (sizes + 1) / (sizes + 1).sum()
    centers = mean + gains[:, None] * sums
    spread = variances * (1 + gains)
    return Mixture("spherical", np.log(weights), centers, spread), variances


def _moments(points, shares, own, unsure):
    """Of each cluster: expected size, sum, squared norm of the sum, sum of squares."""
    sums = shares.T @ points
    norms = (sums * sums).sum(axis=1) + unsure.sum(axis=0)
    return shares.sum(axis=0), sums, norms, (shares * own).sum(axis=0)


def _scales(sizes, norms, squares, p):
    """Variances of all points about their centres, and of centres, and a least one."""
    n, total = sizes.sum(), squares.sum()
    floor = max(FLOOR * total / (n * p), np.finfo(float).tiny * 1e9)
    between = _ratio(norms, sizes).sum()
    common = max((total - between) / (p * max(n - len(sizes), 1.0)), floor)
    variances, _ = _centers(sizes, norms, squares, p, common, 0.0, floor)
    # What centres differ by only as means of few points.
    noise = p * ((1 - sizes / n) * variances).sum()
    balance = max(n - (sizes**2).sum() / n, 1.0)
    return common, max((between - noise) / (p * balance), 1e-9 * common), floor


def _centers(sizes, norms, squares, p, common, prior, floor):
    """Variances s^2 of clusters, and the factors w / N from sums to centres.

    One more point of the common variance stands in for the one that the mean costs.
    """
    scatter = np.clip(squares - _ratio(norms, sizes), 0.0, squares)
    degrees = np.maximum(sizes, 1.0)
    variances = np.maximum((scatter / p + common) / degrees, floor)
    return variances, prior / (sizes * prior + variances)


def _ratio(norms, sizes):
    return np.maximum(norms, 0.0) / np.maximum(sizes, 1e-9)
