"""Kernel ridge regression by four solvers, beside the matrix and its inverse."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import KernelRegressor
from skgeom.datasets import make_robot_arm
from skgeom.metrics.pairwise import ntk_kernel
from skgeom.testing import point_clouds

X, Y = make_robot_arm(240, random_state=0)
NEW, TRUTH = make_robot_arm(60, noise=0.0, random_state=1)
GIVEN = dict(kernel="rbf", gamma=0.1, alpha=0.01)
SOLVERS = ("cholesky", "cg", "nystrom", "falkon")


def of_all(solver, **more):
    """A machine whose centres are all rows, solved as exactly as it can be."""
    n_centers = None if solver == "cholesky" else 1000
    options = GIVEN | dict(tol=1e-9, n_centers=n_centers, random_state=0) | more
    return KernelRegressor(solver=solver, **options)


# ----------------------------------------------------------------------- one solution


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_is_kernel_ridge(solver, device):
    targets = np.stack([Y, 100 * np.cos(Y)], axis=1)
    mean = targets.mean(axis=0)
    exact = KernelRidge(kernel="rbf", gamma=0.1, alpha=0.01).fit(X, targets - mean)
    model = of_all(solver, device=device).fit(X, targets)
    assert_allclose(model.predict(NEW), exact.predict(NEW) + mean, rtol=1e-5, atol=1e-5)
    assert model.solver_ == solver
    assert model.residual_ <= 1e-8
    one = of_all(solver, device=device).fit(X, Y)
    assert_allclose(one.predict(NEW), model.predict(NEW)[:, 0], atol=1e-5)
    assert one.dual_coef_.shape == (len(one.centers_),)


@pytest.mark.parametrize(
    ("kernel", "nu"), [("exponential", 0.5), ("matern32", 1.5), ("matern52", 2.5)]
)
@pytest.mark.parametrize("solver", ["cholesky", "cg"])
def test_kernels_are_those_of_gaussian_processes(kernel, nu, solver):
    exact = GaussianProcessRegressor(
        Matern(0.1**-0.5, nu=nu), alpha=0.01, optimizer=None
    )
    exact.fit(X, Y - Y.mean())
    model = of_all(solver, kernel=kernel, gamma=0.05).fit(X, Y)
    assert_allclose(model.predict(NEW), exact.predict(NEW) + Y.mean(), atol=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_callable_kernels(solver):
    named, called = (
        of_all(solver, kernel=kernel).fit(X, Y)
        for kernel in ("rbf", lambda A, B: rbf_kernel(A, B, gamma=0.1))
    )
    assert_allclose(called.predict(NEW), named.predict(NEW), atol=1e-5)
    assert called.gamma_ == 1.0


def test_kernels_of_networks():
    named = KernelRegressor("ntk", alpha=0.1).fit(X, Y)
    called = KernelRegressor(ntk_kernel, alpha=0.1).fit(X, Y)
    assert_array_equal(named.predict(NEW), called.predict(NEW))
    few, y = X[:50], Y[:50]
    dual = np.linalg.solve(ntk_kernel(few) + 0.1 * np.eye(50), y - y.mean())
    expected = ntk_kernel(NEW, few) @ dual + y.mean()
    found = KernelRegressor("ntk", alpha=0.1).fit(few, y)
    assert_allclose(found.predict(NEW), expected, atol=1e-8)
    assert KernelRegressor("nngp", random_state=0).fit(X, Y).score(NEW, TRUTH) > 0.3


@given(cloud=point_clouds(min_samples=3, scales=(1.0,)), seed=st.integers(0, 99))
def test_origin_order_and_units_do_not_matter(cloud, seed):
    cloud = cloud.astype(np.float64)
    rng = np.random.default_rng(seed)
    y, order = rng.standard_normal(len(cloud)), rng.permutation(len(cloud))
    model = KernelRegressor("rbf", gamma=0.5, alpha=0.1)
    first = model.fit(cloud, y).predict(cloud)
    assert_allclose(model.fit(cloud[order], y[order]).predict(cloud), first, atol=1e-7)
    assert_allclose(model.fit(cloud + 3, y).predict(cloud + 3), first, atol=1e-7)
    assert_allclose(
        model.fit(cloud, 5 * y - 2).predict(cloud), 5 * first - 2, atol=1e-7
    )
    # Without noise and penalty to speak of, a function through the points.
    through = KernelRegressor("exponential", gamma=0.5, alpha=1e-9).fit(cloud, y)
    apart = len(np.unique(cloud, axis=0)) == len(cloud)
    gaps = np.linalg.norm(cloud[:, None] - cloud, axis=2) + np.eye(len(cloud))
    if apart and gaps.min() > 1e-3:
        assert_allclose(through.predict(cloud), y, atol=1e-3)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_weight_is_so_many_rows(solver):
    weights = np.arange(len(X)) % 3
    twice = np.repeat(np.arange(len(X)), weights)
    weighted = of_all(solver).fit(X, Y, sample_weight=weights)
    repeated = of_all(solver).fit(X[twice], Y[twice])
    assert_allclose(weighted.predict(NEW), repeated.predict(NEW), atol=1e-4)
    scaled = of_all(solver, alpha=0.02).fit(X, Y, sample_weight=np.full(len(X), 2.0))
    assert_allclose(
        scaled.predict(NEW), of_all(solver).fit(X, Y).predict(NEW), atol=1e-4
    )


def test_equal_rows_are_not_told_by_each_other():
    """Pairs of equal rows would choose no penalty at all."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (60, 1))
    rows, y = np.repeat(x, 2, axis=0), np.sin(np.repeat(x[:, 0], 2))
    y = y + np.repeat(0.5 * rng.standard_normal(60), 2)
    model = KernelRegressor("rbf", gamma=1.0).fit(rows, y)
    assert model.alpha_ > 1e-2
    assert len(model.centers_) == 60


