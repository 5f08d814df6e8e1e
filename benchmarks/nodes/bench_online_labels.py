"""Labels of nodes one by one: pushed mass beside the exact kernel and a vote.

``--data FOLDER`` has npz files with `n`, `edges` of shape (2, m) and `y`: Cora and
CiteSeer of Planetoid, of which the largest component is taken. Nodes come in random
order; each is predicted, and then its label is told. Accuracy is that of all
predictions, the mean of three orders. The million nodes are a block model of ten
blocks, degree 6, half of the edges inside, of which 50,000 labels come in batches of
1,000. Seconds of the processor, on one thread; teleport is 0.1 throughout.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from scipy.sparse import csgraph

from benchmarks._graphs import labelled_graph
from benchmarks._report import parser, report, timed
from benchmarks.nodes._block_model import block_model
from skgeom import OnlineGraphClassifier
from skgeom.graph import Graph

FILES = dict(Cora="planetoid_cora", CiteSeer="planetoid_citeseer")


def largest_component(path):
    """The graph of it, and its classes."""
    graph, y = labelled_graph(path)
    _, of = csgraph.connected_components(graph.adjacency)
    kept = np.flatnonzero(of == np.bincount(of).argmax())
    return Graph.from_adjacency((graph.adjacency[kept][:, kept] > 0) * 1.0), y[kept]


def stream(K, y, orders):
    """Share of right predictions, where row u of K is what the label of u brings."""
    found = []
    for order in orders:
        mass, counts = np.zeros((len(y), y.max() + 1)), np.zeros(y.max() + 1)
        hits = 0
        for u in order:
            hits += np.argmax(mass[u] + 1e-9 * counts) == y[u]
            mass[:, y[u]] += K[u]
            counts[y[u]] += 1
        found.append(hits / len(y))
    return float(np.mean(found))


def pushed(graph, y, orders, tol):
    """The same by the estimator, and microseconds a label; labels come one by one."""
    ids, classes = np.arange(len(y))[:, None], np.unique(y)
    model = OnlineGraphClassifier(tol=tol, graph=graph)
    model.partial_fit(ids[:1], y[:1], classes=classes)
    _, cpu, _ = timed(model.fit, ids, y)
    # What each label brings, to stream it without the cost of a call.
    K = np.empty((len(y), len(y)))
    for rows in np.array_split(np.arange(len(y)), 40):
        one = OnlineGraphClassifier(tol=tol, graph=graph).fit(ids[rows], rows)
        K[rows] = one.label_mass_.T
    return stream(K, y, orders), 1e6 * cpu / len(y)


def main(folder, quick):
    """Write the table."""
    rows = []
    for data in ("Cora",) if quick else FILES:
        graph, y = largest_component(folder / f"{FILES[data]}.npz")
        n = len(y)
        orders = [np.random.default_rng(s).permutation(n) for s in range(3)]
        votes = graph.adjacency.toarray()
        W = graph.laplacian().transition.toarray()
        exact = 0.1 * np.linalg.inv(np.eye(n) - 0.9 * W)
        rows.append(row(data, "vote of the neighbours", stream(votes, y, orders)))
        rows.append(row(data, "exact kernel", stream(exact, y, orders)))
        for tol in (0.1, 0.01, 0.001, 0.0001):
            rows.append(row(data, f"tol={tol:g}", *pushed(graph, y, orders, tol)))
            print(rows[-1], flush=True)
    n = 20_000 if quick else 1_000_000
    A, y = block_model(n, 10, 6, 0.5, seed=1)
    graph = Graph.from_adjacency(A)
    order = np.random.default_rng(0).permutation(n)[:50_000][:, None]
    for tol in (0.1, 0.01):
        model = OnlineGraphClassifier(tol=tol, graph=graph)
        model.partial_fit(order[:1], y[order[:1, 0]], classes=np.arange(10))
        hits, learned = [], 0.0
        for batch in np.array_split(order[1:], 50):
            hits.append(model.predict(batch) == y[batch[:, 0]])
            _, cpu, _ = timed(model.partial_fit, batch, y[batch[:, 0]])
            learned += cpu
        accuracy = float(np.mean(np.concatenate(hits)))
        rows.append(row(f"{n:,} nodes", f"tol={tol:g}", accuracy, 1e6 * learned / 5e4))
        print(rows[-1], flush=True)
    report(
        "online_labels",
        rows,
        title="Labels one by one: share of right predictions before each",
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


def row(data, method, accuracy, micros=None):
    """A row of the table."""
    cost = "-" if micros is None else f"{micros:.1f}"
    return {"data": data, "method": method, "accuracy": accuracy, "us a label": cost}


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
