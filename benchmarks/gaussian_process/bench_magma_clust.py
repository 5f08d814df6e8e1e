"""Curves of three kinds, the last part of new ones to be forecast; cost of a fit.

Means over the seeds are in the last row. Twenty seconds:

    OMP_NUM_THREADS=1 python -m benchmarks.gaussian_process.bench_magma_clust
"""

import numpy as np
from scipy.special import softmax
from sklearn.cluster import KMeans
from sklearn.gaussian_process.kernels import RBF
from sklearn.metrics import adjusted_rand_score

from benchmarks._report import arguments, report, timed
from skgeom import MagmaClust

GRID = np.linspace(0, 10, 101)
SEEN, EACH = 12, 20


def design(seed):
    """60 curves, each at 20 of 101 places: their kinds, places and values."""
    rng = np.random.default_rng(seed)
    roots = [
        np.linalg.cholesky(v * RBF(length)(GRID[:, None]) + 1e-6 * np.eye(101))
        for v, length in ((30.0, 1.2), (4.0, 1.0))
    ]
    kinds = rng.permutation(np.repeat(np.arange(3), 20))
    means = roots[0] @ rng.standard_normal((101, 3))
    values = means[:, kinds] + roots[1] @ rng.standard_normal((101, 60))
    values = values.T + 0.5 * rng.standard_normal((60, 101))
    places = np.array([np.sort(rng.permutation(101)[:EACH]) for _ in kinds])
    return kinds, places, np.take_along_axis(values, places, axis=1)


def table_of(tasks, places, values, columns):
    """Rows of a long table."""
    t = GRID[places[tasks][:, columns]]
    ids = np.broadcast_to(np.asarray(tasks)[:, None], t.shape)
    return np.column_stack([ids.ravel(), t.ravel()]), values[tasks][:, columns].ravel()


def scores(mean, std, truth):
    """Squared error, negative log density, share in the band."""
    error = (mean - truth) ** 2
    density = 0.5 * np.log(2 * np.pi * std**2) + 0.5 * error / std**2
    return error.mean(), density.mean(), np.mean(error < (1.96 * std) ** 2)


def by_k_means(model, places, values, train, new):
    """The nearest centre of k-means, and a Gaussian process of what is left.

    With the deviations and the noise that the model has learned.
    """
    lines = np.array([np.interp(GRID, GRID[places[i]], values[i]) for i in train])
    k_means = KMeans(3, n_init=10, random_state=0).fit(lines)
    kernel = model.task_variance_ * RBF(model.task_length_scale_)
    means, deviations = [], []
    for i in new:
        a, b = places[i, :SEEN], places[i, SEEN:]
        gaps = values[i, :SEEN] - k_means.cluster_centers_[:, a]
        k = (gaps**2).sum(axis=1).argmin()
        K = kernel(GRID[a, None]) + model.noise_variance_ * np.eye(SEEN)
        gain = np.linalg.solve(K, kernel(GRID[a, None], GRID[b, None])).T
        means.append(k_means.cluster_centers_[k, b] + gain @ gaps[k])
        left = model.task_variance_ + model.noise_variance_
        crossing = kernel(GRID[b, None], GRID[a, None])
        deviations.append(np.sqrt(left - (gain * crossing).sum(axis=1)))
    return np.concatenate(means), np.concatenate(deviations), k_means.labels_


def exact(seed):
    """Squared error of the exact forecast, with true hyper-parameters and kinds."""
    kinds, places, values = design(seed)
    errors = []

    def covariances(a, b):
        return 30 * RBF(1.2)(GRID[a, None], GRID[b, None]), 4 * RBF(1.0)(
            GRID[a, None], GRID[b, None]
        )

    for i in range(40, 60):
        of, seen = places[i], values[i, :SEEN]
        means, logs = [], []
        for k in range(3):
            some = np.flatnonzero(kinds[:40] == k)
            at = places[some].ravel()
            common, own = covariances(at, at)
            alike = np.kron(np.eye(len(some)), np.ones((EACH, EACH)))
            K = common + alike * own + 0.25 * np.eye(len(at))
            crossing = covariances(of, at)[0]
            gain = np.linalg.solve(K, crossing.T).T
            prior = gain @ values[some].ravel()
            left = sum(covariances(of, of)) - gain @ crossing.T
            system = left[:SEEN, :SEEN] + 0.25 * np.eye(SEEN)
            alpha = np.linalg.solve(system, seen - prior[:SEEN])
            means.append(prior[SEEN:] + left[SEEN:, :SEEN] @ alpha)
            log = -0.5 * (seen - prior[:SEEN]) @ alpha
            logs.append(log - 0.5 * np.linalg.slogdet(system)[1] + np.log(len(some)))
        errors.append((softmax(logs) @ np.array(means) - values[i, SEEN:]) ** 2)
    return float(np.mean(errors))


