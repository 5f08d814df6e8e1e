"""Errors of a regression that was weighted for a shift of its targets.

Root mean square errors on 2,000 rows of the target sample, and as a share of what the
true weights give. 600 training rows with y standard normal, 600 target rows without y;
column j of X is a wave of y, with a slope where j is odd, and noise. "Normal": y of the
target sample has mean 0.8 and deviation 0.6 (1.0 and 0.7 in ten columns). "Two peaks":
at -1.2 and 1.0, of deviation 0.4. The regression is KernelRidge with `sample_weight`.
"Covariate" is the ratio of densities of X that a classifier tells, which is right where
the law of y given X stays: it does not here. "Trees": a `classifier` of 100 trees with
ten rows a leaf, which tell too little apart, and the same calibrated by
CalibratedClassifierCV. All other settings are defaults.
"""

import numpy as np
from scipy.stats import norm
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.kernel_ridge import KernelRidge

from benchmarks._report import arguments, report, timed
from skgeom import TargetShiftReweighter
from skgeom.sample_selection._target_shift._target_shift_reweighter import (
    usual_classifier,
)

SEED = 9500
N = 600
# Columns, noise, and the normal law of the target sample.
DESIGNS = (1, 0.5, 0.8, 0.6), (5, 1.0, 0.8, 0.6), (10, 1.5, 1.0, 0.7)


def rows_of(y, d, noise, rng):
    """Rows whose columns are noisy waves of y."""
    j = np.arange(d)
    waves = np.sin((0.6 + 0.3 * j) * y[:, None] + j) * (1 + 0.2 * j)
    return waves + 0.5 * y[:, None] * (j % 2) + noise * rng.normal(size=(len(y), d))


def density(kind, y, mean, sd):
    """Of targets in the target sample."""
    if kind == "normal":
        return norm.pdf(y, mean, sd)
    return 0.5 * norm.pdf(y, -1.2, 0.4) + 0.5 * norm.pdf(y, 1.0, 0.4)


def draw(kind, n, mean, sd, rng):
    """Targets of the target sample."""
    if kind == "normal":
        return mean + sd * rng.normal(size=n)
    return np.where(rng.random(n) < 0.5, -1.2, 1.0) + 0.4 * rng.normal(size=n)


def covariate(X, X_target):
    """Ratio of densities of X."""
    both = np.concatenate([X, X_target])
    model = usual_classifier().fit(both, np.repeat([0, 1], [len(X), len(X_target)]))
    told = model.predict_proba(X)
    return told[:, 1] / told[:, 0]


def error(X, y, weights, X_test, y_test):
    """Of a weighted kernel ridge regression."""
    spread = X.std(axis=0)
    A, B = X / spread, X_test / spread
    some = ((A[:300, None] - A[None, :300]) ** 2).sum(axis=2)
    gamma = 0.5 / np.median(some[some > 0])
    weights = np.maximum(weights / weights.mean(), 1e-3)
    centre = np.average(y, weights=weights)
    model = KernelRidge(alpha=1.0, kernel="rbf", gamma=gamma)
    model.fit(A, y - centre, sample_weight=weights)
    return np.sqrt(np.mean((model.predict(B) + centre - y_test) ** 2))


def compare(quick):
    """The table."""
    rows = []
    trees = ExtraTreesClassifier(100, min_samples_leaf=10, random_state=0)
    ours = {
        "likelihood": TargetShiftReweighter(),
        "trees": TargetShiftReweighter(classifier=trees),
        "calibrated trees": TargetShiftReweighter(
            classifier=CalibratedClassifierCV(trees, cv=3)
        ),
        "integral": TargetShiftReweighter("integral", random_state=0),
    }
    for kind in ("normal", "two peaks"):
        for d, noise, mean, sd in (
            (1, 0.5, 0.8, 0.6),
            (5, 1.0, 0.8, 0.6),
            (10, 1.5, 1, 0.7),
        ):
            found, seconds = {}, {}
            for seed in range(1 if quick else 6):
                rng = np.random.default_rng(SEED + seed)
                y = rng.normal(size=N)
                X = rows_of(y, d, noise, rng)
                X_target = rows_of(draw(kind, N, mean, sd, rng), d, noise, rng)
                y_test = draw(kind, 2000, mean, sd, rng)
                X_test = rows_of(y_test, d, noise, rng)
                weights = {
                    "true weights": density(kind, y, mean, sd) / norm.pdf(y),
                    "none": np.ones(N),
                    "covariate": covariate(X, X_target),
                }
                for name, model in ours.items():
                    fitted, cpu, _ = timed(model.fit, X, y, X_target=X_target)
                    weights[name] = fitted.sample_weight_
                    seconds.setdefault(name, []).append(cpu)
                for name, w in weights.items():
                    found.setdefault(name, []).append(error(X, y, w, X_test, y_test))
            best = np.mean(found["true weights"])
            row = {"target sample": f"{kind}, d={d}", "true weights": f"{best:.3f}"}
            for name, errors in found.items():
                if name != "true weights":
                    row[name] = f"{np.mean(errors):.3f} ({np.mean(errors) / best:.3f})"
            row["CPU s"] = f"{np.mean(seconds['likelihood']):.2f}"
            rows.append(row)
            print(row, flush=True)
    return rows


if __name__ == "__main__":
    given = arguments(__doc__)
    notes = " ".join(__doc__.split("\n\n")[1].split())
    report(
        "target_shift",
        compare(given.quick),
        title="Errors after a shift of the target, and as shares of the best",
        notes=[f"Six seeds from {SEED} on.", notes],
        write=not given.quick,
    )
