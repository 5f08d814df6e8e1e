"""Any function of a Laplacian by Chebyshev series, with a stated error."""

import warnings

import numpy as np
from numpy.polynomial import chebyshev

from skgeom.backends import get_backend


def chebyshev_coefficients(function, bound, *, tol=1e-10, max_degree=4096):
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
        Estimated uniform absolute error: the coefficients left out, and the largest
        deviation on points between the nodes.

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
    degree = min(16, max_degree)
    while True:
        coefficients = chebyshev.chebinterpolate(
            lambda x: function(bound * (1.0 - x)), degree
        )
        between = np.cos(np.linspace(0.0, np.pi, 4 * degree + 3))
        exact = function(bound * (1.0 - between))
        if not (np.isfinite(coefficients).all() and np.isfinite(exact).all()):
            raise ValueError(
                f"function must be finite on the spectrum, [0, {2 * bound:g}]."
            )
        # Drop the longest tail whose sum still keeps the promise.
        scale = np.abs(coefficients).max() or 1.0
        tails = np.cumsum(np.abs(coefficients[::-1]))[::-1]
        kept = max(1, int(np.count_nonzero(tails > tol * scale / 2)))
        # Small last coefficients prove nothing: those of high degrees may hide in them.
        fit = chebyshev.chebval(between, coefficients[:kept])
        error = float(np.abs(fit - exact).max())
        if error <= tol * scale or degree >= max_degree:
            return coefficients[:kept], error
        degree = min(2 * degree, max_degree)


def spectral_function(laplacian, function, B, *, tol=1e-10, backend=None):
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
    coefficients, error = chebyshev_coefficients(function, laplacian.bound, tol=tol)
    scale = np.abs(coefficients).max() or 1.0
    if error > tol * scale:
        warnings.warn(
            f"The series has an error of {error:.1e}, more than the {tol * scale:.1e} "
            "asked for: the function is not smooth enough on the spectrum.",
            UserWarning,
            stacklevel=2,
        )
    B = backend.asarray(B, dtype=backend.float64)
    A = laplacian.on(backend)
    return backend.matrix_polynomial(A, B, coefficients, basis="chebyshev"), error
