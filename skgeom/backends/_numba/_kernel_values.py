"""numba kernels of kernel values, a tile of pairs of points at a time.

`exp` of the system's library takes one number at a time, which made it most of a
product with a kernel matrix; the one here is as exact and compiles to vector
instructions.
"""

import math

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from skgeom.backends._numba._compile import OPTIONS

# Products and sums may share an instruction; what is added first stays so.
_FAST = {"contract"}

# Adding it rounds a double to an integer, which then stands in its lowest bits.
_ROUNDER = 1.5 * 2.0**52
_PER_LOG_2 = 1 / math.log(2)
# log(2) as a sum; the first part has so few bits that its multiples are exact.
_LOG_2_HIGH = float.fromhex("0x1.62e42fefa0000p-1")
_LOG_2_LOW = float.fromhex("0x1.cf79abc9e3b3ap-40")
# Below is nothing but numbers that processors are slow with: zero, for us.
_LEAST = -708.0
# Of the series, to half an ulp on [-log(2) / 2, log(2) / 2].
_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12 = (
    1 / math.factorial(i) for i in range(2, 13)
)


@intrinsic
def _bits_of(context, x):
    """The bits of a double as an integer."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), generate


@intrinsic
def _double_of(context, bits):
    """The double that has these bits."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), generate


@njit(**OPTIONS, fastmath=_FAST, inline="always")
def exponential(x):
    """Exponential of a number that is not positive; zero where below 3e-308.

    exp(x) = 2^k exp(r) with |r| <= log(2) / 2, the series summed in pairs so that its
    terms do not wait for each other.
    """
    lost = x < _LEAST
    x = _LEAST if lost else x  # not max(), which loses NaN
    shifted = x * _PER_LOG_2 + _ROUNDER
    k = shifted - _ROUNDER
    r = (x - k * _LOG_2_HIGH) - k * _LOG_2_LOW
    r2 = r * r
    r4 = r2 * r2
    low = ((1.0 + r) + r2 * (_C2 + _C3 * r)) + r4 * (
        (_C4 + _C5 * r) + r2 * (_C6 + _C7 * r)
    )
    high = ((_C8 + _C9 * r) + r2 * (_C10 + _C11 * r)) + r4 * _C12
    power = _double_of((_bits_of(shifted) + 1023) << 52)
    return 0.0 if lost else (low + (r4 * r4) * high) * power


@njit(**OPTIONS, fastmath=_FAST)
def gaussian_values(products, half_x, half_y):
    """Turn scalar products of points into exp(-|x - y|^2 / 2), in place.

    Parameters
    ----------
    products : ndarray of shape (n, m)
    half_x, half_y : ndarray of shape (n,), (m,)
        Half the squared lengths of the points.
    """
    for i in range(products.shape[0]):
        own = half_x[i]
        for j in range(products.shape[1]):
            e = np.float64(products[i, j] - (own + half_y[j]))
            products[i, j] = exponential(0.0 if e > 0.0 else e)


@njit(**OPTIONS, fastmath=_FAST)
def exponential_values(products, half_x, half_y):
    """The same into exp(-r), with r the distance.

    The kernel has a kink where points are equal: what rounding leaves of their squares
    is taken for zero, or a root would make much of it.
    """
    rounding = -4.0 * np.finfo(products.dtype).eps
    for i in range(products.shape[0]):
        own = half_x[i]
        for j in range(products.shape[1]):
            squares = own + half_y[j]
            e = np.float64(products[i, j] - squares)
            e = 0.0 if e > rounding * np.float64(squares) else e
            products[i, j] = exponential(-np.sqrt(-2.0 * e))


@njit(**OPTIONS, fastmath=_FAST)
def matern32_values(products, half_x, half_y):
    """The same into (1 + r) exp(-r)."""
    for i in range(products.shape[0]):
        own = half_x[i]
        for j in range(products.shape[1]):
            e = np.float64(products[i, j] - (own + half_y[j]))
            reach = np.sqrt(-2.0 * (0.0 if e > 0.0 else e))
            products[i, j] = (1.0 + reach) * exponential(-reach)


@njit(**OPTIONS, fastmath=_FAST)
def matern52_values(products, half_x, half_y):
    """The same into (1 + r + r^2 / 3) exp(-r)."""
    third = 1.0 / 3.0
    for i in range(products.shape[0]):
        own = half_x[i]
        for j in range(products.shape[1]):
            e = np.float64(products[i, j] - (own + half_y[j]))
            square = -2.0 * (0.0 if e > 0.0 else e)
            reach = np.sqrt(square)
            products[i, j] = (1.0 + reach + third * square) * exponential(-reach)


@njit(**OPTIONS, fastmath=_FAST)
def laplacian_values(X, Y, out):
    """Write exp(-|x - y|_1) into `out`; the columns of Y are the points there."""
    for i in range(X.shape[0]):
        row = out[i]
        row[:] = 0.0
        for f in range(X.shape[1]):
            x, line = X[i, f], Y[f]
            for j in range(row.shape[0]):
                row[j] += abs(x - line[j])
        for j in range(row.shape[0]):
            row[j] = exponential(-np.float64(row[j]))
