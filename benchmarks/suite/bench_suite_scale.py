"""Every estimator at 2,000 to 2,000,000 rows: time, threads, memory, growth.

Each fit is in a process of its own, after a small one that compiles, with the defaults
of the estimator on one thread; beside it the wall time on all threads. Names as
arguments measure those alone and keep the other lines of the table.
"""

import inspect

import numpy as np

import skgeom
from benchmarks._report import parser, report
from benchmarks.suite._cases import CASES, LARGE, MIDDLE, SMALL, VAST
from benchmarks.suite._process import LIMIT, fit_in_a_process, kept_rows

SIZES = {SMALL: "2,000", MIDDLE: "20,000", LARGE: "200,000", VAST: "2,000,000"}
TITLE = "Every estimator by its defaults: CPU seconds of one thread, memory, growth"


def row(name, sizes):
    """One line of the table."""
    case = CASES[name]
    line, found = {"estimator": name}, {}
    for n, shown in SIZES.items():
        cell = "-"
        if n in sizes and n <= case.rows:
            found[n] = fit_in_a_process(name, n, 1, pools=1)
            cell = f"{found[n]['cpu']:.2f}" if found[n] else f"> {LIMIT}"
        line[shown] = cell
    done = [n for n in found if found[n]]
    last = done[-1] if done else None
    line["GiB"] = f"{found[last]['GiB']:.2f}" if done else "-"
    line["growth"] = "-"
    if len(done) > 1:
        before, after = (found[n]["cpu"] for n in done[-2:])
        line["growth"] = f"{np.log10(after / before) / np.log10(last / done[-2]):.2f}"
    line["promise"] = f"{case.growth:.0f}"
    shares = "n_jobs" in inspect.signature(getattr(skgeom, name)).parameters
    both = fit_in_a_process(name, last, -1) if done and shares else None
    line["wall, one thread"] = f"{found[last]['wall']:.2f}" if done else "-"
    line["all threads"] = f"{both['wall']:.2f}" if both else "-"
    line["model, MiB"] = f"{found[last]['MiB']:.2f}" if done else "-"
    line["us a row read"] = f"{found[last]['read']:.1f}" if done else "-"
    return line


def main():
    """Measure the estimators that are named, or all."""
    reader = parser(__doc__)
    reader.add_argument("names", nargs="*", help="estimators; default all")
    told = reader.parse_args()
    names = told.names or sorted(CASES)
    sizes = (SMALL,) if told.quick else tuple(SIZES)
    rows = {} if told.quick else kept_rows("suite_scale")
    for name in names[:3] if told.quick and not told.names else names:
        rows[name] = row(name, sizes)
        print(*rows[name].values(), flush=True)
    report(
        "suite_scale",
        [rows[name] for name in sorted(rows)],
        title=TITLE,
        packages=("torch",),
        notes=(
            "Columns of rows: CPU seconds of `fit` on one thread, in a process of its "
            "own after a small fit; - beyond what the page of the method speaks of.",
            "GiB: by how much the process grew, at the largest size, data apart. "
            "Growth: the exponent between the last two sizes, beside that of the page.",
            "Wall seconds at the largest size, on one thread and with n_jobs=-1, where "
            "there is that.",
            "MiB: the pickled model, which is what travels to another process. "
            "Microseconds of one thread for a row that `transform`, `predict` or "
            "`score_samples` reads.",
        ),
        write=not told.quick,
    )


if __name__ == "__main__":
    main()
