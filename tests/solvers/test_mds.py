import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csgraph
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group

from skgeom.embedding._heat_geodesic._stress import kruskal_stress
from skgeom.solvers import (
    classical_mds,
    metric_mds,
    principal_axes,
    smacof,
)
from skgeom.testing import point_clouds

seeds = st.integers(0, 2**32 - 1)
float64 = st.just(np.dtype(np.float64))


def cloud(n_samples, n_features, seed=0):
    return np.random.default_rng(seed).standard_normal((n_samples, n_features))


def dissimilarities(n, seed):
    """Symmetric numbers that need not be distances of anything."""
    D = np.random.default_rng(seed).exponential(size=(n, n))
    D = D + D.T
    np.fill_diagonal(D, 0.0)
    return D


def stress_1(D, X):
    return np.sqrt(((cdist(X, X) - D) ** 2).sum() / (D**2).sum())


def assert_principal(X, atol):
    """Centred, uncorrelated axes of decreasing variance, the largest entry positive."""
    assert_allclose(X.mean(axis=0), 0.0, atol=atol)
    scatter = X.T @ X
    size = max(np.trace(scatter), 1e-300)
    assert_allclose(scatter - np.diag(np.diag(scatter)), 0.0, atol=1e-10 * size)
    assert (np.diff(np.diag(scatter)) <= 1e-10 * size).all()
    for axis in X.T:
        assert axis[np.argmax(abs(axis))] >= 0


@pytest.fixture(params=["numpy", "torch", "array_api_strict"])
def namespace(request):
    """An array namespace, and the way there and back."""
    if request.param == "numpy":
        return np, np.asarray, np.asarray
    if request.param == "torch":
        torch = pytest.importorskip("torch", reason="torch is not installed")
        from array_api_compat import torch as xp

        return xp, torch.as_tensor, np.asarray
    xp = pytest.importorskip("array_api_strict")
    return xp, xp.asarray, np.from_dlpack


# ---------------------------------------------------------------------- classical MDS


@given(X=point_clouds(dtypes=float64), more=st.integers(0, 3))
@settings(max_examples=150)
def test_euclidean_configurations_are_recovered(X, more):
    D = cdist(X, X)
    Z = classical_mds(np, D, X.shape[1] + more)
    assert Z.shape == (len(X), X.shape[1] + more)
    assert_allclose(cdist(Z, Z), D, atol=1e-6 * D.max())
    # The same shape as that of the points turned to their principal axes.
    expected = (principal_axes(np, X) ** 2).sum(axis=1)
    assert_allclose((Z**2).sum(axis=1), expected, atol=1e-9 * abs(X).max() ** 2)
    assert_principal(Z, atol=1e-9 * D.max())


@pytest.mark.parametrize("n_components", [1, 2, 3, 5, 8])
def test_directions_that_are_not_there_are_zero(n_components):
    # Six points of a plane in five dimensions.
    X = cloud(6, 2) @ np.linalg.qr(cloud(5, 2, seed=1))[0].T
    D = cdist(X, X)
    Z = classical_mds(np, D, n_components)
    assert Z.shape == (6, n_components)
    assert not Z[:, 2:].any()
    assert (abs(Z[:, :2]).max(axis=0) > 0.1).all()
    if n_components > 1:
        assert_allclose(cdist(Z, Z), D, atol=1e-12)


def test_fewer_components_keep_the_leading_axes():
    X = cloud(30, 5) * [5, 4, 3, 2, 1]
    D = cdist(X, X)
    full = classical_mds(np, D, 5)
    for n_components in range(1, 5):
        some = classical_mds(np, D, n_components)
        assert_allclose(some, full[:, :n_components], atol=1e-10)
    assert_allclose(full, principal_axes(np, X), atol=1e-10)


