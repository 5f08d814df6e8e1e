"""What distances in a neighbourhood say: dimension, density, and where data end.

The dimension by distances: Levina and Bickel, "Maximum likelihood estimation of
intrinsic dimension", NIPS 2004, averaged over rows as MacKay and Ghahramani do (2005);
by two neighbours: Facco, d'Errico, Rodriguez and Laio, "Estimating the intrinsic
dimension of datasets by a minimal neighborhood information", Scientific Reports, 2017.
"""

import numpy as np
from scipy.special import gammaln

from skgeom.typing import NDArray

# Distances and radii below this share of the size of the data are rounding.
_TINY = 1e-15


def inverse_dimensions(distances: NDArray, method: str) -> NDArray:
    """One over the dimension at each row, as its distances tell it.

    Parameters
    ----------
    distances : ndarray of shape (n, n_members)
        Distances to members in increasing order, the row itself the first.
    method : {"mle", "two_nn"}
        Mean logarithm of distances to all members, or of two, below the last.

    Returns
    -------
    ndarray of shape (n,)
        Noisy, >= 0; means over rows are to be inverted. NaN where members are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._local_geometry import _neighborhood_laws
    >>> found = _neighborhood_laws.inverse_dimensions(
    ...     np.array([[0.0, 1.0, np.e, 4.0]]), "two_nn")
    >>> float(found[0])
    1.0
    """
    near = distances[:, 1:3] if method == "two_nn" else distances[:, 1:]
    if near.shape[1] < 2:
        return np.full(len(near), np.nan)
    last = near[:, -1:]
    logs = np.log(np.maximum(last, _TINY) / np.maximum(near[:, :-1], _TINY))
    # Members beyond the first two make the mean of the inverse unbiased.
    n_free = max(near.shape[1] - 2, 1)
    usable = near[:, 0] > _TINY if method == "two_nn" else last[:, 0] > _TINY
    return np.where(usable, logs.sum(axis=1) / n_free, np.nan)


def mean_dimensions(inverses: NDArray, indices: NDArray, n_features: int) -> NDArray:
    """Dimensions by the mean over rows that are near.

    Parameters
    ----------
    inverses : ndarray of shape (n_samples,)
        As `inverse_dimensions` finds them.
    indices : ndarray of shape (n, n_near), int
        Rows to take the mean of.
    n_features : int
        Largest dimension.

    Returns
    -------
    ndarray of shape (n,)
        In [1, n_features]; 1 where nothing is known.
    """
    near = inverses[indices]
    known = np.isfinite(near)
    total = np.where(known, near, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    found = count / np.maximum(total, 1e-300)
    return np.where(count > 0, np.clip(found, 1.0, n_features), 1.0)


def edge_scores(tangent: NDArray) -> NDArray:
    """Tell rows at the edge of the data from rows inside.

    Seen from a row, members lie on one side: how empty is the other?

    Parameters
    ----------
    tangent : ndarray of shape (n, n_members, n_dims)
        Members in tangent coordinates, the row at the origin.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]: one at an edge, where no member is on the other side.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._local_geometry._neighborhood_laws import edge_scores
    >>> edge_scores(np.array([[[0.0], [1.0], [2.0]], [[0.0], [1.0], [-1.0]]]))
    array([1., 1.])
    """
    reach = np.linalg.norm(tangent, axis=2).max(axis=1)
    mean = tangent.mean(axis=1)
    size = np.linalg.norm(mean, axis=1)
    towards = mean / np.where(size > 0, size, 1.0)[:, None]
    behind = -np.einsum("nmd,nd->nm", tangent, towards).min(axis=1)
    return 1.0 - np.maximum(behind, 0.0) / np.where(reach > 0, reach, 1.0)


def log_densities(tangent: NDArray, n_samples: int) -> NDArray:
    """Logarithms of the density on the manifold.

    Parameters
    ----------
    tangent : ndarray of shape (n, n_members, n_dims)
        Members in tangent coordinates, the row among them at the origin.
    n_samples : int
        Rows that there are in all.

    Returns
    -------
    ndarray of shape (n,)
        Of the density with respect to length, area or volume.
    """
    n_dims, k = tangent.shape[2], tangent.shape[1] - 1
    reach = np.linalg.norm(tangent, axis=2).max(axis=1)
    ball = n_dims / 2 * np.log(np.pi) - gammaln(n_dims / 2 + 1)
    share = np.log(max(k - 0.5, 0.5)) - np.log(max(n_samples - 1, 1))
    return share - ball - n_dims * np.log(np.maximum(reach, _TINY))
