"""Hyperbolic descent in Triton: a step is two launches, whatever is in it.

The same steps and draws as in `_torch_descent`, where a step is some two hundred
operations and most of its time goes into starting them. Gradients of many heads meet at
a node in any order, so they are added up as integers, in units that their sum cannot
overflow: the result is the same in every run.
"""

from itertools import pairwise

import torch
import triton
import triton.language as tl

from skgeom.backends._torch._descent import (
    _BETA_1,
    _BETA_2,
    _GOLDEN,
    _MAX_STEP,
    _MIX_1,
    _MIX_2,
    _TINY,
    _signed,
)

# Negatives and coordinates of a head, as powers of two, that registers have room for.
_MOST_ENTRIES = 4096
# Links that a head looks at together, and points that a program moves.
_LINKS, _POINTS = 32, 32
_GOLDEN_, _MIX_1_, _MIX_2_ = map(tl.constexpr, (_GOLDEN, _MIX_1, _MIX_2))


@triton.jit
def _mixed(x):
    """Scramble 64 bits; shifts that do not drag the sign along."""
    x = (x ^ ((x >> 30) & 0x3FFFFFFFF)) * _MIX_1_
    x = (x ^ ((x >> 27) & 0x1FFFFFFFFF)) * _MIX_2_
    return x ^ ((x >> 31) & 0x1FFFFFFFF)


@triton.jit
def _uniform(stream, counters, unit):
    """Draws in [0, 1); `unit` is 2^-53."""
    bits = _mixed(stream + (counters + 1) * _GOLDEN_)
    return ((bits >> 11) & 0x1FFFFFFFFFFFFF).to(unit.dtype) * unit


@triton.jit
def _geometry(own, gap, others, gaps):
    """Differences to other points, their squares, and exp(-distance)."""
    step = others - own[None, :]
    square = tl.sum(step * step, axis=1)
    g = 2 * square / (gap * gaps)
    return step, square, 1 / (1 + g + tl.sqrt(g * (g + 2)))


@triton.jit
def _ends(own, gap, others, gaps, step, square, slope):
    """Gradients at the two ends of geodesics, see `_torch_descent`."""
    length = tl.sqrt(square * (gap * gaps + square))
    slope = tl.where(square > 0, slope / tl.where(square > 0, length, 1.0), 0.0)
    pull = slope[:, None] * (square[:, None] * own[None, :] - gap * step)
    push = slope[:, None] * (square[:, None] * others + gaps[:, None] * step)
    return pull, push


@triton.jit
def _add(sums, nodes, values, scale, d, columns, counted):
    """Add values to the rows of nodes, as integers."""
    whole = tl.floor(values * scale + 0.5).to(tl.int64)
    tl.atomic_add(
        sums + nodes[:, None] * d + columns[None, :],
        whole,
        mask=counted[:, None] & (columns < d)[None, :],
        sem="relaxed",
    )


