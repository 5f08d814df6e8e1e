"""Rows near planted subspaces, and what self-representation costs.

Rows of `make_subspaces` with noise 0.1; a design is clusters, dimensions, columns, rows
a cluster, shared dimensions. Accuracy is that of the best matching of labels. All
settings are defaults but the number of clusters; K-subspaces is ours with random
starts, the best of 20, and is told the dimension; so are the rows that say so. The peer
of the elastic net step is one call of scikit-learn's lasso_lars a row on a hundred
candidates, as the reference implementation makes several of without its optional
solver; its time is that of 40 rows. Seconds of the processor, on one thread.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, sparse_encode
from sklearn.mixture import GaussianMixture

from benchmarks._report import arguments, report, timed
from skgeom import SubspaceClustering
from skgeom.backends import get_backend
from skgeom.cluster._subspaces._self_representation import (
    elastic_net_links,
    unit_rows,
)
from skgeom.datasets import make_subspaces

DESIGNS = [
    (5, 3, 10, 12, 0),
    (5, 3, 10, 40, 0),
    (5, 6, 15, 40, 0),
    (5, 6, 15, 40, 3),
    (8, 4, 50, 25, 0),
]


def accuracy(y, labels):
    """Share of rows that are right, under the best matching."""
    table = np.zeros((y.max() + 1, labels.max() + 1))
    np.add.at(table, (y, labels), 1)
    rows, columns = linear_sum_assignment(-table)
    return table[rows, columns].sum() / len(y)


def methods(K, d):
    """Models by name."""
    ours = dict(random_state=0)
    return {
        "KMeans": KMeans(K, n_init=10, random_state=0),
        "GaussianMixture": GaussianMixture(K, reg_covar=1e-4, n_init=2, random_state=0),
        "K-subspaces, 20 starts": SubspaceClustering(
            K, d, init="random", refine="subspaces", affine=False, n_init=20, **ours
        ),
        "start alone": SubspaceClustering(K, refine=None, affine=False, **ours),
        "default": SubspaceClustering(K, **ours),
        "default, dimension told": SubspaceClustering(K, d, **ours),
        "neighbors": SubspaceClustering(K, init="neighbors", **ours),
    }


def planted(quick):
    """The table of designs."""
    rows = []
    for K, d, p, n, shared in DESIGNS:
        told = {}
        for seed in range(1 if quick else 5):
            X, y = make_subspaces(
                K * n,
                n_clusters=K,
                n_components=d,
                n_shared=shared,
                n_features=p,
                random_state=8600 + seed,
            )
            for name, model in methods(K, d).items():
                labels, cpu, _ = timed(model.fit_predict, X)
                told.setdefault(name, []).append((accuracy(y, labels), cpu))
        cell = {"design": f"{K}, {d}, {p}, {n}, {shared}"}
        for name, found in told.items():
            values = [a for a, _ in found]
            error = np.std(values, ddof=1) / len(values) ** 0.5 if not quick else 0.0
            cell[name] = f"{np.mean(values):.3f} +- {error:.3f}"
        rows.append(cell)
        print(cell, flush=True)
    return rows


def speed(quick):
    """Seconds of the start, and of all, for thousands of rows."""
    rows = []
    for n in (1000,) if quick else (5000, 20_000):
        X, y = make_subspaces(
            n, n_clusters=10, n_components=5, n_features=50, random_state=8700
        )
        model = SubspaceClustering(10, random_state=0)
        labels, cpu, _ = timed(model.fit_predict, X)
        right, other = (f"{accuracy(y, part):.4f}" for part in (labels, _kmeans(X)))
        step = peer = "-"
        if n <= 5000:
            N = unit_rows(X)
            _, own, _ = timed(elastic_net_links, N, 0.9, None, get_backend("cpu"))
            near = np.argsort(-np.abs(N[:40] @ N.T), axis=1)[:, 1:101]
            _, theirs, _ = timed(_peer, N, near)
            step, peer = f"{own:.2f}", f"{theirs / 40 * n:.1f}"
        rows.append(
            {
                "n": n,
                "accuracy": right,
                "KMeans": other,
                "all, s": cpu,
                "elastic net step, s": step,
                "lasso_lars a row, s": peer,
            }
        )
        print(rows[-1], flush=True)
    return rows


def _kmeans(X):
    return KMeans(10, n_init=3, random_state=0).fit_predict(X)


def _peer(N, near):
    for i, candidates in enumerate(near):
        sparse_encode(N[i : i + 1], N[candidates], algorithm="lasso_lars", alpha=0.02)


def digits(quick):
    """Where rows do not lie near subspaces."""
    rows = []
    X, y = load_digits(return_X_y=True)
    told = {}
    for seed in range(1 if quick else 5):
        some = np.random.default_rng(8800 + seed).permutation(len(X))[:600]
        rows_, truth = X[some], y[some]
        Z = PCA(15, random_state=0).fit_transform(rows_)
        mixture = GaussianMixture(10, reg_covar=1.0, n_init=2, random_state=0)
        found = {
            "KMeans": KMeans(10, n_init=10, random_state=0).fit_predict(rows_),
            "spectral, neighbours": SpectralClustering(
                10, affinity="nearest_neighbors", random_state=0
            ).fit_predict(rows_),
            "GaussianMixture, 15 components": mixture.fit_predict(Z),
            "SubspaceClustering": SubspaceClustering(10, random_state=0).fit_predict(
                rows_
            ),
            "SubspaceClustering, start alone": SubspaceClustering(
                10, refine=None, affine=False, random_state=0
            ).fit_predict(rows_),
        }
        for name, labels in found.items():
            told.setdefault(name, []).append(accuracy(truth, labels))
    for name, values in told.items():
        error = np.std(values, ddof=1) / len(values) ** 0.5 if not quick else 0.0
        rows.append(
            {"method": name, "accuracy": f"{np.mean(values):.3f} +- {error:.3f}"}
        )
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    given = arguments(__doc__)
    told = " ".join(__doc__.split("\n\n")[1].split())
    keep = dict(write=not given.quick)
    report(
        "subspace_clustering",
        planted(given.quick),
        title="Accuracy of labels of planted subspaces",
        notes=["Five seeds from 8600 on.", told],
        **keep,
    )
    report(
        "subspace_clustering_speed",
        speed(given.quick),
        title="Ten subspaces of five dimensions in fifty columns",
        notes=["Seed 8700. Beyond 5,000 rows the start is of 5,000 of them.", told],
        **keep,
    )
    report(
        "subspace_clustering_digits",
        digits(given.quick),
        title="Digits are no subspaces: accuracy of labels",
        notes=["600 rows, five draws from seed 8800 on."],
        **keep,
    )
