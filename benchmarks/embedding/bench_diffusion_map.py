"""New rows of a diffusion map against a fit of all rows.

Half of the rows are fitted, the other half are new; a map of all rows says where they
belong. Explained variance of that map by the best linear function of what is found,
three coordinates. "mean of 5": the mean of the five nearest training rows' coordinates.
The arc has 1,000 rows, most of them at one place of it, and noise of .01; what counts
there is the squared correlation of the first coordinate with the slowest mode of an
arc.
"""

import numpy as np
from sklearn.datasets import load_digits, make_swiss_roll
from sklearn.neighbors import KNeighborsRegressor

from benchmarks._report import arguments, report, timed
from skgeom import DiffusionMap

SETTINGS = {
    "neighbours": {},
    "neighbours, alpha 1": dict(alpha=1.0),
    "rbf, alpha 0": dict(affinity="rbf", alpha=0.0),
    "rbf": dict(affinity="rbf"),
}


def explained(A, B):
    A, B = A - A.mean(axis=0), B - B.mean(axis=0)
    left = A @ np.linalg.lstsq(A, B, rcond=None)[0] - B
    return 1 - (left**2).sum() / (B**2).sum()


def new_rows(quick):
    rows, told = [], {}
    for seed in range(1 if quick else 5):
        for name, X in (
            ("roll", make_swiss_roll(2000, noise=0.05, random_state=seed)[0]),
            ("digits", load_digits().data),
        ):
            order = np.random.default_rng(seed).permutation(len(X))
            some, new = np.array_split(order, 2)
            for setting, given in SETTINGS.items():
                model = DiffusionMap(3, **given)
                _, cpu, _ = timed(model.fit, X[some])
                if model.gamma_ is not None:
                    given = dict(given, gamma=model.gamma_)
                whole = DiffusionMap(3, **given).fit_transform(X)
                near = KNeighborsRegressor(5).fit(X[some], model.embedding_)
                told.setdefault((name, setting), []).append(
                    (
                        explained(model.embedding_, whole[some]),
                        explained(model.transform(X[new]), whole[new]),
                        explained(near.predict(X[new]), whole[new]),
                        cpu,
                    )
                )
    for (name, setting), values in told.items():
        mean = np.mean(values, axis=0)
        columns = ("training rows", "new rows", "mean of 5", "CPU s")
        rows.append(
            {
                "rows": name,
                "map": setting,
                **{c: float(v) for c, v in zip(columns, mean, strict=True)},
            }
        )
        print(rows[-1], flush=True)
    return rows


def density(quick):
    rows = []
    for setting, given in SETTINGS.items():
        row = {"map": setting}
        for share in (0.0, 0.3, 0.6):
            found = []
            for seed in range(1 if quick else 5):
                rng = np.random.default_rng(seed)
                n = int(1000 * share)
                dense = (0.5 + 0.05 * rng.normal(size=n)).clip(0, 1)
                s = np.append(rng.uniform(size=1000 - n), dense)
                X = np.stack([np.cos(4 * s), np.sin(4 * s)], axis=1)
                X = X + 0.01 * rng.normal(size=X.shape)
                along = DiffusionMap(1, **given).fit_transform(X)[:, 0]
                found.append(np.corrcoef(along, np.cos(np.pi * s))[0, 1] ** 2)
            row[f"{share:.0%} at one place"] = float(np.mean(found))
        rows.append(row)
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    given = arguments(__doc__)
    told = " ".join(__doc__.split("\n\n")[1].split())
    report(
        "diffusion_map",
        new_rows(given.quick),
        title="New rows of a diffusion map, against a fit of all rows",
        notes=["Five divisions, seeds 0 to 4; 1,000 rows (899 digits) fitted.", told],
        write=not given.quick,
    )
    report(
        "diffusion_map_density",
        density(given.quick),
        title="An arc with a dense place: squared correlation with its slowest mode",
        notes=["Five draws, seeds 0 to 4.", told],
        write=not given.quick,
    )
