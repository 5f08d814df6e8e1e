"""Covariances of dear runs: beside normal equations, and with gaps of every kind."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm, logm
from sklearn.covariance import EmpiricalCovariance
from sklearn.model_selection import GridSearchCV

from skgeom import MultiFidelityCovariance
from skgeom.covariance import optimal_allocation
from skgeom.covariance._paired_regression import (
    paired_regression,
    positive_definite,
    sample_moments,
)
from skgeom.datasets import make_fidelities


def split(X, n, d):
    """Paired dear and cheap runs, and all cheap ones."""
    return X[:n, :d], X[:n, d:], X[:, d:]


def test_one_fidelity_is_the_unbiased_covariance():
    X = np.random.default_rng(0).normal(size=(30, 4)) @ np.diag([1, 2, 3, 4.0]) + 5
    model = MultiFidelityCovariance().fit(X)
    assert_allclose(model.covariance_, np.cov(X.T))
    assert_allclose(model.location_, X.mean(axis=0))
    known = MultiFidelityCovariance(assume_centered=True).fit(X)
    assert_allclose(known.covariance_, X.T @ X / 30)
    peer = EmpiricalCovariance().fit(X)
    peer.covariance_ = model.covariance_
    peer.precision_ = model.precision_
    assert_allclose(model.score(X), peer.score(X))
    assert_allclose(model.mahalanobis(X), peer.mahalanobis(X))


@pytest.mark.parametrize("alpha", [0.0, 0.03, 1e9, "loo"])
@pytest.mark.parametrize("centered", [False, True])
def test_it_is_a_matrix_of_control_variates(alpha, centered):
    X, _ = make_fidelities([15, 300], 3, correlation=0.8, random_state=1)
    high, low, every = split(X, 15, 3)
    model = MultiFidelityCovariance(2, alpha=alpha, assume_centered=centered).fit(X)
    found = paired_regression(
        high,
        low,
        sample_moments(every, centered),
        None if alpha == "loo" else alpha,
        centered,
    )
    B = found.coefficients
    S_h, S_l, S_a = (sample_moments(b, centered).covariance for b in (high, low, every))
    assert_allclose(model.covariance_, S_h + B.T @ (S_a - S_l) @ B, atol=1e-12)
    if alpha == 0.0:
        lost = 0 if centered else 1
        means = (1 - centered) * low.mean(axis=0), (1 - centered) * high.mean(axis=0)
        L, H = low - means[0], high - means[1]
        assert_allclose(B, np.linalg.lstsq(L, H, rcond=None)[0], atol=1e-10)
        # Maximum likelihood of normal data: the regression, and what it leaves.
        R = H - L @ B
        n = len(H) - lost
        assert_allclose(model.covariance_, B.T @ S_a @ B + R.T @ R / n, atol=1e-12)
    if not centered:
        expected = high.mean(axis=0) + (every.mean(axis=0) - low.mean(axis=0)) @ B
        assert_allclose(model.location_, expected)


def test_the_penalty_is_the_best_for_draws_left_out():
    X, _ = make_fidelities([14, 200], 4, correlation=0.6, random_state=2)
    high, low, every = split(X, 14, 4)
    cheap = sample_moments(every, False)

    def left_out(alpha):
        """By brute force, in the units of all pairs."""
        total, unit_h, unit_l = 0.0, high.std(axis=0), low.std(axis=0)
        s = np.linalg.svd((low - low.mean(axis=0)) / unit_l)[1][0]
        for i in range(14):
            others = np.arange(14) != i
            L, H = low[others] / unit_l, high[others] / unit_h
            ml, mh = L.mean(axis=0), H.mean(axis=0)
            gram = (L - ml).T @ (L - ml) + alpha * s**2 * np.eye(4)
            B = np.linalg.solve(gram, (L - ml).T @ (H - mh))
            total += ((high[i] / unit_h - mh - (low[i] / unit_l - ml) @ B) ** 2).sum()
        return total

    best = paired_regression(high, low, cheap, None)
    assert 0 < best.alpha < np.inf
    error = left_out(best.alpha)
    for alpha in (0.0, best.alpha / 3, best.alpha * 3, 1e6):
        assert error <= left_out(alpha) + 1e-9
    assert_allclose(best.explained, 1 - error / left_out(1e12), rtol=1e-6)


def test_cheap_runs_that_say_nothing_are_left_alone():
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=(400, 3)), rng.normal(size=(400, 3))])
    X[30:, :3] = np.nan
    model = MultiFidelityCovariance(2).fit(X)
    alone = np.cov(X[:30, :3].T)
    assert np.abs(model.covariance_ - alone).max() < 0.1
    assert model.correlations_[1] < 0.3
    X[:, 3:] = 7.0
    model = MultiFidelityCovariance(2).fit(X)
    assert_allclose(model.covariance_, alone)
    assert_allclose(model.correlations_, [1, 0])


def test_cheap_runs_that_say_much_are_worth_many_dear_ones():
    errors = {}
    for seed in range(40):
        X, true = make_fidelities([36, 2000], 6, correlation=0.97, random_state=seed)
        for method in ("regression", "log_euclidean"):
            model = MultiFidelityCovariance(2, method=method).fit(X)
            errors.setdefault(method, []).append(model.error_norm(true))
        alone = np.cov(X[:36, :6].T)
        errors.setdefault("alone", []).append(((alone - true) ** 2).sum() / 6)
    means = {name: np.mean(found) for name, found in errors.items()}
    assert means["regression"] < 0.3 * means["alone"]
    assert means["log_euclidean"] < 0.8 * means["alone"]


def test_three_fidelities_are_a_chain():
    X, true = make_fidelities([30, 200, 5000], 4, correlation=0.98, random_state=5)
    model = MultiFidelityCovariance(3).fit(X)
    middle = paired_regression(
        X[:200, 4:8], X[:200, 8:], sample_moments(X[:, 8:], False), None
    )
    top = paired_regression(X[:30, :4], X[:30, 4:8], middle.moments, None)
    assert_allclose(model.covariance_, top.moments.covariance)
    assert_allclose(model.alphas_, [top.alpha, middle.alpha])
    assert model.n_runs_.tolist() == [30, 200, 5000]
    assert (np.diff(model.correlations_) <= 0).all()
    assert abs(model.correlations_[1] - 0.98) < 0.02
    two = MultiFidelityCovariance(2).fit(X[:200, :8])
    assert model.error_norm(true) < two.error_norm(true)


def test_logarithms_are_those_of_matrices():
    X, _ = make_fidelities([20, 100, 400], 3, correlation=0.9, random_state=6)
    found = MultiFidelityCovariance(3, method="log_euclidean").fit(X)
    cov = [
        [np.cov(X[:n, 3 * k : 3 * k + 3].T) for n in (20, 100, 400)] for k in range(3)
    ]
    total = logm(cov[0][0]) + logm(cov[1][1]) - logm(cov[1][0])
    total += logm(cov[2][2]) - logm(cov[2][1])
    assert_allclose(found.covariance_, expm(total), rtol=1e-8)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 9),
    more=st.integers(0, 9),
    d=st.integers(1, 5),
    seed=st.integers(0, 99),
    rank=st.integers(1, 5),
    alpha=st.sampled_from(["loo", 1e-3, 10.0]),
    scale=st.sampled_from([1e-100, 1.0, 1e100]),
)
def test_it_is_positive_definite_whatever_the_rows(
    n, more, d, seed, rank, alpha, scale
):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(min(rank, 2 * d), 2 * d))
    X = rng.normal(size=(n + more, len(mix))) @ mix
    X[n:, :d] = np.nan
    for method in ("regression", "log_euclidean"):
        model = MultiFidelityCovariance(2, alpha=alpha, method=method).fit(X)
        S = model.covariance_
        assert np.isfinite(S).all() and np.isfinite(model.precision_).all()
        values = np.linalg.eigvalsh(S)
        if values[-1] > 0:
            assert values[0] > 0
        np.testing.assert_array_equal(S, S.T)
    scaled = MultiFidelityCovariance(2, alpha=alpha).fit(X * scale)
    expected = MultiFidelityCovariance(2, alpha=alpha).fit(X)
    tol = 1e-6 * np.abs(expected.covariance_).max()
    assert_allclose(
        scaled.covariance_ / scale / scale, expected.covariance_, rtol=0, atol=tol
    )


def test_columns_scale_and_rows_permute():
    X, _ = make_fidelities([20, 90], 3, random_state=7)
    unit = np.array([1e-3, 1.0, 40.0, 5.0, 1e4, 1.0])
    one, other = (MultiFidelityCovariance(2).fit(rows) for rows in (X, X * unit))
    expected = one.covariance_ * np.outer(unit[:3], unit[:3])
    assert_allclose(other.covariance_, expected, rtol=1e-8)
    order = np.random.default_rng(0).permutation(len(X))
    assert_allclose(
        MultiFidelityCovariance(2).fit(X[order]).covariance_, one.covariance_
    )


def test_eigenvalues_at_zero_are_raised_and_no_others():
    flat = np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    raised = positive_definite(flat)
    assert np.linalg.eigvalsh(raised)[0] > 0
    assert_allclose(raised, flat, atol=1e-10)
    assert positive_definite(np.eye(2)) is not None
    assert_allclose(positive_definite(np.zeros((2, 2))), 0)


def test_gaps_are_named():
    X, _ = make_fidelities([5, 9], 2, random_state=0)
    part = X.copy()
    part[3, 1] = np.nan
    with pytest.raises(ValueError, match="fidelity 0 of row 3 mixes"):
        MultiFidelityCovariance(2).fit(part)
    late = X.copy()
    late[2, 2:] = np.nan
    with pytest.raises(ValueError, match="Row 2 has fidelity 0, but not the cheaper 1"):
        MultiFidelityCovariance(2).fit(late)
    with pytest.raises(ValueError, match="Fidelity 0 was not run"):
        MultiFidelityCovariance(2).fit(X[5:])
    with pytest.raises(ValueError, match="4 columns, which are not n_fidelities=3"):
        MultiFidelityCovariance(3).fit(X)
    with pytest.raises(ValueError, match="NaN"):
        MultiFidelityCovariance().fit(X)
    with pytest.raises(ValueError, match="infinity"):
        MultiFidelityCovariance(2).fit(np.where(np.isnan(X), np.inf, X))
    with pytest.raises(ValueError, match="'method' parameter"):
        MultiFidelityCovariance(2, method="euclid").fit(X)
    with pytest.raises(ValueError, match="'alpha' parameter"):
        MultiFidelityCovariance(2, alpha=-1).fit(X)
    model = MultiFidelityCovariance(2).fit(X)
    with pytest.raises(ValueError, match="Row 5 of X has no run of the dearest"):
        model.mahalanobis(X)
    with pytest.raises(ValueError, match="No row of X has a run"):
        model.score(X[5:])
    assert np.isfinite(model.score(X)) and np.isfinite(model.mahalanobis(X[:5])).all()


def test_no_penalty_needs_more_pairs_than_columns():
    X, _ = make_fidelities([6, 40], 5, random_state=0)
    with pytest.warns(UserWarning, match="alpha=0 needs more than 6 pairs"):
        found = MultiFidelityCovariance(2, alpha=0).fit(X)
    expected = MultiFidelityCovariance(2).fit(X)
    assert_allclose(found.covariance_, expected.covariance_)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MultiFidelityCovariance(2, alpha=0).fit(X[:, [0, 1, 5, 6]])


def test_it_is_tuned_and_keeps_the_width():
    X, _ = make_fidelities([40, 90], 3, random_state=0)
    search = GridSearchCV(MultiFidelityCovariance(2), {"alpha": [0.01, "loo"]}, cv=3)
    order = np.random.default_rng(0).permutation(len(X))
    assert np.isfinite(search.fit(X[order]).best_score_)
    model = MultiFidelityCovariance(2).fit(X.astype(np.float32))
    for name in ("covariance_", "precision_", "location_", "correlations_"):
        assert getattr(model, name).dtype == np.float32
    bare = MultiFidelityCovariance(2, store_precision=False).fit(X)
    assert bare.precision_ is None
    assert np.isfinite(bare.score(X))


# ------------------------------------------------------------------------ allocation


def variance_of(runs, rho):
    """Of a nested, corrected mean of normal numbers, by its definition."""
    total = 1 / runs[0]
    for level in range(1, len(runs)):
        total -= (1 / runs[level - 1] - 1 / runs[level]) * rho[level] ** 2
    return total


@settings(max_examples=40, deadline=None)
@given(
    cost=st.floats(1e-4, 0.5),
    rho=st.floats(0.05, 0.999),
    budget=st.floats(5, 500),
    moment=st.sampled_from(["mean", "covariance"]),
)
def test_no_other_split_of_two_fidelities_is_much_better(cost, rho, budget, moment):
    found = optimal_allocation([1.0, cost], budget, [1.0, rho], moment=moment)
    power = 2 if moment == "covariance" else 1
    high = np.arange(2, int(budget) + 1)
    low = np.floor((budget - high) / cost)
    both = low >= high
    best = 1 / int(budget)
    pairs = zip(high[both], low[both], strict=True)
    best = min([best, *(variance_of(runs, [1, rho**power]) for runs in pairs)])
    assert found.n_runs @ [1.0, cost] <= budget * (1 + 1e-9)
    # Whole numbers of few runs are as coarse as this.
    assert found.variance / budget <= best * (1 + 1.5 / found.n_runs[0] + 1e-9)


def test_variances_are_those_of_simulated_means():
    rng = np.random.default_rng(0)
    found = optimal_allocation([1.0, 0.1, 0.01], 12, [1.0, 0.95, 0.8], moment="mean")
    runs, means = found.n_runs, []
    mix = np.linalg.cholesky([[1, 0.95, 0.8], [0.95, 1, 0.8], [0.8, 0.8, 1]])
    for _ in range(3000):
        z = rng.normal(size=(runs[-1], 3)) @ mix.T
        mean = z[: runs[0], 0].mean()
        for level, rho in ((1, 0.95), (2, 0.8)):
            own = z[:, level]
            mean += rho * (own[: runs[level]].mean() - own[: runs[level - 1]].mean())
        means.append(mean)
    assert (runs > 0).all()
    assert abs(np.var(means) * 12 / found.variance - 1) < 0.1
    assert found.variance < 0.5


def test_fidelities_that_are_not_worth_it_have_no_runs():
    found = optimal_allocation([1.0, 0.9, 0.001], 50, [1.0, 0.91, 0.9])
    assert found.n_runs[1] == 0 and found.n_runs[2] > found.n_runs[0]
    alone = optimal_allocation([1.0, 0.5], 50, [1.0, 0.0])
    assert alone.n_runs.tolist() == [50, 0] and alone.variance == 1
    few = optimal_allocation([1.0, 0.01], 10, [1.0, 0.999], n_least=8)
    assert few.n_runs[0] == 8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (([1.0], 10, [1.0, 0.5]), "one length"),
        (([1.0, 0.0], 10, [1.0, 0.5]), "costs must be positive"),
        (([1.0, 0.1], 10, [0.9, 0.5]), "the first must be 1"),
        (([1.0, 0.1], 10, [1.0, 1.5]), "in \\[0, 1\\]"),
        (([1.0, 0.1], 1, [1.0, 0.5]), "budget=1 must pay n_least=2"),
        (([1.0, np.nan], 10, [1.0, 0.5]), "costs contains NaN"),
    ],
)
def test_allocations_of_nothing_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        optimal_allocation(*wrong)
    with pytest.raises(ValueError, match="moment='median'"):
        optimal_allocation([1.0], 10, [1.0], moment="median")
    with pytest.raises(ValueError, match="n_least=0"):
        optimal_allocation([1.0], 10, [1.0], n_least=0)
