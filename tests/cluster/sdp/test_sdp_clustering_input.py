"""SDPClustering: input that is bad, or only looks it."""

import functools
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import SDPClustering

VARIANTS = [
    {},
    {"solver": "admm"},
    {"solver": "sketch"},
    {"certificate": "sdp"},
    {"diagonal_correction": "hollow"},
    {"diagonal_correction": "pecok"},
    {"affinity": "rbf"},
    {"covariance_type": "spherical"},
    {"covariance_type": "diag"},
    {"covariance_type": "tied"},
    {"covariance_type": "full"},
]
# "tied" goes the ways of "full", which is as dear.
TRIED = [
    pytest.param(one, marks=pytest.mark.slow)
    if one == {"covariance_type": "tied"}
    else one
    for one in VARIANTS
]
variants = pytest.mark.parametrize("parameters", TRIED, ids=str)


def fit(X, n_clusters=3, **parameters):
    return SDPClustering(n_clusters, random_state=0, **parameters).fit(X)


def fit_quietly(X, n_clusters=3, **parameters):
    """Fit, with the warning that duplicates leave fewer clusters ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Number of distinct clusters")
        warnings.filterwarnings("ignore", "The relaxation stopped")
        return fit(X, n_clusters, **parameters)


def check_finite(model, n):
    assert model.labels_.shape == (n,)
    assert_array_equal(np.unique(model.labels_), np.arange(model.labels_.max() + 1))
    for name in ("inertia_", "objective_", "upper_bound_", "optimality_gap_"):
        assert np.isfinite(getattr(model, name)), name
    assert model.inertia_ >= 0
    assert model.optimality_gap_ >= 0
    assert np.isfinite(model.membership_).all()
    if hasattr(model, "covariances_"):
        assert np.isfinite(model.covariances_).all()


@variants
def test_more_clusters_than_rows_is_an_error(parameters):
    with pytest.raises(ValueError, match=r"n_samples=3 should be >= n_clusters=4"):
        fit(np.eye(3), 4, **parameters)


@pytest.mark.parametrize("parameters", [{"solver": "admm"}, {"certificate": "sdp"}])
def test_too_many_rows_for_dense_arrays_are_an_error(parameters):
    with pytest.raises(ValueError, match="at most 10000 rows, got n_samples=10001"):
        fit(np.zeros((10_001, 2)), **parameters)


def test_a_sketch_with_few_distinct_rows():
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 2000, axis=0)
    model = fit_quietly(X, 3, solver="sketch")
    check_finite(model, 4000)
    assert model.certified_


@variants
def test_one_cluster(parameters):
    X = np.random.default_rng(0).standard_normal((20, 3))
    model = fit_quietly(X, 1, **parameters)
    assert_array_equal(model.labels_, np.zeros(20))
    assert model.n_iter_ >= 1
    assert model.certified_
    assert model.optimality_gap_ <= 1e-12


@variants
def test_as_many_clusters_as_rows(parameters):
    X = 10.0 * np.random.default_rng(0).standard_normal((5, 3))
    model = fit_quietly(X, 5, **parameters)
    check_finite(model, 5)
    if not parameters:
        assert_array_equal(np.sort(model.labels_), np.arange(5))
        assert model.certified_


@variants
def test_one_row(parameters):
    model = fit_quietly(np.ones((1, 3)), 1, **parameters)
    assert_array_equal(model.labels_, [0])
    assert model.inertia_ == 0.0
    assert model.certified_


@variants
def test_fewer_distinct_rows_than_clusters(parameters):
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 6, axis=0)
    model = fit_quietly(X, 3, **parameters)
    check_finite(model, 12)
    assert set(model.labels_[:6]).isdisjoint(model.labels_[6:])


def test_fewer_distinct_rows_than_clusters_warn():
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 6, axis=0)
    with pytest.warns(
        ConvergenceWarning, match=r"distinct clusters \(2\) found smaller"
    ):
        model = fit(X, 3)
    assert model.cluster_centers_.shape == (2, 2)
    assert model.transform(X).shape == (12, 2)
    assert model.n_iter_ >= 1
    assert len(model.get_feature_names_out()) == 2
    assert model.certified_


@variants
def test_identical_rows(parameters):
    model = fit_quietly(np.full((10, 3), 7.0), 3, **parameters)
    check_finite(model, 10)
    assert model.inertia_ <= 1e-20
    assert model.certified_


@variants
def test_duplicates_share_a_cluster(parameters):
    rng = np.random.default_rng(0)
    X = 20 * np.eye(3, 4)[np.arange(12) % 3] + rng.standard_normal((12, 4))
    X = np.concatenate([X, X, X])
    model = fit_quietly(X, 3, **parameters)
    if parameters != {"affinity": "rbf"}:  # 1 / n_features is no good width here
        assert len(np.unique(model.labels_)) == 3
    check_finite(model, 36)
    assert_array_equal(model.labels_[:12], model.labels_[12:24])


@variants
def test_constant_columns_and_low_rank(parameters):
    rng = np.random.default_rng(0)
    X = 10 * np.eye(3, 3)[np.arange(30) % 3] + rng.standard_normal((30, 3))
    wide = np.column_stack([X, X[:, 0] + X[:, 1], np.full(30, 5.0), np.zeros(30)])
    model = fit_quietly(wide, 3, **parameters)
    check_finite(model, 30)
    if parameters.get("affinity") != "rbf":
        assert_array_equal(
            model.labels_[:, None] == model.labels_,
            np.arange(30)[:, None] % 3 == np.arange(30) % 3,
        )


@variants
def test_one_far_outlier(parameters):
    rng = np.random.default_rng(0)
    X = 10 * np.eye(2, 4)[np.arange(40) % 2] + rng.standard_normal((40, 4))
    X[0] = 1e6
    model = fit_quietly(X, 3, **parameters)
    check_finite(model, 40)
    if not parameters:
        # Alone, as with k-means; the other clusters are found beside it.
        assert (model.labels_ == model.labels_[0]).sum() == 1
        assert len(set(zip(model.labels_[1:], np.arange(1, 40) % 2, strict=True))) == 2


@pytest.mark.parametrize(
    ("scale", "covariance_type"),
    [(scale, None) for scale in (1e-30, 1e-8, 1e8, 1e30)]
    + [
        # Farther out these are in `test_any_scale_gives_the_same_labels`.
        pytest.param(scale, kind, marks=pytest.mark.slow)
        for scale in (1e-30, 1e30)
        for kind in ("spherical", "diag", "full")
    ],
)
def test_any_unit(scale, covariance_type):
    rng = np.random.default_rng(0)
    X = 10 * np.eye(3, 4)[np.arange(30) % 3] + rng.standard_normal((30, 4))
    model = fit_quietly(scale * X, 3, covariance_type=covariance_type)
    check_finite(model, 30)
    assert len(set(zip(model.labels_, np.arange(30) % 3, strict=True))) == 3


@functools.cache
def _in_unit(scale, parameters):
    """What is fitted to some points times a scale, without that scale."""
    rng = np.random.default_rng(0)
    X = 10 * np.eye(3, 4)[np.arange(30) % 3] + rng.standard_normal((30, 4))
    new = X[:7] + 0.5
    given, length = dict(parameters), scale
    if given.get("affinity") == "rbf":
        given["gamma"], length = 0.05 / scale / scale, 1.0
    A, rows = scale * X, scale * new
    if given.get("affinity") == "precomputed":
        A, rows, length = scale * (X @ X.T), scale * (new @ X.T), np.sqrt(scale)
    model = fit_quietly(A, 3, **given)
    check_finite(model, len(X))
    squares = [model.objective_, model.inertia_, model.upper_bound_]
    if hasattr(model, "covariances_"):
        squares += [model.covariances_]
    if hasattr(model, "score"):
        squares += [model.score(rows)]
    lengths = [model.transform(rows), getattr(model, "cluster_centers_", 0.0)]
    plain = [model.optimality_gap_, model.certified_]
    if hasattr(model, "predict_proba"):
        plain += [model.predict_proba(rows)]
    labels = model.labels_, model.predict(rows)
    return (
        labels,
        plain,
        [a / length for a in lengths],
        [b / length**2 for b in squares],
    )


@pytest.mark.parametrize(
    "scale", [1e-150, pytest.param(1e90, marks=pytest.mark.slow), 1e150]
)
@pytest.mark.parametrize("parameters", [*TRIED, {"affinity": "precomputed"}], ids=str)
def test_any_scale_gives_the_same_labels(parameters, scale):
    """Fourth powers of points are taken, which are no numbers at these scales."""
    given = tuple(parameters.items())
    labels, *expected = _in_unit(1.0, given)
    found_labels, *found = _in_unit(scale, given)
    assert_array_equal(found_labels[0], labels[0])
    assert_array_equal(found_labels[1], labels[1])
    for these, those in zip(found, expected, strict=True):
        for one, other in zip(these, those, strict=True):
            assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def test_a_power_of_two_changes_no_digit():
    rng = np.random.default_rng(0)
    X = 2 * np.eye(3, 4)[np.arange(40) % 3] + rng.standard_normal((40, 4))
    one, other = (fit(c * X, covariance_type="full") for c in (1.0, 2.0**400))
    assert_array_equal(other.labels_, one.labels_)
    assert other.objective_ == one.objective_ * 2.0**800
    assert_array_equal(other.covariances_, one.covariances_ * 2.0**800)
    assert_array_equal(other.membership_, one.membership_)


def test_squares_of_short_floats_are_kept_long():
    X = np.random.default_rng(0).standard_normal((30, 3)).astype(np.float32)
    model = fit_quietly(np.float32(1e25) * X, 2, covariance_type="diag")
    assert model.cluster_centers_.dtype == np.float32
    assert model.covariances_.dtype == np.float64
    expected = fit_quietly(X, 2, covariance_type="diag").covariances_
    assert_allclose(model.covariances_ / 1e50, expected, rtol=1e-4)


def test_rows_that_are_far_off_have_finite_distances():
    X = np.random.default_rng(0).standard_normal((20, 2))
    model = fit(X, 2, covariance_type="full")
    far = np.array([[1e300, 0.0], [-1e308, 1e308], [1e-310, 0.0]])
    assert_allclose(model.transform(far)[0], 1e300)
    assert np.isfinite(model.transform(far)).all()
    assert np.isfinite(model.predict_proba(far)).all()
    with pytest.raises(ValueError, match="sum of squared distances overflows"):
        model.score(far)


@pytest.mark.parametrize("scale", [1e-170, 1e170])
def test_squares_that_are_no_numbers_are_an_error(scale):
    X = np.random.default_rng(0).standard_normal((20, 3))
    with pytest.raises(ValueError, match=r"overflow or vanish: .* the largest is \d"):
        fit(scale * X)


@pytest.mark.parametrize("kind", ["diag", "tied", "full"])
def test_singular_covariances_are_made_regular(kind):
    """Fewer points a cluster than features, and a feature that is constant in one."""
    rng = np.random.default_rng(0)
    X = 20 * np.eye(3, 15)[np.arange(24) % 3] + rng.standard_normal((24, 15))
    X[np.arange(24) % 3 == 0, 4] = 1.0
    X[:, 5] = X[:, 6]
    model = fit_quietly(X, 3, covariance_type=kind)
    check_finite(model, 24)
    S = model.covariances_
    least = S.min() if kind == "diag" else np.linalg.eigvalsh(S).min()
    assert least > 0
    assert np.isfinite(model.predict_proba(X)).all()
    assert len(set(zip(model.labels_, np.arange(24) % 3, strict=True))) == 3


def test_single_points_are_not_infinitely_likely():
    """Without a prior, clusters of one point win: their variance is zero."""
    X = np.random.default_rng(0).standard_normal((60, 20))
    model = fit_quietly(X, 3, covariance_type="spherical")
    assert np.bincount(model.labels_).min() > 1


# -------------------------------------------------------------------------- affinities


def test_an_indefinite_affinity_gets_a_larger_diagonal():
    rng = np.random.default_rng(0)
    same = np.arange(30)[:, None] % 3 == np.arange(30) % 3
    A = same + 0.2 * rng.standard_normal((30, 30))
    A = (A + A.T) / 2
    assert np.linalg.eigvalsh(A)[0] < -0.1
    with pytest.warns(
        UserWarning, match=r"indefinite: [\d.]+ is added to its diagonal"
    ):
        model = fit(A, 3, affinity="precomputed")
    check_finite(model, 30)
    assert_array_equal(model.labels_[:, None] == model.labels_, same)
    with pytest.warns(UserWarning, match="indefinite"):
        shifted = fit(A + 0.01 * np.eye(30), 3, affinity="precomputed")
    assert_array_equal(model.labels_[:, None] == model.labels_, same)
    assert_allclose(shifted.inertia_, model.inertia_)


@pytest.mark.parametrize("shape", [(6, 5), (5, 6)])
def test_affinities_must_be_square(shape):
    with pytest.raises(ValueError, match=r"needs a symmetric matrix .* got n_samples="):
        fit(np.ones(shape), 2, affinity="precomputed")


def test_affinities_must_be_symmetric():
    A = np.random.default_rng(0).random((6, 6))
    with pytest.raises(ValueError, match="needs a symmetric matrix"):
        fit(A, 2, affinity="precomputed")


def test_affinities_have_no_covariances():
    with pytest.raises(InvalidParameterError, match="needs affinity='linear'"):
        fit(np.eye(6), 2, affinity="precomputed", covariance_type="full")


def test_affinities_have_no_score():
    model = fit(np.eye(6) + 1, 2, affinity="precomputed")
    assert not hasattr(model, "score")
    assert not hasattr(model, "cluster_centers_")


# ------------------------------------------------------------------------- bad entries


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_errors(bad):
    X = np.ones((20, 3))
    X[4, 1] = bad
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        fit(X)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_clusters": 0},
        {"n_clusters": 2.5},
        {"solver": "scs"},
        {"covariance_type": "round"},
        {"certificate": "slow"},
        {"diagonal_correction": "none"},
        {"affinity": "cosine"},
        {"gamma": 0.0},
        {"tol": 0.0},
        {"max_iter": 0},
        {"n_init": 0},
    ],
    ids=str,
)
def test_bad_parameters_are_named(parameters):
    (name,) = parameters
    with pytest.raises(
        InvalidParameterError, match=f"'{name}' parameter of SDPCluster"
    ):
        SDPClustering(**parameters).fit(np.eye(9))


def test_an_unknown_device_is_named():
    with pytest.raises(InvalidParameterError, match="device='tpu' is not known"):
        fit(np.eye(9), device="tpu")


def test_input_is_not_changed():
    X = np.random.default_rng(0).standard_normal((15, 4))
    kept = X.copy()
    fit(X, covariance_type="full")
    assert_array_equal(X, kept)


@pytest.mark.parametrize(
    "parameters", [{}, {"affinity": "rbf"}, {"covariance_type": "full"}], ids=str
)
def test_sparse_rows_are_those_of_the_dense_table(parameters):
    rng = np.random.default_rng(0)
    X = 5 * np.eye(3, 6)[np.arange(30) % 3] * rng.random((30, 1)) + np.eye(30, 6)
    sparse, dense = (
        fit_quietly(sp.csr_array(X), 3, **parameters),
        fit_quietly(X, 3, **parameters),
    )
    assert_array_equal(sparse.labels_, dense.labels_)
    assert sparse.objective_ == dense.objective_
    new = sp.coo_matrix(X[:5] + np.eye(5, 6))
    assert_array_equal(sparse.predict(new), dense.predict(new.toarray()))
    assert_array_equal(sparse.transform(new), dense.transform(new.toarray()))
    assert sparse.score(new) == dense.score(new.toarray())


def test_sparse_affinities():
    A = np.kron(np.eye(3), np.ones((5, 5)))
    model = fit(sp.csr_array(A), 3, affinity="precomputed")
    assert_array_equal(model.labels_, np.repeat([0, 1, 2], 5))
    assert_array_equal(model.predict(sp.csr_array(A)), model.labels_)


def test_clusters_are_numbered_by_their_first_rows():
    X = np.array([[9.0], [9.1], [0.0], [5.0], [0.1], [9.2], [5.1]])
    for seed in range(5):
        model = SDPClustering(3, random_state=seed).fit(X)
        assert_array_equal(model.labels_, [0, 0, 1, 2, 1, 0, 2])
        assert_allclose(model.cluster_centers_[:, 0], [9.1, 0.05, 5.05])


def test_the_score_is_a_weighted_sum():
    X = np.random.default_rng(0).standard_normal((20, 2))
    model, weights = fit(X), np.arange(20) % 3
    repeated = np.repeat(X, weights, axis=0)
    assert_allclose(model.score(X, sample_weight=weights), model.score(repeated))
    assert_allclose(model.score(X), -model.inertia_)
    with pytest.raises(ValueError, match="sample_weight"):
        model.score(X, sample_weight=weights[:3])
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_w"):
        model.score(X, sample_weight=-weights)


def test_integers_are_points():
    X = np.random.default_rng(0).integers(0, 9, (30, 2))
    assert (
        fit(X).inertia_ <= KMeans(3, n_init=10, random_state=0).fit(X).inertia_ + 1e-9
    )
