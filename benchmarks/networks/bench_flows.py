"""Densities: a flow of affine couplings beside mixtures and kernels.

RealNVP (Dinh et al., 2017): eight couplings of 64 and 64 units, a fixed random rotation
after every second, columns scaled, gradients clipped at 5, the best of 60 epochs on a
seventh of the rows, by the trainer. Mixture: GaussianMixture with 2, 5, 10, 20 or 60
components, full or diagonal. Kernels: KernelDensity with seven widths. All choose on
the same seventh. Mean log-likelihood of test rows (three tenths) in scaled columns,
five seeds. Bananas: six parabolas with noise, rotated in twelve columns, 5,000 rows.
Seconds of the processor of all that was tried, on one thread.
"""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_moons
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from benchmarks._report import arguments, report, timed
from skgeom.backends import get_backend
from skgeom.networks import Coupling, Network, Settings, train

N_COUPLINGS = 8


def data(name, seed):
    """Rows of a table."""
    rng = np.random.default_rng(seed)
    if name == "bananas, 5,000 x 12":
        t = rng.normal(size=(5000, 6))
        X = np.hstack([t, 0.7 * t**2 + 0.15 * rng.normal(size=t.shape)])
        return X @ np.linalg.qr(rng.normal(size=(12, 12)))[0]
    if name == "moons, 2,000 x 2":
        return make_moons(2000, noise=0.08, random_state=seed)[0]
    if name == "cancer, 569 x 10":
        return load_breast_cancer().data[:, :10]
    if name == "diabetes, 442 x 10":
        return load_diabetes(scaled=False).data
    return PCA(10).fit_transform(load_digits().data)


NAMES = (
    "bananas, 5,000 x 12",
    "moons, 2,000 x 2",
    "cancer, 569 x 10",
    "diabetes, 442 x 10",
    "digits, 1,797 x 10",
)


def flow(train_, valid, test, seed):
    """Log-likelihood of test rows by RealNVP."""
    d = train_.shape[1]
    rng = np.random.RandomState(seed)
    turns = [np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(N_COUPLINGS // 2)]
    layers = {f"c{k}": Coupling(d, k % 2, (64, 64)) for k in range(N_COUPLINGS)}

    def log_density(net, turns, x):
        total = 0.0
        for k in range(N_COUPLINGS):
            x, stretch = net(f"c{k}", x)
            total = total + stretch
            if k % 2:
                x = x @ turns[k // 2]
        return total - 0.5 * (x**2).sum(1) - 0.5 * d * np.log(2 * np.pi)

    found = train(
        Network.drawn(layers, rng),
        lambda net, turns, x: -log_density(net, turns, x).mean(),
        [train_],
        Settings(
            learning_rate=3e-3,
            batch_size=256,
            max_iter=60,
            n_iter_no_change=60,
            tol=0.0,
            clip=5.0,
            keep_best=True,
            seed=seed,
        ),
        get_backend("torch-cpu"),
        validation=[valid],
        constants=[np.stack(turns)],
    )
    return found.network.compute(lambda net, x: log_density(net, turns, x), test).mean()


def mixture(train_, valid, test, seed):
    """The same by the best mixture."""
    models = [
        GaussianMixture(k, covariance_type=kind, reg_covar=1e-4, random_state=seed)
        for k in (2, 5, 10, 20, 60)
        for kind in ("full", "diag")
    ]
    return max((m.fit(train_) for m in models), key=lambda m: m.score(valid)).score(
        test
    )


def kernels(train_, valid, test, seed):
    """The same by the best width of kernels."""
    widths = (0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
    models = [KernelDensity(bandwidth=w).fit(train_) for w in widths]
    return max(models, key=lambda m: m.score(valid)).score(test) / len(test)


def main(quick):
    """Run all and write the table."""
    rows = []
    for name in NAMES:
        told = {}
        for seed in range(1 if quick else 5):
            X = data(name, seed)
            X = X[np.random.default_rng(seed).permutation(len(X))]
            n = len(X) * 7 // 10
            X = (X - X[:n].mean(axis=0)) / X[:n].std(axis=0)
            parts = X[: n - n // 7], X[n - n // 7 : n], X[n:]
            for method in (flow, mixture, kernels):
                found, cpu, _ = timed(method, *parts, seed)
                told.setdefault(method.__name__, []).append((float(found), cpu))
        row = {"data": name}
        for method, found in told.items():
            row[method] = f"{np.mean([value for value, _ in found]):.2f}"
        for method, found in told.items():
            row[f"{method}, s"] = f"{np.mean([cpu for _, cpu in found]):.1f}"
        rows.append(row)
        print(row, flush=True)
    report(
        "flows",
        rows,
        title="Mean log-likelihood of new rows, in nats",
        packages=["torch", "skorch"],
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


if __name__ == "__main__":
    given = arguments(__doc__)
    warnings.simplefilter("ignore")
    main(given.quick)
