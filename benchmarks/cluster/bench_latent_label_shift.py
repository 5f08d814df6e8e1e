"""Classes that domains tell apart where features mislead, and where they do not.

Accuracy is that of the best matching of labels. Domains draw their rows by shares of
classes from a Dirichlet law of concentration a: eight, and twelve of ten digits. "Two
clouds": `make_label_shift`, 2,000 rows, where the halves of a class are apart. "One
cloud": the same with one of separation 1.7, so that classes are Gaussian. Digits are on
20 principal components, and "pairs" are digits modulo five. All settings are defaults
but the number of classes; "domain told" is `predict` of the training rows with their
domains, `n_smooth=1` clusters the shares as they are, and trees are
sixty extra trees of five rows a leaf. "Paper" is our version of its steps: trees out of
fold, k-means with two cells a class on their probabilities, non-negative factors of the
table of cells and domains, the best of four, and its correction by the domain of a row.
"Two clouds that move": each domain is moved by a random vector, of deviation 2 in each
column, which the method does not allow for.
Seconds of the processor, on one thread.
"""

import warnings

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from benchmarks._report import arguments, report, timed
from skgeom import LatentLabelShift
from skgeom.cluster._latent_label_shift import memberships
from skgeom.datasets import make_label_shift

SEED = 8900


def accuracy(y, labels):
    """Share of rows that are right, under the best matching."""
    table = np.zeros((y.max() + 1, max(labels.max(), y.max()) + 1))
    np.add.at(table, (y, labels), 1)
    rows, columns = linear_sum_assignment(-table)
    return table[rows, columns].sum() / len(y)


def trees():
    """The classifier of domains."""
    return ExtraTreesClassifier(60, min_samples_leaf=5, random_state=0)


def paper(X, domains, K):
    """The steps of the paper, on trees in place of a network."""
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    P = cross_val_predict(trees(), X, domains, cv=folds, method="predict_proba")
    cells = KMeans(2 * K, n_init=5, random_state=0).fit_predict(P)
    table = np.zeros((2 * K, P.shape[1]))
    np.add.at(table, (cells, domains), 1)
    table /= table.sum(axis=0)
    best = None
    for seed in range(4):
        model = NMF(K, init="random", random_state=seed, max_iter=2000, tol=1e-6)
        W = model.fit_transform(table)
        if best is None or model.reconstruction_err_ < best[0]:
            best = model.reconstruction_err_, W.sum(axis=0)[:, None] * model.components_
    priors = best[1] / best[1].sum(axis=0)
    joint = priors * np.bincount(domains) / len(domains)
    mix = np.maximum(joint.sum(axis=1), 1e-9)
    Q = memberships(P, joint / mix[:, None])
    return (Q / mix * priors[:, domains].T).argmax(axis=1)


def shifted(y, n_domains, a, rng):
    """Domains for rows whose classes are known."""
    shares = rng.dirichlet(np.full(y.max() + 1, a), n_domains)
    shares /= shares.sum(axis=0)
    found = np.array([rng.choice(n_domains, p=shares[:, k]) for k in y])
    return np.unique(found, return_inverse=True)[1]


def designs(seed):
    """Name, rows, domains, classes."""
    digits = load_digits()
    Z = PCA(20, random_state=0).fit_transform(digits.data / 16)
    for a in (0.5, 2.0):
        rng = np.random.default_rng(seed)
        known = dict(concentration=a, random_state=seed)
        yield f"two clouds, a={a}", *make_label_shift(2000, **known)
        y = digits.target % 5
        yield f"digit pairs, a={a}", Z, shifted(y, 8, a, rng), y
        one = make_label_shift(2000, n_clouds=1, separation=1.7, **known)
        yield f"one cloud, a={a}", *one
        y = digits.target
        yield f"digits, a={a}", Z, shifted(y, 12, a, rng), y
    X, domains, y = make_label_shift(2000, random_state=seed)
    moves = 2 * rng.normal(size=(8, X.shape[1]))
    yield "two clouds that move, a=0.5", X + moves[domains], domains, y


def methods(X, domains, K):
    """Functions by name, which give labels."""
    mixture = GaussianMixture(K, reg_covar=1e-2, n_init=3, random_state=0)
    ours = dict(random_state=0)
    given = X, domains
    return {
        "KMeans": lambda: KMeans(K, n_init=10, random_state=0).fit_predict(X),
        "GaussianMixture": lambda: mixture.fit_predict(X),
        "paper": lambda: paper(X, domains, K),
        "n_smooth=1": lambda: LatentLabelShift(K, n_smooth=1, **ours).fit_predict(
            *given
        ),
        "trees": lambda: LatentLabelShift(K, discriminator=trees(), **ours).fit_predict(
            *given
        ),
        "domain told": lambda: (
            LatentLabelShift(K, **ours).fit(*given).predict(X, domains=domains)
        ),
        "default": lambda: LatentLabelShift(K, **ours).fit_predict(*given),
    }


def compare(quick):
    """The table, and CPU seconds as its last row."""
    told, seconds = {}, {}
    for seed in range(1 if quick else 5):
        for name, X, domains, y in designs(SEED + seed):
            for method, labels in methods(X, domains, y.max() + 1).items():
                found, cpu, _ = timed(labels)
                told.setdefault(name, {}).setdefault(method, []).append(
                    accuracy(y, found)
                )
                seconds.setdefault(method, []).append(cpu)
        print(seed, {k: v["default"][-1] for k, v in told.items()}, flush=True)
    rows = []
    for name, found in told.items():
        cell = {"data": name}
        for method, values in found.items():
            error = 0.0 if quick else np.std(values, ddof=1) / len(values) ** 0.5
            cell[method] = f"{np.mean(values):.3f} +- {error:.3f}"
        rows.append(cell)
    means = {method: f"{np.mean(values):.2f}" for method, values in seconds.items()}
    rows.append({"data": "seconds, mean of all", **means})
    return rows


def alike(quick):
    """Domains that grow alike, until they tell nothing."""
    rows = []
    for a in (0.5, 2.0, 5.0, 20.0, 100.0):
        found = []
        for seed in range(1 if quick else 5):
            X, domains, y = make_label_shift(
                2000, concentration=a, random_state=SEED + 10 + seed
            )
            model = LatentLabelShift(4, random_state=0).fit(X, domains)
            found.append(accuracy(y, model.labels_))
        error = 0.0 if quick else np.std(found, ddof=1) / len(found) ** 0.5
        rows.append({"a": a, "accuracy": f"{np.mean(found):.3f} +- {error:.3f}"})
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    given = arguments(__doc__)
    warnings.simplefilter("ignore")
    notes = " ".join(__doc__.split("\n\n")[1].split())
    report(
        "latent_label_shift",
        compare(given.quick),
        title="Accuracy of classes that nobody labelled",
        notes=[f"Five seeds from {SEED} on.", notes],
        write=not given.quick,
    )
    report(
        "latent_label_shift_alike",
        alike(given.quick),
        title="Two clouds a class, from domains that are alike: accuracy",
        notes=[f"Five seeds from {SEED + 10} on; `make_label_shift` of 2,000 rows."],
        write=not given.quick,
    )
