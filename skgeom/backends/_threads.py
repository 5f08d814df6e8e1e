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
from typing import Any

from joblib import Parallel
from joblib.parallel import get_active_backend
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


def in_threads(n_jobs: int | None, **options: Any) -> Parallel:
    """Run tasks of this package side by side: always in threads of this process.

    They write to arrays that they share, and would have to carry a graph or all rows to
    another process, or machine, for milliseconds of work. A fit as a whole goes there.

    Parameters
    ----------
    n_jobs : int or None
        As in `number_of_threads`.
    **options : dict
        Other parameters of `joblib.Parallel`.

    Returns
    -------
    joblib.Parallel
        To be called with tasks.

    Examples
    --------
    >>> from joblib import delayed
    >>> from skgeom.backends import in_threads
    >>> in_threads(2)(delayed(max)(i, 1) for i in range(3))
    [1, 1, 2]
    """
    n_threads = number_of_threads(n_jobs)
    return Parallel(n_threads, prefer="threads", require="sharedmem", **options)


def number_of_threads(n_jobs: int | None) -> int:
    """Count the threads that `n_jobs` stands for.

    Parameters
    ----------
    n_jobs : int or None
        Threads, -1 for a thread a core. None is what `joblib.parallel_config` says, or
        1; where it speaks of a cluster, whose workers are elsewhere, it is 1.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> from joblib import parallel_config
    >>> from skgeom.backends import number_of_threads
    >>> with parallel_config(n_jobs=2):
    ...     number_of_threads(None), number_of_threads(3)
    (2, 3)
    """
    if n_jobs is None:
        backend, n_jobs = get_active_backend()
        of_this_machine = type(backend).__module__.startswith("joblib._parallel")
        n_jobs = n_jobs if of_this_machine and n_jobs else 1
    here, _ = get_active_backend(require="sharedmem")
    return here.effective_n_jobs(n_jobs)


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
