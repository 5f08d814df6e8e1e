"""Distances in blocks of rows, so that no score needs an n x n array."""

import numpy as np
from scipy.sparse import issparse
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances, pairwise_distances_chunked
from sklearn.utils import check_array

from skgeom import backends

# Metrics that learn nothing from the rows, so that any block of them is the same.
FIXED_METRICS = {
    "braycurtis",
    "canberra",
    "chebyshev",
    "cityblock",
    "correlation",
    "cosine",
    "euclidean",
    "l1",
    "l2",
    "manhattan",
    "sqeuclidean",
}

# Up to here, differences of coordinates are as fast as a matrix product, and exact.
_MAX_DIRECT_FEATURES = 15


def check_distances(distances, name):
    """Validate a matrix of distances: dense, floating, finite, non-negative."""
    return check_array(
        distances,
        dtype=[np.float64, np.float32],
        ensure_non_negative=True,
        input_name=name,
    )


def row_blocks(n_rows, n_columns, bytes_per_entry, working_memory):
    """Cut rows of a matrix into slices whose temporaries fit in some MiB."""
    row_bytes = n_columns * bytes_per_entry
    return backends.row_blocks(n_rows, row_bytes, working_memory * 2**20)


def euclidean_distances(X, Y):
    """Distances of the rows of X to the rows of Y, float64."""
    if not issparse(X) and X.shape[1] <= _MAX_DIRECT_FEATURES:
        return cdist(X, Y)
    return pairwise_distances(X, Y)


def distances_between(X, Y, metric):
    """Distances of the rows of X to those of Y by a metric of `FIXED_METRICS`."""
    if metric == "euclidean":
        return euclidean_distances(X, Y)
    return pairwise_distances(X, Y, metric=metric)


def distance_blocks(X, metric, bytes_per_entry, working_memory):
    """Yield (slice, distances of these rows to all) with infinite self-distances."""
    n_samples = X.shape[0]
    if metric in ("precomputed", "euclidean"):
        blocks = (
            X[rows].astype(np.float64)
            if metric == "precomputed"
            else euclidean_distances(X[rows], X)
            for rows in row_blocks(
                n_samples, n_samples, bytes_per_entry, working_memory
            )
        )
    else:
        # Some metrics have parameters learnt from all of X; scikit-learn sees to it.
        blocks = pairwise_distances_chunked(
            X, metric=metric, working_memory=working_memory * 8 / bytes_per_entry
        )
    start = 0
    for distances in blocks:
        stop = start + distances.shape[0]
        distances[np.arange(stop - start), np.arange(start, stop)] = np.inf
        yield slice(start, stop), distances
        start = stop
