"""How large the blocks are in which long work is done."""

import numpy as np
from array_api_compat import device

from skgeom.typing import Array

# Scratch that the caches of a core hold: ten times as fast as memory.
CACHE_BYTES = 2**21


def block_bytes() -> int:
    """Scratch that a blocked step may take on a device.

    A quarter of scikit-learn's ``working_memory``, because a step has a few arrays of
    its size alive. `sklearn.set_config` and `sklearn.config_context` set that.

    Returns
    -------
    int
        Bytes; 256 MiB unless configured.

    Examples
    --------
    >>> import sklearn
    >>> from skgeom.backends import block_bytes
    >>> with sklearn.config_context(working_memory=4):
    ...     block_bytes()
    1048576
    """
    from sklearn import get_config

    return int(get_config()["working_memory"] * 2**18)


def scratch_bytes(array: Array) -> int:
    """Scratch for a few passes over a block of an array, one after the other.

    Parameters
    ----------
    array : array of any shape
        NumPy array or torch tensor.

    Returns
    -------
    int
        What the caches hold for arrays of the host, `block_bytes` for those of a
        device, which has threads enough for it.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import scratch_bytes
    >>> scratch_bytes(np.ones(3))
    2097152
    """
    return CACHE_BYTES if str(device(array)).startswith("cpu") else block_bytes()


def row_blocks(n_rows: int, row_bytes: int, max_bytes: int = 2**26) -> list[slice]:
    """Cut rows into slices that each fit a memory budget.

    Parameters
    ----------
    n_rows : int
        How many rows there are.
    row_bytes : int
        Scratch that one row takes.
    max_bytes : int, default=2**26
        The budget; a slice has at least one row, whatever it takes.

    Returns
    -------
    list of slice
        In order, covering 0 to `n_rows`; one empty slice for no rows.

    Examples
    --------
    >>> from skgeom.backends import row_blocks
    >>> row_blocks(5, row_bytes=8, max_bytes=20)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = int(np.clip(max_bytes // max(row_bytes, 1), 1, max(n_rows, 1)))
    starts = range(0, max(n_rows, 1), step)
    return [slice(start, min(start + step, n_rows)) for start in starts]
