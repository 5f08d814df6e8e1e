"""Points projected on many planes, each at its own place."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def mean_projections(planes, X, centers, axes):
    """Mean of each point's projections on the planes that are listed for it.

    Plane number i passes through ``centers[i]`` along the columns of ``axes[i]``; row j
    of `planes` lists those of point j.
    """
    n, n_features = X.shape
    n_axes = axes.shape[2]
    out = np.zeros((n, n_features))
    for j in range(n):
        for i in planes[j]:
            for a in range(n_axes):
                along = 0.0
                for c in range(n_features):
                    along += (X[j, c] - centers[i, c]) * axes[i, c, a]
                for c in range(n_features):
                    out[j, c] += along * axes[i, c, a]
            for c in range(n_features):
                out[j, c] += centers[i, c]
        for c in range(n_features):
            out[j, c] /= planes.shape[1]
    return out
