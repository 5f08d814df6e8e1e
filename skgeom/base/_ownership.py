"""What is fitted owns its arrays: none of them is one that was given."""

import dataclasses

import numpy as np
import scipy.sparse as sp

from skgeom.backends import as_numpy


def own_arrays(estimator, given):
    """Copy what the fitted attributes of an estimator share with what was given.

    Parameters
    ----------
    estimator : object
        Changed in place.
    given : sequence of object
        The arguments of `fit`.
    """
    arrays = [array for value in given for array in _arrays_of(value)]
    if not arrays:
        return
    fitted = vars(estimator)
    for name, value in fitted.items():
        if name.startswith("_") or name.endswith("_"):
            fitted[name] = _owned(value, arrays)


def _arrays_of(value):
    """Arrays in which an argument may keep its numbers."""
    if sp.issparse(value):
        parts = (getattr(value, name, None) for name in ("data", "indices", "indptr"))
        return [part for part in parts if isinstance(part, np.ndarray)]
    value = as_numpy(value)
    if hasattr(value, "__array__") and not np.isscalar(value):
        value = np.asarray(value)  # of a data frame with one kind of numbers, a view
    return [value] if isinstance(value, np.ndarray) else []


def _owned(value, given):
    """The value itself, or one like it that shares no memory with the arrays given."""
    if isinstance(value, np.ndarray):
        shares = any(np.may_share_memory(value, array) for array in given)
        return value.copy(order="K") if shares else value
    if sp.issparse(value):
        parts = _arrays_of(value)
        shares = any(np.may_share_memory(p, array) for p in parts for array in given)
        return value.copy() if shares else value
    if isinstance(value, tuple):
        parts = [_owned(part, given) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [_owned(part, given) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        owned = {name: _owned(part, given) for name, part in parts.items()}
        changed = {n: part for n, part in owned.items() if part is not parts[n]}
        return dataclasses.replace(value, **changed) if changed else value
    return value
