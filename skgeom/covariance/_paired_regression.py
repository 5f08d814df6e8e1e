r"""From the covariance of cheap runs to that of dear ones, by a regression of pairs.

Maximum likelihood where cheap runs are known for all draws and dear ones for some
(Anderson, "Maximum likelihood estimates for a multivariate normal distribution when
some observations are missing", Journal of the American Statistical Association 52,
1957), with a ridge penalty chosen by the errors of leaving one draw out.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg
from sklearn.covariance import ledoit_wolf_shrinkage

from skgeom.geometry import spd
from skgeom.geometry._spd_matrices import of_spectrum
from skgeom.typing import NDArray

# Penalties that are tried, as shares of the largest squared singular value.
_PENALTIES = np.logspace(-6, 2, 25)
# Directions below this share of the largest are none.
_FLAT = 1e-12
# Eigenvalues are at least this share of the largest.
_LEAST = 1e-13


class Moments(NamedTuple):
    """Mean and covariance of runs of one fidelity.

    Parameters
    ----------
    mean : ndarray of shape (n_features,)
        The mean.
    covariance : ndarray of shape (n_features, n_features)
        The covariance.
    """

    mean: NDArray
    covariance: NDArray


class Regression(NamedTuple):
    """What `paired_regression` found.

    Parameters
    ----------
    moments : Moments
        Of the dear runs.
    coefficients : ndarray of shape (n_low, n_high)
        The B of the regression, zero where pairs say nothing.
    alpha : float
        The penalty, as a share of the largest squared singular value of the cheap runs
        in units of their deviations; infinite where B is zero.
    explained : float
        Share of the variance of dear runs that cheap ones predict, of draws left out,
        mean over columns; from 0 to 1.
    """

    moments: Moments
    coefficients: NDArray
    alpha: float
    explained: float


def sample_moments(rows: NDArray, centered: bool) -> Moments:
    """Mean and unbiased covariance of rows.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features)
        At least one.
    centered : bool
        Whether the mean is known to be zero.

    Returns
    -------
    Moments
        Zero covariance of a single row whose mean is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.covariance._paired_regression import sample_moments
    >>> sample_moments(np.array([[0.0], [2.0]]), False)
    Moments(mean=array([1.]), covariance=array([[2.]]))
    """
    n, p = rows.shape
    mean = np.zeros(p) if centered else rows.mean(axis=0)
    left = rows - mean
    return Moments(mean, left.T @ left / max(n - (not centered), 1))


def paired_regression(
    high: NDArray,
    low: NDArray,
    cheap: Moments,
    alpha: float | None,
    centered: bool = False,
) -> Regression:
    r"""Correct the covariance of few dear runs by that of many cheap ones.

    With B the regression of dear on cheap runs of the same draws,
    :math:`S = S_h + B^\top (S_a - S_l) B`, where h and l are pairs and a is all: a
    matrix of control variates, right on average whatever B is. With singular vectors
    U of the cheap runs and f the shares that the penalty leaves, it is
    :math:`B^\top S_a B + H^\top (I - U f^2 U^\top) H / \nu`, so never indefinite.

    Parameters
    ----------
    high, low : ndarray of shape (n, n_high), (n, n_low)
        Pairs.
    cheap : Moments
        Of all cheap runs, pairs among them.
    alpha : float or None
        Penalty, as a share of the largest squared singular value; None is the best for
        draws left out.
    centered : bool, default=False
        Whether means are known to be zero.

    Returns
    -------
    Regression
        Mean and covariance of the dear runs, and what they are from.

    Examples
    --------
    Cheap runs that are the dear ones have their covariance:

    >>> import numpy as np
    >>> from skgeom.covariance._paired_regression import (
    ...     paired_regression,
    ...     sample_moments,
    ... )
    >>> X = np.random.default_rng(0).standard_normal((500, 2))
    >>> found = paired_regression(X[:9], X[:9], sample_moments(X, False), 0.0)
    >>> np.allclose(found.moments.covariance, np.cov(X.T))
    True
    """
    n = len(high)
    lost = 0 if centered else 1
    (H, mean_h, unit_h), (L, mean_l, unit_l) = (
        _standardised(block, centered) for block in (high, low)
    )
    U, s, Vt = scipy.linalg.svd(L, full_matrices=False)
    kept = s > _FLAT * s[0] if len(s) and s[0] > 0 else np.zeros(len(s), dtype=bool)
    U, s, Vt = U[:, kept], s[kept], Vt[kept]
    spectrum = U.T @ H
    best, errors = _choose(H, U, s, spectrum, alpha, lost)
    f = _shares(s, best)
    B = Vt.T @ ((f / s)[:, None] * spectrum) if len(s) else np.zeros((L.shape[1],) * 2)
    B = B.reshape(L.shape[1], H.shape[1])
    # H'(I - U f^2 U')H, as a sum of squares of what is left.
    left = H - U @ ((1 - np.sqrt(np.maximum(1 - f**2, 0.0)))[:, None] * spectrum)
    degrees = max(n - lost, 1)
    own = left.T @ left / degrees
    if n - lost <= H.shape[1] and n > 1:
        share = float(ledoit_wolf_shrinkage(left, assume_centered=True))
        own = (1 - share) * own + share * np.diag(np.diag(own))
    coefficients = B / unit_l[:, None] * unit_h
    covariance = coefficients.T @ cheap.covariance @ coefficients
    covariance += own * np.outer(unit_h, unit_h)
    mean = mean_h + (cheap.mean - mean_l) @ coefficients
    nothing, least = errors
    explained = 1 - least / nothing if nothing > 0 else 0.0
    return Regression(
        Moments(mean, (covariance + covariance.T) / 2),
        coefficients,
        best,
        float(np.clip(explained, 0.0, 1.0)),
    )


def _standardised(block, centered):
    """Centred columns in units of their deviations; constant ones stay zero."""
    mean = np.zeros(block.shape[1]) if centered else block.mean(axis=0)
    left = block - mean
    unit = np.sqrt((left**2).mean(axis=0))
    varies = unit > _FLAT * np.abs(block).max(axis=0, initial=0.0)
    unit = np.where(varies, unit, 1.0)
    return np.where(varies, left / unit, 0.0), mean, unit


def _shares(s, alpha):
    """What a penalty leaves of coefficients along singular vectors."""
    if not len(s) or np.isinf(alpha):
        return np.zeros(len(s))
    squares = (s / s[0]) ** 2
    return squares / (squares + alpha)


def _choose(H, U, s, spectrum, alpha, lost):
    """The penalty, and squared errors of draws left out: without cheap runs, with."""
    n = len(H)

    def error(penalty):
        f = _shares(s, penalty)
        leverage = (U**2) @ f + lost / n
        left = H - U @ (f[:, None] * spectrum)
        # A draw that determines its own prediction says nothing of others.
        free = np.maximum(1 - leverage, 1e-9)
        return float(((left / free[:, None]) ** 2).sum())

    nothing = error(np.inf)
    if alpha is not None:
        return alpha, (nothing, error(alpha))
    tried = [*_PENALTIES, np.inf]
    if n - lost > len(s) + 1:
        tried = [0.0, *tried]
    errors = [error(penalty) for penalty in tried]
    best = int(np.argmin(errors))
    return float(tried[best]), (nothing, errors[best])


def positive_definite(covariance: NDArray) -> NDArray:
    """Raise eigenvalues that rounding or lack of rows left at zero.

    Parameters
    ----------
    covariance : ndarray of shape (d, d)
        Symmetric, positive semidefinite.

    Returns
    -------
    ndarray of shape (d, d)
        With eigenvalues of at least 1e-13 of the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.covariance._paired_regression import positive_definite
    >>> bool(np.linalg.eigvalsh(positive_definite(np.ones((2, 2)))).min() > 0)
    True
    """
    values, vectors = scipy.linalg.eigh(covariance)
    floor = 10 * len(values) * _LEAST * max(values[-1], 0.0)
    if values[0] >= floor:
        return covariance
    raised = (vectors * np.maximum(values, floor)) @ vectors.T
    return (raised + raised.T) / 2


def log_euclidean(pieces: list[tuple[float, NDArray]]) -> NDArray:
    """Add up matrices by their logarithms.

    Parameters
    ----------
    pieces : list of (float, ndarray of shape (d, d))
        Weights and symmetric, positive semidefinite matrices; eigenvalues of at most
        1e-12 of the largest are raised.

    Returns
    -------
    ndarray of shape (d, d)
        The exponential of the weighted sum of the logarithms (Arsigny et al., 2007).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.covariance._paired_regression import log_euclidean
    >>> log_euclidean([(2.0, 3 * np.eye(2)), (-1.0, np.eye(2))]).round(6)
    array([[9., 0.],
           [0., 9.]])
    """
    total = np.zeros_like(pieces[0][1])
    for weight, matrix in pieces:
        values, vectors = scipy.linalg.eigh(matrix)
        floor = max(_FLAT * values[-1], np.finfo(np.float64).tiny)
        total += weight * of_spectrum(np.log(np.maximum(values, floor)), vectors)
    return spd.expm(total)
