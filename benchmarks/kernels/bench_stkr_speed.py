"""Fit and predict beside LabelSpreading, and 200,000 points."""

import resource
import warnings

import numpy as np
from sklearn.datasets import load_digits, make_classification
from sklearn.semi_supervised import LabelSpreading

from benchmarks._report import arguments, report, timed
from skgeom import STKRClassifier

# A machine of the least cost, without any choice.
ONE_FIT = dict(strength=100.0, alpha=0.1, degree=1)


def digit_cloud(n_samples, seed=0):
    """Convex mixtures of neighbouring digits of a class, with noise: digits-like."""
    X, y = load_digits(return_X_y=True)
    X, rng = X / 16, np.random.default_rng(seed)
    if n_samples <= len(X):
        rows = rng.permutation(len(X))[:n_samples]
        return X[rows], y[rows]
    one = rng.integers(0, len(X), n_samples)
    two = np.empty_like(one)
    for digit in range(10):
        mine = np.flatnonzero(y == digit)
        points = X[mine]
        apart = ((points[:, None] - points[None]) ** 2).sum(axis=2)
        near = mine[np.argsort(apart, axis=1)[:, 1:11]]
        place = np.full(len(X), -1)
        place[mine] = np.arange(len(mine))
        drawn = np.flatnonzero(y[one] == digit)
        two[drawn] = near[place[one[drawn]], rng.integers(0, 10, len(drawn))]
    share = rng.random((n_samples, 1))
    mixed = share * X[one] + (1 - share) * X[two]
    return mixed + 0.02 * rng.standard_normal(mixed.shape), y[one]


def compare(n_samples, peers, seed=0):
    """CPU seconds of fit and predict, and accuracy on unseen points."""
    X, y = digit_cloud(n_samples + n_samples // 4, seed)
    train, unseen = slice(0, n_samples), slice(n_samples, None)
    labels = np.full(n_samples, -1)
    for digit in range(10):
        labels[np.flatnonzero(y[train] == digit)[:3]] = digit
    models = {
        "STKRClassifier": STKRClassifier("nearest_neighbors", **ONE_FIT),
        "STKRClassifier, default": STKRClassifier(),
        "LabelSpreading, rbf": LabelSpreading("rbf", gamma=20, alpha=0.9),
        "LabelSpreading, knn": LabelSpreading("knn", n_neighbors=7, alpha=0.9),
    }
    rows = []
    for name in ["STKRClassifier", "STKRClassifier, default", *peers]:
        repeats = 5 if n_samples < 5000 else 3 if n_samples <= 10_000 else 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the peer's stop rule
            runs = []
            for _ in range(repeats):
                model, cpu_fit, _ = timed(models[name].fit, X[train], labels)
                predicted, cpu_predict, _ = timed(model.predict, X[unseen])
                runs.append((cpu_fit, cpu_predict))
        fit, predict = np.min(runs, axis=0)
        rows.append(
            {
                "points": n_samples,
                "method": name,
                "fit s": float(fit),
                "predict s": float(predict),
                "accuracy": round(100 * float((predicted == y[unseen]).mean()), 1),
            }
        )
    ours = rows[0]["fit s"] + rows[0]["predict s"]
    for row in rows:
        row["ratio"] = round((row["fit s"] + row["predict s"]) / ours, 1)
    return rows


def large(n_samples=200_000):
    """One fit on many points, one in a hundred labelled."""
    X, y = make_classification(
        n_samples,
        50,
        n_informative=20,
        n_redundant=10,
        n_classes=5,
        class_sep=1.5,
        random_state=0,
    )
    X = X.astype(np.float32)
    labels = np.where(np.random.default_rng(0).random(n_samples) < 0.01, y, -1)
    model, cpu, wall = timed(
        STKRClassifier("nearest_neighbors", **ONE_FIT).fit, X, labels
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    accuracy = 100 * float((model.transduction_ == y).mean())
    return [
        {
            "points": n_samples,
            "wall s": round(wall, 1),
            "CPU s": round(cpu, 1),
            "peak GiB": round(peak, 2),
            "accuracy": round(accuracy, 1),
        }
    ]


def main():
    """The large fit first: its peak of memory is that of the process."""
    args = arguments(__doc__)
    report(
        "stkr_large",
        large(20_000 if args.quick else 200_000),
        title="One fit with 1 % of labels, neighbour search included",
        packages=("faiss-cpu",),
        notes=[
            "make_classification with 50 features, seed 0; neighbours by faiss beyond "
            "50,000 points; the peak is of the whole process, data included",
        ],
        write=not args.quick,
    )
    STKRClassifier().fit(np.eye(20), np.r_[0, 1, [-1] * 18])  # compiles what has to be
    both = ["LabelSpreading, rbf", "LabelSpreading, knn"]
    sizes = {1_347: both}
    if not args.quick:
        sizes |= {10_000: both, 50_000: both[1:]}
    report(
        "stkr_speed",
        [row for n, peers in sizes.items() for row in compare(n, peers)],
        title="CPU seconds beside LabelSpreading: digits, and points between digits",
        notes=[
            "three labels a class, a fifth of the points unseen, seed 0; least of five "
            "runs at 1,347 points, of three at 10,000, one at 50,000",
            "ratio: seconds of fit and predict over those of STKRClassifier on "
            "neighbours, strength 100, alpha .1, degree 1; default: all automatic",
            "LabelSpreading with rbf needs 20 GB at 50,000 points and is left out",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
