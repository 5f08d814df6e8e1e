"""Batches to label beside random ones: errors of a kernel machine after four batches.

    python -m benchmarks.sample_selection.bench_batches --data FOLDER

64 rows at random, then four batches of 64 of a pool of 3,000. Kernel and penalty are
chosen once, on rows of another seed, and are the same for all; batches are chosen with
that kernel. Errors are to targets without noise where there are such.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import make_friedman1, make_friedman2
from sklearn.preprocessing import StandardScaler

from benchmarks._report import parser, report, timed
from benchmarks._tables import load_table
from benchmarks.kernels.bench_learned_metric import chess_depth
from skgeom import KernelBatchSelector, KernelRegressor
from skgeom.datasets import make_robot_arm

N_POOL, N_TEST, SIZE, BATCHES, REPEATS = 3000, 1000, 64, 4, 10
METHODS = ("lcmd", "max_dist", "max_det", "frank_wolfe")


def robot_arm(seed):
    X, y = make_robot_arm(N_POOL + N_TEST, random_state=seed)
    return X, y, make_robot_arm(N_POOL + N_TEST, noise=0, random_state=seed)[1]


def skewed(seed):
    """Directions of unequal spread, and a bump where rows are rare."""
    rng = np.random.default_rng(seed)
    n = N_POOL + N_TEST
    X = rng.standard_normal((n, 6)) * [2, 1.5, 1, 1, 0.5, 0.5]
    f = np.sin(1.5 * X[:, 0]) + X[:, 1] * X[:, 2]
    f = f + 3 * np.exp(-((X[:, :3] - 2) ** 2).sum(axis=1))
    return X, f + 0.05 * rng.standard_normal(n), f


def friedman_1(seed):
    n = N_POOL + N_TEST
    X, y = make_friedman1(n, noise=1.0, random_state=seed)
    return X, y, make_friedman1(n, noise=0.0, random_state=seed)[1]


def friedman_2(seed):
    n = N_POOL + N_TEST
    X, y = make_friedman2(n, noise=100.0, random_state=seed)
    return X, y, make_friedman2(n, noise=0.0, random_state=seed)[1]


def of_table(found):
    """Draws of a table's rows."""

    def draw(seed):
        X, y = found
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(X))[: N_POOL + N_TEST]
        return X[rows], y[rows], y[rows]

    return draw


def sources(folder):
    yield "robot arm", robot_arm
    yield "skewed", skewed
    tables = {name: load_table(folder, name) for name in ("abalone", "elevators")}
    tables["chess, depth"] = chess_depth(folder)
    for name, found in tables.items():
        if found is not None:
            yield name, of_table(found)
    yield "Friedman 1", friedman_1
    yield "Friedman 2", friedman_2


def drawn(draw, seed):
    """Rows, targets and truth in units of the spread of the targets."""
    X, y, truth = (np.asarray(part, dtype=float) for part in draw(seed))
    mean, spread = y.mean(), y.std()
    # Of "skewed" the spreads of the columns are what it is about.
    X = X if draw is skewed else StandardScaler().fit_transform(X)
    return X, (y - mean) / spread, (truth - mean) / spread


def errors(draw, seed, model, methods):
    """Errors after each batch, by method, and CPU seconds of the choices."""
    X, y, truth = drawn(draw, seed)
    pool, test = np.arange(len(X) - N_TEST), np.arange(len(X) - N_TEST, len(X))
    rng = np.random.default_rng(seed)
    start = rng.permutation(pool)[:SIZE]
    found, seconds = {}, {}
    for method in methods:
        labels = np.full(len(pool), np.nan)
        labels[start] = y[start]
        told, seconds[method] = [], 0.0
        for batch in range(BATCHES + 1):
            known = np.flatnonzero(~np.isnan(labels))
            machine = model.fit(X[known], labels[known])
            wrong = machine.predict(X[test]) - truth[test]
            told.append(np.sqrt(np.mean(wrong**2)))
            if batch == BATCHES:
                break
            if method == "random":
                chosen = rng.permutation(np.flatnonzero(np.isnan(labels)))[:SIZE]
            else:
                selector = KernelBatchSelector(
                    SIZE,
                    method=method,
                    gamma=model.gamma,
                    alpha=model.alpha,
                    random_state=seed,
                )
                fitted, spent, _ = timed(selector.fit, X[pool], labels)
                seconds[method] += spent
                chosen = fitted.sample_indices_
            labels[chosen] = y[chosen]
        found[method] = told
    return found, seconds


def chosen_model(draw):
    """Width and penalty by leave-one-out, on 320 rows of a seed of its own."""
    X, y, _ = drawn(draw, 999)
    model = KernelRegressor(kernel="rbf").fit(X[:320], y[:320])
    return KernelRegressor(kernel="rbf", gamma=model.gamma_, alpha=model.alpha_)


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--data", type=Path)
    options = arguments.parse_args()
    rows, spent = [], []
    for name, draw in sources(options.data):
        model = chosen_model(draw)
        told = [
            errors(draw, 100 + seed, model, ("random", *METHODS))
            for seed in range(2 if options.quick else REPEATS)
        ]
        last = {
            m: np.array([np.log(found[m][-1]) for found, _ in told])
            for m in ("random", *METHODS)
        }
        spent += [seconds["lcmd"] / BATCHES for _, seconds in told]
        base = np.exp(last["random"].mean())
        rows.append(
            {"table": name, "random": f"{base:.3f}"}
            | {m: f"{np.exp((last[m] - last['random']).mean()):.3f}" for m in METHODS}
        )
        print(rows[-1], flush=True)
    report(
        "batches",
        rows,
        title="Errors after four batches of 64 labels, over those of random batches",
        notes=(
            f"{REPEATS} repeats, geometric means; seeds 100 to {99 + REPEATS}",
            "random: RMSE in spreads of the targets; others: divided by it",
            "KernelRegressor(kernel='rbf'), width and penalty from another seed",
            f"CPU s of a batch by lcmd, pool of {N_POOL}: {np.mean(spent):.3f}",
        ),
        write=not options.quick,
    )


if __name__ == "__main__":
    main()
