"""Smoothed features of nodes and a logistic regression, beside what else tells classes.

``--data FOLDER`` has npz files of Planetoid: `n`, `edges` of shape (2, m), `y`,
features as CSR (`x_data`, `x_indices`, `x_indptr`, `x_shape`) and the public split
(`train`, `val`, `test`). There C is chosen on validation nodes; on ten splits with a
tenth of the labels by three folds of the training nodes. Peers without features have
the parameters that they have by default, and PageRank the damping that is best on
validation nodes. Times are those of features
or of a fit, in seconds of the processor, on one thread.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.svm import SVC

from benchmarks._report import parser, report, timed
from skgeom import GraphFeatureExpansion, GraphKernelClassifier, STKRClassifier
from skgeom.graph import Graph
from skgeom.nodes import graph_neural_tangent_kernel

FILES = dict(Cora="planetoid_cora", CiteSeer="planetoid_citeseer")
PENALTIES = {"C": 10.0 ** np.arange(0, 4)}
PEERS = dict(GraphKernelClassifier=GraphKernelClassifier, STKRClassifier=STKRClassifier)
# On ten splits, too.
TENTHS = ("features alone", "GraphFeatureExpansion", "128 components")
TENTHS += ("idf, 128 components", "PageRankClassifier", "GraphKernelClassifier")
# Sparse features by few components: what folds of the training nodes choose among.
FEW = ("128 components", "idf, 128 components", "idf, 4 steps, 128 components")
FEW += ("idf, mean of 8 steps, 128 components",)
TENTHS += FEW
SETTINGS = {
    "features alone": dict(n_steps=0),
    "GraphFeatureExpansion": {},
    "4 steps": dict(n_steps=4),
    "beside each other, 3 steps (SIGN)": dict(n_steps=3, combine="concat"),
    "mean of 4 steps": dict(n_steps=4, combine="mean"),
    "4 steps, teleport .1": dict(n_steps=4, teleport=0.1),
    'weighting="idf"': dict(weighting="idf"),
    'weighting="pmi"': dict(weighting="pmi"),
    "128 components": dict(n_components=128),
    "idf, 128 components": dict(weighting="idf", n_components=128),
    "idf, 4 steps, 128 components": dict(weighting="idf", n_steps=4, n_components=128),
    "idf, mean of 8 steps, 128 components": dict(
        weighting="idf", n_steps=8, combine="mean", n_components=128
    ),
    "FE-GNN's columns, 3 steps": dict(
        n_steps=3,
        combine="concat",
        self_loops=False,
        column_normalize=True,
        structure="svd",
    ),
}


def load(path):
    """Graph with features, classes and the public split."""
    with np.load(path) as z:
        ends, n = z["edges"], int(z["n"])
        shape = tuple(z["x_shape"])
        data = z["x_data"] if "x_data" in z else np.ones(len(z["x_indices"]))
        F = sp.csr_array((data.astype(float), z["x_indices"], z["x_indptr"]), shape)
        split = [z[part] for part in ("train", "val", "test")]
        y = z["y"].astype(int)
    A = sp.coo_array((np.ones(ends.shape[1]), tuple(ends)), shape=(n, n)).tocsr()
    A = sp.csr_array((A + A.T) > 0, dtype=float)
    A.setdiag(0)
    A.eliminate_zeros()
    return Graph.from_adjacency(A, node_features=F), y, split


def on_public_split(H, y, split):
    """Test accuracy of the C that is best on validation nodes."""
    train, valid, test = split
    fits = [
        LogisticRegression(C=C, max_iter=500).fit(H[train], y[train])
        for C in PENALTIES["C"]
    ]
    best = max(fits, key=lambda model: model.score(H[valid], y[valid]))
    return 100 * best.score(H[test], y[test])


def tenths(y, n_splits):
    """A tenth of the nodes to learn from, in the shares of the classes."""
    known = np.flatnonzero(y >= 0)
    for seed in range(n_splits):
        yield train_test_split(
            known, train_size=0.1, stratify=y[known], random_state=3000 + seed
        )


def on_tenths(H, y, n_splits):
    """Mean test accuracy, C by three folds of the training nodes."""
    found = []
    for train, test in tenths(y, n_splits):
        model = GridSearchCV(LogisticRegression(max_iter=500), PENALTIES, cv=3)
        found.append(model.fit(H[train], y[train]).score(H[test], y[test]))
    return 100 * np.mean(found)


def chosen_on_tenths(made, y, n_splits):
    """Mean test accuracy; columns and C are chosen by folds of the training nodes."""
    found = []
    for train, test in tenths(y, n_splits):
        models = [
            (GridSearchCV(LogisticRegression(max_iter=500), PENALTIES, cv=3), H)
            for H in made
        ]
        fits = [(model.fit(H[train], y[train]), H) for model, H in models]
        model, H = max(fits, key=lambda fit: fit[0].best_score_)
        found.append(model.score(H[test], y[test]))
    return 100 * np.mean(found)


def by_tangent_kernel(graph, y, split, n_splits):
    """Support vectors on the kernel: layers and C by validation nodes, or folds."""
    kernels = [graph_neural_tangent_kernel(graph, n_layers=n) for n in (1, 2, 3)]
    kernels = [K / K.diagonal().mean() for K in kernels]
    train, valid, test = split
    fits = [
        (SVC(C=C, kernel="precomputed").fit(K[np.ix_(train, train)], y[train]), K)
        for K in kernels
        for C in PENALTIES["C"]
    ]
    best, K = max(
        fits, key=lambda fit: fit[0].score(fit[1][np.ix_(valid, train)], y[valid])
    )
    public = 100 * best.score(K[np.ix_(test, train)], y[test])
    found = []
    for one, rest in tenths(y, n_splits):
        fits = [
            (GridSearchCV(SVC(kernel="precomputed"), PENALTIES, cv=3), K)
            for K in kernels
        ]
        fits = [(m.fit(K[np.ix_(one, one)], y[one]), K) for m, K in fits]
        model, K = max(fits, key=lambda fit: fit[0].best_score_)
        found.append(model.score(K[np.ix_(rest, one)], y[rest]))
    return public, 100 * np.mean(found)


def pagerank(graph, y, train, valid):
    """scikit-network's PageRankClassifier, its damping by validation nodes."""
    from sknetwork.classification import PageRankClassifier

    A = sp.csr_matrix(graph.adjacency)
    labels = np.full(len(y), -1)
    labels[train] = y[train]
    found = [
        PageRankClassifier(damping_factor=d).fit_predict(A, labels)
        for d in (0.5, 0.7, 0.85, 0.9, 0.95, 0.98)
    ]
    return max(found, key=lambda told: np.mean(told[valid] == y[valid]))