@triton.jit(do_not_specialize=["first", "seed", "n_uniform", "n_candidates"])
def _pull_and_push(
    x, gaps, indptr, indices, weights, back_indptr, back_indices, candidates, keys,
    order, numbers, sums, moved, losses, first, seed, n_candidates, n_uniform, n_draws,
    d, n_links, n_back_links,
    D: tl.constexpr, DRAWS: tl.constexpr, LINKS: tl.constexpr,
):  # fmt: skip
    """Add the gradients of one head to those of all points; write its loss."""
    scale, unit, tiny = tl.load(numbers), tl.load(numbers + 1), tl.load(numbers + 2)
    at = first + tl.program_id(0)
    head = tl.load(order + at)
    columns = tl.arange(0, D)
    real = columns < d
    own = tl.load(x + head * d + columns, mask=real, other=0.0)
    gap = tl.load(gaps + head)
    begin, end = tl.load(indptr + head), tl.load(indptr + head + 1)

    # Negatives: of all candidates, and of what is linked to the same nodes as the head.
    k = tl.arange(0, DRAWS).to(tl.int64)
    stream = _mixed(tl.load(keys + head) + seed)
    anywhere = k < n_uniform
    counter = tl.where(anywhere, k, 2 * k - n_uniform)
    one, two = _uniform(stream, counter, unit), _uniform(stream, counter + 1, unit)
    room = n_candidates / tl.maximum(n_uniform, 1).to(unit.dtype)
    place = ((k.to(unit.dtype) + one) * room).to(tl.int64)
    place = tl.minimum(place, n_candidates - 1)
    uniform = tl.load(candidates + place, mask=anywhere, other=0)
    turn = (one * (end - begin + 1).to(unit.dtype)).to(tl.int64)
    via = tl.load(indices + tl.minimum(begin + turn, n_links - 1))
    via = tl.where(turn == end - begin, head, via)
    back = tl.load(back_indptr + via)
    n_back = tl.load(back_indptr + via + 1) - back
    turn = (two * n_back.to(unit.dtype)).to(tl.int64)
    local = tl.load(back_indices + tl.minimum(back + turn, n_back_links - 1))
    others = tl.where(anywhere, uniform, local)
    low, high = begin + 0 * k, end + 0 * k
    left = end - begin
    while left > 0:
        open_ = low < high
        middle = (low + high) // 2
        smaller = tl.load(indices + middle, mask=open_, other=0) < others
        high = tl.where(open_ & ~smaller, middle, high)
        low = tl.where(open_ & smaller, middle + 1, low)
        left = left // 2
    linked = tl.load(indices + low, mask=low < end, other=-1) == others
    valid = (k < n_draws) & ~linked & (others != head) & (anywhere | (n_back > 0))
    both = valid[:, None] & real[None, :]
    far_x = tl.load(x + others[:, None] * d + columns[None, :], mask=both, other=0.0)
    far_gaps = tl.load(gaps + others, mask=valid, other=1.0)
    far_step, far_square, far = _geometry(own, gap, far_x, far_gaps)
    far = tl.where(valid, far, 0.0)
    background = tl.sum(far)
    active = tl.max(valid.to(tl.int32)) > 0

    # Links, each of which competes with all negatives.
    total, pressure, loss = 0 * own, 0 * background, 0 * background
    for start in range(begin, end, LINKS):
        link = start + tl.arange(0, LINKS)
        known = (link < end) & active
        tails = tl.load(indices + link, mask=known, other=0)
        weight = tl.load(weights + link, mask=known, other=0.0)
        inside = known[:, None] & real[None, :]
        tail_x = tl.load(x + tails[:, None] * d + columns[None, :], inside, other=0.0)
        tail_gaps = tl.load(gaps + tails, mask=known, other=1.0)
        step, square, near = _geometry(own, gap, tail_x, tail_gaps)
        share = 1 / tl.maximum(near + background, tiny)
        loss -= tl.sum(weight * tl.log(tl.maximum(near * share, tiny)))
        pressure += tl.sum(weight * share)
        slope = weight * background * share
        pull, push = _ends(own, gap, tail_x, tail_gaps, step, square, slope)
        total += tl.sum(pull, axis=0)
        _add(sums, tails, push, scale, d, columns, known)
        tl.store(moved + tails, 1, mask=known)
    slope = -far * pressure
    pull, push = _ends(own, gap, far_x, far_gaps, far_step, far_square, slope)
    total += tl.sum(pull, axis=0)
    _add(sums, others, push, scale, d, columns, valid)
    tl.store(moved + others, 1, mask=valid)
    whole = tl.floor(total * scale + 0.5).to(tl.int64)
    tl.atomic_add(sums + head * d + columns, whole, mask=real & active, sem="relaxed")
    tl.store(moved + head, 1, mask=active)
    tl.store(losses + at, loss)


@triton.jit
def _norm(rows):
    return tl.sqrt(tl.sum(rows * rows, axis=1))[:, None]