def report_exact(seeds, write):
    """The table of what no forecast is better than on the average."""
    rows = [{"seed": str(seed), "exact forecast: mse": exact(seed)} for seed in seeds]
    mean = np.mean([row["exact forecast: mse"] for row in rows])
    rows.append({"seed": "mean", "exact forecast: mse": mean})
    report(
        "magma_clust_exact",
        rows,
        title="The same curves, forecast with the true hyper-parameters and kinds",
        notes=["what no other forecast is better than, on the average over draws"],
        write=write,
    )


def compare(seed):
    """A row of the table."""
    kinds, places, values = design(seed)
    train, new = np.arange(40), np.arange(40, 60)
    fitted = table_of(train, places, values, slice(None))
    seen = table_of(new, places, values, slice(SEEN))
    X, truth = table_of(new, places, values, slice(SEEN, None))
    row, models = {"seed": str(seed)}, {}
    for k, name in ((3, "MagmaClust"), (1, "one mean")):
        model = MagmaClust(k, task=0, random_state=0)
        models[k], seconds, _ = timed(model.fit, *fitted)
        mean, std = model.condition(*seen).predict(X, return_std=True)
        found = scores(mean, std, truth)
        row[f"{name}: mse"], row["nlpd" if k == 3 else "nlpd, one"] = found[:2]
        row["in 95 %" if k == 3 else "in 95 %, one"] = found[2]
        row["CPU s" if k == 3 else "CPU s, one"] = seconds
    *peer, labels = by_k_means(models[3], places, values, train, new)
    found = scores(*peer, truth)
    row |= {"k-means + GP: mse": found[0], "nlpd, k-means": found[1]}
    row["in 95 %, k-means"] = found[2]
    row["ARI"] = adjusted_rand_score(kinds[train], models[3].labels_)
    row["ARI, k-means"] = adjusted_rand_score(kinds[train], labels)
    return row


def irregular(n_tasks, n, seed):
    """Curves of three kinds, each at times of its own: all of them differ."""
    rng = np.random.default_rng(seed)
    task, t = np.repeat(np.arange(n_tasks), n), rng.uniform(0, 10, n_tasks * n)
    kinds = rng.integers(0, 3, n_tasks)
    common, own = rng.standard_normal((3, 6)), rng.standard_normal((n_tasks, 4)) / 2
    y = sum(common[kinds[task], j] * np.sin((j + 1) * t / 2.5 + j) for j in range(6))
    y = y + sum(own[task, j] * np.sin((j + 1) * t / 2 + 3 * j) for j in range(4))
    return np.column_stack([task, t]), y + 0.3 * rng.standard_normal(len(t)), kinds


def main():
    """Print and keep the tables."""
    args = arguments(__doc__)
    seeds = [20] if args.quick else range(20, 25)
    rows = [compare(seed) for seed in seeds]
    names = list(rows[0])[1:]
    rows.append(
        {"seed": "mean"}
        | {name: np.mean([row[name] for row in rows]) for name in names}
    )
    report(
        "magma_clust",
        rows,
        title="Forecasts of curves of three kinds",
        notes=[
            "40 curves at 20 of 101 places each; of 20 new ones 12 places are seen, "
            "and the last 8 forecast; signal 30, deviations 4, noise .25",
            "k-means + GP: nearest centre of interpolated curves, and a process with "
            "the deviations and noise that MagmaClust has learned",
            "defaults of MagmaClust, 3 clusters and 1, random_state 0; one thread",
        ],
        write=not args.quick,
    )
    report_exact(seeds, not args.quick)
    rows = []
    for n_tasks, n in [(30, 10)] if args.quick else [(100, 30), (1000, 10), (30, 200)]:
        X, y, kinds = irregular(n_tasks, n, 0)
        model = MagmaClust(3, task=0, random_state=0)
        _, seconds, _ = timed(model.fit, X, y)
        _, predicting, _ = timed(model.predict, X, return_std=True)
        rows.append(
            {
                "tasks": n_tasks,
                "rows of each": n,
                "fit, CPU s": seconds,
                "predictions of all rows, CPU s": predicting,
                "turns": model.n_iter_,
                "ARI": adjusted_rand_score(kinds, model.labels_),
            }
        )
    report(
        "magma_clust_cost",
        rows,
        title="What a fit of MagmaClust costs",
        notes=["three clusters, all times differ, 100 places of the grid; seed 0"],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
