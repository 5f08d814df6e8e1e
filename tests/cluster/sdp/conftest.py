import numpy as np
import pytest


@pytest.fixture
def mixture():
    """Generator of Gaussian clusters on the axes: points and their clusters."""

    def make(n, p, n_clusters, distance, seed=0, spreads=1.0):
        rng = np.random.default_rng(seed)
        y = np.arange(n) % n_clusters
        X = distance * np.eye(n_clusters, p)[y]
        spread = np.broadcast_to(spreads, n_clusters)[y]
        return X + spread[:, None] * rng.standard_normal((n, p)), y

    return make


@pytest.fixture
def agreement():
    """Share of rows with the same cluster, up to the names of clusters."""
    from scipy.optimize import linear_sum_assignment

    def measure(labels, y):
        table = np.zeros((labels.max() + 1, y.max() + 1))
        np.add.at(table, (labels, y), 1)
        return table[linear_sum_assignment(-table)].sum() / len(y)

    return measure


@pytest.fixture(scope="session")
def least_inertia():
    """The least inertia of all partitions into exactly so many clusters."""
    import functools
    import itertools

    @functools.cache
    def partitions(n, n_clusters):
        rest = np.array(list(itertools.product(range(n_clusters), repeat=n - 1)))
        labels = np.column_stack([np.zeros(len(rest), dtype=int), rest])
        own = [(labels == k).astype(float) for k in range(n_clusters)]
        complete = np.all([h.sum(axis=1) > 0 for h in own], axis=0)
        return [h[complete] for h in own]

    def measure(X, n_clusters):
        between = sum(
            ((h @ X) ** 2).sum(axis=1) / h.sum(axis=1)
            for h in partitions(len(X), n_clusters)
        )
        return (X * X).sum() - between.max()

    return measure
