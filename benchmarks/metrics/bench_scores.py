"""Scores of samples and representations: against references, truths, and sizes.

The peer of precision and recall is the package prdc, if it can be imported.
"""

import tracemalloc
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import connected_components, shortest_path
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import kneighbors_graph

from benchmarks._report import parser, report, timed
from benchmarks._trees import balanced_tree, phylogenetic_tree
from skgeom.datasets import load_wordnet_mammals
from skgeom.metrics import (
    gromov_hyperbolicity,
    hyperbolic_diffusion_distance,
    manifold_precision_recall,
    shape_distance,
    spread_score,
)


def whole_matrices(real, generated, k):
    """What prdc does, where it is not installed."""

    def reach(X):
        return np.partition(pairwise_distances(X), k, axis=1)[:, k]

    own, other = reach(real), reach(generated)
    far = pairwise_distances(real, generated)
    within = far < own[:, None]
    return (
        within.any(axis=0).mean(),
        (far < other).any(axis=1).mean(),
        within.sum(axis=0).mean() / k,
        (far.min(axis=1) < own).mean(),
    )


def peer():
    """Name and function of the reference."""
    try:
        from prdc import compute_prdc
    except ImportError:
        return "whole matrices", whole_matrices
    names = ("precision", "recall", "density", "coverage")

    def scores(real, generated, k):
        found = compute_prdc(real, generated, k)
        return [found[name] for name in names]

    return "prdc 0.2", scores


def traced(function, *args, **kwargs):
    """Result, CPU seconds, and mebibytes beside the input, of a second call."""
    result, seconds, _ = timed(function, *args, **kwargs)
    tracemalloc.start()
    function(*args, **kwargs)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, seconds, held / 2**20


def precision_recall(quick):
    """Equal to the reference, in a part of its memory."""
    rng = np.random.default_rng(0)
    name, reference = peer()
    for n, d in ((1_000, 64),) if quick else ((1_000, 64), (5_000, 64), (5_000, 8)):
        X, Y = rng.normal(size=(n, d)), 0.9 * rng.normal(size=(n, d))
        for who, function in (
            ("ours", lambda X, Y: manifold_precision_recall(X, Y, n_neighbors=5)[:4]),
            (name, lambda X, Y: reference(X, Y, 5)),
        ):
            scores, seconds, held = traced(function, X, Y)
            yield {
                "rows, columns": f"{n} + {n}, {d}",
                "program": who,
                **dict(
                    zip(
                        ("precision", "recall", "density", "coverage"),
                        map(float, scores),
                        strict=True,
                    )
                ),
                "CPU s": seconds,
                "MiB": held,
            }


