"""Steps of hyperbolic descent; `_reference.descend_edges` says what they mean."""

import numpy as np
from numba import njit

from skgeom.backends._numba._compile import OPTIONS
from skgeom.backends._numba._random import GOLDEN, mix, uniform

_OPTIONS = {**OPTIONS, "error_model": "numpy"}

# Adam's usual constants (Kingma and Ba 2015).
_BETA_1, _BETA_2, _TINY = 0.9, 0.999, 1e-8
_LOG_BETA_1, _LOG_BETA_2 = np.log(_BETA_1), np.log(_BETA_2)
# No step is longer than this, in units of hyperbolic length.
_MAX_STEP = 1.0


@njit(**_OPTIONS)
def _draw_negatives(head, links, seed, n_uniform, n_local, is_link, others):
    """Write the negatives of a head into `others`; return how many there are."""
    indptr, indices, _, back_indptr, back_indices, candidates, keys = links
    stream = mix(np.uint64(keys[head]) + np.uint64(seed) * GOLDEN)
    first, n_links = indptr[head], indptr[head + 1] - indptr[head]
    size = 0
    for k in range(n_uniform):
        # One from each of `n_uniform` equal parts of the candidates.
        place = (k + uniform(stream, k)) * (candidates.shape[0] / n_uniform)
        node = candidates[min(int(place), candidates.shape[0] - 1)]
        if not is_link[node] and node != head:
            others[size] = node
            size += 1
    for k in range(n_local):
        # Up to a positive, or nowhere, and down again: siblings, cousins, children.
        turn = int(uniform(stream, n_uniform + 2 * k) * (n_links + 1))
        via = head if turn == n_links else indices[first + turn]
        n_back = back_indptr[via + 1] - back_indptr[via]
        if n_back == 0:
            continue
        turn = int(uniform(stream, n_uniform + 2 * k + 1) * n_back)
        node = back_indices[back_indptr[via] + turn]
        if not is_link[node] and node != head:
            others[size] = node
            size += 1
    return size


@njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, **_OPTIONS)
def add_gradients(points, links, heads, seed, n_uniform, n_local, sums, rows, has_row):
    """Sum up the gradients of the loss of some heads, per unit of hyperbolic length.

    `rows` lists the points that have a gradient, their number in its last place, and
    `has_row` marks them; `sums` is zero elsewhere. The positives of a head share its
    negatives.
    """
    coordinates, gaps = points[0], points[1]
    indptr, indices, weights = links[0], links[1], links[2]
    n, d = coordinates.shape
    most = 0
    for head in heads:
        most = max(most, indptr[head + 1] - indptr[head])
    most += n_uniform + n_local
    others = np.empty(most, np.int64)
    near = np.empty(most)
    squares = np.empty(most)
    slopes = np.empty(most)
    steps = np.empty((most, d))
    is_link = np.zeros(n, np.bool_)
    rows[n] = 0
    total = 0.0
    for head in heads:
        start, stop = indptr[head], indptr[head + 1]
        for p in range(start, stop):
            is_link[indices[p]] = True
        n_links = stop - start
        n_negatives = _draw_negatives(
            head, links, seed, n_uniform, n_local, is_link, others[n_links:]
        )
        for p in range(start, stop):
            is_link[indices[p]] = False
            others[p - start] = indices[p]
        if n_negatives == 0:
            continue
        size = n_links + n_negatives
        gap = gaps[head]
        background = 0.0
        for k in range(size):
            node, square = others[k], 0.0
            for c in range(d):
                steps[k, c] = coordinates[node, c] - coordinates[head, c]
            # By itself: a sum that is taken while something is written may be taken in
            # another order where the two lie next to each other in memory.
            for c in range(d):
                square += steps[k, c] * steps[k, c]
            squares[k] = square
            # exp(-arcosh(1 + g)) without a logarithm.
            g = 2.0 * square / (gap * gaps[node])
            near[k] = 1.0 / (1.0 + g + np.sqrt(g * (g + 2.0)))
            if k >= n_links:
                background += near[k]
        pressure = 0.0
        for k in range(n_links):
            weight = weights[start + k]
            share = 1.0 / max(near[k] + background, 1e-300)
            slopes[k] = weight * background * share
            pressure += weight * share
            total -= weight * np.log(max(near[k] * share, 1e-300))
        for k in range(n_links, size):
            slopes[k] = -near[k] * pressure
        if not has_row[head]:
            has_row[head] = True
            rows[rows[n]] = head
            rows[n] += 1
        for k in range(size):
            node, square = others[k], squares[k]
            if not has_row[node]:
                has_row[node] = True
                rows[rows[n]] = node
                rows[n] += 1
            if square == 0.0:
                continue  # coincident points have no direction
            slope = slopes[k] / np.sqrt(square * (gap * gaps[node] + square))
            for c in range(d):
                step = steps[k, c]
                sums[head, c] -= slope * (gap * step - square * coordinates[head, c])
                sums[node, c] += slope * (
                    gaps[node] * step + square * coordinates[node, c]
                )
    return total


