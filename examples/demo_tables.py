"""What a section of the demonstration returns, and the table of all of them."""

import csv
import time
from dataclasses import dataclass


@dataclass
class Result:
    """A measurement with skgeom and without.

    Attributes
    ----------
    data : str
        What it is measured on.
    measure : str
        What is measured, and whether more is better.
    ours, rival : tuple of str, float and float
        Name of the method, its score, and wall seconds.
    """

    data: str
    measure: str
    ours: tuple
    rival: tuple

    def row(self, family, figure):
        """Return the cells of a line of the table, as text."""
        cells = [family, self.data, self.measure]
        for name, score, seconds in (self.ours, self.rival):
            cells += [name, f"{score:.3f}", f"{seconds:.2f}"]
        return [*cells, figure]


COLUMNS = "family,data,measure,skgeom,score,s,else,score,s,figure".split(",")
NUMBERS = {4, 5, 7, 8}


def timed(function, *args, **kwargs):
    """Return the value of a function and its wall seconds."""
    start = time.perf_counter()
    value = function(*args, **kwargs)
    return value, time.perf_counter() - start


def print_table(rows):
    """Print lines of cells, numbers to the right."""
    table = [COLUMNS, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            cell.rjust(width) if place in NUMBERS else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def write_table(path, rows):
    """Write the same as a file of comma-separated values."""
    names = list(COLUMNS)
    names[5:9] = ["seconds", "else", "score of else", "seconds of else"]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
