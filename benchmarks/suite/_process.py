"""A fit in a process of its own: its memory and threads are known, and it can end."""

import json
import os
import pickle
import resource
import subprocess
import sys
import warnings

import numpy as np

from benchmarks._report import RESULTS, peak, timed
from benchmarks.suite._cases import CASES, model

# Processor seconds that a fit may take; the promise is 90 for 200,000 rows.
LIMIT = 240
# Rows that the fitted model then reads, again until that has taken so many seconds.
READ, READ_FOR = 20_000, 0.2
READERS = ("transform", "predict", "score_samples")
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def fit_in_a_process(name, n, n_jobs=None, pools=None):
    """Fit an estimator to n rows, after a small fit that compiles.

    With `pools` threads for BLAS and OpenMP, or as many as they take. Returns CPU and
    wall seconds of the fit, GiB by which the process grew, microseconds of the
    processor for a row that is read and MiB of the pickled model; None where the fit
    did not end well.
    """
    told = {key: value for key, value in os.environ.items() if key not in POOLS}
    told |= dict.fromkeys(POOLS, str(pools)) if pools else {}
    done = subprocess.run(
        [sys.executable, "-m", __name__, json.dumps([name, n, n_jobs])],
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        error = done.stderr.strip().rpartition("\n")[2]
        print(f"{name}, {n} rows: {error or done.returncode}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().rpartition("\n")[2])


def kept_rows(table):
    """Lines of a table that is there, by estimator."""
    path = RESULTS / "suite" / f"{table}.md"
    if not path.exists():
        return {}
    lines = [x for x in path.read_text().splitlines() if x.startswith("| ")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    return {each[0]: dict(zip(cells[0], each, strict=True)) for each in cells[1:]}


def measure(name, n, n_jobs):
    """Fit in this process; print what it took."""
    warnings.simplefilter("ignore")
    case = CASES[name]
    small = case.make(400)
    fitted = model(name, small, n_jobs).fit(small.X, small.y)
    reader = next((each for each in READERS if hasattr(fitted, each)), None)
    if reader:
        getattr(fitted, reader)(small.X)
    data = case.make(n)
    estimator = model(name, data, n_jobs)
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + LIMIT, used + LIMIT))
    (fitted, cpu, wall), memory = peak(timed, estimator.fit, data.X, data.y)
    found = {"cpu": cpu, "wall": wall, "GiB": memory / 2**30, "read": np.nan}
    found["MiB"] = len(pickle.dumps(fitted)) / 2**20
    if reader:
        rows, n_read, seconds = data.X[:READ], 0, 0.0
        while seconds < READ_FOR:
            seconds += timed(getattr(fitted, reader), rows)[1]
            n_read += rows.shape[0]
        found["read"] = seconds * 1e6 / n_read
    print(json.dumps(found))


if __name__ == "__main__":
    measure(*json.loads(sys.argv[1]))
