"""Does a rule of stability find the rank of a nonnegative RESCAL? Ten fresh tensors.

Eight slices of 40 x 40 are :math:`A R_m A^T` with a sparse nonnegative A, times noise
uniform in 1 +- .05 or 1 +- .2. Each rank is fitted to six copies of the tensor, each
entry times 1 +- .03, by 200 multiplicative steps from a random start. Columns are
matched over the copies, and the smallest mean silhouette of a group of columns says how
alike they are. The rank is taken to be the last before that is negative, or the largest
at which it is above .6.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import silhouette_samples

from benchmarks._report import parser, report, timed

N_COPIES, N_STEPS, TINY = 6, 200, 1e-12


def factors(X, rank, rng):
    """A of unit columns, by multiplicative steps."""
    A = rng.random((X.shape[1], rank)) + 0.1
    R = rng.random((len(X), rank, rank)) + 0.1
    Xt = X.transpose(0, 2, 1)
    for _ in range(N_STEPS):
        G, Rt = A.T @ A, R.transpose(0, 2, 1)
        above = (X @ A @ Rt).sum(axis=0) + (Xt @ A @ R).sum(axis=0)
        below = A @ ((R @ G @ Rt).sum(axis=0) + (Rt @ G @ R).sum(axis=0))
        A = A * above / (below + TINY)
        size = np.linalg.norm(A, axis=0) + TINY
        A, R = A / size, R * size[:, None] * size
        G = A.T @ A
        R = R * (A.T @ X @ A) / (G @ R @ G + TINY)
    return A


def stability(found):
    """The smallest mean silhouette of matched columns, by cosines."""
    rank = found[0].shape[1]
    matched = found[:1]
    for _ in range(3):
        middle = np.median(matched, axis=0)
        middle = middle / (np.linalg.norm(middle, axis=0) + TINY)
        matched = [A[:, linear_sum_assignment(-middle.T @ A)[1]] for A in found]
    columns = np.concatenate([A.T for A in matched])
    groups = np.tile(np.arange(rank), len(found))
    alike = silhouette_samples(columns, groups, metric="cosine")
    return min(alike[groups == j].mean() for j in range(rank))


def case(true, noise, seed):
    """Ranks by both rules, and the silhouettes."""
    rng = np.random.default_rng(seed)
    A = rng.exponential(size=(40, true)) * (rng.random((40, true)) < 0.5)
    X = A @ rng.exponential(size=(8, true, true)) @ A.T
    X = X * (1 + noise * rng.uniform(-1, 1, X.shape))
    told = {}
    for rank in range(2, true + 4):
        copies = [X * (1 + 0.03 * rng.uniform(-1, 1, X.shape)) for _ in range(N_COPIES)]
        told[rank] = stability([factors(copy, rank, rng) for copy in copies])
    below = [rank for rank, value in told.items() if value < 0]
    first = below[0] - 1 if below else max(told)
    return first, max([r for r, v in told.items() if v > 0.6], default=1), told


def main(quick):
    rows = []
    for i, noise in enumerate((0.05, 0.2)):
        for true in (3,) if quick else range(3, 8):
            seed = 500 + 10 * i + true
            (first, high, told), cpu, _ = timed(case, true, noise, seed)
            row = {"true rank": true, "noise": noise, "before negative": first}
            row |= {"last above .6": high}
            row["silhouettes from rank 2 on"] = ", ".join(
                f"{value:.2f}" for value in told.values()
            )
            rows.append(row | {"seconds": cpu})
    report(
        "rescal_rank",
        rows,
        title="The rank of nonnegative RESCAL by stability",
        notes=[
            __doc__.split("\n\n")[1].replace("\n", " "),
            "Seeds 503 to 507, 513 to 517.",
        ],
        write=not quick,
    )


if __name__ == "__main__":
    main(parser(__doc__).parse_args().quick)
