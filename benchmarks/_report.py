"""What the benchmark scripts share: time, memory, and tables that say where from."""

import argparse
import datetime
import importlib.metadata
import os
import platform
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def parser(description):
    """Command line with ``--quick``, for a small run that writes nothing."""
    found = argparse.ArgumentParser(description=description)
    found.add_argument(
        "--quick", action="store_true", help="a small size; print, write nothing"
    )
    return found


def arguments(description):
    """Read the command line that `parser` describes."""
    return parser(description).parse_args()


def timed(function, *args, **kwargs):
    """Call a function; return its result, its CPU seconds and its wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = function(*args, **kwargs)
    return result, time.process_time() - cpu, time.perf_counter() - wall


def peak(function, *args):
    """Result of a function, and by how many bytes the process grew meanwhile."""

    def status(name):
        with open("/proc/self/status") as file:
            return next(int(x.split()[1]) for x in file if x.startswith(name)) * 1024

    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    result = function(*args)
    return result, status("VmHWM") - before


def report(name, rows, *, title, packages=(), notes=(), write=True):
    """Print a table, and keep it in ``benchmarks/results/<family>/<name>.md``.

    The family is the folder of the script that calls.

    Parameters
    ----------
    name : str
        File name without ending.
    rows : list of dict
        Column to value, the same columns in each row.
    title : str
        What was measured.
    packages : sequence of str
        Whose versions matter beside NumPy, SciPy, scikit-learn and numba.
    notes : sequence of str
        Seeds, settings, what to know when reading.
    write : bool
        Whether to keep it.
    """
    columns = list(rows[0])
    cells = [[_text(row[column]) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]

    def line(values):
        padded = (v.ljust(w) for v, w in zip(values, widths, strict=True))
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    table = "\n".join([line(columns), rule, *map(line, cells)])
    packages = ("numpy", "scipy", "scikit-learn", "numba", *packages)
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages)
    text = "\n\n".join(
        [
            f"# {title}",
            table,
            "\n".join(f"- {note}" for note in (*notes, _machine(), versions)),
        ]
    )
    print(text, end="\n\n")
    if write:
        caller = sys._getframe(1).f_globals["__file__"]
        folder = RESULTS / Path(caller).resolve().parent.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text + "\n")


def _text(value):
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}"
    )
