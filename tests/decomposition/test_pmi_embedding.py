"""Counts and their information: laws of rows, columns and scales."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from skgeom import PMIEmbedding
from skgeom.operators import pointwise_information

RNG = np.random.default_rng(0)
TOPICS = RNG.dirichlet(np.full(40, 0.3), size=3)
KIND = np.arange(90) % 3
COUNTS = RNG.poisson(60 * TOPICS[KIND]).astype(float)


@st.composite
def counts(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    C = rng.poisson(draw(st.sampled_from([0.2, 2.0])), size=shape).astype(float)
    if draw(st.booleans()):
        C[0] = 0.0
    if draw(st.booleans()):
        C[:, 0] = 0.0
    return C


def information(C, smoothing=1.0, shift=0.0):
    """The definition, dense."""
    c = C.sum(axis=0) ** smoothing * (C.sum(axis=0) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(C / (C.sum(axis=1)[:, None] * c / c.sum())) - shift
    return np.where(C > 0, np.maximum(found, 0), 0.0)


@given(
    C=counts(),
    smoothing=st.sampled_from([0.0, 0.75, 1.0]),
    shift=st.sampled_from([0.0, 0.7]),
    power=st.sampled_from([0.0, 0.5, 1.0]),
    scale=st.sampled_from([1e-100, 1.0, 1e100]),
)
def test_products_of_coordinates_are_those_of_rows(C, smoothing, shift, power, scale):
    model = PMIEmbedding(
        smoothing=smoothing, shift=shift, power=power, tol=1e-9, random_state=0
    )
    Z = model.fit_transform(scale * C)
    L = information(C, smoothing, shift)
    k = min(C.shape)
    assert Z.shape == (len(C), k)
    values = np.linalg.svd(L, compute_uv=False)
    assert_allclose(model.singular_values_, values, atol=1e-6)
    # L L' to the power p, where squares of singular values are no rounding.
    squares, U = np.linalg.eigh(L @ L.T)
    kept = squares > 1e-9
    expected = (U[:, kept] * squares[kept] ** power) @ U[:, kept].T
    assert_allclose(Z @ Z.T, expected, atol=1e-4)


@given(C=counts(), seed=st.integers(0, 99))
def test_only_shares_of_a_row_count(C, seed):
    factors = np.random.default_rng(seed).uniform(0.1, 10, size=(len(C), 1))
    model = PMIEmbedding(4, random_state=0).fit(C)
    assert_allclose(model.transform(C), model.embedding_, atol=1e-12)
    assert_allclose(model.transform(factors * C), model.embedding_, atol=1e-6)
    assert_allclose(model.transform(sp.csr_array(C)), model.embedding_, atol=1e-12)
    assert not model.embedding_[C.sum(axis=1) == 0].any()
    assert np.isfinite(model.embedding_).all()


def test_counts_that_are_chance_say_nothing():
    C = np.outer([1.0, 2, 5], [3.0, 1, 4, 1])
    model = PMIEmbedding(2, random_state=0).fit(C)
    assert np.abs(model.embedding_).max() < 1e-6
    shares = C.sum(axis=0) / C.sum()
    found = pointwise_information(C, C.sum(axis=1), shares, positive=False)
    assert_allclose(found.toarray(), 0, atol=1e-12)


def test_topics_are_told_apart():
    Z = PMIEmbedding(3, random_state=0).fit_transform(COUNTS)
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    alike = Z @ Z.T
    same = KIND[:, None] == KIND
    assert alike[same].min() > alike[~same].max()


@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_new_rows_depend_on_themselves_alone(shape):
    C = COUNTS if shape == "tall" else COUNTS[:20]
    model = PMIEmbedding(5, random_state=0).fit(C)
    new = COUNTS[60:] + 1.0
    whole = model.transform(new)
    assert_allclose(np.vstack([model.transform(row[None]) for row in new]), whole)
    assert_array_equal(model.transform(C), model.embedding_)


def test_columns_that_never_came_say_nothing_of_new_rows():
    C = COUNTS.copy()
    C[:, 4] = 0.0
    model = PMIEmbedding(3, random_state=0).fit(C)
    assert model.column_share_[4] == 0.0
    only = np.zeros((1, 40))
    only[0, 4] = 3.0
    assert not model.transform(only).any()


def test_rows_of_hardly_any_counts_fade():
    model = PMIEmbedding(3, random_state=0).fit(COUNTS)
    row = COUNTS[:1]
    sizes = [1e-3, 1e-8, 1e-9, 1e-11, 0.0]
    lengths = [np.linalg.norm(model.transform(size * row)) for size in sizes]
    assert_allclose(lengths[0], np.linalg.norm(model.embedding_[0]), rtol=1e-5)
    assert (np.diff(lengths) <= 0).all()
    assert lengths[-2] == lengths[-1] == 0.0


def test_negatives_may_stay():
    model = PMIEmbedding(40, power=1.0, positive=False, tol=1e-9, random_state=0)
    Z = model.fit_transform(COUNTS)
    with np.errstate(divide="ignore"):
        L = np.log(
            COUNTS * COUNTS.sum() / np.outer(COUNTS.sum(axis=1), COUNTS.sum(axis=0))
        )
    L[COUNTS == 0] = 0.0
    assert L.min() < -1
    assert_allclose(Z @ model.components_, L, atol=1e-6)


def test_what_are_no_counts():
    with pytest.raises(ValueError, match="Negative values in data passed to PMI"):
        PMIEmbedding().fit([[1.0, -1.0]])
    model = PMIEmbedding(2, random_state=0).fit(COUNTS)
    with pytest.raises(ValueError, match="Negative values"):
        model.transform(-COUNTS)
    zeros = PMIEmbedding(2, random_state=0).fit(np.zeros((3, 4)))
    assert not zeros.embedding_.any()
    assert not zeros.transform(np.ones((2, 4))).any()
    noise = RNG.poisson(1, size=(300, 200))
    with pytest.warns(ConvergenceWarning, match="residual"):
        PMIEmbedding(15, max_iter=1, tol=1e-6, random_state=0).fit(noise)
