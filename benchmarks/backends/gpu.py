"""What an accelerator is worth: the estimators on it and on all cores of its host.

A row for each estimator and size: wall time of the fit (of the features, for
GraphRandomFeatures) on both, how good the two results are, peak memory of the device,
and the primitive that does most of the work there: what share it reaches of the rate at
which the same device copies memory or multiplies matrices, whichever bounds it.

``python -m benchmarks.backends.gpu`` needs CUDA; ``--device torch-cpu --quick`` runs
the same code anywhere. ``--only heat stkr`` measures some and keeps them in tables of
their own, ``--size largest`` one of the three sizes alone, ``--alone`` leaves out the
host, ``--profile`` prints what the device spends its time on. The table is written anew
after each estimator.
"""

import time
import warnings
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks._graphs import random_graph
from benchmarks._report import parser, peak, report
from skgeom import (
    GraphRandomFeatures,
    HeatGeodesicEmbedding,
    PoincareEmbedding,
    SDPClustering,
    STKRRegressor,
)
from skgeom.backends import Descent, get_backend
from skgeom.datasets import fetch_wordnet_nouns, make_swiss_roll
from skgeom.graph import Graph
from skgeom.hyperbolic._poincare._descent import points_from, prepare_links
from skgeom.metrics import reconstruction_score
from skgeom.nodes import graph_kernel
from skgeom.nodes._walk_features import length_law

RNG_SEED = 0
# Columns of heat, ranks and steps that the primitives are timed with.
COLUMNS, DEGREE = 64, 20


class Task(NamedTuple):
    """Something to fit, how good the result is, and the primitive that matters."""

    model: Any
    X: Any
    y: Any
    quality: Any  # from the fitted model to a number
    result: str  # the method that is timed
    kernel: Any  # from a backend to (name, function, bytes moved, operations)


# -------------------------------------------------------------------------- the tasks


def heat(n):
    """Noisy swiss roll in 50 dimensions, distances by heat."""
    rng = np.random.default_rng(RNG_SEED)
    X = make_swiss_roll(n, random_state=RNG_SEED).X
    X = np.column_stack([X, 0.1 * rng.standard_normal((n, 47))])
    model = HeatGeodesicEmbedding(geodesic="heat", random_state=RNG_SEED)

    def kernel(backend):
        P = Graph.from_points(X[:, :3], n_neighbors=10, backend=backend).laplacian()
        A = backend.csr(P.transition)
        B = backend.asarray(rng.standard_normal((n, COLUMNS)))
        coefficients = np.ones(DEGREE + 1)
        # The matrix once; columns are read, subtracted from, added and written.
        moved = 12 * P.transition.nnz + 5 * 8 * n * COLUMNS
        return (
            "matrix_polynomial",
            lambda: backend.matrix_polynomial(A, B, coefficients, "chebyshev"),
            DEGREE * moved,
            DEGREE * 2 * P.transition.nnz * COLUMNS,
        )

    return Task(model, X, None, lambda m: m.stress_, "fit", kernel)


def closure_of_tree(n):
    """The closure of a random tree with nine links a node, like that of the nouns."""
    rng = np.random.default_rng(RNG_SEED)
    parents = (np.arange(1, n) * rng.random(n - 1) ** 1.25).astype(np.int64)
    edges, heads, above = [], np.arange(1, n), parents
    while len(heads):
        edges.append(np.stack([heads, above], axis=1))
        further = above > 0
        heads, above = heads[further], parents[above[further] - 1]
    return Graph.from_edges(np.concatenate(edges), n_nodes=n, directed=True)


def poincare(n):
    """Nouns of WordNet, or a tree like theirs, in 10 dimensions with 50 negatives."""
    graph = closure_of_tree(n)
    if n == 82_115:
        try:
            graph = fetch_wordnet_nouns(download_if_missing=False)
        except OSError:
            print("WordNet is not here: the closure of a random tree stands in.")
    nodes = np.arange(n)[:, None]
    model = PoincareEmbedding(10, graph=graph, max_iter=20, random_state=RNG_SEED)
    rows = np.random.default_rng(RNG_SEED).choice(n, min(n, 1000), replace=False)
    rows = rows[np.diff(graph.adjacency.indptr)[rows] > 0]

    def kernel(backend):
        links = prepare_links(graph.adjacency, backend)
        start = 0.1 * np.random.default_rng(RNG_SEED).standard_normal((n, 10))
        points = points_from(start, 30.0, backend)
        heads = np.flatnonzero(np.diff(graph.adjacency.indptr))
        splits = np.linspace(0, len(heads), 21).astype(np.int64)
        descent = Descent("tangent_adam", 0.01, 45, 5, 30.0)
        pairs = graph.n_edges + 50 * len(heads)
        # Coordinates and gap are read, and the gradient is added to: read, written.
        return (
            "descend_edges",
            lambda: backend.descend_edges(points, links, heads, splits, 1, descent),
            pairs * 8 * (11 + 2 * 10),
            pairs * 60,
        )

    def score(m):
        return reconstruction_score(m.embedding_, graph, rows=rows)

    return Task(model, nodes, None, score, "fit", kernel)


