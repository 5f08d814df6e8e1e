"""What choosing costs: one fit, a path of ten penalties, and the automatic choice."""

import tracemalloc

import numpy as np
from sklearn.datasets import make_swiss_roll

from benchmarks._report import arguments, report, timed
from skgeom import STKRClassifier, STKRRegressor
from skgeom.graph import Graph

ALPHAS = np.logspace(-3, 1.5, 10)


def problems(t):
    """Name, class of the estimator, fixed strength, and targets of labelled rows."""
    classes = np.digitize(t, np.linspace(-1.5, 1.5, 7))
    many = np.digitize(t, np.linspace(-1.6, 1.6, 17))
    yield "one number", STKRRegressor, 1e4, t
    yield "five numbers", STKRRegressor, 1e4, np.stack([t**k for k in range(1, 6)], 1)
    yield "2 classes", STKRClassifier, 100.0, (t > 0).astype(int)
    yield "8 classes", STKRClassifier, 100.0, classes
    yield "18 classes", STKRClassifier, 100.0, many


def seconds(model, rows, y):
    """CPU time of the faster of two fits, and what a third one allocates at most."""
    cpu = min(timed(model.fit, rows, y)[1] for _ in range(2))
    tracemalloc.start()
    model.fit(rows, y)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return cpu, memory / 2**20


def main():
    """One table."""
    args = arguments(__doc__)
    n, n_labels = (2_000, 600) if args.quick else (17_700, 885)
    X, t = make_swiss_roll(n, noise=0.1, random_state=0)
    t = (t - t.mean()) / t.std()
    graph = Graph.from_points(X / X.std(), n_neighbors=7, affinity="self_tuning")
    labelled = np.random.default_rng(0).permutation(n)[:n_labels]
    rows, found = labelled[:, None], []
    for name, Class, strength, y in problems(t[labelled]):
        fixed = dict(graph=graph, strength=strength)
        one, _ = seconds(Class(**fixed, alpha=0.1), rows, y)
        path, memory = seconds(Class(**fixed, alpha=ALPHAS), rows, y)
        auto, _ = seconds(Class(graph=graph), rows, y)
        found.append(
            {
                "targets": name,
                "one fit, CPU s": one,
                "ten penalties, CPU s": path,
                "to one fit": f"{path / one:.1f}",
                "memory, MiB": f"{memory:.0f}",
                "automatic, CPU s": auto,
            }
        )
        print(found[-1], flush=True)
    report(
        "stkr_path",
        found,
        title=f"Ten penalties, {n_labels} labels on a graph of {n:,} nodes",
        notes=[
            "Swiss roll, 7 neighbours; strength 1e4 for numbers, 100 for classes; "
            "memory is what the arrays of the fit with the path take at most",
            "automatic: five strengths times six penalties for numbers, four times "
            "three for classes; the faster of two fits, one thread",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
