"""Node classification by links alone, against converged label spreading.

``--data FOLDER`` names the graphs; those that are missing are left out. Every setting
is chosen on validation nodes, the transform among them. ``--kept FILE`` keeps scores
there as they come, and an interrupted run goes on from them; ``--graphs`` runs some,
and ``--table`` shows what is kept.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks._report import report
from benchmarks.kernels._semisupervised import (
    GRAPHS,
    arguments,
    best_by,
    label_spreading,
    load_graph,
    normalised,
    split,
)
from skgeom import STKRClassifier
from skgeom.graph import Graph

SPREADING = (0.5, 0.8, 0.9, 0.95, 0.99)
OURS = {
    "inverse Laplacian": [
        dict(degree=1, strength=s, alpha=a, normalization=m)
        for m in ("symmetric", "random_walk")
        for s in (10.0, 100.0, 1000.0)
        for a in (0.1, 1.0)
    ],
    "squared": [
        dict(degree=2, strength=s, alpha=a, normalization=m, solver="cg", tol=1e-3)
        for m in ("symmetric", "random_walk")
        for s in (10.0, 100.0)
        for a in (1.0, 10.0)
    ],
    "polynomial": [
        dict(spectral_transform="polynomial", degree=q, alpha=a, normalization=m)
        for m in ("symmetric", "random_walk")
        for q in (8, 16)
        for a in (1e-3, 1e-2)
    ],
}


def accuracy(predicted, y, nodes):
    """Share of nodes whose class is right."""
    return float((predicted[nodes] == y[nodes]).mean())


def transductive(graph, y, train, make):
    """Predictions for all nodes, the graph known whole."""
    model = make(graph=graph).fit(train[:, None], y[train])
    return model.predict(np.arange(len(y))[:, None])


def inductive(graph, y, train, unseen, make):
    """Predictions for all nodes; the unseen ones were not in the graph of the fit."""
    seen = np.setdiff1d(np.arange(len(y)), unseen)
    labels = np.full(len(y), -1)
    labels[train] = y[train]
    adjacency = graph.adjacency
    model = make(kernel="precomputed").fit(adjacency[seen][:, seen], labels[seen])
    out = np.empty_like(y)
    out[seen] = model.transduction_
    out[unseen] = model.predict(adjacency[unseen][:, seen])
    return out


def spread(graph, y, train, alpha, unseen=None):
    """The same of converged label spreading; unseen nodes average their neighbours."""
    if unseen is None:
        return label_spreading(normalised(graph), train, y[train], alpha)[0].argmax(1)
    seen = np.setdiff1d(np.arange(len(y)), unseen)
    place = np.full(len(y), -1)
    place[seen] = np.arange(len(seen))
    part = Graph.from_adjacency(graph.adjacency[seen][:, seen])
    F, _ = label_spreading(normalised(part), place[train], y[train], alpha)
    F = F / np.maximum(F.sum(axis=1, keepdims=True), 1e-300)
    out = np.empty_like(y)
    out[seen] = F.argmax(axis=1)
    out[unseen] = (graph.adjacency[unseen][:, seen] @ F).argmax(axis=1)
    return out


def planetoid(folder, name):
    """One row for a graph with its public split."""
    graph, y, file = load_graph(folder, name)
    train, val, test = file["train"], file["val"], file["test"]
    row = {"graph": name.partition("_")[2]}
    S, found = normalised(graph), {}
    for alpha in SPREADING:
        F, _ = label_spreading(S, train, y[train], alpha)
        found[alpha] = F.argmax(axis=1)
    best = best_by({a: accuracy(p, y, val) for a, p in found.items()})
    row["label spreading"] = 100 * accuracy(found[best], y, test)
    row["label propagation"] = 100 * accuracy(propagate(graph, y, train), y, test)
    row |= {k: 100 * v for k, v in chosen(graph, y, train, val, test).items()}
    return row


def propagate(graph, y, train, n_iter=1000):
    """Label propagation (Zhu and Ghahramani 2002): averages, labels held fixed."""
    degrees = np.maximum(graph.degrees, 1e-300)[:, None]
    known = np.eye(y.max() + 1)[y[train]]
    F = np.zeros((len(y), known.shape[1]))
    for _ in range(n_iter):
        F[train] = known
        F = (graph.adjacency @ F) / degrees
    return F.argmax(axis=1)


def chosen(graph, y, train, val, test, unseen=None):
    """Test accuracy of each transform's best setting, and of the best of all."""
    best, scores = {}, {}
    for transform, settings in OURS.items():
        found = {}
        for i, setting in enumerate(settings):

            def make(setting=setting, **more):
                return STKRClassifier(**setting, **more)

            if unseen is None:
                predicted = transductive(graph, y, train, make)
            else:
                predicted = inductive(graph, y, train, unseen, make)
            found[i] = accuracy(predicted, y, val), accuracy(predicted, y, test)
        winner = best_by({i: pair[0] for i, pair in found.items()})
        best[transform], scores[transform] = found[winner]
    return scores | {"STKR, chosen": scores[best_by(best)]}


