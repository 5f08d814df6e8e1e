"""Accuracy of GraphRandomFeatures against dense kernels on a thousand nodes.

Bias, the law of the error, couplings, and the choice of the halting probability.
"""

from functools import partial

import numpy as np
from scipy.sparse.csgraph import shortest_path

from benchmarks._graphs import (
    dense_kernel,
    grid,
    preferential,
    random_graph,
    relative_error,
    spectrum,
)
from benchmarks._report import arguments, report, timed
from skgeom.nodes import graph_kernel
from skgeom.nodes._walk_features import (
    length_law,
    push_features,
    variance_ratio,
    walk_features,
)

GRAPHS = {
    "random, degree 10": partial(random_graph, 1000, 10),
    "preferential, 5 links": partial(preferential, 1000, 5),
    "grid, 32 x 32": partial(grid, 32),
}
KERNELS = {
    "diffusion, t=1": dict(kernel="diffusion", diffusion_time=1.0),
    "diffusion, t=5": dict(kernel="diffusion", diffusion_time=5.0),
    "regularised, 1, d=2": dict(kernel="regularized_laplacian", regularization=1.0),
    "regularised, 10, d=2": dict(kernel="regularized_laplacian", regularization=10.0),
    "regularised, 1, d=.7": dict(
        kernel="regularized_laplacian", regularization=1.0, smoothness=0.7
    ),
    "Matern, 2, nu=1.5": dict(kernel="matern", length_scale=2.0, smoothness=1.5),
    "random walk, 3 steps": dict(kernel="random_walk", n_steps=3),
    "random walk, 4 steps, a=3": dict(kernel="random_walk", n_steps=4, offset=3.0),
    "cosine": dict(kernel="cosine"),
    "coefficients 1, .5, .2": dict(kernel="coefficients", coefficients=[1, 0.5, 0.2]),
    "function 1/(1+x)^2+.1": dict(kernel=lambda x: 1 / (1 + x) ** 2 + 0.1),
}
SIZES = (4, 16, 64, 256)


def bias(n_pairs, write):
    """Mean of independent pairs against the exact kernel, by distance of the nodes."""
    rows = []
    graph = random_graph(100, 4)
    nodes, decomposition = np.arange(100), spectrum(graph)
    hops = shortest_path(graph.adjacency, unweighted=True)
    groups = {f"{n} hops": hops == n for n in range(5)}
    groups["farther"] = hops > 4
    for name, parameters in KERNELS.items():
        kernel = graph_kernel(**parameters)
        exact = dense_kernel(kernel, *decomposition)
        for coupling in ("repelling", "antithetic", None):
            products = []
            for pair in range(n_pairs):
                one, two = (
                    walk_features(
                        graph,
                        nodes,
                        kernel.modulation,
                        n_walks=16,
                        coupling=coupling,
                        seed=seed,
                    ).toarray()
                    for seed in (2 * pair, 2 * pair + 1)
                )
                products.append(one @ two.T)
            products = np.array(products)
            spread = products.std(axis=0, ddof=1) / np.sqrt(n_pairs)
            z = (products.mean(axis=0) - exact) / np.maximum(spread, 1e-7)
            row = {"kernel": name, "coupling": str(coupling)}
            for group, members in groups.items():
                samples, truth = products[:, members].sum(axis=1), exact[members].sum()
                error = samples.std(ddof=1) / np.sqrt(n_pairs)
                error = max(error, 1e-7 * abs(truth), 1e-12 * exact.sum())
                row[group] = f"{(samples.mean() - truth) / error if error else 0:+.1f}"
            shares = abs(np.diag(z)), abs(z[hops <= 1]), abs(z)
            names = "diagonal", "and neighbours", "all entries"
            for part, share in zip(names, shares, strict=True):
                row[f"{part} beyond 3"] = f"{100 * (share > 3).mean():.2f} %"
            rows.append(row)
    report(
        "graph_features_bias",
        rows,
        title=f"Mean of {n_pairs} independent pairs, in standard errors from the exact "
        "kernel",
        notes=[
            "random graph of 100 nodes, mean degree 4, 16 walks, seeds 0 to "
            f"{2 * n_pairs - 1}",
            "sums of the entries of nodes so many steps apart; 0 is the trace",
            "of entries without bias 0.30 % are beyond 3 standard errors by Student's "
            "law; entries of distant nodes, which few walks reach, are skewed, and "
            "have more. 1 % of the diagonal is one node",
        ],
        write=write,
    )