@njit(**_OPTIONS)
def move_points(points, sums, rows, has_row, share, n_frozen, rule, rate, max_radius):
    """Move one share of the listed points against their gradients, and clear these.

    Gradients come in pieces, the first index of `sums`, `rows` and `has_row`. There are
    as many shares, the points whose number leaves the same rest: shares move at once.
    """
    coordinates, gaps = points[0], points[1]
    n_pieces, n, d = sums.shape
    step = np.empty(d)
    for piece in range(n_pieces):
        for i in range(rows[piece, n]):
            row = rows[piece, i]
            if row % n_pieces != share or not has_row[piece, row]:
                continue
            has_row[piece, row] = False
            gradient = sums[piece, row]
            for more in range(piece + 1, n_pieces):
                if has_row[more, row]:
                    has_row[more, row] = False
                    for c in range(d):
                        gradient[c] += sums[more, row, c]
                        sums[more, row, c] = 0.0
            if row >= n_frozen:
                if rule < 2:
                    _sgd_step(coordinates[row], gradient, rate, step)
                    if rule == 0:
                        _move_straight(coordinates[row], gaps, row, step)
                    else:
                        _move_along_geodesic(coordinates[row], gaps, row, step)
                    _pull_inside(coordinates[row], gaps, row, max_radius)
                else:
                    _adam_step(points, row, gradient, rule == 3, rate, max_radius, step)
            gradient[:] = 0.0


@njit(**_OPTIONS)
def _sgd_step(x, gradient, rate, step):
    """Write -rate times the gradient, no longer than the longest step."""
    length = 0.0
    for c in range(x.shape[0]):
        length += gradient[c] * gradient[c]
    length = rate * np.sqrt(length)
    factor = -rate if length <= _MAX_STEP else -rate * _MAX_STEP / length
    for c in range(x.shape[0]):
        step[c] = factor * gradient[c]


@njit(**_OPTIONS)
def _move_straight(x, gaps, row, step):
    """Take a step in the ball's own coordinates (Nickel and Kiela 2017, eq. 5)."""
    inner, square = 0.0, 0.0
    scale = gaps[row] / 2.0
    for c in range(x.shape[0]):
        move = scale * step[c]
        inner += x[c] * move
        square += move * move
        x[c] += move
    gaps[row] -= 2.0 * inner + square


@njit(**_OPTIONS)
def _move_along_geodesic(x, gaps, row, step):
    """Take a step by the exponential map (Nickel and Kiela 2018), as Möbius sum."""
    length, inner = 0.0, 0.0
    for c in range(x.shape[0]):
        length += step[c] * step[c]
        inner += x[c] * step[c]
    length = np.sqrt(length)
    if length == 0.0:
        return
    reach = np.tanh(length / 2.0)
    inner *= reach / length
    denominator = 1.0 + 2.0 * inner + (1.0 - gaps[row]) * reach * reach
    along = gaps[row] / denominator * reach / length
    keep = (1.0 + 2.0 * inner + reach * reach) / denominator
    for c in range(x.shape[0]):
        x[c] = keep * x[c] + along * step[c]
    gaps[row] *= (1.0 - reach * reach) / denominator


@njit(**_OPTIONS)
def _pull_inside(x, gaps, row, max_radius):
    """Put a point that is too far out, or outside, at the largest radius."""
    smallest = 1.0 / np.cosh(max_radius / 2.0) ** 2
    if gaps[row] >= smallest:
        return
    norm = 0.0
    for c in range(x.shape[0]):
        norm += x[c] * x[c]
    factor = np.tanh(max_radius / 2.0) / np.sqrt(norm)
    for c in range(x.shape[0]):
        x[c] *= factor
    gaps[row] = smallest


