"""Whether the relaxation could choose the number of clusters, beside three other rules.

Without the constraint on the trace, and with a price for it,

    max <XX' - D, Z> - price tr Z,   Z >= 0 and positive semidefinite, Z1 = 1,

the trace of the solution is an estimate of K (Bunea, Giraud, Luo, Royer and Verzelen,
Annals of Statistics 48, 2020). The price has to be above what noise offers for another
cluster, s^2 (m + 2 sqrt(m p)) for m points of variance s^2, and below what a cluster
does; m is n, or in a second pass n over the first estimate.
"""

import warnings

import numpy as np
import scipy.linalg
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from benchmarks._report import arguments, report
from benchmarks.cluster._clusters import on_axes
from skgeom.cluster._sdp._space import pecok_diagonal, points_of_features

MOST = 25


def priced_trace(A, price, n_iter=150, tol=1e-3):
    """Trace of the solution for one price, by the alternating direction method."""
    n = len(A)
    scale = np.linalg.norm(A, 2)
    A, price, rho = A / scale, price / scale, 1.0
    W, Q = np.zeros((n, n)), np.zeros((n, n))
    for step in range(1, n_iter + 1):
        C = W + Q + (A - price * np.eye(n)) / rho
        means = C.mean(axis=1)
        C += means.mean() - means[:, None] - means
        values, vectors = scipy.linalg.eigh(C)
        shares = np.clip(values, 0, 1)
        Z = (vectors * shares) @ vectors.T + 1 / n
        shifted = 1.6 * Z - 0.6 * W - Q
        previous, W = W, np.maximum(shifted, 0.0)
        Q = W - shifted
        primal, dual = np.linalg.norm(Z - W), np.linalg.norm(W - previous)
        if max(primal, dual) < tol * np.linalg.norm(Z):
            break
        if step % 20 == 0:
            factor = 2.0 if primal > 5 * dual else 0.5 if dual > 5 * primal else 1.0
            rho, Q = rho * factor, Q / factor
    return float(np.trace(Z))


def by_trace(X):
    """Round the trace for the price of n points, and for that of n over it."""
    points = points_of_features(X)
    diagonal = pecok_diagonal(points)
    variance = max(float(np.median(diagonal)) / X.shape[1], 1e-12)
    A = points @ points.T - np.diag(diagonal)
    n, p = X.shape
    found = [1]
    for _ in range(2):
        m = n / found[-1]
        found.append(round(priced_trace(A, variance * (m + 2 * np.sqrt(m * p)))))
    return found[1:]


def by_silhouette(X, seed):
    """Largest mean silhouette of k-means."""
    scores = {}
    for k in range(2, MOST + 1):
        labels = KMeans(k, n_init=10, random_state=seed).fit_predict(X)
        scores[k] = silhouette_score(X, labels)
    return max(scores, key=scores.get)


def by_bic(X, seed, kind):
    """Least Bayesian information criterion of a mixture."""
    scores = {
        k: GaussianMixture(k, covariance_type=kind, n_init=3, random_state=seed)
        .fit(X)
        .bic(X)
        for k in range(1, MOST + 1)
    }
    return min(scores, key=scores.get)


def by_gap(X, seed, n_references=5):
    """Gap statistic (Tibshirani, Walther and Hastie 2001), boxes along the axes."""
    rng = np.random.default_rng(seed)
    centred = X - X.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    low, high = turned.min(axis=0), turned.max(axis=0)
    sets = [turned, *(rng.uniform(low, high, turned.shape) for _ in range(10))]
    logs = np.array(
        [
            [
                np.log(KMeans(k, n_init=3, random_state=seed).fit(Y).inertia_)
                for k in range(1, MOST + 1)
            ]
            for Y in sets
        ]
    )
    gaps = logs[1:].mean(axis=0) - logs[0]
    errors = logs[1:].std(axis=0) * np.sqrt(1 + 1 / n_references)
    enough = np.flatnonzero(gaps[:-1] >= gaps[1:] - errors[1:])
    return int(enough[0]) + 1 if len(enough) else MOST


def real():
    """Name to points and the number of classes."""
    whole = StandardScaler().fit_transform
    yield "iris", whole(load_iris().data), 3
    yield "wine", whole(load_wine().data), 3
    X, y = load_digits(return_X_y=True)
    for digits in ((0, 1, 2), (0, 3, 4, 6, 7), tuple(range(10))):
        rows = np.flatnonzero(np.isin(y, digits))[:300]
        yield f"digits {''.join(map(str, digits))}, 300 rows", X[rows], len(digits)


def candidates(X, seed, kind):
    """Name of a rule to its number of clusters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = by_trace(X)
        return {
            "priced trace": first,
            "priced trace, second pass": second,
            "silhouette": by_silhouette(X, seed),
            f"BIC, {kind}": by_bic(X, seed, kind),
            "gap statistic": by_gap(X, seed),
        }


def row(truth, found):
    """How often a rule was right, and what it said."""
    right = [k == truth for k in found]
    return {
        "right": f"{sum(right)} of {len(right)}",
        "found": ", ".join(map(str, sorted(found))),
    }


def main():
    """Mixtures of growing number and separation, then real data."""
    args = arguments(__doc__)
    seeds = (600,) if args.quick else range(600, 602)
    rows = []
    for n, p in ((200, 20), (200, 400)):
        for truth in (3,) if args.quick else (3, 8, 20):
            for factor in (0.5, 1.0, 2.0):
                found = {}
                for seed in seeds:
                    X, _ = on_axes(n, p, truth, factor, seed)
                    for name, k in candidates(X, seed, "spherical").items():
                        found.setdefault(name, []).append(k)
                data = f"{n} x {p}, K={truth}, f={factor}"
                print(data, found, flush=True)
                for name, k in found.items():
                    rows.append({"data": data, "rule": name, **row(truth, k)})
    for name, X, truth in real() if not args.quick else ():
        for rule, k in candidates(X, 600, "tied").items():
            rows.append({"data": f"{name}, K={truth}", "rule": rule, **row(truth, [k])})
        print(rows[-5:], flush=True)
    report(
        "sdp_n_clusters",
        rows,
        title="The number of clusters, by the priced trace and by other rules",
        notes=[
            f"up to {MOST} clusters for the other rules; seeds {seeds[0]} to "
            f"{seeds[-1]}; clusters on axes (benchmarks/cluster/_clusters.py)",
            "the diagonal is that of pecok, and the variance its median over p; at "
            "most 150 steps",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
