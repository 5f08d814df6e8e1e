"""Hyperbolic descent in torch: a step is a batch of heads, with no loop over them.

The draws are those of the numba kernels, number for number, so that the two backends
differ by rounding alone until rounding has grown.
"""

import torch

_BETA_1, _BETA_2, _TINY = 0.9, 0.999, 1e-8
_MAX_STEP = 1.0


def _signed(number):
    """The 64-bit integer with the bits of an unsigned one."""
    return number - 2**64 if number >= 2**63 else number


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def _shifted(x, bits):
    """Shift right without dragging the sign along."""
    return (x >> bits) & (2 ** (64 - bits) - 1)


def _mix(x):
    x = (x ^ _shifted(x, 30)) * _MIX_1
    x = (x ^ _shifted(x, 27)) * _MIX_2
    return x ^ _shifted(x, 31)


def _uniform(streams, counters, dtype):
    """Draws of each stream (a row) at each counter (a column), in [0, 1)."""
    bits = _mix(streams[:, None] + (counters + 1)[None, :] * _GOLDEN)
    return _shifted(bits, 11).to(dtype) * 2.0**-53


def run_steps(points, links, order, splits, seed, descent, dtype):
    """Make the steps; return the sum of their losses.

    No step waits for the device: arrays have shapes that the host knows beforehand.
    """
    device, n = points.gaps.device, links.indptr.shape[0] - 1
    degrees = links.indptr[1:] - links.indptr[:-1]
    heads_of = _repeated(torch.arange(n, device=device), degrees, len(links.indices))
    link_keys = heads_of * n + links.indices  # sorted, for they are in CSR order
    order = torch.as_tensor(order, device=device)
    # How many links the heads of each step have is all that the host has to be told.
    ends = torch.cumsum(degrees[order], 0)
    ends = torch.cat([ends.new_zeros(1), ends])[torch.as_tensor(splits, device=device)]
    sizes = torch.diff(ends).tolist()
    total = torch.zeros((), dtype=points.gaps.dtype, device=device)
    for start, stop, size in zip(splits[:-1], splits[1:], sizes, strict=True):
        heads = order[start:stop]
        draws = _draw_negatives(links, heads, link_keys, seed, descent, dtype)
        total += _step(points, links, heads, degrees[heads], size, draws, descent)
    return float(total)


def _step(points, links, heads, counts, size, draws, descent):
    """Move the points of a batch of heads with `size` links; return their loss.

    A head of whose negatives none counts has no part in it, nor have its links.
    """
    x, gaps = points.coordinates, points.gaps
    others, valid = draws
    active = valid.any(dim=1)
    # One entry a link: which head of the batch, and where in the adjacency.
    batch = torch.arange(len(heads), device=x.device)
    owner = _repeated(batch, counts, size)
    offset = torch.cumsum(counts, 0) - counts
    place = torch.arange(size, device=x.device) - offset[owner]
    place = links.indptr[heads][owner] + place
    tails, sources = links.indices[place], heads[owner]
    weights = links.weights[place] * active[owner]

    step, square, near = _geometry(x, gaps, sources, tails)
    far_step, far_square, far = _geometry(x, gaps, heads[:, None], others)
    far = torch.where(valid, far, 0.0)
    background = far.sum(dim=1)
    tiny = torch.finfo(near.dtype).tiny
    share = 1.0 / torch.clamp(near + background[owner], min=tiny)
    loss = -(weights * torch.log(torch.clamp(near * share, min=tiny))).sum()
    pressure = _added(torch.zeros_like(background), owner, weights * share)

    slope = weights * background[owner] * share
    pull, push = _ends(x, gaps, sources, tails, step, square, slope)
    slope = -far * pressure[:, None]
    far_ends = _ends(x, gaps, heads[:, None], others, far_step, far_square, slope)
    sums = torch.zeros_like(x)
    _added(sums, heads, far_ends[0].sum(dim=1))
    _added(sums, sources, pull)
    _added(sums, tails, push)
    _added(sums, others.ravel(), far_ends[1].reshape(-1, x.shape[1]))
    # What does not count marks a place behind the points.
    n = len(x)
    moved = torch.zeros(n + 1, dtype=torch.bool, device=x.device)
    for nodes, counted in ((heads, active), (tails, active[owner]), (others, valid)):
        moved.index_fill_(0, torch.where(counted, nodes, n).ravel(), True)
    moved[: descent.n_frozen] = False
    _move(points, sums, moved[:n, None], descent)
    return loss