def random_splits(folder, name, seeds, mode, kept):
    """Score random splits of a graph that are not kept already."""
    graph, y, _ = load_graph(folder, name)
    for seed in seeds:
        key = f"{name}, {mode}, {seed}"
        if key in kept:
            continue
        rng = np.random.default_rng(seed)
        train, val, test = split(y, rng)
        unseen = None
        if mode == "inductive":
            test = unseen = rng.permutation(test)[: len(y) // 10]
        found = {a: spread(graph, y, train, a, unseen) for a in SPREADING}
        best = best_by({a: accuracy(p, y, val) for a, p in found.items()})
        row = {"label spreading": accuracy(found[best], y, test)}
        kept.add(key, row | chosen(graph, y, train, val, test, unseen))


def summary(name, mode, kept):
    """One row for a graph: means over its splits."""
    rows = [row for key, row in kept.items() if key.startswith(f"{name}, {mode}, ")]
    if not rows:
        return None
    table = {k: 100 * np.array([row[k] for row in rows]) for k in rows[0]}
    gain = table["STKR, chosen"] - table["label spreading"]
    return (
        {"graph": GRAPHS[name], "mode": mode, "seeds": len(rows)}
        | {k: f"{v.mean():.2f} ± {v.std():.2f}" for k, v in table.items()}
        | {"gain": f"{gain.mean():+.2f} ± {gain.std() / np.sqrt(len(gain)):.2f}"}
    )


class Kept(dict):
    """Scores by their key, written to a file as lines of JSON, where there is one."""

    def __init__(self, path):
        self.path = path
        lines = path.read_text().splitlines() if path and path.exists() else []
        super().__init__(map(json.loads, lines))

    def add(self, key, row):
        """Add the scores of one split."""
        self[key] = row
        print(key, row, flush=True)
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps([key, row]) + "\n")


def main():
    """The public splits, then random ones."""
    args = arguments(
        __doc__,
        ("--kept", {"type": Path, "help": "file of scores"}),
        ("--graphs", {"nargs": "*", "help": "some of the graphs, without a table"}),
        ("--table", {"action": "store_true", "help": "show what is kept"}),
    )
    kept = Kept(args.kept)
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", message=".*no kernel value other than zero")
    if args.data is None:
        print("This benchmark needs --data FOLDER.")
        return
    if args.graphs is not None:
        for name in args.graphs:
            for mode in ("transductive", "inductive"):
                random_splits(args.data, name, range(10), mode, kept)
        return
    public_splits(args)
    seeds = range(1) if args.quick else range(10)
    for name in ["planetoid_cora"] if args.quick else GRAPHS:
        if args.table or load_graph(args.data, name) is None:
            continue
        for mode in ("transductive", "inductive"):
            random_splits(args.data, name, seeds, mode, kept)
    rows = [
        summary(name, mode, kept)
        for name in GRAPHS
        for mode in ("transductive", "inductive")
    ]
    report(
        "stkr_graphs",
        [row for row in rows if row is not None],
        title="Accuracy (%) with 20 labels a class, by links alone",
        notes=[
            "seeds from 0: random nodes, 20 labels and 30 for validation a class; test "
            "nodes are all others (transductive) or a tenth of the nodes, which the "
            "fit has not seen (inductive)",
            "settings of every method, and the transform of the last column, chosen on "
            "validation nodes; ± is the standard deviation over seeds, for the gain "
            "over label spreading the standard error",
            "DBLP and Computers where --data has them",
        ],
        write=not args.quick,
    )


def public_splits(args):
    """The table of the Planetoid splits."""
    rows = [
        planetoid(args.data, f"planetoid_{name}")
        for name in (["cora"] if args.quick else ["cora", "citeseer", "pubmed"])
        if (args.data / f"planetoid_{name}.npz").exists()
    ]
    if not rows:
        return
    report(
        "stkr_planetoid",
        rows,
        title="Accuracy (%) on the public Planetoid splits, by links alone",
        notes=[
            "one split, 20 labels a class and 1,000 test nodes; settings of every "
            "method chosen on the 500 validation nodes, but for label propagation, "
            "which has none",
            "label spreading iterated to a relative residual of 1e-4, alpha in "
            f"{SPREADING}",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
