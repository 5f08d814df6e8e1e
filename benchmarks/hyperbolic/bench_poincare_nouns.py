"""PoincareEmbedding on all nouns of WordNet in 10 dimensions: quality against time.

gensim's speed is measured on a part of the edges, with its 10 negatives against our 50.
Exact ranks of a sample of nodes. Needs WordNet's files, see `fetch_wordnet_nouns`.
"""

import os
import resource
import time

import numpy as np

from benchmarks._report import arguments, report
from skgeom import PoincareEmbedding
from skgeom.datasets import fetch_wordnet_nouns
from skgeom.metrics import link_ranks

N_SAMPLED = 2_000


def scores(model, rows):
    """MAP and mean rank of some nodes, by exact ranks among all."""
    table = model._coordinates, model._gaps
    queries = tuple(array[rows] for array in table)
    links = model.graph_.adjacency[rows]
    precisions, ranks = link_ranks(queries, table, links, links * 0, rows)
    return precisions.mean(), ranks.mean()


def gensim_speed(nouns, n_edges=20_000):
    """Edges of gensim a second, on the clock and of CPU, its vocabulary built."""
    from gensim.models.poincare import PoincareModel

    edges = np.column_stack(nouns.adjacency.nonzero())
    edges = edges[np.random.RandomState(0).permutation(len(edges))]
    model = PoincareModel(
        [(str(u), str(v)) for u, v in edges], size=10, negative=10, burn_in=0, seed=0
    )
    indices = np.arange(n_edges)
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in range(0, n_edges, 10):
        relations = [model.all_relations[i] for i in indices[batch : batch + 10]]
        model._train_on_batch(relations)
    return n_edges / (time.perf_counter() - wall), n_edges / (time.process_time() - cpu)


def main():
    """A row for each number of epochs."""
    args = arguments(__doc__)
    source = os.environ.get("WORDNET")
    nouns = fetch_wordnet_nouns(source=source)
    nodes = np.arange(nouns.n_nodes)[:, None]
    with_links = np.flatnonzero(np.diff(nouns.adjacency.indptr))
    rows = np.random.RandomState(0).choice(with_links, N_SAMPLED, replace=False)
    PoincareEmbedding(10, graph=nouns, max_iter=1, n_negatives=1).fit(nodes)
    table = []
    # A rate of next to nothing leaves the layout as it is.
    for name, epochs, rate in [
        ("layout alone", 1, 1e-9),
        *[("default", count, "auto") for count in ((1,) if args.quick else (20, 100))],
    ]:
        wall, cpu = time.perf_counter(), time.process_time()
        model = PoincareEmbedding(
            10,
            graph=nouns,
            max_iter=epochs,
            learning_rate=rate,
            n_jobs=2,
            random_state=0,
        ).fit(nodes)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        precision, rank = scores(model, rows)
        table.append(
            {
                "fit": name,
                "epochs": epochs,
                "MAP": f"{precision:.4f}",
                "mean rank": f"{rank:.2f}",
                "wall s": f"{wall:.1f}",
                "CPU s": f"{cpu:.1f}",
                "edges a s": f"{epochs * nouns.n_edges / wall:,.0f}",
                "edges a CPU s": f"{epochs * nouns.n_edges / cpu:,.0f}",
            }
        )
        print(table[-1], flush=True)
    notes = [
        "one seed; seconds are of the whole fit, start and graph included, 2 threads",
        f"exact ranks of {N_SAMPLED} nodes; peak memory of the process "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB",
    ]
    if not args.quick:
        try:
            clock, alone = gensim_speed(nouns)
            done = table[-1]["epochs"] * nouns.n_edges
            ratios = [
                done / float(table[-1]["wall s"]) / clock,
                done / float(table[-1]["CPU s"]) / alone,
            ]
            notes.append(
                f"gensim in the same process, 10 negatives, one thread: {clock:,.0f} "
                f"edges a second, {alone:,.0f} a CPU second; the last row's, with 50 "
                f"negatives on 2 threads, are {ratios[0]:.0f} and {ratios[1]:.0f} "
                f"times more; load average {os.getloadavg()[0]:.1f}"
            )
        except ImportError:
            notes.append("gensim is not installed")
    report(
        "poincare_nouns",
        table,
        title="The closure of WordNet's 82,115 nouns, 743,241 links, 10 dimensions",
        notes=notes,
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
