"""Plainer errors for what is no table of numbers: where it is, and what helps.

What goes in is read by scikit-learn and NumPy, deep inside of which "could not convert
string to float: 'Paris'" says neither which argument nor which column. Nothing is
looked at unless such an error was raised.
"""

import re
from collections.abc import Mapping
from numbers import Number

import numpy as np
import scipy.sparse as sp
from sklearn.base import is_classifier, is_regressor
from sklearn.utils._param_validation import Interval, InvalidParameterError

# How errors begin that say no more than that an argument is not of numbers.
_NOT_NUMBERS = (
    "could not convert string to float",
    "float() argument must be",
    "dtype='numeric' is not compatible",
    "The DType",
    "Cannot cast",
)
_NO_TABLE = ("Expected 2D array, got scalar array", "X does not contain any features")


def explained(error, estimator, arguments):
    """Say what is wrong with an argument, if that is what an error is about.

    Parameters
    ----------
    error : BaseException
        What was raised.
    estimator : estimator
        Whose method it was.
    arguments : dict of str to object
        What the method was given.

    Returns
    -------
    Exception or None
        One of the same kind, plainer; None where there is nothing to add.
    """
    if not isinstance(error, (ValueError, TypeError, LookupError)):
        return None
    told, name = str(error), type(estimator).__name__
    X, y = arguments.get("X"), arguments.get("y")
    unreadable = isinstance(error, LookupError) or told.startswith(
        _NOT_NUMBERS + _NO_TABLE
    )
    if unreadable and "X" in arguments and (container := _no_table(X, estimator)):
        kind = TypeError if isinstance(error, TypeError) else ValueError
        return kind(f"{name}: X must be an array or a data frame, got {container}")
    if told.startswith("Sparse data was passed") and sp.issparse(X):
        return TypeError(
            f"{told} In a pipeline OneHotEncoder(sparse_output=False) and "
            "ColumnTransformer(sparse_threshold=0) make it dense."
        )
    if told.startswith("Unknown label type: continuous") and is_classifier(estimator):
        return ValueError(
            f"Unknown label type: continuous. {name} predicts classes, and y holds "
            f"numbers{_first_fraction(y)}. Make classes of them, as integers or text, "
            "or take a regressor."
        )
    if "inhomogeneous" in told:
        found = (_ragged(argument, value) for argument, value in arguments.items())
        said = next((text for text in found if text), None)
        return said and ValueError(f"{name}: {said}")
    if told.startswith(_NOT_NUMBERS):
        return _not_numbers(error, estimator, arguments)
    return None


def refuse_doubtful_parameters(estimator):
    """Refuse what checks of parameters let pass: classes, and truth values as numbers.

    Parameters
    ----------
    estimator : estimator
        Whose parameters are looked at.
    """
    for parameter, value in vars(estimator).items():
        said = f"The {parameter!r} parameter of {type(estimator).__name__} must be "
        if isinstance(value, type) and hasattr(value, "get_params"):
            raise InvalidParameterError(
                f"{said}an instance, got the class {value.__name__}. Write "
                f"{value.__name__}()."
            )
        if isinstance(value, (bool, np.bool_)):
            taken = estimator._parameter_constraints.get(parameter, ())
            counts = [each for each in taken if isinstance(each, Interval)]
            if counts and not any(each in ("boolean", bool) for each in taken):
                raise InvalidParameterError(f"{said}{counts[0]}, got {value}.")


def _no_table(X, estimator):
    """What X is, if it is neither an array, a data frame nor a list."""
    if X is None and getattr(estimator, "graph", None) is not None:
        return "None. np.arange(graph.n_nodes)[:, None] is all nodes of the graph."
    if X is None:
        return "None."
    if isinstance(X, str):
        return f"the text {X!r}. A file has to be read before, as by pandas.read_csv."
    if isinstance(X, Mapping):
        return f"a {type(X).__name__}. pandas.DataFrame(X) makes one of columns."
    iterates = hasattr(X, "__iter__") and not hasattr(X, "__len__")
    if isinstance(X, (set, frozenset)) or (iterates and not hasattr(X, "shape")):
        return f"a {type(X).__name__}. list(X) makes one of rows."
    return None