# -------------------------------------------------------------------- leaving one out


@pytest.mark.parametrize("solver", ["cholesky", "nystrom"])
def test_the_score_is_that_of_leaving_rows_out(solver):
    few, y = X[:30], Y[:30]
    options = GIVEN | dict(
        solver=solver, centers=few[:12] if solver == "nystrom" else None
    )
    model = KernelRegressor(**options).fit(few, y)
    wrong = []
    for i in range(30):
        rest = np.delete(np.arange(30), i)
        # The mean stays that of all rows, as the intercept that was fitted.
        K = rbf_kernel(few[rest], few[:12] if solver == "nystrom" else few[rest], 0.1)
        k = rbf_kernel(few[[i]], few[:12] if solver == "nystrom" else few[rest], 0.1)
        if solver == "nystrom":
            system = K.T @ K + 0.01 * rbf_kernel(few[:12], gamma=0.1)
            c = np.linalg.solve(system, K.T @ (y[rest] - y.mean()))
        else:
            c = np.linalg.solve(K + 0.01 * np.eye(29), y[rest] - y.mean())
        wrong.append(y[i] - y.mean() - k @ c)
    expected = 1 - np.mean(np.square(wrong)) / y.var()
    assert model.loo_score_ == pytest.approx(expected, abs=1e-6)


def test_what_is_open_is_chosen_well():
    """Within a twentieth of the best of a grid that has seen the new rows."""
    rows, y = make_robot_arm(600, random_state=0)
    new, truth = make_robot_arm(2000, noise=0.0, random_state=1)
    model = KernelRegressor(random_state=0).fit(rows, y)
    grid = [
        np.sqrt(np.mean((m.fit(rows, y).predict(new) - truth) ** 2))
        for m in (
            KernelRegressor("rbf", gamma=g, alpha=a)
            for g in np.geomspace(0.02, 0.4, 6)
            for a in (1e-4, 1e-3, 1e-2, 1e-1)
        )
    ]
    error = np.sqrt(np.mean((model.predict(new) - truth) ** 2))
    assert error < 1.05 * min(grid)
    assert model.kernel_ == "rbf"
    rough = KernelRegressor(random_state=0).fit(X, np.abs(X).max(axis=1))
    assert rough.kernel_ == "exponential"


def test_the_penalty_of_few_centres_is_its_own():
    """What 20 functions cannot fit is no noise of the whole machine."""
    model = KernelRegressor("rbf", solver="nystrom", n_centers=20, random_state=0)
    model.fit(X, Y)
    scores = [
        clone(model).set_params(alpha=a, gamma=model.gamma_).fit(X, Y).loo_score_
        for a in 10.0 ** np.arange(-7, 2.01, 0.5)
    ]
    assert model.loo_score_ >= max(scores) - 0.01


# --------------------------------------------------------------------------- variance


