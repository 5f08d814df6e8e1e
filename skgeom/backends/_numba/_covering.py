"""The point that is covered best: sums of (reach - squared distance)_+ over balls."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS

# Sums may be taken in any order, so that they use vector instructions; NaN stays NaN.
_FAST = {"reassoc", "contract", "nsz"}
# Vectors of the quasi-Newton method.
_VECTORS = 10
# Boxes that wait at the same time, at most.
_DEPTH = 400


@njit(**OPTIONS, fastmath=_FAST)
def covered(coordinates, weights, reach, centers):
    """Sum over points of weight times (reach - |x - c|^2)_+, for each of the centres.

    `coordinates` has shape (n_features, n_samples): a row a feature.
    """
    p, n = coordinates.shape
    out = np.empty(len(centers))
    left = np.empty(n)
    for j in range(len(centers)):
        for i in range(n):
            left[i] = reach[i]
        for k in range(p):
            c = centers[j, k]
            for i in range(n):
                d = coordinates[k, i] - c
                left[i] -= d * d
        total = 0.0
        for i in range(n):
            total += weights[i] * max(left[i], 0.0)
        out[j] = total
    return out


@njit(**OPTIONS, fastmath=_FAST)
def covering(coordinates, reach, centers, shares):
    """Sum of the shares of those centres that are within reach, for each point."""
    p, n = coordinates.shape
    out = np.zeros(n)
    left = np.empty(n)
    for j in range(len(centers)):
        share = shares[j]
        if share < 1e-12:
            continue
        for i in range(n):
            left[i] = reach[i]
        for k in range(p):
            c = centers[j, k]
            for i in range(n):
                d = coordinates[k, i] - c
                left[i] -= d * d
        for i in range(n):
            out[i] += share if left[i] > 0.0 else 0.0
    return out


@njit(**OPTIONS, fastmath=_FAST)
def ascend(coordinates, weights, reach, centers, n_iter):
    """Move each centre to the mean of what it covers, which covers no less; repeat."""
    p, n = coordinates.shape
    left = np.empty(n)
    sums = np.empty(p)
    for j in range(len(centers)):
        for _ in range(n_iter):
            for i in range(n):
                left[i] = reach[i]
            for k in range(p):
                c = centers[j, k]
                for i in range(n):
                    d = coordinates[k, i] - c
                    left[i] -= d * d
            size = 0.0
            for i in range(n):
                left[i] = weights[i] if left[i] > 0.0 else 0.0
                size += left[i]
            if size == 0.0:
                break
            moved = 0.0
            for k in range(p):
                total = 0.0
                for i in range(n):
                    total += left[i] * coordinates[k, i]
                sums[k] = total / size
                moved = max(moved, abs(sums[k] - centers[j, k]))
                centers[j, k] = sums[k]
            if moved == 0.0:
                break


@njit(**OPTIONS, fastmath=_FAST)
def raise_reach(coordinates, weights, reach, centers, n_clusters, heat, n_iter):
    """Raise sum_i w_i reach_i - K max_c sum_i w_i (reach_i - |x_i - c|^2)_+ by reach.

    The maximum over centres is smoothed, as `heat` times the logarithm of a sum of
    exponentials, and the sum is raised by a quasi-Newton method of ten vectors
    (L-BFGS). `reach` is changed in place.
    """
    n = len(reach)
    steps, turns = np.zeros((_VECTORS, n)), np.zeros((_VECTORS, n))
    along, factors = np.zeros(_VECTORS), np.zeros(_VECTORS)
    values = covered(coordinates, weights, reach, centers)
    value, shares = _smoothed(weights, reach, values, n_clusters, heat)
    gradient = covering(coordinates, reach, centers, shares)
    for i in range(n):
        gradient[i] = weights[i] * (1.0 - n_clusters * gradient[i])
    kept = 0
    direction, tried = np.empty(n), np.empty(n)
    for _ in range(n_iter):
        for i in range(n):
            direction[i] = gradient[i]
        for t in range(kept - 1, max(kept - _VECTORS, 0) - 1, -1):
            k = t % _VECTORS
            factors[k] = np.dot(steps[k], direction) / along[k]
            for i in range(n):
                direction[i] -= factors[k] * turns[k, i]
        if kept > 0:
            k = (kept - 1) % _VECTORS
            scale = along[k] / np.dot(turns[k], turns[k])
        else:
            # A tenth of the mean reach, for a first step.
            size, mean = 0.0, 0.0
            for i in range(n):
                size = max(size, abs(gradient[i]))
                mean += abs(reach[i]) / n
            scale = 0.1 * mean / size if size > 0.0 else 0.0
        for i in range(n):
            direction[i] *= scale
        for t in range(max(kept - _VECTORS, 0), kept):
            k = t % _VECTORS
            factor = factors[k] - np.dot(turns[k], direction) / along[k]
            for i in range(n):
                direction[i] += factor * steps[k, i]
        slope = np.dot(direction, gradient)
        if not slope > 1e-9 * abs(value):
            break
        length, found = 1.0, False
        for _halving in range(12):
            for i in range(n):
                tried[i] = reach[i] + length * direction[i]
            values = covered(coordinates, weights, tried, centers)
            level, shares = _smoothed(weights, tried, values, n_clusters, heat)
            if level >= value + 1e-4 * length * slope:
                found = True
                break
            length *= 0.4
        if not found:
            break
        value = level
        turned = covering(coordinates, tried, centers, shares)
        k, product = kept % _VECTORS, 0.0
        for i in range(n):
            turned[i] = weights[i] * (1.0 - n_clusters * turned[i])
            steps[k, i] = tried[i] - reach[i]
            turns[k, i] = gradient[i] - turned[i]
            product += steps[k, i] * turns[k, i]
            reach[i], gradient[i] = tried[i], turned[i]
        if product > 0.0:
            along[k] = product
            kept += 1


@njit(**OPTIONS, fastmath=_FAST)
def _smoothed(weights, reach, values, n_clusters, heat):
    """The smoothed sum of `raise_reach`, and the share of each centre in its slope."""
    top = values.max()
    shares = np.exp((values - top) / heat)
    total = shares.sum()
    level = np.dot(weights, reach) - n_clusters * (top + heat * np.log(total))
    return level, shares / total


@njit(**OPTIONS)
def largest_covered(X, weights, reach, low, high, floor, tol, max_visits):
    """Bound sum_i w_i (reach_i - |x_i - c|^2)_+ over all c of a box, from above.

    Branch and bound. In a box, points are covered all over it, nowhere, or in parts:
    the first make a parabola with a known maximum, the last count with their nearest
    corner. A box is given up once that is within `tol` of the largest value that is
    known, of which `floor` is one, and halved otherwise. After `max_visits` looks at
    points all boxes are given up: the bound holds, and is loose.

    Returns the bound, the looks, and the best place that was seen; NaN for `floor`.
    """
    n, p = X.shape
    capacity = 16 * n + 1024
    lists = np.empty(capacity, dtype=np.int32)
    start, count = np.zeros(_DEPTH, dtype=np.int64), np.zeros(_DEPTH, dtype=np.int64)
    lows, highs = np.empty((_DEPTH, p)), np.empty((_DEPTH, p))
    # Of the points that are covered all over: weights, sums, reach - |x|^2.
    sizes, sums, offsets = np.zeros(_DEPTH), np.zeros((_DEPTH, p)), np.zeros(_DEPTH)
    for i in range(n):
        lists[i] = i
    count[0], lows[0], highs[0] = n, low, high
    place, peak = np.full(p, np.nan), np.empty(p)
    best, bound, visits, waiting = floor, 0.0, 0, 1
    while waiting > 0:
        waiting -= 1
        s = waiting
        first, kept, parts = start[s], 0, 0.0
        visits += count[s]
        for t in range(first, first + count[s]):
            i = lists[t]
            near, far, square = 0.0, 0.0, 0.0
            for j in range(p):
                x = X[i, j]
                below, above = lows[s, j] - x, x - highs[s, j]
                outside = max(below, above)
                if outside > 0.0:
                    near += outside * outside
                across = max(-below, -above)
                far += across * across
                square += x * x
            if near >= reach[i]:
                continue
            if far <= reach[i]:
                sizes[s] += weights[i]
                offsets[s] += weights[i] * (reach[i] - square)
                for j in range(p):
                    sums[s, j] += weights[i] * X[i, j]
                continue
            parts += weights[i] * (reach[i] - near)
            lists[first + kept] = i
            kept += 1
        upper = offsets[s] + parts
        for j in range(p):
            z = 0.5 * (lows[s, j] + highs[s, j])
            if sizes[s] > 0.0:
                z = min(max(sums[s, j] / sizes[s], lows[s, j]), highs[s, j])
            peak[j] = z
            upper += z * (2.0 * sums[s, j] - sizes[s] * z)
        if kept == 0 and upper > best:  # a parabola, and this is its value
            best = upper
            place[:] = peak
        if upper <= best * (1.0 + tol) or upper <= bound:
            bound = max(bound, upper)
            continue
        if visits >= max_visits or s + 2 > _DEPTH or first + 2 * kept > capacity:
            bound = max(bound, upper)
            continue
        value, widest = offsets[s], 0
        for j in range(p):
            z = 0.5 * (lows[s, j] + highs[s, j])
            value += z * (2.0 * sums[s, j] - sizes[s] * z)
            if highs[s, j] - lows[s, j] > highs[s, widest] - lows[s, widest]:
                widest = j
        for t in range(first, first + kept):
            i = lists[t]
            left = reach[i]
            for j in range(p):
                left -= (X[i, j] - 0.5 * (lows[s, j] + highs[s, j])) ** 2
            if left > 0.0:
                value += weights[i] * left
            lists[t + kept] = i
        if value > best:
            best = value
            for j in range(p):
                place[j] = 0.5 * (lows[s, j] + highs[s, j])
        middle = 0.5 * (lows[s, widest] + highs[s, widest])
        lows[s + 1], highs[s + 1], sums[s + 1] = lows[s], highs[s], sums[s]
        sizes[s + 1], offsets[s + 1] = sizes[s], offsets[s]
        start[s + 1], count[s + 1], count[s] = first + kept, kept, kept
        lows[s + 1, widest], highs[s, widest] = middle, middle
        waiting += 2
    return bound, visits, place
