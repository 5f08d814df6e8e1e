"""Speed of GraphRandomFeatures: beside fast-graph-gp, at scale, for few rows.

CPU time, one thread, unless a row says more; matrices in CSR are part of the time.
"""

import os
import resource
import time

import numpy as np

from benchmarks._graphs import mesh, random_graph
from benchmarks._report import arguments, peak, report, timed
from skgeom import GraphRandomFeatures
from skgeom.backends import get_backend
from skgeom.nodes._walk_features import walk_features

# fast-graph-gp cuts walks at this length, and so do we beside it.
LENGTHS = 10


def cpu():
    """CPU seconds of this process and its children."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peer_seconds(graph, n_walks, p):
    """CPU seconds of fast-graph-gp for the matrices of all lengths."""
    import torch
    from grf_gp.sampler import GRFSampler

    W = graph.laplacian().transition.tocoo()
    adjacency = torch.sparse_coo_tensor(
        np.stack(W.coords), W.data, W.shape, check_invariants=False
    )
    sampler = GRFSampler(
        adjacency.coalesce(),
        walks_per_node=n_walks,
        p_halt=p,
        max_walk_length=LENGTHS,
        use_tqdm=False,
        n_processes=1,
    )
    start = cpu()
    sampler.sample_random_walk_matrices()
    return cpu() - start


def our_seconds(graph, n_walks, p, **options):
    """CPU seconds for features of the same walks, the best of three."""
    nodes, seconds = np.arange(graph.n_nodes), []
    for seed in range(3):
        start = cpu()
        walk_features(
            graph,
            nodes,
            0.5 ** np.arange(LENGTHS),
            survival=(1 - p) ** np.arange(LENGTHS),
            n_walks=n_walks,
            seed=seed,
            **options,
        )
        seconds.append(cpu() - start)
    return min(seconds)


def beside_peer(n, n_walks, write):
    """Walks a CPU second, ours beside fast-graph-gp."""
    graph = random_graph(n, 10)
    our_seconds(random_graph(50, 4), 2, 0.5)
    rows = []
    for p in (0.5, 0.1):
        theirs = min(peer_seconds(graph, n_walks, p) for _ in range(3))
        walks = n * n_walks
        for name, options in {
            "independent": {"coupling": None},
            "independent, powers apart": {"coupling": None, "apart": True},
            "repelling": {"coupling": "repelling"},
        }.items():
            ours = our_seconds(graph, n_walks, p, **options)
            rows.append(
                {
                    "halting probability": p,
                    "ours": name,
                    "walks a CPU s": f"{walks / ours:,.0f}",
                    "fast-graph-gp": f"{walks / theirs:,.0f}",
                    "ratio": f"{theirs / ours:.0f}",
                }
            )
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "graph_features_peer",
        rows,
        title=f"Walks a CPU second beside fast-graph-gp, random graph, {n:,} nodes, "
        f"mean degree 10, {n_walks} walks from each",
        packages=("fast-graph-gp",),
        notes=[
            f"walks of at most {LENGTHS} visits on both sides, one process of one "
            "thread, the best of three",
            "fast-graph-gp keeps the powers of W apart, and so does our second row",
        ],
        write=write,
    )


def at_scale(n, write):
    """Features of all nodes, of few nodes, on two threads, in a better order."""
    rows = []

    def add(what, value, more=""):
        rows.append({"what": what, "value": value, "": more})
        print(*rows[-1].values(), sep="  ", flush=True)

    graph = random_graph(n, 6)
    nodes = np.arange(n)[:, None]
    for name, parameters in {
        "default law": {},
        "halting probability .1": {"halting_probability": 0.1},
    }.items():
        model = GraphRandomFeatures(
            graph=graph,
            diffusion_time=1.0,
            n_walks=16,
            random_state=0,
            n_jobs=2,
            **parameters,
        ).fit(nodes)
        model.transform(nodes[:10])
        timed(model.transform, nodes)  # lays the graph out
        (found, seconds, wall), grown = peak(timed, model.transform, nodes)
        size = sum(a.nbytes for a in (found.data, found.indices, found.indptr))
        entries = f"{found.nnz / n:.0f} entries a node"
        del found
        what = f"all {n:,} nodes, 16 walks, {name}"
        add(what + ": wall s, 2 threads", f"{wall:.1f}", f"{seconds:.1f} CPU s")
        add(what + ": result, GB", f"{size / 1e9:.2f}", entries)
        add(what + ": growth of the process / result", f"{grown / size:.2f}")
        alone = timed(model.set_params(n_jobs=1).transform, nodes)[2]
        load = os.getloadavg()[0]
        add(
            what + ": 2 threads against 1, wall",
            f"{alone / wall:.2f}x",
            f"load average {load:.1f}",
        )
    for m in (10_000, 100_000, 1_000_000):
        if m > n:
            continue
        small = graph if m == n else random_graph(m, 6)
        ids = np.random.default_rng(0).choice(m, 50, replace=False)[:, None]
        model = GraphRandomFeatures(
            graph=small,
            diffusion_time=1.0,
            n_walks=1024,
            halting_probability=0.1,
            random_state=0,
        ).fit(ids)
        small.steps(get_backend("cpu"))
        seconds = [timed(model.transform, ids)[1] for _ in range(5)]
        add(
            f"50 rows of {m:,} nodes, 1,024 walks: CPU s",
            f"{np.median(seconds):.3f}",
            f"first call {seconds[0]:.3f}",
        )
    del graph
    surface = mesh(n * 3 // 10)
    ids = np.arange(surface.n_nodes)
    options = dict(n_walks=16, survival=0.9 ** np.arange(60), coupling=None)
    f = 0.5 ** np.arange(60)
    start = time.process_time()
    _ = surface.memory_order
    ordering = time.process_time() - start
    walk_features(surface, ids, f, **options)
    moved = timed(walk_features, surface, ids, f, **options)[1]
    surface.__dict__["memory_order"] = ids
    surface._steps.clear()
    walk_features(surface, ids, f, **options)
    plain = timed(walk_features, surface, ids, f, **options)[1]
    add(
        f"triangulation, {len(ids):,} nodes, random order: CPU s as given / reordered",
        f"{plain / moved:.1f}x",
        f"{16 * len(ids) / moved / 1e6:.1f} M walks a CPU s; ordering {ordering:.2f} s",
    )
    report(
        "graph_features_scale",
        rows,
        title="GraphRandomFeatures at scale, random graph, mean degree 6",
        notes=[
            "diffusion, time 1, float32; the graph is laid out before (once for all "
            "estimators that share it)",
            "50 rows: halting probability .1, nodes by default_rng(0), median of five",
            "triangulation: Delaunay, halting probability .1, 16 independent walks",
        ],
        write=write,
    )


def main():
    """Both tables."""
    args = arguments(__doc__)
    at_scale(20_000 if args.quick else 1_000_000, not args.quick)
    try:
        beside_peer(*((500, 10) if args.quick else (10_000, 100)), write=not args.quick)
    except ImportError as error:
        print(f"{error.name} is not installed")


if __name__ == "__main__":
    main()
