"""Gaussian clusters whose difficulty is known, for the clustering benchmarks."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def separation(n, p, n_clusters, factor):
    """Distance of centres from the origin, at `factor` times the squared threshold.

    At factor 1 exact recovery becomes possible (Chen and Yang, "Cutoff for exact
    recovery of Gaussian mixture models", IEEE Transactions on Information Theory 2021).
    """
    log = np.log(n)
    threshold = 4 * (1 + np.sqrt(1 + n_clusters * p / (n * log))) * log
    return np.sqrt(factor * threshold / 2)


def on_axes(n, p, n_clusters, factor, seed, variances=1.0):
    """Balanced spherical clusters with centres on the axes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_clusters
    X = separation(n, p, n_clusters, factor) * np.eye(n_clusters, p)[y]
    spread = np.sqrt(np.broadcast_to(variances, n_clusters))[y]
    return X + spread[:, None] * rng.standard_normal((n, p)), y


def ellipsoids(n, p, n_clusters, size, least, most, seed):
    """Random centres of standard deviation `size`, a random covariance for each."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_clusters
    centers = size * rng.standard_normal((n_clusters, p))
    X = np.empty((n, p))
    for k in range(n_clusters):
        axes = np.linalg.qr(rng.standard_normal((p, p)))[0]
        values = np.exp(rng.uniform(np.log(least), np.log(most), p))
        noise = rng.standard_normal(((y == k).sum(), p))
        X[y == k] = centers[k] + noise @ ((axes * np.sqrt(values)) @ axes.T)
    return X, y


def long_and_parallel(n, p, n_clusters, seed):
    """Clusters 4.5 from the origin on axes; two other axes are eight times as long."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_clusters
    spread = np.ones(p)
    spread[n_clusters : n_clusters + 2] = 8.0
    X = 4.5 * np.eye(n_clusters, p)[y] + rng.standard_normal((n, p)) * spread
    return X @ np.linalg.qr(rng.standard_normal((p, p)))[0], y


def misclustered(y, labels):
    """Share of rows in the wrong cluster, under the best naming of clusters."""
    size = max(y.max(), labels.max()) + 1
    table = np.zeros((size, size))
    np.add.at(table, (y, labels), 1)
    return float(1 - table[linear_sum_assignment(-table)].sum() / len(y))
