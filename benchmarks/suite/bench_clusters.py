"""Grid searches, restarts, blocks of rows on clusters: equal to serial, what travels.

Dask and Ray run two processes on this machine, joblib's own (loky) beside. Each is left
out where it is not installed.
"""

import pickle
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from benchmarks._report import arguments, report
from benchmarks.suite._cases import all_nodes, friedman
from skgeom import HeatGeodesicEmbedding, KernelRegressor, PoincareEmbedding

BLOCK = 20_000


def bytes_on_the_wire():
    """Bytes that have left by the loopback device, where the system counts them."""
    counts = Path("/proc/net/dev")
    if not counts.exists():
        return np.nan
    (line,) = (x for x in counts.read_text().splitlines() if x.strip().startswith("lo"))
    return int(line.split(":")[1].split()[8])


@contextmanager
def on_dask():
    """Two processes of Dask, as joblib's backend."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client, parallel_config("dask"):
        yield client


@contextmanager
def on_ray():
    """Two processes of Ray, as joblib's backend."""
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    with parallel_config("ray", n_jobs=2):
        yield ray
    ray.shutdown()


def grid(n):
    """Scores of a search: six candidates on three folds."""
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(
        HeatGeodesicEmbedding(random_state=0), KNeighborsClassifier(10)
    )
    grid = {
        "heatgeodesicembedding__n_components": [2, 4, 8],
        "heatgeodesicembedding__n_neighbors": [5, 10],
    }
    search = GridSearchCV(model, grid, cv=3, refit=False).fit(X[:n], y[:n])
    return np.array([search.cv_results_[f"split{i}_test_score"] for i in range(3)])


def restarts(n):
    """Losses of eight restarts; one would keep the best."""
    nodes, _, told = all_nodes(n)

    def loss(seed):
        model = PoincareEmbedding(**told, max_iter=30, random_state=seed)
        return model.fit(nodes).loss_curve_[-1]

    return np.array(Parallel()(delayed(loss)(seed) for seed in range(8)))


def learner():
    """A model, and the rows that it shall answer."""
    X, y = friedman(200_000)[:2]
    return KernelRegressor(random_state=0).fit(X[:10_000], y[:10_000]), X


def answer(model, block):
    return model.predict(block)


def blocks(client, model, X):
    """The model is sent to each process once, every block to one."""
    starts = range(0, len(X), BLOCK)
    if client is None:
        return np.concatenate([answer(model, X[s : s + BLOCK]) for s in starts])
    if hasattr(client, "scatter"):
        import dask.array as da

        sent = client.scatter(model, broadcast=True)
        rows = da.from_array(X, chunks=(BLOCK, X.shape[1]))
        return rows.map_blocks(
            lambda block, model: model.predict(block),
            sent,
            dtype=X.dtype,
            drop_axis=1,
            meta=X[:0, 0],
        ).compute()
    sent, task = client.put(model), client.remote(answer)
    return np.concatenate(
        client.get([task.remote(sent, X[s : s + BLOCK]) for s in starts])
    )


def measured(task, *told):
    """Result, wall seconds, MiB through the loopback device."""
    before, start = bytes_on_the_wire(), time.perf_counter()
    found = task(*told)
    seconds = time.perf_counter() - start
    return found, seconds, (bytes_on_the_wire() - before) / 2**20


def main():
    """Run every task everywhere."""
    quick = arguments(__doc__).quick
    n = 400 if quick else 1797
    model, X = learner()
    X = X[: 2 * BLOCK] if quick else X
    where = {
        "serial": nullcontext,
        "loky": lambda: parallel_config("loky", n_jobs=2),
        "dask": on_dask,
        "ray": on_ray,
    }
    rows, serial = [], {}
    for place, context in where.items():
        try:
            with context() as client:
                tasks = {"grid search": (grid, n), "restarts": (restarts, n)}
                if place != "loky":
                    tasks["blocks"] = (blocks, client, model, X)
                for name, (task, *told) in tasks.items():
                    measured(task, *told)  # processes load what is compiled
                    found, seconds, sent = measured(task, *told)
                    serial.setdefault(name, found)
                    apart = np.abs(found - serial[name]).max()
                    line = {
                        "task": name,
                        "where": place,
                        "wall s": f"{seconds:.2f}",
                        "MiB over the network": f"{sent:.2f}",
                        "from serial": f"{apart:.1e}",
                    }
                    rows.append(line)
                    print(*line.values(), flush=True)
        except ImportError as error:
            print(f"{place} left out: {error}", file=sys.stderr)
    rows.sort(key=lambda line: line["task"])
    report(
        "clusters",
        rows,
        title="On the processes of Dask and Ray, and one after the other",
        packages=("dask", "ray", "joblib"),
        notes=(
            "Second runs, two processes of one thread on this machine. Grid search: "
            "digits, eighteen fits of HeatGeodesicEmbedding and neighbours. Restarts: "
            "PoincareEmbedding of a tree by eight seeds. Blocks: 200,000 rows of ten "
            f"columns, {X.nbytes / 2**20:.1f} MiB, through KernelRegressor.predict, a "
            f"model of {len(pickle.dumps(model)) / 2**20:.2f} MiB.",
            "Bytes that left by the loopback device. Ray's processes share memory "
            "instead, and loky's read from pipes.",
        ),
        write=not quick,
    )


if __name__ == "__main__":
    main()
