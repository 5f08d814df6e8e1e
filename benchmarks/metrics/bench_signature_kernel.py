"""The signature kernel: time and agreement, and classes of paths at varying speed.

A minute, as:

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.metrics.bench_signature_kernel
"""

import importlib.util

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from benchmarks._report import arguments, report, timed
from skgeom.backends import _reference
from skgeom.metrics.pairwise import signature_kernel

GAMMAS = (0.03, 0.1, 0.3, 1.0)


def loops(n, seed, n_points=60):
    """Closed paths of four kinds, turned two ways once or twice, at varying speed."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 4, n)
    warp = np.exp(1.2 * rng.uniform(-1, 1, (n, 1)))
    t = np.linspace(0, 1, n_points) ** warp
    turns, way = 1 + kinds // 2, 1 - 2 * (kinds % 2)
    angle = 2 * np.pi * (turns * way)[:, None] * t + rng.uniform(0, 6.3, (n, 1))
    paths = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    return paths + 0.1 * rng.standard_normal(paths.shape), kinds


def random_convolutions(paths, seed, n_filters=300):
    """Largest value and share of positive ones of random filters, dilated."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_filters):
        width, step = rng.choice([5, 7, 9]), 2 ** rng.integers(0, 3)
        weights = rng.standard_normal((width, paths.shape[2]))
        weights -= weights.mean(axis=0)
        reach = paths.shape[1] - (width - 1) * step
        out = sum(
            paths[:, i * step : i * step + reach] @ w for i, w in enumerate(weights)
        )
        out = out + rng.uniform(-1, 1)
        found += [out.max(axis=1), (out > 0).mean(axis=1)]
    return np.column_stack(found)


def accuracy(seed):
    """Test accuracies of a draw; settings by cross-validation on training paths."""
    paths, kinds = loops(160, seed)
    train, test = slice(0, 40), slice(40, None)
    row, best = {"seed": str(seed)}, (-1.0, None)
    for gamma in GAMMAS:
        K = signature_kernel(paths[train], gamma=gamma)
        search = GridSearchCV(SVC(kernel="precomputed"), {"C": [1, 10, 100]})
        search.fit(K, kinds[train])
        if search.best_score_ > best[0]:
            best = search.best_score_, (gamma, search.best_estimator_)
    gamma, model = best[1]
    K = signature_kernel(paths[test], paths[train], gamma=gamma)
    row["signature kernel, SVC"] = model.score(K, kinds[test])
    flat = paths.reshape(160, -1)
    grid = {"C": [1, 10, 100], "gamma": [0.003, 0.01, 0.03, 0.1]}
    search = GridSearchCV(SVC(), grid).fit(flat[train], kinds[train])
    row["SVC of rows"] = search.score(flat[test], kinds[test])
    trees = ExtraTreesClassifier(300, random_state=0).fit(flat[train], kinds[train])
    row["ExtraTrees of rows"] = trees.score(flat[test], kinds[test])
    features = random_convolutions(paths, seed)
    spread = features[train].std(axis=0) + 1e-9
    features = (features - features[train].mean(axis=0)) / spread
    ridge = RidgeClassifierCV(np.logspace(-1, 4, 12)).fit(features[train], kinds[train])
    row["random convolutions, ridge"] = ridge.score(features[test], kinds[test])
    return row


def speed():
    """Seconds of 3,600 pairs, and how far they are from the double loop."""
    rng = np.random.default_rng(0)
    X = np.cumsum(rng.standard_normal((60, 40, 3)) / 20, axis=1)
    some = X[:6]
    rows, columns = np.divmod(np.arange(36), 6)
    found = []
    for kernel in ("linear", "rbf"):
        options = dict(static_kernel=kernel, normalize=False)
        exact, _ = _reference.signature_values(some, some, rows, columns, kernel)
        gap = np.abs(signature_kernel(some, some, **options).ravel() / exact - 1).max()
        signature_kernel(X, X, **options)
        times = [timed(signature_kernel, X, X, **options)[1] for _ in range(9)]
        found.append(("signature_kernel, " + kernel, np.median(times), f"{gap:.1e}"))
    if importlib.util.find_spec("pysiglib"):
        import pysiglib

        pysiglib.sig_kernel_gram(X, X, 0)
        times = [timed(pysiglib.sig_kernel_gram, X, X, 0)[1] for _ in range(9)]
        found.append(("pysiglib, linear", np.median(times), ""))
    return [
        {"": name, "CPU s": seconds, "largest relative difference": gap}
        for name, seconds, gap in found
    ]


def main():
    """Print and keep the tables."""
    args = arguments(__doc__)
    report(
        "signature_kernel",
        speed(),
        title="Signature kernels of 3,600 pairs of paths of 40 points in 3 channels",
        notes=[
            "median of nine calls, one thread; difference from a double loop, 36 pairs"
        ],
        write=not args.quick,
    )
    report_classes([0] if args.quick else [1, 2, 3], not args.quick)


def report_classes(seeds, write):
    """The table of accuracies."""
    rows = [accuracy(seed) for seed in seeds]
    names = list(rows[0])[1:]
    means = {name: np.mean([row[name] for row in rows]) for name in names}
    report(
        "signature_kernel_classes",
        [*rows, {"seed": "mean"} | means],
        title="Loops of four kinds at varying speed, 40 to train and 120 to test",
        notes=["accuracy; settings by five-fold cross-validation on training paths"],
        write=write,
    )


if __name__ == "__main__":
    main()
