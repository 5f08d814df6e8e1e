"""Neighbours by reduced distances: definitions, what they help, and bad input."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import norm
from sklearn.cluster import DBSCAN
from sklearn.manifold import Isomap
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline

from skgeom import HubnessReducedNeighbors
from skgeom.metrics import hubness_score

METHODS = ["nicdm", "local_scaling", "mutual_proximity"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
NEW = RNG.normal(size=(9, 4))


def by_definition(train, rows, k, method):
    """All reduced distances of new rows, by loops over definitions."""
    own, far = cdist(train, train), cdist(rows, train)
    if method == "mutual_proximity":
        here = far.mean(axis=1)[:, None], far.std(axis=1)[:, None]
        there = own.mean(axis=1), own.std(axis=1)
        here, there = (norm.sf(far, *law) / norm.sf(0.0, *law) for law in (here, there))
        return 1 - here * there
    inner = np.sort(own, axis=1)[:, 1 : k + 1]
    outer = np.sort(far, axis=1)[:, :k]
    if method == "nicdm":
        scales = outer.mean(axis=1)[:, None] * inner.mean(axis=1)
        return far / np.sqrt(scales)
    return 1 - np.exp(-(far**2) / (outer[:, -1:] * inner[:, -1]))


@pytest.mark.parametrize("method", METHODS)
def test_the_definition(method):
    model = HubnessReducedNeighbors(5, method=method).fit(X)
    found = model.transform(NEW)
    expected = by_definition(X, NEW, 5, method)
    assert found.shape == (9, 60)
    assert (np.diff(found.indptr) == 6).all()
    for row, values in enumerate(expected):
        part = slice(found.indptr[row], found.indptr[row + 1])
        np.testing.assert_allclose(found.data[part], np.sort(values)[:6], rtol=1e-9)
        np.testing.assert_array_equal(found.indices[part], np.argsort(values)[:6])


@pytest.mark.parametrize("method", METHODS)
def test_precomputed_distances_are_the_same(method):
    by_rows = HubnessReducedNeighbors(5, method=method).fit(X)
    whole = HubnessReducedNeighbors(5, method=method, metric="precomputed")
    whole.fit(cdist(X, X))
    pairs = [(X, cdist(X, X)), (NEW, cdist(NEW, X))]
    for rows, distances in pairs:
        one, two = by_rows.transform(rows), whole.transform(distances)
        np.testing.assert_array_equal(one.indices, two.indices)
        np.testing.assert_allclose(one.data, two.data, rtol=1e-9, atol=1e-12)


def test_cosine_distances():
    model = HubnessReducedNeighbors(5, metric="cosine").fit(X)
    whole = HubnessReducedNeighbors(5, metric="precomputed").fit(cdist(X, X, "cosine"))
    np.testing.assert_allclose(
        model.transform(NEW).toarray(),
        whole.transform(cdist(NEW, X, "cosine")).toarray(),
        rtol=1e-7,
    )


@pytest.mark.parametrize("method", METHODS)
def test_training_rows_have_themselves_and_no_other_answer(method):
    model = HubnessReducedNeighbors(5, method=method)
    fitted = model.fit_transform(X)
    assert (fitted.indices[::6] == np.arange(60)).all()
    assert (fitted.data[::6] == 0).all()
    # Among other rows, where training rows are not recognised as a whole.
    again = model.transform(np.concatenate([X[7:20], NEW]))
    np.testing.assert_array_equal(again[:13].toarray(), fitted[7:20].toarray())
    # And hardly elsewhere than where they were.
    moved = model.transform(X[7:20] + 1e-12)
    np.testing.assert_allclose(moved.toarray(), fitted[7:20].toarray(), atol=1e-9)


@given(
    power=st.integers(-100, 100),
    method=st.sampled_from(METHODS),
    seed=st.integers(0, 9),
)
@settings(max_examples=30)
def test_units_and_the_order_of_rows_do_not_matter(power, method, seed):
    model = HubnessReducedNeighbors(4, method=method)
    expected = model.fit(X).transform(NEW).toarray()
    scaled = model.fit(X * 10.0**power).transform(NEW * 10.0**power)
    np.testing.assert_allclose(scaled.toarray(), expected, rtol=1e-8)
    order = np.random.default_rng(seed).permutation(60)
    turned = model.fit(X[order]).transform(NEW).toarray()
    np.testing.assert_allclose(turned, expected[:, order], rtol=1e-9)


def loose_and_dense(seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(6, size=900)
    spread = np.exp(0.3 * rng.normal(size=6))
    centers = 0.6 * rng.normal(size=(6, 100))
    return centers[y] + spread[y, None] * rng.normal(size=(900, 100)), y


@pytest.mark.parametrize("method", METHODS)
def test_loose_clusters_are_told_from_dense_ones(method):
    """Groups of similar scale find whom the nearest alone do not."""
    rows, y = loose_and_dense(1)
    scores = {}
    for name, graph in (
        ("plain", KNeighborsTransformer(n_neighbors=10)),
        (method, HubnessReducedNeighbors(10, method=method)),
    ):
        voters = KNeighborsClassifier(10, metric="precomputed")
        model = make_pipeline(graph, voters).fit(rows[:600], y[:600])
        scores[name] = model.score(rows[600:], y[600:])
    assert scores["plain"] < 0.75
    assert scores[method] > scores["plain"] + 0.2
    links = HubnessReducedNeighbors(10, method=method).fit_transform(rows)
    reduced = hubness_score(links, metric="precomputed")
    plain = hubness_score(rows)
    assert reduced.skewness < plain.skewness / 1.5
    assert reduced.antihub_share < plain.antihub_share / 2


def test_groups_find_nearly_all_that_are_nearest():
    rows, _ = loose_and_dense(2)
    train, new = rows[:-50], rows[-50:]
    whole = HubnessReducedNeighbors(3, metric="precomputed").fit(cdist(train, train))
    best = whole.transform(cdist(new, train)).indices.reshape(50, 4)
    found = HubnessReducedNeighbors(3).fit(train).transform(new).indices.reshape(50, 4)
    hits = [np.isin(a, b).mean() for a, b in zip(best, found, strict=True)]
    assert np.mean(hits) >= 0.98


def test_estimators_take_the_graph():
    graph = HubnessReducedNeighbors(8)
    placed = make_pipeline(graph, Isomap(n_neighbors=8, metric="precomputed"))
    assert placed.fit_transform(X).shape == (60, 2)
    grouped = make_pipeline(graph, DBSCAN(eps=1.0, metric="precomputed"))
    assert grouped.fit_predict(X).max() >= 0


def test_single_precision_stays():
    model = HubnessReducedNeighbors(5)
    found = model.fit_transform(X.astype(np.float32))
    assert found.dtype == model.scale_.dtype == np.float32
    np.testing.assert_allclose(
        found.toarray(), model.fit_transform(X).toarray(), atol=1e-5
    )


# -------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("method", METHODS)
def test_duplicates_and_constant_columns(method):
    rows = np.concatenate([np.zeros((9, 3)), np.eye(3), np.eye(3)[:1], 5 + np.eye(3)])
    model = HubnessReducedNeighbors(3, method=method)
    found = model.fit_transform(rows)
    assert np.isfinite(found.data).all()
    assert (found.data >= 0).all()
    assert (np.diff(found.indptr) == 4).all()
    assert (found.data[: 9 * 4] == 0).all()  # the nine have each other
    assert np.isfinite(model.transform(rows[:2] + 1e-200).data).all()
    constant = model.fit_transform(np.ones((6, 2)))
    assert (constant.data == 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_rows_that_are_far_away(method):
    model = HubnessReducedNeighbors(3, method=method).fit(X)
    found = model.transform(np.array([[1e100, 0, 0, 0], [-1e300, 1e300, 0, 0]]))
    assert np.isfinite(found.data).all()


def test_more_neighbours_than_rows():
    with pytest.warns(UserWarning, match="n_neighbors=10 is more than the 4 other"):
        model = HubnessReducedNeighbors().fit(X[:5])
    assert model.transform(NEW).nnz == 45
    with pytest.warns(UserWarning, match="all 1 are used"):
        assert HubnessReducedNeighbors().fit_transform(X[:2]).nnz == 4


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        HubnessReducedNeighbors().fit(X[:1])
    with pytest.raises(ValueError, match="contains NaN"):
        HubnessReducedNeighbors().fit(X * np.nan)
    with pytest.raises(ValueError, match="contains infinity"):
        HubnessReducedNeighbors().fit(np.where(X > 1, np.inf, X))
    for parameter in ("method", "metric"):
        with pytest.raises(ValueError, match=f"'{parameter}' parameter"):
            HubnessReducedNeighbors(**{parameter: "csls"}).fit(X)
    given = HubnessReducedNeighbors(3, metric="precomputed")
    with pytest.raises(ValueError, match="square matrix"):
        given.fit(np.abs(X))
    with pytest.raises(ValueError, match="Negative values"):
        given.fit(-cdist(X, X))
    with pytest.raises(ValueError, match="Negative values"):
        given.fit(cdist(X, X)).transform(-cdist(NEW, X))
    with pytest.raises(ValueError, match="outputs a scipy sparse matrix"):
        given.set_output(transform="pandas").fit_transform(cdist(X, X))


def test_the_result_is_scipys_for_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    found = HubnessReducedNeighbors(5).fit_transform(torch.from_numpy(X))
    assert sp.issparse(found)
    expected = HubnessReducedNeighbors(5).fit_transform(X)
    np.testing.assert_allclose(found.toarray(), expected.toarray(), atol=1e-12)
