"""From coordinates back to points: a network beside kernel ridge and neighbours.

Coordinates are those of HeatGeodesicEmbedding, two of a roll (1,000 rows, noise 0.3)
and three of digits; half of the rows are learned from, a tenth of these choose the
settings, and of the others the new coordinates are decoded. Left is the share of the
variance of new rows. Five seeds. Network: 64 and 64 units, the trainer's 100, 300 or
1,000 epochs at 0.01. Kernel ridge: rbf, penalty and width from a grid of twelve.
KernelRegressor chooses by itself. Neighbours: 3, 5, 10 or 20, weighted by one over the
distance. Seconds of the processor of the last fit, on one thread.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_digits, make_swiss_roll
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsRegressor

from benchmarks._report import arguments, report, timed
from skgeom import HeatGeodesicEmbedding, KernelRegressor
from skgeom.backends import get_backend
from skgeom.networks import MLP, Network, Scaling, Settings, train


class Net(RegressorMixin, BaseEstimator):
    """A network of the trainer, with no more than this table needs."""

    def __init__(self, max_iter, seed):
        self.max_iter = max_iter
        self.seed = seed

    def fit(self, Z, X):
        """Train from coordinates to points."""
        self.of_z, self.of_x = Scaling.of(Z), Scaling.of(X, together=True)
        layers = {"decoder": MLP((Z.shape[1], 64, 64, X.shape[1]))}
        settings = Settings(
            learning_rate=0.01,
            batch_size=128,
            max_iter=self.max_iter,
            tol=0.0,
            n_iter_no_change=100,
            seed=self.seed,
        )
        self.net = train(
            Network.drawn(layers, np.random.RandomState(self.seed)),
            lambda net, z, x: ((net("decoder", z) - x) ** 2).mean(),
            [self.of_z.apply(Z), self.of_x.apply(X)],
            settings,
            get_backend("torch-cpu"),
        ).network
        return self

    def predict(self, Z):
        """Points of coordinates."""
        rows = self.of_z.apply(Z)
        return self.of_x.invert(
            self.net.compute(lambda net, z: net("decoder", z), rows)
        )


def data(name, seed):
    """Rows in a random order, and how many coordinates they get."""
    rng = np.random.default_rng(seed)
    if name == "digits":
        X, k = load_digits().data, 3
    else:
        X, k = make_swiss_roll(1000, noise=0.3, random_state=seed)[0], 2
    return X[rng.permutation(len(X))], k


def candidates(Z, seed):
    """For each method the settings to choose from."""
    unit = 1 / (Z.shape[1] * Z.var())
    return {
        "network": [Net(n, seed) for n in (100, 300, 1000)],
        "kernel ridge": [
            KernelRidge(alpha=a, gamma=g * unit, kernel="rbf")
            for a in (1e-3, 1e-2, 0.1)
            for g in (1.0, 3.0, 10.0, 30.0)
        ],
        "KernelRegressor": [KernelRegressor(random_state=seed)],
        "neighbours": [
            KNeighborsRegressor(k, weights="distance") for k in (3, 5, 10, 20)
        ],
    }


def left(model, Z, X):
    """Share of the variance that a decoder leaves."""
    centred = X - X.mean(axis=0)
    return float(((model.predict(Z) - X) ** 2).sum() / (centred**2).sum())


def main(quick):
    """Run all and write the table."""
    rows = []
    for name in ("roll", "digits"):
        told = {}
        for seed in range(1 if quick else 5):
            X, k = data(name, seed)
            half = len(X) // 2
            embedding = HeatGeodesicEmbedding(k, random_state=seed).fit(X[:half])
            Z, new = embedding.embedding_, embedding.transform(X[half:])
            cut = half - half // 10
            for method, models in candidates(Z, seed).items():
                errors = [
                    left(m.fit(Z[:cut], X[:cut]), Z[cut:], X[cut:half]) for m in models
                ]
                best = models[int(np.argmin(errors))]
                _, cpu, _ = timed(best.fit, Z, X[:half])
                told.setdefault(method, []).append((left(best, new, X[half:]), cpu))
        for method, found in told.items():
            errors, cpu = zip(*found, strict=True)
            rows.append(
                {
                    "data": name,
                    "decoder": method,
                    "left": f"{np.mean(errors):.4f}",
                    "worst seed": f"{max(errors):.4f}",
                    "seconds": float(np.mean(cpu)),
                }
            )
            print(rows[-1], flush=True)
    report(
        "decoders",
        rows,
        title="Points from coordinates of new rows",
        packages=["torch", "skorch"],
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


if __name__ == "__main__":
    given = arguments(__doc__)
    warnings.simplefilter("ignore")
    main(given.quick)
