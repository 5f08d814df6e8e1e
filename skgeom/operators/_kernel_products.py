"""Symmetric kernel matrices as operators, sparse ones among them.

All have the same few methods, so that a solver does not ask which one it was given.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend
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
    >>> from skgeom.operators import KernelOperator, SparseKernel
    >>> issubclass(SparseKernel, KernelOperator)
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

    def host_product(self, V: NDArray) -> NDArray:
        """Multiply with columns that are on the host, and bring the product there.

        Parameters
        ----------
        V : ndarray of shape (n, n_columns)
            The columns.

        Returns
        -------
        ndarray of shape (n, n_columns)
            The product.
        """
        backend = self.backend
        return backend.to_numpy(self.product(backend.asarray(V, backend.float64)))

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
