"""Values of the nodes of a broken grid, and how far they may be off.

A field of Matérn's kernel on a grid of 45 x 45 nodes that lacks 15 % of its links, with
noise of a tenth of its variance at some nodes; beside ridge regression with the kernel
chosen by cross-validation, whose deviations are those of labels left out. With
``--large``, a grid of 316 x 316 nodes and 10,000 labels.
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu
from sklearn.model_selection import GridSearchCV

from benchmarks._report import parser, report, timed
from skgeom import GraphGPRegressor, GraphKernelRidge
from skgeom.graph import Graph

NOISE, KAPPA = 0.1, 0.02
GRID = {"length_scale": [3.0, 7.0, 14.0, 28.0], "alpha": [1e-3, 1e-2, 1e-1, 1.0]}


def broken_grid(side, rng):
    """A grid without 15 % of its links."""
    nodes = np.arange(side * side).reshape(side, side)
    pairs = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    edges = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    return Graph.from_edges(edges[rng.random(len(edges)) < 0.85], n_nodes=side**2)


def field(graph, rng):
    """A field of the covariance (kappa^2 + L)^-2."""
    L = graph.laplacian().matrix()
    matrix = (L + sp.diags_array(np.full(graph.n_nodes, KAPPA))).tocsc()
    return splu(matrix).solve(rng.standard_normal(graph.n_nodes))


def scores(mean, std, f, y):
    """Error of the field, negative log density and share in the 95 % band."""
    z = (y - mean) / std
    return {
        "rmse of the field": np.sqrt(np.mean((mean - f) ** 2)),
        "nlpd": np.mean(np.log(2 * np.pi * std**2) + z**2) / 2,
        "coverage of 95 %": np.mean(np.abs(z) < 1.959964),
    }


def ours(graph, ids, y, test):
    """Means and deviations by the evidence."""
    model = GraphGPRegressor(graph=graph).fit(ids, y)
    return model.predict(test, return_std=True)


def ridge(graph, ids, y, test):
    """The mean by cross-validation, and one deviation for all."""
    search = GridSearchCV(
        GraphKernelRidge("matern", graph=graph),
        GRID,
        cv=5,
        scoring="neg_mean_squared_error",
    ).fit(ids, y)
    return search.predict(test), np.full(len(test), np.sqrt(-search.best_score_))


METHODS = {
    "GraphGPRegressor": ours,
    "GraphKernelRidge, 16 settings by CV": ridge,
}


def main():
    """Print and keep the table."""
    options = parser(__doc__)
    options.add_argument("--large", action="store_true")
    args = options.parse_args()
    side, sizes = (316, (10_000,)) if args.large else (45, (200, 600))
    seeds = range(1 if args.quick or args.large else 5)
    methods = list(METHODS.items())[: 1 if args.large else None]
    rows = []
    for n_labels in sizes:
        found = {name: [] for name, _ in methods}
        for seed in seeds:
            rng = np.random.default_rng(seed)
            graph = broken_grid(side, rng)
            f = field(graph, rng)
            f /= f.std()
            order = rng.permutation(graph.n_nodes)
            y = f + np.sqrt(NOISE) * rng.standard_normal(len(f))
            train, test = order[:n_labels], order[n_labels:]
            for name, method in methods:
                (mean, std), cpu, _ = timed(
                    method, graph, train[:, None], y[train], test[:, None]
                )
                told = scores(mean, std, f[test], y[test])
                found[name].append(told | {"CPU s": cpu})
        for name, told in found.items():
            mean = {key: np.mean([t[key] for t in told]) for key in told[0]}
            rows.append({"labels": n_labels, "method": name, **mean})
            print(rows[-1], flush=True)
    report(
        "graph_gp_large" if args.large else "graph_gp",
        rows,
        title=f"A field on a grid of {side} x {side} nodes without 15 % of its links",
        notes=[
            f"means of {len(seeds)} graphs and fields, default_rng(0) on; noise of a "
            "tenth of the variance",
            "nlpd: negative log density of a label that was not seen, mean",
            "deviations of GraphKernelRidge: root of the mean squared error of five "
            "folds, the same for all nodes",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
