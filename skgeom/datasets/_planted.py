"""Data with a structure that is planted: index models and simulators of one thing."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skgeom.typing import NDArray, RandomStateLike

LINKS = ("monotone", "even", "mixed")
ROWS = ("gaussian", "mixture", "t", "uniform")


class IndexModel(NamedTuple):
    """What `make_index_model` made.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Rows.
    y : ndarray of shape (n_samples, n_targets)
        Targets.
    directions : ndarray of shape (n_components, n_features)
        Orthonormal rows, whose products with rows of X targets depend on.

    Examples
    --------
    >>> from skgeom.datasets import IndexModel
    >>> IndexModel._fields
    ('X', 'y', 'directions')
    """

    X: NDArray
    y: NDArray
    directions: NDArray


def make_index_model(
    n_samples: int = 500,
    *,
    n_features: int = 20,
    n_components: int = 3,
    n_targets: int = 8,
    link: str = "mixed",
    rows: str = "gaussian",
    noise: float = 0.3,
    random_state: RandomStateLike = None,
) -> IndexModel:
    r"""Make targets that depend on few directions of the rows.

    With orthonormal directions B and weights C of standard normal numbers, targets are
    a function of :math:`u = C^\top B X / \sqrt r`, and noise.

    Parameters
    ----------
    n_samples : int, default=500
        Number of rows.
    n_features : int, default=20
        Number of columns.
    n_components : int, default=3
        Number of directions, the r of the formula.
    n_targets : int, default=8
        Number of targets.
    link : {"monotone", "even", "mixed"}, default="mixed"
        "monotone": :math:`\tanh 2u + 0.3 u`. "even": :math:`u^2`. "mixed":
        :math:`u^2` and :math:`u + \sin u` in turn.
    rows : {"gaussian", "mixture", "t", "uniform"}, default="gaussian"
        Law of the rows. "gaussian": columns i and j have correlation
        :math:`2^{-|i - j|}`. "mixture": of four round Gaussians. "t": Student's with
        six degrees of freedom. "uniform": in a cube.
    noise : float, default=0.3
        Deviation of the noise, as a share of that of all noiseless targets.
    random_state : int, RandomState instance or None, default=None
        Decides everything.

    Returns
    -------
    IndexModel
        X, y and directions.

    Raises
    ------
    ValueError
        If `link` or `rows` is none of those, or there are more directions than columns.

    References
    ----------
    Li, "Sliced inverse regression for dimension reduction", Journal of the American
    Statistical Association 86, 1991.

    Examples
    --------
    >>> from skgeom.datasets import make_index_model
    >>> X, y, directions = make_index_model(random_state=0)
    >>> X.shape, y.shape, directions.shape
    ((500, 20), (500, 8), (3, 20))
    """
    if link not in LINKS:
        raise ValueError(f"link={link!r} must be one of {LINKS}.")
    if rows not in ROWS:
        raise ValueError(f"rows={rows!r} must be one of {ROWS}.")
    if n_components > n_features:
        raise ValueError(
            f"n_components={n_components} must be at most n_features={n_features}."
        )
    rng = check_random_state(random_state)
    n, p, r, q = n_samples, n_features, n_components, n_targets
    B = np.linalg.qr(rng.normal(size=(p, r)))[0]
    X = rng.normal(size=(n, p))
    if rows == "gaussian":
        columns = np.arange(p)
        X = X @ np.linalg.cholesky(0.5 ** np.abs(columns[:, None] - columns)).T
    elif rows == "mixture":
        X += (1.5 * rng.normal(size=(4, p)))[rng.randint(4, size=n)]
    elif rows == "t":
        X /= np.sqrt(rng.chisquare(6, size=(n, 1)) / 6)
    else:
        X = rng.uniform(-1.7, 1.7, size=(n, p))
    u = X @ B @ rng.normal(size=(r, q)) / np.sqrt(r)
    if link == "monotone":
        y = np.tanh(2 * u) + 0.3 * u
    elif link == "even":
        y = u**2
    else:
        y = np.where(np.arange(q) % 2 == 0, u**2, u + np.sin(u))
    y = y + noise * y.std() * rng.normal(size=y.shape)
    return IndexModel(X, y, B.T)


def make_fidelities(
    n_runs: Sequence[int] = (40, 4000),
    n_features: int = 5,
    *,
    correlation: float = 0.95,
    spread: float = 0.15,
    random_state: RandomStateLike = None,
) -> tuple[NDArray, NDArray]:
    r"""Make runs of a simulator and of cheaper versions of it.

    Draws z are standard normal, and the dearest runs are :math:`L z` with deviations
    from 0.5 to 2 and correlations :math:`0.8^{|i - j|}` of columns. Each cheaper
    version sees a draw that correlates with that of the one before, and mixes columns
    by a random matrix near the identity.

    Parameters
    ----------
    n_runs : sequence of int, default=(40, 4000)
        Draws that each fidelity is run on, the dearest first; they do not fall.
    n_features : int, default=5
        Columns of a run.
    correlation : float, default=0.95
        Of the draws that a fidelity and the next cheaper one see, in [0, 1].
    spread : float, default=0.15
        Deviation of the entries of the matrices that mix columns.
    random_state : int, RandomState instance or None, default=None
        Decides everything but the covariance.

    Returns
    -------
    X : ndarray of shape (n_runs[-1], len(n_runs) * n_features)
        Rows are draws, blocks of columns fidelities; NaN where one was not run.
    covariance : ndarray of shape (n_features, n_features)
        Of the dearest fidelity.

    Raises
    ------
    ValueError
        If there are more runs of a fidelity than of a cheaper one, or `correlation` is
        out of its range.

    References
    ----------
    Peherstorfer, Willcox and Gunzburger, "Optimal model management for multifidelity
    Monte Carlo estimation", SIAM Journal on Scientific Computing 38, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.datasets import make_fidelities
    >>> X, covariance = make_fidelities([3, 5], 2, random_state=0)
    >>> X.shape, int(np.isnan(X).sum())
    ((5, 4), 4)
    """
    runs = [int(n) for n in n_runs]
    if not runs or runs[0] < 1 or any(b < a for a, b in pairwise(runs)):
        raise ValueError(f"n_runs={n_runs} must be positive and must not fall.")
    if not 0 <= correlation <= 1:
        raise ValueError(f"correlation={correlation} must be in [0, 1].")
    rng = check_random_state(random_state)
    d = n_features
    columns, deviations = np.arange(d), np.linspace(0.5, 2, d)
    covariance = 0.8 ** np.abs(columns[:, None] - columns)
    covariance *= deviations[:, None] * deviations
    root = np.linalg.cholesky(covariance)
    z = rng.normal(size=(runs[-1], d))
    X = np.full((runs[-1], len(runs) * d), np.nan)
    for level, n in enumerate(runs):
        if level:
            other = rng.normal(size=z.shape)
            z = correlation * z + np.sqrt(1 - correlation**2) * other
            root = (np.eye(d) + spread * rng.normal(size=(d, d))) @ root
        X[:n, level * d : (level + 1) * d] = z[:n] @ root.T
    return X, covariance


def make_subspaces(
    n_samples: int = 200,
    *,
    n_clusters: int = 5,
    n_components: int = 3,
    n_shared: int = 0,
    n_features: int = 20,
    noise: float = 0.1,
    random_state: RandomStateLike = None,
) -> tuple[NDArray, NDArray]:
    """Make rows near random subspaces that meet at zero.

    Parameters
    ----------
    n_samples : int, default=200
        Number of rows, as many of each subspace as of others, but for one.
    n_clusters : int, default=5
        Number of subspaces.
    n_components : int, default=3
        Dimension of each.
    n_shared : int, default=0
        Dimensions that all of them have in common.
    n_features : int, default=20
        Number of columns.
    noise : float, default=0.1
        Deviation of the noise in each column; along subspaces it is one.
    random_state : int, RandomState instance or None, default=None
        Decides everything.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Rows.
    y : ndarray of shape (n_samples,), int64
        Subspaces.

    Raises
    ------
    ValueError
        If subspaces have more dimensions than there are columns, or share more than
        they have.

    References
    ----------
    Vidal, "Subspace clustering", IEEE Signal Processing Magazine 28, 2011.

    Examples
    --------
    >>> from skgeom.datasets import make_subspaces
    >>> X, y = make_subspaces(12, n_clusters=3, random_state=0)
    >>> X.shape, y
    ((12, 20), array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]))
    """
    if not 0 <= n_shared <= n_components <= n_features:
        raise ValueError(
            f"n_shared={n_shared}, n_components={n_components} and "
            f"n_features={n_features} must not fall."
        )
    rng = check_random_state(random_state)
    y = np.sort(np.arange(n_samples) % n_clusters).astype(np.int64)
    X = noise * rng.normal(size=(n_samples, n_features))
    shared = rng.normal(size=(n_features, n_shared))
    for k in range(n_clusters):
        own = rng.normal(size=(n_features, n_components - n_shared))
        basis = np.linalg.qr(np.column_stack([shared, own]))[0]
        rows = y == k
        X[rows] += rng.normal(size=(rows.sum(), n_components)) @ basis.T
    return X, y


def make_label_shift(
    n_samples: int = 2000,
    *,
    n_classes: int = 4,
    n_domains: int = 8,
    n_clouds: int = 2,
    n_features: int = 5,
    separation: float = 4.0,
    concentration: float = 0.5,
    random_state: RandomStateLike = None,
) -> tuple[NDArray, NDArray, NDArray]:
    """Make domains with the same classes, in different shares.

    A class is several round Gaussian clouds of deviation one, which are no nearer to
    each other than to those of other classes.

    Parameters
    ----------
    n_samples : int, default=2000
        Number of rows.
    n_classes : int, default=4
        Number of classes.
    n_domains : int, default=8
        Number of domains.
    n_clouds : int, default=2
        Clouds of each class.
    n_features : int, default=5
        Number of columns.
    separation : float, default=4.0
        Deviation of the centres in each column.
    concentration : float, default=0.5
        Of the Dirichlet law of the shares of classes in a domain: near zero a domain
        has one class, and the larger it is the more alike domains are.
    random_state : int, RandomState instance or None, default=None
        Decides everything.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Rows.
    domains : ndarray of shape (n_samples,), int64
        Domains.
    y : ndarray of shape (n_samples,), int64
        Classes.

    Raises
    ------
    ValueError
        If there are fewer domains than classes.

    References
    ----------
    Roberts, Mani, Garg and Lipton, "Unsupervised learning under latent label shift",
    NeurIPS 2022.

    Examples
    --------
    >>> from skgeom.datasets import make_label_shift
    >>> X, domains, y = make_label_shift(20, random_state=0)
    >>> X.shape, domains.shape, y.shape
    ((20, 5), (20,), (20,))
    """
    if n_domains < n_classes:
        raise ValueError(
            f"n_domains={n_domains} must be at least n_classes={n_classes}."
        )
    rng = check_random_state(random_state)
    shares = rng.dirichlet(np.full(n_classes, concentration), n_domains)
    centres = separation * rng.normal(size=(n_clouds * n_classes, n_features))
    domains = rng.randint(n_domains, size=n_samples)
    steps = shares.cumsum(axis=1)[domains]
    y = (rng.uniform(size=(n_samples, 1)) > steps[:, :-1]).sum(axis=1)
    clouds = y + n_classes * rng.randint(n_clouds, size=n_samples)
    X = centres[clouds] + rng.normal(size=(n_samples, n_features))
    return X, domains.astype(np.int64), y.astype(np.int64)
