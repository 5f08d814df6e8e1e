"""TreeEmbedding on trees of known lengths, and on digits beside maps of points."""

import time
from pathlib import Path

import numpy as np
from scipy.sparse import csgraph
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from benchmarks._report import parser, report, timed
from benchmarks._trees import (
    balanced_tree,
    grown_tree,
    phylogenetic_tree,
    scores,
)
from skgeom import TreeEmbedding
from skgeom.geometry import polar

# Nodes from which pairs are looked at in large trees.
N_SOURCES = 200


def trees(quick, folder):
    """Name, graph, and the settings it is drawn with."""
    plain = dict(n_components=2), dict(n_components=3), dict(n_components=5)
    exact = dict(n_components=2, n_terms=2), dict(n_components=2, n_terms=4)
    phylo = phylogenetic_tree(folder)
    if phylo is not None:
        yield "phylogeny", phylo, (*plain, *exact)
    yield "two children, 8 levels", balanced_tree(2, 8), (*plain, *exact)
    yield "grown, up to 2 children", grown_tree(1_000, 2), (*plain, *exact)
    if quick:
        return
    yield "grown, up to 3 children", grown_tree(10_000, 3), (*plain, *exact)
    yield "two children, 15 levels", balanced_tree(2, 15), exact[1:]
    yield "three children, 10 levels", balanced_tree(3, 10), (*plain[2:], *exact[1:])
    yield "grown, up to 3 children", grown_tree(100_000, 3), (*plain[2:], *exact[1:])
    eight = dict(n_components=2, n_terms=8)
    many = *plain[2:], *exact[1:], eight
    yield "grown, up to 20 children", grown_tree(20_000, 20), many


def drawings(quick, folder):
    """A row a tree and setting."""
    rows = []
    for name, graph, settings in trees(quick, folder):
        n = graph.n_nodes
        nodes = np.arange(n)
        if n > 2_000:
            nodes = np.sort(
                np.random.default_rng(0).choice(n, N_SOURCES, replace=False)
            )
        for setting in settings:
            model, seconds, _ = timed(
                TreeEmbedding(graph=graph, **setting).fit, np.arange(n)[:, None]
            )
            root = int(np.flatnonzero(model.parents_ < 0)[0])
            depth = csgraph.dijkstra(graph.lengths, directed=False, indices=root).max()
            precision, error, worst = scores(
                graph, lambda u, m=model: m.distances([u])[0], nodes
            )
            rows.append(
                {
                    "tree": name,
                    "nodes": n,
                    "depth": int(depth),
                    "dimensions": setting["n_components"],
                    "terms": setting.get("n_terms", 1),
                    "MAP": precision,
                    "mean error": round(error, 4),
                    "worst ratio": max(worst, 1 / model.contraction_),
                    "CPU s": seconds,
                }
            )
    return rows


def neighbors_accuracy(known, y, placed, y_new, hyperbolic=False):
    """Of five nearest neighbours, by the distance of the map."""
    if not hyperbolic:
        return KNeighborsClassifier(5).fit(known, y).score(placed, y_new)
    known, placed = polar.from_poincare(known), polar.from_poincare(placed)
    found = [
        np.bincount(y[np.argsort(polar.distance(known, row[None]))[:5]]).argmax()
        for row in placed
    ]
    return float(np.mean(found == y_new))


def digits(n_splits):
    """A row a method, the mean over splits."""
    from umap import UMAP

    X, y = load_digits(return_X_y=True)
    found = {}
    for seed in range(n_splits):
        X_fit, X_new, y_fit, y_new = train_test_split(
            X, y, train_size=800, test_size=500, random_state=seed
        )
        for tree in ("average", "ward", "minimum"):
            start = time.process_time()
            model = TreeEmbedding(tree=tree).fit(X_fit)
            placed = model.transform(X_new)
            seconds = time.process_time() - start
            accuracy = neighbors_accuracy(
                model.embedding_, y_fit, placed, y_new, hyperbolic=True
            )
            found.setdefault(f'TreeEmbedding, "{tree}"', []).append((accuracy, seconds))
        for name, peer in (
            ("PCA", PCA(2, random_state=seed)),
            ("UMAP", UMAP(random_state=seed, n_jobs=1)),
        ):
            start = time.process_time()
            known = peer.fit_transform(X_fit)
            placed = peer.transform(X_new)
            seconds = time.process_time() - start
            accuracy = neighbors_accuracy(known, y_fit, placed, y_new)
            found.setdefault(name, []).append((accuracy, seconds))
        both, seconds, _ = timed(
            TSNE(random_state=seed).fit_transform, np.concatenate([X_fit, X_new])
        )
        accuracy = neighbors_accuracy(both[:800], y_fit, both[800:], y_new)
        found.setdefault("t-SNE of all rows at once", []).append((accuracy, seconds))
        accuracy = neighbors_accuracy(X_fit, y_fit, X_new, y_new)
        found.setdefault("the 64 pixels", []).append((accuracy, 0.0))
    return [
        {
            "map": name,
            "5-NN of new rows": float(np.mean([a for a, _ in runs])),
            "least": float(np.min([a for a, _ in runs])),
            "CPU s": float(np.median([s for _, s in runs])),
        }
        for name, runs in found.items()
    ]


def main():
    """Trees, then digits."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path, help="a folder with graphs/")
    args = command.parse_args()
    TreeEmbedding().fit(np.eye(3))  # loads what is loaded once
    report(
        "tree_embedding",
        drawings(args.quick, args.data),
        title="Distances of a tree in its drawing",
        notes=(
            "MAP: are the nearest nodes those that a node is joined to; mean error: of "
            "distances at the best scale; worst ratio: largest over least ratio of a "
            "distance to that along the tree, among the pairs looked at and those of "
            "`contraction_`",
            f"all pairs up to 2,000 nodes, else those of {N_SOURCES} nodes with all",
            "depth: edges from the centre to the farthest node; made trees of seed 0",
        ),
        write=not args.quick,
    )
    report(
        "tree_embedding_digits",
        digits(1 if args.quick else 5),
        title="Digits in two dimensions: neighbours of new rows",
        packages=("umap-learn",),
        notes=(
            "800 rows to fit, 500 new ones, five splits (seeds 0 to 4): means, and the "
            "least; neighbours by the distance of the map, hyperbolic or Euclidean",
            "t-SNE places no new rows: it has seen them with the others",
            "CPU seconds of fit and transform, the median; one thread",
        ),
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
