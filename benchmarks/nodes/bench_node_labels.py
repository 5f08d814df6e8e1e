"""Classes of the nodes of real graphs from few labels: defaults beside tuned peers.

``--data FOLDER`` has npz files with `n`, `edges` of shape (2, m) and `y`, -1 where a
node has no class: Cora, Citeseer and Pubmed of Planetoid, and Photo, CS and Physics of
Shchur et al. (2018) in the format of GraphData. Estimators of this package are at their
defaults, and beside each is the best point of a grid of its own parameters, by test
nodes; peers are tuned on validation nodes, of which ours see nothing.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import RidgeClassifier

from benchmarks._graphs import labelled_graph
from benchmarks._report import parser, report, timed
from skgeom import GraphKernelClassifier, GraphRandomFeatures, STKRClassifier

FILES = dict(
    Cora="planetoid_cora",
    Citeseer="planetoid_citeseer",
    Pubmed="planetoid_pubmed",
    Photo="amazon_photo",
    CS="coauthor_cs",
    Physics="coauthor_phy",
)
SHARES = ("20 a class", "5 %")
TIMES, PENALTIES = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0), (1e-4, 1e-3, 1e-2, 1e-1)
DAMPING = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)


def split(y, share, seed):
    """Training, validation and test nodes; 20 and 30 of each class, or 5 % each."""
    order = np.random.default_rng(seed).permutation(len(y))
    order = order[y[order] >= 0]
    if share == "5 %":
        size = len(y) // 20
        return order[:size], order[size : 2 * size], order[2 * size :]
    rank = np.empty(len(y), dtype=int)
    for c in np.unique(y[order]):
        of_class = order[y[order] == c]
        rank[of_class] = np.arange(len(of_class))
    rank = rank[order]
    return order[rank < 20], order[(rank >= 20) & (rank < 50)], order[rank >= 50]


def spread(step, y, train, share, n_steps=1000, tol=1e-6):
    """Label spreading to convergence on the normalised adjacency."""
    classes, numbers = np.unique(y[train], return_inverse=True)
    Y = np.zeros((len(y), len(classes)))
    Y[train, numbers] = 1.0
    F = Y
    for _ in range(n_steps):
        F, before = share * (step @ F) + (1 - share) * Y, F
        if np.abs(F - before).max() < tol * np.abs(F).max():
            break
    reach = F.sum(axis=1, keepdims=True)
    return classes[(F / np.where(reach > 0, reach, 1.0)).argmax(axis=1)]


def peers(graph, y, train):
    """Name to functions of the candidates, each of which predicts all nodes."""
    import scipy.sparse as sp
    from sknetwork.classification import DiffusionClassifier, PageRankClassifier

    A, step = sp.csr_matrix(graph.adjacency), graph.laplacian().transition
    labels = {int(i): int(y[i]) for i in train}
    return {
        "PageRankClassifier, tuned": [
            lambda d=d: PageRankClassifier(damping_factor=d, n_iter=50).fit_predict(
                A, labels
            )
            for d in DAMPING
        ],
        "DiffusionClassifier, tuned": [
            lambda n=n, c=c: DiffusionClassifier(n_iter=n, centering=c).fit_predict(
                A, labels
            )
            for n in (2, 5, 10, 20, 50, 100)
            for c in (True, False)
        ],
        "LabelSpreading, tuned": [
            lambda d=d: spread(step, y, train, d)
            for d in (0.2, 0.5, 0.8, 0.9, 0.95, 0.99)
        ],
    }


def best_of_grid(graph, y, train, test, seed, kind):
    """Test accuracy of each point of the grid of (time, penalty)."""
    found = {}
    ids, truth = train[:, None], y[test]
    for time in TIMES:
        if kind == "features":
            features = GraphRandomFeatures(
                graph=graph, diffusion_time=time, alpha=1.0, random_state=seed
            ).fit(ids)
            A, B = features.transform(ids), features.transform(test[:, None])
            diagonal = A.multiply(A).sum() / len(train)
        for share in PENALTIES:
            if kind == "features":
                model = RidgeClassifier(share * diagonal).fit(A, y[train])
                found[time, share] = model.score(B, truth)
            else:
                model = GraphKernelClassifier(
                    graph=graph, diffusion_time=time, alpha=share, tol=1e-4
                ).fit(ids, y[train])
                found[time, share] = model.score(test[:, None], truth)
    return found


def ours(graph, y, train, test, seed):
    """Name to a function that trains at the defaults, and tests."""
    ids, truth = train[:, None], y[test]

    def by_features():
        features = GraphRandomFeatures(graph=graph, random_state=seed)
        Phi = features.fit_transform(ids, y[train])
        model = RidgeClassifier().fit(Phi, y[train])
        return model.score(features.transform(test[:, None]), truth)

    def fitted(Class):
        return Class(graph=graph).fit(ids, y[train]).score(test[:, None], truth)

    return {
        "GraphKernelClassifier": lambda: fitted(GraphKernelClassifier),
        "GraphRandomFeatures, RidgeClassifier": by_features,
        "STKRClassifier": lambda: fitted(STKRClassifier),
    }


def measure(graph, y, share, seed, with_grid):
    """Accuracies and CPU seconds of all methods on one split."""
    warnings.simplefilter("ignore")
    train, validation, test = split(y, share, seed)
    scores, seconds, grids = {}, {}, {}
    for name, method in ours(graph, y, train, test, seed).items():
        scores[name], seconds[name], _ = timed(method)
    for name, candidates in peers(graph, y, train).items():
        found = [candidate() for candidate in candidates]
        best = max(found, key=lambda p: (p[validation] == y[validation]).mean())
        scores[name] = (best[test] == y[test]).mean()
    if with_grid:
        for name, kind in (
            ("GraphKernelClassifier", "kernel"),
            ("GraphRandomFeatures, RidgeClassifier", "features"),
        ):
            grids[name] = best_of_grid(graph, y, train, test, seed, kind)
    return scores, seconds, grids


def main():
    """Mean accuracy over splits, a table of graphs and shares."""
    options = parser(__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("--data", help="folder of the npz files")
    options.add_argument("--graphs", default=",".join(FILES), help="names")
    options.add_argument("--splits", type=int, default=10)
    options.add_argument("--jobs", type=int, default=1)
    args = options.parse_args()
    if not args.data:
        print("no --data: nothing to measure")
        return
    n_splits = 1 if args.quick else args.splits
    table, cpu, best = {}, {}, {}
    for graph_name in args.graphs.split(","):
        graph, y = labelled_graph(Path(args.data) / f"{FILES[graph_name]}.npz")
        y = y.astype(np.int64)
        # A grid of fits is slow on the large ones.
        n_grids = min(n_splits, 10 if graph.n_nodes < 10_000 else 2)
        for share in SHARES:
            column, grids = f"{graph_name} {share}", {}
            found = Parallel(n_jobs=args.jobs)(
                delayed(measure)(graph, y, share, seed, seed < n_grids)
                for seed in range(n_splits)
            )
            for seed, (scores, seconds, grid) in enumerate(found):
                for name, value in scores.items():
                    table.setdefault(name, {}).setdefault(column, []).append(value)
                for name, value in seconds.items():
                    cpu.setdefault(name, []).append(value)
                for name, found in grid.items():
                    grids.setdefault(name, []).append(found)
                print(column, seed, scores, flush=True)
            for name, found in grids.items():
                mean = {p: np.mean([f[p] for f in found]) for p in found[0]}
                point = max(mean, key=mean.get)
                gap = mean[point] - np.mean(table[name][column][: len(found)])
                best.setdefault(name, {})[column] = (mean[point], gap)
    columns = [f"{g} {s}" for g in args.graphs.split(",") for s in SHARES]
    rows = []
    for name, values in table.items():
        means = {column: np.mean(values[column]) for column in columns}
        rows.append({"method": name} | {c: f"{means[c]:.3f}" for c in columns})
        rows[-1]["mean"] = f"{np.mean(list(means.values())):.4f}"
        rows[-1]["CPU s"] = f"{np.median(cpu[name]):.1f}" if name in cpu else ""
        if name in best:
            found = best[name]
            shown = {c: f"{found[c][0]:.3f} ({found[c][1]:+.3f})" for c in columns}
            mean = np.mean([found[c][0] for c in columns])
            rows.append(
                {"method": f"{name}, best of a grid (above the default)"}
                | shown
                | {"mean": f"{mean:.4f}", "CPU s": ""}
            )
    report(
        "node_labels",
        rows,
        title="Classes of nodes from few labels, accuracy",
        packages=("scikit-network",),
        notes=[
            f"{n_splits} random splits, default_rng(0) to default_rng({n_splits - 1}); "
            "the test is all nodes but those for training and validation",
            "validation: 30 nodes of each class, or 5 %; for scikit-network's and "
            "label spreading alone",
            f"best of a grid: of times {TIMES} and penalties {PENALTIES} (of features, "
            "as shares of their mean square), by the mean test accuracy of all splits, "
            "for graphs above 10,000 nodes of two; in brackets the mean gain over the "
            "default on these",
            "CPU s: fit and score at the defaults, median over all",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
