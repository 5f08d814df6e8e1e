import importlib.util
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from skgeom.backends import get_backend
from skgeom.graph import _neighbors, nearest_neighbors
from skgeom.testing import point_clouds


def brute_force(X, Y=None, metric="euclidean"):
    """All distances in float64; infinite from a row to itself."""
    X = X.astype(np.float64)
    if Y is None:
        distances = cdist(X, X, metric)
        np.fill_diagonal(distances, np.inf)
        return distances
    return cdist(Y.astype(np.float64), X, metric)


# -------------------------------------------------------------------------- exact


@given(X=point_clouds(), share=st.floats(0, 1))
@settings(max_examples=60)
def test_own_neighbors(device, X, share):
    k = 1 + round(share * (len(X) - 2))
    distances, indices = nearest_neighbors(
        X, n_neighbors=k, backend=get_backend(device)
    )
    assert isinstance(distances, np.ndarray)
    assert distances.dtype == np.float64
    assert indices.dtype == np.int64
    assert distances.shape == indices.shape == (len(X), k)
    expected = brute_force(X)
    assert_allclose(distances, np.sort(expected, axis=1)[:, :k], rtol=1e-12)
    own = np.take_along_axis(expected, indices, axis=1)
    assert_allclose(distances, own, rtol=1e-12)  # infinite if a row lists itself
    for i, row in enumerate(indices):
        assert len(set(row)) == k
        coincide = np.flatnonzero(expected[i] == 0)
        listed = row[distances[i] == 0]
        assert_array_equal(listed, coincide[: len(listed)])


