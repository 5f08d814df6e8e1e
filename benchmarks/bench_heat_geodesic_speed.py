"""HeatGeodesicEmbedding beside PHATE: CPU seconds and accuracy in one process.

Both are warmed up first, so that compilation and imports are not counted. CPU seconds
of the whole process are compared: both use more than one thread in places.
"""

import numpy as np
import phate
from _report import arguments, report, timed

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_tree
from skgeom.metrics import distance_preservation

SEEDS = (0, 1, 2)


def methods(seed):
    """Each method at its defaults."""
    return {
        "HeatGeodesicEmbedding": HeatGeodesicEmbedding(random_state=seed),
        "PHATE": phate.PHATE(random_state=seed, verbose=0, n_jobs=1),
    }


def main():
    """Embed random trees of 20 branches in 50 dimensions."""
    args = arguments(__doc__)
    n_samples = 1_000 if args.quick else 5_000
    for model in methods(0).values():
        model.fit_transform(make_tree(500, n_features=50, random_state=9).X)
    rows = []
    for seed in SEEDS[: 1 if args.quick else None]:
        sample = make_tree(
            n_samples,
            n_branches=20,
            n_features=50,
            noise=1.0,
            geodesics="neighbor_graph",
            random_state=100 + seed,
        )
        columns = np.arange(0, n_samples, 10)
        truth = sample.geodesic_distances(columns=columns)
        seconds = {}
        for name, model in methods(seed).items():
            embedding, cpu, wall = timed(model.fit_transform, sample.X)
            seconds[name] = cpu
            scores = distance_preservation(truth, embedding, columns=columns)
            rows.append(
                {
                    "seed": seed,
                    "method": name,
                    "CPU s": cpu,
                    "wall s": wall,
                    "Pearson": scores.pearson,
                    "Spearman": scores.spearman,
                }
            )
        rows[-2]["share of PHATE's CPU"] = (
            seconds["HeatGeodesicEmbedding"] / seconds["PHATE"]
        )
        rows[-1]["share of PHATE's CPU"] = 1.0
    report(
        "heat_geodesic_speed",
        rows,
        title=f"CPU seconds and accuracy, n={n_samples}, d=50, both warm",
        packages=("phate",),
        notes=[
            "make_tree, 20 branches, noise 1.0, seeds 100 + seed; defaults of both",
            "Pearson and Spearman: mean over rows, embedding against true geodesics",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
