"""Symmetric kernel matrices as operators: sparse, dense, or of points and never whole.

All have the same few methods, so that a solver does not ask which one it was given.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, row_blocks
from skgeom.typing import Array, NDArray


class KernelOperator:
    """A symmetric matrix that solvers know by its products.

    Parameters
    ----------
    n : int
        Number of rows.
    backend : Backend
        Where products are computed.

    Attributes
    ----------
    xp : module
        Array namespace of the backend.

    Examples
    --------
    >>> from skgeom.operators import DenseKernel, KernelOperator
    >>> issubclass(DenseKernel, KernelOperator)
    True
    """

    def __init__(self, n: int, backend: Backend):
        self.n, self.backend, self.xp = n, backend, backend.xp

    def product(self, V: Array) -> Array:
        """Multiply with the columns of V.

        Parameters
        ----------
        V : array of shape (n, n_columns)
            Of the backend, its widest float.

        Returns
        -------
        array of shape (n, n_columns)
            The product.
        """
        return self._product(V)

    def polynomial(
        self, V: Array, coefficients: Sequence[float], basis: str = "monomial"
    ) -> Array:
        """Apply a polynomial of the matrix to the columns of V.

        Parameters
        ----------
        V : array of shape (n, n_columns)
            Of the backend, its widest float.
        coefficients : sequence of float
            Of the powers of the matrix, or of Chebyshev's polynomials of it.
        basis : {"monomial", "chebyshev"}, default="monomial"
            Which of the two.

        Returns
        -------
        array of shape (n, n_columns)
            The sum of the terms.
        """
        return self._polynomial(V, np.asarray(coefficients, dtype=np.float64), basis)

    def diagonal(self) -> Array:
        """Return the diagonal.

        Returns
        -------
        array of shape (n,)
            Of the backend.
        """
        return self._diagonal()

    def dense(self) -> Array:
        """Return the whole matrix.

        Returns
        -------
        array of shape (n, n)
            Of the backend.
        """
        return self._dense()

    def _product(self, V):
        raise NotImplementedError

    def _diagonal(self):
        raise NotImplementedError

    def _dense(self):
        raise NotImplementedError

    def _polynomial(self, V, coefficients, basis):
        return _polynomial(self.product, V, coefficients.tolist(), basis)


class SparseKernel(KernelOperator):
    """A sparse symmetric kernel matrix; memory is that of its entries.

    Parameters
    ----------
    matrix : csr_array of shape (n, n), float64
        Symmetric, on the host.
    backend : Backend
        Where products are computed.
    there : object, default=None
        What ``backend.csr(matrix)`` returns, where that is known already.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import SparseKernel
    >>> S = SparseKernel(sp.csr_array([[0.0, 1.0], [1.0, 0.0]]), get_backend("cpu"))
    >>> S.product(np.array([[1.0], [2.0]])).ravel()
    array([2., 1.])
    """

    def __init__(self, matrix: sp.csr_array, backend: Backend, there: Any = None):
        super().__init__(matrix.shape[0], backend)
        self.matrix = matrix
        self._there = backend.csr(matrix) if there is None else there

    def _product(self, V):
        return self._there @ V

    def _polynomial(self, V, coefficients, basis):
        return self.backend.matrix_polynomial(self._there, V, coefficients, basis)

    def _diagonal(self):
        return self.backend.asarray(self.matrix.diagonal())

    def _dense(self):
        return self.backend.asarray(self.matrix.toarray())


class DenseKernel(KernelOperator):
    """A symmetric kernel matrix that is held whole.

    Parameters
    ----------
    matrix : array of shape (n, n)
        Symmetric, of the backend, its widest float.
    backend : Backend
        Where the matrix is.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import DenseKernel
    >>> S = DenseKernel(np.array([[2.0, 1.0], [1.0, 2.0]]), get_backend("cpu"))
    >>> S.polynomial(np.array([[1.0], [0.0]]), [0, 0, 1]).ravel()
    array([5., 4.])
    """

    def __init__(self, matrix: Array, backend: Backend):
        super().__init__(matrix.shape[0], backend)
        self.matrix = matrix
        self._resolvents: dict[float, Array] = {}

    def resolvent(self, eta: float) -> Array:
        r"""Return :math:`(1 - \eta S)^{-1}`, computed at the first call and kept.

        Parameters
        ----------
        eta : float
            Less than one over the largest eigenvalue.

        Returns
        -------
        array of shape (n, n)
            Of the backend.
        """
        if eta not in self._resolvents:
            like = dict(dtype=self.matrix.dtype, device=self.matrix.device)
            shifted = self.xp.eye(self.n, **like) - eta * self.matrix
            self._resolvents[eta] = self.xp.linalg.inv(shifted)
        return self._resolvents[eta]

    def _product(self, V):
        return self.matrix @ V

    def _diagonal(self):
        return self.xp.linalg.diagonal(self.matrix)

    def _dense(self):
        return self.matrix


class PointKernel(KernelOperator):
    r"""The matrix :math:`\operatorname{diag}(s) K(X, X) \operatorname{diag}(s)`.

    It is computed anew in blocks of rows for each product.

    Parameters
    ----------
    points : array of shape (n, n_features)
        Of the backend, its widest float.
    evaluate : callable
        ``evaluate(Z, V)`` multiplies the kernel matrix between rows Z and all points
        with the columns V.
    scale : array of shape (n,) or None
        The s of the formula; None is ones.
    diagonal : array of shape (n,)
        That of the whole matrix.
    backend : Backend
        Where the points are.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import PointKernel
    >>> X = np.array([[0.0], [1.0]])
    >>> linear = lambda Z, V: Z @ (X.T @ V)
    >>> S = PointKernel(X, linear, None, X[:, 0] ** 2, get_backend("cpu"))
    >>> S.product(np.array([[1.0], [2.0]])).ravel()
    array([0., 2.])
    """

    def __init__(
        self,
        points: Array,
        evaluate: Callable,
        scale: Array | None,
        diagonal: Array,
        backend: Backend,
    ):
        super().__init__(points.shape[0], backend)
        self.points, self.evaluate, self.scale = points, evaluate, scale
        self._on_diagonal = diagonal

    def _product(self, V):
        if self.scale is None:
            return self.evaluate(self.points, V)
        scale = self.scale[:, None]
        return scale * self.evaluate(self.points, scale * V)

    def _diagonal(self):
        return self._on_diagonal

    def _dense(self):
        xp = self.xp
        identity = xp.eye(self.n, dtype=self.points.dtype, device=self.points.device)
        parts = [
            self.product(identity[:, columns])
            for columns in row_blocks(self.n, 8 * self.n)
        ]
        return xp.concat(parts, axis=1)


def _polynomial(product, V, coefficients, basis):
    """Sum of the terms of a polynomial of an operator times V, one product a degree."""
    if basis == "monomial":
        total = coefficients[-1] * V
        for coefficient in coefficients[-2::-1]:
            total = product(total) + coefficient * V
        return total
    # Clenshaw's recurrence, with the two last sums.
    one, two = 0 * V, 0 * V
    for coefficient in coefficients[:0:-1]:
        one, two = 2 * product(one) - two + coefficient * V, one
    return product(one) - two + coefficients[0] * V


def extreme_eigenvalues(S: KernelOperator) -> tuple[float, float]:
    """Estimate the least and the largest eigenvalue by Lanczos' method.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.

    Returns
    -------
    least, largest : float
        Accurate to about 1e-4 of the larger of the two.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import DenseKernel, extreme_eigenvalues
    >>> S = DenseKernel(np.diag([3.0, -1.0]), get_backend("cpu"))
    >>> extreme_eigenvalues(S)
    (-1.0, 3.0)
    """
    n = S.n
    if n <= 64:
        values = np.linalg.eigvalsh(S.backend.to_numpy(S.dense()))
        return float(values[0]), float(values[-1])
    start = np.random.default_rng(0).standard_normal(n)

    def largest_size(matvec):
        operator = sp.linalg.LinearOperator((n, n), matvec=matvec, dtype=np.float64)
        found = sp.linalg.eigsh(
            operator, 1, which="LM", v0=start, tol=1e-4, return_eigenvectors=False
        )
        return float(found[0])

    def product(v):
        return host_product(S, v.reshape(-1, 1)).ravel()

    # The end of the larger size, and with the spectrum moved by it, the other end.
    one = largest_size(product)
    other = one + largest_size(lambda v: product(v.ravel()) - one * v.ravel())
    return min(one, other), max(one, other)


def host_product(S: KernelOperator, V: NDArray) -> NDArray:
    """Multiply with columns that are on the host, and bring the product there.

    Parameters
    ----------
    S : KernelOperator
        The operator.
    V : ndarray of shape (n, n_columns)
        The columns.

    Returns
    -------
    ndarray of shape (n, n_columns)
        The product.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import DenseKernel, host_product
    >>> host_product(DenseKernel(np.eye(2), get_backend("cpu")), np.ones((2, 1)))
    array([[1.],
           [1.]])
    """
    backend = S.backend
    return backend.to_numpy(S.product(backend.asarray(V, dtype=backend.float64)))
