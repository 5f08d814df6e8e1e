"""Curves: adaptive bases beside components with a Gaussian process, and networks.

The generator of Yao, Mueller and Wang (2021): curves on 51 points are sums of 50
cosines with uniform coefficients; the target is the square of the third coefficient
(case 1, where it is one of the three large ones) or of the fifth (case 2, where four
are). 500 rows to learn from, 100 to choose settings by, on which the chosen are then
fitted again with the others, 200 to test; five seeds. Targets have noise of a tenth of
their spread, which leaves 0.010 of their variance. Seconds of the processor on one
thread, of the last fit.
"""

import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._report import arguments, report, timed
from skgeom import AdaptiveBasisRegressor


def curves(case, seed, n=800, n_points=51):
    """Curves with noise, targets with noise, and the cosines."""
    rng = np.random.default_rng(1000 * case + seed)
    t = np.linspace(0, 1, n_points)
    cosines = np.sqrt(2) * np.cos(np.arange(50)[:, None] * np.pi * t)
    cosines[0] = 1.0
    size = np.ones(50)
    size[[0, 1, 2] if case == 1 else [0, 2, 4, 9]] = (
        [20, 5, 5] if case == 1 else [5, 5, 3, 3]
    )
    C = size * rng.uniform(-np.sqrt(3), np.sqrt(3), (n, 50))
    y = C[:, 2 * case] ** 2
    y = (y - y.mean()) / y.std() + 0.1 * rng.normal(size=n)
    return C @ cosines + 0.05 * rng.normal(size=(n, n_points)), y, cosines


def process(n_components):
    """Principal components, and a Gaussian process with a length for each."""
    kernel = ConstantKernel() * RBF(np.ones(n_components)) + WhiteKernel(0.01)
    return make_pipeline(
        PCA(n_components), StandardScaler(), GaussianProcessRegressor(kernel)
    )


def network(size, alpha, seed):
    """scikit-learn's network of the values on the grid."""
    return make_pipeline(
        StandardScaler(),
        MLPRegressor(
            hidden_layer_sizes=(size, size),
            alpha=alpha,
            max_iter=300,
            learning_rate_init=3e-3,
            batch_size=128,
            random_state=seed,
        ),
    )


def candidates(seed):
    """For each method the settings to choose from."""
    return {
        "AdaptiveBasisRegressor": [
            AdaptiveBasisRegressor(k, alpha=a, random_state=seed)
            for k in (4, 8)
            for a in (1e-5, 1e-4)
        ],
        "MLP of the grid": [network(h, a, seed) for h in (32, 64) for a in (1e-3, 0.1)],
        "components, GP": [process(k) for k in (6, 12)],
        "boosting of the grid": [
            HistGradientBoostingRegressor(learning_rate=r, random_state=seed)
            for r in (0.05, 0.1)
        ],
        "ridge of the grid": [RidgeCV(np.geomspace(1e-3, 1e3, 7))],
    }


def main(quick):
    """Run all and write the table."""
    rows = []
    AdaptiveBasisRegressor(max_iter=1).fit(np.eye(9), np.arange(9.0))
    for case in (1, 2):
        told, alike = {}, []
        for seed in range(1 if quick else 5):
            X, y, cosines = curves(case, seed)
            learn, choose, test = (
                slice(0, 500),
                slice(500, 600),
                slice(600, 800),
            )
            for name, models in candidates(seed).items():
                scores = [
                    m.fit(X[learn], y[learn]).score(X[choose], y[choose])
                    for m in models
                ]
                best = models[int(np.argmax(scores))]
                _, cpu, _ = timed(best.fit, X[:600], y[:600])
                error = 1 - best.score(X[test], y[test])
                told.setdefault(name, []).append((error, cpu))
                if name == "AdaptiveBasisRegressor":
                    shown, true = best.basis_[0], cosines[2 * case]
                    size = np.linalg.norm(shown) * np.linalg.norm(true)
                    alike.append(abs(shown @ true) / size)
        for name, found in told.items():
            errors, cpu = zip(*found, strict=True)
            rows.append(
                {
                    "case": case,
                    "method": name,
                    "relative error": f"{np.mean(errors):.4f}",
                    "worst seed": f"{max(errors):.4f}",
                    "seconds": float(np.mean(cpu)),
                    "true function": f"{min(alike):.3f}" if "Adapt" in name else "",
                }
            )
            print(rows[-1], flush=True)
    report(
        "adaptive_basis",
        rows,
        title="Squares of coefficients of curves",
        packages=["torch", "skorch"],
        notes=[
            "Means of five seeds. True function: cosine of the angle between the first "
            "function that is shown and the one that the target depends on, the least "
            "of the seeds.",
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


if __name__ == "__main__":
    given = arguments(__doc__)
    warnings.simplefilter("ignore")
    main(given.quick)
