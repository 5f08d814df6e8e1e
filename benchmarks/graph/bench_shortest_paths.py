"""Shortest paths from many nodes beside those of scipy: CPU seconds, equal results."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph
from sklearn.neighbors import kneighbors_graph

from benchmarks._graphs import grid, preferential
from benchmarks._report import arguments, report, timed
from skgeom.datasets import make_swiss_roll
from skgeom.graph import farthest_point_landmarks, robust_graph, shortest_paths

N_SOURCES = 300
# Of them scipy's search is timed on so many: each costs the same.
N_TIMED = 60


def cloud(n, n_features, rng):
    """Neighbours of points that fill a cube."""
    points = rng.uniform(size=(n, n_features))
    links = kneighbors_graph(points, 10, mode="distance")
    return sp.csr_array(links.maximum(links.T))


def noisy_roll(n, rng):
    """The graph that HeatGeodesicEmbedding makes of a noisy roll in 50 dimensions."""
    sample = make_swiss_roll(n, noise=1.0, n_features=50, random_state=rng)
    return robust_graph(sample.X.astype(np.float32)).lengths


def random_lengths(graph, rng):
    """A length at random for each edge: ways are as crooked as can be."""
    links = sp.csr_array(sp.triu(graph.adjacency, 1), dtype=np.float64)
    links.data = rng.exponential(size=links.nnz)
    return sp.csr_array(links + links.T)


def main():
    """Five kinds of graph at two sizes."""
    args = arguments(__doc__)
    sizes = (2_000,) if args.quick else (20_000, 200_000)
    kinds = {
        "noisy roll, cleaned": noisy_roll,
        "square, 10 neighbours": lambda n, rng: cloud(n, 2, rng),
        "cube, 10 neighbours": lambda n, rng: cloud(n, 3, rng),
        "hubs, random lengths": lambda n, rng: random_lengths(preferential(n, 5), rng),
        "grid, random lengths": lambda n, rng: random_lengths(grid(int(n**0.5)), rng),
    }
    shortest_paths(grid(20).lengths, np.arange(50))
    rows = []
    for name, make in kinds.items():
        for n in sizes:
            lengths = make(n, np.random.RandomState(0))
            sources = farthest_point_landmarks(lengths, N_SOURCES)
            some = sources[:: N_SOURCES // N_TIMED]
            theirs, slow, _ = timed(csgraph.dijkstra, lengths, indices=some)
            ours, fast, _ = timed(shortest_paths, lengths, sources)
            slow *= len(sources) / len(some)
            at = np.arange(0, len(sources), N_SOURCES // N_TIMED)
            rows.append(
                {
                    "graph": name,
                    "nodes": lengths.shape[0],
                    "edges": lengths.nnz // 2,
                    "ours": fast,
                    "scipy": slow,
                    "ratio": f"{slow / fast:.1f}",
                    "the same": "yes"
                    if np.array_equal(ours[:, at], theirs.T)
                    else "no",
                }
            )
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "shortest_paths",
        rows,
        title=f"CPU seconds for shortest paths from {N_SOURCES} nodes to all",
        notes=[
            f"scipy: csgraph.dijkstra from {N_TIMED} of them, times "
            f"{N_SOURCES // N_TIMED}; one run",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
