"""Error of the kernel from random features, beside RBFSampler at equal size."""

from pathlib import Path

import numpy as np
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import StandardScaler

from benchmarks._report import parser, report
from benchmarks._tables import CLASSIFICATION, REGRESSION, load_table
from skgeom import OrthogonalRBFSampler

N_ROWS = 400
# Widths, as multiples of one over the median squared distance.
WIDTHS = (0.25, 1.0, 4.0)


def tables(folder, names):
    """Name, standardised columns that vary, and targets of each table."""
    for name in names:
        found = load_table(folder, name)
        if found is None:
            continue
        X, y = found
        X = np.asarray(X, dtype=np.float64)
        rows = np.random.default_rng(0).permutation(len(X))
        X, y = X[rows], np.asarray(y)[rows]
        if name == "digits":
            yield "digits, pixels", X / 16, y
        yield name, StandardScaler().fit_transform(X[:, X.std(axis=0) > 0]), y


def median_square(X):
    """Median squared distance of distinct rows."""
    apart = ((X[:, None] - X) ** 2).sum(axis=2)
    return np.median(apart[np.triu_indices(len(X), 1)])


def mean_squared_error(Model, X, kernel, n_seeds, **parameters):
    """Mean over pairs of rows, the same row among them, and over draws."""
    errors = []
    for seed in range(n_seeds):
        Z = Model(random_state=seed, **parameters).fit_transform(X)
        errors.append(((Z @ Z.T - kernel) ** 2).mean())
    return float(np.mean(errors))


def kernel_errors(data, sizes, n_seeds):
    """A row a table and size: ratios of errors at each width."""
    rows = []
    for name, X, _ in data:
        X = X[:N_ROWS]
        unit = 1 / median_square(X)
        for n_components in sizes:
            row = {"table": name, "columns": X.shape[1], "features": n_components}
            widths = {f"{width:g} / median": width * unit for width in WIDTHS}
            widths['"scale"'] = 1 / (X.shape[1] * X.var())
            for told, gamma in widths.items():
                known = dict(gamma=gamma, n_components=n_components)
                theirs, ours = (
                    mean_squared_error(
                        Model, X, rbf_kernel(X, gamma=gamma), n_seeds, **known
                    )
                    for Model in (RBFSampler, OrthogonalRBFSampler)
                )
                row[f"ratio, {told}"] = round(ours / theirs, 3)
                if told == "1 / median":
                    row["rmse, RBFSampler"] = round(theirs**0.5, 4)
                    row["rmse, ours"] = round(ours**0.5, 4)
            rows.append(row)
    return rows + [geometric_means(rows, size) for size in sizes]


def geometric_means(rows, size):
    """One row for all tables."""
    mine = [row for row in rows if row["features"] == size]
    means = {
        key: round(float(np.exp(np.mean([np.log(row[key]) for row in mine]))), 4)
        for key in mine[0]
        if key.startswith(("ratio", "rmse"))
    }
    return {"table": "geometric mean", "columns": "", "features": size, **means}


def predictions(data, sizes, n_seeds):
    """Held-out error of a linear model on the features."""
    rows = []
    for name, X, y in data:
        n_train = min(2 * len(X) // 3, 2000)
        train, test = slice(0, n_train), slice(n_train, n_train + 2000)
        gamma = 1 / median_square(X[:N_ROWS])
        classes = name.partition(",")[0] in CLASSIFICATION
        for n_components in sizes:
            row = {"table": name, "features": n_components}
            for told, Model in (
                ("RBFSampler", RBFSampler),
                ("OrthogonalRBFSampler", OrthogonalRBFSampler),
            ):
                errors = []
                for seed in range(n_seeds):
                    map_ = Model(
                        gamma=gamma, n_components=n_components, random_state=seed
                    ).fit(X[train])
                    model = RidgeClassifier(0.01) if classes else Ridge(0.01)
                    model.fit(map_.transform(X[train]), y[train])
                    score = model.score(map_.transform(X[test]), y[test])
                    errors.append(1 - score)
                row[told] = float(np.mean(errors))
            rows.append(row)
    return rows


def main():
    """All tables, sizes and widths."""
    command = parser(__doc__)
    command.add_argument("--data", type=Path, help="a folder with files of tables")
    args = command.parse_args()
    quick = args.quick
    names = ("digits", "diabetes") if quick else REGRESSION + CLASSIFICATION
    data = list(tables(args.data, names))
    sizes = (256,) if quick else (64, 256, 1024)
    report(
        "orthogonal_features",
        kernel_errors(data, sizes, 2 if quick else 5),
        title="Mean squared error of the kernel over that of RBFSampler at equal size",
        notes=[
            f"{N_ROWS} rows at most, columns standardised, but not the pixels; the "
            "mean over five draws (seeds 0 to 4) and over all pairs of rows",
            "widths: gamma as a multiple of one over the median squared distance, and "
            '"scale"; rmse at 1 / median',
            "one row a table and size, none left out",
        ],
        write=not quick,
    )
    report(
        "orthogonal_features_predictions",
        predictions(data, (256,) if quick else (128, 512), 2 if quick else 5),
        title="What a linear model makes of the features: error on unseen rows",
        notes=[
            "classes: share of wrong ones, RidgeClassifier; numbers: 1 - R2, Ridge; "
            "alpha .01, gamma one over the median squared distance",
            "up to 2,000 rows to fit and 2,000 to test; the mean over five draws",
        ],
        write=not quick,
    )


if __name__ == "__main__":
    main()
