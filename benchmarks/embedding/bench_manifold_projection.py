"""Rows off a manifold, and rows without their noise, on shapes that are known.

Four shapes, a roll, a sphere, a torus and a spiral, in three and in twenty dimensions:
1,000 training rows, 300 new ones. Outliers: training noise is .03 of the feature (the
radius, or the distance of sheets); normal rows are fresh, outliers stand .15 to .4 of
it off, and at least .1. Peers are LocalOutlierFactor, best of 10, 20 and 35 neighbours,
the distance to a neighbour, best of 1, 5 and 20, and IsolationForest; peers are chosen
by the truth, ours chooses all by itself. Noise: in twenty dimensions, root of the mean
square distance from the surface of new rows after, as a share of before, at noise of .1
and of .3 of a feature. Beside it is smooth_locally on the training rows. "again" is how
far feet move when they are projected once more, as a share of the noise, in the mean.
"""

import warnings

import numpy as np
from scipy.spatial import cKDTree
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from benchmarks._report import parser, report, timed
from skgeom import ManifoldProjection
from skgeom.graph import smooth_locally

SEEDS, N = range(5), 1000
FEATURES = {"roll": 2 * np.pi, "sphere": 1.0, "torus": 1.0, "spiral": np.pi}


def shape(name, rng, n):
    if name == "roll":
        t = rng.uniform(1.5 * np.pi, 4.5 * np.pi, 9 * n)
        t = t[rng.uniform(size=9 * n) < t / 14.2][:n]
        return np.column_stack([t * np.cos(t), t * np.sin(t), rng.uniform(0, 21, n)])
    if name == "sphere":
        X = rng.normal(size=(n, 3))
        return X / np.linalg.norm(X, axis=1, keepdims=True)
    if name == "torus":
        b = rng.uniform(0, 2 * np.pi, 9 * n)
        b = b[rng.uniform(size=9 * n) < (2 + np.cos(b)) / 3][:n]
        a, w = rng.uniform(0, 2 * np.pi, n), 2 + np.cos(b)
        return np.column_stack([w * np.cos(a), w * np.sin(a), np.sin(b)])
    t = np.sqrt(rng.uniform(1, 9, n)) * np.pi
    return np.column_stack([t * np.cos(2 * t), t * np.sin(2 * t), 0 * t])


def distance(name, X, frame):
    """Distances from the true surface."""
    Y = X @ frame
    off = np.maximum((X**2).sum(axis=1) - (Y**2).sum(axis=1), 0)
    if name == "sphere":
        near = (np.linalg.norm(Y, axis=1) - 1) ** 2
    elif name == "torus":
        near = (np.hypot(np.hypot(Y[:, 0], Y[:, 1]) - 2, Y[:, 2]) - 1) ** 2
    elif name == "roll":
        t = np.linspace(1.5 * np.pi, 4.5 * np.pi, 20_000)
        tree = cKDTree(np.column_stack([t * np.cos(t), t * np.sin(t)]))
        beyond = np.maximum(np.maximum(-Y[:, 2], Y[:, 2] - 21), 0)
        near = tree.query(Y[:, :2])[0] ** 2 + beyond**2
    else:
        t = np.linspace(np.pi, 3 * np.pi, 40_000)
        tree = cKDTree(np.column_stack([t * np.cos(2 * t), t * np.sin(2 * t)]))
        near = tree.query(Y[:, :2])[0] ** 2 + Y[:, 2] ** 2
    return np.sqrt(near + off)


def sample(name, n_features, noise, seed):
    """Training rows, new rows, clean rows, and the frame that they lie in."""
    rng = np.random.default_rng(seed)
    frame = np.linalg.qr(rng.normal(size=(n_features, 3)))[0]
    dim = 1 if name == "spiral" else 2
    sd = noise * FEATURES[name] / np.sqrt(n_features - dim)
    clean = [shape(name, rng, n) @ frame.T for n in (N, 300, 300)]
    noisy = [X + sd * rng.normal(size=X.shape) for X in clean[:2]]
    return *noisy, clean[2], frame, rng


