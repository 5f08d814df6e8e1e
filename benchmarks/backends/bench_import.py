"""What the first minute costs: importing, and numba in a second process."""

import subprocess
import sys

from benchmarks._report import arguments, report

CPU_OF = (
    "import time; start = time.process_time(); {}; print(time.process_time() - start)"
)
LOADED = (
    "import sys, skgeom; print([m for m in ('numba', 'torch', 'matplotlib') "
    "if m in sys.modules])"
)
# The estimator's first fit in a process, less a second one: imports, cache look-ups.
FIRST_FIT = """
import time
import numpy as np
import sklearn.neighbors, sklearn.metrics, scipy.sparse.csgraph
from skgeom import HeatGeodesicEmbedding
X = np.random.default_rng(0).normal(size=(500, 3))
def fit():
    start = time.process_time()
    HeatGeodesicEmbedding(n_landmarks=100, random_state=0).fit(X)
    return time.process_time() - start
first = fit()
print(first - fit())
"""


def run(code):
    """Run a snippet in a fresh process and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def least(code, times):
    """Least of the numbers that repeated runs print: other processes only add."""
    return min(float(run(code)) for _ in range(times))


def main():
    """Each figure is the least over processes, after one that fills the caches."""
    args = arguments(__doc__)
    times = 3 if args.quick else 9
    run(FIRST_FIT)
    scikit_learn = least(CPU_OF.format("import sklearn"), times)
    both = least(CPU_OF.format("import sklearn, skgeom"), times)
    numba = least(FIRST_FIT, times)
    rows = [
        {"what": "import skgeom over scikit-learn", "CPU s": both - scikit_learn},
        {"what": "numba in a second process, first fit", "CPU s": numba},
        {"what": "loaded by `import skgeom`", "CPU s": run(LOADED)},
    ]
    report(
        "import",
        rows,
        title="Import and start-up",
        notes=[f"least of {times} processes"],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