@pytest.mark.parametrize("solver", ["cholesky", "cg", "nystrom"])
def test_deviations_are_those_of_a_gaussian_process(solver):
    model = of_all(solver).fit(X, Y)
    _, found = model.predict(NEW, return_std=True)
    # Its own scale, which left out errors tell.
    far = np.full((1, 8), 50.0)
    scale = model.predict(far, return_std=True)[1][0] ** 2 / 1.01
    kernel = ConstantKernel(scale) * RBF(0.2**-0.5) + WhiteKernel(0.01 * scale)
    exact = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0)
    exact.fit(X, Y - Y.mean())
    assert_allclose(found, exact.predict(NEW, return_std=True)[1], rtol=1e-5)


@pytest.mark.parametrize("solver", ["cholesky", "cg", "nystrom"])
def test_most_new_rows_are_within_two_deviations(solver):
    rows, y = make_robot_arm(900, noise=0.2, random_state=2)
    options = dict(solver=solver, n_centers=200, random_state=0)
    model = KernelRegressor(**options).fit(rows[:600], y[:600])
    found, std = model.predict(rows[600:], return_std=True)
    assert 0.9 < np.mean(np.abs(found - y[600:]) < 1.96 * std) < 0.99
    two = KernelRegressor(**options)
    two.fit(rows[:600], np.stack([y[:600], 10 * y[:600]], axis=1))
    both = two.predict(rows[600:], return_std=True)[1]
    assert_allclose(both[:, 1], 10 * both[:, 0], rtol=1e-6)


def test_deviations_of_passes_are_refused():
    model = of_all("falkon").fit(X, Y)
    with pytest.raises(ValueError, match="return_std needs sums"):
        model.predict(NEW, return_std=True)


# --------------------------------------------------------------------- more and more


@pytest.mark.parametrize("n_batches", [1, 4])
def test_batches_are_as_good_as_all_at_once(n_batches):
    options = GIVEN | dict(solver="nystrom", centers=X[::4])
    weights = np.linspace(1, 2, len(X))
    whole = KernelRegressor(**options).fit(X, Y, sample_weight=weights)
    model = KernelRegressor(**options)
    for rows in np.array_split(np.arange(len(X)), n_batches):
        model.partial_fit(X[rows], Y[rows], sample_weight=weights[rows])
    assert_allclose(model.predict(NEW), whole.predict(NEW), atol=1e-8)
    assert_allclose(model.intercept_, whole.intercept_, atol=1e-12)
    a, b = (m.predict(NEW, return_std=True)[1].mean() for m in (model, whole))
    assert a == pytest.approx(b, rel=0.3)  # of the last rows alone


@pytest.mark.parametrize("solver", ["cholesky", "cg", "nystrom"])
def test_a_fit_goes_on(solver):
    """Rows of a fit before count as much as those that come later."""
    model = of_all(solver, max_iter=500).fit(X[:120], Y[:120])
    model.set_params(solver="auto").partial_fit(X[120:], Y[120:])
    expected = KernelRidge(kernel="rbf", gamma=0.1, alpha=0.01)
    if solver == "nystrom":
        basis = KernelRegressor(solver="nystrom", centers=X[:120], **GIVEN)
        assert_allclose(model.predict(NEW), basis.fit(X, Y).predict(NEW), atol=1e-6)
        return
    error = np.abs(model.predict(NEW) - expected.fit(X, Y).predict(NEW)).mean()
    assert error < 0.3
    old = of_all("cholesky").fit(X[:120], Y[:120])
    new = model.score(NEW, TRUTH)
    assert new > old.score(NEW, TRUTH)


def test_evidence_chooses_as_rows_come():
    model = KernelRegressor("rbf", n_centers=60, random_state=0)
    for rows in np.array_split(np.arange(len(X)), 3):
        model.partial_fit(X[rows], Y[rows])
    alphas = 10.0 ** np.arange(-7, 2.01, 0.5)
    Z = model.centers_
    K = rbf_kernel(Z, gamma=model.gamma_)
    C = rbf_kernel(X, Z, gamma=model.gamma_)
    y = Y - Y.mean()
    told = []
    for alpha in alphas:
        Q = C @ np.linalg.solve(K + 1e-12 * np.eye(len(Z)), C.T) + alpha * np.eye(
            len(X)
        )
        told.append(
            -len(X) * np.log(y @ np.linalg.solve(Q, y)) - np.linalg.slogdet(Q)[1]
        )
    assert model.alpha_ == pytest.approx(alphas[np.argmax(told)])


