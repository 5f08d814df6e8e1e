"""Blocks of rows, and how large they may be."""

import numpy as np
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skgeom.backends import block_bytes, row_blocks


def test_working_memory_sets_the_size_of_blocks():
    with sklearn.config_context(working_memory=1024):
        assert block_bytes() == 2**28
    with sklearn.config_context(working_memory=0.5):
        assert block_bytes() == 2**17


@given(
    n_rows=st.integers(0, 200),
    row_bytes=st.integers(0, 100),
    max_bytes=st.integers(1, 1000),
)
def test_row_blocks_cover_all_rows_once_within_the_budget(n_rows, row_bytes, max_bytes):
    blocks = row_blocks(n_rows, row_bytes, max_bytes)
    covered = np.concatenate([np.arange(n_rows)[block] for block in blocks])
    assert_array_equal(covered, np.arange(n_rows))
    sizes = [block.stop - block.start for block in blocks]
    assert all(size * row_bytes <= max_bytes or size == 1 for size in sizes)
    # One row more would not have fitted.
    assert all((size + 1) * max(row_bytes, 1) > max_bytes for size in sizes[:-1])
    if n_rows == 0:
        assert blocks == [slice(0, 0)]
