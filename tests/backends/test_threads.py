"""BLAS and OpenMP have one thread while estimators work, and theirs back afterwards."""

import threading

import numpy as np
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from threadpoolctl import threadpool_info, threadpool_limits

from skgeom import (
    GraphRandomFeatures,
    HeatGeodesicEmbedding,
    KernelRegressor,
    VecchiaGPRegressor,
)
from skgeom.backends import (
    few_threads,
    in_threads,
    number_of_threads,
    one_blas_thread,
)
from skgeom.base import GeometryEstimator
from skgeom.graph import Graph


def threads(kind):
    """Of the libraries that are held; torch has its own."""
    return {
        each["num_threads"]
        for each in threadpool_info()
        if each["user_api"] == kind
        and each.get("threading_layer") != "openmp"
        and "torch" not in each["filepath"]
    }


def allow_blas(n):
    """For the process; by a thread that ends, as who limits BLAS keeps others off."""
    setter = threading.Thread(target=threadpool_limits, args=(n, "blas"))
    setter.start()
    setter.join()


@pytest.fixture(autouse=True)
def two_threads():
    """As many as the smallest machine has, whatever the environment says."""
    before = max(threads("blas"))
    allow_blas(2)
    with threadpool_limits(2, "openmp"):
        yield
    assert threads("blas") == {2}
    allow_blas(before)


class Watcher(GeometryEstimator):
    """Tells how many threads there are while it works."""

    def __init__(self, device="auto"):
        self.device = device

    def fit(self, X, y=None):
        self.seen_ = threads("blas"), threads("openmp")
        return self

    def transform(self, X):
        raise KeyError("no transform")


@pytest.mark.parametrize(("n", "of_openmp"), [(9, {1}), (10_000, {2})])
def test_estimators_work_with_few(n, of_openmp):
    blas, openmp = Watcher().fit(np.zeros((n, 1))).seen_
    assert blas == {1}
    assert openmp == of_openmp
    assert threads("openmp") == {2}


def test_lists_and_calls_without_rows_count_as_few():
    assert Watcher().fit([[0.0]]).seen_ == ({1}, {1})
    assert Watcher().fit(None).seen_ == ({1}, {1})


def test_a_blas_by_openmp_is_held_as_openmp_is():
    """That of faiss has its threads from the library of scikit-learn's loops."""
    pytest.importorskip("faiss", reason="faiss is not installed")
    with threadpool_limits(2, "openmp"):
        assert Watcher().fit(np.zeros((10_000, 1))).seen_ == ({1}, {2})


def test_an_error_gives_threads_back():
    with pytest.raises(KeyError):
        Watcher().fit([[0.0]]).transform([[0.0]])
    assert threads("blas") == threads("openmp") == {2}


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_threads_come_back_in_whatever_order_holds_end(first_ends_first):
    first_holds, second_holds, ended = (threading.Event() for _ in range(3))
    seen = []

    def first():
        with one_blas_thread():
            first_holds.set()
            (second_holds if first_ends_first else ended).wait(9)
            seen.append(threads("blas"))
        if first_ends_first:
            ended.set()

    def second():
        first_holds.wait(9)
        with few_threads(1):
            second_holds.set()
            if first_ends_first:
                ended.wait(9)
            else:
                seen.append(threads("blas"))
        ended.set()

    both = [threading.Thread(target=each) for each in (first, second)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert seen[0] == seen[-1] == {1}
    assert threads("blas") == {2}


def test_a_limit_of_the_user_stays():
    with threadpool_limits(1, user_api="blas"):
        Watcher().fit([[0.0]])
        assert threads("blas") == {1}


X = np.random.default_rng(0).normal(size=(5000, 3))
# Tasks that share arrays: rows of walks, conditionals, paths and columns, tiles.
FITS = {
    "walks": lambda: (
        GraphRandomFeatures(graph=Graph.from_points(X, n_neighbors=5), random_state=0)
        .fit_transform(np.arange(len(X))[:, None])
        .toarray()
    ),
    "conditionals": lambda: (
        VecchiaGPRegressor(random_state=0, tol=0.1)
        .fit(X[:600], X[:600, 0])
        .predict(X[600:1800])
    ),
    "paths and columns": lambda: (
        HeatGeodesicEmbedding(n_landmarks=100, random_state=0).fit(X).embedding_
    ),
    "tiles": lambda: (
        KernelRegressor(kernel="rbf", gamma=1.0, alpha=0.1, random_state=0)
        .fit(X[:300], X[:300, 0])
        .predict(X)
    ),
}


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
@pytest.mark.parametrize("what", FITS)
def test_tasks_stay_in_the_process_whatever_joblib_is_told(what, backend):
    """In another process they would write to copies of the arrays."""
    alone = FITS[what]()
    with parallel_config(backend, n_jobs=2):
        assert number_of_threads(None) == 2
        together = FITS[what]()
    np.testing.assert_array_equal(together, alone)


class _Cluster(ThreadingBackend):
    """As a backend of joblib that comes with another library."""

    supports_sharedmem = False
    default_n_jobs = -1

    def effective_n_jobs(self, n_jobs):
        return 1000


def test_workers_of_a_cluster_are_not_threads_of_ours():
    register_parallel_backend("cluster", _Cluster)
    with parallel_config("cluster"):
        assert number_of_threads(None) == 1
        assert number_of_threads(2) == 2
        assert in_threads(None)._effective_n_jobs() == 1
