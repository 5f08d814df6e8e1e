"""How evenly rows spread: without bias, whatever their law."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skgeom.metrics import spread_score

LAWS = {
    "normal": lambda rng, n: rng.normal(size=(n, 64)),
    "heavy": lambda rng, n: rng.standard_t(5, size=(n, 64)),
    "skewed": lambda rng, n: rng.exponential(size=(n, 64)),
}


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize("law", LAWS)
def test_isotropic_rows_score_one(law, n):
    """Within three standard errors of the mean of 200 draws, and .01 of bias."""
    rng = np.random.default_rng(0)
    found = [spread_score(LAWS[law](rng, n)) for _ in range(200)]
    bias = {20: 0.03, 100: 0.01}[n]  # of a quotient of two estimates
    assert np.mean(found) == pytest.approx(1, abs=3 * np.std(found) / 200**0.5 + bias)
    if n == 100:
        assert np.abs(np.subtract(found, 1)).max() < 0.1
        assert np.abs(np.quantile(found, [0.1, 0.9]) - 1).max() < 0.05


def test_other_spreads():
    rng = np.random.default_rng(0)
    scales = np.arange(1, 65.0) ** -0.5
    truth = (scales**2).sum() ** 2 / (scales**4).sum() / 64
    for n in (100, 2000):
        found = [spread_score(rng.normal(size=(n, 64)) * scales) for _ in range(40)]
        error = 3 * np.std(found) / 40**0.5 + 0.02 * truth
        assert np.mean(found) == pytest.approx(truth, abs=error)
        assert error < 0.09 * truth
    half = rng.normal(size=(500, 64)) * (np.arange(64) < 32)
    assert spread_score(half) == pytest.approx(0.5, abs=0.02)
    line = rng.normal(size=(500, 1)) * np.ones(64)
    assert spread_score(line) == pytest.approx(1 / 64, rel=0.02)


@given(st.integers(4, 9), st.integers(1, 12), st.integers(0, 99))
def test_both_traces_are_those_of_their_definition(n, d, seed):
    """Means over all tuples of different rows of products of differences."""
    rng = np.random.default_rng(seed)
    X = rng.exponential(size=(n, d))
    G = X @ X.T
    i, j, k, m = np.meshgrid(*[np.arange(n)] * 4, indexing="ij")
    apart = (i != j) & (i != k) & (i != m) & (j != k) & (j != m) & (k != m)
    i, j, k, m = (a[apart] for a in (i, j, k, m))
    # Differences of two pairs: independent, of twice the covariance.
    inner = G[i, k] - G[i, m] - G[j, k] + G[j, m]
    one, two = G[i, i] + G[j, j] - 2 * G[i, j], G[k, k] + G[m, m] - 2 * G[k, m]
    of_square, of_trace = (inner**2).mean() / 4, (one * two).mean() / 4
    found = spread_score(X)
    if of_square > 1e-6 * of_trace:
        assert found == pytest.approx(of_trace / of_square / d, rel=1e-6)


@given(st.integers(4, 30), st.integers(1, 9), st.integers(0, 99))
def test_units_means_and_rotations_do_not_matter(n, d, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1)
    Q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    for method in ("participation", "effective_rank", "eee"):
        expected = spread_score(X, method=method)
        for other in (1e-200 * X, 1e200 * X, X @ Q + 5):
            assert spread_score(other, method=method) == pytest.approx(
                expected, rel=1e-6, abs=1e-9
            )


def test_the_others_are_what_the_page_says():
    rng = np.random.default_rng(0)
    for shape in ((30, 9), (9, 30)):
        X = rng.normal(size=shape) * np.arange(1, shape[1] + 1)
        w = np.linalg.eigvalsh(np.cov(X.T))[::-1].clip(0)
        p = w / w.sum()
        d = len(p)
        entropy = -(p[p > 1e-14] * np.log(p[p > 1e-14])).sum()
        found = spread_score(X, method="effective_rank")
        assert found == pytest.approx(np.exp(entropy) / d)
        excess = np.mean(np.cumsum(p) - np.arange(1, d + 1) / d)
        assert spread_score(X, method="eee") == pytest.approx(2 * excess)


def test_memory_is_the_smaller_number_times_a_block():
    X = np.random.default_rng(0).normal(size=(2000, 2500))
    expected = spread_score(X)
    tracemalloc.start()
    assert spread_score(X, working_memory=2) == pytest.approx(expected)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # X itself once or twice more; of 2,000 x 2,000 nothing.
    assert peak < 2.2 * X.nbytes + 4 * 2**20


def test_what_tells_nothing():
    assert np.isnan(spread_score(np.ones((5, 3))))
    with pytest.raises(ValueError, match="minimum of 4"):
        spread_score(np.eye(3))
    with pytest.raises(ValueError, match="X contains NaN"):
        spread_score(np.full((5, 2), np.nan))
