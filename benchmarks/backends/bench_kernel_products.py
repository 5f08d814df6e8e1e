"""Products with the kernel matrix of points, beside those of scikit-learn in chunks."""

import numpy as np
from sklearn.gaussian_process.kernels import Matern
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel

from benchmarks._report import arguments, report, timed
from skgeom.backends import get_backend

GAMMA = 0.02
PEERS = {
    "rbf": lambda X, Y: rbf_kernel(X, Y, gamma=GAMMA),
    "matern32": lambda X, Y: Matern(length_scale=(2 * GAMMA) ** -0.5, nu=1.5)(X, Y),
    "laplacian": lambda X, Y: laplacian_kernel(X, Y, gamma=GAMMA),
}


def in_chunks(kernel, X, Y, V, n_rows=500):
    """What scikit-learn offers where the matrix does not fit."""
    starts = range(0, len(X), n_rows)
    return np.concatenate([kernel(X[i : i + n_rows], Y) @ V for i in starts])


def main():
    """All pairs of a set, and new rows with a set."""
    args = arguments(__doc__)
    n = 2_000 if args.quick else 20_000
    rng = np.random.default_rng(0)
    X, V = rng.standard_normal((n, 50)), rng.standard_normal((n, 1))
    new = rng.standard_normal((n // 4, 50))
    rows = []
    for kernel, peer in PEERS.items():
        for name, Z in {"all pairs": X, "new rows": new}.items():
            n_pairs = len(Z) * n
            expected, *theirs = timed(in_chunks, peer, Z, X, V)
            row = {"kernel": kernel, "of": name}
            row["scikit-learn, ns a pair"] = round(theirs[1] / n_pairs * 1e9, 2)
            for n_jobs in (1, 2):
                backend = get_backend("cpu", n_jobs=n_jobs)
                backend.kernel_matvec(Z[:2], X, V, kernel, GAMMA)  # compiles
                found, *ours = timed(backend.kernel_matvec, Z, X, V, kernel, GAMMA)
                row[f"n_jobs={n_jobs}, ns a pair"] = round(ours[1] / n_pairs * 1e9, 2)
                row[f"ratio, n_jobs={n_jobs}"] = round(theirs[1] / ours[1], 1)
            row["difference"] = (
                f"{abs(found - expected).max() / abs(expected).max():.0e}"
            )
            rows.append(row)
    report(
        "kernel_products",
        rows,
        title=f"Kernel values of {n:,} points, d=50, times a column",
        notes=[
            "wall time; scikit-learn in chunks of 500 rows, with BLAS and OpenMP on "
            "all cores; ours on as many threads as n_jobs says",
            "scikit-learn's Matérn and Laplacian use one core beside BLAS: compare "
            "with n_jobs=1; other chunks were not tried",
            "new rows: a quarter as many, against the set; of all pairs ours "
            "computes each kernel value once",
            "difference: the largest, as a share of the largest entry",
            "seed 0, one run each",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
