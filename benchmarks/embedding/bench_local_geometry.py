"""Local dimension, curvature, edges and density, on shapes whose geometry is known.

Dimension: share of rows whose dimension is right, of 1,500. A segment, a square and
a ball in ten dimensions with noise of 0, .01, .03 and .06; eleven other sets with
noise of a twentieth of the spread. Beside LocalGeometry by variances and
by distances stand the estimators of scikit-dimension, rounded (40 neighbours each; on
the first sets alone, where it is installed). Curvature: root of the mean square error
of the Gaussian curvature of a sphere, a torus and a saddle of 1,000 rows (of its inner
rows), beside a plain quadratic fit to weighted neighbours at the best of six sizes, by
the truth; ours chooses size and dimension itself. Edges: area under the curve of
telling rows within .03 of the edge of a square, even and skewed, and within .05 of that
of a disc in ten dimensions with noise of .02. Density: root of the mean square error of
its logarithm, and rank correlation, for 2,000 rows of a von Mises-Fisher law.
"""

import warnings

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KernelDensity, LocalOutlierFactor, NearestNeighbors

from benchmarks._report import parser, report, timed
from skgeom import LocalGeometry

SEEDS = range(5)


def on_sphere(rng, n, d):
    X = rng.normal(size=(n, d + 1))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def union(rng, noise, n=500):
    X = np.zeros((3, n, 10))
    X[0, :, 0] = rng.uniform(-1, 1, n)
    X[1, :, 1:3], X[1, :, 9] = rng.uniform(-1, 1, (n, 2)), 3
    X[2, :, 3:6] = on_sphere(rng, n, 2) * rng.uniform(size=(n, 1)) ** (1 / 3)
    X[2, :, 9] = 6
    X = X.reshape(-1, 10) + noise * rng.normal(size=(3 * n, 10))
    return X @ np.linalg.qr(rng.normal(size=(10, 10)))[0], np.repeat([1, 2, 3], n)


def other_sets(rng, n=1500):
    """Name, rows in their own coordinates, dimension, dimension of the space."""
    t, angle = rng.uniform(1.5 * np.pi, 4.5 * np.pi, n), rng.uniform(0, 2 * np.pi, n)
    curve = np.cos(angle), np.sin(angle), np.cos(2 * angle) / 2, np.sin(2 * angle) / 2
    angles = rng.uniform(0, 2 * np.pi, (n, 4))
    waves = [f(j * angles) / j for j in range(1, 7) for f in (np.cos, np.sin)]
    mixed = np.concatenate(waves, axis=1) @ rng.normal(size=(48, 24))
    return [
        ("sphere, 3-D", on_sphere(rng, n, 2), 2, 3),
        ("sphere, 10-D", on_sphere(rng, n, 2), 2, 10),
        ("sphere, 100-D", on_sphere(rng, n, 2), 2, 100),
        ("sphere of dimension 5, 20-D", on_sphere(rng, n, 5), 5, 20),
        (
            "roll, 20-D",
            np.column_stack([t * np.cos(t), t * np.sin(t), rng.uniform(0, 21, n)]),
            2,
            20,
        ),
        ("closed curve, 10-D", np.column_stack(curve), 1, 10),
        ("square, 3-D", rng.uniform(size=(n, 2)), 2, 3),
        ("cube of dimension 5, 10-D", rng.uniform(size=(n, 5)), 5, 10),
        ("cube of dimension 6, 20-D", rng.uniform(size=(n, 6)), 6, 20),
        ("Gaussian, 10-D", rng.normal(size=(n, 10)), 10, 10),
        ("four angles, six waves each, 24-D", mixed, 4, 24),
    ]


def placed(rng, Y, n_features, noise):
    frame = np.linalg.qr(rng.normal(size=(n_features, Y.shape[1])))[0]
    X = Y @ frame.T
    return X + noise * Y.std(axis=0).mean() * rng.normal(size=X.shape)


def dimension_methods(with_peers):
    def ours(kind):
        return lambda X: LocalGeometry(["dimension"], dimension=kind).fit(X).dimension_

    methods = {
        f"LocalGeometry, {kind}": ours(kind) for kind in ("bic", "mle", "two_nn")
    }
    try:
        from skdim import id as peers
    except ImportError:
        return methods
    if with_peers:
        for name in ("lPCA", "MLE", "MOM"):
            methods[f"scikit-dimension {name}"] = lambda X, name=name: np.asarray(
                getattr(peers, name)().fit_transform_pw(X, n_neighbors=40), float
            )
    return methods


