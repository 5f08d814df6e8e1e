"""Closed curves under noise: whether the cleaned graph still goes all the way round.

Paths in the default robust graph and in one without pruning, against the true distances
along the curve.
"""

import numpy as np
from scipy.sparse import csgraph

from benchmarks._report import parser, report
from skgeom.graph import robust_graph

NOISES = (0.01, 0.03, 0.05, 0.07, 0.1)
# A path that goes the wrong way round correlates worse.
CLOSED = 0.95


def _curve(places):
    """Uniform points on a closed curve, given by places of angles."""

    def make(rng, n):
        angles = np.linspace(0, 2 * np.pi, 20_001)
        steps = np.diff(places(angles), axis=0)
        arc = np.append(0.0, np.cumsum(np.linalg.norm(steps, axis=1)))
        at = rng.uniform(0, arc[-1], n)
        return places(np.interp(at, arc, angles)), at, arc[-1]

    return make


def _circle(a, radius=1.0):
    return radius * np.column_stack([np.cos(a), np.sin(a)])


def _trefoil(a):
    x, y = np.sin(a) + 2 * np.sin(2 * a), np.cos(a) - 2 * np.cos(2 * a)
    return np.column_stack([x, y, -np.sin(3 * a)]) / 2


def loop(places):
    """Points on one closed curve and distances from some of them."""

    def make(rng, n, rows):
        points, at, length = _curve(places)(rng, n)
        return points, _round(at, rows, length)

    return make


def ring_with_tail(rng, n, rows):
    """A ring of radius 1 and a straight tail of length 2."""
    at = rng.uniform(0, 2 * np.pi + 2, n)
    tail = np.maximum(at - 2 * np.pi, 0.0)
    at = np.where(tail > 0, 0.0, at)
    points = _circle(at) + np.column_stack([tail, np.zeros(n)])
    both = (tail > 0) & (tail[rows, None] > 0)
    apart = np.where(both, np.abs(tail - tail[rows, None]), tail + tail[rows, None])
    return points, apart + _round(at, rows, 2 * np.pi)


def figure_of_eight(rng, n, rows):
    """Two rings of radius 0.7 that touch."""
    length = 1.4 * np.pi
    at, side = rng.uniform(0, length, n), rng.choice([-1, 1], n)
    points = _circle(at / 0.7, 0.7) - [0.7, 0.0]
    points[:, 0] *= side
    out = np.minimum(at, length - at)
    same = side == side[rows, None]
    return points, np.where(same, _round(at, rows, length), out + out[rows, None])


def _round(at, rows, length):
    apart = np.abs(at[rows, None] - at)
    return np.minimum(apart, length - apart)


SHAPES = {
    "ring": loop(_circle),
    "ellipse": loop(lambda a: _circle(a) * [1.5, 0.6]),
    "trefoil": loop(_trefoil),
    "ring with a tail": ring_with_tail,
    "figure of eight": figure_of_eight,
}


def score(make, n, n_features, noise, seed):
    """Mean correlation of paths with the truth: without pruning, and by default."""
    rng, rows = np.random.default_rng(seed), np.arange(0, n, n // 40)
    points, truth = make(rng, n, rows)
    axes = np.linalg.qr(rng.normal(size=(n_features, points.shape[1])))[0]
    X = points @ axes.T + noise * rng.normal(size=(n, n_features))
    scores = []
    for options in ({"pruning": 0.0}, {}):
        paths = csgraph.dijkstra(robust_graph(X, **options).lengths, indices=rows)
        if np.isinf(paths).any():
            scores.append(0.0)
            continue
        pairs = zip(paths, truth, strict=True)
        scores.append(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))
    return scores


def main():
    """One table: shape and noise, over sizes, features and seeds."""
    args = parser(__doc__).parse_args()
    seeds = range(900, 901 if args.quick else 905)
    sizes = (600,) if args.quick else (600, 2_000)
    rows = []
    for name, make in SHAPES.items():
        for noise in NOISES:
            scores = np.array(
                [
                    score(make, n, n_features, noise, seed)
                    for n in sizes
                    for n_features in (3, 10)
                    for seed in seeds
                ]
            )
            row = {"shape": name, "noise": noise}
            for method, values in zip(("pruning=0", "default"), scores.T, strict=True):
                row[method] = float(values.mean())
                row[f"{method}, worst"] = float(values.min())
                row[f"{method}, closed"] = f"{(values > CLOSED).sum()} of {len(values)}"
            rows.append({k: str(v) if k == "noise" else v for k, v in row.items()})
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "heat_geodesic_rings",
        rows,
        title="Closed curves: Pearson of paths in the cleaned graph against the truth",
        notes=[
            f"seeds {seeds[0]} to {seeds[-1]}, {' and '.join(map(str, sizes))} points, "
            "3 and 10 features; a ring has radius 1, noise is of each feature",
            f"closed: a correlation of more than {CLOSED}; where the rings of a figure "
            "of eight touch, noise keeps it below that; 0 where the graph is in parts",
            "pruning=0 is sewn, too: smoothing alone opens some",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
