"""Singular rows where density varies: areas under the curve beside simpler scores.

Two planes that cross, two spheres that touch, a double cone, three segments that meet,
and a curve through a disc: 2,500 rows in ten dimensions, with and without noise of .03
in each of them. Rows near the singularity (the nearest 20, 60 for the planes) are told
from those farther than .4 from it, and from edges than .2. In the first setting density
is even; in the others one sheet has a fifth of the density of the other, and density
rises or falls by a factor of about 20 from the singularity on. Peers are the density
itself (one over the distance to the 50th neighbour), the same beside that of the
neighbours, scikit-learn's LocalOutlierFactor (50 neighbours) and IsolationForest with
their signs as they are, and the share of variance that 25, 50 and 100 neighbours leave
off their principal plane of the true dimension. Ours finds the dimension itself.
"""

import warnings
from functools import partial

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from benchmarks._report import parser, report, timed
from skgeom import SingularityScorer

N, N_FEATURES = 2_500, 10
LAWS = {
    "even": (1.0, 0.0),
    "one sheet thin": (0.2, 0.0),
    "thin, sparse at it": (0.2, 1.5),
    "thin, dense at it": (0.2, -1.5),
}


def planes(rng, m):
    uv, first = rng.uniform(-1, 1, (m, 2)), rng.random(m) < 0.5
    zero = np.zeros(m)
    X = np.where(first[:, None], np.c_[uv, zero], np.c_[zero, uv[:, 1], uv[:, 0]])
    off = np.abs(uv[:, 0])
    return X, off, 1 - np.abs(uv).max(axis=1), first, off + uv[:, 1] - 1, 2


def spheres(rng, m):
    s, first = rng.normal(size=(m, 3)), rng.random(m) < 0.5
    s /= np.linalg.norm(s, axis=1, keepdims=True)
    X = s + np.where(first, 1, -1)[:, None] * [1, 0, 0]
    off = np.linalg.norm(X, axis=1)
    return X, off, np.ones(m), first, off - 1, 2


def cone(rng, m):
    h, t = np.sqrt(rng.random(m)), rng.uniform(0, 2 * np.pi, m)
    first = rng.random(m) < 0.5
    X = np.c_[h * np.cos(t), h * np.sin(t), np.where(first, h, -h)]
    return X, h, 1 - h, first, 2 * h - 1, 2


def branches(rng, m):
    arm, h = rng.integers(3, size=m), rng.random(m)
    ways = np.array([[1, 0, 0], [-0.5, 0.87, 0], [-0.3, -0.5, 0.8]])
    return h[:, None] * ways[arm], h, 1 - h, arm > 0, 2 * h - 1, 1


def skewer(rng, m):
    uv, first = rng.uniform(-1, 1, (m, 2)), rng.random(m) < 0.7
    zero = np.zeros(m)
    X = np.where(first[:, None], np.c_[uv, zero], np.c_[zero, zero, uv[:, 0]])
    off = np.where(first, np.linalg.norm(uv, axis=1), np.abs(uv[:, 0]))
    edge = 1 - np.where(first, np.abs(uv).max(axis=1), np.abs(uv[:, 0]))
    return X, off, edge, first, 2 * off - 1, 2


SHAPES = {
    "crossing planes": planes,
    "touching spheres": spheres,
    "double cone": cone,
    "three branches": branches,
    "curve through a disc": skewer,
}


def sample(shape, thin, gradient, noise, seed):
    """Rows in ten dimensions; which are singular, which are regular; the dimension."""
    rng = np.random.default_rng(seed)
    X, off, edge, first, height, dim = shape(rng, 40 * N)
    weight = np.where(first, 1.0, thin) * np.exp(gradient * height)
    kept = rng.choice(len(X), N, replace=False, p=weight / weight.sum())
    X, off, edge = X[kept], off[kept], edge[kept]
    turn = np.linalg.qr(rng.normal(size=(N_FEATURES, 3)))[0]
    X = X @ turn.T + noise * rng.normal(size=(N, N_FEATURES))
    near = off < np.sort(off)[60 if shape is planes else 20]
    return X, near, (off > 0.4) & (edge > 0.2), dim


def ours(X, dim):
    return -SingularityScorer(random_state=0).fit(X).score_samples(X)


def density(X, dim):
    return -NearestNeighbors(n_neighbors=51).fit(X).kneighbors(X)[0][:, -1]


def relative_density(X, dim):
    distances, indices = NearestNeighbors(n_neighbors=51).fit(X).kneighbors(X)
    return distances[:, -1][indices].mean(axis=1) / distances[:, -1]


def outlier_factor(X, dim):
    return -LocalOutlierFactor(n_neighbors=50).fit(X).negative_outlier_factor_


def isolation(X, dim):
    return -IsolationForest(random_state=0).fit(X).score_samples(X)


def plane_residual(X, dim):
    indices = NearestNeighbors(n_neighbors=101).fit(X).kneighbors(X)[1]
    total = 0.0
    for k in (25, 50, 100):
        P = X[indices[:, : k + 1]]
        P = P - P.mean(axis=1, keepdims=True)
        values = np.linalg.eigvalsh(P.transpose(0, 2, 1) @ P)
        total = total + 1 - values[:, -dim:].sum(axis=1) / values.sum(axis=1)
    return total


METHODS = {
    "SingularityScorer": ours,
    "density": density,
    "relative density": relative_density,
    "LocalOutlierFactor": outlier_factor,
    "IsolationForest": isolation,
    "off the principal plane": plane_residual,
}


def main(quick):
    n_seeds = 1 if quick else 5
    ours(np.random.default_rng(0).normal(size=(300, 3)), 2)  # compiles
    rows, seconds = [], dict.fromkeys(METHODS, 0.0)
    for (law, (thin, gradient)), noise in (
        (item, noise) for item in LAWS.items() for noise in (0.0, 0.03)
    ):
        for name, shape in SHAPES.items():
            found = {method: [] for method in METHODS}
            for seed in range(200, 200 + n_seeds):
                X, near, far, dim = sample(shape, thin, gradient, noise, seed)
                truth = np.repeat([1, 0], [near.sum(), far.sum()])
                for method, score in METHODS.items():
                    s, cpu, _ = timed(partial(score, X, dim))
                    found[method].append(roc_auc_score(truth, np.r_[s[near], s[far]]))
                    seconds[method] += cpu
            row = {"shape": name, "density varies": law, "noise": noise}
            rows.append(row | {m: float(np.mean(v)) for m, v in found.items()})
            print(rows[-1], flush=True)
    runs = n_seeds * len(rows)
    for label, pick in (
        ("mean", np.mean),
        ("lowest", np.min),
    ):
        row = {"shape": label, "density varies": "all", "noise": "both"}
        rows.append(row | {m: float(pick([r[m] for r in rows[:40]])) for m in METHODS})
    row = {"shape": "CPU s", "density varies": "", "noise": ""}
    rows.append(row | {m: seconds[m] / runs for m in METHODS})
    report(
        "singularities",
        rows,
        title="Rows near singularities: area under the curve, mean of five samples",
        notes=[__doc__.split("\n\n")[1].replace("\n", " "), "Seeds 200 to 204."],
        write=not quick,
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(parser(__doc__).parse_args().quick)