def dimensions(quick):
    seeds = SEEDS[:1] if quick else SEEDS
    rows = []

    def line(name, noise, make, with_peers=False):
        found, seconds = {}, {}
        for seed in seeds:
            X, truth = make(np.random.default_rng(seed))
            for method, dimension in dimension_methods(with_peers).items():
                told, cpu, _ = timed(dimension, X)
                found.setdefault(method, []).append(np.mean(np.rint(told) == truth))
                seconds.setdefault(method, []).append(cpu)
        for method, values in found.items():
            rows.append(
                {"rows": name, "noise": noise, "method": method}
                | {"right": float(np.mean(values)), "lowest": float(np.min(values))}
                | {"CPU s": float(np.mean(seconds[method]))}
            )
            print(rows[-1], flush=True)

    for noise in (0.0, 0.01, 0.03, 0.06):
        line(
            "segment, square and ball",
            noise,
            lambda rng, noise=noise: union(rng, noise),
            noise == 0.03,
        )
    for noise in (0.05,):
        for i, (name, *_) in enumerate(other_sets(np.random.default_rng(0), 10)):

            def make(rng, i=i, noise=noise):
                _, Y, dim, n_features = other_sets(rng)[i]
                return placed(rng, Y, n_features, noise), dim

            line(name, noise, make)
    report(
        "local_dimension",
        rows,
        title="Local dimension: share of rows that are right, five samples",
        notes=[" ".join(__doc__.split("Curvature:")[0].split()), "Seeds 0 to 4."],
        write=not quick,
    )


def surface(name, rng, n=1000):
    """Rows, Gaussian curvature, and which rows count."""
    if name == "sphere":
        return on_sphere(rng, n, 2), np.ones(n), np.ones(n, bool)
    if name == "torus":
        b = rng.uniform(0, 2 * np.pi, 9 * n)
        b = b[rng.uniform(size=9 * n) < (2 + np.cos(b)) / 3][:n]
        a, w = rng.uniform(0, 2 * np.pi, n), 2 + np.cos(b)
        X = np.column_stack([w * np.cos(a), w * np.sin(a), np.sin(b)])
        return X, np.cos(b) / w, np.ones(n, bool)
    u = rng.uniform(-1.2, 1.2, (4 * n, 2))
    area = np.sqrt(1 + (u**2).sum(axis=1))
    u = u[rng.uniform(size=4 * n) < area / area.max()][:n]
    X = np.column_stack([u, (u[:, 0] ** 2 - u[:, 1] ** 2) / 2])
    curvature = -1 / (1 + (u**2).sum(axis=1)) ** 2
    return X, curvature, (np.abs(u) < 0.9).all(axis=1)


def plain_fit(X, k):
    """Gaussian curvature by a quadratic fit, tilted once to where it touches."""
    D, indices = cKDTree(X).query(X, k)
    h = D[:, -1:, None]
    W = np.maximum(1 - (D / h[:, 0]) ** 2, 0) + 1e-3
    W /= W.sum(axis=1, keepdims=True)
    near = X[indices]
    P = near - (W[:, :, None] * near).sum(axis=1, keepdims=True)
    V = np.linalg.eigh(np.einsum("nk,nki,nkj->nij", W, P, P))[1]
    t, nu = V[:, :, 1:], V[:, :, :1]
    for _ in range(2):
        Z = (near - X[:, None]) / h
        U, G = Z @ t, Z @ nu
        squares = [U[:, :, 0] ** 2 / 2, U[:, :, 0] * U[:, :, 1], U[:, :, 1] ** 2 / 2]
        A = np.dstack([np.ones(U.shape[:2]), U, *squares])
        weighted = (A * W[:, :, None]).transpose(0, 2, 1)
        c = np.linalg.solve(weighted @ A + 1e-14 * np.eye(6), weighted @ G)
        t = t + np.einsum("npe,nde->npd", nu, c[:, 1:3])
        Q = np.linalg.qr(np.concatenate([t, nu], axis=2))[0]
        t, nu = Q[:, :, :2], Q[:, :, 2:]
    a, b, d = (c[:, i, 0] / h[:, 0, 0] for i in (3, 4, 5))
    return a * d - b**2


def curvatures(quick):
    seeds = SEEDS[:1] if quick else SEEDS
    rows = []
    for name in ("sphere", "torus", "saddle"):
        for noise in (0.0, 0.02, 0.05):
            plain, ours, seconds, sizes = [], [], [], []
            for seed in seeds:
                rng = np.random.default_rng(seed)
                X, K, inner = surface(name, rng)
                X = X + noise * rng.normal(size=X.shape)
                errors = [
                    np.sqrt(np.mean((plain_fit(X, k) - K)[inner] ** 2))
                    for k in (20, 40, 80, 120, 160, 320)
                ]
                plain.append(min(errors))
                model = LocalGeometry(["curvature"])
                T, cpu, _ = timed(model.fit_transform, X)
                ours.append(np.sqrt(np.mean((T[:, 1] / 2 - K)[inner] ** 2)))
                seconds.append(cpu)
                sizes.append(model.n_neighbors_curvature_.get(2, 0))
            rows.append(
                {
                    "surface": name,
                    "noise": noise,
                    "LocalGeometry": float(np.mean(ours)),
                    "plain fit, best size": float(np.mean(plain)),
                    "ratio": float(np.mean(ours) / np.mean(plain)),
                    "neighbours": int(np.median(sizes)),
                    "CPU s": float(np.mean(seconds)),
                }
            )
            print(rows[-1], flush=True)
    text = "Curvature:" + __doc__.split("Curvature:")[1].split("Edges:")[0]
    report(
        "local_curvature",
        rows,
        title="Gaussian curvature: root of the mean square error, mean of five samples",
        notes=[" ".join(text.split()), "Seeds 0 to 4."],
        write=not quick,
    )


