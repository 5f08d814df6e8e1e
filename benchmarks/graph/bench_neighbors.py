"""The neighbour search beside its engines: recall against exact, and CPU seconds."""

import numpy as np

from benchmarks._report import arguments, report, timed
from skgeom.datasets import make_tree
from skgeom.graph import nearest_neighbors


def main():
    """Two sets: points near a tree, and points without any structure."""
    args = arguments(__doc__)
    n_samples = 10_000 if args.quick else 100_000
    sets = {
        "tree, d=50, noise 1": make_tree(
            n_samples, n_branches=20, n_features=50, noise=1.0, random_state=0
        ).X,
        "Gaussian, d=20": np.random.default_rng(0).normal(size=(n_samples, 20)),
    }
    rows = []
    for name, X in sets.items():
        X = X.astype(np.float32)
        truth = None
        for algorithm in ("exact", "faiss", "pynndescent"):
            (_, found), cpu, wall = timed(
                nearest_neighbors, X, n_neighbors=10, algorithm=algorithm
            )
            truth = found if truth is None else truth
            hits = [np.isin(a, b).mean() for a, b in zip(truth, found, strict=True)]
            rows.append(
                {
                    "set": name,
                    "algorithm": algorithm,
                    "recall": float(np.mean(hits)),
                    "CPU s": cpu,
                    "wall s": wall,
                }
            )
    report(
        "neighbors",
        rows,
        title=f"10 neighbours of each of {n_samples} points",
        packages=("faiss-cpu", "pynndescent"),
        notes=["float32; pynndescent's time includes its compilation"],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