def _repeated(values, counts, size):
    """Repeat each value as often as its count says, `size` values in all."""
    return torch.repeat_interleave(values, counts, output_size=size)


def _added(sums, rows, values):
    """Add values to rows, in place, in an order that is always the same.

    `index_put_` sorts the rows, where `index_add_` is first come, first served.
    """
    return sums.index_put_((rows,), values, accumulate=True)


def _ends(x, gaps, heads, nodes, step, square, slope):
    """Gradients at the two ends of geodesics, in the ball's coordinates.

    The slopes times unit vectors along the geodesic, in the local frame of either end.
    """
    length = torch.sqrt(square * (gaps[heads] * gaps[nodes] + square))
    slope = torch.where(square > 0, slope / torch.where(square > 0, length, 1.0), 0.0)
    slope, square = slope[..., None], square[..., None]
    pull = slope * (square * x[heads] - gaps[heads][..., None] * step)
    push = slope * (square * x[nodes] + gaps[nodes][..., None] * step)
    return pull, push


def _draw_negatives(links, heads, link_keys, seed, descent, dtype):
    """Negatives of each head, shape (n_heads, k), and which of them count."""
    device, size = heads.device, links.candidates.shape[0]
    streams = _mix(links.keys[heads] + _signed(seed * 0x9E3779B97F4A7C15 % 2**64))
    k = torch.arange(descent.n_uniform, device=device)
    place = (k + _uniform(streams, k, dtype)) * (size / max(descent.n_uniform, 1))
    uniform = links.candidates[place.long().clamp(max=size - 1)]

    counters = descent.n_uniform + 2 * torch.arange(descent.n_local, device=device)
    start = links.indptr[heads, None]
    n_links = links.indptr[heads + 1, None] - start
    turn = (_uniform(streams, counters, dtype) * (n_links + 1)).long()
    via = links.indices[(start + turn).clamp(max=len(links.indices) - 1)]
    via = torch.where(turn == n_links, heads[:, None], via)
    start = links.back_indptr[via]
    n_back = links.back_indptr[via + 1] - start
    turn = (_uniform(streams, counters + 1, dtype) * n_back).long()
    last = len(links.back_indices) - 1
    local = links.back_indices[(start + turn).clamp(max=last)]

    others = torch.cat([uniform, local], dim=1)
    keys = heads[:, None] * (links.indptr.shape[0] - 1) + others
    found = torch.searchsorted(link_keys, keys).clamp(max=len(link_keys) - 1)
    valid = (link_keys[found] != keys) & (others != heads[:, None])
    valid[:, descent.n_uniform :] &= n_back > 0
    return others, valid


def _geometry(x, gaps, heads, nodes):
    """Differences, their squares, and exp(-distance)."""
    step = x[nodes] - x[heads]
    square = (step * step).sum(dim=-1)
    g = 2.0 * square / (gaps[heads] * gaps[nodes])
    return step, square, 1.0 / (1.0 + g + torch.sqrt(g * (g + 2.0)))


