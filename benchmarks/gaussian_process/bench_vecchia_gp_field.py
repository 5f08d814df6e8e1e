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
FORMS = "response", "latent"


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


def measured(form, data, reference, length):
    """Figures of one form: errors of the field, and how honest variances are."""
    X, y, new, f, truth = data
    model = VecchiaGPRegressor(approximation=form, random_state=0)
    (_, fit_cpu, _), grown = peak(timed, model.fit, X, y)
    _, cpu, _ = timed(model.predict, new)
    (mean, std), with_std, _ = timed(model.predict, new, return_std=True)
    error = np.sqrt(np.mean((mean - f) ** 2))
    z, of_field = (truth - mean) / std, np.sqrt(std**2 - model.noise_variance_)
    return {
        "rows": len(X),
        "form": form,
        "rmse of the field": error,
        "kriging": reference or "-",
        "ratio": error / reference if reference else "-",
        "nlpd": np.mean(np.log(2 * np.pi * std**2) + z**2) / 2,
        "in 95 %": np.mean(np.abs(z) < 1.959964),
        "field in 95 %": np.mean(np.abs(mean - f) < 1.959964 * of_field),
        "length scales / truth": " ".join(
            f"{v:.2f}" for v in model.length_scale_ / length
        ),
        "fit, CPU s": fit_cpu,
        "2,000 predictions": cpu,
        "with deviations": with_std,
        "GiB": grown / 2**30,
    }


def main():
    """Print and keep the table."""
    args = arguments(__doc__)
    warm, _, y = field(1500, 0.1, 0)
    for form in FORMS:
        model = VecchiaGPRegressor(approximation=form, batch_size=100).fit(warm, y)
        model.predict(warm, return_std=True)
    rows = []
    sizes = [(5000, True)] if args.quick else [(20_000, True), (200_000, True)]
    if not args.quick:
        sizes.append((10**6, False))
    for n, with_reference in sizes:
        # As many rows for a length at every size.
        length = 0.05 * np.sqrt(20_000 / n)
        X, f, y = field(n + N_TEST, length, seed=n)
        data = X[:n], y[:n], X[n:], f[n:], y[n:]
        reference = None
        if with_reference:
            told, cpu, _ = timed(local_kriging, *data[:3], length)
            reference = np.sqrt(np.mean((told - f[n:]) ** 2))
            print(n, "kriging", reference, cpu, flush=True)
        for form in FORMS:
            rows.append(measured(form, data, reference, length))
            print(rows[-1], flush=True)
        report(
            "vecchia_gp_field",
            rows,
            title="A field with as much noise, hyper-parameters learned",
            notes=[
                "Matérn 5/2, signal and noise variance 1, 50 rows in a square of side "
                "one length scale; random_state 0",
                "kriging: true hyper-parameters, 1,500 nearest rows, exactly; errors "
                "on the same 2,000 points",
                "defaults of VecchiaGPRegressor but for the form, one thread; GiB that "
                "fitting adds",
            ],
            write=not args.quick,
        )


if __name__ == "__main__":
    main()
