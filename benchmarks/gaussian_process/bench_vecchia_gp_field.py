"""A field of two columns, noise as large as the signal: beside kriging at the truth.

Without `--quick` it takes some minutes:

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.gaussian_process.bench_vecchia_gp_field
"""

import numpy as np
import scipy.linalg
from scipy.spatial import cKDTree
from sklearn.gaussian_process.kernels import Matern

from benchmarks._report import arguments, peak, report, timed
from skgeom import VecchiaGPRegressor

N_TEST = 2000


def field(n, length, seed, n_waves=2000):
    """Points, a field of Matérn's kernel of smoothness 5/2, and noisy readings."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, 2))
    # Waves of the kernel's spectrum, a t distribution with five degrees of freedom.
    waves = rng.standard_normal((2, n_waves)) / length
    waves = waves / np.sqrt(rng.chisquare(5, n_waves) / 5)
    turn = rng.uniform(0, 2 * np.pi, n_waves)
    f = np.empty(n)
    for start in range(0, n, 5000):
        rows = slice(start, start + 5000)
        f[rows] = np.cos(X[rows] @ waves + turn).sum(axis=1)
    f *= np.sqrt(2 / n_waves)
    return X, f, f + rng.standard_normal(n)


def local_kriging(X, y, new, length, n_neighbors=1500):
    """Predictions with the true kernel from the nearest rows, exactly."""
    kernel = Matern(length, nu=2.5)
    _, near = cKDTree(X).query(new, k=n_neighbors)
    found = np.empty(len(new))
    for i, rows in enumerate(near):
        K = kernel(X[rows])
        K[np.diag_indices(n_neighbors)] += 1.0
        weights = scipy.linalg.solve(K, y[rows], assume_a="pos", overwrite_a=True)
        found[i] = kernel(new[i : i + 1], X[rows])[0] @ weights
    return found


def main():
    """Print and keep the table."""
    args = arguments(__doc__)
    warm, _, y = field(1500, 0.1, 0)
    VecchiaGPRegressor(batch_size=100).fit(warm, y).predict(warm)
    rows = []
    sizes = [(5000, 60)] if args.quick else [(20_000, 500), (200_000, 500), (10**6, 0)]
    for n, n_reference in sizes:
        # As many rows for a length at every size.
        length = 0.05 * np.sqrt(20_000 / n)
        X, f, y = field(n + N_TEST, length, seed=n)
        new, f, truth = X[n:], f[n:], y[n:]
        X, y = X[:n], y[:n]
        reference = None
        if n_reference:
            told, cpu, _ = timed(local_kriging, X, y, new[:n_reference], length)
            reference = np.sqrt(np.mean((told - f[:n_reference]) ** 2))
            print(n, "kriging", reference, cpu, flush=True)
        model = VecchiaGPRegressor(random_state=0)
        (_, fit_cpu, _), grown = peak(timed, model.fit, X, y)
        (mean, std), cpu, _ = timed(model.predict, new, return_std=True)
        few = slice(None, n_reference or None)
        error = np.sqrt(np.mean((mean - f)[few] ** 2))
        z = (truth - mean) / std
        rows.append(
            {
                "rows": n,
                "rmse of the field": error,
                "kriging": reference or "-",
                "ratio": error / reference if reference else "-",
                "nlpd": np.mean(np.log(2 * np.pi * std**2) + z**2) / 2,
                "coverage of 95 %": np.mean(np.abs(z) < 1.959964),
                "length scales / truth": " ".join(
                    f"{v:.2f}" for v in model.length_scale_ / length
                ),
                "fit, CPU s": fit_cpu,
                "2,000 predictions, CPU s": cpu,
                "GiB": grown / 2**30,
            }
        )
        print(rows[-1], flush=True)
    report(
        "vecchia_gp_field",
        rows,
        title="A field with as much noise, hyper-parameters learned",
        notes=[
            "Matérn 5/2, signal and noise variance 1, 50 rows in a square of side one "
            "length scale; random_state 0",
            "kriging: true hyper-parameters, 1,500 nearest rows, exactly; both errors "
            "on the same 500 points (2,000 where there is no kriging)",
            "defaults of VecchiaGPRegressor, one thread; GiB that fitting adds",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