def sdp(n):
    """Twenty clusters that touch, in 50 dimensions, the relaxation of all rows."""
    rng = np.random.default_rng(RNG_SEED)
    centers = rng.standard_normal((20, 50))
    X = 1.5 * centers[rng.integers(0, 20, n)] + rng.standard_normal((n, 50))
    model = SDPClustering(20, solver="low_rank", random_state=RNG_SEED)

    def kernel(backend):
        there = backend.asarray(X)
        U = backend.asarray(np.abs(rng.standard_normal((1, n, 40))))
        zero, penalty = there[:, 0] * 0, backend.asarray(np.ones(1))
        return (
            "row_sum_lagrangian",
            lambda: backend.row_sum_lagrangian(there, zero, U, zero[None], penalty),
            8 * n * (2 * 50 + 6 * 40),
            4 * n * 50 * 40,
        )

    return Task(model, X, None, lambda m: m.inertia_, "fit", kernel)


def stkr(n):
    """A smooth function of 50 features from a tenth of the labels, five steps."""
    rng = np.random.default_rng(RNG_SEED)
    X = rng.standard_normal((n, 50))
    signal = np.tanh(X[:, 0] + X[:, 1])
    y = np.where(rng.random(n) < 0.1, signal, np.nan)
    model = STKRRegressor(
        kernel="rbf",
        spectral_transform="polynomial",
        degree=2,
        alpha=0.1,
        solver="cg",
        max_iter=5,
    )

    def kernel(backend):
        points = backend.asarray(X)
        few = points[: max(1, min(n, 2**31 // (8 * n))), :]
        v = points[:, :1]
        pairs = n * few.shape[0]
        return (
            "kernel_matvec",
            lambda: backend.kernel_matvec(few, points, v, "rbf", 0.02),
            # The block of kernel values is written, and read for the product.
            2 * 8 * pairs,
            2 * pairs * (50 + 1),
        )

    def error(m):
        return float(np.sqrt(np.mean((m.transduction_ - signal) ** 2)))

    return Task(model, X, y, error, "fit", kernel)


def walks(n):
    """Features of all nodes of a random graph of mean degree 10, 64 walks a node."""
    graph = random_graph(n, 10)
    nodes = np.arange(n)[:, None]
    model = GraphRandomFeatures(
        diffusion_time=1.0, graph=graph, n_walks=64, random_state=RNG_SEED
    )
    model.fit(nodes)

    def kernel(backend):
        steps = graph.steps(backend, reordered=True)
        f = graph_kernel("diffusion").modulation.astype(np.float32)
        law = length_law(f, n_walks=64)
        kept = law > 1e-9
        few = np.arange(min(n, 100_000))
        visits = 64 * len(few) * law[kept].sum()
        # Where a walker stands, whom it may go to, and its key and value to be added.
        return (
            "random_walks",
            lambda: backend.random_walks(steps, few, f[kept], law[kept], 64),
            visits * (8 + 16 + 4 + 4 + 8 + 8),
            visits * 20,
        )

    def fullness(m):
        found = m.features
        return (len(found.values()) if torch.is_tensor(found) else found.nnz) / n

    return Task(model, nodes, None, fullness, "transform", kernel)


SIZES = ("smallest", "middle", "largest")
# The largest sizes are those of the promise.
TASKS = {
    "heat": (heat, (20_000, 50_000, 100_000), (500, 1_000, 2_000)),
    "poincare": (poincare, (5_000, 20_000, 82_115), (200, 400, 800)),
    "sdp": (sdp, (10_000, 50_000, 200_000), (300, 500, 800)),
    "stkr": (stkr, (20_000, 50_000, 200_000), (300, 600, 1_200)),
    "walks": (walks, (50_000, 200_000, 1_000_000), (500, 1_000, 2_000)),
}


# ---------------------------------------------------------------------- measuring


def synchronize(device):
    """Wait for the device, if it is one that runs ahead."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def seconds_of(function, device, n_runs=5):
    """Least wall time of a few calls, after one that nobody times."""
    function()
    times = []
    for _ in range(n_runs):
        synchronize(device)
        start = time.perf_counter()
        function()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times)


def rates(device, quick):
    """Bytes that the device copies, and operations of float64 products, a second."""
    where = get_backend(device).device
    size = 2**20 if quick else 2**27
    a = torch.ones(size, dtype=torch.float64, device=where)
    b = torch.empty_like(a)
    copied = 2 * 8 * size / seconds_of(lambda: b.copy_(a), device)
    side = 256 if quick else 8192
    A = torch.ones((side, side), dtype=torch.float64, device=where)
    return copied, 2 * side**3 / seconds_of(lambda: A @ A, device)


def run(task, device):
    """Fit on a device: the model, wall seconds and peak bytes there."""
    on_cuda = device.startswith("cuda")
    model = task.model.set_params(device=device, **jobs(task.model))
    if on_cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    X = task.X
    if task.result == "transform" and device != "cpu":
        X = torch.as_tensor(X, device=get_backend(device).device)
    start = time.perf_counter()

    def work():
        out = getattr(model, task.result)(X, *[task.y][: task.y is not None])
        synchronize(device)
        return out

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Of the host's own runs nobody asks for it.
        out, grown = peak(work) if device == "torch-cpu" else (work(), 0)
    seconds = time.perf_counter() - start
    if task.result == "transform":
        model.features = out
    return model, seconds, torch.cuda.max_memory_allocated() if on_cuda else grown


def jobs(model):
    """All cores for what the host does, where the estimator asks."""
    return {"n_jobs": -1} if "n_jobs" in model.get_params() else {}


def reached(task, device, quick):
    """The primitive, its seconds, and the share that it reaches of what bounds it."""
    name, function, moved, operations = task.kernel(get_backend(device))
    seconds = seconds_of(function, device, n_runs=1 if quick else 5)
    copied, multiplied = rates(device, quick)
    by = {"copying": moved / copied, "products": operations / multiplied}
    bound = max(by, key=by.get)
    return f"{name}, {seconds * 1e3:.1f} ms", f"{by[bound] / seconds:.0%} of {bound}"


def profile(task, device):
    """Print what the device does in a fit, by the time that it takes."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as recorded

    kinds = [ProfilerActivity.CPU]
    kinds += [ProfilerActivity.CUDA] * device.startswith("cuda")
    with recorded(activities=kinds) as found:
        run(task, device)
    by = "self_device_time_total" if len(kinds) > 1 else "self_cpu_time_total"
    print(
        found.key_averages().table(sort_by=by, row_limit=15, max_name_column_width=60)
    )


def main():
    """Measure all, or what is asked for."""
    options = parser(__doc__.partition("\n")[0])
    options.add_argument("--device", default="cuda", help="cuda, cuda:1, torch-cpu")
    options.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS))
    options.add_argument("--size", choices=SIZES, help="this one alone")
    options.add_argument("--alone", action="store_true", help="leave out the host")
    options.add_argument("--profile", action="store_true", help="print profiles")
    args = options.parse_args()
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        print(
            "torch finds no CUDA here: nothing to measure. --device torch-cpu --quick"
        )
        return
    rows, devices = [], [args.device] if args.alone else ["cpu", args.device]
    for name in args.only:
        make, sizes, small = TASKS[name]
        for device in devices:
            run(make(small[0]), device)  # compiles, and loads libraries
        sizes = small if args.quick else sizes
        for n in [sizes[SIZES.index(args.size)]] if args.size else sizes:
            quality, seconds = {}, {}
            for device in devices:
                task = make(n)  # anew: graphs keep what they have laid out
                model, seconds[device], used = run(task, device)
                quality[device] = f"{task.quality(model):.5g}"
            kernel, share = reached(task, args.device, args.quick)
            gain = seconds["cpu"] / seconds[args.device] if "cpu" in seconds else None
            rows.append(
                {
                    "estimator": type(task.model).__name__,
                    "n": f"{n:,}",
                    "cpu, s": seconds.get("cpu", "–"),
                    f"{args.device}, s": seconds[args.device],
                    "times faster": "–" if gain is None else f"{gain:.1f}",
                    "quality, cpu": quality.get("cpu", "–"),
                    f"quality, {args.device}": quality[args.device],
                    "peak memory, MiB": round(used / 2**20),
                    "its primitive": kernel,
                    "of measured peak": share,
                }
            )
            print(rows[-1], flush=True)
            if args.profile:
                profile(task, args.device)
        _report(rows, args)


def _report(rows, args):
    device = get_backend(args.device).device
    named = torch.cuda.get_device_name(device) if device != "cpu" else "no accelerator"
    copied, multiplied = rates(args.device, args.quick)
    part = "" if len(args.only) == len(TASKS) else "_" + "_".join(args.only)
    report(
        f"gpu{part}",
        rows,
        title="The accelerator against all cores of its host",
        packages=("torch",),
        notes=[
            f"device: {named}, CUDA {torch.version.cuda}; it copies "
            f"{copied / 1e9:,.0f} GB/s (read and written) and makes "
            f"{multiplied / 1e12:.2f} Tflop/s of float64 products",
            "cpu: numba and BLAS on all cores, n_jobs=-1 for both (leave "
            "OMP_NUM_THREADS unset); wall time of one fit, with data on the host for "
            "the device, too; features stay where they are made",
            "quality: stress; mean average precision of 1,000 nodes after 20 epochs; "
            "inertia; root mean square error of the fitted values after five steps; "
            "entries a row",
            "peak memory: allocated by torch on CUDA, else growth of the process",
            "the primitive, at the size of the row, best of five: bytes that it must "
            "move, or operations, over its time; share of the larger of the two",
            f"seed {RNG_SEED} for all",
        ],
        write=not args.quick and device != "cpu",
    )


if __name__ == "__main__":
    main()
