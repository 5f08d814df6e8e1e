"""How far off the subspace is that targets depend on, beside the classical methods.

Index models (`make_index_model`): 20 columns, 8 targets, 3 directions, noise of 0.3
deviations; four laws of the rows, three links, 500 and 3,000 rows. The error is
|P - Q| / sqrt(6) of the projections on both subspaces: 0 is the same, and random
directions have 0.92. All settings are defaults. SIR and SAVE slice the targets by
k-means into ten; RRR is reduced-rank regression; Stein is this estimator with
method="stein". Means of five seeds, with standard errors of the first column; seconds
of the processor, on one thread.
"""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis

from benchmarks._report import arguments, report, timed
from skgeom import SufficientSubspace
from skgeom.datasets import make_index_model

ROWS = ("gaussian", "mixture", "t", "uniform")
LINKS = ("monotone", "even", "mixed")
R = 3


def error(B, found):
    """Distance of two subspaces, given as columns."""
    P, Q = (np.linalg.qr(M)[0] for M in (B, found))
    return np.linalg.norm(P @ P.T - Q @ Q.T) / np.sqrt(2 * B.shape[1])


def whitened(X):
    """Whitened rows, and the map."""
    values, vectors = np.linalg.eigh(np.cov(X.T))
    W = vectors / np.sqrt(values)
    return (X - X.mean(axis=0)) @ W, W


def sliced(X, y, save):
    """Sliced inverse regression, or sliced average variance estimation."""
    Z, W = whitened(X)
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    labels = KMeans(10, n_init=1, random_state=0).fit_predict(y)
    M = np.zeros((Z.shape[1],) * 2)
    for label in range(10):
        own = Z[labels == label]
        if len(own) < 2:
            continue
        mean = own.mean(axis=0)
        D = np.eye(len(M)) - np.cov(own.T) if save else np.outer(mean, mean)
        M += len(own) / len(Z) * (D @ D if save else D)
    return W @ np.linalg.eigh(M)[1][:, -R:]


def rrr(X, y):
    """Reduced-rank regression."""
    Z, W = whitened(X)
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    return W @ np.linalg.svd(Z.T @ y)[0][:, :R]


METHODS = {
    "gradient": lambda X, y: SufficientSubspace(R, random_state=0).fit(X, y),
    "Stein": lambda X, y: SufficientSubspace(R, method="stein").fit(X, y),
    "Stein, first order": lambda X, y: SufficientSubspace(
        R, method="stein", order=1
    ).fit(X, y),
    "PLS": lambda X, y: PLSRegression(R).fit(X, y).x_rotations_,
    "RRR": rrr,
    "SIR": lambda X, y: sliced(X, y, save=False),
    "SAVE": lambda X, y: sliced(X, y, save=True),
}


def found_by(name, X, y):
    """Directions as columns, and seconds."""
    model, cpu, _ = timed(METHODS[name], X, y)
    return getattr(model, "components_", np.transpose(model)).T, cpu


def cells(quick):
    """The table of errors; and that of seconds."""
    rows, seconds = [], {}
    for law in ROWS:
        for link in LINKS:
            for n in (500,) if quick else (500, 3000):
                errors = {}
                for seed in range(1 if quick else 5):
                    X, y, B = make_index_model(
                        n, link=link, rows=law, random_state=7000 + seed
                    )
                    for name in METHODS:
                        found, cpu = found_by(name, X, y)
                        errors.setdefault(name, []).append(error(B.T, found))
                        seconds.setdefault((n, name), []).append(cpu)
                spread = np.std(errors["gradient"], ddof=1) if not quick else 0.0
                cell = {"rows": law, "link": link, "n": n}
                cell |= {name: f"{np.mean(e):.3f}" for name, e in errors.items()}
                cell["gradient"] += f" ({spread / np.sqrt(5):.3f})"
                rows.append(cell)
                print(cell, flush=True)
    timings = [
        {"n": n, "method": name, "seconds": float(np.mean(found))}
        for (n, name), found in seconds.items()
    ]
    return rows, timings


def large():
    """Twenty thousand rows of fifty columns."""
    rows = []
    for link in LINKS:
        told = {}
        for seed in range(5):
            X, y, B = make_index_model(
                20_000, n_features=50, link=link, random_state=7100 + seed
            )
            for name, method in (
                ("Stein", METHODS["Stein"]),
                ("RRR", rrr),
                (
                    "gradient, 2,000 centres",
                    lambda X, y: SufficientSubspace(
                        R, method="gradient", random_state=0
                    ).fit(X, y),
                ),
            ):
                if name.startswith("gradient") and seed > 1:
                    continue
                model, cpu, _ = timed(method, X, y)
                found = getattr(model, "components_", np.transpose(model)).T
                told.setdefault(name, []).append((error(B.T, found), cpu))
        for name, found in told.items():
            e, cpu = np.mean(found, axis=0)
            rows.append({"link": link, "method": name, "error": e, "seconds": cpu})
            print(rows[-1], flush=True)
    return rows


def classes():
    """Digits in two and in nine dimensions, by their five nearest neighbours."""
    X, y = load_digits(return_X_y=True)
    X = X[:, X.std(axis=0) > 0.2]
    rows = []
    for k in (2, 9):
        models = {
            "PCA": PCA(k),
            "LDA": LinearDiscriminantAnalysis(
                solver="eigen", shrinkage=0.05, n_components=k
            ),
            "NCA": NeighborhoodComponentsAnalysis(k, max_iter=15, random_state=0),
            "gradient": SufficientSubspace(k, random_state=0),
            "Stein, first order": SufficientSubspace(k, method="stein", order=1),
            "Stein": SufficientSubspace(k, method="stein"),
        }
        told = {}
        for seed in range(2):
            folds = StratifiedKFold(3, shuffle=True, random_state=7200 + seed)
            for train, test in folds.split(X, y):
                for name, model in models.items():
                    _, cpu, _ = timed(model.fit, X[train], y[train])
                    Z = model.transform(X)[:, :k]
                    near = KNeighborsClassifier(5).fit(Z[train], y[train])
                    told.setdefault(name, []).append(
                        (near.score(Z[test], y[test]), cpu)
                    )
        for name, found in told.items():
            accuracy, cpu = np.mean(found, axis=0)
            error = np.std([a for a, _ in found], ddof=1) / len(found) ** 0.5
            rows.append(
                {
                    "dimensions": k,
                    "method": name,
                    "accuracy": f"{accuracy:.3f} +- {error:.3f}",
                    "seconds": float(cpu),
                }
            )
            print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    given = arguments(__doc__)
    X, y, _ = make_index_model(1200, random_state=0)
    SufficientSubspace(R).fit(X, y)  # compiles
    told = " ".join(__doc__.split("\n\n")[1].split())
    rows, timings = cells(given.quick)
    keep = dict(write=not given.quick)
    report(
        "sufficient_subspace",
        rows,
        title="Error of the subspace of an index model",
        notes=["Seeds 7000 to 7004.", told],
        **keep,
    )
    report(
        "sufficient_subspace_seconds",
        timings,
        title="Seconds to find the subspace of an index model",
        notes=["Means over the cells of the table of errors.", told],
        **keep,
    )
    if not given.quick:
        report(
            "sufficient_subspace_digits",
            classes(),
            title="Digits in few dimensions: accuracy of five nearest neighbours",
            notes=["Three folds of two shuffles, seeds 7200 and 7201; all defaults."],
        )
        report(
            "sufficient_subspace_large",
            large(),
            title="Subspaces of 20,000 rows of 50 columns, Gaussian",
            notes=["Seeds 7100 to 7104, two of them for gradients.", told],
        )
