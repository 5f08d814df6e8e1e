"""Few rows: the likelihood of VecchiaGPRegressor beside scikit-learn's optimum.

    OMP_NUM_THREADS=1 python -m benchmarks.gaussian_process.bench_vecchia_gp_exact \
        --data DIR

DIR has elevators.npz (datasets of github.com/katzfuss-group/DKL-GP) and abalone.data
(UCI).
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import (
    load_diabetes,
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_sparse_uncorrelated,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from benchmarks._report import parser, report, timed
from skgeom import VecchiaGPRegressor


def field(n, d, length, noise, seed):
    """A draw of a process with Matérn's kernel of smoothness 5/2."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, d))
    K = Matern(length, nu=2.5)(X) + noise * np.eye(n)
    return X, np.linalg.cholesky(K) @ rng.standard_normal(n)


def data_sets(n, folder):
    """Ten tables of at most n rows, columns of spread one."""
    with np.load(folder / "elevators.npz") as table:
        elevators = table["X_train"][:n].astype(float), table["y_train"][:n]
    lines = (folder / "abalone.data").read_text().split()
    abalone = np.array([line.split(",")[1:] for line in lines[:n]], dtype=float)
    found = {
        "diabetes": load_diabetes(return_X_y=True),
        "elevators": elevators,
        "abalone": (abalone[:, :-1], abalone[:, -1]),
        "friedman1": make_friedman1(n, noise=1.0, random_state=0),
        "friedman2": make_friedman2(n, noise=100.0, random_state=0),
        "friedman3": make_friedman3(n, noise=0.1, random_state=0),
        "sparse": make_sparse_uncorrelated(n, random_state=0),
        "field, d=1": field(n, 1, 0.1, 0.1, 0),
        "field, d=2": field(n, 2, 0.2, 1.0, 1),
        "field, d=5": field(n, 5, 0.7, 0.01, 2),
    }
    for name, (X, y) in found.items():
        X, y = X[:n], np.asarray(y[:n], dtype=float)
        X = X[:, X.std(axis=0) > 0]
        yield name, (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()


def main():
    """Print and keep the tables."""
    reader = parser(__doc__)
    reader.add_argument("--data", type=Path, required=True)
    reader.add_argument("--rows", type=int, nargs="*", default=[500, 1000])
    args = reader.parse_args()
    X = np.random.default_rng(0).uniform(size=(50, 2))
    VecchiaGPRegressor().fit(X, X[:, 0]).predict(X)
    for n in [100] if args.quick else args.rows:
        rows = []
        for name, X, y in data_sets(n, args.data):
            if n == 1000 and name not in ("elevators", "friedman1", "field, d=2"):
                continue
            ours, cpu, _ = timed(VecchiaGPRegressor(linear_trend=False).fit, X, y)
            kernel = ConstantKernel() * Matern(np.ones(X.shape[1]), nu=2.5)
            peer = GaussianProcessRegressor(kernel + WhiteKernel(), random_state=0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                peer, peer_cpu, _ = timed(peer.fit, X, y)
            told = ours.log_marginal_likelihood_value_
            other = peer.log_marginal_likelihood_value_
            rows.append(
                {
                    "data": name,
                    "rows x columns": f"{len(X)} x {X.shape[1]}",
                    "log evidence": told,
                    "GaussianProcessRegressor": other,
                    "difference, relative": f"{(told - other) / abs(other):.1e}",
                    "CPU s": cpu,
                    "its CPU s": peer_cpu,
                    "ratio": f"{peer_cpu / cpu:.1f}",
                }
            )
            print(rows[-1], flush=True)
        report(
            f"vecchia_gp_exact_{n}",
            rows,
            title=f"Log evidence of {n} rows, and what finding it costs",
            notes=[
                "signal x Matérn 5/2, a length scale for each column, + noise, no "
                "trend; one start each, with the bounds that each has",
                "one thread",
            ],
            write=not args.quick,
        )


if __name__ == "__main__":
    main()
