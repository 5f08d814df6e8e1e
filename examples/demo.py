"""What skgeom does: one result for each family, on data that come along.

    python examples/demo.py --out demo

writes a figure for each family and ``results.csv`` to the folder ``demo``, and ends
with one table: what was measured on what, with skgeom and with what one would use
else. It needs matplotlib, no torch and no network, and takes a minute or two.
"""

import argparse
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
from demo_predictions import PREDICTIONS
from demo_structure import STRUCTURE
from demo_tables import print_table, write_table

from skgeom.plotting import STYLE

# Family -> function that writes a figure and returns a result. Networks need torch, so
# that `functional` is not among them: examples/functional/plot_adaptive_basis.py.
SECTIONS = {**STRUCTURE, **PREDICTIONS}


def main():
    """Run a section after the other; print and write the table."""
    parser = argparse.ArgumentParser(description="The families of skgeom at work.")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="a folder")
    parser.add_argument("families", nargs="*", help=f"some of {', '.join(SECTIONS)}")
    options = parser.parse_args()
    unknown = set(options.families) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no family {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    plt.style.use(STYLE)
    start = time.perf_counter()
    rows = []
    for family in options.families or SECTIONS:
        section = SECTIONS[family]
        began = time.perf_counter()
        print(f"{family}: {section.__doc__.splitlines()[0]}", end="", flush=True)
        figure = options.out / f"{family}.png"
        with warnings.catch_warnings():
            # Rivals that join parts of a graph, or stop early, say so.
            warnings.simplefilter("ignore")
            result = section(figure)
        plt.close("all")
        print(f" {time.perf_counter() - began:.1f} s")
        rows.append(result.row(family, figure.name))
    print()
    print_table(rows)
    write_table(options.out / "results.csv", rows)
    print(f"\n{time.perf_counter() - start:.0f} s in all, with what was compiled.")
    print(f"Figures and results.csv are in {options.out}.")


if __name__ == "__main__":
    main()