def _move(points, gradient, moved, descent):
    """Move the points that `moved` marks, in place."""
    x, gaps = points.coordinates, points.gaps[:, None]
    if descent.rule.endswith("sgd"):
        step = -descent.rate * gradient
        step = step / torch.clamp(_norm(step), min=1.0) * _MAX_STEP
        if descent.rule == "poincare_sgd":
            move = gaps / 2 * step
            inner = (x * move).sum(dim=1, keepdim=True)
            moved_gaps = gaps - 2 * inner - (move * move).sum(dim=1, keepdim=True)
            moved_x = x + move
        else:
            moved_x, moved_gaps = _exponential(x, gaps, step)
        edge = torch.full_like(gaps, descent.max_radius / 2)
        smallest = 1.0 / torch.cosh(edge) ** 2
        inside = moved_gaps >= smallest
        rim = moved_x * (torch.tanh(edge) / torch.where(inside, 1.0, _norm(moved_x)))
        moved_x = torch.where(inside, moved_x, rim)
        moved_gaps = torch.where(inside, moved_gaps, smallest)
    else:
        moved_x, moved_gaps = _adam(points, gradient, moved, descent)
    points.coordinates.copy_(torch.where(moved, moved_x, x))
    points.gaps.copy_(torch.where(moved, moved_gaps, gaps)[:, 0])


def _exponential(x, gaps, step):
    length = _norm(step)
    reach = torch.tanh(length / 2)
    y = step * (reach / torch.where(length > 0, length, 1.0))
    inner = (x * y).sum(dim=1, keepdim=True)
    denominator = 1 + 2 * inner + (1 - gaps) * reach**2
    moved = ((1 + 2 * inner + reach**2) * x + gaps * y) / denominator
    return moved, gaps * (1 - reach**2) / denominator


def _adam(points, gradient, moved, descent):
    x, gaps = points.coordinates, points.gaps[:, None]
    points.ages.add_(moved[:, 0])
    ages = torch.clamp(points.ages, min=1.0)[:, None]
    fresh_1, fresh_2 = 1 - _BETA_1**ages, 1 - _BETA_2**ages
    norm = _norm(x)
    unit = x / torch.where(norm > 0, norm, 1.0)
    inner = torch.where(gaps > 0.5, norm, 0.0)
    radius = torch.where(
        gaps > 0.5,
        2 * torch.atanh(inner),
        2 * torch.log1p(torch.sqrt(1 - gaps)) - torch.log(gaps),
    )
    safe = torch.where(radius > 1e-4, radius, 1.0)
    stretch = torch.where(radius > 1e-4, torch.sinh(safe) / safe, 1.0)
    outward = (gradient * unit).sum(dim=1, keepdim=True) * unit
    if descent.rule == "tangent_adam":
        gradient = outward + stretch * (gradient - outward)
        squares = gradient**2
    else:
        # The first column is for the radius, the last for the direction.
        squares = points.second.clone()
        if x.shape[1] > 1:
            squares[:, -1] = ((gradient - outward) ** 2).sum(dim=1)
        squares[:, 0] = (outward**2).sum(dim=1)
    first = torch.where(
        moved, _BETA_1 * points.first + (1 - _BETA_1) * gradient, points.first
    )
    second = torch.where(
        moved, _BETA_2 * points.second + (1 - _BETA_2) * squares, points.second
    )
    points.first.copy_(first)
    points.second.copy_(second)
    scale = torch.sqrt(second / fresh_2) + _TINY
    if descent.rule == "tangent_adam":
        move = first / scale
    else:
        outward = (first * unit).sum(dim=1, keepdim=True) * unit
        across = (first - outward) / scale[:, -1:] / torch.sqrt(stretch)
        move = outward / scale[:, :1] + across
    move = descent.rate * move / fresh_1
    z = radius * unit - move / torch.clamp(_norm(move), min=_MAX_STEP)
    norm = _norm(z)
    radius = torch.clamp(norm, max=descent.max_radius)
    factor = torch.tanh(radius / 2) / torch.where(norm > 0, norm, 1.0)
    return factor * z, 1.0 / torch.cosh(radius / 2) ** 2


def _norm(rows):
    return torch.linalg.vector_norm(rows, dim=1, keepdim=True)
