"""Unit vectors in orthogonal blocks."""

import numpy as np

from skgeom.typing import NDArray


def orthogonal_directions(
    n_directions: int, n_features: int, random_state: np.random.RandomState
) -> NDArray:
    """Draw unit vectors of which each block of `n_features` is a random rotation.

    Each by itself is uniform on the sphere. Together they say more than independent
    ones do of what is averaged over directions.

    Parameters
    ----------
    n_directions : int
        How many, >= 1.
    n_features : int
        Their length, >= 1.
    random_state : RandomState instance
        Decides the draws.

    Returns
    -------
    ndarray of shape (n_directions, n_features), float64
        A unit vector a row.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry._directions import orthogonal_directions
    >>> W = orthogonal_directions(3, 3, np.random.RandomState(0))
    >>> bool(np.abs(W @ W.T - np.eye(3)).max() < 1e-12)
    True
    """
    blocks = []
    for start in range(0, n_directions, n_features):
        # Of a block that is not whole no more is made: columns may be very many.
        size = min(n_features, n_directions - start)
        Q, R = np.linalg.qr(random_state.standard_normal((n_features, size)))
        # With the signs of R a rotation has no preferred direction.
        blocks.append((Q * np.where(np.diagonal(R) < 0, -1.0, 1.0)).T)
    return np.concatenate(blocks)
