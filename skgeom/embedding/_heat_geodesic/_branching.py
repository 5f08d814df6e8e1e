"""Whether points lie along branches, or in a cloud that has none.

The centres of a mixture can be joined to a tree wherever they lie, and in many clouds
the trees of different mixtures even agree. A tree is believed if it says something
about points that it has not seen: if its mixture predicts them better than clouds
without branches do, and no worse where its centres are drawn out along the links.
"""

from functools import partial

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist
from scipy.special import gammaln, logsumexp, ndtri

# Points that are predicted: so many at most, in so many parts; and mixtures that each
# part is predicted from.
_MOST, _FOLDS, _N_FITS = 2_000, 4, 2
# Standard errors by which a tree has to predict better, and by which it may be worse
# along its links: in strong noise these are short, and points tell little of them.
_SURE, _EMPTY = 2.0, 3.0
# Degrees of freedom of elliptical clouds that are tried, and steps to fit one.
_TAILS, _TAIL_STEPS = (2.0, 3.0, 5.0, 10.0, 30.0, 1e6), 10
# Round clumps that a cloud may consist of; steps to fit them, and starts.
_BALLS, _CLUMP_STEPS, _STARTS = (2, 3, 4, 5, 6, 7), 30, 3
# Standard errors by which round clumps may be ahead: in strong noise a tree of few
# centres is hardly more than these.
_AS_GOOD = 1.0
# Cells in which the density of a feature is found.
_CELLS = 256
# Where links stand for the points along them, as shares from one end.
_ALONG = (1 / 8, 3 / 8)


def has_branches(X, grow, k, rng, *, few=False):
    """Whether a tree of `k` centres predicts points better than a cloud.

    By the likelihood of the points of each quarter under what is fitted to the others.
    The tree has to be ahead by two standard errors of an elliptical cloud (Gaussian, or
    Student's t with as heavy tails as suit the points), of clouds whose features, or
    principal components, have any distributions and a Gaussian copula, and of two
    Gaussian clumps of any shape. Up to seven round clumps of any sizes must not be
    ahead by one. And the mixture must not be worse by three once each centre is drawn
    out along its links: between clumps that stand apart there are no points. Of few
    centres, neither may show at all.

    Parameters
    ----------
    X : ndarray of shape (n_points, n_features)
        Different points.
    grow : callable
        ``grow(X, weights, k, rng)`` returns centres, logarithms of their weights, their
        variance and the two ends of each link of their tree.
    k : int
        Centres, the number that suits the points.
    rng : RandomState instance
        Draws the quarters, and the first centres.
    few : bool, default=False
        Whether the centres are as few as were tried: then they may as well be clumps.

    Returns
    -------
    bool
        False where there are too few points to tell.

    References
    ----------
    Stone, "Cross-validatory choice and assessment of statistical predictions", Journal
    of the Royal Statistical Society B 36, 1974. Liu, Lafferty and Wasserman, "The
    nonparanormal", Journal of Machine Learning Research 10, 2009.
    """
    if len(X) > _MOST:
        X = X[rng.choice(len(X), _MOST, replace=False)]
    n, n_features = X.shape
    if n // _FOLDS * (_FOLDS - 1) <= max(k, n_features + 1):
        return False
    fold = rng.permutation(n) % _FOLDS
    tree, drawn_out = _cross_validated(
        X, fold, lambda A, B: _of_trees(A, B, partial(grow, k=k, rng=rng))
    )
    if _lead(drawn_out, tree) < (0.0 if few else -_EMPTY):
        return False
    clouds = {
        _of_elliptical: _SURE,
        _of_copula: _SURE,
        _of_turned_copula: _SURE,
        _of_two_clumps: _SURE,
        _of_round_clumps: 0.0 if few else -_AS_GOOD,
    }
    for cloud, wanted in clouds.items():
        (likelihood,) = _cross_validated(X, fold, lambda A, B, f=cloud: (f(A, B, rng),))
        if _lead(tree, likelihood) < wanted:
            return False
    return True


def _cross_validated(X, fold, likelihoods):
    """Logarithms of the likelihood of each point under what the others show."""
    parts = [likelihoods(X[fold != i], X[fold == i]) for i in range(_FOLDS)]
    order = np.argsort(np.argsort(fold, kind="stable"), kind="stable")
    return [np.concatenate(found)[order] for found in zip(*parts, strict=True)]


def _lead(one, other):
    """By how many standard errors one prediction is better than another."""
    gain = one - other
    error = gain.std() / np.sqrt(len(gain))
    return gain.mean() / error if error > 0 else 0.0


