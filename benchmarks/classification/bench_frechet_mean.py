"""FrechetMeanClassifier beside the most likely label, and regressions of places."""

from pathlib import Path

import numpy as np
from scipy.sparse import csgraph
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from benchmarks._labels import grid_of_labels, tree_of_labels
from benchmarks._report import parser, report
from benchmarks._tables import load_table
from skgeom import FrechetMeanClassifier


def told(name, task, predicted, y, distances):
    """Shares and costs of answers."""
    far = distances[predicted, y]
    return {
        "labels": task,
        "answer": name,
        "accuracy": float((predicted == y).mean()),
        "mean distance": float(far.mean()),
        "mean squared distance": float((far**2).mean()),
    }


def answers(model, task, X, y, X_new, y_new, apart, metric):
    """The most likely label, the Fréchet mean, and with a chosen temperature."""
    n = len(apart)
    for name, settings in (
        ("Fréchet mean", {}),
        ('temperature="auto"', {"temperature": "auto"}),
        ("median (power 1)", {"power": 1.0}),
    ):
        fitted = FrechetMeanClassifier(
            model, distances=metric, labels=np.arange(n), **settings
        ).fit(X, y)
        if not settings:
            likely = fitted.estimator_.predict(X_new)
            yield told("most likely", task, likely, y_new, apart)
            reached = len(fitted.reachable_labels())
            name = f"{name}, reaches {reached} of {n}"
        yield told(name, task, fitted.predict(X_new), y_new, apart)


def ordinal(folder, quick):
    """Rings of abalone, two halves."""
    found = load_table(folder, "abalone")
    if found is None:
        return
    X, y = found[0], found[1].astype(int)
    distances = np.abs(np.subtract.outer(np.arange(30.0), np.arange(30.0)))
    for seed in range(1 if quick else 2):
        train = np.random.default_rng(seed).random(len(y)) < 0.5
        sizes = dict(n_estimators=50, min_samples_leaf=5, random_state=0)
        forest = RandomForestClassifier(**sizes)
        task = "abalone, 29 numbers of rings"
        yield from answers(
            forest,
            task,
            X[train],
            y[train],
            X[~train],
            y[~train],
            distances,
            "absolute",
        )
        numbers = RandomForestRegressor(**sizes).fit(X[train], y[train])
        rounded = np.clip(np.rint(numbers.predict(X[~train])), 0, 29).astype(int)
        yield told("regression forest, rounded", task, rounded, y[~train], distances)


def grid(quick):
    """Nine of 49 cells have rows."""
    for seed in range(1 if quick else 2):
        X, y, distances, cells = grid_of_labels(7, 6000, 0.3, seed)
        seen = np.flatnonzero((cells % 3 == 0).all(axis=1))
        train = np.flatnonzero(np.isin(y[:3000], seen))
        task = "7 x 7 grid, 9 labels with rows"
        rows = X[train], y[train], X[3000:], y[3000:]
        model = LogisticRegression(max_iter=500)
        yield from answers(model, task, *rows, distances, distances)
        places = Ridge().fit(X[train], cells[y[train]]).predict(X[3000:])
        gaps = ((places[:, None] - cells) ** 2).sum(axis=2)
        yield told("ridge on places", task, gaps.argmin(axis=1), y[3000:], distances)


def tree():
    """All and a third of 81 leaves have rows."""
    for seed in range(1):
        X, y, labels, leaves = tree_of_labels(3, 4, 3600, 2.0, seed)
        distances = csgraph.shortest_path(labels.lengths, directed=False)
        rng = np.random.default_rng(seed)
        for seen in (leaves, rng.choice(leaves, 24, replace=False)):
            train = np.flatnonzero(np.isin(y[:1800], seen))
            task = f"tree of 81 leaves, {len(seen)} with rows"
            rows = X[train], y[train], X[1800:], y[1800:]
            model = LogisticRegression(C=0.1, max_iter=500)
            yield from answers(model, task, *rows, distances, labels)


def means(rows):
    """Over draws, in the order of the first."""
    found = {}
    for row in rows:
        found.setdefault((row["labels"], row["answer"]), []).append(row)
    return [
        {
            "labels": task,
            "answer": answer,
            **{
                key: float(np.mean([run[key] for run in runs]))
                for key in runs[0]
                if key not in ("labels", "answer")
            },
        }
        for (task, answer), runs in found.items()
    ]


def main():
    """Ordinal labels, a grid, a tree."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path, help="a folder with tables/")
    args = command.parse_args()
    folder = None if args.data is None else args.data / "tables"
    rows = [*ordinal(folder, args.quick), *grid(args.quick), *tree()]
    report(
        "frechet_mean",
        means(rows),
        title="Labels with distances: which one to answer",
        notes=(
            "rows that were not fitted; abalone: forest of 50 trees, two random "
            "halves; grid: city-block distances, one cell in nine has rows, two draws; "
            "tree: means walk along its branches, logistic regression, one draw",
        ),
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
