"""A kernel on a graph as a linear operator: products without the n x n matrix."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from skgeom.backends import Backend, get_backend
from skgeom.graph import Graph
from skgeom.nodes._graph_kernel import GraphKernel, graph_kernel
from skgeom.operators._chebyshev import expansion
from skgeom.typing import Array


class GraphKernelOperator(LinearOperator):
    r"""The matrix K = k(L) of a kernel on a graph, known by its products.

    Products are Chebyshev series in the symmetric normalised Laplacian L: a dozen or
    two sparse products with W = I - L, whatever the number of nodes. For products with
    vectors this is faster than random features by orders of magnitude, and exact to
    `error`; features are for what needs them: linear models, subsets of nodes.

    Parameters
    ----------
    graph : Graph
        Undirected.
    kernel : GraphKernel, str or callable, default="diffusion"
        The kernel; what is no GraphKernel goes to
        :func:`~skgeom.nodes.graph_kernel`.
    tol : float, default=1e-6
        Wanted error, relative to the largest eigenvalue of K.
    backend : Backend, default=None
        Where products run; None is the host.
    **parameters : dict
        Of `graph_kernel`.

    Attributes
    ----------
    shape : tuple of int
        (n_nodes, n_nodes).
    error : float
        Bound e on the error of products: :math:`\|\text{error}\|_2 \le e \|b\|_2`.
    coefficients : ndarray of shape (degree + 1,)
        Of the Chebyshev polynomials of W.

    Raises
    ------
    ValueError
        If the graph is directed, or the kernel not finite on the spectrum.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes import GraphKernelOperator
    >>> path = Graph.from_edges([[0, 1], [1, 2]])
    >>> K = GraphKernelOperator(path, "diffusion", diffusion_time=2.0)
    >>> (K @ np.array([1.0, 0.0, 0.0])).round(3)
    array([0.322, 0.347, 0.187])
    >>> K.error < 1e-6
    True
    """

    def __init__(
        self,
        graph: Graph,
        kernel: GraphKernel | str | Callable = "diffusion",
        *,
        tol: float = 1e-6,
        backend: Backend | None = None,
        **parameters: Any,
    ):
        super().__init__(np.float64, (graph.n_nodes, graph.n_nodes))
        if isinstance(kernel, str) or (callable(kernel) and parameters):
            kernel = graph_kernel(kernel, **parameters)
        function = getattr(kernel, "function", kernel)
        self._laplacian = graph.laplacian()
        self._backend = get_backend("cpu") if backend is None else backend
        self.coefficients, self.error = expansion(function, self._laplacian.bound, tol)

    def apply(self, B: Array) -> Array:
        """Multiply by columns in the backend's own arrays.

        Parameters
        ----------
        B : array of shape (n_nodes, n_columns)
            Of the backend, or on the host.

        Returns
        -------
        array of shape (n_nodes, n_columns)
            K B on the backend's device, in its widest float.
        """
        backend = self._backend
        B = backend.asarray(B, dtype=backend.float64)
        return self._laplacian.polynomial(
            self.coefficients, B, "chebyshev", backend=backend
        )

    def _matmat(self, B):
        return np.asarray(self._backend.to_numpy(self.apply(B)))

    def _matvec(self, b):
        return self._matmat(b.reshape(-1, 1))[:, 0]

    def _adjoint(self):
        return self