def main(folder, quick):
    """Write the table."""
    n_splits = 1 if quick else 10
    blind = ["PageRankClassifier", "GraphKernelClassifier", "STKRClassifier"]
    few, tangent = "128 components, chosen by folds", "graph_neural_tangent_kernel, SVC"
    names = [*SETTINGS, few, tangent, *blind]
    rows = {name: {"method": name} for name in names}
    for data in ("Cora",) if quick else FILES:
        graph, y, split = load(folder / f"{FILES[data]}.npz")
        nodes = np.arange(len(y))[:, None]
        GraphFeatureExpansion(graph=graph, n_components=2).fit(nodes)  # compiles
        made = {}
        for name, options in SETTINGS.items():
            model = GraphFeatureExpansion(graph=graph, random_state=0, **options)
            H, cpu, _ = timed(model.fit_transform, nodes)
            rows[name] |= {
                f"{data}, public": on_public_split(H, y, split),
                f"{data}, a tenth": on_tenths(H, y, n_splits)
                if name in TENTHS
                else np.nan,
                f"{data}, s": cpu,
            }
            print(rows[name], flush=True)
            if name in FEW:
                made[name] = H
        rows[few] |= {
            f"{data}, public": np.nan,
            f"{data}, a tenth": chosen_on_tenths(made.values(), y, n_splits),
            f"{data}, s": np.nan,
        }
        print(rows[few], flush=True)
        _, cpu, _ = timed(graph_neural_tangent_kernel, graph, n_layers=2)
        public, tenth = by_tangent_kernel(graph, y, split, n_splits)
        rows[tangent] |= {
            f"{data}, public": public,
            f"{data}, a tenth": tenth,
            f"{data}, s": cpu,
        }
        print(rows[tangent], flush=True)
        train, valid, test = split
        for name in blind:
            accuracy, seconds = [], 0.0
            parts = [(train, valid, test)]
            for some, rest in tenths(y, n_splits if name in TENTHS else 0):
                parts.append((some[::2], some[1::2], rest))
            for number, (one, other, rest) in enumerate(parts):
                if name == "PageRankClassifier":
                    told, cpu, _ = timed(pagerank, graph, y, one, other)
                    told = told[rest]
                else:
                    Class = PEERS[name]
                    # These choose by their training nodes, and have all of a tenth.
                    one = one if number == 0 else np.concatenate([one, other])
                    model, cpu, _ = timed(Class(graph=graph).fit, one[:, None], y[one])
                    told = model.predict(rest[:, None])
                accuracy.append(100 * np.mean(told == y[rest]))
                seconds = cpu
            rows[name] |= {
                f"{data}, public": accuracy[0],
                f"{data}, a tenth": np.mean(accuracy[1:]) if accuracy[1:] else np.nan,
                f"{data}, s": seconds,
            }
            print(rows[name], flush=True)
    for row in rows.values():
        for key, value in row.items():
            if key.endswith(("public", "tenth")):
                row[key] = "-" if np.isnan(value) else f"{value:.1f}"
            elif key.endswith(", s") and np.isnan(value):
                row[key] = "-"
    report(
        "feature_expansion",
        list(rows.values()),
        title="Classes of nodes with features: accuracy in %",
        packages=() if quick else ("scikit-network",),
        notes=[
            "Public split: 20 labels a class. A tenth: mean of ten splits. The last "
            "three see no features; PageRank learns from half of a tenth, and chooses "
            "by the other.",
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


if __name__ == "__main__":
    given = parser(__doc__)
    given.formatter_class = argparse.RawDescriptionHelpFormatter
    given.add_argument("--data", type=Path, help="folder of npz files")
    given = given.parse_args()
    warnings.simplefilter("ignore")
    if given.data is None:
        print("needs --data")
    else:
        main(given.data, given.quick)
