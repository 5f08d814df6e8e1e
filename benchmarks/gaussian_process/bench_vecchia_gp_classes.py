"""Probabilities of classes: VecchiaGPClassifier, Laplace's approximation, and machines.

OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.gaussian_process.bench_vecchia_gp_classes
"""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks._report import parser, report, timed
from skgeom import VecchiaGPClassifier

TABLES = {
    "breast cancer": load_breast_cancer(return_X_y=True),
    "moons": make_moons(400, noise=0.3, random_state=0),
    "digits": load_digits(return_X_y=True),
}
NOTES = [
    "70 % of the rows to learn from; standardised, digits divided by 16",
    "GaussianProcessClassifier: constant x RBF, one length scale, its own optimiser; "
    "not run on digits: ten fits to 1,257 rows",
    "CPU seconds of a split, choice of settings included; one thread",
]
# Of one length scale for all columns.
GRID = {"C": [0.3, 1, 3, 10, 30], "gamma": ["scale", 0.003, 0.01, 0.03]}


def methods(name, seed):
    """What is compared on a table."""
    yield "VecchiaGPClassifier", VecchiaGPClassifier(random_state=seed)
    if name != "digits":
        prior = ConstantKernel() * RBF()
        yield "GaussianProcessClassifier", GaussianProcessClassifier(prior)
    machine = GridSearchCV(SVC(), GRID, cv=3, scoring="accuracy")
    calibrated = CalibratedClassifierCV(machine, cv=5, ensemble=False)
    yield "SVC, 20 settings by CV, calibrated", calibrated


def main():
    """Print and keep the table."""
    reader = parser(__doc__)
    reader.add_argument("--only", choices=TABLES, help="one, to a table of its own")
    args = reader.parse_args()
    warm = TABLES["moons"]
    for form in ("exact", "full_scale"):
        model = VecchiaGPClassifier(approximation=form, alpha_epsilon=0.01)
        model.fit(*warm).predict_proba(warm[0])
    found = {}
    kept = "vecchia_gp_classes" + (f"_{args.only}" if args.only else "")
    for name, (X, y) in TABLES.items():
        if args.only not in (None, name):
            continue
        n_splits = 1 if args.quick else 5
        splits = StratifiedShuffleSplit(n_splits, test_size=0.3, random_state=1)
        for seed, (train, test) in enumerate(splits.split(X, y)):
            scaler = StandardScaler().fit(X[train])
            # Pixels are of one unit.
            rows = X / 16 if name == "digits" else scaler.transform(X)
            for method, model in methods(name, seed):
                _, fit, _ = timed(model.fit, rows[train], y[train])
                told, predict, _ = timed(model.predict_proba, rows[test])
                right = np.mean(model.classes_[told.argmax(axis=1)] == y[test])
                row = log_loss(y[test], told), right, fit + predict
                found.setdefault((name, method), []).append(row)
                print(name, seed, method, np.round(row, 4), flush=True)
            report(
                kept,
                table_of(found),
                title="Classes of rows that were left out: log loss and accuracy",
                notes=NOTES,
                write=not args.quick,
            )


def table_of(found):
    """Means and ranges over splits."""
    rows = []
    for (name, method), figures in found.items():
        loss, right, seconds = np.transpose(figures)
        rows.append(
            {
                "table": name,
                "method": method,
                "log loss": f"{loss.mean():.4f}",
                "from - to": f"{loss.min():.4f} - {loss.max():.4f}",
                "accuracy": f"{right.mean():.4f}",
                "CPU s": f"{seconds.mean():.2f}",
                "splits": len(figures),
            }
        )
    return rows


if __name__ == "__main__":
    main()
