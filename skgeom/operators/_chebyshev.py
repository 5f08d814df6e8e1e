"""Any function of a Laplacian by Chebyshev series, with a stated error.

As in Hammond, Vandergheynst and Gribonval, "Wavelets on graphs via spectral graph
theory", Applied and Computational Harmonic Analysis 30, 2011.
"""

from collections.abc import Callable

import numpy as np
from scipy.fft import dct

from skgeom._warnings import warn
from skgeom.backends import Backend, get_backend
from skgeom.graph import Laplacian
from skgeom.typing import Array, NDArray

# Beyond it, series are slower than a dense eigenproblem for most graphs.
_MAX_DEGREE = 4096


def chebyshev_coefficients(
    function: Callable,
    bound: float,
    *,
    tol: float = 1e-10,
    max_degree: int = _MAX_DEGREE,
) -> tuple[NDArray, float]:
    r"""Expand :math:`x \mapsto f(c(1 - x))` on [-1, 1] in Chebyshev polynomials.

    Parameters
    ----------
    function : callable
        Maps an array of eigenvalues in [0, 2 * bound] to values of the same shape.
    bound : float
        Half the length c > 0 of the interval that holds the spectrum.
    tol : float, default=1e-10
        Wanted uniform error, relative to the largest value of the function.
    max_degree : int, default=4096
        The expansion stops growing here.

    Returns
    -------
    coefficients : ndarray of shape (degree + 1,), float64
        Of :math:`T_0, \ldots`.
    error : float
        Estimated bound on the uniform absolute error, from the deviation on four times
        as many points as there are coefficients.

    Raises
    ------
    ValueError
        If the function is not finite on the interval.

    References
    ----------
    Trefethen, "Approximation Theory and Approximation Practice", chapters 3 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.operators import chebyshev_coefficients
    >>> coefficients, error = chebyshev_coefficients(np.exp, 1.0)
    >>> len(coefficients), error < 1e-9
    (11, True)
    """
    coefficients, error, _ = _expand(function, bound, tol, max_degree)
    return coefficients, error


def _expand(function, bound, tol, max_degree):
    """Coefficients, their error, and the largest size of the function."""
    degree = min(16, max_degree)
    while True:
        n_nodes = degree + 1
        values = function(
            _spectrum(bound, np.pi * (np.arange(n_nodes) + 0.5) / n_nodes)
        )
        coefficients = dct(values) / n_nodes
        coefficients[0] /= 2
        exact = function(_spectrum(bound, np.linspace(0.0, np.pi, 4 * degree + 3)))
        if not (np.isfinite(coefficients).all() and np.isfinite(exact).all()):
            raise ValueError(
                f"function must be finite on the spectrum, [0, {2 * bound:g}]."
            )
        # Drop the longest tail whose sum still keeps the promise.
        largest = np.abs(exact).max() or 1.0
        tails = np.cumsum(np.abs(coefficients[::-1]))[::-1]
        kept = max(1, int(np.count_nonzero(tails > tol * largest / 2)))
        coefficients = coefficients[:kept]
        # Small last coefficients prove nothing: on the nodes, high degrees look like
        # low ones. On 4n points, polynomials of degree 2n are seen to within a factor
        # of sqrt(2) (Ehlich and Zeller 1964).
        series = np.zeros_like(exact)
        series[:kept] = coefficients / 2
        series[0] *= 2
        error = float(np.sqrt(2.0) * np.abs(dct(series, type=1) - exact).max())
        if error <= tol * largest or degree >= max_degree:
            return coefficients, error, largest
        degree = min(2 * degree, max_degree)


def _spectrum(bound, angles):
    """Eigenvalues c(1 - cos angle), accurate near zero, too."""
    return 2 * bound * np.sin(angles / 2) ** 2


def spectral_function(
    laplacian: Laplacian,
    function: Callable,
    B: Array,
    *,
    tol: float = 1e-10,
    backend: Backend | None = None,
) -> tuple[Array, float]:
    r"""Compute :math:`f(L) B` for a function of the eigenvalues.

    Parameters
    ----------
    laplacian : Laplacian
        From `Graph.laplacian`; eigenvalues in [0, 2 * laplacian.bound].
    function : callable
        Maps an array of eigenvalues to values of the same shape, finite there.
    B : array of shape (n_nodes, n_columns)
        The columns to apply it to.
    tol : float, default=1e-10
        Wanted uniform error on the spectrum, relative to the function's largest value.
    backend : Backend, default=None
        Where the products run. None takes the one that belongs to B.

    Returns
    -------
    result : array of shape (n_nodes, n_columns)
        In the namespace of the backend, its widest float.
    error : float
        Bound e on the error of each column b of B: :math:`\|\text{error}\|_2 \le e
        \|b\|_2`, for "random_walk" in the norm that weighs nodes by their degree.

    Warns
    -----
    UserWarning
        If `tol` is not reached at the largest degree, with what was reached.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.operators import spectral_function
    >>> edge = Graph.from_edges([[0, 1]]).laplacian()
    >>> result, error = spectral_function(edge, np.sqrt, np.eye(2), tol=1e-3)
    >>> bool(abs(result[0, 0] - np.sqrt(2) / 2) <= error)
    True
    """
    backend = get_backend(like=B) if backend is None else backend
    coefficients, error = expansion(function, laplacian.bound, tol)
    B = backend.asarray(B, dtype=backend.float64)
    return laplacian.polynomial(coefficients, B, "chebyshev", backend=backend), error


def expansion(function, bound, tol):
    """Coefficients and their error, with a warning where that is above `tol`."""
    coefficients, error, largest = _expand(function, bound, tol, _MAX_DEGREE)
    if error > tol * largest:
        warn(
            f"The series has an error of {error:.1e}, more than the "
            f"{tol * largest:.1e} asked for: the function is not smooth enough on the "
            "spectrum.",
        )
    return coefficients, error
