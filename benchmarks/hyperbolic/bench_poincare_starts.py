"""What PoincareEmbedding reaches from each start, and which init="auto" takes.

Hierarchies of many kinds: trees without and with directions, trees with a twentieth of
links more, transitive closures, whole and in halves, directed graphs without cycles;
and some graphs that are none. The share is what the choice costs, in time of the fit.
"""

import numpy as np
from joblib import Parallel, delayed

from benchmarks._report import arguments, report, timed
from skgeom import PoincareEmbedding
from skgeom.graph import Graph, transitive_closure
from skgeom.metrics import mean_rank, reconstruction_score

STARTS = ("tree", "random", "auto")
DIMENSIONS = (2, 10)


def parents(kind, n, rng):
    """The parent of each node but the first, which is an earlier one."""
    later = np.arange(1, n)
    if kind == "random":
        return rng.integers(later)
    if kind == "deep":
        return rng.integers(np.maximum(later - 15, 0), later)
    if kind == "balanced":
        return (later - 1) // 3
    if kind == "uneven":  # a random number of children for one node after the other
        return np.repeat(np.arange(n), 1 + rng.poisson(1.5, n))[: n - 1]
    ends = [0]  # "preferential": nodes as often as they have links
    for node in later:
        ends += [ends[rng.integers(len(ends))], node]
    return np.array(ends[1::2])


def tree(kind, n, rng):
    """Links of a tree from the special to the general."""
    return np.stack([np.arange(1, n), parents(kind, n, rng)], axis=1)


def earlier(kind, n, rng):
    """Links of each node to some earlier ones."""
    links, ends = [], [0]
    for node in range(1, n):
        if kind == "citations":
            found = {ends[rng.integers(len(ends))] for _ in range(4)}
        elif kind == "local":
            found = set(rng.integers(max(0, node - 30), node, 3).tolist())
        elif kind == "sparse":
            found = set(rng.integers(0, node, rng.integers(1, 3)).tolist())
        else:
            found = set(rng.integers(0, node, 3).tolist())
        ends += [node, *found]
        links += [(node, other) for other in found]
    return np.array(links)


def two_parents(n, rng):
    """An uneven tree, where a tenth of the nodes have a second parent."""
    links = tree("uneven", n, rng)
    some = rng.choice(np.arange(2, n), n // 10, replace=False)
    second = np.stack([some, rng.integers(0, some)], axis=1)
    return np.unique(np.concatenate([links, second]), axis=0)


def graphs(n, seed):
    """Names and graphs; numbers of nodes say nothing."""

    def made(links, directed):
        names = np.random.default_rng(seed + 1).permutation(n)
        return Graph.from_edges(names[links], n_nodes=n, directed=directed)

    for kind in ("random", "deep", "balanced", "uneven", "preferential"):
        rng = np.random.default_rng(seed)
        links = tree(kind, n, rng)
        yield f"{kind} tree", made(links, False)
        extra = rng.integers(0, n, (n // 20, 2))
        both = np.concatenate([links, extra[extra[:, 0] != extra[:, 1]]])
        both = np.unique(np.sort(both, axis=1), axis=0)
        yield f"{kind} tree, more links", made(both, False)
        yield f"{kind} tree, directed", made(links, True)
        closure = transitive_closure(made(links, True))
        yield f"{kind} tree, closure", closure
    links = _links(closure)
    half = links[rng.random(len(links)) < 0.5]
    yield "half of that", Graph.from_edges(half, n_nodes=n, directed=True)
    for kind in ("random", "sparse", "local", "citations"):
        yield f"{kind}, acyclic", made(earlier(kind, n, rng), True)
    acyclic = made(two_parents(n, rng), True)
    yield "two parents", acyclic
    yield "two parents, closure", transitive_closure(acyclic)
    edges = rng.integers(0, n, (3 * n, 2))
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    yield "no hierarchy", made(edges, False)
    around = np.stack([np.arange(n), (np.arange(n) + 1) % n], axis=1)
    yield "ring", made(around, False)


def _links(graph):
    heads = np.repeat(np.arange(graph.n_nodes), np.diff(graph.adjacency.indptr))
    return np.stack([heads, graph.adjacency.indices], axis=1)


def figures(graph, dimension, init, seed):
    """Precision, mean rank, CPU seconds and the size of the layout."""
    model = PoincareEmbedding(dimension, graph=graph, init=init, random_state=seed)
    _, cpu, _ = timed(model.fit, np.arange(graph.n_nodes)[:, None])
    X = model.embedding_
    found = reconstruction_score(X, graph), mean_rank(X, graph)
    return *found, cpu, model.init_scale_


def from_all(dimension, graph, seed):
    """Figures from each start."""
    found = [figures(graph, dimension, init, seed) for init in STARTS]
    print(dimension, np.round(found, 3).tolist(), flush=True)
    return found


def main():
    """A row for each graph and dimension."""
    args = arguments(__doc__)
    n, seeds = (200, (300,)) if args.quick else (500, (300,))
    what = [
        (name, d, graph, seed)
        for seed in seeds
        for name, graph in graphs(n, seed)
        for d in DIMENSIONS
    ]
    done = Parallel(n_jobs=2)(delayed(from_all)(*one[1:]) for one in what)
    runs = {}
    for (name, d, *_), found in zip(what, done, strict=True):
        runs.setdefault((name, d), []).append(found)
    rows, misses = [], []
    for (name, d), found in sorted(runs.items(), key=lambda run: run[0][1]):
        means = np.mean(found, axis=0)
        row = {"graph": name, "dimensions": d}
        for init, (precision, rank, *_) in zip(STARTS, means, strict=True):
            row[init] = f"{precision:.3f} / {rank:.2f}"
        row["layout"] = " ".join(f"{run[-1][-1]:g}" for run in found)
        miss = means[:2, 0].max() - means[2, 0]
        misses.append(miss)
        row["better start - auto"] = f"{miss:+.3f}"
        rows.append(row)
    cost = np.mean(
        [f[2][2] / (f[0][2] + f[1][2]) * 2 for r in runs.values() for f in r]
    )
    report(
        "poincare_starts",
        rows,
        title="Reconstruction MAP / mean rank from each start",
        notes=[
            f"{n} nodes, 300 epochs, means over graphs of seeds "
            f"{', '.join(map(str, seeds))}",
            "layout: the size that auto took for each, 1 for "
            "that of tree, 0 for random",
            "auto is more than .01 below the better start in "
            f"{sum(miss > 0.01 for miss in misses)} of {len(misses)} rows",
            f"a fit with auto took {cost:.2f} times what the others took",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
