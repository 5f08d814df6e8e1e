"""Threads by default against one thread, beside processes that keep the cores busy.

A fit of 2,000 rows by the defaults of every estimator, with the threads that BLAS and
OpenMP take by themselves, and with one each. Names as arguments measure those alone and
keep the other lines of the table.
"""

import os
import statistics
import subprocess
import sys

from benchmarks._report import parser, report
from benchmarks.suite._cases import CASES, SMALL
from benchmarks.suite._process import fit_in_a_process, kept_rows


def busy(n):
    """Start processes that never rest."""
    loop = [sys.executable, "-c", "while True: pass"]
    return [subprocess.Popen(loop) for _ in range(n)]


def row(name, n, n_runs):
    """Medians of runs in turn."""
    one, default = [], []
    for _ in range(n_runs):
        one.append(fit_in_a_process(name, n, pools=1))
        default.append(fit_in_a_process(name, n))
    line = {"estimator": name}
    middle = {
        (what, kind): statistics.median(run[kind] for run in runs)
        for what, runs in (("one", one), ("default", default))
        for kind in ("cpu", "wall")
    }
    for kind in ("cpu", "wall"):
        line[f"{kind}, one thread"] = middle["one", kind]
        line[f"{kind}, default"] = middle["default", kind]
        line[f"{kind}, ratio"] = middle["default", kind] / max(
            middle["one", kind], 1e-3
        )
    return line


def main():
    """Measure the estimators that are named, or all."""
    reader = parser(__doc__)
    reader.add_argument("names", nargs="*", help="estimators; default all")
    reader.add_argument("--idle", action="store_true", help="beside nothing")
    told = reader.parse_args()
    names = told.names or sorted(CASES)
    names = names[:2] if told.quick and not told.names else names
    beside = [] if told.idle or told.quick else busy(os.cpu_count())
    table = "suite_threads_idle" if told.idle else "suite_threads_busy"
    rows = {} if told.quick else kept_rows(table)
    try:
        for name in names:
            rows[name] = row(name, SMALL, 1 if told.quick else 3)
            print(*rows[name].values(), flush=True)
    finally:
        for process in beside:
            process.kill()
    report(
        table,
        [rows[name] for name in sorted(rows)],
        title="Threads by default against one thread, "
        + ("on an idle machine" if told.idle else "beside busy processes"),
        packages=("torch",),
        notes=(
            "Fits of 2,000 rows after a small one, seconds, medians of three runs "
            "each in a process of its own."
            + ("" if told.idle else " As many busy processes as cores run beside."),
        ),
        write=not told.quick,
    )


if __name__ == "__main__":
    main()
