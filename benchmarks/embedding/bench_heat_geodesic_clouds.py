"""Clouds without branches: how often the default takes one for a tree.

Eight laws and some of their relatives; the default should never measure along a tree.
"""

import warnings

import numpy as np

from benchmarks._report import parser, report
from skgeom import HeatGeodesicEmbedding


def _uniform_directions(rng, n, d):
    directions = rng.normal(size=(n, d))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def _factors(rng, n, d):
    few = max(2, d // 4)
    noise = 0.5 * rng.normal(size=(n, d))
    return rng.normal(size=(n, few)) @ rng.normal(size=(few, d)) + noise


def _student(rng, n, d, tail):
    return rng.normal(size=(n, d)) / np.sqrt(rng.chisquare(tail, (n, 1)) / tail)


def _clumps(rng, n, d):
    centers = 1.2 * rng.normal(size=(4, d))
    return centers[rng.integers(4, size=n)] + rng.normal(size=(n, d))


def _clumps_of_sizes(rng, n, d):
    centers, sizes = 3 * rng.normal(size=(6, d)) / np.sqrt(d), rng.uniform(0.5, 1.5, 6)
    clump = rng.integers(6, size=n)
    return centers[clump] + sizes[clump, None] * rng.normal(size=(n, d))


LAWS = {
    "cube": lambda rng, n, d: rng.uniform(size=(n, d)),
    "Gaussian": lambda rng, n, d: rng.normal(size=(n, d)),
    "Gaussian, long": lambda rng, n, d: (
        rng.normal(size=(n, d)) * np.geomspace(3, 0.3, d)
    ),
    "t, 3": lambda rng, n, d: _student(rng, n, d, 3),
    "t, 5": lambda rng, n, d: _student(rng, n, d, 5),
    "t, 3, each feature": lambda rng, n, d: rng.standard_t(3, size=(n, d)),
    "t, 5, each feature": lambda rng, n, d: rng.standard_t(5, size=(n, d)),
    "lognormal": lambda rng, n, d: np.exp(rng.normal(size=(n, d))),
    "factors": _factors,
    "exponential": lambda rng, n, d: rng.exponential(size=(n, d)),
    "Laplace": lambda rng, n, d: rng.laplace(size=(n, d)),
    "four clumps that overlap": _clumps,
    "six of several sizes": _clumps_of_sizes,
    "ball": lambda rng, n, d: (
        _uniform_directions(rng, n, d) * rng.uniform(size=(n, 1)) ** (1 / d)
    ),
    "sphere": _uniform_directions,
}


def main():
    """One row for each law: trees among all samples of each size."""
    args = parser(__doc__).parse_args()
    sizes, seeds = (100, 300, 1_500), range(1 if args.quick else 5)
    dimensions = (3, 5, 10, 20)
    rows = []
    for law, draw in LAWS.items():
        row = {"law": law}
        for n in sizes:
            trees = 0
            for d in dimensions:
                for seed in seeds:
                    X = draw(np.random.default_rng(7000 + seed), n, d)
                    # What is measured counts here, not how well it is scaled.
                    model = HeatGeodesicEmbedding(random_state=seed, max_iter=50)
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        trees += model.fit(X).geodesic_ == "tree"
            row[f"n={n:,}"] = f"{trees} of {len(dimensions) * len(seeds)}"
        rows.append(row)
        print(*row.values(), sep="  ", flush=True)
    report(
        "heat_geodesic_clouds",
        rows,
        title="Clouds that are measured along trees",
        notes=[
            f"{', '.join(map(str, dimensions))} features, seeds {7000 + seeds[0]} to "
            f"{7000 + seeds[-1]}, in no choice of a constant",
            "the counterpart is the gain on trees in `heat_geodesic_noise.md`",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
