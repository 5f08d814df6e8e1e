"""Planted subspaces that are found again, and rows that are none."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet
from sklearn.metrics import adjusted_rand_score

from skgeom import SubspaceClustering
from skgeom.backends import get_backend
from skgeom.cluster._subspaces import _self_representation
from skgeom.cluster._subspaces._mixture import (
    fit_flats,
    information,
    left_over,
    log_densities,
    refine_flats,
)
from skgeom.cluster._subspaces._self_representation import (
    coherent_rows,
    cosine_links,
    elastic_net_links,
    spectral_labels,
    unit_rows,
)
from skgeom.datasets import make_subspaces
from skgeom.testing import point_clouds

HOST = get_backend("cpu")


@pytest.mark.parametrize(
    ("K", "d", "p", "n", "shared", "least"),
    [
        (5, 3, 10, 40, 0, 0.9),
        (5, 6, 15, 40, 0, 0.95),
        (5, 6, 15, 40, 3, 0.9),
        (8, 4, 50, 25, 0, 0.95),
    ],
)
def test_planted_subspaces_are_found(K, d, p, n, shared, least):
    X, y = make_subspaces(
        K * n,
        n_clusters=K,
        n_components=d,
        n_shared=shared,
        n_features=p,
        random_state=1,
    )
    model = SubspaceClustering(K, random_state=0).fit(X)
    assert adjusted_rand_score(y, model.labels_) > least
    assert not model.affine_
    assert np.median(model.dimensions_) == d
    assert_allclose(np.sqrt(model.noise_variance_), 0.1, rtol=0.2)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    U = model.components_[0]
    assert_allclose(U @ U.T, np.eye(len(U)), atol=1e-10)


@pytest.mark.parametrize("init", ["elastic_net", "neighbors", "random", "labels"])
@pytest.mark.parametrize("refine", ["mixture", "subspaces", None])
def test_ways_to_start_and_to_go_on(init, refine):
    X, y = make_subspaces(
        200, n_clusters=3, n_components=2, n_features=12, noise=0.05, random_state=2
    )
    rng = np.random.default_rng(0)
    given_labels = np.where(rng.random(200) < 0.2, rng.integers(0, 3, 200), y)
    start = given_labels if init == "labels" else init
    model = SubspaceClustering(
        3, 2, affine=False, init=start, refine=refine, n_init=5, random_state=0
    ).fit(X)
    if init == "labels" and refine is None:
        np.testing.assert_array_equal(model.labels_, given_labels)
    elif init != "random" or refine:
        assert adjusted_rand_score(y, model.labels_) > 0.9
    left = (X - model.inverse_transform(model.transform(X))) ** 2
    flats = left_over(X, model._flats)
    nearest = flats[np.arange(200), model.predict(X)]
    assert_allclose(left.sum(axis=1), nearest, atol=1e-10)
    if refine == "subspaces":
        assert_allclose(model.objective_, flats.min(axis=1).mean())
    else:
        assert_allclose(model.objective_, model.score_samples(X).mean())


def test_affine_subspaces_and_blobs():
    rng = np.random.default_rng(0)
    lines = [
        rng.normal(size=(60, 1)) @ rng.normal(size=(1, 3)) + 3 * rng.normal(size=3)
        for _ in range(3)
    ]
    X = np.concatenate(lines) + 0.05 * rng.normal(size=(180, 3))
    y = np.repeat(np.arange(3), 60)
    model = SubspaceClustering(3, random_state=0).fit(X)
    assert model.affine_
    assert adjusted_rand_score(y, model.labels_) > 0.95
    assert model.dimensions_.tolist() == [1, 1, 1]
    centres = np.array([X[model.labels_ == k].mean(axis=0) for k in range(3)])
    assert_allclose(model.means_, centres, atol=0.1)
    forced = SubspaceClustering(3, affine=False, random_state=0).fit(X)
    assert not forced.means_.any() and not forced.affine_


def test_coefficients_are_those_of_the_elastic_net(monkeypatch):
    monkeypatch.setattr(_self_representation, "_SWEEPS", 800)
    X, _ = make_subspaces(60, n_clusters=3, n_features=8, random_state=0)
    N = unit_rows(X)
    found = elastic_net_links(N, 0.9, None, HOST).toarray()
    for i in (0, 17, 45):
        others = np.arange(60) != i
        penalty = np.abs(N[others] @ N[i]).max() / (0.9 * 20)
        # scikit-learn divides the squares by the rows, here columns.
        model = ElasticNet(
            alpha=penalty / 8,
            l1_ratio=0.9,
            fit_intercept=False,
            tol=1e-8,
            max_iter=9999,
        ).fit(N[others].T, N[i])
        assert_allclose(found[i, others], model.coef_, atol=1e-4)
    assert not found.diagonal().any()


@given(
    X=point_clouds(min_samples=4, max_samples=12, max_features=4), k=st.integers(1, 3)
)
@settings(deadline=None, max_examples=15)
def test_coherent_rows_are_those_of_the_largest_cosines(X, k):
    N = unit_rows(X / max(np.abs(X).max(), 1e-300))
    cosines = np.abs(N @ N.T)
    np.fill_diagonal(cosines, -1)
    best = -np.sort(-cosines, axis=1)[:, :k]
    for device in ("cpu", "torch-cpu"):
        near = coherent_rows(N, k, get_backend(device))
        assert (near != np.arange(len(N))[:, None]).all()
        chosen = np.take_along_axis(cosines, near, axis=1)
        assert_allclose(-np.sort(-chosen, axis=1), best, atol=1e-6)


def test_links_by_angle():
    N = unit_rows(np.random.default_rng(0).normal(size=(20, 3)))
    links = cosine_links(N, 4, HOST).toarray()
    expected = np.exp(-2 * np.arccos(np.minimum(np.abs(N @ N.T), 1)))
    assert ((links > 0).sum(axis=1) == 4).all()
    assert_allclose(links[links > 0], expected[links > 0])


def test_graphs_in_pieces_are_cut_between_them():
    links = np.kron(np.eye(3), np.ones((5, 5)))
    rng = np.random.RandomState(0)
    from scipy.sparse import csr_array

    found = spectral_labels(csr_array(links), 3, rng, HOST)
    assert adjusted_rand_score(np.repeat(np.arange(3), 5), found) == 1


def test_densities_are_those_of_gaussians():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4)) * [3, 2, 1, 0.5]
    shares = rng.dirichlet([1, 1], size=80)
    for affine in (False, True):
        flats = fit_flats(X, shares, np.array([2, 1]), affine, 1e-8)
        logs = log_densities(X, flats)
        for k in range(2):
            U, v, s = flats.bases[k], flats.variances[k], flats.noise[k]
            S = (U * (v - s)) @ U.T + s * np.eye(4)
            expected = multivariate_normal(flats.means[k], S).logpdf(X)
            assert_allclose(logs[:, k], expected + np.log(flats.weights[k]))
            # The best flat Gaussian keeps variances along and the mean beside.
            D = X - flats.means[k]
            C = (shares[:, k : k + 1] * D).T @ D / shares[:, k].sum()
            assert_allclose(np.trace(S), np.trace(C))


def test_likelihood_grows():
    X, y = make_subspaces(150, n_clusters=3, n_features=8, noise=0.3, random_state=0)
    rng = np.random.default_rng(0)
    start = np.where(rng.random(150) < 0.5, rng.integers(0, 3, 150), y)
    values = []
    for n in (1, 2, 4, 8, 30):
        found = refine_flats(
            X, start, 3, np.full(3, 3), affine=False, soft=True, max_iter=n, tol=0.0
        )
        values.append(found.objective)
    assert (np.diff(values) >= -1e-9).all()
    better = information(X, found.flats, affine=False)
    assert better > information(X, found.flats, affine=True)


def test_few_rows_of_many_columns():
    X, y = make_subspaces(
        40, n_clusters=2, n_components=2, n_features=300, noise=0.01, random_state=0
    )
    model = SubspaceClustering(2, random_state=0).fit(X)
    assert adjusted_rand_score(y, model.labels_) == 1
    assert model.dimensions_.tolist() == [2, 2]
    assert np.isfinite(model.score_samples(X)).all()


def test_a_sample_is_enough_to_start():
    X, y = make_subspaces(900, n_clusters=3, n_features=12, random_state=0)
    model = SubspaceClustering(3, max_samples=150, random_state=0).fit(X)
    assert adjusted_rand_score(y, model.labels_) > 0.95
    assert len(model.labels_) == 900


@pytest.mark.parametrize("scale", [1e-120, 1e-3, 1e120])
def test_units_do_not_matter(scale):
    X, _ = make_subspaces(90, n_clusters=3, n_features=9, random_state=0)
    one = SubspaceClustering(3, random_state=0).fit(X)
    two = SubspaceClustering(3, random_state=0).fit(scale * X)
    np.testing.assert_array_equal(one.labels_, two.labels_)
    assert_allclose(two.transform(scale * X) / scale, one.transform(X), atol=1e-6)
    assert_allclose(two.objective_ + 9 * np.log(scale), one.objective_, atol=1e-5)
    back = two.inverse_transform(two.transform(scale * X)) / scale
    assert_allclose(back, one.inverse_transform(one.transform(X)), atol=1e-6)


def test_turned_rows_have_the_same_labels():
    X, _ = make_subspaces(120, n_clusters=3, n_features=6, random_state=0)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    one = SubspaceClustering(3, random_state=0).fit(X)
    two = SubspaceClustering(3, random_state=0).fit(X @ turn)
    assert adjusted_rand_score(one.labels_, two.labels_) == 1
    assert_allclose(one.score_samples(X), two.score_samples(X @ turn), atol=1e-6)


@given(
    X=point_clouds(min_samples=1, max_samples=9, max_features=4),
    K=st.integers(1, 4),
    refine=st.sampled_from(["mixture", "subspaces", None]),
    d=st.sampled_from([None, 1, 7]),
)
@settings(deadline=None, max_examples=20)
def test_any_rows_get_labels(X, K, refine, d):
    K = min(K, len(X))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = SubspaceClustering(
            K, d, refine=refine, max_iter=30, random_state=0
        ).fit(X)
    assert set(model.labels_) <= set(range(K))
    for told in (model.score_samples(X), model.transform(X), model.weights_):
        assert np.isfinite(told).all()
    assert model.transform(X).shape == (len(X), model.dimensions_.sum())
    assert np.isfinite(model.inverse_transform(model.transform(X))).all()


def test_rows_that_are_zero_or_twins():
    X, y = make_subspaces(90, n_clusters=3, n_features=9, random_state=0)
    X = np.concatenate([X, np.zeros((5, 9)), X[:5]])
    model = SubspaceClustering(3, random_state=0).fit(X)
    assert adjusted_rand_score(y, model.labels_[:90]) > 0.9
    assert len(set(model.labels_[90:95])) == 1
    np.testing.assert_array_equal(model.labels_[95:], model.labels_[:5])
    flat = SubspaceClustering(2, random_state=0).fit(np.ones((6, 3)))
    assert np.isfinite(flat.score_samples(np.ones((1, 3)))).all()


def test_wrong_input_is_named():
    X, _ = make_subspaces(20, n_clusters=2, n_features=4, random_state=0)
    for wrong, message in (
        (dict(n_clusters=21), "n_samples=20 must be at least n_clusters=21"),
        (dict(n_clusters=2, init="kmeans++"), "'init' parameter"),
        (dict(n_clusters=2, refine="em"), "'refine' parameter"),
        (dict(n_clusters=2, affine="maybe"), "'affine' parameter"),
        (dict(n_clusters=2, l1_ratio=0.0), "'l1_ratio' parameter"),
        (
            dict(n_clusters=2, init=np.zeros(19)),
            "a label from 0 to 1 for each of the 20",
        ),
        (dict(n_clusters=2, init=np.full(20, 2)), "a label from 0 to 1"),
    ):
        with pytest.raises(ValueError, match=message):
            SubspaceClustering(**wrong).fit(X)
    with pytest.raises(ValueError, match="NaN"):
        SubspaceClustering(2).fit(np.where(X > 1, np.nan, X))
    with pytest.warns(ConvergenceWarning, match="after 1 iterations; raise max_iter"):
        model = SubspaceClustering(2, max_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 19 columns, but subspaces have"):
        model.inverse_transform(np.ones((2, 19)))


def test_planes_of_space_and_a_cluster_that_does_not_take_in_all_others():
    X, y = make_subspaces(
        150, n_clusters=3, n_components=2, n_features=3, noise=0.02, random_state=0
    )
    model = SubspaceClustering(3, random_state=0).fit(X)
    assert model.dimensions_.tolist() == [2, 2, 2]
    assert adjusted_rand_score(y, model.labels_) > 0.85
    digits, _ = load_digits(return_X_y=True)
    for refine in ("mixture", "subspaces"):
        model = SubspaceClustering(10, affine=False, refine=refine, random_state=0).fit(
            digits[::4]
        )
        assert np.bincount(model.labels_).max() < 200
