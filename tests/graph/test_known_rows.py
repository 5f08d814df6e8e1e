"""A row is found again whatever order and duplicates it is stored with."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skgeom.graph import KnownRows, canonical_csr

SMALL = arrays(np.float64, (6, 3), elements=st.sampled_from([0.0, 1.0, -2.0]))


def first_equal(queries, rows):
    """Compare every pair."""
    equal = (queries[:, None] == rows[None]).all(axis=2)
    return np.where(equal.any(axis=1), equal.argmax(axis=1), -1)


@given(SMALL, SMALL)
def test_finds_what_comparison_finds(rows, queries):
    found = KnownRows(canonical_csr(rows)).find(canonical_csr(queries))
    np.testing.assert_array_equal(found, first_equal(queries, rows))
    assert found.dtype == np.int64


def test_storage_does_not_matter():
    plain = canonical_csr([[1.0, 2.0, 0.0]])
    columns, values = np.array([1, 0, 1, 2]), np.array([0.5, 1.0, 1.5, 0.0])
    stored = sp.csr_array((values, columns, [0, 4]), shape=(1, 3))
    assert KnownRows(plain).find(canonical_csr(stored)).tolist() == [0]
    assert stored.nnz == 4, "the argument was changed"


@pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
def test_nothing_to_know(shape):
    empty = canonical_csr(np.zeros(shape))
    assert KnownRows(empty).find(empty).tolist() == [0] * shape[0]


def test_pickle():
    rows = canonical_csr(np.eye(3))
    again = pickle.loads(pickle.dumps(KnownRows(rows)))
    assert again.find(rows).tolist() == [0, 1, 2]
