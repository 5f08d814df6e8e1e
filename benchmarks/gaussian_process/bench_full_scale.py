"""Inducing points with near rows: against the exact process, and on elevators.

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.gaussian_process.bench_full_scale --data DIR

DIR has elevators.npz, the split of github.com/katzfuss-group/DKL-GP. GPBoost takes part
if it is installed. `--only` does one of the two parts.
"""

import time
from pathlib import Path

import numpy as np
import scipy.linalg
from scipy.spatial.distance import cdist

from benchmarks._report import parser, report
from skgeom import VecchiaGPRegressor
from skgeom.backends import get_backend
from skgeom.gaussian_process._vecchia._forms import FORMS, Settings
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.gaussian_process._vecchia._table import Table

N, N_NEW = 3000, 1000
RATIOS = 0.1, 1.0, 100.0
# Columns and length scale.
FIELDS = (5, 0.7), (10, 1.5)
SETTINGS = Settings("matern52", 30, 150, None, 300, False)


def kernel(A, B, length):
    """Matérn 5/2 of unit variance."""
    reach = cdist(A, B) * (np.sqrt(5) / length)
    return (1 + reach + reach**2 / 3) * np.exp(-reach)


def of_fields(n, seeds, keep):
    """Errors of forms, relative to those of the exact process with true parameters."""
    found = {}
    for d, length in FIELDS:
        for seed in seeds:
            rng = np.random.default_rng(seed)
            X = rng.uniform(size=(n + N_NEW, d))
            K = kernel(X, X, length)
            root = scipy.linalg.cholesky(K + 1e-8 * np.eye(len(X)), lower=True)
            f = root @ rng.standard_normal(len(X))
            unit = rng.standard_normal(n)
            for ratio in RATIOS:
                y = f[:n] + unit / np.sqrt(ratio)
                system = K[:n, :n] + np.eye(n) / ratio
                exact = K[n:, :n] @ scipy.linalg.solve(system, y, assume_a="pos")
                least = np.sqrt(np.mean((exact - f[n:]) ** 2))
                table = Table(X[:n], y[:, None], np.ones(n))
                true = Parameters(np.log([1.0, *[length] * d, 1 / ratio]))
                for form in ("response", "full_scale"):
                    process = FORMS[form].condition(table, true, SETTINGS, BACKEND)
                    mean, _ = process.posterior(X[n:], BACKEND)
                    error = np.sqrt(np.mean((mean[:, 0] - f[n:]) ** 2)) / least
                    found.setdefault((d, ratio, form, "true"), []).append(error)
                    model = VecchiaGPRegressor(
                        approximation=form,
                        n_inducing=300,
                        linear_trend=False,
                        random_state=seed,
                    ).fit(X[:n], y)
                    error = np.sqrt(np.mean((model.predict(X[n:]) - f[n:]) ** 2))
                    name = d, ratio, form, "learned"
                    found.setdefault(name, []).append(error / least)
                print(d, seed, ratio, list(found.items())[-4:], flush=True)
                keep(table_of(found))


def table_of(found):
    """Means over seeds."""
    heads = "columns", "signal / noise", "form", "parameters"
    return [
        dict(zip(heads, name, strict=True))
        | {
            "ratio": f"{np.mean(ratios):.3f}",
            "seeds": len(ratios),
        }
        for name, ratios in found.items()
    ]


def ours(form):
    """Our own, with its defaults."""

    def predict(X, y, new, seed):
        model = VecchiaGPRegressor(approximation=form, random_state=seed).fit(X, y)
        print(form, model.approximation_, model.n_iter_)
        return model.predict(new, return_std=True)

    return predict


