"""The tables of the demonstration, on the screen and in a file."""


def print_table(title, scores):
    """Print one row for each method, one column for each score."""
    columns = list(next(iter(scores.values())))
    width = max(map(len, scores))
    print(title)
    print(" " * width, *(f"{column:>15}" for column in columns))
    for name, row in scores.items():
        digits = {column: 2 if column == "seconds" else 3 for column in columns}
        cells = (f"{row[column]:15.{digits[column]}f}" for column in columns)
        print(f"{name:{width}}", *cells)
    print()


def long_format(data, scores):
    """Turn scores into rows (data, method, score, value)."""
    return [
        (data, method, score, round(value, 4))
        for method, row in scores.items()
        for score, value in row.items()
    ]