@njit(**_OPTIONS)
def _adam_step(points, row, gradient, polar, rate, max_radius, move):
    """Adam (Kingma and Ba 2015) on z, where the point is the exponential of z at 0.

    Tangent: on the coordinates of z. Polar: on the radius and on the direction, each
    with its own mean square; a step sideways is as long as the geometric mean of the
    hyperbolic metric's length and that of z says.
    """
    coordinates, gaps, firsts, seconds, ages = points
    x, first, second = coordinates[row], firsts[row], seconds[row]
    d = x.shape[0]
    ages[row] += 1.0
    fresh_1 = -np.expm1(ages[row] * _LOG_BETA_1)
    fresh_2 = -np.expm1(ages[row] * _LOG_BETA_2)
    norm, radial = 0.0, 0.0
    for c in range(d):
        norm += x[c] * x[c]
        radial += gradient[c] * x[c]
    norm = np.sqrt(norm)
    radius = _radius(norm, gaps[row])
    unit = 1.0 / norm if norm > 0.0 else 0.0
    radial *= unit
    # One unit of z sideways is this many units of length.
    stretch = 2.0 * norm / gaps[row] / radius if radius > 1e-4 else 1.0
    if polar:
        sideways, mean = 0.0, 0.0
        for c in range(d):
            sideways += (gradient[c] - radial * x[c] * unit) ** 2
            first[c] = _BETA_1 * first[c] + (1.0 - _BETA_1) * gradient[c]
            mean += first[c] * x[c]
        mean *= unit
        last = d - 1
        second[0] = _BETA_2 * second[0] + (1.0 - _BETA_2) * radial * radial
        if last > 0:
            second[last] = _BETA_2 * second[last] + (1.0 - _BETA_2) * sideways
        along = rate / fresh_1 / (np.sqrt(second[0] / fresh_2) + _TINY)
        across = rate / fresh_1 / (np.sqrt(second[last] / fresh_2) + _TINY)
        across /= np.sqrt(stretch)
        for c in range(d):
            outward = mean * x[c] * unit
            move[c] = along * outward + across * (first[c] - outward)
    else:
        for c in range(d):
            outward = radial * x[c] * unit
            slope = outward + stretch * (gradient[c] - outward)
            first[c] = _BETA_1 * first[c] + (1.0 - _BETA_1) * slope
            second[c] = _BETA_2 * second[c] + (1.0 - _BETA_2) * slope * slope
            move[c] = first[c] / fresh_1 / (np.sqrt(second[c] / fresh_2) + _TINY)
            move[c] *= rate
    length = 0.0
    for c in range(d):
        length += move[c] * move[c]
    length = np.sqrt(length)
    shorten = 1.0 if length <= _MAX_STEP else _MAX_STEP / length
    norm = 0.0
    for c in range(d):
        move[c] = radius * unit * x[c] - shorten * move[c]
        norm += move[c] * move[c]
    norm = np.sqrt(norm)
    radius = min(norm, max_radius)
    # tanh(r / 2) and 1 / cosh(r / 2)^2 from one exponential.
    faded = np.exp(-radius)
    reach = -np.expm1(-radius) / (1.0 + faded)
    factor = reach / norm if norm > 0.0 else 0.0
    for c in range(d):
        x[c] = factor * move[c]
    gaps[row] = 4.0 * faded / (1.0 + faded) ** 2


@njit(**_OPTIONS)
def _radius(norm, gap):
    """Hyperbolic distance from the origin, by whichever number has the digits."""
    if gap > 0.5:
        return 2.0 * np.arctanh(norm)
    return np.log((2.0 + 2.0 * np.sqrt(1.0 - gap) - gap) / gap)


@njit(**_OPTIONS)
def run_steps(
    points,
    links,
    order,
    splits,
    seed,
    n_uniform,
    n_local,
    n_frozen,
    rule,
    rate,
    max_radius,
):
    """Make a step for each part of `order`; return the sum of the losses."""
    n, d = points[0].shape
    sums = np.zeros((1, n, d))
    rows = np.zeros((1, n + 1), np.int64)
    has_row = np.zeros((1, n), np.bool_)
    total = 0.0
    for part in range(splits.shape[0] - 1):
        heads = order[splits[part] : splits[part + 1]]
        total += add_gradients(
            points,
            links,
            heads,
            seed,
            n_uniform,
            n_local,
            sums[0],
            rows[0],
            has_row[0],
        )
        move_points(points, sums, rows, has_row, 0, n_frozen, rule, rate, max_radius)
    return total
