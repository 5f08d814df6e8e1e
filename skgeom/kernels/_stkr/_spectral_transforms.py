r"""Transforms s of the spectrum of a kernel, and how to apply s(S) without it.

A transform is split as :math:`s(\lambda) = s(0) + \lambda \sigma(\lambda)`: the second
part is what a point that was not fitted can see, through its kernel values, and
:math:`\sigma(S) a` are the coefficients that it needs.

Transforms are those of Zhai et al. (ICLR 2024).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import polynomial as poly

from skgeom.kernels._operators import DenseKernel
from skgeom.kernels._stkr._penalized_gradient import penalized_conjugate_gradient
from skgeom.operators import KernelOperator, SparseKernel, chebyshev_coefficients
from skgeom.solvers import LinearSolution, conjugate_gradient
from skgeom.typing import Array, NDArray


class SpectralTransform:
    """A function s >= 0 of the eigenvalues of a kernel.

    Calling it with eigenvalues gives its values.

    Attributes
    ----------
    has_primal : bool
        Whether 1 / s is a polynomial, as `primal_ridge` needs.

    Examples
    --------
    >>> from skgeom.kernels._stkr._spectral_transforms import (
    ...     InverseLaplacian,
    ...     SpectralTransform,
    ... )
    >>> isinstance(InverseLaplacian(0.9), SpectralTransform)
    True
    """

    @property
    def has_primal(self) -> bool:
        """Whether 1 / s is a polynomial."""
        return False

    def _values(self, values):
        raise NotImplementedError

    def _divided(self, values):
        raise NotImplementedError

    def _apply(self, S, V, solve):
        raise NotImplementedError

    def __call__(self, values):
        """Values of s, in the shape of `values`."""
        return self._values(values)

    def divided(self, values: NDArray) -> NDArray:
        """Values of the divided transform.

        Parameters
        ----------
        values : ndarray of any shape
            Eigenvalues.

        Returns
        -------
        ndarray of the same shape
            (s - s(0)) / values.
        """
        return self._divided(values)

    def apply(
        self, S: KernelOperator, V: Array, solve: Callable
    ) -> tuple[Array, Array]:
        """Apply the transform of a matrix to columns.

        Parameters
        ----------
        S : KernelOperator
            The matrix.
        V : array of shape (n, n_columns)
            The columns, of its backend.
        solve : callable
            ``solve(S, eta, V)`` is what `resolvent` returns first.

        Returns
        -------
        values : array of shape (n, n_columns)
            s(S) V.
        inner : array of shape (n, n_columns)
            The divided transform of S, times V.
        """
        return self._apply(S, V, solve)


@dataclass(frozen=True)
class PolynomialTransform(SpectralTransform):
    r"""A polynomial :math:`s(\lambda) = \sum_p \pi_p \lambda^p`.

    Parameters
    ----------
    coefficients : tuple of float
        The :math:`\pi_0, \pi_1, \ldots`, at least two.

    Examples
    --------
    >>> from skgeom.kernels._stkr._spectral_transforms import PolynomialTransform
    >>> float(PolynomialTransform((0.0, 0.0, 1.0))(0.5))
    0.25
    """

    coefficients: tuple

    def _values(self, values):
        return poly.polyval(values, self.coefficients)

    def _divided(self, values):
        return poly.polyval(values, self.coefficients[1:])

    def _apply(self, S, V, solve):
        inner = S.polynomial(V, self.coefficients[1:])
        return self.coefficients[0] * V + S.product(inner), inner


@dataclass(frozen=True)
class InverseLaplacian(SpectralTransform):
    r"""The transform :math:`\lambda^r (1 - \eta \lambda)^{-q}`.

    Parameters
    ----------
    eta : float
        In [0, 1).
    degree : int, default=1
        The q of the formula, >= 1.
    vanishes : bool, default=False
        Whether r is 1, else 0. With 0 the inverse of s is a polynomial, and the fitted
        values solve a sparse positive definite system whatever the sign of the
        eigenvalues.

    Examples
    --------
    >>> from skgeom.kernels._stkr._spectral_transforms import InverseLaplacian
    >>> InverseLaplacian(0.5)(1.0)
    2.0
    """

    eta: float
    degree: int = 1
    vanishes: bool = False

    def _values(self, values):
        grown = (1 - self.eta * values) ** -float(self.degree)
        return values * grown if self.vanishes else grown

    def _divided(self, values):
        if self.vanishes:
            return (1 - self.eta * values) ** -float(self.degree)
        return self(values) * poly.polyval(values, self._extension)

    @property
    def has_primal(self) -> bool:
        """Whether 1 / s is a polynomial."""
        return not self.vanishes

    @cached_property
    def inverse(self) -> NDArray:
        """Coefficients of the polynomial 1 / s, for r = 0."""
        coefficients = np.ones(1)
        for _ in range(self.degree):
            coefficients = np.convolve(coefficients, (1.0, -self.eta))
        return coefficients

    @cached_property
    def _extension(self):
        """Coefficients of the polynomial (1 - 1 / s) / lambda."""
        return -self.inverse[1:]

    def extend(self, S: KernelOperator, H: Array) -> Array:
        """Compute coefficients for new points from fitted values, for r = 0.

        Parameters
        ----------
        S : KernelOperator
            The matrix.
        H : array of shape (n, n_columns)
            s(S) V for some V.

        Returns
        -------
        array of shape (n, n_columns)
            The divided transform of S, times V.
        """
        return S.polynomial(H, self._extension)

    def _apply(self, S, V, solve):
        for _ in range(self.degree):
            V = solve(S, self.eta, V)
        if self.vanishes:
            return S.product(V), V
        return V, self.extend(S, V)


@dataclass(frozen=True)
class FunctionTransform(SpectralTransform):
    """Any function of the eigenvalues, by a Chebyshev series.

    Parameters
    ----------
    function : callable
        Maps an array of eigenvalues to values >= 0 of the same shape.
    tol : float, default=1e-10
        Wanted uniform error of the series, relative to its largest value.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.kernels._stkr._spectral_transforms import FunctionTransform
    >>> float(FunctionTransform(np.exp)(0.0))
    1.0
    """

    function: Any
    tol: float = 1e-10

    def _values(self, values):
        values = np.asarray(values, dtype=np.float64)
        return np.asarray(self.function(values), dtype=np.float64)[()]

    def _divided(self, values):
        # Near zero by a difference.
        values = np.asarray(values, dtype=np.float64)
        step = 1e-5
        small = np.abs(values) < step
        safe = np.where(small, step, values)
        return (self(safe) - self(np.zeros_like(safe))) / safe

    @cached_property
    def series(self) -> Any:
        """Chebyshev coefficients of the divided transform on [-1, 1], and the error."""
        # The expansion is in x with the eigenvalue 1 - (1 - x).
        return chebyshev_coefficients(
            lambda gap: self.divided(1.0 - gap), 1.0, tol=self.tol
        )

    def _apply(self, S, V, solve):
        inner = S.polynomial(V, self.series[0], basis="chebyshev")
        return float(self(0.0)) * V + S.product(inner), inner


def resolvent(
    S: KernelOperator,
    eta: float,
    V: Array,
    *,
    tol: float = 1e-10,
    max_iter: int = 1000,
    callback: Callable | None = None,
) -> tuple[Array, LinearSolution | None]:
    r"""Compute :math:`(1 - \eta S)^{-1} V`, directly where S is held whole.

    Parameters
    ----------
    S : KernelOperator
        Symmetric, eigenvalues less than 1 / eta.
    eta : float
        In [0, 1).
    V : array of shape (n, n_columns)
        The columns.
    tol : float, default=1e-10
        Relative residual of the iteration.
    max_iter : int, default=1000
        At most so many steps of it.
    callback : callable, default=None
        Of `conjugate_gradient`.

    Returns
    -------
    solution : array of shape (n, n_columns)
        The columns of the solution.
    found : LinearSolution or None
        What the iteration reports; None for a direct solution.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.kernels._operators import DenseKernel
    >>> from skgeom.kernels._stkr._spectral_transforms import resolvent
    >>> S = DenseKernel(np.eye(2), get_backend("cpu"))
    >>> resolvent(S, 0.5, np.ones((2, 1)))[0].ravel()
    array([2., 2.])
    """
    xp = S.xp
    if isinstance(S, DenseKernel):
        return S.resolvent(eta) @ V, None
    limits: dict[str, Any] = dict(tol=tol, max_iter=max_iter, callback=callback)
    if isinstance(S, SparseKernel) and S.backend.name == "numba":
        none = np.zeros(S.n)
        found = penalized_conjugate_gradient(S.matrix, none, 1.0, eta, 1, V, **limits)
        return found.solution, found
    scale = (1 - eta * S.diagonal())[:, None]
    found = conjugate_gradient(
        xp,
        lambda P: P - eta * S.product(P),
        V,
        precondition=lambda R: R / scale,
        **limits,
    )
    return found.solution, found
