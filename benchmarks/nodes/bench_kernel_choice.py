"""What it costs to choose the range and the penalty of a kernel of nodes.

Fits with both chosen beside fits with the same time and penalty given.
"""

import numpy as np

from benchmarks._graphs import mesh
from benchmarks._report import arguments, peak, report, timed
from skgeom import GraphKernelRidge


def main():
    """A table of sizes, numbers of labels and of targets."""
    quick, rows = arguments(__doc__).quick, []
    for n in (10_000,) if quick else (10_000, 100_000, 1_000_000):
        graph = mesh(n)
        graph.laplacian()
        rng = np.random.default_rng(0)
        places = np.random.default_rng(0).random((n, 2))  # those of the mesh
        waves = 2 * np.pi * np.arange(1, 6) * 0.7
        values = np.sin(places[:, :1] * waves) * np.cos(places[:, 1:] * waves)
        for n_labels in (100, 1_000, 10_000):
            for n_targets in (1, 5):
                if n_labels >= n or n * n_labels > 10**9:
                    continue
                ids = rng.permutation(n)[:n_labels, None]
                y = values[ids[:, 0], :n_targets]
                y = y + 0.2 * rng.standard_normal(y.shape)
                auto = GraphKernelRidge(graph=graph)
                (_, chosen, _), grown = peak(timed, auto.fit, ids, y)
                given = GraphKernelRidge(
                    graph=graph, alpha=auto.alpha_, diffusion_time=auto.diffusion_time_
                )
                (_, plain, _), alone = peak(timed, given.fit, ids, y)
                rows.append(
                    {
                        "nodes": f"{n:,}",
                        "labels": f"{n_labels:,}",
                        "targets": n_targets,
                        "time chosen": f"{auto.diffusion_time_:g}",
                        "CPU s, chosen": f"{chosen:.2f}",
                        "CPU s, given": f"{plain:.2f}",
                        "ratio": f"{chosen / plain:.1f}",
                        "MB, chosen": f"{grown / 2**20:.0f}",
                        "MB, given": f"{alone / 2**20:.0f}",
                    }
                )
                print(rows[-1], flush=True)
    report(
        "kernel_choice",
        rows,
        title="Fits of GraphKernelRidge with time and penalty chosen, and given",
        notes=[
            "Delaunay's triangulation of random points in the unit square; waves with "
            "noise of .2; one thread",
            "MB: by how much the process grew",
        ],
        write=not quick,
    )


if __name__ == "__main__":
    main()