def _of_trees(A, B, grow):
    """Likelihoods under mixtures, and under the same drawn out along their trees."""
    plain, drawn_out = 0.0, 0.0
    for _ in range(_N_FITS):
        centers, log_weights, variance, links = grow(A, np.ones(len(A)))
        plain = plain + _of_balls(A, B, centers, log_weights, variance)
        along = _along(centers, log_weights, links)
        drawn_out = drawn_out + _of_balls(A, B, *along, variance)
    return plain / _N_FITS, drawn_out / _N_FITS


def _along(centers, log_weights, links):
    """Centres drawn out along the half of each link; those at ends, to both sides."""
    here, there = np.concatenate([links, links[::-1]], axis=1)
    steps = centers[there] - centers[here]
    n_steps = np.bincount(here, minlength=len(centers))
    at_end = n_steps[here] == 1
    here = np.concatenate([here, here[at_end]])
    steps = np.concatenate([steps, -steps[at_end]])
    n_steps = np.bincount(here, minlength=len(centers))
    places = np.concatenate([centers[here] + share * steps for share in _ALONG])
    weights = log_weights[here] - np.log(n_steps[here] * len(_ALONG))
    return places, np.tile(weights, len(_ALONG))


def _of_balls(A, B, centers, log_weights, variance):
    """Likelihood of B under round Gaussians, of the size that suits A."""
    squared = cdist(A, centers, "sqeuclidean")
    least = variance * 1e-6
    for _ in range(2):
        odds = log_weights - squared / (2 * variance)
        odds = np.exp(odds - logsumexp(odds, axis=1, keepdims=True))
        variance = max((odds * squared).sum() / A.size, least)
    squared = cdist(B, centers, "sqeuclidean")
    size = A.shape[1] / 2 * np.log(2 * np.pi * variance)
    return logsumexp(log_weights - squared / (2 * variance), axis=1) - size


def _of_elliptical(A, B, rng):
    """Likelihood of B under Student's t with the tails that suit A."""
    n_features, best = A.shape[1], -np.inf
    center, scatter = A.mean(axis=0), _scatter(A - A.mean(axis=0))
    for tail in reversed(_TAILS):
        for _ in range(_TAIL_STEPS):
            squared, _ = _mahalanobis(A, center, scatter)
            weights = (tail + n_features) / (tail + squared)
            center = weights @ A / weights.sum()
            scatter = _scatter((A - center) * np.sqrt(weights)[:, None])

        def likelihood(points, tail=tail, center=center, scatter=scatter):
            squared, log_size = _mahalanobis(points, center, scatter)
            heavy = (tail + n_features) / 2
            constant = gammaln(heavy) - gammaln(tail / 2)
            constant -= n_features / 2 * np.log(tail * np.pi) + log_size
            return constant - heavy * np.log1p(squared / tail)

        if likelihood(A).mean() > best:
            best, found = likelihood(A).mean(), likelihood(B)
    return found


def _of_copula(A, B, rng):
    """Likelihood of B where features have any distributions and a Gaussian copula."""
    center = np.median(A, axis=0)
    spread = np.median(np.abs(A - center), axis=0)
    spread = np.where(spread > 0, spread, A.std(axis=0)) + np.finfo(np.float64).tiny
    # Long tails are drawn in, so that cells of one size suit all of the values.
    A, B = (A - center) / spread, (B - center) / spread
    total = -(np.log(spread) + np.log1p(B**2) / 2).sum(axis=1)
    scores = []
    for one, other in zip(np.arcsinh(A).T, np.arcsinh(B).T, strict=True):
        grid, density = _density(one)
        share = np.cumsum(density) * (grid[1] - grid[0])
        share = np.clip((share - share[0] / 2) / share[-1], 0.1 / len(A), None)
        normal = ndtri(np.minimum(share, 1 - 0.1 / len(A)))
        total += np.log(np.interp(other, grid, density))
        scores.append((np.interp(one, grid, normal), np.interp(other, grid, normal)))
    ours, theirs = (np.stack(side, axis=1) for side in zip(*scores, strict=True))
    ours = ours / np.maximum(ours.std(axis=0), 1e-12)
    squared, log_size = _mahalanobis(theirs, 0.0, _scatter(ours))
    return total - log_size - (squared - (theirs**2).sum(axis=1)) / 2


def _of_turned_copula(A, B, rng):
    axes = np.linalg.svd(A - A.mean(axis=0), full_matrices=False)[2].T
    return _of_copula(A @ axes, B @ axes, rng)


