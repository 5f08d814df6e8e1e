"""What columns and targets hold: numbers, levels, classes."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, check_consistent_length

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.feature_selection._projections import Target
from skgeom.model_selection._labelled import find_gaps

# Fewer rows have no permutations to speak of.
FEWEST_ROWS = 4
# Data frames' columns of these types are levels, not numbers.
_LEVEL_TYPES = ("categor", "object", "str", "bool", "enum", "utf8")


def read_target(y, X, name, degree, target_type="auto"):
    """Make classes or numbers the target of a screen, as `target_type` says."""
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y = column_or_1d(as_numpy(y), warn=True)
    check_consistent_length(X, y)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    elif find_gaps(y).any():
        raise ValueError("Input y contains NaN or None.")
    if target_type == "auto":
        numbers = type_of_target(y, input_name="y").startswith("continuous")
        target_type = "continuous" if numbers else "multiclass"
    if target_type == "continuous":
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    else:
        check_classification_targets(y)
        y = np.unique(y, return_inverse=True)[1].astype(np.float64)
    if len(y) >= FEWEST_ROWS and (y == y[0]).all():
        warn(f"{name}: y holds one value, which depends on no column.")
    return Target(y, degree if target_type == "continuous" else None)


def is_table(X):
    """Whether X may hold text: a data frame, or an array of objects or text."""
    if sp.issparse(X):
        return False
    return hasattr(X, "dtypes") or np.asarray(as_numpy(X)).dtype.kind in "OUS"


def typed_as_levels(X):
    """Which columns of a data frame are categories, text or truth values."""
    if not hasattr(X, "dtypes"):
        return np.zeros(X.shape[1], dtype=bool)
    kinds = [str(kind).lower() for kind in X.dtypes]
    return np.array([kind.startswith(_LEVEL_TYPES) for kind in kinds], dtype=bool)


def codes_of_table(X, categorical):
    """Replace the levels of some columns by numbers, NaN where they are missing."""
    columns = [X[name] for name in X.columns] if hasattr(X, "columns") else None
    if columns is None:
        columns = list(np.asarray(X).T)
    found = np.empty((len(columns[0]) if columns else 0, len(columns)))
    for j, column in enumerate(columns):
        if categorical[j]:
            found[:, j] = level_codes(np.asarray(column, dtype=object))
        else:
            found[:, j] = _as_numbers(column, j)
    return found


def level_codes(values):
    """Numbers of levels in any order that does not depend on the rows; NaN for gaps."""
    gaps = find_gaps(values)
    found = np.full(len(values), np.nan)
    try:
        found[~gaps] = np.unique(values[~gaps], return_inverse=True)[1]
    except TypeError:  # levels of several kinds
        kinds = [f"{type(v).__name__} {v}" for v in values[~gaps]]
        found[~gaps] = np.unique(kinds, return_inverse=True)[1]
    return found


def _as_numbers(column, j):
    values = np.asarray(column)
    if values.dtype.kind in "OUST":
        values = values.astype(object)
        values = np.where(find_gaps(values), np.nan, values)
    try:
        return values.astype(np.float64)
    except TypeError as error:
        raise TypeError(f"X, column {j}: {error}") from None
    except ValueError as error:
        raise ValueError(
            f"X, column {j}: {error}. Name it in categorical_features if it is one of "
            "levels."
        ) from None
