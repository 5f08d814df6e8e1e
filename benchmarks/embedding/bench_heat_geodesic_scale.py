"""From 50,000 to a million points: CPU seconds, peak memory and accuracy.

Every size runs in a process of its own, because peak memory never comes down. Samples
are Swiss rolls in 50 features in float32, scored against the true geodesic distances
from sampled points.
"""

import argparse
import multiprocessing
import resource
import sys

import numpy as np

from benchmarks._report import parser, report, timed
from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_swiss_roll
from skgeom.metrics import distance_preservation

FORMS = {
    "default": {},
    "plain, heat": {"robust": False, "geodesic": "heat"},
}


def measure(n_samples, form, noise):
    """Fit one embedding; the process has to be a fresh one."""
    HeatGeodesicEmbedding(**FORMS[form]).fit(make_swiss_roll(500).X)  # compile
    sample = make_swiss_roll(n_samples, noise=noise, n_features=50, random_state=0)
    X = sample.X.astype(np.float32)
    columns = np.random.default_rng(0).choice(n_samples, 200, replace=False)
    truth = sample.geodesic_distances(columns=columns)
    before = _peak()
    model, cpu, wall = timed(
        HeatGeodesicEmbedding(random_state=0, **FORMS[form]).fit, X
    )
    after = _peak()
    _, placing, _ = timed(model.transform, X[:1_000])
    quality = distance_preservation(truth, model.embedding_, columns=columns)
    return {
        "n": f"{n_samples:,}",
        "noise": noise,
        "form": form,
        "CPU s": cpu,
        "wall s": wall,
        "peak GiB": after,
        "of it before fit": before,
        "Pearson": f"{quality.pearson:.4f}",
        "CPU ms to transform 1,000 rows": 1_000 * placing,
    }


def _peak():
    """Peak resident memory of this process so far, in GiB."""
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main():
    """Measure every size, each in a fresh process."""
    options: argparse.ArgumentParser = parser(__doc__)
    options.add_argument(
        "--sizes", type=int, nargs="*", default=[50_000, 200_000, 1_000_000]
    )
    args = options.parse_args()
    cases = [(n, "default", 1.0) for n in args.sizes]
    cases.insert(0, (min(args.sizes), "plain, heat", 0.1))
    if args.quick:
        cases = [(5_000, form, 0.1) for form in FORMS]
    rows = []
    for case in cases:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, case))
        print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "heat_geodesic_scale",
        rows,
        title="HeatGeodesicEmbedding on large samples, d=50, float32",
        packages=("faiss-cpu",),
        notes=[
            "Swiss rolls, seed 0, 300 landmarks; warmed up on 500 points",
            "Pearson: mean over 200 sampled rows against true geodesics",
            "peak memory is of the whole process; before the fit it holds the sample, "
            "the true distances and the libraries",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
