"""A learned metric beside the same machine without, and beside trees, on many tables.

    python -m benchmarks.kernels.bench_learned_metric --data FOLDER [--peers]

Targets are standardised; classes are predicted as indicators, by their squared error.
With --peers, tables of numbers alone, beside boosting, a forest and support vectors.
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler
from sklearn.svm import SVR

from benchmarks._report import parser, report, timed
from benchmarks._tables import CLASSIFICATION, REGRESSION, load_table
from skgeom import KernelRegressor
from skgeom.datasets import make_robot_arm

N_TRAIN, N_TEST = 1000, 1500
DEPTHS = ("draw zero one two three four five six seven eight nine ten eleven twelve "
          "thirteen fourteen fifteen sixteen").split()  # fmt: skip


def friedman(seed):
    """Five of thirty columns."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(3000, 30))
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2
    return X, y + 10 * X[:, 3] + 5 * X[:, 4] + rng.standard_normal(3000)


def two_index(seed):
    """Two directions of twenty columns."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3000, 20))
    Z = X @ np.linalg.qr(rng.standard_normal((20, 2)))[0]
    y = np.sin(2 * Z[:, 0]) + Z[:, 0] * Z[:, 1]
    return X, y + 0.1 * rng.standard_normal(3000)


def chess_depth(folder):
    """Moves to the end as a number, from six numbers of a position."""
    found = load_table(folder, "chess")
    if found is None:
        return None
    return found[0], np.array([DEPTHS.index(label) - 1.0 for label in found[1]])


def tables(folder, seed):
    """Name to rows and targets."""
    yield "Friedman 1, 25 idle columns", friedman(seed)
    yield "two directions of 20", two_index(seed)
    yield "robot arm", make_robot_arm(3000, random_state=seed)
    yield "chess, depth", chess_depth(folder)
    for name in (*REGRESSION, *CLASSIFICATION):
        if name == "iris" or name == "wine":
            continue  # fewer than two hundred rows
        found = load_table(folder, name)
        if found is not None and name in CLASSIFICATION:
            found = found[0], LabelBinarizer().fit_transform(found[1]).astype(float)
        yield name, found


def tuned(model, grid):
    """Twelve settings, three folds."""
    rng = np.random.RandomState(0)
    n_iter = min(12, len(list(ParameterSampler(grid, 12, random_state=rng))))
    return RandomizedSearchCV(model, grid, n_iter=n_iter, cv=3, random_state=0)


def peers():
    """Strong ones, with as many settings as there is time for."""
    boosting = {
        "max_iter": [100, 300],
        "learning_rate": [0.03, 0.1, 0.2],
        "max_leaf_nodes": [8, 31],
        "min_samples_leaf": [5, 20],
    }
    vectors = {"svr__C": [1, 10, 100], "svr__gamma": ["scale", 0.01, 0.1, 0.3]}
    return {
        "boosting": tuned(HistGradientBoostingRegressor(random_state=0), boosting),
        "forest": RandomForestRegressor(300, n_jobs=1, random_state=0),
        "SVR": tuned(make_pipeline(StandardScaler(), SVR(epsilon=0.05)), vectors),
    }


def errors(X, y, seed, with_peers):
    """Root mean squared error of each model on new rows, in spreads of the targets."""
    order = np.random.default_rng(seed).permutation(len(X))
    n = min(N_TRAIN, 2 * len(X) // 3)
    train, test = order[:n], order[n : n + N_TEST]
    mean, spread = y[train].mean(axis=0), y[train].std()
    known, truth = ((y[rows] - mean) / spread for rows in (train, test))
    machine = dict(random_state=seed)
    models = {
        "plain": make_pipeline(StandardScaler(), KernelRegressor(**machine)),
        "agop": make_pipeline(
            StandardScaler(), KernelRegressor(metric="agop", **machine)
        ),
    }
    if with_peers:
        models |= peers()
    found = {}
    for name, model in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, cpu, _ = timed(model.fit, X[train], known)
        wrong = np.sqrt(np.mean((model.predict(X[test]) - truth) ** 2))
        found[name] = float(wrong), cpu
    chosen = models["agop"][-1]
    return found, f"{chosen.kernel_}, {chosen.n_metric_rounds_}"


def main():
    """All tables, a few seeds."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path)
    command.add_argument("--seeds", type=int, default=3)
    command.add_argument("--first", type=int, default=20, help="the first seed")
    command.add_argument("--peers", action="store_true")
    given = command.parse_args()
    seeds = range(given.first, given.first + (1 if given.quick else given.seeds))
    every: dict[str, list] = {}
    for seed in seeds:
        for name, table in tables(given.data, seed):
            if table is None or (given.peers and table[1].ndim > 1):
                continue
            found, chosen = errors(*table, seed, given.peers)
            every.setdefault(name, []).append((found, chosen))
            shown = {k: (round(v[0], 3), round(v[1], 1)) for k, v in found.items()}
            print(name, seed, shown, chosen, flush=True)
    rows = []
    for name, runs in every.items():
        mean = {k: np.mean([run[0][k][0] for run in runs]) for k in runs[0][0]}
        seconds = {k: np.mean([run[0][k][1] for run in runs]) for k in runs[0][0]}
        rows.append(
            {
                "table": name,
                **{k: round(float(v), 3) for k, v in mean.items()},
                "agop / plain": round(float(mean["agop"] / mean["plain"]), 3),
                "kernel, rounds": "; ".join(sorted({run[1] for run in runs})),
                "CPU s": " / ".join(f"{v:.1f}" for v in seconds.values()),
            }
        )
    ratios = [row["agop / plain"] for row in rows]
    report(
        "learned_metric_peers" if given.peers else "learned_metric",
        rows,
        title="A learned metric on 1,000 rows: errors in spreads of the targets",
        notes=[
            f"seeds {seeds[0]} to {seeds[-1]}: each draws {N_TRAIN:,} training rows "
            f"(two thirds of smaller tables) and up to {N_TEST:,} others; RMSE, the "
            "mean over seeds; classes as indicators",
            "plain: KernelRegressor(); agop: KernelRegressor(metric='agop'); columns "
            "standardised for both",
            "boosting and SVR: the best of twelve settings by three folds; forest: 300 "
            "trees",
            f"agop / plain: geometric mean {np.exp(np.mean(np.log(ratios))):.3f}, "
            f"worst {max(ratios):.3f}, of {len(ratios)} tables",
            "CPU s of a fit: plain / agop / boosting / forest / SVR, one thread on a "
            "machine with other load",
        ],
        write=not given.quick,
    )


if __name__ == "__main__":
    main()
