"""How rows hang on nodes: memory follows the links, whatever the rows are."""

import numpy as np
import pytest
import scipy.sparse as sp

from skgeom.graph import Attachment, KnownRows, canonical_csr

RING = canonical_csr(np.roll(np.eye(12), 1, axis=0) + np.roll(np.eye(12), -1, axis=0))


@pytest.mark.filterwarnings("ignore:.*rows have no link:UserWarning")
def test_a_row_without_links_takes_no_memory_and_the_mean_of_all_nodes():
    links = sp.csr_array((4, 12)).tolil()
    links[1, 3], links[1, 4], links[3] = 1.0, 3.0, RING.toarray()[7]
    rows = Attachment.to_links(links.tocsr(), KnownRows(RING))
    np.testing.assert_array_equal(rows.lonely, [True, False, True, False])
    assert rows.weights.nnz == rows.lengths.nnz == 3  # two links, and node 7 itself
    values = np.arange(24.0).reshape(12, 2) ** 2
    expected = [values.mean(0), (values[3] + 3 * values[4]) / 4, values.mean(0)]
    np.testing.assert_allclose(rows.place(values), [*expected, values[7]])
    between = np.abs(np.subtract.outer(np.arange(12.0), np.arange(12.0)))
    np.testing.assert_array_equal(rows.shortest(between)[[0, 2]], 1.0)
    np.testing.assert_array_equal(rows.reach, [1, 1, 1, 0])


def test_rows_that_are_the_points_need_no_search():
    points = np.random.default_rng(0).normal(size=(9, 2))[[0, 1, 2, 1, 3, 1]]
    rows = Attachment.to_points(points, most=2)
    weights = rows.weights.toarray()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_array_equal(weights[1], [0, 0.5, 0, 0.5, 0, 0])
    np.testing.assert_array_equal(weights[[3, 5]], weights[[1, 1]])
    np.testing.assert_array_equal(weights[2], np.eye(6)[2])


def test_stacked_rows_can_be_taken_in_any_order():
    one, two = Attachment.to_nodes(np.array([2]), 3), Attachment.to_nodes([0, 1], 3)
    both = Attachment.stacked([one, two]).of_rows(np.array([1, 2, 0]))
    np.testing.assert_array_equal(both.weights.toarray(), np.eye(3))
