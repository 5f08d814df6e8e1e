"""Values at the nodes of meshes and grids: defaults beside the best of a grid.

``--data FOLDER`` has STL files of triangle meshes, of which the normals of a fifth of
the vertices are predicted. Without it, made functions on made graphs alone.
"""

import argparse
import struct
import warnings
from pathlib import Path

import numpy as np

from benchmarks._graphs import grid, mesh
from benchmarks._report import parser, report, timed
from skgeom import GraphKernelRidge
from skgeom.graph import Graph

TIMES = 2.0 ** np.arange(-2, 10)
PENALTIES = 10.0 ** np.arange(-6.0, 0.6, 0.5)


def read_stl(file):
    """Vertices, merged where they are equal, and triangles."""
    content = Path(file).read_bytes()
    (count,) = struct.unpack("<I", content[80:84])
    if len(content) == 84 + 50 * count:
        shape = np.dtype(
            [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("x", "<u2")]
        )
        corners = np.frombuffer(content, shape, offset=84)["corners"].reshape(-1, 3)
    else:
        words = content.decode().split()
        places = [i for i, word in enumerate(words) if word == "vertex"]
        corners = np.array([words[i + 1 : i + 4] for i in places], dtype=float)
    corners = corners.astype(np.float64)
    step = 1e-6 * np.ptp(corners, axis=0).max()
    keys = np.round(corners / step)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    distinct = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    return corners[first], triangles[distinct]


def normals_of(points, triangles):
    """Normals of the vertices: means of those of the triangles, by area."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    normal, total = np.cross(b - a, c - a), np.zeros_like(points)
    for i in range(3):
        np.add.at(total, triangles[:, i], normal)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)


def cosine_error(found, truth):
    """Mean of 1 - cos of the angle to the truth."""
    norm = np.maximum(np.linalg.norm(found, axis=1), 1e-300)
    return float((1 - (found * truth).sum(axis=1) / norm).mean())


def squared_error(found, truth):
    """Root of the mean squared error."""
    return float(np.sqrt(((found - truth) ** 2).mean()))


def problems(folder):
    """Name, graph, values, noise of labels, share of labels, and error."""
    for file in sorted(Path(folder).iterdir()) if folder else []:
        if file.suffix.lower() == ".stl":
            points, triangles = read_stl(file)
            sides = np.sort(
                np.concatenate(
                    [triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]
                )
            )
            graph = Graph.from_edges(np.unique(sides, axis=0), n_nodes=len(points))
            normals = normals_of(points, triangles)
            yield f"{file.stem}, normals", graph, normals, 0.0, 0.8, cosine_error
    square = grid(50)
    down, across = np.divmod(np.arange(2500), 50)
    rng = np.random.default_rng(0)
    places = rng.random((3000, 2))
    delaunay = mesh(3000)
    for name, graph, x, y in (
        ("grid of 50 x 50", square, down / 50, across / 50),
        ("mesh of 3,000", delaunay, *places.T),
    ):
        for kind, waves in (("smooth", 1.5), ("wavy", 4.0), ("rough", 10.0)):
            values = np.sin(2 * np.pi * waves * x) * np.cos(2 * np.pi * waves * y)
            for share in (0.05, 0.2, 0.8):
                for noise in (0.0, 0.3):
                    title = f"{name}, {kind}, noise {noise:g}, {share:.0%} known"
                    yield title, graph, values[:, None], noise, share, squared_error


def main():
    """Error of the default over that of the best point, for each problem."""
    options = parser(__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("--data", help="folder of STL files")
    args = options.parse_args()
    warnings.simplefilter("ignore")
    n_splits, rows = 1 if args.quick else 3, []
    for name, graph, values, noise, share, error in problems(args.data):
        errors, grids, chosen, cpu = [], [], [], []
        for seed in range(n_splits):
            rng = np.random.default_rng(seed)
            order = rng.permutation(graph.n_nodes)
            known, hidden = np.split(order, [int(share * graph.n_nodes)])
            y = values[known] + noise * rng.standard_normal(values[known].shape)
            ids, test = known[:, None], hidden[:, None]
            model = GraphKernelRidge(graph=graph)
            _, seconds, _ = timed(model.fit, ids, y)
            errors.append(error(model.predict(test), values[hidden]))
            chosen.append(model.diffusion_time_)
            cpu.append(seconds)
            found = {}
            for time in TIMES[::2] if args.quick else TIMES:
                for alpha in PENALTIES[::2]:
                    model = GraphKernelRidge(
                        graph=graph,
                        diffusion_time=time,
                        alpha=alpha,
                        max_iter=500,
                    ).fit(ids, y)
                    found[time, alpha] = error(model.predict(test), values[hidden])
            grids.append(found)
        mean = {point: np.mean([f[point] for f in grids]) for point in grids[0]}
        best = min(mean, key=mean.get)
        rows.append(
            {
                "problem": name,
                "default": f"{np.mean(errors):.4f}",
                "best of the grid": f"{mean[best]:.4f}",
                "ratio": f"{np.mean(errors) / mean[best]:.3f}",
                "times chosen": ", ".join(f"{t:g}" for t in chosen),
                "best time, penalty": f"{best[0]:g}, {best[1]:.0e}",
                "CPU s": f"{np.median(cpu):.2f}",
            }
        )
        print(rows[-1], flush=True)
    report(
        "mesh_values",
        rows,
        title="Values at nodes of meshes and grids, GraphKernelRidge",
        notes=[
            f"{n_splits} random splits, default_rng(0) on; errors of the hidden nodes",
            "normals: mean of 1 - cos of the angle; else root of the mean squared "
            "error, of functions with a root mean square of one half",
            f"grid: times {TIMES[0]:g} to {TIMES[-1]:g} by factors of two, penalties "
            f"{PENALTIES[0]:.0e} to 1 by factors of ten, by the test error itself",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
