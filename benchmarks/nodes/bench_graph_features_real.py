"""Classes of the nodes of a real graph from 5 % of the labels.

``--data FILE`` names an npz file with `n`, `edges` of shape (2, m) and `y`, such as the
co-author graph of physics of Shchur et al. (2018) in the format of GraphData.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from benchmarks._graphs import labelled_graph
from benchmarks._report import parser, report, timed
from skgeom import GraphKernelRidge, GraphRandomFeatures

# Time and penalty are the best of a few for the exact kernel on the first split.
TIME, ALPHA, SHARE = 20.0, 0.001, 0.05


def by_ridge(features):
    """Ridge on features, with the same penalty as the exact kernel."""

    def classify(train, targets, test):
        Phi = features.fit(train, targets.argmax(axis=1)).transform(train)
        model = Ridge(ALPHA, fit_intercept=False, solver="sparse_cg")
        model.fit(Phi, targets - targets.mean(axis=0))
        scores = features.transform(test) @ model.coef_.T + targets.mean(axis=0)
        return scores.argmax(axis=1)

    return classify


def methods(graph, seed):
    """Name to a function of training nodes, one-hot targets and test nodes."""
    shared = dict(graph=graph, diffusion_time=TIME)

    def exact(train, targets, test):
        model = GraphKernelRidge(alpha=ALPHA, **shared).fit(train, targets)
        return model.predict(test).argmax(axis=1)

    def searched(train, targets, test):
        model = GridSearchCV(
            make_pipeline(
                GraphRandomFeatures(
                    graph=graph, alpha=1.0, n_walks=64, random_state=seed
                ),
                RidgeClassifier(solver="sparse_cg"),
            ),
            {
                "graphrandomfeatures__diffusion_time": [5.0, 10.0, 20.0],
                "ridgeclassifier__alpha": [1e-4, 1e-3],
            },
            cv=3,
        )
        return model.fit(train, targets.argmax(axis=1)).predict(test)

    found = {"exact kernel ridge": exact}
    for n_walks in (16, 64):
        found[f"features, {n_walks} walks"] = by_ridge(
            GraphRandomFeatures(alpha=1.0, n_walks=n_walks, random_state=seed, **shared)
        )
    found["features, 64 walks, learned, 8 steps"] = by_ridge(
        GraphRandomFeatures(
            "learned",
            n_steps=8,
            alpha=1.0,
            graph=graph,
            n_walks=64,
            random_state=seed,
        )
    )
    found["features, 64 walks, grid search of time and penalty"] = searched
    try:
        from sknetwork.classification import DiffusionClassifier, PageRankClassifier
    except ImportError:
        print("scikit-network is not installed")
        return found
    import scipy.sparse as sp

    adjacency = sp.csr_matrix(graph.adjacency)
    for Class in (PageRankClassifier, DiffusionClassifier):

        def peer(train, targets, test, Class=Class):
            labels = dict(
                zip(train[:, 0].tolist(), targets.argmax(axis=1).tolist(), strict=True)
            )
            return Class().fit_predict(adjacency, labels)[test[:, 0]]

        found[f"scikit-network, {Class.__name__}"] = peer
    return found


def main():
    """Mean accuracy over splits."""
    options = parser(__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("--data", help="npz file of the graph")
    args = options.parse_args()
    if not args.data:
        print("no --data: nothing to measure")
        return
    graph, y = labelled_graph(args.data)
    n, classes = graph.n_nodes, int(y.max()) + 1
    n_splits = 2 if args.quick else 10
    scores = {}
    for seed in range(n_splits):
        order = np.random.default_rng(seed).permutation(n)[:, None]
        train, test = order[: int(SHARE * n)], order[int(SHARE * n) :]
        targets = np.eye(classes)[y[train[:, 0]]]
        for name, method in methods(graph, seed).items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found, cpu, _ = timed(method, train, targets, test)
            accuracy = (found == y[test[:, 0]]).mean()
            scores.setdefault(name, []).append((accuracy, cpu))
            print(seed, name, f"{accuracy:.4f} {cpu:.2f}", flush=True)
    exact = np.array(scores["exact kernel ridge"])[:, 0]
    rows = []
    for name, values in scores.items():
        accuracy, cpu = np.array(values).T
        rows.append(
            {
                "method": name,
                "accuracy": f"{accuracy.mean():.4f} ± {accuracy.std():.4f}",
                "below the exact kernel": f"{(exact - accuracy).mean():+.4f}",
                "CPU s": f"{np.median(cpu):.2f}",
            }
        )
    report(
        "graph_features_real",
        rows,
        title=f"{Path(args.data).stem}: {n:,} nodes, {graph.n_edges:,} edges, "
        f"{classes} classes, {100 * SHARE:g} % labelled",
        packages=("scikit-network",),
        notes=[
            f"{n_splits} random splits, default_rng(0) to default_rng({n_splits - 1}); "
            "all other nodes are the test",
            f"diffusion, time {TIME:g}, penalty {ALPHA:g}, the best of a few for the "
            "exact kernel on the first split, unless a row says more; scikit-network "
            "with its defaults",
            "CPU s: fit and predict, features included, median over splits",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