@given(n=st.integers(1, 12), n_components=st.integers(1, 14), seed=seeds)
def test_what_is_not_euclidean_is_approximated(n, n_components, seed):
    D = dissimilarities(n, seed)
    Z = classical_mds(np, D, n_components)
    assert Z.shape == (n, n_components)
    assert np.isfinite(Z).all()
    # Torgerson: the nearest positive semidefinite Gram matrix of that rank.
    center = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-center @ D**2 @ center / 2)
    values = np.clip(values, 0, None)
    values[: max(0, n - n_components)] = 0
    gram = (vectors * values) @ vectors.T
    assert_allclose(Z @ Z.T, gram, atol=1e-9 * (1 + values.max()))


@pytest.mark.parametrize("exponent", [-1000, -500, 500, 1000])
def test_classical_at_any_scale(exponent):
    D, scale = cdist(cloud(15, 3), cloud(15, 3)), 2.0**exponent
    D = np.maximum(D, D.T) - np.diag(np.diag(np.maximum(D, D.T)))
    expected = classical_mds(np, D, 2)
    assert_array_equal(classical_mds(np, scale * D, 2), scale * expected)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_classical_of_coincident_points(n):
    assert_array_equal(classical_mds(np, np.zeros((n, n)), 3), np.zeros((n, 3)))


def test_classical_in_every_namespace(namespace):
    xp, there, back = namespace
    D = cdist(cloud(40, 6), cloud(40, 6))
    D = (D + D.T) / 2
    for n_components in (3, 45):
        Z = back(classical_mds(xp, there(D), n_components))
        assert Z.dtype == np.float64
        assert_allclose(
            Z[:, :10], classical_mds(np, D, n_components)[:, :10], atol=1e-8
        )


# --------------------------------------------------------------------- principal axes


@given(X=point_clouds(dtypes=float64), scale=st.sampled_from([1e-150, 1.0, 1e150]))
def test_principal_axes_turn_points(X, scale):
    X = scale * X
    kept = X.copy()
    Z = principal_axes(np, X)
    assert_array_equal(X, kept)
    assert Z.shape == X.shape
    D = cdist(X / scale, X / scale)
    assert_allclose(cdist(Z / scale, Z / scale), D, atol=1e-12 * D.max(), rtol=1e-7)
    assert_principal(Z / scale, atol=1e-12 * abs(X / scale).max())


def test_principal_axes_do_not_depend_on_the_pose():
    X = cloud(30, 4) * [4, 3, 2, 1]
    expected = principal_axes(np, X)
    for seed in range(5):
        turned = X @ ortho_group.rvs(4, random_state=seed) + 7.0
        assert_allclose(principal_axes(np, turned), expected, atol=1e-12)


def test_principal_axes_in_every_namespace(namespace):
    xp, there, back = namespace
    X = cloud(30, 3) * [3, 2, 1]
    result = back(principal_axes(xp, there(X)))
    assert_allclose(result, principal_axes(np, X), atol=1e-12)


# ----------------------------------------------------------------------------- stress


@given(n=st.integers(2, 12), seed=seeds, scale=st.sampled_from([1.0, 1e-9, 1e9]))
def test_kruskal_stress(n, seed, scale):
    D, X = scale * dissimilarities(n, seed), scale * cloud(n, 2, seed)
    assert_allclose(kruskal_stress(np, D, X), stress_1(D, X), rtol=1e-12)


def test_known_stress(namespace):
    xp, there, _ = namespace
    D = there(np.array([[0.0, 3.0, 4.0], [3.0, 0.0, 5.0], [4.0, 5.0, 0.0]]))
    perfect = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    assert kruskal_stress(xp, D, there(perfect)) < 1e-15
    assert kruskal_stress(xp, D, there(0 * perfect)) == 1.0
    assert_allclose(kruskal_stress(xp, D, there(1.5 * perfect)), 0.5)
    for scale in (2.0**-700, 2.0**700):
        assert_allclose(
            kruskal_stress(xp, scale * D, there(1.5 * scale * perfect)), 0.5
        )
    nothing = there(np.zeros((3, 3)))
    assert kruskal_stress(xp, nothing, there(perfect)) == 0.0


