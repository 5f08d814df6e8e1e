"""Targets as columns of mean zero and variance one."""

import numpy as np
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import assert_all_finite

from skgeom.backends import as_numpy
from skgeom.typing import ArrayLike, NDArray

# Integers with at most so many values are classes, where nothing else is said.
_FEW_CLASSES = 20
# Deviations below this share of the largest number of a column are rounding.
_CONSTANT = 1e-13
# Targets are brought to within so many deviations. That is monotone: they depend on
# the same directions, and a few large ones no longer decide.
_REACH = 2.5


def target_columns(
    y: ArrayLike, rows: NDArray, target_type: str
) -> tuple[NDArray, NDArray | None]:
    """Read numbers as they are and classes as a column each.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    rows : ndarray of shape (n_samples, n_features)
        Of which the length counts.
    target_type : {"auto", "numbers", "classes"}
        What they are.

    Returns
    -------
    columns : ndarray of shape (n_samples, n_columns)
        Of mean zero and variance one, those beyond 2.5 deviations at that; columns
        that are constant are left out.
    classes : ndarray of shape (n_classes,) or None
        The classes, if y holds such.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._sufficient_subspace._targets import target_columns
    >>> target_columns(["a", "b", "b", "a"], np.ones((4, 1)), "auto")
    (array([[ 1., -1.],
           [-1.,  1.],
           [-1.,  1.],
           [ 1., -1.]]), array(['a', 'b'], dtype='<U1'))
    """
    y, classes = np.asarray(as_numpy(y)), None
    if target_type == "classes" or (target_type == "auto" and _holds_classes(y)):
        y = column_or_1d(y, warn=True)
        check_consistent_length(rows, y)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        classes, codes = np.unique(y, return_inverse=True)
        columns = np.zeros((len(y), len(classes)))
        columns[np.arange(len(y)), codes] = 1.0
    else:
        checks = dict(ensure_2d=False, input_name="y", dtype=np.float64)
        y = check_array(y, **checks)
        check_consistent_length(rows, y)
        columns = y.reshape(len(y), -1)
    # As parts of the largest number, sums and squares are numbers, too.
    size = np.abs(columns).max(axis=0, initial=0.0)
    columns = columns / np.where(size > 0, size, 1.0)
    columns = columns - columns.mean(axis=0)
    spread = np.sqrt((columns**2).mean(axis=0))
    varies = spread > _CONSTANT
    columns = np.clip(columns[:, varies] / spread[varies], -_REACH, _REACH)
    columns = columns - columns.mean(axis=0)
    return columns / np.sqrt((columns**2).mean(axis=0)), classes


def _holds_classes(y):
    """Whether y is text or truth values, or integers of few values."""
    if y.ndim == 2 and y.shape[1] != 1:
        return False
    if y.dtype.kind in "OUSb":
        return y.dtype.kind != "O" or any(isinstance(each, str) for each in y.ravel())
    return y.dtype.kind in "iu" and len(np.unique(y)) <= _FEW_CLASSES
