"""The penalty that left out rows choose, beside the best of a grid on new rows.

python -m benchmarks.kernels.bench_kernel_penalty --data FOLDER
"""

from pathlib import Path

import numpy as np
from sklearn.preprocessing import StandardScaler

from benchmarks._report import parser, report
from benchmarks._tables import load_table
from skgeom import KernelRegressor
from skgeom.datasets import make_robot_arm

NAMES = ("abalone", "elevators", "Friedman 1", "Friedman 2", "Friedman 3")
GRID = 10.0 ** np.arange(-7, 2.01, 0.5)


def error(model, train, test):
    """Root mean squared error on new rows, in spreads of the targets."""
    (X, y), (new, truth) = train, test
    return float(
        np.sqrt(np.mean((model.fit(X, y).predict(new) - truth) ** 2)) / y.std()
    )


def main():
    """A row a table: the choice, and the best of the grid at the same width."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path)
    given = command.parse_args()
    tables = {"robot arm": make_robot_arm(3000, random_state=40)}
    tables |= {name: load_table(given.data, name) for name in NAMES}
    rows = []
    for name, table in tables.items():
        if table is None:
            continue
        X, y = table
        order = np.random.default_rng(40).permutation(len(X))
        known, new = order[:1500], order[1500:3000]
        scale = StandardScaler().fit(X[known])
        train, test = ((scale.transform(X[i]), y[i]) for i in (known, new))
        for solver, centers in (("cholesky", None), ("nystrom", 200)):
            options = dict(solver=solver, n_centers=centers, random_state=0)
            model = KernelRegressor("rbf", **options)
            found = error(model, train, test)
            best = min(
                error(
                    KernelRegressor("rbf", gamma=model.gamma_, alpha=alpha, **options),
                    train,
                    test,
                )
                for alpha in GRID
            )
            rows.append(
                {
                    "table": name,
                    "solver": solver,
                    "alpha": f"{model.alpha_:.1g}",
                    "error": round(found, 4),
                    "best of the grid": round(best, 4),
                    "ratio": round(found / best, 3),
                }
            )
    report(
        "kernel_penalty",
        rows,
        title="Penalties by leave-one-out beside the best of 19 on new rows",
        notes=[
            "seed 40: 1,500 rows to fit, up to 1,500 others; rbf, widths by "
            "leave-one-out",
            "cholesky: chosen on 1,000 of the rows; nystrom: 200 centres, by its own "
            "model",
        ],
        write=not given.quick,
    )


if __name__ == "__main__":
    main()
