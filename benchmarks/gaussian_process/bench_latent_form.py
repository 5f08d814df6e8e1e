"""Noisy fields of two columns: near noisy readings, or the field at all rows at once.

Without `--quick` it takes a quarter of an hour:

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.gaussian_process.bench_latent_form
"""

import numpy as np
import scipy.linalg
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from benchmarks._report import arguments, report, timed
from benchmarks.gaussian_process.bench_vecchia_gp_field import field
from skgeom import VecchiaGPRegressor
from skgeom.backends import get_backend
from skgeom.gaussian_process._vecchia._forms import FORMS
from skgeom.gaussian_process._vecchia._parameters import Parameters

N_TEST, N_NEAR = 500, 1500
RATIOS = 1.0, 0.1
# Rows, length scale, seeds: 50 rows to a square of side one length, and 800.
CASES = (20_000, 0.05, 3), (20_000, 0.2, 3)


def local_kriging(X, targets, new, length, noises):
    """True hyper-parameters, nearest rows: means and variances for each noise."""

    def kernel(A, B):
        reach = cdist(A, B) * (np.sqrt(5) / length)
        return (1 + reach + reach**2 / 3) * np.exp(-reach)

    _, near = cKDTree(X).query(new, k=N_NEAR)
    means, variances = np.empty((2, len(noises), len(new)))
    for i, rows in enumerate(near):
        K, k = kernel(X[rows], X[rows]), kernel(X[rows], new[i : i + 1])[:, 0]
        for j, (y, noise) in enumerate(zip(targets, noises, strict=True)):
            L = K.copy()
            L[np.diag_indices(N_NEAR)] += noise
            L = scipy.linalg.cholesky(L, lower=True, overwrite_a=True)
            half = scipy.linalg.solve_triangular(
                L, np.column_stack([k, y[rows]]), lower=True
            )
            means[j, i] = half[:, 0] @ half[:, 1]
            variances[j, i] = 1 - half[:, 0] @ half[:, 0]
    return means, variances


def scores(mean, variance, noise, f, y):
    """Error of the field, density of readings, and both in their bands."""
    total = variance + noise
    return {
        "rmse": np.sqrt(np.mean((mean - f) ** 2)),
        "nlpd": np.mean(np.log(2 * np.pi * total) + (y - mean) ** 2 / total) / 2,
        "in 95 %": np.mean(np.abs(y - mean) < 1.959964 * np.sqrt(total)),
        "field in 95 %": np.mean(np.abs(f - mean) < 1.959964 * np.sqrt(variance)),
    }


def predicted(X, y, new, truth, noise, length):
    """Every form on the readings of one field; yields names and figures."""
    for form in ("response", "latent", "auto"):
        model = VecchiaGPRegressor(approximation=form, random_state=0)
        _, fit_cpu, _ = timed(model.fit, X, y)
        (mean, std), cpu, _ = timed(model.predict, new, return_std=True)
        own = model.noise_variance_
        found = scores(mean, std**2 - own, own, *truth)
        chosen = float(model.approximation_ == "latent")
        times = {"fit, CPU s": fit_cpu, "1,000 predictions": 1000 * cpu / len(new)}
        lengths = model.length_scale_ / length
        spread = np.abs(np.log(lengths)).max()
        yield form, "learned", {**found, **times, "latent": chosen, "off": spread}
        if form == "auto":
            continue
        # The true hyper-parameters, in the units of the estimator.
        frame, unit = model._frame, model._frame.scale[0] ** 2
        told = np.log([1 / unit, *(length / frame.spread), noise / unit])
        options = model._settings(), get_backend()
        process = FORMS[form].condition(
            model._process.table, Parameters(told), *options
        )
        queries = frame.place(new)
        mean, variance = process.posterior(queries, get_backend())
        mean = (mean * frame.scale + frame.trend_of(queries))[:, 0]
        yield form, "true", scores(mean, variance * unit, noise, *truth)


def of_field(n, length, seed):
    """Figures of every method at both ratios, by what is in the first columns."""
    X, f, y = field(n + N_TEST, length, seed)
    noises = [1 / ratio for ratio in RATIOS]
    readings = [f + np.sqrt(noise) * (y - f) for noise in noises]
    old, new = X[:n], X[n:]
    krigings = local_kriging(old, [y[:n] for y in readings], new, length, noises)
    for i, (ratio, noise, y) in enumerate(zip(RATIOS, noises, readings, strict=True)):
        truth = f[n:], y[n:]
        best = scores(krigings[0][i], krigings[1][i], noise, *truth)
        yield (n, f"{length:.3f}", ratio, "kriging", "true"), best, best
        for *name, found in predicted(old, y[:n], new, truth, noise, length):
            yield (n, f"{length:.3f}", ratio, *name), found, best


def table_of(figures):
    """Means over seeds, and the range of the ratios."""
    rows = []
    heads = "rows", "length", "signal / noise", "form", "parameters"
    for name, found in figures.items():
        ratios = [own["rmse"] / best["rmse"] for own, best in found]
        row = dict(zip(heads, name, strict=True))
        row["rmse"] = np.mean([own["rmse"] for own, _ in found])
        row["ratio"] = np.mean(ratios)
        row["from - to"] = f"{min(ratios):.3f} - {max(ratios):.3f}"
        for column in _OTHERS:
            told = [own.get(column, "-") for own, _ in found]
            row[column] = "-" if "-" in told else float(np.mean(told))
        row["seeds"] = len(found)
        rows.append(row)
    return rows


_OTHERS = (
    "nlpd",
    "in 95 %",
    "field in 95 %",
    "off",
    "latent",
    "fit, CPU s",
    "1,000 predictions",
)


def main():
    """Print and keep the table."""
    args = arguments(__doc__)
    warm, _, y = field(1500, 0.1, 0)
    for form in ("response", "latent"):
        model = VecchiaGPRegressor(approximation=form, batch_size=100).fit(warm, y)
        model.predict(warm, return_std=True)
    figures = {}
    for n, length, n_seeds in [(3000, 0.1, 1)] if args.quick else CASES:
        for seed in range(1, n_seeds + 1):
            for name, own, best in of_field(n, length, seed):
                figures.setdefault(name, []).append((own, best))
            report(
                "latent_form",
                table_of(figures),
                title="Noisy fields: near readings, or the latent field at all rows",
                notes=[
                    "Matérn 5/2, signal variance 1; seeds from 1 on, 500 new rows "
                    "each; rmse of the field, nlpd of new readings; ratio: rmse to "
                    "that of kriging, mean and range over seeds",
                    "kriging: true hyper-parameters, 1,500 nearest rows, exactly; for "
                    "the length 0.2 more rows would say more: ratios may be below 1",
                    "off: largest log of a learned length scale for the true one; "
                    "latent: share of seeds on which that form was kept",
                    "CPU seconds, one thread; predictions with deviations",
                ],
                write=not args.quick,
            )


if __name__ == "__main__":
    main()
