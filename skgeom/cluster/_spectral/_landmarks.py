"""Rows by their nearest landmarks, and the walk from landmark to landmark by rows.

Chen and Cai, "Large scale spectral clustering with landmark-based representation",
AAAI 2011.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans

from skgeom.backends import Backend
from skgeom.graph import Graph, nearest_neighbors
from skgeom.typing import Array, NDArray

# Landmarks that a row hangs on.
N_NEAREST = 5
# Rows that landmarks are the means of, for each of them, and at least.
_ROWS_EACH, _LEAST_ROWS = 10, 2000
_ROUNDS = 5


def choose_landmarks(
    X: NDArray, n_landmarks: int, rng: np.random.RandomState
) -> NDArray:
    """Means of k-means on some of the rows, in a few rounds.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Rows.
    n_landmarks : int
        How many, at most n_samples.
    rng : RandomState
        Chooses the rows, and where k-means starts.

    Returns
    -------
    ndarray of shape (n_landmarks, n_features), or fewer rows if fewer differ
        Landmarks.
    """
    n_rows = max(_ROWS_EACH * n_landmarks, _LEAST_ROWS)
    some = X[rng.permutation(len(X))[:n_rows]] if len(X) > n_rows else X
    distinct = np.unique(some, axis=0)
    if len(distinct) <= n_landmarks:
        return distinct
    model = KMeans(
        n_landmarks,
        init="random",
        n_init=1,
        max_iter=_ROUNDS,
        random_state=rng.randint(2**31 - 1),
    )
    return model.fit(some).cluster_centers_


def landmark_weights(landmarks: Array, X: Array, backend: Backend) -> sp.csr_array:
    """Shares of the nearest landmarks in each row.

    The next landmark after them has a weight of zero, so that weights are continuous
    where landmarks change places.

    Parameters
    ----------
    landmarks : array of shape (n_landmarks, n_features)
        Landmarks, at least two.
    X : array of shape (n_rows, n_features)
        Rows.
    backend : Backend
        Where the search runs.

    Returns
    -------
    csr_array of shape (n_rows, n_landmarks)
        Rows add up to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.cluster._spectral._landmarks import landmark_weights
    >>> line = np.array([[0.0], [1.0], [2.0]])
    >>> rows = np.array([[0.5], [2.0]])
    >>> landmark_weights(line, rows, get_backend("cpu")).toarray().round(2)
    array([[0.5 , 0.5 , 0.  ],
           [0.  , 0.35, 0.65]])
    """
    m = landmarks.shape[0]
    k = min(N_NEAREST + 1, m)
    distances, indices = nearest_neighbors(landmarks, X, n_neighbors=k, backend=backend)
    farthest = distances[:, -1:]
    share = distances / np.where(farthest > 0, farthest, 1.0)
    # Half the distance to the last one is the width.
    weights = np.maximum(np.exp(-2 * share**2) - np.exp(-2.0), 0.0)
    # All as far as the last: they share evenly.
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, 1.0)
    weights /= weights.sum(axis=1, keepdims=True)
    n_rows = len(weights)
    return sp.csr_array(
        (weights.ravel(), indices.ravel(), np.arange(n_rows + 1) * k),
        shape=(n_rows, m),
    )


def graph_of_landmarks(weights: sp.csr_array) -> Graph:
    """Graph of landmarks that share rows: a walk goes to a row, and on from there.

    Parameters
    ----------
    weights : csr_array of shape (n_rows, n_landmarks)
        From `landmark_weights`.

    Returns
    -------
    Graph
        Of the landmarks; the degree of each is the weight of its rows.
    """
    return Graph.from_adjacency(sp.csr_array(weights.T @ weights))
