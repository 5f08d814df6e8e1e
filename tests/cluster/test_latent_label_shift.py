"""Classes that are found by their domains, and domains that tell none."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment, minimize
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import LatentLabelShift
from skgeom.cluster._latent_label_shift import memberships, neighbor_shares
from skgeom.datasets import make_label_shift

MANY = make_label_shift(1200, random_state=3)
FEW = make_label_shift(240, n_classes=2, n_domains=3, random_state=1)


@pytest.fixture(scope="module")
def model():
    return LatentLabelShift(4, random_state=0).fit(*MANY[:2])


def matched(y, labels, K):
    """Found class of each true one."""
    table = np.zeros((K, K))
    np.add.at(table, (y, labels), 1)
    return linear_sum_assignment(-table)[1]


def test_classes_are_found_where_features_mislead(model):
    X, _, y = MANY
    assert adjusted_rand_score(y, model.labels_) > 0.95
    by_features = KMeans(4, n_init=10, random_state=0).fit_predict(X)
    assert adjusted_rand_score(y, by_features) < 0.7
    assert_array_equal(model.predict(X), model.labels_)
    assert_array_equal(model.predict_proba(X).argmax(axis=1), model.labels_)


def test_shares_are_those_of_the_true_classes(model):
    _, domains, y = MANY
    counts = np.zeros((8, 4))
    np.add.at(counts, (domains, y), 1)
    order = matched(y, model.labels_, 4)
    priors = counts / counts.sum(axis=1, keepdims=True)
    assert_allclose(model.class_priors_[:, order], priors, atol=0.06)
    shares = (counts / counts.sum(axis=0)).T
    assert_allclose(model.domain_shares_[order], shares, atol=0.06)
    assert_allclose(model.class_priors_.sum(axis=1), 1)
    assert_allclose(model.domain_shares_.sum(axis=1), 1)


def test_new_rows_have_the_class_of_theirs(model):
    X, _, y = MANY
    rng = np.random.default_rng(0)
    new = X + 0.1 * rng.normal(size=X.shape)
    order = matched(y, model.labels_, 4)
    assert (model.predict(new) == order[y]).mean() > 0.97


def test_points_are_averages_of_neighbours_counted_by_hand():
    X, domains, _ = FEW
    model = LatentLabelShift(n_neighbors=7, n_smooth=4, random_state=0).fit(X, domains)
    near = NearestNeighbors(n_neighbors=8).fit(X).kneighbors(X)[1]
    own = np.eye(3)[domains]
    shares = own[near[:, 1:]].mean(axis=1)
    points = shares[near[:, :4]].mean(axis=1)
    assert_allclose(model._shares, shares, atol=1e-12)
    centres = KMeans(2, n_init=10, random_state=0).fit(points).cluster_centers_
    order = matched(
        np.arange(2),
        ((centres[:, None] - model.domain_shares_) ** 2).sum(axis=2).argmin(axis=1),
        2,
    )
    assert_allclose(model.domain_shares_[order], centres, atol=1e-8)


def test_few_rows_count_few_neighbours():
    X, domains, y = make_label_shift(200, random_state=701)
    found = LatentLabelShift(4, random_state=0).fit(X, domains)
    same = LatentLabelShift(4, n_neighbors=12, random_state=0).fit(X, domains)
    assert_array_equal(found.labels_, same.labels_)
    assert adjusted_rand_score(y, found.labels_) > 0.9
    # More than a cloud has rows are of other classes.
    more = LatentLabelShift(4, n_neighbors=80, random_state=0).fit(X, domains)
    assert adjusted_rand_score(y, more.labels_) < 0.8


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=20)
def test_memberships_maximise_the_likelihood(seed, K, D):
    rng = np.random.default_rng(seed)
    corners = rng.dirichlet(np.ones(D), K)
    shares = rng.dirichlet(np.ones(D), 3)
    found = memberships(shares, corners)
    assert_allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()
    for P, Q in zip(shares, found, strict=True):

        def cost(z, P=P):
            weights = np.exp(z - z.max())
            return -P @ np.log(np.maximum(weights / weights.sum() @ corners, 1e-12))

        best = minimize(cost, np.zeros(K)).fun
        own = -P @ np.log(np.maximum(Q @ corners, 1e-12))
        assert own <= best + 0.01


def test_mixtures_of_corners_are_told():
    corners = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    weights = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    assert_allclose(memberships(weights @ corners, corners), weights, atol=1e-6)
    # At the corners themselves the way there is longer.
    assert_allclose(memberships(corners, corners), np.eye(2), atol=0.01)


def test_integers_of_numpy_are_numbers_too():
    X, domains, _ = make_label_shift(1500, n_features=20, random_state=0)
    for known in (np.int64(44), "auto"):
        parameters = dict(n_neighbors=known, n_smooth=np.int64(10), random_state=0)
        found = LatentLabelShift(np.int64(4), **parameters).fit(X, domains)
        assert len(np.unique(found.labels_)) == 4


def test_shares_of_neighbours():
    found = neighbor_shares(np.array([0, 2, 2]), np.array([[0, 1], [1, 2]]), 3)
    assert_allclose(found, [[0.5, 0, 0.5], [0, 0, 1]])


def test_the_domain_of_a_row_corrects_its_probabilities(model):
    X, domains, _ = MANY
    plain, told = model.predict_proba(X), model.predict_proba(X, domains=domains)
    by_hand = plain * model.class_priors_[domains] / plain.mean(axis=0)
    assert_allclose(told, by_hand / by_hand.sum(axis=1, keepdims=True), atol=1e-10)
    assert_array_equal(model.predict(X, domains=domains), told.argmax(axis=1))
    with pytest.raises(ValueError, match="domains holds 77"):
        model.predict(X[:2], domains=[0, 77])
    with pytest.raises(ValueError, match="inconsistent"):
        model.predict(X[:2], domains=[0])


def test_a_row_whose_class_its_domain_lacks_gets_those_of_the_domain():
    X = np.repeat([[0.0], [9.0]], 40, axis=0) + np.linspace(0, 1, 80)[:, None]
    domains = np.repeat(["a", "b"], 40)
    model = LatentLabelShift(n_neighbors=5, random_state=0).fit(X, domains)
    assert adjusted_rand_score(domains, model.labels_) == 1
    found = model.predict_proba(X[:1], domains=["b"])
    assert_allclose(found, model.class_priors_[1:], atol=1e-6)


def test_domains_are_routed():
    X, domains, _ = FEW
    with config_context(enable_metadata_routing=True):
        last = LatentLabelShift(random_state=0).set_predict_request(domains=True)
        pipe = make_pipeline(StandardScaler(), last).fit(X, domains)
        found = pipe.predict(X, domains=domains)
    assert found.shape == (240,)


@pytest.mark.parametrize(
    "discriminator", [KNeighborsClassifier(25), LogisticRegression()]
)
def test_a_classifier_tells_domains_of_rows_it_has_not_seen(discriminator):
    X, domains, y = FEW
    one = LatentLabelShift(discriminator=discriminator, random_state=0)
    one.fit(X, domains)
    assert_allclose(one._shares.sum(axis=1), 1)
    assert not hasattr(discriminator, "classes_")
    if isinstance(discriminator, KNeighborsClassifier):
        assert adjusted_rand_score(y, one.labels_) > 0.9
        own = KNeighborsClassifier(1).fit(X, domains)
        strict = LatentLabelShift(
            discriminator=KNeighborsClassifier(1), n_smooth=1, random_state=0
        ).fit(X, domains)
        assert own.score(X, domains) == 1  # but not where folds keep rows apart
        assert (strict._shares.argmax(axis=1) == domains).mean() < 0.95
    with pytest.raises(ValueError, match=r"cv=3 folds.*domain 9 has 1"):
        one.fit(X, np.append(domains[1:], 9))


def test_names_of_domains_do_not_matter():
    X, domains, _ = FEW
    plain = LatentLabelShift(random_state=0).fit(X, domains)
    text = np.array(["c", "a", "b"])[domains]
    named = LatentLabelShift(random_state=0).fit(X, text)
    assert named.domains_.tolist() == ["a", "b", "c"]
    assert adjusted_rand_score(plain.labels_, named.labels_) == 1
    again = LatentLabelShift(random_state=0).fit(X, text)
    assert_array_equal(again.labels_, named.labels_)


@given(st.sampled_from([2.0**-300, 1e-100, 1e100, 2.0**500]), st.floats(-3, 3))
@settings(max_examples=6)
def test_scales_turns_and_shifts_do_not_matter(scale, shift):
    X, domains, _ = FEW
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    moved = ((X + shift) @ turn) * scale
    one = LatentLabelShift(random_state=0).fit(X, domains)
    other = LatentLabelShift(random_state=0).fit(moved, domains)
    assert adjusted_rand_score(one.labels_, other.labels_) == 1
    assert_array_equal(other.predict(moved), other.labels_)


def test_one_domain_is_k_means_with_a_warning():
    X = np.repeat([[0.0, 0.0], [5.0, 5.0]], 10, axis=0)
    X = X + np.random.default_rng(0).normal(size=X.shape)
    for scale in (1.0, 1e200):
        with pytest.warns(UserWarning, match="one domain"):
            model = LatentLabelShift(random_state=0).fit(X * scale, ["x"] * 20)
        assert adjusted_rand_score(np.repeat([0, 1], 10), model.labels_) == 1
        assert_array_equal(model.predict(X * scale), model.labels_)
        assert set(model.predict_proba(X * scale).ravel()) == {0, 1}
        assert_allclose(model.class_priors_, [[0.5, 0.5]])
        assert model.domain_shares_.shape == (2, 1)


def test_warnings_name_what_is_missing():
    X, domains, _ = FEW
    with pytest.warns(UserWarning, match="3 domains cannot tell n_classes=4"):
        LatentLabelShift(4, random_state=0).fit(X, domains)
    same = np.zeros((12, 2))
    with pytest.warns(UserWarning, match="only 1 groups.*n_classes=2"):
        # All other rows are neighbours, and rows of one place are averaged.
        model = LatentLabelShift(random_state=0).fit(same, np.arange(12) % 2)
    assert np.isfinite(model.predict_proba(same)).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LatentLabelShift(3, random_state=0).fit(X, domains)


def test_bad_input_is_told():
    X, domains, _ = FEW
    model = LatentLabelShift()
    with pytest.raises(ValueError, match="requires y"):
        model.fit(X, None)
    for y in ([0, None] * 120, [0, "a"] * 120):
        with pytest.raises(ValueError, match="domains of one kind"):
            model.fit(X, np.array(y, dtype=object))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.append(domains[1:], np.nan))
    with pytest.raises(ValueError, match="n_samples=2 must be at least n_classes=3"):
        LatentLabelShift(3).fit(X[:2], [0, 1])
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            model.fit(np.append(X[1:], [[wrong] * 5], axis=0), domains)
    for parameters in ({"n_classes": 0}, {"n_smooth": 0}, {"cv": 1}):
        with pytest.raises(ValueError, match=next(iter(parameters))):
            LatentLabelShift(**parameters).fit(X, domains)
    with pytest.raises(ValueError, match="discriminator"):
        LatentLabelShift(discriminator=KMeans()).fit(X, domains)


def test_single_precision_is_kept():
    X, domains, _ = FEW
    model = LatentLabelShift(random_state=0).fit(X.astype(np.float32), domains)
    found = model.predict_proba(X.astype(np.float32))
    assert found.dtype == model.class_priors_.dtype == np.float32
    wide = LatentLabelShift(random_state=0).fit(X, domains)
    assert adjusted_rand_score(wide.labels_, model.labels_) > 0.99