def _density(values):
    """Density of numbers on a grid, by a kernel of the width of Silverman's rule."""
    n, low, high = len(values), values.min(), values.max()
    quartiles = np.subtract(*np.percentile(values, [75, 25])) / 1.34
    width = 0.9 * min(values.std(), quartiles or np.inf) * n**-0.2
    margin = 6 * width + 0.5 * (high - low) + np.finfo(np.float64).tiny
    edges = np.linspace(low - margin, high + margin, _CELLS + 1)
    cell = edges[1] - edges[0]
    counts = np.histogram(values, edges)[0]
    steps = np.arange(-_CELLS, _CELLS + 1) * cell / max(width, cell / 2)
    kernel = np.exp(-(steps**2) / 2)
    density = np.convolve(counts, kernel / kernel.sum(), mode="same")
    density = density[len(density) // 2 - _CELLS // 2 :][:_CELLS]
    # Values that nobody saw are rare, not impossible.
    density = (density + 0.1 / _CELLS) / (n + 0.1) / cell
    return edges[:-1] + cell / 2, density


def _of_two_clumps(A, B, rng):
    """Likelihood of B under two Gaussians of any shape that suit A.

    By expectation-maximisation from random cells. More of them would be branches.
    """
    first = A[rng.choice(len(A), 2, replace=False)]
    shares = np.eye(2)[cdist(A, first).argmin(axis=1)]
    whole = _scatter(A - A.mean(axis=0))

    def densities(points, clumps):
        columns = []
        for weight, center, scatter in clumps:
            squared, log_size = _mahalanobis(points, center, scatter)
            columns.append(np.log(weight) - log_size - squared / 2)
        constant = points.shape[1] / 2 * np.log(2 * np.pi)
        return np.stack(columns, axis=1) - constant

    for _ in range(_CLUMP_STEPS):
        clumps = []
        for share in shares.T:
            size = share.sum() + 1e-9
            center = share @ A / size
            scatter = _scatter((A - center) * np.sqrt(share)[:, None]) * len(A) / size
            # No clump is a point: each has a little of the shape of all.
            prior = A.shape[1] / (A.shape[1] + size)
            scatter = (1 - prior) * scatter + prior * whole / 2
            clumps.append((size / len(A), center, scatter))
        logarithms = densities(A, clumps)
        shares = np.exp(logarithms - logsumexp(logarithms, axis=1, keepdims=True))
    return logsumexp(densities(B, clumps), axis=1)


def _of_round_clumps(A, B, rng):
    """Likelihood of B under the few round Gaussians of any sizes that suit A best."""
    fits = [_fit_balls(A, k, rng) for k in _BALLS for _ in range(_STARTS)]
    parameters = np.array([len(fit[1]) * (A.shape[1] + 2) for fit in fits])
    reached = np.array([fit[0] for fit in fits])
    best = int(np.argmin(parameters * np.log(len(A)) - 2 * reached))
    return logsumexp(_in_balls(B, *fits[best][1:])[0], axis=1)


def _fit_balls(A, k, rng):
    """Likelihood, centres, variances and logarithms of weights of k round Gaussians."""
    n, n_features = A.shape
    centers = A[rng.choice(n, k, replace=False)]
    variances = np.full(k, A.var(axis=0).mean() / 2)
    log_weights, whole = np.full(k, -np.log(k)), A.var(axis=0).mean()
    for _ in range(_CLUMP_STEPS):
        logarithms, squared = _in_balls(A, centers, variances, log_weights)
        total = logsumexp(logarithms, axis=1)
        shares = np.exp(logarithms - total[:, None])
        sizes = shares.sum(axis=0) + 1e-9
        # Squares are those to the centres before: they only swell, and less and less.
        variances = (shares * squared).sum(axis=0) / (sizes * n_features)
        variances = np.maximum(variances, 1e-6 * whole + np.finfo(np.float64).tiny)
        centers = shares.T @ A / sizes[:, None]
        log_weights = np.log(sizes / sizes.sum())
    return total.sum(), centers, variances, log_weights


def _in_balls(points, centers, variances, log_weights):
    """Logarithm of the part of each in the density, and squared distances."""
    squared = cdist(points, centers, "sqeuclidean")
    size = points.shape[1] / 2 * np.log(2 * np.pi * variances)
    return log_weights - size - squared / (2 * variances), squared


def _scatter(centered):
    """Mean square, and a hair's breadth in directions without any."""
    found = centered.T @ centered / len(centered)
    least = 1e-9 * np.trace(found) / len(found) + np.finfo(np.float64).tiny
    return found + least * np.eye(len(found))


def _mahalanobis(points, center, scatter):
    """Squared distances in the unit of a scatter, and half its log-determinant."""
    root = np.linalg.cholesky(scatter)
    scaled = solve_triangular(root, (points - center).T, lower=True)
    return (scaled**2).sum(axis=0), np.log(np.diag(root)).sum()
