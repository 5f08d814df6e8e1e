"""Blocks of rows and whole fits on the processes of Dask and Ray: as on one thread.

Marked slow, and left out where these are not installed.
"""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_digits, make_friedman1
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skgeom import HeatGeodesicEmbedding, KernelRegressor, SphereKernelDensity
from skgeom.datasets import make_vmf_mixture

pytestmark = [
    pytest.mark.slow,
    # Their own: sockets and files that are closed late, names that will go.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def dask_client():
    """Two processes of Dask."""
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("dask.array")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


@contextmanager
def on_dask(client):
    with parallel_config("dask"):
        yield


@contextmanager
def on_ray(client):
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    try:
        with parallel_config("ray", n_jobs=2):
            yield
    finally:
        ray.shutdown()


def fitted():
    """Models, the method that reads rows, and rows."""
    X, y = make_friedman1(3000, 10, random_state=0)
    sphere = make_vmf_mixture(3000, random_state=0)[0]
    embedding = HeatGeodesicEmbedding(n_landmarks=200, random_state=0)
    return {
        "transform": (embedding.fit(X[:1000, :3]), X[:, :3]),
        "predict": (KernelRegressor(random_state=0).fit(X[:1000], y[:1000]), X),
        "score_samples": (SphereKernelDensity().fit(sphere[:500]), sphere),
    }


@pytest.mark.parametrize("method", ["transform", "predict", "score_samples"])
def test_blocks_of_a_dask_array_are_answered_as_in_memory(dask_client, method):
    import dask.array as da

    model, X = fitted()[method]
    here = getattr(model, method)(X)
    rows = da.from_array(X, chunks=(500, X.shape[1]))
    wide = here.ndim == 2
    there = rows.map_blocks(
        lambda block, model: getattr(model, method)(block),
        dask_client.scatter(model, broadcast=True),
        dtype=here.dtype,
        meta=here[:0],
        **({"chunks": (rows.chunks[0], here.shape[1:])} if wide else {"drop_axis": 1}),
    )
    # A search by products knows distances to rounding, which differs with the block.
    np.testing.assert_allclose(there.compute(), here, rtol=1e-8, atol=1e-8)


def test_partitions_of_a_data_frame_keep_their_index(dask_client):
    dd = pytest.importorskip("dask.dataframe")
    model, X = fitted()["transform"]
    table = pd.DataFrame(X, columns=list("abc")).set_index(np.arange(len(X)) + 7)
    model = model.set_output(transform="pandas").fit(table.iloc[:1000])
    here = model.transform(table)
    there = dd.from_pandas(table, npartitions=4).map_partitions(
        model.transform, meta=here.iloc[:0]
    )
    pd.testing.assert_frame_equal(there.compute(), here)


@pytest.mark.parametrize("where", [on_dask, on_ray])
def test_searches_and_restarts_elsewhere_find_the_same(request, where):
    client = request.getfixturevalue("dask_client") if where is on_dask else None
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300]

    def scores():
        model = make_pipeline(
            HeatGeodesicEmbedding(random_state=0), KNeighborsClassifier(5)
        )
        grid = {"heatgeodesicembedding__n_components": [2, 4]}
        search = GridSearchCV(model, grid, cv=3, refit=False).fit(X, y)
        return [search.cv_results_[f"split{i}_test_score"] for i in range(3)]

    def restarts():
        def stress(seed):
            return HeatGeodesicEmbedding(random_state=seed).fit(X).stress_

        return Parallel()(delayed(stress)(seed) for seed in range(4))

    def found(n_jobs):
        alone = HeatGeodesicEmbedding(random_state=0, n_jobs=n_jobs)
        return scores(), restarts(), alone.fit_transform(X)

    with where(client):
        there = found(2)
    here = found(1)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a, b)
