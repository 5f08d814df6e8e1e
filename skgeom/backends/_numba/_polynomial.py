"""Polynomials of a sparse matrix, applied to columns in one pass a degree."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def polynomial_columns(indptr, indices, data, B, coefficients, chebyshev, out):
    """Write the polynomial of a CSR matrix times a narrow block B into `out`.

    One pass over the matrix per degree, with the product, the recurrence and the sum
    fused: a row of B (a few cache lines) is the unit of memory traffic.
    """
    n, width = B.shape
    term = B.copy()
    spare = np.zeros_like(B)
    for i in range(n):
        for c in range(width):
            out[i, c] = coefficients[0] * term[i, c]
    for degree in range(1, coefficients.shape[0]):
        recur = chebyshev and degree > 1
        factor = data.dtype.type(2.0) if recur else data.dtype.type(1.0)
        coefficient = coefficients[degree]
        for i in range(n):
            new = spare[i]
            for c in range(width):
                new[c] = -new[c] if recur else data.dtype.type(0.0)
            p, end = np.int64(indptr[i]), np.int64(indptr[i + 1])
            # Four neighbours at a time: the sum is read and written a quarter as often.
            while p + 4 <= end:
                w0, w1 = factor * data[p], factor * data[p + 1]
                w2, w3 = factor * data[p + 2], factor * data[p + 3]
                row0, row1 = term[indices[p]], term[indices[p + 1]]
                row2, row3 = term[indices[p + 2]], term[indices[p + 3]]
                for c in range(width):
                    new[c] += (w0 * row0[c] + w1 * row1[c]) + (
                        w2 * row2[c] + w3 * row3[c]
                    )
                p += 4
            while p < end:
                weight, row = factor * data[p], term[indices[p]]
                for c in range(width):
                    new[c] += weight * row[c]
                p += 1
            for c in range(width):
                out[i, c] += coefficient * new[c]
        term, spare = spare, term


@njit(**OPTIONS)
def polynomial_column(indptr, indices, data, b, coefficients, chebyshev, out):
    """Write the polynomial of a CSR matrix times one column into `out`."""
    n = b.shape[0]
    term, spare = b.copy(), np.zeros_like(b)
    for i in range(n):
        out[i] = coefficients[0] * term[i]
    for degree in range(1, coefficients.shape[0]):
        recur = chebyshev and degree > 1
        coefficient = coefficients[degree]
        for i in range(n):
            total = data.dtype.type(0.0)
            for p in range(indptr[i], indptr[i + 1]):
                total += data[p] * term[indices[p]]
            new = total + total - spare[i] if recur else total
            spare[i] = new
            out[i] += coefficient * new
        term, spare = spare, term
