"""Modified Bessel functions of the first kind of any order, by their logarithms.

The uniform expansion for large orders (Olver 1954; DLMF 10.41.3) has, with z = x / w,
s = sqrt(1 + z^2) and t = 1 / s, polynomials U_k of degree 3k in t:

    log I_w(x) = w (s + log(z / (1 + s))) - log(2 pi w s) / 2 + log(sum_k U_k(t) / w^k)

Its derivative gives the quotient of two orders, here without the difference of two
numbers that are nearly one: with W = sum_k (t U_{k-1} / 2 + t^2 U'_{k-1}) / w^k,

    I_{w+1}(x) / I_w(x) = z (1 / (1 + s) - t W / sum_k U_k(t) / w^k)

The recurrence of the quotients, which is stable downwards, leads from there to orders
that are not large. For one order and many arguments the sums over k are polynomials in
t alone.
"""

import functools
import math
from fractions import Fraction

import numpy as np
from array_api_compat import is_numpy_array
from numpy.polynomial import Polynomial

from skgeom.geometry._arrays import floats
from skgeom.typing import Array

# Orders from here on are large: with all terms the expansion is exact to rounding.
_LARGE = 16.0
_N_TERMS = 17
# Terms below this are left out.
_NEGLIGIBLE = 3e-17
# Arguments that are computed together on the host, while they are in its cache.
_BLOCK = 16384
# Where the exponent of the expansion, s + log(z / (1 + s)), is zero, and its Taylor
# series there.
_ROOT = Fraction("0.66274341934918158097474209710925290705623354911502")
_SERIES = (
    1.8101705806989772,
    -0.948886416256837,
    1.1001528948506503,
    -1.2953006779860539,
    1.5715455665619724,
    -1.9710295801345066,
    2.5442226725502084,
    -3.3574176889619283,
    4.503639745039154,
)
_NEAR_ROOT = 0.01


def log_iv(order: float, x: Array) -> Array:
    """Logarithm of the modified Bessel function of the first kind.

    By Olver's expansion for large orders (DLMF 10.41.3, 2010) and the recurrence of
    quotients to small ones. Errors are about 2e-14 of the logarithm, or absolute where
    that is below one, at any order: where ``scipy.special.ive`` is zero, too.

    Parameters
    ----------
    order : float
        At least -0.5.
    x : array of shape (...)
        Arguments in [0, 1e150].

    Returns
    -------
    array of shape (...)
        Logarithms; minus infinity at zero if the order is positive.

    Raises
    ------
    ValueError
        If the order is below -0.5 or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> sphere.log_iv(1000, np.array([1.0, 1000.0])).round(6)
    array([-6605.275109,   528.293887])
    """
    return _in_blocks(_log_bessel, order, x)


def bessel_ratio(order: float, x: Array) -> Array:
    """Quotient of the modified Bessel functions of an order and the next.

    Of order p / 2 - 1 it is the length of the mean of von Mises-Fisher rows with p
    entries and concentration x. To rounding, as `log_iv`.

    Parameters
    ----------
    order : float
        At least -0.5.
    x : array of shape (...)
        Arguments in [0, 1e150].

    Returns
    -------
    array of shape (...)
        ``I_{order + 1}(x) / I_order(x)``, in [0, 1].

    Raises
    ------
    ValueError
        If the order is below -0.5 or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> x = np.array([2.0])
    >>> bool(np.allclose(sphere.bessel_ratio(0.5, x), 1 / np.tanh(x) - 1 / x))
    True
    """
    return _in_blocks(_quotient_of, order, x)


def log_peak(concentration: Array, n_features: int) -> Array:
    r"""Logarithm of the von Mises-Fisher density at its mean direction.

    At a chord c from there, the density is lower by :math:`\kappa c^2 / 2`.

    Parameters
    ----------
    concentration : array of shape (...)
        Concentrations, in [0, 1e150]; the density is uniform at zero.
    n_features : int
        Number of coordinates of the sphere, at least 1.

    Returns
    -------
    array of shape (...)
        Log-densities with respect to the area of the sphere.

    Raises
    ------
    ValueError
        If `n_features` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.geometry import sphere
    >>> bool(np.isclose(sphere.log_peak(np.zeros(1), 3)[0], -np.log(4 * np.pi)))
    True
    """
    order = n_features / 2 - 1
    constant = (order + 1) * math.log(2 * math.pi)
    return -constant - _in_blocks(_log_bessel_at_peak, order, concentration)


def _in_blocks(kernel, order, x):
    """Values of a kernel, computed in float64 where there is one.

    A kernel takes a namespace, an order and an array.
    """
    order = float(order)
    if not -0.5 <= order < math.inf:
        raise ValueError(f"order must be finite and at least -0.5, got {order}")
    xp, x = floats(x)
    wide = getattr(xp, "float64", None)
    if wide is not None and x.dtype != wide:
        return xp.astype(_in_blocks(kernel, order, xp.astype(x, wide)), x.dtype)
    if not is_numpy_array(x) or x.size <= _BLOCK:
        return kernel(xp, order, x)
    flat, out = x.reshape(-1), np.empty(x.size)
    for start in range(0, len(flat), _BLOCK):
        part = slice(start, start + _BLOCK)
        out[part] = kernel(np, order, flat[part])
    return out.reshape(x.shape)


