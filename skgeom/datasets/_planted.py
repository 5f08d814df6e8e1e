"""Data with a structure that is planted: index models and simulators of one thing."""

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
        :math:`2^{-|i - j|}`. "mixture": of four round Gaussians. "t": Student's with six
        degrees of freedom. "uniform": in a cube.
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
