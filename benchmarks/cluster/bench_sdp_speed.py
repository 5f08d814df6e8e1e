"""Time: the whole program beside SCS, the default beside k-means, one million rows."""

import resource
import warnings

import numpy as np
from sklearn.cluster import KMeans

from benchmarks._report import arguments, report, timed
from benchmarks.cluster._clusters import misclustered, on_axes
from skgeom import SDPClustering
from skgeom.cluster._sdp._admm import admm_clustering


def scs(X, n_clusters, tol):
    """The same program by a general solver; its value and its least entry."""
    import cvxpy

    n = len(X)
    A = X @ X.T
    A /= np.linalg.norm(A, 2)
    Z = cvxpy.Variable((n, n), PSD=True)
    constraints = [Z >= 0, cvxpy.sum(Z, axis=1) == 1, cvxpy.trace(Z) == n_clusters]
    problem = cvxpy.Problem(cvxpy.Maximize(cvxpy.trace(A @ Z)), constraints)
    problem.solve(solver=cvxpy.SCS, eps=tol)
    return Z.value, problem.solver_stats.num_iters


def program(sizes, seeds):
    """Rows on the whole program."""
    rows, tol = [], 1e-4
    for n in sizes:
        for seed in seeds:
            X, _ = on_axes(n, 20, 4, 0.64, seed)
            X -= X.mean(axis=0)
            total = (X * X).sum()
            ours, cpu, _ = timed(admm_clustering, X, 4, tol=tol)
            (Z, n_iter), theirs, _ = timed(scs, X, 4, tol)
            rows.append(
                {
                    "rows": n,
                    "seed": seed,
                    "ours: s": cpu,
                    "iterations": ours.n_iter,
                    "value": f"{ours.value / total:.6f}",
                    "bound": f"{ours.bound / total:.6f}",
                    "least entry": f"{ours.membership.min():.1e}",
                    "SCS: s": theirs,
                    "SCS iterations": n_iter,
                    "SCS value": f"{(X @ X.T * Z).sum() / total:.6f}",
                    "SCS least entry": f"{Z.min():.1e}",
                    "ratio": f"{theirs / cpu:.0f}",
                }
            )
            print(rows[-1], flush=True)
    return rows


def beside_kmeans(cases, seeds):
    """Rows on the estimator as a whole, starts and certificate included."""
    rows = []
    for n, p, n_clusters in cases:
        for early_stopping in (True, False):
            if n > 100_000 and not early_stopping:
                continue
            found = []
            for seed in seeds if n <= 100_000 else seeds[:1]:
                X, y = on_axes(n, p, n_clusters, 0.64, seed)
                km, theirs, _ = timed(
                    KMeans(n_clusters, n_init=10, random_state=seed).fit, X
                )
                model = SDPClustering(
                    n_clusters, early_stopping=early_stopping, random_state=seed
                )
                _, ours, _ = timed(model.fit, X)
                found.append(
                    (
                        theirs,
                        ours,
                        ours / theirs,
                        misclustered(y, km.labels_),
                        misclustered(y, model.labels_),
                        model.optimality_gap_,
                        model.n_iter_,
                    )
                )
            mean = np.mean(found, axis=0)
            worst = np.max(found, axis=0)[2]
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            rows.append(
                {
                    "rows": n,
                    "features": p,
                    "K": n_clusters,
                    "stop": "labels settled" if early_stopping else "tol 1e-3",
                    "KMeans: s": float(mean[0]),
                    "ours: s": float(mean[1]),
                    "ratio": f"{mean[2]:.1f}",
                    "worst ratio": f"{worst:.1f}",
                    "KMeans mis": f"{mean[3]:.5f}",
                    "ours mis": f"{mean[4]:.5f}",
                    "gap": f"{mean[5]:.5f}",
                    "gradients": f"{mean[6]:.0f}",
                    "peak GiB so far": f"{memory:.1f}",
                }
            )
            print(rows[-1], flush=True)
    return rows


def main():
    """Two tables."""
    args = arguments(__doc__)
    warnings.simplefilter("ignore")
    seeds = (300,) if args.quick else range(300, 305)
    report_program((100,) if args.quick else (100, 200, 400), seeds, not args.quick)
    cases = [(10_000, 20, 4), (50_000, 20, 4), (10_000, 100, 10), (1_000_000, 20, 10)]
    report_kmeans(cases[: 1 if args.quick else None], seeds, not args.quick)


def report_kmeans(cases, seeds, write):
    SDPClustering(2, random_state=0).fit(np.eye(9))  # compile before the clock starts
    report(
        "sdp_speed",
        beside_kmeans(cases, seeds),
        title="SDPClustering beside KMeans(n_init=10)",
        notes=[
            f"CPU seconds of the whole fit (search, relaxation, certificate), mean of "
            f"seeds {seeds[0]} to {seeds[-1]} (the first alone for a million rows), "
            "after compilation, one thread",
            "clusters on axes at f=.64 (benchmarks/cluster/_clusters.py)",
        ],
        write=write,
    )


def report_program(sizes, seeds, write):
    try:
        import cvxpy
    except ImportError:
        print("cvxpy is not installed: no comparison with SCS")
        return
    report(
        "sdp_program",
        program(sizes, seeds),
        title="The whole program: our ADMM beside SCS through cvxpy",
        packages=("scs",),
        notes=[
            f"cvxpy {cvxpy.__version__}",
            "CPU seconds, one thread; tolerance 1e-4 for both, the matrix scaled to "
            "norm one for both; ours from zero, and the time includes its bounds",
            "values and bounds over the sum of squares; p=20, K=4, f=.64; the value of "
            "a matrix with entries below zero may be above the bound",
        ],
        write=write,
    )


if __name__ == "__main__":
    main()
