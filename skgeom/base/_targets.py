"""What y and its weights say of rows: which have a label, and what it weighs."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils import _safe_indexing, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_array,
    check_consistent_length,
)

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.model_selection._labelled import find_gaps

# Targets whose squares, added up, are still numbers.
_LARGEST = 1e150
# Text that is more often a missing label than a class.
_DOUBTFUL = {"-1", "", "nan", "NaN", "<NA>"}
# Integers are warned of as classes if there are so few, each in at least so many rows,
# and in shares so even: counts have a tail.
_FEW_CLASSES, _FEW_ROWS, _EVEN = 10, 8, 1.25


def read_weights(sample_weight, rows, labelled):
    """Rows with a label and a weight, and the weights of these; None is for all ones.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weights, >= 0.
    rows : ndarray of shape (n_samples,)
        Of which the length counts.
    labelled : ndarray of shape (n_samples,), bool
        Rows with a label.

    Returns
    -------
    labelled : ndarray of shape (n_samples,), bool
        Those of a weight that is not zero.
    weights : ndarray or None
        Their weights, float64.
    """
    if sample_weight is None:
        return labelled, None
    weights = _check_sample_weight(
        sample_weight, rows, dtype=np.float64, ensure_non_negative=True
    )
    labelled = labelled & (weights > 0)
    if not labelled.any():
        raise ValueError("sample_weight is zero for all rows that have a label.")
    return labelled, weights[labelled]


def without_zeros(X, y, sample_weight):
    """Leave out the rows of weight zero, as if they were not there.

    Parameters
    ----------
    X : array, data frame or sparse matrix of shape (n_samples, n_features)
        Rows that are points.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), or None
        Targets.
    sample_weight : array-like of shape (n_samples,) or None
        Weights, >= 0.

    Returns
    -------
    X, y, sample_weight
        Of the other rows.
    kept : ndarray of shape (n_kept,), int64, or None
        Which they are; None is all.
    """
    if sample_weight is None:
        return X, y, sample_weight, None
    weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
    if weights.all() or not weights.any() or y is None:
        return X, y, sample_weight, None
    check_consistent_length(X, y)
    kept = np.flatnonzero(weights)
    return *(_safe_indexing(part, kept) for part in (X, y)), weights[kept], kept


def read_numbers(y, rows, name, of_numbers=False):
    """Targets as columns, and which rows have them: NaN, None and pandas.NA say no.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    rows : ndarray of shape (n_samples,)
        Of which the length counts.
    name : str
        The estimator that errors name.
    of_numbers : bool, default=False
        Whether targets that look like classes are warned of.

    Returns
    -------
    columns : ndarray of shape (n_samples, n_outputs)
        Targets, float64.
    labelled : ndarray of shape (n_samples,), bool
        Rows with a target, at least one.
    one_dimensional : bool
        Whether y was.

    Raises
    ------
    ValueError
        If y is None, text, infinite, of another length, or without a target.
    """
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y = as_numpy(y)
    if not sp.issparse(y):
        y = np.asarray(y)
        if of_numbers and _looks_like_classes(y):
            warn(
                f"y looks like class labels: {y.dtype}s of {len(np.unique(y))} "
                f"values. {name} predicts numbers; STKRClassifier predicts classes. "
                "For numbers pass floats, y.astype(float).",
            )
        if y.dtype.kind == "O":
            y = np.where(find_gaps(y), np.nan, y)
    checks = dict(ensure_2d=False, ensure_all_finite="allow-nan", input_name="y")
    y = check_array(y, dtype=np.float64, **checks)
    check_consistent_length(rows, y)
    columns = y.reshape(len(y), -1)
    missing = np.isnan(columns)
    mixed = missing.any(axis=1) != missing.all(axis=1)
    if mixed.any():
        raise ValueError(
            "A row of y must be NaN in all outputs, or in none; row "
            f"{np.argmax(mixed)} mixes them."
        )
    if missing.all():
        raise ValueError("y has no labelled row: all of its values are NaN.")
    largest = np.nanmax(np.abs(columns))
    if largest > _LARGEST:
        raise ValueError(
            f"y holds {largest:.2g}, whose square is beyond the largest number; scale "
            f"it to at most {_LARGEST:.0e}."
        )
    return columns, ~missing[:, 0], y.ndim == 1


def read_classes(y, rows, name):
    """Classes, and which rows have one.

    -1 has none; nor have None, NaN and pandas.NA where classes are text.

    Parameters
    ----------
    y, rows, name
        As in `read_numbers`.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        Classes, -1 for rows without one.
    labelled : ndarray of shape (n_samples,), bool
        Rows with a class, at least one.

    Raises
    ------
    ValueError
        If y is None, of another length, not of classes, or all without a label.
    """
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y, gaps = _without_gaps(column_or_1d(as_numpy(y), warn=True))
    check_consistent_length(rows, y)
    labelled = np.asarray(y != -1)
    if not labelled.any():
        raise ValueError("y has no labelled row: all of its values are -1.")
    check_classification_targets(y[labelled])
    found = np.unique(y[labelled])
    _warn_of_doubtful(found)
    if not labelled.all() and not gaps.any() and len(found) == 1:
        warn(
            "y holds -1 and one other value. That is taken for two classes, not "
            "for rows without a label: one class would leave nothing to learn.",
        )
        labelled = np.ones(len(y), dtype=bool)
    return y, labelled


def read_known(y, rows, classes):
    """Labels to score, and which rows have one; -1 is one where it is a class."""
    y, gaps = _without_gaps(column_or_1d(as_numpy(y)))
    check_consistent_length(rows, y)
    labelled = ~gaps if -1 in classes.tolist() else np.asarray(y != -1)
    if not labelled.any():
        raise ValueError("y has no labelled row to score.")
    return y, labelled


def _without_gaps(y):
    """Make missing labels -1 beside text, and refuse them elsewhere."""
    gaps = find_gaps(y)
    if gaps.any():
        kinds = {isinstance(label, str) for label in y[~gaps]} - {False}
        if y.dtype.kind != "O" or not kinds:
            raise ValueError(
                f"Input y contains NaN or None (first in row {np.argmax(gaps)}). A row "
                "without a label has the number -1; beside classes that are text, "
                "None, NaN and pandas.NA say so, too."
            )
        y = y.copy()
        y[gaps] = -1
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    if y.dtype.kind == "O" and len({isinstance(each, str) for each in y[y != -1]}) > 1:
        raise ValueError("y must hold classes of one kind; it mixes text and others.")
    return y, gaps


def _warn_of_doubtful(classes):
    for label in classes if classes.dtype.kind in "OU" else ():
        if str(label).strip() in _DOUBTFUL:
            warn(
                f"y holds the text '{label}', which is taken for a class. A row "
                "without a label has the number -1, None, NaN or pandas.NA, which need "
                "dtype=object beside text.",
            )


def _looks_like_classes(y):
    """Whether targets are truth values, or integers that are hardly counts."""
    if y.dtype.kind not in "biu" or not y.size or y.size != len(y):
        return False
    values, counts = np.unique(y, return_counts=True)
    if y.dtype.kind == "b":
        return True
    k, least = len(values), int(values[0])
    if k > 1 and least == -1:  # as rows without a label are written
        values, k, least = values[1:], k - 1, int(values[1])
        return least in (0, 1) and values[-1] - least == k - 1
    if not 2 <= k <= _FEW_CLASSES or least not in (0, 1) or values[-1] - least != k - 1:
        return False
    return bool(counts.min() >= _FEW_ROWS and counts.max() <= _EVEN * counts.min())