@triton.jit
def _move(
    x, gaps, firsts, seconds, ages, sums, moved, numbers, n, n_frozen, d,
    RULE: tl.constexpr, D: tl.constexpr, POINTS: tl.constexpr,
):  # fmt: skip
    """Move the points that are marked; forget marks and gradients.

    All that is written here is read before: threads that hold the same entry twice
    would else find what another has written.
    """
    node = tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    columns = tl.arange(0, D)
    marked = tl.load(moved + node, mask=node < n, other=0) > 0
    free = marked & (node >= n_frozen)
    pulled = marked[:, None] & (columns < d)[None, :]
    real = free[:, None] & (columns < d)[None, :]
    at = node[:, None].to(tl.int64) * d + columns[None, :]
    gradient = tl.load(sums + at, mask=pulled, other=0).to(numbers.dtype.element_ty)
    gradient = gradient / tl.load(numbers)
    old = tl.load(x + at, mask=real, other=0.0)
    gap = tl.load(gaps + node, mask=free, other=1.0)[:, None]
    if RULE == "tangent_adam" or RULE == "polar_adam":
        age = tl.load(ages + node, mask=free, other=0.0) + 1
        first = tl.load(firsts + at, mask=real, other=0.0)
        second = tl.load(seconds + at, mask=real, other=0.0)
    tl.debug_barrier()
    tl.store(moved + node, 0, mask=marked)
    tl.store(sums + at, 0, mask=pulled)
    if RULE == "tangent_adam" or RULE == "polar_adam":
        tl.store(ages + node, age, mask=free)
    rate, max_radius, max_step = (
        tl.load(numbers + 3), tl.load(numbers + 4), tl.load(numbers + 5)
    )  # fmt: skip
    if RULE == "poincare_sgd" or RULE == "lorentz_sgd":
        step = -rate * gradient
        step = step / tl.maximum(_norm(step), 1.0) * max_step
        if RULE == "poincare_sgd":
            step = gap / 2 * step
            inner = tl.sum(old * step, axis=1)[:, None]
            new_gap = gap - 2 * inner - tl.sum(step * step, axis=1)[:, None]
            new = old + step
        else:
            length = _norm(step)
            reach = (1 - tl.exp(-length)) / (1 + tl.exp(-length))
            y = step * (reach / tl.where(length > 0, length, 1.0))
            inner = tl.sum(old * y, axis=1)[:, None]
            denominator = 1 + 2 * inner + (1 - gap) * reach * reach
            new = ((1 + 2 * inner + reach * reach) * old + gap * y) / denominator
            new_gap = gap * (1 - reach * reach) / denominator
        shrunk = tl.exp(-max_radius)
        smallest = 4 * shrunk / ((1 + shrunk) * (1 + shrunk))
        inside = new_gap >= smallest
        rim = (1 - shrunk) / (1 + shrunk) / tl.where(inside, 1.0, _norm(new))
        new = tl.where(inside, new, rim * new)
        new_gap = tl.where(inside, new_gap, smallest)
    else:
        keep_1, keep_2 = tl.load(numbers + 6), tl.load(numbers + 7)
        least = tl.load(numbers + 8)
        fresh_1 = 1 - tl.exp(tl.log(keep_1) * age)[:, None]
        fresh_2 = 1 - tl.exp(tl.log(keep_2) * age)[:, None]
        norm = _norm(old)
        unit = old / tl.where(norm > 0, norm, 1.0)
        middle = gap > 0.5
        inner = tl.where(middle, norm, 0.0)
        near_rim = tl.where(middle, 0.0, 1 - gap)
        radius = tl.where(
            middle,
            tl.log((1 + inner) / (1 - inner)),
            2 * tl.log(1 + tl.sqrt(near_rim)) - tl.log(gap),
        )
        bent = radius > 1e-4
        safe = tl.where(bent, radius, 1.0)
        stretch = (tl.exp(safe) - tl.exp(-safe)) / (2 * safe)
        stretch = tl.where(bent, stretch, 1.0)
        outward = tl.sum(gradient * unit, axis=1)[:, None] * unit
        if RULE == "tangent_adam":
            gradient = outward + stretch * (gradient - outward)
            squares = gradient * gradient
        else:
            # The first column is for the radius, the last for the direction.
            across = gradient - outward
            turned = tl.sum(across * across, axis=1)[:, None]
            moved_out = tl.sum(outward * outward, axis=1)[:, None]
            squares = tl.where((columns == d - 1)[None, :], turned, second)
            squares = tl.where((columns == 0)[None, :], moved_out, squares)
        first = keep_1 * first + (1 - keep_1) * gradient
        second = keep_2 * second + (1 - keep_2) * squares
        tl.store(firsts + at, first, mask=real)
        tl.store(seconds + at, second, mask=real)
        size = tl.sqrt(second / tl.where(fresh_2 > 0, fresh_2, 1.0)) + least
        if RULE == "tangent_adam":
            move = first / size
        else:
            along = tl.sum(tl.where((columns == 0)[None, :], size, 0.0), axis=1)
            last = tl.sum(tl.where((columns == d - 1)[None, :], size, 0.0), axis=1)
            outward = tl.sum(first * unit, axis=1)[:, None] * unit
            across = (first - outward) / last[:, None] / tl.sqrt(stretch)
            move = outward / along[:, None] + across
        move = rate * move / tl.where(fresh_1 > 0, fresh_1, 1.0)
        move = tl.where((columns < d)[None, :], move, 0.0)
        z = radius * unit - move / tl.maximum(_norm(move), max_step)
        norm = _norm(z)
        radius = tl.minimum(norm, max_radius)
        shrunk = tl.exp(-radius)
        reach = (1 - shrunk) / (1 + shrunk)
        new = reach / tl.where(norm > 0, norm, 1.0) * z
        new_gap = 4 * shrunk / ((1 + shrunk) * (1 + shrunk))
    tl.store(x + at, new, mask=real)
    tl.store(gaps + node, tl.sum(new_gap, axis=1), mask=free)