# ----------------------------------------------------------------------------- SMACOF


@given(
    n=st.integers(2, 15),
    n_components=st.integers(1, 4),
    seed=seeds,
    max_iter=st.sampled_from([1, 2, 40]),
    tol=st.sampled_from([0.0, 1e-5, 0.3]),
)
@settings(max_examples=150)
def test_stress_never_rises(n, n_components, seed, max_iter, tol):
    D, init = dissimilarities(n, seed), cloud(n, n_components, seed)
    given_D, given_init = D.copy(), init.copy()
    calls = []
    X, stress, n_iter, change = smacof(
        np,
        D,
        init,
        max_iter=max_iter,
        tol=tol,
        callback=lambda *call: calls.append(call),
    )
    assert_array_equal(D, given_D)
    assert_array_equal(init, given_init)
    assert X.shape == (n, n_components)
    assert_allclose(X.mean(axis=0), 0.0, atol=1e-12 * D.max())
    assert isinstance(stress, float)
    assert_allclose(stress, stress_1(D, X), rtol=1e-9, atol=1e-12)
    # One call a step, with the number of the step and a stress that never rises.
    steps, stresses = zip(*calls, strict=True)
    assert steps == tuple(range(1, n_iter + 1))
    before = stress_1(D, init)
    assert (np.diff([before, *stresses, stress]) <= 1e-12 * before).all()
    # The result has the best scale.
    for scale in (0.99, 1.01):
        assert stress <= stress_1(D, scale * X)
    assert 1 <= n_iter <= max_iter
    if n_iter < max_iter:
        assert change <= tol


def guttman_transform(D, X):
    """De Leeuw's transform, entry by entry."""
    n, X = len(X), X - X.mean(axis=0)
    B = np.zeros((n, n))
    reached = cdist(X, X)
    for i in range(n):
        for j in range(n):
            if i != j and reached[i, j] > 0:
                B[i, j] = -D[i, j] / reached[i, j]
        B[i, i] = -B[i].sum()
    return B @ X / n


