r"""A mixture of Gaussians that are flat but for noise.

Tipping and Bishop, "Mixtures of probabilistic principal component analysers", Neural
Computation 11, 1999. With one variance of noise for all directions outside of its
subspace, a component of rank d needs few rows; dimensions are chosen by the Bayesian
information criterion.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.special import logsumexp

from skgeom.typing import NDArray

# Variance of noise is at least this share of the mean variance of a column.
_LEAST_NOISE = 1e-8
# A component with a smaller share of the rows starts again.
_LEAST_ROWS = 1.0
# Iterations in which dimensions are chosen anew: so many, and more while they change.
_CHOOSING, _MOST_CHOOSING = 10, 20


class Flats(NamedTuple):
    """Components: subspaces, each with a centre, variances along it, and noise.

    Parameters
    ----------
    means : ndarray of shape (n_clusters, n_features)
        Centres.
    bases : list of ndarray of shape (n_features, d)
        Orthonormal columns, those of the largest variance first.
    variances : list of ndarray of shape (d,)
        Along the columns, those of the noise among them.
    noise : ndarray of shape (n_clusters,)
        Variance in every other direction.
    weights : ndarray of shape (n_clusters,)
        Shares of the rows.
    """

    means: NDArray
    bases: list
    variances: list
    noise: NDArray
    weights: NDArray


def log_densities(X: NDArray, flats: Flats) -> NDArray:
    """Log density of each row in each component, its weight included.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    flats : Flats
        The components.

    Returns
    -------
    ndarray of shape (n, n_clusters)
        Log densities.
    """
    n, p = X.shape
    found = np.empty((n, len(flats.weights)))
    for k, (mean, U, variances, noise, weight) in enumerate(
        zip(*flats, strict=True),
    ):
        D = X - mean
        along = (D @ U) ** 2
        squares = np.einsum("ij,ij->i", D, D)
        # What is left of the squares may be rounding.
        beside = np.maximum(squares - along.sum(axis=1), 1e-14 * squares)
        d = len(variances)
        volume = np.log(variances).sum() + (p - d) * np.log(noise)
        distance = (along / variances).sum(axis=1) + beside / noise
        constant = np.log(weight) - 0.5 * (volume + p * np.log(2 * np.pi))
        found[:, k] = constant - 0.5 * distance
    return found


def left_over(X: NDArray, flats: Flats) -> NDArray:
    """Squared distance of each row to each subspace.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    flats : Flats
        The subspaces.

    Returns
    -------
    ndarray of shape (n, n_clusters)
        Squared distances, >= 0.
    """
    found = np.empty((len(X), len(flats.weights)))
    for k, (mean, U) in enumerate(zip(flats.means, flats.bases, strict=True)):
        D = X - mean
        squares = np.einsum("ij,ij->i", D, D)
        found[:, k] = np.maximum(squares - ((D @ U) ** 2).sum(axis=1), 0.0)
    return found


def fit_flats(
    X: NDArray, shares: NDArray, dims: NDArray | None, affine: bool, floor: float
) -> Flats:
    """Fit components to rows that belong to them in part.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    shares : ndarray of shape (n, n_clusters)
        How much of a row each component has, >= 0.
    dims : ndarray of shape (n_clusters,), int64, or None
        Dimensions of the subspaces; None are chosen.
    affine : bool
        Whether subspaces have a centre of their own, instead of zero.
    floor : float
        Least variance of noise, > 0.

    Returns
    -------
    Flats
        The components.
    """
    p = X.shape[1]
    means, bases, variances, noises = [], [], [], []
    masses = shares.sum(axis=0)
    for k, mass in enumerate(masses):
        own = shares[:, k : k + 1]
        safe = max(mass, np.finfo(np.float64).tiny)
        mean = (own * X).sum(axis=0) / safe if affine else np.zeros(p)
        D = X - mean
        values, vectors = _principal(np.sqrt(own / safe) * D)
        if dims is None:
            d = _dimension(values, mass - affine, floor)
        else:
            d = min(int(dims[k]), p - 1, vectors.shape[1])
        d = max(d, 1)
        noise = max(values[d:].mean(), floor) if d < p else floor
        means.append(mean)
        bases.append(vectors[:, :d])
        variances.append(np.maximum(values[:d], noise))
        noises.append(noise)
    total = masses.sum()
    weights = np.maximum(masses / (total if total > 0 else 1.0), 1e-12)
    return Flats(np.array(means), bases, variances, np.array(noises), weights)


def _signed(vectors):
    """Columns whose largest entry is positive."""
    largest = np.abs(vectors).argmax(axis=0)
    return vectors * np.where(vectors[largest, np.arange(len(largest))] < 0, -1.0, 1.0)


def _principal(D):
    """Eigenvalues of D'D, the largest first, and eigenvectors of those not zero."""
    n, p = D.shape
    if n < p:
        _, s, Vt = scipy.linalg.svd(D, full_matrices=False)
        return np.pad(s**2, (0, p - n)), _signed(Vt.T)
    values, vectors = scipy.linalg.eigh(D.T @ D)
    return np.maximum(values[::-1], 0.0), _signed(vectors[:, ::-1])


