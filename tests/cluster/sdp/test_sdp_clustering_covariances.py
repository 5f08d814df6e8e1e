"""SDPClustering with covariances: clusters of different shapes and their densities."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

from skgeom import SDPClustering
from skgeom.cluster._sdp._mixture import fit_mixture

KINDS = ["spherical", "diag", "tied", "full"]
# What all kinds go through; "tied" goes the ways of "full".
kinds = pytest.mark.parametrize(
    "kind",
    ["spherical", "diag", pytest.param("tied", marks=pytest.mark.slow), "full"],
)


def fit(X, n_clusters=3, **parameters):
    parameters = {"random_state": 0, **parameters}
    return SDPClustering(n_clusters, **parameters).fit(X)


@kinds
def test_covariances_are_those_of_the_clusters(mixture, agreement, kind):
    X, y = mixture(600, 3, 3, 30.0)
    model = fit(X, covariance_type=kind)
    assert agreement(model.labels_, y) == 1.0
    shapes = {"spherical": (3,), "diag": (3, 3), "tied": (3, 3), "full": (3, 3, 3)}
    S = model.covariances_
    assert S.shape == shapes[kind]
    expected = {"spherical": 1.0, "diag": 1.0, "tied": np.eye(3), "full": np.eye(3)}
    assert_allclose(S, np.broadcast_to(expected[kind], S.shape), atol=0.3)


@kinds
def test_probabilities(mixture, kind):
    X, _ = mixture(75, 4, 3, 3.0, spreads=[0.5, 1.0, 2.0])
    model = fit(X, covariance_type=kind)
    P = model.predict_proba(X)
    assert P.shape == (75, 3)
    assert_allclose(P.sum(axis=1), 1.0)
    assert_array_equal(P.argmax(axis=1), model.predict(X))
    if kind != "spherical":
        assert_array_equal(model.predict(X), model.labels_)


def test_labels_of_round_clusters_leave_each_row_out(mixture, agreement):
    """In high dimension a row is always the likeliest in the cluster it is part of."""
    X, y = mixture(200, 1000, 5, 4.7)
    model = fit(X, 5, covariance_type="spherical", certificate=None)
    assert_array_equal(model.labels_, model.membership_.argmax(axis=1))
    doubt = 1 - model.membership_.max(axis=1).mean()
    wrong = 1 - agreement(model.labels_, y)
    assert 0.5 * wrong < doubt < 2 * wrong
    # With itself in the centre it seems certain.
    assert 1 - model.predict_proba(X).max(axis=1).mean() < 0.1 * doubt


def test_probabilities_of_new_rows_are_frequencies(mixture):
    X, y = mixture(2200, 400, 5, 3.9)
    model = fit(X[:200], 5, covariance_type="spherical", certificate=None)
    P = model.predict_proba(X[200:])
    table = np.zeros((5, 5))
    np.add.at(table, (model.predict(X[200:]), y[200:]), 1)
    wrong = 1 - table.max(axis=1).sum() / 2000
    assert 0.05 < wrong < 0.3
    assert_allclose(1 - P.max(axis=1).mean(), wrong, rtol=0.35)


def test_no_round_cluster_gets_lost():
    """Where there are none, leaving rows out would put all into one."""
    X = np.random.default_rng(0).standard_normal((40, 60))
    model = fit(X, 4, covariance_type="spherical")
    assert len(np.unique(model.labels_)) == 4
    assert_array_equal(np.unique(model.membership_), [0.0, 1.0])


def test_probabilities_need_covariances(mixture):
    assert not hasattr(fit(mixture(30, 3, 3, 5.0)[0]), "predict_proba")


@given(seed=st.integers(0, 99), kind=st.sampled_from(KINDS[1:]))
@example(seed=0, kind="diag")
@example(seed=1, kind="tied")
@example(seed=2, kind="full")
@settings(max_examples=1)
def test_at_least_as_likely_as_kmeans(seed, kind):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 3)) * rng.choice([0.5, 2.0], 60)[:, None]
    X -= X.mean(axis=0)
    start = KMeans(3, n_init=10, random_state=seed).fit(X).labels_
    densities = fit_mixture(X, np.eye(3)[start], kind).log_densities(X)
    model = fit(X, covariance_type=kind, random_state=seed)
    assert model.log_likelihood_ >= logsumexp(densities, axis=1).mean() - 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_as_likely_as_a_mixture_where_clusters_overlap(mixture, kind):
    X, _ = mixture(400, 3, 4, 2.5, spreads=[0.5, 1.0, 1.0, 1.5])
    theirs = GaussianMixture(4, covariance_type=kind, n_init=10, random_state=0).fit(X)
    model = fit(100 * X, 4, covariance_type=kind)
    assert model.log_likelihood_ + 3 * np.log(100) >= theirs.score(X)
    assert_allclose(model.weights_.sum(), 1.0)
    assert model.means_.shape == (4, 3)
    # In the names of scikit-learn, they are the density.
    theirs.weights_, theirs.means_ = model.weights_, model.means_
    theirs.covariances_ = model.covariances_
    theirs.precisions_cholesky_ = _compute_precision_cholesky(model.covariances_, kind)
    assert_allclose(theirs.score(100 * X), model.log_likelihood_, rtol=1e-9)
    assert_allclose(theirs.predict_proba(100 * X), model.membership_, atol=1e-8)
    assert_allclose(theirs.predict_proba(100 * X), model.predict_proba(100 * X))


def test_many_clusters_in_a_plane_have_a_bound():
    rng = np.random.default_rng(0)
    X = rng.uniform(-9, 9, (15, 2))[np.arange(300) % 15] + rng.standard_normal((300, 2))
    assert fit(X, 15).optimality_gap_ < 0.05


def test_the_relaxation_of_covariances_is_for_those_who_name_a_solver(mixture):
    X, _ = mixture(60, 4, 3, 8.0)
    default = fit(X, covariance_type="full")
    relaxed = fit(X, covariance_type="full", solver="low_rank")
    assert_array_equal(default.labels_, relaxed.labels_)
    assert relaxed.log_likelihood_ >= default.log_likelihood_ - 1e-9


def test_spreads_tell_clusters_apart(mixture, agreement):
    X, y = mixture(200, 300, 4, 4.6, spreads=np.sqrt([0.4, 0.8, 1.2, 2.0]))
    assert agreement(fit(X, 4, covariance_type="spherical").labels_, y) > 0.99


def test_long_clusters_side_by_side(agreement):
    """K-means cuts them across, and a mixture's own starts are those of k-means."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = 4.5 * np.eye(3, 8)[y] + rng.standard_normal((300, 8)) * [1, 1, 1, 8, 8, 1, 1, 1]
    assert agreement(fit(X).labels_, y) < 0.7
    assert agreement(fit(X, covariance_type="tied").labels_, y) > 0.98


@pytest.mark.parametrize("kind", KINDS)
def test_the_density_is_that_of_scipy(kind):
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3)) @ rng.standard_normal((3, 3))
    shares = np.eye(2)[np.arange(40) % 2]
    mixture = fit_mixture(X, shares, kind)
    for k in range(2):
        S = mixture.covariances if kind == "tied" else mixture.covariances[k]
        S = S * np.eye(3) if np.ndim(S) < 2 else S
        normal = multivariate_normal(mixture.means[k], S)
        assert_allclose(
            mixture.log_densities(X)[:, k], normal.logpdf(X) + np.log(0.5), rtol=1e-9
        )


@kinds
def test_dispatch_to_other_arrays_changes_nothing(mixture, kind):
    """Not all of scikit-learn's mixtures go along with it."""
    X, _ = mixture(30, 4, 3, 6.0)
    expected = fit(X, covariance_type=kind)
    with config_context(array_api_dispatch=True):
        model = fit(X, covariance_type=kind)
        assert_array_equal(model.predict(X), expected.predict(X))
    assert_array_equal(model.labels_, expected.labels_)
