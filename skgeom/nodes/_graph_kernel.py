"""Kernels on the nodes of a graph: a function of the spectrum, and its power series.

With W = I - L for the symmetric normalised Laplacian L, a kernel is K = k(L) with k not
negative on [0, 2]. Features need its square root as a power series, f(W)^2 = K.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import numpy as np

from skgeom.operators import heat_coefficients
from skgeom.typing import ArrayLike

KERNELS = ("diffusion", "regularized_laplacian", "matern", "random_walk", "cosine")

# Terms of the series beyond which nothing is kept; the error is then said.
_MAX_LENGTH = 2**15
_MAX_SQUARE_ROOT = 2**11
# Points of the circle on which the series of a function is read off.
_N_CIRCLE = 2**12


@dataclass(frozen=True)
class GraphKernel:
    r"""A kernel K = k(L) = f(W)^2 on the nodes of a graph, W = I - L.

    Parameters
    ----------
    name : str
        What it is called.
    function : callable
        The k of the formula: maps arrays of eigenvalues of L, in [0, 2], to values of
        the same shape, >= 0.
    modulation : ndarray of shape (n_lengths,), float64
        Coefficients of the powers of W in f.
    decay : float
        Limit of the ratio of successive coefficients of the whole series, in [0, 1].
        Walks that halt with a probability of 1 - decay^2 or more have infinite
        variance.

    Attributes
    ----------
    error : float
        What leaving out the rest of the series changes: the largest
        :math:`|f(W)^2 - k(L)|` over the spectrum, relative to the largest k.

    Examples
    --------
    >>> from skgeom.nodes import graph_kernel
    >>> kernel = graph_kernel("diffusion", diffusion_time=2.0)
    >>> kernel.modulation[:3].round(4), kernel.error < 1e-6
    (array([0.3679, 0.3679, 0.1839]), True)
    """

    name: str
    function: Callable
    modulation: np.ndarray
    decay: float
    error: float = field(init=False)

    @classmethod
    def from_modulation(cls, modulation: ArrayLike, name: str = "learned") -> Self:
        """Make a kernel of the polynomial f.

        Parameters
        ----------
        modulation : array-like of shape (n_lengths,)
            Coefficients of the powers of W in f.
        name : str, default="learned"
            What the kernel is called.

        Returns
        -------
        GraphKernel
            The kernel f(W)^2.

        Examples
        --------
        >>> from skgeom.nodes import GraphKernel
        >>> GraphKernel.from_modulation([0.5, 0.5]).function(1.0)
        np.float64(0.25)
        """
        f = np.asarray(modulation, dtype=np.float64)
        return cls(name, partial(power_series, np.convolve(f, f)), f, 0.0)

    def __post_init__(self):
        """Measure the error of the truncated series."""
        x = np.cos(np.linspace(0.0, np.pi, 513))
        exact = self.function(1.0 - x)
        series = np.polynomial.polynomial.polyval(x, self.modulation) ** 2
        object.__setattr__(
            self, "error", float(abs(series - exact).max() / abs(exact).max())
        )


def graph_kernel(
    kernel: str | Callable = "diffusion",
    *,
    diffusion_time: float = 1.0,
    regularization: float = 1.0,
    smoothness: float = 2.0,
    length_scale: float = 1.0,
    n_steps: int = 2,
    offset: float = 2.0,
    coefficients: ArrayLike | None = None,
    tol: float = 1e-7,
) -> GraphKernel:
    r"""Describe a kernel on the nodes of a graph.

    The kernels are functions of the Laplacian [2]_, their square roots power series in
    the normalised adjacency [1]_.

    Parameters
    ----------
    kernel : str or callable, default="diffusion"
        The function k of the eigenvalues of the symmetric normalised Laplacian:

        - "diffusion": :math:`e^{-t\lambda}` with `diffusion_time` t > 0;
        - "regularized_laplacian": :math:`(1 + \sigma^2\lambda)^{-d}` with
          `regularization` :math:`\sigma^2 > 0` and `smoothness` d > 0;
        - "matern": :math:`(1 + \kappa^2\lambda / 2\nu)^{-\nu}` with `length_scale`
          :math:`\kappa > 0` and `smoothness` :math:`\nu > 0`;
        - "random_walk": :math:`(1 - \lambda / a)^p` with `n_steps` p from 1 to 2^16 and
          `offset` a >= 2;
        - "cosine": :math:`\cos(\pi\lambda / 4)`;
        - "coefficients": :math:`\sum_j \alpha_j (1 - \lambda)^j`;
        - a callable, analytic where :math:`|1 - \lambda| \le 1`: it is also called with
          complex numbers.

    diffusion_time, regularization, smoothness, length_scale, n_steps, offset : float
        Parameters of the formulas.
    coefficients : array-like of shape (n_terms,), default=None
        The :math:`\alpha` of "coefficients".
    tol : float, default=1e-7
        Share of the sum of the coefficients of f that may be left out.

    Returns
    -------
    GraphKernel
        The function, and the series of its square root.

    Raises
    ------
    ValueError
        If the kernel is not known, a parameter out of range, the function negative on
        the spectrum or without a series, or the series of its root divergent.

    References
    ----------
    .. [1] Reid, Choromanski, Berger and Weller, "General graph random features",
       ICLR 2024, section 2 and appendix B.
    .. [2] Smola and Kondor, "Kernels and regularization on graphs", COLT 2003.

    Examples
    --------
    >>> from skgeom.nodes import graph_kernel
    >>> graph_kernel("random_walk", n_steps=2).modulation
    array([0.5, 0.5])
    >>> graph_kernel(lambda eigenvalues: 1 / (1 + eigenvalues)).modulation[:3].round(3)
    array([0.707, 0.177, 0.066])
    """
    if callable(kernel):
        return _of_function(kernel, tol)
    if kernel == "diffusion":
        time = _positive("diffusion_time", diffusion_time)
        # heat_coefficients bounds the sum of the weights left out, which sum to one.
        modulation = heat_coefficients(time / 2, tol)
        return GraphKernel(kernel, partial(_heat, time), modulation, 0.0)
    if kernel in ("regularized_laplacian", "matern"):
        power = _positive("smoothness", smoothness)
        if kernel == "matern":
            scale = _positive("length_scale", length_scale) ** 2 / (2 * power)
        else:
            scale = _positive("regularization", regularization)
        return _inverse_power(kernel, scale, power, tol)
    if kernel == "random_walk":
        power, a = _positive("n_steps", n_steps), _positive("offset", offset)
        if not a >= 2:
            raise ValueError(f"offset must be >= 2, got {offset!r}.")
        return _walk_power(power, a, tol)
    if kernel == "cosine":
        # sqrt(cos) has a branch point at W = -1: coefficients fall like l^(-3/2).
        series = _circle_series(_cosine, _N_CIRCLE)
        return GraphKernel(kernel, _cosine, _square_root(series, _MAX_SQUARE_ROOT), 1.0)
    if kernel == "coefficients":
        return _of_coefficients(coefficients, tol)
    raise ValueError(
        f"kernel={kernel!r} must be one of {[*KERNELS, 'coefficients']} or a callable."
    )


def function_of_range(kernel: str, time: float, smoothness: float) -> Callable:
    """The k of a kernel that has a range, with the slope -time at eigenvalue 0.

    Both "regularized_laplacian" and "matern" are (1 + time / smoothness x)^-smoothness.
    """
    if kernel == "diffusion":
        return partial(_heat, time)
    return partial(_power, time / smoothness, -smoothness)


def as_inverse_power(function: Callable) -> tuple[float, float] | None:
    """Scale a and power p of (1 + a x)^-p, where that is what a function is."""
    if isinstance(function, partial) and function.func is _power:
        scale, power = function.args
        return (scale, -power) if power < 0 else None
    return None


def _heat(time, x):
    return np.exp(-time * x)


def _power(scale, power, x):
    # On the edge of the spectrum rounding may make the base negative.
    base = 1 + scale * x
    return np.where(np.real(base) > 0, base, 0.0) ** power


def _cosine(x):
    return np.cos(np.pi / 4 * x)


def power_series(alpha, x):
    """Sum of alpha[j] (1 - x)^j, for eigenvalues x of L."""
    return np.polynomial.polynomial.polyval(1.0 - x, alpha)


def _positive(name, value):
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be finite and > 0, got {value!r}.")
    return float(value)


def _inverse_power(name, scale, power, tol):
    """(1 + scale * L)^-power = (1 + scale)^-power (1 - r W)^-power."""
    r = scale / (1 + scale)
    # Below the first length at which all of the rest is negligible.
    n = int(min((np.log(1 / tol) + 10 * power + 30) / -np.log(r) + 10, _MAX_LENGTH))
    lengths = np.arange(n)
    ratios = np.cumprod((power / 2 + lengths) / (lengths + 1) * r)
    first = (1 + scale) ** (-power / 2)
    modulation = trimmed(first * np.concatenate([[1.0], ratios]), tol)
    return GraphKernel(name, partial(_power, scale, -power), modulation, r)


def _walk_power(power, a, tol):
    """(1 - L / a)^power = ((a - 1 + W) / a)^power: the root is a binomial series."""
    half, r = power / 2, 1 / (a - 1)
    if half > _MAX_LENGTH:
        raise ValueError(f"n_steps must be at most {2 * _MAX_LENGTH}, got {power:g}.")
    n = int(min((np.log(1 / tol) + 30) / max(np.log(a - 1), 1e-9), _MAX_SQUARE_ROOT))
    n = max(n, int(half) + 1)
    lengths = np.arange(n)
    ratios = (half - lengths) / (lengths + 1) * r
    first = ((a - 1) / a) ** half
    if first > 1e-100:
        modulation = first * np.concatenate([[1.0], np.cumprod(ratios)])
    else:
        # The first vanish where there are many steps: from the largest outwards, and f
        # is 1 for eigenvalue 0.
        mode = int(np.count_nonzero(ratios >= 1))
        below = np.cumprod(1 / ratios[:mode][::-1])[::-1]
        modulation = np.concatenate([below, [1.0], np.cumprod(ratios[mode:])])
        modulation /= modulation.sum()
    decay = 0.0 if half == int(half) else r
    function = partial(_power, -1 / a, power)
    return GraphKernel("random_walk", function, trimmed(modulation, tol), decay)


def _of_coefficients(coefficients, tol):
    if coefficients is None or np.ndim(coefficients) != 1 or not len(coefficients):
        raise ValueError(
            "kernel='coefficients' needs coefficients, the weights of the powers of W, "
            f"of shape (n_terms,); got {coefficients!r}."
        )
    alpha = np.asarray(coefficients, dtype=np.float64)
    if not np.isfinite(alpha).all():
        raise ValueError("coefficients must be finite.")
    series = np.zeros(max(len(alpha), _MAX_SQUARE_ROOT))
    series[: len(alpha)] = alpha
    return _from_series("coefficients", partial(power_series, alpha), series, tol)


def _of_function(function, tol):
    x = np.cos(np.linspace(0.0, np.pi, 65))
    with np.errstate(all="ignore"):
        exact = np.asarray(function(1.0 - x), dtype=np.float64)
    if exact.shape != x.shape or not np.isfinite(exact).all():
        raise ValueError(
            "kernel must map an array of eigenvalues in [0, 2] to finite values of the "
            "same shape."
        )
    with np.errstate(all="ignore"):
        series = _circle_series(function, _N_CIRCLE)
    # The series of half as many terms as points, so that aliasing is seen.
    fits = np.isfinite(series).all() and np.allclose(
        np.polynomial.polynomial.polyval(x, series[: _N_CIRCLE // 2]),
        exact,
        rtol=0,
        atol=1e-5 * abs(exact).max(),
    )
    if not fits:
        raise ValueError(
            "kernel has no power series: a callable must be analytic where "
            "|1 - eigenvalue| <= 1, and take complex arrays."
        )
    name = getattr(function, "__name__", type(function).__name__)
    return _from_series(name, function, series[:_MAX_SQUARE_ROOT], tol)


def _circle_series(function, n):
    """First n coefficients of k(1 - x) in powers of x, by Cauchy's formula."""
    circle = np.exp(2j * np.pi * np.arange(n) / n)
    values = np.asarray(function(1.0 - circle))
    return (np.fft.fft(values) / n).real


