"""Coresets of normal points beside Compress++ of goodpoints, and of a million rows.

    python -m benchmarks.sample_selection.bench_coresets [--large]

The kernel is exp(-r^2 / (2 d)). Needs `pip install goodpoints`.
"""

import numpy as np

from benchmarks._report import parser, peak, report, timed
from skgeom import KernelCoreset
from skgeom.backends import get_backend

N, M, SEEDS = 16_384, 128, range(5)


def kernel(A, B, gamma):
    squares = (A * A).sum(1)[:, None] + (B * B).sum(1) - 2 * A @ B.T
    return np.exp(-gamma * np.maximum(squares, 0))


def to_normal(S, w, d):
    """Discrepancy of weighted points and the normal distribution itself."""
    h, gamma = 2 * d, 1 / (2 * d)
    own = (h / (h + 4)) ** (d / 2)
    mean = (h / (h + 2)) ** (d / 2) * np.exp(-(S * S).sum(axis=1) / (h + 2))
    return max(own - 2 * w @ mean + w @ kernel(S, S, gamma) @ w, 0.0) ** 0.5


def methods(gamma):
    from goodpoints import compress

    def thinned(g):
        width = np.array([1 / gamma])

        def select(X):
            rows = compress.compresspp_kt(X.copy(), b"gaussian", width, g)
            return rows.astype(int), np.full(M, 1 / M)

        return select

    def ours(**parameters):
        def select(X):
            model = KernelCoreset(M, gamma=gamma, **parameters).fit(X)
            return model.sample_indices_, model.sample_weight_ / M

        return select

    yield "random rows", lambda X: (np.arange(M), np.full(M, 1 / M))
    yield "Compress++, g=0", thinned(0)
    yield "Compress++, g=4", thinned(4)
    yield "KernelCoreset, no passes", ours(max_iter=0)
    yield "KernelCoreset", ours()
    yield "KernelCoreset, simplex", ours(weights="simplex")
    yield "KernelCoreset, optimal", ours(weights="optimal")


def small(write):
    few = np.random.default_rng(0).standard_normal((1024, 2))
    KernelCoreset(32).fit(few)  # compiles
    rows = []
    for d in (2, 10):
        gamma, found = 1 / (2 * d), {}
        for seed in SEEDS:
            X = np.random.default_rng(seed).standard_normal((N, d))
            ones = np.full((N, 1), 1 / N)
            mean = get_backend("cpu").kernel_matvec(X, X, ones, "rbf", gamma)[:, 0]
            for name, select in methods(gamma):
                (chosen, w), cpu, _ = timed(select, X)
                K = kernel(X[chosen], X[chosen], gamma)
                square = mean.mean() - 2 * w @ mean[chosen] + w @ K @ w
                told = max(square, 0.0) ** 0.5, to_normal(X[chosen], w, d), cpu
                found.setdefault(name, []).append(told)
        peer = np.mean(found["Compress++, g=4"], axis=0)
        for name, told in found.items():
            sample, normal, cpu = np.mean(told, axis=0)
            rows.append(
                {
                    "columns": d,
                    "method": name,
                    "MMD to the sample": f"{sample:.5f}",
                    "over g=4": f"{sample / peer[0]:.3f}",
                    "MMD to the normal": f"{normal:.5f}",
                    "CPU s": f"{cpu:.2f}",
                }
            )
    report(
        "coresets",
        rows,
        title=f"Maximum mean discrepancy of {M} of {N:,} normal points",
        packages=("goodpoints",),
        notes=(
            f"means over {len(SEEDS)} seeds; one thread, a machine with other load",
        ),
        write=write,
    )


def large(write):
    rows = []
    for d, m in ((10, 1000),):
        X = np.random.default_rng(0).standard_normal((10**6, d))
        model = KernelCoreset(m, gamma=1 / (2 * d), random_state=0)
        (_, grown), cpu, _ = timed(peak, model.fit, X)
        w = np.full(m, 1 / m)
        rows.append(
            {
                "columns": d,
                "chosen": m,
                "MMD to the normal": f"{to_normal(X[model.sample_indices_], w, d):.5f}",
                "random rows": f"{to_normal(X[:m], w, d):.5f}",
                "CPU s": f"{cpu:.1f}",
                "MB beside X": f"{grown / 1e6:.0f}",
            }
        )
        print(rows[-1], flush=True)
    report(
        "coresets_large",
        rows,
        title="KernelCoreset of a million normal points",
        notes=("seed 0; 16,384 candidates; one thread, a machine with other load",),
        write=write,
    )


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument("--large", action="store_true")
    options = arguments.parse_args()
    (large if options.large else small)(not options.quick)
