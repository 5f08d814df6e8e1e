"""Rows from disk through fitted models: memory, rows a second, and the same answers.

Models are fitted to a sample; ten million rows of twenty columns (float32, 800 MB) lie
in a file. Blocks of them are read, answered and written to another file; a model never
sees more than a block. With dask installed the same through `map_blocks` on a cluster
of two processes, with the bytes that travel to a worker.
"""

import os
import pickle
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._report import arguments, peak, report, timed
from skgeom import HeatGeodesicEmbedding, KernelRegressor, VecchiaGPRegressor

N_COLUMNS, BLOCK = 20, 50_000
# Rows and the sample that is fitted; the process predicts from 150 neighbours a row.
SIZES = {
    "HeatGeodesicEmbedding": (10_000_000, 10_000),
    "KernelRegressor": (10_000_000, 10_000),
    "VecchiaGPRegressor": (1_000_000, 10_000),
}


def write_rows(path, n, seed=0):
    """A Swiss roll, turned into twenty columns, with noise; its angle is the target."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(N_COLUMNS, 3)))[0].T
    file = np.lib.format.open_memmap(path, "w+", np.float32, (n, N_COLUMNS))
    y = np.empty(n, np.float32)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        u, v = rng.uniform(size=(2, rows.stop - start))
        t = 1.5 * np.pi * (1 + 2 * u)
        points = np.stack([t * np.cos(t), 21 * v, t * np.sin(t)], axis=1)
        file[rows] = points @ turn + rng.normal(0, 0.1, (len(points), N_COLUMNS))
        y[rows] = t
    file.flush()
    return y


def models(X, y):
    """Fitted to the sample; the way each reads rows."""
    embedding = HeatGeodesicEmbedding(n_landmarks=500, random_state=0)
    yield embedding.fit(X), "transform"
    yield KernelRegressor(random_state=0).fit(X, y), "predict"
    yield VecchiaGPRegressor(random_state=0).fit(X, y), "predict"


def through_blocks(read, source, target):
    """Answer the rows of a file, block by block, into another."""
    X = np.load(source, mmap_mode="r")
    out = None
    for start in range(0, len(X), BLOCK):
        rows = slice(start, start + BLOCK)
        answer = read(np.array(X[rows]))
        if out is None:
            shape = (len(X), *answer.shape[1:])
            out = np.lib.format.open_memmap(target, "w+", answer.dtype, shape)
        out[rows] = answer
    out.flush()
    return out.shape


def through_dask(model, method, source, like):
    """The same on two processes, each with a thread; rows a second."""
    import dask
    import dask.array as da
    from distributed import Client, LocalCluster

    # Processes read the file themselves: an array of it would travel as a whole.
    @dask.delayed
    def block(start, stop):
        return np.array(np.load(source, mmap_mode="r")[start:stop])

    n = len(np.load(source, mmap_mode="r"))
    ends = [(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    X = da.concatenate(
        [
            da.from_delayed(block(*each), (each[1] - each[0], N_COLUMNS), np.float32)
            for each in ends
        ]
    )
    columns = like.shape[1:]
    chunks = (X.chunks[0], *((c,) for c in columns))
    drop = () if columns else 1
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        start = time.perf_counter()
        answers = X.map_blocks(
            lambda rows, model: getattr(model, method)(rows),
            client.scatter(model, broadcast=True),
            dtype=like.dtype,
            chunks=chunks,
            drop_axis=drop,
            meta=like[:0],
        )
        total = answers.sum(axis=0, dtype=float).compute()
        return time.perf_counter() - start, total


def main():
    """Write the rows, and let every model read them."""
    told = arguments(__doc__)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        sample = folder / "sample.npy"
        y = write_rows(sample, 10_000, seed=1)
        X = np.load(sample)
        for model, method in models(X, y):
            name = type(model).__name__
            n = 20_000 if told.quick else SIZES[name][0]
            source, target = folder / "rows.npy", folder / "answers.npy"
            write_rows(source, n)
            read = getattr(model, method)
            read(X[:BLOCK])
            (_, cpu, wall), memory = peak(timed, through_blocks, read, source, target)
            answers = np.load(target, mmap_mode="r")
            few = np.load(source, mmap_mode="r")[:: max(n // 5000, 1)]
            apart = np.abs(read(np.array(few)) - answers[:: max(n // 5000, 1)]).max()
            line = {
                "model": f"{name}.{method}",
                "rows": f"{n:,}",
                "file, MiB": source.stat().st_size // 2**20,
                "memory, MiB": memory // 2**20,
                "CPU s": f"{cpu:.0f}",
                "rows a second": f"{n / wall:,.0f}",
                "from the answer in memory": f"{apart:.1e}",
                "model, KiB": len(pickle.dumps(model)) // 2**10,
            }
            try:
                seconds, total = through_dask(model, method, source, answers[:1])
            except ImportError:
                line["dask, rows a second"] = "-"
            else:
                assert np.allclose(total, answers.sum(axis=0, dtype=float), rtol=1e-3)
                line["dask, rows a second"] = f"{n / seconds:,.0f}"
            rows.append(line)
            print(*line.values(), flush=True)
            os.remove(target)
    report(
        "out_of_core",
        rows,
        title="Rows from disk through models of 10,000 rows",
        notes=(
            f"{N_COLUMNS} columns, float32, blocks of {BLOCK:,} rows; memory is what "
            "the process grew by, pages of the files that the system keeps included.",
            "Dask: `map_blocks` on two processes of a thread each, the model sent once "
            "to each.",
        ),
        write=not told.quick,
    )


if __name__ == "__main__":
    main()
