import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from scipy.spatial.distance import cdist

from skgeom.backends._faiss import nearest_by_products

faiss = pytest.importorskip("faiss", reason="faiss is not installed")


@pytest.mark.parametrize("n_queries", [1, 19, 300])
def test_the_nearest(n_queries):
    points = np.random.default_rng(0).normal(size=(300, 20)).astype(np.float32)
    found = nearest_by_products(points, points[:n_queries], 5)
    expected = np.argsort(cdist(points[:n_queries], points), axis=1)[:, :5]
    assert_array_equal(found, expected)


def test_the_settings_of_faiss_are_set_back():
    points = np.eye(3, dtype=np.float32)
    before = faiss.cvar.distance_compute_blas_threshold
    nearest_by_products(points, points, 2)
    assert faiss.cvar.distance_compute_blas_threshold == before
    with pytest.raises(AssertionError):  # of faiss: widths differ
        nearest_by_products(points, points[:, :2], 2)
    assert faiss.cvar.distance_compute_blas_threshold == before


def test_so_they_are_after_searches_in_threads():
    points = np.random.default_rng(0).normal(size=(2000, 20)).astype(np.float32)
    before = faiss.cvar.distance_compute_blas_threshold
    Parallel(n_jobs=4, prefer="threads")(
        delayed(nearest_by_products)(points, points[:200], 5) for _ in range(40)
    )
    assert faiss.cvar.distance_compute_blas_threshold == before
