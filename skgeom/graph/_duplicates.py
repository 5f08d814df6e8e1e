"""Rows that are equal."""

import numpy as np

from skgeom.typing import NDArray


def equal_rows(X: NDArray) -> NDArray:
    """Number the groups of rows that are equal.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Numbers, none of them NaN.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        The group of each row, from 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import equal_rows
    >>> groups = equal_rows(np.array([[0.0, 1.0], [2.0, 3.0], [-0.0, 1.0]]))
    >>> bool(groups[0] == groups[2] != groups[1])
    True
    """
    # Adding zero makes -0.0 and 0.0 the same bits.
    rows = np.ascontiguousarray(X + 0.0)
    first, groups = np.unique(_hashes(rows), return_index=True, return_inverse=True)[1:]
    if np.array_equal(rows, rows[first[groups]]):
        return groups
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel()


def _hashes(rows):
    """A number of 64 bits for each row, the same for the same bits."""
    bits = rows.view(f"u{rows.itemsize}")
    factors = np.random.default_rng(0).integers(2**63, size=rows.shape[1], dtype="u8")
    hashes = np.zeros(len(rows), dtype=np.uint64)
    for column, factor in zip(bits.T, 2 * factors + 1, strict=True):
        column = column.astype(np.uint64)
        # Round numbers differ in their upper bits alone, and a product moves bits up.
        # Overflow is meant: the sum counts modulo 2^64.
        hashes += (column ^ (column >> np.uint64(32))) * factor
    return hashes
