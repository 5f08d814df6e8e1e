"""Kernel principal components beside KernelPCA, and where its matrix does not fit."""

import numpy as np
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import KernelPCA

from benchmarks._report import arguments, peak, report, timed
from skgeom import KrylovKernelPCA

K = 20


def made(name, n, seed=0):
    """Points, and a width: one over the number of columns, as both have it."""
    rng = np.random.default_rng(seed)
    if name == "normal, d=50":
        return rng.standard_normal((n, 50))
    if name == "8 clusters, d=20":
        centers = 2 * rng.standard_normal((8, 20))
        return centers[rng.integers(0, 8, n)] + rng.standard_normal((n, 20))
    if name == "cube, d=3":
        return rng.uniform(size=(n, 3))
    if name == "ten factors, d=64":
        factors = rng.standard_normal((10, 64)) / 10**0.5
        return rng.standard_normal((n, 10)) @ factors + 0.3 * rng.standard_normal(
            (n, 64)
        )
    # Digits between neighbours would be few; noise makes as many as are wanted.
    digits = load_digits().data / 16
    return digits[rng.integers(0, len(digits), n)] + 0.1 * rng.standard_normal((n, 64))


NAMES = (
    "normal, d=50",
    "8 clusters, d=20",
    "cube, d=3",
    "ten factors, d=64",
    "noisy digits, d=64",
)


def least(repeats, fit):
    """Result and least CPU seconds of a few runs."""
    runs = [timed(fit) for _ in range(repeats)]
    return runs[-1][0], min(run[1] for run in runs)


def compare(n, repeats):
    """A row a data set: seconds of both, and how far apart they are."""
    rows = []
    for name in NAMES:
        X = made(name, n)
        for gamma_of in (1.0, 0.25):
            gamma = gamma_of / X.shape[1]
            known = dict(n_components=K, gamma=gamma)
            arpack, theirs = least(
                repeats,
                lambda known=known, X=X: KernelPCA(
                    kernel="rbf", eigen_solver="arpack", random_state=0, **known
                ).fit(X),
            )
            _, randomized = least(
                repeats,
                lambda known=known, X=X: KernelPCA(
                    kernel="rbf", eigen_solver="randomized", random_state=0, **known
                ).fit(X),
            )
            ours, seconds = least(
                repeats,
                lambda known=known, X=X: KrylovKernelPCA(random_state=0, **known).fit(
                    X
                ),
            )
            gap = np.abs(ours.eigenvalues_ / arpack.eigenvalues_ - 1).max()
            half = K // 2
            angle = subspace_angles(
                ours.eigenvectors_[:, :half], arpack.eigenvectors_[:, :half]
            ).max()
            rows.append(
                {
                    "rows": name,
                    "gamma d": gamma_of,
                    "arpack s": round(theirs, 2),
                    "randomized s": round(randomized, 2),
                    "ours s": round(seconds, 2),
                    "arpack / ours": round(theirs / seconds, 1),
                    "eigenvalues, worst of 20": f"{gap:.0e}",
                    "angle of 10 vectors": f"{angle:.0e}",
                    "residual": f"{ours.residual_:.0e}",
                    "products": ours.n_iter_,
                }
            )
    return rows


def large(sizes):
    """Rows that KernelPCA has no room for; its memory is two matrices of all pairs."""
    rows = []
    for n, name in sizes:
        X = made(name, n)
        model = KrylovKernelPCA(K, random_state=0)
        (_, seconds, _), grown = peak(lambda X=X, m=model: timed(m.fit, X))
        new = made(name, 1000, seed=1)
        _, transform, _ = timed(model.transform, new)
        rows.append(
            {
                "rows": name,
                "n": n,
                "fit CPU s": round(seconds, 1),
                "memory GiB": round(grown / 2**30, 2),
                "of KernelPCA, two matrices, GiB": round(2 * 8 * n * n / 2**30, 1),
                "1,000 new rows, CPU s": round(transform, 2),
                "residual": f"{model.residual_:.0e}",
                "products": model.n_iter_,
            }
        )
    return rows


def main():
    """Both tables; the large one first, whose peak of memory is to be its own."""
    args = arguments(__doc__)
    quick = args.quick
    KrylovKernelPCA(2).fit(np.random.default_rng(0).normal(size=(600, 3)))  # compiles
    sizes = [(4_000, NAMES[0])]
    if not quick:
        sizes = [(n, name) for n in (20_000, 50_000) for name in NAMES[:2]]
        sizes.append((50_000, NAMES[4]))
    report(
        "kernel_components_large",
        large(sizes),
        title="KrylovKernelPCA, 20 components, where the matrix does not fit",
        notes=[
            "rbf, gamma one over the number of columns; seed 0, one run, one thread",
            "memory: by how much the process grew during the fit, the points apart",
            "KernelPCA holds the kernel matrix and a centred copy; it was not run here",
        ],
        write=not quick,
    )
    n = 1_000 if quick else 4_000
    report(
        "kernel_components",
        compare(n, 1 if quick else 3),
        title=f"20 kernel principal components of {n:,} rows, CPU seconds",
        notes=[
            "rbf, gamma as a multiple of one over the number of columns; one thread, "
            "the least of three runs; ours with default tol=1e-2",
            "eigenvalues: the largest relative difference from those of arpack; angle: "
            "the largest between the spaces of the first ten eigenvectors, in radians",
            "seed 0; KernelPCA makes the matrix of all pairs, ours does not",
        ],
        write=not quick,
    )


if __name__ == "__main__":
    main()
