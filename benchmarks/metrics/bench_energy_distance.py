"""Energy distance by slices beside all distances: error and time.

Normal points, the second sample shifted by .3 in all, five draws with seeds 0 to 4, and
five choices of directions for each. The exact value sums all distances in blocks, those
of one sample by half of them; "plain" is SciPy's `cdist` in blocks, three times over.
"""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import gammaln

from benchmarks._report import arguments, peak, report, timed
from skgeom.metrics import energy_distance


def plain(X, Y):
    """Three means of distances."""

    def mean(A, B):
        blocks = np.array_split(A, max(1, len(A) // 500))
        return sum(cdist(block, B).sum() for block in blocks) / len(A) / len(B)

    return 2 * mean(X, Y) - mean(X, X) - mean(Y, Y)


def sliced(X, Y, seed):
    """The distance by slices, with its seconds."""
    return timed(energy_distance, X, Y, method="sliced", random_state=seed)


def independent(X, Y, seed):
    """By as many directions that are drawn one by one, each an exact distance."""
    d = X.shape[1]
    n_lines = -(-max(100, 4 * d) // d) * d
    lines = np.random.default_rng(seed).normal(size=(n_lines, d))
    lines /= np.linalg.norm(lines, axis=1, keepdims=True)
    found = [energy_distance((X @ u)[:, None], (Y @ u)[:, None]) for u in lines]
    constant = np.sqrt(np.pi) * np.exp(gammaln((d + 1) / 2) - gammaln(d / 2))
    return constant * np.mean(found)


def main(quick):
    """Write the table."""
    rows = []
    n = 2000 if quick else 10_000
    for n_features in (2, 10, 50):
        times, memory = {"plain": [], "exact": [], "sliced": []}, []
        errors, loose = [], []
        for seed in range(1 if quick else 5):
            rng = np.random.default_rng(seed)
            X, Y = rng.normal(size=(2, n, n_features))
            Y = Y + 0.3 / n_features**0.5
            value, cpu, _ = timed(plain, X, Y)
            times["plain"].append(cpu)
            exact, cpu, _ = timed(energy_distance, X, Y, method="exact")
            times["exact"].append(cpu)
            assert abs(exact / value - 1) < 1e-8
            for k in range(5):
                (found, cpu, _), grown = peak(sliced, X, Y, k)
                times["sliced"].append(cpu)
                errors.append(found / exact - 1)
                loose.append(independent(X, Y, k) / exact - 1)
                memory.append(grown / 2**20)
        middle = {name: float(np.median(some)) for name, some in times.items()}
        rows.append(
            {
                "columns": n_features,
                "plain, s": middle["plain"],
                "exact, s": middle["exact"],
                "sliced, s": middle["sliced"],
                "plain over sliced": middle["plain"] / middle["sliced"],
                "exact over sliced": middle["exact"] / middle["sliced"],
                "error, rms": float(np.sqrt(np.mean(np.square(errors)))),
                "of independent lines": float(np.sqrt(np.mean(np.square(loose)))),
                "MiB": float(np.max(memory)),
            }
        )
    report(
        "energy_distance",
        rows,
        title=f"Energy distance of two samples of {n:,} rows",
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


if __name__ == "__main__":
    main(arguments(__doc__).quick)
