"""Distance of two bags: sliced by the embedding, and exact optimal transport.

Bags of normal points in 55 coordinates, as of 10 x 10 matrices, shifted by .05 in each.
The exact distance is POT's `emd2` on squared distances, and SciPy's assignment. The
sliced one takes 200 random directions; all points are quantiles, so that of its
directions it is exact. Median CPU seconds of five draws, seeds 0 to 4.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks._report import arguments, report, timed
from skgeom import SlicedWassersteinEmbedding


def sliced(bags):
    """Squared distance of the embedding's rows, and the embedding's columns."""
    X = np.stack([bag.ravel() for bag in bags])
    model = SlicedWassersteinEmbedding(
        bags[0].shape[1],
        slices="random",
        n_slices=200,
        n_quantiles=len(bags[0]),
        random_state=0,
    )
    one, two = model.fit_transform(X)
    return ((one - two) ** 2).sum()


def assignment(bags):
    """The best assignment of the points of one bag to those of the other."""
    cost = cdist(*bags, "sqeuclidean")
    return cost[linear_sum_assignment(cost)].mean()


def transport(bags):
    """POT's network simplex."""
    import ot

    n = len(bags[0])
    weights = np.full(n, 1 / n)
    return ot.emd2(weights, weights, ot.dist(*bags), numItermax=10**7)


def main(quick):
    """Write the table."""
    rows = []
    methods = {"emd2 of POT": transport, "linear_sum_assignment": assignment}
    for n in (200,) if quick else (500, 1000, 2000):
        seconds = {name: [] for name in ("sliced", *methods)}
        for seed in range(2 if quick else 5):
            bags = np.random.default_rng(seed).normal(size=(2, n, 55)) * 0.3
            bags[1] += 0.05
            seconds["sliced"].append(timed(sliced, bags)[1])
            for name, method in methods.items():
                seconds[name].append(timed(method, bags)[1])
        middle = {name: float(np.median(times)) for name, times in seconds.items()}
        least = min(middle[name] for name in methods)
        rows.append(
            {"points in a bag": n, **middle, "times as fast": least / middle["sliced"]}
        )
    report(
        "sliced_speed",
        rows,
        title="Seconds for the distance of two bags in 55 dimensions",
        packages=["POT"],
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


if __name__ == "__main__":
    main(arguments(__doc__).quick)
