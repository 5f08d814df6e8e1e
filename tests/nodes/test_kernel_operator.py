"""The kernel as an operator: what it promises, against dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm
from scipy.sparse.linalg import aslinearoperator, expm_multiply

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.nodes import GraphKernelOperator, graph_kernel
from skgeom.testing import adjacency_matrices

KERNELS = [
    dict(kernel="diffusion", diffusion_time=4.0),
    dict(kernel="regularized_laplacian", regularization=10.0),
    dict(kernel="matern", smoothness=0.7),
    dict(kernel="random_walk", n_steps=3),
    dict(kernel="cosine"),
]


@given(
    A=adjacency_matrices(),
    parameters=st.sampled_from(KERNELS),
    tol=st.sampled_from([1e-3, 1e-6, 1e-10]),
)
def test_products_are_within_the_stated_error(device, A, parameters, tol):
    graph = Graph(A)
    eigenvalues, vectors = np.linalg.eigh(graph.laplacian().matrix().toarray())
    function = graph_kernel(**parameters).function
    exact = (vectors * function(np.clip(eigenvalues, 0, 2))) @ vectors.T
    K = GraphKernelOperator(graph, tol=tol, backend=get_backend(device), **parameters)
    gap = np.linalg.norm(K @ np.eye(graph.n_nodes) - exact, ord=2)
    assert gap <= K.error + 1e-12
    assert K.error <= tol * 1.01


@given(A=adjacency_matrices(max_nodes=8))
def test_heat_is_that_of_scipy(A):
    graph = Graph(A)
    L = graph.laplacian().matrix()
    K = GraphKernelOperator(graph, "diffusion", diffusion_time=2.0, tol=1e-9)
    b = np.arange(1.0, graph.n_nodes + 1)
    size = np.linalg.norm(b)
    assert_allclose(K @ b, expm(-2 * L.toarray()) @ b, atol=1e-8 * size)
    assert_allclose(K @ b, expm_multiply(-2 * L, b), atol=1e-8 * size)


def test_it_is_a_linear_operator():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 3]])
    K = GraphKernelOperator(graph)
    assert aslinearoperator(K) is K
    assert K.shape == (4, 4)
    assert K.dtype == np.float64
    b, B = np.ones(4), np.eye(4)[:, :2]
    assert (K @ b).shape == (4,)
    assert (K @ B).shape == (4, 2)
    assert_allclose(K.T @ B, K @ B)
    assert_allclose(K.H @ b, (K + K) @ b / 2)


def test_kernels_come_in_three_forms():
    graph, b = Graph.from_edges([[0, 1], [1, 2]]), np.arange(3.0)
    by_name = GraphKernelOperator(graph, "diffusion", diffusion_time=2.0)
    by_kernel = GraphKernelOperator(
        graph, graph_kernel("diffusion", diffusion_time=2.0)
    )
    by_function = GraphKernelOperator(graph, lambda x: np.exp(-2 * x))
    assert_allclose(by_name @ b, by_kernel @ b)
    assert_allclose(by_name @ b, by_function @ b, atol=1e-5)


def test_a_directed_graph_has_no_kernel():
    with pytest.raises(ValueError, match="needs an undirected graph"):
        GraphKernelOperator(Graph.from_edges([[0, 1]], directed=True))


def test_a_rough_function_is_warned_of():
    graph = Graph.from_edges([[0, 1], [1, 2]])
    with pytest.warns(UserWarning, match="not smooth enough"):
        GraphKernelOperator(graph, lambda x: (x > 0.5).astype(float))