def features(graph, kernel, n_walks, law, seed, coupling):
    """Features of all nodes."""
    return walk_features(
        graph,
        np.arange(graph.n_nodes),
        kernel.modulation,
        n_walks=n_walks,
        survival=law,
        coupling=coupling,
        seed=seed,
    )


def median_error(graph, kernel, exact, n_walks, law, n_seeds, coupling, pairs=False):
    """Median over seeds of the relative error of a set of features, or of a pair."""
    found = []
    for seed in range(n_seeds):
        one, two = (
            features(graph, kernel, n_walks, law, s, coupling)
            for s in (seed, seed + 1000 if pairs else seed)
        )
        found.append(relative_error(one, exact, two))
    return float(np.median(found))


def errors(n_seeds, write):
    """Error by the number of walks, for each coupling and for the default."""
    rows = []
    for graph_name, make in GRAPHS.items():
        graph = make()
        decomposition = spectrum(graph)
        for kernel_name in list(KERNELS)[:4]:
            kernel = graph_kernel(**KERNELS[kernel_name])
            exact = dense_kernel(kernel, *decomposition)
            plain = length_law(kernel.modulation, 0.1)
            for name, law, coupling, pairs in (
                ("independent, p=.1", plain, None, False),
                ("independent pairs, p=.1", plain, None, True),
                ("antithetic, p=.1", plain, "antithetic", False),
                ("repelling, p=.1", plain, "repelling", False),
                ("default", None, "repelling", False),
            ):
                found = [
                    median_error(graph, kernel, exact, m, law, n_seeds, coupling, pairs)
                    for m in SIZES
                ]
                seconds = min(
                    timed(features, graph, kernel, 16, law, 0, coupling)[1]
                    for _ in range(5)
                )
                rows.append(
                    {
                        "graph": graph_name,
                        "kernel": kernel_name,
                        "walks": name,
                        **{f"m={m}": v for m, v in zip(SIZES, found, strict=True)},
                        "64 to 256, times 2": 2 * found[3] / found[2],
                        "CPU ms, m=16": f"{1000 * seconds:.1f}",
                    }
                )
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "graph_features_error",
        rows,
        title="Relative Frobenius error of the kernel, about 1,000 nodes, by the "
        "number of walks m",
        notes=[
            f"medians over seeds 0 to {n_seeds - 1}; one set, unless 'pairs'",
            "p: halting probability; 'default': law of the lengths fitted to the "
            "kernel, rounded to whole walks, and repelling walks",
            "'64 to 256, times 2' is 1 where the error falls like the root of m",
        ],
        write=write,
    )


def push(write):
    """Error, entries and time of push beside walks."""
    rows = []
    for graph_name, make in GRAPHS.items():
        graph = make()
        nodes, decomposition = np.arange(graph.n_nodes), spectrum(graph)
        for kernel_name in list(KERNELS)[:4]:
            kernel = graph_kernel(**KERNELS[kernel_name])
            exact = dense_kernel(kernel, *decomposition)
            methods = {
                **{
                    f"push, {t}": partial(
                        push_features, graph, nodes, kernel.modulation, threshold=t
                    )
                    for t in (1e-1, 1e-2, 1e-3)
                },
                **{
                    f"walk, {m}": partial(
                        walk_features, graph, nodes, kernel.modulation, n_walks=m
                    )
                    for m in (16, 64, 256)
                },
            }
            for name, method in methods.items():
                found, seconds = min(
                    (timed(method)[:2] for _ in range(3)), key=lambda pair: pair[1]
                )
                rows.append(
                    {
                        "graph": graph_name,
                        "kernel": kernel_name,
                        "method": name,
                        "error": float(relative_error(found, exact)),
                        "entries a row": f"{found.nnz / graph.n_nodes:.0f}",
                        "CPU ms": f"{1000 * seconds:.1f}",
                    }
                )
    report(
        "graph_features_push",
        rows,
        title="Push beside walks, about 1,000 nodes",
        notes=["push: threshold; walk: walks a node, default law, seed 0; best of 3"],
        write=write,
    )


