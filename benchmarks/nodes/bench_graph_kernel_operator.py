"""GraphKernelOperator against dense exponentials and SciPy's `expm_multiply`."""

import numpy as np
from scipy.linalg import expm
from scipy.sparse.linalg import expm_multiply

from benchmarks._graphs import dense_kernel, grid, random_graph, spectrum
from benchmarks._report import arguments, report, timed
from skgeom.nodes import GraphKernelOperator, graph_kernel

KERNELS = {
    "diffusion, t=1": dict(diffusion_time=1.0),
    "diffusion, t=5": dict(diffusion_time=5.0),
    "diffusion, t=50": dict(diffusion_time=50.0),
    "regularised, 10, d=2": dict(kernel="regularized_laplacian", regularization=10.0),
    "regularised, 100, d=.7": dict(
        kernel="regularized_laplacian", regularization=100.0, smoothness=0.7
    ),
    "cosine": dict(kernel="cosine"),
}


def accuracy(n, write):
    """Largest error of products over the dense kernel's, by two decompositions."""
    rows = []
    for graph_name, graph in {
        f"random, {n} nodes": random_graph(n, 10),
        "grid": grid(int(np.sqrt(n))),
    }.items():
        decomposition = spectrum(graph)
        identity = np.eye(graph.n_nodes)
        for name, parameters in KERNELS.items():
            K = GraphKernelOperator(graph, tol=1e-6, **parameters)
            exact = dense_kernel(graph_kernel(**parameters), *decomposition)
            error = np.linalg.norm(K @ identity - exact, ord=2)
            row = {
                "graph": graph_name,
                "kernel": name,
                "degree": len(K.coefficients) - 1,
                "stated error": f"{K.error:.1e}",
                "error": f"{error:.1e}",
                "against expm": "",
            }
            if name.startswith("diffusion"):
                time = parameters["diffusion_time"]
                dense = expm(-time * graph.laplacian().matrix().toarray())
                gap = np.linalg.norm(K @ identity - dense, ord=2)
                row["against expm"] = f"{gap:.1e}"
            rows.append(row)
    report(
        "graph_kernel_operator_error",
        rows,
        title="Error of GraphKernelOperator, tol=1e-6, in the spectral norm",
        notes=["exact: eigenvalues and eigenvectors of the dense Laplacian"],
        write=write,
    )


def speed(n, write):
    """CPU seconds of one product beside `expm_multiply`."""
    rows = []
    graph = random_graph(n, 10)
    L = graph.laplacian().matrix()
    for columns in (1, 16):
        B = np.random.default_rng(0).standard_normal((n, columns))
        for time in (1.0, 5.0, 50.0):
            K = GraphKernelOperator(graph, diffusion_time=time)
            K @ B
            ours = min(timed(lambda K=K, B=B: K @ B)[1] for _ in range(3))
            theirs = [
                timed(expm_multiply, -time * L, B, traceA=-time * n) for _ in "abc"
            ]
            exact = GraphKernelOperator(graph, diffusion_time=time, tol=1e-13) @ B
            rows.append(
                {
                    "columns": columns,
                    "time": f"{time:g}",
                    "ours, CPU s": f"{ours:.3f}",
                    "expm_multiply, CPU s": f"{min(run[1] for run in theirs):.3f}",
                    "ratio": f"{min(run[1] for run in theirs) / ours:.1f}",
                    "our error": f"{_gap(K @ B, exact):.1e}",
                    "its error": f"{_gap(theirs[0][0], exact):.1e}",
                }
            )
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "graph_kernel_operator_speed",
        rows,
        title=f"Heat on a random graph, {n:,} nodes, mean degree 10: one product",
        notes=[
            "ours: tol=1e-6; expm_multiply: SciPy's, to double precision, with the "
            "trace given; one thread, the best of three",
            "errors: largest relative error of a column, against our series with "
            "tol=1e-13",
        ],
        write=write,
    )


def _gap(found, exact):
    return (np.linalg.norm(found - exact, axis=0) / np.linalg.norm(exact, axis=0)).max()


def main():
    """Both tables."""
    args = arguments(__doc__)
    accuracy(100 if args.quick else 1000, not args.quick)
    speed(2000 if args.quick else 100_000, not args.quick)


if __name__ == "__main__":
    main()
