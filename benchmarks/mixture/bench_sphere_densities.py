"""Densities of events on the globe: kernels, mixtures, and kernels of flat space.

``--data FILE`` is an archive with columns latitude and longitude of earthquakes, floods
and fires: those of github oxcsml/riemannian-score-sde (data of NOAA, Dartmouth and
NASA). Mean negative log-density of a tenth of the rows, with respect to the area of the
unit sphere, by four splits with standard errors; peers choose their width by a tenth of
the rest. KernelDensity in degrees is put on the sphere by its Jacobian.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.neighbors import KernelDensity

from benchmarks._report import parser, report, timed
from skgeom import SphereKernelDensity, VonMisesFisherMixture
from skgeom.geometry import sphere

SEEDS = (0, 1, 2, 3)


def of_kernels(train, test, seed, **options):
    """Ours, with all that is chosen."""
    model = SphereKernelDensity(input_space="lonlat", random_state=seed, **options)
    return -model.fit(train).score(test)


def of_mixture(train, test, seed):
    """Components by the likelihood of a tenth of the rows."""
    train, held = halves(train, seed + 100)
    models = [
        VonMisesFisherMixture(k, input_space="lonlat", random_state=seed, tol=1e-2)
        for k in (20, 60, 120)
    ]
    best = max((m.fit(train) for m in models), key=lambda m: m.score(held))
    return -best.score(test)


def of_flat_kernels(train, test, seed, space):
    """scikit-learn's kernels, as a density on the sphere, with a uniform background."""
    train, held = halves(train, seed + 100)
    widths = np.geomspace(1e-3, 1, 13) * (1 if space == "xyz" else 57.3)
    to = sphere.from_lonlat if space == "xyz" else np.asarray

    def densities(width, rows):
        found = KernelDensity(bandwidth=width, rtol=1e-4).fit(to(train))
        told = found.score_samples(to(rows))
        if space == "degrees":
            return told - np.log(np.cos(np.radians(rows[:, 1])) * (np.pi / 180) ** 2)
        # Mass that kernels have across the sphere.
        return told + np.log(width * np.sqrt(2 * np.pi))

    def mixed(log, share):
        return np.logaddexp(np.log1p(-share) + log, np.log(share / (4 * np.pi))).mean()

    told = {width: densities(width, held) for width in widths}
    _, width, share = max(
        (mixed(log, share), width, share)
        for width, log in told.items()
        for share in (0.003, 0.01, 0.05, 0.2)
    )
    return -mixed(densities(width, test), share)


def halves(X, seed):
    """Nine tenths and a tenth."""
    order = np.random.default_rng(seed).permutation(len(X))
    return X[order[len(X) // 10 :]], X[order[: len(X) // 10]]


METHODS = {
    "SphereKernelDensity": of_kernels,
    "SphereKernelDensity, one width": lambda *a: of_kernels(*a, concentration="cv"),
    "VonMisesFisherMixture": of_mixture,
    "KernelDensity of xyz": lambda *a: of_flat_kernels(*a, "xyz"),
    "KernelDensity of degrees": lambda *a: of_flat_kernels(*a, "degrees"),
}


def main(path, quick):
    """Write the table."""
    archive, rows = np.load(path), []
    for name in ("earthquake", "flood", "fire"):
        everything = archive[name][:, ::-1].astype(float)
        for kind in ("all rows", "distinct rows"):
            X = everything if kind == "all rows" else np.unique(everything, axis=0)
            X = X[::10] if quick else X
            for method, run in METHODS.items():
                told, spent = [], 0.0
                for seed in SEEDS:
                    train, test = halves(X, seed)
                    value, cpu, _ = timed(run, train, test, seed)
                    told.append(value)
                    spent += cpu / len(SEEDS)
                error = np.std(told, ddof=1) / np.sqrt(len(told))
                rows.append(
                    {
                        "events": f"{name}, {kind}, {len(X):,}",
                        "method": method,
                        "negative log-density": f"{np.mean(told):.2f} ± {error:.2f}",
                        "seconds": spent,
                    }
                )
                print(rows[-1], flush=True)
    report(
        "sphere_densities",
        rows,
        title="Densities of events on the globe",
        notes=[
            __doc__.split("\n\n")[1].replace("\n", " "),
            f"Seeds {SEEDS}; a uniform density has 2.53; seconds of the processor.",
        ],
        write=not quick,
    )


if __name__ == "__main__":
    given = parser(__doc__)
    given.formatter_class = argparse.RawDescriptionHelpFormatter
    given.add_argument("--data", type=Path, help="the archive")
    given = given.parse_args()
    if given.data is None:
        print("needs --data")
    else:
        main(given.data, given.quick)
