"""How many threads BLAS and OpenMP have while an estimator works.

Their threads wait for work by keeping a core busy. On a machine with other work that
costs far more than they bring: a Cholesky factor of 2,000 rows takes 25 times, the SVD
of tall matrices thirty times the processor seconds of one thread. So estimators hold
BLAS to one thread, and OpenMP, by which scikit-learn finds neighbours and means, where
rows are few. What runs in parallel over rows, walks or columns has threads of joblib's
(`n_jobs`), which sleep while they wait.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

# Modules that may bring libraries of their own.
_BRING_THREADS = (
    "scipy.linalg",
    "sklearn.cluster",
    "sklearn.metrics",
    "torch",
    "faiss",
)
# Rows below which loops of OpenMP are short.
_FEW_ROWS = 10_000


# Held by who limits BLAS, whose number of threads is one for the whole process: of two
# who limit it at a time, one could give back what the other has set.
_LIMITS_BLAS = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread in a block of code.

    In several threads of Python at once it is held until the first that holds it ends.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import one_blas_thread
    >>> with one_blas_thread():
    ...     np.ones((2, 3)) @ np.ones((3, 1))
    array([[3.],
           [3.]])
    """
    if not _LIMITS_BLAS.acquire(blocking=False):
        yield
        return
    try:
        with _libraries(_loaded(), "blas").limit(limits=1):
            yield
    finally:
        _LIMITS_BLAS.release()


@contextmanager
def few_threads(n_rows: int) -> Iterator[None]:
    """Hold BLAS to one thread in a block of code, and OpenMP where rows are few.

    Parameters
    ----------
    n_rows : int
        Rows that the code is about; OpenMP keeps its threads from 10,000 on.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from skgeom.backends import few_threads
    >>> with few_threads(2):
    ...     int(KMeans(1).fit([[0.0], [2.0]]).cluster_centers_[0, 0])
    1
    """
    with one_blas_thread():
        if n_rows >= _FEW_ROWS:
            yield
            return
        # What OpenMP may take is a number of each thread: holds need no counting.
        with _libraries(_loaded(), "openmp").limit(limits=1):
            yield


def _loaded():
    """Which of them this process has."""
    return tuple(name in sys.modules for name in _BRING_THREADS)


@cache
def _libraries(loaded, kind):
    """The libraries but that of torch, which sets its own; it takes a millisecond.

    A BLAS that has its threads from OpenMP, as that of faiss, is held with OpenMP.
    """
    found = ThreadpoolController().select(user_api=kind)
    paths = [
        library.filepath
        for library in found.lib_controllers
        if "torch" not in library.filepath
        and getattr(library, "threading_layer", None) != "openmp"
    ]
    return found.select(filepath=paths)
