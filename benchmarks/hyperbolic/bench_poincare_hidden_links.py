"""Links of undirected graphs that were held back, found again.

Beside the embedding, a count of common neighbours that weighs those with few links more
(Adamic and Adar, 2003), which needs no fit; and the embedding of the same graph with
such pairs as links of their own (second order).
"""

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from benchmarks._graphs import labelled_graph
from benchmarks._report import arguments, report
from skgeom import PoincareEmbedding
from skgeom.graph import Graph, train_test_split_edges
from skgeom.metrics import link_prediction_score

DATA = Path(__file__).parents[3] / "shared" / "data" / "graphs"
DIMENSIONS = (2, 10)


def groups(n, seed):
    """Authors who write papers by threes, mostly with the same few."""
    rng = np.random.default_rng(seed)
    edges = []
    for _ in range(n):
        first = rng.integers(n)
        near = (first + rng.integers(-10, 11, 2)) % n
        edges += [(first, near[0]), (first, near[1]), (near[0], near[1])]
    edges = np.array([edge for edge in edges if edge[0] != edge[1]])
    return Graph.from_edges(np.unique(np.sort(edges, axis=1), axis=0), n_nodes=n)


def graphs(quick):
    """Names and graphs."""
    yield "papers by threes", groups(300 if quick else 1500, 0)
    if not quick:
        yield "cora", labelled_graph(DATA / "planetoid_cora.npz")[0]


def adamic_adar(graph):
    """Sums over common neighbours of 1 / log(degree)."""
    A = sp.csr_array(graph.adjacency)
    degrees = np.diff(A.indptr)
    few = 1 / np.log(np.maximum(degrees, 2))
    found = sp.csr_array(A @ sp.diags_array(few) @ A)
    found.setdiag(0)
    found.eliminate_zeros()
    return found


def precision(scores, hidden, known):
    """Mean average precision of hidden links by scores, ties in the middle."""
    found = []
    for node in np.flatnonzero(np.diff(hidden.indptr)):
        row = scores[node]
        right = hidden.indices[hidden.indptr[node] : hidden.indptr[node + 1]]
        others = np.ones(len(row), dtype=bool)
        others[right] = others[known[[node]].indices] = others[node] = False
        wrong = row[others]
        near = np.sort(row[right])[::-1]
        above = [(wrong > s).sum() + (wrong == s).sum() / 2 for s in near]
        k = np.arange(1, len(near) + 1)
        found.append((k / (k + np.array(above))).mean())
    return np.mean(found)


def second_order(graph, share=0.5):
    """The graph, and pairs with common neighbours as lighter links."""
    A, more = sp.csr_array(graph.adjacency), adamic_adar(graph)
    more = more * (share / more.max(axis=1).toarray().max())
    return Graph.from_adjacency(A + sp.csr_array(more), directed=False)


def main():
    """A row for each graph."""
    args = arguments(__doc__)
    seeds = (400,) if args.quick else (400, 401)
    rows = []
    for name, graph in graphs(args.quick):
        runs = []
        for seed in seeds:
            known, hidden = train_test_split_edges(graph, 0.2, random_state=seed)
            links = sp.csr_array(hidden.adjacency), sp.csr_array(known.adjacency)
            run = {
                "Adamic-Adar": float(precision(adamic_adar(known).toarray(), *links))
            }
            nodes = np.arange(graph.n_nodes)[:, None]
            fits = [(d, f"embedding, {d} dims", known) for d in DIMENSIONS]
            fits.append((10, "10 dims, second order", second_order(known)))
            for d, label, fitted in fits:
                model = PoincareEmbedding(d, graph=fitted, random_state=seed).fit(nodes)
                run[label] = link_prediction_score(
                    model.embedding_, hidden, known=known
                )
            runs.append(run)
            print(name, run, flush=True)
        row = {"graph": name, "nodes": graph.n_nodes, "links": graph.n_edges}
        rows.append(row | {key: float(np.mean([r[key] for r in runs])) for key in run})
    report(
        "poincare_hidden_links",
        rows,
        title="Mean average precision of a fifth of the links, held back",
        notes=[
            f"means over seeds {', '.join(map(str, seeds))}; 300 epochs, 50 negatives",
            "known links are neither right nor wrong; ties count half",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