def fits(points, descent):
    """Whether registers have room for the negatives of a head."""
    n_draws = descent.n_uniform + descent.n_local
    return _power(points.coordinates.shape[1]) * _power(n_draws) <= _MOST_ENTRIES


def run_steps(points, links, order, splits, seed, descent):
    """Make the steps; return the sum of their losses. See `_torch_descent`."""
    x, n = points.coordinates, len(points.coordinates)
    d, n_draws = x.shape[1], descent.n_uniform + descent.n_local
    # A unit vector times at most the weight of a link: from all links twice their sum.
    scale = torch.exp2(torch.floor(60 - torch.log2(links.weights.sum() + 1)))
    numbers = [2.0**-53, torch.finfo(x.dtype).tiny, descent.rate, descent.max_radius]
    numbers += [_MAX_STEP, _BETA_1, _BETA_2, _TINY]
    numbers = torch.tensor(numbers, dtype=x.dtype, device=x.device)
    numbers = torch.cat([scale[None], numbers])
    order = torch.as_tensor(order, device=x.device)
    sums = torch.zeros((n, d), dtype=torch.int64, device=x.device)
    moved = torch.zeros(n, dtype=torch.int8, device=x.device)
    losses = torch.zeros(len(order), dtype=x.dtype, device=x.device)
    graph = [
        links.indptr, links.indices, links.weights, links.back_indptr,
        links.back_indices, links.candidates, links.keys,
    ]  # fmt: skip
    counts = [len(links.candidates), descent.n_uniform, n_draws, d]
    counts += [len(links.indices), len(links.back_indices)]
    seed = _signed(seed * 0x9E3779B97F4A7C15 % 2**64)
    shape = {"D": _power(d), "DRAWS": _power(n_draws), "LINKS": _LINKS}
    with torch.cuda.device_of(x):
        for start, stop in pairwise(splits.tolist()):
            if stop > start:
                _pull_and_push[(stop - start,)](
                    x, points.gaps, *graph, order, numbers, sums, moved, losses,
                    start, seed, *counts, **shape,
                )  # fmt: skip
                _move[(triton.cdiv(n, _POINTS),)](
                    *points, sums, moved, numbers, n, descent.n_frozen, d,
                    descent.rule, _power(d), _POINTS,
                )  # fmt: skip
    return float(losses.sum())


def _power(size):
    """The least power of two that is enough; at least two."""
    return max(2, triton.next_power_of_2(size))