def test_what_partial_fit_refuses():
    with pytest.raises(ValueError, match="for solver='nystrom'"):
        KernelRegressor(solver="cg").partial_fit(X, Y)
    with pytest.raises(ValueError, match="another solver than 'falkon'"):
        of_all("falkon").fit(X, Y).set_params(solver="auto").partial_fit(X, Y)
    model = KernelRegressor().partial_fit(X, Y)
    with pytest.raises(ValueError, match="y has 2 targets"):
        model.partial_fit(X, np.stack([Y, Y], axis=1))
    with pytest.raises(ValueError, match="8 features"):
        model.partial_fit(X[:, :3], Y)


# ------------------------------------------------------------------- what is corrected


def test_another_model_is_corrected():
    source, y = make_robot_arm(300, random_state=5)
    forest = RandomForestRegressor(20, random_state=0).fit(source, y)
    few, changed = X[:60], 1.3 * Y[:60] + 0.5
    model = KernelRegressor(estimator=FrozenEstimator(forest), random_state=0)
    model.fit(few, changed)
    assert_array_equal(model.estimator_.predict(NEW), forest.predict(NEW))
    both = model.score(NEW, 1.3 * TRUTH + 0.5)
    assert both > forest.score(NEW, 1.3 * TRUTH + 0.5)
    assert both > KernelRegressor(random_state=0).fit(few, changed).score(
        NEW, 1.3 * TRUTH + 0.5
    )
    fresh = KernelRegressor(estimator=RandomForestRegressor(5, random_state=0))
    assert not hasattr(fresh.fit(few, changed).estimator, "estimators_")


# ------------------------------------------------------------------------- bad weather


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_hardly_any_rows(solver, n):
    model = KernelRegressor(solver=solver, random_state=0).fit(X[:n], Y[:n])
    assert np.isfinite(model.predict(NEW)).all()
    if n == 1:
        assert_allclose(model.predict(NEW), Y[0])


