"""A number from bags of matrices, where the mean, the spread or the shape tells it.

`make_spd_bags`: 120 bags of 60 matrices 6 x 6. Five draws, five folds each; penalties
and widths are chosen inside the training folds. "log mean", "mean and deviation" and
"mean and covariance" are of the logarithms of a bag's matrices, columns to unit
variance, before the same ridge regression. Seconds are of one embedding of all bags.
"""

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._report import arguments, report, timed
from skgeom import SlicedWassersteinEmbedding
from skgeom.datasets import make_spd_bags
from skgeom.distributions import unpack_bags
from skgeom.geometry import spd
from skgeom.geometry._spd_matrices import mirrored

PENALTIES = np.logspace(-4, 4, 17)


def logarithms(X):
    """Vectors of the logarithms of each bag's matrices."""
    return [spd.to_vector(spd.logm(mirrored(bag))) for bag in unpack_bags(X, 21)]


def moments(X, what):
    """Simple features of each bag."""
    found = []
    for bag in logarithms(X):
        parts = [bag.mean(axis=0)]
        if what == "mean and deviation":
            parts.append(bag.std(axis=0))
        if what == "mean and covariance":
            parts.append(spd.to_vector(np.cov(bag.T)))
        found.append(np.concatenate(parts))
    return np.array(found)


def embedded(X, slices):
    """The embedding along slices of a kind."""
    model = SlicedWassersteinEmbedding(
        21, point_space="spd", slices=slices, random_state=0
    )
    return model.fit_transform(X)


def smooth():
    """Kernel ridge regression, its width and penalty chosen on training rows."""
    grid = {"alpha": [1e-3, 1e-2, 0.1, 1.0], "gamma": [0.03, 0.1, 0.3, 1.0, 3.0]}
    return GridSearchCV(KernelRidge(kernel="rbf"), grid, cv=4)


def main(quick):
    """Write the table."""
    embedded(make_spd_bags(4)[0], "auto")
    folds = KFold(5, shuffle=True, random_state=0)
    scaled = make_pipeline(StandardScaler(), RidgeCV(PENALTIES))
    methods = {
        "default, ridge": (lambda X: embedded(X, "auto"), scaled),
        "default, kernel ridge": (lambda X: embedded(X, "auto"), smooth()),
        "axes, ridge": (lambda X: embedded(X, "axes"), scaled),
        "principal axes, ridge": (lambda X: embedded(X, "principal"), scaled),
        "100 random directions, ridge": (lambda X: embedded(X, "random"), scaled),
        "log mean": (lambda X: moments(X, "log mean"), scaled),
        "mean and deviation": (lambda X: moments(X, "mean and deviation"), scaled),
        "mean and covariance": (lambda X: moments(X, "mean and covariance"), scaled),
    }
    rows = []
    for name, (features, model) in methods.items():
        row, seconds = {"features": name}, []
        for signal in ("mean", "spread", "shape"):
            scores = []
            for seed in range(100, 101 if quick else 105):
                X, y = make_spd_bags(signal=signal, random_state=seed)
                Z, cpu, _ = timed(features, X)
                center = y.mean() if "kernel" in name else 0.0
                told = cross_val_predict(model, Z, y - center, cv=folds) + center
                scores.append(r2_score(y, told))
                seconds.append(cpu)
            error = np.std(scores) / max(len(scores) - 1, 1) ** 0.5
            row[f"the {signal}"] = f"{np.mean(scores):.3f} ({error:.3f})"
        row["seconds"] = float(np.mean(seconds))
        rows.append(row)
    report(
        "bags",
        rows,
        title="R2 of a number that the mean, the spread or the shape of a bag tells",
        notes=[
            "Seeds 100 to 104; standard errors over draws in brackets.",
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


if __name__ == "__main__":
    main(arguments(__doc__).quick)
