"""Classes by kernel machines beside support vectors and boosting, on eleven tables.

python -m benchmarks.kernels.bench_kernel_classifier --data FOLDER
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks._report import parser, report, timed
from benchmarks._tables import CLASSIFICATION, load_table
from skgeom import KernelClassifier

N_TRAIN, N_TEST = 1000, 1500
GRID = {"svc__C": [1, 10, 100], "svc__gamma": [0.01, 0.03, 0.1, 0.3]}


def models(seed):
    """Ours as they come, support vectors of twelve settings, boosting as it comes."""
    vectors = GridSearchCV(make_pipeline(StandardScaler(), SVC()), GRID, cv=3)
    return {
        "ours": make_pipeline(StandardScaler(), KernelClassifier(random_state=seed)),
        "ours, agop": KernelClassifier(metric="agop", random_state=seed),
        "SVC, tuned": CalibratedClassifierCV(vectors, cv=3, ensemble=False),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
    }


def main():
    """A row a table: accuracy / log-loss on new rows of each model."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path)
    command.add_argument("--seed", type=int, default=50)
    given = command.parse_args()
    rows, every = [], []
    for name in CLASSIFICATION:
        table = load_table(given.data, name)
        if table is None:
            continue
        X, y = table
        order = np.random.default_rng(given.seed).permutation(len(X))
        n = min(N_TRAIN, 2 * len(X) // 3)
        train, test = order[:n], order[n : n + N_TEST]
        # Classes of a handful of rows cannot be in every fold.
        known, counts = np.unique(y[train], return_counts=True)
        train = train[np.isin(y[train], known[counts >= 9])]
        test = test[np.isin(y[test], known[counts >= 9])]
        row, seconds = {"table": name}, []
        for told, model in models(given.seed).items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _, cpu, _ = timed(model.fit, X[train], y[train])
            proba = model.predict_proba(X[test])
            right = np.mean(model.predict(X[test]) == y[test])
            loss = log_loss(y[test], proba, labels=model.classes_)
            row[told] = f"{right:.3f} / {loss:.3f}"
            every.append((told, right, loss))
            seconds.append(f"{cpu:.1f}")
        rows.append({**row, "CPU s": " / ".join(seconds)})
        print(rows[-1], flush=True)
    means = {
        told: [np.mean([e[i] for e in every if e[0] == told]) for i in (1, 2)]
        for told in models(0)
    }
    row = {told: f"{a:.3f} / {b:.3f}" for told, (a, b) in means.items()}
    rows.append({"table": "mean", **row, "CPU s": ""})
    report(
        "kernel_classifier",
        rows,
        title="Classes on 1,000 rows: accuracy / log-loss on new rows",
        notes=[
            f"seed {given.seed}: {N_TRAIN:,} training rows (two thirds of smaller "
            f"tables), up to {N_TEST:,} others; classes of less than nine training "
            "rows are left out",
            "ours and boosting by their defaults; SVC: the best of twelve settings by "
            "three folds, a sigmoid for probabilities by three more; columns "
            "standardised",
            "CPU s of a fit in the order of the columns, one thread beside other load",
        ],
        write=not given.quick,
    )


if __name__ == "__main__":
    main()
