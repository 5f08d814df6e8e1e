"""Two rolls, each in the gaps of the other: distances within them.

Rolls like those of the noise table, 10 wide and half a turn apart. Pearson's
correlation of the distances in the plane with those on the sheets, within each roll.
"""

import warnings

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.manifold import Isomap

from benchmarks._report import parser, report
from skgeom import HeatGeodesicEmbedding

METHODS = {
    "default": lambda seed: HeatGeodesicEmbedding(random_state=seed),
    "plain, heat": lambda seed: HeatGeodesicEmbedding(
        robust=False, geodesic="heat", random_state=seed
    ),
    "Isomap, 5": lambda seed: Isomap(n_neighbors=5),
    "Isomap, 10": lambda seed: Isomap(n_neighbors=10),
}


def two_rolls(n, noise, seed):
    """Points, their places on the sheets, and which of the two they lie on."""
    rng = np.random.default_rng(seed)
    turns = np.linspace(1.5 * np.pi, 4.5 * np.pi, 10_001)
    length = (turns * np.sqrt(turns**2 + 1) + np.arcsinh(turns)) / 2
    places = np.column_stack(
        [rng.uniform(length[0], length[-1], n), rng.uniform(0, 10, n)]
    )
    which = np.arange(n) % 2
    at = np.interp(places[:, 0], length, turns)
    angle = at + np.pi * which
    X = np.column_stack([at * np.cos(angle), places[:, 1], at * np.sin(angle)])
    return X + noise * rng.standard_normal(X.shape), places, which


def within(embedding, places, which):
    """Mean correlation of distances within the rolls."""
    return np.mean(
        [
            np.corrcoef(pdist(embedding[which == k]), pdist(places[which == k]))[0, 1]
            for k in range(2)
        ]
    )


def main():
    """One row for each number of points and level of noise."""
    args = parser(__doc__).parse_args()
    seeds = range(9200, 9202 if args.quick else 9205)
    rows = []
    for n in (1_200, 2_400):
        for noise in (0.0, 0.1, 0.2, 0.3):
            scores = {method: [] for method in METHODS}
            for seed in seeds:
                X, places, which = two_rolls(n, noise, seed)
                for method, make in METHODS.items():
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        embedding = make(seed).fit_transform(X)
                    scores[method].append(within(embedding, places, which))
            row = {"n": f"{n:,}", "noise": str(noise)}
            rows.append(row | {m: f"{np.mean(s):.3f}" for m, s in scores.items()})
            rows[-1]["default, worst"] = f"{min(scores['default']):.3f}"
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "heat_geodesic_sheets",
        rows,
        title="Two rolls, one in the other: Pearson of distances within each",
        notes=[
            "seeds 9200 to 9204, in no choice of a constant",
            "turns of one roll are 6.3 apart, and those of the other halfway between",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
