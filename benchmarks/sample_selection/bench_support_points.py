"""Energy distances of support points, coresets, k-means centres and random rows.

    python -m benchmarks.sample_selection.bench_support_points

Three normal clusters. Random rows are the mean of twenty draws.
"""

import numpy as np
from sklearn.cluster import KMeans

from benchmarks._report import arguments, report, timed
from skgeom import DiversitySampler, KernelCoreset, SupportPoints
from skgeom.metrics import energy_distance

CASES = ((2, 50, 3000), (2, 200, 3000), (10, 100, 3000))


def clusters(d, n, seed):
    rng = np.random.default_rng(seed)
    centers = 2 * rng.normal(size=(3, d))
    return centers[rng.integers(3, size=n)] + rng.normal(size=(n, d))


def methods(m, seed):
    def points(method):
        model = SupportPoints(m, method=method, random_state=seed)
        return lambda X: model.fit(X).points_

    def rows(model):
        return lambda X: X[model.fit(X).sample_indices_]

    yield "points, direct", points("direct")
    yield "points, sliced", points("sliced")
    yield "rows", rows(SupportPoints(m, random_state=seed))
    yield "KernelCoreset", rows(KernelCoreset(m))
    yield (
        "k-means centres",
        lambda X: KMeans(m, n_init=1, random_state=seed).fit(X).cluster_centers_,
    )
    yield "farthest points", rows(DiversitySampler(m))


def main():
    options = arguments(__doc__)
    table = []
    for d, m, n in CASES:
        found, spent = {}, {}
        for seed in range(3):
            X = clusters(d, n, seed)
            rng = np.random.default_rng(seed)
            draws = [X[rng.permutation(n)[:m]] for _ in range(20)]
            base = np.mean([energy_distance(S, X, method="exact") for S in draws])
            for name, select in methods(m, seed):
                S, cpu, _ = timed(select, X)
                share = base / energy_distance(S, X, method="exact")
                found.setdefault(name, []).append(share)
                spent.setdefault(name, []).append(cpu)
        table.append(
            {"columns, points, rows": f"{d}, {m}, {n:,}"}
            | {k: f"{np.exp(np.mean(np.log(v))):.1f}" for k, v in found.items()}
            | {"CPU s, direct": f"{np.mean(spent['points, direct']):.2f}"}
        )
        print(table[-1], flush=True)
    report(
        "support_points",
        table,
        title="How many times nearer than random rows, by the energy distance",
        notes=("geometric means over seeds 0 to 2; CPU s with the choice of rows",),
        write=not options.quick,
    )


if __name__ == "__main__":
    main()
