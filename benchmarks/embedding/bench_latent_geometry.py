"""Distances of latents by what they decode to, beside a graph of the rows.

Surfaces with known geodesics: half of a sphere (its two coordinates as latents, or
those of PCA), a roll of one and a half turns (angle and height, or Isomap's latents), a
patch of a torus (its two angles), a cap of 60 degrees of a 3-sphere (three coordinates,
1,500 rows), and a sheet with a round hole, bent to a cylinder (the flat coordinates):
1,000 rows, noise as a share of their standard deviation, 80 pairs, five draws, seeds 0
to 4. Mean errors of distances in percent. LatentGeometry has its defaults and a kernel
decoder that learns from the noisy rows. "graph" is the shortest path between nearest
rows, after the best common factor, of the best of five numbers of neighbours, both
chosen with the truth, in its favour; "as it is" without the factor. "straight" is the
distance of the latents after the best factor, "decoded line" the length of the straight
line of the latents where it decodes to.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.sparse.csgraph import dijkstra
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.manifold import Isomap
from sklearn.neighbors import kneighbors_graph

from benchmarks._report import parser, report, timed
from skgeom import LatentGeometry
from skgeom.embedding._latent_geometry._curves import (
    curve_lengths,
    least_energy_curves,
)
from skgeom.embedding._latent_geometry._decoders import with_support
from skgeom.embedding._latent_geometry._starts import straight_starts
from skgeom.metrics import energy_distance


class Known(TransformerMixin, BaseEstimator):
    """Gives latents that are known."""

    def __init__(self, latents=None):
        self.latents = latents

    def fit(self, X, y=None):
        """Do nothing."""
        return self

    def transform(self, X):
        """The latents of the training rows."""
        return np.asarray(self.latents)


def on_sphere(Z):
    """The last coordinate of a unit vector, from the others."""
    return np.column_stack([Z, np.sqrt(np.maximum(1 - (Z**2).sum(axis=1), 0))])


def on_roll(Z):
    """A spiral and a height."""
    t = Z[:, 0]
    return np.stack([t * np.cos(t), t * np.sin(t), Z[:, 1]], axis=1)


def on_torus(Z):
    """A torus of radii 2 and 1."""
    a, b = Z.T
    far = 2 + np.cos(b)
    return np.stack([far * np.cos(a), far * np.sin(a), np.sin(b)], axis=1)


def of_torus(Z):
    """The same with its Jacobian."""
    X, (a, b) = on_torus(Z), Z.T
    slopes = np.zeros((len(Z), 3, 2))
    slopes[:, 0, 0], slopes[:, 1, 0] = -X[:, 1], X[:, 0]
    slopes[:, 0, 1] = -np.sin(b) * np.cos(a)
    slopes[:, 1, 1] = -np.sin(b) * np.sin(a)
    slopes[:, 2, 1] = np.cos(b)
    return X, slopes


def on_cylinder(Z):
    """A sheet that is bent."""
    return np.stack([np.cos(Z[:, 0] / 1.5), np.sin(Z[:, 0] / 1.5), Z[:, 1] / 1.5], 1)


def on_ball(n, d, least, rng):
    """Coordinates of uniform unit vectors whose last one is at least so large."""
    V = rng.normal(size=(40 * n, d + 1))
    V /= np.linalg.norm(V, axis=1, keepdims=True)
    return V[V[:, d] > least][:n, :d]


def surface(name, n, rng):
    """Latents, and the function that makes rows of them."""
    if name == "half-sphere":
        return on_ball(n, 2, 0.1, rng), on_sphere
    if name == "cap of a 3-sphere":
        return on_ball(n + n // 2, 3, 0.5, rng), on_sphere
    if name == "roll":
        return rng.uniform([4.7, 0], [14.1, 21], (n, 2)), on_roll
    if name == "torus patch":
        return rng.uniform(-2.4, 2.4, (n, 2)), on_torus
    far, angle = np.sqrt(rng.uniform(1, 9, n)), rng.uniform(0, 2 * np.pi, n)
    return far[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), on_cylinder


def around_hole(A, B):
    """Shortest ways around a disc of radius one, and which of them are bent."""
    apart = np.linalg.norm(A - B, axis=1)
    a, b = np.linalg.norm(A, axis=1), np.linalg.norm(B, axis=1)
    place = np.clip(-(A * (B - A)).sum(axis=1) / apart**2, 0, 1)
    nearest = np.linalg.norm(A + place[:, None] * (B - A), axis=1)
    angle = np.arccos(np.clip((A * B).sum(axis=1) / (a * b), -1, 1))
    arc = angle - np.arccos(np.minimum(1 / a, 1)) - np.arccos(np.minimum(1 / b, 1))
    bent = (nearest < 1) & (arc > 0)
    legs = sum(np.sqrt(np.maximum(x**2 - 1, 0)) for x in (a, b))
    return np.where(bent, legs + arc, apart), bent


def truth(name, A, B):
    """Geodesic distances, and which go around a hole."""
    straight = np.zeros(len(A), dtype=bool)
    if name in ("half-sphere", "cap of a 3-sphere"):
        cosines = (on_sphere(A) * on_sphere(B)).sum(axis=1)
        return np.arccos(np.clip(cosines, -1, 1)), straight
    if name == "roll":

        def length(t):
            return (t * np.sqrt(1 + t * t) + np.arcsinh(t)) / 2

        along = length(A[:, 0]) - length(B[:, 0])
        return np.hypot(along, A[:, 1] - B[:, 1]), straight
    if name == "torus patch":  # the best of three curves of many points
        starts = straight_starts(A, B, 161)
        found = []
        for bend in (0.0, 1.5, -1.5):
            bent = starts.copy()
            bent[:, :, 1] += bend * np.sin(np.linspace(0, np.pi, 161))
            curves = least_energy_curves(bent, of_torus, max_iter=200, tol=1e-10)
            found.append(curve_lengths(curves.values))
        return np.min(found, axis=0), straight
    distances, bent = around_hole(A, B)
    return distances / 1.5, bent


def errors(found, true):
    """Percent."""
    return 100 * np.abs(found - true) / true


def rescaled(found, true):
    """Errors after the factor for which their mean is least."""
    factors = np.median(true / found) * np.linspace(0.9, 1.1, 81)
    return min((errors(f * found, true) for f in factors), key=np.mean)


def draw(name, noise, seed, quick):
    """Rows with noise, their latents, pairs and true distances."""
    rng = np.random.default_rng(seed)
    Z, make = surface(name, 300 if quick else 1000, rng)
    X = make(Z)
    X = X + noise * X.std() * rng.normal(size=X.shape)
    one, two = rng.choice(len(Z), 80, False), rng.choice(len(Z), 80, False)
    one, two = one[one != two], two[one != two]
    return X, Z, one, two, *truth(name, Z[one], Z[two])


def compared(name, latents, noise, seed, quick):
    """Errors of all ways to measure, and seconds."""
    X, Z, one, two, true, bent = draw(name, noise, seed, quick)
    transformer = {
        "known": Known(Z),
        "PCA": PCA(2),
        "Isomap": Isomap(n_neighbors=10),
    }[latents]
    model, fit, _ = timed(LatentGeometry(transformer, random_state=seed).fit, X)
    A, B = model.embedding_[one], model.embedding_[two]
    found, seconds, _ = timed(model.paired_distances, A, B)
    free = LatentGeometry(transformer, support=0, random_state=seed).fit(X)
    line = straight_starts(A, B, 101)
    decoded = model.inverse_transform(line.reshape(-1, A.shape[1]))
    decoded = decoded.reshape(len(A), 101, -1)
    graphs = []
    for k in (6, 8, 10, 12, 15):
        links = kneighbors_graph(X, k, mode="distance")
        graphs.append(
            dijkstra(links, directed=False, indices=one)[range(len(two)), two]
        )
    graphs = [g for g in graphs if np.isfinite(g).all()]
    ways = {
        "LatentGeometry": errors(found, true),
        "no wall": errors(free.paired_distances(A, B), true),
        "graph": min((rescaled(g, true) for g in graphs), key=np.mean),
        "as it is": min((errors(g, true) for g in graphs), key=np.mean),
        "straight": rescaled(np.linalg.norm(A - B, axis=1), true),
        "decoded line": errors(curve_lengths(decoded), true),
    }
    return ways, bent, 1000 * seconds / len(true), fit


CASES = (
    ("half-sphere", "known", 0.0),
    ("half-sphere", "known", 0.02),
    ("half-sphere", "PCA", 0.02),
    ("roll", "known", 0.0),
    ("roll", "known", 0.02),
    ("roll", "known", 0.05),
    ("roll", "Isomap", 0.02),
    ("roll", "Isomap", 0.05),
    ("torus patch", "known", 0.0),
    ("torus patch", "known", 0.02),
    ("cap of a 3-sphere", "known", 0.0),
    ("cap of a 3-sphere", "known", 0.02),
    ("sheet with a hole", "known", 0.02),
)


def accuracy(quick):
    """Write the table of errors."""
    rows = []
    for name, latents, noise in CASES:
        runs = [
            compared(name, latents, noise, seed, quick)
            for seed in range(2 if quick else 5)
        ]
        parts = {"": [np.ones_like(run[1]) for run in runs]}
        if runs[0][1].any():
            parts = {
                ", around it": [run[1] for run in runs],
                ", others": [~run[1] for run in runs],
            }
        for part, masks in parts.items():
            row = {"rows": name + part, "latents": latents, "noise": f"{noise:g}"}
            for way in runs[0][0]:
                means = [
                    run[0][way][mask].mean()
                    for run, mask in zip(runs, masks, strict=True)
                ]
                error = np.std(means) / (len(means) - 1) ** 0.5
                row[way] = f"{np.mean(means):.2f} ({error:.2f})"
            row["ms a pair"] = f"{np.mean([run[2] for run in runs]):.1f}"
            row["fit, s"] = f"{np.mean([run[3] for run in runs]):.2f}"
            rows.append(row)
    report(
        "latent_geometry",
        rows,
        title="Errors of geodesic distances in percent",
        notes=[
            __doc__.split("\n\n")[1].replace("\n", " ").strip(),
            "Standard errors in brackets. CPU milliseconds of LatentGeometry for a "
            "pair, two curves of 41 points each, and seconds of fit.",
        ],
        write=not quick,
    )


def descended(decode, start):
    """Energy that L-BFGS finds from a start, and how often it decodes."""
    shape = start[1:-1].shape

    def energy(inner):
        curve = start.copy()
        curve[1:-1] = inner.reshape(shape)
        values, slopes = decode(curve)
        bends = 2 * values[1:-1] - values[:-2] - values[2:]
        slope = 2 * np.einsum("kvc,kv->kc", slopes[1:-1], bends)
        return (np.diff(values, axis=0) ** 2).sum(), slope.ravel()

    found = minimize(
        energy,
        start[1:-1].ravel(),
        jac=True,
        method="L-BFGS-B",
        options=dict(maxiter=2000, maxfun=3000),
    )
    return found.fun, found.nfev


def solvers(quick):
    """Write the table of solvers."""
    rows = []
    for name in ("half-sphere", "roll", "torus patch", "cap of a 3-sphere"):
        told = []
        for seed in range(2 if quick else 5):
            X, Z, one, two = draw(name, 0.02, seed, quick)[:4]
            surface = LatentGeometry(Known(Z), random_state=seed).fit(X)._surface
            decode = with_support(surface.decoder, surface.support)
            Z = surface.units.of(Z)
            starts = straight_starts(Z[one[:12]], Z[two[:12]], 41)
            ours, seconds, _ = timed(least_energy_curves, starts, decode)
            theirs, others, _ = timed(
                lambda s, f: [descended(f, x) for x in s], starts, decode
            )
            energies, calls = np.transpose(theirs)
            ratios = ours.energies / energies
            told.append(
                (
                    ours.n_iter.mean(),
                    np.mean(calls),
                    1000 * seconds / 12,
                    1000 * others / 12,
                    100 * (ratios - 1).max(),
                    100 * np.median(ratios - 1),
                )
            )
        steps, calls, ours, theirs, worst, median = np.mean(told, axis=0)
        rows.append(
            {
                "rows": name,
                "steps": f"{steps:.1f}",
                "calls of L-BFGS": f"{calls:.0f}",
                "ms a curve": f"{ours:.2f}",
                "L-BFGS": f"{theirs:.0f}",
                "times as fast": f"{theirs / ours:.0f}",
                "energy above, % (median)": f"{median:.4f}",
                "(most)": f"{worst:.3f}",
            }
        )
    report(
        "latent_geometry_solver",
        rows,
        title="Gauss-Newton steps on curves, and L-BFGS",
        notes=[
            "12 straight lines of 41 points, the kernel decoder of 1,000 rows with "
            "noise .02 and its wall, five draws, seeds 0 to 4. L-BFGS is SciPy's, "
            "curve by curve, of the same energy with its gradient. Energies are "
            "compared with its: negative is lower. CPU milliseconds."
        ],
        write=not quick,
    )


def skewed(name, n, rng, even=False):
    """Latents of a surface, denser on one side or even by area."""
    Z, make = surface(name, 12 * n, rng)
    if name == "half-sphere":
        weights = np.exp(0.0 if even else 2.5 * Z[:, 0])
    else:
        weights = 2 + np.cos(Z[:, 1])
        weights = weights * np.exp(0.0 if even else 0.5 * Z.sum(axis=1))
    weights = weights * np.ones(len(Z))
    Z = Z[rng.choice(len(Z), n, False, p=weights / weights.sum())]
    return Z, make(Z)


def evenness(quick):
    """Write the table of samples."""
    n, rows = 400 if quick else 2000, []
    for name in ("half-sphere", "torus patch"):
        for d, noise in ((3, 0.01), (3, 0.05), (20, 0.05)):
            told = []
            for seed in range(2 if quick else 5):
                rng = np.random.default_rng(seed)
                frame = np.linalg.qr(rng.normal(size=(d, d)))[0][:, :3].T
                Z, X = skewed(name, n, rng)
                even, other = (skewed(name, n, rng, True)[1] @ frame for _ in range(2))
                X = X @ frame + noise * rng.normal(size=(n, d))
                latents = Known(Z) if name == "torus patch" else PCA(2)
                model = LatentGeometry(latents, random_state=seed).fit(X)
                drawn, seconds, _ = timed(model.sample, n)
                told.append(
                    (
                        energy_distance(X, even),
                        energy_distance(drawn, even),
                        energy_distance(other, even),
                        seconds,
                    )
                )
            means = np.mean(told, axis=0)
            spread = np.std(told, axis=0) / (len(told) - 1) ** 0.5
            columns = ("as they are", "sample()", "fresh and even")
            rows.append(
                {
                    "rows": name,
                    "columns": d,
                    "noise": f"{noise:g}",
                    **{
                        c: f"{m:.4f} ({s:.4f})"
                        for c, m, s in zip(columns, means, spread, strict=False)
                    },
                    "seconds": f"{means[3]:.3f}",
                }
            )
    report(
        "latent_geometry_even",
        rows,
        title="Energy distance of skewed samples to even ones",
        notes=[
            "2,000 rows that are denser on one side, turned into more columns, with "
            "noise of that deviation in each; energy distance to 2,000 rows that are "
            "even by area, without noise. Latents: PCA of the half-sphere, the angles "
            "of the torus. Five draws, seeds 0 to 4, standard errors in brackets; CPU "
            "seconds of `sample(2000)`."
        ],
        write=not quick,
    )


def main(quick, only):
    """Write the tables."""
    for part in (accuracy, solvers, evenness):
        if only in (None, part.__name__):
            part(quick)


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--only", help="accuracy, solvers or evenness")
    found = options.parse_args()
    main(found.quick, found.only)