def gpboost(n_rows):
    """GPBoost's full-scale form, 200 inducing points, of some of the rows."""

    def predict(X, y, new, seed):
        import gpboost as gpb

        rows = np.random.default_rng(seed).permutation(len(X))[:n_rows]
        X, y = X[rows], y[rows]
        # It ends with a fatal error on columns that are constant in a sample.
        kept = [len(np.unique(c[:500])) > 5 for c in X.T]
        one, one_new = np.ones((len(X), 1)), np.ones((len(new), 1))
        X, new = X[:, kept], new[:, kept]
        model = gpb.GPModel(
            gp_coords=X,
            likelihood="gaussian",
            gp_approx="full_scale_vecchia",
            cov_function="matern_ard",
            cov_fct_shape=2.5,
            num_neighbors=15,
            num_ind_points=100,
            num_parallel_threads=1,
            seed=seed,
        )
        model.set_optim_params(params={"maxit": 30})
        model.fit(y=y, X=np.hstack([one, X]))
        told = model.predict(
            gp_coords_pred=new,
            X_pred=np.hstack([one_new, new]),
            predict_var=True,
            predict_response=True,
        )
        return told["mu"], np.sqrt(told["var"])

    return predict


METHODS = {
    "full_scale, 200 points": (ours("full_scale"), range(3)),
    "auto": (ours("auto"), range(1)),
    "response": (ours("response"), range(3)),
    "GPBoost full_scale_vecchia, 100 points, 600 rows": (gpboost(600), range(1)),
}


def of_elevators(folder, quick):
    """Errors, densities and seconds."""
    with np.load(folder / "elevators.npz") as table:
        X, y, new, truth = (
            table[name].astype(float)
            for name in ("X_train", "y_train", "X_test", "y_test")
        )
    center, spread = X.mean(axis=0), X.std(axis=0)
    X, new = (X - center) / spread, (new - center) / spread
    if quick:
        X, y = X[:2000], y[:2000]
    unit, rows = y.std(), []
    for name, (method, seeds) in METHODS.items():
        found = []
        for seed in seeds:
            start = time.process_time()
            try:
                mean, std = method(X, y, new, seed)
            except ImportError as error:
                print(name, error)
                break
            seconds = time.process_time() - start
            error, std = (truth - mean) / unit, std / unit
            density = np.log(2 * np.pi * std**2) + (error / std) ** 2
            inside = np.mean(np.abs(error) < 1.959964 * std)
            rmse = np.sqrt(np.mean(error**2))
            found.append([rmse, density.mean() / 2, inside, seconds])
            print(name, seed, np.round(found[-1], 4), flush=True)
        if found:
            rmse, nlpd, inside, seconds = np.mean(found, axis=0)
            rows.append(
                {
                    "method": name,
                    "seeds": len(found),
                    "rmse": f"{rmse:.4f}",
                    "nlpd": f"{nlpd:.4f}",
                    "coverage of 95 %": f"{inside:.3f}",
                    "CPU s": f"{seconds:.1f}",
                }
            )
    return rows


def main():
    """Print and keep the tables."""
    reader = parser(__doc__)
    reader.add_argument("--data", type=Path)
    reader.add_argument("--only", choices=["fields", "elevators"])
    args = reader.parse_args()
    warm = np.random.default_rng(0).uniform(size=(300, 3))
    for form in ("response", "full_scale"):
        model = VecchiaGPRegressor(approximation=form, batch_size=100, n_inducing=9)
        model.fit(warm, warm[:, 0]).predict(warm)
    if args.only != "fields" and args.data is not None:
        report(
            "full_scale_elevators",
            of_elevators(args.data, args.quick),
            title="Elevators, 1,659 test rows: errors in deviations of the target",
            notes=[
                "VecchiaGPRegressor, approximation as said and else its defaults",
                "CPU seconds of fitting and predicting; one thread",
                "nlpd: negative log density of a test target, mean",
                "GPBoost: rows chosen so that it takes about as long; without columns "
                "that it ends with a fatal error on, at most 30 iterations",
            ],
            write=not args.quick,
        )
    if args.only != "elevators":
        of_fields(
            600 if args.quick else N, range(1, 2), lambda rows: fields(rows, args)
        )


def fields(rows, args):
    """Print and keep what there is."""
    report(
        "full_scale_fields",
        rows,
        title="Fields of 5 and 10 columns, 3,000 rows: errors by those of the exact "
        "process",
        notes=[
            "Matérn 5/2, rows uniform in a cube of side one, length scales .7 and 1.5, "
            "signal variance 1; errors of the field at 1,000 new rows; seed 1",
            "ratio: to the exact process with the true parameters; 300 inducing "
            "points, 30 neighbours, 150 for predictions",
        ],
        write=not args.quick,
    )


BACKEND = get_backend()

if __name__ == "__main__":
    main()
