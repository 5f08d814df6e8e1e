"""Heat on a graph by a series without cancellation.

The exponential of a random walk is a Poisson mixture of its steps (uniformisation; Fox
and Glynn, "Computing Poisson probabilities", Communications of the ACM 31, 1988).
"""

import numpy as np

from skgeom.backends import Backend, get_backend
from skgeom.graph import Laplacian
from skgeom.operators._chebyshev import chebyshev_coefficients
from skgeom.typing import Array, NDArray

# No longer series is computed: hours of products, and memory that time alone sets.
_MOST_TERMS = 2**22


def heat_coefficients(intensity: float, error: float) -> NDArray:
    r"""Return Poisson weights :math:`e^{-s} s^k / k!` until the tail is negligible.

    Parameters
    ----------
    intensity : float
        The mean s >= 0.
    error : float
        Bound on the sum of all weights left out; may be as small as 1e-320.

    Returns
    -------
    ndarray of shape (n_terms,), float64
        The weights, from k = 0.

    Raises
    ------
    ValueError
        If `intensity` is negative, above 2^22 or not finite, or `error` is not
        positive.

    Examples
    --------
    >>> from skgeom.operators import heat_coefficients
    >>> weights = heat_coefficients(2.0, error=1e-10)
    >>> len(weights), 1 - weights.sum() < 1e-10
    (17, np.True_)
    """
    if not (np.isfinite(intensity) and intensity >= 0):
        raise ValueError(f"time must be finite and >= 0, got {intensity!r}.")
    if not error > 0:
        raise ValueError(f"error must be > 0, got {error!r}.")
    if intensity > _MOST_TERMS:
        raise ValueError(
            f"time is too long: its series has {intensity:.3g} terms, at most "
            f"{_MOST_TERMS} are computed."
        )
    if intensity == 0:
        return np.ones(1)
    # Bernstein's bound on the tail of a Poisson law says where weights are negligible.
    depth = max(-np.log(error), 40.0)
    k = np.arange(1, int(intensity + np.sqrt(2 * intensity * depth) + depth) + 20)
    # Ratios from the largest weight outwards keep all digits; logarithms do not.
    mode = int(intensity)
    below = np.cumprod(k[:mode][::-1] / intensity)[::-1]
    above = np.cumprod(intensity / k[mode:])
    weights = np.concatenate([below, [1.0], above])
    weights /= weights.sum()
    # Beyond the mean, the weights after k fall at least as fast as a geometric series.
    falling = 1.0 - intensity / (k + 1)
    enough = (falling > 0) & (weights[1:] <= error * falling)
    enough[-1] = True
    return weights[: np.argmax(enough) + 1]


def heat_kernel(
    laplacian: Laplacian,
    time: float,
    B: Array | None = None,
    *,
    rtol: float = 1e-12,
    floor: float = 1e-300,
    backend: Backend | None = None,
) -> Array:
    r"""Compute :math:`\exp(-tL) B` with small entries as accurate as large ones.

    With :math:`L = c(I - P)` and P non-negative,

    .. math:: \exp(-tL) B = \sum_k e^{-ct} \frac{(ct)^k}{k!} P^k B .

    No term is negative, so nothing cancels, unlike in a Chebyshev series, whose
    absolute error near 1e-16 hides the heat between far nodes. Leaving out terms
    changes an entry of the kernel by at most their weights' sum, because entries of
    :math:`P^k` are at most 1; it is kept below ``rtol * floor``.

    Parameters
    ----------
    laplacian : Laplacian
        From `Graph.laplacian`.
    time : float
        Diffusion time t >= 0 in steps of a random walk. The cost is about
        ct + 8 sqrt(ct) products for moderate floors.
    B : array of shape (n_nodes, n_columns), default=None
        Initial heat. None is the identity: the whole n x n kernel.
    rtol : float, default=1e-12
        Relative error of every kernel entry above `floor`, rounding apart.
    floor : float, default=1e-300
        Size of the smallest kernel entry that must be accurate.
    backend : Backend, default=None
        Where the products run. None takes the one that belongs to B.

    Returns
    -------
    array of shape (n_nodes, n_columns)
        In the namespace of the backend, its widest float.

    Raises
    ------
    ValueError
        If `time` is negative, not finite, or longer than about 2^22 steps.

    Examples
    --------
    >>> from skgeom.graph import Graph
    >>> from skgeom.operators import heat_kernel
    >>> edge = Graph.from_edges([[0, 1]]).laplacian()
    >>> heat_kernel(edge, 0.5).round(4)
    array([[0.6839, 0.3161],
           [0.3161, 0.6839]])
    """
    backend = get_backend(like=B) if backend is None else backend
    if B is None:
        B = np.eye(laplacian.n_nodes)
    B = backend.asarray(B, dtype=backend.float64)
    coefficients = heat_coefficients(laplacian.bound * time, rtol * floor)
    return laplacian.polynomial(coefficients, B, backend=backend)


def diffused(laplacian, time, B, tol, backend):
    """Heat after a time, up to an absolute error, by the shorter of two series.

    That is Chebyshev's, of some sqrt(2 c t log(1 / tol)) products, unless there is a
    node of so many more edges than the others that it would be too long.
    """
    B = backend.asarray(B, dtype=backend.float64)
    coefficients, error = chebyshev_coefficients(
        lambda eigenvalues: np.exp(-time * eigenvalues), laplacian.bound, tol=tol
    )
    if error > 10 * tol:  # not by rounding alone
        return heat_kernel(laplacian, time, B, rtol=tol, floor=1.0, backend=backend)
    return laplacian.polynomial(coefficients, B, "chebyshev", backend=backend)
