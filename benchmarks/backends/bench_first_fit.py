"""What the first fit of each estimator spends on numba: at first, and ever after."""

import json
import os
import subprocess
import sys
import tempfile

from benchmarks._report import arguments, report

# Prints CPU seconds: of importing numba; in its dispatcher, which compiles or loads
# kernels; of a first fit with new rows, less a second one. Then what was compiled anew.
CODE = """
import json, time, warnings
import numpy as np
import scipy.optimize, scipy.sparse.csgraph, sklearn.cluster, sklearn.metrics
start = time.process_time()
import numba
imported = time.process_time() - start

from numba.core.dispatcher import Dispatcher
inside = depth = misses = 0
compile_ = Dispatcher.compile

def timed(self, signature):
    global inside, depth, misses
    known = len(self._cache_misses)
    depth += 1
    start = time.process_time()
    try:
        return compile_(self, signature)
    finally:
        depth -= 1
        inside += (time.process_time() - start) * (depth == 0)
        misses += len(self._cache_misses) - known

Dispatcher.compile = timed

from benchmarks.suite._cases import CASES, model

data = CASES[NAME].make(400)
warnings.simplefilter("ignore")

def first_steps():
    start = time.process_time()
    fitted = model(NAME, data).fit(data.X, data.y)
    for reader in ("transform", "predict", "score_samples"):
        if hasattr(fitted, reader):
            getattr(fitted, reader)(data.X[:9])
            break
    return time.process_time() - start

first = first_steps()
print(json.dumps([imported, inside, first - first_steps(), misses]))
"""


def first_fit(name, folder):
    """Run the code in a new process that keeps its kernels in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", f"NAME = {name!r}\n{CODE}"],
        env={**os.environ, "NUMBA_CACHE_DIR": folder, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def measure(name, times):
    """The row of an estimator: its own folder is empty at first."""
    with tempfile.TemporaryDirectory() as folder:
        at_first = first_fit(name, folder)
        later = [first_fit(name, folder) for _ in range(times)]
    # Other processes only add.
    imported, inside, more, misses = (
        min(run[i] for run in later) for i in range(len(at_first))
    )
    return {
        "estimator": name,
        "kernels": at_first[3],
        "compiling them, once": at_first[1],
        "compiled again": misses,
        "loading them": inside,
        "import numba": imported,
        "numba in all": imported + inside,
        "first less second fit": more,
    }


def main():
    """CPU seconds; every figure but that of compiling is the least of processes."""
    import skgeom

    args = arguments(__doc__)
    times = 1 if args.quick else 2
    names = sorted(skgeom._ESTIMATORS)
    report(
        "first_fit",
        [measure(name, times) for name in (names[:2] if args.quick else names)],
        title="Numba in the first fit, CPU seconds",
        notes=[
            "400 rows of the data of `suite_scale`, defaults, `fit` and nine rows",
            f"compiling: one process; all else: the least of {times} later processes",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
