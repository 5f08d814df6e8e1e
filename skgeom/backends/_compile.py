"""How every numba kernel is compiled, and given its indices."""

import os

# Without the GIL, and kept on disk unless the environment says otherwise.
OPTIONS = {"cache": os.environ.get("SKGEOM_NUMBA_CACHE", "1") != "0", "nogil": True}


def unsigned(indices):
    """View indices, none of them negative, in the unsigned type of their width.

    A kernel asks of each signed index whether it counts from the end, and of an
    unsigned one it does not: a product with a sparse matrix takes two thirds of the
    time.
    """
    return indices.view(f"u{indices.dtype.itemsize}")
