"""Distances of new rows kept by a map: GaussianWeightedLinearEmbedding and peers.

Maps to two dimensions are fitted to two thirds of at most 900 rows. Stress is that of
the others: the root of the squared errors of distances over all squared distances,
after the one scale that is best, for every method. The defaults were chosen on other
tables (banknote, wifi, yeast, abalone). The number of maps and the penalty, and the
width and rate of a network with the same loss, are chosen each time on a fifth of the
training rows.
"""

import numpy as np
from scipy.spatial.distance import cdist, pdist
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.manifold import MDS
from sklearn.preprocessing import StandardScaler

from benchmarks._report import arguments, report, timed
from skgeom import GaussianWeightedLinearEmbedding

TABLES = {
    "digits": datasets.load_digits,
    "breast cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
}


def stress(X, Z):
    """After the best scale."""
    wanted, found = pdist(X), pdist(Z)
    scale = (wanted @ found) / (found @ found)
    return float(np.sqrt(((wanted - scale * found) ** 2).sum() / (wanted**2).sum()))


def network(X, setting, seed):
    """A network of two hidden layers, trained on the stress of batches."""
    import torch
    from torch import nn

    width, rate = setting
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    mean, size = X.mean(axis=0), X.std()
    rows = torch.tensor((X - mean) / size, dtype=torch.float32)
    net = nn.Sequential(
        nn.Linear(X.shape[1], width),
        nn.SiLU(),
        nn.Linear(width, width),
        nn.SiLU(),
        nn.Linear(width, 2),
    )
    adam = torch.optim.Adam(net.parameters(), rate)
    for _ in range(80):
        for part in torch.randperm(len(rows)).split(128):
            x = rows[part]
            z = net(x)
            wanted = torch.cdist(x, x)
            found = (((z[:, None] - z) ** 2).sum(2) + 1e-9).sqrt()
            loss = ((wanted - found) ** 2).mean() / (wanted**2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()

    def transform(X):
        with torch.no_grad():
            return net(torch.tensor((X - mean) / size, dtype=torch.float32)).numpy()

    return transform


def chosen(function, settings, X, seed):
    """The setting that is best on a fifth of the rows."""
    cut = 4 * len(X) // 5
    told = [stress(X[cut:], function(X[:cut], s, seed)(X[cut:])) for s in settings]
    return settings[int(np.argmin(told))]


def by_neighbours(X, Z, new):
    """New rows of an embedding without a map: means of the five nearest."""
    gaps = cdist(new, X)
    near = np.argsort(gaps, axis=1)[:, :5]
    shares = 1 / np.maximum(np.take_along_axis(gaps, near, axis=1), 1e-12)
    shares /= shares.sum(axis=1, keepdims=True)
    return (Z[near] * shares[:, :, None]).sum(axis=1)


def maps(X, setting, seed):
    """Ours, with so many maps and so much of the penalty."""
    n_maps, alpha = setting
    model = GaussianWeightedLinearEmbedding(
        n_maps=n_maps, alpha=alpha, random_state=seed
    )
    return model.fit(X).transform


def scaling(X, setting, seed):
    """Free coordinates, and new rows between those of their neighbours."""
    model = MDS(2, n_init=1, init="classical_mds", random_state=seed)
    Z = model.fit_transform(X)
    return lambda new: by_neighbours(X, Z, new)


METHODS = {
    "ours, defaults": (maps, [(10, 1e-3)]),
    "ours, chosen": (maps, [(10, 1e-3), (20, 1e-3), (20, 1e-2)]),
    "ours, one map": (maps, [(1, 0.0)]),
    "network, same loss": (network, [(64, 5e-3), (256, 2e-3)]),
    "PCA": (lambda X, _, seed: PCA(2, random_state=0).fit(X).transform, [None]),
    "MDS, new rows by neighbours": (scaling, [None]),
}


def measured(quick):
    """Stress of new rows by table and method."""
    for name, load in TABLES.items():
        X = load().data
        if name != "digits":
            X = StandardScaler().fit_transform(X)
        found, seconds = {}, {}
        for seed in range(100, 101 if quick else 105):
            order = np.random.default_rng(seed).permutation(len(X))[:900]
            cut = 2 * len(order) // 3
            train, new = X[order[:cut]], X[order[cut:]]
            for method, (function, settings) in METHODS.items():
                best = settings[0]
                if len(settings) > 1:
                    best = chosen(function, settings, train, seed)
                transform, cpu, _ = timed(function, train, best, seed)
                found.setdefault(method, []).append(stress(new, transform(new)))
                seconds.setdefault(method, []).append(cpu)
        for method, told in found.items():
            yield {
                "rows": name,
                "method": method,
                "stress": float(np.mean(told)),
                "from": float(np.min(told)),
                "to": float(np.max(told)),
                "fit, s": float(np.median(seconds[method])),
            }


def main():
    """Three tables, five seeds."""
    args = arguments(__doc__)
    report(
        "gaussian_weighted",
        list(measured(args.quick)),
        title="Stress of rows that were not fitted, in two dimensions",
        packages=("torch",),
        notes=(
            "seeds 100 to 104; seconds are of the CPU, one thread, without the choice "
            "of settings",
        ),
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