def edge_set(name, rng, n=2000):
    if name == "disc, 10-D":
        disc = on_sphere(rng, n, 1) * np.sqrt(rng.uniform(size=(n, 1)))
        X = np.pad(disc, ((0, 0), (0, 8))) + 0.02 * rng.normal(size=(n, 10))
        return X, np.linalg.norm(disc, axis=1) > 0.95
    X = rng.uniform(size=(n, 2)) if name == "square" else rng.beta(1, 2.5, size=(n, 2))
    return X, np.minimum(X, 1 - X).min(axis=1) < 0.03


def edges_and_densities(quick):
    seeds = SEEDS[:1] if quick else SEEDS
    rows = []

    def add(what, measure, found):
        for method, values in found.items():
            mean = float(np.mean(values))
            rows.append(
                {"what": what, "measure": measure, "method": method, "mean": mean}
            )
            print(rows[-1], flush=True)

    for name in ("square", "skewed square", "disc, 10-D"):
        found = {}
        for seed in seeds:
            X, edge = edge_set(name, np.random.default_rng(seed))
            scores = {
                "LocalGeometry": LocalGeometry(["boundary"]).fit_transform(X)[:, 0],
                "distance to 40th neighbour": radius(X),
                "LocalOutlierFactor": -LocalOutlierFactor()
                .fit(X)
                .negative_outlier_factor_,
            }
            for method, score in scores.items():
                found.setdefault(method, []).append(roc_auc_score(edge, score))
        add(f"edge of a {name}", "area under the curve", found)
    for n_features, noise in ((3, 0.0), (20, 0.02), (20, 0.05)):
        errors, ranks = {}, {}
        for seed in seeds:
            X, truth = of_a_mode(np.random.default_rng(seed))
            X = placed(np.random.default_rng(seed + 50), X, n_features, 0.0)
            X += noise * np.random.default_rng(seed + 99).normal(size=X.shape)
            told = {
                "LocalGeometry": LocalGeometry(["density"]).fit_transform(X)[:, 0],
                "KernelDensity, best of 8 widths": best_kernel_density(X, truth),
            }
            for method, values in told.items():
                off = values - truth
                errors.setdefault(method, []).append(np.sqrt(np.mean(off**2)))
                ranks.setdefault(method, []).append(spearmanr(values, truth)[0])
        add(f"density, {n_features}-D, noise {noise}", "error of the logarithm", errors)
        add(f"density, {n_features}-D, noise {noise}", "rank correlation", ranks)
    text = "Edges:" + __doc__.split("Edges:")[1]
    report(
        "local_edges",
        rows,
        title="Edges and densities of manifolds, mean of five samples",
        notes=[" ".join(text.split()), "Seeds 0 to 4; KernelDensity by the truth."],
        write=not quick,
    )


def radius(X):
    return NearestNeighbors(n_neighbors=41).fit(X).kneighbors(X)[0][:, -1]


def of_a_mode(rng, n=2000, kappa=2.0):
    """Rows of a von Mises-Fisher law on the sphere, and their log-density."""
    u = rng.uniform(size=n)
    z = 1 + np.log(u + (1 - u) * np.exp(-2 * kappa)) / kappa
    a, r = rng.uniform(0, 2 * np.pi, n), np.sqrt(np.maximum(1 - z**2, 0))
    X = np.column_stack([r * np.cos(a), r * np.sin(a), z])
    return X, kappa * z + np.log(kappa / (4 * np.pi * np.sinh(kappa)))


def best_kernel_density(X, truth):
    told = [
        KernelDensity(bandwidth=width).fit(X).score_samples(X)
        for width in np.geomspace(0.05, 0.6, 8)
    ]
    return max(told, key=lambda values: spearmanr(values, truth)[0])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    command = parser(__doc__)
    command.add_argument("--only", choices=("dimension", "curvature", "edges"))
    chosen = command.parse_args()
    for part, work in (
        ("dimension", dimensions),
        ("curvature", curvatures),
        ("edges", edges_and_densities),
    ):
        if chosen.only in (None, part):
            work(chosen.quick)