def _quotient_of(xp, order, x):
    """I_{order+1}(x) / I_order(x)."""
    large, n_steps = _large(order)
    z, s, t = _variables(xp, large, x)
    rho = _quotient(xp, large, z, s, t, _sum(xp, large, t))
    for k in range(n_steps - 1, -1, -1):
        rho = x / (2 * (order + k + 1) + x * rho)
    return rho


def _log_bessel(xp, order, x):
    """Logarithm of I_order(x), minus infinity at zero for positive orders."""
    given, none = x, not is_numpy_array(x) or not x.all()
    if none:
        x = xp.where(x > 0, x, xp.ones_like(x))
    if order < _LARGE:
        found = _log_bessel_at_peak(xp, order, x) + x
        found = found + order * xp.log(x) if order else found
    else:
        z, s, t = _variables(xp, order, x)
        exponent = _near_root(xp, order, x, s + xp.log(z / (1 + s)))
        found = order * exponent + xp.log(_sum(xp, order, t) * xp.sqrt(t))
        found = found - math.log(2 * math.pi * order) / 2
    if not none:
        return found
    at_zero = 0.0 if order == 0 else math.copysign(math.inf, -order)
    return xp.where(given > 0, found, xp.full_like(found, at_zero))


def _log_bessel_at_peak(xp, order, x):
    """Logarithm of exp(-x) I_order(x) / x^order, which is finite at zero."""
    large, n_steps = _large(order)
    z, s, t = _variables(xp, large, x)
    total = _sum(xp, large, t)
    # In units of what it is at zero, so that no large numbers are added up.
    found = large * (1 / (s + z) - xp.log((1 + s) / 2)) + xp.log(total * xp.sqrt(t))
    if n_steps:
        steps = _steps_down(xp, order, x, _quotient(xp, large, z, s, t, total))
        found = found + (n_steps * xp.log1p(z / 2) + steps)
    return found - (order * math.log(2 * large) + math.log(2 * math.pi * large) / 2)


def _large(order):
    """A large order, and how many steps above the order it is."""
    n_steps = max(0, math.ceil(_LARGE - order))
    return order + n_steps, n_steps


def _steps_down(xp, order, x, rho):
    """Logarithm of the quotient of I_order and I_large, a step in (x + 2 large) / x.

    A factor of a step is (2 u + x rho_u) / x: one logarithm serves all steps.
    """
    large, n_steps = _large(order)
    size = x + 2 * large
    product = xp.ones_like(x)
    for k in range(n_steps, 0, -1):
        factor = 2 * (order + k) + x * rho
        product = product * (factor / size)
        rho = x / factor
    return xp.log(product)


def _variables(xp, order, x):
    z = x / order
    s = xp.sqrt(1 + z * z)
    return z, s, 1 / s


def _quotient(xp, order, z, s, t, total):
    slope = _polynomial(xp, _coefficients(order)[1], t)
    return z * (1 / (1 + s) - t * slope / total)


def _sum(xp, order, t):
    return _polynomial(xp, _coefficients(order)[0], t)


def _near_root(xp, order, x, exponent):
    """The exponent, with all its digits where it is a difference of equal numbers."""
    root = _order_times_root(order)
    away = ((x - root[0]) - root[1]) / order
    near = xp.abs(away) < _NEAR_ROOT
    if is_numpy_array(x) and not near.any():
        return exponent
    away = xp.where(near, away, xp.zeros_like(away))
    series = _horner(_SERIES, away) * away
    return xp.where(near, series, exponent)


@functools.lru_cache(maxsize=64)
def _order_times_root(order):
    """The argument at which the exponent is zero, as the sum of two floats."""
    exact = Fraction(order) * _ROOT
    return float(exact), float(exact - Fraction(float(exact)))


def _polynomial(xp, coefficients, t):
    """Of even and odd powers by themselves, which halves the chain of products."""
    even, odd = coefficients
    square = t * t
    return _horner(even, square) + t * _horner(odd, square)


def _horner(coefficients, x):
    if len(coefficients) == 1:
        return coefficients[0] + 0 * x
    out = coefficients[-1] * x
    for c in coefficients[-2:0:-1]:
        out += c
        out *= x
    out += coefficients[0]
    return out


@functools.lru_cache(maxsize=64)
def _coefficients(order):
    """Of the sums of U_k / w^k and of W, in even and in odd powers of t."""
    U, W = _terms()
    last = next(
        (k for k, (_, size) in enumerate(U) if size / order**k < _NEGLIGIBLE),
        _N_TERMS,
    )
    sums = []
    for terms in (U, W):
        powers = np.zeros(3 * _N_TERMS + 2)
        for k in range(last - 1, -1, -1):
            term = terms[k][0]
            powers[: len(term)] += term / order**k
        powers = powers[: 3 * last + 2]
        sums.append((tuple(powers[::2].tolist()), tuple(powers[1::2].tolist())))
    return tuple(sums)


@functools.cache
def _terms():
    """Coefficients of U_k and of the terms of W, and how large they are at most."""
    t, U = Polynomial([0.0, 1.0]), [Polynomial([1.0])]
    W = [Polynomial([0.0])]
    for _ in range(_N_TERMS - 1):
        u = U[-1]
        W.append(t * u / 2 + t**2 * u.deriv())
        # DLMF 10.41.9
        U.append(t**2 * (1 - t**2) * u.deriv() / 2 + ((1 - 5 * t**2) * u).integ() / 8)
    grid = np.linspace(0, 1, 101)
    return tuple([(p.coef, np.abs(p(grid)).max()) for p in terms] for terms in (U, W))
