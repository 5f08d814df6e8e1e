"""What each parameter does: the default, and one change at a time.

The user guide quotes this table.
"""

import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from benchmarks._report import arguments, report
from benchmarks.embedding._geodesic import NOISE_SETS
from skgeom import HeatGeodesicEmbedding
from skgeom.metrics import distance_preservation, neighborhood_precision

CHANGES = [
    {},
    {"n_neighbors": 5},
    {"n_neighbors": 15},
    {"robust": False},
    {"smoothing": 0},
    {"smoothing": 50},
    {"smoothing": 200},
    {"pruning": 0.0},
    {"pruning": 0.2},
    {"smoothing": 0, "pruning": 0.0},
    {"geodesic": "heat"},
    {"geodesic": "heat", "diffusion_time": 5.0},
    {"geodesic": "heat", "diffusion_time": 160.0},
    {"geodesic": "shortest_path"},
    {"geodesic": "tree"},
    {"n_landmarks": 100},
    {"n_landmarks": 1_000},
    {"denoising": 0.5},
    {"mds": "classical"},
]
SETS = ("roll .1", "roll 1", "tree .5")


def main():
    """Means over seeds."""
    args = arguments(__doc__)
    n_samples, seeds = (500, (110,)) if args.quick else (2_000, (110, 111, 112))
    samples = {
        name: [NOISE_SETS[name](n_samples, seed) for seed in seeds] for name in SETS
    }
    truths = {k: [s.geodesic_distances() for s in v] for k, v in samples.items()}
    X, labels = load_digits(return_X_y=True)
    rows = []
    for change in CHANGES:
        row = {"change": ", ".join(f"{k}={v!r}" for k, v in change.items()) or "none"}
        for name in SETS:
            scores = []
            for seed, sample, truth in zip(
                seeds, samples[name], truths[name], strict=True
            ):
                embedding = _embed(change, seed, sample.X)
                scores.append(
                    (
                        distance_preservation(truth, embedding).pearson,
                        neighborhood_precision(truth, embedding, metric="precomputed"),
                    )
                )
            pearson, precision = np.mean(scores, axis=0)
            row[f"{name}, Pearson"] = f"{pearson:.4f}"
            row[f"{name}, precision"] = f"{precision:.3f}"
        row["digits, accuracy"] = np.mean(
            [
                cross_val_score(
                    KNeighborsClassifier(10), _embed(change, seed, X), labels, cv=5
                ).mean()
                for seed in seeds
            ]
        )
        rows.append(row)
        print(*row.values(), sep="  ", flush=True)
    report(
        "heat_geodesic_ablation",
        rows,
        title=f"HeatGeodesicEmbedding, one change at a time, n={n_samples}",
        notes=[
            f"means over seeds {', '.join(map(str, seeds))}",
            "precision at 10 neighbours; accuracy of 10 neighbours in the plane, five "
            "folds in order",
        ],
        write=not args.quick,
    )


def _embed(change, seed, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return HeatGeodesicEmbedding(random_state=seed, **change).fit_transform(X)


if __name__ == "__main__":
    main()
