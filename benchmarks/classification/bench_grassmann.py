"""Classes as subspaces: GrassmannClassifier beside vectors, kernels and Gaussians.

Five folds of each draw; settings of every method are chosen by three folds within the
training rows of the first fold of seed 0, and kept. Planted: five subspaces of three
dimensions in twenty, 1,000 rows, noise a tenth; rows of a class lie on both sides of
zero.
"""

import numpy as np
from sklearn import datasets
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks._report import arguments, report, timed
from skgeom import GrassmannClassifier


def planted(seed, n=1000, d=20, n_classes=5, k=3, noise=0.1):
    """Rows near subspaces."""
    rng = np.random.default_rng(seed)
    bases = [np.linalg.qr(rng.normal(size=(d, k)))[0] for _ in range(n_classes)]
    y = rng.integers(0, n_classes, n)
    X = np.stack([bases[c] @ rng.normal(size=k) for c in y])
    return X + noise * rng.normal(size=X.shape), y


TABLES = {
    "digits": lambda seed: datasets.load_digits(return_X_y=True),
    "planted subspaces": planted,
    "wine": lambda seed: datasets.load_wine(return_X_y=True),
    "breast cancer": lambda seed: datasets.load_breast_cancer(return_X_y=True),
}


def searches():
    """Methods with what is tried."""
    folds = StratifiedKFold(3, shuffle=True, random_state=0)

    def scaled(model):
        return make_pipeline(StandardScaler(), model)

    return {
        "GrassmannClassifier, defaults": GrassmannClassifier(),
        "GrassmannClassifier": GridSearchCV(
            GrassmannClassifier(),
            {"n_components": [1, 2, 4, 8], "alpha": [1e-5, 1e-4, 1e-3]},
            cv=folds,
        ),
        "LogisticRegression": GridSearchCV(
            scaled(LogisticRegression(max_iter=1000)),
            {"logisticregression__C": [0.01, 0.1, 1.0, 10.0]},
            cv=folds,
        ),
        "SVC": GridSearchCV(
            scaled(SVC()),
            {"svc__C": [1, 10, 100], "svc__gamma": ["scale", 0.003, 0.03, 0.3]},
            cv=folds,
        ),
        "QuadraticDiscriminantAnalysis": GridSearchCV(
            scaled(QuadraticDiscriminantAnalysis()),
            {"quadraticdiscriminantanalysis__reg_param": [0.01, 0.1, 0.3]},
            cv=folds,
        ),
    }


def measured(quick):
    """Accuracy by table and method."""
    for name, draw in TABLES.items():
        X, y = draw(0)
        split = StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
        first = next(iter(split))[0]
        chosen = {}
        for method, search in searches().items():
            if isinstance(search, GridSearchCV):
                found = search.fit(X[first], y[first])
                chosen[method] = found.best_estimator_, found.best_params_
            else:
                chosen[method] = search, {}
        told, seconds = {}, {}
        for seed in range(100, 101 if quick else 105):
            X, y = draw(seed)
            folds = StratifiedKFold(5, shuffle=True, random_state=seed)
            for train, new in folds.split(X, y):
                for method, (model, _) in chosen.items():
                    cpu = timed(model.fit, X[train], y[train])[1]
                    score = model.score(X[new], y[new])
                    told.setdefault(method, {}).setdefault(seed, []).append(score)
                    seconds.setdefault(method, []).append(cpu)
        for method, runs in told.items():
            shares = [np.mean(run) for run in runs.values()]
            values = chosen[method][1].values()
            yield {
                "rows": name,
                "method": method,
                "accuracy": float(np.mean(shares)),
                "from": float(np.min(shares)),
                "to": float(np.max(shares)),
                "fit, s": float(np.median(seconds[method])),
                "chosen": ", ".join(map(str, values)) or "-",
            }


def main():
    """Four tables, five seeds of five folds."""
    args = arguments(__doc__)
    report(
        "grassmann",
        list(measured(args.quick)),
        title="Classes as subspaces: accuracy of rows that were not fitted",
        notes=(
            "seeds 100 to 104, five folds each; from and to are of seeds; seconds are "
            "of the CPU, one thread",
        ),
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