@given(X=point_clouds(), pick=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
@settings(max_examples=60)
def test_some_rows_have_the_neighbors_that_all_find(device, X, pick, share):
    rng = np.random.default_rng(pick)
    rows = rng.choice(len(X), size=rng.integers(1, len(X) + 1), replace=False)
    options = {
        "n_neighbors": 1 + round(share * (len(X) - 2)),
        "backend": get_backend(device),
    }
    everything = nearest_neighbors(X, **options)
    some = nearest_neighbors(X, rows=rows, **options)
    for one, other in zip(some, everything, strict=True):
        assert_array_equal(one, other[rows])


@given(X=point_clouds(min_features=2), Y=point_clouds(min_features=2))
@settings(max_examples=60)
def test_neighbors_of_queries(device, X, Y):
    X, Y = X[:, :2], Y[:, :2]
    k = max(1, len(X) // 2)
    distances, indices = nearest_neighbors(
        X, Y, n_neighbors=k, backend=get_backend(device)
    )
    expected = brute_force(X, Y.astype(X.dtype))
    assert_allclose(distances, np.sort(expected, axis=1)[:, :k], rtol=1e-12)
    own = np.take_along_axis(expected, indices, axis=1)
    assert_allclose(distances, own, rtol=1e-12)


@pytest.mark.parametrize("n_features", [1, 3, 20])
@pytest.mark.parametrize("k", [1, 7, 199])
def test_ties_go_to_the_lowest_index(device, n_features, k):
    # Small integers: distances and their ties are exact.
    X = np.random.default_rng(0).integers(0, 3, (200, n_features)).astype(float)
    distances, indices = nearest_neighbors(
        X, n_neighbors=k, backend=get_backend(device)
    )
    expected = brute_force(X)
    order = np.argsort(expected, axis=1, kind="stable")[:, :k]
    assert_array_equal(indices, order)
    assert_allclose(distances, np.take_along_axis(expected, order, axis=1), rtol=1e-15)


def test_duplicates_alone(device):
    X = np.full((300, 2), 0.1)
    distances, indices = nearest_neighbors(
        X, n_neighbors=3, backend=get_backend(device)
    )
    assert not distances.any()
    assert_array_equal(indices[:4], [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    assert_array_equal(indices[4:], np.tile([0, 1, 2], (296, 1)))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("scale", [1e-150, 1e-300, 1e150, 1e307])
def test_scale_is_no_matter(device, scale, metric):
    X = np.random.default_rng(0).uniform(-1, 1, (60, 3))
    # A power of two scales without rounding.
    scale = 2.0 ** round(np.log2(scale))
    backend = get_backend(device)
    for Y in (None, X[:9] + 0.1):
        options = dict(n_neighbors=5, metric=metric, backend=backend)
        distances, indices = nearest_neighbors(X, Y, **options)
        scaled = None if Y is None else scale * Y
        again = nearest_neighbors(scale * X, scaled, **options)
        assert_array_equal(again[1], indices)
        factor = scale if metric == "euclidean" else 1.0
        assert_array_equal(again[0], factor * distances)


def test_the_largest_and_smallest_floats(device):
    backend = get_backend(device)
    for dtype in (np.float64, np.float32):
        info = np.finfo(dtype)
        for unit in (info.max / 4, info.smallest_normal):
            X = np.array([[4.0], [3.0], [0.0]], dtype) * dtype(unit)
            distances, indices = nearest_neighbors(X, n_neighbors=1, backend=backend)
            assert_array_equal(indices.ravel(), [1, 0, 1])
            assert_allclose(distances.ravel() / float(unit), [1, 1, 3], rtol=1e-6)


def test_queries_may_be_far_larger_than_the_rows(device):
    X = np.array([[1e-160], [2e-160]])
    distances, _ = nearest_neighbors(
        X, np.array([[1.0], [1e150]]), n_neighbors=2, backend=get_backend(device)
    )
    assert_allclose(distances, [[1.0, 1.0], [1e150, 1e150]])


@given(X=point_clouds(min_features=2), share=st.floats(0, 1))
@settings(max_examples=60)
def test_cosine(device, X, share):
    X[(X == 0).all(axis=1)] = 1.0
    k = 1 + round(share * (len(X) - 2))
    distances, indices = nearest_neighbors(
        X, n_neighbors=k, metric="cosine", backend=get_backend(device)
    )
    expected, atol = brute_force(X, metric="cosine"), 8 * np.finfo(X.dtype).eps
    assert_allclose(distances, np.sort(expected, axis=1)[:, :k], atol=atol, rtol=1e-7)
    own = np.take_along_axis(expected, indices, axis=1)
    assert_allclose(distances, own, atol=atol, rtol=1e-7)
    assert distances.min() >= 0
    assert distances.max() <= 2 + atol


def test_cosine_ignores_lengths(device):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    stretched = X * 2.0 ** rng.integers(-300, 300, (60, 1))
    options = dict(n_neighbors=5, metric="cosine", backend=get_backend(device))
    one, two = (nearest_neighbors(A, **options) for A in (X, stretched))
    assert_array_equal(one[1], two[1])
    assert_allclose(one[0], two[0], rtol=1e-10)


def test_integers_are_numbers(device):
    X = np.array([[0], [1], [3]])
    backend = get_backend(device)
    distances, indices = nearest_neighbors(X, n_neighbors=1, backend=backend)
    assert_array_equal(indices.ravel(), [1, 0, 1])
    assert_array_equal(distances.ravel(), [1.0, 1.0, 2.0])
    between = nearest_neighbors(X, np.array([[0.75]]), n_neighbors=2, backend=backend)
    assert_array_equal(between[0], [[0.25, 0.75]])
    assert_array_equal(between[1], [[1, 0]])


def test_the_backend_follows_the_input():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    X = np.random.default_rng(0).standard_normal((50, 3))
    one = nearest_neighbors(X, X[:5] + 0.1, n_neighbors=4)
    two = nearest_neighbors(torch.tensor(X), torch.tensor(X)[:5] + 0.1, n_neighbors=4)
    assert isinstance(two[0], np.ndarray)
    assert_array_equal(one[1], two[1])
    assert_allclose(one[0], two[0], rtol=1e-14)


# -------------------------------------------------------------------- approximate


def share_found(indices, expected):
    """How many of the nearest neighbours are among those found."""
    nearest = np.argsort(expected, axis=1)[:, : indices.shape[1]]
    return np.mean([np.isin(a, b) for a, b in zip(nearest, indices, strict=True)])


def hold_against_brute_force(algorithm, own, metric):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 8))
    Y = None if own else X[:200] + 0.1 * rng.standard_normal((200, 8))
    distances, indices = nearest_neighbors(
        X, Y, n_neighbors=10, metric=metric, algorithm=algorithm
    )
    expected = brute_force(X, Y, metric)
    assert share_found(indices, expected) >= 0.98
    # What is found is measured exactly, and ordered.
    own_distances = np.take_along_axis(expected, indices, axis=1)
    assert_allclose(distances, own_distances, rtol=1e-9)
    assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("own", [True, False])
def test_faiss_finds_nearly_all(own, metric):
    pytest.importorskip("faiss")
    hold_against_brute_force("faiss", own, metric)


@pytest.mark.slow  # pynndescent compiles itself anew in each process
@pytest.mark.parametrize(
    "own, metric", [(True, "euclidean"), (True, "cosine"), (False, "euclidean")]
)
def test_pynndescent_finds_nearly_all(own, metric):
    pytest.importorskip("pynndescent")
    hold_against_brute_force("pynndescent", own, metric)


@pytest.fixture
def exhaustive(monkeypatch):
    """A module in the place of pynndescent that searches everything.

    But it finds five candidates alone; the others are -1.
    """

    class NNDescent:
        made = []

        def __init__(self, data, *, metric, n_neighbors, random_state):
            assert data.dtype == np.float32
            assert n_neighbors < len(data)
            assert random_state == 0
            self.data, self.metric, self.width = data, metric, n_neighbors
            self.asked = []
            self.made.append(self)

        @property
        def neighbor_graph(self):
            self.asked.append("own")
            return self._search(self.data, self.width)

        def query(self, queries, k):
            assert queries.dtype == np.float32
            self.asked.append("query")
            return self._search(queries, k)

        def _search(self, queries, k):
            distances = cdist(queries, self.data, self.metric)
            indices = np.argsort(distances, axis=1, kind="stable")[:, :k]
            indices[:, 5:] = -1
            return indices.astype(np.int32), np.take_along_axis(distances, indices, 1)

    module = types.SimpleNamespace(NNDescent=NNDescent)
    monkeypatch.setitem(sys.modules, "pynndescent", module)
    return NNDescent


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("n_samples", [5, 20, 34, 200])
def test_what_an_index_proposes_is_measured_exactly(
    device, n_samples, metric, exhaustive
):
    X = np.random.default_rng(0).standard_normal((n_samples, 3))
    options = dict(n_neighbors=3, metric=metric, backend=get_backend(device))
    for Y, asked in ((None, "own"), (X[-4:] + 0.1, "query")):
        found = nearest_neighbors(X, Y, algorithm="pynndescent", **options)
        exact = nearest_neighbors(X, Y, algorithm="exact", **options)
        assert_array_equal(found[1], exact[1])
        assert_allclose(found[0], exact[0], rtol=1e-14)
        if n_samples > 10:  # with less, all rows are candidates and no index is made
            assert exhaustive.made[-1].asked == [asked]
    assert len(exhaustive.made) == (2 if n_samples > 10 else 0)


def test_candidates_not_found_are_replaced_by_others():
    candidates = np.array([[3, -1, 0], [-1, -1, -1], [1, 2, 4]])
    complete = _neighbors._complete(candidates.copy(), 5)
    assert_array_equal(complete[2], candidates[2])
    assert {0, 3} <= set(complete[0])
    for row in complete:
        assert len(set(row)) == 3
        assert row.min() >= 0
        assert row.max() < 5


@pytest.mark.parametrize("n_samples", [2, 3, 15, 16, 40])
def test_faiss_takes_few_rows(n_samples):
    pytest.importorskip("faiss")
    X, k = (
        np.random.default_rng(0).standard_normal((n_samples, 2)),
        min(3, n_samples - 1),
    )
    distances, indices = nearest_neighbors(X, n_neighbors=k, algorithm="faiss")
    expected = brute_force(X)
    assert share_found(indices, expected) >= 0.98
    own = np.take_along_axis(expected, indices, axis=1)
    assert_allclose(distances, own, rtol=1e-12)


def test_faiss_takes_duplicates():
    pytest.importorskip("faiss")
    X = np.repeat(np.random.default_rng(0).standard_normal((20, 2)), 30, axis=0)
    distances, indices = nearest_neighbors(X, n_neighbors=5, algorithm="faiss")
    assert not distances.any()
    assert (indices // 30 == np.arange(600)[:, None] // 30).all()
    assert (indices != np.arange(600)[:, None]).all()


# ------------------------------------------------------------- which search is taken


@pytest.fixture
def chosen(monkeypatch):
    """Names of the searches that run; exact ones are for up to ten rows."""
    names = []

    def spy(name):
        def search(*args):
            names.append(name)
            return _neighbors._exact(*args)

        return search

    for name in _neighbors._SEARCHES:
        monkeypatch.setitem(_neighbors._SEARCHES, name, spy(name))
    monkeypatch.setattr(_neighbors, "_EXACT_LIMIT", 10)
    return names


def pretend_installed(monkeypatch, *names):
    find_spec = importlib.util.find_spec

    def pretended(name):
        if name in ("faiss", "pynndescent"):
            return object() if name in names else None
        return find_spec(name)

    monkeypatch.setattr(importlib.util, "find_spec", pretended)


@pytest.mark.parametrize(
    "n_samples, installed, expected",
    [
        (10, ("faiss", "pynndescent"), "exact"),
        (11, ("faiss", "pynndescent"), "faiss"),
        (11, ("faiss",), "faiss"),
        (11, ("pynndescent",), "pynndescent"),
    ],
)
def test_auto_is_approximate_above_the_limit(
    n_samples, installed, expected, chosen, monkeypatch
):
    pretend_installed(monkeypatch, *installed)
    nearest_neighbors(np.eye(n_samples, 5), n_neighbors=1)
    assert chosen == [expected]


def test_few_queries_are_searched_exactly(chosen, monkeypatch):
    pretend_installed(monkeypatch, "faiss")
    X = np.random.default_rng(0).normal(size=(50, 5))
    nearest_neighbors(X, X[:2], n_neighbors=1)
    nearest_neighbors(X, X[:3], n_neighbors=1)
    nearest_neighbors(X, rows=np.arange(2), n_neighbors=1)
    assert chosen == ["exact", "faiss", "exact"]


def test_auto_is_exact_for_more_rows_on_an_accelerator(monkeypatch):
    pretend_installed(monkeypatch, "faiss")
    for device, expected in (("cpu", "faiss"), ("cuda", "exact"), ("mps", "exact")):
        where = types.SimpleNamespace(device=device)
        found = _neighbors._choose_algorithm("auto", 10**6, 10**6, 5, where)
        assert found == expected


def test_auto_warns_where_no_index_is_installed(chosen, monkeypatch):
    pretend_installed(monkeypatch)
    with pytest.warns(UserWarning, match=r"over 11 rows is slow\. Install faiss with"):
        nearest_neighbors(np.eye(11), n_neighbors=1)
    assert chosen == ["exact"]


def test_few_columns_are_searched_by_trees(chosen, monkeypatch):
    pretend_installed(monkeypatch, "faiss")
    X = np.random.default_rng(0).normal(size=(50, 5))
    nearest_neighbors(X[:, :4], n_neighbors=1)
    nearest_neighbors(X, n_neighbors=1)
    assert chosen == ["exact", "faiss"]


@pytest.mark.parametrize("algorithm", ["exact", "faiss", "pynndescent"])
def test_a_name_is_obeyed(algorithm, chosen, monkeypatch):
    pretend_installed(monkeypatch)
    for n_samples in (5, 50):
        X = np.arange(float(n_samples))[:, None]
        nearest_neighbors(X, n_neighbors=1, algorithm=algorithm)
    assert chosen == [algorithm] * 2


def test_the_limit_is_fifty_thousand():
    assert _neighbors._EXACT_LIMIT == 50_000


@pytest.mark.parametrize("name", ["faiss", "pynndescent"])
def test_an_engine_that_is_not_installed(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)  # importing it fails
    X = np.random.default_rng(0).standard_normal((40, 2))
    with pytest.raises(ImportError, match=f"algorithm='{name}' needs {name}: `pip"):
        nearest_neighbors(X, n_neighbors=1, algorithm=name)


# ------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_neighbors": 0}, "n_neighbors=0 must be between 1 and the 4 rows"),
        ({"n_neighbors": 5}, "n_neighbors=5 must be between 1 and the 4 rows"),
        ({"n_neighbors": 6, "Y": np.zeros((1, 1))}, "between 1 and the 5 rows"),
        ({"metric": "manhattan"}, "metric='manhattan' must be 'euclidean' or 'cosine'"),
        ({"algorithm": "annoy"}, "algorithm='annoy' must be one of"),
        ({"rows": np.array([0]), "Y": np.zeros((1, 1))}, "give them or Y, not both"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbors(np.zeros((5, 1)), **({"n_neighbors": 1} | options))


def test_all_rows_may_be_neighbors():
    X = np.arange(5.0)[:, None]
    assert nearest_neighbors(X, n_neighbors=4)[1][0].tolist() == [1, 2, 3, 4]
    assert nearest_neighbors(X, X, n_neighbors=5)[1][0].tolist() == [0, 1, 2, 3, 4]