def _not_numbers(error, estimator, arguments):
    """Name the argument that holds text, dates or others, and where it does."""
    name = type(estimator).__name__
    plainer = TypeError if isinstance(error, TypeError) else ValueError
    of_classes, is_meant = is_classifier(estimator), _meant_by(str(error))
    for argument, value in arguments.items():
        if (argument == "y" and of_classes) or argument == "classes":
            continue
        found = _first_other(value, is_meant)
        if found is None:
            continue
        place, kind, shown = found
        if argument == "y":
            needs = "predicts numbers" if is_regressor(estimator) else "needs numbers"
            return plainer(
                f"{name} {needs}, and y holds {kind}, {shown} in {place}. Classes are "
                "for a classifier."
            )
        said = f"{name}: {argument} must hold numbers; it holds {kind}, {shown} in "
        said += f"{place}."
        if kind not in ("text", "dates"):
            said += f" ({error})"
        elif argument == "X":
            said += f" {_remedy(estimator, kind)}"
        return plainer(said)
    return None


def _meant_by(told):
    """Tell whether an entry is what an error names: other text may be in its place."""
    if quoted := re.search(r"string to float: (?:np\.str_\()?(['\"].*['\"])\)?$", told):
        return lambda entry: repr(str(entry)) == quoted[1]
    if named := re.search(r"not '(\w+)'$", told):
        return lambda entry: type(entry).__name__ == named[1]
    if "DateTime64DType" in told:
        return lambda entry: _kind(entry) == "dates"
    return lambda entry: True


def _remedy(estimator, kind):
    if kind == "dates":
        return "Count time from a moment, as (t - t.min()).dt.total_seconds() does."
    parts = [
        "Leave such columns out, or encode them, as OneHotEncoder does within a "
        "ColumnTransformer."
    ]
    if getattr(estimator, "graph", estimator) is None:
        parts.append("Names of nodes need the graph, graph=Graph(...).")
    if getattr(estimator, "task", estimator) is None:
        parts.append("A column that says whose a row is has to be named by task=.")
    return " ".join(parts)


def _first_other(value, is_meant):
    """Where the first entry is that is no number, its kind, and how it is written."""
    if value is None or sp.issparse(value):
        return None
    columns = getattr(value, "columns", None)
    if columns is not None and hasattr(value, "shape"):
        for position, column in enumerate(columns):
            entries = np.asarray(_column(value, position), dtype=object)
            found = _first_in(entries, is_meant)
            if found is not None:
                row, kind, shown = found
                return f"column {column!r}, row {row}", kind, shown
        return None
    try:
        array = np.asarray(value)
        if array.dtype.kind in "biufc":
            return None
        array = array.astype(object)
    except (TypeError, ValueError, RuntimeError):  # the last of torch
        return None
    found = _first_in(array.ravel(), is_meant)
    if found is None:
        return None
    flat, kind, shown = found
    if array.ndim == 2 and array.shape[1] > 1:
        row, column = np.unravel_index(flat, array.shape)
        return f"row {row}, column {column}", kind, shown
    return f"row {flat}", kind, shown


def _column(frame, position):
    if hasattr(frame, "iloc"):
        return frame.iloc[:, position]
    return frame[frame.columns[position]]


def _first_in(entries, is_meant):
    for row, entry in enumerate(entries):
        kind = _kind(entry)
        if kind and is_meant(entry):
            text = isinstance(entry, str)
            return row, kind, repr(str(entry)) if text else str(entry)
    return None


def _kind(entry):
    """What an entry is, if it cannot become a float."""
    if isinstance(entry, (str, bytes)):
        try:
            float(entry)
        except ValueError:
            return "text"
        return None
    if isinstance(entry, np.datetime64) or hasattr(entry, "isoformat"):
        return "dates"
    if isinstance(entry, Number) or entry is None or hasattr(entry, "__float__"):
        return None
    # pandas.NA is read as NaN.
    return None if type(entry).__name__ == "NAType" else f"a {type(entry).__name__}"


def _ragged(argument, value):
    """Which rows of a list are of different lengths."""
    if not isinstance(value, (list, tuple)):
        return None
    lengths = [len(row) if hasattr(row, "__len__") else 1 for row in value]
    other = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
    if other is None:
        return None
    return (
        f"rows of {argument} must have equal lengths; row 0 has {lengths[0]}, row "
        f"{other} has {lengths[other]}."
    )


def _first_fraction(y):
    """Where y has its first number with digits behind the point."""
    try:
        values = np.asarray(y, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        return ""
    rows = np.flatnonzero(values != np.round(values))
    return f", {values[rows[0]]:.6g} in row {rows[0]}" if rows.size else ""
