"""Kernel ridge regression of many rows: error, time and memory beside its peers.

python -m benchmarks.kernels.bench_kernel_regressor [--only arm|large|million]
"""

import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline

from benchmarks._report import parser, peak, report, timed
from skgeom import KernelRegressor
from skgeom.datasets import make_robot_arm

GIVEN = dict(kernel="rbf", gamma=0.05, alpha=1e-3)
BOOSTING = {
    "max_iter": [200, 500, 1000],
    "learning_rate": [0.05, 0.1, 0.2],
    "max_leaf_nodes": [15, 31, 63],
}


def nystroem(m):
    """scikit-learn's approximation, then ridge regression."""
    features = Nystroem(gamma=0.05, n_components=m, random_state=0)
    return make_pipeline(features, Ridge(1e-3))


def boosting():
    """Twelve settings by cross-validation."""
    model = HistGradientBoostingRegressor(random_state=0)
    return RandomizedSearchCV(model, BOOSTING, n_iter=12, cv=3, random_state=0)


def measure(name, model, n, seed=0):
    """A row: error beside the truth, seconds and memory of a fit."""
    X, y = make_robot_arm(n, random_state=seed)
    new, truth = make_robot_arm(5000, noise=0.0, random_state=seed + 1000)

    def fit():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return timed(model.fit, X, y)

    (fitted, cpu, _), grown = peak(fit)
    predicted, cpu_predict, _ = timed(fitted.predict, new)
    return {
        "rows": n,
        "model": name,
        "RMSE of the truth": float(np.sqrt(np.mean((predicted - truth) ** 2))),
        "fit, CPU s": round(cpu, 1),
        "5,000 predictions, CPU s": round(cpu_predict, 2),
        "grown by GiB": round(grown / 2**30, 2),
        "of itself": told(fitted),
    }


def told(model):
    """What a machine chose."""
    if not isinstance(model, KernelRegressor):
        return ""
    return (
        f"{model.solver_}, {model.kernel_}, gamma {model.gamma_:.3g}, "
        f"alpha {model.alpha_:.1g}, {model.n_iter_} steps, "
        f"residual {model.residual_:.0e}"
    )


def main():
    """Run the sizes that are asked for."""
    command = parser(__doc__)
    command.add_argument("--only", choices=["arm", "large", "million"])
    given = command.parse_args()
    few = {"arm": 2000, "large": 4000, "million": 20_000} if given.quick else None
    measure("to warm up", KernelRegressor(**GIVEN, solver="cg"), 500)
    notes = [
        "one thread; the robot arm of eight joints, noise .05, the spread of the truth "
        "is 1.7; RMSE on 5,000 new rows without noise; seed 0 and 1000",
        "given: rbf, gamma .05, alpha .001; grown: peak memory of the fit beside what "
        "the process had",
        "boosting: the best of twelve random settings (rounds, rate, leaves) by three "
        "folds; its seconds are those of the search",
    ]
    if given.only in (None, "arm"):
        n = few["arm"] if few else 20_000
        rows = [
            measure(
                "KernelRegressor, given", KernelRegressor(**GIVEN, random_state=0), n
            ),
            measure("KernelRegressor, defaults", KernelRegressor(random_state=0), n),
            measure(
                "KernelRegressor, nystrom 2,000, given",
                KernelRegressor(**GIVEN, solver="nystrom", random_state=0),
                n,
            ),
            measure(
                "KernelRegressor, falkon 3,000, given",
                KernelRegressor(
                    **GIVEN, solver="falkon", n_centers=min(3000, n), random_state=0
                ),
                n,
            ),
            measure("Nystroem(1000) + Ridge, given", nystroem(min(1000, n)), n),
            measure("Nystroem(3000) + Ridge, given", nystroem(min(3000, n)), n),
            measure("HistGradientBoosting, tuned", boosting(), n),
        ]
        small = min(n, 8000)
        exact = KernelRidge(kernel="rbf", gamma=0.05, alpha=1e-3)
        rows.append(measure("KernelRidge, given", exact, small))
        third = (n / small) ** 3
        note = (
            f"KernelRidge: {small:,} rows; its time grows by the cube of the rows, "
            f"{third:.0f} times that at {n:,}, its memory by the square"
        )
        report(
            "kernel_regressor_arm",
            rows,
            title=f"Kernel ridge regression of {n:,} rows of a robot arm",
            notes=[*notes, note],
            write=not given.quick,
        )
    if given.only in (None, "large"):
        rows = []
        for n in (few["large"],) if few else (50_000, 100_000):
            model = KernelRegressor(**GIVEN, solver="cg", random_state=0)
            rows.append(measure("KernelRegressor, given", model, n))
        report(
            "kernel_regressor_large",
            rows,
            title="The whole kernel system of more rows",
            notes=notes[:2],
            write=not given.quick,
        )
    if given.only in (None, "million"):
        n = few["million"] if few else 1_000_000
        model = KernelRegressor(
            **GIVEN, solver="nystrom", n_centers=2000, random_state=0
        )
        report(
            "kernel_regressor_million",
            [measure("KernelRegressor, given, 2,000 centres", model, n)],
            title=f"{n:,} rows, functions of 2,000 centres",
            notes=notes[:2],
            write=not given.quick,
        )


if __name__ == "__main__":
    main()
