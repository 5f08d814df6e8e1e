"""The boundary: devices, output in kind, and how new rows hang on fitted nodes."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils._param_validation import InvalidParameterError

from skgeom.base import GeometryEstimator
from skgeom.graph import Attachment, KnownRows


class Doubler(GeometryEstimator):
    """The smallest estimator that uses the boundary."""

    def __init__(self, device="auto"):
        self.device = device

    def transform(self, X):
        self._backend_for(X)
        return self._output(2 * self._validated(X, reset=True), like=X)


@pytest.mark.parametrize(
    ("given_dtype", "dtype"),
    [("float32", "float32"), ("float64", "float64"), ("int8", "float64")],
)
@pytest.mark.parametrize("kind", ["numpy", "torch", "pandas"])
def test_output_is_of_the_kind_of_the_input(given_dtype, dtype, kind):
    X = np.arange(6).reshape(3, 2).astype(given_dtype)
    if kind == "torch":
        torch = pytest.importorskip("torch")
        out = Doubler().transform(torch.as_tensor(X))
        assert isinstance(out, torch.Tensor)
        out = out.numpy()
    elif kind == "pandas":
        out = Doubler().transform(pytest.importorskip("pandas").DataFrame(X))
    else:
        out = Doubler().transform(X)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, 2 * X)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cpu:0", "", 3])
def test_unknown_device_is_named(name):
    with pytest.raises(InvalidParameterError, match=r"Doubler: device=.*'torch-cpu'"):
        Doubler(name).transform([[1.0]])


@given(seed=st.integers(0, 10_000), k=st.integers(1, 6))
def test_neighbor_weights_are_shares_and_exact_at_nodes(seed, k):
    rng = np.random.default_rng(seed)
    distances = np.sort(rng.uniform(0.1, 1, size=(8, k)), axis=1)
    distances[0, 0] = 0.0
    indices = np.stack([rng.permutation(20)[:k] for _ in range(8)])
    weights = Attachment.to_neighbors(distances, indices, 20).weights.toarray()
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert weights[0, indices[0, 0]] == 1.0
    # The nearest node weighs most.
    assert (weights.argmax(axis=1) == indices[:, 0]).all()


def test_neighbors_at_one_distance_share_evenly():
    attachment = Attachment.to_neighbors(np.full((1, 4), 2.0), np.arange(4)[None], 5)
    np.testing.assert_array_equal(attachment.weights.toarray(), [[0.25] * 4 + [0]])


def test_shortest_goes_over_the_nearest_and_stays_on_coincident_nodes():
    node_distances = np.array([[0.0, 5.0], [5.0, 0.0], [9.0, 9.0]])
    attachment = Attachment.to_neighbors(
        np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[0, 1], [1, 0]]), 3
    )
    np.testing.assert_array_equal(
        attachment.shortest(node_distances), [[1.0, 2.0], [5.0, 0.0]]
    )


def test_links_of_huge_weight_still_sum_to_one():
    links = sp.csr_array([[1e308, 1e308, 0.0], [0.0, 3.0, 1.0]])
    attachment = Attachment.to_links(links, KnownRows(sp.csr_array((0, 3))))
    np.testing.assert_allclose(
        attachment.weights.toarray(), [[0.5, 0.5, 0.0], [0.0, 0.75, 0.25]]
    )
    assert set(attachment.lengths.data) == {1.0}
