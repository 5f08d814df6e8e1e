"""HeatGeodesicEmbedding beside PHATE: CPU seconds and accuracy in one process.

Both are warmed up first, so that compilation and imports are not counted. CPU seconds
of the whole process are compared: both use more than one thread in places.
"""

import warnings

import numpy as np
import phate

from benchmarks._report import arguments, report, timed
from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_tree
from skgeom.metrics import distance_preservation

# Size and seeds; every fit is the least of so many runs.
CASES, RUNS = {5_000: (0, 1, 2), 20_000: (0,)}, 3


def methods(seed):
    """Ours in its two forms, PHATE at its defaults and with its faster landmarks."""
    options = {"random_state": seed, "verbose": 0, "n_jobs": 1}
    return {
        "default": HeatGeodesicEmbedding(random_state=seed),
        "plain, heat": HeatGeodesicEmbedding(
            robust=False, geodesic="heat", random_state=seed
        ),
        "PHATE": phate.PHATE(**options),
        "PHATE, random landmarks": phate.PHATE(random_landmarking=True, **options),
    }


def main():
    """Embed random trees of 20 branches in 50 dimensions."""
    args = arguments(__doc__)
    for model in methods(0).values():
        _quiet(model.fit_transform, make_tree(2500, n_features=50, random_state=9).X)
    rows = []
    for n_samples, seeds in ({1_000: (0,)} if args.quick else CASES).items():
        for seed in seeds:
            rows += _race(n_samples, seed)
    report(
        "heat_geodesic_speed",
        rows,
        title="CPU seconds and accuracy, d=50, all warm",
        packages=("phate",),
        notes=[
            "make_tree, 20 branches, noise 1.0, seeds 100 + seed; least of three runs",
            "Pearson and Spearman: mean over rows, embedding against true geodesics",
            "share: of the CPU seconds of the faster of PHATE's two modes in that run",
        ],
        write=not args.quick,
    )


def _race(n_samples, seed):
    sample = make_tree(
        n_samples,
        n_branches=20,
        n_features=50,
        noise=1.0,
        geodesics="neighbor_graph",
        random_state=100 + seed,
    )
    columns = np.arange(0, n_samples, max(10, n_samples // 500))
    truth = sample.geodesic_distances(columns=columns)
    rows = []
    for name, model in methods(seed).items():
        runs = [_quiet(timed, model.fit_transform, sample.X) for _ in range(RUNS)]
        embedding, cpu, wall = min(runs, key=lambda run: run[1])
        scores = distance_preservation(truth, embedding, columns=columns)
        rows.append(
            {
                "n": f"{n_samples:,}",
                "seed": seed,
                "method": name,
                "CPU s": cpu,
                "wall s": wall,
                "Pearson": scores.pearson,
                "Spearman": scores.spearman,
            }
        )
    fastest = min(row["CPU s"] for row in rows if row["method"].startswith("PHATE"))
    return [{**row, "share": row["CPU s"] / fastest} for row in rows]


def _quiet(function, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args)


if __name__ == "__main__":
    main()
