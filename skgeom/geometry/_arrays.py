"""What the array API lacks for the geometry of manifolds: operations on rows."""

from array_api_compat import array_namespace


def floats(*arrays):
    """The array namespace of the arrays, and these; integers become float64."""
    xp = array_namespace(*arrays)
    kinds = ("integral", "bool")
    return xp, *(
        xp.astype(x, xp.float64) if xp.isdtype(x.dtype, kinds) else x for x in arrays
    )


def dot(xp, x, y):
    """Euclidean inner products, with the last axis kept."""
    return xp.sum(x * y, axis=-1, keepdims=True)


def unit(xp, x):
    """Rows over their norms, zero rows staying zero, and the norms.

    Rows are divided by their largest entry first: neither huge nor tiny ones overflow.
    """
    largest = xp.max(xp.abs(x), axis=-1, keepdims=True)
    scaled = x / positive(xp, largest)
    length = xp.sqrt(dot(xp, scaled, scaled))
    largest = at_most(xp, largest, float(xp.finfo(x.dtype).max) / (1 + x.shape[-1]))
    return scaled / positive(xp, length), largest * length


def positive(xp, x):
    """The same, with ones in place of zeros: what is safe to divide by."""
    return xp.where(x > 0, x, xp.ones_like(x))


def at_least(xp, x, bound):
    """Entries, or the bound where they are below it."""
    return xp.where(x > bound, x, xp.full_like(x, bound))


def at_most(xp, x, bound):
    """Entries, or the bound where they are above it."""
    return xp.where(x < bound, x, xp.full_like(x, bound))


def arcosh_1p(xp, excess):
    """arcosh(1 + excess), without losing a small excess."""
    return xp.log1p(excess + xp.sqrt(excess) * xp.sqrt(excess + 2))


def or_first_axis(xp, direction, length):
    """Unit vectors, or the first axis where there is no direction."""
    first = xp.zeros_like(direction)
    first = xp.concat([xp.ones_like(first[..., :1]), first[..., 1:]], axis=-1)
    return xp.where(length > 0, direction, first)


def largest_radius(xp, x):
    """Radius whose exponential is far from the largest number of the type."""
    return 700.0 if float(xp.finfo(x.dtype).eps) < 1e-10 else 80.0