def _from_series(name, function, series, tol):
    """Kernel with the square root of a power series."""
    x = np.cos(np.linspace(0.0, np.pi, 513))
    values = np.asarray(function(1.0 - x), dtype=np.float64)
    if values.min() < -1e-9 * abs(values).max() or not series[0] > 0:
        raise ValueError(
            "kernel must be >= 0 for eigenvalues from 0 to 2, and > 0 at 1; it is "
            f"{values.min():.3g} at the least, and {series[0]:.3g} at 1."
        )
    modulation = _square_root(series, _MAX_SQUARE_ROOT)
    decay = _decay(modulation) if np.isfinite(modulation).all() else np.inf
    if decay > 1.0 + 1e-2:
        raise ValueError(
            "The square root of the kernel has no convergent power series: it vanishes "
            "at a complex eigenvalue with |1 - eigenvalue| < 1."
        )
    return GraphKernel(name, function, trimmed(modulation, tol), min(decay, 1.0))


def _square_root(alpha, n):
    """First coefficients f with f * f = alpha, eq. 9 of Reid et al. (2024)."""
    f = np.zeros(min(n, len(alpha)))
    f[0] = np.sqrt(alpha[0])
    for i in range(1, len(f)):
        f[i] = (alpha[i] - f[1:i] @ f[i - 1 : 0 : -1]) / (2 * f[0])
        if abs(f[i]) > 1e6 * f[0]:
            return np.full(len(f), np.inf)
    return f


def _decay(f):
    """Ratio by which the envelope of a series falls in the long run."""
    size = abs(f) / abs(f).max()
    last = int(np.flatnonzero(size > 1e-12)[-1])
    if last < 32:
        return 0.0 if last < len(f) - 1 else 1.0
    quarter = last // 4
    first, second = size[last - 2 * quarter : last - quarter], size[last - quarter :]
    return float((second[: quarter + 1].max() / first.max()) ** (1 / quarter))


def trimmed(f, tol=1e-7):
    """The series without its negligible tail."""
    tails = np.cumsum(abs(f)[::-1])[::-1]
    if not tails[0] > 0:
        return f[:1]
    return f[: max(1, int(np.count_nonzero(tails > tol * tails[0])))]
