"""A long table as ids of tasks, inputs and targets."""

import numpy as np
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    validate_data,
)

from skgeom.backends import as_numpy
from skgeom.gaussian_process._units import refuse_large

_FLOATS = [np.float64, np.float32]


def read_rows(estimator, X, task, *, reset):
    """Ids of the tasks of rows, zeros without a column of them; and inputs."""
    if task is None:
        rows = as_numpy(estimator._validated(X, reset=reset))
        return np.zeros(len(rows)), rows
    text = hasattr(X, "columns") or _holds_objects(X)
    if not text:
        rows = as_numpy(estimator._validated(X, reset=reset))
        place = _place(task, rows.shape[1], ())
        return rows[:, place], _rest(rows, place)
    estimator._refuse_graph(X)
    X = X if hasattr(X, "columns") else np.asarray(X, dtype=object)
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    names = list(getattr(X, "columns", ()))
    columns = np.asarray(X, dtype=object)
    if columns.ndim != 2:
        raise ValueError(f"X must have two dimensions, got {columns.ndim}.")
    place = _place(task, columns.shape[1], names)
    inputs = check_array(_rest(columns, place), dtype=np.float64, input_name="X")
    return _ids(columns[:, place], task), inputs


def read_inputs(inputs, n_inputs):
    """Inputs without tasks."""
    rows = check_array(as_numpy(inputs), dtype=_FLOATS, input_name="inputs")
    if rows.shape[1] != n_inputs:
        raise ValueError(
            f"inputs has {rows.shape[1]} columns, and X had {n_inputs} beside the task."
        )
    return rows


def read_targets(y, rows, name):
    """One target for each row, float64, of a size whose squares are numbers."""
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y = column_or_1d(as_numpy(y), dtype=np.float64, warn=True)
    assert_all_finite(y, input_name="y")
    check_consistent_length(rows, y)
    refuse_large(y)
    return y


def codes_of(ids):
    """Distinct ids, sorted, and the number of each row's."""
    return np.unique(ids, return_inverse=True)


def _holds_objects(X):
    """Whether an array or list has something in it that is no number."""
    if hasattr(X, "dtype"):
        return getattr(X.dtype, "kind", "f") in "OUST"
    if not isinstance(X, (list, tuple)):
        return False
    return any(
        isinstance(v, str) for row in X if isinstance(row, (list, tuple)) for v in row
    )


def _place(task, n_columns, names):
    """The position of the column of tasks."""
    if isinstance(task, str):
        if task not in names:
            raise ValueError(
                f"task={task!r} names no column of X; "
                + (f"it has {names}." if names else "X is no data frame.")
            )
        task = names.index(task)
    if task >= n_columns:
        raise ValueError(f"task={task} is no column of X, which has {n_columns}.")
    if n_columns == 1:
        raise ValueError("X needs a column of inputs beside that of the task.")
    return task


def _rest(rows, place):
    return np.delete(rows, place, axis=1)


def _ids(column, task):
    """Ids of one kind, numbers or text."""
    missing = np.array([v is None or v != v for v in column.tolist()], dtype=bool)
    if missing.any():
        raise ValueError(
            f"Column {task!r} of X names no task in row {int(np.argmax(missing))}: "
            "input X contains NaN or None."
        )
    kinds = {isinstance(v, str) for v in column.tolist()}
    if len(kinds) > 1:
        raise ValueError(f"Column {task!r} of X mixes text and numbers.")
    if kinds == {True}:
        return column.astype(str)
    ids = column.astype(np.float64)
    assert_all_finite(ids, input_name="X")
    return ids
