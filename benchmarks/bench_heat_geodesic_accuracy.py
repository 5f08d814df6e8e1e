"""True geodesics against embedding distances, on fresh seeds and beside the peers.

Peers run at their defaults. Ours runs in its plain form (published graph and distances,
on landmarks), without chaining, and in the exact form: the last two differ in nothing
but the landmarks. `bench_heat_geodesic_noise.py` has the default.
"""

import warnings

import numpy as np
from _report import arguments, report, timed
from sklearn.manifold import TSNE, Isomap

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_swiss_roll, make_tree
from skgeom.metrics import distance_preservation, neighborhood_precision

SETS = {
    "roll, noise .1": lambda n, seed: make_swiss_roll(n, noise=0.1, random_state=seed),
    "roll, noise .75": lambda n, seed: make_swiss_roll(
        n, noise=0.75, random_state=seed
    ),
    "tree, noise 1": lambda n, seed: make_tree(
        n, noise=1.0, geodesics="neighbor_graph", random_state=seed
    ),
    "tree, noise 3": lambda n, seed: make_tree(
        n, noise=3.0, geodesics="neighbor_graph", random_state=seed
    ),
}


# The published graph and distances, on landmarks.
PLAIN = {"robust": False, "geodesic": "heat"}


def methods(seed):
    """The peers at their defaults, ours in its plain form and in the exact one."""
    found = {
        "heat geodesic, plain": HeatGeodesicEmbedding(random_state=seed, **PLAIN),
        "heat geodesic, 300 landmarks, unchained": HeatGeodesicEmbedding(
            chaining=None, random_state=seed, **PLAIN
        ),
        "heat geodesic, exact": HeatGeodesicEmbedding(n_landmarks=None),
        "Isomap, 10 neighbours": Isomap(n_neighbors=10),
        "t-SNE": TSNE(random_state=seed),
    }
    try:
        import phate

        found["PHATE"] = phate.PHATE(random_state=seed, verbose=0)
    except ImportError:
        pass
    return found


def main():
    """Mean and spread over seeds for every set and method."""
    args = arguments(__doc__)
    n_samples, seeds = (500, (400,)) if args.quick else (2_000, range(400, 405))
    rows = []
    for set_name, make in SETS.items():
        scores = {}
        for seed in seeds:
            sample = make(n_samples, seed)
            truth = sample.geodesic_distances()
            for name, model in methods(seed).items():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    embedding, cpu, _ = timed(model.fit_transform, sample.X)
                quality = distance_preservation(truth, embedding)
                precision = neighborhood_precision(
                    truth, embedding, n_neighbors=10, metric="precomputed"
                )
                scores.setdefault(name, []).append(
                    (quality.pearson, quality.scaled_stress, precision, cpu)
                )
        for name, values in scores.items():
            pearson, stress, precision, cpu = np.array(values).T
            rows.append(
                {
                    "set": set_name,
                    "method": name,
                    "Pearson": f"{pearson.mean():.4f} ± {pearson.std():.4f}",
                    "worst seed": float(pearson.min()),
                    "scaled stress": float(stress.mean()),
                    "precision at 10": float(precision.mean()),
                    "CPU s": float(cpu.mean()),
                }
            )
    report(
        "heat_geodesic_accuracy",
        rows,
        title=f"Embedding distances against true geodesics, n={n_samples}",
        packages=("phate",) if any("PHATE" in r["method"] for r in rows) else (),
        notes=[
            f"seeds {seeds[0]} to {seeds[-1]}, mean ± standard deviation of Pearson",
            "the first call of each method includes its compilation",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