@pytest.mark.parametrize("seed", range(4))
def test_as_good_as_scikit_learn(seed):
    from sklearn.manifold import smacof as sklearn_smacof

    X = cloud(60, 4, seed) * [3, 2, 1, 0.3]
    D = cdist(X, X)
    init = classical_mds(np, D, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs, _ = sklearn_smacof(
            D, n_components=2, init=init, n_init=1, max_iter=3000, eps=1e-12
        )
    ours, stress, n_iter, _ = smacof(np, D, init, max_iter=3000, tol=1e-9)
    assert n_iter < 3000
    assert stress <= stress_1(D, theirs) * (1 + 1e-4)
    assert stress < stress_1(D, init)
    assert_allclose(stress, stress_1(D, ours), rtol=1e-12)


def test_long_steps_save_iterations():
    X = cloud(60, 4) * [3, 2, 1, 0.3]
    D = cdist(X, X)
    points = init = classical_mds(np, D, 2)
    _, stress, n_iter, _ = smacof(np, D, init, tol=1e-7, max_iter=3000)
    n_plain = 0
    while stress_1(D, points) > stress * (1 + 1e-6) and n_plain < 3000:
        points = guttman_transform(D, points)
        n_plain += 1
    assert n_plain > 1.3 * n_iter


def test_the_first_step_is_plain_where_the_long_one_does_not_help():
    # Two points: the plain transform is perfect, twice as far is as bad as before.
    D, init = np.array([[0.0, 3.0], [3.0, 0.0]]), np.array([[0.0], [1.0]])
    stresses = []
    X, _, n_iter, _ = smacof(
        np, D, init, callback=lambda n_iter, stress: stresses.append(stress)
    )
    assert n_iter == 1
    assert stresses == [pytest.approx(0, abs=1e-15)]
    assert_allclose(X, [[-1.5], [1.5]])


@given(X=point_clouds(dtypes=float64, min_features=2, max_features=2))
@settings(max_examples=50)
def test_a_perfect_start_is_the_end(X):
    D = cdist(X, X)
    Z, stress, n_iter, change = smacof(np, D, X)
    assert stress <= 1e-7
    assert n_iter <= 2
    assert change <= 1e-5
    assert_allclose(cdist(Z, Z), D, atol=1e-6 * D.max())
    assert np.isfinite(Z).all()


def test_a_good_start_leads_to_the_configuration():
    X = cloud(30, 2)
    D = cdist(X, X)
    Z, stress, _, _ = smacof(
        np, D, X + 0.1 * cloud(30, 2, seed=1), max_iter=5000, tol=1e-12
    )
    # Without the best scale at the end, it would be seven thousandths too large.
    assert stress < 1e-6
    assert_allclose(cdist(Z, Z), D, atol=1e-5)


@pytest.mark.parametrize("exponent", [-1000, -500, 500, 1000])
def test_scale_does_not_matter(exponent):
    scale, D, init = 2.0**exponent, dissimilarities(12, 0), cloud(12, 2)
    one = smacof(np, D, init, max_iter=50)
    two = smacof(np, scale * D, scale * init, max_iter=50)
    assert_array_equal(two[0], scale * one[0])
    assert two[1:] == one[1:]


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_huge_and_tiny_distances(scale):
    D, init = dissimilarities(12, 0), cloud(12, 2)
    one, two = (smacof(np, s * D, s * init, max_iter=50) for s in (1.0, scale))
    assert_allclose(two[0] / scale, one[0], rtol=1e-8, atol=1e-10)
    assert_allclose(two[1], one[1], rtol=1e-10)


@pytest.mark.parametrize("n", [1, 4])
def test_all_distances_zero(n):
    X, stress, n_iter, change = smacof(np, np.zeros((n, n)), cloud(n, 2))
    assert_array_equal(X, np.zeros((n, 2)))
    assert (stress, n_iter, change) == (0.0, 1, 0.0)


def test_duplicates_stay_together():
    X = np.repeat(cloud(8, 3), 2, axis=0)
    D = cdist(X, X)
    Z, stress, _, _ = smacof(np, D, classical_mds(np, D, 2), tol=1e-9, max_iter=2000)
    assert_allclose(Z[::2], Z[1::2], atol=1e-12)
    assert np.isfinite(stress)
    # Started apart, they come together.
    apart, _, _, _ = smacof(np, D, cloud(16, 2), tol=1e-12, max_iter=5000)
    assert_allclose(apart[::2], apart[1::2], atol=1e-3)


def test_coincident_start_is_finite():
    D = dissimilarities(5, 0)
    X, stress, n_iter, _ = smacof(np, D, np.ones((5, 2)))
    assert_array_equal(X, np.zeros((5, 2)))
    assert (stress, n_iter) == (1.0, 1)
    # Only some coincide: the others pull them nowhere in particular, without a NaN.
    init = cloud(5, 2)
    init[1] = init[0]
    assert np.isfinite(smacof(np, D, init)[0]).all()


@pytest.mark.parametrize("answer", [True, 1, np.True_])
def test_the_callback_can_stop(answer):
    D, init = dissimilarities(20, 0), cloud(20, 2)
    result = smacof(
        np, D, init, tol=0.0, callback=lambda n_iter, stress: n_iter == 7 and answer
    )
    assert result[2] == 7
    expected = smacof(np, D, init, tol=0.0, max_iter=7)
    assert_array_equal(result[0], expected[0])
    assert result[1] == expected[1]
    assert result[3] <= 0.0 < expected[3]  # stopped on purpose, no sign of trouble


def test_where_max_iter_stops_it_the_change_says_so():
    D, init = dissimilarities(20, 0), cloud(20, 2)
    _, _, n_iter, change = smacof(np, D, init, max_iter=3, tol=1e-9)
    assert n_iter == 3
    assert change > 1e-9
    _, _, n_iter, change = smacof(np, D, init, max_iter=10_000, tol=1e-4)
    assert n_iter < 1000
    assert change <= 1e-4


def test_smacof_in_every_namespace(namespace):
    xp, there, back = namespace
    X = cloud(50, 5) * [4, 3, 2, 1, 1]
    D = cdist(X, X)
    init = classical_mds(np, D, 2)
    calls = []
    result = smacof(
        xp, there(D), there(init), max_iter=100, callback=lambda *c: calls.append(c)
    )
    expected = smacof(np, D, init, max_iter=100)
    assert_allclose(back(result[0]), expected[0], atol=1e-8)
    assert_allclose(result[1], expected[1], rtol=1e-10)
    assert result[2] == expected[2]
    # To call is to wait for a device: there it comes after every 16 steps.
    assert len(calls) == (expected[2] if xp is np else -(-expected[2] // 16))
    assert all(isinstance(stress, float) for _, stress in calls)


# ---------------------------------------------------------------------- metric MDS


def tree_distances(seed, n_branches=10):
    """Distances along a tree of a hundred nodes, each branch joined to any before."""
    rng, length = np.random.default_rng(seed), 100 // n_branches
    parents = np.arange(-1, 99)
    for first in range(length, 100, length):
        parents[first] = rng.integers(first)
    edges = np.arange(1, 100), parents[1:]
    links = sp.csr_array((np.ones(99), edges), shape=(100, 100))
    return csgraph.shortest_path(links, directed=False)


def test_a_second_start_gets_past_what_holds_the_first():
    """On one tree by much, on none to a worse optimum."""
    gains = []
    for seed in range(8):
        D = tree_distances(seed)
        alone = smacof(np, D, classical_mds(np, D, 2))
        points, stress, _, change = metric_mds(np, D, 2)
        assert stress <= alone[1] * (1 + 1e-5) and change <= 1e-5
        assert_allclose(stress, stress_1(D, points), rtol=1e-9)
        gains.append(1 - stress / alone[1])
    assert max(gains) > 0.03


def test_distances_that_fit_need_no_second_start():
    X, steps = cloud(30, 2), []
    D = cdist(X, X) + dissimilarities(30, 0) * 1e-3
    found = metric_mds(np, D, 2, callback=lambda step, stress: steps.append(step))
    assert len(steps) == found[2] > 1
    assert 0 < found[1] < 0.01


def test_steps_of_both_starts_are_counted_and_can_be_stopped():
    D, steps = dissimilarities(20, 0), []
    found = metric_mds(np, D, 2, callback=lambda step, stress: steps.append(step))
    assert steps == list(range(1, len(steps) + 1)) and len(steps) > found[2]
    expected = smacof(np, D, classical_mds(np, D, 3)[:, :2], max_iter=2)
    found = metric_mds(np, D, 2, callback=lambda step, stress: step == 2)
    assert_array_equal(found[0], expected[0])
    assert found[2] == 2


@given(st.integers(1, 12), st.integers(1, 4), seeds, st.integers(-300, 300))
def test_metric_at_any_size_and_scale(n, n_components, seed, exponent):
    D, scale = dissimilarities(n, seed), 2.0**exponent
    points, stress, _, _ = metric_mds(np, D, n_components)
    assert points.shape == (n, n_components) and 0 <= stress <= 1
    scaled = metric_mds(np, scale * D, n_components)
    assert_allclose(scaled[0], scale * points, rtol=1e-9, atol=1e-9 * scale * D.max())


def test_metric_mds_in_every_namespace(namespace):
    xp, there, back = namespace
    # Branches of one length could change places.
    D = tree_distances(0) + dissimilarities(100, 0)
    one, other = (
        metric_mds(space, D_there, 2, tol=1e-8)
        for space, D_there in ((np, D), (xp, there(D)))
    )
    assert_allclose(other[1], one[1], rtol=1e-5)
    assert_allclose(cdist(*[back(other[0])] * 2), cdist(*[one[0]] * 2), atol=0.02)
