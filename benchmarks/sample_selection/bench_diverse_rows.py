"""Digits of a long tail, labelled in part: accuracies of what is learned from them.

    python -m benchmarks.sample_selection.bench_diverse_rows

Classes have 115 rows and .6 times as many from one to the next; balanced accuracy on
600 others.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from benchmarks._report import arguments, report
from skgeom import DiversitySampler, KernelCoreset


def long_tail(seed):
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    order, rows = rng.permutation(10), rng.permutation(len(X))
    test, train = rows[:600], rows[600:]
    kept = [
        train[y[train] == c][: max(6, int(115 * 0.6**i))] for i, c in enumerate(order)
    ]
    kept = np.concatenate(kept)
    return X[kept] / 16, y[kept], X[test] / 16, y[test]


def choices(m, seed):
    rng = np.random.default_rng(seed)
    yield "random", lambda X: rng.permutation(len(X))[:m]
    for strategy in ("farthest_point", "kmeans", "hierarchical_kmeans"):
        model = DiversitySampler(m, strategy=strategy, random_state=seed)
        yield strategy, lambda X, model=model: model.fit(X).sample_indices_
    yield "KernelCoreset", lambda X: KernelCoreset(m).fit(X).sample_indices_


def main():
    options = arguments(__doc__)
    table = []
    for m in (40, 80):
        found = {}
        for seed in range(10):
            X, y, new, truth = long_tail(seed)
            for name, choose in choices(m, seed):
                chosen = choose(X)
                told = []
                for model in (
                    LogisticRegression(C=10, max_iter=500),
                    KNeighborsClassifier(1),
                ):
                    if len(np.unique(y[chosen])) < 2:
                        continue
                    guess = model.fit(X[chosen], y[chosen]).predict(new)
                    told.append(balanced_accuracy_score(truth, guess))
                found.setdefault(name, []).append(told)
        for number, model in enumerate(("logistic", "nearest row")):
            table.append(
                {"rows, model": f"{m}, {model}"}
                | {k: f"{np.mean(v, axis=0)[number]:.3f}" for k, v in found.items()}
            )
    report(
        "diverse_rows",
        table,
        title="Balanced accuracy from rows that were chosen to be labelled, digits",
        notes=("means over seeds 0 to 9",),
        write=not options.quick,
    )


if __name__ == "__main__":
    main()
