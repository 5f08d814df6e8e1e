"""Dictionaries of digits beside MiniBatchDictionaryLearning, and codes by themselves.

Digits (over 16, less their mean): 800 rows to learn from, 200 to choose the peer's
alpha by, 797 to test; the default has nothing to choose. Both code test rows by
orthogonal matching pursuit with as many atoms a row. Unexplained is what is left of
the variance of test rows. Seconds of the processor, on one thread, without the peer's
search.
"""

import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import MiniBatchDictionaryLearning
from sklearn.linear_model import orthogonal_mp_gram

from benchmarks._report import arguments, report, timed
from skgeom import SparseDictionary
from skgeom.solvers import orthogonal_matching_pursuit

ALPHAS = (0.1, 0.3, 1.0)


def left(model, rows):
    """Share of the variance that codes leave."""
    codes = model.transform(rows)
    rest = rows - codes @ model.components_
    return float((rest**2).sum() / ((rows - rows.mean(axis=0)) ** 2).sum())


def peer(rows, n_atoms, n_nonzero, alpha, seed):
    """scikit-learn's dictionary, twenty passes."""
    return MiniBatchDictionaryLearning(
        n_atoms,
        alpha=alpha,
        max_iter=20,
        batch_size=128,
        transform_algorithm="omp",
        transform_n_nonzero_coefs=n_nonzero,
        random_state=seed,
    ).fit(rows)


def dictionaries(quick):
    """The table of dictionaries."""
    X = load_digits().data / 16
    rows = []
    settings = ((4, 64),) if quick else ((4, 64), (4, 128), (8, 128))
    SparseDictionary(2, 1, random_state=0).fit(X[:50])
    for n_nonzero, n_atoms in settings:
        told = {}
        for seed in range(1 if quick else 2):
            order = np.random.default_rng(100 + seed).permutation(len(X))
            train, valid, test = np.split(X[order], [800, 1000])
            mean = train.mean(axis=0)
            train, valid, test = train - mean, valid - mean, test - mean
            for init in ("kmeans", "greedy", "samples"):
                for max_iter in (10, 0):
                    model = SparseDictionary(
                        n_atoms,
                        n_nonzero,
                        init=init,
                        max_iter=max_iter,
                        random_state=seed,
                    )
                    _, cpu, _ = timed(model.fit, train)
                    name = f"SparseDictionary, {init}, {max_iter} turns"
                    told.setdefault(name, []).append((left(model, test), cpu))
            alphas = ALPHAS[1:2] if quick else ALPHAS
            fits = [
                timed(peer, train, n_atoms, n_nonzero, alpha, seed) for alpha in alphas
            ]
            best = min(fits, key=lambda fit: left(fit[0], valid))
            name = "MiniBatchDictionaryLearning"
            told.setdefault(name, []).append((left(best[0], test), best[1]))
        for name, found in told.items():
            error, cpu = np.mean(found, axis=0)
            rows.append(
                {
                    "atoms a row, atoms": f"{n_nonzero}, {n_atoms}",
                    "method": name,
                    "unexplained": float(error),
                    "seconds": float(cpu),
                }
            )
            print(rows[-1], flush=True)
    report(
        "sparse_dictionary",
        rows,
        title="Dictionaries of digits: variance that few atoms a row leave",
        notes=[
            "Means of two splits and seeds. 0 turns with greedy is ITDA.",
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


def pursuits(quick):
    """The table of codes alone."""
    rows = []
    X = load_digits().data / 16
    X = X - X.mean(axis=0)
    for n_atoms in (64, 128, 600):
        D = X[np.random.default_rng(n_atoms).choice(len(X), n_atoms, replace=False)]
        D /= np.linalg.norm(D, axis=1, keepdims=True)
        G, Q = D @ D.T, X @ D.T
        for k in (4, 8):
            ours = [timed(orthogonal_matching_pursuit, np, G, Q, k) for _ in range(5)]
            peers = [
                timed(orthogonal_mp_gram, G, Q.T, n_nonzero_coefs=k) for _ in range(3)
            ]
            codes = np.zeros_like(Q)
            np.put_along_axis(codes, ours[0][0].indices, ours[0][0].coefficients, 1)
            errors = [((X - C @ D) ** 2).sum() for C in (codes, peers[0][0].T)]
            a, b = min(t for _, t, _ in ours), min(t for _, t, _ in peers)
            rows.append(
                {
                    "atoms": n_atoms,
                    "atoms a row": k,
                    "ours, s": a,
                    "orthogonal_mp_gram, s": b,
                    "times as fast": f"{b / a:.1f}",
                    "errors differ by": f"{abs(errors[0] / errors[1] - 1):.0e}",
                }
            )
    report(
        "matching_pursuit",
        rows,
        title="Orthogonal matching pursuit of 1,797 digits, all at once",
        notes=["Atoms are random digits; the best of five runs and of three."],
        write=not quick,
    )


if __name__ == "__main__":
    given = arguments(__doc__)
    warnings.simplefilter("ignore")
    dictionaries(given.quick)
    pursuits(given.quick)
