"""One component of curved rows: at the mean, and of flat coordinates.

On the sphere: 300 points of an arc with half-lengths .3, 1 and 2, noise .1. Matrices:
200 of a geodesic through a random point, noise .1. Hyperbolic: 300 points of a geodesic
at distance 1.5 from the origin, deviation 2, noise .1. Root mean squared geodesic
errors of one component, five draws, seeds 0 to 4, standard errors in brackets. "flat":
PCA of the rows, what leaves the space put back, matrices with eigenvalues of at least
.001 of the largest. "chart": PCA of logarithms of matrices,
of vectors at the origin of hyperbolic space.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from benchmarks._report import arguments, report, timed
from skgeom import SPDVectors, TangentCoordinates
from skgeom.geometry import poincare, spd, sphere
from skgeom.geometry._spd_matrices import mirrored


def arc(half, seed):
    """Points near a great circle of a 2-sphere."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-half, half, 300)
    X = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    noise = 0.1 * rng.normal(size=X.shape)
    return sphere.exp(X, noise - (noise * X).sum(axis=1, keepdims=True) * X)


def matrices(order, spread, seed):
    """Rows of matrices near a geodesic through a random one."""
    rng = np.random.default_rng(seed)

    def symmetric(n, scale):
        A = scale * rng.normal(size=(n, order, order))
        return (A + A.swapaxes(1, 2)) / 2

    root = spd.expm(symmetric(1, 1.0)[0] / 2)
    way = symmetric(1, 1.0)[0]
    way /= np.linalg.norm(way)
    logs = spread * rng.normal(size=(200, 1, 1)) * way + symmetric(200, 0.1)
    return (root @ spd.expm(logs) @ root)[:, *np.triu_indices(order)]


def geodesic(seed):
    """Points of the disk near a geodesic that misses the origin."""
    rng = np.random.default_rng(seed)
    base = poincare.project(np.full((300, 1), np.tanh(0.75)) * [[1.0, 0.0]])
    along = 2 * rng.normal(size=(300, 1)) * [[0.0, 1.0]]
    points = poincare.exp(base, along * poincare.gap(base) / 2)
    noise = 0.1 * rng.normal(size=(300, 2))
    return poincare.exp(points, noise * poincare.gap(points) / 2)


def errors(X, space, chart):
    """Error of one component at the mean, in a chart and flat; and the seconds."""
    at_mean = make_pipeline(TangentCoordinates(space), PCA(1))
    models = {"at the mean": at_mean, "chart": chart and make_pipeline(chart, PCA(1))}
    found = {}
    for name, model in {**models, "flat": PCA(1)}.items():
        if model is None:
            found[name] = np.nan
            continue
        Z, seconds, _ = timed(model.fit_transform, X)
        back = model.inverse_transform(Z)
        if space == "sphere":
            far = sphere.distance(X, sphere.project(back))
        elif space == "poincare":
            far = poincare.distance(X, poincare.project(back))
        else:
            back = mirrored(back)
            # Of the flat way many are no matrices of the space.
            back = spd.project(back, floor=1e-3) if name == "flat" else back
            far = spd.distance_affine(mirrored(X), back)
        found[name] = float(np.sqrt(np.mean(far**2)))
        if name == "at the mean":
            found["seconds"] = seconds
    return found


def main(quick):
    """Write the table."""
    matrix, disk = (
        SPDVectors(input_space="spd"),
        TangentCoordinates("poincare", base="origin"),
    )
    cases = {
        **{
            f"arc of half-length {h}": (lambda s, h=h: arc(h, s), "sphere", None)
            for h in (0.3, 1.0, 2.0)
        },
        **{
            f"matrices {d} x {d}, deviation {r}": (
                lambda s, d=d, r=r: matrices(d, r, s),
                "spd",
                matrix,
            )
            for d, r in ((3, 0.5), (3, 2.0), (6, 1.0))
        },
        "hyperbolic geodesic": (geodesic, "poincare", disk),
    }
    rows = []
    for name, (make, space, chart) in cases.items():
        found = [errors(make(seed), space, chart) for seed in range(2 if quick else 5)]
        row = {"rows": name}
        for key in ("at the mean", "chart", "flat"):
            values = np.array([f[key] for f in found])
            error = values.std() / (len(values) - 1) ** 0.5
            told = f"{values.mean():.3f} ({error:.3f})"
            row[key] = "" if np.isnan(values).any() else told
        row["seconds"] = float(np.mean([f["seconds"] for f in found]))
        rows.append(row)
    report(
        "tangent_coordinates",
        rows,
        title="Geodesic error of one principal component of curved rows",
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


if __name__ == "__main__":
    main(arguments(__doc__).quick)