def outliers(quick):
    rows = []
    for name, feature in FEATURES.items():
        for n_features in (3, 20):
            found, seconds = {}, []
            for seed in SEEDS[:1] if quick else SEEDS:
                X, normal, clean, frame, rng = sample(name, n_features, 0.03, seed)
                way = rng.normal(size=clean.shape)
                way /= np.linalg.norm(way, axis=1, keepdims=True)
                off = clean + way * rng.uniform(0.15, 0.4, (300, 1)) * feature
                off = off[distance(name, off, frame) > 0.1 * feature]
                new = np.vstack([normal, off])
                truth = np.repeat([0, 1], [len(normal), len(off)])
                model, cpu, _ = timed(ManifoldProjection().fit, X)
                seconds.append(cpu)
                near = NearestNeighbors(n_neighbors=20).fit(X).kneighbors(new)[0]
                forest = IsolationForest(random_state=0).fit(X)
                scores = {
                    "ManifoldProjection": [-model.score_samples(new)],
                    "LocalOutlierFactor": [
                        -LocalOutlierFactor(k, novelty=True).fit(X).score_samples(new)
                        for k in (10, 20, 35)
                    ],
                    "neighbour": [near[:, k] for k in (0, 4, 19)],
                    "IsolationForest": [-forest.score_samples(new)],
                }
                for method, tried in scores.items():
                    best = max(roc_auc_score(truth, score) for score in tried)
                    found.setdefault(method, []).append(best)
            row = {"shape": name, "dimensions": n_features}
            row |= {method: float(np.mean(v)) for method, v in found.items()}
            rows.append(row | {"lowest of ours": min(found["ManifoldProjection"])})
            rows[-1]["CPU s, fit"] = float(np.mean(seconds))
            print(rows[-1], flush=True)
    means = {key: float(np.mean([r[key] for r in rows])) for key in list(rows[0])[2:]}
    report(
        "manifold_outliers",
        [*rows, {"shape": "mean", "dimensions": "all"} | means],
        title="Outliers near a surface: area under the curve, mean of five samples",
        notes=[" ".join(__doc__.split("Noise:")[0].split()), "Seeds 0 to 4."],
        write=not quick,
    )


def noise_left(quick):
    rows = []
    for name in FEATURES:
        for n_features in (20,):
            for noise in (0.1, 0.3):
                ours, again, peer = [], [], []
                for seed in SEEDS[:1] if quick else SEEDS:
                    X, new, _, frame, _ = sample(name, n_features, noise, seed)
                    model = ManifoldProjection().fit(X)
                    feet = model.transform(new)
                    before, after, rest, smooth = (
                        np.sqrt(np.mean(distance(name, rows, frame) ** 2))
                        for rows in (new, feet, X, smooth_locally(X))
                    )
                    ours.append(after / before)
                    peer.append(smooth / rest)
                    moved = np.linalg.norm(model.transform(feet) - feet, axis=1)
                    again.append(moved.mean() / before)
                row = {"shape": name, "dimensions": n_features, "noise": f"{noise}"}
                row |= {"ManifoldProjection": float(np.mean(ours))}
                row |= {"highest": float(np.max(ours)), "again": float(np.mean(again))}
                rows.append(row | {"smooth_locally": float(np.mean(peer))})
                print(rows[-1], flush=True)
    report(
        "manifold_noise",
        rows,
        title="Noise that is left, as a share, mean of five samples",
        notes=[" ".join(__doc__.split()), "Seeds 0 to 4."],
        write=not quick,
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    command = parser(__doc__)
    command.add_argument("--only", choices=("outliers", "noise"))
    chosen = command.parse_args()
    for part, work in (("outliers", outliers), ("noise", noise_left)):
        if chosen.only in (None, part):
            work(chosen.quick)
