"""Classes by ten neighbours, plain ones and those without hubs.

Accuracy of `KNeighborsClassifier(10)` on precomputed neighbours, in three folds. Made
rows: ten Gaussian clusters with centres of equal spread; "unequal" ones have deviations
exp(.3 z). "candidates" is what packages with sparse graphs do, the hundred nearest by
plain distances, reordered. "tuned": the best of 3, 5, 10, 20 and 40 neighbours and of
plain and distance weights, in three inner folds. All settings of ours are defaults.
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsTransformer,
    NearestNeighbors,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._report import parser, report, timed
from benchmarks._tables import load_table
from skgeom import HubnessReducedNeighbors, SpectralClusterer
from skgeom.metrics import hubness_score

METHODS = ("nicdm", "local_scaling", "mutual_proximity")
TABLES = (
    "digits",
    "wine",
    "breast cancer",
    "iris",
    "banknote",
    "wifi",
    "yeast",
    "cmc",
    "car",
)


def clusters(n, d, unequal, seed):
    """Ten Gaussian clusters."""
    rng = np.random.default_rng(seed)
    spread = np.exp(0.3 * rng.normal(size=10)) if unequal else np.ones(10)
    centers = 0.9 * (20 / d) ** 0.25 * rng.normal(size=(10, d))
    y = rng.integers(10, size=n)
    return centers[y] + spread[y, None] * rng.normal(size=(n, d)), y


class _Candidates(KNeighborsTransformer):
    """The nearest hundred, reordered."""

    def fit(self, X, y=None):
        self.search_ = NearestNeighbors(n_neighbors=100).fit(X)
        distances, _ = self.search_.kneighbors(n_neighbors=10)
        self.means_, self.n_ = distances.mean(axis=1), len(X)
        return self

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X)

    def transform(self, X):
        distances, near = self.search_.kneighbors(X)
        # The first is the row itself, of a training row.
        own = (distances[:, :1] == 0).astype(int)
        here = np.take_along_axis(distances, own + np.arange(10), axis=1).mean(axis=1)
        values = distances / np.sqrt(here[:, None] * self.means_[near])
        order = np.argsort(values, axis=1)[:, :11]
        rows = np.arange(len(near)).repeat(11)
        found = np.zeros((len(near), self.n_))
        chosen = np.take_along_axis(near, order, axis=1).ravel()
        found[rows, chosen] = np.take_along_axis(values, order, axis=1).ravel()
        found[rows, chosen] += 1e-12
        return _as_sparse(found)


def _as_sparse(found):
    import scipy.sparse as sp
    from sklearn.neighbors import sort_graph_by_row_values

    return sort_graph_by_row_values(sp.csr_matrix(found), warn_when_not_sorted=False)


def models():
    """Pipelines by name."""
    voters = KNeighborsClassifier(10, metric="precomputed")
    found = {"plain": KNeighborsTransformer(n_neighbors=10)}
    found |= {m: HubnessReducedNeighbors(10, method=m) for m in METHODS}
    return {name: make_pipeline(graph, clone(voters)) for name, graph in found.items()}


def accuracy(model, X, y, seed):
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cross_val_score(model, X, y, cv=folds).mean()


def tuned():
    grid = {"n_neighbors": [3, 5, 10, 20, 40], "weights": ["uniform", "distance"]}
    return GridSearchCV(KNeighborsClassifier(), grid, cv=3)


def mean_of(values):
    error = np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{np.mean(values):.3f} ({error:.3f})"


def made(quick):
    """Accuracy, and hubs, of made clusters."""
    rows = []
    for unequal, d in ((True, 100), (True, 1000), (False, 100), (False, 1000)):
        told = {}
        for seed in range(1 if quick else 5):
            X, y = clusters(1500, d, unequal, 6000 + seed)
            others = {
                "tuned": tuned(),
                "candidates": make_pipeline(
                    _Candidates(), KNeighborsClassifier(10, metric="precomputed")
                ),
                "logistic regression": LogisticRegression(max_iter=200),
            }
            for name, model in {**models(), **others}.items():
                told.setdefault(name, []).append(accuracy(model, X, y, seed))
            for name, graph in (
                ("plain", KNeighborsTransformer(n_neighbors=10)),
                ("nicdm", HubnessReducedNeighbors(10)),
            ):
                found = hubness_score(graph.fit_transform(X), metric="precomputed")
                told.setdefault(f"skewness, {name}", []).append(found.skewness)
                told.setdefault(f"antihubs, {name}", []).append(found.antihub_share)
        name = f"{'un' if unequal else ''}equal, {d} columns"
        rows.append({"clusters": name, **{k: mean_of(v) for k, v in told.items()}})
        print(rows[-1], flush=True)
    return rows


def real(folder, quick):
    """Accuracy of tables, and of digits that are harder."""
    sets = {}
    for name in TABLES:
        found = load_table(folder, name)
        if found is not None:
            X, y = found
            X = X if name == "digits" else StandardScaler().fit_transform(X)
            sets[name] = X, np.unique(y, return_inverse=True)[1]
    if folder:
        kept = np.load(folder.parent / "points" / "pbmc68k_reduced.npz")
        labels = np.unique(kept["bulk_labels"], return_inverse=True)[1]
        sets["blood cells"] = kept["X"].astype(float), labels
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    sets["digits, noise 8"] = X + 8 * rng.normal(size=X.shape), y
    wide = np.column_stack([X, 4 * rng.normal(size=(len(X), 200))])
    sets["digits, 200 columns of noise"] = wide, y
    rows = []
    for name, (X, y) in sets.items():
        told = {}
        for seed in range(1 if quick else 5):
            for method, model in models().items():
                told.setdefault(method, []).append(accuracy(model, X, y, seed))
        row = {"table": name, "rows": len(X), "columns": X.shape[1]}
        row |= {method: f"{np.mean(values):.3f}" for method, values in told.items()}
        rows.append(row)
        print(rows[-1], flush=True)
    return rows


def large(quick):
    """Seconds, and how many of all that are nearest the groups hold."""
    rows = []
    for n, d in ((2000, 100),) if quick else ((5000, 100), (5000, 1000), (20_000, 100)):
        X, _ = clusters(n + 500, d, True, 6100)
        train, new = X[:-500], X[-500:]
        row = {"rows": n, "columns": d}
        for method in METHODS:
            model = HubnessReducedNeighbors(10, method=method)
            _, cpu, _ = timed(model.fit_transform, train)
            row[f"{method}, s"] = cpu
            found = model.transform(new).indices.reshape(500, -1)
            whole = HubnessReducedNeighbors(10, method=method, metric="precomputed")
            if n <= 5000:
                distances = np.sqrt(_squares(train, train))
                np.fill_diagonal(distances, 0.0)
                whole.fit(distances)
                best = whole.transform(np.sqrt(_squares(new, train)))
                best = best.indices.reshape(500, -1)
                pairs = zip(best, found, strict=True)
                row[f"{method}, recall"] = float(
                    np.mean([np.isin(a, b).mean() for a, b in pairs])
                )
            else:
                row[f"{method}, recall"] = ""
        plain = KNeighborsTransformer(n_neighbors=10, algorithm="brute")
        _, row["plain, s"], _ = timed(plain.fit_transform, train)
        rows.append(row)
        print(rows[-1], flush=True)
    return rows


def _squares(A, B):
    found = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1) - 2 * A @ B.T
    return np.maximum(found, 0.0)


def spectral(quick):
    """Spectral clusters of plain neighbours, and of those without hubs."""
    from sklearn.metrics import adjusted_rand_score

    rows = []
    X, y = load_digits(return_X_y=True)
    sets = {"digits": (X, y)}
    noise = np.random.default_rng(0).normal(size=X.shape)
    sets["digits, noise 8"] = X + 8 * noise, y
    sets["unequal, 100 columns"] = clusters(1500, 100, True, 6000)
    for name, (X, y) in sets.items():
        told = {}
        for graph, model in (
            ("plain", KNeighborsTransformer(n_neighbors=10)),
            ("nicdm", HubnessReducedNeighbors(10)),
        ):
            links = model.fit_transform(X)
            for seed in range(1 if quick else 5):
                clusterer = SpectralClusterer(
                    10, affinity="precomputed_nearest_neighbors", random_state=seed
                )
                labels = clusterer.fit_predict(links)
                told.setdefault(graph, []).append(adjusted_rand_score(y, labels))
        rows.append({"table": name, **{k: mean_of(v) for k, v in told.items()}})
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("--data", help="folder with the tables of UCI")
    command.add_argument("--only", choices=["made", "real", "large", "spectral"])
    given = command.parse_args()
    told = " ".join(__doc__.split("\n\n")[1].split())
    keep = dict(write=not given.quick)
    parts = [given.only] if given.only else ["made", "real", "large", "spectral"]
    if "made" in parts:
        report(
            "hubness",
            made(given.quick),
            title="Accuracy of ten neighbours on made clusters",
            notes=[
                told,
                "1,500 rows; means of five draws from seed 6000 on, with standard "
                "errors; skewness and share of antihubs of the training rows.",
            ],
            **keep,
        )
    if "real" in parts:
        report(
            "hubness_real",
            real(Path(given.data) if given.data else None, given.quick),
            title="Accuracy of ten neighbours on tables",
            notes=[
                told,
                "Means of five divisions into folds, seeds 0 to 4; columns "
                "standardised but for digits and blood cells.",
            ],
            **keep,
        )
    if "large" in parts:
        report(
            "hubness_large",
            large(given.quick),
            title="Seconds of fit and transform, and recall of the groups",
            notes=[
                "Unequal clusters, seed 6100; recall: of the eleven that are nearest "
                "of all training rows, for 500 new rows; CPU seconds."
            ],
            **keep,
        )
    if "spectral" in parts:
        report(
            "hubness_spectral",
            spectral(given.quick),
            title="Adjusted Rand index of SpectralClusterer on both graphs",
            notes=[
                "Ten neighbours, ten clusters; five seeds of k-means, with standard "
                "errors."
            ],
            **keep,
        )