@pytest.mark.parametrize("solver", SOLVERS)
def test_targets_that_are_all_the_same(solver):
    model = KernelRegressor(solver=solver, random_state=0).fit(X, np.full(len(X), 7.0))
    assert_array_equal(model.predict(NEW), 7.0)
    if solver != "falkon":
        assert_allclose(model.predict(NEW, return_std=True)[1], 0.0, atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_rows_and_centres_that_are_the_same(solver):
    rows = np.repeat(X[:6], 20, axis=0)
    model = KernelRegressor(solver=solver, random_state=0).fit(rows, np.tile(Y[:20], 6))
    assert np.isfinite(model.predict(NEW)).all()
    same = KernelRegressor(solver=solver, random_state=0).fit(np.ones((9, 2)), Y[:9])
    assert_allclose(same.predict([[1.0, 1.0]]), Y[:9].mean())
    if solver != "cholesky":
        many = KernelRegressor(
            solver=solver, centers=np.repeat(X[:9], 3, axis=0), **GIVEN
        )
        assert np.isfinite(many.fit(X, Y).predict(NEW)).all()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("scale", [1e-100, 1e-5, 1e5, 1e100])
def test_any_scale(solver, scale):
    options = dict(kernel="rbf", solver=solver, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        here = KernelRegressor(**options).fit(X, Y).predict(NEW)
        there = KernelRegressor(**options).fit(scale * X, Y).predict(scale * NEW)
        assert_allclose(there, here, atol=0.05)
        assert_allclose(
            KernelRegressor(**options).fit(X, scale * Y).predict(NEW) / scale,
            here,
            atol=0.05,
        )


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_outlier_and_a_given_width(solver):
    """Rows far apart in widths are as good as different, and nothing is lost."""
    rows = np.vstack([X, np.full((1, 8), 1e9)])
    model = of_all(solver).fit(rows, np.r_[Y, 3.0])
    without = of_all(solver).fit(X, Y)
    shift = model.intercept_ - without.intercept_
    assert np.abs(model.predict(NEW) - without.predict(NEW)).max() < 0.3 + abs(shift)
    assert model.predict(rows[-1:])[0] == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("solver", SOLVERS)
def test_next_to_no_penalty(solver):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = of_all(solver, alpha=1e-14, tol=1e-3).fit(X, Y)
        found = model.predict(X)
    assert np.isfinite(found).all()
    assert np.sqrt(np.mean((found - Y) ** 2)) < 0.2
    with pytest.raises(ValueError, match="alpha"):
        KernelRegressor(alpha=0).fit(X, Y)


def test_a_stalled_system_is_told_of_and_no_worse_than_its_centres():
    rng = np.random.default_rng(0)
    rows, y = rng.standard_normal((600, 12)), rng.standard_normal(600)
    options = dict(kernel="exponential", gamma=0.05, alpha=1e-6, random_state=0)
    with pytest.warns(ConvergenceWarning, match="residual is .* above tol"):
        model = KernelRegressor(
            solver="cg", n_centers=20, max_iter=3, tol=1e-9, **options
        ).fit(rows, y)
    assert np.isfinite(model.predict(rows)).all()
    assert model.residual_ <= 1.0


def test_blocks_of_near_rows_help_where_it_stalls():
    """Small penalties on a flat spectrum: more than so many steps without them."""
    rng = np.random.default_rng(0)
    rows = rng.uniform(size=(1500, 2))
    y = np.sin(40 * rows[:, 0]) + np.cos(30 * rows[:, 1])
    options = dict(kernel="exponential", gamma=2.0, alpha=1e-4, random_state=0)
    model = KernelRegressor(solver="cg", n_centers=40, **options).fit(rows, y)
    assert model.residual_ <= 1e-3
    exact = KernelRegressor(solver="cholesky", **options).fit(rows, y)
    assert_allclose(model.predict(rows[:50]), exact.predict(rows[:50]), atol=0.02)


def test_more_columns_than_rows_and_constant_ones():
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((20, 200))
    model = KernelRegressor(metric="agop", random_state=0).fit(wide, wide[:, 0])
    assert np.isfinite(model.predict(wide)).all()
    assert model.metric_.shape == (200, 200)
    rows = np.column_stack([X, np.full(len(X), 3.0)])
    model = KernelRegressor(metric="agop", random_state=0).fit(rows[:90], Y[:90])
    assert model.feature_importances_[-1] == 0
    flat = KernelRegressor(metric="agop", random_state=0).fit(X[:9], np.ones(9))
    assert_array_equal(flat.predict(X), 1.0)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="needs a kernel of Euclidean distances"):
        KernelRegressor("ntk", metric="agop").fit(X, Y)
    with pytest.raises(ValueError, match=r"above max_memory=1000"):
        KernelRegressor(solver="cholesky", max_memory=1000).fit(X, Y)
    with pytest.raises(ValueError, match="square is beyond"):
        KernelRegressor().fit(X, Y * 1e200)
    with pytest.raises(ValueError, match="at least one non-zero"):
        KernelRegressor().fit(X, Y, sample_weight=np.zeros(len(X)))
    with pytest.raises(ValueError, match="8 features"):
        KernelRegressor(solver="nystrom", centers=X[:, :3]).fit(X, Y)
    for bad in (np.nan, np.inf):
        rows, y = X.copy(), Y.copy()
        rows[3, 1] = y[3] = bad
        with pytest.raises(ValueError, match=r"Input X contains|infinity"):
            KernelRegressor().fit(rows, Y)
        with pytest.raises(ValueError, match=r"Input y contains|infinity"):
            KernelRegressor().fit(X, y)


# ------------------------------------------------------------------ in good company


def test_memory_maps_and_float32(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, X.astype(np.float32))
    mapped = np.load(path, mmap_mode="r")
    options = GIVEN | dict(solver="nystrom", n_centers=50, random_state=0)
    model = KernelRegressor(**options).fit(mapped, Y)
    assert not np.shares_memory(model.centers_, mapped)
    assert model.predict(mapped).dtype == model.centers_.dtype == np.float32
    wide = KernelRegressor(**options).fit(X, Y)
    assert_allclose(model.predict(mapped), wide.predict(X), atol=1e-3)


def test_threads_and_blocks_do_not_matter():
    options = GIVEN | dict(solver="cg", random_state=0)
    one, two = (KernelRegressor(n_jobs=n, **options).fit(X, Y) for n in (1, 2))
    assert_array_equal(one.predict(NEW), two.predict(NEW))
    rows = np.concatenate([one.predict(NEW[i : i + 7]) for i in range(0, 60, 7)])
    assert_allclose(rows, one.predict(NEW), atol=1e-12)


def test_in_a_pipeline_under_a_grid():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), KernelRegressor(random_state=0)),
        {"kernelregressor__kernel": ["rbf", "exponential"]},
        cv=3,
    ).fit(X, Y)
    assert search.best_params_["kernelregressor__kernel"] == "rbf"
    assert search.score(NEW, TRUTH) > 0.8