def _dimension(values, mass, floor):
    """The dimension with the best Bayesian information criterion."""
    # So many directions the rows can have. Beyond half of them the rest is lack of
    # rows, not noise, and a cluster that could have more would take in all others.
    p = int(np.clip(mass, 1, len(values)))
    most = min((p + 1) // 2, p - 1)
    dims = np.arange(most + 1)
    tails = np.maximum([values[d:p].mean() for d in dims], floor)
    heads = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(values, floor)))])
    likelihood = -0.5 * mass * (heads[dims] + (p - dims) * np.log(tails))
    n_parameters = dims * p - dims * (dims + 1) / 2 + dims + 1
    criterion = likelihood - 0.5 * n_parameters * np.log(max(mass, 2.0))
    return int(dims[np.argmax(criterion)])


def information(X: NDArray, flats: Flats, affine: bool) -> float:
    """The Bayesian information criterion, to be large.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    flats : Flats
        The components.
    affine : bool
        Whether their centres were fitted.

    Returns
    -------
    float
        Log-likelihood, less half the logarithm of the rows for each parameter.
    """
    n, p = X.shape
    dims = np.array([len(v) for v in flats.variances])
    parameters = (dims * p - dims * (dims + 1) / 2 + dims + 2).sum() - 1
    parameters += affine * len(dims) * p
    likelihood = logsumexp(log_densities(X, flats), axis=1).sum()
    return float(likelihood - 0.5 * parameters * np.log(n))


class Fitted(NamedTuple):
    """What `refine_flats` found: components, labels, and how it went."""

    flats: Flats
    labels: NDArray
    objective: float
    n_iter: int
    converged: bool


def refine_flats(
    X: NDArray,
    labels: NDArray,
    n_clusters: int,
    dims: NDArray | None,
    *,
    affine: bool,
    soft: bool,
    max_iter: int,
    tol: float,
    start: NDArray | None = None,
) -> Fitted:
    """Alternate between components and the rows that belong to them.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows.
    labels : ndarray of shape (n,) or of the length of `start`, int64
        Where to start.
    n_clusters : int
        Number of components.
    dims : ndarray of shape (n_clusters,), int64, or None
        Dimensions; None are chosen in the first iterations.
    affine : bool
        Whether subspaces have centres.
    soft : bool
        Whether rows belong in part, by the likelihood, or to the nearest subspace.
    max_iter : int
        Most iterations; 0 leaves labels as they are.
    tol : float
        Iterations end where the mean log-likelihood of a row grows by less; those of
        nearest subspaces where no row changes.
    start : ndarray of shape (m,), int64, default=None
        Rows that `labels` are of; None is all.

    Returns
    -------
    Fitted
        The mean log-likelihood of a row, or its mean squared distance, is the
        objective.
    """
    some = X if start is None else X[start]
    floor = _LEAST_NOISE * max((X**2).mean(), np.finfo(np.float64).tiny)
    shares = np.zeros((len(some), n_clusters))
    shares[np.arange(len(some)), labels] = 1.0
    if soft:
        shares = 0.9 * shares + 0.1 / n_clusters
    # A row of zeros is in all linear subspaces, and says nothing of any.
    says: NDArray = np.logical_or(np.abs(X).max(axis=1) > 0, affine)
    says = says if says.any() else ~says
    shares *= (says if start is None else says[start])[:, None]
    flats = fit_flats(some, shares, dims, affine, floor)
    if dims is None and not soft:
        # Subspaces of more dimensions are nearer to all rows: they get as many.
        usual = int(np.median([len(v) for v in flats.variances]))
        dims = np.full(n_clusters, max(usual, 1))
        flats = fit_flats(some, shares, dims, affine, floor)
    known, last, converged = None, -np.inf, False
    if start is None:
        known = labels
    step = 0
    for step in range(1, max_iter + 1):
        if soft:
            logs = log_densities(X, flats)
            totals = logsumexp(logs, axis=1, keepdims=True)
            value, shares = float(totals.mean()), np.exp(logs - totals)
            converged = dims is not None and value - last < tol
            last = value
        else:
            left = left_over(X, flats)
            new = left.argmin(axis=1)
            converged = known is not None and bool((new == known).all())
            known, last = new, -float(left.min(axis=1).mean())
            shares = np.zeros_like(left)
            shares[np.arange(len(X)), new] = 1.0
        if converged:
            break
        shares = _revived(X, flats, shares * says[:, None])
        before = [len(v) for v in flats.variances]
        flats = fit_flats(X, shares, dims, affine, floor)
        if dims is None:
            now = [len(v) for v in flats.variances]
            settled = step >= _CHOOSING and now == before
            if settled or step >= _MOST_CHOOSING:
                dims = np.array(now)
    logs = log_densities(X, flats) if soft else -left_over(X, flats)
    if max_iter == 0 and known is not None:
        found = known
    else:
        found = logs.argmax(axis=1)
    value = logsumexp(logs, axis=1).mean() if soft else -logs.max(axis=1).mean()
    return Fitted(flats, found.astype(np.int64), float(value), step, converged)


def _revived(X, flats, shares):
    """Give a component without rows those that lie farthest from all others."""
    empty = np.flatnonzero(shares.sum(axis=0) < _LEAST_ROWS)
    if not len(empty) or len(X) <= len(shares[0]):
        return shares
    far = np.argsort(-left_over(X, flats).min(axis=1), kind="stable")
    shares = shares.copy()
    size = max(2, len(X) // (4 * shares.shape[1]))
    for number, k in enumerate(empty):
        rows = far[number * size : (number + 1) * size]
        shares[rows] = 0.0
        shares[rows, k] = 1.0
    return shares