def behaviour():
    """What each score sees."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1500, 16))
    outliers = X.copy()
    outliers[:15] *= 8
    places = 6 * rng.normal(size=(10, 16))

    def modes(n):
        return places[rng.integers(n, size=1500)] + rng.normal(size=(1500, 16))

    wide = 2 * rng.normal(size=(1500, 16))
    for name, real, generated in (
        ("one law", X, rng.normal(size=(1500, 16))),
        ("one law, 300 generated", X, rng.normal(size=(300, 16))),
        ("half as wide", X, 0.5 * rng.normal(size=(1500, 16))),
        ("twice as wide", X, wide),
        ("the same, 1 % of the real are outliers", outliers, wide),
        ("five of ten modes", modes(10), modes(5)),
    ):
        found = manifold_precision_recall(real, generated, n_neighbors=5)
        yield {
            "samples": name,
            **{k: float(v) for k, v in found._asdict().items() if k != "realism"},
        }


def spread(quick):
    """Means and deviations over draws, of few rows and of many."""
    d = 64
    axes = {
        "isotropic": np.ones(d),
        "one dominant axis": np.r_[20.0, np.ones(d - 1)],
        "half of the axes": np.r_[np.ones(d // 2), np.zeros(d // 2)],
        "power law": np.arange(1, d + 1.0) ** -0.5,
    }
    rng = np.random.default_rng(0)
    for name, scales in axes.items():
        row = {"directions": name}
        square = scales**2
        row["truth"] = float(square.sum() ** 2 / (square**2).sum() / d)
        for n in (20, 100, 2000):
            draws = [
                rng.normal(size=(n, d)) * scales
                for _ in range(3 if quick or n > 500 else 200)
            ]
            told = [spread_score(X) for X in draws]
            row[f"ours, {n} rows"] = f"{np.mean(told):.3f} ({np.std(told):.3f})"
            for X in draws[:1]:
                w = np.linalg.eigvalsh(np.cov(X.T))
                row[f"plug-in, {n}"] = float(w.sum() ** 2 / (w**2).sum() / d)
                row[f"effective rank, {n}"] = spread_score(X, method="effective_rank")
                row[f"eee, {n}"] = spread_score(X, method="eee")
        yield row


def by_all_triples(D):
    """Delta by its definition, a row of products at a time."""
    A = (D[:, [0]] + D[[0]] - D) / 2
    found = np.full_like(A, -np.inf)
    for k in range(len(A)):
        np.maximum(found, np.minimum(A[:, [k]], A[[k]]), out=found)
    return float((found - A).max())


def hyperbolicity(quick, folder):
    """Trees, networks and points, beside all triples."""
    rng = np.random.default_rng(0)
    graphs = {
        "phylogeny": phylogenetic_tree(folder),
        "balanced tree": balanced_tree(2, 8),
        "mammals of WordNet": mammals(),
    }
    for name, graph in graphs.items():
        if graph is not None:
            yield told(name, shortest_path(graph.lengths, directed=False), True)
    X = load_digits().data
    digits = X[:400] if quick else X
    yield told("digits, Euclidean", digits)
    yield told("digits, paths by 20 neighbours", _paths(digits, 20), True)
    n = 300 if quick else 1500
    for d in (2, 5, 20):
        yield told(f"normal points, {d} columns", rng.normal(size=(n, d)))


def _paths(X, k):
    """Distances along the graph of nearest neighbours, on its largest part."""
    links = kneighbors_graph(X, k, mode="distance")
    links = links.maximum(links.T)
    _, part = connected_components(links, directed=False)
    kept = part == np.argmax(np.bincount(part))
    return shortest_path(links[kept][:, kept], directed=False)


def mammals():
    """The largest part of a taxonomy."""
    graph = load_wordnet_mammals(closure=False).to_undirected()
    _, part = graph.connected_components
    return graph.subgraph(np.flatnonzero(part == np.argmax(np.bincount(part))))


def told(name, X, precomputed=False):
    """Scores and times."""
    metric = "precomputed" if precomputed else "euclidean"
    found, seconds, held = traced(
        gromov_hyperbolicity, X, metric=metric, max_samples=None
    )
    D = X if precomputed else pairwise_distances(X)
    expected, slow, _ = timed(by_all_triples, D)
    return {
        "distances": name,
        "rows": len(X),
        "delta": found.delta,
        "relative": found.relative,
        "by all triples": expected,
        "CPU s": seconds,
        "CPU s, all triples": slow,
        "MiB": held,
    }


def shapes(quick):
    """Brackets where the truth is known."""
    for slope in (0, 1):
        for truth in (0.0, 0.4, 0.8):
            row = {"spectrum": f"k^-{slope}" if slope else "flat", "cosine": truth}
            for n in (50, 200, 800):
                rng = np.random.default_rng(n)
                found = [
                    np.cos(shape_distance(*views(n, truth, slope, rng), random_state=0))
                    for _ in range(2 if quick else 10)
                ]
                middle, largest, least = np.mean(found, axis=0)
                row[f"{n} rows"] = f"{middle:.3f} ({least:.3f} to {largest:.3f})"
            yield row


def views(n, similarity, slope, rng, d=50):
    """Two views of shared coordinates, turned."""
    scales = np.arange(1, d + 1.0) ** (-slope / 2)
    shared, own = rng.normal(size=(n, d)), rng.normal(size=(2, n, d))
    mixed = similarity**0.5 * shared + (1 - similarity) ** 0.5 * own
    return [(V * scales) @ np.linalg.qr(rng.normal(size=(d, d)))[0] for V in mixed]


def precision_of(D, A):
    """Mean average precision of the links of a graph."""
    D = D.copy()
    np.fill_diagonal(D, np.inf)
    hits = np.take_along_axis(A, np.argsort(D, axis=1, kind="stable"), axis=1)
    kept = np.cumsum(hits, axis=1) / np.arange(1, len(A) + 1)
    return float(((kept * hits).sum(axis=1) / hits.sum(axis=1)).mean())


def error_of(D, true):
    """Mean relative error at the best scale."""
    pairs = np.triu_indices(len(D), 1)
    ratio = D[pairs] / true[pairs]
    ratio = ratio * ratio.sum() / (ratio**2).sum()
    return float(np.abs(ratio - 1).mean())


def walks(folder):
    """How distances of walks rank neighbours, and what becomes of lengths."""
    graphs = {
        "phylogeny": phylogenetic_tree(folder),
        "balanced tree": balanced_tree(2, 7),
        "mammals of WordNet": mammals(),
    }
    for name, graph in graphs.items():
        if graph is None:
            continue
        A = (graph.adjacency > 0).astype(float).toarray()
        true = shortest_path(A, directed=False)
        lazy = A + np.diag(A.sum(axis=1))
        D, seconds, _ = timed(hyperbolic_diffusion_distance, lazy)
        P = lazy / lazy.sum(axis=1, keepdims=True)
        plain = pairwise_distances(P)
        yield {
            "graph": name,
            "nodes": len(A),
            "precision": precision_of(D, A),
            "of plain diffusion": precision_of(plain, A),
            "error of lengths": error_of(D, true),
            "of plain diffusion, error": error_of(plain, true),
            "CPU s": seconds,
        }


def main():
    """A table for each score."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path, help="a folder with graphs/")
    args = command.parse_args()
    folder = args.data
    write = not args.quick
    report(
        "manifold_precision_recall",
        list(precision_recall(args.quick)),
        title="Precision and recall of samples, beside the reference",
        notes=(
            "normal rows, the generated ones .9 times as wide; 5 neighbours; memory "
            "beside the input, by tracemalloc; seed 0",
        ),
        write=write,
    )
    report(
        "manifold_precision_recall_cases",
        list(behaviour()),
        title="What precision, recall, density and coverage see",
        notes=("1,500 rows of 16 columns, 5 neighbours; seed 1",),
        write=write,
    )
    report(
        "spread_score",
        list(spread(args.quick)),
        title="Spread of rows over 64 directions, by how many rows there are",
        notes=(
            "ours: mean and deviation of 200 draws, of three for 2,000 rows; the "
            "others: the first draw; seed 0",
            "truth: participation ratio of the covariance over 64; eee is 0 where rows "
            "spread evenly",
        ),
        write=write,
    )
    report(
        "gromov_hyperbolicity",
        list(hyperbolicity(args.quick, folder)),
        title="How far distances are from those of a tree",
        notes=(
            "all rows, base 0; all triples: a row of products at a time, in NumPy; "
            "memory beside the input, by tracemalloc, of 64 that are allowed; seed 0",
        ),
        write=write,
    )
    report(
        "shape_distance",
        list(shapes(args.quick)),
        title="Brackets of the cosine between two representations of 50 columns",
        notes=(
            "middle, and both ends in brackets: a rotation tried on other rows, and "
            "the best of these rows; means of ten draws (seed: the number of rows)",
        ),
        write=write,
    )
    report(
        "hyperbolic_diffusion_distance",
        list(walks(folder)),
        title="Distances of walks at many scales, on graphs",
        notes=(
            "lazy walk; precision: mean average precision of the links; error: mean "
            "relative error of path lengths at the best scale; plain: Euclidean "
            "distances of one step's densities",
        ),
        write=write,
    )


if __name__ == "__main__":
    main()