def halting(n_seeds, budget, write):
    """Error of "auto" beside halting probabilities, for the same number of steps."""
    rows = []
    grid_of_p = (0.02, 0.05, 0.1, 0.17, 0.3, 0.5)
    sizes = (0.1, 1.0, 10.0, 100.0)
    kernels = {
        **{
            f"diffusion, t={t:g}": dict(kernel="diffusion", diffusion_time=t)
            for t in sizes
        },
        **{
            f"{'Matern' if name == 'matern' else 'regularised'}, {x:g}, d={d:g}": dict(
                kernel=name, **{key: x}, smoothness=d
            )
            for name, key, d in (
                ("regularized_laplacian", "regularization", 1.0),
                ("regularized_laplacian", "regularization", 2.0),
                ("matern", "length_scale", 1.5),
            )
            for x in sizes
        },
        **{name: KERNELS[name] for name in list(KERNELS)[6:]},
    }
    for graph_name, make in GRAPHS.items():
        graph = make()
        decomposition = spectrum(graph)
        for name, parameters in kernels.items():
            kernel = graph_kernel(**parameters)
            exact = dense_kernel(kernel, *decomposition)
            f = kernel.modulation

            def error(law, coupling, kernel=kernel, exact=exact, graph=graph):
                steps = max(budget, 8 * length_law(kernel.modulation).sum())
                n_walks = max(1, round(steps / law.sum()))
                return median_error(
                    graph, kernel, exact, n_walks, law, n_seeds, coupling
                )

            laws = [length_law(f, p) for p in grid_of_p]
            fixed = [error(law, None) for law in laws]
            best = int(np.argmin(fixed))
            auto, ours = error(length_law(f), None), error(length_law(f), "repelling")
            worst = variance_ratio(f, laws[-1])
            rows.append(
                {
                    "graph": graph_name,
                    "kernel": name,
                    "best p": grid_of_p[best],
                    "its error": fixed[best],
                    "auto, independent": auto,
                    "ratio": auto / fixed[best],
                    "auto, repelling": ours,
                    "its ratio": ours / fixed[best],
                    "error at p=.5": f"{fixed[-1]:.3g}",
                    "variance ratio at p=.5": f"{worst:.2g}",
                }
            )
            print(*rows[-1].values(), sep="  ", flush=True)
    report(
        "graph_features_halting",
        rows,
        title=f"halting_probability='auto' beside fixed values, {budget} steps a node",
        notes=[
            f"relative Frobenius error, median over seeds 0 to {n_seeds - 1}; the "
            "number of walks is the number of steps over the mean length",
            "where eight walks of the mean length of 'auto' are more steps, so many",
            f"fixed values: {', '.join(map(str, grid_of_p))}, independent walks",
        ],
        write=write,
    )


def main():
    """All tables."""
    args = arguments(__doc__)
    write = not args.quick
    if args.quick:
        GRAPHS.clear()
        GRAPHS["grid, 8 x 8"] = partial(grid, 8)
    bias(10 if args.quick else 200, write)
    errors(2 if args.quick else 5, write)
    push(write)
    halting(2 if args.quick else 3, 100 if args.quick else 400, write)


if __name__ == "__main__":
    main()
