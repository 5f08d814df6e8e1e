"""numba kernels: the exact end of a neighbour search on the host."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS


@njit(**OPTIONS)
def squared_distance(a, b):
    """Sum of squared differences in double precision, the same in both directions."""
    n, whole = a.shape[0], a.shape[0] // 4 * 4
    # Four sums at a time: one would wait for itself.
    one = two = three = four = 0.0
    for j in range(0, whole, 4):
        one += (np.float64(a[j]) - np.float64(b[j])) ** 2
        two += (np.float64(a[j + 1]) - np.float64(b[j + 1])) ** 2
        three += (np.float64(a[j + 2]) - np.float64(b[j + 2])) ** 2
        four += (np.float64(a[j + 3]) - np.float64(b[j + 3])) ** 2
    for j in range(whole, n):
        one += (np.float64(a[j]) - np.float64(b[j])) ** 2
    return (one + two) + (three + four)


@njit(**OPTIONS)
def nearest_candidates(X, Y, candidates, squared, indices, farthest):
    """Write the nearest of each row's candidates, and the square of the farthest.

    Rows of `squared` and `indices` hold as many as are wanted, nearest first, equal
    distances by the lowest index.
    """
    k = squared.shape[1]
    for i in range(Y.shape[0]):
        held, largest = 0, 0.0
        near, rows = squared[i], indices[i]
        for row in candidates[i]:
            d = squared_distance(X[row], Y[i])
            largest = max(largest, d)
            if held < k:
                place = held
                held += 1
            elif d < near[k - 1] or (d == near[k - 1] and row < rows[k - 1]):
                place = k - 1
            else:
                continue
            while place > 0 and (
                near[place - 1] > d or (near[place - 1] == d and rows[place - 1] > row)
            ):
                near[place], rows[place] = near[place - 1], rows[place - 1]
                place -= 1
            near[place], rows[place] = d, row
        farthest[i] = largest
