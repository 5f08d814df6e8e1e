"""Kernel matrices of points as operators: dense, or in blocks and never whole."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend, row_blocks
from skgeom.operators import KernelOperator
from skgeom.typing import Array


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
    >>> from skgeom.kernels._operators import DenseKernel
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
    >>> from skgeom.kernels._operators import PointKernel
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


def extreme_eigenvalues(S: KernelOperator, tol: float = 1e-4) -> tuple[float, float]:
    """Estimate the least and the largest eigenvalue by Lanczos' method.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    tol : float, default=1e-4
        Wanted error of the end of the larger size, relative to it.

    Returns
    -------
    least, largest : float
        Accurate to about `tol`, and the end of the smaller size to 1e-4, of the larger
        of the two.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel, extreme_eigenvalues
    >>> S = DenseKernel(np.diag([3.0, -1.0]), get_backend("cpu"))
    >>> extreme_eigenvalues(S)
    (-1.0, 3.0)
    """
    n = S.n
    if n <= 64:
        values = np.linalg.eigvalsh(S.backend.to_numpy(S.dense()))
        return float(values[0]), float(values[-1])
    start = np.random.default_rng(0).standard_normal(n)

    def largest_size(matvec, tol=1e-4):
        operator = sp.linalg.LinearOperator((n, n), matvec=matvec, dtype=np.float64)
        found = sp.linalg.eigsh(
            operator, 1, which="LM", v0=start, tol=tol, return_eigenvectors=False
        )
        return float(found[0])

    def product(v):
        return S.host_product(v.reshape(-1, 1)).ravel()

    # The end of the larger size, and with the spectrum moved by it, the other end.
    one = largest_size(product, tol)
    other = one + largest_size(lambda v: product(v.ravel()) - one * v.ravel())
    return min(one, other), max(one, other)
